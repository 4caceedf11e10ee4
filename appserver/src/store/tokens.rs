//! STS tokens, in the store: sealed, and with ages on its clock, since clocks of instances differ.

use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use redis::{FromRedisValue, Script, ScriptInvocation};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use upload_token::{secret::Secret, token::StsToken};

use super::{link::Link, place, vault::Vault};
use crate::{
    shared::{Claim, Lease, Settled, SharedTokens},
    sts::{Grant, IssuedToken},
    unavailable::Unavailable,
    upstream::Failure,
};

/// How long an instance may take to ask STS before another one does: more than the 5 s of one call. One that must be
/// lent a key first may need longer. Then two ask, which costs an AssumeRole; a longer lease would cost users their
/// answer, since an instance that dies holds it to its end.
const LEASE: Duration = Duration::from_secs(6);
/// How long a token that was refused is kept from coming back by a late answer of the store.
const REJECTED: Duration = Duration::from_secs(60);

/// KEYS token, lease, refusal. ARGV the lease, its life.
///
/// A token that was born in the future is one whose age nobody knows: the clock was set back since.
const CLAIM: &str = "
local token = redis.call('HMGET', KEYS[1], 'sealed', 'born')
if token[1] then
  local clock = redis.call('TIME')
  local age = math.floor(clock[1] * 1000 + clock[2] / 1000 - token[2])
  if age >= 0 then return {'token', token[1], tostring(age)} end
end
local refusal = redis.call('GET', KEYS[3])
if refusal then return {'refused', refusal, '0'} end
if redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) then return {'lease', '', '0'} end
return {'wait', '', '0'}
";
/// KEYS token, lease, refusal, mark of a rejected token. ARGV the lease, what came of it, its text, its life, the
/// token's id, its age. Nothing, if another instance holds the lease by now.
const SETTLE: &str = "
local held = redis.call('GET', KEYS[2])
if held and held ~= ARGV[1] then return 0 end
if ARGV[2] == 'token' and redis.call('EXISTS', KEYS[4]) == 0 then
  local clock = redis.call('TIME')
  local born = clock[1] * 1000 + clock[2] / 1000 - ARGV[6]
  redis.call('HSET', KEYS[1], 'sealed', ARGV[3], 'born', born, 'id', ARGV[5])
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
elseif ARGV[2] == 'refused' then
  redis.call('SET', KEYS[3], ARGV[3], 'PX', ARGV[4])
end
redis.call('DEL', KEYS[2])
return 1
";
/// KEYS token, mark of a rejected token. ARGV the token's id, the life of the mark.
const REJECT: &str = "
redis.call('SET', KEYS[2], 1, 'PX', ARGV[2])
if redis.call('HGET', KEYS[1], 'id') == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1
";
/// KEYS token. ARGV what cannot be read.
const DISCARD: &str = "
if redis.call('HGET', KEYS[1], 'sealed') == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1
";

/// Tokens of all instances.
#[derive(Debug)]
pub struct StoredTokens {
    link: Link,
    vault: Vault,
    claim: Script,
    settle: Script,
    reject: Script,
    discard: Script,
}

/// What is sealed.
#[derive(Serialize, Deserialize)]
struct Sealed {
    id: String,
    secret: String,
    token: String,
    expiration: Timestamp,
    issued_at: Timestamp,
    request_id: String,
}

/// A refusal of STS that lasts.
#[derive(Serialize, Deserialize)]
struct Refused {
    status: u16,
    code: String,
}

impl StoredTokens {
    /// Over `link`, sealed by `vault`.
    #[must_use]
    pub fn new(link: Link, vault: Vault) -> Self {
        let [claim, settle, reject, discard] = [CLAIM, SETTLE, REJECT, DISCARD].map(Script::new);
        Self { link, vault, claim, settle, reject, discard }
    }

    async fn run<T: FromRedisValue>(&self, call: &ScriptInvocation<'_>) -> Result<T, Unavailable> {
        self.link.run(call).await
    }

    async fn claim_once(&self, names: &Names) -> Result<Option<Claim>, Unavailable> {
        let lease = format!("{:032x}", rand::random::<u128>());
        let mut call = self.claim.key(&names.token);
        call.key(&names.lease).key(&names.refusal).arg(&lease).arg(millis(LEASE));
        let (kind, text, age): (String, Vec<u8>, u64) = self.run(&call).await?;
        match kind.as_str() {
            "token" => match self.open(&names.token, &text, Duration::from_millis(age)) {
                Some(token) => Ok(Some(Claim::Token(token))),
                None => {
                    let mut call = self.discard.key(&names.token);
                    self.run::<i64>(call.arg(&text)).await?;
                    Ok(None)
                }
            },
            "refused" => {
                let Refused { status, code } =
                    serde_json::from_slice(&text).map_err(|_| Unavailable)?;
                Ok(Some(Claim::Refused(Failure::Refused { status, code, request_id: None })))
            }
            "lease" => Ok(Some(Claim::Lease(Lease(lease)))),
            _ => Ok(Some(Claim::Wait)),
        }
    }

    fn open(&self, place: &str, sealed: &[u8], age: Duration) -> Option<IssuedToken> {
        let sealed: Sealed = serde_json::from_slice(&self.vault.open(place, sealed)?).ok()?;
        let token = StsToken {
            access_key_id: sealed.id,
            access_key_secret: Secret::new(sealed.secret),
            security_token: Secret::new(sealed.token),
        };
        Some(IssuedToken {
            token,
            expiration: sealed.expiration,
            request_id: sealed.request_id,
            issued: Instant::now().checked_sub(age)?,
            issued_at: sealed.issued_at,
        })
    }

    fn seal(&self, place: &str, issued: &IssuedToken) -> Option<Vec<u8>> {
        let sealed = Sealed {
            id: issued.token.access_key_id.clone(),
            secret: issued.token.access_key_secret.expose().clone(),
            token: issued.token.security_token.expose().clone(),
            expiration: issued.expiration,
            issued_at: issued.issued_at,
            request_id: issued.request_id.clone(),
        };
        self.vault.seal(place, serde_json::to_vec(&sealed).ok()?)
    }
}

impl SharedTokens for StoredTokens {
    fn claim<'a>(&'a self, grant: &'a Grant) -> BoxFuture<'a, Result<Claim, Unavailable>> {
        Box::pin(async move {
            let names = Names::of(grant);
            // What cannot be read was sealed with a key that is gone, and is thrown out.
            let claim = match self.claim_once(&names).await? {
                Some(claim) => claim,
                None => self.claim_once(&names).await?.unwrap_or(Claim::Wait),
            };
            self.link.metrics().claimed(match claim {
                Claim::Token(_) => "token",
                Claim::Refused(_) => "refused",
                Claim::Lease(_) => "lease",
                Claim::Wait => "wait",
            });
            Ok(claim)
        })
    }

    fn settle<'a>(
        &'a self,
        grant: &'a Grant,
        lease: Lease,
        settled: Settled<'a>,
    ) -> BoxFuture<'a, Result<(), Unavailable>> {
        Box::pin(async move {
            let names = Names::of(grant);
            let (id, age) = match settled {
                Settled::Token(issued) => {
                    (issued.token.access_key_id.as_str(), issued.issued.elapsed())
                }
                Settled::Refused { .. } | Settled::Nothing => ("", Duration::ZERO),
            };
            let (kind, text, life) = match settled {
                Settled::Token(issued) => {
                    let life = (issued.life() / 2).saturating_sub(age);
                    match self.seal(&names.token, issued) {
                        Some(sealed) if !life.is_zero() => ("token", sealed, life),
                        _ => ("nothing", Vec::new(), Duration::ZERO),
                    }
                }
                Settled::Refused { status, code, keep } => {
                    let refused = Refused { status, code: code.to_owned() };
                    ("refused", serde_json::to_vec(&refused).unwrap_or_default(), keep)
                }
                Settled::Nothing => ("nothing", Vec::new(), Duration::ZERO),
            };
            let mut call = self.settle.key(&names.token);
            call.key(&names.lease).key(&names.refusal).key(names.rejected(id));
            call.arg(lease.0).arg(kind).arg(text).arg(millis(life)).arg(id).arg(millis(age));
            self.run::<i64>(&call).await.map(|_| ())
        })
    }

    fn reject<'a>(
        &'a self,
        grant: &'a Grant,
        access_key_id: &'a str,
    ) -> BoxFuture<'a, Result<(), Unavailable>> {
        Box::pin(async move {
            let names = Names::of(grant);
            let mut call = self.reject.key(&names.token);
            call.key(names.rejected(access_key_id)).arg(access_key_id).arg(millis(REJECTED));
            self.run::<i64>(&call).await.map(|_| ())
        })
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Names of what is stored for one grant.
struct Names {
    token: String,
    lease: String,
    refusal: String,
}

impl Names {
    fn of(grant: &Grant) -> Self {
        let role = &grant.role;
        let seconds = role.duration_seconds.to_string();
        // That there is no policy is something else than an empty one.
        let known = |text: &Option<String>| text.as_ref().map_or("0", |_| "1");
        let token = place::name(
            "t",
            &[
                &role.arn,
                &seconds,
                known(&role.policy),
                role.policy.as_deref().unwrap_or_default(),
                known(&role.external_id),
                role.external_id.as_deref().unwrap_or_default(),
                &grant.session,
                &grant.scope,
            ],
        );
        Self { lease: format!("{token}:lease"), refusal: format!("{token}:refusal"), token }
    }

    fn rejected(&self, access_key_id: &str) -> String {
        format!("{}:x:{access_key_id}", self.token)
    }
}
