//! What a text that a page's function threw says of an answer.

use super::{
    Meta, Parse,
    complaint::{error_status, leading_code},
    failure::refusal,
    read_failure, search,
};
use crate::{
    error::{Error, is_configuration_code},
    json::Json,
};

/// What a text says of an answer: the JSON that it is, the status that it names, or the code of the cloud that it
/// begins with.
pub(super) fn said(text: &str, parse: Parse<'_>) -> Option<Error> {
    let (meta, text) = (Meta::default(), search::bare(text));
    if search::begins(text, b"{[") {
        return refusal(200, Json::String(text.into()), &meta, parse);
    }
    if let Some(status) = named_status(text) {
        return Some(read_failure(status, None, &meta, parse));
    }
    let is_cloud = is_cloud_code(&leading_code(text)?);
    is_cloud.then(|| read_failure(200, Some(Json::String(text.into())), &meta, parse))
}

/// Whether `code` is STS's or RAM's, and none that a platform or a library has for its own errors.
pub(super) fn is_cloud_code(code: &str) -> bool {
    code.starts_with("Throttling") || is_configuration_code(code)
}

/// The status of an error that a text names: `401`, `HTTP 401`, `HTTP error! status: 401`,
/// `Request failed with status code 401`, `No token: 401`.
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
    // As in `No token: 401` and `Not allowed (403)`.
    let end = text.trim_end_matches([')', ']', '.', '!']);
    let (before, last) = end.split_at_checked(end.len().checked_sub(3)?)?;
    // Right behind a colon stands the port of an address.
    let pointed =
        !before.ends_with(':') && before.trim_ascii_end().ends_with([':', '(', '[', '#', '=']);
    error_status(&Json::String(last.into())).filter(|_| pointed)
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

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
        ] {
            let error = said(text, &parse);
            assert_eq!(error.map(|error| error.code()), Some("unauthenticated"), "{text}");
        }
        for text in [
            "",
            "no",
            "timeout of 500 ms exceeded",
            "connect ECONNREFUSED 10.0.0.1:443",
            "the file has 401",
            "status: 200",
            "TypeError: Failed to fetch",
            "请先登录",
            "码1",
        ] {
            assert_eq!(said(text, &parse), None, "{text}");
        }
    }
}
