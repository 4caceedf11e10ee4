//! What a client library threw because of an answer: axios, ky, umi-request, superagent and their like.
//!
//! Each puts status, body and headers elsewhere; some reject with the body itself.

use super::{
    Meta, Parse,
    complaint::Complaint,
    failure, read_failure,
    search::{Members, Tree, member, number},
};
use crate::{
    error::{Answered, Error, Party},
    json::Json,
};

const STATUSES: &[&str] = &["status", "statuscode"];
const ANSWERS: &[&str] = &["response", "res"];
const BODIES: &[&str] = &["data", "body", "text", "bodytext", "responsetext", "error"];
const HEADERS: &[&str] = &["headers", "header"];

/// The error that a rejected call to a source tells of, if it tells of an answer.
///
/// `thrown` holds what the value has of `name`, `message`, `code`, `status`, and of `response` or itself the
/// status, the body (`data`, `body`, `text`) and the headers by name. `None`: no server's answer is in it.
#[must_use]
pub fn read_thrown(thrown: &Json, parse: Parse<'_>) -> Option<Error> {
    let Json::Object(members) = thrown else { return None };
    if let Some(error) = ours(members) {
        return Some(error);
    }
    let answer = object(members, ANSWERS);
    let places = || answer.into_iter().chain([&**members]);
    let status = places().find_map(|place| {
        let status = number(member(place, STATUSES)?.1)?;
        (100.0..600.0).contains(&status).then_some(status as u16)
    });
    let body = || places().find_map(|place| member(place, BODIES)).map(|(_, body)| body.clone());
    let header = |name: &str| {
        places().find_map(|place| member(object(place, HEADERS)?, &[name])?.1.as_str())
    };
    let meta =
        Meta { status, date: header("date"), retry_after: header("retryafter"), ..Meta::default() };
    match status {
        Some(status) if !failure::is_success(status) => {
            Some(read_failure(status, body(), &meta, parse))
        }
        _ => {
            // An interceptor that rejects with the body: `{ code: 401, msg: "…" }`. An error of the platform has
            // a code of its own, which is none of a server's.
            let json = match body() {
                Some(body) => body,
                None if is_error(members) => return None,
                None => thrown.clone(),
            };
            let failed = Complaint::read(Tree::new(&json).objects()).failed();
            failed.then(|| read_failure(status.unwrap_or(200), Some(json), &meta, parse))
        }
    }
}

/// Whether it is an error of the platform or of a library, and no answer.
fn is_error(members: &Members) -> bool {
    let name = member(members, &["name"]).and_then(|(_, name)| name.as_str()).unwrap_or_default();
    name.ends_with("Error") || name.ends_with("Exception")
}

fn object<'a>(members: &'a Members, names: &[&str]) -> Option<&'a Members> {
    match member(members, names)?.1 {
        Json::Object(members) => Some(members),
        _ => None,
    }
}

/// An error of this package: a source may be another manager.
fn ours(members: &Members) -> Option<Error> {
    let text = |name| member(members, &[name]).and_then(|(_, value)| value.as_str());
    if text("name") != Some("UploadTokenError") {
        return None;
    }
    let status = member(members, &["status"]).and_then(|(_, status)| number(status));
    let answered = Answered {
        party: Party::AppServer,
        status: status.unwrap_or_default() as u16,
        code: text("servercode").map(Into::into),
        message: text("servermessage").map(Into::into),
        request_id: text("requestid").map(Into::into),
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
        _ => Error::Source,
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
            r#"{"code":0,"data":{}}"#,
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
        assert_eq!(read(r#"{"name":"UploadTokenError","code":"new"}"#), Some(Error::Source));
    }
}
