//! Defects that are seeded one at a time: a checker that finds these is known to bite.

use super::*;

fn with(defect: Defect, horizon: u64, chances: Chances) -> Option<Violation> {
    refute(World { defect, ..world(horizon, chances) })
}

#[test]
fn s1_no_margin() {
    assert_eq!(with(Defect::NoMargin, 7, NO_FAULTS), Some(Violation::TooOld));
}

#[test]
fn s1_a_life_anchored_when_the_answer_came() {
    assert_eq!(with(Defect::AnchorAtReceive, 7, NO_FAULTS), Some(Violation::TooOld));
}

#[test]
fn s1_only_the_wall_clock() {
    assert_eq!(with(Defect::WallOnly, 7, CLOCK_FAULTS), Some(Violation::TooOld));
}

#[test]
fn s1_only_the_monotonic_clock() {
    assert_eq!(with(Defect::MonoOnly, 7, CLOCK_FAULTS), Some(Violation::TooOld));
}

#[test]
fn s1_refusals_ignored() {
    let found = with(Defect::RefusalIgnored, 3, ODD_TOKENS);
    assert!(matches!(found, Some(Violation::RefusedServed | Violation::TokenLost)), "{found:?}");
}

#[test]
fn s1_a_local_time_believed() {
    // An hour in China. A life of some ticks is next to nothing, and eight hours alone may be a role's.
    let says = Says::LocalTime(9 * 3_600_000);
    let world = World { says, defect: Defect::ZoneBelieved, ..world(7, NO_FAULTS) };
    assert_eq!(refute(world), Some(Violation::TooOld));
}

#[test]
fn an_assumed_end_held_against_a_token_given_again() {
    let chances = Chances { repeats: 1, ..NO_FAULTS };
    let world =
        World { says: Says::Nothing, life: 12, defect: Defect::RepeatIgnored, ..world(6, chances) };
    assert_eq!(refute(world), Some(Violation::RepeatRefused));
}

#[test]
fn life_that_is_left_refused() {
    let chances = Chances { repeats: 1, ..NO_FAULTS };
    let policy = Policy { margin: 3, margin_share: 500, ..ticks() };
    let world = World { policy, defect: Defect::RepeatIgnored, ..world(6, chances) };
    assert_eq!(refute(world), Some(Violation::RepeatRefused));
}

#[test]
fn the_former_user_s_token_kept() {
    let chances = Chances { resets: 1, ..NO_FAULTS };
    assert_eq!(with(Defect::ResetIgnored, 3, chances), Some(Violation::TokenLost));
}

#[test]
fn s2_no_single_flight() {
    assert_eq!(with(Defect::NoSingleFlight, 3, NO_FAULTS), Some(Violation::TwoInFlight));
}

#[test]
fn s3_cancelled_callers_kept() {
    let chances = Chances { cancels: 1, ..NO_FAULTS };
    assert_eq!(with(Defect::CancelIgnored, 3, chances), Some(Violation::LostWaiter));
}

#[test]
fn s4_a_close_ignored() {
    let chances = Chances { closes: 1, ..NO_FAULTS };
    assert_eq!(with(Defect::CloseIgnored, 3, chances), Some(Violation::AfterClose));
}

#[test]
fn s5_no_generation_guard() {
    let found = with(Defect::NoGenerationGuard, 4, ODD_TOKENS);
    assert_eq!(found, Some(Violation::LateChange));
}

#[test]
fn s5_no_fetch_guard() {
    assert_eq!(with(Defect::NoFetchGuard, 6, NO_FAULTS), Some(Violation::LateChange));
}

#[test]
fn s6_no_budget() {
    let mut world = world(6, Chances { calls: 1, failures: 4, ..NO_FAULTS });
    world.policy.budget = 1;
    world.policy.budget_refill = 20;
    world.defect = Defect::NoBudget;
    assert_eq!(refute(world), Some(Violation::OverBudget));
}

#[test]
fn s7_no_older_guard() {
    assert_eq!(with(Defect::NoOlderGuard, 7, ODD_TOKENS), Some(Violation::OlderInstalled));
}

#[test]
fn l2_no_deadline() {
    let found = with(Defect::NoDeadline, 6, NO_FAULTS);
    assert!(matches!(found, Some(Violation::NoTimer | Violation::Overdue)), "{found:?}");
}

#[test]
fn a_failure_that_takes_the_token_away() {
    assert_eq!(with(Defect::FailureTakesToken, 6, SERVER_FAULTS), Some(Violation::TokenLost));
}

#[test]
fn a_call_that_asks_although_it_could_be_served() {
    assert_eq!(with(Defect::AlwaysAsks, 3, NO_FAULTS), Some(Violation::NeedlessWait));
}
