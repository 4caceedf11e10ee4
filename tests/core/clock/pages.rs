//! Whole pages, with clocks that sleep, jump and lie.

use super::*;

#[test]
fn a_token_is_not_served_after_a_sleep_that_outlived_it() {
    let mut sim = Sim::holding(HOUR);
    sim.sleep(2 * HOUR);
    assert_eq!(sim.peek(), None);
    assert_eq!((sim.get(), sim.requests.len()), (Outcome::Served(2), 2));
}

#[test]
fn a_sleep_while_the_answer_was_on_its_way_counts() {
    for (sleep, usable) in [(10 * MINUTE, true), (16 * MINUTE, false)] {
        let mut sim = Sim::new();
        sim.answer = Answer::Token(15 * MINUTE);
        sim.call(0);
        sim.sleep(sleep);
        sim.pass(1);
        assert_eq!(sim.rig.slot.token().is_some(), usable, "slept {sleep} ms");
    }
}

#[test]
fn a_page_frozen_in_mid_request_gets_a_fresh_token_or_an_error() {
    let mut sim = Sim::holding(HOUR);
    sim.freeze(59 * MINUTE);
    let waiter = sim.call(0);
    sim.freeze(2 * HOUR);
    sim.pass(SECOND);
    assert!(
        matches!(sim.outcome(waiter), Some(Outcome::Failed(_) | Outcome::Served(2..))),
        "{:?}",
        sim.outcome(waiter)
    );
}

#[test]
fn a_wall_clock_that_is_wrong_from_the_start_changes_nothing() {
    let runs: Vec<_> = [0, -HOUR_BACK, HOUR_BACK, -DAY_BACK, DAY_BACK, 10 * 365 * DAY_BACK]
        .into_iter()
        .map(|off| {
            let mut sim = Sim::new();
            sim.turn_wall(off);
            sim.use_for(3 * HOUR, SECOND);
            sim.requests.clone()
        })
        .collect();
    assert!(runs.windows(2).all(|pair| pair[0] == pair[1]), "{runs:?}");
}

#[test]
fn a_wall_clock_set_years_ahead_costs_one_request_and_fires_no_deadline() {
    let mut sim = Sim::holding(HOUR);
    sim.turn_wall(10 * 365 * DAY_BACK);
    let waiter = sim.call(0);
    assert_eq!(sim.outcome(waiter), None, "everything looks over");
    sim.pass(SECOND);
    assert_eq!(sim.outcome(waiter), Some(&Outcome::Served(2)));
    sim.use_for(10 * MINUTE, SECOND);
    assert_eq!(sim.requests.len(), 2);
}

/// After a jump ahead the AppServer serves the token it has cached: still good, as its answer shows.
#[test]
fn the_same_token_with_a_new_server_time_is_usable_again_after_a_jump() {
    for shape in [Shape::Full, Shape::Date, Shape::Duration] {
        let mut sim = Sim::new();
        sim.shape = shape;
        sim.get();
        sim.pass(5 * MINUTE);
        sim.answer = Answer::Again;
        sim.turn_wall(DAY_BACK);
        assert_eq!(sim.peek(), None, "{shape:?}");
        assert_eq!(sim.get(), Outcome::Served(1), "{shape:?}");
        let left = sim.rig.slot.token().unwrap().expires;
        let time = sim.rig.clock.clone().look(&sim.policy, sim.now(), 0);
        let left = time.elapsed.until(left);
        assert!(left >= 54 * MINUTE, "{shape:?}: {left} ms");
        sim.use_for(10 * MINUTE, SECOND);
        assert_eq!(sim.requests.len(), 2, "{shape:?}");
        assert_eq!(sim.rig.slot.fails(), 0, "{shape:?}: the answer was as good as a new token");
    }
}

/// An AppServer that caches its answers may repeat the first duration with the token. Nobody can tell it from one
/// that knows better, and a refusal corrects it.
#[test]
fn a_duration_counts_from_its_own_answer() {
    let mut sim = Sim::new();
    sim.shape = Shape::Duration;
    sim.get();
    let held = sim.rig.slot.token().unwrap().clone();
    sim.answer = Answer::Never;
    sim.freeze(50 * MINUTE);
    sim.call(0);
    let expiry = Expiry { left: Some(HOUR), ..Expiry::default() };
    sim.feed(Input::Fetched { fetch: 2, value: held.value, expiry });
    let again = sim.rig.slot.token().unwrap();
    assert!(again.expires >= held.expires.plus(50 * MINUTE), "{again:?}");
    assert_eq!((again.generation, sim.rig.slot.fails()), (1, 0));
}

/// After a jump the wall clock is the last to ask.
#[test]
fn the_same_token_by_a_turned_wall_clock_lives_no_longer() {
    let mut sim = Sim::new();
    sim.shape = Shape::Instant;
    sim.get();
    let held = sim.rig.slot.token().unwrap().clone();
    sim.answer = Answer::Again;
    sim.turn_wall(-HOUR_BACK);
    sim.call(0);
    sim.pass(SECOND);
    let again = sim.rig.slot.token().unwrap();
    assert_eq!((again.expires, again.certain, sim.requests.len()), (held.expires, false, 2));
}

/// By the device's clock the older token seems to end later; by the server's it does not.
#[test]
fn an_older_token_after_a_jump_ahead_is_still_the_older() {
    let mut sim = Sim::holding(HOUR);
    sim.freeze(45 * MINUTE);
    sim.call(0);
    sim.pass(SECOND);
    sim.turn_wall(HOUR_BACK);
    sim.answer = Answer::First;
    sim.call(0);
    sim.pass(SECOND);
    assert_eq!(sim.generation(), 2);
    assert_eq!(sim.get(), Outcome::Served(2), "and the newer one is good again by the same answer");
}

#[test]
fn a_wall_clock_set_back_a_day_only_asks_for_a_look_at_the_server() {
    let mut sim = Sim::holding(HOUR);
    sim.pass(MINUTE);
    sim.turn_wall(-DAY_BACK);
    let waiter = sim.call(0);
    assert_eq!(sim.outcome(waiter), Some(&Outcome::Served(1)));
    sim.pass(SECOND);
    assert_eq!((sim.get(), sim.requests.len()), (Outcome::Served(2), 2));
    sim.use_for(10 * MINUTE, SECOND);
    assert_eq!(sim.requests.len(), 2);
}

/// Assumption A1 broken: nothing on the page can show it. One refusal mends it.
#[test]
fn a_sleep_hidden_by_an_equal_turn_back_costs_one_refused_request() {
    let mut sim = Sim::holding(HOUR);
    sim.sleep(HOUR);
    sim.turn_wall(-HOUR_BACK);
    sim.trusted = false;
    assert_eq!(sim.get(), Outcome::Served(1), "dead, and nobody can know");
    sim.refuse(1);
    sim.trusted = true;
    assert_eq!((sim.get(), sim.requests.len()), (Outcome::Served(2), 2));
}

/// A device an hour behind may over-state a life; then a refusal mends it, as it does for anybody.
#[test]
fn without_a_server_s_clock_a_wrong_wall_clock_never_stops_the_page() {
    for off in [0, -HOUR_BACK, HOUR_BACK, 2 * HOUR_BACK, -DAY_BACK, DAY_BACK] {
        let mut sim = Sim::new();
        sim.turn_wall(off);
        sim.shape = Shape::Instant;
        assert_eq!(sim.get(), Outcome::Served(1), "{off} ms off");
        assert!(!sim.rig.slot.token().unwrap().certain);
        sim.use_for(HOUR, SECOND);
        assert!((1..=7).contains(&sim.requests.len()), "{off} ms off: {}", sim.requests.len());
    }
}

/// No server's clock, and the wall clock an hour back: the older token seems to have more left.
#[test]
fn an_older_token_after_a_turn_back_is_still_the_older() {
    let mut sim = Sim::new();
    sim.shape = Shape::Instant;
    sim.get();
    sim.freeze(50 * MINUTE);
    sim.call(0);
    sim.pass(SECOND);
    assert_eq!(sim.generation(), 2);
    sim.turn_wall(-HOUR_BACK);
    sim.answer = Answer::First;
    sim.call(0);
    sim.pass(SECOND);
    assert_eq!((sim.generation(), sim.requests.len()), (2, 3));
}

/// Errors tell the server's time too.
#[test]
fn a_life_believed_of_the_wall_clock_is_corrected_by_the_next_server_time() {
    let mut sim = Sim::new();
    // Not by a whole hour, which would be a zone.
    sim.turn_wall(-HOUR_BACK - 400_000);
    sim.shape = Shape::Instant;
    sim.get();
    let believed = sim.rig.slot.token().unwrap().clone();
    assert!(!believed.certain && believed.life > HOUR + 50 * MINUTE, "{believed:?}");
    sim.shape = Shape::Full;
    sim.answer = Answer::Fail(Error::Network);
    sim.call(HOUR + 30 * MINUTE);
    assert_eq!(sim.requests.len(), 1, "by the wall clock there is that much");
    sim.call(3 * HOUR);
    sim.pass(SECOND);
    let known = sim.rig.slot.token().unwrap();
    assert!(known.certain && known.expires.0 <= HOUR, "{known:?}");
}

/// Found by fuzzing: the answer's own moment was taken for the end, and the token served in it.
#[test]
fn a_server_s_clock_that_is_past_a_token_s_end_does_not_prolong_it() {
    let mut sim = Sim::with(Policy { margin: 0, ..Policy::default() }, 0);
    sim.rtt = 0;
    sim.get();
    sim.freeze(2 * HOUR);
    sim.answer = Answer::Again;
    assert_eq!(sim.get(), Outcome::Failed(Error::ExpiredOnArrival));
    let known = sim.rig.slot.token().unwrap();
    assert!(known.expires.0 <= HOUR, "{known:?}");
}

#[test]
fn a_worse_look_at_the_server_takes_nothing_away() {
    let mut sim = Sim::holding(HOUR);
    let known = sim.rig.slot.token().unwrap().expires;
    sim.answer = Answer::Fail(Error::Network);
    sim.rtt = 9 * SECOND;
    sim.call(2 * HOUR);
    sim.pass(10 * SECOND);
    assert_eq!((sim.rig.slot.token().unwrap().expires, sim.rig.slot.fails()), (known, 1));
}

/// The answer that judged a token judges it once: the instant must not undo what its duration said.
#[test]
fn an_answer_with_a_duration_and_a_later_instant_is_not_judged_twice() {
    let mut sim = Sim::new();
    sim.answer = Answer::Never;
    sim.call(0);
    let value = Token { serial: 1, ends: HOUR };
    let server = UnixMillis(EPOCH).plus(sim.truth());
    let expiry =
        Expiry { at: Some(server.plus(HOUR)), left: Some(10 * MINUTE), ..Expiry::default() };
    let stamp = Stamp { at: server, granularity: 0 };
    sim.feed_stamped(Input::Fetched { fetch: 1, value, expiry }, Some(stamp));
    let expires = sim.rig.slot.token().unwrap().expires;
    assert!(expires.0 <= 10 * MINUTE);
    sim.pass(MINUTE);
    assert_eq!(sim.rig.slot.token().unwrap().expires, expires);
}

#[test]
fn a_life_known_by_the_wall_clock_alone_keeps_a_minute_s_margin() {
    let mut sim = Sim::new();
    sim.shape = Shape::Instant;
    sim.get();
    assert_eq!(sim.rig.slot.token().unwrap().margin(), MINUTE);
    sim.answer = Answer::Fail(Error::Network);
    sim.freeze(HOUR - 55 * SECOND);
    assert_eq!(sim.peek(), None);
}

#[test]
fn a_date_header_and_a_slow_answer_never_overstate_a_life() {
    for rtt in [0, 100, 8 * SECOND] {
        for phase in [0, 1, 500, 999] {
            let mut sim = Sim::new();
            sim.rtt = rtt;
            sim.shape = Shape::Date;
            sim.freeze(phase);
            assert_eq!(sim.get(), Outcome::Served(1));
            let held = sim.rig.slot.token().unwrap();
            let time = sim.rig.clock.clone().look(&sim.policy, sim.now(), 0);
            let left = time.elapsed.until(held.expires);
            let truly = held.value.ends - sim.truth();
            assert!(left <= truly, "rtt {rtt}, phase {phase}: {left} of {truly}");
            assert!(
                truly - left <= rtt + SECOND + 4 * SECOND,
                "nor understate it by more than {rtt} ms, 1 s and the drift"
            );
        }
    }
}

const HOUR_BACK: i64 = 3_600_000;
const DAY_BACK: i64 = 86_400_000;
