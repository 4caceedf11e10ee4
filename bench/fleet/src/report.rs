//! The figures of a scenario, as JSON.

use crate::world::{MINUTE, Scenario, Tally};
use serde_json::{Value, json};
use upload_token::time::Millis;

/// How long after an outage its recovery is looked at.
const RECOVERY: Millis = 2 * MINUTE;
/// The crowd's arrival itself, which no rule can flatten: the first token of each page.
const ARRIVAL: Millis = 2 * MINUTE;

/// A crowd that came within [`Scenario::spread`].
pub fn crowd(scenario: &Scenario, tally: &Tally, clients: u64) -> Value {
    let hours = scenario.end as f64 / (60 * MINUTE) as f64;
    let requests = tally.requests.iter().map(|count| u64::from(*count)).sum::<u64>() as f64;
    json!({
        "arrivalPeak": tally.peak(0, ARRIVAL),
        "peak": tally.peak(ARRIVAL, scenario.end),
        "mean": round(tally.mean(ARRIVAL, scenario.end)),
        "callsPerClientHour": (requests / clients as f64 / hours * 100.0).round() / 100.0,
        "operations": tally.operations,
        "failed": tally.failed,
        "spurious": tally.spurious,
        "series": series(tally, 0, scenario.end),
    })
}

/// An outage of a fleet in its steady state, which `steady` counted up to the beginning of the outage.
pub fn outage(scenario: &Scenario, steady: &Tally, tally: &Tally) -> Value {
    let (from, until) = scenario.down;
    json!({
        "minutes": (until - from) / MINUTE,
        "steadyMean": round(steady.mean(from - scenario.life, from)),
        "steadyPeak": steady.peak(from - scenario.life, from),
        "steadyFailed": steady.failed,
        "outagePeak": tally.peak(from, until),
        "recoveryPeak": tally.peak(until, until + RECOVERY),
        "operations": tally.operations,
        "failed": tally.failed,
        "spurious": tally.spurious,
        "series": series(tally, from, scenario.end),
    })
}

/// Most requests in one second of each ten, for a plot.
fn series(tally: &Tally, from: Millis, until: Millis) -> Vec<u32> {
    let step = MINUTE / 6;
    (from / step..until / step).map(|place| tally.peak(place * step, (place + 1) * step)).collect()
}

fn round(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
