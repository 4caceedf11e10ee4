//! The numbers: windows, back-off and budget as tables over the lives that occur.

use std::collections::BTreeSet;
use upload_token::{
    error::{Answered, Error},
    policy::{Budget, Jitter, Policy},
};

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;

const THROTTLED: Error = Error::Throttled { answered: Answered::status(429), retry_after: None };

mod windows {
    use super::*;

    #[test]
    fn scale_with_the_life_that_was_left_on_arrival() {
        let policy = Policy::default();
        // life s → margin, wall-clock margin, mandatory, least age, earliest and latest refresh age, earliest of a first token; ms
        let cases = [
            (1, 50, 100, 150, 250, 450, 700, 400),
            (2, 100, 200, 300, 500, 900, 1_400, 800),
            (3, 150, 300, 450, 750, 1_350, 2_100, 1_200),
            (20, 1_000, 2_000, 3_000, 5_000, 9_000, 14_000, 8_000),
            (60, 3_000, 6_000, 9_000, 15_000, 27_000, 42_000, 24_000),
            (300, 15_000, 30_000, 45_000, 30_000, 160_125, 225_075, 120_000),
            (900, 15_000, 60_000, 60_000, 30_000, 480_375, 675_225, 360_000),
            (1_800, 15_000, 60_000, 60_000, 30_000, 960_750, 1_350_450, 720_000),
            (3_600, 15_000, 60_000, 60_000, 30_000, 2_295_000, 2_925_000, 1_800_000),
            (43_200, 15_000, 60_000, 60_000, 30_000, 39_915_000, 42_525_000, 39_915_000),
        ];
        for (life, margin, wall_margin, mandatory, least, earliest, latest, first) in cases {
            let ms = life * SECOND;
            let got = (
                policy.margin(ms, true),
                policy.margin(ms, false),
                policy.mandatory_window(ms, policy.margin(ms, true)),
                policy.minimum_age(ms),
                policy.refresh_age(ms, 1_000, false),
                policy.refresh_age(ms, 0, false),
                policy.refresh_age(ms, 1_000, true),
            );
            assert_eq!(
                got,
                (margin, wall_margin, mandatory, least, earliest, latest, first),
                "life {life} s"
            );
        }
    }

    #[test]
    fn leave_every_life_its_use_its_refresh_and_its_margin_in_this_order() {
        let policy = Policy::default();
        for life in (0..2_000).chain((2..43_200).map(|s| s * SECOND)) {
            for certain in [true, false] {
                let margin = policy.margin(life, certain);
                assert!(margin <= policy.mandatory_window(life, margin), "life {life} ms");
                for (draw, first) in
                    [(0, false), (1_000, false), (0, true), (500, true), (1_000, true)]
                {
                    let age = policy.refresh_age(life, draw, first);
                    assert!(age >= policy.minimum_age(life), "life {life} ms, draw {draw}");
                    assert!(
                        life == 0 || age + margin <= life,
                        "life {life} ms, draw {draw}: refreshed before its margin"
                    );
                }
            }
        }
    }

    /// In an ordinary life the refresh comes before anybody has to wait for it.
    #[test]
    fn refresh_ahead_of_the_mandatory_window() {
        let policy = Policy::default();
        for life in (1..43_200).map(|s| s * SECOND) {
            for first in [true, false] {
                let latest = policy.refresh_age(life, 0, first);
                assert!(
                    latest + policy.mandatory_window(life, policy.margin(life, true)) <= life,
                    "life {life} ms"
                );
            }
        }
    }

    /// Pages opened together by a bell come back spread over a quarter of an hour.
    #[test]
    fn spread_a_crowd() {
        let policy = Policy::default();
        let ages: BTreeSet<_> =
            (0..=1_000).map(|draw| policy.refresh_age(60 * MINUTE, draw, true)).collect();
        let spread = ages.last().unwrap() - ages.first().unwrap();
        assert!(spread >= 15 * MINUTE && ages.len() == 1_001, "{spread} ms, {} ages", ages.len());
    }
}

mod back_off {
    use super::*;

    #[test]
    fn grows_threefold_to_its_cap_with_half_of_it_fixed() {
        let policy = Policy::default();
        // failures in a row, validity left s (0: no token) → shortest, longest wait; ms
        let cases = [
            (Error::Network, 1, None, 500, 1_000),
            (Error::Network, 2, None, 1_500, 3_000),
            (Error::Network, 4, None, 13_500, 27_000),
            (Error::Network, 5, None, 30_000, 60_000),
            (Error::Network, u32::MAX, None, 30_000, 60_000),
            (Error::Network, 9, Some(60), 30_000, 60_000),
            (Error::Network, 9, Some(600), 100_000, 200_000),
            (Error::Network, 9, Some(3_000), 150_000, 300_000),
            (THROTTLED, 1, None, 5_000, 10_000),
            (THROTTLED, 3, None, 45_000, 90_000),
            (THROTTLED, 4, None, 60_000, 120_000),
            (THROTTLED, 4, Some(3_000), 135_000, 270_000),
        ];
        for (error, fails, left, shortest, longest) in cases {
            let left = left.map(|s: u64| s * SECOND);
            let wait = |draw| policy.backoff(&error, fails, left, draw);
            assert_eq!((wait(0), wait(1_000)), (shortest, longest), "{error:?} {fails} {left:?}");
        }
    }

    /// So that a token of seconds sees more than one try; down to a tenth of a second, no faster.
    #[test]
    fn starts_sooner_when_little_is_left() {
        let policy = Policy::default();
        // validity left → shortest, longest first wait; ms
        for (left, shortest, longest) in [
            (0, 50, 100),
            (300, 50, 100),
            (900, 150, 300),
            (3_000, 500, 1_000),
            (9_000, 500, 1_000),
        ] {
            let wait = |draw| policy.backoff(&Error::Network, 1, Some(left), draw);
            assert_eq!((wait(0), wait(1_000)), (shortest, longest), "{left} ms left");
        }
    }

    #[test]
    fn obeys_a_retry_after_as_far_as_the_token_in_hand_allows() {
        let policy = Policy::default();
        // asked, validity left → floor, longest spread; s
        let cases = [
            (0, None, 0, 0),
            (20, None, 20, 5),
            (3_600, None, 60, 15),
            (3_600, Some(600), 300, 75),
            (3_600, Some(40), 20, 5),
            (3_600, Some(43_200), 300, 75),
            (10, Some(43_200), 10, 2),
        ];
        for (asked, left, floor, spread) in cases {
            let got = policy.retry_after(asked * SECOND, left.map(|s: u64| s * SECOND));
            assert_eq!(got, floor * SECOND, "{asked} s of {left:?}");
            let most = policy.retry_after_spread(got, 1_000);
            assert_eq!(
                (most / SECOND, policy.retry_after_spread(got, 0)),
                (spread, 0),
                "{asked} s of {left:?}"
            );
        }
        assert_eq!(policy.retry_after(u64::MAX, Some(u64::MAX)), 300 * SECOND);
        assert_eq!(policy.retry_after_spread(u64::MAX, 1_000), 75 * SECOND);
    }

    #[test]
    fn is_pulled_in_to_at_most_two_seconds() {
        let policy = Policy::default();
        assert_eq!([0, 500, 1_000].map(|draw| policy.pull_in(draw)), [0, 1_000, 2_000]);
    }

    #[test]
    fn holds_double_up_to_a_minute() {
        let policy = Policy::default();
        let holds = [1, 2, 3, 4, 5, 6, u32::MAX].map(|n| policy.hold(n) / SECOND);
        assert_eq!(holds, [5, 10, 20, 40, 60, 60, 60]);
    }
}

mod budget {
    use super::*;

    #[test]
    fn allows_ten_in_a_burst_and_two_a_minute_after() {
        let policy = Policy::default();
        let mut budget = Budget::new(&policy, 0);
        assert_eq!((0..20).filter(|_| budget.take()).count(), 10);
        assert_eq!(budget.next(&policy), Some(30 * SECOND));
        budget.advance(&policy, 30 * SECOND - 1);
        assert!(!budget.take());
        budget.advance(&policy, 30 * SECOND);
        assert_eq!(
            (budget.take(), budget.take(), budget.next(&policy)),
            (true, false, Some(MINUTE))
        );
    }

    #[test]
    fn does_not_fill_above_its_size_nor_keep_time_it_did_not_need() {
        let policy = Policy::default();
        let mut budget = Budget::new(&policy, 0);
        budget.refund(&policy);
        budget.advance(&policy, 60 * MINUTE);
        assert_eq!((0..20).filter(|_| budget.take()).count(), 10);
        budget.advance(&policy, 60 * MINUTE + 29 * SECOND);
        assert!(!budget.take(), "the refill counts from when something was missing");
        budget.advance(&policy, 600 * MINUTE);
        assert_eq!((0..20).filter(|_| budget.take()).count(), 10);
    }

    #[test]
    fn a_refund_allows_one_more() {
        let policy = Policy::default();
        let mut budget = Budget::new(&policy, 0);
        while budget.take() {}
        budget.refund(&policy);
        assert_eq!((budget.next(&policy), budget.take(), budget.take()), (None, true, false));
    }

    #[test]
    fn survives_clocks_at_both_ends() {
        let policy = Policy::default();
        let mut budget = Budget::new(&policy, u64::MAX);
        while budget.take() {}
        for mono in [0, u64::MAX, 0, 1] {
            budget.advance(&policy, mono);
        }
        assert!(!budget.take());
        assert_eq!(budget.next(&policy), Some(u64::MAX));
    }
}

mod numbers {
    use super::*;

    #[test]
    fn every_default_is_in_its_range_and_every_name_is_its_own() {
        let names: BTreeSet<_> = Policy::NUMBERS.iter().map(|(name, ..)| name).collect();
        assert_eq!(names.len(), Policy::NUMBERS.len());
        for (name, default, low, high) in Policy::NUMBERS {
            assert!(low <= default && default <= high, "{name}");
        }
    }

    fn float(number: u64) -> f64 {
        f64::from(u32::try_from(number).unwrap())
    }

    #[test]
    fn each_is_set_by_its_name_and_brought_into_its_range() {
        for (name, default, low, high) in Policy::NUMBERS {
            let (default, low, high) = (float(*default), float(*low), float(*high));
            let set = |values: &[f64]| {
                let mut policy = Policy::default();
                assert!(values.iter().all(|value| policy.set(name, *value)), "{name}");
                policy
            };
            for (value, becomes) in [
                (low - 1.0, low),
                (high + 1.0, high),
                (low + 0.5, low),
                (f64::INFINITY, high),
                (f64::NEG_INFINITY, low),
            ] {
                assert_eq!(set(&[value]), set(&[becomes]), "{name} {value}");
            }
            assert_ne!(set(&[low]), set(&[high]), "{name}");
            assert_eq!(set(&[f64::NAN]), Policy::default(), "{name}: no number, no change");
            assert_eq!(set(&[low, high, default]), Policy::default(), "{name}: the right one");
        }
    }

    #[test]
    fn setting_one_changes_that_one() {
        let mut policy = Policy::default();
        assert!(policy.set("margin", 3.0));
        assert!(policy.set("clockTolerance", 4.0));
        assert!(!policy.set("clock_tolerance", 5.0), "this is no name");
        assert_eq!(policy, Policy { margin: 3, clock_tolerance: 4, ..Policy::default() });
    }

    /// Any setting within the ranges is safe to run, if not wise.
    #[test]
    fn the_ends_of_every_range_overflow_nothing() {
        let ends = |high: bool| {
            let mut policy = Policy::default();
            for (name, _, low, most) in Policy::NUMBERS {
                policy.set(name, float(if high { *most } else { *low }));
            }
            policy
        };
        for policy in [ends(false), ends(true)] {
            for life in [0, 1, 999, SECOND, 900 * SECOND, 43_200 * SECOND, u64::MAX] {
                let life = policy.sure(life);
                for draw in [0, 1, 1_000] {
                    let margin = policy.margin(life, draw == 0);
                    assert!(margin <= life / 2 + 1);
                    assert!(policy.mandatory_window(life, margin) <= life);
                    let _ = policy.refresh_age(life, draw, true);
                    for fails in [0, 1, 12, u32::MAX] {
                        let _ = policy.backoff(&THROTTLED, fails, Some(life), draw);
                        let _ = policy.backoff(&Error::Network, fails, None, draw);
                    }
                }
            }
        }
    }
}

#[test]
fn jitter_repeats_with_its_seed_and_covers_its_range() {
    let draws = |seed| {
        let mut jitter = Jitter::new(seed);
        (0..20_000).map(|_| jitter.draw()).collect::<Vec<_>>()
    };
    assert_eq!(draws(7), draws(7));
    assert_eq!(
        draws(7)[..8],
        [310, 451, 308, 528, 348, 370, 628, 735],
        "SplitMix64, on every machine"
    );
    assert_ne!(draws(7), draws(8));
    let seen: BTreeSet<_> = draws(7).into_iter().collect();
    assert_eq!((seen.first(), seen.last(), seen.len()), (Some(&0), Some(&1_000), 1_001));
    let mean = draws(7).iter().map(|draw| u64::from(*draw)).sum::<u64>() / 20_000;
    assert!((490..=510).contains(&mean), "{mean}");
}
