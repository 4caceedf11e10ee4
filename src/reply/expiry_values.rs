//! What one value says of an instant or a span, in the forms that languages and databases write them in.

use super::{
    ServerTime,
    expiry_names::{EndName, Sureness, Unit},
    members::{Members, member, number, text},
};
use crate::{
    json::Json,
    time::{Millis, UnixMillis, read_date_time, read_named_date},
};

/// The longest life that STS grants: `DurationSeconds` of 12 hours, if the role allows it.
pub const LIFE_MAX: Millis = 43_200_000;

/// The shortest life that AssumeRole grants.
pub(super) const LIFE_MIN: Millis = 900_000;

/// A bare number up to this many is a duration in seconds.
pub(super) const DURATION_MAX: f64 = 86_400.0;

/// A longer span in milliseconds is a mistake.
const SPAN_MAX: f64 = DURATION_MAX * 1_000.0;

/// Before 2000: not an expiry but somebody's zero (1970 in Unix, 0001 in .NET).
const FIRST_EXPIRY: i64 = 946_684_800_000;

/// Before 2020: older than this module, so no server's clock is right that says so, and no token lives that ended then.
pub(super) const FIRST_NOW: i64 = 1_577_836_800_000;

/// From 2100 on an instant is a mistake.
pub(super) const LAST: i64 = 4_102_444_800_000;

/// What one value says about a token's end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum End {
    At {
        instant: UnixMillis,
        /// It was a number, so there is no zone that could be wrong.
        absolute: bool,
    },
    Left(Millis),
    /// The token is dead whatever the time is.
    Dead,
    /// No time is left: somebody has counted, perhaps of another thing.
    Spent,
    /// A member that nobody has set.
    Unset,
    /// A local time of an unknown place: the instant that it would be in UTC, if it was read.
    Zoneless(Option<UnixMillis>),
    Unreadable,
}

/// Reads one value of that name.
pub(super) fn end(value: &Json, name: EndName) -> End {
    match value {
        // Java's LocalDateTime, as Jackson writes it: `[2026, 1, 31, 23, 59, 59]`.
        Json::Array(fields) if fields.len() >= 5 => return End::Zoneless(None),
        Json::Object(members) => {
            return opened(members).map_or(End::Unreadable, |inner| end(&inner, name));
        }
        _ => {}
    }
    if let Some(number) = counter(value) {
        return counted(number, name);
    }
    let Some(text) = value.as_str().map(str::trim_ascii) else { return End::Unreadable };
    match (read_date_time(text).or_else(|| read_named_date(text)), read_span(text)) {
        (Some(read), _) if read.zoned || name.sureness == Sureness::Utc => {
            plausible(read.at, false)
        }
        (Some(read), _) => End::Zoneless(Some(read.at)),
        (None, Some(left)) => End::Left(left),
        (None, None) => End::Unreadable,
    }
}

/// Whether a text, in a member that is named as an end, is one rather than a secret: `expiringToken` is named as both.
pub(super) fn says_end(text: &str) -> bool {
    /// Shorter, or in words, it is no secret, whatever it means.
    const SECRET_LIKE: usize = 16;
    let text = text.trim_ascii();
    text.len() < SECRET_LIKE
        || text.contains(char::is_whitespace)
        || counter(&Json::String(text.to_owned())).is_some()
        || read_date_time(text).is_some()
        || read_named_date(text).is_some()
}

/// Reads a server's clock.
pub(super) fn stamp(value: &Json) -> Option<ServerTime> {
    if let Json::Object(members) = value {
        return stamp(&opened(members)?);
    }
    if let Some(number) = counter(value) {
        return instant(number).map(|(at, granularity)| ServerTime { at, granularity });
    }
    let text = value.as_str()?.trim_ascii();
    let read = read_date_time(text).or_else(|| read_named_date(text))?;
    read.zoned.then_some(ServerTime { at: read.at, granularity: read.granularity })
}

/// Reads a clock on some server's wall, which says no zone: the latest instant that it may have been, if in UTC.
pub(super) fn wall(value: &Json) -> Option<UnixMillis> {
    let read = read_date_time(value.as_str()?.trim_ascii()).filter(|read| !read.zoned)?;
    Some(read.at.plus(read.granularity))
}

/// What an object holds that stands for an instant:
///
/// ```text
/// { "seconds": 1767229200, "nanos": 0 }                                       protobuf
/// { "low": 1767229200, "high": 0, "unsigned": false }                         protobuf.js, Long
/// { "$date": "2026-01-01T01:00:00Z" }, { "$numberLong": "1767229200000" }     MongoDB
/// { "date": "2026-01-01 01:00:00.000000", "timezone_type": 3, "timezone": "UTC" }     PHP
/// { "time": 1767229200000, "seconds": 0, … }                                  java.util.Date, by its fields
/// ```
fn opened(members: &Members) -> Option<Json> {
    let half = |name| member(members, &[name]).and_then(|(_, half)| number(half));
    if let (Some(low), Some(high)) = (half("low"), half("high")) {
        let low = if low < 0.0 { low + TWO_POW_32 } else { low };
        return Some(Json::Number(high * TWO_POW_32 + low));
    }
    if let (Some((_, date)), Some((_, zone))) =
        (text(members, &["date"]), text(members, &["timezone"]))
    {
        let offset = if CHINESE.contains(&zone) { "+08:00" } else { zone };
        return Some(Json::String([date, offset].join(" ")));
    }
    member(members, INSTANTS).map(|(_, inner)| inner.clone())
}

const TWO_POW_32: f64 = 4_294_967_296.0;
/// Names of zones that have been eight hours ahead, summer and winter, for longer than any token lives.
const CHINESE: [&str; 6] =
    ["Asia/Shanghai", "Asia/Chongqing", "Asia/Hong_Kong", "Asia/Taipei", "Asia/Singapore", "PRC"];
const INSTANTS: &[&str] =
    &["$date", "$numberlong", "time", "millis", "epochmilli", "seconds", "epochsecond"];

/// A number, also as text, also as .NET writes a date: `/Date(1767229200000+0800)/`, where the offset changes nothing.
fn counter(value: &Json) -> Option<f64> {
    let net = || {
        let inner = value.as_str()?.trim_ascii().strip_prefix("/Date(")?.strip_suffix(")/")?;
        let digits = inner.bytes().skip(1).position(|byte| !byte.is_ascii_digit());
        let digits = digits.map_or(inner, |end| inner.get(..=end).unwrap_or_default());
        number(&Json::String(digits.into()))
    };
    number(value).or_else(net)
}

/// A bare number: an instant, or a span in the unit that its name or its size says.
fn counted(number: f64, EndName { unit, left, .. }: EndName) -> End {
    let span = |each: f64| {
        let left = number * each;
        // Truncation is wanted: a life is never rounded up.
        if left <= SPAN_MAX { End::Left(left as u64) } else { End::Unreadable }
    };
    match (instant(number), unit) {
        (Some((at, _)), _) => plausible(at, true),
        (None, _) if number == 0.0 && left => End::Spent,
        (None, _) if is_unset(number) => End::Unset,
        (None, _) if number < 0.0 => End::Spent,
        (None, Unit::Each(each)) => span(each as f64),
        (None, Unit::Unsaid) if number <= DURATION_MAX => span(1_000.0),
        // Too many seconds for any token of STS, and as many milliseconds as it grants.
        (None, Unit::Unsaid) if (LIFE_MIN as f64..=LIFE_MAX as f64).contains(&number) => span(1.0),
        (None, Unit::Unsaid) => End::Unreadable,
    }
}

/// The zero of a typed language, Redis' "no end" (-1) and "no such key" (-2), the year 1 as an epoch (Go): no end at all.
fn is_unset(number: f64) -> bool {
    [0.0, -1.0, -2.0].contains(&number) || number < -SPAN_MAX
}

/// A span with its unit: `3600s`, `15m`, `1h`, `PT1H30M`.
fn read_span(text: &str) -> Option<Millis> {
    let text = text.strip_prefix("PT").unwrap_or(text);
    let mut rest = text;
    let mut sum: Millis = 0;
    while !rest.is_empty() {
        let digits = rest.bytes().position(|byte| !byte.is_ascii_digit())?;
        let (count, tail) = rest.split_at_checked(digits)?;
        let letters = tail.bytes().position(|byte| !byte.is_ascii_alphabetic());
        let (unit, tail) = tail.split_at_checked(letters.unwrap_or(tail.len()))?;
        let each = match unit {
            "ms" => 1,
            "s" | "S" | "sec" => 1_000,
            "m" | "M" | "min" => 60_000,
            "h" | "H" => 3_600_000,
            _ => return None,
        };
        sum = sum.saturating_add(count.parse::<Millis>().ok()?.saturating_mul(each));
        rest = tail;
    }
    (sum > 0).then_some(sum)
}

fn plausible(instant: UnixMillis, absolute: bool) -> End {
    match instant.0 {
        FIRST_EXPIRY..FIRST_NOW => End::Dead,
        FIRST_NOW..LAST => End::At { instant, absolute },
        _ => End::Unreadable,
    }
}

/// An instant as a bare number since the epoch, with granularity: seconds, milliseconds, microseconds (Go's `UnixMicro`)
/// or nanoseconds (`UnixNano`), told apart by their size. From 2001 to 5138 they do not overlap.
fn instant(number: f64) -> Option<(UnixMillis, Millis)> {
    let per_milli = match number {
        1e9..=1e11 => {
            let granularity = if number % 1.0 == 0.0 { 1_000 } else { 1 };
            return Some((UnixMillis((number * 1_000.0) as i64), granularity));
        }
        1e12..=1e14 => 1.0,
        1e15..=1e17 => 1e3,
        1e18..=1e20 => 1e6,
        _ => return None,
    };
    Some((UnixMillis((number / per_milli) as i64), 1))
}
