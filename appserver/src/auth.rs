//! Who is asking.

use std::fmt;

use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderName, header::AUTHORIZATION};
use ring::digest::{SHA256, digest};
use upload_token::secret::Secret;

use crate::{
    peer::{Peer, Proxies},
    unseen::is_unseen,
};

/// Names the user when another server of the site asks on the user's behalf.
pub(crate) const USER: HeaderName = HeaderName::from_static("x-upload-user");
/// Holds what only the proxy knows.
const PROXY_SECRET: HeaderName = HeaderName::from_static("x-proxy-secret");
/// Longest id of a user, in bytes.
const LONGEST: usize = 256;

/// A signed-in user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// What the site calls the user; stable, not a secret.
    pub id: String,
    /// What the site says of the user: groups, in its own words. Which role the user gets may depend on them.
    pub groups: Vec<String>,
}

/// Why a request is refused. The reason is for the operator's log, and never holds what the request said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// It names no user that this server believes: 401.
    NotSignedIn(&'static str),
    /// This user may not do this: 403.
    Forbidden(&'static str),
    /// It cannot be found out now: 503.
    Unavailable(&'static str),
}

/// A request, as far as it proves who sent it.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'a> {
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Where it came from.
    pub peer: Peer,
}

/// Finds out who is asking. A site with sessions of its own implements this over them.
pub trait Authenticate: fmt::Debug + Send + Sync + 'static {
    /// The user whom `caller` proves to be.
    fn authenticate<'a>(&'a self, caller: Caller<'a>) -> BoxFuture<'a, Result<User, Denied>>;
}

/// Everybody is the same user. For the local cloud, whose tokens are worth nothing.
#[derive(Clone, Copy, Debug)]
pub struct DemoUser;

impl Authenticate for DemoUser {
    fn authenticate<'a>(&'a self, _: Caller<'a>) -> BoxFuture<'a, Result<User, Denied>> {
        Box::pin(async { Ok(User { id: String::from("demo-user"), groups: Vec::new() }) })
    }
}

/// The site's own server asks, with `Authorization: Bearer <secret>` and the user in `X-Upload-User`.
#[derive(Clone, Debug)]
pub struct SharedSecret {
    secrets: Vec<Secret<String>>,
    groups: Option<HeaderName>,
}

impl SharedSecret {
    /// Believes whoever knows one of `secrets`: two while one takes the other's place.
    #[must_use]
    pub const fn new(secrets: Vec<Secret<String>>, groups: Option<HeaderName>) -> Self {
        Self { secrets, groups }
    }

    fn judge(&self, headers: &HeaderMap) -> Result<User, Denied> {
        let (scheme, given) = only(headers, &AUTHORIZATION)?
            .split_once(' ')
            .ok_or(Denied::NotSignedIn("Authorization is not Bearer and a secret"))?;
        if !scheme.eq_ignore_ascii_case("bearer") || !knows(&self.secrets, given.trim()) {
            return Err(Denied::NotSignedIn("the bearer secret is wrong"));
        }
        user(headers, &USER, self.groups.as_ref())
    }
}

impl Authenticate for SharedSecret {
    fn authenticate<'a>(&'a self, caller: Caller<'a>) -> BoxFuture<'a, Result<User, Denied>> {
        Box::pin(async { self.judge(caller.headers) })
    }
}

/// A reverse proxy has signed the user in and says who it is in a header that it never lets through from outside.
#[derive(Clone, Debug)]
pub struct ProxyHeader {
    /// Holds the user's id.
    pub user: HeaderName,
    /// Holds the user's groups, with commas.
    pub groups: Option<HeaderName>,
    /// Whose word counts.
    pub proxies: Proxies,
    /// What the proxy must know, if there are any: two while one takes the other's place.
    pub secrets: Vec<Secret<String>>,
}

impl ProxyHeader {
    fn judge(&self, caller: Caller<'_>) -> Result<User, Denied> {
        if !self.proxies.trust(caller.peer) {
            return Err(Denied::NotSignedIn(
                "the connection does not come from UPLOAD_TOKEN_TRUSTED_PROXIES",
            ));
        }
        let knows_secret =
            || only(caller.headers, &PROXY_SECRET).is_ok_and(|given| knows(&self.secrets, given));
        if !self.secrets.is_empty() && !knows_secret() {
            return Err(Denied::NotSignedIn("X-Proxy-Secret is missing or wrong"));
        }
        user(caller.headers, &self.user, self.groups.as_ref())
    }
}

impl Authenticate for ProxyHeader {
    fn authenticate<'a>(&'a self, caller: Caller<'a>) -> BoxFuture<'a, Result<User, Denied>> {
        Box::pin(async move { self.judge(caller) })
    }
}

/// Whether `given` is one of `secrets`. Digests of equal length: how long it takes says nothing about the secret.
fn knows(secrets: &[Secret<String>], given: &str) -> bool {
    let given = digest(&SHA256, given.as_bytes());
    secrets
        .iter()
        .any(|secret| digest(&SHA256, secret.expose().as_bytes()).as_ref() == given.as_ref())
}

fn user(headers: &HeaderMap, id: &HeaderName, groups: Option<&HeaderName>) -> Result<User, Denied> {
    let id = checked_id(only(headers, id)?)?.to_owned();
    let groups = groups.map_or(Ok(""), |name| match headers.get(name) {
        None => Ok(""),
        Some(_) => only(headers, name),
    })?;
    let groups = groups.split(',').map(str::trim).filter(|group| !group.is_empty());
    Ok(User { id, groups: groups.map(str::to_owned).collect() })
}

/// A user's id, taken as it is: two ids that differ must never be one user, so nothing is trimmed or folded.
///
/// # Errors
///
/// If it is empty, too long, or holds characters that nobody can see.
pub fn checked_id(id: &str) -> Result<&str, Denied> {
    if id.is_empty() {
        Err(Denied::NotSignedIn("the user's id is empty"))
    } else if id.len() > LONGEST {
        Err(Denied::NotSignedIn("the user's id has more than 256 bytes"))
    } else if id.contains(is_unseen) || id.starts_with(' ') || id.ends_with(' ') {
        Err(Denied::NotSignedIn(
            "the user's id holds controls, spaces or others that nobody can see",
        ))
    } else {
        Ok(id)
    }
}

/// The header `name`, if there is exactly one: two would leave open which one the proxy wrote.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<&'a str, Denied> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => std::str::from_utf8(value.as_bytes())
            .map_err(|_| Denied::NotSignedIn("a header is not UTF-8")),
        (None, _) => Err(Denied::NotSignedIn("a header that names the user is missing")),
        _ => Err(Denied::NotSignedIn("a header that names the user is there twice")),
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, http::HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        headers
    }

    fn id(judged: Result<User, Denied>) -> Option<String> {
        judged.ok().map(|user| user.id)
    }

    #[test]
    fn a_shared_secret_must_be_right_and_name_a_user() {
        let new = "fedcba9876543210fedcba9876543210";
        let secrets = [new, SECRET].map(|text| Secret::new(text.to_owned())).to_vec();
        let auth = SharedSecret::new(secrets, None);
        let right = ("authorization", "Bearer 0123456789abcdef0123456789abcdef");
        let ask = |pairs: &[_]| id(auth.judge(&headers(pairs)));
        let alice = Some(String::from("alice"));
        assert_eq!(ask(&[right, ("x-upload-user", "alice")]), alice);
        let other = ("authorization", "bearer fedcba9876543210fedcba9876543210");
        assert_eq!(ask(&[other, ("x-upload-user", "alice")]), alice);
        assert_eq!(ask(&[right]), None);
        assert_eq!(ask(&[("x-upload-user", "alice")]), None);
        assert_eq!(ask(&[("authorization", "Bearer 0123"), ("x-upload-user", "alice")]), None);
        assert_eq!(ask(&[right, ("x-upload-user", "alice"), ("x-upload-user", "bob")]), None);
        assert!(!format!("{auth:?}").contains("0123"));
    }

    fn proxy(secrets: &[&str]) -> ProxyHeader {
        ProxyHeader {
            user: HeaderName::from_static("x-user"),
            groups: Some(HeaderName::from_static("x-groups")),
            proxies: Proxies::new(vec![Proxies::read("10.0.0.7").unwrap()]),
            secrets: secrets.iter().map(|text| Secret::new((*text).to_owned())).collect(),
        }
    }

    fn from(auth: &ProxyHeader, address: &str, pairs: &[(&'static str, &str)]) -> Option<User> {
        let peer = Peer::Tcp(SocketAddr::new(address.parse().unwrap(), 1));
        auth.judge(Caller { headers: &headers(pairs), peer }).ok()
    }

    #[test]
    fn a_header_counts_only_from_the_proxy() {
        let auth = proxy(&[]);
        let alice = [("x-user", "alice"), ("x-groups", "staff, beta")];
        let user = from(&auth, "10.0.0.7", &alice).unwrap();
        assert_eq!(user.groups, ["staff", "beta"]);
        assert!(from(&auth, "10.0.0.8", &alice).is_none());
    }

    #[test]
    fn a_proxy_that_must_know_a_secret_must_know_it() {
        let auth = proxy(&[SECRET]);
        let alice = ("x-user", "alice");
        assert!(from(&auth, "10.0.0.7", &[alice]).is_none());
        assert!(from(&auth, "10.0.0.7", &[alice, ("x-proxy-secret", "guessed")]).is_none());
        assert!(from(&auth, "10.0.0.7", &[alice, ("x-proxy-secret", SECRET)]).is_some());
    }

    #[test]
    fn ids_that_look_alike_are_refused_and_not_made_one() {
        let auth = proxy(&[]);
        let ask = |id: &str| from(&auth, "10.0.0.7", &[("x-user", id)]).map(|user| user.id);
        for id in ["alice", "Zoë Müller", "小明", "a,b"] {
            assert_eq!(ask(id).as_deref(), Some(id));
        }
        for odd in ["alice\u{3000}", "alice\u{a0}", "\u{2003}alice", "al\u{9b}ice", ""] {
            assert_eq!(ask(odd), None, "{odd:?}");
        }
        for unseen in
            "\u{200b}\u{200d}\u{202e}\u{2066}\u{feff}\u{ad}\u{3164}\u{fe0f}\u{e0061}".chars()
        {
            assert_eq!(ask(&format!("ali{unseen}ce")), None, "{unseen:?}");
        }
    }
}
