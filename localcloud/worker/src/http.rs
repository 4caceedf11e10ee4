//! Requests and answers, between JavaScript's form and the router's.

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::{self, Response},
};
use js_sys::Uint8Array;
use wasm_bindgen::JsValue;
use web_sys::{Headers, ResponseInit};

/// Answers to these have no body, not even an empty one.
const WITHOUT_BODY: [u16; 3] = [204, 205, 304];

/// A request with `headers`, names and values in turn.
pub(crate) fn request(
    method: &str,
    url: &str,
    headers: &[String],
    body: Vec<u8>,
) -> http::Result<Request> {
    let mut request = http::Request::builder().method(method).uri(url);
    for pair in headers.chunks_exact(2) {
        if let [name, value] = pair {
            request = request.header(name, value);
        }
    }
    request.body(Body::from(body))
}

/// The answer as a `Response`, once all of it is there.
///
/// # Errors
///
/// An `Error`, if the answer ends before its end, as one does whose connection is to be dropped.
pub(crate) async fn response(response: Response<Body>) -> Result<JsValue, JsValue> {
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.map_err(|_| crate::lost())?;
    let headers = Headers::new()?;
    for (name, value) in &parts.headers {
        headers.append(name.as_str(), &String::from_utf8_lossy(value.as_bytes()))?;
    }
    let init = ResponseInit::new();
    init.set_status(parts.status.as_u16());
    init.set_headers(&headers);
    let body = (!WITHOUT_BODY.contains(&parts.status.as_u16()))
        .then(|| Uint8Array::from(body.as_ref()).into());
    let response = web_sys::Response::new_with_opt_buffer_source_and_init(body.as_ref(), &init)?;
    Ok(response.into())
}
