//! Users whom an identity provider has signed in: JSON web tokens, verified with the provider's published keys.

mod keys;
mod verify;

use futures_util::future::BoxFuture;
use http::{
    HeaderMap,
    header::{AUTHORIZATION, COOKIE},
};
use jsonwebtoken::{
    Algorithm, Header, TokenData, Validation, decode, decode_header, errors::ErrorKind,
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
    keys: PublishedKeys,
}

impl IssuedTokens {
    /// Believes what keeps `rules` and is signed with one of `keys`.
    #[must_use]
    pub fn new(rules: Rules, keys: PublishedKeys) -> Self {
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
        let key = self.keys.find(header).await?;
        let mut validation = Validation::new(header.alg);
        validation.set_issuer(&[&self.rules.issuer]);
        validation.set_audience(&self.rules.audiences);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        validation.validate_nbf = true;
        decode(token, &key, &validation)
            .map(|TokenData { claims, .. }| claims)
            .map_err(|error| Denied::NotSignedIn(reason(error.kind())))
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
