//! How much of a token's life is left, whatever the device's clocks do.
//!
//! A page has two clocks and can trust neither: `performance.now()` stops in sleep on most systems,
//! `Date.now()` can be set to anything. [`Clock`] counts *virtual time* from both, at least as fast as
//! true time passes:
//!
//! - while the two agree, the further of both since a common anchor (the sum of the larger of each
//!   step would run fast on coarse clocks);
//! - when they part by more than a tolerance, the larger step, then a new anchor: a sleep moves the
//!   wall clock only, and a wall clock that was turned back moves nothing.
//!
//! It under-runs only if a sleep and a backward step of the wall clock fall between the same two
//! looks, which is why an active page looks every 30 s. An error there costs one refused request.
//!
//! The life left of a token is then a lower bound: what the server's own clock said was left when it
//! answered, counted from when the request was *sent*.

use crate::{
    policy::{PerMille, Policy},
    time::{Millis, Now, UnixMillis, is_zone_off},
    token::Expiry,
};

/// An instant of virtual time: milliseconds since the page's first look at its clocks, never less than truly passed.
///
/// A type of its own, for monotonic time stands still in sleep: a life measured by it would not end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Virtual(pub u64);

impl Virtual {
    /// `self + span`, saturating.
    #[must_use]
    pub const fn plus(self, span: Millis) -> Self {
        Self(self.0.saturating_add(span))
    }

    /// `self - span`, not below the first look.
    #[must_use]
    pub const fn minus(self, span: Millis) -> Self {
        Self(self.0.saturating_sub(span))
    }

    /// How long from `self` until `later`; 0 if `later` is not later.
    #[must_use]
    pub const fn until(self, later: Self) -> Millis {
        later.0.saturating_sub(self.0)
    }
}

/// One look at the clocks: an argument of everything that depends on time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Time {
    /// Virtual time, for validity.
    pub elapsed: Virtual,
    /// Monotonic time, for back-off, deadlines and the budget: a turned wall clock must not fire them.
    pub mono: u64,
    /// Wall time, for a token whose answer carried no server time.
    pub wall: UnixMillis,
    /// The newest server time known.
    pub server: Option<ServerClock>,
    /// How many times the two clocks have parted so far.
    pub jumps: u32,
    /// A random draw for whatever this look decides.
    pub draw: PerMille,
}

/// A server's clock, read once: at `sent` or later it showed at most `at`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ServerClock {
    /// Upper end of what the server's clock showed when it answered.
    pub at: UnixMillis,
    /// When the request was sent.
    pub sent: Virtual,
}

impl ServerClock {
    /// The least virtual time at which the server's clock can show `instant`; the first look if it may have shown it before.
    #[must_use]
    pub fn reaches(&self, instant: UnixMillis, policy: &Policy) -> Virtual {
        if instant < self.at {
            return Virtual(0);
        }
        self.sent.plus(policy.counted(self.at.until(instant)))
    }
}

/// Counts virtual time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Clock {
    elapsed: Virtual,
    jumps: u32,
    server: Option<ServerClock>,
    /// Where the two clocks last agreed from: virtual time and both clocks.
    anchor: Option<(Virtual, Now)>,
    last: Option<Now>,
}

impl Clock {
    /// Takes a look: advances virtual time to `now`.
    pub fn look(&mut self, policy: &Policy, now: Now, draw: PerMille) -> Time {
        self.advance(policy, now);
        Time {
            elapsed: self.elapsed,
            mono: now.mono,
            wall: now.wall,
            server: self.server,
            jumps: self.jumps,
            draw,
        }
    }

    /// Learns that the server's clock showed `at` (to within `granularity` above) in the answer to a request sent at `sent`.
    pub fn observe(&mut self, at: UnixMillis, granularity: Millis, sent: Virtual) {
        if self.server.is_none_or(|known| known.sent <= sent) {
            self.server = Some(ServerClock { at: at.plus(granularity), sent });
        }
    }

    fn advance(&mut self, policy: &Policy, now: Now) {
        let (Some(last), Some((from, anchor))) = (self.last.replace(now), self.anchor) else {
            self.anchor = Some((self.elapsed, now));
            return;
        };
        let mono = now.mono.saturating_sub(last.mono);
        let wall = now.wall.0.saturating_sub(last.wall.0);
        let apart = wall.saturating_sub_unsigned(mono).unsigned_abs();
        if apart <= policy.clock_tolerance.saturating_add(mono / 1_000) {
            let since = now.mono.saturating_sub(anchor.mono).max(anchor.wall.until(now.wall));
            // At least the step itself: a wall clock that was ahead and is set right must not stop virtual time.
            self.elapsed = self.elapsed.plus(mono).max(from.plus(since));
        } else {
            self.elapsed = self.elapsed.plus(mono.max(u64::try_from(wall).unwrap_or(0)));
            self.anchor = Some((self.elapsed, now));
            self.jumps = self.jumps.wrapping_add(1);
        }
    }
}

/// When a token ends, as far as can be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Bound {
    /// Virtual time up to which the token is valid: a lower bound.
    pub expires: Virtual,
    /// The instant its answer named, on the server's clock.
    pub named: Option<UnixMillis>,
    /// Whether a server's clock or a duration was the measure; otherwise it was the device's wall clock or an assumption.
    pub certain: bool,
    /// Whether nothing was the measure.
    pub assumed: bool,
    /// Whether the answer named a local time as if it were UTC.
    pub local: bool,
    /// When the AppServer would like to be asked again.
    pub refresh: Option<Virtual>,
}

/// How far a wall clock that is set by the network may be off when a life is compared with zones.
const WALL_TOLERANCE: Millis = 60_000;
/// The same for a server's clock: the answer's way.
const SERVER_TOLERANCE: Millis = 10_000;

/// Bounds the life of a token whose answer said `expiry`, to a request sent at `sent`.
///
/// In this order: the shorter of a duration and an instant on a known server clock; the wall clock, if
/// it makes the life plausible; otherwise the policy's assumed life. A fresh token that seems dead, or
/// to live longer than any, proves that the wall clock is wrong. A life that a time zone explains better
/// is none: the instant does not count.
#[must_use]
pub fn bound(policy: &Policy, time: &Time, sent: Virtual, expiry: Expiry) -> Bound {
    let (now, tolerance) = time.server.map_or((time.wall, WALL_TOLERANCE), |server| {
        (server.at.plus(server.sent.until(time.elapsed)), SERVER_TOLERANCE)
    });
    let off = |at: UnixMillis| is_zone_off(at.0.saturating_sub(now.0), tolerance);
    let local = !expiry.absolute && expiry.at.is_some_and(off);
    let named = expiry.at.filter(|_| !local);
    let by_duration = expiry.left.map(|left| sent.plus(policy.sure(left)));
    let by_server = named
        .zip(time.server)
        .map(|(at, server)| server.reaches(at, policy).min(time.elapsed.plus(policy.longest_life)));
    let known = match (by_duration, by_server) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    let by_wall = named.map_or(0, |at| time.wall.until(at));
    let by_wall = (by_wall > 0 && by_wall <= policy.longest_life)
        .then(|| time.elapsed.plus(policy.sure(by_wall)));
    let by_nothing = || sent.plus(policy.sure(policy.assumed_life)).minus(expiry.age);
    Bound {
        expires: known.or(by_wall).unwrap_or_else(by_nothing),
        named,
        certain: known.is_some(),
        assumed: known.or(by_wall).is_none(),
        local,
        refresh: expiry.refresh.map(|after| sent.plus(policy.counted(after))),
    }
}
