//! The world around the machine, as a model: true time, two clocks, an AppServer, a network, callers.

use super::actions::{Action, Chances, Failure, Made, Reply, Says};
use crate::harness::machine::{
    Moment, Oracle, Rig, Stamp, Token, Violation, defect::Defect, oracle::Seen,
};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use upload_token::{
    lifecycle::{Effect, Fetch, FetchId, Input, WaiterId},
    policy::{PerMille, Policy},
    time::{Millis, Now, UnixMillis},
    token::Expiry,
};

/// The wall clock and the servers' clock at true time 0. Far from 0, so that it can be turned back.
const EPOCH: i64 = 100;

/// What bounds a model.
#[derive(Clone, Debug)]
pub struct World {
    pub policy: Policy,
    pub defect: Defect,
    /// True time at which runs end.
    pub horizon: u64,
    pub chances: Chances,
    /// Life of a token, in ticks.
    pub life: Millis,
    /// What answers say of a token's end.
    pub says: Says,
    /// Assumption A1: no sleep hides behind a turn back of the wall clock between two looks.
    pub a1: bool,
    /// Assumption A2: an answer was made after its request was sent. `false`: a cache may replay one.
    pub a2: bool,
    /// After this many fair ticks every caller must have a token (L1); `None`: fairness is not modelled.
    pub fair: Option<u8>,
    /// States that must be reached, by the names of [`crate::SOMETIMES`].
    pub reaches: &'static [&'static str],
    /// How often callers were settled in each way, by [`OUTCOMES`].
    pub outcomes: Arc<[AtomicU64; OUTCOMES.len()]>,
}

/// The ways a call can end: with a token, or by the code of its error.
pub const OUTCOMES: [&str; 10] = [
    "served",
    "aborted",
    "closed",
    "timeout",
    "network",
    "throttled",
    "unauthenticated",
    "expired_on_arrival",
    "rejected",
    "invalid_response",
];

/// One state.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    pub rig: Rig,
    pub oracle: Oracle,
    truth: u64,
    mono: u64,
    wall: i64,
    /// Slept, and turned back, since the machine last looked at its clocks.
    hidden: (bool, bool),
    net: Vec<(FetchId, Option<Reply>)>,
    /// First and last token given, and the answer that a cache would replay.
    given: Option<(Token, Token, Reply)>,
    waiters: WaiterId,
    left: Chances,
    fair: Option<u8>,
    pub bad: Option<Violation>,
    /// A caller that waited when the world became fair did not get a token.
    pub starved: bool,
}

const DRAWS: [PerMille; 2] = [0, 1_000];

impl World {
    pub fn start(&self) -> State {
        State {
            rig: Rig::new(&self.policy, 0),
            oracle: Oracle::default(),
            truth: 0,
            mono: 0,
            wall: EPOCH,
            hidden: (false, false),
            net: Vec::new(),
            given: None,
            waiters: 0,
            left: self.chances,
            fair: None,
            bad: None,
            starved: false,
        }
    }

    pub fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.bad.is_some() || state.starved {
            return;
        }
        if let Some(left) = state.fair {
            if left > 0 {
                actions.push(Action::FairTick);
            }
            return;
        }
        self.time(state, actions);
        self.page(state, actions);
        self.network(state, actions);
        if self.fair.is_some() && state.oracle.open() > 0 {
            actions.push(Action::GoFair);
        }
    }

    fn time(&self, state: &State, actions: &mut Vec<Action>) {
        if state.truth < self.horizon {
            actions.push(Action::Tick);
            if state.left.sleeps > 0 && (!self.a1 || !state.hidden.1) {
                actions.push(Action::Sleep(5));
            }
        }
        if state.left.turns > 0 {
            actions.push(Action::Turn(3));
            if !self.a1 || !state.hidden.0 {
                actions.push(Action::Turn(-5));
            }
        }
        // A look draws only when it gives a request up.
        let draws = if state.oracle.in_flight().is_some() { &DRAWS[..] } else { &DRAWS[..1] };
        actions.extend(draws.iter().copied().map(Action::Look));
    }

    fn page(&self, state: &State, actions: &mut Vec<Action>) {
        let left = &state.left;
        if left.calls > 0 {
            // A call draws only when it ends a back-off.
            let backing_off = matches!(state.rig.slot.fetch(), Fetch::Backoff { .. });
            let draws = if backing_off { &DRAWS[..] } else { &DRAWS[..1] };
            for least in [0, 2] {
                actions.extend(draws.iter().map(|draw| Action::Call(least, *draw)));
            }
        }
        if left.others > 0 && state.oracle.in_hand().is_some() {
            actions.extend(DRAWS.map(Action::Another));
        }
        if left.cancels > 0 {
            actions.extend((1..=state.waiters).map(Action::Cancel));
        }
        if left.refusals > 0 && state.oracle.in_hand().is_some() {
            actions.extend([false, true].map(|last| Action::Refuse { last }));
        }
        if left.wakes > 0 {
            actions.extend(DRAWS.map(Action::Wake));
        }
        if left.resets > 0 {
            actions.push(Action::Reset);
        }
        if left.retries > 0 {
            actions.push(Action::Retry);
        }
        if left.closes > 0 {
            actions.push(Action::Close);
        }
    }

    fn network(&self, state: &State, actions: &mut Vec<Action>) {
        for (fetch, reply) in &state.net {
            if let Some(reply) = reply {
                // An answer draws for a back-off, and for the refresh point of a first token.
                let first = state.oracle.in_hand().is_none();
                let draws = first
                    || matches!(reply, Reply::Fails(_))
                    || state.left.repeats + state.left.replicas
                        < self.chances.repeats + self.chances.replicas;
                let draws = if draws { &DRAWS[..] } else { &DRAWS[..1] };
                actions.extend(draws.iter().map(|draw| Action::Deliver(*fetch, *draw)));
                continue;
            }
            let mut push = |chance: u8, made| {
                if chance > 0 {
                    actions.push(Action::Answer(*fetch, made));
                }
            };
            push(1, Made::New);
            push(state.left.shorts, Made::Short);
            for failure in [Failure::Network, Failure::Throttled, Failure::Unauthenticated] {
                push(state.left.failures, Made::Fails(failure));
            }
            if state.given.is_some() {
                push(state.left.repeats, Made::Last);
                push(state.left.replicas, Made::First);
                push(u8::from(!self.a2), Made::Replayed);
            }
        }
    }

    /// The state after `action`.
    pub fn next(&self, state: &State, action: Action) -> State {
        let mut s = state.clone();
        match action {
            Action::Tick => s.pass(1, 1),
            Action::Sleep(span) => {
                s.left.sleeps -= 1;
                s.hidden.0 = true;
                s.pass(span, 0);
            }
            Action::Turn(by) => {
                s.left.turns -= 1;
                s.hidden.1 |= by < 0;
                s.wall += by;
            }
            Action::Look(draw) => self.step(&mut s, draw, Input::Timeout, None),
            Action::Call(least, draw) => {
                s.left.calls -= 1;
                s.waiters += 1;
                let waiter = s.waiters;
                self.step(&mut s, draw, Input::Wanted { waiter, least, waited: 0 }, None);
            }
            Action::Another(draw) => {
                s.left.others -= 1;
                s.waiters += 1;
                let waiter = s.waiters;
                let than = s.oracle.in_hand().map_or(0, |(_, generation)| generation);
                self.step(&mut s, draw, Input::Another { waiter, than }, None);
            }
            Action::Cancel(waiter) => {
                s.left.cancels -= 1;
                self.step(&mut s, 0, Input::Cancelled { waiter }, None);
            }
            Action::Refuse { last } => {
                s.left.refusals -= 1;
                let current = s.oracle.in_hand().map_or(0, |(_, generation)| generation);
                let generation = if last { current } else { current - 1 };
                self.step(&mut s, 0, Input::Rejected { generation }, None);
            }
            Action::Wake(draw) => {
                s.left.wakes -= 1;
                self.step(&mut s, draw, Input::Wake, None);
            }
            Action::Reset => {
                s.left.resets -= 1;
                self.step(&mut s, 0, Input::Reset, None);
            }
            Action::Retry => {
                s.left.retries -= 1;
                self.step(&mut s, 0, Input::Retry, None);
            }
            Action::Close => {
                s.left.closes -= 1;
                self.step(&mut s, 0, Input::Close, None);
            }
            Action::Answer(fetch, made) => self.answer(&mut s, fetch, made),
            Action::Deliver(fetch, draw) => self.deliver(&mut s, fetch, draw),
            Action::GoFair => {
                // The worst that can be: all that was on its way is lost.
                s.net.clear();
                s.fair = self.fair;
            }
            Action::FairTick => self.fair_tick(&mut s),
        }
        s
    }

    fn answer(&self, s: &mut State, fetch: FetchId, made: Made) {
        let new = |s: &State, life: Millis| Token {
            serial: s.given.map_or(0, |(_, last, _)| last.serial) + 1,
            ends: s.truth + life,
        };
        let token = match (made, s.given) {
            (Made::Fails(failure), _) => {
                s.left.failures -= 1;
                return s.reply(fetch, Reply::Fails(failure));
            }
            (Made::Replayed, Some((_, _, reply))) => {
                return s.reply(fetch, reply);
            }
            (Made::Short, _) => {
                s.left.shorts -= 1;
                new(s, 2)
            }
            (Made::Last, Some((_, last, _))) => {
                s.left.repeats -= 1;
                last
            }
            (Made::First, Some((first, _, _))) => {
                s.left.replicas -= 1;
                first
            }
            _ => new(s, self.life),
        };
        let reply = Reply::Token { token, made: s.truth };
        let (first, last) = match s.given {
            Some((first, last, _)) if last.serial >= token.serial => (first, last),
            Some((first, _, _)) => (first, token),
            None => (token, token),
        };
        s.given = Some((first, last, reply));
        s.reply(fetch, reply);
    }

    fn deliver(&self, s: &mut State, fetch: FetchId, draw: PerMille) {
        let Some(at) = s.net.iter().position(|(f, reply)| *f == fetch && reply.is_some()) else {
            return;
        };
        let Some(reply) = s.net.remove(at).1 else { return };
        match reply {
            Reply::Fails(failure) => {
                self.step(s, draw, Input::Failed { fetch, error: failure.error() }, None);
            }
            Reply::Token { token: value, made } => {
                let named = UnixMillis(EPOCH).plus(value.ends);
                let instant = |zone: i64| Expiry {
                    at: Some(UnixMillis(named.0 + zone)),
                    ..Expiry::default()
                };
                let left = Some(value.ends.saturating_sub(made));
                let at = UnixMillis(EPOCH).plus(made);
                let stamp = Some(Stamp { at, granularity: 0 });
                let (expiry, stamp) = match self.says {
                    Says::Instant => (instant(0), stamp),
                    Says::LocalTime(zone) => (instant(zone), stamp),
                    Says::Duration => (Expiry { left, ..Expiry::default() }, None),
                    Says::Nothing => (Expiry::default(), None),
                };
                self.step(s, draw, Input::Fetched { fetch, value, expiry }, stamp);
            }
        }
    }

    /// One tick of a world in which timers are on time and the AppServer answers at once.
    fn fair_tick(&self, s: &mut State) {
        s.fair = s.fair.map(|left| left - 1);
        s.pass(1, 1);
        self.step(s, 1_000, Input::Timeout, None);
        while let Some((fetch, _)) = s.net.first().copied() {
            self.answer(s, fetch, Made::New);
            self.deliver(s, fetch, 1_000);
        }
        s.starved |= s.fair == Some(0) && s.oracle.open() > 0;
    }

    fn count(&self, outcome: &'static str) {
        if let Some(at) = OUTCOMES.iter().position(|o| *o == outcome) {
            self.outcomes[at].fetch_add(1, Ordering::Relaxed);
        }
    }

    fn step(&self, s: &mut State, draw: PerMille, input: Input<Token>, stamp: Option<Stamp>) {
        let now = Now { mono: s.mono, wall: UnixMillis(s.wall) };
        let before = s.rig.clone();
        let at = Moment { policy: &self.policy, now, draw };
        let (time, effects) = self.defect.step(&mut s.rig, at, input.clone(), stamp);
        s.hidden = (false, false);
        let seen = Seen {
            policy: &self.policy,
            machine: self.defect,
            truth: s.truth,
            now,
            input: &input,
            trusted: true,
            before: &before,
            after: &s.rig,
            time: &time,
            effects: &effects,
        };
        if let Err(violation) = s.oracle.check(&seen) {
            s.bad = Some(violation);
            return;
        }
        for effect in effects {
            match effect {
                Effect::Fetch { fetch, .. } => s.net.push((fetch, None)),
                Effect::Reject { error, .. } => {
                    s.starved |= s.fair.is_some();
                    self.count(error.code());
                }
                Effect::Resolve { .. } => self.count("served"),
                Effect::Abort { .. } | Effect::Emit(_) => {}
            }
        }
    }
}

impl State {
    fn pass(&mut self, truth: u64, mono: u64) {
        self.truth += truth;
        self.mono += mono;
        self.wall += i64::try_from(truth).unwrap_or(i64::MAX);
    }

    fn reply(&mut self, fetch: FetchId, with: Reply) {
        if let Some((_, reply)) = self.net.iter_mut().find(|(f, _)| *f == fetch) {
            *reply = Some(with);
        }
    }
}
