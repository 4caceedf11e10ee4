//! Callers that have the token in hand and want to know of another, as uploads that it signs do.

use super::*;

const OTHERS: Chances = Chances { calls: 1, others: 2, failures: 1, repeats: 1, ..NO_FAULTS };

#[test]
fn are_given_it_only_if_its_issuer_was_asked() {
    prove(
        "another token",
        World {
            reaches: &[
                "a second token is in hand",
                "two callers wait",
                "no progress",
                "backing off",
                "budget spent",
            ],
            ..world(ticks_of(4), OTHERS)
        },
    );
}

#[test]
fn and_not_whatever_there_is() {
    let world = World { defect: Defect::SameAgain, ..world(4, OTHERS) };
    assert_eq!(refute(world), Some(Violation::NotAsked));
}
