//! Every answer of `tests/fixtures/app-server/`, checked with whichever deserializer the target has.
//!
//! A fixture holds the answer and its outcome:
//!
//! ```json
//! { "about": "why this shape exists",
//!   "mode": "uploadAuth",                                      // else an STS token is asked for
//!   "status": 200, "headers": { "date": "…", "age": "…", "retryAfter": "…", "cacheControl": "…" },
//!   "body": "text, as it was sent, or any other JSON value", "repeat": 1000,
//!   "expect": { "at": "ISO 8601", "left": 3600000, "serverTime": "ISO 8601", "granularity": 1000, "warnings": [] } }
//! ```
//!
//! or `"expect": { "error": "its code", "class": "transient", "reason": "…", "status": 400, … }`. What `expect`
//! does not name must be absent, except the `reason` of an error, where the two deserializers may differ, its
//! `serverMessage`, and the `rest` of an answer.

use upload_token::{
    error::{Class, Error},
    json::Json,
    reply::{self, Meta, Parse, Reply},
    time::{Millis, to_iso},
    token::{StsToken, UploadAuth},
};

const ID: &str = "STS.CanaryKeyId0000000000001";
const SECRET: &str = "CanarySecret000000000000000000000000000000001";
const TOKEN: &str = "CanaryToken/CAIS+000000000000000000000000001==";

/// Checks one fixture, in each form that a body can have.
///
/// # Panics
///
/// If the outcome is not the expected one, or anything printable holds a credential.
pub(crate) fn check(name: &str, fixture: &str, parse: Parse<'_>) {
    let fixture = parse(fixture).expect(name);
    let body = fixture.get("body").expect(name).clone();
    let expect = fixture.get("expect").expect(name);
    match body {
        Json::String(text) => {
            let times = fixture.get("repeat").map_or(1, |times| whole(times) as usize);
            check_body(name, &fixture, Json::String(text.repeat(times)), expect, parse);
        }
        value => {
            check_body(name, &fixture, Json::String(to_text(&value)), expect, parse);
            check_body(name, &fixture, value, expect, parse);
        }
    }
}

fn check_body(name: &str, fixture: &Json, body: Json, expect: &Json, parse: Parse<'_>) {
    let header =
        |key| fixture.get("headers").and_then(|headers| headers.get(key)).and_then(Json::as_str);
    let meta = Meta {
        status: fixture.get("status").map(|status| u16::try_from(whole(status)).expect(name)),
        date: header("date"),
        age: header("age"),
        retry_after: header("retryAfter"),
        cache_control: header("cacheControl"),
        redirected: fixture.get("redirected") == Some(&Json::Bool(true)),
    };
    if fixture.get("mode").and_then(Json::as_str) == Some("uploadAuth") {
        let reply = reply::read_upload_auth(body, &meta, parse);
        assert_silent(name, &format!("{reply:?}"));
        match reply {
            Ok(reply) => {
                check_reply(name, &reply, expect);
                check_auth(name, &reply.token, expect);
            }
            Err(error) => check_error(name, &error, expect),
        }
    } else {
        let reply = reply::read(body, &meta, parse);
        assert_silent(name, &format!("{reply:?}"));
        match reply {
            Ok(reply) => {
                check_reply(name, &reply, expect);
                check_token(name, &reply.token, expect);
            }
            Err(error) => check_error(name, &error, expect),
        }
    }
}

fn check_reply<T>(name: &str, reply: &Reply<T>, expect: &Json) {
    assert!(expect.get("error").is_none(), "{name}: accepted");
    assert_eq!(reply.expiry.at.map(to_iso).as_deref(), text(expect, "at"), "{name}: at");
    assert_eq!(reply.expiry.left, span(expect, "left"), "{name}: left");
    let server = reply.server_time;
    assert_eq!(
        server.map(|time| to_iso(time.at)).as_deref(),
        text(expect, "serverTime"),
        "{name}: serverTime"
    );
    assert_eq!(
        server.map(|time| time.granularity),
        span(expect, "granularity"),
        "{name}: granularity"
    );
    assert_eq!(reply.expiry.refresh, span(expect, "refreshAfter"), "{name}: refreshAfter");
    let warnings: Vec<&str> = match expect.get("warnings") {
        Some(Json::Array(names)) => names.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    };
    assert_eq!(
        reply.warnings.iter().map(|warning| warning.name()).collect::<Vec<_>>(),
        warnings,
        "{name}: warnings"
    );
    assert_silent(name, &to_text(&reply.rest));
    if let Some(rest) = expect.get("rest") {
        assert_eq!(to_text(&reply.rest), to_text(rest), "{name}: rest");
    }
}

fn check_token(name: &str, token: &StsToken, expect: &Json) {
    assert_eq!(token.access_key_id, text(expect, "accessKeyId").unwrap_or(ID), "{name}");
    assert!(token.access_key_secret.expose() == SECRET, "{name}: another secret");
    assert!(
        token.security_token.expose() == text(expect, "securityToken").unwrap_or(TOKEN),
        "{name}: another security token"
    );
}

fn check_auth(name: &str, auth: &UploadAuth, expect: &Json) {
    check_token(name, &auth.token, expect);
    assert!(
        Some(auth.upload_auth.expose().as_str()) == text(expect, "uploadAuth"),
        "{name}: another UploadAuth"
    );
    assert_eq!(auth.upload_address, text(expect, "uploadAddress").unwrap_or_default(), "{name}");
    assert_eq!(auth.video_id.as_deref(), text(expect, "videoId"), "{name}");
    assert_eq!(auth.image_id.as_deref(), text(expect, "imageId"), "{name}");
    assert_eq!(auth.media_id.as_deref(), text(expect, "mediaId"), "{name}");
    assert_eq!(auth.address.is_some(), !auth.upload_address.is_empty(), "{name}");
}

fn check_error(name: &str, error: &Error, expect: &Json) {
    assert_silent(name, &error.to_string());
    assert_eq!(Some(error.code()), text(expect, "error"), "{name}: {error:?}");
    let class = match error.class() {
        Class::Transient => "transient",
        Class::Throttle => "throttle",
        Class::Auth => "auth",
        Class::Fatal => "fatal",
    };
    assert_eq!(Some(class), text(expect, "class"), "{name}: {error:?}");
    if let (Error::InvalidResponse { reason }, Some(expected)) = (error, text(expect, "reason")) {
        assert_eq!(*reason, expected, "{name}");
    }
    let answered = error.answered();
    let status = answered.map(|answered| Millis::from(answered.status));
    assert_eq!(status, span(expect, "status"), "{name}: status");
    let code = answered.and_then(|answered| answered.code.as_deref());
    assert_eq!(code, text(expect, "serverCode"), "{name}: serverCode");
    assert_eq!(error.retry_after(), span(expect, "retryAfter"), "{name}: retryAfter");
    let message = answered.and_then(|answered| answered.message.as_deref()).unwrap_or_default();
    assert_silent(name, message);
    if let Some(expected) = text(expect, "serverMessage") {
        assert_eq!(message, expected, "{name}: serverMessage");
    }
}

/// No part of a secret may be printable. The AccessKeyId is no secret.
fn assert_silent(name: &str, printed: &str) {
    for canary in ["CanarySecret", "CanaryToken", "CanaryOld", "LTAI"] {
        assert!(!printed.contains(canary), "{name}: something that can be printed holds {canary}");
    }
}

fn text<'a>(expect: &'a Json, key: &str) -> Option<&'a str> {
    expect.get(key).and_then(Json::as_str)
}

fn span(expect: &Json, key: &str) -> Option<Millis> {
    expect.get(key).map(whole)
}

fn whole(json: &Json) -> Millis {
    match json {
        Json::Number(number) => *number as Millis,
        _ => panic!("a number is expected"),
    }
}

/// `json` as text, to read it once more as a body.
pub(crate) fn to_text(json: &Json) -> String {
    match json {
        Json::Null => "null".into(),
        Json::Bool(value) => value.to_string(),
        Json::Number(value) => value.to_string(),
        Json::String(text) => quote(text),
        Json::Array(elements) => {
            format!("[{}]", elements.iter().map(to_text).collect::<Vec<_>>().join(","))
        }
        Json::Object(members) => {
            let member =
                |(key, value): &(String, Json)| format!("{}:{}", quote(key), to_text(value));
            format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(","))
        }
    }
}

fn quote(text: &str) -> String {
    let escape = |c: char| match c {
        '"' => "\\\"".into(),
        '\\' => "\\\\".into(),
        c if c < ' ' => format!("\\u{:04x}", c as u32),
        c => c.to_string(),
    };
    format!("\"{}\"", text.chars().map(escape).collect::<String>())
}
