//! When a token ends and what time it is on the server, as an answer tells it.

use std::{borrow::ToOwned, vec::Vec};

use super::{
    Meta, ServerTime, Warning,
    expiry_names::{EndName, Unit, end_name},
    search::{Members, is, member, number},
};
use crate::{
    error::Error,
    json::Json,
    time::{Millis, UnixMillis, is_zone_off, read_date_time, read_http_date},
    token::Expiry,
};

/// The longest life that STS grants: `DurationSeconds` of 12 hours, if the role allows it.
pub const LIFE_MAX: Millis = 43_200_000;

/// A bare number up to this many is a duration in seconds.
const DURATION_MAX: f64 = 86_400.0;

/// The shortest life that AssumeRole grants, in milliseconds.
const LIFE_MIN: f64 = 900_000.0;

/// A longer span in milliseconds is a mistake.
const SPAN_MAX: f64 = DURATION_MAX * 1_000.0;

/// How long the way from STS to the answer may have taken when a life is compared with zones.
const ZONE_TOLERANCE: Millis = 10_000;

/// Before 2000: not an expiry but somebody's zero (1970 in Unix, 0001 in .NET).
const FIRST_EXPIRY: i64 = 946_684_800_000;

/// Before 2020: older than this module, so no server's clock is right that says so, and no token lives that ended then.
const FIRST_NOW: i64 = 1_577_836_800_000;

/// From 2100 on an instant is a mistake.
const LAST: i64 = 4_102_444_800_000;

/// How far `Expiration` and a duration may differ before it is worth a warning.
const TOLERANCE: Millis = 5_000;

/// What `sharedSource` of upload-token/tabs writes after the `Age` of an answer that another tab asked for.
const SHARED: &str = ";shared";

const SERVER_TIMES: &[&str] = &["servertime", "servertimestamp", "servertimems", "servernow"];

/// What one value says about a token's end.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
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
    /// A local time of an unknown place.
    Zoneless,
    Unreadable,
}

/// Reads the end of a token from `path`: the members around it, the innermost object first.
///
/// # Errors
///
/// [`Error::ExpiredOnArrival`] if the answer itself proves that the token is dead.
pub(super) fn read_expiry(
    path: &[&Members],
    server: Option<ServerTime>,
    age: Millis,
    warnings: &mut Vec<Warning>,
) -> Result<Expiry, Error> {
    let mut expiry = Expiry::default();
    let (mut spent, mut zoneless, mut unreadable) = (false, false, false);
    for (distance, members) in path.iter().enumerate() {
        for end in ends(members) {
            match end {
                End::At { instant, absolute } if expiry.at.is_none() => {
                    (expiry.at, expiry.absolute) = (Some(instant), absolute);
                }
                End::At { .. } => {}
                End::Left(left) => expiry.left = expiry.left.or(Some(left)),
                // A more reliable end has been read, or it may be that of something else in the envelope.
                End::Dead if distance > 0 || expiry.at.is_some() => {}
                End::Dead => return Err(Error::ExpiredOnArrival),
                End::Spent => spent |= distance == 0,
                End::Unset => {}
                End::Zoneless => zoneless = true,
                End::Unreadable => unreadable = true,
            }
        }
        // What stands further out is less certainly about the token.
        if expiry != Expiry::default() {
            break;
        }
        if spent {
            return Err(Error::ExpiredOnArrival);
        }
    }
    if let Some(left) = &mut expiry.left {
        *left = left.saturating_sub(age);
        if *left == 0 {
            return Err(Error::ExpiredOnArrival);
        }
    }
    if let (Some(at), Some(server)) = (expiry.at, server) {
        if !expiry.absolute && is_zone_off(at.0.saturating_sub(server.at.0), ZONE_TOLERANCE) {
            warnings.push(Warning::LocalExpiration);
            return Ok(clamp(Expiry { at: None, ..expiry }, None));
        }
        if at <= server.at {
            return Err(Error::ExpiredOnArrival);
        }
    }
    warnings.extend(doubts(&expiry, server, zoneless, unreadable));
    Ok(clamp(expiry, server))
}

/// What `members` say about an end, the most reliable first: what is named as UTC, what STS calls it, the rest.
fn ends(members: &Members) -> impl Iterator<Item = End> {
    let mut found: Vec<(u8, End)> = Vec::new();
    for (key, value) in members {
        let Some(name) = end_name(key).filter(|_| !matches!(value, Json::Null | Json::Bool(_)))
        else {
            continue;
        };
        let rank = if name.utc { 0 } else { 1 + u8::from(!is(key, "expiration")) };
        let place = found.partition_point(|(other, _)| *other <= rank);
        found.insert(place, (rank, end(value, name)));
    }
    found.into_iter().map(|(_, end)| end)
}

fn doubts(
    expiry: &Expiry,
    server: Option<ServerTime>,
    zoneless: bool,
    unreadable: bool,
) -> Option<Warning> {
    match (expiry.at, expiry.left, server) {
        (None, None, _) if zoneless => Some(Warning::ZonelessExpiration),
        (None, None, _) if unreadable => Some(Warning::UnreadableExpiration),
        (None, None, _) => Some(Warning::NoExpiration),
        (_, Some(left), _) if left > LIFE_MAX => Some(Warning::LongLife),
        (Some(at), _, Some(server)) if server.at.until(at) > LIFE_MAX => Some(Warning::LongLife),
        (Some(at), Some(left), Some(server)) if server.at.until(at).abs_diff(left) > TOLERANCE => {
            Some(Warning::InconsistentExpiry)
        }
        (Some(_), None, None) => Some(Warning::NoServerTime),
        _ => None,
    }
}

/// No token lives longer than STS lets it, whatever an answer claims.
fn clamp(expiry: Expiry, server: Option<ServerTime>) -> Expiry {
    let latest = server.map(|server| server.at.plus(LIFE_MAX));
    Expiry {
        at: expiry.at.map(|at| latest.map_or(at, |latest| at.min(latest))),
        left: expiry.left.map(|left| left.min(LIFE_MAX)),
        ..expiry
    }
}

/// Reads one value of that name.
fn end(value: &Json, name: EndName) -> End {
    match value {
        // Java's LocalDateTime, as Jackson writes it: `[2026, 1, 31, 23, 59, 59]`.
        Json::Array(fields) if fields.len() >= 5 => return End::Zoneless,
        // A timestamp of protobuf: `{ "seconds": 1767229200, "nanos": 0 }`.
        Json::Object(members) => {
            return member(members, &["seconds", "epochsecond"])
                .map_or(End::Unreadable, |(_, seconds)| end(seconds, name));
        }
        _ => {}
    }
    if let Some(number) = number(value) {
        return counted(number, name);
    }
    let Some(text) = value.as_str().map(str::trim_ascii) else { return End::Unreadable };
    match read_date_time(text) {
        Some(read) if read.zoned || name.utc => plausible(read.at, false),
        Some(_) => End::Zoneless,
        None => match (read_http_date(text), read_span(text)) {
            (Some(at), _) => plausible(at, false),
            (None, Some(left)) => End::Left(left),
            (None, None) => End::Unreadable,
        },
    }
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
        (None, Unit::Unsaid) if (LIFE_MIN..=LIFE_MAX as f64).contains(&number) => span(1.0),
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

/// An instant as a bare number: seconds or milliseconds since the epoch, told apart by their size, with granularity.
fn instant(number: f64) -> Option<(UnixMillis, Millis)> {
    if (1e9..=1e11).contains(&number) {
        let granularity = if number % 1.0 == 0.0 { 1_000 } else { 1 };
        return Some((UnixMillis((number * 1_000.0) as i64), granularity));
    }
    (1e12..=1e14).contains(&number).then_some((UnixMillis(number as i64), 1))
}

/// Reads the server's clock: the body's own time, else the `Date` header.
///
/// None of them counts if a cache has held the answer: then it tells the time of another request. The tabs of a page
/// have measured how long ago that was.
pub(super) fn read_server_time(
    path: &[&Members],
    meta: &Meta<'_>,
    age: Age,
    warnings: &mut Vec<Warning>,
) -> Option<ServerTime> {
    if let Age::Cached(_) = age {
        warnings.push(Warning::CachedAnswer);
        return None;
    }
    let body = path
        .iter()
        .find_map(|members| member(members, SERVER_TIMES))
        .map(|(_, value)| stamp(value));
    let date = meta.date.map(|date| {
        read_http_date(date.trim_ascii()).map(|at| ServerTime { at, granularity: 1_000 })
    });
    let candidates = [body, date];
    let usable = |time: &ServerTime| (FIRST_NOW..LAST).contains(&time.at.0);
    let found = candidates.iter().flatten().find_map(|time| time.filter(usable));
    // The preferred source is there and useless: say so, even if the other one serves.
    if candidates.iter().flatten().next().is_some_and(|time| !time.as_ref().is_some_and(usable)) {
        warnings.push(Warning::ImplausibleServerTime);
    }
    found
        .map(|ServerTime { at, granularity }| ServerTime { at: at.plus(age.millis()), granularity })
}

fn stamp(value: &Json) -> Option<ServerTime> {
    if let Some(number) = number(value) {
        return instant(number).map(|(at, granularity)| ServerTime { at, granularity });
    }
    let text = value.as_str()?.trim_ascii();
    match read_date_time(text) {
        Some(read) => {
            read.zoned.then_some(ServerTime { at: read.at, granularity: read.granularity })
        }
        None => read_http_date(text).map(|at| ServerTime { at, granularity: 1_000 }),
    }
}

/// How old an answer is: how long before this request it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Age {
    /// This request brought it.
    New,
    /// A cache has held it for so long.
    Cached(Millis),
    /// Another tab asked for it so long ago.
    Shared(Millis),
}

impl Age {
    pub(super) fn read(meta: &Meta<'_>) -> Self {
        let Some(age) = meta.age.map(str::trim_ascii).filter(|age| *age != "0") else {
            return Self::New;
        };
        let shared = age.strip_suffix(SHARED);
        let seconds = number(&Json::String(shared.unwrap_or(age).to_owned())).unwrap_or(0.0);
        // A negative age saturates to 0 in the conversion.
        let held = (seconds * 1_000.0) as u64;
        if shared.is_some() { Self::Shared(held) } else { Self::Cached(held) }
    }

    pub(super) const fn millis(self) -> Millis {
        match self {
            Self::New => 0,
            Self::Cached(held) | Self::Shared(held) => held,
        }
    }
}

/// A span in seconds that the AppServer proposes, such as `RefreshAfter`; `None` if it is no sensible one.
pub(super) fn seconds(value: &Json) -> Option<Millis> {
    let span = number(value).filter(|&seconds| seconds <= DURATION_MAX)?;
    // A negative span saturates to 0 in the conversion.
    Some((span * 1_000.0) as u64).filter(|&span| span > 0)
}
