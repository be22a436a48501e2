//! Which addresses of the net are whose: the registries of special-purpose addresses (RFC 6890 and its updates, as IANA
//! keeps them), and where clouds answer with the credentials of a machine.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

/// Who may be at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Anybody.
    Public,
    /// The operator's own machines and networks.
    Private(&'static str),
    /// Nobody that documents are fetched from.
    Never(&'static str),
}

use Reach::{Never, Private, Public};

const METADATA: Reach = Never("an address where clouds answer with credentials");
const RESERVED: Reach = Never("a reserved address");
const DOCUMENTATION: Reach = Never("an address for documentation");

const fn v4(a: u8, b: u8, c: u8, d: u8, bits: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), bits)
}

const fn v6(head: [u16; 4], tail: [u16; 4], bits: u8) -> Ipv6Net {
    let segments = [head[0], head[1], head[2], head[3], tail[0], tail[1], tail[2], tail[3]];
    Ipv6Net::new_assert(Ipv6Addr::from_segments(segments), bits)
}

/// The first that fits counts.
const SPECIAL_V4: &[(Ipv4Net, Reach)] = &[
    (v4(100, 100, 100, 200, 32), METADATA), // Alibaba Cloud
    (v4(168, 63, 129, 16, 32), METADATA),   // Azure
    (v4(169, 254, 0, 0, 16), Never("a link-local address, where clouds answer with credentials")),
    (v4(0, 0, 0, 0, 8), Never("an unspecified address")),
    (v4(10, 0, 0, 0, 8), Private("a private address")),
    (v4(100, 64, 0, 0, 10), Private("an address of a carrier's own network")),
    (v4(127, 0, 0, 0, 8), Private("a loopback address")),
    (v4(172, 16, 0, 0, 12), Private("a private address")),
    (v4(192, 0, 0, 0, 24), RESERVED), // Oracle Cloud's metadata among them
    (v4(192, 0, 2, 0, 24), DOCUMENTATION),
    (v4(192, 88, 99, 0, 24), RESERVED),
    (v4(192, 168, 0, 0, 16), Private("a private address")),
    (v4(198, 18, 0, 0, 15), Never("an address for benchmarks")),
    (v4(198, 51, 100, 0, 24), DOCUMENTATION),
    (v4(203, 0, 113, 0, 24), DOCUMENTATION),
    (v4(224, 0, 0, 0, 4), Never("a multicast address")),
    (v4(240, 0, 0, 0, 4), RESERVED),
];

/// The first that fits counts; what none fits is public within `2000::/3`, and reserved outside.
const SPECIAL_V6: &[(Ipv6Net, Reach)] = &[
    (v6([0; 4], [0; 4], 128), Never("an unspecified address")),
    (v6([0; 4], [0, 0, 0, 1], 128), Private("a loopback address")),
    (v6([0xfd00, 0xec2, 0, 0], [0, 0, 0, 0x254], 128), METADATA), // Amazon
    (v6([0xfd20, 0xce, 0, 0], [0, 0, 0, 0x254], 128), METADATA),  // Google
    (v6([0xfc00, 0, 0, 0], [0; 4], 7), Private("a unique local address")),
    (v6([0xfe80, 0, 0, 0], [0; 4], 10), Never("a link-local address")),
    (v6([0xff00, 0, 0, 0], [0; 4], 8), Never("a multicast address")),
    (v6([0x2001, 0xdb8, 0, 0], [0; 4], 32), DOCUMENTATION),
    (v6([0x2001, 0, 0, 0], [0; 4], 32), Never("a Teredo address, which hides another one")),
    (v6([0x2001, 0, 0, 0], [0; 4], 23), RESERVED),
    (v6([0x2002, 0, 0, 0], [0; 4], 16), Never("a 6to4 address, which hides another one")),
    (v6([0x3fff, 0, 0, 0], [0; 4], 20), DOCUMENTATION),
];

const MAPPED: Ipv6Net = v6([0; 4], [0, 0xffff, 0, 0], 96);
const NAT64: Ipv6Net = v6([0x64, 0xff9b, 0, 0], [0; 4], 96);
const GLOBAL_UNICAST: Ipv6Net = v6([0x2000, 0, 0, 0], [0; 4], 3);

/// Who may be at `address`. A mapped address, or one that NAT64 translates, is whose the IPv4 address within is.
pub(crate) fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(address) => reach_v4(address),
        IpAddr::V6(address) => inner(address).map_or_else(|| reach_v6(address), reach_v4),
    }
}

/// The address that is really reached: the IPv4 one within `address`, where there is one.
pub(crate) fn real(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => inner(v6).map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

fn inner(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [.., a, b, c, d] = address.octets();
    (MAPPED.contains(&address) || NAT64.contains(&address)).then(|| Ipv4Addr::new(a, b, c, d))
}

fn reach_v4(address: Ipv4Addr) -> Reach {
    SPECIAL_V4.iter().find(|(net, _)| net.contains(&address)).map_or(Public, |(_, reach)| *reach)
}

fn reach_v6(address: Ipv6Addr) -> Reach {
    let special = SPECIAL_V6.iter().find(|(net, _)| net.contains(&address)).map(|(_, reach)| *reach);
    special.unwrap_or(if GLOBAL_UNICAST.contains(&address) { Public } else { RESERVED })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(address: &str) -> Reach {
        reach(address.parse().unwrap())
    }

    #[test]
    fn ordinary_addresses_are_public() {
        for address in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "168.63.129.15",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2001:200::1",
            "2404:6800:4005::1",
            "2600::",
            "2003::1",
            "3ffe::1",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
        ] {
            assert_eq!(of(address), Public, "{address}");
        }
    }

    #[test]
    fn what_is_the_operators_own_is_private() {
        for address in [
            "10.0.0.0",
            "10.255.255.255",
            "100.64.0.0",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "172.16.0.0",
            "172.31.255.255",
            "192.168.0.0",
            "192.168.255.255",
            "::1",
            "fc00::1",
            "fdff:ffff::1",
            "::ffff:127.0.0.1",
            "::ffff:7f00:1",
            "::ffff:10.0.0.1",
            "64:ff9b::192.168.0.1",
        ] {
            assert!(matches!(of(address), Private(_)), "{address}: {:?}", of(address));
        }
    }

    #[test]
    fn what_no_document_comes_from_is_never_reached() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "100.100.100.200",
            "168.63.129.16",
            "169.254.0.1",
            "169.254.169.254",
            "169.254.170.2",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::127.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:0:127.0.0.1",
            "64:ff9b::169.254.169.254",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:10::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:808:808::1",
            "3fff::1",
            "5f00::1",
            "fd00:ec2::254",
            "fd20:ce::254",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(matches!(of(address), Never(_)), "{address}: {:?}", of(address));
        }
    }

    #[test]
    fn the_address_within_another_is_the_real_one() {
        for (address, real_one) in
            [("::ffff:10.0.0.1", "10.0.0.1"), ("64:ff9b::a00:1", "10.0.0.1"), ("fc00::1", "fc00::1")]
        {
            assert_eq!(real(address.parse().unwrap()), real_one.parse::<IpAddr>().unwrap());
        }
    }
}
