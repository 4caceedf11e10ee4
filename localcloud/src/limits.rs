//! Calls a second, and bytes a second.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use crate::{platform::Platform, sync::lock};

/// Counts calls in the current second, those of each action apart.
#[derive(Debug)]
pub(crate) struct CallRate {
    platform: Arc<dyn Platform>,
    limit: u32,
    /// When the second of each action began, and its calls.
    windows: Mutex<HashMap<String, (Duration, u32)>>,
}

impl CallRate {
    pub(crate) fn new(platform: Arc<dyn Platform>, limit: u32) -> Self {
        Self { platform, limit, windows: Mutex::default() }
    }

    /// Whether one more call of `action` fits.
    pub(crate) fn admit(&self, action: &str) -> bool {
        let now = self.platform.uptime();
        let mut windows = lock(&self.windows);
        let window = windows.entry(action.to_owned()).or_insert((now, 0));
        if now.saturating_sub(window.0) >= Duration::from_secs(1) {
            *window = (now, 0);
        }
        window.1 = window.1.saturating_add(1);
        window.1 <= self.limit
    }
}

/// One line of a given width that all uploads share, so that a number of bytes takes a known time
/// however many connections carry them.
#[derive(Debug)]
pub(crate) struct Pacer {
    platform: Arc<dyn Platform>,
    free_at: Mutex<Duration>,
}

impl Pacer {
    pub(crate) fn new(platform: Arc<dyn Platform>) -> Self {
        Self { platform, free_at: Mutex::default() }
    }

    /// Waits until `bytes` have passed at `bytes_per_second`.
    pub(crate) async fn pass(&self, bytes: usize, bytes_per_second: u64) {
        let micros = (bytes as u64).saturating_mul(1_000_000) / bytes_per_second.max(1);
        let wait = {
            let now = self.platform.uptime();
            let mut free_at = lock(&self.free_at);
            *free_at = (*free_at).max(now) + Duration::from_micros(micros);
            free_at.saturating_sub(now)
        };
        self.platform.sleep(wait).await;
    }
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::server::Machine;

    #[tokio::test(start_paused = true)]
    async fn the_line_is_shared() {
        let pacer = Pacer::new(Arc::new(Machine::new()));
        let start = Instant::now();
        tokio::join!(pacer.pass(1_000, 1_000), pacer.pass(500, 1_000));
        assert_eq!(start.elapsed().as_millis(), 1_500);
    }

    #[tokio::test(start_paused = true)]
    async fn a_rate_is_a_number_of_calls_in_each_second() {
        let rate = CallRate::new(Arc::new(Machine::new()), 2);
        assert_eq!(["a"; 3].map(|action| rate.admit(action)), [true, true, false]);
        assert!(rate.admit("b"), "each action has its own");
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(rate.admit("a"));
    }
}
