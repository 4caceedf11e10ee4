//! Every failure, its stable code, and whose move it is.
//!
//! No message holds a credential, a URL's query or a response body.

use core::fmt;

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
    /// The AppServer answered with a status that is neither 2xx nor one of the cases below.
    Http {
        /// HTTP status of the answer.
        status: u16,
        /// The server's own error code, when it named one.
        server_code: Option<String>,
    },
    /// 429, 503 or a `Throttling*` code: the server asks for fewer requests.
    Throttled {
        /// HTTP status of the answer (200 if the body carried the error).
        status: u16,
        /// What `Retry-After` asked for.
        retry_after: Option<Millis>,
    },
    /// 401 or 403: the user must sign in again, or may not upload.
    Unauthenticated {
        /// HTTP status of the answer.
        status: u16,
    },
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
    /// The validity asked for is more than the tokens of this AppServer ever have.
    TooShort {
        /// The longest validity, after the margin, that can be served now.
        available: Millis,
    },
    /// Servers refused fresh tokens repeatedly, or the AppServer keeps answering a refused one.
    Rejected,
    /// An option or argument is unusable.
    InvalidOption {
        /// Which one.
        option: &'static str,
        /// What it must be.
        reason: &'static str,
    },
    /// The source function threw or rejected.
    Source,
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

impl Error {
    /// The stable code, equal to `UploadTokenError.code` in TypeScript.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Aborted => "aborted",
            Self::Timeout { .. } => "timeout",
            Self::Network | Self::Source => "network",
            Self::Http { .. } => "http",
            Self::Throttled { .. } => "throttled",
            Self::Unauthenticated { .. } => "unauthenticated",
            Self::InvalidResponse { .. } | Self::NotNewer => "invalid_response",
            Self::LongLivedKey => "long_lived_key",
            Self::ExpiredOnArrival | Self::TooShort { .. } => "expired_on_arrival",
            Self::Rejected => "rejected",
            Self::InvalidOption { .. } => "invalid_option",
        }
    }

    /// How the machine reacts to this failure of a refresh.
    #[must_use]
    pub const fn class(&self) -> Class {
        match self {
            Self::Throttled { .. } => Class::Throttle,
            Self::Unauthenticated { .. } => Class::Auth,
            Self::Http { status, .. } => match status {
                408 | 425 | 500..=599 => Class::Transient,
                _ => Class::Fatal,
            },
            Self::LongLivedKey | Self::InvalidOption { .. } | Self::Closed => Class::Fatal,
            Self::Aborted
            | Self::Timeout { .. }
            | Self::Network
            | Self::Source
            | Self::InvalidResponse { .. }
            | Self::ExpiredOnArrival
            | Self::NotNewer
            | Self::TooShort { .. }
            | Self::Rejected => Class::Transient,
        }
    }
}
