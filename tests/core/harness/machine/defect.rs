//! The machine with one fault seeded from outside: what it is told, or what it says, is doctored.
//!
//! A checker that does not find these would not find the like in the machine itself.

use super::rig::{Moment, Rig, Stamp, Token};
use upload_token::{
    clock::Time,
    context::Context,
    error::Error,
    lifecycle::{Effect, Fetch, Input, Reason},
    policy::{Budget, Policy},
    time::{Millis, Now, UnixMillis},
    token::Expiry,
};

/// What is wrong with the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Defect {
    /// Nothing.
    None,
    /// Tokens are handed out down to their very end.
    NoMargin,
    /// A call while a request is in flight makes another.
    NoSingleFlight,
    /// Any other token replaces the one in hand.
    NoOlderGuard,
    /// A refusal counts against the token in hand, whichever was refused.
    NoGenerationGuard,
    /// The answer of a request that was given up is taken for that of the next.
    NoFetchGuard,
    /// A life is counted from when the answer came.
    AnchorAtReceive,
    /// Only the wall clock is read.
    WallOnly,
    /// Only the monotonic clock is read.
    MonoOnly,
    /// A refusal is not noted.
    RefusalIgnored,
    /// A failed refresh takes the token in hand away.
    FailureTakesToken,
    /// A caller that gave up is kept.
    CancelIgnored,
    /// A closed machine goes on.
    CloseIgnored,
    /// Requests are not counted.
    NoBudget,
    /// Callers wait as long as it takes.
    NoDeadline,
    /// Every call waits for a request of its own.
    AlwaysAsks,
    /// A token that is given again is no news, whatever is said or known of its end.
    RepeatIgnored,
    /// A local time that is called UTC is believed.
    ZoneBelieved,
    /// A caller that wants another token is given whatever there is.
    SameAgain,
    /// The former user's token is kept.
    ResetIgnored,
}

impl Defect {
    /// [`Rig::step`], with the fault.
    pub fn step(
        self,
        rig: &mut Rig,
        at: Moment<'_>,
        input: Input<Token>,
        stamp: Option<Stamp>,
    ) -> (Time, Vec<Effect<Token>>) {
        let Moment { policy, now, draw } = at;
        let in_hand = rig.slot.token().map(|held| (held.value, held.generation));
        let in_flight = match rig.slot.fetch() {
            Fetch::InFlight { fetch, .. } => Some(*fetch),
            _ => None,
        };
        match (self, &input) {
            (Self::NoMargin, _) => {
                let policy = Policy { margin: 0, ..policy.clone() };
                rig.step(Moment { policy: &policy, ..at }, input, stamp)
            }
            (Self::NoDeadline, _) => {
                let policy = Policy { wait_deadline: Millis::MAX, ..policy.clone() };
                rig.step(Moment { policy: &policy, ..at }, input, stamp)
            }
            (Self::NoBudget, _) => {
                rig.budget = Budget::new(policy, now.mono);
                rig.step(at, input, stamp)
            }
            (Self::NoSingleFlight, Input::Wanted { .. }) => {
                let (time, mut effects) = rig.step(at, input, stamp);
                if let Some(fetch) = in_flight {
                    let reason = Reason::Initial;
                    effects.push(Effect::Fetch { fetch: fetch + 100, reason });
                }
                (time, effects)
            }
            (Self::AlwaysAsks, Input::Wanted { waiter, .. }) => {
                let input = Input::Wanted { waiter: *waiter, least: Millis::MAX, waited: 0 };
                rig.step(at, input, stamp)
            }
            (Self::SameAgain, Input::Another { waiter, .. }) => {
                rig.step(at, Input::Wanted { waiter: *waiter, least: 0, waited: 0 }, stamp)
            }
            (Self::NoOlderGuard, Input::Fetched { fetch, value, .. }) => {
                let sound = rig.clone();
                let (time, effects) = rig.step(at, input.clone(), stamp);
                let refused = rig.slot.token().is_some_and(|held| held.value != *value);
                if in_flight != Some(*fetch) || !refused {
                    return (time, effects);
                }
                let mut open = sound;
                let generation = in_hand.map_or(0, |(_, generation)| generation);
                open.step(at, Input::Rejected { generation }, None);
                let forced = open.step(at, input.clone(), stamp);
                if open.slot.token().is_some_and(|held| held.value == *value) {
                    *rig = open;
                    return forced;
                }
                (time, effects)
            }
            (Self::NoGenerationGuard, Input::Rejected { .. }) => {
                let generation = in_hand.map_or(0, |(_, generation)| generation);
                rig.step(at, Input::Rejected { generation }, stamp)
            }
            (Self::NoFetchGuard, Input::Fetched { value, expiry, .. }) => {
                let input = Input::Fetched {
                    fetch: in_flight.unwrap_or(0),
                    value: *value,
                    expiry: *expiry,
                };
                rig.step(at, input, stamp)
            }
            (Self::AnchorAtReceive, Input::Fetched { fetch, .. }) if in_flight == Some(*fetch) => {
                let sent = rig.clock.look(policy, now, draw).elapsed;
                if let Some(stamp) = stamp {
                    rig.clock.observe(stamp.at, stamp.granularity, sent);
                }
                rig.step(at, input, None)
            }
            (Self::RepeatIgnored, Input::Fetched { fetch, value, .. })
                if in_hand.is_some_and(|(held, _)| held == *value) =>
            {
                let input = Input::Failed { fetch: *fetch, error: Error::NotNewer };
                rig.step(at, input, stamp)
            }
            (Self::ZoneBelieved, Input::Fetched { fetch, value, expiry }) => {
                let made = stamp.map_or(now.wall, |stamp| stamp.at);
                let left = expiry.at.map(|at| made.until(at));
                let expiry = Expiry { left, ..Expiry::default() };
                let input = Input::Fetched { fetch: *fetch, value: *value, expiry };
                rig.step(at, input, stamp)
            }
            (Self::WallOnly, _) => {
                let mono = u64::try_from(now.wall.0).unwrap_or(0);
                one_clock(rig, Moment { now: Now { mono, ..now }, ..at }, now.mono, input, stamp)
            }
            (Self::MonoOnly, _) => {
                let wall = UnixMillis(i64::try_from(now.mono).unwrap_or(i64::MAX));
                one_clock(rig, Moment { now: Now { wall, ..now }, ..at }, now.mono, input, stamp)
            }
            (Self::RefusalIgnored, Input::Rejected { .. })
            | (Self::CancelIgnored, Input::Cancelled { .. })
            | (Self::ResetIgnored, Input::Reset)
            | (Self::CloseIgnored, Input::Close) => rig.step(at, Input::Timeout, stamp),
            (Self::FailureTakesToken, Input::Failed { fetch, .. }) if in_flight == Some(*fetch) => {
                let (_, mut effects) = rig.step(at, input, stamp);
                let generation = in_hand.map_or(0, |(_, generation)| generation);
                let (time, more) = rig.step(at, Input::Rejected { generation }, None);
                effects.extend(more);
                (time, effects)
            }
            _ => rig.step(at, input, stamp),
        }
    }
}

/// A step of a machine that judges lives by the clocks of `at`; deadlines keep to `mono`.
fn one_clock(
    rig: &mut Rig,
    at: Moment<'_>,
    mono: u64,
    input: Input<Token>,
    stamp: Option<Stamp>,
) -> (Time, Vec<Effect<Token>>) {
    let Moment { policy, now, draw } = at;
    rig.observe(at, &input, stamp);
    let time = Time { mono, ..rig.clock.look(policy, now, draw) };
    let mut effects = Vec::new();
    let budget = &mut rig.budget;
    rig.slot.step(&mut Context { policy, budget, time: &time, out: &mut effects }, input);
    (time, effects)
}
