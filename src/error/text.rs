//! The sentences: what happened, whose move it is, what was asked and what was answered.

use std::{format, string::String};

use super::{Answered, Asked, Error, Party};

impl Party {
    const fn name(self) -> &'static str {
        match self {
            Self::AppServer => "the AppServer",
            Self::Vod => "VOD",
        }
    }
}

impl Error {
    /// What `Display` prints: a sentence for people, and in brackets what was asked and answered.
    #[must_use]
    pub fn text(&self) -> String {
        let kind = self.kind();
        let answered = || self.answered().map(|answered| answered.party).unwrap_or_default();
        let party = self.asked().map_or_else(answered, |asked| asked.party);
        let mut text = kind.sentence(party);
        if let Some(advice) = self.advice() {
            text.push_str("; ");
            text.push_str(advice);
        }
        if let Some(particulars) = self.particulars() {
            text.push_str(&format!(" ({particulars})"));
        }
        text
    }

    fn sentence(&self, party: Party) -> String {
        let who = party.name();
        match (self, party) {
            (Self::Closed, _) => "the token manager is closed; create a new one".into(),
            (Self::Aborted, _) => "the call was aborted by its signal".into(),
            (Self::Timeout { .. }, _) => "no token arrived before the deadline".into(),
            (Self::Network, Party::AppServer) => {
                "the AppServer could not be reached: the device is offline, CORS forbids the answer, or it is a redirect, as to a sign-in page".into()
            }
            (Self::Network, Party::Vod) => {
                "VOD could not be reached: the device is offline, the region is wrong, or connect-src of the page's Content-Security-Policy does not name it".into()
            }
            (Self::Source, _) => "the token source function failed".into(),
            (Self::Mistake { function, message }, _) => {
                let option = function.option();
                match message {
                    Some(message) => format!("{option} has a mistake in it: {message}"),
                    None => format!("{option} has a mistake in it"),
                }
            }
            (Self::Http(Answered { code: Some(code), .. }), _) => {
                format!("{who} answered the request with an error: {code}")
            }
            (Self::Http(_), _) => format!("{who} answered the request with an error"),
            (Self::Throttled { .. }, _) => format!("{who} asks for fewer requests"),
            (Self::Unauthenticated(_), _) => format!("{who} does not know this user; sign in again"),
            (Self::Forbidden(_), _) => {
                format!("{who} does not let this user or this page ask for a token")
            }
            (Self::InvalidResponse { reason }, _) => {
                format!("{who}'s answer holds no usable token: {reason}")
            }
            (Self::LongLivedKey, _) => {
                "the AppServer sent a long-lived key; revoke it, and send the credentials of AssumeRole instead".into()
            }
            (Self::ExpiredOnArrival, _) => {
                "the AppServer sent a token that has already expired; it must not keep one that long".into()
            }
            (Self::NotNewer, _) => {
                "the AppServer answered with the token it had sent before; it must ask STS for a new one".into()
            }
            (Self::OtherVideo, _) => {
                "the answer is for another video than the one asked for; call RefreshUploadVideo when a videoId is sent".into()
            }
            (Self::TooShort { .. }, _) => {
                "minValidity is longer than any token of this AppServer is valid; ask for less".into()
            }
            (Self::Rejected, _) => {
                "fresh tokens are refused again and again; check the role's policy and the region".into()
            }
            (Self::Reset, _) => "the user changed, and this was the former one's".into(),
            (Self::InvalidOption { option, reason }, _) => format!("{option} {reason}"),
            (Self::Request(request), _) => request.error.sentence(party),
        }
    }

    /// What usually mends an answer with this status.
    fn advice(&self) -> Option<&'static str> {
        let asked = self.asked()?;
        if asked.party != Party::AppServer {
            return None;
        }
        Some(match (self.kind(), self.answered()?.status) {
            (Self::Http(_), 404 | 405 | 501) if asked.method == "POST" => {
                "is the address right? It must answer POST. For one that answers GET: source: ({ signal }) => fetch(address, { signal })"
            }
            (Self::Http(_), 415) => "it must take a body of application/json, or none",
            (Self::Http(_), 419) => "send the CSRF token of your framework: request.headers",
            (Self::Forbidden(_), _) => {
                "if it protects against CSRF, send its token by request.headers; behind a proxy keep the Host header"
            }
            _ => return None,
        })
    }

    fn particulars(&self) -> Option<String> {
        let Asked { method, address, .. } = self.asked()?;
        Some(match self.answered() {
            Some(Answered { status, request_id: Some(id), .. }) => {
                format!("{method} {address} answered {status}, request id {id}")
            }
            Some(Answered { status, .. }) => format!("{method} {address} answered {status}"),
            None => format!("{method} {address}"),
        })
    }
}
