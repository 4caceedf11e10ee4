//! What a body says about its own failure: status, code, and whether it says so at all.

use super::{
    leading::in_code,
    members::{Members, member, number, text},
    session_codes::is_session_code,
};
use crate::json::Json;

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
pub(super) const GRANTED: &[&str] = &["success", "succeeded", "issuccess", "ok"];
/// Members that hold a word such as `fail`, beside the statuses.
const OUTCOMES: &[&str] = &["result", "state"];
const FAILED: [&str; 4] = ["error", "fail", "failed", "failure"];
/// gRPC's number for a caller who is not signed in.
const GRPC_UNAUTHENTICATED: f64 = 16.0;

/// A complaint in an answer's body.
#[derive(Default)]
pub(super) struct Complaint {
    /// The HTTP status that the body names.
    pub(super) status: Option<u16>,
    /// The server's error code.
    pub(super) code: Option<String>,
    /// Whether a code says that nobody is signed in. What `Unauthorized` means depends on the status.
    pub(super) signed_out: bool,
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
        let worded = status.is_some_and(says_failed);
        // Elsewhere such a word may be about something else.
        self.failed |= OUTCOMES
            .iter()
            .any(|name| member(members, &[name]).is_some_and(|(_, value)| says_failed(value)));
        // GraphQL's, and the one of frameworks that check a form.
        self.failed |= member(members, &["errors"]).is_some_and(|(_, errors)| lists(errors));
        self.signed_out |= is_grpc_unauthenticated(members);
        // Google's: `"status": "UNAUTHENTICATED"`.
        let word = status.and_then(Json::as_str);
        self.signed_out |= word.is_some_and(|word| is_session_code(word, true));
        self.failed |= self.signed_out;
        self.plain |= denied || named.is_some() || worded;
        self.status = self.status.or(named);
        for name in CODES {
            let Some((_, value)) = member(members, &[name]) else { continue };
            let of_gateway = code_of_mtop(value);
            let value = of_gateway.as_ref().unwrap_or(value);
            if is_fine(value) {
                continue;
            }
            self.failed = true;
            self.status = self.status.or_else(|| error_status(value));
            let code = code(value);
            self.signed_out |= code.as_deref().is_some_and(|code| is_session_code(code, true));
            self.code = self.code.take().or(code);
        }
        self.failed |= self.plain;
    }
}

/// The code in what Taobao's gateway calls `ret`: `["FAIL_SYS_SESSION_EXPIRED::Session过期"]`.
fn code_of_mtop(value: &Json) -> Option<Json> {
    let Json::Array(told) = value else { return None };
    let (code, _) = told.first()?.as_str()?.split_once("::")?;
    Some(Json::String(code.to_owned()))
}

fn says_failed(value: &Json) -> bool {
    let word = value.as_str().unwrap_or_default().trim_ascii();
    *value == Json::Bool(false) || FAILED.iter().any(|failed| word.eq_ignore_ascii_case(failed))
}

fn lists(errors: &Json) -> bool {
    matches!(errors, Json::Array(_) | Json::Object(_)) && !errors.is_empty()
}

/// gRPC's status as JSON: `{"code":16,"message":"…","details":[]}`. In an envelope, 16 is some server's own code.
fn is_grpc_unauthenticated(members: &Members) -> bool {
    let has = |names| member(members, names).is_some();
    let code = member(members, &["code"]).and_then(|(_, code)| number(code));
    code == Some(GRPC_UNAUTHENTICATED)
        && text(members, &["message", "status"]).is_some()
        && !has(&["data", "msg", "success"])
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
}
