//! What the endpoints need.

use std::sync::Arc;

use crate::{
    auth::Authenticate,
    authorise::Authorise,
    cache::TokenCache,
    limit::{LocalRates, Rate},
    limiter::Limiter,
    log::Log,
    media::MediaRules,
    metrics::Metrics,
    origin::Origins,
    owners::Owners,
    peer::Proxies,
    ticket::Tickets,
    vod::Vod,
};

/// What the endpoints need.
#[derive(Debug)]
pub struct Api {
    /// Which of the two endpoints answer.
    pub endpoints: Endpoints,
    /// Who is asking.
    pub auth: Arc<dyn Authenticate>,
    /// What they may do.
    pub authorise: Arc<dyn Authorise>,
    /// Which pages may ask.
    pub origins: Origins,
    /// Whose word counts about the client's address.
    pub proxies: Proxies,
    /// How often.
    pub limits: Limits,
    /// Buckets of users and of the cloud, which instances may share.
    pub limiter: Limiter,
    /// Lines that the log has for what an address or a user is refused: this process's own, as the log is.
    pub lines: Arc<LocalRates>,
    /// STS tokens.
    pub tokens: TokenCache,
    /// UploadAuths.
    pub vod: Vod,
    /// Which media files.
    pub media: Arc<MediaRules>,
    /// Whose a video is, by what its page says.
    pub tickets: Arc<Tickets>,
    /// Whose a video is, by what this server remembers.
    pub owners: Arc<dyn Owners>,
    /// The audit log.
    pub log: Log,
    /// The numbers.
    pub metrics: Arc<Metrics>,
}

/// Which endpoints answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Endpoints {
    /// `POST /api/sts`: pages hold tokens for the VOD API.
    pub sts: bool,
    /// `POST /api/upload-auth`: pages hold the credential of one file.
    pub upload_auth: bool,
}

/// How often anybody may ask.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// A user, for tokens.
    pub tokens: Rate,
    /// A user, for UploadAuths: one a file.
    pub uploads: Rate,
    /// Refusals of one address, or one user, that are logged one by one.
    pub refusals: Rate,
    /// AssumeRole.
    pub sts: Rate,
    /// Calls to VOD.
    pub vod: Rate,
}
