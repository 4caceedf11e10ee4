//! One UploadAuth from VOD: an STS token, a signed call, and what a refusal allows.

use std::{cell::Cell, rc::Rc};

use js_sys::{Date, Math, global};

use super::{
    answer::Answer,
    driver::Driver,
    options::ForeignTokens,
    patience::Patience,
    request::get_answer,
    thrown,
    tokens::{Lent, Tokens},
    values::{call, get, parse, whole},
};
use crate::{
    clock::{Time, Virtual},
    error::{Asked, Error, PageFunction, Party},
    json::Json,
    lifecycle::Reason,
    reply::{self, Meta, Reply},
    time::Millis,
    token::{Expiry, StsToken, UploadAuth},
    upload::FileId,
    vod::{Exchange, Media, Next, refused},
};

/// What an UploadAuth is wanted for.
pub(super) struct Wanted {
    pub(super) file: FileId,
    pub(super) scope: String,
    pub(super) reason: Reason,
    pub(super) media: Media,
    pub(super) video_id: Option<String>,
    /// For an AppServer.
    pub(super) ticket: Option<String>,
    pub(super) may_create: bool,
    /// In direct mode: the STS token itself is wanted.
    pub(super) direct: bool,
    /// AccessKeyId of what the file has.
    pub(super) held: Option<String>,
}

/// An UploadAuth, and when the call went out that brought it.
pub(super) struct Granted {
    pub(super) reply: Reply<UploadAuth>,
    pub(super) sent: Virtual,
}

/// VOD, and the tokens that sign what it is asked.
pub(super) struct Vod {
    pub(super) endpoint: String,
    /// Of one call.
    pub(super) deadline: Millis,
    pub(super) tokens: StsTokens,
}

/// Where STS tokens come from.
#[derive(Clone)]
pub(super) enum StsTokens {
    /// This module, which they never leave.
    Ours(Rc<Driver<Tokens>>),
    /// A manager of another copy of the package.
    Foreign(ForeignTokens),
}

impl StsTokens {
    /// A token; another than the one with the id `held`, if there is one to be had.
    async fn lend(
        &self,
        scope: &str,
        held: Option<&str>,
        patience: &Patience,
    ) -> Result<Lent, Error> {
        let tokens = match self {
            Self::Ours(driver) => return driver.lend(scope, held, patience).await,
            Self::Foreign(tokens) => tokens,
        };
        let mut token = of_foreign(tokens, scope, 0.0, patience).await?;
        if held == Some(&token.access_key_id) {
            // Its public way to say so. Where that fails, what there is still serves.
            let longer = left_of(tokens, scope).unwrap_or_default() + 1.0;
            token = of_foreign(tokens, scope, longer, patience).await.unwrap_or(token);
        }
        let left = left_of(tokens, scope).map(whole);
        Ok(Lent { token, expiry: Expiry { left, ..Expiry::default() } })
    }

    /// What is asked for tokens, as errors name it.
    fn asked(&self) -> Asked {
        match self {
            Self::Ours(driver) => driver.asked(),
            Self::Foreign(_) => Asked::function(PageFunction::Source),
        }
    }

    /// What the AppServer answered beside the token. Of a foreign manager's the page's side knows it.
    fn rest(&self, scope: &str) -> Json {
        match self {
            Self::Ours(driver) => driver.rest_of(scope),
            Self::Foreign(_) => Json::Null,
        }
    }

    fn invalidate(&self, access_key_id: &str, reason: &str) {
        match self {
            Self::Ours(driver) => driver.invalidate(access_key_id, Some(reason.to_owned())),
            Self::Foreign(tokens) => tokens.invalidate(access_key_id, reason),
        }
    }

    /// A token of this scope will be wanted soon.
    pub(super) fn prefetch(&self, scope: &str) {
        match self {
            Self::Ours(driver) => driver.prefetch(scope),
            Self::Foreign(tokens) => tokens.prefetch(scope),
        }
    }

    /// The user waits for a token of this scope: the next request goes out at once.
    pub(super) fn retry(&self, scope: &str) {
        if let Self::Ours(driver) = self {
            driver.retry(scope);
        }
    }

    /// Why there is no token of this scope, as far as this module knows.
    pub(super) fn why_none(&self, scope: &str) -> Option<Error> {
        match self {
            Self::Ours(driver) => driver.why_none(scope),
            Self::Foreign(_) => None,
        }
    }
}

impl Vod {
    /// What the file is written with, for direct mode the STS token itself; else [`of_vod`](Self::of_vod).
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub(super) async fn credential(
        &self,
        wanted: &Wanted,
        patience: &Patience,
        now: impl Fn() -> Time,
        waited: impl Fn(Millis),
    ) -> Result<Granted, Error> {
        if !wanted.direct {
            return self.of_vod(wanted, patience, now, waited).await;
        }
        let held = wanted.held.as_deref();
        if let (Reason::Rejected, Some(id)) = (wanted.reason, held) {
            self.tokens.invalidate(id, "OSS refused it");
        }
        let from = now();
        let lent = self.tokens.lend(&wanted.scope, held, patience).await?;
        let sent = now();
        waited(sent.mono.saturating_sub(from.mono));
        let reply = Reply {
            token: UploadAuth::of_token(lent.token),
            expiry: lent.expiry,
            server_time: None,
            warnings: Vec::new(),
            rest: self.tokens.rest(&wanted.scope),
        };
        Ok(Granted { reply, sent: sent.elapsed })
    }

    /// Asks until VOD grants an UploadAuth, or refuses what no second try helps. `now` is asked when a call goes out;
    /// `waited` is told how long a token was waited for.
    ///
    /// # Errors
    ///
    /// Why there is none.
    async fn of_vod(
        &self,
        wanted: &Wanted,
        patience: &Patience,
        now: impl Fn() -> Time,
        waited: impl Fn(Millis),
    ) -> Result<Granted, Error> {
        let Wanted { media, video_id, may_create, scope, .. } = wanted;
        let mut exchange = Exchange::new(media, video_id.clone(), *may_create);
        let mut kept = None;
        loop {
            let from = now();
            let token = match kept.take() {
                Some(token) => token,
                None => self.tokens.lend(scope, None, patience).await?.token,
            };
            let sent = now();
            waited(sent.mono.saturating_sub(from.mono));
            let url = self.url(&exchange, media, &token);
            let answer = {
                let _deadline = patience.within(self.deadline);
                get_answer(&url, patience).await
            };
            let asked = |error: Error| error.asking(self.asked(false));
            let late = || Error::Timeout { after: self.deadline };
            let answer = answer.map_err(|failure| {
                asked(if patience.is_over() { late() } else { failure.error })
            })?;
            match read(&answer, &mut exchange) {
                Ok(reply) => {
                    // A page knows what its AppServer answers; VOD is asked by the module.
                    let reply = Reply { rest: self.tokens.rest(scope), ..reply };
                    return Ok(Granted { reply, sent: sent.elapsed });
                }
                Err(Next::FreshToken) => {
                    self.tokens.invalidate(&token.access_key_id, "VOD refused it");
                }
                Err(Next::Again) => kept = Some(token),
                Err(Next::Failed(error)) => return Err(asked(error)),
            }
        }
    }

    /// What is asked, as errors name it; in direct mode it is not VOD.
    pub(super) fn asked(&self, direct: bool) -> Asked {
        if direct {
            return self.tokens.asked();
        }
        Asked::new(Party::Vod, "GET", &self.endpoint)
    }

    fn url(&self, exchange: &Exchange, media: &Media, token: &StsToken) -> String {
        format!("{}/?{}", self.endpoint, exchange.call().query(media, token, &nonce()))
    }
}

/// How long the token of a foreign manager serves, ms. Nothing is known of one that does not say: a page's own may not.
fn left_of(tokens: &ForeignTokens, scope: &str) -> Option<f64> {
    tokens.valid_for(scope).filter(|left| left.is_finite() && *left >= 0.0)
}

async fn of_foreign(
    tokens: &ForeignTokens,
    scope: &str,
    least: f64,
    patience: &Patience,
) -> Result<StsToken, Error> {
    let token = match tokens.get_token(scope, least, patience.signal()) {
        Ok(asked) => patience.wait(&asked).await,
        thrown => thrown,
    };
    let token = match token {
        Ok(token) => token,
        Err(thrown) => return Err(thrown::error(&thrown, PageFunction::Source, patience).await),
    };
    let part = |name| get(&token, name).as_string().unwrap_or_default();
    StsToken::new(&part("accessKeyId"), &part("accessKeySecret"), &part("securityToken"))
}

/// The UploadAuth in VOD's answer, or how the exchange goes on without.
fn read(answer: &Answer, exchange: &mut Exchange) -> Result<Reply<UploadAuth>, Next> {
    let status = answer.status.unwrap_or_default();
    match answer.json() {
        Some(json) if status == 200 && json.get("Code").is_none() => {
            reply::read_upload_auth(json, &Meta::default(), &parse).map_err(Next::Failed)
        }
        json => Err(exchange.refused(refused(status, json.as_ref()))),
    }
}

/// Text that was never used as a nonce.
fn nonce() -> String {
    thread_local! {
        static NONCES: Cell<u32> = const { Cell::new(0) };
    }
    // Pages that are not secure contexts have none.
    if let Ok(Some(uuid)) = call(&get(&global(), "crypto"), "randomUUID")
        && let Some(uuid) = uuid.as_string()
    {
        return uuid;
    }
    let nth = NONCES.replace(NONCES.get().wrapping_add(1));
    format!("{}-{nth}-{}", whole(Date::now()), whole(Math::random() * 1e15))
}
