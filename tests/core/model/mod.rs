//! The machine, model-checked: every run of a small world is tried, on the real code.
//!
//! Time is in ticks and the policy's constants are tiny, but nothing else is scaled down: the slot,
//! its clock and its budget are those of the page. Jitter is nondeterministic (both ends of each
//! draw), timers may be as late as they like, requests may be answered late, never, or after they
//! were given up. What must hold is the [`Oracle`](crate::harness::machine::Oracle)'s; a state that breaks it ends its run.
//!
//! Two things are assumed of the world, and shown to be needed:
//! - **A1**: no sleep hides behind a turn back of the wall clock between the same two looks;
//! - **A2**: an answer was made after its request was sent (no cache replays one).

mod actions;
mod another;
mod finds;
mod world;

use crate::harness::machine::{Violation, defect::Defect};
use actions::{Action, Chances, Says};
use stateright::{Checker, HasDiscoveries, Model, Property};
use std::sync::atomic::Ordering;
use upload_token::{
    error::Error,
    lifecycle::{Fetch, Zone},
    policy::Policy,
};
use world::{OUTCOMES, State, World};

const SAFE: &str = "every invariant holds";
const FAIR: &str = "L1: in a fair world a waiting caller gets a token";

type Witness = (&'static str, fn(&World, &State) -> bool);

/// States that a model must reach for its proof to mean something.
const SOMETIMES: [Witness; 14] = [
    ("a second token is in hand", |_, s| s.oracle.in_hand().is_some_and(|(_, g)| g > 1)),
    ("two callers wait", |_, s| s.oracle.open() == 2),
    ("advisory window", |_, s| s.rig.slot.zone() == Zone::Advisory),
    ("mandatory window", |_, s| s.rig.slot.zone() == Zone::Mandatory),
    ("below the margin", |_, s| s.rig.slot.zone() == Zone::Expired),
    ("refused token", |_, s| s.rig.slot.zone() == Zone::Rejected),
    ("closed", |_, s| s.rig.slot.zone() == Zone::Closed),
    ("backing off", |_, s| matches!(s.rig.slot.fetch(), Fetch::Backoff { .. })),
    ("parked", |_, s| matches!(s.rig.slot.fetch(), Fetch::Parked { .. })),
    ("budget spent", |w, s| s.rig.budget.next(&w.policy).is_some()),
    ("request given up", |_, s| matches!(s.rig.slot.last_error(), Some(Error::Timeout { .. }))),
    ("no progress", |_, s| matches!(s.rig.slot.last_error(), Some(Error::NotNewer))),
    ("dead on arrival", |_, s| matches!(s.rig.slot.last_error(), Some(Error::ExpiredOnArrival))),
    ("refused token again", |_, s| matches!(s.rig.slot.last_error(), Some(Error::Rejected))),
];

impl Model for World {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![self.start()]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        Self::actions(self, state, actions);
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        Some(self.next(state, action))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let reached = SOMETIMES.iter().filter(|(name, _)| self.reaches.contains(name));
        let mut all: Vec<_> =
            reached.map(|(name, holds)| Property::sometimes(name, *holds)).collect();
        all.push(Property::always(SAFE, |_, s: &State| s.bad.is_none()));
        all.push(Property::always(FAIR, |_, s: &State| !s.starved));
        all
    }
}

/// The policy in ticks: a life of 6, refreshed at 3, waited for in its last 2, never served in its last.
fn ticks() -> Policy {
    Policy {
        margin: 1,
        margin_share: 1_000,
        uncertain_margin: 1,
        uncertain_margin_share: 1_000,
        mandatory_window: 2,
        mandatory_share: 900,
        advisory_share: 333,
        advisory_window_least: 3,
        advisory_window: 3,
        advisory_cap: 500,
        jitter: 250,
        minimum_age: 1,
        minimum_age_share: 250,
        assumed_life: 4,
        longest_life: 40,
        drift: 0,
        deadline: 2,
        wait_deadline: 4,
        backoff_base: 2,
        throttle_base: 3,
        backoff_cap: 3,
        dry_backoff_cap: 3,
        retry_after_cap: 3,
        pull_in: 1,
        budget: 2,
        budget_refill: 3,
        refund_life: 3,
        hold: 2,
        hold_cap: 3,
        rejections_in_a_row: 2,
        idle_window: 3,
        clock_tolerance: 0,
        heartbeat: 4,
    }
}

fn world(horizon: u64, chances: Chances) -> World {
    World {
        policy: ticks(),
        defect: Defect::None,
        horizon,
        chances,
        life: 6,
        says: Says::Instant,
        a1: true,
        a2: true,
        fair: None,
        reaches: &[],
        outcomes: std::array::from_fn(|_| 0.into()).into(),
    }
}

/// Checks all of `world`, prints how much that was, and insists on every property.
fn prove(name: &str, world: World) {
    let outcomes = world.outcomes.clone();
    // The states are the same as breadth first; so many of them do not wait to be looked at, and it takes a third less.
    let checker = world.checker().threads(2).spawn_dfs().join();
    let settled: Vec<_> = OUTCOMES
        .iter()
        .zip(outcomes.iter())
        .map(|(name, n)| format!("{name} {}", n.load(Ordering::Relaxed)))
        .collect();
    println!(
        "{name}: {} unique states of {} made, depth {}; settled: {}",
        checker.unique_state_count(),
        checker.state_count(),
        checker.max_depth(),
        settled.join(", ")
    );
    checker.assert_properties();
}

/// Checks `world` until it breaks, and returns what broke.
fn refute(world: World) -> Option<Violation> {
    let failed = HasDiscoveries::AnyOf([SAFE].into());
    // By one thread: of two that search, the one that is ahead would say which of several violations it is.
    let checker = world.checker().threads(1).finish_when(failed).spawn_bfs().join();
    checker.discovery(SAFE).and_then(|path| path.last_state().bad)
}

const NO_FAULTS: Chances = Chances {
    calls: 2,
    others: 0,
    cancels: 0,
    refusals: 0,
    wakes: 0,
    closes: 0,
    sleeps: 0,
    turns: 0,
    failures: 0,
    repeats: 0,
    replicas: 0,
    shorts: 0,
    resets: 0,
    retries: 0,
};
const CLOCK_FAULTS: Chances = Chances { sleeps: 1, turns: 1, ..NO_FAULTS };
const SERVER_FAULTS: Chances = Chances { failures: 2, wakes: 1, ..NO_FAULTS };
const ODD_TOKENS: Chances =
    Chances { refusals: 2, repeats: 1, replicas: 1, shorts: 1, ..NO_FAULTS };
const EVERYTHING: Chances = Chances {
    calls: 2,
    others: 0,
    cancels: 1,
    refusals: 1,
    wakes: 0,
    closes: 1,
    sleeps: 1,
    turns: 1,
    failures: 1,
    repeats: 0,
    replicas: 1,
    shorts: 0,
    resets: 0,
    retries: 0,
};

/// Ticks until a run ends. `MODEL_DEEPER` adds to each model's: one more is four to six times the states.
fn ticks_of(default: u64) -> u64 {
    let deeper = std::env::var("MODEL_DEEPER").ok().and_then(|more| more.parse().ok());
    default + deeper.unwrap_or(0)
}

mod holds {
    use super::*;

    #[test]
    fn under_clock_faults() {
        prove(
            "clock faults",
            World {
                reaches: &[
                    "a second token is in hand",
                    "two callers wait",
                    "advisory window",
                    "mandatory window",
                    "below the margin",
                    "request given up",
                    "dead on arrival",
                ],
                ..world(ticks_of(6), CLOCK_FAULTS)
            },
        );
    }

    #[test]
    fn under_clock_faults_with_lives_given_as_durations() {
        prove(
            "clock faults, durations",
            World {
                says: Says::Duration,
                reaches: &["a second token is in hand", "below the margin", "dead on arrival"],
                ..world(ticks_of(5), CLOCK_FAULTS)
            },
        );
    }

    #[test]
    fn under_clock_faults_with_a_short_token() {
        prove(
            "clock faults, a short token",
            World {
                reaches: &[
                    "a second token is in hand",
                    "below the margin",
                    "dead on arrival",
                    "no progress",
                ],
                ..world(ticks_of(3), Chances { shorts: 1, repeats: 1, ..CLOCK_FAULTS })
            },
        );
    }

    #[test]
    fn under_server_faults() {
        prove(
            "server faults",
            World {
                reaches: &[
                    "a second token is in hand",
                    "two callers wait",
                    "mandatory window",
                    "backing off",
                    "parked",
                    "budget spent",
                    "request given up",
                ],
                ..world(ticks_of(6), SERVER_FAULTS)
            },
        );
    }

    #[test]
    fn with_refused_repeated_and_older_tokens() {
        prove(
            "odd tokens",
            World {
                reaches: &[
                    "a second token is in hand",
                    "refused token",
                    "parked",
                    "no progress",
                    "refused token again",
                ],
                ..world(ticks_of(4), ODD_TOKENS)
            },
        );
    }

    /// An AppServer that keeps its tokens and says nothing of their end: their true lives are longer than assumed.
    #[test]
    fn with_repeated_tokens_of_an_assumed_life() {
        prove(
            "assumed lives",
            World {
                says: Says::Nothing,
                life: 12,
                reaches: &["mandatory window", "advisory window"],
                ..world(ticks_of(6), Chances { repeats: 2, ..NO_FAULTS })
            },
        );
    }

    /// An AppServer that keeps a token until its very end.
    #[test]
    fn with_a_token_that_is_repeated_below_its_margin() {
        let policy = Policy { margin: 3, margin_share: 500, ..ticks() };
        prove(
            "repeated to the end",
            World {
                policy,
                reaches: &["below the margin", "no progress"],
                ..world(ticks_of(6), Chances { repeats: 2, ..NO_FAULTS })
            },
        );
    }

    #[test]
    fn with_local_times_that_are_called_utc() {
        // China and New York, and the hour that a life of some ticks is not. Eight hours alone may be a role's.
        for hours in [9, -4] {
            prove(
                "local times",
                World {
                    says: Says::LocalTime(hours * 3_600_000),
                    reaches: &["a second token is in hand", "mandatory window"],
                    ..world(ticks_of(6), NO_FAULTS)
                },
            );
        }
    }

    #[test]
    fn with_another_user_and_a_user_who_tries_again() {
        prove(
            "another user",
            World {
                reaches: &["a second token is in hand", "backing off", "budget spent"],
                ..world(
                    ticks_of(3),
                    Chances { resets: 1, retries: 1, failures: 1, refusals: 1, ..NO_FAULTS },
                )
            },
        );
    }

    #[test]
    fn with_everything_together() {
        prove(
            "everything",
            World {
                reaches: &["a second token is in hand", "closed", "refused token", "backing off"],
                ..world(ticks_of(3), EVERYTHING)
            },
        );
    }
}

/// L1. The worst is a caller without a token while the AppServer throttles: its back-off is twice 3
/// ticks. A request that was lost just before costs 2 ticks to its deadline and a back-off of 3.
mod serves {
    use super::*;

    const WORST: u8 = 6;

    fn fair(within: u8) -> World {
        let mut fair = world(ticks_of(4), SERVER_FAULTS);
        fair.policy.wait_deadline = 100;
        fair.fair = Some(within);
        fair
    }

    #[test]
    fn a_waiting_caller_once_the_world_is_fair() {
        let world =
            World { reaches: &["backing off", "budget spent", "two callers wait"], ..fair(WORST) };
        prove("fairness", world);
    }

    #[test]
    fn and_not_sooner_than_that() {
        let sooner = HasDiscoveries::AnyOf([FAIR].into());
        let checker = fair(WORST - 1).checker().threads(2).finish_when(sooner).spawn_bfs().join();
        assert!(checker.discovery(FAIR).is_some(), "the bound is not tight: lower it");
    }
}

/// What is assumed is needed.
mod needs {
    use super::*;

    #[test]
    fn a1_that_no_sleep_hides_behind_a_turn_back() {
        assert_eq!(refute(World { a1: false, ..world(6, CLOCK_FAULTS) }), Some(Violation::TooOld));
    }

    #[test]
    fn a2_that_no_cache_replays_an_answer() {
        assert_eq!(refute(World { a2: false, ..world(9, NO_FAULTS) }), Some(Violation::TooOld));
    }
}
