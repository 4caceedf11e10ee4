//! The text of an instant that is left to read, and what its fields mean.

use super::Millis;

pub(super) const SECOND: i64 = 1_000;
pub(super) const MINUTE: i64 = 60 * SECOND;
pub(super) const HOUR: i64 = 60 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;

/// The text that is left to read.
pub(super) struct Cursor<'a>(pub(super) &'a [u8]);

impl Cursor<'_> {
    /// Exactly `count` digits; nothing is taken if they are not there.
    pub(super) fn digits(&mut self, count: usize) -> Option<i64> {
        let (head, tail) = self.0.split_at_checked(count)?;
        let mut value = 0;
        for &byte in head {
            value = value * 10 + digit(byte)?;
        }
        self.0 = tail;
        Some(value)
    }

    /// One byte out of `any`.
    pub(super) fn skip(&mut self, any: &[u8]) -> Option<u8> {
        let (&first, tail) = self.0.split_first()?;
        any.contains(&first).then(|| {
            self.0 = tail;
            first
        })
    }

    /// `text`, if that stands here.
    pub(super) fn skip_text(&mut self, text: &[u8]) -> bool {
        let tail = self.0.strip_prefix(text);
        self.0 = tail.unwrap_or(self.0);
        tail.is_some()
    }

    /// At least one digit of a second's fraction: whole milliseconds, and what one unit of the last digit means.
    pub(super) fn fraction(&mut self) -> Option<(i64, Millis)> {
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

    /// The zone, which must be the end but for its name: ms east of Greenwich, or `Some(None)` if there is none.
    pub(super) fn last_zone(&mut self) -> Option<Option<i64>> {
        let zone = self.zone()?;
        // Java's `[Asia/Shanghai]`, JavaScript's ` (中国标准时间)`, the monotonic clock of Go's ` m=+0.1`.
        let named = |open: &[u8], close: &[u8]| self.0.starts_with(open) && self.0.ends_with(close);
        let name = named(b"[", b"]") || named(b" (", b")") || named(b" m=", b"");
        (self.0.is_empty() || zone.is_some() && name).then_some(zone)
    }

    /// The zone, if one stands here: ms east of Greenwich. `None` if it is out of bounds.
    pub(super) fn zone(&mut self) -> Option<Option<i64>> {
        if self.skip(b"Zz").is_some() {
            return Some(Some(0));
        }
        let greenwich = self.skip_text(b"UTC") || self.skip_text(b"GMT");
        let Some(sign) = self.skip(b"+-") else { return Some(greenwich.then_some(0)) };
        let hours = self.digits(2)?;
        let colon = self.skip(b":").is_some();
        let more = self.0.first().is_some_and(u8::is_ascii_digit);
        let minutes = if colon || more { self.digits(2)? } else { 0 };
        let span = time_of_day(hours, minutes, 0)?;
        self.skip_zone_name();
        Some(Some(if sign == b'-' { -span } else { span }))
    }

    /// The zone's name that Go puts behind its offset, which is the offset once more if it has none.
    fn skip_zone_name(&mut self) {
        let Some(rest) = self.0.strip_prefix(b" ") else { return };
        let again = matches!(rest, [b'+' | b'-', ..]);
        let in_name = |byte: &u8| byte.is_ascii_uppercase() || again && !byte.is_ascii_whitespace();
        let name = rest.iter().take_while(|byte| in_name(byte)).count();
        if let Some(rest @ ([] | [b' ', ..])) = rest.get(name..)
            && name > 0
        {
            self.0 = rest;
        }
    }

    /// An English month of three letters, as its number.
    pub(super) fn month(&mut self) -> Option<i64> {
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
pub(super) fn time_of_day(hour: i64, minute: i64, second: i64) -> Option<i64> {
    (hour < 24 && minute < 60 && second <= 60)
        .then(|| hour * HOUR + minute * MINUTE + second.min(59) * SECOND)
}

/// Days from 1970-01-01, in the Gregorian calendar, for the years 0 to 9999.
pub(super) fn days_since_epoch(year: i64, month: i64, day: i64) -> Option<i64> {
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
pub(super) const DAYS_TO_EPOCH: i64 = 719_468;
