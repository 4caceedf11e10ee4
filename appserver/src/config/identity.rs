//! Who is asking, as the operator decides it.

use std::{borrow::Cow, sync::Arc};

use http::HeaderName;

use super::{
    reader::Reader,
    rules::{self, Ruled},
};
use crate::{
    auth::{Authenticate, ProxyHeader, SharedSecret, USER},
    endpoint::Endpoint,
    jwt::{IssuedTokens, Rules},
    peer::Proxies,
    sources::Sources,
};

const GROUPS: &str = "UPLOAD_TOKEN_GROUPS_HEADER";

/// How users are told apart.
enum How {
    Bearer,
    Jwt,
    ProxyHeader(HeaderName),
}

/// Headers that name no user: every browser can set them, or they say something else.
const SET_BY_ANYBODY: [&str; 43] = [
    "authorization",
    "cache-control",
    "connection",
    "cookie",
    "date",
    "dnt",
    "early-data",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "last-event-id",
    "max-forwards",
    "origin",
    "ping-from",
    "ping-to",
    "pragma",
    "priority",
    "purpose",
    "range",
    "referer",
    "save-data",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "upgrade-insecure-requests",
    "user-agent",
    "via",
    "x-csrf-token",
    "x-forwarded-by",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "x-forwarded-proto",
    "x-forwarded-scheme",
    "x-forwarded-server",
    "x-forwarded-ssl",
    "x-proxy-secret",
    "x-real-ip",
    "x-request-id",
    "x-requested-with",
];
/// What the names of others of them begin with.
const SET_BY_ANYBODY_PREFIXES: [&str; 6] =
    ["accept", "access-control-", "content-", "if-", "proxy-", "sec-"];

/// The warning where no secret tells the proxy from other processes at its address.
const NO_SECRET: &str = "every process at an address in UPLOAD_TOKEN_TRUSTED_PROXIES may name any user: set \
                         UPLOAD_TOKEN_PROXY_SECRET, or listen at a Unix socket";

/// `guarded` is that nobody may connect but whom the operator lets.
pub(super) fn read(
    reader: &mut Reader<'_>,
    proxies: &Proxies,
    sources: &mut Sources,
    guarded: bool,
) -> Option<Arc<dyn Authenticate>> {
    let how = reader.required("UPLOAD_TOKEN_AUTH", How::read)?;
    match how {
        How::Jwt => jwt(reader, sources),
        How::Bearer => {
            let groups = groups(reader, &USER);
            let secrets = reader.secrets("UPLOAD_TOKEN_AUTH_SECRET", rules::long_secret)?;
            if secrets.is_empty() {
                reader.refuse("UPLOAD_TOKEN_AUTH_SECRET", "must be set");
                return None;
            }
            Some(Arc::new(SharedSecret::new(secrets, groups)))
        }
        How::ProxyHeader(user) => {
            let groups = groups(reader, &user);
            let secrets = reader.secrets("UPLOAD_TOKEN_PROXY_SECRET", rules::long_secret)?;
            if secrets.is_empty() && !guarded {
                reader.warn(NO_SECRET);
            }
            Some(Arc::new(ProxyHeader { user, groups, proxies: proxies.clone(), secrets }))
        }
    }
}

/// The header of the groups, which is another one than `user`.
fn groups(reader: &mut Reader<'_>, user: &HeaderName) -> Option<HeaderName> {
    reader.optional(GROUPS, |name| match header(name)? {
        name if name == *user => Err(Cow::Borrowed("must be another header than the user's")),
        name => Ok(name),
    })
}

/// Tokens of an identity provider.
fn jwt(reader: &mut Reader<'_>, sources: &mut Sources) -> Option<Arc<dyn Authenticate>> {
    const URL: &str = "UPLOAD_TOKEN_JWT_KEYS_URL";
    const AUDIENCE: &str = "UPLOAD_TOKEN_JWT_AUDIENCE";
    let word = |text: &str| Ok(text.to_owned());
    let issuer = reader.required("UPLOAD_TOKEN_JWT_ISSUER", word);
    let audiences = reader.list(AUDIENCE, |text| Ok(text.to_owned()))?;
    if audiences.is_empty() {
        reader.refuse(
            AUDIENCE,
            "must be set, or tokens for any other service of the issuer would do",
        );
    }
    let keys = reader.required(URL, |text| Endpoint::document(text).map_err(Cow::Borrowed));
    let user = reader.or("UPLOAD_TOKEN_JWT_USER_CLAIM", "sub", word)?;
    let groups = reader.optional("UPLOAD_TOKEN_JWT_GROUPS_CLAIM", word);
    let cookie = reader.optional("UPLOAD_TOKEN_JWT_COOKIE", |name| {
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.bytes().all(token) {
            Ok(name.to_owned())
        } else {
            Err(Cow::Borrowed("must be the name of a cookie"))
        }
    });
    let keys = sources
        .issuer(keys?)
        .map_err(|_| Cow::Borrowed("cannot be used: no HTTP client can be set up"));
    let keys = reader.flag(URL, "", |_| keys)?;
    let rules = Rules { issuer: issuer?, audiences, user, groups, cookie };
    Some(Arc::new(IssuedTokens::new(rules, keys)))
}

impl How {
    fn read(text: &str) -> Ruled<Self> {
        match text.split_once(':') {
            None if text == "bearer" => Ok(Self::Bearer),
            None if text == "jwt" => Ok(Self::Jwt),
            Some(("proxy-header", name)) => header(name).map(Self::ProxyHeader),
            _ => Err(Cow::Borrowed(
                "must be jwt, bearer or proxy-header:<name of the header that your proxy sets to the user's id>",
            )),
        }
    }
}

fn header(name: &str) -> Ruled<HeaderName> {
    let name: HeaderName = name.parse().map_err(|_| Cow::Borrowed("must name an HTTP header"))?;
    let begins = |begin: &str| name.as_str().starts_with(begin);
    if SET_BY_ANYBODY.contains(&name.as_str())
        || SET_BY_ANYBODY_PREFIXES.iter().any(|begin| begins(begin))
    {
        return Err(Cow::Borrowed("must name a header of its own, which only your proxy sets"));
    }
    Ok(name)
}
