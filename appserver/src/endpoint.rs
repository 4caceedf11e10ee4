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
        let url = reqwest::Url::parse(text.trim()).map_err(|_| "must be an absolute URL")?;
        if url.query().is_some()
            || url.fragment().is_some()
            || !url.username().is_empty()
            || url.password().is_some()
        {
            return Err("must have no user, query or fragment");
        }
        let host = url.host_str().ok_or("must name a host")?;
        let address: Result<IpAddr, _> = host.trim_start_matches('[').trim_end_matches(']').parse();
        let loopback = address.is_ok_and(|address| address.is_loopback());
        match url.scheme() {
            "https" => {}
            "http" if loopback => {}
            _ => return Err("must begin with https:// (http:// is for 127.0.0.1 and [::1] only)"),
        }
        Ok(Self { url: url.as_str().trim_end_matches('/').to_owned(), loopback })
    }

    /// The address, without a trailing slash.
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
