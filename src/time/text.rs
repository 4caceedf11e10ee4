//! Instants as text: RFC 3339 with what AppServers make of it, HTTP dates, and ISO 8601 for printing.
//!
//! Written by hand because a date library would be the largest part of the shipped module.

use std::string::String;

use super::{Millis, UnixMillis};

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

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
/// offset (Go), and no zone at all. A leap second is read as the
/// second before it. `None` if a field is out of bounds, February's last day included.
#[must_use]
pub fn read_date_time(text: &str) -> Option<DateTime> {
    let mut at = Cursor(text.as_bytes());
    let year = at.digits(4)?;
    at.skip(b"-")?;
    let month = at.digits(2)?;
    at.skip(b"-")?;
    let date = days_since_epoch(year, month, at.digits(2)?)?;
    at.skip(b"Tt ")?;
    let (hour, _) = (at.digits(2)?, at.skip(b":")?);
    let minute = at.digits(2)?;
    let mut granularity = 60_000;
    let (mut second, mut millis) = (0, 0);
    if at.skip(b":").is_some() {
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
    let offset = at.offset()?;
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

/// The text that is left to read.
struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    /// Exactly `count` digits; nothing is taken if they are not there.
    fn digits(&mut self, count: usize) -> Option<i64> {
        let (head, tail) = self.0.split_at_checked(count)?;
        let mut value = 0;
        for &byte in head {
            value = value * 10 + digit(byte)?;
        }
        self.0 = tail;
        Some(value)
    }

    /// One byte out of `any`.
    fn skip(&mut self, any: &[u8]) -> Option<u8> {
        let (&first, tail) = self.0.split_first()?;
        any.contains(&first).then(|| {
            self.0 = tail;
            first
        })
    }

    /// At least one digit of a second's fraction: whole milliseconds, and what one unit of the last digit means.
    fn fraction(&mut self) -> Option<(i64, Millis)> {
        let (mut millis, mut unit) = (0, 1_000);
        let mut seen = false;
        while let Some(value) = self.0.first().and_then(|&byte| digit(byte)) {
            seen = true;
            unit /= 10;
            millis += value * unit;
            self.0 = self.0.get(1..)?;
        }
        seen.then(|| (millis, unit.max(1).unsigned_abs()))
    }

    /// The zone, which must be the end: ms east of Greenwich, or `Some(None)` if there is none.
    fn offset(&mut self) -> Option<Option<i64>> {
        let offset = match self.skip(b"Zz+-") {
            None if matches!(self.0, b"UTC" | b"GMT") => {
                self.0 = b"";
                Some(0)
            }
            None => None,
            Some(b'Z' | b'z') => Some(0),
            Some(sign) => {
                let hours = self.digits(2)?;
                let colon = self.skip(b":").is_some();
                let more = self.0.first().is_some_and(u8::is_ascii_digit);
                let minutes = if colon || more { self.digits(2)? } else { 0 };
                if let Some(name) = self.0.strip_prefix(b" ")
                    && !name.is_empty()
                    && name.iter().all(u8::is_ascii_uppercase)
                {
                    self.0 = b"";
                }
                let span = time_of_day(hours, minutes, 0)?;
                Some(if sign == b'-' { -span } else { span })
            }
        };
        self.0.is_empty().then_some(offset)
    }

    /// An English month of three letters, as its number.
    fn month(&mut self) -> Option<i64> {
        const NAMES: &[u8; 36] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
        let (head, tail) = self.0.split_at_checked(3)?;
        let index = NAMES.chunks_exact(3).position(|name| name == head)?;
        self.0 = tail;
        i64::try_from(index).ok().map(|index| index + 1)
    }
}

fn digit(byte: u8) -> Option<i64> {
    byte.is_ascii_digit().then(|| i64::from(byte - b'0'))
}

/// Milliseconds since midnight. A leap second is the second before it.
fn time_of_day(hour: i64, minute: i64, second: i64) -> Option<i64> {
    (hour < 24 && minute < 60 && second <= 60)
        .then(|| hour * HOUR + minute * MINUTE + second.min(59) * SECOND)
}

/// Days from 1970-01-01, in the Gregorian calendar, for the years 0 to 9999.
fn days_since_epoch(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    (1..=last).contains(&day).then(|| {
        // The year starts in March here, so that the leap day is its last: month lengths then follow one line.
        let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
        year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - DAYS_TO_EPOCH
    })
}

/// From 0000-03-01 to 1970-01-01.
const DAYS_TO_EPOCH: i64 = 719_468;

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
