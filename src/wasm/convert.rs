//! Between the core's values and JavaScript's.

use js_sys::{Array, JSON, Object, Reflect};
use wasm_bindgen::prelude::*;

use crate::{
    error::Error,
    json::{Json, MAX_DEPTH},
    lifecycle::Zone,
    time::{Millis, UnixMillis, to_iso},
    token::StsToken,
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

/// The text, if `value` is a string.
pub(super) fn text(value: &JsValue) -> Option<String> {
    value.as_string()
}

/// A plain object; members that are `undefined` are left out.
pub(super) fn object(members: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    for (name, value) in members {
        if !value.is_undefined() {
            let _ = Reflect::set(&object, &(*name).into(), value);
        }
    }
    object
}

/// A time or a duration, in milliseconds, as JavaScript counts.
#[expect(clippy::cast_precision_loss, reason = "exact up to 285,000 years")]
pub(super) fn millis(span: Millis) -> JsValue {
    JsValue::from_f64(span as f64)
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 285,000 years")]
pub(super) fn instant(at: UnixMillis) -> JsValue {
    JsValue::from_f64(at.0 as f64)
}

/// Parses JSON with the platform's parser.
pub(super) fn parse(text: &str) -> Option<Json> {
    Some(json(&parse_value(text, b"{[\"-0123456789tfn")?, MAX_DEPTH))
}

/// The body of an answer as a page's own reader gets it: parsed if it is JSON, or else its text.
pub(super) fn body(text: &str) -> JsValue {
    parse_value(text, b"{[\"").unwrap_or_else(|| text.into())
}

/// Parses what begins with one of `any`: an error page and an encrypted payload throw no exception.
fn parse_value(text: &str, any: &[u8]) -> Option<JsValue> {
    let first = *text.trim_ascii_start().as_bytes().first()?;
    if any.contains(&first) { JSON::parse(text).ok() } else { None }
}

/// What `JSON.parse` returned, as the core reads it. Deeper than `depth` it is `null`.
///
/// Written out because serde-wasm-bindgen brings the formatting of floats into the module: 11 kB of brotli.
fn json(value: &JsValue, depth: u32) -> Json {
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

/// Reads a value as JSON would carry it, so that a `Date` is its text.
///
/// # Errors
///
/// [`Error::InvalidResponse`] for what JSON cannot carry, such as a cycle or a `BigInt`.
pub(super) fn plain(value: &JsValue) -> Result<Json, Error> {
    if let Some(text) = text(value) {
        return Ok(Json::String(text));
    }
    let carried = JSON::stringify(value).ok().and_then(|carried| carried.as_string());
    carried
        .map(Json::String)
        .ok_or(Error::InvalidResponse { reason: "the source answered what JSON cannot carry" })
}

/// What `UploadTokenError` is made of in TypeScript.
pub(super) fn failure(error: &Error, cause: &JsValue) -> Object {
    let (status, server_code, retry_after) = match error {
        Error::Http { status, server_code } => (Some(*status), server_code.as_deref(), None),
        Error::Throttled { status, retry_after } => (Some(*status), None, *retry_after),
        Error::Unauthenticated { status } => (Some(*status), None, None),
        _ => (None, None, None),
    };
    object(&[
        ("code", error.code().into()),
        ("message", error.to_string().into()),
        ("status", status.map_or(JsValue::UNDEFINED, JsValue::from)),
        ("serverCode", server_code.map_or(JsValue::UNDEFINED, JsValue::from)),
        ("retryAfter", retry_after.map_or(JsValue::UNDEFINED, millis)),
        ("cause", cause.clone()),
    ])
}

/// The token as a page gets it: frozen, so that its five values stay together.
pub(super) fn token(token: &StsToken, expires_at: UnixMillis) -> Object {
    Object::freeze(&object(&[
        ("accessKeyId", (&*token.access_key_id).into()),
        ("accessKeySecret", (&**token.access_key_secret.expose()).into()),
        ("securityToken", (&**token.security_token.expose()).into()),
        ("expiration", to_iso(expires_at).into()),
        ("expiresAt", instant(expires_at)),
    ]))
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
