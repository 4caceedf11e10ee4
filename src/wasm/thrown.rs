//! What a function of the page threw, or rejected with.

use js_sys::JSON;
use wasm_bindgen::JsValue;

use super::options::{get, header, parse};
use crate::{
    error::{Error, PageFunction},
    json::Json,
    reply,
    text::contains,
};

/// What client libraries put on an error about an answer, where it is not what `Object.keys` finds.
const MEMBERS: [&str; 13] = [
    "name",
    "message",
    "code",
    "status",
    "statusCode",
    "serverCode",
    "serverMessage",
    "requestId",
    "retryAfter",
    "headers",
    "data",
    "body",
    "text",
];
/// Largest part of it that is read, in bytes.
const LARGEST: usize = 64 << 10;

/// Why `function` brought nothing.
pub(super) fn error(thrown: &JsValue, function: PageFunction) -> Error {
    let error = reply::read_thrown(&told(thrown), &parse);
    error.or_else(|| mistake(thrown, function)).unwrap_or(Error::Source)
}

/// What the value tells of an answer, as plain data.
fn told(thrown: &JsValue) -> Json {
    if get(thrown, "stack").is_undefined() {
        // No error: an interceptor may reject with the answer's body.
        return plain(thrown);
    }
    let mut members = members(thrown);
    let response = ["response", "res"].map(|name| self::members(&get(thrown, name)));
    if let Some(response) = response.into_iter().find(|members| !members.is_empty()) {
        members.push(("response".to_owned(), Json::Object(response)));
    }
    Json::Object(members)
}

fn members(object: &JsValue) -> Vec<(String, Json)> {
    let member = |name: &str| {
        let value = get(object, name);
        let wait = if name == "headers" { header(&value, "retry-after") } else { None };
        let value = match wait {
            Some(wait) => Json::Object(vec![("retry-after".to_owned(), Json::String(wait))]),
            None => plain(&value),
        };
        (!value.is_empty()).then(|| (name.to_owned(), value))
    };
    MEMBERS.into_iter().filter_map(member).collect()
}

/// A value as JSON carries it; nothing for what it cannot carry. By the platform, because reading may throw.
fn plain(value: &JsValue) -> Json {
    let text = JSON::stringify(value).ok().and_then(|text| text.as_string());
    text.filter(|text| text.len() <= LARGEST).and_then(|text| parse(&text)).unwrap_or(Json::Null)
}

/// A mistake in the page's code, told by the kind of error that the platform throws for those. `fetch` fails with one
/// of these kinds as well, and each engine says so in words of its own.
fn mistake(thrown: &JsValue, function: PageFunction) -> Option<Error> {
    const OF_FETCH: [&str; 7] =
        ["fetch", "network", "load failed", "internet", "connection", "cancelled", "terminated"];
    let word = |name| get(thrown, name).as_string().unwrap_or_default();
    let (name, message) = (word("name"), word("message"));
    // What a parser says quotes what it read, which may be a credential.
    let message = match &*name {
        "ReferenceError" => Some(message),
        "TypeError" => {
            let said = message.to_ascii_lowercase();
            if OF_FETCH.iter().any(|words| contains(&said, words)) {
                return None;
            }
            Some(message)
        }
        "SyntaxError" | "RangeError" => None,
        _ => return None,
    };
    Some(Error::Mistake { function, message })
}
