//! What AppServers make of lives: kept tokens, assumed ends, local times, and users who come and go.

use super::*;
use upload_token::{
    clock::Virtual,
    lifecycle::Held,
    time::{Millis, UnixMillis},
};

/// It keeps each user's token for 50 minutes and says nothing of its end.
#[test]
fn an_assumed_end_is_not_held_against_a_token_that_is_given_again() {
    let mut sim = Sim::new();
    sim.shape = Shape::Silent;
    sim.get();
    sim.answer = Answer::Again;
    for _ in 0..9 {
        sim.freeze(5 * MINUTE);
        assert_eq!(sim.get(), Outcome::Served(1));
    }
    assert!(sim.requests.len() <= 8, "{} requests", sim.requests.len());
    sim.refuse_current();
    sim.answer = Answer::Token(HOUR);
    assert_eq!(sim.get(), Outcome::Served(2), "a refusal corrects the guess");
}

/// The assumed life is shorter than the tolerance between two ends, and the page uses the token all the time.
#[test]
fn nor_is_one_that_is_assumed_to_be_near() {
    let mut sim = Sim::new();
    sim.policy.assumed_life = SECOND;
    sim.shape = Shape::Silent;
    sim.get();
    sim.answer = Answer::Again;
    sim.use_for(5 * SECOND, 100);
    assert_eq!(sim.get(), Outcome::Served(1));
    assert!(sim.requests.len() <= 15, "{} requests", sim.requests.len());
}

/// Another origin, no readable `Date`, the token kept until its very end.
#[test]
fn a_token_that_is_given_again_is_served_almost_to_its_end() {
    for (shape, spare) in [(Shape::Instant, 2 * SECOND), (Shape::Full, SECOND)] {
        let mut sim = Sim::new();
        sim.shape = shape;
        sim.get();
        sim.answer = Answer::Again;
        sim.freeze(HOUR - 10 * SECOND);
        assert_eq!(sim.get(), Outcome::Served(1), "{shape:?}");
        let held = sim.rig.slot.token().unwrap();
        assert!(held.margin() <= spare, "{shape:?}: {held:?}");
    }
}

#[test]
fn nor_is_it_asked_for_in_a_loop_there() {
    let mut sim = Sim::holding(HOUR);
    sim.answer = Answer::Again;
    sim.freeze(HOUR - 30 * SECOND);
    let before = sim.requests.len();
    sim.use_for(25 * SECOND, 100);
    assert!(sim.requests.len() - before <= 6, "{} requests", sim.requests.len() - before);
}

/// Answers the request with an end that is `hours` off an hour, as a local time that is called UTC is.
fn answer_in_local_time(sim: &mut Sim, hours: i64) {
    answer_with_an_end(sim, hours, false);
}

fn answer_with_an_end(sim: &mut Sim, hours: i64, absolute: bool) {
    sim.answer = Answer::Never;
    sim.call(0);
    let ends = UnixMillis(EPOCH + 3_600_000 + hours * 3_600_000);
    let fetch = sim.rig.slot.requests();
    let value = Token { serial: fetch, ends: HOUR };
    let expiry = Expiry { at: Some(ends), absolute, ..Expiry::default() };
    sim.feed(Input::Fetched { fetch, value, expiry });
}

#[test]
fn a_local_time_that_is_called_utc_is_told_and_the_assumed_life_counts() {
    for hours in [8, 12, -5] {
        let mut sim = Sim::new();
        answer_in_local_time(&mut sim, hours);
        let held = sim.rig.slot.token().unwrap();
        assert_eq!((held.named, held.certain), (None, false), "{hours} h");
        assert!(held.life <= 15 * MINUTE, "{hours} h: {held:?}");
        assert!(sim.events.contains(&Event::LocalExpiration), "{hours} h: {:?}", sim.events);
    }
}

/// A role may be set to up to twelve hours, and a number since the epoch has no zone.
#[test]
fn a_long_life_is_believed_unless_a_zone_explains_it_better() {
    for (hours, absolute) in [(1, false), (3, false), (7, false), (11, false), (8, true)] {
        let mut sim = Sim::new();
        answer_with_an_end(&mut sim, hours, absolute);
        let held = sim.rig.slot.token().unwrap();
        let known = (held.named.is_some(), held.life.div_ceil(HOUR));
        assert_eq!(known, (true, hours.unsigned_abs() + 1), "{hours} h: {held:?}");
        assert!(!sim.events.contains(&Event::LocalExpiration), "{hours} h: {:?}", sim.events);
    }
}

/// As a slot does whose tokens are those of another.
#[test]
fn an_end_that_has_been_judged_is_not_judged_again() {
    let mut sim = Sim::holding(10 * HOUR);
    sim.freeze(HOUR);
    let time = sim.rig.clock.clone().look(&sim.policy, sim.now(), 0);
    let expiry = sim.rig.slot.token().unwrap().expiry(&time);
    let bound = upload_token::clock::bound(&sim.policy, &time, time.elapsed, expiry);
    assert_eq!((bound.local, bound.named.is_some()), (false, true));
}

#[test]
fn a_wish_to_be_asked_sooner_is_obeyed_and_one_to_be_asked_later_is_not() {
    let refresh_at = |asked: Option<Millis>| {
        let mut sim = Sim::new();
        sim.draw = Some(500);
        sim.answer = Answer::Never;
        sim.call(0);
        let value = Token { serial: 1, ends: HOUR };
        let expiry = Expiry { left: Some(HOUR), refresh: asked, ..Expiry::default() };
        sim.feed(Input::Fetched { fetch: 1, value, expiry });
        sim.rig.slot.token().unwrap().refresh_at().0
    };
    let own = refresh_at(None);
    let minutes = |at: u64| at / MINUTE;
    assert_eq!(minutes(refresh_at(Some(20 * MINUTE))), 19, "less what the device may lose");
    assert_eq!(refresh_at(Some(59 * MINUTE)), own);
    assert_eq!(refresh_at(Some(SECOND)), 30 * SECOND, "not before its least age");
}

#[test]
fn another_user_is_given_another_token_and_nobody_is_blamed() {
    let mut sim = Sim::holding(HOUR);
    sim.refuse(1);
    sim.pass(SECOND);
    sim.refuse(2);
    sim.answer = Answer::Never;
    sim.pass(SECOND);
    let waiter = sim.call(2 * HOUR);
    let asked = sim.requests.len();
    sim.answer = Answer::Token(3 * HOUR + 7 * MINUTE);
    sim.feed(Input::Reset);
    assert_eq!(sim.requests.len(), asked + 1, "at once");
    assert_eq!(sim.aborted.len(), 1, "the former user's request is given up");
    sim.pass(SECOND);
    assert!(matches!(sim.outcome(waiter), Some(Outcome::Served(_))), "who waits gets the new one");
    sim.refuse_current();
    sim.pass(SECOND);
    assert!(matches!(sim.get(), Outcome::Served(_)), "the third refusal is the first of this user");
}

#[test]
fn a_reset_without_a_caller_asks_for_nothing() {
    let mut sim = Sim::holding(HOUR);
    sim.pass(10 * MINUTE);
    let asked = sim.requests.len();
    sim.feed(Input::Reset);
    assert_eq!((sim.requests.len(), sim.rig.slot.token()), (asked, None));
    assert_eq!(sim.rig.slot.zone(), Zone::Empty);
}

#[test]
fn a_reset_of_a_credential_in_continuous_use_asks_for_the_next_at_once() {
    let mut sim = Sim::holding(HOUR);
    sim.feed(Input::Lease(true));
    sim.pass(10 * MINUTE);
    let asked = sim.requests.len();
    sim.feed(Input::Reset);
    assert_eq!(sim.requests.len(), asked + 1);
}

#[test]
fn so_does_one_of_a_credential_that_was_just_used() {
    let mut sim = Sim::holding(HOUR);
    let asked = sim.requests.len();
    sim.feed(Input::Reset);
    assert_eq!(sim.requests.len(), asked + 1);
}

#[test]
fn a_reset_after_a_sleep_asks_once() {
    let mut sim = Sim::holding(HOUR);
    sim.sleep(HOUR);
    sim.get();
    let asked = sim.requests.len();
    sim.feed(Input::Reset);
    sim.get();
    sim.pass(SECOND);
    assert_eq!(
        sim.requests.len(),
        asked + 1,
        "the new token is not doubted for the old one's sleep"
    );
}

#[test]
fn resets_in_a_row_do_not_ask_without_end() {
    let mut sim = Sim::new();
    sim.answer = Answer::Fail(Error::Network);
    for _ in 0..100 {
        sim.call(0);
        sim.feed(Input::Reset);
    }
    // As many as in any moment: the budget.
    assert_eq!(sim.requests.len(), 10);
}

#[test]
fn an_assumed_life_is_told_once_a_slot_whoever_the_user_is() {
    let mut sim = Sim::new();
    sim.shape = Shape::Silent;
    sim.get();
    sim.feed(Input::Reset);
    sim.get();
    let told = sim.events.iter().filter(|event| **event == Event::AssumedLife);
    assert_eq!(told.count(), 1);
}

#[test]
fn so_is_a_local_time() {
    let mut sim = Sim::new();
    answer_in_local_time(&mut sim, 8);
    sim.feed(Input::Reset);
    answer_in_local_time(&mut sim, 8);
    let told = sim.events.iter().filter(|event| **event == Event::LocalExpiration);
    assert_eq!(told.count(), 1);
}

#[test]
fn a_reset_is_told_as_the_change_that_it_is() {
    let mut sim = Sim::holding(HOUR);
    sim.events.clear();
    sim.feed(Input::Reset);
    assert_eq!(sim.events, [Event::State { zone: Zone::Empty }]);
}

#[test]
fn tokens_are_numbered_on_over_a_reset() {
    let mut sim = Sim::holding(HOUR);
    assert_eq!(sim.generation(), 1);
    sim.feed(Input::Reset);
    sim.get();
    assert_eq!(sim.generation(), 2);
}

#[test]
fn a_user_who_tries_again_waits_for_no_back_off_hold_or_budget() {
    for error in [Error::Network, THROTTLED, UNAUTHENTICATED] {
        let mut sim = Sim::new();
        sim.answer = Answer::Fail(error.clone());
        for _ in 0..20 {
            sim.call(0);
            sim.pass(10 * SECOND);
        }
        sim.answer = Answer::Token(HOUR);
        let asked = sim.requests.len();
        sim.feed(Input::Retry);
        sim.call(0);
        assert_eq!(sim.requests.len(), asked + 1, "{error}");
        sim.pass(SECOND);
        assert_eq!(sim.get(), Outcome::Served(1), "{error}");
    }
}

#[test]
fn one_who_tries_again_within_a_second_is_not_told_the_old_error() {
    for error in [Error::Network, UNAUTHENTICATED] {
        let mut sim = Sim::new();
        sim.answer = Answer::Fail(error.clone());
        sim.feed(Input::Retry);
        sim.call(0);
        sim.pass(300);
        sim.answer = Answer::Token(HOUR);
        sim.feed(Input::Retry);
        let waiter = sim.call(0);
        assert_eq!(sim.outcome(waiter), None, "{error}");
        sim.pass(SECOND);
        assert_eq!(sim.outcome(waiter), Some(&Outcome::Served(1)), "{error}");
        assert_eq!(sim.requests.len(), 2);
    }
}

#[test]
fn but_not_more_than_once_a_second() {
    let mut sim = Sim::new();
    sim.answer = Answer::Fail(Error::Network);
    sim.rtt = 0;
    for _ in 0..100 {
        sim.feed(Input::Retry);
        sim.call(0);
        sim.pass(100);
    }
    assert!(sim.requests.len() <= 30, "{} requests in 10 s", sim.requests.len());
}

#[test]
fn each_second_once_also_for_one_who_never_stops() {
    let mut sim = Sim::new();
    sim.answer = Answer::Fail(UNAUTHENTICATED);
    sim.rtt = 0;
    for _ in 0..100 {
        sim.feed(Input::Retry);
        sim.feed(Input::Retry);
        sim.call(0);
        sim.pass(100);
    }
    assert_eq!(sim.gaps(), [1_000; 10]);
}

/// A token whose end is assumed, given again with what `left` or `at` says of it.
fn assumed_then(expiry: Expiry, stamp: Option<Stamp>) -> Sim {
    let mut sim = Sim::new();
    sim.shape = Shape::Silent;
    sim.get();
    sim.answer = Answer::Never;
    sim.freeze(14 * MINUTE);
    sim.call(10 * MINUTE);
    let value = sim.rig.slot.token().unwrap().value;
    sim.feed_stamped(Input::Fetched { fetch: 2, value, expiry }, stamp);
    sim
}

#[test]
fn what_is_known_of_an_end_beats_what_was_assumed_though_it_is_sooner() {
    let sim = assumed_then(Expiry { left: Some(30 * SECOND), ..Expiry::default() }, None);
    let held = sim.rig.slot.token().unwrap();
    assert!(held.certain && held.life <= 30 * SECOND, "{held:?}");
}

#[test]
fn a_token_that_is_dead_by_the_server_s_clock_is_not_served_on_an_assumption() {
    let made = UnixMillis(EPOCH + 14 * 60_000);
    let at = Some(UnixMillis(made.0 - 7 * 60_000));
    let stamp = Some(Stamp { at: made, granularity: 0 });
    let sim = assumed_then(Expiry { at, ..Expiry::default() }, stamp);
    assert_eq!(sim.peek(), None);
}

/// The last error once a token that is due is given again by an answer that `expiry` makes of it.
fn given_again(shape: Shape, expiry: impl Fn(&Held<Token>, Virtual) -> Expiry) -> Option<Error> {
    let mut sim = Sim::new();
    sim.policy.drift = 0;
    sim.shape = shape;
    sim.get();
    sim.answer = Answer::Never;
    sim.freeze(sim.rig.slot.token().unwrap().life - 2 * MINUTE);
    sim.call(0);
    let held = sim.rig.slot.token().unwrap().clone();
    let expiry = expiry(&held, sim.rig.sent(2).unwrap());
    sim.feed(Input::Fetched { fetch: 2, value: held.value, expiry });
    sim.rig.slot.last_error().cloned()
}

/// Rounding makes the same end a little later at each answer.
#[test]
fn the_same_end_again_is_no_news() {
    let tolerance = Policy::default().clock_tolerance;
    for (later, error) in [(tolerance, Some(Error::NotNewer)), (tolerance + 1, None)] {
        let told = given_again(Shape::Duration, |held, sent| {
            let left = Some(sent.until(held.expires) + later);
            Expiry { left, ..Expiry::default() }
        });
        assert_eq!(told, error, "{later} ms later");
    }
}

/// A cache between repeats an answer that says nothing of an end, and how long it has had it.
#[test]
fn the_same_assumption_again_is_no_news() {
    for (younger, error) in [(0, Some(Error::NotNewer)), (1, None)] {
        let told = given_again(Shape::Silent, |held, sent| {
            let assumed = sent.plus(Policy::default().assumed_life);
            let age = held.expires.until(assumed) - younger;
            Expiry { age, ..Expiry::default() }
        });
        assert_eq!(told, error, "{younger} ms younger");
    }
}
