//! The machine in scenarios, on a simulated clock. Each name is a requirement.
//!
//! The simulator checks every invariant at every step, so a scenario states only what is special to it.

mod calls;
mod failures;
mod issuers;
mod odd_tokens;
mod rejections;
mod zones;

use crate::harness::machine::{
    rig::{Stamp, Token},
    sim::*,
};
use upload_token::{
    error::{Answered, Error},
    lifecycle::{Event, Fetch, Input, Reason, Zone},
    policy::Policy,
    token::Expiry,
};

const THROTTLED: Error = Error::Throttled { answered: Answered::status(429), retry_after: None };
const UNAUTHENTICATED: Error = Error::Unauthenticated(Answered::status(401));

const fn throttled(retry_after: u64) -> Answer {
    Answer::Fail(Error::Throttled {
        answered: Answered::status(429),
        retry_after: Some(retry_after),
    })
}

const fn malformed() -> Answer {
    Answer::Fail(Error::InvalidResponse { reason: "is not JSON" })
}

fn failures(sim: &Sim) -> usize {
    sim.events.iter().filter(|e| matches!(e, Event::RefreshFailed { .. })).count()
}
