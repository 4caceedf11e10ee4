//! A fleet of pages against one AppServer, in virtual time.
//!
//! Pages share nothing but the AppServer, and what that answers depends on the time alone. So each page is run by itself
//! from its first event to its last: a million of them need the memory of one, and the result is the same on any number
//! of threads. Prints one JSON object.
//!
//! ```text
//! upload-token-fleet [clients] [seed]
//! ```

mod ours;
mod report;
mod rules;
mod world;

use ours::Ours;
use report::{crowd, outage};
use rules::{AtExpiry, Aws, Every300, Margin60, Ruled};
use serde_json::{Value, json};
use std::{num::NonZero, thread};
use upload_token::{policy::Jitter, time::Millis};
use world::{Client, MINUTE, SECOND, Scenario, Tally};

const OUTAGES: [Millis; 5] = [2, 5, 10, 15, 30];
const LIVES: [Millis; 2] = [15 * MINUTE, 60 * MINUTE];

fn main() {
    let mut arguments = std::env::args().skip(1).map(|text| text.replace('_', "").parse::<u64>());
    let mut next = |default| arguments.next().unwrap_or(Ok(default));
    let (Ok(clients), Ok(seed)) = (next(1_000_000), next(1)) else {
        eprintln!("usage: upload-token-fleet [clients] [seed]");
        std::process::exit(2);
    };
    let fleet = Fleet { clients, seed };
    let policies = [
        ("ours", fleet.policy::<Ours>()),
        ("every 300 s", fleet.policy::<Ruled<Every300>>()),
        ("at expiry", fleet.policy::<Ruled<AtExpiry>>()),
        ("60 s margin", fleet.policy::<Ruled<Margin60>>()),
        ("AWS windows", fleet.policy::<Ruled<Aws>>()),
    ];
    let results: Vec<_> = policies
        .into_iter()
        .map(|(name, result)| json!({ "policy": name, "lives": result }))
        .collect();
    println!("{}", json!({ "clients": clients, "seed": seed, "policies": results }));
}

#[derive(Clone, Copy, Debug)]
struct Fleet {
    clients: u64,
    seed: u64,
}

impl Fleet {
    fn policy<C: Client>(self) -> Vec<Value> {
        let life = |life: Millis| {
            let waves = 4 * life;
            let flash = Scenario { spread: MINUTE, life, down: (0, 0), end: waves };
            let together = Scenario { spread: SECOND, ..flash };
            json!({
                "lifeS": life / SECOND,
                "flash": crowd(&flash, &self.whole::<C>(&flash), self.clients),
                "together": crowd(&together, &self.whole::<C>(&together), self.clients),
                "outages": self.outages::<C>(life),
            })
        };
        LIVES.map(life).into()
    }

    fn whole<C: Client>(self, scenario: &Scenario) -> Tally {
        self.share(
            || Tally::new(scenario.end),
            |start, seed, tally| {
                C::new(start % scenario.spread, seed).run(scenario, scenario.end, tally);
            },
            Tally::add,
        )
    }

    /// The fleet in its steady state, then each outage from the same state.
    fn outages<C: Client>(self, life: Millis) -> Vec<Value> {
        let from = 3 * life;
        let scenarios = OUTAGES.map(|minutes| {
            let until = from + minutes * MINUTE;
            Scenario { spread: life, life, down: (from, until), end: until + 20 * MINUTE }
        });
        let tallies = self.share(
            || (Tally::new(from), scenarios.map(|scenario| Tally::new(scenario.end))),
            |start, seed, (steady, tallies)| {
                let mut client = C::new(start % life, seed);
                client.run(&scenarios[0], from, steady);
                for (scenario, tally) in scenarios.iter().zip(tallies) {
                    client.clone().run(scenario, scenario.end, tally);
                }
            },
            |(steady, tallies), (other, others)| {
                steady.add(other);
                for (tally, other) in tallies.iter_mut().zip(others) {
                    tally.add(other);
                }
            },
        );
        let (steady, tallies) = &tallies;
        scenarios
            .iter()
            .zip(tallies)
            .map(|(scenario, tally)| outage(scenario, steady, tally))
            .collect()
    }

    /// Runs `each` with the start and the seed of every client, on all cores.
    fn share<T: Send>(
        self,
        empty: impl Fn() -> T + Sync,
        each: impl Fn(Millis, u64, &mut T) + Sync,
        add: impl Fn(&mut T, &T),
    ) -> T {
        let threads = thread::available_parallelism().map_or(1, NonZero::get) as u64;
        let part = |nth: u64| {
            let mut sum = empty();
            for client in (nth..self.clients).step_by(usize::try_from(threads).unwrap_or(1)) {
                let seed = self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)
                    ^ client.wrapping_mul(0xd6e8_feb8_6659_fd93);
                each(start(seed), seed, &mut sum);
            }
            sum
        };
        let mut sum = empty();
        thread::scope(|scope| {
            let workers: Vec<_> = (0..threads).map(|nth| scope.spawn(move || part(nth))).collect();
            for worker in workers {
                match worker.join() {
                    Ok(part) => add(&mut sum, &part),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
        });
        sum
    }
}

/// A moment evenly drawn from the first 1001^3 ms, to be taken modulo a spread.
fn start(seed: u64) -> Millis {
    let mut jitter = Jitter::new(!seed);
    (0..3).fold(0, |sum, _| sum * 1_001 + u64::from(jitter.draw()))
}
