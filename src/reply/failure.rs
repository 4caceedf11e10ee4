//! What an answer without a token says: whose move it is, and when to ask again.

use std::{borrow::ToOwned, string::ToString};

use super::{
    Meta, Parse,
    complaint::{Complaint, leading_code},
    message::{message, request_id},
    search::{self, Tree, member, number},
    secrets::Secrets,
};
use crate::{
    error::{Answered, Error, Party, is_configuration_code},
    json::Json,
    text::contains,
    time::{Millis, read_http_date},
};

/// The longest wait that a server can ask for; a longer one is cut, so that a mistake there ends by itself.
pub const RETRY_AFTER_MAX: Millis = 3_600_000;

/// The error that an answer is, given that it has no token or one that does not count. `tree` is of `root`.
pub(super) fn classify(http: u16, root: &Json, tree: &Tree<'_>, meta: &Meta<'_>) -> Error {
    let complaint = Complaint::read(tree.objects());
    let secrets = Secrets::of(tree);
    let message = message(root, tree, &secrets);
    let code = complaint
        .code
        .or_else(|| leading_code(message.as_deref()?))
        .filter(|code| !secrets.touch(code));
    let status = if is_success(http) { complaint.status.unwrap_or(http) } else { http };
    // The status said once more is no code.
    let code = code.filter(|code| *code != status.to_string());
    let retry_after = retry_after(tree, meta);
    let throttled = code.as_ref().is_some_and(|code| code.starts_with("Throttling"));
    let configuration = code.as_deref().is_some_and(is_configuration_code);
    let request_id = request_id(tree, &secrets);
    let csrf = names_csrf(root, message.as_deref());
    let answered =
        |status| Answered { party: Party::AppServer, status, code, message, request_id, csrf };
    // A server in trouble that says when to come back wants fewer requests too.
    if throttled || status == 429 || (status >= 500 && retry_after.is_some()) {
        return Error::Throttled { answered: answered(http), retry_after };
    }
    match status {
        401 if !configuration => Error::Unauthenticated(answered(status)),
        403 if !configuration => Error::Forbidden(answered(status)),
        _ => Error::Http(answered(status)),
    }
}

/// The error that a body complains of, if it does. Its status is that of HTTP.
pub(super) fn refusal(http: u16, body: Json, meta: &Meta<'_>, parse: Parse<'_>) -> Option<Error> {
    let json = search::expand(body, parse);
    let tree = Tree::new(&json);
    let failed = Complaint::read(tree.objects()).failed();
    failed.then(|| classify(http, &json, &tree, meta))
}

pub(super) const fn is_success(status: u16) -> bool {
    matches!(status, 200..=299)
}

/// Whether a page of HTML, or a message, speaks of CSRF, in the words of Flask-WTF, Django, Laravel, Rails and ASP.NET.
fn names_csrf(root: &Json, message: Option<&str>) -> bool {
    const WORDS: [&str; 5] = ["csrf", "xsrf", "antiforgery", "anti-forgery", "authenticity"];
    let text = message.or_else(|| root.as_str()).unwrap_or_default().to_ascii_lowercase();
    WORDS.into_iter().any(|word| contains(&text, word))
}

/// `Retry-After`: a number of seconds, or an HTTP date less the answer's own `Date`; or the body's `RetryAfterSeconds`.
///
/// A date without a `Date` beside it is ignored: the device's clock may be a day out. So is what is in
/// the past, or is no number.
fn retry_after(tree: &Tree<'_>, meta: &Meta<'_>) -> Option<Millis> {
    let header =
        meta.retry_after.map(str::trim_ascii).and_then(|text| match read_http_date(text) {
            Some(at) => read_http_date(meta.date?.trim_ascii())
                .map(|now| now.until(at))
                .filter(|&span| span > 0),
            None => seconds_at_most(&Json::String(text.to_owned())),
        });
    let body = || {
        let (value, _) =
            tree.find(|members| member(members, &["retryafter", "retryafterseconds"]))?;
        seconds_at_most(value.1)
    };
    header.or_else(body).map(|span| span.min(RETRY_AFTER_MAX))
}

/// Seconds; a longer span than any sensible one counts as the longest allowed.
fn seconds_at_most(value: &Json) -> Option<Millis> {
    // The conversion saturates, so that what is negative is 0 and what is absurd is cut by the caller.
    number(value).map(|seconds| (seconds * 1_000.0) as u64).filter(|&span| span > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert!(error.answered().unwrap().csrf, "{text}");
        }
        let json = answer(&[("message", "CSRF token mismatch.")]);
        assert!(classified(419, &json).answered().unwrap().csrf);
        for text in ["<title>400 Bad Request</title>", "", "no"] {
            assert!(!classified(400, &Json::String(text.into())).answered().unwrap().csrf);
        }
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
