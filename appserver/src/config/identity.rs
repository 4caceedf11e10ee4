//! Who is asking, as the operator decides it.

use std::{borrow::Cow, sync::Arc};

use http::HeaderName;

use super::{
    reader::Reader,
    rules::{self, Ruled},
};
use crate::{
    auth::{Authenticate, ProxyHeader, SharedSecret},
    peer::Proxies,
};

/// How users are told apart.
enum How {
    Bearer,
    ProxyHeader(HeaderName),
}

/// Headers that every browser can set, or that say something else.
const NOBODYS: [&str; 9] = [
    "host",
    "cookie",
    "origin",
    "referer",
    "user-agent",
    "accept",
    "content-type",
    "authorization",
    "x-proxy-secret",
];

pub(super) fn read(reader: &mut Reader<'_>, proxies: &Proxies) -> Option<Arc<dyn Authenticate>> {
    let how = reader.required("UPLOAD_TOKEN_AUTH", How::read)?;
    let groups = reader.optional("UPLOAD_TOKEN_GROUPS_HEADER", header);
    match how {
        How::Bearer => {
            let secrets = reader.secrets("UPLOAD_TOKEN_AUTH_SECRET", rules::long_secret)?;
            if secrets.is_empty() {
                reader.refuse("UPLOAD_TOKEN_AUTH_SECRET", "must be set");
                return None;
            }
            Some(Arc::new(SharedSecret::new(secrets, groups)))
        }
        How::ProxyHeader(user) => {
            let secrets = reader.secrets("UPLOAD_TOKEN_PROXY_SECRET", rules::long_secret)?;
            Some(Arc::new(ProxyHeader { user, groups, proxies: proxies.clone(), secrets }))
        }
    }
}

impl How {
    fn read(text: &str) -> Ruled<Self> {
        match text.split_once(':') {
            None if text == "bearer" => Ok(Self::Bearer),
            Some(("proxy-header", name)) => header(name).map(Self::ProxyHeader),
            _ => Err(Cow::Borrowed(
                "must be bearer or proxy-header:<name of the header that your proxy sets to the user's id>",
            )),
        }
    }
}

fn header(name: &str) -> Ruled<HeaderName> {
    let name: HeaderName = name.parse().map_err(|_| Cow::Borrowed("must name an HTTP header"))?;
    if NOBODYS.contains(&name.as_str()) {
        return Err(Cow::Borrowed("must name a header of its own, which only your proxy sets"));
    }
    Ok(name)
}
