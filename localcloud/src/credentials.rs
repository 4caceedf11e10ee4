//! Every credential the cloud knows: long-lived keys, STS tokens, UploadAuths.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{
    clock::{UnixMs, ceil_to_second},
    config::AccessKey,
    platform::Platform,
    policy::Policy,
    secret::Secret,
};

/// Temporary credentials remembered; older ones become unknown, as they do in the cloud after a while.
const CAPACITY: usize = 50_000;

/// What a credential may do.
#[derive(Clone, Debug)]
pub(crate) enum Grant {
    /// A RAM user: everything.
    User,
    /// The account itself: everything but assuming a role.
    Root,
    /// An assumed role, narrowed by the session's policy if one was given.
    Role { arn: String, session: String, policy: Option<Policy> },
    /// Write one object and nothing else.
    Upload { bucket: String, key: String },
}

/// A credential the cloud has issued or was configured with.
#[derive(Debug)]
pub(crate) struct Credential {
    pub(crate) id: String,
    pub(crate) secret: Secret,
    /// `None` for a long-lived key.
    pub(crate) token: Option<Secret>,
    pub(crate) issued: UnixMs,
    /// The instant that was printed as `Expiration`; the credential is dead from then on.
    pub(crate) expires: Option<UnixMs>,
    pub(crate) grant: Grant,
    active: bool,
}

/// Why a credential is refused, before any signature is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Denied {
    UnknownKey,
    InactiveKey,
    /// A temporary key without its token.
    MissingToken,
    /// Not a token at all.
    MalformedToken,
    /// A token nobody was given.
    UnknownToken,
    /// The token of another key.
    OtherKeysToken,
    Expired,
}

/// The credentials of one account.
#[derive(Debug)]
pub(crate) struct Credentials {
    long_lived: Vec<Arc<Credential>>,
    temporary: HashMap<String, Arc<Credential>>,
    /// Ids, by token.
    by_token: HashMap<Secret, String>,
    order: VecDeque<String>,
}

impl Credentials {
    pub(crate) fn new(keys: &[AccessKey], now: UnixMs) -> Self {
        let long_lived = keys
            .iter()
            .map(|key| {
                Arc::new(Credential {
                    id: key.id.clone(),
                    secret: key.secret.clone(),
                    token: None,
                    issued: now,
                    expires: None,
                    grant: if key.root { Grant::Root } else { Grant::User },
                    active: key.active,
                })
            })
            .collect();
        Self {
            long_lived,
            temporary: HashMap::new(),
            by_token: HashMap::new(),
            order: VecDeque::new(),
        }
    }

    /// Issues a credential that dies `life_ms` after `now`, rounded up to the whole second that is printed.
    pub(crate) fn issue(
        &mut self,
        platform: &dyn Platform,
        grant: Grant,
        now: UnixMs,
        life_ms: u64,
    ) -> Arc<Credential> {
        let life = i64::try_from(life_ms).unwrap_or(i64::MAX);
        let mut random = [0; 480];
        platform.fill_random(&mut random);
        let credential = Arc::new(Credential {
            id: format!("STS.N{}", platform.alphanumeric(24)),
            secret: Secret::new(platform.alphanumeric(44)),
            token: Some(Secret::new(format!("CAIS{}", STANDARD.encode(random)))),
            issued: now,
            expires: Some(ceil_to_second(now.saturating_add(life))),
            grant,
            active: true,
        });
        if self.order.len() == CAPACITY
            && let Some(oldest) = self.order.pop_front()
            && let Some(gone) = self.temporary.remove(&oldest)
        {
            gone.token.as_ref().and_then(|token| self.by_token.remove(token));
        }
        self.order.push_back(credential.id.clone());
        if let Some(token) = &credential.token {
            self.by_token.insert(token.clone(), credential.id.clone());
        }
        self.temporary.insert(credential.id.clone(), Arc::clone(&credential));
        credential
    }

    /// The credential of this id, whatever its state.
    pub(crate) fn find(&self, id: &str) -> Option<Arc<Credential>> {
        self.temporary.get(id).or_else(|| self.long_lived.iter().find(|key| key.id == id)).cloned()
    }

    /// The credential that a request with `id` and `token` may use at `now`.
    pub(crate) fn admit(
        &self,
        id: &str,
        token: Option<&str>,
        now: UnixMs,
    ) -> Result<Arc<Credential>, Denied> {
        let credential = self.find(id).ok_or(Denied::UnknownKey)?;
        if !credential.active {
            return Err(Denied::InactiveKey);
        }
        let own = credential.token.as_ref().map(Secret::expose);
        match (own, token) {
            (None, None) => return Ok(credential),
            (Some(_), None | Some("")) => return Err(Denied::MissingToken),
            (own, Some(token)) if own != Some(token) => {
                return Err(if self.by_token.contains_key(&Secret::new(token)) {
                    Denied::OtherKeysToken
                } else if token.starts_with("CAIS") {
                    Denied::UnknownToken
                } else {
                    Denied::MalformedToken
                });
            }
            _ => {}
        }
        match credential.expires {
            Some(expires) if now >= expires => Err(Denied::Expired),
            _ => Ok(credential),
        }
    }
}
