//! Users whom an identity provider has signed in: JSON web tokens, verified with the provider's published keys.

mod keys;
mod published;
mod verify;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use http::{
    HeaderMap,
    header::{AUTHORIZATION, COOKIE},
};
use jsonwebtoken::{
    Algorithm, DecodingKey, Header, TokenData, Validation, decode, decode_header, errors::ErrorKind,
};
use serde_json::{Map, Value};

pub use self::keys::PublishedKeys;
use crate::auth::{Authenticate, Caller, Denied, User, checked_id};

/// What an issuer may sign with. None of them has a secret that this server would have to know, and be able to sign with.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// Longest token looked at, in bytes.
const LONGEST: usize = 16 << 10;

/// What a token must say.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Who issued it (`iss`).
    pub issuer: String,
    /// For whom (`aud`): one of these.
    pub audiences: Vec<String>,
    /// The claim that names the user.
    pub user: String,
    /// The claim that lists the user's groups.
    pub groups: Option<String>,
    /// The cookie that holds it, if it is not in `Authorization`.
    pub cookie: Option<String>,
}

/// Believes tokens of one issuer.
#[derive(Debug)]
pub struct IssuedTokens {
    rules: Rules,
    keys: Arc<PublishedKeys>,
}

impl IssuedTokens {
    /// Believes what keeps `rules` and is signed with one of `keys`.
    #[must_use]
    pub fn new(rules: Rules, keys: Arc<PublishedKeys>) -> Self {
        verify::install();
        Self { rules, keys }
    }

    async fn judge(&self, headers: &HeaderMap) -> Result<User, Denied> {
        let token = self.token(headers)?;
        let header = decode_header(token)
            .map_err(|_| Denied::NotSignedIn("what should be a JSON web token is none"))?;
        if !ALGORITHMS.contains(&header.alg) {
            return Err(Denied::NotSignedIn("the token is signed in a way that is not allowed"));
        }
        let claims = self.verified(token, &header).await?;
        self.user(&claims)
    }

    fn token<'a>(&self, headers: &'a HeaderMap) -> Result<&'a str, Denied> {
        let token = match &self.rules.cookie {
            Some(name) => cookie(headers, name)?,
            None => bearer(headers)?,
        };
        if token.len() > LONGEST {
            return Err(Denied::NotSignedIn("the token is too long"));
        }
        Ok(token)
    }

    async fn verified(&self, token: &str, header: &Header) -> Result<Map<String, Value>, Denied> {
        let mut validation = Validation::new(header.alg);
        validation.set_issuer(&[&self.rules.issuer]);
        validation.set_audience(&self.rules.audiences);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        validation.validate_nbf = true;
        let read = |keys: Vec<DecodingKey>| verify_with_any(token, &keys, &validation);
        let mut verified = read(self.keys.find(header).await?);
        if verified.as_ref().is_err_and(is_of_another_key)
            && let Some(keys) = self.keys.find_newer(header).await
        {
            verified = read(keys);
        }
        verified.map_err(|kind| Denied::NotSignedIn(reason(&kind)))
    }

    fn user(&self, claims: &Map<String, Value>) -> Result<User, Denied> {
        let id = match claims.get(&self.rules.user) {
            Some(Value::String(id)) => id.clone(),
            Some(Value::Number(id)) => id.to_string(),
            _ => return Err(Denied::NotSignedIn("the token names no user")),
        };
        let groups = self.rules.groups.as_ref().and_then(|name| claims.get(name));
        let groups = match groups {
            Some(Value::Array(groups)) => {
                groups.iter().filter_map(|group| group.as_str().map(str::to_owned)).collect()
            }
            Some(Value::String(groups)) => groups.split_whitespace().map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        Ok(User { id: checked_id(&id)?.to_owned(), groups })
    }
}

impl Authenticate for IssuedTokens {
    fn authenticate<'a>(&'a self, caller: Caller<'a>) -> BoxFuture<'a, Result<User, Denied>> {
        Box::pin(self.judge(caller.headers))
    }
}

/// What `token` says, if one of `keys` has signed it and it is valid.
fn verify_with_any(
    token: &str,
    keys: &[DecodingKey],
    validation: &Validation,
) -> Result<Map<String, Value>, ErrorKind> {
    let mut refused = ErrorKind::InvalidAlgorithm;
    for key in keys {
        match decode(token, key, validation) {
            Ok(TokenData { claims, .. }) => return Ok(claims),
            Err(error) => refused = error.into_kind(),
        }
        if !is_of_another_key(&refused) {
            break;
        }
    }
    Err(refused)
}

/// Whether a token that was refused so may be good all the same by another key.
const fn is_of_another_key(refused: &ErrorKind) -> bool {
    matches!(refused, ErrorKind::InvalidSignature | ErrorKind::InvalidAlgorithm)
}

fn bearer(headers: &HeaderMap) -> Result<&str, Denied> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(Denied::NotSignedIn("there is not exactly one Authorization"));
    };
    let value = value.to_str().unwrap_or_default();
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(token.trim()),
        _ => Err(Denied::NotSignedIn("Authorization is not Bearer and a token")),
    }
}

/// The cookie, if there is exactly one: a neighbouring site may add another of the same name.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, Denied> {
    let pairs = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut named = pairs
        .flat_map(|pairs| pairs.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value);
    match (named.next(), named.next()) {
        (Some(value), None) => Ok(value),
        (None, _) => Err(Denied::NotSignedIn("there is no cookie with a token")),
        _ => Err(Denied::NotSignedIn("the cookie with the token is there twice")),
    }
}

fn reason(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::ExpiredSignature => "the token has expired",
        ErrorKind::ImmatureSignature => {
            "the token is not yet valid: is this machine's clock right?"
        }
        ErrorKind::InvalidSignature => "the token's signature is wrong",
        ErrorKind::InvalidIssuer => "the token is of another issuer than UPLOAD_TOKEN_JWT_ISSUER",
        ErrorKind::InvalidAudience => {
            "the token is for somebody else than UPLOAD_TOKEN_JWT_AUDIENCE"
        }
        ErrorKind::MissingRequiredClaim(_) => "the token lacks exp, iss or aud",
        _ => "the token cannot be read",
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        time::Duration,
    };

    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
    use jiff::Timestamp;
    use ring::{
        rand::SystemRandom,
        signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
    };
    use serde_json::json;
    use tokio::time::advance;

    use super::{
        published::{Keys, Publisher},
        *,
    };
    use crate::{report::Reports, upstream::Failure};

    /// Publishes the keys of one look after the other, all by one name, and then those of the last again.
    #[derive(Debug)]
    struct Issuer {
        sets: Vec<Vec<DecodingKey>>,
        looks: Arc<AtomicUsize>,
    }

    impl Publisher for Issuer {
        fn at(&self) -> &'static str {
            "https://id.example.com/keys"
        }

        fn keys(&self) -> BoxFuture<'_, Result<Keys, Failure>> {
            let look = self.looks.fetch_add(1, Ordering::Relaxed);
            let set = self.sets.get(look).or_else(|| self.sets.last()).unwrap().clone();
            Box::pin(async { Ok(Keys::from([(None, set)])) })
        }
    }

    fn pair() -> (EcdsaKeyPair, DecodingKey) {
        let (with, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(with, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(with, pkcs8.as_ref(), &random).unwrap();
        let public = DecodingKey::from_ec_der(pair.public_key().as_ref());
        (pair, public)
    }

    fn token(key: &EcdsaKeyPair, life: i64) -> String {
        let end = Timestamp::now().as_second() + life;
        let claims = json!({ "iss": "i", "aud": "a", "sub": "alice", "exp": end });
        let parts = [json!({ "alg": "ES256" }), claims].map(|part| BASE64.encode(part.to_string()));
        let signed = parts.join(".");
        let signature = key.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", BASE64.encode(signature.as_ref()))
    }

    fn believer(sets: Vec<Vec<DecodingKey>>) -> (IssuedTokens, Arc<AtomicUsize>) {
        let looks = Arc::new(AtomicUsize::new(0));
        let issuer = Issuer { sets, looks: Arc::clone(&looks) };
        let keys = PublishedKeys::of(Box::new(issuer), Reports::default());
        let (user, audiences) = (String::from("sub"), vec![String::from("a")]);
        let rules =
            Rules { issuer: String::from("i"), audiences, user, groups: None, cookie: None };
        (IssuedTokens::new(rules, Arc::new(keys)), looks)
    }

    async fn ask(believer: &IssuedTokens, token: &str) -> Result<String, Denied> {
        let value = format!("Bearer {token}").parse().unwrap();
        let headers = HeaderMap::from_iter([(AUTHORIZATION, value)]);
        believer.judge(&headers).await.map(|user| user.id)
    }

    #[tokio::test(start_paused = true)]
    async fn each_key_of_a_name_may_have_signed() {
        let ((one, first), (other, second)) = (pair(), pair());
        let (believer, looks) = believer(vec![vec![first, second]]);
        for key in [&one, &other] {
            assert_eq!(ask(&believer, &token(key, 600)).await, Ok(String::from("alice")));
            let late = ask(&believer, &token(key, -600)).await;
            assert_eq!(late, Err(Denied::NotSignedIn("the token has expired")));
        }
        assert_eq!(looks.load(Ordering::Relaxed), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_that_took_anothers_name_is_found_by_its_first_token() {
        let ((old, first), (new, second)) = (pair(), pair());
        let (believer, looks) = believer(vec![vec![first], vec![second]]);
        ask(&believer, &token(&old, 600)).await.unwrap();
        let wrong = Err(Denied::NotSignedIn("the token's signature is wrong"));
        assert_eq!(ask(&believer, &token(&new, 600)).await, wrong);
        assert_eq!(looks.load(Ordering::Relaxed), 1, "strangers do not make it look each time");
        advance(Duration::from_secs(30)).await;
        assert_eq!(ask(&believer, &token(&new, 600)).await, Ok(String::from("alice")));
        assert_eq!(ask(&believer, &token(&old, 600)).await, wrong);
        assert_eq!(looks.load(Ordering::Relaxed), 2);
    }
}
