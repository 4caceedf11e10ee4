//! The sentences: what happened, whose move it is, what was asked and what was answered.

use super::{Answered, Error, Gist, Party, is_configuration_code};

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
            (Self::Timeout { after }, Party::AppServer) => format!(
                "no token arrived within {after} ms: the AppServer hangs, or a function of the page never settles"
            ),
            (Self::Timeout { after }, Party::Vod) => {
                format!("VOD did not answer within {after} ms; start the upload again")
            }
            (Self::Network, Party::AppServer) => {
                "the AppServer could not be reached: the device is offline, CORS forbids the answer, or it is a redirect, as to a sign-in page where the session has ended".into()
            }
            (Self::Network, Party::Vod) => {
                "VOD could not be reached: the device is offline, the region is wrong, or connect-src of the page's Content-Security-Policy does not name it".into()
            }
            (Self::Source, _) => {
                "the page's function failed, and nothing that it threw tells of an answer; see cause".into()
            }
            (Self::Mistake { function, message, of_answer }, _) => {
                let option = function.option();
                let answer = if *of_answer {
                    "; or the answer was not as it expects, such as an error without data"
                } else {
                    ""
                };
                match message {
                    Some(message) => format!("{option} has a mistake in it: {message}{answer}"),
                    None => format!("{option} has a mistake in it; see cause{answer}"),
                }
            }
            (Self::Http(Answered { code: Some(code), .. }), _) => {
                format!("{who} answered the request with an error: {code}")
            }
            (Self::Http(_), _) => format!("{who} answered the request with an error"),
            (Self::Throttled { .. }, _) => {
                format!("{who} asks for fewer requests; it is asked again later")
            }
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
            (Self::TooShort { available }, _) => format!(
                "minValidity is longer than the tokens of this AppServer are valid; ask for less than {available} ms, or have it ask STS for a longer DurationSeconds"
            ),
            (Self::Rejected, _) => {
                "fresh tokens are refused again and again; check the role's policy and the region".into()
            }
            (Self::Reset, _) => {
                "the user changed, and this was the former one's; ask again for the new one".into()
            }
            (Self::InvalidOption { option, reason }, _) => format!("{option} {reason}"),
            (Self::Request(request), _) => request.error.sentence(party),
        }
    }

    /// Whose move it is, and what usually mends an answer like this one.
    fn advice(&self) -> Option<&'static str> {
        let kind = self.kind();
        let Some(answered) = self.answered() else {
            let of_app_server = self.asked().is_none_or(|asked| asked.party == Party::AppServer);
            return (matches!(kind, Self::InvalidResponse { .. }) && of_app_server)
                .then_some("it must answer as docs/appserver.md says");
        };
        let configuration = answered.code.as_deref().is_some_and(is_configuration_code);
        let method = self.asked().and_then(|asked| asked.method);
        if answered.party != Party::AppServer {
            return Some(match kind {
                Self::Http(_) if configuration => "the role's policy has to allow it",
                Self::Http(Answered { status: 500.., .. }) => {
                    "the fault is VOD's; it is asked again"
                }
                Self::Http(_) => "what it was told of this file or region does not suit it",
                _ => return None,
            });
        }
        Some(match (kind, answered.status) {
            (Self::Http(_) | Self::Forbidden(_), status)
                if answered.gist == Gist::Csrf || status == 419 =>
            {
                "it protects against CSRF: send the token of your framework by request.headers"
            }
            (Self::Http(_) | Self::Forbidden(_), _) if answered.gist == Gist::Firewall => {
                "a firewall in front of it has blocked the request; its log there names the rule"
            }
            (Self::Forbidden(_), _) if answered.gist == Gist::Meant => {
                "serverMessage has its reason"
            }
            (Self::Forbidden(_), _) => {
                "if it protects against CSRF, send its token by request.headers; behind a proxy keep the Host header"
            }
            (Self::Http(_), _) if is_about_parameter(answered) => {
                "a parameter of the request is missing or wrong, or one that it gives STS; serverMessage has which"
            }
            (Self::Http(_), _) if configuration => {
                "the key or the role that it uses may not do that; its team has to mend it"
            }
            (Self::Http(_), _) if answered.gist == Gist::Passing => {
                "it asks to come back later, and is asked again; serverMessage has its words"
            }
            (Self::Http(_), _) if answered.gist == Gist::Meant => {
                "it means to refuse; serverMessage has its reason"
            }
            (Self::Http(_), 404 | 405 | 501) if method == Some("POST") => {
                "is the address right? It must answer POST. For one that answers GET: source: ({ signal }) => fetch(address, { signal })"
            }
            (Self::Http(_), 415) => "it must take a body of application/json, or none",
            (Self::Http(_), 500..=599) => "the fault is the server's; it is asked again",
            (Self::Http(_), 0 | 200..=299) => {
                "it means to refuse; serverMessage has its reason, if it gave one"
            }
            (Self::Http(_), _) => "its team can tell why",
            _ => return None,
        })
    }

    fn particulars(&self) -> Option<String> {
        let asked = self.asked()?;
        Some(match self.answered() {
            Some(Answered { status, request_id: Some(id), .. }) => {
                format!("{asked} answered {status}, request id {id}")
            }
            Some(Answered { status: 1.., .. }) => {
                format!("{asked} answered {}", self.answered()?.status)
            }
            _ => format!("{asked}"),
        })
    }
}

/// Whether its code says that a parameter is missing or wrong, as servers of any kind call it.
fn is_about_parameter(answered: &Answered) -> bool {
    let code = answered.code.as_deref().unwrap_or_default();
    ["InvalidParameter", "MissingParameter", "InvalidArgument", "MissingArgument"]
        .iter()
        .any(|prefix| code.starts_with(prefix))
}
