//! A page with this project's machine: the very code that the module in a browser is made of.

use crate::world::{Client, ROUND_TRIP, Scenario, Tally, between};
use upload_token::{
    clock::{Clock, Time},
    context::Context,
    error::Error,
    lifecycle::{Effect, FetchId, Input, Slot, WaiterId},
    policy::{Budget, Jitter, Policy},
    time::{Millis, Now, UnixMillis},
    token::Expiry,
};

/// What the wall clock shows at 0: the first instant of 2026.
const EPOCH: i64 = 1_767_225_600_000;

/// The credential of a client is the moment at which it really ends.
type Ends = Millis;

#[derive(Clone, Debug)]
pub struct Ours {
    policy: Policy,
    slot: Slot<Ends>,
    clock: Clock,
    budget: Budget,
    jitter: Jitter,
    operation: Millis,
    between: Millis,
    waiters: WaiterId,
    timeout: Option<Millis>,
    answer: Option<Answer>,
    effects: Vec<Effect<Ends>>,
}

#[derive(Clone, Copy, Debug)]
struct Answer {
    at: Millis,
    fetch: FetchId,
    sent: Millis,
}

impl Client for Ours {
    fn new(start: Millis, seed: u64) -> Self {
        let policy = Policy::default();
        Self {
            budget: Budget::new(&policy, start),
            policy,
            slot: Slot::default(),
            clock: Clock::default(),
            jitter: Jitter::new(seed),
            operation: start,
            between: between(seed),
            waiters: 0,
            timeout: None,
            answer: None,
            effects: Vec::new(),
        }
    }

    fn run(&mut self, scenario: &Scenario, until: Millis, tally: &mut Tally) {
        loop {
            let answer = self.answer.map_or(Millis::MAX, |answer| answer.at);
            let timeout = self.timeout.unwrap_or(Millis::MAX);
            let now = self.operation.min(answer).min(timeout);
            if now >= until {
                return;
            }
            let input = if let Some(Answer { fetch, sent, .. }) =
                self.answer.take_if(|answer| answer.at == now)
            {
                arrived(scenario, fetch, sent)
            } else if self.operation == now {
                self.operation += self.between;
                self.waiters = self.waiters.wrapping_add(1);
                Input::Wanted { waiter: self.waiters, least: 0, waited: 0 }
            } else {
                Input::Timeout
            };
            self.step(now, input, tally);
        }
    }
}

impl Ours {
    fn step(&mut self, at: Millis, input: Input<Ends>, tally: &mut Tally) {
        let wall = UnixMillis(EPOCH).plus(at);
        let time = self.clock.look(&self.policy, Now { mono: at, wall }, self.jitter.draw());
        let mut effects = std::mem::take(&mut self.effects);
        let (policy, budget) = (&self.policy, &mut self.budget);
        self.slot.step(&mut Context { policy, budget, time: &time, out: &mut effects }, input);
        for effect in effects.drain(..) {
            self.carry_out(&time, effect, tally);
        }
        self.effects = effects;
        self.timeout = self.slot.next_timeout(&self.policy, &self.budget, &time);
    }

    fn carry_out(&mut self, time: &Time, effect: Effect<Ends>, tally: &mut Tally) {
        match effect {
            Effect::Fetch { fetch, .. } => {
                tally.request(time.mono);
                self.answer = Some(Answer { at: time.mono + ROUND_TRIP, fetch, sent: time.mono });
            }
            Effect::Abort { fetch } => {
                self.answer.take_if(|answer| answer.fetch == fetch);
            }
            Effect::Resolve { token, .. } => tally.served(time.mono, token.value),
            Effect::Reject { .. } => {
                tally.refused(time.mono, self.slot.token().map_or(0, |token| token.value));
            }
            Effect::Emit(_) => {}
        }
    }
}

/// The answer to a request: the life it names was left when it was made, half a round trip ago.
fn arrived(scenario: &Scenario, fetch: FetchId, sent: Millis) -> Input<Ends> {
    match scenario.ask(sent) {
        Some(ends) => {
            let expiry = Expiry { left: Some(scenario.life), ..Expiry::default() };
            Input::Fetched { fetch, value: ends, expiry }
        }
        None => Input::Failed { fetch, error: Error::Network },
    }
}
