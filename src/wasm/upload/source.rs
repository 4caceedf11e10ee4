//! Where UploadAuths come from: VOD, asked with an STS token, or the AppServer or a function of the page.

use alloc::string::String;

use wasm_bindgen::prelude::*;

use super::{
    super::{
        convert::{self, get, put, text},
        platform::{Answer, Failure, Origin, Question, status_of},
        source::name,
    },
    host::UploadHost,
};
use crate::{
    clock::Virtual,
    error::Error,
    json::Json,
    lifecycle::{FetchId, Reason},
    reply::{self, Meta, Reply},
    time::Millis,
    token::{StsToken, UploadAuth},
    upload::FileId,
    vod::{Exchange, Kind, Media, Next, refused},
};

/// Where UploadAuths come from.
pub(super) enum AuthSource {
    /// VOD itself.
    Vod { endpoint: String, deadline: Millis },
    /// The AppServer, or the page's own function.
    Page(Origin),
}

/// What an UploadAuth is wanted for.
pub(super) struct Wanted {
    pub(super) file: FileId,
    pub(super) fetch: FetchId,
    pub(super) reason: Reason,
    pub(super) media: Media,
    pub(super) video_id: Option<String>,
    pub(super) may_create: bool,
}

/// One request for an UploadAuth, which may take several calls.
pub(super) struct Trip {
    pub(super) wanted: Wanted,
    /// When it began: the slot counts the life of what it brings from then.
    pub(super) from: Virtual,
    /// How much later the call went out that is answered with an UploadAuth, if an STS token had to be waited for.
    pub(super) later: Millis,
    errand: Exchange,
    token: Option<StsToken>,
}

/// What came of a call: an answer, or `None` if another call is needed.
type Turned = Result<Option<Reply<UploadAuth>>, Error>;

impl Trip {
    pub(super) fn new(wanted: Wanted, from: Virtual) -> Self {
        let errand = Exchange::new(&wanted.media, wanted.video_id.clone(), wanted.may_create);
        Self { wanted, from, later: 0, errand, token: None }
    }

    /// Whether it is the one for this request.
    pub(super) const fn is(&self, file: FileId, fetch: FetchId) -> bool {
        self.wanted.file == file && self.wanted.fetch == fetch
    }

    /// The next call, which goes out `now`.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub(super) fn question<'a>(
        &mut self,
        source: &'a AuthSource,
        host: &UploadHost,
        now: Virtual,
    ) -> Result<Question<'a>, Error> {
        if matches!(source, AuthSource::Page(_)) || self.token.is_some() {
            self.later = now.saturating_sub(self.from);
        }
        let (endpoint, deadline) = match source {
            AuthSource::Vod { endpoint, deadline } => (endpoint, *deadline),
            AuthSource::Page(origin) => {
                let Wanted { file, media, video_id, .. } = &self.wanted;
                let about = host.about(*file, video_id.as_deref(), media.kind == Kind::Image);
                if origin.source.is_function() {
                    put(&about, "reason", &name(self.wanted.reason).into());
                }
                return Ok(Question::Of { origin, about, map: None });
            }
        };
        let Some(token) = &self.token else {
            return Ok(Question::Call(host.token(self.wanted.file)));
        };
        let nonce = host.nonce().ok_or(Error::Source)?;
        let query = self.errand.call().query(&self.wanted.media, token, &nonce);
        Ok(Question::Get { url: [endpoint, "/?", &query].concat(), deadline })
    }

    /// Takes what came of the call.
    ///
    /// # Errors
    ///
    /// Why there is no UploadAuth.
    pub(super) fn came(
        &mut self,
        source: &AuthSource,
        host: &UploadHost,
        outcome: Result<Answer, Failure>,
    ) -> Turned {
        match source {
            AuthSource::Page(_) => self.page_answered(outcome),
            AuthSource::Vod { .. } if self.token.is_none() => {
                let token = outcome.map_err(failed)?.json().unwrap_or(Json::Null);
                let part = |name| token.get(name).and_then(Json::as_str).unwrap_or_default();
                self.token = Some(StsToken::new(
                    part("accessKeyId"),
                    part("accessKeySecret"),
                    part("securityToken"),
                )?);
                Ok(None)
            }
            AuthSource::Vod { .. } => self.vod_answered(host, outcome),
        }
    }

    fn page_answered(&mut self, outcome: Result<Answer, Failure>) -> Turned {
        let answer = outcome.map_err(failed).and_then(|got| {
            got.read(reply::read_upload_auth, "the answer is larger than any UploadAuth's")
        });
        match answer {
            Err(Error::Http { server_code: Some(code), .. })
                if code == "InvalidVideo.NotFound"
                    && self.wanted.may_create
                    && self.wanted.video_id.take().is_some() =>
            {
                Ok(None)
            }
            answer => answer.map(Some),
        }
    }

    fn vod_answered(&mut self, host: &UploadHost, outcome: Result<Answer, Failure>) -> Turned {
        let answer = outcome.map_err(failed)?;
        let status = answer.status.unwrap_or_default();
        let json = answer.json();
        let granted = status == 200 && json.as_ref().is_some_and(|j| j.get("Code").is_none());
        let json = match json {
            Some(json) if granted => {
                return reply::read_upload_auth(json, &Meta::default(), &convert::parse).map(Some);
            }
            json => json,
        };
        match self.errand.refused(refused(status, json.as_ref(), None)) {
            Next::FreshToken => {
                if let Some(token) = self.token.take() {
                    host.refused(&token.access_key_id);
                }
                Ok(None)
            }
            Next::Again => Ok(None),
            Next::Failed(error) => Err(error),
        }
    }
}

/// Why a call brought nothing.
fn failed((error, thrown): Failure) -> Error {
    if matches!(error, Error::Network | Error::Timeout { .. }) {
        error
    } else {
        thrown_error(&thrown)
    }
}

/// Reads an `UploadTokenError`, or whatever else was thrown.
fn thrown_error(thrown: &JsValue) -> Error {
    let status = status_of(thrown);
    match text(&get(thrown, "code")).as_deref() {
        Some("closed") => Error::Closed,
        Some("timeout") => Error::Timeout { after: 0 },
        Some("network" | "aborted") => Error::Network,
        // The AppServer's own code is in the manager's event; a file that fails names a code of ours, or one of VOD.
        Some("http") => Error::Http { status, server_code: None },
        Some("throttled") => Error::Throttled { status, retry_after: None },
        Some("unauthenticated") => Error::Unauthenticated { status },
        Some("invalid_response") => {
            Error::InvalidResponse { reason: "the AppServer's answer holds no usable STS token" }
        }
        Some("long_lived_key") => Error::LongLivedKey,
        Some("expired_on_arrival") => Error::ExpiredOnArrival,
        Some("rejected") => Error::Rejected,
        _ if (400..600).contains(&status) => {
            reply::read_failure(status, None, &Meta::default(), &|_| None)
        }
        _ => Error::Source,
    }
}
