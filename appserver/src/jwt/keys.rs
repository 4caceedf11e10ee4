//! The keys that an issuer publishes (a JSON web key set), kept for as long as they are good.

use std::{collections::HashMap, sync::Arc, time::Duration};

use bytes::Bytes;
use http::Request;
use jsonwebtoken::{
    AlgorithmFamily, DecodingKey, Header,
    jwk::{Jwk, PublicKeyUse},
};
use serde::Deserialize;
use serde_json::Value;
use tokio::{sync::Mutex, time::Instant};

use crate::{
    auth::Denied,
    endpoint::Endpoint,
    upstream::{Failure, Upstream},
};

/// How long a set is used without a look at the next one.
const FRESH: Duration = Duration::from_secs(600);
/// How long a set is used while no other can be had: keys may have been withdrawn in the meantime.
const USABLE: Duration = Duration::from_secs(24 * 60 * 60);
/// Pause between looks, so that tokens with made-up keys do not become requests to the issuer.
const PAUSE: Duration = Duration::from_secs(30);

/// Keys at an address.
#[derive(Debug)]
pub struct PublishedKeys {
    at: Endpoint,
    upstream: Upstream,
    held: Mutex<Held>,
}

/// What an issuer publishes.
#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

#[derive(Clone, Debug, Default)]
struct Held {
    keys: Arc<HashMap<Option<String>, DecodingKey>>,
    read: Option<Instant>,
    looked: Option<Instant>,
}

impl PublishedKeys {
    /// Keys at `at`.
    ///
    /// # Errors
    ///
    /// If the HTTP client cannot be set up.
    pub fn new(at: Endpoint) -> Result<Self, reqwest::Error> {
        Ok(Self { upstream: Upstream::new(&at)?, at, held: Mutex::default() })
    }

    /// The key that `header` names.
    ///
    /// # Errors
    ///
    /// That there is none, or that it cannot be found out now.
    pub(super) async fn find(&self, header: &Header) -> Result<DecodingKey, Denied> {
        // Whoever comes while the set is read waits for it.
        let mut held = self.held.lock().await;
        let (now, kid) = (Instant::now(), &header.kid);
        let within = |at: Option<Instant>, time| at.is_some_and(|at| now < at + time);
        let is_known = held.keys.contains_key(kid) && within(held.read, FRESH);
        if !is_known && !within(held.looked, PAUSE) {
            held.looked = Some(now);
            if let Ok(keys) = self.read().await {
                *held = Held { keys: Arc::new(keys), read: Some(now), looked: Some(now) };
            }
        }
        match held.keys.get(kid) {
            _ if !within(held.read, USABLE) => {
                Err(Denied::Unavailable("the keys at UPLOAD_TOKEN_JWT_KEYS_URL cannot be read"))
            }
            Some(key) => Ok(key.clone()),
            None => {
                Err(Denied::NotSignedIn("the token is signed with a key that the issuer has not"))
            }
        }
    }

    async fn read(&self) -> Result<HashMap<Option<String>, DecodingKey>, Failure> {
        let unusable = |reason| Failure::Unusable { reason };
        let request = Request::get(self.at.as_str())
            .body(Bytes::new())
            .map_err(|_| unusable("its address is no URI"))?;
        let answer = self.upstream.send(request).await?;
        let set: KeySet =
            serde_json::from_slice(&answer.body.0).map_err(|_| unusable("it is no key set"))?;
        let signs = |key: &Jwk| {
            key.common.public_key_use.as_ref().is_none_or(|is| *is == PublicKeyUse::Signature)
        };
        // One that cannot be read costs nobody the others.
        let read = set.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok());
        let keys = read.filter(signs).filter_map(|jwk| {
            let key = DecodingKey::from_jwk(&jwk).ok()?;
            (key.family() != AlgorithmFamily::Hmac).then(|| (jwk.common.key_id.clone(), key))
        });
        Ok(keys.collect())
    }
}
