//! A token in hand, and where it stands in its life.

use crate::{
    clock::{Bound, ServerClock, Time, Virtual},
    lifecycle::Generation,
    policy::Policy,
    time::{Millis, UnixMillis},
    token::Expiry,
};

/// Where a token stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Zone {
    /// There is none.
    Empty,
    /// Served at once.
    Valid,
    /// Served at once, refreshed in the background.
    Advisory,
    /// Callers wait for the refresh; if it fails they get this token.
    Mandatory,
    /// Below the margin: never served.
    Expired,
    /// A server refused it: never served.
    Rejected,
    /// The manager was closed.
    Closed,
}

/// A credential with its place in time. The windows were fixed when it arrived.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Held<T> {
    /// The credential.
    pub value: T,
    /// Its number in the slot.
    pub generation: Generation,
    /// Virtual time up to which it is valid: a lower bound.
    pub expires: Virtual,
    /// The instant its answer named, on the server's clock.
    pub named: Option<UnixMillis>,
    /// Life left on arrival.
    pub life: Millis,
    /// Whether a server's clock or a duration was its measure.
    pub certain: bool,
    /// Whether its end is an assumption.
    assumed: bool,
    pub(super) rejected: bool,
    accepted: Virtual,
    refresh: Virtual,
    mandatory: Millis,
    margin: Millis,
    /// When the server time that it was last judged by was asked for.
    judged_by: Virtual,
}

/// A token that has just arrived.
pub(super) struct Arrival<T> {
    pub(super) value: T,
    pub(super) bound: Bound,
    pub(super) generation: Generation,
    /// Whether it is the first that this slot has.
    pub(super) first: bool,
}

impl<T: Clone> Held<T> {
    /// What has arrived, to be held; `None` if its life is over, margin included.
    pub(super) fn judged(policy: &Policy, time: &Time, arrival: Arrival<T>) -> Option<Self> {
        let Arrival { value, bound, generation, first } = arrival;
        let life = time.elapsed.until(bound.expires);
        let margin = policy.margin(life, bound.certain);
        let refresh = time.elapsed.plus(policy.refresh_age(life, time.draw, first));
        let soonest = time.elapsed.plus(policy.minimum_age(life));
        (life > margin).then(|| Self {
            value,
            generation,
            expires: bound.expires,
            named: bound.named,
            life,
            certain: bound.certain,
            assumed: bound.assumed,
            rejected: false,
            accepted: time.elapsed,
            // The AppServer may wish to be asked sooner, never later.
            refresh: bound.refresh.map_or(refresh, |wish| refresh.min(wish.max(soonest))),
            mandatory: policy.mandatory_window(life, margin),
            margin,
            judged_by: time.server.map_or(Virtual(0), |server| server.sent),
        })
    }

    /// Its issuer gave it again, and says `bound` about its end. Whether that is news.
    ///
    /// - An end that was only assumed is not held against it: whoever gives it again knows that it lives.
    /// - A duration counts from its own answer.
    /// - Below its margin it is judged as a page would judge it that is given it now: life that is left beats an
    ///   error, down to a margin that is a share of that life.
    pub(super) fn given_again(&mut self, policy: &Policy, time: &Time, bound: Bound) -> bool {
        let sure = bound.certain || !self.certain;
        // The same end looks later at each answer: less of the way there is counted slowly.
        let slow = self.life.saturating_sub(policy.counted(self.life));
        let slack = policy.clock_tolerance.saturating_add(slow);
        let later = bound.expires > self.expires.plus(slack);
        let told = bound.named.is_none() || bound.named != self.named;
        // Of two guesses the one that was made now: how much later it is says nothing about the token.
        let guessed = self.assumed && bound.assumed && bound.expires > self.expires;
        let news = self.assumed && !bound.assumed || guessed || sure && later && told;
        if news {
            self.judge_again(policy, time, bound);
        } else if !self.rejected && self.left(time).is_none() {
            let Self { expires, named, certain, assumed, .. } = *self;
            let refresh = None;
            let own = Bound { expires, named, certain, assumed, local: false, refresh };
            self.judge_again(policy, time, own);
        }
        news
    }

    fn judge_again(&mut self, policy: &Policy, time: &Time, bound: Bound) {
        let (value, generation) = (self.value.clone(), self.generation);
        let again = Self::judged(policy, time, Arrival { value, bound, generation, first: false });
        match again {
            Some(again) => *self = Self { accepted: self.accepted, ..again },
            None => {
                let Bound { expires, named, certain, assumed, .. } = bound;
                (self.expires, self.named) = (expires, named);
                (self.certain, self.assumed) = (certain, assumed);
                self.judged_by = time.server.map_or(Virtual(0), |server| server.sent);
            }
        }
    }
}

impl<T> Held<T> {
    /// The instant shown to users: the one its answer named, or an estimate on the best clock there is.
    #[must_use]
    pub fn shown(&self, time: &Time) -> UnixMillis {
        self.named.unwrap_or_else(|| {
            let (from, at) =
                time.server.map_or((time.elapsed, time.wall), |server| (server.sent, server.at));
            let ahead = i64::try_from(self.expires.0)
                .unwrap_or(i64::MAX)
                .saturating_sub(i64::try_from(from.0).unwrap_or(0));
            UnixMillis(at.0.saturating_add(ahead))
        })
    }

    /// Validity above the margin; `None` if it must not be handed out.
    #[must_use]
    pub fn left(&self, time: &Time) -> Option<Millis> {
        if self.rejected {
            None
        } else {
            self.expires.0.checked_sub(time.elapsed.plus(self.margin).0)
        }
    }

    /// Whether it may be handed to a caller who asked for `least`.
    #[must_use]
    pub fn serves(&self, time: &Time, least: Millis) -> bool {
        self.left(time).is_some_and(|left| left >= least)
    }

    /// What is known of its end at `time`, for another slot that is given it. Of an end that nothing sure was the measure
    /// of, the margin is no part.
    #[must_use]
    pub fn expiry(&self, time: &Time) -> Expiry {
        let whole = time.elapsed.until(self.expires);
        let left = if self.certain { whole } else { whole.saturating_sub(self.margin) };
        Expiry { at: self.named, left: Some(left), refresh: None, age: 0, absolute: true }
    }

    /// Where it stands at `time`.
    #[must_use]
    pub fn zone(&self, time: &Time) -> Zone {
        match self.left(time) {
            _ if self.rejected => Zone::Rejected,
            None => Zone::Expired,
            Some(left) if left.saturating_add(self.margin) < self.mandatory => Zone::Mandatory,
            Some(_) if time.elapsed >= self.refresh => Zone::Advisory,
            Some(_) => Zone::Valid,
        }
    }

    /// Virtual time at which it becomes due for refresh.
    #[must_use]
    pub const fn refresh_at(&self) -> Virtual {
        self.refresh
    }

    /// Least validity with which it is handed out.
    #[must_use]
    pub const fn margin(&self) -> Millis {
        self.margin
    }

    /// Length of its mandatory window, counted from its end.
    #[must_use]
    pub const fn mandatory(&self) -> Millis {
        self.mandatory
    }

    /// Monotonic time of its next change of zone, if time alone brings one.
    pub(super) fn next_zone(&self, time: &Time) -> Option<u64> {
        if self.rejected {
            return None;
        }
        // The first instant past the margin is the one that counts: at the margin itself it is still served.
        let ends = [
            self.refresh,
            self.expires.minus(self.mandatory).plus(1),
            self.expires.minus(self.margin).plus(1),
        ];
        let next = ends.into_iter().filter(|at| *at > time.elapsed).min()?;
        Some(time.mono.saturating_add(time.elapsed.until(next)))
    }

    /// Judges it again by a newer server time. The greater of two lower bounds is one too; what the
    /// wall clock or an assumption said was none.
    pub(super) fn tighten(&mut self, policy: &Policy, server: ServerClock) {
        let Some(named) = self.named.filter(|_| server.sent > self.judged_by) else { return };
        self.judged_by = server.sent;
        let longest = server.sent.plus(policy.longest_life);
        self.confirm(server.reaches(named, policy).min(longest));
    }

    /// Takes `expires`, the end by a sure measure, if it is later than the end known so far.
    pub(super) fn confirm(&mut self, expires: Virtual) {
        if expires > self.expires || !self.certain {
            self.refresh = self.refresh.plus(expires.0).minus(self.expires.0);
            self.expires = expires;
            self.certain = true;
        }
    }

    /// Whether a token bounded by `other` is newer. Instants on the server's clock decide where both
    /// are known: after a jump of this device's clock the same instant looks like two.
    pub(super) fn older_than(&self, other: &Bound) -> bool {
        match (self.named, other.named) {
            (Some(mine), Some(other)) => mine < other,
            _ => self.expires < other.expires,
        }
    }

    /// Whether it served long enough for a refusal to be news about this token rather than about all of them.
    pub(super) fn proven(&self, policy: &Policy, time: &Time) -> bool {
        self.accepted.until(time.elapsed) >= policy.minimum_age(self.life)
    }
}
