//! The body of an answer.

use std::{future::Future, pin::Pin};

use js_sys::{JSON, Object, Uint8Array};
use wasm_bindgen::prelude::*;

use super::{
    options::{call, get},
    patience::Patience,
};

/// Largest body read, in bytes. One of STS has about 2,000.
const LARGEST: usize = 256 << 10;

/// What could be read of an answer.
pub(super) enum Body {
    Text(String),
    /// It has more than any that is read.
    TooLarge,
    /// JSON cannot carry what the page's function gave.
    NotCarried,
}

/// Whether a value is a `Response`, whichever realm or polyfill it is from.
pub(super) fn is_response(value: &JsValue) -> bool {
    get(value, "text").is_function() && get(value, "status").as_f64().is_some()
}

/// Whether a value is an answer of axios, got, superagent or their like, given whole: it has status, headers and body,
/// and what JSON may not carry. Plain data of that form is a body itself, of an SDK for servers.
pub(super) fn is_whole_answer(value: &JsValue) -> bool {
    let of_client = get(value, "config").is_object() || !is_plain(value);
    has_status(value) && of_client && headers_of(value).is_object()
}

/// Whether a value names an HTTP status.
pub(super) fn has_status(value: &JsValue) -> bool {
    ["status", "statusCode"].iter().any(|name| get(value, name).as_f64().is_some())
}

/// The headers of an answer, under either name.
pub(super) fn headers_of(answer: &JsValue) -> JsValue {
    let named = ["headers", "header"].map(|name| get(answer, name));
    named.into_iter().find(JsValue::is_object).unwrap_or_default()
}

/// The body of an answer that [`is_whole_answer`], as its client has parsed it. Some have an empty object for what they
/// could not parse, and the text beside it.
pub(super) fn parsed_body(answer: &JsValue) -> Body {
    let is_empty = |body: &JsValue| {
        is_plain(body) && Object::keys(body.unchecked_ref::<Object>()).length() == 0
    };
    let named = ["data", "body", "text"].map(|name| get(answer, name));
    let mut there = named.iter().filter(|body| !body.is_undefined());
    let body = there.clone().find(|body| !is_empty(body)).or_else(|| there.next());
    body.map_or_else(|| Body::Text(String::new()), carried)
}

/// Whether it was written as `{…}`.
fn is_plain(value: &JsValue) -> bool {
    value.is_object()
        && get(&Object::get_prototype_of(value), "constructor")
            == get(&Object::new(), "constructor")
}

/// A value as JSON would carry it, so that a `Date` is its text.
pub(super) fn carried(value: &JsValue) -> Body {
    if let Some(text) = value.as_string() {
        return Body::Text(text);
    }
    let text = JSON::stringify(value).ok().and_then(|text| text.as_string());
    text.map_or(Body::NotCarried, Body::Text)
}

/// The body of a `Response`, piece by piece where the platform has streams.
///
/// # Errors
///
/// What the platform threw, or `undefined` if the request is over.
///
/// Boxed, so that who waits for it does not carry its code as well.
pub(super) fn read_body<'a>(
    response: &'a JsValue,
    patience: &'a Patience,
) -> Pin<Box<dyn Future<Output = Result<Body, JsValue>> + 'a>> {
    Box::pin(read(response, patience))
}

async fn read(response: &JsValue, patience: &Patience) -> Result<Body, JsValue> {
    let Some(reader) = call(&get(response, "body"), "getReader")? else {
        let text = call(response, "text")?.unwrap_or_default();
        let text = patience.wait(&text).await?.as_string().unwrap_or_default();
        return Ok(if text.len() > LARGEST { Body::TooLarge } else { Body::Text(text) });
    };
    let mut bytes = Vec::new();
    loop {
        let read = call(&reader, "read")?.unwrap_or_default();
        let piece = patience.wait(&read).await?;
        let value = get(&piece, "value");
        if get(&piece, "done").is_truthy() || !value.is_object() {
            break;
        }
        // Asked for first: whatever is no array of bytes is copied into one.
        let length = get(&value, "length").as_f64().unwrap_or(f64::INFINITY);
        #[expect(clippy::cast_precision_loss, reason = "far below what a number can count")]
        let left = (LARGEST - bytes.len()) as f64;
        if !(0.0..=left).contains(&length) {
            if let Ok(Some(cancelled)) = call(&reader, "cancel") {
                // Nothing is read any more.
                let _ = patience.wait(&cancelled).await;
            }
            return Ok(Body::TooLarge);
        }
        bytes.extend(Uint8Array::new(&value).to_vec());
    }
    let text = String::from_utf8_lossy(&bytes);
    Ok(Body::Text(text.trim_start_matches('\u{feff}').to_owned()))
}
