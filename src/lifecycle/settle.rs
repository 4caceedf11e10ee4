//! Bringing a slot to rest after an input, and when to look at it again.

use super::{Effect, Event, Fetch, Slot, Zone, waiters::Settlement};
use crate::{
    clock::Time,
    context::Context,
    error::Error,
    policy::{Budget, Policy},
};

/// Which waiters to settle.
#[derive(Clone, Copy)]
enum Which {
    Failures,
    All,
}

impl<T: Clone + PartialEq> Slot<T> {
    /// Monotonic time at which [`Input::Timeout`](super::Input::Timeout) should come next, if anything can happen by itself.
    #[must_use]
    pub fn next_timeout(&self, policy: &Policy, budget: &Budget, time: &Time) -> Option<u64> {
        if self.closed {
            return None;
        }
        let wants = self.wants(time);
        let fetch = match self.fetch {
            Fetch::Idle if wants => budget.next(policy),
            Fetch::Idle => None,
            Fetch::InFlight { since, .. } => Some(since.saturating_add(policy.deadline)),
            Fetch::Parked { .. } if self.waiters.is_empty() => None,
            Fetch::Backoff { until, .. } | Fetch::Parked { until, .. } if wants => {
                Some(budget.next(policy).map_or(until, |refill| until.max(refill)))
            }
            Fetch::Backoff { .. } | Fetch::Parked { .. } => None,
        };
        let waiter = self.waiters.iter().map(|w| w.deadline).min();
        let token = self.token.as_ref().and_then(|t| t.next_zone(time));
        let heartbeat = self.in_demand(time).then(|| time.mono.saturating_add(policy.heartbeat));
        [fetch, waiter, token, heartbeat].into_iter().flatten().min().map(|at| at.max(time.mono))
    }

    /// Brings the slot to rest: nothing more follows from this state at this time.
    pub(super) fn settle(&mut self, cx: &mut Context<'_, Effect<T>>) {
        let (policy, time) = (cx.policy, cx.time);
        if let Fetch::InFlight { fetch, since, .. } = self.fetch
            && time.mono.saturating_sub(since) >= policy.deadline
        {
            cx.out.push(Effect::Abort { fetch });
            self.fail(cx, Error::Timeout { after: policy.deadline });
        }
        self.shorten(policy, time);
        // Whom no further request can help must not cause one; whom a refresh would serve better waits
        // only if there is one to wait for.
        self.answer(cx, Which::Failures);
        self.start(cx);
        self.answer(cx, Which::All);
        if matches!(self.fetch, Fetch::Backoff { until, .. } if until <= time.mono)
            && !self.wants(time)
        {
            self.fetch = Fetch::Idle;
        }
        self.tell_zone(cx);
    }

    fn answer(&mut self, cx: &mut Context<'_, Effect<T>>, which: Which) {
        let mut waiters = core::mem::take(&mut self.waiters);
        waiters.retain(|waiter| match (self.settlement(cx.policy, cx.time, waiter), which) {
            (Settlement::Fail(error), _) => {
                cx.out.push(Effect::Reject { waiter: waiter.id, error });
                false
            }
            (Settlement::Serve(token), Which::All) => {
                cx.out.push(Effect::Resolve { waiter: waiter.id, token: token.clone() });
                false
            }
            (Settlement::Serve(_) | Settlement::Wait, _) => true,
        });
        self.waiters = waiters;
    }

    fn tell_zone(&mut self, cx: &mut Context<'_, Effect<T>>) {
        let zone = self.token.as_ref().map_or(Zone::Empty, |t| t.zone(cx.time));
        if zone == self.zone {
            return;
        }
        self.zone = zone;
        cx.out.push(Effect::Emit(Event::State { zone }));
        if let (Zone::Expired, Some(token)) = (zone, &self.token) {
            cx.out.push(Effect::Emit(Event::Expired { generation: token.generation }));
        }
    }
}
