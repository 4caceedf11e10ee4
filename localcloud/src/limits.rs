//! Calls a second, and bytes a second.

use std::{collections::HashMap, sync::Mutex, time::Duration};

use tokio::time::{Instant, sleep_until};

use crate::sync::lock;

/// Counts calls in the current second, those of each action apart.
#[derive(Debug)]
pub(crate) struct CallRate {
    limit: u32,
    windows: Mutex<HashMap<String, (Instant, u32)>>,
}

impl CallRate {
    pub(crate) fn new(limit: u32) -> Self {
        Self { limit, windows: Mutex::default() }
    }

    /// Whether one more call of `action` fits.
    pub(crate) fn admit(&self, action: &str) -> bool {
        let mut windows = lock(&self.windows);
        let window = windows.entry(action.to_owned()).or_insert_with(|| (Instant::now(), 0));
        if window.0.elapsed() >= Duration::from_secs(1) {
            *window = (Instant::now(), 0);
        }
        window.1 = window.1.saturating_add(1);
        window.1 <= self.limit
    }
}

/// One line of a given width that all uploads share, so that a number of bytes takes a known time
/// however many connections carry them.
#[derive(Debug)]
pub(crate) struct Pacer {
    free_at: Mutex<Instant>,
}

impl Pacer {
    pub(crate) fn new() -> Self {
        Self { free_at: Mutex::new(Instant::now()) }
    }

    /// Waits until `bytes` have passed at `bytes_per_second`.
    pub(crate) async fn pass(&self, bytes: usize, bytes_per_second: u64) {
        let micros = (bytes as u64).saturating_mul(1_000_000) / bytes_per_second.max(1);
        let until = {
            let mut free_at = lock(&self.free_at);
            *free_at = (*free_at).max(Instant::now()) + Duration::from_micros(micros);
            *free_at
        };
        sleep_until(until).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_line_is_shared() {
        let pacer = Pacer::new();
        let start = Instant::now();
        tokio::join!(pacer.pass(1_000, 1_000), pacer.pass(500, 1_000));
        assert_eq!(start.elapsed().as_millis(), 1_500);
    }

    #[tokio::test(start_paused = true)]
    async fn a_rate_is_a_number_of_calls_in_each_second() {
        let rate = CallRate::new(2);
        assert_eq!(["a"; 3].map(|action| rate.admit(action)), [true, true, false]);
        assert!(rate.admit("b"), "each action has its own");
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(rate.admit("a"));
    }
}
