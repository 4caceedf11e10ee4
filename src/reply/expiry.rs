//! When a token ends and what time it is on the server, as an answer tells it.

use super::{
    Meta, ServerTime, Warning,
    expiry_names::{EndName, Sureness, Unit, end_name, unit_called},
    expiry_values::{DURATION_MAX, End, FIRST_NOW, LAST, LIFE_MAX, LIFE_MIN, end, stamp, wall},
    members::{Members, member, number, once, plain},
};
use crate::{
    error::Error,
    json::Json,
    time::{Millis, UnixMillis, is_zone_off, read_http_date},
    token::{Expiry, StsToken},
};

/// How long the way from STS to the answer may have taken when a life is compared with zones.
const ZONE_TOLERANCE: Millis = 10_000;

/// The longest life that two clocks without a zone are believed to show: that which AppServers ask for, and what clocks
/// may be apart. Of a longer one, a zone may be a part.
const WALL_MAX: Millis = 3_600_000 + ZONE_TOLERANCE;

/// How far a zone may put an instant off.
const ZONES: Millis = 14 * 3_600_000;

/// How far `Expiration` and a duration may differ before it is worth a warning.
const TOLERANCE: Millis = 5_000;

/// What `sharedSource` of upload-token/tabs writes after the `Age` of an answer that another tab asked for.
const SHARED: &str = ";shared";

/// Members that say what the number beside them counts.
const UNIT_NAMES: &[&str] =
    &["expireunit", "expiresunit", "expirationunit", "durationunit", "ttlunit", "timeunit"];

const SERVER_TIMES: &[&str] = &["servertime", "servertimestamp", "servertimems", "servernow"];

/// Reads the end of a token from `path`: the members around it, the innermost object first.
///
/// # Errors
///
/// [`Error::ExpiredOnArrival`] if the answer itself proves that the token is dead.
pub(super) fn read_expiry(
    path: &[&Members],
    token: &StsToken,
    server: Option<ServerTime>,
    age: Millis,
    warnings: &mut Vec<Warning>,
) -> Result<Expiry, Error> {
    let mut found = Found { wall: server_time(path).and_then(wall), ..Found::default() };
    for (distance, members) in path.iter().enumerate() {
        found.add_all(members, distance, token, server)?;
        // What stands further out is less certainly about the token.
        if found.expiry != Expiry::default() {
            break;
        }
        if found.spent {
            return Err(Error::ExpiredOnArrival);
        }
    }
    let Found { mut expiry, zoneless, unreadable, .. } = found;
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

/// What has been read of an end so far.
#[derive(Default)]
struct Found {
    expiry: Expiry,
    /// The latest that a clock beside it may have shown, which names no zone.
    wall: Option<UnixMillis>,
    spent: bool,
    zoneless: bool,
    unreadable: bool,
}

impl Found {
    /// Adds what `members` say, `distance` objects away from the token.
    fn add_all(
        &mut self,
        members: &Members,
        distance: usize,
        token: &StsToken,
        server: Option<ServerTime>,
    ) -> Result<(), Error> {
        let of_another = other_token(members, distance, token);
        let mut counts = false;
        for (name, end) in ends(members) {
            let other = of_another && !name.own && (distance > 0 || name.left);
            let vague = name.sureness == Sureness::Vague;
            // A thing of an unknown name may have any end.
            if other || vague && (self.expiry != Expiry::default() || !may_be_granted(end, server))
            {
                self.unreadable |= vague && !other;
                continue;
            }
            match self.by_the_wall(end) {
                End::At { instant, absolute } if self.expiry.at.is_none() => {
                    (self.expiry.at, self.expiry.absolute) = (Some(instant), absolute);
                }
                End::At { .. } => {}
                End::Left(left) if self.expiry.left.is_none() || name.counts && !counts => {
                    (self.expiry.left, counts) = (Some(left), name.counts);
                }
                End::Left(_) => {}
                // A more reliable end has been read, or it may be that of something else in the envelope.
                End::Dead if distance > 0 || self.expiry.at.is_some() => {}
                End::Dead => return Err(Error::ExpiredOnArrival),
                End::Spent => self.spent |= distance == 0,
                End::Unset => {}
                End::Zoneless(_) => self.zoneless = true,
                End::Unreadable => self.unreadable = true,
            }
        }
        // `expireHour: 1` may be anything; the instant beside it is what STS said.
        if self.expiry.at.is_some() && !counts {
            self.expiry.left = None;
        }
        Ok(())
    }

    /// What is left by the clock beside a local time, if it is so little that no zone can be between them.
    fn by_the_wall(&self, end: End) -> End {
        let (End::Zoneless(Some(at)), Some(now)) = (end, self.wall) else { return end };
        match u64::try_from(at.0.saturating_sub(now.0)) {
            Ok(life @ 1..=WALL_MAX) => End::Left(life),
            _ => end,
        }
    }
}

/// Whether an end is one that STS grants: a life of 15 minutes to 12 hours, of which some may be gone.
fn may_be_granted(end: End, server: Option<ServerTime>) -> bool {
    match end {
        End::Left(left) => (LIFE_MIN..=LIFE_MAX).contains(&left),
        End::At { instant, .. } => server.is_none_or(|server| {
            let left = server.at.until(instant);
            left > 0 && left <= LIFE_MAX + ZONES
        }),
        End::Zoneless(_) => true,
        End::Dead | End::Spent | End::Unset | End::Unreadable => false,
    }
}

/// Whether `members` hold another token than `token`, so that an end among them is that one's. In the token's own object
/// an `access_token` is one: RFC 6749 puts `expires_in` beside it. Around it, any is: the page's.
fn other_token(members: &Members, distance: usize, token: &StsToken) -> bool {
    let mut others = false;
    for (key, value) in members {
        let text = value.as_str().unwrap_or_default().trim_ascii();
        if distance > 0 && text == token.security_token.expose() {
            return false;
        }
        let name = plain(key);
        let page = name.ends_with("accesstoken")
            || distance > 0 && (name.ends_with("token") || name == "jwt") && !name.contains("srf");
        others |= page && !text.is_empty();
    }
    others
}

/// What `members` say about an end, the most reliable first: what is named as UTC, what STS calls it, the rest.
fn ends(members: &Members) -> impl Iterator<Item = (EndName, End)> {
    let unit = member(members, UNIT_NAMES).and_then(|(_, unit)| unit.as_str());
    let unit = unit.map_or(Unit::Unsaid, unit_called);
    let mut found: Vec<(EndName, End)> = Vec::new();
    for (key, value) in members {
        let Some(name) = end_name(key).filter(|_| !matches!(value, Json::Null | Json::Bool(_)))
        else {
            continue;
        };
        let name = if name.unit == Unit::Unsaid { EndName { unit, ..name } } else { name };
        let place = found.partition_point(|(other, _)| other.sureness <= name.sureness);
        found.insert(place, (name, end(value, name)));
    }
    found.into_iter()
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
    let body = server_time(path).map(stamp);
    let date = meta
        .date
        .map(|date| read_http_date(once(date)).map(|at| ServerTime { at, granularity: 1_000 }));
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

/// What the body says of the server's clock.
fn server_time<'a>(path: &[&'a Members]) -> Option<&'a Json> {
    path.iter().find_map(|members| member(members, SERVER_TIMES)).map(|(_, value)| value)
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
        let Some(age) = meta.age.map(once).filter(|age| *age != "0") else {
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

    /// How long ago another tab asked. A cache is not counted: an AppServer that keeps tokens itself tells no age either,
    /// and both may have them for longer than the shortest life that is assumed.
    pub(super) const fn shared(self) -> Millis {
        if let Self::Shared(held) = self { held } else { 0 }
    }
}

/// A span in seconds that the AppServer proposes, such as `RefreshAfter`; `None` if it is no sensible one.
pub(super) fn seconds(value: &Json) -> Option<Millis> {
    let span = number(value).filter(|&seconds| seconds <= DURATION_MAX)?;
    // A negative span saturates to 0 in the conversion.
    Some((span * 1_000.0) as u64).filter(|&span| span > 0)
}
