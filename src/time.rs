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

/// The two clocks of a page, read together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Now {
    /// `performance.now()`, floored: never goes back, may stop while the device sleeps.
    pub mono: u64,
    /// `Date.now()`: goes on in sleep, may be wrong, may be set forward or back.
    pub wall: UnixMillis,
}
