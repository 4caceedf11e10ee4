//! Instants and durations, all in whole milliseconds, all saturating; and the texts that name instants.
//!
//! Nothing here reads a clock: time is an argument everywhere in the core.

mod cursor;
mod named;
mod text;

pub use named::read_named_date;
pub use text::{DateTime, read_date_time, read_http_date, to_iso};

/// A duration in milliseconds.
pub type Millis = u64;

/// Milliseconds since the Unix epoch, on a wall clock: the server's or the device's, as the holder says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixMillis(pub i64);

impl UnixMillis {
    /// `self + span`, saturating.
    #[must_use]
    pub fn plus(self, span: Millis) -> Self {
        Self(self.0.saturating_add(i64::try_from(span).unwrap_or(i64::MAX)))
    }

    /// How long from `self` until `later`; 0 if `later` is not later.
    #[must_use]
    pub fn until(self, later: Self) -> Millis {
        u64::try_from(later.0.saturating_sub(self.0)).unwrap_or(0)
    }
}

const MINUTE: i64 = 60_000;
/// The longest life that STS grants: an hour, unless the role is set to more.
const LONGEST_LIFE: i64 = 720 * MINUTE;
/// What zones and the usual lives of a token are multiples of: India is half an hour off, and a token may live 15 minutes.
const QUARTER: i64 = 15 * MINUTE;
/// The farthest zones, which are also farther from Greenwich to the east than to the west.
const EASTERNMOST: i64 = 14 * 60 * MINUTE;
const WESTERNMOST: i64 = 12 * 60 * MINUTE;
/// The lives that AppServers ask for, 15 and 30 minutes and an hour, in the local time of India (+5:30) and China (+8),
/// in minutes. Six hours are left out: a role is set to whole hours, and nine are those that a zone explains better.
const LOCAL: [i64; 5] = [345, 390, 495, 510, 540];
/// How long an AppServer may have had the token before it answers.
const KEPT: i64 = MINUTE;

/// Whether `life`, from now to an instant that a text names, is rather a usual life of a token plus some zone's distance
/// from Greenwich: whoever wrote the text called local time UTC. `tolerance` is how far both may be off.
///
/// A role may be set to any life of up to twelve hours, so within those only what is likely is taken for a zone. Beyond
/// them, and before now, nothing else explains a whole number of quarters.
#[must_use]
pub fn is_zone_off(life: i64, tolerance: Millis) -> bool {
    let tolerance = i64::try_from(tolerance).unwrap_or(i64::MAX);
    let apart = |from: i64| life.saturating_sub(from).saturating_abs();
    if (0..=LONGEST_LIFE).contains(&life) {
        return LOCAL.iter().any(|minutes| apart(minutes * MINUTE) <= KEPT);
    }
    let nearest = life.saturating_add(QUARTER / 2).div_euclid(QUARTER).saturating_mul(QUARTER);
    let west = (-WESTERNMOST..0).contains(&nearest);
    let east = nearest > LONGEST_LIFE && nearest <= EASTERNMOST + 60 * MINUTE;
    apart(nearest) <= tolerance && (west || east)
}

/// The two clocks of a page, read together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Now {
    /// `performance.now()`, floored: never goes back, may stop while the device sleeps.
    pub mono: u64,
    /// `Date.now()`: goes on in sleep, may be wrong, may be set forward or back.
    pub wall: UnixMillis,
}

#[cfg(test)]
mod tests {
    use super::{LOCAL, MINUTE, is_zone_off};
    use std::vec::Vec;

    #[test]
    fn a_life_that_a_zone_explains_better_is_a_zone() {
        let cases = [
            // life in minutes, late by ms, whether it is a zone
            (9 * 60, 0, true),           // an hour in China
            (8 * 60 + 15, 2_000, true),  // fifteen minutes in China
            (8 * 60 + 30, 59_000, true), // thirty, which the AppServer has kept for a minute
            (6 * 60 + 30, 0, true),      // an hour in India
            (-4 * 60, 0, true),          // an hour in New York
            (-2 * 60 - 30, 500, true),   // an hour in St. John's
            (13 * 60, 0, true),          // an hour in New Zealand
            (15 * 60, 0, true),          // an hour on Kiritimati
            (-11 * 60 - 45, 0, true),
            (0, 0, false),
            (-12 * 60 - 15, 0, false),
            (15 * 60 + 15, 0, false),
            (48 * 60, 0, false),
            (12 * 60, -1_000, false), // twelve hours by a server that is a second behind
            (9 * 60, 60_001, false),
            (9 * 60, -60_001, false),
            (9 * 60, -60_000, true),
            (-4 * 60, 10_001, false),
            (13 * 60, 10_001, false),
        ];
        for (minutes, late, zone) in cases {
            assert_eq!(
                is_zone_off(minutes * MINUTE - late, 10_000),
                zone,
                "{minutes} min {late} ms"
            );
        }
        assert!(!is_zone_off(i64::MIN, 10_000) && !is_zone_off(i64::MAX, u64::MAX));
    }

    /// `MaxSessionDuration` of a role is anything from one hour to twelve.
    #[test]
    fn other_lives_of_a_role_are_believed() {
        let zones: Vec<i64> = (1..=48)
            .map(|quarters| quarters * 15)
            .filter(|minutes| is_zone_off(minutes * MINUTE, 10_000))
            .collect();
        assert_eq!(zones, LOCAL);
    }
}
