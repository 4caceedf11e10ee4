//! What a server answered.

use super::Party;

/// An answer that is an error, as far as a page may see it: no field holds a credential.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Answered {
    /// Who answered.
    pub party: Party,
    /// HTTP status; the one that the body names if HTTP said 2xx, and its 401, 429, 440 or 498 beside 400, 403, 422 and
    /// 500; 0 if only the words of an answer are known.
    pub status: u16,
    /// The server's own error code, when it named one.
    pub code: Option<String>,
    /// What the server wrote for people, cut and without secrets.
    pub message: Option<String>,
    /// The cloud's number of the request, which its support asks for.
    pub request_id: Option<String>,
    /// What its words mean.
    pub gist: Gist,
}

/// What the words of an answer mean, beside its status and its code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Gist {
    /// Nothing that is known.
    #[default]
    Unknown,
    /// It speaks of the protection against requests that another site forges.
    Csrf,
    /// It is the page of a firewall in front of the server, which the request did not reach.
    Firewall,
    /// It asks to come back in a while: trouble of the server that passes.
    Passing,
    /// It is a "no" in words within HTTP 2xx, and so no trouble of the server, whatever status it names.
    Meant,
}

impl Answered {
    /// An answer of which only the status is known.
    #[must_use]
    pub const fn status(status: u16) -> Self {
        Self {
            party: Party::AppServer,
            status,
            code: None,
            message: None,
            request_id: None,
            gist: Gist::Unknown,
        }
    }

    /// The same, of somebody else.
    #[must_use]
    pub fn by(self, party: Party) -> Self {
        Self { party, ..self }
    }

    /// The same with an error code.
    #[must_use]
    pub fn with_code(status: u16, code: &str) -> Self {
        Self { code: Some(code.into()), ..Self::status(status) }
    }
}
