//! `tests/vectors/refresh.json` through the machine: what a page sees of the life of a token.
//!
//! The file says its format. Every scenario runs with both ends of each draw and with several seeds:
//! it must not depend on chance.

use crate::harness::machine::sim::*;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use upload_token::{
    error::{Answered, Error},
    lifecycle::{Fetch, Input, WaiterId, Zone},
    policy::{PerMille, Policy},
};

fn scenarios() -> Vec<Value> {
    let file: Value = serde_json::from_str(include_str!("../vectors/refresh.json")).unwrap();
    file["scenarios"].as_array().unwrap().clone()
}

/// Seconds in the file, milliseconds here.
#[expect(clippy::cast_possible_truncation, reason = "a time of the file is small")]
fn ms(seconds: &Value) -> i64 {
    (seconds.as_f64().unwrap() * 1_000.0) as i64
}

fn span(seconds: &Value) -> u64 {
    u64::try_from(ms(seconds)).unwrap()
}

/// One of the managers of a scenario.
struct Page {
    sim: Sim,
    asked_before: usize,
}

/// A scenario under way.
struct Run<'a> {
    scenario: &'a Value,
    draw: Option<PerMille>,
    seed: u64,
    pages: BTreeMap<String, Page>,
    calls: BTreeMap<String, (String, Vec<WaiterId>)>,
}

impl Run<'_> {
    fn life(&self) -> u64 {
        self.scenario.get("life").map_or(HOUR, span)
    }

    fn page(&mut self, name: &str) -> &mut Page {
        if !self.pages.contains_key(name) {
            let page = self.open();
            self.pages.insert(name.to_owned(), page);
        }
        self.pages.get_mut(name).unwrap()
    }

    /// A manager with what is `given` in hand.
    fn open(&self) -> Page {
        let mut policy = Policy::default();
        for (name, value) in self.scenario["policy"].as_object().into_iter().flatten() {
            assert!(policy.set(name, value.as_f64().unwrap()), "{name}");
        }
        let mut sim = Sim::with(policy, self.seed);
        sim.draw = self.draw;
        sim.rtt = 0;
        sim.shape = match self.scenario["shape"].as_str().unwrap_or("full") {
            "full" => Shape::Full,
            "instant" => Shape::Instant,
            "duration" => Shape::Duration,
            "silent" => Shape::Silent,
            other => panic!("no shape is called {other}"),
        };
        let life = self.life();
        sim.answer = Answer::Token(life);
        let age = match self.scenario["given"].as_str().unwrap_or("none") {
            "none" => None,
            "valid" => Some(life / 10),
            "advisory" => Some(life - 300 * SECOND),
            "mandatory" => Some(life - 40 * SECOND),
            "expired" => Some(life + SECOND),
            other => panic!("nothing is given as {other}"),
        };
        if let Some(age) = age {
            sim.call(0);
            sim.flush();
            sim.pass(age);
        }
        let asked_before = sim.requests.len();
        if let Some(answers) = self.scenario["source"].as_array() {
            sim.script = answers.iter().map(|a| answer(a, life)).collect();
        }
        Page { sim, asked_before }
    }

    fn step(&mut self, step: &Value) {
        let name = step["manager"].as_str().unwrap_or("a").to_owned();
        let life = self.life();
        let page = self.page(&name);
        let sim = &mut page.sim;
        match step["do"].as_str().unwrap() {
            "getToken" => {
                let least = step.get("minValidity").map_or(0, span);
                let callers = step["callers"].as_u64().unwrap_or(1);
                let waiters: Vec<_> = (0..callers).map(|_| sim.call(least)).collect();
                sim.flush();
                if let Some(expected) = step.get("expect") {
                    expect(sim, &waiters, expected);
                }
                let call = step["as"].as_str().unwrap_or_default().to_owned();
                self.calls.insert(call, (name.clone(), waiters));
            }
            "settled" => {
                let (name, waiters) = &self.calls[step["call"].as_str().unwrap()];
                expect(&self.pages[name].sim, waiters, &step["expect"]);
            }
            "cancel" => {
                let (name, waiters) = &self.calls[step["call"].as_str().unwrap()];
                for waiter in waiters {
                    self.pages
                        .get_mut(name)
                        .unwrap()
                        .sim
                        .feed(Input::Cancelled { waiter: *waiter });
                }
            }
            "invalidate" => {
                // The machine knows generations, the page knows tokens: they are counted alike here.
                let generation = u32::try_from(step["token"].as_u64().unwrap()).unwrap();
                for _ in 0..step["times"].as_u64().unwrap_or(1) {
                    sim.refuse(generation);
                }
                sim.flush();
            }
            "prefetch" => {
                sim.feed(Input::Prefetch);
                sim.flush();
            }
            "close" => sim.feed(Input::Close),
            "source" => {
                let answers = step["answers"].as_array().unwrap();
                sim.script = answers.iter().map(|a| answer(a, life)).collect();
            }
            "advance" => {
                self.pages.values_mut().for_each(|page| page.sim.pass(span(&step["seconds"])));
            }
            "sleep" => {
                self.pages.values_mut().for_each(|page| page.sim.sleep(span(&step["seconds"])));
            }
            "turnWall" => {
                self.pages.values_mut().for_each(|page| page.sim.turn_wall(ms(&step["seconds"])));
            }
            other => panic!("no step is called {other}"),
        }
        let page = self.page(&name);
        observe(page, step);
    }
}

fn answer(answer: &Value, life: u64) -> (Answer, u64) {
    if let Some(after) = answer.get("after") {
        return (self::answer(&answer["answer"], life).0, span(after));
    }
    let answer = match (answer.as_str(), answer.get("token"), answer["fail"].as_str()) {
        (Some("token"), ..) => Answer::Token(life),
        (Some("same"), ..) => Answer::Again,
        (Some("first"), ..) => Answer::First,
        (_, Some(life), _) => Answer::Token(span(life)),
        (.., Some("network")) => Answer::Fail(Error::Network),
        (.., Some("unauthenticated")) => {
            Answer::Fail(Error::Unauthenticated(Answered::status(401)))
        }
        (.., Some("malformed")) => {
            Answer::Fail(Error::InvalidResponse { reason: "holds no token" })
        }
        (.., Some("long-lived key")) => Answer::Fail(Error::LongLivedKey),
        (.., Some("throttled")) => Answer::Fail(Error::Throttled {
            answered: Answered::status(429),
            retry_after: Some(span(&answer["retryAfter"])),
        }),
        (.., Some(http)) => {
            let status = http.strip_prefix("http ").unwrap().parse().unwrap();
            Answer::Fail(Error::Http(Answered::status(status)))
        }
        _ if answer["hang"] == true => Answer::Never,
        _ => panic!("no answer is {answer}"),
    };
    (answer, 0)
}

fn expect(sim: &Sim, waiters: &[WaiterId], expected: &Value) {
    for waiter in waiters {
        let outcome = sim.outcome(*waiter);
        let as_expected = match (outcome, expected) {
            (None, Value::String(word)) => word == "pending",
            (Some(Outcome::Served(serial)), Value::Object(of)) => {
                of.get("token") == Some(&(*serial).into())
            }
            (Some(failed @ Outcome::Failed(_)), Value::Object(of)) => {
                of.get("error") == Some(&failed.code().into())
            }
            _ => false,
        };
        assert!(as_expected, "expected {expected}, got {outcome:?}");
    }
}

/// What a step may expect of the manager besides its own outcome.
fn observe(page: &Page, step: &Value) {
    let slot = &page.sim.rig.slot;
    let fetch = match slot.fetch() {
        Fetch::Idle => "idle",
        Fetch::InFlight { .. } => "inFlight",
        Fetch::Backoff { .. } => "backoff",
        Fetch::Parked { .. } => "parked",
    };
    let time = page.sim.rig.clock.clone().look(&page.sim.policy, page.sim.now(), 0);
    let state = match slot.token().map_or(Zone::Empty, |held| held.zone(&time)) {
        Zone::Empty => "empty",
        Zone::Valid => "valid",
        Zone::Advisory => "advisory",
        Zone::Mandatory => "mandatory",
        Zone::Expired => "expired",
        Zone::Rejected => "rejected",
        Zone::Closed => "closed",
    };
    let asked = page.sim.requests.len() - page.asked_before;
    let seen: [(&str, Value); 5] = [
        ("asked", asked.into()),
        ("fetch", fetch.into()),
        ("heldBack", (fetch == "backoff").into()),
        ("state", state.into()),
        ("waiting", slot.waiting().into()),
    ];
    for (name, value) in seen {
        if let Some(expected) = step.get(name) {
            assert_eq!(&value, expected, "{name}");
        }
    }
}

#[test]
fn every_scenario_holds_whatever_is_drawn() {
    let draws = [Some(0), Some(1_000), Some(500)].map(|draw| (draw, 1));
    let seeds = (1..=20).map(|seed| (None, seed));
    for (draw, seed) in draws.into_iter().chain(seeds) {
        for scenario in &scenarios() {
            let mut run =
                Run { scenario, draw, seed, pages: BTreeMap::new(), calls: BTreeMap::new() };
            for (at, step) in scenario["steps"].as_array().unwrap().iter().enumerate() {
                println!(
                    "{} · step {} {step} · draw {draw:?} seed {seed}",
                    scenario["name"],
                    at + 1
                );
                run.step(step);
            }
        }
    }
}

#[test]
fn there_are_forty_and_each_has_a_name_of_its_own_and_knows_its_words() {
    let scenarios = scenarios();
    let names: BTreeSet<_> = scenarios.iter().map(|s| s["name"].as_str().unwrap()).collect();
    assert!(
        names.len() >= 40 && names.len() == scenarios.len(),
        "{} of {}",
        names.len(),
        scenarios.len()
    );
    let of_scenario = ["name", "given", "life", "shape", "policy", "source", "steps"];
    let of_step = "do as callers minValidity call token times seconds answers manager expect asked heldBack fetch state waiting";
    for scenario in &scenarios {
        for key in scenario.as_object().unwrap().keys() {
            assert!(of_scenario.contains(&key.as_str()), "{}: {key}", scenario["name"]);
        }
        for key in
            scenario["steps"].as_array().unwrap().iter().flat_map(|s| s.as_object().unwrap().keys())
        {
            assert!(of_step.split(' ').any(|word| word == key), "{}: {key}", scenario["name"]);
        }
    }
}
