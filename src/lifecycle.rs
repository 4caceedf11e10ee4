//! The machine of one slot: one credential being kept fresh.
//!
//! [`Slot::step`] is one pure function of the slot, its [`Context`] (the numbers, the shared budget, the
//! time) and an [`Input`]; it leaves [`Effect`]s for its caller to carry out and knows no clock, no timer and
//! no I/O.
//! It is generic over the credential, so that STS tokens, UploadAuths and a model checker's small
//! numbers all run on the same machine.
//!
//! A slot is the product of two small machines. The *token* ages:
//!
//! ```text
//!            accept                refresh point          mandatory window          margin
//!  Empty ──────────────▶ Valid ──────────────▶ Advisory ──────────────▶ Mandatory ──────────▶ Expired
//!                          serve                 serve, refresh            wait for the          never
//!                                                in background             refresh, then serve   served
//!                any of them ── the server refused this very token ──▶ Rejected (never served again)
//! ```
//!
//! and the *fetch* of its successor goes round:
//!
//! ```text
//!          wanted, budget left                   answer with a newer token
//!   Idle ─────────────────────▶ InFlight ───────────────────────────────────▶ Idle
//!     ▲                          │   │  failed, late, or a token that is no progress
//!     │ no longer wanted         │   └────────────────────▶ Backoff ── elapsed ──▶ InFlight
//!     └──────────────────────────┼──────────────────────────────┘
//!                                │  a retry cannot help (sign in, fix the AppServer)
//!                                └────────────────────────▶ Parked ── a call after the hold ──▶ InFlight
//! ```
//!
//! *Wanted* means: somebody waits for a token, or there is demand (a call within the idle window, or
//! an open lease) and the token in hand is due. Timers are hints: [`Input::Timeout`] only compares
//! the time with deadlines, so late, early and superfluous ones are all harmless.

mod answers;
mod fetch;
mod held;
mod io;
mod settle;
mod waiters;

pub use fetch::Fetch;
pub use held::{Held, Zone};
pub use io::{Effect, Event, FetchId, Generation, Input, Reason, WaiterId};
use waiters::{Waiter, Wish};

use crate::{clock::Time, context::Context, error::Error, policy::Policy, time::Millis};

/// Refused tokens that are remembered, so that a caching AppServer cannot bring one back: more than are refused in the
/// life of one of them, unless every token is.
const REMEMBERED: usize = 64;

/// How often a user may have a request made at once. A finger is not faster; a loop in a page is.
const RETRY_EVERY: Millis = 1_000;

/// One credential being kept fresh.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Slot<T> {
    token: Option<Held<T>>,
    fetch: Fetch,
    waiters: Vec<Waiter>,
    refused: Vec<T>,
    generation: Generation,
    /// The last request started.
    started: FetchId,
    /// The last request that the source answered with a token it considers good.
    answered: FetchId,
    /// Failures in a row.
    fails: u32,
    /// The last of them that have one code.
    alike: u32,
    /// Refused fresh tokens in a row.
    strikes: u32,
    last_error: Option<Error>,
    /// Monotonic time up to which its last use counts as demand.
    demand_until: u64,
    /// Open leases: while there is one, there is demand.
    leases: u32,
    /// The clocks parted since the token was judged: look for a newer one when there is demand.
    doubted: bool,
    /// How many times the clocks had parted when it was last judged.
    jumps: u32,
    /// The zone that listeners were told last.
    zone: Zone,
    /// Whether listeners were told that a life was assumed, which is once.
    assumed_told: bool,
    local_told: bool,
    /// When the user last had, or will have, a request made at once.
    retried: Option<u64>,
    closed: bool,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self {
            token: None,
            fetch: Fetch::Idle,
            waiters: Vec::new(),
            refused: Vec::new(),
            generation: 0,
            started: 0,
            answered: 0,
            fails: 0,
            alike: 0,
            strikes: 0,
            last_error: None,
            demand_until: 0,
            leases: 0,
            doubted: false,
            jumps: 0,
            zone: Zone::Empty,
            assumed_told: false,
            local_told: false,
            retried: None,
            closed: false,
        }
    }
}

impl<T: Clone + PartialEq> Slot<T> {
    /// Takes `input`; appends to `cx.out` what must be done about it.
    pub fn step(&mut self, cx: &mut Context<'_, Effect<T>>, input: Input<T>) {
        if self.closed {
            if let Input::Wanted { waiter, .. } | Input::Another { waiter, .. } = input {
                cx.out.push(Effect::Reject { waiter, error: Error::Closed });
            }
            return;
        }
        cx.budget.advance(cx.policy, cx.time.mono);
        self.judge(cx.policy, cx.time);
        match input {
            Input::Wanted { waiter, least, waited } => {
                self.wanted(cx, waiter, Wish { least, than: 0, waited });
            }
            Input::Another { waiter, than } => {
                self.wanted(cx, waiter, Wish { least: 0, than, waited: 0 });
            }
            Input::Cancelled { waiter } => {
                let before = self.waiters.len();
                self.waiters.retain(|w| w.id != waiter);
                if self.waiters.len() < before {
                    cx.out.push(Effect::Reject { waiter, error: Error::Aborted });
                }
            }
            Input::Prefetch => self.demand(cx.policy, cx.time),
            Input::Lease(open) => {
                self.leases = if open {
                    self.leases.saturating_add(1)
                } else {
                    self.leases.saturating_sub(1)
                };
            }
            Input::Fetched { fetch, value, expiry } => {
                self.fetched(cx, fetch, value, expiry);
            }
            Input::Failed { fetch, error } => {
                if self.lands(fetch).is_some() {
                    self.fail(cx, error);
                }
            }
            Input::Rejected { generation } => self.rejected(cx, generation),
            Input::Wake => self.pull_in(cx.policy, cx.time),
            Input::Retry => self.retry(cx),
            Input::Reset => self.reset(cx),
            Input::Timeout => {}
            Input::Close => return self.close(cx),
        }
        self.settle(cx);
    }

    /// The token that a caller with no special wish would be handed right now, without waiting.
    #[must_use]
    pub fn peek(&self, time: &Time) -> Option<&Held<T>> {
        self.token.as_ref().filter(|t| !self.closed && t.serves(time, 0))
    }

    /// The token in hand, usable or not.
    #[must_use]
    pub const fn token(&self) -> Option<&Held<T>> {
        self.token.as_ref()
    }

    /// Whether `value` is the token in hand, or one whose refusal is remembered.
    #[must_use]
    pub fn knows(&self, value: &T) -> bool {
        self.token.as_ref().is_some_and(|t| t.value == *value) || self.refused.contains(value)
    }

    /// What is being done about a successor.
    #[must_use]
    pub const fn fetch(&self) -> &Fetch {
        &self.fetch
    }

    /// Callers that wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiters.len()
    }

    /// The zone of the token in hand, as last told to listeners.
    #[must_use]
    pub const fn zone(&self) -> Zone {
        self.zone
    }

    /// Why the last request failed, until one succeeds.
    #[must_use]
    pub const fn last_error(&self) -> Option<&Error> {
        self.last_error.as_ref()
    }

    /// Requests made so far.
    #[must_use]
    pub const fn requests(&self) -> u32 {
        self.started
    }

    /// Failures in a row.
    #[must_use]
    pub const fn fails(&self) -> u32 {
        self.fails
    }

    /// Whether forgetting this slot would lose nothing but a token: nobody waits or relies on it.
    #[must_use]
    pub fn idle(&self, time: &Time) -> bool {
        self.waiters.is_empty()
            && !self.in_demand(time)
            && !matches!(self.fetch, Fetch::InFlight { .. })
    }

    /// Looks at the token in hand with what the clocks and the server's clock say now.
    fn judge(&mut self, policy: &Policy, time: &Time) {
        if self.jumps != time.jumps {
            self.jumps = time.jumps;
            self.doubted = true;
        }
        if let (Some(token), Some(server)) = (self.token.as_mut(), time.server) {
            token.tighten(policy, server);
        }
    }

    fn wanted(
        &mut self,
        cx: &mut Context<'_, Effect<T>>,
        waiter: WaiterId,
        Wish { least, than, waited }: Wish,
    ) {
        if self.waiters.iter().any(|w| w.id == waiter) {
            let reason = "must be unique while its caller waits";
            cx.out.push(Effect::Reject {
                waiter,
                error: Error::InvalidOption { option: "waiter", reason },
            });
            return;
        }
        self.demand(cx.policy, cx.time);
        if self.waiters.is_empty() && !self.serves(cx.time, least) {
            self.pull_in(cx.policy, cx.time);
        }
        let left = cx.policy.wait_deadline.saturating_sub(waited);
        let deadline = cx.time.mono.saturating_add(left);
        // Who has a token wants news of it, which the answer that is on its way brings as well.
        let shares = than != 0 && matches!(self.fetch, Fetch::InFlight { .. });
        let after = self.started.wrapping_sub(u32::from(shares));
        self.waiters.push(Waiter { id: waiter, least, than, deadline, after });
    }

    fn demand(&mut self, policy: &Policy, time: &Time) {
        self.demand_until = self.demand_until.max(time.mono.saturating_add(policy.idle_window));
    }

    fn rejected(&mut self, cx: &mut Context<'_, Effect<T>>, generation: Generation) {
        let (policy, time) = (cx.policy, cx.time);
        let Some(token) = self.token.as_mut().filter(|t| t.generation == generation && !t.rejected)
        else {
            return;
        };
        token.rejected = true;
        let fresh = !token.proven(policy, time);
        if self.refused.len() == REMEMBERED {
            self.refused.remove(0);
        }
        self.refused.push(token.value.clone());
        cx.out.push(Effect::Emit(Event::Rejected { generation }));
        self.strikes = if fresh { self.strikes.saturating_add(1) } else { 1 };
        self.demand(policy, time);
        match self.fetch {
            Fetch::Parked { .. } => self.fetch = Fetch::Idle,
            Fetch::Backoff { .. } => self.pull_in(policy, time),
            Fetch::Idle | Fetch::InFlight { .. } => {}
        }
        if self.strikes >= policy.rejections_in_a_row
            && !matches!(self.fetch, Fetch::InFlight { .. })
        {
            self.park(
                time,
                policy.hold(self.strikes - policy.rejections_in_a_row + 1),
                Error::Rejected,
            );
            self.last_error = Some(Error::Rejected);
        }
    }

    /// Ends every wait before a request, whatever was spent: the user asks for it.
    fn retry(&mut self, cx: &mut Context<'_, Effect<T>>) {
        let mono = cx.time.mono;
        let booked = self.retried.filter(|&at| at > mono);
        let at = booked.unwrap_or_else(|| {
            cx.budget.grant();
            self.retried.map_or(mono, |last| last.saturating_add(RETRY_EVERY)).max(mono)
        });
        self.retried = Some(at);
        if let Fetch::Backoff { until, .. } | Fetch::Parked { until, .. } = self.fetch {
            let until = until.min(at);
            self.fetch = Fetch::Backoff { until, floor: until, pulled: true };
        }
    }

    /// Forgets the token and all that is known of it; who waits gets the next one.
    fn reset(&mut self, cx: &mut Context<'_, Effect<T>>) {
        if let Fetch::InFlight { fetch, .. } = self.fetch {
            cx.out.push(Effect::Abort { fetch });
        }
        let mut waiters = core::mem::take(&mut self.waiters);
        for waiter in &mut waiters {
            waiter.after = self.started;
        }
        *self = Self {
            waiters,
            generation: self.generation,
            started: self.started,
            demand_until: self.demand_until,
            leases: self.leases,
            jumps: self.jumps,
            zone: self.zone,
            assumed_told: self.assumed_told,
            local_told: self.local_told,
            retried: self.retried,
            ..Self::default()
        };
        self.retry(cx);
    }

    fn close(&mut self, cx: &mut Context<'_, Effect<T>>) {
        if let Fetch::InFlight { fetch, .. } = self.fetch {
            cx.out.push(Effect::Abort { fetch });
        }
        let waiters = core::mem::take(&mut self.waiters);
        cx.out
            .extend(waiters.iter().map(|w| Effect::Reject { waiter: w.id, error: Error::Closed }));
        *self = Self { closed: true, zone: Zone::Closed, started: self.started, ..Self::default() };
        cx.out.push(Effect::Emit(Event::State { zone: Zone::Closed }));
    }

    fn serves(&self, time: &Time, least: Millis) -> bool {
        self.token.as_ref().is_some_and(|t| t.serves(time, least))
    }

    fn in_demand(&self, time: &Time) -> bool {
        self.leases > 0 || time.mono < self.demand_until
    }

    fn due(&self, time: &Time) -> bool {
        self.doubted || self.token.as_ref().is_none_or(|t| t.zone(time) != Zone::Valid)
    }

    fn wants(&self, time: &Time) -> bool {
        self.due(time) && self.in_demand(time)
            || self.waiters.iter().any(|w| self.unserved(time, w))
    }
}
