//! A refusal, in the words that all services share; each service writes it in its own format.

use std::fmt;

/// What a service answers when it does not do what was asked.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ServiceError {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) message: String,
    /// Further members of the answer, such as `ServerTime`. May repeat what the caller sent, its
    /// security token included, as the real services do; hence not part of `Debug`.
    pub(crate) details: Vec<(&'static str, String)>,
}

impl ServiceError {
    pub(crate) fn new(status: u16, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { status, code: code.into(), message: message.into(), details: Vec::new() }
    }

    #[must_use]
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.details.push((name, value.into()));
        self
    }
}

impl fmt::Debug for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.code)
    }
}
