//! A PostgreSQL URL put together from variables such as `DB_HOST` and `DB_PASSWORD`.

use std::net::Ipv6Addr;

use super::environment::{Found, Refusal, Variables};
use super::schema::{self, Field};

/// The names of the parts in one family of variables.
pub(super) struct Parts {
    host: &'static str,
    port: &'static str,
    database: &'static str,
    user: &'static str,
    /// Also read from the file that `…_FILE` names.
    password: &'static str,
}

/// `DB_HOST`, `DB_PORT`, `DB_NAME`, `DB_USER`, `DB_PASSWORD`.
pub(super) const DB: Parts =
    Parts { host: "DB_HOST", port: "DB_PORT", database: "DB_NAME", user: "DB_USER", password: "DB_PASSWORD" };

/// `POSTGRES_HOST`, `POSTGRES_PORT`, `POSTGRES_DB`, `POSTGRES_USER`, `POSTGRES_PASSWORD`.
pub(super) const POSTGRES: Parts = Parts {
    host: "POSTGRES_HOST",
    port: "POSTGRES_PORT",
    database: "POSTGRES_DB",
    user: "POSTGRES_USER",
    password: "POSTGRES_PASSWORD",
};

impl Parts {
    /// The names of the parts, without `…_FILE`.
    pub(super) fn names(&self) -> [&'static str; 5] {
        [self.host, self.port, self.database, self.user, self.password]
    }

    /// The URL, when at least one part is set. The host is `localhost` and the port 5432 unless
    /// told; the database and the user have no default, so that half a setting is an error and
    /// never a silent fall back to SQLite. A port alone does not count: Kubernetes sets
    /// `POSTGRES_PORT` in every pod beside a service called `postgres`.
    pub(super) fn read(&self, field: &Field, variables: &Variables) -> Option<Found> {
        let password = variables.secret(self.password);
        let used: Vec<String> = [self.host, self.port, self.database, self.user]
            .into_iter()
            .filter(|name| variables.get(name).is_some())
            .map(str::to_owned)
            .chain(password.as_ref().map(|read| read.from.clone()))
            .collect();
        if used.iter().all(|name| name == self.port) {
            return None;
        }
        let mut refusals = Vec::new();
        let port = self.port(variables).unwrap_or_else(|refusal| {
            refusals.push(refusal);
            0
        });
        for name in [self.database, self.user] {
            if variables.get(name).is_none() {
                let message = format!("{name} is needed too, or DATABASE_URL instead");
                refusals.push(Refusal::Other(used.join(", "), message));
            }
        }
        let password = match password.map(|read| (read.from, read.value)) {
            Some((_, Ok(password))) => format!(":{}", percent_encoded(&password)),
            Some((from, Err(message))) => {
                refusals.push(Refusal::Other(from, message));
                String::new()
            }
            None => String::new(),
        };
        let encoded = |name| percent_encoded(variables.get(name).unwrap_or_default());
        let host = host(variables.get(self.host).unwrap_or("localhost"));
        let url = format!("postgres://{}{password}@{host}:{port}/{}", encoded(self.user), encoded(self.database));
        let value = if refusals.is_empty() {
            field.parse(&url).ok_or_else(|| vec![Refusal::Value(String::new())])
        } else {
            Err(refusals)
        };
        Some(Found { from: used.join(", "), value })
    }

    fn port(&self, variables: &Variables) -> Result<u16, Refusal> {
        port(self.port, 5432, variables)
    }
}

/// A port from a variable, or the usual one.
pub(super) fn port(name: &str, usual: u16, variables: &Variables) -> Result<u16, Refusal> {
    let Some(text) = variables.get(name) else { return Ok(usual) };
    text.trim().parse().ok().filter(|port| *port > 0).ok_or_else(|| {
        let text = schema::shorten(text, 80);
        let message = format!("\"{text}\" is not accepted; it takes a whole number from 1 to 65535");
        Refusal::Other(name.to_owned(), message)
    })
}

/// A host in a URL: an IPv6 address in brackets, the path of a socket directory encoded.
pub(super) fn host(text: &str) -> String {
    match text.parse::<Ipv6Addr>() {
        Ok(address) => format!("[{address}]"),
        Err(_) => percent_encoded(text),
    }
}

/// Everything but the letters, digits and marks that RFC 3986 calls unreserved as `%XX`.
pub(super) fn percent_encoded(text: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push(char::from(DIGITS[usize::from(byte >> 4)]));
            encoded.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
    encoded
}
