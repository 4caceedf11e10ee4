//! The other end of a connection, and the client behind a proxy.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use http::{HeaderMap, HeaderName};
use ipnet::IpNet;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// By TCP.
    Tcp(SocketAddr),
    /// By a Unix socket, whose file's permissions say who may connect.
    Unix,
}

/// The machines whose word counts: reverse proxies in front of this server.
#[derive(Clone, Debug)]
pub struct Proxies(Vec<IpNet>);

impl Default for Proxies {
    /// This machine.
    fn default() -> Self {
        Self(vec![
            IpNet::from(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            IpNet::from(IpAddr::V6(Ipv6Addr::LOCALHOST)),
        ])
    }
}

impl Proxies {
    /// An address, or a range such as `10.0.0.0/8`.
    ///
    /// # Errors
    ///
    /// What it must be instead.
    pub fn read(text: &str) -> Result<IpNet, &'static str> {
        let range = text
            .parse()
            .or_else(|_| text.parse::<IpAddr>().map(|address| IpNet::from(address.to_canonical())))
            .map_err(|_| "must be a list of IP addresses and ranges such as 10.0.0.0/8")?;
        if range.prefix_len() == 0 {
            return Err("must not be every address: whoever connects could name any user");
        }
        Ok(range)
    }

    /// Believes what comes from `ranges`; this machine if there are none.
    #[must_use]
    pub fn new(ranges: Vec<IpNet>) -> Self {
        if ranges.is_empty() { Self::default() } else { Self(ranges) }
    }

    /// Whether `peer` is one of them. Whoever may open our Unix socket is.
    #[must_use]
    pub fn trust(&self, peer: Peer) -> bool {
        match peer {
            Peer::Tcp(address) => self.hold(address.ip()),
            Peer::Unix => true,
        }
    }

    /// The client's address, if one is known that nobody could make up: that of `peer`, or the last one that a
    /// trusted proxy has seen.
    #[must_use]
    pub fn client(&self, peer: Peer, headers: &HeaderMap) -> Option<IpAddr> {
        if !self.trust(peer) {
            return match peer {
                Peer::Tcp(address) => Some(address.ip().to_canonical()),
                Peer::Unix => None,
            };
        }
        headers
            .get_all(FORWARDED_FOR)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .rev()
            .map_while(|hop| hop.trim().parse::<IpAddr>().ok())
            .map(|hop| hop.to_canonical())
            .find(|hop| !self.hold(*hop))
    }

    /// Whether `peer` passes on the addresses of clients, as a proxy does, and is none of these: it is not believed.
    #[must_use]
    pub fn is_untrusted_proxy(&self, peer: Peer, headers: &HeaderMap) -> bool {
        headers.contains_key(FORWARDED_FOR) && !self.trust(peer)
    }

    fn hold(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|range| range.contains(&address))
    }
}

/// The machines that one party has beside `client`: in IPv6 the least that is handed to anybody is a /64.
#[must_use]
pub fn network(client: IpAddr) -> IpNet {
    let own = IpNet::from(client);
    match client {
        IpAddr::V4(_) => own,
        IpAddr::V6(_) => IpNet::new(client, 64).map_or(own, |network| network.trunc()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp(address: &str) -> Peer {
        Peer::Tcp(SocketAddr::new(address.parse().unwrap(), 1))
    }

    #[test]
    fn a_range_is_trusted_and_its_neighbours_are_not() {
        let proxies = Proxies::new(vec![Proxies::read("10.1.0.0/16").unwrap()]);
        assert!(proxies.trust(tcp("10.1.2.3")) && proxies.trust(Peer::Unix));
        assert!(proxies.trust(tcp("::ffff:10.1.2.3")), "the same proxy over a dual-stack socket");
        assert!(!proxies.trust(tcp("10.2.0.1")) && !proxies.trust(tcp("127.0.0.1")));
        assert!(Proxies::default().trust(tcp("127.0.0.1")));
        for bad in ["proxy", "10.0.0.0/33", "0.0.0.0/0", "::/0"] {
            assert!(Proxies::read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn who_has_one_address_of_ipv6_has_many() {
        let of = |address: &str| network(address.parse().unwrap()).to_string();
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_ne!(of("203.0.113.9"), of("203.0.113.10"));
    }

    #[test]
    fn a_client_is_what_the_last_trusted_proxy_has_seen() {
        let proxies = Proxies::new(vec![Proxies::read("10.0.0.0/8").unwrap()]);
        let client = |peer, hops: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(FORWARDED_FOR, hops.parse().unwrap());
            proxies.client(tcp(peer), &headers).map(|client| client.to_string())
        };
        let seen = |client: &str| Some(client.to_owned());
        assert_eq!(client("10.0.0.1", "6.6.6.6, 1.2.3.4, 10.0.0.2"), seen("1.2.3.4"));
        assert_eq!(client("1.2.3.4", "6.6.6.6"), seen("1.2.3.4"), "made up");
        assert_eq!(client("10.0.0.1", "6.6.6.6, junk, 10.0.0.2"), None);
        assert_eq!(proxies.client(tcp("10.0.0.1"), &HeaderMap::new()), None);
    }
}
