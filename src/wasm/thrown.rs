//! What a function of the page threw, or rejected with.

use std::{future::Future, pin::Pin};

use js_sys::JSON;
use wasm_bindgen::prelude::*;

use super::{
    body::{Body, has_status, headers_of, is_response, read_body},
    options::{call, get, header, parse},
    patience::Patience,
};
use crate::{
    error::{Error, PageFunction},
    json::Json,
    reply::{self, Fault},
    text::split_once,
};

/// What client libraries put on an error or an answer, where it is not what `Object.keys` finds.
const MEMBERS: [&str; 18] = [
    "name",
    "message",
    "code",
    "errorCode",
    "errcode",
    "status",
    "statusCode",
    "serverCode",
    "serverMessage",
    "requestId",
    "retryAfter",
    "data",
    "body",
    "text",
    "responseText",
    "error",
    "info",
    "result",
];
/// Where an error has the answer that it is about; the last is that of an event.
const ANSWERS: [&str; 3] = ["response", "res", "target"];
/// How many errors are looked at that are each the cause of the one before.
const CAUSES: usize = 4;
/// Largest part of it that is read, in bytes.
const LARGEST: usize = 64 << 10;

/// Why `function` brought nothing. Boxed, so that who waits for it does not carry its code as well.
pub(super) fn error<'a>(
    thrown: &'a JsValue,
    function: PageFunction,
    patience: &'a Patience,
) -> Pin<Box<dyn Future<Output = Error> + 'a>> {
    Box::pin(read(thrown, function, patience))
}

async fn read(thrown: &JsValue, function: PageFunction, patience: &Patience) -> Error {
    let itself = told(thrown, patience).await;
    if let Some(error) = reply::read_thrown(&itself, &parse) {
        return error;
    }
    let mut cause = get(thrown, "cause");
    let has_cause = cause.is_object();
    for _ in 1..CAUSES {
        if let Some(error) = reply::read_thrown(&told(&cause, patience).await, &parse) {
            return error;
        }
        cause = get(&cause, "cause");
    }
    // The words of an error that has a cause are about that.
    let words = || reply::read_words(&itself, &parse).filter(|_| !has_cause);
    fault(thrown, function).or_else(words).unwrap_or(Error::Source)
}

/// What the value tells of an answer, as plain data.
async fn told(thrown: &JsValue, patience: &Patience) -> Json {
    if !thrown.is_object() {
        return plain(thrown);
    }
    let mut told = members(thrown);
    let named = ANSWERS.into_iter().map(|name| get(thrown, name)).filter(has_status);
    // A body may name a status too, and has no headers.
    let itself = (has_status(thrown) && headers(thrown).is_some()).then(|| thrown.clone());
    if let Some(answer) = itself.into_iter().chain(named).next() {
        let mut of_answer = members(&answer);
        of_answer.extend(headers(&answer).map(|headers| ("headers".to_owned(), headers)));
        of_answer.extend(unread(&answer, patience).await.map(|body| ("body".to_owned(), body)));
        told.push(("response".to_owned(), Json::Object(of_answer)));
    }
    Json::Object(told)
}

/// What it has by [`MEMBERS`]' names; and if it is no error, whatever else is in it.
fn members(object: &JsValue) -> Vec<(String, Json)> {
    let own = if get(object, "stack").is_undefined() { plain(object) } else { Json::Null };
    let mut members = match own {
        Json::Object(members) => members,
        _ => Vec::new(),
    };
    for name in MEMBERS {
        if members.iter().all(|(known, _)| known != name) {
            let value = plain(&get(object, name));
            members.extend((!value.is_empty()).then(|| (name.to_owned(), value)));
        }
    }
    members
}

/// What the headers of an answer say of time: those of `fetch`, axios and Angular, of Node, or of an XMLHttpRequest.
fn headers(answer: &JsValue) -> Option<Json> {
    const TOLD: [&str; 2] = ["retry-after", "date"];
    if let Ok(Some(lines)) = call(answer, "getAllResponseHeaders") {
        let lines = lines.as_string().unwrap_or_default();
        let header = |line: &str| {
            let (name, value) = split_once(line, ":")?;
            Some((name.to_owned(), Json::String(value.trim_ascii().to_owned())))
        };
        return Some(Json::Object(lines.lines().filter_map(header).collect()));
    }
    let headers = Some(headers_of(answer)).filter(JsValue::is_object)?;
    if !get(&headers, "get").is_function() {
        return Some(plain(&headers));
    }
    let told = |name: &str| Some((name.to_owned(), Json::String(header(&headers, name)?)));
    Some(Json::Object(TOLD.into_iter().filter_map(told).collect()))
}

/// The body of an answer that nobody has read yet, which the page may still read itself; or what an XMLHttpRequest has
/// made of it.
async fn unread(answer: &JsValue, patience: &Patience) -> Option<Json> {
    if !is_response(answer) {
        let parsed = get(answer, "response");
        return parsed.is_object().then(|| plain(&parsed));
    }
    if get(answer, "bodyUsed").is_truthy() {
        return None;
    }
    let copy = call(answer, "clone").ok()??;
    match read_body(&copy, patience).await {
        Ok(Body::Text(text)) => Some(Json::String(text)),
        _ => None,
    }
}

/// A value as JSON carries it; nothing for what it cannot carry. By the platform, because reading may throw.
fn plain(value: &JsValue) -> Json {
    let text = JSON::stringify(value).ok().and_then(|text| text.as_string());
    text.filter(|text| text.len() <= LARGEST).and_then(|text| parse(&text)).unwrap_or(Json::Null)
}

/// What an error of the platform is about: the page's code, or an answer that it could not read.
fn fault(thrown: &JsValue, function: PageFunction) -> Option<Error> {
    let word = |name| get(thrown, name).as_string().unwrap_or_default();
    let (name, message) = (word("name"), word("message"));
    if name == "UploadTokenError" {
        // Of ours, without the address of its entry.
        let said = split_once(&message, " — ").map(|(said, _)| said.to_owned());
        return Some(Error::Mistake { function, message: Some(said.unwrap_or(message)) });
    }
    Some(match reply::read_fault(&name, &message)? {
        Fault::Mistake(message) => Error::Mistake { function, message },
        Fault::Unreadable => Error::InvalidResponse {
            reason: "the page's function could not parse it, as if it were the page of a sign-in or of a proxy",
        },
    })
}
