//! What an issuer publishes: a JSON web key set.

use std::{collections::HashMap, fmt};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::Request;
use jsonwebtoken::{
    AlgorithmFamily, DecodingKey,
    jwk::{Jwk, PublicKeyUse},
};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    endpoint::Endpoint,
    upstream::{Failure, Upstream},
};

/// Keys by their name (`kid`): some have none, and several may have the same, for different algorithms for example.
pub(super) type Keys = HashMap<Option<String>, Vec<DecodingKey>>;

/// Where keys are read.
pub(super) trait Publisher: fmt::Debug + Send + Sync {
    /// Its address.
    fn at(&self) -> &str;

    /// All keys that may sign a token, as they are now.
    fn keys(&self) -> BoxFuture<'_, Result<Keys, Failure>>;
}

/// A key set at an address.
#[derive(Debug)]
pub(super) struct KeySet {
    at: Endpoint,
    upstream: Upstream,
}

#[derive(Deserialize)]
struct Published {
    keys: Vec<Value>,
}

impl KeySet {
    /// At `at`.
    ///
    /// # Errors
    ///
    /// If the HTTP client cannot be set up.
    pub(super) fn new(at: Endpoint) -> Result<Self, reqwest::Error> {
        Ok(Self { upstream: Upstream::new(&at)?, at })
    }

    async fn read(&self) -> Result<Keys, Failure> {
        let request = Request::get(self.at.as_str())
            .body(Bytes::new())
            .map_err(|_| Failure::Unusable { reason: "its address is no URI" })?;
        keys_of(&self.upstream.send(request).await?.body.0)
    }
}

/// The keys of `set` that may sign a token.
fn keys_of(set: &[u8]) -> Result<Keys, Failure> {
    let unusable = |reason| Failure::Unusable { reason };
    let set: Published = serde_json::from_slice(set).map_err(|_| unusable("it is no key set"))?;
    let signs = |key: &Jwk| {
        key.common.public_key_use.as_ref().is_none_or(|is| *is == PublicKeyUse::Signature)
    };
    // One that cannot be read costs nobody the others.
    let read = set.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok());
    let mut keys = Keys::new();
    for jwk in read.filter(signs) {
        let key = DecodingKey::from_jwk(&jwk).ok();
        if let Some(key) = key.filter(|key| key.family() != AlgorithmFamily::Hmac) {
            keys.entry(jwk.common.key_id).or_default().push(key);
        }
    }
    // What an issuer shows while it is set up anew must not sign every user out.
    if keys.is_empty() { Err(unusable("no key in it signs tokens")) } else { Ok(keys) }
}

impl Publisher for KeySet {
    fn at(&self) -> &str {
        self.at.as_str()
    }

    fn keys(&self) -> BoxFuture<'_, Result<Keys, Failure>> {
        Box::pin(self.read())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_without_a_key_that_signs_is_none() {
        let encrypts = r#"{"keys":[{"kty":"EC","crv":"P-256","use":"enc","kid":"k",
            "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;
        let signs = encrypts.replace("enc", "sig");
        assert_eq!(keys_of(signs.as_bytes()).unwrap().len(), 1);
        for set in [encrypts, r#"{"keys":[]}"#, r#"{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}"#] {
            let failure = keys_of(set.as_bytes()).unwrap_err();
            assert!(failure.to_string().contains("no key in it signs tokens"), "{failure}");
        }
    }
}
