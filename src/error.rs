//! Every failure, its stable code, and whose move it is.
//!
//! No message holds a credential, a URL's query or a response body.

use alloc::string::String;

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
    /// The AppServer answered with an error that is none of the cases below.
    Http {
        /// HTTP status of the answer, or the one that its body names if HTTP said 2xx.
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
    pub fn class(&self) -> Class {
        match self {
            Self::Throttled { .. } => Class::Throttle,
            Self::Unauthenticated { .. } => Class::Auth,
            // Whatever status an AppServer wraps it in, asking again does not change its configuration.
            Self::Http { server_code: Some(code), .. } if is_configuration_code(code) => {
                Class::Fatal
            }
            Self::Http { status, .. } => match status {
                // 2xx: an error in the body, without a status of its own.
                200..=299 | 408 | 425 | 500..=599 => Class::Transient,
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

/// Whether `code` is one of STS, RAM or VOD that only a change of the AppServer's configuration ends.
#[must_use]
pub fn is_configuration_code(code: &str) -> bool {
    const PREFIXES: [&str; 9] = [
        "NoPermission",
        "EntityNotExist",
        "InvalidAccessKeyId",
        "InvalidAccessKeySecret",
        "InvalidParameter",
        "InvalidSecurityToken",
        "MissingSecurityToken",
        "SignatureDoesNotMatch",
        // With a dot: the bare word is what web frameworks call every 403.
        "Forbidden.",
    ];
    PREFIXES.iter().any(|prefix| code.starts_with(prefix))
}

impl Error {
    /// What happened and what mends it, for people, without the particulars that `Display` adds.
    #[must_use]
    pub const fn message(&self) -> &'static str {
        match self {
            Self::Closed => "the token manager is closed; create a new one",
            Self::Aborted => "the call was aborted by its signal",
            Self::Timeout { .. } => "no token arrived before the deadline",
            Self::Network => {
                "the AppServer could not be reached: the device is offline, CORS forbids the answer, or it is a redirect"
            }
            Self::Source => "the token source function failed",
            Self::Http { .. } => "the AppServer answered the token request with an error",
            Self::Throttled { .. } => "the AppServer asks for fewer token requests",
            Self::Unauthenticated { .. } => "the AppServer refuses this user; sign in again",
            Self::InvalidResponse { .. } => "the AppServer's answer holds no usable token",
            Self::LongLivedKey => {
                "the AppServer sent a long-lived key; revoke it, and send the credentials of AssumeRole instead"
            }
            Self::ExpiredOnArrival => {
                "the AppServer sent a token that has already expired; it must not keep one that long"
            }
            Self::NotNewer => {
                "the AppServer answered with the token it had sent before; it must ask STS for a new one"
            }
            Self::TooShort { .. } => {
                "no token of this AppServer is valid for as long as asked; ask for less"
            }
            Self::Rejected => {
                "fresh tokens are refused again and again; check the role's policy and the region"
            }
            Self::InvalidOption { reason, .. } => reason,
        }
    }
}

impl Error {
    /// What `Display` prints. Apart from it because the standard library's formatting is 3 kB of the module.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::InvalidOption { option, reason } => [option, " ", reason].concat(),
            Self::InvalidResponse { reason } => [self.message(), ": ", reason].concat(),
            Self::Http { server_code: Some(code), .. } => [self.message(), ": ", code].concat(),
            _ => self.message().into(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl core::error::Error for Error {}
