//! Between the core's values and JavaScript's.

use alloc::string::String;

use js_sys::{Array, JSON, Object, Reflect};
use wasm_bindgen::prelude::*;

use crate::{
    clock::Time,
    error::Error,
    json::{Json, MAX_DEPTH},
    lifecycle::{Held, Slot, Zone},
    time::{Millis, UnixMillis, to_iso},
    token::StsToken,
    vault::Key,
};

/// The member `name`; `undefined` if it is missing, or `object` has none.
///
/// Here and wherever it happens often, a call that would throw is not made: each exception that
/// wasm-bindgen catches costs an entry of its table of values for good.
pub(super) fn get(object: &JsValue, name: &str) -> JsValue {
    if !object.is_object() && !object.is_function() {
        return JsValue::UNDEFINED;
    }
    Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

/// Sets a member of a plain object, which takes any.
pub(super) fn put(object: &JsValue, name: &str, value: &JsValue) {
    let _ = Reflect::set(object, &name.into(), value);
}

/// The text, if `value` is a string.
pub(super) fn text(value: &JsValue) -> Option<String> {
    value.as_string()
}

/// A plain object on its way to JavaScript; members that are `undefined` are left out.
pub(super) struct Record(JsValue);

impl Record {
    pub(super) fn new() -> Self {
        Self(Object::new().into())
    }

    pub(super) fn value(self, name: &str, value: &JsValue) -> Self {
        if !value.is_undefined() {
            put(&self.0, name, value);
        }
        self
    }

    pub(super) fn text(self, name: &str, text: &str) -> Self {
        self.value(name, &text.into())
    }

    pub(super) fn some_text(self, name: &str, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.text(name, text),
            None => self,
        }
    }

    pub(super) fn flag(self, name: &str, flag: bool) -> Self {
        self.value(name, &flag.into())
    }

    pub(super) fn count(self, name: &str, count: u32) -> Self {
        self.value(name, &count.into())
    }

    /// A time or a duration, in milliseconds, as JavaScript counts.
    pub(super) fn millis(self, name: &str, span: Millis) -> Self {
        self.instant(name, UnixMillis(i64::try_from(span).unwrap_or(i64::MAX)))
    }

    pub(super) fn some_millis(self, name: &str, span: Option<Millis>) -> Self {
        match span {
            Some(span) => self.millis(name, span),
            None => self,
        }
    }

    pub(super) fn instant(self, name: &str, at: UnixMillis) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "exact up to 285,000 years")]
        self.value(name, &JsValue::from_f64(at.0 as f64))
    }

    pub(super) fn some_instant(self, name: &str, at: Option<UnixMillis>) -> Self {
        match at {
            Some(at) => self.instant(name, at),
            None => self,
        }
    }
}

impl From<Record> for JsValue {
    fn from(record: Record) -> Self {
        record.0
    }
}

/// Parses JSON with the platform's parser. What begins as none does, such as an error page or an
/// encrypted payload, throws no exception.
pub(super) fn parse(text: &str) -> Option<Json> {
    let first = text.trim_ascii_start().as_bytes().first()?;
    if !b"{[\"-0123456789tfn".contains(first) {
        return None;
    }
    Some(json(&JSON::parse(text).ok()?, MAX_DEPTH))
}

/// What `JSON.parse` returned, as the core reads it. Deeper than `depth` it is `null`.
///
/// Written out because serde-wasm-bindgen brings the formatting of floats into the module: 11 kB of brotli.
pub(super) fn json(value: &JsValue, depth: u32) -> Json {
    if let Some(text) = text(value) {
        Json::String(text)
    } else if let Some(number) = value.as_f64() {
        Json::Number(number)
    } else if let Some(flag) = value.as_bool() {
        Json::Bool(flag)
    } else if depth == 0 || !value.is_object() {
        Json::Null
    } else if Array::is_array(value) {
        Json::Array(Array::from(value).iter().map(|item| json(&item, depth - 1)).collect())
    } else {
        let member =
            |key: JsValue| Some((text(&key)?, json(&Reflect::get(value, &key).ok()?, depth - 1)));
        Json::Object(
            Object::keys(value.unchecked_ref::<Object>()).iter().filter_map(member).collect(),
        )
    }
}

/// What `UploadTokenError` is made of in TypeScript.
pub(super) fn failure(error: &Error, cause: &JsValue) -> JsValue {
    let record = Record::new().text("code", error.code()).text("message", &error.text());
    let record = match error {
        Error::Http { status, server_code } => {
            record.count("status", (*status).into()).some_text("serverCode", server_code.as_deref())
        }
        Error::Throttled { status, retry_after } => {
            record.count("status", (*status).into()).some_millis("retryAfter", *retry_after)
        }
        Error::Unauthenticated { status } => record.count("status", (*status).into()),
        _ => record,
    };
    record.value("cause", cause).into()
}

/// What is known of a slot, without secrets. `id` is the AccessKeyId of what it holds.
pub(super) fn slot(slot: &Slot<Key>, time: &Time, id: Option<&str>) -> Record {
    let held = slot.token();
    Record::new()
        .text("state", zone(held.map_or_else(|| slot.zone(), |held| held.zone(time))))
        .count("generation", held.map_or(0, |held| held.generation))
        .some_text("accessKeyId", id)
        .some_instant("expiresAt", held.map(|held| held.shown(time)))
        .millis("validFor", held.and_then(|held| held.left(time)).unwrap_or(0))
        .some_millis("life", held.map(|held| held.life))
        .some_millis("margin", held.map(Held::margin))
        .some_millis("mandatory", held.map(Held::mandatory))
        .some_millis("refreshIn", held.map(|held| held.refresh_at().saturating_sub(time.elapsed)))
        .count("requests", slot.requests())
        .count("failures", slot.fails())
}

/// What listeners are told of a failed refresh.
pub(super) fn refresh_failed(
    error: &Error,
    cause: &JsValue,
    (fails, retry_in, usable): (u32, Option<Millis>, bool),
) -> Record {
    Record::new()
        .value("error", &failure(error, cause))
        .count("failures", fails)
        .some_millis("retryIn", retry_in)
        .flag("usable", usable)
}

/// The token as a page gets it: frozen, so that its five values stay together.
pub(super) fn token(token: &StsToken, expires_at: UnixMillis) -> Object {
    let record = Record::new()
        .text("accessKeyId", &token.access_key_id)
        .text("accessKeySecret", token.access_key_secret.expose())
        .text("securityToken", token.security_token.expose())
        .text("expiration", &to_iso(expires_at))
        .instant("expiresAt", expires_at);
    Object::freeze(JsValue::from(record).unchecked_ref())
}

pub(super) const fn zone(zone: Zone) -> &'static str {
    match zone {
        Zone::Empty => "empty",
        Zone::Valid => "valid",
        Zone::Advisory => "advisory",
        Zone::Mandatory => "mandatory",
        Zone::Expired => "expired",
        Zone::Rejected => "rejected",
        Zone::Closed => "closed",
    }
}
