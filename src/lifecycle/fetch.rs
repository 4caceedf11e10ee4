//! The request for a successor: when one is made, waited for, put off.

use super::{Effect, FetchId, Reason, Slot};
use crate::{
    clock::{Time, Virtual},
    context::Context,
    error::Error,
    policy::Policy,
    time::Millis,
};

/// What is being done about a successor.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Fetch {
    /// Nothing.
    Idle,
    /// A request is on its way.
    InFlight {
        /// Which.
        fetch: FetchId,
        /// When it was sent, for the life of what it brings.
        sent: Virtual,
        /// When it was sent, for its deadline.
        since: u64,
    },
    /// Waiting after a failure, in monotonic time.
    Backoff {
        /// Until when.
        until: u64,
        /// No sooner than this, whoever waits: the server said so.
        floor: u64,
        /// Whether it was already shortened.
        pulled: bool,
    },
    /// Waiting for a call after the hold, in monotonic time.
    Parked {
        /// Until when calls get the error at once.
        until: u64,
        /// That error.
        error: Error,
    },
}

impl<T: Clone + PartialEq> Slot<T> {
    /// Makes a request, if one is wanted and may be made now.
    pub(super) fn start(&mut self, cx: &mut Context<'_, Effect<T>>) {
        let time = cx.time;
        let free = match self.fetch {
            Fetch::Idle => true,
            Fetch::InFlight { .. } => false,
            Fetch::Backoff { until, .. } => until <= time.mono,
            Fetch::Parked { until, .. } => until <= time.mono && !self.waiters.is_empty(),
        };
        if !free || !self.wants(time) || !cx.budget.take() {
            return;
        }
        self.started = self.started.wrapping_add(1);
        let fetch = self.started;
        let reason = match &self.token {
            Some(token) if token.rejected => Reason::Rejected,
            Some(_) => Reason::Refresh,
            None if self.waiters.is_empty() => Reason::Prefetch,
            None => Reason::Initial,
        };
        self.fetch = Fetch::InFlight { fetch, sent: time.elapsed, since: time.mono };
        cx.out.push(Effect::Fetch { fetch, reason });
    }

    /// Shortens a back-off, once: somebody waits, or the network may be back.
    pub(super) fn pull_in(&mut self, policy: &Policy, time: &Time) {
        if let Fetch::Backoff { until, floor, pulled: pulled @ false } = &mut self.fetch {
            *until = time.mono.saturating_add(policy.pull_in(time.draw)).max(*floor).min(*until);
            *pulled = true;
        }
    }

    /// Ends the request `fetch`; `None` if it is not the one in flight.
    pub(super) fn lands(&mut self, fetch: FetchId) -> Option<Virtual> {
        match self.fetch {
            Fetch::InFlight { fetch: current, sent, .. } if current == fetch => {
                self.fetch = Fetch::Idle;
                Some(sent)
            }
            _ => None,
        }
    }

    /// Cuts a back-off that was chosen while the token in hand worked to what is right without one: the token was
    /// refused since, or the device slept through the rest of its life, which monotonic time does not count.
    pub(super) fn shorten(&mut self, policy: &Policy, time: &Time) {
        if let Fetch::Backoff { until, floor, .. } = &mut self.fetch
            && self.token.as_ref().is_none_or(|token| token.left(time).is_none())
        {
            let most = time.mono.saturating_add(policy.dry_backoff_cap.saturating_mul(2));
            *until = (*until).min(most);
            *floor = (*floor).min(most);
        }
    }

    /// Makes no request before a call after `hold`.
    pub(super) fn park(&mut self, time: &Time, hold: Millis, error: Error) {
        self.fetch = Fetch::Parked { until: time.mono.saturating_add(hold), error };
    }
}
