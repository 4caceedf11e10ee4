//! What a function of the page threw because of an answer: an error of axios, ky, umi-request, superagent and their
//! like, the answer itself, its body, or a text about it.
//!
//! Each client puts status, body and headers elsewhere; interceptors reject with whatever they have at hand.

use super::{
    Meta, Parse,
    complaint::error_status,
    failure::{is_success, refusal},
    read_failure,
    said::{is_cloud_code, said},
    search::{self, Members, member, number},
};
use crate::{
    error::{Answered, Error},
    json::Json,
};

const STATUSES: &[&str] = &["status", "statuscode"];
const ANSWERS: &[&str] = &["response", "res"];
const BODIES: &[&str] = &["data", "body", "text", "bodytext", "responsetext", "result"];
const HEADERS: &[&str] = &["headers", "header"];
const CODES: &[&str] = &["code", "errorcode", "errcode"];

/// The error that a rejected call to a source tells of, if it tells of an answer.
///
/// `thrown` holds what the value has of `name`, `message`, `code`, `status`, and of `response` or itself the
/// status, the body (`data`, `body`, `text`) and the headers by name. `None`: no server's answer is in it.
#[must_use]
pub fn read_thrown(thrown: &Json, parse: Parse<'_>) -> Option<Error> {
    match thrown {
        Json::Object(members) if is_ours(members) => ours(members),
        Json::Object(members) => answered(thrown, members, parse),
        Json::String(text) => page(thrown, parse).or_else(|| said(text, parse)),
        status => Some(read_failure(error_status(status)?, None, &Meta::default(), parse)),
    }
}

/// What an object tells of an answer: an error about one, the answer, or its body.
fn answered(thrown: &Json, members: &Members, parse: Parse<'_>) -> Option<Error> {
    let answer = object(members, ANSWERS);
    let places = || answer.into_iter().chain([members]);
    let status = places().find_map(|place| {
        let status = number(member(place, STATUSES)?.1)?;
        (100.0..600.0).contains(&status).then_some(status as u16)
    });
    let header = |name: &str| {
        places().find_map(|place| member(object(place, HEADERS)?, &[name])?.1.as_str())
    };
    let meta =
        Meta { status, date: header("date"), retry_after: header("retryafter"), ..Meta::default() };
    let name = member(members, &["name"]).and_then(|(_, name)| name.as_str()).unwrap_or_default();
    // An error of a library, or of the page: what it says is no server's, and its code need not be one's.
    let is_error = name.ends_with("Error") || name.ends_with("Exception");
    // What is neither an error nor an answer is a body: `{ code: 401, msg: "…" }`.
    let is_answer = is_error || places().any(|place| member(place, HEADERS).is_some());
    let whole = (!is_error).then_some(thrown);
    let bodies = || {
        let named = places().filter(|_| is_answer).filter_map(body_in);
        named.filter(|body| !body.is_empty()).chain(whole)
    };
    match status {
        Some(status) if !is_success(status) => {
            Some(read_failure(status, bodies().next().cloned(), &meta, parse))
        }
        _ => bodies()
            .chain(answer_itself(members))
            .find_map(|body| refusal(status.unwrap_or(200), body.clone(), &meta, parse))
            .or_else(|| bodies().find_map(|body| page(body, parse)))
            .or_else(|| worded(members, name, parse).filter(|_| is_error)),
    }
}

/// The answer of a client that puts the members of the body beside its status, as those of GraphQL do.
fn answer_itself(members: &Members) -> Option<&Json> {
    member(members, ANSWERS)
        .map(|(_, answer)| answer)
        .filter(|answer| matches!(answer, Json::Object(_)))
}

/// The error that a page of HTML is in the place of an answer.
fn page(body: &Json, parse: Parse<'_>) -> Option<Error> {
    let is_page = search::begins(search::bare(body.as_str()?), b"<");
    is_page.then(|| super::read(body.clone(), &Meta::default(), parse).err())?
}

/// The body of the answer that an object is, or is about.
fn body_in(members: &Members) -> Option<&Json> {
    let named = member(members, BODIES).map(|(_, body)| body);
    // Angular's name for it, and that of Ant Design Pro. Elsewhere they are words, in bodies such as Spring's.
    let objects = || ["error", "info"].iter().filter_map(|name| member(members, &[name]));
    named.or_else(|| {
        objects().map(|(_, value)| value).find(|value| matches!(value, Json::Object(_)))
    })
}

/// What an error that a page makes of an answer says: a server's code as its own, or the answer in its message.
fn worded(members: &Members, name: &str, parse: Parse<'_>) -> Option<Error> {
    let code = member(members, CODES).map(|(_, code)| code);
    let of_server = code.is_some_and(|code| match number(code) {
        // Below are the numbers that platforms give to errors of their own.
        Some(number) => number >= 400.0,
        None => code.as_str().is_some_and(is_cloud_code),
    });
    if of_server {
        let message = member(members, &["message"]).map(|(_, message)| message);
        let said = [("code", code), ("message", message)];
        let said = said.map(|(name, value)| Some((name.to_owned(), value?.clone())));
        let body = Json::Object(said.into_iter().flatten().collect());
        return Some(read_failure(200, Some(body), &Meta::default(), parse));
    }
    let of_platform = ["ReferenceError", "TypeError", "SyntaxError", "RangeError"].contains(&name);
    let (_, message) = member(members, &["message"]).filter(|_| !of_platform)?;
    said(message.as_str()?, parse)
}

fn object<'a>(members: &'a Members, names: &[&str]) -> Option<&'a Members> {
    match member(members, names)?.1 {
        Json::Object(members) => Some(members),
        _ => None,
    }
}

fn is_ours(members: &Members) -> bool {
    member(members, &["name"]).is_some_and(|(_, name)| name.as_str() == Some("UploadTokenError"))
}

/// An error of this package: a source may be another manager.
fn ours(members: &Members) -> Option<Error> {
    let text = |name| member(members, &[name]).and_then(|(_, value)| value.as_str());
    let status = member(members, &["status"]).and_then(|(_, status)| number(status));
    let answered = Answered {
        code: text("servercode").map(Into::into),
        message: text("servermessage").map(Into::into),
        request_id: text("requestid").map(Into::into),
        ..Answered::status(status.unwrap_or_default() as u16)
    };
    let wait = member(members, &["retryafter"]).and_then(|(_, wait)| number(wait));
    Some(match text("code")? {
        "closed" => Error::Closed,
        "timeout" => Error::Timeout { after: 0 },
        "network" | "aborted" => Error::Network,
        "http" => Error::Http(answered),
        "throttled" => Error::Throttled { answered, retry_after: wait.map(|wait| wait as u64) },
        "unauthenticated" => Error::Unauthenticated(answered),
        "forbidden" => Error::Forbidden(answered),
        "invalid_response" => {
            Error::InvalidResponse { reason: "the other manager's answer held no usable token" }
        }
        "long_lived_key" => Error::LongLivedKey,
        "expired_on_arrival" => Error::ExpiredOnArrival,
        "rejected" => Error::Rejected,
        "reset" => Error::Reset,
        // A mistake in what the function itself calls.
        _ => return None,
    })
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<Json> {
        serde_json::from_str(text).ok()
    }

    fn read(thrown: &str) -> Option<Error> {
        read_thrown(&parse(thrown)?, &parse)
    }

    #[test]
    fn status_code_and_wait_are_read_wherever_clients_put_them() {
        let cases = [
            // axios: with and without a status of its own
            (
                r#"{"name":"AxiosError","code":"ERR_BAD_REQUEST","status":401,"response":{"status":401,"data":{"code":"NotSignedIn"},"headers":{}}}"#,
                "unauthenticated",
                401,
                Some("NotSignedIn"),
                None,
            ),
            (
                r#"{"name":"AxiosError","code":"ERR_BAD_RESPONSE","response":{"status":503,"data":"busy","headers":{"retry-after":"7"}}}"#,
                "throttled",
                503,
                None,
                Some(7_000),
            ),
            // ky
            (
                r#"{"name":"HTTPError","response":{"status":403,"headers":{},"body":"{\"code\":\"Forbidden\"}"}}"#,
                "forbidden",
                403,
                Some("Forbidden"),
                None,
            ),
            // umi-request
            (
                r#"{"name":"ResponseError","data":{"errorCode":"Throttling.User"},"response":{"status":400,"headers":{}}}"#,
                "throttled",
                400,
                Some("Throttling.User"),
                None,
            ),
            // superagent
            (
                r#"{"name":"Error","status":429,"response":{"status":429,"statusCode":429,"body":{},"header":{"retry-after":"2"}}}"#,
                "throttled",
                429,
                None,
                Some(2_000),
            ),
            // an interceptor that rejects with the body
            (r#"{"code":401,"message":"please sign in"}"#, "unauthenticated", 401, None, None),
            (r#"{"success":false,"msg":"closed"}"#, "http", 200, None, None),
            // a failed answer under 200
            (
                r#"{"name":"BizError","data":{"code":1001,"msg":"no"},"response":{"status":200}}"#,
                "http",
                200,
                Some("1001"),
                None,
            ),
            // an interceptor that rejects with the answer: axios, superagent, jQuery, Angular
            (
                r#"{"status":401,"statusText":"","data":{"code":"NotSignedIn","message":"no"},"headers":{},"config":{"headers":{}}}"#,
                "unauthenticated",
                401,
                Some("NotSignedIn"),
                None,
            ),
            (
                r#"{"status":429,"text":"{\"code\":\"Busy\"}","header":{"retry-after":"2"}}"#,
                "throttled",
                429,
                Some("Busy"),
                Some(2_000),
            ),
            (
                r#"{"readyState":4,"status":403,"responseText":"{\"code\":\"NoPermission\"}","response":{"status":403,"headers":{}}}"#,
                "http",
                403,
                Some("NoPermission"),
                None,
            ),
            (
                r#"{"name":"HttpErrorResponse","status":404,"error":{"code":"Gone"},"headers":{}}"#,
                "http",
                404,
                Some("Gone"),
                None,
            ),
            // … or with its body, whatever else is in that
            (
                r#"{"code":1001,"data":{"left":0},"msg":"no uploads left"}"#,
                "http",
                200,
                Some("1001"),
                None,
            ),
            (
                r#"{"status":400,"code":"A.1","message":"no","data":{"field":"b"}}"#,
                "http",
                400,
                Some("A.1"),
                None,
            ),
            (
                r#"{"status":403,"error":"Forbidden","message":"no","path":"/sts"}"#,
                "forbidden",
                403,
                Some("Forbidden"),
                None,
            ),
            // an error that a page makes of the body
            (
                r#"{"name":"Error","code":401,"message":"please sign in"}"#,
                "unauthenticated",
                401,
                None,
                None,
            ),
            (
                r#"{"name":"Error","code":"NoPermission","message":"no"}"#,
                "http",
                200,
                Some("NoPermission"),
                None,
            ),
            (r#"{"name":"Error","code":1001,"message":"no"}"#, "http", 200, Some("1001"), None),
            (
                r#"{"name":"Error","message":"{\"code\":401,\"msg\":\"no\"}"}"#,
                "unauthenticated",
                401,
                None,
                None,
            ),
            (r#""NoPermission: You are not authorized""#, "http", 200, Some("NoPermission"), None),
            (r#""{\"code\":401,\"msg\":\"no\"}""#, "unauthenticated", 401, None, None),
            ("401", "unauthenticated", 401, None, None),
        ];
        for (thrown, code, status, server_code, wait) in cases {
            let error = read(thrown).unwrap();
            let answered = error.answered().unwrap();
            assert_eq!((error.code(), answered.status), (code, status), "{thrown}");
            if server_code.is_some() {
                assert_eq!(answered.code.as_deref(), server_code, "{thrown}");
            }
            assert_eq!(error.retry_after(), wait, "{thrown}");
        }
    }

    #[test]
    fn what_tells_of_no_answer_is_not_read() {
        for thrown in [
            r#"{"name":"AxiosError","code":"ERR_NETWORK","message":"Network Error"}"#,
            r#"{"name":"TypeError","message":"Failed to fetch"}"#,
            r#"{"name":"TimeoutError","message":"Request timed out","code":"ECONNABORTED"}"#,
            r#"{"name":"TypeError","message":"HTTP 401"}"#,
            r#"{"name":"NotAllowedError","message":"no","code":25}"#,
            r#"{"name":"Error","message":"connect ECONNREFUSED 127.0.0.1:9","code":"ECONNREFUSED"}"#,
            r#"{"code":0,"data":{}}"#,
            r#"{"status":200,"data":{"code":0},"headers":{}}"#,
            r#"{"status":0,"statusText":"error","readyState":0}"#,
            "0",
            r#"{}"#,
            r#""text""#,
            "null",
        ] {
            assert_eq!(read(thrown), None, "{thrown}");
        }
    }

    #[test]
    fn an_error_of_another_manager_stays_what_it_is() {
        for code in [
            "closed",
            "timeout",
            "network",
            "http",
            "throttled",
            "unauthenticated",
            "forbidden",
            "invalid_response",
            "long_lived_key",
            "expired_on_arrival",
            "rejected",
            "reset",
        ] {
            let thrown = format!(
                r#"{{"name":"UploadTokenError","code":"{code}","status":418,"serverCode":"A","retryAfter":5}}"#
            );
            let error = read(&thrown).unwrap();
            assert_eq!(error.code(), code);
            if let Some(answered) = error.answered() {
                assert_eq!((answered.status, answered.code.as_deref()), (418, Some("A")));
            }
        }
        assert_eq!(read(r#"{"name":"UploadTokenError","code":"aborted"}"#), Some(Error::Network));
        assert_eq!(read(r#"{"name":"UploadTokenError","code":"invalid_option"}"#), None);
    }
}
