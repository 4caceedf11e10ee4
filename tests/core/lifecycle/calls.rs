//! Callers: who waits, who is served at once, and who is told what.

use super::*;

#[test]
fn two_hundred_callers_share_one_request() {
    let mut sim = Sim::new();
    let waiters: Vec<_> = (0..200).map(|_| sim.call(0)).collect();
    sim.pass(SECOND);
    assert_eq!(sim.requests, [(0, Reason::Initial)]);
    assert!(waiters.iter().all(|w| sim.outcome(*w) == Some(&Outcome::Served(1))));
}

#[test]
fn a_good_token_is_served_in_the_same_step() {
    let mut sim = Sim::holding(HOUR);
    let waiter = sim.call(30 * MINUTE);
    assert_eq!(sim.outcome(waiter), Some(&Outcome::Served(1)));
    assert_eq!(sim.requests.len(), 1);
}

#[test]
fn a_call_each_second_for_an_hour_costs_a_few_requests() {
    for (life, least, most) in [(900, 5, 8), (3_600, 1, 3)] {
        let mut sim = Sim::new();
        sim.answer = Answer::Token(life * SECOND);
        sim.use_for(HOUR, SECOND);
        let requests = sim.requests.len();
        assert!((least..=most).contains(&requests), "{requests} requests for a life of {life} s");
    }
}

/// Tests and the demo live on tokens of a few seconds.
#[test]
fn short_tokens_are_refreshed_before_callers_have_to_wait() {
    for life in [3, 5, 20, 60] {
        let mut sim = Sim::holding(life * SECOND);
        let before = sim.served;
        let mut calls = 0;
        while sim.truth() < 10 * life * SECOND {
            sim.call(0);
            calls += 1;
            assert_eq!(sim.served - before, calls, "life {life} s: served at once");
            sim.pass(100);
        }
        let requests = u64::try_from(sim.requests.len()).unwrap();
        assert!((10..=23).contains(&requests), "{requests} requests in ten lives of {life} s");
    }
}

#[test]
fn more_validity_than_tokens_have_fails_after_one_request_and_disturbs_nobody() {
    let mut sim = Sim::new();
    sim.answer = Answer::Token(15 * MINUTE);
    let greedy = sim.call(50 * MINUTE);
    let modest = sim.call(30 * SECOND);
    sim.pass(SECOND);
    let Some(Outcome::Failed(Error::TooShort { available })) = sim.outcome(greedy) else {
        panic!("{:?}", sim.outcome(greedy))
    };
    assert!((883 * SECOND..=885 * SECOND).contains(available), "{available}");
    assert_eq!(sim.outcome(modest), Some(&Outcome::Served(1)));
    assert_eq!(sim.requests.len(), 1);
}

/// The request in flight was not made for it, so its answer proves nothing about longer tokens.
#[test]
fn a_caller_that_came_late_gets_a_request_of_its_own() {
    let mut sim = Sim::new();
    sim.answer = Answer::Token(15 * MINUTE);
    let early = sim.call(0);
    sim.answer = Answer::Token(HOUR);
    let late = sim.call(50 * MINUTE);
    sim.pass(SECOND);
    assert_eq!(sim.outcome(early), Some(&Outcome::Served(1)));
    assert_eq!(sim.outcome(late), Some(&Outcome::Served(2)));
    assert_eq!(sim.requests.len(), 2);
}

#[test]
fn a_cancelled_caller_is_told_once_and_the_answer_is_kept_for_others() {
    let mut sim = Sim::new();
    let waiter = sim.call(0);
    sim.feed(Input::Cancelled { waiter });
    sim.feed(Input::Cancelled { waiter });
    assert_eq!(sim.outcome(waiter), Some(&Outcome::Failed(Error::Aborted)));
    sim.pass(SECOND);
    assert_eq!((sim.peek(), sim.requests.len(), sim.aborted.len()), (Some(1), 1, 0));
}

#[test]
fn a_name_that_is_taken_is_refused_and_its_bearer_still_served() {
    let mut sim = Sim::new();
    let waiter = sim.call(0);
    sim.feed(Input::Wanted { waiter, least: 0, waited: 0 });
    assert_eq!(sim.outcome(waiter).unwrap().code(), "invalid_option");
    sim.pass(SECOND);
    assert_eq!(sim.outcome(waiter), Some(&Outcome::Served(1)));
}

/// Who had to wait for the module has that much less for a token.
#[test]
fn what_a_caller_has_waited_already_counts() {
    let wait = Policy::default().wait_deadline;
    let mut sim = Sim::new();
    sim.answer = Answer::Never;
    let late = sim.call_after(wait - SECOND, 0);
    let fresh = sim.call(0);
    sim.pass(SECOND - 1);
    assert_eq!(sim.outcome(late), None);
    sim.pass(1);
    assert_eq!(sim.outcome(late), Some(&Outcome::Failed(Error::Timeout { after: wait })));
    assert_eq!(sim.outcome(fresh), None);

    // Who has no time left is told at once, unless there is a token.
    let over = sim.call_after(wait, 0);
    assert_eq!(sim.outcome(over).map(Outcome::code), Some("timeout"));
    let mut sim = Sim::holding(HOUR);
    let over = sim.call_after(2 * wait, 0);
    assert_eq!(sim.outcome(over), Some(&Outcome::Served(1)));
}

#[test]
fn what_nobody_asked_for_changes_nothing() {
    let mut sim = Sim::holding(HOUR);
    let value = Token { serial: 99, ends: 2 * HOUR };
    for input in [
        Input::Cancelled { waiter: 77 },
        Input::Fetched {
            fetch: 77,
            value,
            expiry: Expiry { left: Some(2 * HOUR), ..Expiry::default() },
        },
        Input::Failed { fetch: 77, error: Error::Network },
        Input::Rejected { generation: 77 },
        Input::Timeout,
        Input::Wake,
    ] {
        sim.feed(input);
    }
    assert_eq!((sim.get(), sim.requests.len()), (Outcome::Served(1), 1));
}

#[test]
fn a_close_ends_everything_and_nothing_wakes_up_again() {
    let mut sim = Sim::new();
    let waiters = [sim.call(0), sim.call(HOUR)];
    sim.feed(Input::Close);
    assert!(waiters.iter().all(|w| sim.outcome(*w) == Some(&Outcome::Failed(Error::Closed))));
    assert_eq!(sim.aborted, [1]);
    sim.pass(HOUR);
    assert_eq!(sim.get(), Outcome::Failed(Error::Closed));
    for input in [Input::Prefetch, Input::Wake, Input::Lease(true), Input::Timeout, Input::Close] {
        sim.feed(input);
    }
    assert_eq!((sim.requests.len(), sim.peek()), (1, None));
    assert_eq!((sim.rig.slot.requests(), sim.rig.slot.zone()), (1, Zone::Closed));
    assert_eq!(sim.events, [Event::State { zone: Zone::Closed }]);
}

#[test]
fn a_prefetch_asks_ahead_and_the_first_call_is_served_at_once() {
    let mut sim = Sim::new();
    sim.feed(Input::Prefetch);
    sim.pass(SECOND);
    let waiter = sim.call(0);
    assert_eq!(sim.outcome(waiter), Some(&Outcome::Served(1)));
    assert_eq!(sim.requests, [(0, Reason::Prefetch)]);
}

/// A slot that is idle may be forgotten: nobody waits, nobody called lately, nothing is on its way.
#[test]
fn a_slot_is_idle_when_nobody_would_miss_it() {
    let idle =
        |sim: &Sim| sim.rig.slot.idle(&sim.rig.clock.clone().look(&sim.policy, sim.now(), 0));
    let mut sim = Sim::new();
    assert!(idle(&sim), "before the first call");
    sim.answer = Answer::Never;
    let waiter = sim.call(0);
    sim.feed(Input::Cancelled { waiter });
    sim.freeze(3 * MINUTE);
    assert!(!idle(&sim), "a request is on its way");
    sim.feed(Input::Timeout);
    assert!(idle(&sim), "it was given up, and nobody has called for two minutes");

    sim.answer = Answer::Token(HOUR);
    let called = sim.truth();
    sim.get();
    assert!(!idle(&sim), "somebody called a moment ago");
    sim.pass(called + 2 * MINUTE - 1 - sim.truth());
    assert!(!idle(&sim), "two minutes ago, all but one millisecond");
    sim.pass(1);
    assert!(idle(&sim), "two minutes ago");
    sim.feed(Input::Lease(true));
    assert!(!idle(&sim), "the token is in use");
    sim.feed(Input::Lease(false));

    sim.policy.idle_window = 0;
    sim.answer = Answer::Fail(Error::Network);
    sim.call(2 * HOUR);
    sim.pass(200);
    assert!(!idle(&sim), "somebody waits, though nothing is on its way");
}

#[test]
fn requests_and_failures_in_a_row_are_counted() {
    let mut sim = Sim::new();
    sim.answer = Answer::Fail(Error::Network);
    sim.call(0);
    sim.pass(5 * SECOND);
    let count = u32::try_from(sim.requests.len()).unwrap();
    assert!(count > 2, "{count}");
    assert_eq!((sim.rig.slot.requests(), sim.rig.slot.fails()), (count, count));
    sim.answer = Answer::Token(HOUR);
    sim.pass(20 * SECOND);
    assert_eq!((sim.rig.slot.requests(), sim.rig.slot.fails()), (count + 1, 0));
}

#[test]
fn a_request_that_nobody_wants_any_more_still_brings_its_token() {
    let mut sim = Sim::with(Policy { idle_window: 0, ..Policy::default() }, 1);
    let waiter = sim.call(0);
    sim.feed(Input::Cancelled { waiter });
    sim.pass(SECOND);
    assert_eq!((sim.peek(), sim.requests.len()), (Some(1), 1));
}

mod another {
    use super::*;

    fn renewals(sim: &Sim) -> usize {
        sim.requests.len() - 1
    }

    #[test]
    fn is_asked_for_once_the_one_in_hand_is_due() {
        let mut sim = Sim::holding(HOUR);
        let waiter = sim.call_another();
        assert_eq!((sim.outcome(waiter), renewals(&sim)), (Some(&Outcome::Served(1)), 0));
        sim.freeze(50 * MINUTE);
        let waiter = sim.call_another();
        sim.pass(SECOND);
        assert_eq!((sim.outcome(waiter), renewals(&sim)), (Some(&Outcome::Served(2)), 1));
        let late = sim.last_waiter() + 1;
        sim.feed(Input::Another { waiter: late, than: 1 });
        let taken = (sim.generation(), sim.rig.slot.waiting(), renewals(&sim));
        assert_eq!(taken, (2, 0, 1), "what is in hand is another already");
    }

    #[test]
    fn is_asked_for_though_nobody_keeps_the_slot_in_demand() {
        let mut sim = Sim::with(Policy { idle_window: 0, ..Policy::default() }, 1);
        sim.answer = Answer::Token(HOUR);
        assert_eq!(sim.get(), Outcome::Served(1));
        sim.freeze(50 * MINUTE);
        let waiter = sim.call_another();
        sim.pass(SECOND);
        assert_eq!((sim.outcome(waiter), renewals(&sim)), (Some(&Outcome::Served(2)), 1));
    }

    /// It may say something new of the token's end, so it is handed out.
    #[test]
    fn is_the_same_if_its_issuer_says_so_and_is_not_asked_for_in_a_loop() {
        let mut sim = Sim::holding(HOUR);
        sim.answer = Answer::Again;
        sim.freeze(50 * MINUTE);
        let waiter = sim.call_another();
        sim.pass(SECOND);
        assert_eq!((sim.outcome(waiter), renewals(&sim)), (Some(&Outcome::Served(1)), 1));
        // It was asked a moment ago: it is not asked again, and the caller does not wait for that.
        for _ in 0..20 {
            let waiter = sim.call_another();
            assert_eq!(sim.outcome(waiter), Some(&Outcome::Failed(Error::NotNewer)));
        }
        assert_eq!(renewals(&sim), 1);
        sim.use_for(8 * MINUTE, 10 * SECOND);
        assert!(renewals(&sim) <= 8, "{} requests", renewals(&sim));
        assert_eq!(sim.get(), Outcome::Served(1), "nothing is taken away");
    }

    #[test]
    fn comes_of_a_request_that_is_on_its_way() {
        let mut sim = Sim::holding(HOUR);
        for (answer, serial) in [(Answer::Again, 1), (Answer::Token(HOUR), 2)] {
            sim.answer = answer;
            sim.freeze(50 * MINUTE);
            let before = sim.requests.len();
            sim.feed(Input::Prefetch);
            let (first, second) = (sim.call_another(), sim.call_another());
            sim.pass(SECOND);
            assert_eq!(sim.requests.len(), before + 1);
            for waiter in [first, second] {
                assert_eq!(sim.outcome(waiter), Some(&Outcome::Served(serial)));
            }
        }
    }

    #[test]
    fn is_not_to_be_had_of_an_issuer_that_fails_and_whoever_has_one_is_told_at_once() {
        for error in [Error::Network, Error::Unauthenticated(Answered::status(401))] {
            let mut sim = Sim::holding(HOUR);
            sim.answer = Answer::Fail(error.clone());
            sim.freeze(50 * MINUTE);
            let waiters = [sim.call_another(), sim.call_another()];
            sim.pass(sim.rtt);
            for waiter in waiters {
                assert_eq!(sim.outcome(waiter), Some(&Outcome::Failed(error.clone())));
            }
            assert_eq!((sim.get(), renewals(&sim)), (Outcome::Served(1), 1));
        }
    }

    #[test]
    fn is_waited_for_like_any_once_the_one_in_hand_is_over() {
        let mut sim = Sim::holding(HOUR);
        sim.answer = Answer::Fail(Error::Network);
        sim.freeze(2 * HOUR);
        let waiter = sim.call_another();
        sim.pass(5 * SECOND);
        assert_eq!(sim.outcome(waiter), None);
        sim.answer = Answer::Token(HOUR);
        sim.pass(25 * SECOND);
        assert_eq!(sim.outcome(waiter), Some(&Outcome::Served(2)));
    }

    #[test]
    fn is_not_waited_for_without_end() {
        let mut sim = Sim::holding(HOUR);
        sim.rtt = HOUR;
        sim.freeze(50 * MINUTE);
        let waiter = sim.call_another();
        sim.pass(sim.policy.wait_deadline);
        assert_eq!(sim.outcome(waiter).unwrap().code(), "timeout");
    }

    #[test]
    fn is_not_waited_for_longer_than_the_caller_has_though_the_source_may_take_longer() {
        let policy = Policy { wait_deadline: 5 * SECOND, ..Policy::default() };
        let mut sim = Sim::with(policy, 1);
        sim.answer = Answer::Token(HOUR);
        sim.get();
        sim.rtt = HOUR;
        sim.freeze(50 * MINUTE);
        let waiter = sim.call_another();
        sim.pass(5 * SECOND - 1);
        assert_eq!(sim.outcome(waiter), None);
        sim.pass(1);
        assert_eq!(sim.outcome(waiter).unwrap().code(), "timeout");
    }

    /// The back-off or the hold has passed, but the budget is spent: the call is delayed, not refused.
    #[test]
    fn is_waited_for_while_only_the_budget_is_in_the_way() {
        for error in [Error::Network, UNAUTHENTICATED] {
            let policy = Policy { budget: 1, wait_deadline: 2 * MINUTE, ..Policy::default() };
            let mut sim = Sim::with(policy, 1);
            sim.answer = Answer::Token(HOUR);
            sim.get();
            sim.freeze(50 * MINUTE);
            sim.answer = Answer::Fail(error.clone());
            let refused = sim.call_another();
            sim.pass(sim.rtt);
            assert_eq!(sim.outcome(refused), Some(&Outcome::Failed(error)));
            let (Fetch::Backoff { until, .. } | Fetch::Parked { until, .. }) =
                *sim.rig.slot.fetch()
            else {
                panic!("nothing holds it")
            };
            sim.pass(until - sim.now().mono);
            sim.answer = Answer::Token(HOUR);
            let waiter = sim.call_another();
            assert_eq!(sim.outcome(waiter), None);
            sim.pass(30 * SECOND);
            assert_eq!(sim.outcome(waiter), Some(&Outcome::Served(2)));
        }
    }
}
