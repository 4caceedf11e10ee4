//! What an answer without a token says: whose move it is.

use super::{
    Meta, Parse,
    complaint::Complaint,
    firewall::is_blocked,
    leading::{is_known, leading_code},
    members::member,
    message::{is_plain, message, refuses, request_id},
    moment::is_passing,
    search::{self, Tree},
    secrets::Secrets,
    session::says_signed_out,
    session_codes::is_session_code,
    wait::retry_after,
    xml,
};
use crate::{
    error::{
        Answered, Error, Gist, Party, is_cloud_code, is_configuration_code, is_fault_code,
        is_throttling_code,
    },
    json::Json,
};

/// The error that an answer is, given that it has no token or one that does not count. `tree` is of `root`.
pub(super) fn classify(http: u16, root: &Json, tree: &Tree<'_>, meta: &Meta<'_>) -> Error {
    let complaint = Complaint::read(tree.objects());
    let secrets = Secrets::of(tree);
    let message = message(root, tree, &secrets);
    let status = match complaint.status {
        Some(named) if is_success(http) => named,
        // The body's own word on these is better than a status that stands for any failure.
        Some(named @ (401 | 429 | LOGIN_TIMEOUT | TOKEN_INVALID)) if is_catch_all(http) => named,
        _ => http,
    };
    let code = best_code(complaint.code, message.as_deref());
    // The status said once more is no code.
    let code = code.filter(|code| !secrets.touch(code) && *code != status.to_string());
    let retry_after = retry_after(tree, meta);
    let request_id = request_id(tree, &secrets);
    let is = |kind: fn(&str) -> bool| code.as_deref().is_some_and(kind);
    let (configuration, fault) = (is(is_configuration_code), is(is_fault_code));
    // What else can be told from words counts where the status says little, and no code of the cloud says more.
    let vague = is_success(http) || is_catch_all(http);
    let words = message.as_deref().filter(|_| !configuration && !fault);
    // Of a session, each status that blames the caller may speak; and one of which only the words are known.
    let of_session = vague || matches!(http, 0 | 400..=499);
    let words_of_session = words.filter(|_| of_session);
    let words = words.filter(|_| vague);
    let throttled = is(is_throttling_code) || words.is_some_and(asks_for_fewer);
    let forbidden = status == 403;
    let gist = match gist(http, root, message.as_deref(), vague && !configuration) {
        Gist::Passing | Gist::Meant if fault => Gist::Unknown,
        gist => gist,
    };
    let signed_out = complaint.signed_out && of_session
        || code.as_deref().is_some_and(|code| of_session && is_session_code(code, forbidden))
        || words_of_session.is_some_and(|words| {
            gist != Gist::Csrf && !is(is_of_sts) && says_signed_out(words, forbidden)
        });
    let answered = Answered { party: Party::AppServer, status, code, message, request_id, gist };
    // A server in trouble that says when to come back wants fewer requests too.
    if throttled || status == 429 || (status >= 500 && retry_after.is_some()) {
        return Error::Throttled { answered, retry_after };
    }
    match status {
        _ if configuration => Error::Http(answered),
        401 | LOGIN_TIMEOUT | TOKEN_INVALID => Error::Unauthenticated(answered),
        _ if signed_out => Error::Unauthenticated(answered),
        403 => Error::Forbidden(answered),
        _ => Error::Http(answered),
    }
}

/// What the words of an answer mean. `vague`: its status and its code say little.
fn gist(http: u16, root: &Json, message: Option<&str>, vague: bool) -> Gist {
    let words = message.or_else(|| root.as_str()).unwrap_or_default();
    if names_csrf(words) {
        return Gist::Csrf;
    }
    if is_blocked(http, words) {
        return Gist::Firewall;
    }
    match message {
        Some(message) if vague && is_passing(message) => Gist::Passing,
        Some(_) if is_success(http) => Gist::Meant,
        _ => Gist::Unknown,
    }
}

/// What IIS answers to a session that has ended.
const LOGIN_TIMEOUT: u16 = 440;
/// What ArcGIS and its like answer to a token that is invalid or has expired.
const TOKEN_INVALID: u16 = 498;

/// Whether AppServers answer this status to any failure, so that the body may know better.
const fn is_catch_all(http: u16) -> bool {
    matches!(http, 400 | 403 | 422 | 500)
}

/// The code that says most: an AppServer's own number for "failed" says less than the cloud's code in its message.
fn best_code(code: Option<String>, message: Option<&str>) -> Option<String> {
    let told = || message.and_then(leading_code);
    match code {
        Some(code) if is_known(&code) => Some(code),
        Some(code) => told().filter(|told| is_known(told)).or(Some(code)),
        None => told(),
    }
}

/// Whether a code is about the credentials of the AppServer, and so never about its user's session.
fn is_of_sts(code: &str) -> bool {
    ["SecurityToken", "AccessKey"].iter().any(|part| code.contains(part))
}

/// Whether a sentence says "too often": STS's, HTTP's, and that of Chinese frameworks.
fn asks_for_fewer(sentence: &str) -> bool {
    const PHRASES: [&str; 5] =
        ["flow control", "request throttling", "too many requests", "过于频繁", "太频繁"];
    let lower = sentence.to_ascii_lowercase();
    PHRASES.iter().any(|phrase| lower.contains(phrase))
}

/// The error that the body of a rejected call is, if it is one. Its status is that of HTTP.
///
/// A message alone is no answer's: clients word their own failures so, too.
pub(super) fn refusal(http: u16, body: Json, meta: &Meta<'_>, parse: Parse<'_>) -> Option<Error> {
    const MARKS: &[&str] = &["code", "status", "data", "success"];
    let json = xml::opened(search::expand(body, parse));
    let tree = Tree::new(&json);
    let marked = tree.objects().next().is_some_and(|members| member(members, MARKS).is_some());
    let failed = Complaint::read(tree.objects()).failed() || marked && refuses(&json, &tree);
    failed.then(|| classify(http, &json, &tree, meta))
}

/// Whether a text is an error in words that are known: the session is over, the cloud refused, or it is too often.
pub(super) fn is_error_text(text: &str) -> bool {
    let cloud = || leading_code(text).is_some_and(|code| is_cloud_code(&code));
    is_plain(text) && (says_signed_out(text, false) || asks_for_fewer(text) || cloud())
}

pub(super) const fn is_success(status: u16) -> bool {
    matches!(status, 200..=299)
}

/// Whether a page of HTML, or a message, speaks of CSRF, in the words of Flask-WTF, Django, Laravel, Rails and ASP.NET.
fn names_csrf(words: &str) -> bool {
    const WORDS: [&str; 5] = ["csrf", "xsrf", "antiforgery", "anti-forgery", "authenticity"];
    let text = words.to_ascii_lowercase();
    WORDS.into_iter().any(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Class;

    fn answer(members: &[(&str, &str)]) -> Json {
        let member =
            |(key, text): &(&str, &str)| (String::from(*key), Json::String(String::from(*text)));
        Json::Object(members.iter().map(member).collect())
    }

    fn classified(http: u16, json: &Json) -> Error {
        classify(http, json, &Tree::new(json), &Meta::default())
    }

    #[test]
    fn no_spelling_of_a_secret_s_name_lets_it_out_as_a_code_or_message() {
        let json = answer(&[
            ("code", "Canary1"),
            ("message", "with TheCanary1 in it"),
            ("accessKeySecret", "Other1"),
            ("access_key_secret", "TheCanary1"),
        ]);
        let message = Some("with [secret] in it".to_owned());
        let expected = Answered { message, ..Answered::status(400) };
        assert_eq!(classified(400, &json), Error::Http(expected));
    }

    #[test]
    fn the_server_s_own_words_are_kept_and_cut_between_characters() {
        let long = "不".repeat(300);
        let json = answer(&[("code", "1001"), ("msg", &long), ("requestId", "8E0C-1")]);
        let error = classified(200, &json);
        let answered = error.answered().unwrap();
        assert_eq!(answered.message.as_deref(), Some(&*"不".repeat(256)));
        assert_eq!(answered.request_id.as_deref(), Some("8E0C-1"));
        assert_eq!(answered.code.as_deref(), Some("1001"));
    }

    #[test]
    fn an_answer_that_speaks_of_csrf_is_told_apart_whatever_its_form() {
        let html = "<!doctype html><title>400 Bad Request</title><p>The CSRF token is missing.</p>";
        for text in
            [html, "Invalid CSRF token", "<h1>ActionController: Invalid Authenticity Token</h1>"]
        {
            let error = classified(400, &Json::String(text.into()));
            assert!(error.answered().unwrap().gist == Gist::Csrf, "{text}");
        }
        let json = answer(&[("message", "CSRF token mismatch.")]);
        assert_eq!(classified(419, &json).answered().unwrap().gist, Gist::Csrf);
        for text in ["<title>400 Bad Request</title>", "", "no"] {
            assert_ne!(
                classified(400, &Json::String(text.into())).answered().unwrap().gist,
                Gist::Csrf
            );
        }
    }

    #[cfg(not(target_arch = "wasm32"))]
    #[test]
    fn what_a_client_rejects_with_is_a_refusal_if_a_server_words_it_so() {
        let parse = |text: &str| serde_json::from_str(text).ok();
        let refused =
            |text: &str| refusal(200, Json::String(text.into()), &Meta::default(), &parse);
        for (body, code) in [
            (r#"{"code":0,"msg":"今日上传额度已用完","data":""}"#, "http"),
            (r#"{"status":0,"info":"请先登录"}"#, "unauthenticated"),
            (r#"{"errors":[{"message":"no uploads left"}]}"#, "http"),
            (r#"{"code":500,"msg":"获取STS凭证失败: NoPermission: no"}"#, "http"),
        ] {
            assert_eq!(refused(body).map(|error| error.code()), Some(code), "{body}");
        }
        // The last two are what mini programs and axios say of a request that reached nobody.
        for body in [
            r#"{"code":0,"data":{}}"#,
            r#"{"code":1,"msg":"success"}"#,
            r#"{"errMsg":"request:fail timeout"}"#,
            r#"{"message":"Network Error"}"#,
        ] {
            assert_eq!(refused(body), None, "{body}");
        }
    }

    #[test]
    fn a_no_in_words_under_200_is_meant_and_a_fault_is_not() {
        let meant =
            |http, json: &Json| classified(http, json).answered().unwrap().gist == Gist::Meant;
        let no = answer(&[("code", "500"), ("msg", "no uploads left")]);
        assert!(meant(200, &no) && !meant(500, &no));
        assert!(!meant(200, &answer(&[("code", "500")])));
        assert!(!meant(200, &answer(&[("code", "InternalError"), ("message", "happened")])));
    }

    #[test]
    fn the_end_of_a_session_is_heard_beside_any_status_of_a_caller_s() {
        for (http, code, msg) in [
            (424, "1", "用户凭证已过期"),
            (424, "1", "Token expired"),
            (402, "1", "请先登录"),
            (404, "NOT_LOGIN", "no"),
            (498, "x", "no"),
            (412, "TOKEN_EXPIRED", "no"),
        ] {
            let error = classified(http, &answer(&[("code", code), ("msg", msg)]));
            assert_eq!(error.code(), "unauthenticated", "{http} {msg}");
        }
        assert_eq!(classified(498, &Json::Null).code(), "unauthenticated");
        for (http, code, msg) in [
            (424, "1", "今日上传额度已用完"),
            (419, "1", "CSRF token 无效，请重新登录"),
            (404, "InvalidAccessKeyId.NotFound", "Token expired"),
            (404, "NoSuchKey", "no such object"),
            (502, "1", "请先登录"),
            (409, "1", "上传令牌已过期"),
        ] {
            let error = classified(http, &answer(&[("code", code), ("msg", msg)]));
            assert_eq!(error.code(), "http", "{http} {msg}");
        }
    }

    #[test]
    fn the_page_of_a_firewall_is_told_and_not_asked_for_again() {
        let challenge = Json::String("<title>Just a moment...</title>".into());
        for (http, class) in [
            (403, Class::Auth),
            (503, Class::Fatal),
            (566, Class::Fatal),
            // It may be a rate.
            (567, Class::Transient),
        ] {
            let error = classified(http, &challenge);
            assert_eq!(error.class(), class, "{http}");
            assert!(error.to_string().contains("a firewall"), "{error}");
        }
    }

    #[test]
    fn a_status_that_http_does_not_have_is_not_said_to_be_asked_again() {
        let error = classified(999, &Json::Null);
        assert_eq!(error.class(), Class::Fatal);
        assert!(!error.to_string().contains("asked again"), "{error}");
    }

    #[test]
    fn a_503_is_the_servers_trouble_and_a_401_is_not_a_403() {
        let none = Json::Null;
        assert_eq!(classified(503, &none).code(), "http");
        assert_eq!(classified(429, &none).code(), "throttled");
        assert_eq!(classified(401, &none).code(), "unauthenticated");
        assert_eq!(classified(403, &none).code(), "forbidden");
        let meta = Meta { retry_after: Some("3"), ..Meta::default() };
        assert_eq!(classify(503, &none, &Tree::new(&none), &meta).retry_after(), Some(3_000));
    }
}
