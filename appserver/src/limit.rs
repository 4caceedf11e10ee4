//! How often anybody may ask: token buckets, by name.

use std::{collections::HashMap, fmt, sync::Mutex, time::Duration};

use futures_util::future::BoxFuture;
use tokio::time::Instant;

use crate::{sync::lock, unavailable::Unavailable};

/// Buckets above which the full ones are forgotten: a bucket that is not there is full.
const LARGE: usize = 65_536;

/// `burst` requests, refilled evenly over `period`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// How many may come at once; at least 1.
    pub burst: u32,
    /// How long an empty bucket takes to fill.
    pub period: Duration,
}

impl Rate {
    /// So many a minute.
    #[must_use]
    pub const fn per_minute(burst: u32) -> Self {
        Self { burst, period: Duration::from_secs(60) }
    }

    /// So many a second.
    #[must_use]
    pub const fn per_second(burst: u32) -> Self {
        Self { burst, period: Duration::from_secs(1) }
    }

    fn full(self, now: Instant) -> Level {
        Level { left: f64::from(self.burst.max(1)), at: now, rate: self }
    }
}

/// Whether there was one to take, or how long until there is.
pub type Taken = Result<(), Duration>;

/// Buckets. Several servers that share them implement this over what they share.
pub trait Rates: fmt::Debug + Send + Sync + 'static {
    /// Takes one of the bucket `name`, unless that leaves fewer than `keep`.
    fn take<'a>(
        &'a self,
        name: &'a str,
        rate: Rate,
        keep: u32,
    ) -> BoxFuture<'a, Result<Taken, Unavailable>>;
}

/// What is left, as of an instant.
#[derive(Clone, Copy, Debug)]
struct Level {
    left: f64,
    at: Instant,
    rate: Rate,
}

impl Level {
    fn refill(&mut self, now: Instant) {
        let burst = f64::from(self.rate.burst.max(1));
        let gained =
            now.saturating_duration_since(self.at).div_duration_f64(self.rate.period) * burst;
        *self = Self { left: (self.left + gained).min(burst), at: now, rate: self.rate };
    }

    fn is_full(mut self, now: Instant) -> bool {
        self.refill(now);
        self.left >= f64::from(self.rate.burst)
    }

    fn take(&mut self, keep: u32, now: Instant) -> Taken {
        self.refill(now);
        let lacking = f64::from(keep) + 1.0 - self.left;
        if lacking <= 0.0 {
            self.left -= 1.0;
            return Ok(());
        }
        Err(self.rate.period.mul_f64(lacking / f64::from(self.rate.burst.max(1))))
    }
}

/// The buckets of this process.
#[derive(Debug, Default)]
pub struct LocalRates(Mutex<HashMap<String, Level>>);

impl LocalRates {
    /// As [`Rates::take`].
    ///
    /// # Errors
    ///
    /// How long until there is one.
    pub fn take_now(&self, name: &str, rate: Rate, keep: u32) -> Taken {
        let now = Instant::now();
        let mut levels = lock(&self.0);
        if let Some(level) = levels.get_mut(name) {
            // It may be another one since the configuration was read again.
            level.rate = rate;
            return level.take(keep, now);
        }
        if levels.len() >= LARGE {
            levels.retain(|_, level| !level.is_full(now));
        }
        levels.entry(name.to_owned()).or_insert_with(|| rate.full(now)).take(keep, now)
    }
}

impl Rates for LocalRates {
    fn take<'a>(
        &'a self,
        name: &'a str,
        rate: Rate,
        keep: u32,
    ) -> BoxFuture<'a, Result<Taken, Unavailable>> {
        let taken = self.take_now(name, rate, keep);
        Box::pin(async move { Ok(taken) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_bucket_gives_its_burst_and_then_its_rate() {
        let rates = LocalRates::default();
        let take = || rates.take_now("sts", Rate::per_second(2), 0);
        assert!(take().is_ok() && take().is_ok());
        let wait = take().unwrap_err();
        assert_eq!(wait, Duration::from_millis(500));
        tokio::time::advance(wait).await;
        assert!(take().is_ok());
        assert!(take().is_err());
        tokio::time::advance(Duration::from_secs(3_600)).await;
        assert!(take().is_ok() && take().is_ok());
        assert!(take().is_err(), "a quiet hour saves up no more than the burst");
    }

    #[tokio::test(start_paused = true)]
    async fn one_user_does_not_use_up_anothers_requests() {
        let rates = LocalRates::default();
        let take = |user| rates.take_now(user, Rate::per_minute(1), 0);
        assert!(take("alice").is_ok());
        assert!(take("alice").is_err());
        assert!(take("bob").is_ok());
        tokio::time::advance(Duration::from_secs(60)).await;
        assert!(take("alice").is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn another_rate_holds_from_the_next_request_on() {
        let rates = LocalRates::default();
        let take = |rate| rates.take_now("alice", Rate::per_minute(rate), 0);
        assert!(take(100).is_ok());
        assert!(take(2).is_ok() && take(2).is_ok() && take(2).is_err());
        tokio::time::advance(Duration::from_secs(6)).await;
        assert!(take(10).is_ok(), "one comes back in six seconds, and not in thirty");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_kept_is_left_for_others() {
        let rates = LocalRates::default();
        let take = |keep| rates.take_now("sts", Rate::per_second(4), keep);
        assert!(take(2).is_ok() && take(2).is_ok());
        assert_eq!(take(2), Err(Duration::from_millis(250)));
        assert!(take(0).is_ok() && take(0).is_ok());
        assert!(take(0).is_err());
    }
}
