//! What the source answers: a token, the same one again, or a failure.

use super::{Context, Effect, Event, Fetch, FetchId, Held, Slot, Zone, held::Arrival};
use crate::{
    clock::bound,
    error::{Class, Error},
    time::Millis,
    token::Expiry,
};

impl<T: Clone + PartialEq> Slot<T> {
    pub(super) fn fetched(
        &mut self,
        cx: &mut Context<'_, Effect<T>>,
        fetch: FetchId,
        value: T,
        expiry: Expiry,
    ) {
        let Some(sent) = self.lands(fetch) else { return };
        let (policy, time) = (cx.policy, cx.time);
        if self.refused.contains(&value) {
            return self.fail(cx, Error::Rejected);
        }
        let bound = bound(policy, time, sent, expiry);
        if let Some(token) = self.token.as_mut().filter(|t| t.value == value) {
            // The same token again: no progress if a new one was due, unless its end is another now.
            let news = token.given_again(policy, time, bound);
            if self.doubted && bound.certain {
                token.confirm(bound.expires);
            }
            self.answered = fetch;
            match token.zone(time) {
                Zone::Valid => self.succeeded(),
                Zone::Advisory | Zone::Mandatory if news => self.succeeded(),
                Zone::Expired => self.fail(cx, Error::ExpiredOnArrival),
                _ => self.fail(cx, Error::NotNewer),
            }
            return;
        }
        if self.token.as_ref().is_some_and(|t| !t.rejected && !t.older_than(&bound)) {
            self.answered = fetch;
            return self.fail(cx, Error::NotNewer);
        }
        let (first, generation) = (self.generation == 0, self.generation.wrapping_add(1));
        let arrival = Arrival { value, bound, generation, first };
        let Some(token) = Held::judged(policy, time, arrival) else {
            return self.fail(cx, Error::ExpiredOnArrival);
        };
        if self.token.as_ref().is_some_and(|old| !old.rejected && old.proven(policy, time)) {
            self.strikes = 0;
        }
        self.answered = fetch;
        self.generation = token.generation;
        if token.life >= policy.refund_life {
            cx.budget.refund(policy);
        }
        let assumed = expiry.at.is_none() && expiry.left.is_none();
        let local = bound.local;
        cx.out.push(Effect::Emit(Event::Token { generation: token.generation }));
        if assumed && !self.assumed_told {
            self.assumed_told = true;
            cx.out.push(Effect::Emit(Event::AssumedLife));
        }
        if local && !self.local_told {
            self.local_told = true;
            cx.out.push(Effect::Emit(Event::LocalExpiration));
        }
        self.token = Some(token);
        self.succeeded();
    }

    fn succeeded(&mut self) {
        (self.fails, self.alike) = (0, 0);
        self.doubted = false;
        self.last_error = None;
    }

    /// A failed refresh takes nothing away: the token in hand stays as good as it was.
    pub(super) fn fail(&mut self, cx: &mut Context<'_, Effect<T>>, error: Error) {
        let (policy, time) = (cx.policy, cx.time);
        self.fails = self.fails.saturating_add(1);
        let left = self.token.as_ref().and_then(|t| t.left(time));
        let again = self.last_error.as_ref().is_some_and(|last| last.code() == error.code());
        self.alike = if again { self.alike.saturating_add(1) } else { 1 };
        let class = if self.alike >= error.most_in_a_row() { Class::Fatal } else { error.class() };
        let retry_in = match class {
            Class::Transient | Class::Throttle => {
                let mut wait = policy.backoff(&error, self.fails, left, time.draw);
                let mut floor = 0;
                if let Some(asked) = error.retry_after() {
                    floor = policy.retry_after(asked, left);
                    wait = wait
                        .max(floor)
                        .saturating_add(policy.retry_after_spread(asked.min(floor), time.draw));
                }
                if let (Error::NotNewer, Some(left)) = (error.kind(), left) {
                    // The AppServer decides when its cached token is old; asking it often changes nothing.
                    wait = wait.max(left / 4);
                }
                let at = |span: Millis| time.mono.saturating_add(span);
                self.fetch = Fetch::Backoff { until: at(wait), floor: at(floor), pulled: false };
                Some(wait)
            }
            Class::Auth | Class::Fatal => {
                self.park(time, policy.hold(self.fails), error.clone());
                None
            }
        };
        cx.out.push(Effect::Emit(Event::RefreshFailed {
            error: error.clone(),
            fails: self.fails,
            retry_in,
            usable: left.is_some(),
        }));
        self.last_error = Some(error);
    }
}
