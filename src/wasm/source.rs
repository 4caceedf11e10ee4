//! Where STS tokens come from: the AppServer's address, or the page's own function.

use alloc::string::String;
use core::cell::Cell;

use js_sys::{Function, JSON};
use wasm_bindgen::prelude::*;

use super::{
    convert::{Record, get, put},
    exchange::{Failure, Got, Origin, Plan},
    fetch,
};
use crate::{
    lifecycle::Reason,
    reply::{self, Reply},
};

/// A source of tokens.
pub(super) struct Source {
    origin: Origin,
    /// The `mapReply` option.
    pub(super) map: Option<Function>,
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
    pub(super) fn new(source: &JsValue, wishes: JsValue, map: &JsValue) -> Self {
        let origin = Origin::new(source, wishes);
        let map = map.dyn_ref::<Function>().cloned();
        Self { origin, map, closed: Cell::new(false) }
    }

    pub(super) fn closed(&self) -> bool {
        self.closed.get()
    }

    pub(super) fn close(&self) {
        self.closed.set(true);
    }

    /// How to ask for one token.
    pub(super) fn plan(&self, want: &Want<'_>) -> Plan {
        let about = Record::new()
            .text("reason", name(want.reason))
            .text("scope", want.scope)
            .some_text("rejected", want.rejected.as_deref());
        Plan::Ask { origin: self.origin.clone(), about: about.into(), post }
    }
}

/// Reads what came of a plan.
///
/// # Errors
///
/// Why there is no token, with the value that was thrown, if one was.
pub(super) fn read(outcome: Result<Got, Failure>) -> Result<Reply, Failure> {
    outcome?
        .read(reply::read, "the answer is larger than any token's")
        .map_err(|error| (error, JsValue::UNDEFINED))
}

/// The request to the AppServer's address. A page that names no body sends one only if there is
/// something to say, and as text: a JSON content type would cost a preflight, or be refused by one.
fn post(wishes: &JsValue, about: &JsValue) -> JsValue {
    let init = fetch::post(wishes);
    let something = get(about, "rejected").is_truthy() || get(about, "scope").is_truthy();
    if something && get(wishes, "body").is_undefined() {
        put(&init, "body", &JSON::stringify(about).map_or(JsValue::UNDEFINED, JsValue::from));
    }
    init
}

pub(super) const fn name(reason: Reason) -> &'static str {
    match reason {
        Reason::Initial => "initial",
        Reason::Refresh => "refresh",
        Reason::Rejected => "rejected",
        Reason::Prefetch => "prefetch",
    }
}
