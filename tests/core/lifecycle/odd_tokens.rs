//! Answers that are no progress.

use super::*;

/// An AppServer that answers from replicas, one of which lags behind.
#[test]
fn an_older_token_after_a_newer_one_is_refused() {
    let mut sim = Sim::holding(HOUR);
    sim.freeze(50 * MINUTE);
    sim.call(0);
    sim.pass(SECOND);
    sim.freeze(50 * MINUTE);
    sim.answer = Answer::First;
    assert_eq!(sim.get(), Outcome::Served(2));
    sim.pass(SECOND);
    assert_eq!(sim.generation(), 2);
    assert!(matches!(sim.rig.slot.last_error(), Some(Error::NotNewer)));
}

/// The AppServer decides when its cached token is old; asking it often changes nothing.
#[test]
fn the_same_token_again_is_no_progress_and_no_loop() {
    let mut sim = Sim::holding(HOUR);
    sim.answer = Answer::Again;
    sim.freeze(48 * MINUTE);
    let from = sim.requests.len();
    while sim.truth() < 59 * MINUTE {
        sim.call(0);
        sim.pass(SECOND);
    }
    let asked = sim.requests.len() - from;
    assert!((2..=12).contains(&asked), "{asked} requests in the advisory window");
    assert_eq!(sim.peek(), Some(1));
}

#[test]
fn a_token_without_an_end_is_believed_for_a_quarter_of_an_hour_and_told_once() {
    let mut sim = Sim::new();
    sim.shape = Shape::Silent;
    sim.get();
    let held = sim.rig.slot.token().unwrap();
    assert_eq!((held.certain, held.expires.0), (false, 899_100));
    sim.use_for(HOUR, SECOND);
    assert_eq!(sim.events.iter().filter(|e| matches!(e, Event::AssumedLife)).count(), 1);
    assert!(sim.requests.len() >= 4);
}

#[test]
fn a_token_whose_whole_life_is_its_margin_is_no_token() {
    let policy = Policy { margin_share: 1_000, drift: 0, ..Policy::default() };
    for (life, usable) in [(15_000, false), (15_001, true)] {
        let mut sim = Sim::with(policy.clone(), 1);
        sim.rtt = 0;
        sim.answer = Answer::Token(life);
        sim.call(0);
        sim.pass(1);
        assert_eq!(sim.rig.slot.token().is_some(), usable, "life {life} ms");
    }
}

/// The answer went straight to `Backoff`, so nothing is left in flight.
#[test]
fn no_progress_is_a_failure_like_any_other() {
    let mut sim = Sim::holding(HOUR);
    sim.answer = Answer::Again;
    sim.freeze(50 * MINUTE);
    sim.call(0);
    sim.pass(SECOND);
    assert!(matches!(sim.rig.slot.fetch(), Fetch::Backoff { .. }));
    assert_eq!(sim.rig.slot.fails(), 1);
}

#[test]
fn a_life_that_is_given_in_any_way_is_not_assumed() {
    for shape in [Shape::Full, Shape::Date, Shape::Instant, Shape::Duration] {
        let mut sim = Sim::new();
        sim.shape = shape;
        sim.get();
        assert!(!sim.events.contains(&Event::AssumedLife), "{shape:?}");
    }
}

/// Another token that ends when the one in hand ends is no progress: its refresh would be due at once.
#[test]
fn a_token_with_the_same_end_is_not_newer() {
    for shape in [Shape::Full, Shape::Duration] {
        let mut sim = Sim::with(Policy { drift: 0, ..Policy::default() }, 1);
        sim.shape = shape;
        sim.rtt = 0;
        sim.get();
        sim.freeze(50 * MINUTE);
        for (more, generation) in [(0, 1), (1, 2)] {
            sim.freeze(2 * MINUTE);
            sim.answer = Answer::Token(HOUR - sim.truth() + more);
            sim.call(0);
            sim.pass(1);
            assert_eq!(sim.generation(), generation, "{shape:?}: {more} ms more");
        }
    }
}
