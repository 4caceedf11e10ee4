//! Which members say when a token ends, by their names alone: no two frameworks spell it alike.

use super::members::plain;
use crate::time::Millis;

/// What a bare number counts, if the name says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// What its size says.
    Unsaid,
    Each(Millis),
}

/// How surely a name is that of the token's end, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sureness {
    /// It says that the instant is in UTC.
    Utc,
    /// What STS calls it.
    Expiration,
    /// Every part of it is about a token's end.
    Known,
    /// A part of it may be another thing's name.
    Vague,
}

/// A member's name, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EndName {
    pub(super) unit: Unit,
    pub(super) sureness: Sureness,
    /// The name says that it counts what is left, so that 0 is an end and not the zero of a typed language.
    pub(super) left: bool,
    /// The name is one by which seconds are counted everywhere, so that it may shorten what an instant says.
    pub(super) counts: bool,
    /// The name says whose end it is, so that another token beside it changes nothing.
    pub(super) own: bool,
}

/// What a name must hold.
const STEMS: [&str; 12] = [
    "expir",
    "durationseconds",
    "durationinseconds",
    "tokenduration",
    "validuntil",
    "validto",
    "validtime",
    "validfor",
    "validseconds",
    "notafter",
    "lifetime",
    "invalidtime",
];
/// What makes it the end of another thing, or none, wherever it stands.
const OTHERS: [&str; 21] = [
    "refresh",
    "cookie",
    "url",
    "policy",
    "cache",
    "password",
    "user",
    "session",
    "member",
    "vip",
    "download",
    "sign",
    "object",
    "interval",
    "status",
    "captcha",
    "coupon",
    "license",
    "account",
    "certificate",
    "video",
];
/// The same at the start or the end of a name: within one they may be parts of other words.
const OTHERS_AT_AN_END: [&str; 21] = [
    "file", "link", "share", "order", "type", "state", "flag", "unit", "mode", "auto", "never",
    "isexp", "isvalid", "has", "max", "login", "jwt", "idtoken", "pay", "remind", "warn",
];
/// What a name is made of that is surely about a token's end, longer parts before those that they begin with.
const KNOWN: [&str; 65] = [
    "expiration",
    "expires",
    "expired",
    "expire",
    "expiry",
    "expir",
    "ttl",
    "durations",
    "duration",
    "validity",
    "valid",
    "until",
    "lifetime",
    "life",
    "not",
    "after",
    "before",
    "invalid",
    "from",
    "for",
    "in",
    "at",
    "on",
    "to",
    "of",
    "the",
    "datetime",
    "date",
    "timestamp",
    "time",
    "stamp",
    "ts",
    "utc",
    "gmt",
    "unix",
    "epoch",
    "iso",
    "milliseconds",
    "millisecond",
    "millis",
    "ms",
    "seconds",
    "second",
    "secs",
    "sec",
    "minutes",
    "minute",
    "mins",
    "min",
    "hours",
    "hour",
    "hrs",
    "hr",
    "days",
    "day",
    "token",
    "sts",
    "oss",
    "vod",
    "security",
    "credentials",
    "credential",
    "accesskey",
    "upload",
    "left",
];
/// A longer name is not taken apart.
const NAME_MAX: usize = 40;
/// Whose end a name says it is.
const OWN: [&str; 5] = ["sts", "oss", "security", "credential", "accesskey"];
/// What is in the names of counts.
const LEFT: [&str; 5] = ["expiresin", "expirein", "expiredin", "ttl", "validfor"];
/// What STS and OAuth call a count of seconds.
const COUNTS: [&str; 5] =
    ["durationseconds", "durationinseconds", "expiresin", "expirein", "expiredin"];
const UNITS: [(&str, Millis); 18] = [
    ("milliseconds", 1),
    ("millisecond", 1),
    ("millis", 1),
    ("ms", 1),
    ("seconds", SECOND),
    ("second", SECOND),
    ("secs", SECOND),
    ("sec", SECOND),
    ("minutes", MINUTE),
    ("minute", MINUTE),
    ("mins", MINUTE),
    ("min", MINUTE),
    ("hours", HOUR),
    ("hour", HOUR),
    ("hrs", HOUR),
    ("hr", HOUR),
    ("days", 24 * HOUR),
    ("day", 24 * HOUR),
];
const SECOND: Millis = 1_000;
const MINUTE: Millis = 60 * SECOND;
const HOUR: Millis = 60 * MINUTE;

/// Reads `key`, if it may be the name of a token's end.
pub(super) fn end_name(key: &str) -> Option<EndName> {
    let name = plain(key);
    if !is_end(&name) || is_of_another(&name) {
        return None;
    }
    let has = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    let sureness = match &*name {
        _ if has(&["utc", "gmt"]) => Sureness::Utc,
        "expiration" => Sureness::Expiration,
        _ if name.len() <= NAME_MAX && is_known(&name) => Sureness::Known,
        _ => Sureness::Vague,
    };
    let counts = sureness == Sureness::Expiration || sureness < Sureness::Vague && has(&COUNTS);
    Some(EndName { unit: unit_of(&name), sureness, left: has(&LEFT), counts, own: has(&OWN) })
}

/// Whether a name is that of some end, be it the token's or another thing's.
pub(super) fn names_end(key: &str) -> bool {
    is_end(&plain(key))
}

/// The unit that a text is: `MINUTES`, `h`.
pub(super) fn unit_called(text: &str) -> Unit {
    let text = plain(text.trim_ascii());
    match &*text {
        "s" => Unit::Each(SECOND),
        "m" => Unit::Each(MINUTE),
        "h" => Unit::Each(HOUR),
        "d" => Unit::Each(24 * HOUR),
        _ if UNITS.iter().any(|(unit, _)| text == *unit) => unit_of(&text),
        _ => Unit::Unsaid,
    }
}

/// The unit that a name ends with.
fn unit_of(name: &str) -> Unit {
    let unit = UNITS.iter().find(|(suffix, _)| name.ends_with(suffix));
    unit.map_or(Unit::Unsaid, |(_, each)| Unit::Each(*each))
}

fn is_end(name: &str) -> bool {
    STEMS.iter().any(|stem| name.contains(stem))
        // Elsewhere it is a part of a word: settlement.
        || name.starts_with("ttl")
        || name.ends_with("ttl")
        || name == "duration"
        || UNITS.iter().any(|(unit, _)| name.strip_suffix(unit).is_some_and(|ttl| ttl.ends_with("ttl")))
}

fn is_of_another(name: &str) -> bool {
    let at_an_end = |other: &&str| name.starts_with(*other) || name.ends_with(*other);
    OTHERS.iter().any(|other| name.contains(other))
        || OTHERS_AT_AN_END.iter().any(at_an_end)
        // The AccessKey is a part of the token, an access_token is another.
        || name.contains("access") && !name.contains("accesskey")
        || name.starts_with("min") && !name.starts_with("minute")
}

/// Whether `name` can be put together of known parts.
fn is_known(name: &str) -> bool {
    name.is_empty() || KNOWN.iter().any(|part| name.strip_prefix(part).is_some_and(is_known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_an_end_are_known_in_any_spelling() {
        let unsaid = Some(Unit::Unsaid);
        let cases = [
            ("Expiration", unsaid),
            ("expire_time", unsaid),
            ("expireDate", unsaid),
            ("expiredDuration", unsaid),
            ("expired-at", unsaid),
            ("EXPIRES_IN", unsaid),
            ("stsTokenExpireTime", unsaid),
            ("expireTimestamp", unsaid),
            ("tokenExpiresAt", unsaid),
            ("ttl", unsaid),
            ("duration", unsaid),
            ("validUntil", unsaid),
            ("expiresInMs", Some(Unit::Each(1))),
            ("expire_in_seconds", Some(Unit::Each(1_000))),
            ("DurationSeconds", Some(Unit::Each(1_000))),
            ("expireMinutes", Some(Unit::Each(60_000))),
            ("expireMinute", Some(Unit::Each(60_000))),
            ("expiresMin", Some(Unit::Each(60_000))),
            ("expire_day", Some(Unit::Each(86_400_000))),
            ("ttlHours", Some(Unit::Each(3_600_000))),
            ("videoDuration", None),
            ("refreshTokenExpiresIn", None),
            ("cookieExpire", None),
            ("userExpireDate", None),
            ("notBefore", None),
            ("policyExpiration", None),
            ("accessTokenExpiresIn", None),
            ("minDurationSeconds", None),
            ("expireType", None),
            ("settlementTime", None),
            ("title", None),
        ];
        for (key, unit) in cases {
            assert_eq!(end_name(key).map(|name| name.unit), unit, "{key}");
        }
        assert!(end_name("expires_in").unwrap().left);
        assert!(!end_name("expires").unwrap().left);
    }

    #[test]
    fn a_name_is_as_sure_as_its_least_known_part() {
        for (key, sureness) in [
            ("ExpireUTCTime", Sureness::Utc),
            ("expiration", Sureness::Expiration),
            ("ExpireTime", Sureness::Known),
            ("stsTokenExpireTimestampMs", Sureness::Known),
            ("accessKeyExpiresAt", Sureness::Known),
            ("invalidTime", Sureness::Known),
            ("playerExpireTime", Sureness::Vague),
            ("expirexpirexpirexpirexpirexpirexpirexpirexpir", Sureness::Vague),
        ] {
            assert_eq!(end_name(key).map(|name| name.sureness), Some(sureness), "{key}");
        }
    }

    /// Whatever it is the end of, it is a date or a count, and no secret.
    #[test]
    fn the_end_of_another_token_is_an_end() {
        for key in ["refreshTokenExpiresIn", "accessTokenExpireTime", "sessionTokenTtl"] {
            assert!(names_end(key) && end_name(key).is_none(), "{key}");
        }
        assert!(!names_end("refreshToken"));
    }
}
