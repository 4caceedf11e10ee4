//! What a function of the page threw, or rejected with.

use std::{future::Future, pin::Pin};

use js_sys::Array;
use wasm_bindgen::prelude::*;

use super::{
    body::{Body, has_status, headers_of, is_plain, is_response, read_body, stringified},
    patience::Patience,
    values::{call, get, header, parse},
};
use crate::{
    error::{Error, PageFunction},
    json::Json,
    reply::{self, Fault},
};

/// What client libraries put on an error or an answer, where it is not what `Object.keys` finds.
const MEMBERS: [&str; 25] = [
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
    "rawMessage",
    "statusText",
    "errors",
    "graphQLErrors",
    "inner",
    "details",
    "path",
];
/// Where an error has the answer that it is about: that of an event, and that of supabase.
const ANSWERS: [&str; 4] = ["response", "res", "target", "context"];
/// Where an error, or what a client made of one, has another that it is about.
const INNER: [&str; 7] =
    ["cause", "networkError", "context", "originalError", "error", "err", "reason"];
/// How many errors are looked at that are each inside of the one before.
const CAUSES: usize = 4;
/// How many errors are looked at that were thrown together.
const TOGETHER: u32 = 8;
/// Largest part of it that is read, in bytes.
const LARGEST: usize = 64 << 10;

/// Why `function` brought nothing. Boxed, because it asks what is inside of an error in the same way.
pub(super) fn error<'a>(
    thrown: &'a JsValue,
    function: PageFunction,
    patience: &'a Patience,
) -> Pin<Box<dyn Future<Output = Error> + 'a>> {
    Box::pin(read(thrown, function, patience))
}

/// The error that a function resolved with, if it did, as interceptors and `catch((error) => error)` do: as such, as
/// one of a list, or as the `error` of what a client made of it.
pub(super) fn caught(value: &JsValue) -> Option<JsValue> {
    if is_error(value) {
        return Some(value.clone());
    }
    if Array::is_array(value) {
        let list = Array::from(value);
        // `[error, data]`, where the error may be one of a mini program.
        let first = list.get(0);
        let alone = (1..list.length()).all(|at| !list.get(at).is_truthy());
        let reported = alone && !get(&first, "errMsg").is_undefined();
        return if reported {
            Some(first)
        } else {
            (0..list.length()).map(|at| list.get(at)).find(is_error)
        };
    }
    // An answer beside it tells more.
    let answered = is_response(&get(value, "response"));
    let errors = ["error", "err", "reason"].map(|name| get(value, name));
    errors.into_iter().find(is_error).filter(|_| !answered)
}

/// The failure that a client reports in what a function resolved with. Boxed, as [`error`] is.
pub(super) fn result<'a>(
    value: &'a JsValue,
    patience: &'a Patience,
) -> Pin<Box<dyn Future<Output = Option<Error>> + 'a>> {
    Box::pin(async move { reply::read_result(&told(value, patience, CAUSES).await, &parse) })
}

async fn read(thrown: &JsValue, function: PageFunction, patience: &Patience) -> Error {
    let mut each = Vec::new();
    for one in together(thrown) {
        each.push(reply::read_thrown(&told(&one, patience, CAUSES).await, &parse));
    }
    if let Some(error) = reply::read_together(each) {
        return error;
    }
    let told = told(thrown, patience, CAUSES).await;
    if let Some(error) = reply::read_thrown(&told, &parse) {
        return error;
    }
    // The words of an error that has a cause are about that.
    let has_cause = get(thrown, "cause").is_object();
    let words = || reply::read_words(&told, &parse).filter(|_| !has_cause);
    fault(thrown, function).or_else(words).unwrap_or(Error::Source)
}

/// The errors that `Promise.any` rejects with together.
fn together(thrown: &JsValue) -> impl Iterator<Item = JsValue> + use<> {
    let errors = get(thrown, "errors");
    let list = if Array::is_array(&errors) { Array::from(&errors) } else { Array::new() };
    let few = list.length().min(TOGETHER);
    (0..few).map(move |at| list.get(at)).filter(is_error)
}

/// Whether it is an error of JavaScript, of whichever realm.
fn is_error(value: &JsValue) -> bool {
    value.is_instance_of::<js_sys::Error>() || get(value, "stack").is_string() && !is_plain(value)
}

/// What the value tells of an answer, as plain data; and the errors inside of it, `depth` in all.
fn told<'a>(
    thrown: &'a JsValue,
    patience: &'a Patience,
    depth: usize,
) -> Pin<Box<dyn Future<Output = Json> + 'a>> {
    Box::pin(async move {
        if !thrown.is_object() {
            return plain(thrown);
        }
        let mut told = members(thrown);
        if is_error(thrown) {
            put(&mut told, "stack", Json::Bool(true));
        }
        for name in INNER {
            let inner = get(thrown, name);
            if depth > 1 && (is_error(&inner) || name == "cause" && inner.is_object()) {
                let inner = self::told(&inner, patience, depth - 1).await;
                put(&mut told, name, inner);
            }
        }
        let named = ANSWERS.into_iter().map(|name| get(thrown, name)).filter(has_status);
        // A body may name a status too, and has no headers.
        let itself = (has_status(thrown) && headers(thrown).is_some()).then(|| thrown.clone());
        if let Some(answer) = itself.into_iter().chain(named).next() {
            let mut of_answer = members(&answer);
            // As the client shows them, and not as JSON would.
            if let Some(headers) = headers(&answer) {
                put(&mut of_answer, "headers", headers);
            }
            if let Some(body) = unread(&answer, patience).await {
                put(&mut of_answer, "body", body);
            }
            put(&mut told, "response", Json::Object(of_answer));
        }
        Json::Object(told)
    })
}

/// Sets a member.
fn put(members: &mut Vec<(String, Json)>, name: &str, value: Json) {
    match members.iter_mut().find(|(known, _)| known == name) {
        Some((_, old)) => *old = value,
        None => members.push((name.to_owned(), value)),
    }
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
            let (name, value) = line.split_once(":")?;
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
    stringified(value)
        .ok()
        .flatten()
        .filter(|text| text.len() <= LARGEST)
        .and_then(|text| parse(&text))
        .unwrap_or(Json::Null)
}

/// What an error of the platform is about: the page's code, or an answer that it could not read.
fn fault(thrown: &JsValue, function: PageFunction) -> Option<Error> {
    let word = |name| get(thrown, name).as_string().unwrap_or_default();
    let (name, message) = (word("name"), word("message"));
    if name == "UploadTokenError" {
        // Of ours, without the address of its entry.
        let said = message.split_once(" — ").map(|(said, _)| said.to_owned());
        return Some(Error::Mistake {
            function,
            message: Some(said.unwrap_or(message)),
            of_answer: false,
        });
    }
    Some(match reply::read_fault(&name, &message)? {
        Fault::Mistake(message) => Error::Mistake { function, message, of_answer: false },
        Fault::Absent(message) => Error::Mistake { function, message, of_answer: true },
        Fault::Unreadable => Error::InvalidResponse {
            reason: "the page's function could not parse it, as if it were the page of a sign-in or of a proxy",
        },
    })
}
