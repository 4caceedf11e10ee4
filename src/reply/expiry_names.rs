//! Which members say when a token ends, by their names alone: no two frameworks spell it alike.

use super::search::plain;
use crate::{text::contains, time::Millis};

/// What a bare number counts, if the name says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// What its size says.
    Unsaid,
    Each(Millis),
}

/// A member's name, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EndName {
    pub(super) unit: Unit,
    /// The name says that an instant is in UTC.
    pub(super) utc: bool,
    /// The name says that it counts what is left, so that 0 is an end and not the zero of a typed language.
    pub(super) left: bool,
}

/// What a name must hold.
const STEMS: [&str; 13] = [
    "expir",
    "ttl",
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
/// What a name must not hold: another thing's end, or no end.
const OTHERS: [&str; 7] = ["refresh", "cookie", "url", "policy", "cache", "password", "user"];
/// What is in the names of counts.
const LEFT: [&str; 5] = ["expiresin", "expirein", "expiredin", "ttl", "validfor"];
const UNITS: [(&str, Millis); 11] = [
    ("milliseconds", 1),
    ("millisecond", 1),
    ("millis", 1),
    ("ms", 1),
    ("seconds", 1_000),
    ("second", 1_000),
    ("secs", 1_000),
    ("sec", 1_000),
    ("minutes", 60_000),
    ("mins", 60_000),
    ("hours", 3_600_000),
];

/// Reads `key`, if it is the name of an end.
pub(super) fn end_name(key: &str) -> Option<EndName> {
    let name = plain(key);
    let ends = STEMS.iter().any(|stem| contains(&name, stem)) || name == "duration";
    if !ends || OTHERS.iter().any(|other| contains(&name, other)) {
        return None;
    }
    let unit = UNITS.iter().find(|(suffix, _)| name.ends_with(suffix));
    let unit = unit.map_or(Unit::Unsaid, |(_, each)| Unit::Each(*each));
    let left = LEFT.iter().any(|left| contains(&name, left));
    Some(EndName { unit, utc: contains(&name, "utc") || contains(&name, "gmt"), left })
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
            ("ttlHours", Some(Unit::Each(3_600_000))),
            ("videoDuration", None),
            ("refreshTokenExpiresIn", None),
            ("cookieExpire", None),
            ("userExpireDate", None),
            ("notBefore", None),
            ("policyExpiration", None),
            ("title", None),
        ];
        for (key, unit) in cases {
            assert_eq!(end_name(key).map(|name| name.unit), unit, "{key}");
        }
        assert!(end_name("ExpireUTCTime").unwrap().utc);
        assert!(!end_name("ExpireTime").unwrap().utc);
        assert!(end_name("expires_in").unwrap().left);
        assert!(!end_name("expires").unwrap().left);
    }
}
