//! Which pages may ask: the site's own, and those on a list.
//!
//! A browser tells on itself with `Origin` and `Sec-Fetch-Site`. A request with neither is no
//! browser's, so no user's cookie was borrowed for it, and [`crate::auth`] decides alone.

use std::collections::BTreeSet;

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{
        ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS,
        ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS,
        ACCESS_CONTROL_MAX_AGE, HOST, ORIGIN, VARY,
    },
};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

use crate::hosts::Hosts;

/// The site's own origins, and others whose pages may ask.
#[derive(Clone, Debug, Default)]
pub struct Origins {
    listed: BTreeSet<String>,
    hosts: Hosts,
}

/// What a request says about the page behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Page {
    /// None, or one of the site's own.
    Own,
    /// One on the list: CORS headers are due.
    Listed(HeaderValue),
    /// Any other: refused.
    Foreign,
    /// One that asks under a name that is not ours: refused.
    Misdirected,
}

impl Origins {
    /// Reads one origin as browsers write it: `https://host` or `https://host:port`; `http` for loopback only.
    ///
    /// # Errors
    ///
    /// What it must be instead.
    pub fn read(text: &str) -> Result<String, &'static str> {
        let url = reqwest::Url::parse(text)
            .map_err(|_| "must be an origin such as https://www.example.com")?;
        let origin = url.origin().ascii_serialization();
        let host = url.host_str().unwrap_or_default();
        let loopback = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
        match url.scheme() {
            "https" => {}
            "http" if loopback => {}
            _ => return Err("must begin with https:// (http:// is for loopback only)"),
        }
        if host.contains('*') {
            return Err(
                "must name each host: browsers send no pattern, so a * would match nothing",
            );
        }
        if origin == text.trim_end_matches('/') {
            Ok(origin)
        } else {
            Err("must be an origin as browsers write it: lower case, no path, no port 443")
        }
    }

    /// The list, each entry as [`read`](Self::read) returns it.
    #[must_use]
    pub fn new(listed: impl IntoIterator<Item = String>, hosts: Hosts) -> Self {
        Self { listed: listed.into_iter().collect(), hosts }
    }

    /// Judges a request by its headers.
    #[must_use]
    pub fn judge(&self, headers: &HeaderMap) -> Page {
        let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        if !self.hosts.knows(host) {
            return Page::Misdirected;
        }
        let site = headers.get(SEC_FETCH_SITE).map(HeaderValue::as_bytes);
        let Some(origin) = headers.get(ORIGIN) else {
            // `none` is the user's own doing, such as an address typed in; it cannot POST.
            return if matches!(site, None | Some(b"same-origin" | b"none")) {
                Page::Own
            } else {
                Page::Foreign
            };
        };
        let Ok(text) = origin.to_str() else { return Page::Foreign };
        if self.listed.contains(text) {
            return Page::Listed(origin.clone());
        }
        let own = self.hosts.is_own(text, host) && matches!(site, None | Some(b"same-origin"));
        if own { Page::Own } else { Page::Foreign }
    }
}

/// Adds to `headers` of any answer what a listed page needs to read it. `Retry-After` and `Date` are
/// not readable by default.
pub fn allow(headers: &mut HeaderMap, page: &Page) {
    headers.append(VARY, HeaderValue::from_static("Origin"));
    if let Page::Listed(origin) = page {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        headers
            .insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("Date, Retry-After"));
    }
}

/// Adds what the answer to a preflight of a listed page needs.
pub fn allow_preflight(headers: &mut HeaderMap) {
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
    headers.insert(
        ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("Authorization, Content-Type, X-Requested-With"),
    );
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(pairs: &[(&'static str, &'static str)]) -> Page {
        let headers = pairs
            .iter()
            .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap()))
            .collect();
        let hosts = Hosts::new([String::from("https://app.test")]);
        Origins::new([String::from("https://www.example.com")], hosts).judge(&headers)
    }

    #[test]
    fn pages_of_other_sites_are_foreign() {
        let host = ("host", "app.test");
        assert_eq!(judge(&[host]), Page::Own);
        assert_eq!(
            judge(&[host, ("origin", "https://app.test"), ("sec-fetch-site", "same-origin")]),
            Page::Own
        );
        assert_eq!(judge(&[host, ("origin", "https://app.test")]), Page::Own);
        for foreign in [
            vec![host, ("origin", "https://evil.test")],
            vec![host, ("origin", "null")],
            vec![host, ("origin", "https://app.test.evil.test")],
            vec![host, ("origin", "https://app.test:8443")],
            vec![host, ("origin", "https://app.test"), ("sec-fetch-site", "cross-site")],
            vec![host, ("sec-fetch-site", "cross-site")],
            vec![host, ("sec-fetch-site", "same-site")],
            vec![host, ("origin", "http://app.test"), ("sec-fetch-site", "same-origin")],
        ] {
            assert_eq!(judge(&foreign), Page::Foreign, "{foreign:?}");
        }
        for stranger in ["evil.test", "evil.test:8787"] {
            let origin = ("origin", "http://evil.test:8787");
            assert_eq!(judge(&[("host", stranger), origin]), Page::Misdirected, "{stranger}");
        }
        assert_eq!(judge(&[("origin", "https://app.test")]), Page::Misdirected, "without a host");
        let listed =
            judge(&[host, ("origin", "https://www.example.com"), ("sec-fetch-site", "cross-site")]);
        assert!(matches!(listed, Page::Listed(_)));
    }

    #[test]
    fn an_origin_is_written_as_browsers_write_it() {
        for good in [
            "https://www.example.com",
            "https://example.com:8443",
            "http://localhost:5173",
            "http://127.0.0.1:8080",
        ] {
            assert!(Origins::read(good).is_ok(), "{good}");
        }
        for bad in [
            "*",
            "null",
            "example.com",
            "http://example.com",
            "https://example.com/path",
            "https://EXAMPLE.com",
            "https://*.example.com",
            "https://example.com:443",
        ] {
            assert!(Origins::read(bad).is_err(), "{bad}");
        }
    }
}
