//! Who is asking.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
};

use http::{HeaderMap, HeaderName, header::AUTHORIZATION};
use sha2::{Digest, Sha256};
use upload_token::secret::Secret;

/// Names the user when another server of the site asks on the user's behalf.
const USER: HeaderName = HeaderName::from_static("x-upload-user");
/// Longest id of a user, in bytes.
const LONGEST: usize = 256;

/// A signed-in user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// What the site calls the user; stable, not a secret.
    pub id: String,
}

/// The request names no user that this server believes: 401.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotSignedIn;

/// Finds out who is asking. A site with sessions of its own implements this over them.
pub trait Authenticate: fmt::Debug + Send + Sync + 'static {
    /// The user whom the request's headers prove. `peer` is the other end of the connection.
    ///
    /// # Errors
    ///
    /// [`NotSignedIn`]: there is no more to say to somebody unknown.
    fn authenticate(
        &self,
        headers: &HeaderMap,
        peer: Option<SocketAddr>,
    ) -> Result<User, NotSignedIn>;
}

/// Everybody is the same user. For the local cloud, whose tokens are worth nothing.
#[derive(Clone, Copy, Debug)]
pub struct DemoUser;

impl Authenticate for DemoUser {
    fn authenticate(&self, _: &HeaderMap, _: Option<SocketAddr>) -> Result<User, NotSignedIn> {
        Ok(User { id: String::from("demo-user") })
    }
}

/// The site's own server asks, with `Authorization: Bearer <secret>` and the user in `X-Upload-User`.
#[derive(Clone, Debug)]
pub struct SharedSecret {
    secret: Secret<String>,
}

impl SharedSecret {
    /// Fewest characters of a secret.
    pub const SHORTEST: usize = 32;

    /// Believes whoever knows `secret`.
    #[must_use]
    pub const fn new(secret: Secret<String>) -> Self {
        Self { secret }
    }
}

impl Authenticate for SharedSecret {
    fn authenticate(
        &self,
        headers: &HeaderMap,
        _: Option<SocketAddr>,
    ) -> Result<User, NotSignedIn> {
        let given = only(headers, &AUTHORIZATION)?;
        let (scheme, given) = given.split_once(' ').ok_or(NotSignedIn)?;
        // Digests of equal length: how long the comparison takes says nothing about the secret.
        let same = Sha256::digest(given.trim()) == Sha256::digest(self.secret.expose());
        if scheme.eq_ignore_ascii_case("bearer") && same {
            user(headers, &USER)
        } else {
            Err(NotSignedIn)
        }
    }
}

/// A reverse proxy has signed the user in and says who it is in a header that it never lets through from outside.
#[derive(Clone, Debug)]
pub struct ProxyHeader {
    header: HeaderName,
    proxies: Vec<IpAddr>,
}

impl ProxyHeader {
    /// Believes `header` in connections from `proxies`.
    #[must_use]
    pub const fn new(header: HeaderName, proxies: Vec<IpAddr>) -> Self {
        Self { header, proxies }
    }
}

impl Authenticate for ProxyHeader {
    fn authenticate(
        &self,
        headers: &HeaderMap,
        peer: Option<SocketAddr>,
    ) -> Result<User, NotSignedIn> {
        let peer = peer.ok_or(NotSignedIn)?.ip().to_canonical();
        if self.proxies.contains(&peer) { user(headers, &self.header) } else { Err(NotSignedIn) }
    }
}

fn user(headers: &HeaderMap, name: &HeaderName) -> Result<User, NotSignedIn> {
    let id = only(headers, name)?.trim();
    if id.is_empty() || id.len() > LONGEST {
        Err(NotSignedIn)
    } else {
        Ok(User { id: id.to_owned() })
    }
}

/// The header `name`, if there is exactly one: two would leave open which one the proxy wrote.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<&'a str, NotSignedIn> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => std::str::from_utf8(value.as_bytes()).map_err(|_| NotSignedIn),
        _ => Err(NotSignedIn),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn a_shared_secret_must_be_right_and_name_a_user() {
        let auth = SharedSecret::new(Secret::new("0123456789abcdef0123456789abcdef".into()));
        let right = ("authorization", "Bearer 0123456789abcdef0123456789abcdef");
        let ask = |pairs: &[_]| auth.authenticate(&headers(pairs), None);
        assert_eq!(ask(&[right, ("x-upload-user", "alice")]), Ok(User { id: "alice".into() }));
        assert_eq!(ask(&[right]), Err(NotSignedIn));
        assert_eq!(ask(&[("x-upload-user", "alice")]), Err(NotSignedIn));
        assert_eq!(
            ask(&[("authorization", "Bearer 0123"), ("x-upload-user", "alice")]),
            Err(NotSignedIn)
        );
        assert_eq!(
            ask(&[right, ("x-upload-user", "alice"), ("x-upload-user", "bob")]),
            Err(NotSignedIn)
        );
        assert!(!format!("{auth:?}").contains("0123"));
    }

    #[test]
    fn a_header_counts_only_from_the_proxy() {
        let proxy: IpAddr = "10.0.0.7".parse().unwrap();
        let auth = ProxyHeader::new(HeaderName::from_static("x-user"), vec![proxy]);
        let alice = headers(&[("x-user", "alice")]);
        let from = |address: &str| {
            auth.authenticate(&alice, Some(SocketAddr::new(address.parse().unwrap(), 1)))
        };
        assert!(from("10.0.0.7").is_ok());
        assert!(from("::ffff:10.0.0.7").is_ok(), "the same proxy over a dual-stack socket");
        assert_eq!(from("10.0.0.8"), Err(NotSignedIn));
        assert_eq!(auth.authenticate(&alice, None), Err(NotSignedIn));
    }
}
