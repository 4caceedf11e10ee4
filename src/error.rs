//! Every failure, its stable code, and whose move it is.
//!
//! No message holds a credential, a URL's query or a response body. What a server wrote for people is data
//! beside the message ([`Answered::message`]), scrubbed by [`reply`](crate::reply).

mod answered;
mod asked;
mod codes;
mod text;

use std::fmt;

pub use answered::{Answered, Gist};
pub use asked::{Asked, Party};
pub(crate) use codes::is_connection_code;
pub use codes::{
    is_cloud_code, is_configuration_code, is_dead_token_code, is_fault_code, is_session_timeout,
    is_throttling_code,
};

use crate::time::Millis;

/// Why no usable token could be handed out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Error {
    /// The manager was closed by its owner; create a new one.
    Closed,
    /// The caller's own `AbortSignal` fired.
    Aborted,
    /// No token arrived within the deadline.
    Timeout {
        /// The deadline that passed.
        after: Millis,
    },
    /// No answer arrived: offline, DNS, TLS, CORS, or a redirect.
    Network,
    /// The server answered with an error that is none of the cases below.
    Http(Answered),
    /// 429, a code such as `Throttling.User`, or a `Retry-After`: the server asks for fewer requests.
    Throttled {
        /// The answer.
        answered: Answered,
        /// What `Retry-After` asked for.
        retry_after: Option<Millis>,
    },
    /// 401, or a code or a sentence that says the session is over: the user must sign in again.
    Unauthenticated(Answered),
    /// 403: the user may not upload, or the server does not accept the page's request.
    Forbidden(Answered),
    /// The answer holds no usable token: the AppServer and this module disagree on the format.
    InvalidResponse {
        /// What is wrong, without quoting the answer.
        reason: &'static str,
    },
    /// The answer holds a long-lived `LTAI…` key, which must never reach a browser.
    LongLivedKey,
    /// The token had no validity left when it arrived.
    ExpiredOnArrival,
    /// The AppServer answered a token that is no newer than the one in hand, though that one is due.
    NotNewer,
    /// The answer is for another video than the one that was asked for.
    OtherVideo,
    /// The validity asked for is more than the tokens of this AppServer ever have.
    TooShort {
        /// The longest validity, after the margin, that can be served now.
        available: Millis,
    },
    /// Servers refused fresh tokens repeatedly, or the AppServer keeps answering a refused one.
    Rejected,
    /// The owner said that the user changed.
    Reset,
    /// An option or argument is unusable.
    InvalidOption {
        /// Which one.
        option: &'static str,
        /// What it must be.
        reason: &'static str,
    },
    /// The source function threw or rejected, and nothing says that its code is at fault.
    Source,
    /// A function of the page has a mistake in it: asking again cannot help.
    Mistake {
        /// Whose code it is.
        function: PageFunction,
        /// What the platform says about it; never text that may quote an answer.
        message: Option<String>,
        /// Whether it did not find in an answer what it reads, so that the answer may be at fault.
        of_answer: bool,
    },
    /// Any of these about one request, with what was asked.
    Request(Box<RequestError>),
}

/// A failure and the request that it is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RequestError {
    /// What was asked, and of whom.
    pub asked: Asked,
    /// What came of it.
    pub error: Error,
}

/// A function that the page gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PageFunction {
    /// `source` of a token manager.
    Source,
    /// `request`: headers and body for an AppServer's address.
    Request,
    /// `mapReply`.
    MapReply,
    /// `uploadAuth` of an uploader.
    UploadAuth,
}

/// How the machine reacts to a failed refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Try again after a back-off.
    Transient,
    /// The same, starting slower; a `Retry-After` counts.
    Throttle,
    /// Stop until the page says the user is back.
    Auth,
    /// Trying again soon cannot help; hold much longer.
    Fatal,
}

/// What Tencent Cloud's EdgeOne answers both to what a rule of the site forbids and to too many requests.
pub(crate) const EDGE_ONE_OR_RATE: u16 = 567;

impl Error {
    /// The same failure, with what was asked, if it is about that. The first to say it knows best.
    #[must_use]
    pub fn asking(self, asked: Asked) -> Self {
        match self {
            Self::Request(_)
            | Self::Closed
            | Self::Aborted
            | Self::Reset
            | Self::TooShort { .. }
            | Self::InvalidOption { .. } => self,
            // Its sentence names the function.
            Self::Mistake { .. } if asked.method.is_none() => self,
            error => Self::Request(Box::new(RequestError { asked, error })),
        }
    }

    /// The same of a function of the page, which has brought a credential before if it `worked`. Then it is an answer
    /// without data where it reads nothing, and no mistake.
    #[must_use]
    pub fn of_function(self, worked: bool) -> Self {
        match self {
            Self::Mistake { function, of_answer: true, .. }
                if worked && function != PageFunction::Request =>
            {
                Self::InvalidResponse {
                    reason: "the page's function, which has worked, did not find in it what it reads",
                }
            }
            error => error,
        }
    }

    /// The failure itself, without what was asked.
    #[must_use]
    pub fn kind(&self) -> &Self {
        match self {
            Self::Request(request) => request.error.kind(),
            error => error,
        }
    }

    /// What was asked, and of whom.
    #[must_use]
    pub fn asked(&self) -> Option<&Asked> {
        match self {
            Self::Request(request) => Some(&request.asked),
            _ => None,
        }
    }

    /// What the server answered, if it answered with an error.
    #[must_use]
    pub fn answered(&self) -> Option<&Answered> {
        match self.kind() {
            Self::Http(answered)
            | Self::Throttled { answered, .. }
            | Self::Unauthenticated(answered)
            | Self::Forbidden(answered) => Some(answered),
            _ => None,
        }
    }

    /// What the server asked to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Millis> {
        match self.kind() {
            Self::Throttled { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// The stable code, equal to `UploadTokenError.code` in TypeScript.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self.kind() {
            Self::Closed => "closed",
            Self::Aborted => "aborted",
            Self::Timeout { .. } => "timeout",
            Self::Network | Self::Source | Self::Request(_) => "network",
            Self::Http(_) => "http",
            Self::Throttled { .. } => "throttled",
            Self::Unauthenticated(_) => "unauthenticated",
            Self::Forbidden(_) => "forbidden",
            Self::InvalidResponse { .. } | Self::NotNewer | Self::OtherVideo => "invalid_response",
            Self::LongLivedKey => "long_lived_key",
            Self::ExpiredOnArrival => "expired_on_arrival",
            Self::Rejected => "rejected",
            Self::Reset => "reset",
            Self::InvalidOption { .. } | Self::TooShort { .. } => "invalid_option",
            Self::Mistake { function, .. } => function.code(),
        }
    }

    /// How the machine reacts to this failure of a refresh.
    #[must_use]
    pub fn class(&self) -> Class {
        match self.kind() {
            Self::Throttled { .. } => Class::Throttle,
            Self::Unauthenticated(_) | Self::Forbidden(_) => Class::Auth,
            Self::Http(answered) => match (answered.status, answered.code.as_deref()) {
                // Whatever status an AppServer wraps it in, asking again does not change its configuration.
                (_, Some(code)) if is_configuration_code(code) => Class::Fatal,
                (EDGE_ONE_OR_RATE, _) => Class::Transient,
                _ if matches!(answered.gist, Gist::Csrf | Gist::Firewall) => Class::Fatal,
                (400, Some(code)) if answered.party == Party::Vod && !is_fault_code(code) => {
                    Class::Fatal
                }
                // 2xx: an error in the body, without a status of its own. 400: what samples answer to everything.
                (0 | 200..=299 | 400 | 408 | 425 | 500..=599, _) => Class::Transient,
                _ => Class::Fatal,
            },
            Self::LongLivedKey
            | Self::OtherVideo
            | Self::InvalidOption { .. }
            | Self::Mistake { .. }
            | Self::Reset
            | Self::Closed => Class::Fatal,
            Self::Aborted
            | Self::Timeout { .. }
            | Self::Network
            | Self::Source
            | Self::InvalidResponse { .. }
            | Self::ExpiredOnArrival
            | Self::NotNewer
            | Self::TooShort { .. }
            | Self::Rejected
            | Self::Request(_) => Class::Transient,
        }
    }

    /// How many failures of this code in a row are its moment's fault; with the last of them it is the answer's.
    #[must_use]
    pub fn most_in_a_row(&self) -> u32 {
        match self.kind() {
            Self::InvalidResponse { .. } => 3,
            Self::Http(answered) if answered.code.as_deref().is_some_and(is_fault_code) => u32::MAX,
            Self::Http(Answered { gist: Gist::Passing, .. }) => u32::MAX,
            // A well-formed "no" is meant; a 400, or a page's own words, may be about a hiccup behind the AppServer.
            Self::Http(Answered { status: 200..=299, .. }) => 2,
            Self::Http(Answered { status: 0 | 400 | EDGE_ONE_OR_RATE, .. }) => 3,
            // What some frameworks answer to every "no", as others do 400.
            Self::Http(Answered { gist: Gist::Meant, status: 500..=599, .. }) => 3,
            _ => u32::MAX,
        }
    }
}

impl PageFunction {
    /// The code of a mistake in it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Request => "request",
            Self::MapReply => "map_reply",
            Self::UploadAuth => "upload_auth",
        }
    }

    /// The option that it was given as.
    #[must_use]
    pub const fn option(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Request => "request",
            Self::MapReply => "mapReply",
            Self::UploadAuth => "uploadAuth",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl core::error::Error for Error {}
