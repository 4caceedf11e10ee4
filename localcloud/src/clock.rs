//! The cloud's clock and the ways its services write an instant.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::UNIX_EPOCH,
};

use jiff::Timestamp;

use crate::platform::Platform;

/// Milliseconds since the Unix epoch, on the cloud's clock.
pub(crate) type UnixMs = i64;

/// How far a request's own time may be from the cloud's, in either direction.
pub(crate) const MAX_SKEW: UnixMs = 15 * 60 * 1000;

/// The machine's wall clock plus an offset that a test may change.
#[derive(Debug)]
pub(crate) struct Clock {
    platform: Arc<dyn Platform>,
    offset: AtomicI64,
}

impl Clock {
    pub(crate) fn new(platform: Arc<dyn Platform>) -> Self {
        Self { platform, offset: AtomicI64::new(0) }
    }

    pub(crate) fn now(&self) -> UnixMs {
        self.platform.unix_ms().saturating_add(self.offset.load(Ordering::Relaxed))
    }

    pub(crate) fn set_offset(&self, offset: i64) {
        self.offset.store(offset, Ordering::Relaxed);
    }
}

/// The first whole second that is not before `at`: what is printed must not be later than what holds.
pub(crate) const fn ceil_to_second(at: UnixMs) -> UnixMs {
    let rest = at.rem_euclid(1000);
    if rest == 0 { at } else { at.saturating_add(1000 - rest) }
}

fn timestamp(at: UnixMs) -> Timestamp {
    Timestamp::from_millisecond(at).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// `2026-11-23T20:00:00Z`, as STS and VOD print an `Expiration`.
pub(crate) fn iso_seconds(at: UnixMs) -> String {
    timestamp(at).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `2026-11-23T20:00:00.000Z`, as OSS prints `ServerTime` and `LastModified`.
pub(crate) fn iso_millis(at: UnixMs) -> String {
    timestamp(at).strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// `Mon, 23 Nov 2026 20:00:00 GMT`, for HTTP headers.
pub(crate) fn http_date(at: UnixMs) -> String {
    timestamp(at).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Reads `2026-11-23T20:00:00Z`, with or without a fraction; the zone must be written `Z`.
pub(crate) fn parse_iso(text: &str) -> Option<UnixMs> {
    let shaped = text.len() >= 20 && text.ends_with('Z') && text.as_bytes().get(10) == Some(&b'T');
    shaped.then(|| text.parse::<Timestamp>().ok()).flatten().map(Timestamp::as_millisecond)
}

/// Reads `20261123T200000Z`, the `x-oss-date` of a V4 signature.
pub(crate) fn parse_compact(text: &str) -> Option<UnixMs> {
    let shaped = text.len() == 16 && text.ends_with('Z') && text.as_bytes().get(8) == Some(&b'T');
    shaped.then(|| text.parse::<Timestamp>().ok()).flatten().map(Timestamp::as_millisecond)
}

/// Reads an HTTP date, the `x-oss-date` of a V1 signature.
pub(crate) fn parse_http_date(text: &str) -> Option<UnixMs> {
    let at = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(at.as_millis()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: UnixMs = 1_795_464_000_123;

    #[test]
    fn each_format_reads_back_what_it_wrote() {
        assert_eq!(iso_seconds(AT), "2026-11-23T20:00:00Z");
        assert_eq!(iso_millis(AT), "2026-11-23T20:00:00.123Z");
        assert_eq!(http_date(AT), "Mon, 23 Nov 2026 20:00:00 GMT");
        assert_eq!(parse_iso(&iso_millis(AT)), Some(AT));
        assert_eq!(parse_iso(&iso_seconds(AT)), Some(AT - 123));
        assert_eq!(parse_http_date(&http_date(AT)), Some(AT - 123));
        assert_eq!(parse_compact("20261123T200000Z"), Some(AT - 123));
    }

    #[test]
    fn foreign_formats_are_refused() {
        for text in
            ["", "now", "2026-11-23 20:00:00Z", "2026-11-23T20:00:00+08:00", "2026-13-23T20:00:00Z"]
        {
            assert_eq!(parse_iso(text), None, "{text}");
        }
        for text in ["2026-11-23T20:00:00Z", "20261123T200000", "20261123 200000Z"] {
            assert_eq!(parse_compact(text), None, "{text}");
        }
        assert_eq!(parse_http_date("yesterday"), None);
    }

    #[test]
    fn a_second_is_rounded_up() {
        assert_eq!(ceil_to_second(1_000), 1_000);
        assert_eq!(ceil_to_second(1_001), 2_000);
        assert_eq!(ceil_to_second(1_999), 2_000);
    }
}
