//! Under which names this server may be asked.
//!
//! A page of a stranger's domain whose name is suddenly resolved to this machine (DNS rebinding) is same-origin to
//! its browser. Its `Host` gives it away: a name counts only if the operator listed it. An address needs no name
//! server, so addresses and `localhost` always count.

use std::{collections::BTreeSet, net::IpAddr};

/// Names under which this server is known.
#[derive(Clone, Debug, Default)]
pub struct Hosts {
    origins: BTreeSet<String>,
    any: bool,
}

impl Hosts {
    /// The site's own origins, as [`crate::origin::Origins::read`] returns them.
    #[must_use]
    pub fn new(origins: impl IntoIterator<Item = String>) -> Self {
        Self { origins: origins.into_iter().collect(), any: false }
    }

    /// Every name: for the local cloud, whose tokens are worth nothing.
    #[must_use]
    pub fn any() -> Self {
        Self { any: true, ..Self::default() }
    }

    /// Whether a request with this `Host` may be meant for us.
    #[must_use]
    pub fn knows(&self, host: &str) -> bool {
        self.any || is_here(host) || self.origins.iter().any(|origin| names(origin, host))
    }

    /// Whether `origin` is the site's own, asked under `host`.
    #[must_use]
    pub fn is_own(&self, origin: &str, host: &str) -> bool {
        if !self.any && !is_here(host) {
            return self.origins.contains(origin) && names(origin, host);
        }
        // TLS may end in front of us, so either scheme will do; `chrome-extension:` and the like will not.
        matches!(origin.split_once("://"), Some(("http" | "https", authority))
            if authority.eq_ignore_ascii_case(host))
    }
}

/// Whether `host` is what a browser sends that asks `origin`; a default port may be written out.
fn names(origin: &str, host: &str) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    let default = if scheme == "https" { ":443" } else { ":80" };
    let host = host.strip_suffix(default).unwrap_or(host);
    authority.eq_ignore_ascii_case(host)
}

/// Whether `host` is an address, or a name that no name server is asked for.
fn is_here(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost") || name.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_counts_only_if_it_is_listed() {
        let hosts = Hosts::new([String::from("https://www.example.com")]);
        for host in [
            "www.example.com",
            "WWW.example.com:443",
            "127.0.0.1:8787",
            "[::1]:8787",
            "localhost:1",
        ] {
            assert!(hosts.knows(host), "{host}");
        }
        for host in [
            "evil.example:8787",
            "www.example.com:8443",
            "localhost.evil.example",
            "",
            "example.com",
        ] {
            assert!(!hosts.knows(host), "{host}");
            assert!(Hosts::any().knows(host), "{host}");
        }
    }

    #[test]
    fn an_origin_is_own_by_scheme_and_name() {
        let hosts = Hosts::new([String::from("https://www.example.com")]);
        assert!(hosts.is_own("https://www.example.com", "www.example.com"));
        assert!(!hosts.is_own("http://www.example.com", "www.example.com"));
        assert!(!hosts.is_own("https://evil.example", "evil.example"));
        assert!(!hosts.is_own("https://www.example.com", "127.0.0.1:8787"));
        assert!(hosts.is_own("http://127.0.0.1:8787", "127.0.0.1:8787"));
        assert!(!hosts.is_own("chrome-extension://127.0.0.1:8787", "127.0.0.1:8787"));
    }
}
