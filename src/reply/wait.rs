//! How long an answer asks to wait.

use super::{
    Meta,
    members::{member, number, once},
    search::Tree,
};
use crate::{
    json::Json,
    time::{Millis, read_http_date},
};

/// The longest wait that a server can ask for; a longer one is cut, so that a mistake there ends by itself.
pub const RETRY_AFTER_MAX: Millis = 3_600_000;

/// `Retry-After`: a number of seconds, or an HTTP date less the answer's own `Date`; or the body's `RetryAfterSeconds`.
///
/// A date without a `Date` beside it is ignored: the device's clock may be a day out. So is what is in
/// the past, or is no number.
pub(super) fn retry_after(tree: &Tree<'_>, meta: &Meta<'_>) -> Option<Millis> {
    let header = meta.retry_after.map(once).and_then(|text| match read_http_date(text) {
        Some(at) => {
            read_http_date(once(meta.date?)).map(|now| now.until(at)).filter(|&span| span > 0)
        }
        None => seconds_at_most(&Json::String(text.to_owned())),
    });
    let body = || {
        let names = &["retryafter", "retryafterseconds", "retryafterms"];
        let ((name, value), _) = tree.find(|members| member(members, names))?;
        body_wait(value, name)
    };
    header.or_else(body).map(|span| span.min(RETRY_AFTER_MAX))
}

/// What a body asks to wait under a name that says the unit (1: seconds, 2: milliseconds) or that does not (0). Then a
/// number that is too large for a wait in seconds, and is whole thousands, counts milliseconds.
fn body_wait(value: &Json, name: usize) -> Option<Millis> {
    let wait = number(value)?;
    let thousands = wait > LONGEST_SECONDS && (wait as u64).is_multiple_of(1_000);
    let is_millis = name == 2 || name == 0 && thousands;
    seconds_at_most(&Json::Number(if is_millis { wait / 1_000.0 } else { wait }))
}

/// The longest wait that is believed to be in seconds.
const LONGEST_SECONDS: f64 = 3_600.0;

/// Seconds; a longer span than any sensible one counts as the longest allowed.
fn seconds_at_most(value: &Json) -> Option<Millis> {
    // The conversion saturates, so that what is negative is 0 and what is absurd is cut by the caller.
    number(value).map(|seconds| (seconds * 1_000.0) as u64).filter(|&span| span > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_that_a_proxy_doubled_is_read_once() {
        let none = Json::Null;
        let wait = |header: &str, date: &str| {
            let meta = Meta { retry_after: Some(header), date: Some(date), ..Meta::default() };
            retry_after(&Tree::new(&none), &meta)
        };
        let date = "Thu, 01 Jan 2026 00:00:00 GMT";
        let later = "Thu, 01 Jan 2026 00:00:07 GMT";
        assert_eq!(wait("3, 3", date), Some(3_000));
        assert_eq!(wait(&format!("{later}, {later}"), &format!("{date}, {date}")), Some(7_000));
        assert_eq!(wait("3, 4", date), None);
    }
}
