//! Calls a second, and bytes a second.

use std::{sync::Mutex, time::Duration};

use tokio::time::{Instant, sleep_until};

use crate::sync::lock;

/// Counts calls in the current second.
#[derive(Debug)]
pub(crate) struct CallRate {
    limit: u32,
    window: Mutex<(Instant, u32)>,
}

impl CallRate {
    pub(crate) fn new(limit: u32) -> Self {
        Self { limit, window: Mutex::new((Instant::now(), 0)) }
    }

    /// Whether one more call fits.
    pub(crate) fn admit(&self) -> bool {
        let mut window = lock(&self.window);
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
        assert_eq!([rate.admit(), rate.admit(), rate.admit()], [true, true, false]);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(rate.admit());
    }
}
