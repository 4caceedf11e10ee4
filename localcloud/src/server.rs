//! The cloud in a process of its own, on tokio's clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rand::RngCore;
use tokio::time::Instant;

use crate::platform::{Platform, Sleep};

/// This machine.
#[derive(Debug)]
pub(crate) struct Machine {
    started: Instant,
}

impl Machine {
    pub(crate) fn new() -> Self {
        Self { started: Instant::now() }
    }
}

impl Platform for Machine {
    fn unix_ms(&self) -> i64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
    }

    fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        rand::rng().fill_bytes(bytes);
    }

    fn sleep(&self, time: Duration) -> Sleep {
        Box::pin(tokio::time::sleep(time))
    }
}
