//! The machine with its clock and its budget, run as the shell runs them.

use upload_token::{
    clock::{Clock, Time, Virtual},
    context::Context,
    lifecycle::{Effect, Fetch, FetchId, Input, Slot},
    policy::{Budget, PerMille, Policy},
    time::{Millis, Now, UnixMillis},
};

/// A credential of a simulated source: which one it is, and when it really ends in true time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Token {
    /// Its number: sources count them.
    pub serial: u32,
    /// True time at which servers begin to refuse it.
    pub ends: u64,
}

/// A server's clock in an answer: what it shows, and how coarsely.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stamp {
    /// What it showed, rounded down.
    pub at: UnixMillis,
    /// To what it was rounded down: 0 for milliseconds, 1,000 for a `Date` header.
    pub granularity: Millis,
}

/// When a step is, and by which numbers.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    pub policy: &'a Policy,
    pub now: Now,
    pub draw: PerMille,
}

/// One slot, its clock and its budget.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rig {
    pub slot: Slot<Token>,
    pub clock: Clock,
    pub budget: Budget,
}

impl Rig {
    pub fn new(policy: &Policy, mono: u64) -> Self {
        Self { slot: Slot::default(), clock: Clock::default(), budget: Budget::new(policy, mono) }
    }

    /// One step. `stamp` is the server's clock in the answer that `input` brings, if any.
    pub fn step(
        &mut self,
        at: Moment<'_>,
        input: Input<Token>,
        stamp: Option<Stamp>,
    ) -> (Time, Vec<Effect<Token>>) {
        let Moment { policy, now, draw } = at;
        self.observe(at, &input, stamp);
        let time = self.clock.look(policy, now, draw);
        let mut effects = Vec::new();
        let budget = &mut self.budget;
        let mut cx = Context { policy, budget, time: &time, out: &mut effects };
        self.slot.step(&mut cx, input);
        (time, effects)
    }

    /// Learns the server's time from an answer, before the answer itself is judged by it.
    pub fn observe(&mut self, at: Moment<'_>, input: &Input<Token>, stamp: Option<Stamp>) {
        let Moment { policy, now, draw } = at;
        self.clock.look(policy, now, draw);
        if let (Input::Fetched { fetch, .. } | Input::Failed { fetch, .. }, Some(stamp)) =
            (input, stamp)
            && let Some(sent) = self.sent(*fetch)
        {
            self.clock.observe(stamp.at, stamp.granularity, sent);
        }
    }

    /// When the request in flight was sent, if it is `fetch`.
    pub fn sent(&self, fetch: FetchId) -> Option<Virtual> {
        match self.slot.fetch() {
            Fetch::InFlight { fetch: current, sent, .. } if *current == fetch => Some(*sent),
            _ => None,
        }
    }

    /// When the shell must look again, in monotonic time.
    pub fn next_timeout(&self, policy: &Policy, now: Now) -> Option<u64> {
        let time = self.clock.clone().look(policy, now, 0);
        self.slot.next_timeout(policy, &self.budget, &time)
    }
}
