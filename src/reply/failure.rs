//! What an answer without a token says: whose move it is, and when to ask again.

use alloc::{borrow::ToOwned, string::String};

use super::{
    Meta,
    search::{AMBIGUOUS, Members, SECRETS, TOKENS, Tree, is, member, number},
};
use crate::{
    error::{Error, is_configuration_code},
    json::Json,
    time::{Millis, read_http_date},
};

/// The longest wait that a server can ask for; a longer one is cut, so that a mistake there ends by itself.
pub const RETRY_AFTER_MAX: Millis = 3_600_000;

const STATUSES: &[&str] = &["statuscode", "status", "httpstatus", "httpcode"];
const CODES: &[&str] = &["errorcode", "errcode", "code", "error"];

/// A complaint in an answer's body.
#[derive(Default)]
pub(super) struct Complaint {
    /// The HTTP status that the body names.
    status: Option<u16>,
    /// The server's error code.
    code: Option<String>,
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
        let denied = member(members, &["success"]).is_some_and(|(_, value)| match value {
            Json::Bool(success) => !success,
            Json::String(success) => success.eq_ignore_ascii_case("false"),
            _ => number(value) == Some(0.0),
        });
        let status = member(members, STATUSES).map(|(_, value)| value);
        let named = status.and_then(error_status);
        let worded = status.and_then(Json::as_str).is_some_and(|status| {
            ["error", "fail", "failed", "failure"]
                .iter()
                .any(|word| status.eq_ignore_ascii_case(word))
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
fn error_status(value: &Json) -> Option<u16> {
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
                text.is_empty()
                    || text.eq_ignore_ascii_case("success")
                    || text.eq_ignore_ascii_case("ok")
            }),
        },
    }
}

/// The value, if it has the form of an error code. A message has not.
fn code(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => {
            let text = text.trim_ascii();
            let allowed =
                |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
            let fits = (1..=64).contains(&text.len()) && text.bytes().all(allowed);
            (fits && !text.starts_with("LTAI")).then(|| text.to_owned())
        }
        Json::Number(number) if number % 1.0 == 0.0 && number.abs() < 1e9 => {
            Some(decimal(*number as i32))
        }
        _ => None,
    }
}

/// A whole number as text.
fn decimal(number: i32) -> String {
    let mut out = String::from(if number < 0 { "-" } else { "" });
    let number = number.unsigned_abs();
    for place in (0..=number.checked_ilog10().unwrap_or(0)).rev() {
        out.push(char::from(b'0' + (number / 10_u32.pow(place) % 10) as u8));
    }
    out
}

/// The error that `tree` is, given that it has no token or one that does not count.
pub(super) fn classify(http: u16, tree: &Tree<'_>, meta: &Meta<'_>) -> Error {
    let complaint = Complaint::read(tree.objects());
    let server_code = complaint.code.filter(|code| !is_secret(code, tree));
    let status = if is_success(http) { complaint.status.unwrap_or(http) } else { http };
    let retry_after = retry_after(tree, meta);
    let throttled = server_code.as_ref().is_some_and(|code| code.starts_with("Throttling"));
    // A server in trouble that says when to come back wants fewer requests too.
    if throttled || matches!(status, 429 | 503) || (status >= 500 && retry_after.is_some()) {
        return Error::Throttled { status: http, retry_after };
    }
    let configuration = server_code.as_deref().is_some_and(is_configuration_code);
    if matches!(status, 401 | 403) && !configuration {
        return Error::Unauthenticated { status };
    }
    Error::Http { status, server_code }
}

pub(super) const fn is_success(status: u16) -> bool {
    matches!(status, 200..=299)
}

/// Whether `code` is a credential of this answer, which some handler has put in the wrong place.
fn is_secret(code: &str, tree: &Tree<'_>) -> bool {
    // Every member, not the first of a name: an answer may spell one name in two ways.
    tree.objects().flatten().any(|(key, value)| {
        let secret = value.as_str().unwrap_or_default();
        [SECRETS, TOKENS, AMBIGUOUS].into_iter().flatten().any(|name| is(key, name))
            && secret.as_bytes().windows(code.len()).any(|part| part == code.as_bytes())
    })
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

    #[test]
    fn no_spelling_of_a_secret_s_name_lets_it_out_as_a_code() {
        let text = |text: &str| Json::String(text.to_owned());
        let answer = Json::Object(vec![
            ("code".into(), text("Canary1")),
            ("accessKeySecret".into(), text("Other")),
            ("access_key_secret".into(), text("TheCanary1")),
        ]);
        let error = classify(400, &Tree::new(&answer), &Meta::default());
        assert_eq!(error, Error::Http { status: 400, server_code: None });
    }

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
