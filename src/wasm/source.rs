//! Where STS tokens come from: the AppServer's address, or the page's own function.

use alloc::string::String;
use core::cell::Cell;

use js_sys::Function;
use wasm_bindgen::prelude::*;

use super::{
    convert::Record,
    platform::{Answer, Failure, Origin, Question},
};
use crate::{
    lifecycle::Reason,
    reply::{self, Reply},
};

/// A source of tokens.
pub(super) struct Source {
    origin: Origin,
    /// The `mapReply` option.
    map: Option<Function>,
    closed: Cell<bool>,
}

/// What a source is asked for.
pub(super) struct Want<'a> {
    pub(super) scope: &'a str,
    pub(super) reason: Reason,
    /// AccessKeyId of the token that a server refused, for an AppServer that keeps tokens.
    pub(super) rejected: Option<String>,
}

impl Source {
    /// Of the options `source`, `request` and `mapReply`.
    pub(super) fn new(source: JsValue, wishes: JsValue, map: &JsValue) -> Self {
        let map = map.dyn_ref::<Function>().cloned();
        Self { origin: Origin { source, wishes, json: false }, map, closed: Cell::new(false) }
    }

    pub(super) fn closed(&self) -> bool {
        self.closed.get()
    }

    pub(super) fn close(&self) {
        self.closed.set(true);
    }

    /// How to ask for one token.
    pub(super) fn question(&self, want: &Want<'_>) -> Question<'_> {
        let about = Record::new()
            .text("reason", name(want.reason))
            .text("scope", want.scope)
            .some_text("rejected", want.rejected.as_deref());
        Question::Of { origin: &self.origin, about: about.into(), map: self.map.as_ref() }
    }
}

/// Reads what came of a question.
///
/// # Errors
///
/// Why there is no token, with the value that was thrown, if one was.
pub(super) fn read(outcome: Result<Answer, Failure>) -> Result<Reply, Failure> {
    outcome?
        .read(reply::read, "the answer is larger than any token's")
        .map_err(|error| (error, JsValue::UNDEFINED))
}

pub(super) const fn name(reason: Reason) -> &'static str {
    match reason {
        Reason::Initial => "initial",
        Reason::Refresh => "refresh",
        Reason::Rejected => "rejected",
        Reason::Prefetch => "prefetch",
    }
}
