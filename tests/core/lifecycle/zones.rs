//! The zones of a life, and when a successor is asked for.

use super::*;

#[test]
fn a_token_goes_through_its_zones_and_each_is_told_once() {
    let mut sim = Sim::holding(HOUR);
    sim.feed(Input::Lease(true));
    sim.answer = Answer::Never;
    sim.pass(2 * HOUR);
    let zones: Vec<_> = sim
        .events
        .iter()
        .filter_map(|e| if let Event::State { zone } = e { Some(*zone) } else { None })
        .collect();
    assert_eq!(zones, [Zone::Valid, Zone::Advisory, Zone::Mandatory, Zone::Expired]);
    assert_eq!(
        sim.events.iter().filter(|e| matches!(e, Event::Expired { generation: 1 })).count(),
        1
    );
}

#[test]
fn a_caller_in_the_mandatory_window_waits_for_the_refresh() {
    let mut sim = Sim::holding(HOUR);
    sim.freeze(HOUR - 40 * SECOND);
    let waiter = sim.call(0);
    assert_eq!(sim.outcome(waiter), None);
    sim.pass(SECOND);
    assert_eq!(sim.outcome(waiter), Some(&Outcome::Served(2)));
    assert_eq!(sim.requests[1].1, Reason::Refresh);
}

#[test]
fn if_that_refresh_fails_the_old_token_is_served_down_to_its_margin() {
    let mut sim = Sim::holding(HOUR);
    sim.answer = Answer::Fail(Error::Network);
    sim.freeze(HOUR - 40 * SECOND);
    assert_eq!(sim.get(), Outcome::Served(1));
    sim.freeze(30 * SECOND);
    assert_eq!(sim.peek(), None);
    assert_eq!(sim.get().code(), "network");
}

#[test]
fn a_caller_with_a_wish_gets_the_old_token_only_if_it_fulfils_the_wish() {
    let mut sim = Sim::holding(HOUR);
    sim.answer = Answer::Fail(Error::Network);
    sim.freeze(30 * MINUTE);
    assert_eq!(sim.get_least(29 * MINUTE), Outcome::Served(1));
    assert_eq!(sim.get_least(35 * MINUTE).code(), "network");
}

#[test]
fn a_hidden_page_asks_for_nothing_for_eight_hours() {
    let mut sim = Sim::holding(HOUR);
    sim.pass(8 * HOUR);
    assert_eq!(sim.requests.len(), 1);
    assert_eq!(sim.get(), Outcome::Served(2));
    assert_eq!(sim.requests.len(), 2);
}

#[test]
fn a_lease_keeps_the_token_fresh_without_a_call() {
    let mut sim = Sim::holding(HOUR);
    sim.feed(Input::Lease(true));
    sim.pass(8 * HOUR);
    let while_open = sim.requests.len();
    assert!((10..=13).contains(&while_open), "{while_open}");
    sim.feed(Input::Lease(false));
    sim.pass(8 * HOUR);
    assert_eq!(sim.requests.len(), while_open);
}

/// Chrome runs the timers of a hidden page once a minute, Firefox on Android four times an hour.
#[test]
fn a_late_timer_is_caught_up_in_one_step_with_one_request() {
    for late in [MINUTE, 15 * MINUTE, 10 * HOUR] {
        let mut sim = Sim::holding(HOUR);
        sim.feed(Input::Lease(true));
        sim.freeze(40 * MINUTE + late);
        sim.feed(Input::Timeout);
        assert_eq!(sim.requests.len(), 2, "{late} ms late");
        sim.feed(Input::Timeout);
        assert_eq!(sim.requests.len(), 2, "{late} ms late");
    }
}

/// 43,200 s is the longest session of a role; the deadline, not the timer, decides.
#[test]
fn the_longest_life_is_refreshed_once_in_its_last_hour() {
    let mut sim = Sim::holding(12 * HOUR);
    sim.feed(Input::Lease(true));
    sim.pass(12 * HOUR);
    let at: Vec<_> = sim.requests.iter().map(|(at, _)| *at).collect();
    assert_eq!(at.len(), 2);
    assert!((11 * HOUR..12 * HOUR).contains(&at[1]), "{at:?}");
}

#[test]
fn a_life_of_eighty_years_is_believed_for_twelve_hours() {
    let sim = Sim::holding(80 * 365 * DAY);
    let held = sim.rig.slot.token().unwrap();
    assert_eq!(held.life.div_ceil(HOUR), 12);
}

#[test]
fn each_window_begins_after_its_last_millisecond() {
    let ends = [
        (60_000, Zone::Advisory),
        (59_999, Zone::Mandatory),
        (15_000, Zone::Mandatory),
        (14_999, Zone::Expired),
    ];
    for (left, zone) in ends {
        let mut sim = Sim::holding(HOUR);
        let held = sim.rig.slot.token().unwrap().clone();
        sim.freeze(held.expires.0 - left - sim.truth());
        let time = sim.rig.clock.clone().look(&sim.policy, sim.now(), 0);
        assert_eq!(held.zone(&time), zone, "{left} ms left");
    }
}

/// A source may be given longer than a caller waits.
#[test]
fn a_caller_in_the_mandatory_window_gets_the_old_token_at_its_deadline() {
    let mut sim = Sim::with(Policy { deadline: 2 * MINUTE, ..Policy::default() }, 1);
    sim.get();
    sim.answer = Answer::Never;
    sim.freeze(HOUR - 55 * SECOND);
    let asked = sim.truth();
    assert_eq!(sim.get(), Outcome::Served(1));
    assert_eq!(sim.truth() - asked, 30 * SECOND);
}
