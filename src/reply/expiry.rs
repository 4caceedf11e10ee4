//! When a token ends and what time it is on the server, as an answer tells it.

use alloc::{borrow::ToOwned, vec::Vec};

use super::{
    Meta, ServerTime, Warning,
    search::{Members, member, number},
};
use crate::{
    error::Error,
    json::Json,
    time::{Millis, UnixMillis, read_date_time, read_http_date},
    token::Expiry,
};

/// The longest life that STS grants: `DurationSeconds` of 12 hours, if the role allows it.
pub const LIFE_MAX: Millis = 43_200_000;

/// A bare number up to this many is a duration in seconds.
const DURATION_MAX: f64 = 86_400.0;

/// Before 2000: not an expiry but somebody's zero (1970 in Unix, 0001 in .NET).
const FIRST_EXPIRY: i64 = 946_684_800_000;

/// Before 2020: older than this module, so no server's clock is right that says so, and no token lives that ended then.
const FIRST_NOW: i64 = 1_577_836_800_000;

/// From 2100 on an instant is a mistake.
const LAST: i64 = 4_102_444_800_000;

/// How far `Expiration` and a duration may differ before it is worth a warning.
const TOLERANCE: Millis = 5_000;

/// Names of what says when a token ends, the most reliable first: an instant named as UTC, instants, durations.
/// Whatever the name, the value decides between instant and duration: `expiration` holds seconds left at some servers.
const ENDS: &[&str] = &[
    "expireutctime",
    "expiration",
    "expiresat",
    "expireat",
    "expiretime",
    "expirationtime",
    "expiredtime",
    "expiredat",
    "expires",
    "expire",
    "expiry",
    "validuntil",
    "expiresin",
    "expirein",
    "expireseconds",
    "durationseconds",
    "ttl",
];

/// What `sharedSource` of upload-token/tabs writes after the `Age` of an answer that another tab asked for.
const SHARED: &str = ";shared";

const SERVER_TIMES: &[&str] = &["servertime", "servertimestamp", "servertimems", "servernow"];

/// What one value says about a token's end.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    At(UnixMillis),
    Left(Millis),
    /// The token is dead whatever the time is.
    Dead,
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
    let (mut zoneless, mut unreadable) = (false, false);
    for (distance, members) in path.iter().enumerate() {
        for name in ENDS {
            let Some((_, value)) = member(members, &[name]) else { continue };
            match end(value, *name == "expireutctime") {
                End::At(at) => expiry.at = expiry.at.or(Some(at)),
                End::Left(left) => expiry.left = expiry.left.or(Some(left)),
                End::Dead if distance == 0 => return Err(Error::ExpiredOnArrival),
                // An envelope's zero may be about something else.
                End::Dead => {}
                End::Zoneless => zoneless = true,
                End::Unreadable => unreadable = true,
            }
        }
        // What stands further out is less certainly about the token.
        if expiry != Expiry::default() {
            break;
        }
    }
    if let Some(left) = &mut expiry.left {
        *left = left.saturating_sub(age);
        if *left == 0 {
            return Err(Error::ExpiredOnArrival);
        }
    }
    if let (Some(at), Some(server)) = (expiry.at, server)
        && at <= server.at
    {
        return Err(Error::ExpiredOnArrival);
    }
    warnings.extend(doubts(&expiry, server, zoneless, unreadable));
    Ok(clamp(expiry, server))
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
    }
}

/// Reads one value; `utc` if its name says that it is UTC.
fn end(value: &Json, utc: bool) -> End {
    if let Some(number) = number(value) {
        return match instant(number) {
            Some((at, _)) => plausible(at),
            None if number <= 0.0 => End::Dead,
            // Truncation is wanted: a life is never rounded up.
            None if number <= DURATION_MAX => End::Left((number * 1_000.0) as u64),
            None => End::Unreadable,
        };
    }
    let Some(text) = value.as_str().map(str::trim_ascii) else { return End::Unreadable };
    match read_date_time(text) {
        Some(read) if read.zoned || utc => plausible(read.at),
        Some(_) => End::Zoneless,
        None => read_http_date(text).map_or(End::Unreadable, plausible),
    }
}

fn plausible(at: UnixMillis) -> End {
    match at.0 {
        FIRST_EXPIRY..FIRST_NOW => End::Dead,
        FIRST_NOW..LAST => End::At(at),
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
