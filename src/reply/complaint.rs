//! What a body says about its own failure: status, code, and whether it says so at all.

use std::{borrow::ToOwned, string::String};

use super::search::{Members, member, number};
use crate::{error::is_connection_code, json::Json};

const STATUSES: &[&str] = &["statuscode", "status", "httpstatus", "httpcode"];
const CODES: &[&str] = &[
    "errorcode",
    "errcode",
    "errno",
    "code",
    "error",
    "resultcode",
    "retcode",
    "returncode",
    "ret",
    "subcode",
];
const GRANTED: &[&str] = &["success", "succeeded", "issuccess", "ok"];

/// A complaint in an answer's body.
#[derive(Default)]
pub(super) struct Complaint {
    /// The HTTP status that the body names.
    pub(super) status: Option<u16>,
    /// The server's error code.
    pub(super) code: Option<String>,
    /// Whether anything at all says that the request failed.
    failed: bool,
    /// Whether it is said so plainly that credentials beside it do not count.
    plain: bool,
}

impl Complaint {
    /// What `objects` complain about; the first status and the first code count.
    pub(super) fn read<'a>(objects: impl Iterator<Item = &'a Members>) -> Self {
        let mut complaint = Self::default();
        for members in objects {
            complaint.add(members);
        }
        complaint
    }

    /// Whether anything says that the request failed.
    pub(super) const fn failed(&self) -> bool {
        self.failed
    }

    /// Whether the answer is an error even though it has credentials.
    pub(super) const fn plain(&self) -> bool {
        self.plain
    }

    fn add(&mut self, members: &Members) {
        let denied = GRANTED.iter().any(|name| {
            member(members, &[name]).is_some_and(|(_, value)| match value {
                Json::Bool(success) => !success,
                Json::String(success) => success.eq_ignore_ascii_case("false"),
                _ => number(value) == Some(0.0),
            })
        });
        let status = member(members, STATUSES).map(|(_, value)| value);
        let named = status.and_then(error_status);
        let worded = status.is_some_and(|status| {
            let text = status.as_str().unwrap_or_default();
            let words = ["error", "fail", "failed", "failure"];
            *status == Json::Bool(false) || words.iter().any(|word| text.eq_ignore_ascii_case(word))
        });
        self.plain |= denied || named.is_some() || worded;
        self.status = self.status.or(named);
        for name in CODES {
            let Some((_, value)) = member(members, &[name]) else { continue };
            if is_fine(value) {
                continue;
            }
            self.failed = true;
            self.status = self.status.or_else(|| error_status(value));
            if self.code.is_none() {
                self.code = code(value);
            }
        }
        self.failed |= self.plain;
    }
}

/// A status of 400 to 599, also as text.
pub(super) fn error_status(value: &Json) -> Option<u16> {
    let status = number(value)?;
    (400.0..600.0).contains(&status).then_some(status as u16)
}

/// Whether a code says that all is well: an empty one, `Success`, `OK`, 0, 1, a 2xx status, or admin templates' 20000.
fn is_fine(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::Bool(failed) => !failed,
        Json::Array(errors) => errors.is_empty(),
        Json::Object(_) => false,
        Json::Number(_) | Json::String(_) => match number(value) {
            Some(code) => {
                code == 0.0 || code == 1.0 || (200.0..300.0).contains(&code) || code == 20_000.0
            }
            None => value.as_str().is_none_or(|text| {
                let text = text.trim_ascii();
                let words = ["", "success", "succeed", "succeeded", "ok", "true", "none"];
                words.iter().any(|word| text.eq_ignore_ascii_case(word))
            }),
        },
    }
}

/// Whether a part of it looks like a key, which an AppServer may have put in the place of a code.
fn is_key_like(code: &str) -> bool {
    code.split(['.', '_', '-']).any(|part| {
        let digits = part.bytes().filter(u8::is_ascii_digit).count();
        part.len() >= 16 && digits >= 3 && digits < part.len()
    })
}

/// The value, if it has the form of an error code. A message has not.
fn code(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => {
            let text = text.trim_ascii();
            let fits = (1..=64).contains(&text.len()) && text.bytes().all(in_code);
            (fits && !text.starts_with("LTAI") && !is_key_like(text)).then(|| text.to_owned())
        }
        Json::Number(number) if number % 1.0 == 0.0 && number.abs() < 1e9 => {
            Some((*number as i64).to_string())
        }
        _ => None,
    }
}

fn in_code(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._-".contains(&byte)
}

/// What frameworks and SDKs put before the code in a message.
const PREAMBLES: &[&str] = &[
    "error",
    "err",
    "exception",
    "clientexception",
    "serverexception",
    "sdk.servererror",
    "sdk.clienterror",
    "teaexception",
    "errorcode",
    "code",
    "http status",
    "status code",
];

/// Codes of one word, which in a message may be no code.
const BARE: [&str; 2] = ["Throttling", "Forbidden"];

/// The code that a message begins with, as SDKs write it (`NoPermission: You are not…`), or the connection
/// error that it names (`connect ETIMEDOUT 10.0.0.1:443`).
pub(super) fn leading_code(message: &str) -> Option<String> {
    let words = message.split(|char: char| !char.is_ascii_alphanumeric() && char != '_');
    if let Some(word) = words.take(32).find(|word| is_connection_code(word)) {
        return Some(word.to_owned());
    }
    let mut rest = message;
    for _ in 0..PREAMBLES.len() {
        rest = rest.trim_start_matches(|char: char| {
            matches!(char, '[' | '(' | '"' | '\'' | ':' | ',' | '0'..='9')
                || char.is_ascii_whitespace()
        });
        let Some(after) = PREAMBLES.iter().find_map(|preamble| strip(rest, preamble)) else {
            break;
        };
        rest = after;
    }
    let end = rest.bytes().position(|byte| !in_code(byte)).unwrap_or(rest.len());
    let (word, after) = rest.split_at_checked(end)?;
    let word = word.trim_end_matches('.');
    let named = after.trim_ascii_start().starts_with(':');
    let capitals = word.bytes().filter(u8::is_ascii_uppercase).count();
    let humps = word.bytes().any(|byte| byte.is_ascii_lowercase()) && capitals >= 2;
    let begins = word.bytes().next().is_some_and(|byte| byte.is_ascii_uppercase());
    let code = begins
        && word.len() <= 64
        && (humps || word.contains('.') || named && BARE.contains(&word));
    (code && !word.starts_with("LTAI") && !word.starts_with("STS.")).then(|| word.to_owned())
}

/// `text` behind `preamble`, if that stands there as a word of its own.
fn strip<'a>(text: &'a str, preamble: &str) -> Option<&'a str> {
    let (head, after) = text.split_at_checked(preamble.len())?;
    let whole = after.bytes().next().is_some_and(|byte| !in_code(byte));
    (whole && head.eq_ignore_ascii_case(preamble)).then_some(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_the_form_of_a_code_is_one() {
        let cases = [
            (Json::String(" Throttling.User ".into()), Some("Throttling.User")),
            (Json::String("0002-00000007".into()), Some("0002-00000007")),
            (Json::String("not_found".into()), Some("not_found")),
            (Json::String("C".repeat(64)), Some(&*"C".repeat(64))),
            (Json::String("C".repeat(65)), None),
            (Json::String(" ".into()), None),
            (Json::String("two words".into()), None),
            (Json::String("LTAI5tCanary".into()), None),
            (Json::Number(40_013.0), Some("40013")),
            (Json::Number(-1.0), Some("-1")),
            (Json::Number(1.5), None),
            (Json::Number(1e9), None),
            (Json::Number(f64::INFINITY), None),
            (Json::Bool(true), None),
        ];
        for (index, (value, expected)) in cases.iter().enumerate() {
            assert_eq!(code(value).as_deref(), *expected, "case {index}");
        }
    }

    #[test]
    fn a_message_is_read_for_the_code_that_it_begins_with() {
        let cases = [
            ("NoPermission: You are not authorized to do this action.", Some("NoPermission")),
            (
                "InvalidParameter.RoleArn : The specified RoleArn is invalid.",
                Some("InvalidParameter.RoleArn"),
            ),
            ("Error: Throttling.User: Request was denied", Some("Throttling.User")),
            (
                "SDK.ServerError\nErrorCode: EntityNotExist.Role\nRecommend:",
                Some("EntityNotExist.Role"),
            ),
            ("HTTP Status: 403 Error:NoPermission You are not", Some("NoPermission")),
            ("[SignatureDoesNotMatch] The signature", Some("SignatureDoesNotMatch")),
            ("Throttling: slow down", Some("Throttling")),
            ("InternalError", Some("InternalError")),
            ("code: 403, NoPermission", Some("NoPermission")),
            ("connect ETIMEDOUT 10.0.0.1:443", Some("ETIMEDOUT")),
            ("request to https://sts.example failed, reason: read ECONNRESET", Some("ECONNRESET")),
            ("The role is missing", None),
            ("Unauthorized", None),
            ("Sorry: try again later", None),
            ("user is not signed in", None),
            ("error", None),
            ("LTAI5tCanaryKey: is refused", None),
            ("STS.CanaryKey: is refused", None),
            ("请先登录", None),
            ("", None),
        ];
        for (message, expected) in cases {
            assert_eq!(leading_code(message).as_deref(), expected, "{message}");
        }
    }
}
