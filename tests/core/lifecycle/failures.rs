//! Refreshes that fail, and what is kept.

use super::*;

#[test]
fn an_outage_in_the_advisory_window_is_noticed_by_nobody() {
    let mut sim = Sim::holding(HOUR);
    sim.answer = Answer::Fail(Error::Http(Answered::status(503)));
    let calls = sim.served;
    for _ in 0..3_500 {
        let waiter = sim.call(0);
        assert_eq!(sim.outcome(waiter), Some(&Outcome::Served(1)), "at {} ms", sim.truth());
        sim.pass(SECOND);
    }
    assert_eq!(sim.served - calls, 3_500);
    assert!((3..=15).contains(&failures(&sim)), "{} tries", failures(&sim));
}

/// Half of each wait is fixed, so no draw makes a storm; without a token it grows to a minute.
#[test]
fn failures_back_off_in_a_triple_step_up_to_a_minute() {
    for (draw, waits) in
        [(0, [500, 1_500, 4_500, 13_500, 30_000]), (1_000, [1_000, 3_000, 9_000, 27_000, 60_000])]
    {
        let mut sim = Sim::new();
        sim.draw = Some(draw);
        sim.rtt = 0;
        sim.answer = Answer::Fail(Error::Network);
        sim.feed(Input::Lease(true));
        sim.pass(4 * MINUTE);
        assert_eq!(
            sim.gaps()[..5].iter().map(|gap| gap - gap % 10).collect::<Vec<_>>(),
            waits,
            "draw {draw}"
        );
    }
}

#[test]
fn a_caller_waits_thirty_seconds_and_then_gets_the_last_error() {
    let mut sim = Sim::new();
    sim.answer = Answer::Fail(Error::Network);
    assert_eq!(sim.get(), Outcome::Failed(Error::Network));
    assert_eq!(sim.truth(), 30 * SECOND);
}

#[test]
fn a_source_that_hangs_is_given_up_and_asked_again() {
    let mut sim = Sim::new();
    sim.answer = Answer::Never;
    let waiter = sim.call(0);
    sim.pass(9 * SECOND);
    assert!(sim.aborted.is_empty(), "{:?}", sim.aborted);
    sim.answer = Answer::Token(HOUR);
    sim.pass(3 * SECOND);
    assert_eq!(sim.aborted, [1]);
    assert_eq!(sim.outcome(waiter), Some(&Outcome::Served(1)));
    assert!(sim.events.iter().any(|e| matches!(
        e,
        Event::RefreshFailed { error: Error::Timeout { after: 10_000 }, .. }
    )));
}

#[test]
fn the_late_answer_of_a_request_given_up_changes_nothing() {
    let mut sim = Sim::new();
    sim.rtt = 14 * SECOND;
    sim.call(0);
    sim.pass(11_500);
    assert_eq!((sim.aborted.as_slice(), sim.requests.len()), ([1].as_slice(), 2));
    sim.pass(4 * SECOND);
    assert_eq!(sim.peek(), None, "the oracle compared the step with that of an idle timer");
}

#[test]
fn a_first_caller_ends_a_back_off_within_two_seconds_once() {
    let mut sim = Sim::new();
    sim.draw = Some(1_000);
    sim.answer = Answer::Fail(Error::Network);
    sim.feed(Input::Lease(true));
    sim.pass(45 * SECOND);
    let before = sim.requests.len();
    sim.answer = Answer::Token(HOUR);
    let at = sim.truth();
    assert_eq!(sim.get(), Outcome::Served(1));
    assert!(sim.truth() - at <= 2 * SECOND + sim.rtt, "{} ms", sim.truth() - at);
    assert_eq!(sim.requests.len(), before + 1);
}

#[test]
fn the_network_coming_back_ends_a_back_off_within_two_seconds() {
    let mut sim = Sim::new();
    sim.answer = Answer::Fail(Error::Network);
    let waiter = sim.call(0);
    sim.pass(16 * SECOND);
    sim.answer = Answer::Token(HOUR);
    sim.feed(Input::Wake);
    sim.pass(2 * SECOND + 200);
    assert_eq!(sim.outcome(waiter), Some(&Outcome::Served(1)));
}

#[test]
fn a_retry_after_is_obeyed_even_with_somebody_waiting() {
    let mut sim = Sim::new();
    sim.draw = Some(0);
    sim.answer = throttled(20 * SECOND);
    sim.call(0);
    sim.pass(SECOND);
    sim.feed(Input::Wake);
    sim.call(0);
    sim.answer = Answer::Token(HOUR);
    sim.pass(29 * SECOND);
    assert_eq!(sim.gaps(), [20 * SECOND + sim.rtt]);
}

#[test]
fn a_retry_after_of_an_hour_is_cut_to_what_the_token_in_hand_allows() {
    let mut sim = Sim::holding(HOUR);
    sim.freeze(50 * MINUTE);
    sim.answer = throttled(HOUR);
    sim.call(0);
    sim.pass(SECOND);
    sim.answer = Answer::Token(HOUR);
    sim.feed(Input::Lease(true));
    sim.pass(10 * MINUTE);
    let wait = sim.gaps()[1];
    assert!(
        (250 * SECOND..=375 * SECOND).contains(&wait),
        "half of what was left, and a quarter for spread: {wait}"
    );
}

#[test]
fn a_retry_after_of_an_hour_without_a_token_is_a_minute() {
    let mut sim = Sim::new();
    sim.answer = throttled(HOUR);
    assert_eq!(
        sim.get(),
        Outcome::Failed(Error::Throttled {
            answered: Answered::status(429),
            retry_after: Some(HOUR)
        })
    );
    sim.pass(45 * SECOND);
    assert_eq!(sim.get().code(), "throttled");
    assert!((60 * SECOND..=77 * SECOND).contains(&sim.gaps()[0]), "{:?}", sim.gaps());
}

#[test]
fn a_senseless_retry_after_does_no_harm() {
    for asked in [0, 1, u64::MAX] {
        let mut sim = Sim::new();
        sim.answer = throttled(asked);
        sim.call(0);
        sim.pass(3 * MINUTE);
        sim.answer = Answer::Token(HOUR);
        assert_eq!(sim.get(), Outcome::Served(1), "Retry-After {asked}");
    }
}

#[test]
fn a_lost_session_is_asked_about_ever_more_slowly_while_the_token_in_hand_goes_on_serving() {
    let mut sim = Sim::holding(HOUR);
    sim.answer = Answer::Fail(UNAUTHENTICATED);
    sim.freeze(50 * MINUTE);
    for _ in 0..540 {
        assert_eq!(sim.get(), Outcome::Served(1));
        sim.pass(SECOND);
    }
    assert!(
        (9..=12).contains(&failures(&sim)),
        "{} in nine minutes of a call a second",
        failures(&sim)
    );
    sim.pass(MINUTE);
    assert_eq!(sim.get(), Outcome::Failed(UNAUTHENTICATED));
}

#[test]
fn an_error_no_retry_can_mend_is_repeated_at_once_until_a_call_after_the_hold() {
    for error in [UNAUTHENTICATED, Error::Http(Answered::status(404)), Error::LongLivedKey] {
        let mut sim = Sim::new();
        sim.answer = Answer::Fail(error.clone());
        assert_eq!(sim.get(), Outcome::Failed(error.clone()));
        let at = sim.truth();
        for _ in 0..10 {
            assert_eq!(sim.get(), Outcome::Failed(error.clone()));
        }
        assert_eq!((sim.truth(), sim.requests.len()), (at, 1), "at once, without a request");
        sim.pass(5 * SECOND);
        assert_eq!(sim.requests.len(), 1, "only a call asks again");
        sim.answer = Answer::Token(HOUR);
        assert_eq!(sim.get(), Outcome::Served(1));
    }
}

#[test]
fn the_page_saying_that_the_user_is_back_ends_the_hold_at_once() {
    let mut sim = Sim::holding(HOUR);
    sim.answer = Answer::Fail(UNAUTHENTICATED);
    sim.freeze(50 * MINUTE);
    sim.get();
    sim.pass(SECOND);
    sim.answer = Answer::Token(HOUR);
    sim.refuse_current();
    assert_eq!(sim.get(), Outcome::Served(2));
}

/// A captive portal answers HTML with status 200, for as long as nobody signs in.
#[test]
fn answers_that_make_no_sense_keep_the_old_token_and_stop_after_the_third() {
    let mut sim = Sim::holding(HOUR);
    sim.answer = malformed();
    sim.feed(Input::Lease(true));
    sim.pass(HOUR - MINUTE);
    assert_eq!((sim.peek(), failures(&sim)), (Some(1), 3));
    sim.pass(2 * MINUTE);
    sim.answer = Answer::Token(HOUR);
    assert_eq!(sim.get(), Outcome::Served(2));
}

#[test]
fn a_token_dead_on_arrival_is_never_stored_and_asked_for_ever_more_slowly() {
    let mut sim = Sim::new();
    sim.answer = Answer::Token(0);
    sim.feed(Input::Lease(true));
    assert_eq!(sim.get(), Outcome::Failed(Error::ExpiredOnArrival));
    sim.pass(HOUR);
    assert_eq!(sim.rig.slot.token(), None);
    let requests = sim.requests.len();
    assert!((60..=130).contains(&requests), "one or two a minute: {requests}");
}

#[test]
fn a_failing_source_is_asked_at_most_twice_a_minute_whoever_calls() {
    let mut sim = Sim::new();
    sim.draw = Some(0);
    sim.answer = Answer::Fail(Error::Network);
    for _ in 0..36_000 {
        sim.call(0);
        sim.pass(100);
    }
    let requests = sim.requests.len();
    assert!(requests <= 10 + 2 * 60 + 1, "{requests} in an hour");
    let burst = sim.requests.windows(14).map(|w| w[13].0 - w[0].0).min().unwrap();
    assert!(burst > MINUTE, "14 requests in {burst} ms");
}

/// The budget is spent, a user clicks: the call is delayed, not dropped.
#[test]
fn a_call_on_an_empty_budget_waits_for_the_next_refill() {
    let mut sim = Sim::with(Policy { budget: 2, ..Policy::default() }, 1);
    sim.draw = Some(0);
    sim.answer = Answer::Fail(Error::Network);
    let first = sim.call(0);
    sim.pass(2 * SECOND);
    sim.feed(Input::Cancelled { waiter: first });
    sim.answer = Answer::Token(HOUR);
    assert_eq!(sim.get(), Outcome::Served(1));
    assert_eq!(sim.gaps(), [500 + sim.rtt, 30 * SECOND - 500 - sim.rtt]);
}

/// A hold has passed, a user calls, but the budget is spent: the call must not sleep on.
#[test]
fn a_call_after_a_hold_on_an_empty_budget_is_woken_by_the_refill() {
    let mut sim = Sim::with(
        Policy { budget: 1, wait_deadline: 2 * MINUTE, heartbeat: HOUR, ..Policy::default() },
        1,
    );
    sim.answer = Answer::Fail(UNAUTHENTICATED);
    sim.get();
    sim.pass(6 * SECOND);
    sim.answer = Answer::Token(HOUR);
    assert_eq!(sim.get(), Outcome::Served(1));
    assert!(sim.truth() <= 31 * SECOND, "{} ms", sim.truth());
}

#[test]
fn slots_of_one_source_share_its_budget() {
    let policy =
        Policy { budget: 1, wait_deadline: 2 * MINUTE, heartbeat: HOUR, ..Policy::default() };
    let mut first = Sim::with(policy.clone(), 1);
    first.answer = Answer::Fail(Error::Network);
    first.call(0);
    let mut second = Sim::with(policy, 1);
    second.rig.budget = first.rig.budget;
    assert_eq!(second.rig.next_timeout(&second.policy, second.now()), None, "it wants nothing");
    second.call(0);
    assert!(second.requests.is_empty(), "the first slot spent it");
    second.pass(30 * SECOND);
    assert_eq!(second.requests.len(), 1, "woken by the refill");
}

#[test]
fn a_back_off_that_nobody_waits_for_arms_no_timer() {
    let mut sim = Sim::with(Policy { idle_window: 0, ..Policy::default() }, 1);
    sim.answer = Answer::Fail(Error::Network);
    let waiter = sim.call(0);
    sim.pass(200);
    assert!(matches!(sim.rig.slot.fetch(), Fetch::Backoff { .. }));
    sim.feed(Input::Cancelled { waiter });
    assert_eq!(sim.rig.next_timeout(&sim.policy, sim.now()), None);
    sim.freeze(2 * SECOND);
    sim.feed(Input::Timeout);
    assert_eq!(sim.rig.slot.fetch(), &Fetch::Idle, "it is over");
}

#[test]
fn two_managers_share_nothing() {
    let mut broken = Sim::new();
    broken.answer = Answer::Fail(Error::Network);
    broken.get();
    let mut sound = Sim::new();
    assert_eq!(sound.get(), Outcome::Served(1));
    assert_eq!(sound.truth(), sound.rtt);
}

#[test]
fn throttling_starts_ten_times_slower() {
    let mut sim = Sim::new();
    sim.draw = Some(1_000);
    sim.rtt = 0;
    sim.answer = Answer::Fail(THROTTLED);
    sim.feed(Input::Lease(true));
    sim.pass(10 * MINUTE);
    let waits: Vec<_> = sim.gaps()[..4].iter().map(|gap| gap - gap % 10).collect();
    assert_eq!(waits, [10_000, 30_000, 90_000, 120_000]);
}

/// The device sleeps through the rest of the token's life, which the clock of the back-off does not see: what was
/// right with a token in hand is too long without one.
#[test]
fn a_retry_after_given_with_a_token_in_hand_is_cut_when_the_token_is_gone() {
    let mut sim = Sim::holding(HOUR);
    sim.draw = Some(0);
    sim.answer = throttled(HOUR);
    sim.feed(Input::Lease(true));
    while failures(&sim) == 0 {
        sim.pass(SECOND);
    }
    sim.answer = Answer::Token(HOUR);
    sim.sleep(HOUR);
    sim.feed(Input::Wake);
    sim.pass(121 * SECOND);
    assert_eq!(sim.get(), Outcome::Served(2));
    assert!(sim.gaps()[1] <= HOUR + 121 * SECOND, "{:?}", sim.gaps());
}
