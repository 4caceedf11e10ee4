//! A page, its clocks, and an AppServer: a world that owns the time.
//!
//! [`Sim::pass`] goes from event to event (a timer, an answer), so hours cost nothing and no test
//! sleeps. Every step is checked by the [`Oracle`], so each scenario also tests every invariant.

pub use super::answers::{Answer, Outcome, Shape};
use super::{
    defect::Defect,
    oracle::{Oracle, Seen},
    rig::{Moment, Rig, Stamp, Token},
};
use std::collections::{BTreeMap, VecDeque};
use upload_token::{
    error::Error,
    lifecycle::{Effect, Event, FetchId, Generation, Input, Reason, WaiterId},
    policy::{Jitter, PerMille, Policy},
    time::{Millis, Now, UnixMillis},
};

pub const SECOND: Millis = 1_000;
pub const MINUTE: Millis = 60 * SECOND;
pub const HOUR: Millis = 60 * MINUTE;
pub const DAY: Millis = 24 * HOUR;

/// No scenario takes as many steps; a page that does is in a loop.
const MOST_STEPS: usize = 1_000_000;

/// What the servers' clock shows when true time is 0: the first instant of 2026.
pub const EPOCH: i64 = 1_767_225_600_000;

/// An answer on its way.
#[derive(Clone, Debug)]
struct Coming {
    at: u64,
    fetch: FetchId,
    made: u64,
    answer: Result<Token, Error>,
}

/// A page and its world.
pub struct Sim {
    pub policy: Policy,
    /// What is wrong with the machine, where a test wants it so.
    pub defect: Defect,
    pub rig: Rig,
    oracle: Oracle,
    /// True time since the start, in ms.
    truth: u64,
    mono: u64,
    wall: i64,
    /// Fractions of a millisecond that the two clocks have not shown yet, in millionths.
    rest: (u64, u64),
    /// How fast the two clocks run, in parts per million of true time.
    pub rate: (u64, u64),
    /// Whether the clocks have kept what is assumed of them.
    pub trusted: bool,
    pub answer: Answer,
    /// What it answers instead, one by one and each after its delay; the last one again and again.
    pub script: VecDeque<(Answer, Millis)>,
    pub shape: Shape,
    /// Time from request to answer; the answer is made half-way.
    pub rtt: Millis,
    /// `None`: drawn from the seed; otherwise every draw is this.
    pub draw: Option<PerMille>,
    jitter: Jitter,
    tokens: Vec<Token>,
    coming: Vec<Coming>,
    waiters: WaiterId,
    outcomes: BTreeMap<WaiterId, Outcome>,
    pub steps: usize,
    pub served: usize,
    /// When each request was sent, and why.
    pub requests: Vec<(u64, Reason)>,
    pub aborted: Vec<FetchId>,
    pub events: Vec<Event>,
}

impl Sim {
    pub fn new() -> Self {
        Self::with(Policy::default(), 1)
    }

    pub fn with(policy: Policy, seed: u64) -> Self {
        let mono = 5_000;
        Self {
            rig: Rig::new(&policy, mono),
            policy,
            defect: Defect::None,
            oracle: Oracle::default(),
            truth: 0,
            mono,
            wall: EPOCH,
            rest: (0, 0),
            rate: (1_000_000, 1_000_000),
            trusted: true,
            answer: Answer::Token(HOUR),
            script: VecDeque::new(),
            shape: Shape::Full,
            rtt: 100,
            draw: None,
            jitter: Jitter::new(seed),
            tokens: Vec::new(),
            coming: Vec::new(),
            waiters: 0,
            outcomes: BTreeMap::new(),
            steps: 0,
            served: 0,
            requests: Vec::new(),
            aborted: Vec::new(),
            events: Vec::new(),
        }
    }

    /// A page that has held a token of `life` since now, and nobody waits.
    pub fn holding(life: Millis) -> Self {
        let mut sim = Self::new();
        sim.answer = Answer::Token(life);
        sim.get();
        sim
    }

    /// True time since the start.
    pub const fn truth(&self) -> u64 {
        self.truth
    }

    pub const fn now(&self) -> Now {
        Now { mono: self.mono, wall: UnixMillis(self.wall) }
    }

    /// The token that `peek()` would show.
    pub fn peek(&self) -> Option<u32> {
        let time = self.rig.clock.clone().look(&self.policy, self.now(), 0);
        self.rig.slot.peek(&time).map(|held| held.value.serial)
    }

    pub fn generation(&self) -> Generation {
        self.rig.slot.token().map_or(0, |held| held.generation)
    }

    pub const fn last_waiter(&self) -> WaiterId {
        self.waiters
    }

    pub const fn leases(&self) -> u32 {
        self.oracle.leases()
    }

    /// Whether the AppServer ever gave a token.
    pub const fn gave_any(&self) -> bool {
        !self.tokens.is_empty()
    }

    // What the page does.

    pub fn call(&mut self, least: Millis) -> WaiterId {
        self.call_after(0, least)
    }

    /// A caller that has waited already when it comes to the machine.
    pub fn call_after(&mut self, waited: Millis, least: Millis) -> WaiterId {
        self.waiters += 1;
        self.feed(Input::Wanted { waiter: self.waiters, least, waited });
        self.waiters
    }

    /// A caller that has the token in hand wants another.
    pub fn call_another(&mut self) -> WaiterId {
        self.waiters += 1;
        let than = self.generation();
        self.feed(Input::Another { waiter: self.waiters, than });
        self.waiters
    }

    /// Calls and waits for the outcome, however long it takes.
    pub fn get(&mut self) -> Outcome {
        self.get_least(0)
    }

    pub fn get_least(&mut self, least: Millis) -> Outcome {
        let waiter = self.call(least);
        let end = self.truth + 10 * self.policy.wait_deadline;
        while self.outcome(waiter).is_none() {
            assert!(self.truth < end, "waiter {waiter} is never settled");
            self.next(end);
        }
        self.outcomes[&waiter].clone()
    }

    pub fn outcome(&self, waiter: WaiterId) -> Option<&Outcome> {
        self.outcomes.get(&waiter)
    }

    pub fn refuse(&mut self, generation: Generation) {
        self.feed(Input::Rejected { generation });
    }

    /// Refuses the token in hand, as a server does.
    pub fn refuse_current(&mut self) {
        self.refuse(self.generation());
    }

    // What time does.

    /// Lets `span` of true time pass: timers fire, answers arrive.
    pub fn pass(&mut self, span: Millis) {
        let end = self.truth + span;
        while self.truth < end {
            self.next(end);
        }
        self.flush();
    }

    /// Takes the answers that are due in this moment.
    pub fn flush(&mut self) {
        while self.coming.iter().any(|c| c.at <= self.truth) {
            self.next(self.truth);
        }
    }

    /// Lets `span` pass with a call each `every`.
    pub fn use_for(&mut self, span: Millis, every: Millis) {
        let end = self.truth + span;
        while self.truth < end {
            self.call(0);
            self.pass(every);
        }
    }

    /// The device sleeps: the wall clock goes on, the other stops, no timer fires, no answer arrives.
    pub fn sleep(&mut self, span: Millis) {
        self.truth += span;
        self.wall += i64::try_from(span).unwrap();
    }

    /// True time passes and both clocks see it, but no timer fires: a throttled or frozen page.
    pub fn freeze(&mut self, span: Millis) {
        self.advance(span);
    }

    /// Somebody sets the wall clock.
    pub fn turn_wall(&mut self, by: i64) {
        self.wall = self.wall.saturating_add(by);
    }

    /// Goes to the next timer or answer, or to `end`.
    pub fn next(&mut self, end: u64) {
        let timer = self.rig.next_timeout(&self.policy, self.now());
        let timer = timer.map_or(u64::MAX, |at| {
            let left = u128::from(at.saturating_sub(self.mono)) * 1_000_000;
            let left = u64::try_from(left.div_ceil(u128::from(self.rate.0))).unwrap_or(u64::MAX);
            self.truth.saturating_add(left.max(1))
        });
        let answer = self.coming.iter().map(|c| c.at).min().unwrap_or(u64::MAX).max(self.truth);
        let to = timer.min(answer).min(end);
        self.advance(to - self.truth);
        if let Some(at) = self.coming.iter().position(|c| c.at <= self.truth) {
            let coming = self.coming.remove(at);
            self.arrive(coming);
        } else if self.truth == timer {
            self.feed(Input::Timeout);
        }
    }

    fn advance(&mut self, span: Millis) {
        self.truth += span;
        let mono = u128::from(span) * u128::from(self.rate.0) + u128::from(self.rest.0);
        let wall = u128::from(span) * u128::from(self.rate.1) + u128::from(self.rest.1);
        let million = 1_000_000_u128;
        self.rest =
            (u64::try_from(mono % million).unwrap(), u64::try_from(wall % million).unwrap());
        self.mono += u64::try_from(mono / million).unwrap();
        self.wall += i64::try_from(wall / million).unwrap();
    }

    // What the AppServer does.

    fn ask(&mut self, fetch: FetchId) {
        let (answer, rtt) = match self.script.front().cloned() {
            Some(next) => {
                if self.script.len() > 1 {
                    self.script.pop_front();
                }
                next
            }
            None => (self.answer.clone(), self.rtt),
        };
        let made = self.truth + rtt / 2;
        let answer = match answer {
            Answer::Token(life) => {
                let serial = u32::try_from(self.tokens.len()).unwrap() + 1;
                let token = Token { serial, ends: made + life };
                self.tokens.push(token);
                Ok(token)
            }
            Answer::Again => Ok(*self.tokens.last().expect("a token was given")),
            Answer::First => Ok(*self.tokens.first().expect("a token was given")),
            Answer::Fail(error) => Err(error),
            Answer::Never => return,
        };
        self.coming.push(Coming { at: self.truth + rtt, fetch, made, answer });
    }

    fn arrive(&mut self, coming: Coming) {
        let fetch = coming.fetch;
        let made = UnixMillis(EPOCH).plus(coming.made);
        let input = match coming.answer {
            Ok(value) => {
                let named = UnixMillis(EPOCH).plus(value.ends);
                let left = value.ends.saturating_sub(coming.made);
                Input::Fetched { fetch, value, expiry: self.shape.expiry(named, left) }
            }
            Err(error) => Input::Failed { fetch, error },
        };
        self.feed_stamped(input, self.shape.stamp(made));
    }

    // One step.

    pub fn feed(&mut self, input: Input<Token>) {
        self.feed_stamped(input, None);
    }

    pub fn feed_stamped(&mut self, input: Input<Token>, stamp: Option<Stamp>) {
        let draw = self.draw.unwrap_or_else(|| self.jitter.draw());
        self.steps += 1;
        assert!(self.steps < MOST_STEPS, "the page never comes to rest");
        let before = self.rig.clone();
        let now = self.now();
        let at = Moment { policy: &self.policy, now, draw };
        let (time, effects) = self.defect.step(&mut self.rig, at, input.clone(), stamp);
        let seen = Seen {
            policy: &self.policy,
            machine: self.defect,
            truth: self.truth,
            now,
            input: &input,
            trusted: self.trusted,
            before: &before,
            after: &self.rig,
            time: &time,
            effects: &effects,
        };
        if let Err(violation) = self.oracle.check(&seen) {
            panic!(
                "{violation:?} at {} ms: {input:?} at {time:?}\nbefore {before:#?}\nafter {:#?}\ndid {effects:?}",
                self.truth, self.rig
            );
        }
        for effect in effects {
            match effect {
                Effect::Fetch { fetch, reason } => {
                    self.requests.push((self.truth, reason));
                    self.ask(fetch);
                }
                Effect::Abort { fetch } => self.aborted.push(fetch),
                Effect::Resolve { waiter, token } => {
                    self.served += 1;
                    self.outcomes.insert(waiter, Outcome::Served(token.value.serial));
                }
                Effect::Reject { waiter, error } => {
                    self.outcomes.insert(waiter, Outcome::Failed(error));
                }
                Effect::Emit(event) => self.events.push(event),
            }
        }
    }

    /// Waits in ms between one request and the next.
    pub fn gaps(&self) -> Vec<u64> {
        self.requests.windows(2).map(|pair| pair[1].0 - pair[0].0).collect()
    }
}
