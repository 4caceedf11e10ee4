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
        let unusable = |reason| Failure::Unusable { reason };
        let request = Request::get(self.at.as_str())
            .body(Bytes::new())
            .map_err(|_| unusable("its address is no URI"))?;
        let answer = self.upstream.send(request).await?;
        let set: Published =
            serde_json::from_slice(&answer.body.0).map_err(|_| unusable("it is no key set"))?;
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
        Ok(keys)
    }
}

impl Publisher for KeySet {
    fn at(&self) -> &str {
        self.at.as_str()
    }

    fn keys(&self) -> BoxFuture<'_, Result<Keys, Failure>> {
        Box::pin(self.read())
    }
}
