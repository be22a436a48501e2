//! Which hosts may be asked.

use std::error::Error;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use url::{Host, Url};

use super::address::{Reach, reach, real};

/// Which hosts may be asked beyond those of the public internet. By default none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NetRules {
    /// Whether private addresses may be reached: those of local networks, of this machine (loopback), unique local ones
    /// and those behind a carrier's translation. Link-local addresses, those where clouds answer with credentials and
    /// reserved ones stay closed. Off by default.
    pub allow_private: bool,
    /// Hosts and networks that may be reached whatever their addresses are.
    pub allowed: Vec<Allowed>,
}

/// A host or a network that may be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allowed {
    /// A host by its name, in lower case, without a dot at the end.
    Host(String),
    /// All hosts below a name.
    Below(String),
    /// All addresses of a network.
    Network(IpNet),
}

/// Text that names neither a host nor a network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{0}\" is neither a host (wiki.example), nor all hosts below a name (*.example), nor an address or a network (10.1.0.0/16)"
)]
pub struct InvalidAllowed(String);

impl FromStr for Allowed {
    type Err = InvalidAllowed;

    fn from_str(text: &str) -> Result<Self, InvalidAllowed> {
        let plain = text.trim().trim_start_matches('[').trim_end_matches(']');
        if let Ok(network) = plain.parse() {
            return Ok(Self::Network(network));
        }
        if let Ok(address) = plain.parse::<IpAddr>() {
            return Ok(Self::Network(address.into()));
        }
        let (below, name) = plain.strip_prefix("*.").map_or((false, plain), |name| (true, name));
        match Host::parse(name) {
            Ok(Host::Domain(name)) if name.contains('*') => Err(InvalidAllowed(text.chars().take(80).collect())),
            Ok(Host::Domain(name)) if !below => Ok(Self::Host(without_dot(&name))),
            Ok(Host::Domain(name)) => Ok(Self::Below(without_dot(&name))),
            _ => Err(InvalidAllowed(text.chars().take(80).collect())),
        }
    }
}

impl Allowed {
    fn is_name(&self, name: &str) -> bool {
        match self {
            Self::Host(host) => host == name,
            Self::Below(parent) => name.strip_suffix(parent.as_str()).is_some_and(|rest| rest.ends_with('.')),
            Self::Network(_) => false,
        }
    }

    fn has(&self, address: IpAddr) -> bool {
        matches!(self, Self::Network(network) if network.contains(&address) || network.contains(&real(address)))
    }
}

impl NetRules {
    fn names(&self, host: &str) -> bool {
        let host = without_dot(host);
        self.allowed.iter().any(|allowed| allowed.is_name(&host))
    }

    fn obstacle(&self, address: IpAddr) -> Option<&'static str> {
        if self.allowed.iter().any(|allowed| allowed.has(address)) {
            return None;
        }
        match reach(address) {
            Reach::Public => None,
            Reach::Private(_) if self.allow_private => None,
            Reach::Private(kind) | Reach::Never(kind) => Some(kind),
        }
    }
}

fn without_dot(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

/// Why a host is not asked. Travels as an error through the HTTP client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal(pub(crate) String);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Refusal {}

/// Who stands before the net.
#[derive(Debug)]
pub(crate) enum Guard {
    /// Nobody: the address is the operator's own setting.
    Open,
    /// The rules, for addresses that others may have chosen.
    Rules(NetRules),
}

impl Guard {
    /// Checks what an address says of itself: its scheme, credentials, and the host where that is an address already.
    /// `url` has read any spelling of it: `http://2130706433`, `http://0x7f.1` and `http://127.0.0.1.` are one.
    pub(crate) fn check_url(&self, url: &Url) -> Result<(), Refusal> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Refusal(format!("\"{}\" is not a scheme of the web: http and https are", url.scheme())));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refusal("an address with a user or a password in it would be kept and shown".to_owned()));
        }
        match url.host() {
            Some(Host::Ipv4(address)) => self.check_literal(address.into()),
            Some(Host::Ipv6(address)) => self.check_literal(address.into()),
            Some(Host::Domain(_)) => Ok(()),
            None => Err(Refusal("it names no host".to_owned())),
        }
    }

    fn check_literal(&self, address: IpAddr) -> Result<(), Refusal> {
        self.obstacle(address).map_or(Ok(()), |kind| Err(refusal(&address.to_string(), &format!("is {kind}"))))
    }

    /// Checks all that a name resolves to. One address that may not be reached refuses the name: whoever answers with
    /// both has something in mind.
    pub(crate) fn check_name(&self, host: &str, addresses: &[IpAddr]) -> Result<(), Refusal> {
        if let Self::Rules(rules) = self
            && rules.names(host)
        {
            return Ok(());
        }
        let closed = addresses.iter().find_map(|address| Some((address, self.obstacle(*address)?)));
        closed.map_or(Ok(()), |(address, kind)| Err(refusal(host, &format!("is at {address}, {kind}"))))
    }

    fn obstacle(&self, address: IpAddr) -> Option<&'static str> {
        match self {
            Self::Open => None,
            Self::Rules(rules) => rules.obstacle(address),
        }
    }
}

fn refusal(host: &str, what: &str) -> Refusal {
    Refusal(format!("{host} {what}; if it is meant, add {host} to the allowed hosts of web sources"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(allow_private: bool, allowed: &[&str]) -> Guard {
        Guard::Rules(NetRules { allow_private, allowed: allowed.iter().map(|text| text.parse().unwrap()).collect() })
    }

    fn may(guard: &Guard, url: &str) -> bool {
        guard.check_url(&Url::parse(url).unwrap()).is_ok()
    }

    #[test]
    fn an_address_of_this_machine_is_known_in_every_spelling() {
        let guard = rules(false, &[]);
        for url in [
            "http://127.0.0.1/",
            "http://127.0.0.1./",
            "http://127.1/",
            "http://2130706433/",
            "http://0x7f000001/",
            "http://0x7f.0.0.1/",
            "http://0177.0.0.1/",
            "http://017700000001/",
            "http://%31%32%37.0.0.1/",
            "http://１２７.0.0.1/",
            "http://127。0。0。1/",
            "http://0/",
            "http://[::1]/",
            "http://[0:0:0:0:0:0:0:1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::ffff:7f00:1]/",
            "http://[64:ff9b::127.0.0.1]/",
        ] {
            assert!(!may(&guard, url), "{url}");
        }
        assert!(may(&guard, "http://8.8.8.8/") && may(&guard, "https://shop.example/"));
    }

    #[test]
    fn only_the_web_is_asked_and_without_credentials() {
        let guard = rules(true, &[]);
        for url in ["ftp://a.example/", "file:///etc/passwd", "gopher://a.example/", "data:text/plain,a"] {
            assert!(!may(&guard, url), "{url}");
        }
        for url in ["http://user@a.example/", "http://user:word@a.example/", "http://:word@a.example/"] {
            assert!(!may(&guard, url), "{url}");
        }
        let refused = guard.check_url(&Url::parse("http://user:geheim@a.example/").unwrap()).unwrap_err();
        assert!(!refused.to_string().contains("geheim"));
    }

    #[test]
    fn private_addresses_are_opened_as_a_whole_but_not_those_of_clouds() {
        let guard = rules(true, &[]);
        for url in ["http://127.0.0.1/", "http://10.0.0.1/", "http://[fd12::1]/", "http://100.64.0.1/"] {
            assert!(may(&guard, url), "{url}");
        }
        for url in ["http://169.254.169.254/", "http://[fd00:ec2::254]/", "http://100.100.100.200/", "http://0.0.0.0/"]
        {
            assert!(!may(&guard, url), "{url}");
        }
    }

    #[test]
    fn a_network_or_a_host_is_opened_alone() {
        let guard = rules(false, &["10.1.0.0/16", "192.168.0.7", "wiki.internal", "*.lab.internal"]);
        for url in ["http://10.1.2.3/", "http://192.168.0.7/", "http://[::ffff:10.1.2.3]/"] {
            assert!(may(&guard, url), "{url}");
        }
        for url in ["http://10.2.0.1/", "http://192.168.0.8/"] {
            assert!(!may(&guard, url), "{url}");
        }
        let private = ["10.9.9.9".parse().unwrap()];
        for host in ["wiki.internal", "WIKI.internal.", "a.lab.internal", "a.b.lab.internal"] {
            assert!(guard.check_name(host, &private).is_ok(), "{host}");
        }
        for host in ["xwiki.internal", "lab.internal", "xlab.internal", "wiki.internal.evil.example"] {
            assert!(guard.check_name(host, &private).is_err(), "{host}");
        }
    }

    #[test]
    fn a_name_with_one_closed_address_is_refused() {
        let both = ["8.8.8.8".parse().unwrap(), "10.0.0.1".parse().unwrap()];
        let refused = rules(false, &[]).check_name("shop.example", &both).unwrap_err().to_string();
        assert!(refused.contains("shop.example is at 10.0.0.1, a private address"), "{refused}");
        assert!(rules(false, &[]).check_name("shop.example", &both[..1]).is_ok());
        assert!(Guard::Open.check_name("minio", &both).is_ok());
    }

    #[test]
    fn what_is_neither_a_host_nor_a_network_is_told() {
        for wrong in ["", "10.0.0.0/33", "a b", "http://wiki.internal", "*.", "*"] {
            assert!(wrong.parse::<Allowed>().is_err(), "{wrong}");
        }
        assert_eq!("[fd12::1]".parse::<Allowed>().unwrap(), Allowed::Network("fd12::1/128".parse().unwrap()));
        assert_eq!("fd12::/16".parse::<Allowed>().unwrap(), Allowed::Network("fd12::/16".parse().unwrap()));
        assert_eq!("Wiki.Internal.".parse::<Allowed>().unwrap(), Allowed::Host("wiki.internal".to_owned()));
    }
}
