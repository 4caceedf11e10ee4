//! Instants and durations, all in whole milliseconds, all saturating; and the texts that name instants.
//!
//! Nothing here reads a clock: time is an argument everywhere in the core.

mod text;

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

/// The longest life that STS grants to an account that asked for nothing special.
const USUAL_LIFE: i64 = 3_600_000;
/// The longest life that STS grants at all.
const LONGEST_LIFE: i64 = 43_200_000;
/// What zones and the usual lives of a token are multiples of: India is half an hour off, and a token may live 15 minutes.
const QUARTER: i64 = 900_000;
/// The farthest zones, which are also farther from Greenwich to the east than to the west.
const EASTERNMOST: i64 = 14 * 3_600_000;
const WESTERNMOST: i64 = 12 * 3_600_000;

/// Whether `life`, from now to an instant, is a usual life of a token plus some zone's distance from Greenwich:
/// whoever wrote the instant called local time UTC. `tolerance` is how long ago the token may have been issued.
///
/// Twelve hours are what an account that wants long tokens asks for.
#[must_use]
pub fn is_zone_off(life: i64, tolerance: Millis) -> bool {
    let tolerance = i64::try_from(tolerance).unwrap_or(i64::MAX);
    let nearest = life.saturating_add(QUARTER / 2).div_euclid(QUARTER).saturating_mul(QUARTER);
    let whole = life.saturating_sub(nearest).saturating_abs() <= tolerance;
    let far = (-WESTERNMOST..0).contains(&nearest)
        || (nearest > USUAL_LIFE && nearest <= EASTERNMOST.saturating_add(USUAL_LIFE));
    whole && far && nearest != LONGEST_LIFE
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
    use super::is_zone_off;

    #[test]
    fn a_life_of_whole_hours_beside_the_usual_ones_is_a_zone() {
        const MINUTE: i64 = 60_000;
        let cases = [
            // life in minutes, late by ms, whether it is a zone
            (9 * 60, 0, true),          // an hour in China
            (8 * 60 + 15, 2_000, true), // fifteen minutes in China
            (6 * 60 + 30, 0, true),     // an hour in India
            (-4 * 60, 0, true),         // an hour in New York
            (-2 * 60 - 30, 500, true),  // an hour in St. John's
            (15 * 60, 0, true),         // an hour on Kiritimati
            (-11 * 60 - 45, 0, true),
            (15, 0, false),
            (30, 0, false),
            (60, 0, false),
            (12 * 60, 0, false),
            (0, 0, false),
            (-12 * 60 - 15, 0, false),
            (15 * 60 + 15, 0, false),
            (48 * 60, 0, false),
            (9 * 60, 10_001, false),
            (9 * 60, -10_001, false),
            (9 * 60, -10_000, true),
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
}
