//! The machine in scenarios, on a simulated clock. Each name is a requirement.
//!
//! The simulator checks every invariant at every step, so a scenario states only what is special to it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod machine;

use machine::{rig::Token, sim::*};
use upload_token::{
    error::Error,
    lifecycle::{Event, Fetch, Input, Reason, Zone},
    policy::Policy,
    token::Expiry,
};

const THROTTLED: Error = Error::Throttled { status: 429, retry_after: None };
const UNAUTHENTICATED: Error = Error::Unauthenticated { status: 401 };

const fn throttled(retry_after: u64) -> Answer {
    Answer::Fail(Error::Throttled { status: 429, retry_after: Some(retry_after) })
}

const fn malformed() -> Answer {
    Answer::Fail(Error::InvalidResponse { reason: "is not JSON" })
}

fn failures(sim: &Sim) -> usize {
    sim.events.iter().filter(|e| matches!(e, Event::RefreshFailed { .. })).count()
}

mod calls {
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
            assert!(
                (least..=most).contains(&requests),
                "{requests} requests for a life of {life} s"
            );
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
        sim.feed(Input::Wanted { waiter, least: 0 });
        assert_eq!(sim.outcome(waiter).unwrap().code(), "invalid_option");
        sim.pass(SECOND);
        assert_eq!(sim.outcome(waiter), Some(&Outcome::Served(1)));
    }

    #[test]
    fn what_nobody_asked_for_changes_nothing() {
        let mut sim = Sim::holding(HOUR);
        let value = Token { serial: 99, ends: 2 * HOUR };
        for input in [
            Input::Cancelled { waiter: 77 },
            Input::Fetched { fetch: 77, value, expiry: Expiry { at: None, left: Some(2 * HOUR) } },
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
        for input in
            [Input::Prefetch, Input::Wake, Input::Lease(true), Input::Timeout, Input::Close]
        {
            sim.feed(input);
        }
        assert_eq!((sim.requests.len(), sim.peek()), (1, None));
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
}

mod zones {
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
}

mod failures {
    use super::*;

    #[test]
    fn an_outage_in_the_advisory_window_is_noticed_by_nobody() {
        let mut sim = Sim::holding(HOUR);
        sim.answer = Answer::Fail(Error::Http { status: 503, server_code: None });
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
        for (draw, waits) in [
            (0, [500, 1_500, 4_500, 13_500, 30_000]),
            (1_000, [1_000, 3_000, 9_000, 27_000, 60_000]),
        ] {
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
        assert_eq!(sim.aborted, []);
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
            Outcome::Failed(Error::Throttled { status: 429, retry_after: Some(HOUR) })
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
        for error in
            [UNAUTHENTICATED, Error::Http { status: 404, server_code: None }, Error::LongLivedKey]
        {
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
            Policy { budget: 1, wait: 2 * MINUTE, heartbeat: HOUR, ..Policy::default() },
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
        let policy = Policy { budget: 1, ..Policy::default() };
        let mut first = Sim::with(policy.clone(), 1);
        first.answer = Answer::Fail(Error::Network);
        first.call(0);
        let mut second = Sim::with(policy, 1);
        second.rig.budget = first.rig.budget;
        second.call(0);
        assert!(second.requests.is_empty(), "the first slot spent it");
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
}

mod rejections {
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
}

mod odd_tokens {
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
        assert_eq!((held.certain, held.expires), (false, 899_100));
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
}
