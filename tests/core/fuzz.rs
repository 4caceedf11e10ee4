//! Fuzzing for a few seconds, the same bytes each time: a guard in every test run.
//!
//! The search itself is cargo-fuzz's (`fuzz/`), with the same harness and the same seeds.

use crate::harness::fuzzing::{
    answers::{self, Answer},
    schedules, seeds,
};
use crate::harness::machine::defect::Defect;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};
use upload_token::{
    error::{Answered, Error},
    json::Json,
    reply::Reply,
    secret::Secret,
    token::{Expiry, StsToken},
};

const ANSWERS: usize = 20_000;
const SCHEDULES: usize = 2_000;

/// Words that random bytes would not hit.
const WORDS: &[&str] = &[
    "null",
    "true",
    "0",
    "-1",
    "1e999",
    "3600",
    "86401",
    "1767229200",
    "1767229200000",
    "{",
    "}",
    "[",
    "]",
    "\"",
    "\\",
    "\\u0000",
    "\\ud800",
    ",",
    ":",
    "\n",
    "\u{feff}",
    "\u{fffd}",
    "LTAI5tCanary",
    "Throttling.User",
    "Success",
    "\"code\":",
    "\"status\":",
    "\"success\":false,",
    "\"Expiration\":",
    "\"SecurityToken\":",
    "\"AccessKeySecret\":",
    "\"UploadAuth\":",
    "CanarySecret",
    "2026-01-01T01:00:00Z",
    "9999-12-31T23:59:60Z",
    "Thu, 01 Jan 1970 00:00:00 GMT",
];

/// SplitMix64: small, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// 0 to `end` exclusive; 0 if `end` is 0.
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end.max(1)).unwrap()).unwrap()
    }

    fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.next().to_le_bytes()[0]).collect()
    }

    /// A seed with up to eight changes of the kinds that fuzzers make.
    fn mutant(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut data = seeds[self.below(seeds.len())].clone();
        for _ in 0..=self.below(8) {
            let at = self.below(data.len() + 1);
            let end = (at + self.below(16)).min(data.len());
            match self.below(6) {
                0 if at < data.len() => data[at] ^= 1 << self.below(8),
                1 => drop(data.drain(at..end)),
                2 => {
                    let again = data[at..end].to_vec();
                    data.splice(at..at, again);
                }
                3 => drop(data.splice(at..end, WORDS[self.below(WORDS.len())].bytes())),
                4 => {
                    let other = &seeds[self.below(seeds.len())];
                    let from = self.below(other.len());
                    data.truncate(at);
                    data.extend_from_slice(&other[from..]);
                }
                _ => {
                    let len = self.below(4);
                    let noise = self.bytes(len);
                    data.splice(at..end, noise);
                }
            }
        }
        data
    }
}

fn answer_seeds() -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    seeds::answers(root).into_iter().map(|(_, data)| data).collect()
}

#[test]
fn the_seeds_are_the_fixtures() {
    let seeds = answer_seeds();
    for data in &seeds {
        assert_eq!(Answer::read(data).unwrap().write(), *data, "what was written is read");
    }
    let tokens = seeds.iter().filter(|data| answers::run(data) > 0).count();
    println!("{} answers, {tokens} with a token", seeds.len());
    assert!(tokens > 80 && seeds.len() - tokens > 80, "there are tokens and errors among them");
}

#[test]
fn mutated_answers_are_sound_tokens_or_silent_errors() {
    let seeds = answer_seeds();
    let mut random = Random(1);
    let tokens: usize = (0..ANSWERS).map(|_| answers::run(&random.mutant(&seeds))).sum();
    println!("{ANSWERS} answers, {tokens} tokens");
    assert!(tokens > ANSWERS / 30, "enough of them are still tokens");
}

/// Schedules by turns from nothing and from a seed, the same ones each time.
fn some_schedules() -> impl Iterator<Item = Vec<u8>> {
    let seeds: Vec<_> = seeds::schedules().into_iter().map(|(_, data)| data).collect();
    let mut random = Random(2);
    (0..SCHEDULES).map(move |index| {
        if index % 2 == 0 { random.bytes(2 + 3 * 48) } else { random.mutant(&seeds) }
    })
}

#[test]
fn random_schedules_break_no_invariant() {
    let served: usize = some_schedules().map(|data| schedules::run(&data, Defect::None)).sum();
    println!("{SCHEDULES} schedules, {served} calls served");
    assert!(served > 10 * SCHEDULES, "the schedules reach what they are for");
}

#[test]
fn each_seed_of_a_schedule_is_served() {
    for (name, data) in seeds::schedules() {
        assert!(schedules::run(&data, Defect::None) > 0, "{name}");
    }
}

/// The harness would notice: machines with a fault are found by the same schedules.
#[test]
fn schedules_find_machines_with_a_fault() {
    let defects = [
        Defect::NoMargin,
        Defect::NoSingleFlight,
        Defect::NoOlderGuard,
        Defect::NoGenerationGuard,
        Defect::NoFetchGuard,
        Defect::RefusalIgnored,
        Defect::FailureTakesToken,
        Defect::CancelIgnored,
        Defect::CloseIgnored,
        Defect::NoDeadline,
    ];
    for defect in defects {
        let found = some_schedules()
            .any(|data| catch_unwind(AssertUnwindSafe(|| schedules::run(&data, defect))).is_err());
        assert!(found, "{defect:?} is not found by {SCHEDULES} schedules");
    }
}

/// The harness would notice: a long-lived key, a token that would break its header, an error that tells a secret.
#[test]
fn unsound_outcomes_are_noticed() {
    let reply = |id: &str, token: &str| Reply {
        token: StsToken {
            access_key_id: id.into(),
            access_key_secret: Secret::new("CanarySecret1".into()),
            security_token: Secret::new(token.into()),
        },
        expiry: Expiry::default(),
        server_time: None,
        warnings: Vec::new(),
        rest: Json::Null,
    };
    let cases = [
        ("STS.a", "t", true),
        ("LTAI5t", "t", false),
        ("STS.a", "", false),
        ("STS.a", "t\n", false),
    ];
    for (id, token, sound) in cases {
        let reply = reply(id, token);
        let outcome = catch_unwind(|| answers::assert_reply_sound(&reply, &reply.token));
        assert_eq!(outcome.is_ok(), sound, "{id} {token:?}");
    }

    let answer: Json =
        serde_json::from_str(r#"{"data":{"access_key_secret":"CanarySecret1/2"}}"#).unwrap();
    let codes = [
        ("CanarySecret1", false),
        ("Secret1", false),
        ("NoPermission", true),
        ("two words", false),
    ];
    for (code, sound) in codes {
        let error = Error::Http(Answered::with_code(400, code));
        let outcome = catch_unwind(|| answers::assert_error_sound(&error, Some(&answer)));
        assert_eq!(outcome.is_ok(), sound, "{code}");
    }
}
