//! Any JavaScript value, read without an exception where that is possible.

use js_sys::{Array, Function, JSON, Object, Reflect};
use wasm_bindgen::prelude::*;

use crate::json::{Json, MAX_DEPTH};

/// A number of whole milliseconds, or any bits.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
pub(super) const fn whole(number: f64) -> u64 {
    number as u64
}

/// The member `name`; `undefined` if it is missing, or `object` has none.
///
/// Here and wherever it happens often, a call that would throw is not made: each exception that wasm-bindgen catches
/// costs an entry of its table of values for good.
pub(super) fn get(object: &JsValue, name: &str) -> JsValue {
    if !object.is_object() && !object.is_function() {
        return JsValue::UNDEFINED;
    }
    Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

/// The member `name`, if it is a text.
///
/// No import of the module returns a `String`: wasm-bindgen would take whatever a page has in its place for one, and
/// write outside of the memory that it asked for.
pub(super) fn text(object: &JsValue, name: &str) -> Option<String> {
    get(object, name).as_string()
}

/// Calls the method `name`, if there is one.
///
/// # Errors
///
/// What it threw.
pub(super) fn call(object: &JsValue, name: &str) -> Result<Option<JsValue>, JsValue> {
    get(object, name).dyn_ref::<Function>().map(|method| method.call0(object)).transpose()
}

/// The HTTP status that an object says it is about; 0 if none. A test's `Response` may say no more than that it is `ok`.
pub(super) fn status_of(object: &JsValue) -> u16 {
    match get(object, "status").as_f64() {
        Some(status) => status_from(status),
        None if get(object, "ok").as_bool() == Some(true) => 200,
        None => 0,
    }
}

/// An HTTP status.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates; then it is no HTTP status"
)]
pub(super) const fn status_from(number: f64) -> u16 {
    number as u16
}

/// A header, if there are any and this origin may read it.
pub(super) fn header(headers: &JsValue, name: &str) -> Option<String> {
    match get(headers, "get").dyn_ref::<Function>() {
        Some(method) => method.call1(headers, &name.into()).ok()?.as_string(),
        // Some clients have them as a plain object, in small letters.
        None => text(headers, name),
    }
}

/// Parses JSON with the platform's parser. What begins as none does, such as an error page or an encrypted payload,
/// throws no exception.
pub fn parse(text: &str) -> Option<Json> {
    let first = text.trim_ascii_start().as_bytes().first()?;
    if !b"{[\"-0123456789tfn".contains(first) {
        return None;
    }
    Some(json(&JSON::parse(text).ok()?, MAX_DEPTH))
}

/// What `JSON.parse` returned, as the core reads it. Containers within `depth` others are `null`.
pub(super) fn json(value: &JsValue, depth: u32) -> Json {
    if let Some(text) = value.as_string() {
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
        let member = |key: JsValue| {
            let value = Reflect::get(value, &key).ok()?;
            Some((key.as_string()?, json(&value, depth - 1)))
        };
        Json::Object(
            Object::keys(value.unchecked_ref::<Object>()).iter().filter_map(member).collect(),
        )
    }
}
