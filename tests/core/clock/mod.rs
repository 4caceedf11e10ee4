//! Validity left as a lower bound: sleep, turned clocks, late timers, poor server times.
//!
//! The simulator's oracle checks at every step that no token is handed out past what it is really good for.

mod pages;

use crate::harness::machine::{
    rig::{Stamp, Token},
    sim::*,
};
use upload_token::{
    clock::{Clock, Virtual, bound},
    error::Error,
    lifecycle::Input,
    policy::Policy,
    time::{Now, UnixMillis},
    token::Expiry,
};

const fn at(mono: u64, wall: i64) -> Now {
    Now { mono, wall: UnixMillis(EPOCH + wall) }
}

/// Virtual time after each look.
fn virtual_times(looks: &[Now]) -> Vec<u64> {
    let (mut clock, policy) = (Clock::default(), Policy::default());
    looks.iter().map(|now| clock.look(&policy, *now, 0).elapsed.0).collect()
}

mod virtual_time {
    use super::*;

    #[test]
    fn counts_what_either_clock_says_has_passed() {
        // mono, wall → virtual; all in ms
        let cases = [
            ("both go on", vec![at(0, 0), at(1_000, 1_000)], vec![0, 1_000]),
            ("a sleep stops one", vec![at(0, 0), at(10, 7_200_000)], vec![0, 7_200_000]),
            (
                "the wall clock is turned back a day",
                vec![at(0, 0), at(500, -86_400_000)],
                vec![0, 500],
            ),
            (
                "and counts on from there",
                vec![at(0, 0), at(500, -86_400_000), at(900, -86_399_600)],
                vec![0, 500, 900],
            ),
            (
                "or forward: a sleep looks the same",
                vec![at(0, 0), at(500, 86_400_000)],
                vec![0, 86_400_000],
            ),
            ("slewed", vec![at(0, 0), at(1_000, 990), at(2_000, 1_980)], vec![0, 1_000, 2_000]),
            (
                "ahead by less than a jump, then set right: a token's life goes on meanwhile",
                vec![at(0, 0), at(100, 900), at(600, 600), at(1_000, 1_000)],
                vec![0, 900, 1_400, 1_800],
            ),
            ("a monotonic clock that goes back", vec![at(9_000, 0), at(0, 100)], vec![0, 100]),
        ];
        for (name, looks, elapsed) in cases {
            assert_eq!(virtual_times(&looks), elapsed, "{name}");
        }
    }

    /// Firefox under resistFingerprinting shows both clocks in steps of 100 ms, out of phase.
    #[test]
    fn does_not_run_fast_on_coarse_clocks() {
        let looks: Vec<_> = (0..72_000_u32)
            .map(|i| {
                let truth = i64::from(i) * 50;
                let (mono, wall) = (truth / 100 * 100, (truth + 50) / 100 * 100);
                at(u64::try_from(mono).unwrap(), wall)
            })
            .collect();
        let last = *virtual_times(&looks).last().unwrap();
        assert!((3_599_900..=3_600_100).contains(&last), "{last} ms in an hour");
    }

    #[test]
    fn never_goes_back_nor_overflows() {
        let extremes = [0, 1, u64::MAX / 2, u64::MAX];
        let walls = [i64::MIN, -1, 0, 1, i64::MAX];
        for a in extremes {
            for b in extremes {
                for u in walls {
                    for v in walls {
                        let now = |mono, wall| Now { mono, wall: UnixMillis(wall) };
                        let times = virtual_times(&[now(a, u), now(b, v), now(a, v), now(b, u)]);
                        assert!(times.is_sorted(), "{a} {b} {u} {v}: {times:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn tells_the_times_the_clocks_parted() {
        let (mut clock, policy) = (Clock::default(), Policy::default());
        let looks = [at(0, 0), at(30_000, 31_029), at(60_000, 62_060), at(90_000, 92_060)];
        let jumps: Vec<_> = looks.iter().map(|now| clock.look(&policy, *now, 0).jumps).collect();
        assert_eq!(jumps, [0, 0, 1, 1], "1 s and a thousandth of what passed are tolerated");
    }

    #[test]
    fn the_newest_request_decides_what_the_server_s_clock_shows() {
        let (mut clock, policy) = (Clock::default(), Policy::default());
        clock.look(&policy, at(0, 0), 0);
        clock.observe(UnixMillis(5_000), 1_000, Virtual(200));
        clock.observe(UnixMillis(9_000), 0, Virtual(100));
        let known = clock.look(&policy, at(300, 300), 0).server.unwrap();
        assert_eq!(
            (known.at, known.sent),
            (UnixMillis(6_000), Virtual(200)),
            "the upper end of its second"
        );
    }
}

mod bounds {
    use super::*;

    /// Bound of an answer to a request sent 1 s ago, read now; the page is 10 s old.
    fn of(server: Option<i64>, expiry: Expiry) -> (u64, bool) {
        let policy = Policy { drift: 0, ..Policy::default() };
        let mut clock = Clock::default();
        clock.look(&policy, at(0, 0), 0);
        if let Some(server) = server {
            clock.look(&policy, at(9_000, 9_000), 0);
            clock.observe(UnixMillis(EPOCH + server), 0, Virtual(9_000));
        }
        let time = clock.look(&policy, at(10_000, 10_000), 0);
        let bound = bound(&policy, &time, Virtual(9_000), expiry);
        (bound.expires.0, bound.certain)
    }

    #[test]
    fn the_best_measure_decides_and_of_two_good_ones_the_shorter() {
        let instant = |ms: i64| Some(UnixMillis(EPOCH + ms));
        let cases = [
            // server clock ms, instant ms, left ms → virtual end, certain
            ("a duration, from the send", None, None, Some(900_000), 909_000, true),
            (
                "an instant on the server's clock",
                Some(9_000),
                instant(909_000),
                None,
                909_000,
                true,
            ),
            ("on a server a day ahead", Some(86_409_000), instant(87_309_000), None, 909_000, true),
            (
                "the shorter: the duration",
                Some(9_000),
                instant(909_000),
                Some(100_000),
                109_000,
                true,
            ),
            (
                "the shorter: the instant",
                Some(9_000),
                instant(109_000),
                Some(900_000),
                109_000,
                true,
            ),
            (
                "eight hours apart",
                Some(9_000),
                instant(9_000 + 29_700_000),
                Some(900_000),
                909_000,
                true,
            ),
            ("the wall clock, from the receipt", None, instant(910_000), None, 910_000, false),
            ("a wall clock far ahead: assumed", None, instant(-86_400_000), None, 909_000, false),
            ("a wall clock far behind: assumed", None, instant(86_400_000), None, 909_000, false),
            ("nothing at all: assumed", Some(9_000), None, None, 909_000, false),
            ("over in this very moment", Some(9_000), instant(9_000), None, 9_000, true),
            ("already over: when is not known", Some(9_000), instant(8_000), None, 0, true),
            ("over-long", None, None, Some(u64::MAX), 43_209_000, true),
        ];
        for (name, server, at, left, expires, certain) in cases {
            assert_eq!(
                of(server, Expiry { at, left, ..Expiry::default() }),
                (expires, certain),
                "{name}"
            );
        }
    }

    /// A tab that is given another one's answer is not told of the token's end by its issuer.
    #[test]
    fn an_assumed_life_begins_with_the_first_request_of_all_tabs() {
        let asked_for = |age| of(None, Expiry { age, ..Expiry::default() });
        assert_eq!(asked_for(600_000), (309_000, false));
        assert_eq!(asked_for(900_000), (9_000, false));
        assert_eq!(asked_for(u64::MAX), (0, false));
    }

    /// The answers of a page that has been open for days need not all show a server's clock.
    #[test]
    fn an_old_server_time_still_measures_a_new_token() {
        let mut sim = Sim::holding(HOUR);
        sim.use_for(5 * MINUTE, MINUTE);
        sim.pass(30 * HOUR);
        sim.shape = Shape::Instant;
        assert_eq!(sim.get(), Outcome::Served(2));
        let held = sim.rig.slot.token().unwrap();
        assert!(held.certain);
        assert!((58 * MINUTE..=HOUR).contains(&held.life), "{} ms", held.life);
    }

    /// A crystal is off by 100 ppm, a clock being slewed by 500.
    #[test]
    fn a_slow_device_does_not_stretch_the_longest_life() {
        for rate in [999_500, 1_000_500] {
            let mut sim = Sim::new();
            sim.rate = (rate, rate);
            sim.answer = Answer::Token(12 * HOUR);
            sim.policy.margin = 0;
            sim.policy.mandatory_window = 0;
            sim.get();
            sim.answer = Answer::Never;
            sim.feed(Input::Lease(true));
            while sim.peek().is_some() {
                assert!(sim.truth() < 12 * HOUR + 50, "rate {rate}");
                sim.call(0);
                sim.pass(100);
            }
            assert!(
                sim.truth() > 12 * HOUR - 2 * MINUTE,
                "rate {rate}: not wasted either, {}",
                sim.truth()
            );
        }
    }

    #[test]
    fn a_sure_life_is_exact_to_the_millisecond() {
        let policy = Policy::default();
        for (life, sure) in [
            (0, 0),
            (1, 0),
            (999, 998),
            (1_000, 999),
            (1_999, 1_997),
            (3_600_000, 3_596_400),
            (u64::MAX, 43_156_800),
        ] {
            assert_eq!(policy.sure(life), sure, "{life} ms");
        }
    }
}
