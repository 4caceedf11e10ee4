//! What a text that a page's function threw says of an answer.

use super::{
    Meta, Parse,
    complaint::error_status,
    failure::{is_error_text, refusal},
    grpc,
    members::bare,
    read_failure,
    session::found_no_token,
};
use crate::{error::Error, json::Json};

/// What a text says of an answer: the JSON that it is, the code of the cloud or the end of the session that it tells
/// of, or the status that it names.
pub(super) fn said(text: &str, parse: Parse<'_>) -> Option<Error> {
    let (meta, text) = (Meta::default(), bare(text));
    if matches!(parse(text), Some(Json::Object(_) | Json::Array(_))) {
        return refusal(200, Json::String(text.into()), &meta, parse);
    }
    if let Some((status, words)) = grpc::labelled(text) {
        return Some(read_failure(status, Some(Json::String(words.into())), &meta, parse));
    }
    let status = named_status(text);
    // A page's `HTTP 401: Unauthorized` is no sentence of its server.
    if is_error_text(text) && status != Some(401) && !found_no_token(text) {
        let body = Json::String(text.into());
        return Some(read_failure(status.unwrap_or(200), Some(body), &meta, parse));
    }
    Some(read_failure(status?, None, &meta, parse))
}

/// The status of an error that a text names: `401`, `HTTP 401`, `HTTP error! status: 401`,
/// `Request failed with status code 401`, `No token: 401`, `[POST] "/api/sts": 401 Unauthorized`.
fn named_status(text: &str) -> Option<u16> {
    const NAMES: [&str; 5] = ["http", "https", "status", "code", "statuscode"];
    let words = text.split(|char: char| !char.is_ascii_alphanumeric());
    let mut named = true;
    for word in words.filter(|word| !word.is_empty()).take(32) {
        let status = error_status(&Json::String(word.into()));
        if named && status.is_some() {
            return status;
        }
        let names = NAMES.iter().any(|name| word.eq_ignore_ascii_case(name));
        // As in `HTTP/1.1 401` and `HTTP error 401`.
        let between = word.len() == 1 || word.eq_ignore_ascii_case("error");
        named = names || named && between;
    }
    if let Some(status) = status_with_reason(text) {
        return Some(status);
    }
    // As in `No token: 401` and `Not allowed (403)`.
    let end = text.trim_end_matches([')', ']', '.', '!']);
    let (before, last) = end.split_at_checked(end.len().checked_sub(3)?)?;
    // Right behind a colon stands the port of an address.
    let pointed =
        !before.ends_with(':') && before.trim_ascii_end().ends_with([':', '(', '[', '#', '=']);
    error_status(&Json::String(last.into())).filter(|_| pointed)
}

/// The status that stands behind a colon and before its reason phrase: `: 401 Unauthorized`.
fn status_with_reason(text: &str) -> Option<u16> {
    let mut rest = text;
    while let Some((_, behind)) = rest.split_once(": ") {
        let (number, reason) = behind.split_at_checked(3).unwrap_or_default();
        let phrase = reason.strip_prefix(' ').and_then(|reason| reason.bytes().next());
        let status = error_status(&Json::String(number.into()));
        if status.is_some() && phrase.is_some_and(|first| first.is_ascii_uppercase()) {
            return status;
        }
        rest = behind;
    }
    None
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::error::Answered;

    fn parse(text: &str) -> Option<Json> {
        serde_json::from_str(text).ok()
    }

    #[test]
    fn the_status_that_a_text_names_is_the_answer_s() {
        for text in [
            "401",
            "401 Unauthorized",
            "HTTP 401",
            "HTTP/1.1 401 Unauthorized",
            "HTTP error! status: 401",
            "Error: 401",
            "Request failed with status code 401",
            "no token: 401",
            "not allowed (401)",
            "Response status = 401.",
            r#"[POST] "/api/sts": 401 Unauthorized"#,
            "[401] no",
            "[unauthenticated] no",
        ] {
            let error = said(text, &parse);
            assert_eq!(error.map(|error| error.code()), Some("unauthenticated"), "{text}");
        }
        for (text, status) in [
            ("请先登录", 200),
            ("无效的会话，或者会话已过期，请重新登录。", 200),
            ("403: not signed in", 403),
        ] {
            let error = said(text, &parse).unwrap();
            assert_eq!(
                (error.code(), error.answered().unwrap().status),
                ("unauthenticated", status)
            );
        }
        let error =
            said("TeaException: code: 403, You are not authorized to do this action.", &parse);
        let expected = Answered::with_code(403, "NoPermission");
        let error = error.unwrap();
        let answered = error.answered().unwrap();
        assert_eq!((error.code(), answered.status, &answered.code), ("http", 403, &expected.code));
        for text in [
            "",
            "no",
            "timeout of 500 ms exceeded",
            "connect ECONNREFUSED 10.0.0.1:443",
            "the file has 401",
            "files: 401 are too many",
            "[GraphQL] no uploads left",
            "[unavailable] Failed to fetch",
            "status: 200",
            "TypeError: Failed to fetch",
            "今日上传额度已用完",
            "码1",
        ] {
            assert_eq!(said(text, &parse), None, "{text}");
        }
    }
}
