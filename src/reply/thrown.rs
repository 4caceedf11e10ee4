//! What a function of the page threw because of an answer: an error of axios, ky, umi-request, superagent and their
//! like, the answer itself, its body, or a text about it.
//!
//! Each client puts status, body and headers elsewhere; interceptors reject with whatever they have at hand.

use super::{
    Meta, Parse,
    checked::found_malformed,
    client::{HEADERS, OF_LANGUAGE, STATUSES, is_error, unparsed, unreached},
    complaint::error_status,
    failure::{is_success, refusal},
    grpc,
    members::{Members, bare, begins, member, number},
    ours::{is_ours, ours},
    read_failure,
    said::said,
};
use crate::{
    error::{Error, is_cloud_code},
    json::Json,
};

const ANSWERS: &[&str] = &["response", "res"];
const BODIES: &[&str] = &["data", "body", "text", "bodytext", "responsetext", "result"];
const CODES: &[&str] = &["code", "errorcode", "errcode"];
/// Where an error has another that it is about. One that a body has under such a name is data, but for a cause.
const INNER: [&str; 7] =
    ["cause", "networkerror", "context", "originalerror", "error", "err", "reason"];

/// The error that a rejected call to a source tells of, if it tells of an answer.
///
/// `thrown` holds what the value has of `name`, `message`, `code`, `status`, and of `response` or itself the
/// status, the body (`data`, `body`, `text`) and the headers by name; the errors that it holds in turn, in the same
/// form; and `stack: true` if it is an error of JavaScript. `None`: no server's answer is in it.
#[must_use]
pub fn read_thrown(thrown: &Json, parse: Parse<'_>) -> Option<Error> {
    itself(thrown, parse).or_else(|| inside(thrown, parse))
}

/// What the errors tell that an error is about: its cause, and what Apollo, urql and supabase call it.
fn inside(thrown: &Json, parse: Parse<'_>) -> Option<Error> {
    let Json::Object(members) = thrown else { return None };
    INNER.iter().find_map(|name| {
        let (_, inner) = member(members, &[name])?;
        let Json::Object(members) = inner else { return None };
        (*name == "cause" || is_error(members)).then(|| read_thrown(inner, parse))?
    })
}

fn itself(thrown: &Json, parse: Parse<'_>) -> Option<Error> {
    match thrown {
        Json::Object(members) if is_ours(members) => ours(members),
        Json::Object(members) => answered(thrown, members, parse),
        Json::String(text) => page(thrown, parse).or_else(|| said(text, parse)),
        status => Some(read_failure(error_status(status)?, None, &Meta::default(), parse)),
    }
}

/// What an object tells of an answer: an error about one, the answer, or its body.
pub(super) fn answered(thrown: &Json, members: &Members, parse: Parse<'_>) -> Option<Error> {
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
    // What an error says is no server's, and its code need not be one's.
    let is_error = is_error(members);
    let listed = errors_of_graphql(members).filter(|_| is_error);
    if status.is_none() && listed.is_none() && unreached(members) {
        return None;
    }
    if let Some(error) = unparsed(members, parse) {
        return Some(error);
    }
    if let Some(error) = found_malformed(members).filter(|_| status.is_none()) {
        return Some(error);
    }
    // What is neither an error nor an answer is a body: `{ code: 401, msg: "…" }`.
    let is_answer = is_error || places().any(|place| member(place, HEADERS).is_some());
    let mut bodies: Vec<&Json> = Vec::new();
    for place in places().filter(|_| is_answer) {
        bodies.extend(body_in(place).filter(|body| !body.is_empty()));
    }
    // Beside an answer, a text of this name is its body.
    let text = answer.and_then(|_| member(members, &["error"])).map(|(_, body)| body);
    bodies.extend(text.filter(|body| body.as_str().is_some()));
    bodies.extend((!is_error).then_some(thrown));
    bodies.extend(&listed);
    if let Some(status) = status.filter(|&status| !is_success(status)) {
        return Some(read_failure(status, bodies.first().copied().cloned(), &meta, parse));
    }
    let pages = bodies.clone();
    bodies.extend(answer_itself(members));
    let refused = |body: &Json| refusal(status.unwrap_or(200), body.clone(), &meta, parse);
    bodies
        .into_iter()
        .find_map(refused)
        .or_else(|| pages.into_iter().find_map(|body| page(body, parse)))
        .or_else(|| worded(members, name, parse).filter(|_| is_error))
}

/// The answer of a client that puts the members of the body beside its status, as those of GraphQL do.
fn answer_itself(members: &Members) -> Option<&Json> {
    member(members, ANSWERS)
        .map(|(_, answer)| answer)
        .filter(|answer| matches!(answer, Json::Object(_)))
}

/// The body that an error of a GraphQL client is about, of which it has the list of errors.
fn errors_of_graphql(members: &Members) -> Option<Json> {
    let (_, errors) = member(members, &["graphqlerrors", "errors"])?;
    let Json::Array(list) = errors else { return None };
    let told = list.iter().any(|error| error.get("message").is_some());
    told.then(|| Json::Object(vec![("errors".to_owned(), errors.clone())]))
}

/// The error that a page of HTML is in the place of an answer.
fn page(body: &Json, parse: Parse<'_>) -> Option<Error> {
    let is_page = begins(bare(body.as_str()?), b"<");
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
    if let Some(status) = grpc::status(name, members) {
        return Some(read_failure(status, grpc::words(members), &Meta::default(), parse));
    }
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
    let (_, message) = member(members, &["message"]).filter(|_| !OF_LANGUAGE.contains(&name))?;
    said(message.as_str()?, parse)
}

fn object<'a>(members: &'a Members, names: &[&str]) -> Option<&'a Members> {
    match member(members, names)?.1 {
        Json::Object(members) => Some(members),
        _ => None,
    }
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
            // what looks like a check's, and has a status
            (
                r#"{"name":"ZodError","stack":true,"status":422,"message":"no","issues":[]}"#,
                "http",
                422,
                None,
                None,
            ),
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
