//! The parts of one HTTP request: not redirected, not cached, and read up to a size.

use alloc::{string::String, vec::Vec};

use js_sys::{Function, Object, Uint8Array};
use wasm_bindgen::prelude::*;

use super::convert::{self, get, put, text};

#[wasm_bindgen]
extern "C" {
    /// The global `fetch` at the time of the call.
    #[wasm_bindgen(js_name = fetch, catch)]
    fn global_fetch(url: &str, init: &JsValue) -> Result<JsValue, JsValue>;
}

/// Largest answer read, in bytes. One of STS has about 2,000.
const LARGEST: usize = 256 << 10;

/// An answer; [`Reading`] brings its body.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Body,
    headers: JsValue,
}

/// What could be read of a body.
pub(super) enum Body {
    Text(String),
    /// More than [`LARGEST`] bytes came, or nothing yet.
    TooLarge,
}

impl Answer {
    /// Of a `Response`, whichever realm or polyfill it is from.
    pub(super) fn of(response: &JsValue) -> Self {
        let status = super::exchange::status_of(response);
        Self { status, body: Body::TooLarge, headers: get(response, "headers") }
    }

    /// The header `name`, if it is there and this origin may read it.
    pub(super) fn header(&self, name: &str) -> Option<String> {
        let method = get(&self.headers, "get");
        text(&method.dyn_ref::<Function>()?.call1(&self.headers, &name.into()).ok()?)
    }

    /// The body of a success as a page's own reader gets it.
    pub(super) fn raw(&self) -> Option<JsValue> {
        match &self.body {
            Body::Text(text) if (200..300).contains(&self.status) => Some(convert::body(text)),
            _ => None,
        }
    }
}

/// Sends a request; returns the promise of its `Response`. `init` holds what the caller wants of it;
/// what keeps a credential safe is set here.
///
/// # Errors
///
/// What `fetch` threw instead of rejecting.
pub(super) fn send(url: &str, init: &JsValue, signal: &JsValue) -> Result<JsValue, JsValue> {
    put(init, "cache", &"no-store".into());
    put(init, "redirect", &"error".into());
    put(init, "signal", signal);
    global_fetch(url, init)
}

/// A POST with what the page wishes of it: `headers`, `credentials`, `body`.
pub(super) fn post(wishes: &JsValue) -> JsValue {
    let init = Object::new().into();
    put(&init, "method", &"POST".into());
    for name in ["headers", "credentials", "body"] {
        let wish = get(wishes, name);
        if !wish.is_undefined() {
            put(&init, name, &wish);
        }
    }
    init
}

/// The body of an answer on its way in, piece by piece where the platform has streams.
pub(super) struct Reading {
    /// The `Response`, or a reader of its stream.
    from: JsValue,
    method: &'static str,
    bytes: Vec<u8>,
}

impl Reading {
    pub(super) fn new(response: &JsValue) -> Self {
        let (from, method) = match call(&get(response, "body"), "getReader") {
            Some(reader) => (reader, "read"),
            None => (response.clone(), "text"),
        };
        Self { from, method, bytes: Vec::new() }
    }

    /// The promise of the next piece.
    pub(super) fn next(&self) -> JsValue {
        call(&self.from, self.method).unwrap_or_default()
    }

    /// Takes a piece; returns the body when it was the last, or one too many.
    pub(super) fn take(&mut self, piece: &JsValue) -> Option<Body> {
        if self.method == "text" {
            let read = text(piece).unwrap_or_default();
            return Some(if read.len() > LARGEST { Body::TooLarge } else { Body::Text(read) });
        }
        let part = get(piece, "value");
        if get(piece, "done").is_truthy() || !part.is_object() {
            let bytes = core::mem::take(&mut self.bytes);
            let read = String::from_utf8(bytes)
                .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
            return Some(Body::Text(read.trim_start_matches('\u{feff}').into()));
        }
        // Its length is asked for first: whatever is no array of bytes of this realm is copied into one.
        let length = get(&part, "length").as_f64().unwrap_or(f64::INFINITY);
        if length > (LARGEST - self.bytes.len()) as f64 {
            return Some(Body::TooLarge);
        }
        self.bytes.extend_from_slice(&Uint8Array::new(&part).to_vec());
        None
    }

    /// Calls the rest off; returns the promise of that.
    pub(super) fn cancel(&self) -> JsValue {
        if self.method == "text" {
            return JsValue::UNDEFINED;
        }
        call(&self.from, "cancel").unwrap_or_default()
    }
}

/// Calls a method without arguments; `None` if there is none, or it threw.
fn call(object: &JsValue, method: &str) -> Option<JsValue> {
    get(object, method).dyn_ref::<Function>()?.call0(object).ok()
}
