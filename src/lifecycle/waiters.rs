//! Callers that wait, and what each of them gets.

use super::{Fetch, FetchId, Generation, Held, Slot, WaiterId, Zone};
use crate::{clock::Time, error::Error, policy::Policy, time::Millis};

/// A caller that waits for a token.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Waiter {
    pub(super) id: WaiterId,
    /// Validity asked for, beyond the margin.
    pub(super) least: Millis,
    /// Generation of the token that it has and wants a successor of; 0 if any will do.
    pub(super) than: Generation,
    /// Monotonic time by which it is settled, whatever happens.
    pub(super) deadline: u64,
    /// The last request that had been started when it came: only a later one was made for it too.
    pub(super) after: FetchId,
}

/// What a caller wants.
pub(super) struct Wish {
    /// As in [`Waiter`].
    pub(super) least: Millis,
    /// As in [`Waiter`].
    pub(super) than: Generation,
    /// How much of its wait is over already.
    pub(super) waited: Millis,
}

/// What becomes of a waiter now.
pub(super) enum Settlement<'a, T> {
    Wait,
    Serve(&'a Held<T>),
    Fail(Error),
}

impl<T: Clone + PartialEq> Slot<T> {
    /// Whether a refresh is wanted for the sake of `waiter`.
    pub(super) fn unserved(&self, time: &Time, waiter: &Waiter) -> bool {
        self.token.as_ref().is_none_or(|t| {
            !t.serves(time, waiter.least)
                || t.generation == waiter.than && t.zone(time) != Zone::Valid
                || t.zone(time) == Zone::Mandatory
        })
    }

    pub(super) fn settlement(
        &self,
        policy: &Policy,
        time: &Time,
        waiter: &Waiter,
    ) -> Settlement<'_, T> {
        if let Some(token) = self.token.as_ref().filter(|t| t.serves(time, waiter.least)) {
            if token.generation == waiter.than && token.zone(time) != Zone::Valid {
                return self.another(policy, time, waiter, token);
            }
            let refreshing =
                matches!(self.fetch, Fetch::InFlight { .. }) && time.mono < waiter.deadline;
            return if refreshing && token.zone(time) == Zone::Mandatory {
                Settlement::Wait
            } else {
                Settlement::Serve(token)
            };
        }
        match &self.fetch {
            Fetch::Parked { until, error } if time.mono < *until => {
                return Settlement::Fail(error.clone());
            }
            Fetch::Idle | Fetch::Backoff { .. } if self.answered > waiter.after => {
                // The source was asked for this caller too, and this is the longest validity it gives.
                if let Some(available) = self.token.as_ref().and_then(|t| t.left(time)) {
                    return Settlement::Fail(Error::TooShort { available });
                }
            }
            Fetch::Idle | Fetch::InFlight { .. } | Fetch::Backoff { .. } | Fetch::Parked { .. } => {
            }
        }
        if time.mono < waiter.deadline {
            return Settlement::Wait;
        }
        self.late(policy)
    }

    /// What becomes of a waiter that has the very token in hand, which is due and still serves. It lacks nothing: a
    /// back-off is not shortened for it, nor waited for.
    fn another<'a>(
        &'a self,
        policy: &Policy,
        time: &Time,
        waiter: &Waiter,
        token: &'a Held<T>,
    ) -> Settlement<'a, T> {
        match &self.fetch {
            // It is what the issuer gives.
            _ if self.answered > waiter.after => Settlement::Serve(token),
            Fetch::Backoff { until, .. } if time.mono < *until => self.late(policy),
            Fetch::Parked { until, error } if time.mono < *until => Settlement::Fail(error.clone()),
            _ if time.mono < waiter.deadline => Settlement::Wait,
            _ => self.late(policy),
        }
    }

    fn late(&self, policy: &Policy) -> Settlement<'_, T> {
        let late = Error::Timeout { after: policy.wait_deadline };
        Settlement::Fail(self.last_error.clone().unwrap_or(late))
    }
}
