//! Instants as text: RFC 3339 with what AppServers make of it, HTTP dates, and ISO 8601 for printing.
//!
//! No date library reads what AppServers make of these forms, and refuses the rest as strictly.

use super::{
    Millis, UnixMillis,
    cursor::{Cursor, DAY, DAYS_TO_EPOCH, HOUR, MINUTE, SECOND, days_since_epoch, time_of_day},
};

/// What a date-time text says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateTime {
    /// The earliest instant that the text can mean; in UTC if the text names no zone.
    pub at: UnixMillis,
    /// The text means `at` or up to this much later: 1,000 for whole seconds, 1 for milliseconds.
    pub granularity: Millis,
    /// Whether the text names its zone. If not, its author's local time was meant, which we cannot know.
    pub zoned: bool,
}

/// Reads `2026-01-31T23:59:59.123Z` and its relatives (RFC 3339, section 5.6).
///
/// Beyond the RFC, as AppServers write them: a space for `T` and before the zone, offsets without a
/// colon (Jackson) or without minutes, no seconds, the words `UTC` and `GMT` (Ruby), a zone's name behind its
/// offset (Go, Java), slashes for the hyphens, neither hyphens nor colons (ISO 8601's basic form), and no zone at all.
/// A leap second is read as the second before it. `None` if a field is out of bounds, February's last day included.
#[must_use]
pub fn read_date_time(text: &str) -> Option<DateTime> {
    let mut at = Cursor(text.as_bytes());
    let year = at.digits(4)?;
    let parted = at.skip(b"-/").is_some();
    let month = at.digits(2)?;
    if parted {
        at.skip(b"-/")?;
    }
    let date = days_since_epoch(year, month, at.digits(2)?)?;
    at.skip(b"Tt ")?;
    let hour = at.digits(2)?;
    if parted {
        at.skip(b":")?;
    }
    let minute = at.digits(2)?;
    let mut granularity = 60_000;
    let (mut second, mut millis) = (0, 0);
    let more =
        if parted { at.skip(b":").is_some() } else { at.0.first().is_some_and(u8::is_ascii_digit) };
    if more {
        second = at.digits(2)?;
        granularity = 1_000;
        if at.skip(b".,").is_some() {
            (millis, granularity) = at.fraction()?;
        }
    }
    if second == 60 {
        (millis, granularity) = (0, 2_000);
    }
    let _ = at.skip(b" ");
    let offset = at.last_zone()?;
    let start = date * DAY + time_of_day(hour, minute, second)? + millis;
    let at = UnixMillis(start - offset.unwrap_or(0));
    Some(DateTime { at, granularity, zoned: offset.is_some() })
}

/// Reads an HTTP date (RFC 9110, section 5.6.7), whole seconds in UTC: `Sun, 06 Nov 1994 08:49:37 GMT`.
///
/// Of the obsolete forms only the one with dashes and two digits for the year (RFC 850) is read, as
/// 20yy: no server of our time means the 1900s. The name of the day is not checked, and a leap second is
/// the second before it here too.
#[must_use]
pub fn read_http_date(text: &str) -> Option<UnixMillis> {
    let comma = text.bytes().position(|byte| byte == b',')?;
    let mut at = Cursor(text.as_bytes().get(comma + 1..)?);
    at.skip(b" ")?;
    let day = at.digits(2)?;
    at.skip(b" -")?;
    let month = at.month()?;
    at.skip(b" -")?;
    let short = at.digits(2)?;
    let year = match at.digits(2) {
        Some(rest) => short * 100 + rest,
        None => 2_000 + short,
    };
    at.skip(b" ")?;
    let (hour, _) = (at.digits(2)?, at.skip(b":")?);
    let (minute, _) = (at.digits(2)?, at.skip(b":")?);
    let second = at.digits(2)?;
    let whole = days_since_epoch(year, month, day)? * DAY + time_of_day(hour, minute, second)?;
    (at.0 == b" GMT").then_some(UnixMillis(whole))
}

/// `2026-01-31T23:59:59.123Z`: UTC with milliseconds, equal to JavaScript's `toISOString()` for the years 0 to 9999.
///
/// Instants beyond those years are printed as the nearest one within.
#[must_use]
pub fn to_iso(at: UnixMillis) -> String {
    const FIRST: i64 = -62_167_219_200_000;
    const LAST: i64 = 253_402_300_799_999;
    let at = at.0.clamp(FIRST, LAST);
    let (year, month, day) = date_of(at.div_euclid(DAY));
    let rest = at.rem_euclid(DAY);
    let mut out = String::with_capacity(24);
    let fields = [
        (year, 4, '-'),
        (month, 2, '-'),
        (day, 2, 'T'),
        (rest / HOUR, 2, ':'),
        (rest / MINUTE % 60, 2, ':'),
        (rest / SECOND % 60, 2, '.'),
        // Of this one too, only the last digits are printed.
        (rest, 3, 'Z'),
    ];
    for (value, width, after) in fields {
        for place in (0..width).rev() {
            let digit = value / 10_i64.pow(place) % 10;
            out.push(char::from(b'0' + digit.unsigned_abs() as u8));
        }
        out.push(after);
    }
    out
}

/// The inverse of [`days_since_epoch`].
fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + DAYS_TO_EPOCH;
    let era = days.div_euclid(146_097);
    let day = days.rem_euclid(146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let date = day - (153 * month + 2) / 5 + 1;
    let year = year + era * 400;
    if month < 10 { (year, month + 3, date) } else { (year + 1, month - 9, date) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn date_times_are_read() {
        let cases = [
            // text, what it means in ms, granularity, zoned
            ("1970-01-01T00:00:00Z", 0, 1_000, true),
            ("2026-01-01T01:00:00Z", 1_767_229_200_000, 1_000, true),
            ("2026-01-01t01:00:00z", 1_767_229_200_000, 1_000, true),
            ("2026-01-01T01:00:00.1Z", 1_767_229_200_100, 100, true),
            ("2026-01-01T01:00:00.12Z", 1_767_229_200_120, 10, true),
            ("2026-01-01T01:00:00.123Z", 1_767_229_200_123, 1, true),
            ("2026-01-01T01:00:00.123999999999999999999999Z", 1_767_229_200_123, 1, true),
            ("2026-01-01T09:00:00+08:00", 1_767_229_200_000, 1_000, true),
            ("2026-01-01T09:00:00.000+0800", 1_767_229_200_000, 1, true),
            ("2026-01-01T09:00:00+08", 1_767_229_200_000, 1_000, true),
            ("2025-12-31T18:30:00-06:30", 1_767_229_200_000, 1_000, true),
            ("2026-01-01 01:00:00 +0000", 1_767_229_200_000, 1_000, true),
            ("2026-01-01 01:00:00 UTC", 1_767_229_200_000, 1_000, true),
            ("2026-01-01T01:00:00 GMT", 1_767_229_200_000, 1_000, true),
            ("2026-01-01 09:00:00 +0800 CST", 1_767_229_200_000, 1_000, true),
            ("2026-01-01T01:00Z", 1_767_229_200_000, 60_000, true),
            ("2026-01-01T09:00:00+08:00[Asia/Shanghai]", 1_767_229_200_000, 1_000, true),
            ("2026-01-01T01:00Z[UTC]", 1_767_229_200_000, 60_000, true),
            ("2026-01-01 09:00:00.1 +0800 CST m=+3600.000000001", 1_767_229_200_100, 100, true),
            ("2026-01-01 09:00:00 +0800 +0800", 1_767_229_200_000, 1_000, true),
            ("20260101T010000Z", 1_767_229_200_000, 1_000, true),
            ("20260101T010000.123Z", 1_767_229_200_123, 1, true),
            ("20260101T090000+0800", 1_767_229_200_000, 1_000, true),
            ("2026/01/01 09:00:00 +0800", 1_767_229_200_000, 1_000, true),
            ("2026-01-01 01:00:00", 1_767_229_200_000, 1_000, false),
            ("2024-02-29T00:00:00Z", 1_709_164_800_000, 1_000, true),
            ("2016-12-31T23:59:60Z", 1_483_228_799_000, 2_000, true),
            ("2016-12-31T23:59:60.999Z", 1_483_228_799_000, 2_000, true),
            ("0000-01-01T00:00:00Z", -62_167_219_200_000, 1_000, true),
            ("9999-12-31T23:59:59.999Z", 253_402_300_799_999, 1, true),
        ];
        for (text, at, granularity, zoned) in cases {
            let expected = DateTime { at: UnixMillis(at), granularity, zoned };
            assert_eq!(read_date_time(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_time_is_refused() {
        let cases = [
            "",
            "3600",
            "2026",
            "2026-01-01",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-01-32T00:00:00Z",
            "2026-04-31T00:00:00Z",
            "2026-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:60:00Z",
            "2026-01-01T00:00:61Z",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00Zx",
            "2026-01-01T00:00:00+8",
            "2026-01-01T00:00:00+24:00",
            "2026-01-01T00:00:00+08:",
            "2026-01-01T00:00:00+08:0",
            "2026-01-01T00:00:00 CST",
            "2026-01-01T00:00:00+08:00 cst",
            "2026-01-01T00:00:00+08:00 ",
            "2026-01-01T00:00:00[Asia/Shanghai]",
            "2026-01-01T00:00:00 (UTC)",
            "20260101T01:00:00Z",
            "2026-01-01T010000Z",
            "20260101010000",
            "-2026-01-01T00:00:00Z",
            "+12026-01-01T00:00:00Z",
            "２０２６-01-01T00:00:00Z",
        ];
        for text in cases {
            assert_eq!(read_date_time(text), None, "{text}");
        }
    }

    #[test]
    fn http_dates_are_read() {
        let cases = [
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777_000)),
            ("Thu, 01 Jan 2026 01:00:00 GMT", Some(1_767_229_200_000)),
            ("Saturday, 31-Dec-16 23:59:60 GMT", Some(1_483_228_799_000)),
            ("Sat, 31 Dec 2016 23:59:60 GMT", Some(1_483_228_799_000)),
            ("Thu, 01 Jan 2026 01:00:61 GMT", None),
            ("Thu, 01 Jan 2026 01:00:00 UTC", None),
            ("Thu, 01 Jan 2026 01:00:00", None),
            ("Thu, 1 Jan 2026 01:00:00 GMT", None),
            ("Thu, 01 Xxx 2026 01:00:00 GMT", None),
            ("Thu, 30 Feb 2026 01:00:00 GMT", None),
            ("Sun Nov  6 08:49:37 1994", None),
            ("120", None),
            ("", None),
        ];
        for (text, at) in cases {
            assert_eq!(read_http_date(text), at.map(UnixMillis), "{text}");
        }
    }

    #[test]
    fn instants_are_printed() {
        let cases = [
            (0, "1970-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (1_709_251_199_999, "2024-02-29T23:59:59.999Z"),
            (1_767_229_200_123, "2026-01-01T01:00:00.123Z"),
            (i64::MIN, "0000-01-01T00:00:00.000Z"),
            (i64::MAX, "9999-12-31T23:59:59.999Z"),
        ];
        for (at, text) in cases {
            assert_eq!(to_iso(UnixMillis(at)), text);
        }
    }

    #[test]
    fn every_day_of_ten_thousand_years_survives_the_way_out_and_back() {
        let (first, last) = (-719_528, 2_932_896);
        for day in first..=last {
            let (year, month, date) = date_of(day);
            assert_eq!(days_since_epoch(year, month, date), Some(day));
        }
        let at = UnixMillis(last * DAY + 12_345_678);
        assert_eq!(read_date_time(&to_iso(at)).map(|read| read.at), Some(at));
    }
}
