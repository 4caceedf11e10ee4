//! The body of an answer.

use js_sys::{Array, BigInt, JSON, Object, Promise, Reflect, Symbol, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::TextDecoder;

use super::{
    patience::Patience,
    values::{call, get, header, status_of},
};

/// Largest body read, in bytes. One of STS has about 2,000.
const LARGEST: usize = 256 << 10;

/// What could be read of an answer.
pub(super) enum Body {
    Text(String),
    /// It has more than any that is read.
    TooLarge,
    /// JSON cannot carry what the page's function gave, and why.
    NotCarried(&'static str),
}

/// Whether a value is a `Response`, whichever realm or polyfill it is from; a test's may have no more than `json()`.
pub(super) fn is_response(value: &JsValue) -> bool {
    let has_body = ["text", "json"].iter().any(|name| get(value, name).is_function());
    has_body && (get(value, "status").as_f64().is_some() || status_of(value) == 200)
}

/// Whether the body of a `Response` was read, or somebody else has begun to.
pub(super) fn is_taken(response: &JsValue) -> bool {
    get(response, "bodyUsed").is_truthy() || get(&get(response, "body"), "locked").is_truthy()
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
pub(super) fn is_plain(value: &JsValue) -> bool {
    value.is_object()
        && get(&Object::get_prototype_of(value), "constructor")
            == get(&Object::new(), "constructor")
}

/// A value as JSON would carry it, so that a `Date` is its text.
pub(super) fn carried(value: &JsValue) -> Body {
    if let Some(text) = value.as_string() {
        return Body::Text(text);
    }
    match stringified(value) {
        Ok(Some(text)) => Body::Text(text),
        Ok(None) if value.is_function() => {
            Body::NotCarried("it is a function; call it, and return what it returns")
        }
        Ok(None) => Body::NotCarried("it is no object and no text"),
        Err(thrown) => Body::NotCarried(why_not_carried(&thrown)),
    }
}

/// What a value is that JSON makes `{}` of, or what in it is, and how to have plain data of it.
pub(super) fn uncarried(value: &JsValue) -> Option<&'static str> {
    if !value.is_object() {
        return None;
    }
    let names = Reflect::own_keys(value).ok()?;
    let named = names.iter().filter_map(|name| name.as_string());
    let mut of_answer = named.filter(|name| !BESIDE.contains(&name.as_str()));
    lost_in_json(value).or_else(|| of_answer.find_map(|name| lost_in_json(&get(value, &name))))
}

/// What clients put beside an answer's data.
const BESIDE: [&str; 9] =
    ["config", "header", "headers", "raw", "request", "res", "resp", "response", "xhr"];

/// The same of a value alone.
fn lost_in_json(value: &JsValue) -> Option<&'static str> {
    if !value.is_object() {
        return None;
    }
    if get(value, "then").is_function() {
        return Some("what has a promise in it; await that");
    }
    if is_response(value) {
        return Some("what has a Response in it; return await response.json() alone");
    }
    let tag = Reflect::get(value, &Symbol::to_string_tag()).ok()?.as_string().unwrap_or_default();
    match tag.as_str() {
        "Map" | "Headers" | "URLSearchParams" | "FormData" => {
            Some("a Map or its like; return Object.fromEntries(…) of it")
        }
        "Set" | "Generator" | "AsyncGenerator" => {
            Some("a Set or a generator; return the credentials in it")
        }
        "Blob" | "File" => Some("a Blob; return await blob.text()"),
        "ReadableStream" => Some("a stream; return await new Response(stream).text()"),
        "ArrayBuffer" | "SharedArrayBuffer" | "DataView" => Some(BYTES),
        array if array.ends_with("Array") => Some(BYTES),
        _ if is_of_class(value) => {
            Some("an object of a class, whose members JSON does not see; return them as plain data")
        }
        _ => None,
    }
}

const BYTES: &str = "bytes; return new TextDecoder().decode(bytes)";

/// Whether it is an object that has nothing of its own, and does not say how it is written as JSON.
fn is_of_class(value: &JsValue) -> bool {
    value.is_object()
        && Reflect::own_keys(value).is_ok_and(|names| names.length() == 0)
        && get(value, "constructor").is_function()
        && get(value, "constructor") != get(&Object::new(), "constructor")
        && !get(value, "toJSON").is_function()
}

/// A value as JSON; `None` for what JSON has no form of. A `BigInt`, as protobuf has it, is a number, or its digits if
/// it is larger than numbers are exact.
///
/// # Errors
///
/// What the platform or the value threw.
pub(super) fn stringified(value: &JsValue) -> Result<Option<String>, JsValue> {
    let text = JSON::stringify(value).or_else(|thrown| {
        if !names(&thrown, &["bigint"]) {
            return Err(thrown);
        }
        let replaced =
            Closure::<dyn Fn(JsValue, JsValue) -> JsValue>::new(|_key, value: JsValue| {
                if value.is_bigint() { number_of(value) } else { value }
            });
        JSON::stringify_with_replacer(value, replaced.as_ref())
    })?;
    Ok(text.as_string())
}

/// The number that a `BigInt` is, or its digits.
fn number_of(large: JsValue) -> JsValue {
    const EXACT: u64 = (1 << 53) - 1;
    let digits =
        large.unchecked_ref::<BigInt>().to_string(10).map_or(JsValue::UNDEFINED, JsValue::from);
    match i64::try_from(large) {
        #[expect(clippy::cast_precision_loss, reason = "exact as far as this")]
        Ok(number) if number.unsigned_abs() <= EXACT => (number as f64).into(),
        _ => digits,
    }
}

/// Why a value threw where it was to be written as JSON.
fn why_not_carried(thrown: &JsValue) -> &'static str {
    if names(thrown, &["circular", "cyclic"]) {
        "it contains itself, which JSON cannot carry; return the credentials alone"
    } else {
        "reading it threw an error; return the credentials alone, as plain data"
    }
}

/// Whether the message of an error has one of these words, in small letters.
fn names(thrown: &JsValue, words: &[&str]) -> bool {
    let message = get(thrown, "message").as_string().unwrap_or_default().to_ascii_lowercase();
    words.iter().any(|word| message.contains(word))
}

/// The body of a `Response`, piece by piece where the platform has streams.
///
/// # Errors
///
/// What the platform threw, or `undefined` if the request is over.
pub(super) async fn read_body(response: &JsValue, patience: &Patience) -> Result<Body, JsValue> {
    let Some(reader) = call(&get(response, "body"), "getReader")? else {
        return read_whole(response, patience).await;
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
                // Listened to, and not waited for: a copy's settles with that of the other, which nobody may ever read.
                let heard = Promise::race(&Array::of2(&cancelled, &JsValue::UNDEFINED));
                let _ = patience.wait(&heard).await;
            }
            return Ok(Body::TooLarge);
        }
        bytes.extend(Uint8Array::new(&value).to_vec());
    }
    let text = decoded(bytes, response);
    Ok(Body::Text(text.trim_start_matches('\u{feff}').to_owned()))
}

/// Bytes as text: UTF-8, as JSON has to be; or else in the encoding that the answer names, as servers of a former age
/// write Chinese.
fn decoded(bytes: Vec<u8>, response: &JsValue) -> String {
    let bytes = match String::from_utf8(bytes) {
        Ok(text) => return text,
        Err(other) => other.into_bytes(),
    };
    let kind = header(&headers_of(response), "content-type").unwrap_or_default();
    named_encoding(&kind)
        .and_then(|label| TextDecoder::new_with_label(label).ok())
        .and_then(|decoder| decoder.decode_with_u8_array(&bytes).ok())
        .unwrap_or_else(|| String::from_utf8_lossy(&bytes).into_owned())
}

/// The encoding in a content type: `application/json; charset="gbk"`.
fn named_encoding(kind: &str) -> Option<&str> {
    kind.split(';').skip(1).find_map(|parameter| {
        let (name, label) = parameter.split_once('=')?;
        let named = name.trim_ascii().eq_ignore_ascii_case("charset");
        named.then(|| label.trim_matches(|char: char| char == '"' || char.is_ascii_whitespace()))
    })
}

/// The body of a `Response` that has it in one piece: its text, or what `json()` gives where there is no `text()`.
async fn read_whole(response: &JsValue, patience: &Patience) -> Result<Body, JsValue> {
    let body = match call(response, "text")? {
        Some(text) => Body::Text(patience.wait(&text).await?.as_string().unwrap_or_default()),
        None => {
            let json = call(response, "json")?.unwrap_or_default();
            carried(&patience.wait(&json).await?)
        }
    };
    Ok(match body {
        Body::Text(text) if text.len() > LARGEST => Body::TooLarge,
        body => body,
    })
}
