//! One HTTP request: aborted by a signal, not redirected, not cached, and read up to a size.

use js_sys::{Function, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{AbortSignal, RequestCache, RequestInit, RequestRedirect};

use super::{
    convert::{get, text},
    task::wait,
};

#[wasm_bindgen]
extern "C" {
    /// The global `fetch` at the time of the call.
    #[wasm_bindgen(js_name = fetch, catch)]
    fn global_fetch(url: &str, init: &RequestInit) -> Result<JsValue, JsValue>;
}

/// Largest answer read, in bytes. One of STS has about 2,000.
const LARGEST: usize = 256 << 10;

/// An answer, read to its end.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Body,
    headers: JsValue,
}

/// What could be read of a body.
pub(super) enum Body {
    Text(String),
    /// More than [`LARGEST`] bytes came.
    TooLarge,
}

impl Answer {
    /// The header `name`, if it is there and this origin may read it.
    pub(super) fn header(&self, name: &str) -> Option<String> {
        let method = get(&self.headers, "get");
        text(&method.dyn_ref::<Function>()?.call1(&self.headers, &name.into()).ok()?)
    }
}

/// Sends a request. `init` holds what the caller wants of it; what keeps a credential safe is set here.
///
/// # Errors
///
/// The value that was thrown: offline, DNS, TLS, CORS, a redirect, or an abort.
pub(super) async fn send(
    url: &str,
    init: &RequestInit,
    signal: &AbortSignal,
) -> Result<Answer, JsValue> {
    init.set_cache(RequestCache::NoStore);
    init.set_redirect(RequestRedirect::Error);
    init.set_signal(Some(signal));
    let response = wait(&global_fetch(url, init)?).await?;
    read(&response).await
}

/// Reads a `Response`, whichever realm or polyfill it is from.
pub(super) async fn read(response: &JsValue) -> Result<Answer, JsValue> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an HTTP status")]
    let status = get(response, "status").as_f64().unwrap_or(0.0) as u16;
    let body = read_body(response).await?;
    Ok(Answer { status, body, headers: get(response, "headers") })
}

async fn read_body(response: &JsValue) -> Result<Body, JsValue> {
    let stream = get(response, "body");
    let Some(reader) = call(&stream, "getReader") else {
        let read = call(response, "text").unwrap_or(JsValue::UNDEFINED);
        let read = text(&wait(&read).await?).unwrap_or_default();
        return Ok(if read.len() > LARGEST { Body::TooLarge } else { Body::Text(read) });
    };
    let mut bytes = Vec::new();
    loop {
        let chunk = call(&reader, "read").unwrap_or(JsValue::UNDEFINED);
        let chunk = wait(&chunk).await?;
        let Ok(part) = get(&chunk, "value").dyn_into::<Uint8Array>() else { break };
        if bytes.len() + part.length() as usize > LARGEST {
            if let Some(cancelled) = call(&reader, "cancel") {
                // It may reject; nobody else listens.
                let _ = wait(&cancelled).await;
            }
            return Ok(Body::TooLarge);
        }
        bytes.extend_from_slice(&part.to_vec());
    }
    let read = String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
    Ok(Body::Text(read.trim_start_matches('\u{feff}').into()))
}

/// Calls a method without arguments; `None` if there is none, or it threw.
fn call(object: &JsValue, method: &str) -> Option<JsValue> {
    let found = get(object, method);
    let result = found.dyn_ref::<Function>()?.call0(object).ok()?;
    Some(result)
}

/// A request's options with what the page asked for: `headers`, `credentials`, `body`.
pub(super) fn init(method: &str, wishes: &JsValue) -> RequestInit {
    let init = RequestInit::new();
    init.set_method(method);
    for name in ["headers", "credentials", "body"] {
        let wish = get(wishes, name);
        if !wish.is_undefined() {
            // A plain object takes any member.
            let _ = Reflect::set(&init, &name.into(), &wish);
        }
    }
    init
}
