//! Tokens that a server refused.

use super::*;

#[test]
fn five_hundred_refused_parts_cause_one_request() {
    let mut sim = Sim::holding(HOUR);
    for _ in 0..500 {
        sim.refuse(1);
    }
    assert_eq!(sim.peek(), None);
    sim.pass(SECOND);
    assert_eq!(sim.requests[1..], [(100, Reason::Rejected)]);
    assert_eq!(sim.get(), Outcome::Served(2));
}

#[test]
fn a_late_refusal_of_an_old_token_is_no_news() {
    let mut sim = Sim::holding(HOUR);
    sim.refuse(1);
    sim.pass(SECOND);
    for _ in 0..20 {
        sim.refuse(1);
    }
    assert_eq!((sim.get(), sim.requests.len()), (Outcome::Served(2), 2));
}

#[test]
fn a_refused_token_is_never_served_again_whatever_the_appserver_caches() {
    let mut sim = Sim::holding(HOUR);
    sim.answer = Answer::Again;
    sim.refuse(1);
    assert_eq!(sim.get(), Outcome::Failed(Error::Rejected));
    assert!(sim.requests.len() <= 5, "{} requests in the wait of one call", sim.requests.len());
    sim.answer = Answer::Token(HOUR);
    assert_eq!(sim.get(), Outcome::Served(2));
    sim.answer = Answer::First;
    sim.refuse(2);
    assert_eq!(sim.get(), Outcome::Failed(Error::Rejected), "not even an older refused one");
}

/// Found by fuzzing: only the last four were remembered.
#[test]
fn nor_is_one_that_was_refused_long_before() {
    let mut sim = Sim::holding(12 * HOUR);
    for serial in 2..=40 {
        sim.refuse_current();
        // Not in a row: each of them serves for a while before it is refused.
        assert_eq!(sim.get(), Outcome::Served(serial));
        sim.use_for(10 * MINUTE, MINUTE);
    }
    sim.answer = Answer::First;
    sim.refuse_current();
    assert_eq!(sim.get(), Outcome::Failed(Error::Rejected));
}

#[test]
fn after_a_refusal_any_other_token_will_do_even_a_shorter_one() {
    let mut sim = Sim::holding(HOUR);
    sim.answer = Answer::Token(15 * MINUTE);
    sim.refuse(1);
    assert_eq!(sim.get(), Outcome::Served(2));
}

#[test]
fn fresh_tokens_refused_three_times_in_a_row_stop_with_an_error() {
    let mut sim = Sim::holding(HOUR);
    for serial in 2..=3 {
        sim.refuse_current();
        assert_eq!(sim.get(), Outcome::Served(serial));
    }
    sim.refuse_current();
    let at = sim.truth();
    assert_eq!(sim.get(), Outcome::Failed(Error::Rejected));
    assert_eq!((sim.truth(), sim.requests.len()), (at, 3));
    sim.pass(6 * SECOND);
    assert_eq!(sim.get(), Outcome::Served(4), "a call after the hold tries again");
}

#[test]
fn a_refusal_of_a_token_that_had_served_is_the_first_of_its_row() {
    let mut sim = Sim::holding(HOUR);
    for serial in 2..=8 {
        sim.pass(MINUTE);
        sim.refuse_current();
        assert_eq!(sim.get(), Outcome::Served(serial));
    }
}

/// "In a row": a token that served its time in between ends the row.
#[test]
fn a_token_that_served_and_was_replaced_in_peace_ends_the_row() {
    let mut sim = Sim::holding(HOUR);
    for serial in [2, 4, 6, 8] {
        sim.refuse_current();
        assert_eq!(sim.get(), Outcome::Served(serial));
        sim.freeze(50 * MINUTE);
        sim.call(0);
        sim.pass(SECOND);
        assert_eq!(sim.get(), Outcome::Served(serial + 1));
    }
}

#[test]
fn a_refusal_while_the_successor_is_on_its_way_waits_for_that_one() {
    let mut sim = Sim::holding(HOUR);
    sim.freeze(50 * MINUTE);
    sim.call(0);
    sim.refuse(1);
    assert_eq!(sim.get(), Outcome::Served(2));
    assert_eq!(sim.requests.len(), 2);
}

#[test]
fn each_further_refusal_in_the_row_holds_longer() {
    let mut sim = Sim::holding(HOUR);
    for _ in 0..2 {
        sim.refuse_current();
        sim.get();
    }
    for hold in [5, 10, 20, 40, 60, 60].map(|s| s * SECOND) {
        sim.refuse_current();
        sim.pass(hold - 1);
        assert_eq!(sim.get(), Outcome::Failed(Error::Rejected), "{hold} ms");
        sim.pass(1);
        assert!(matches!(sim.get(), Outcome::Served(_)), "{hold} ms");
    }
}

/// Its AppServer has prolonged it in the meantime: its age is that of the token and not of the news.
#[test]
fn a_token_that_served_long_is_proven_also_if_it_was_given_again() {
    let mut sim = Sim::new();
    sim.shape = Shape::Duration;
    for serial in 1..=2 * sim.policy.rejections_in_a_row {
        assert_eq!(sim.get(), Outcome::Served(serial));
        sim.answer = Answer::Never;
        sim.freeze(50 * MINUTE);
        sim.call(0);
        let value = sim.rig.slot.token().unwrap().value;
        let Fetch::InFlight { fetch, .. } = *sim.rig.slot.fetch() else { panic!("it is due") };
        let expiry = Expiry { left: Some(HOUR), ..Expiry::default() };
        sim.feed(Input::Fetched { fetch, value, expiry });
        sim.answer = Answer::Token(HOUR);
        sim.refuse_current();
    }
}
