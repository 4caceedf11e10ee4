//! What must hold of the machine in every run, judged from outside: by what goes in, what comes out
//! and what is really true. Scenario tests, the model, random schedules and fuzzing all ask it.
//!
//! It keeps its own books and shares no arithmetic with the machine but the length of the margin.

use super::{
    defect::Defect,
    rig::{Moment, Rig, Token},
};
use upload_token::{
    clock::Time,
    error::Error,
    lifecycle::{Effect, Event, FetchId, Generation, Input, WaiterId, Zone},
    policy::Policy,
    time::{Millis, Now},
};

/// A property that did not hold, by its number in the design.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Violation {
    /// S1: a token was handed out with less validity than was asked for.
    TooOld,
    /// S1: a token that a server had refused was handed out.
    RefusedServed,
    /// S2: a second request while one was in flight.
    TwoInFlight,
    /// S3: a caller was settled twice, or without having asked.
    SettledTwice,
    /// S3: the machine's callers are not the open ones.
    LostWaiter,
    /// S4: something was done after the close.
    AfterClose,
    /// S5: a late answer, a late refusal or an idle timer changed something.
    LateChange,
    /// S6: more requests than the budget allows.
    OverBudget,
    /// S7: a newer token was replaced by an older one, or a generation went back.
    OlderInstalled,
    /// A token in hand was lost without a successor.
    TokenLost,
    /// A token that its issuer gave again, and that has life left by its own end, is not served.
    RepeatRefused,
    /// A caller was given the token that it has, which was due, and its issuer was not asked for another.
    NotAsked,
    /// A caller had to wait although the token in hand was good enough.
    NeedlessWait,
    /// A request that nobody wanted.
    Unwanted,
    /// L2: a caller's deadline passed and it still waits.
    Overdue,
    /// L2: no timer would settle a caller, or end a request, in time.
    NoTimer,
    /// A timer that is due at once, for ever.
    HotTimer,
}

/// A caller that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Open {
    waiter: WaiterId,
    least: Millis,
    /// What it has.
    than: Generation,
    /// Whether an answer has come since.
    answered: bool,
    deadline: u64,
}

/// Keeps the books of one run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Oracle {
    open: Vec<Open>,
    in_flight: Option<FetchId>,
    started: FetchId,
    in_hand: Option<(Token, Generation, bool)>,
    /// Whether its answer named the instant of its end. Without one, nobody can order tokens for sure.
    named: bool,
    refused: Vec<u32>,
    closed: bool,
    leases: u32,
    demand_until: u64,
    /// When the user last had a request made at once, and whether it is still to be made.
    retried: Option<u64>,
    granted: bool,
    /// Requests not yet paid back, in milliseconds of refill, and as of when.
    debt: u64,
    debt_at: u64,
}

/// One step, seen from outside.
#[derive(Debug)]
pub struct Seen<'a> {
    pub policy: &'a Policy,
    /// The machine that took the step.
    pub machine: Defect,
    /// True time.
    pub truth: u64,
    pub now: Now,
    pub input: &'a Input<Token>,
    /// Whether the clocks kept what is assumed of them (A1) and every answer was fresh (A2) so far.
    pub trusted: bool,
    pub before: &'a Rig,
    pub after: &'a Rig,
    pub time: &'a Time,
    pub effects: &'a [Effect<Token>],
}

impl Seen<'_> {
    /// The same moment, for another step.
    const fn moment(&self) -> Moment<'_> {
        Moment { policy: self.policy, now: self.now, draw: self.time.draw }
    }
}

impl Oracle {
    /// How many callers wait.
    pub fn open(&self) -> usize {
        self.open.len()
    }

    /// Leases that are open.
    pub const fn leases(&self) -> u32 {
        self.leases
    }

    /// The request in flight.
    pub const fn in_flight(&self) -> Option<FetchId> {
        self.in_flight
    }

    /// Serial and generation of the token in hand.
    pub fn in_hand(&self) -> Option<(Token, Generation)> {
        self.in_hand.map(|(token, generation, _)| (token, generation))
    }

    /// Enters one step in the books.
    ///
    /// # Errors
    ///
    /// The first property that it broke.
    pub fn check(&mut self, seen: &Seen<'_>) -> Result<(), Violation> {
        if self.closed {
            return self.after_close(seen);
        }
        self.pay(seen);
        self.enter(seen)?;
        for effect in seen.effects {
            self.effect(seen, effect)?;
        }
        self.leave(seen)
    }

    fn pay(&mut self, seen: &Seen<'_>) {
        let mono = seen.now.mono.max(self.debt_at);
        self.debt = self.debt.saturating_sub(mono - self.debt_at);
        self.debt_at = mono;
    }

    fn enter(&mut self, seen: &Seen<'_>) -> Result<(), Violation> {
        let mono = seen.now.mono;
        match seen.input {
            Input::Wanted { waiter, least, .. } => self.called(seen, *waiter, *least, 0),
            Input::Another { waiter, than } => self.called(seen, *waiter, 0, *than),
            Input::Prefetch => {
                self.demand_until =
                    self.demand_until.max(mono.saturating_add(seen.policy.idle_window));
            }
            Input::Lease(true) => self.leases = self.leases.saturating_add(1),
            Input::Lease(false) => self.leases = self.leases.saturating_sub(1),
            Input::Fetched { fetch, .. } | Input::Failed { fetch, .. } => {
                if self.in_flight == Some(*fetch) {
                    self.in_flight = None;
                    self.open.iter_mut().for_each(|open| open.answered = true);
                } else {
                    self.changes_nothing(seen)?;
                }
            }
            Input::Rejected { generation } => match &mut self.in_hand {
                Some((token, current, refused)) if current == generation => {
                    if !core::mem::replace(refused, true) {
                        self.refused.push(token.serial);
                        self.refused.sort_unstable();
                    }
                    self.demand_until =
                        self.demand_until.max(mono.saturating_add(seen.policy.idle_window));
                }
                _ => self.changes_nothing(seen)?,
            },
            Input::Close => self.closed = true,
            Input::Retry => self.granted(mono),
            Input::Reset => {
                self.in_hand = None;
                self.refused.clear();
                self.granted(mono);
            }
            Input::Cancelled { .. } | Input::Wake | Input::Timeout => {}
        }
        Ok(())
    }

    fn called(&mut self, seen: &Seen<'_>, waiter: WaiterId, least: Millis, than: Generation) {
        let mono = seen.now.mono;
        if self.open.iter().all(|o| o.waiter != waiter) {
            let waited = if let Input::Wanted { waited, .. } = seen.input { *waited } else { 0 };
            let deadline = mono.saturating_add(seen.policy.wait_deadline.saturating_sub(waited));
            self.open.push(Open { waiter, least, than, answered: false, deadline });
        }
        self.demand_until = self.demand_until.max(mono.saturating_add(seen.policy.idle_window));
    }

    /// The user may have one request made at once, each second; one that comes too soon is made when that is over.
    fn granted(&mut self, mono: u64) {
        if self.retried.is_none_or(|at| at <= mono) {
            self.retried = Some(self.retried.map_or(mono, |last| last + 1_000).max(mono));
            self.granted = true;
        }
    }

    /// The step must have done what an idle timer at the same moment does.
    fn changes_nothing(&self, seen: &Seen<'_>) -> Result<(), Violation> {
        let mut idle = seen.before.clone();
        let (_, effects) = seen.machine.step(&mut idle, seen.moment(), Input::Timeout, None);
        let same = idle.slot == seen.after.slot && idle.clock == seen.after.clock;
        if same && effects == seen.effects { Ok(()) } else { Err(Violation::LateChange) }
    }

    fn effect(&mut self, seen: &Seen<'_>, effect: &Effect<Token>) -> Result<(), Violation> {
        match effect {
            Effect::Fetch { fetch, .. } => self.fetch(seen, *fetch),
            Effect::Abort { fetch } => {
                if self.in_flight.take() == Some(*fetch) {
                    Ok(())
                } else {
                    Err(Violation::TwoInFlight)
                }
            }
            Effect::Resolve { waiter, token } => {
                let open = self.settle(*waiter)?;
                if self.refused.contains(&token.value.serial) {
                    return Err(Violation::RefusedServed);
                }
                let due = token.zone(seen.time) != Zone::Valid;
                if token.generation == open.than && due && !open.answered {
                    return Err(Violation::NotAsked);
                }
                let margin = seen.policy.margin(token.life, token.certain);
                let needed = seen.truth.saturating_add(open.least).saturating_add(margin);
                if seen.trusted && token.certain && token.value.ends < needed {
                    return Err(Violation::TooOld);
                }
                Ok(())
            }
            Effect::Reject { waiter, error } => match error {
                // The answer to a name that is taken; its first bearer still waits.
                Error::InvalidOption { .. } => Ok(()),
                _ => self.settle(*waiter).map(drop),
            },
            Effect::Emit(Event::Token { generation }) => self.install(seen, *generation),
            Effect::Emit(_) => Ok(()),
        }
    }

    fn fetch(&mut self, seen: &Seen<'_>, fetch: FetchId) -> Result<(), Violation> {
        if self.in_flight.is_some() || fetch <= self.started {
            return Err(Violation::TwoInFlight);
        }
        self.in_flight = Some(fetch);
        self.started = fetch;
        if !core::mem::take(&mut self.granted) {
            self.debt = self.debt.saturating_add(seen.policy.budget_refill);
        }
        // One more than the budget: the refill under way counts for the machine only when it is whole.
        let most = u64::from(seen.policy.budget)
            .saturating_add(1)
            .saturating_mul(seen.policy.budget_refill);
        if self.debt > most {
            return Err(Violation::OverBudget);
        }
        let demand = self.leases > 0 || seen.now.mono < self.demand_until;
        if demand || !self.open.is_empty() { Ok(()) } else { Err(Violation::Unwanted) }
    }

    fn settle(&mut self, waiter: WaiterId) -> Result<Open, Violation> {
        let at = self.open.iter().position(|o| o.waiter == waiter);
        at.map(|at| self.open.remove(at)).ok_or(Violation::SettledTwice)
    }

    fn install(&mut self, seen: &Seen<'_>, generation: Generation) -> Result<(), Violation> {
        let Some(token) = seen.after.slot.token() else { return Err(Violation::TokenLost) };
        if let Some((old, old_generation, refused)) = self.in_hand {
            let older =
                self.named && token.named.is_some() && !refused && token.value.ends <= old.ends;
            if generation <= old_generation || older && seen.trusted {
                return Err(Violation::OlderInstalled);
            }
        }
        self.in_hand = Some((token.value, generation, false));
        self.named = token.named.is_some();
        if token.life >= seen.policy.refund_life {
            self.debt = self.debt.saturating_sub(seen.policy.budget_refill);
        }
        Ok(())
    }

    fn leave(&self, seen: &Seen<'_>) -> Result<(), Violation> {
        let slot = &seen.after.slot;
        if self.closed {
            let quiet = self.open.is_empty() && self.in_flight.is_none() && slot.waiting() == 0;
            let asleep = seen.after.next_timeout(seen.policy, seen.now).is_none();
            return if quiet && asleep { Ok(()) } else { Err(Violation::AfterClose) };
        }
        if slot.waiting() != self.open.len() {
            return Err(Violation::LostWaiter);
        }
        if let Input::Cancelled { waiter } = seen.input
            && self.open.iter().any(|o| o.waiter == *waiter)
        {
            return Err(Violation::LostWaiter);
        }
        let held =
            slot.token().map(|t| (t.value, t.generation, t.zone(seen.time) == Zone::Rejected));
        if held != self.in_hand {
            return Err(Violation::TokenLost);
        }
        // An open one of that name may be an earlier caller, with a minimum of its own.
        if let Input::Wanted { waiter, .. } | Input::Another { waiter, .. } = seen.input
            && let Some(token) = slot.token()
            && token.zone(seen.time) != Zone::Mandatory
            && self.open.iter().any(|o| {
                let wanted = token.generation != o.than || token.zone(seen.time) == Zone::Valid;
                o.waiter == *waiter && wanted && token.serves(seen.time, o.least)
            })
        {
            return Err(Violation::NeedlessWait);
        }
        self.repeated(seen)?;
        let first = self.open.iter().map(|o| o.deadline).min();
        if first.is_some_and(|deadline| deadline <= seen.now.mono) {
            return Err(Violation::Overdue);
        }
        let timer = seen.after.next_timeout(seen.policy, seen.now);
        let late = first.is_some_and(|deadline| timer.is_none_or(|at| at > deadline));
        if late || self.in_flight.is_some() && timer.is_none() {
            return Err(Violation::NoTimer);
        }
        if timer.is_some_and(|at| at <= seen.now.mono) {
            return Err(Violation::HotTimer);
        }
        self.idle_timer_rests(seen)
    }

    /// Who gives a token again knows that it lives: an assumed end is not held against it, and of a known one
    /// no more than a page would that is given it now.
    fn repeated(&self, seen: &Seen<'_>) -> Result<(), Violation> {
        let Input::Fetched { fetch, value, expiry } = seen.input else { return Ok(()) };
        let sent = seen.before.sent(*fetch);
        let before = seen.before.slot.token().filter(|held| held.value == *value);
        let (Some(sent), Some(_), Some(held)) = (sent, before, seen.after.slot.token()) else {
            return Ok(());
        };
        if self.refused.contains(&value.serial) {
            return Ok(());
        }
        let assumed = sent.plus(seen.policy.sure(seen.policy.assumed_life));
        let silent = expiry.at.is_none() && expiry.left.is_none();
        let guessed = silent && !held.certain && held.named.is_none();
        let ends = if guessed { held.expires.max(assumed) } else { held.expires };
        let left = seen.time.elapsed.until(ends);
        let lives = left > seen.policy.margin(left, held.certain);
        if lives && !held.serves(seen.time, 0) { Err(Violation::RepeatRefused) } else { Ok(()) }
    }

    /// Looking again at once finds nothing to do: no loop, and no work left behind.
    fn idle_timer_rests(&self, seen: &Seen<'_>) -> Result<(), Violation> {
        let mut again = seen.after.clone();
        let (_, effects) = seen.machine.step(&mut again, seen.moment(), Input::Timeout, None);
        if again.slot == seen.after.slot && effects.is_empty() {
            Ok(())
        } else {
            Err(Violation::LateChange)
        }
    }

    fn after_close(&self, seen: &Seen<'_>) -> Result<(), Violation> {
        let fine = match (seen.input, seen.effects) {
            (
                Input::Wanted { waiter: asked, .. } | Input::Another { waiter: asked, .. },
                [Effect::Reject { waiter, error: Error::Closed }],
            ) => waiter == asked,
            (Input::Wanted { .. } | Input::Another { .. }, _) => false,
            (_, effects) => effects.is_empty(),
        };
        let asleep = seen.after.next_timeout(seen.policy, seen.now).is_none();
        if fine && asleep { Ok(()) } else { Err(Violation::AfterClose) }
    }
}
