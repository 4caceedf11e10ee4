//! Where a service is.

use std::net::IpAddr;

/// Address of a service: `https://` anywhere, `http://` only to a literal loopback address.
///
/// A host name such as `localhost` does not count: a resolver decides where it points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    url: String,
    loopback: bool,
}

impl Endpoint {
    /// Reads an address without query or fragment; a trailing slash is dropped.
    ///
    /// # Errors
    ///
    /// What it must be instead.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let Self { url, loopback } = Self::document(text)?;
        if url.contains('?') {
            return Err("must have no query");
        }
        Ok(Self { url: url.trim_end_matches('/').to_owned(), loopback })
    }

    /// Reads the address of a document, which some services tell apart by their query.
    ///
    /// # Errors
    ///
    /// What it must be instead.
    pub fn document(text: &str) -> Result<Self, &'static str> {
        let url = reqwest::Url::parse(text.trim()).map_err(|_| "must be an absolute URL")?;
        if url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
            return Err("must have no user and no fragment");
        }
        let host = url.host_str().ok_or("must name a host")?;
        let address: Result<IpAddr, _> = host.trim_start_matches('[').trim_end_matches(']').parse();
        let loopback = address.is_ok_and(|address| address.is_loopback());
        match url.scheme() {
            "https" => {}
            "http" if loopback => {}
            _ => return Err("must begin with https:// (http:// is for 127.0.0.1 and [::1] only)"),
        }
        Ok(Self { url: url.into(), loopback })
    }

    /// The address; that of a service is without a trailing slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.url
    }

    /// Whether it is this machine.
    #[must_use]
    pub const fn is_loopback(&self) -> bool {
        self.loopback
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_may_have_a_query() {
        let keys = "https://id.example.com/keys?p=b2c_1_signin";
        assert_eq!(Endpoint::document(keys).unwrap().as_str(), keys);
        for bad in ["https://u:p@h/?q", "https://h/?q#f", "http://10.0.0.1/?q"] {
            assert!(Endpoint::document(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn plain_http_is_for_literal_loopback_only() {
        for good in [
            "https://sts.aliyuncs.com",
            "https://sts.cn-shanghai.aliyuncs.com/",
            "http://127.0.0.1:9/x",
            "http://[::1]:9",
        ] {
            assert!(Endpoint::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "http://localhost:9",
            "http://10.0.0.1",
            "sts.aliyuncs.com",
            "ftp://127.0.0.1",
            "https://u:p@h",
            "https://h/?q",
            "http://127.0.0.1.evil.test",
            "",
        ] {
            assert!(Endpoint::parse(bad).is_err(), "{bad}");
        }
    }
}
