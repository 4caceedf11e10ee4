//! Pages with the rules that others use, as their sources state them. All ask only when an operation begins.

use crate::world::{Client, MINUTE, ROUND_TRIP, SECOND, Scenario, Tally, between};
use upload_token::{policy::Jitter, time::Millis};

/// When to ask, and what becomes of the operation.
pub trait Rule: Clone {
    /// Whether the operation that begins at `now` asks first, given the token's end and the last try.
    fn asks(
        &mut self,
        now: Millis,
        scenario: &Scenario,
        ends: Millis,
        tried: Option<Millis>,
    ) -> bool;
    /// Whether a failed request fails the operation although the token in hand is good.
    const THROWS: bool;
    /// Told that a request failed at `now`.
    fn failed(&mut self, _now: Millis, _jitter: &mut Jitter) {}
}

/// ali-oss: every 300 s since the last try, whatever the token's end; a failure is thrown into the operation.
#[derive(Clone, Debug, Default)]
pub struct Every300;

impl Rule for Every300 {
    const THROWS: bool = true;

    fn asks(&mut self, now: Millis, _: &Scenario, _: Millis, tried: Option<Millis>) -> bool {
        tried.is_none_or(|at| now >= at + 300 * SECOND)
    }
}

/// Asks when the token has ended, and at each operation until it gets one.
#[derive(Clone, Debug, Default)]
pub struct AtExpiry;

impl Rule for AtExpiry {
    const THROWS: bool = false;

    fn asks(&mut self, now: Millis, _: &Scenario, ends: Millis, _: Option<Millis>) -> bool {
        now >= ends
    }
}

/// Asks from a minute before the end, at each operation until it gets one; the old token serves while it is good.
#[derive(Clone, Debug, Default)]
pub struct Margin60;

impl Rule for Margin60 {
    const THROWS: bool = false;

    fn asks(&mut self, now: Millis, _: &Scenario, ends: Millis, _: Option<Millis>) -> bool {
        now + MINUTE >= ends
    }
}

/// The AWS SDKs of 2026: 5 minutes before the end of a life of up to 20 minutes, 15 below 90 minutes, else 60; after a
/// failure no further try for 5 to 10 minutes, in which even an ended token is handed out.
#[derive(Clone, Debug, Default)]
pub struct Aws {
    not_before: Millis,
}

impl Rule for Aws {
    const THROWS: bool = false;

    fn asks(&mut self, now: Millis, scenario: &Scenario, ends: Millis, _: Option<Millis>) -> bool {
        let window = match scenario.life / MINUTE {
            ..=20 => 5 * MINUTE,
            21..90 => 15 * MINUTE,
            90.. => 60 * MINUTE,
        };
        now + window >= ends && now >= self.not_before
    }

    fn failed(&mut self, now: Millis, jitter: &mut Jitter) {
        self.not_before = now + 300 * SECOND + u64::from(jitter.draw()) * 300;
    }
}

/// A page with one of these rules.
#[derive(Clone, Debug)]
pub struct Ruled<R> {
    rule: R,
    jitter: Jitter,
    operation: Millis,
    between: Millis,
    /// When the token in hand really ends; 0 for none.
    ends: Millis,
    tried: Option<Millis>,
}

impl<R: Rule + Default> Client for Ruled<R> {
    fn new(start: Millis, seed: u64) -> Self {
        let jitter = Jitter::new(seed);
        Self {
            rule: R::default(),
            jitter,
            operation: start,
            between: between(seed),
            ends: 0,
            tried: None,
        }
    }

    fn run(&mut self, scenario: &Scenario, until: Millis, tally: &mut Tally) {
        while self.operation < until {
            let now = self.operation;
            self.operation += self.between;
            if !self.rule.asks(now, scenario, self.ends, self.tried) {
                tally.served(now, self.ends);
                continue;
            }
            self.tried = Some(now);
            tally.request(now);
            let answered = now + ROUND_TRIP;
            match scenario.ask(now) {
                Some(ends) => {
                    self.ends = ends;
                    tally.served(answered, ends);
                }
                None => {
                    self.rule.failed(answered, &mut self.jitter);
                    if R::THROWS {
                        tally.refused(answered, self.ends);
                    } else {
                        tally.served(answered, self.ends);
                    }
                }
            }
        }
    }
}
