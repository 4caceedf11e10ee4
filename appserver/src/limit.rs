//! How often anybody may ask: token buckets, one for a service and one a user.

use std::{collections::HashMap, sync::Mutex, time::Duration};

use tokio::time::Instant;

use crate::sync::lock;

/// Users above which those with a full bucket are forgotten.
const LARGE: usize = 4_096;

/// A bucket of `burst` requests that refills evenly over `period`.
#[derive(Debug)]
pub struct Bucket {
    rate: Rate,
    level: Mutex<Level>,
}

#[derive(Clone, Copy, Debug)]
struct Rate {
    burst: u32,
    period: Duration,
}

/// What is left, as of an instant.
#[derive(Clone, Copy, Debug)]
struct Level {
    left: f64,
    at: Instant,
}

impl Rate {
    fn full(self, now: Instant) -> Level {
        Level { left: f64::from(self.burst), at: now }
    }

    fn refilled(self, level: Level, now: Instant) -> Level {
        let gained = now.saturating_duration_since(level.at).div_duration_f64(self.period)
            * f64::from(self.burst);
        Level { left: (level.left + gained).min(f64::from(self.burst)), at: now }
    }

    /// Takes one, or says how long until there is one.
    fn take(self, level: &mut Level, now: Instant) -> Result<(), Duration> {
        *level = self.refilled(*level, now);
        if level.left >= 1.0 {
            level.left -= 1.0;
            return Ok(());
        }
        Err(self.period.mul_f64((1.0 - level.left) / f64::from(self.burst)))
    }
}

impl Bucket {
    /// A full bucket; `burst` is at least 1.
    #[must_use]
    pub fn new(burst: u32, period: Duration) -> Self {
        let rate = Rate { burst: burst.max(1), period };
        Self { rate, level: Mutex::new(rate.full(Instant::now())) }
    }

    /// Takes one request.
    ///
    /// # Errors
    ///
    /// How long until one is free.
    pub fn take(&self) -> Result<(), Duration> {
        self.rate.take(&mut lock(&self.level), Instant::now())
    }
}

/// A bucket a user.
#[derive(Debug)]
pub struct UserLimit {
    rate: Rate,
    users: Mutex<HashMap<String, Level>>,
}

impl UserLimit {
    /// `per_minute` requests a minute, which may come at once; at least 1.
    #[must_use]
    pub fn new(per_minute: u32) -> Self {
        Self {
            rate: Rate { burst: per_minute.max(1), period: Duration::from_secs(60) },
            users: Mutex::default(),
        }
    }

    /// Takes one request of `user`.
    ///
    /// # Errors
    ///
    /// How long until that user has another.
    pub fn take(&self, user: &str) -> Result<(), Duration> {
        let now = Instant::now();
        let mut users = lock(&self.users);
        if users.len() >= LARGE {
            users.retain(|_, level| {
                self.rate.refilled(*level, now).left < f64::from(self.rate.burst)
            });
        }
        let level = users.entry(user.to_owned()).or_insert_with(|| self.rate.full(now));
        self.rate.take(level, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_bucket_gives_its_burst_and_then_its_rate() {
        let bucket = Bucket::new(2, Duration::from_secs(1));
        assert!(bucket.take().is_ok() && bucket.take().is_ok());
        let wait = bucket.take().unwrap_err();
        assert_eq!(wait, Duration::from_millis(500));
        tokio::time::advance(wait).await;
        assert!(bucket.take().is_ok());
        assert!(bucket.take().is_err());
        tokio::time::advance(Duration::from_secs(3_600)).await;
        assert!(bucket.take().is_ok() && bucket.take().is_ok());
        assert!(bucket.take().is_err(), "a quiet hour saves up no more than the burst");
    }

    #[tokio::test(start_paused = true)]
    async fn one_user_does_not_use_up_anothers_requests() {
        let limit = UserLimit::new(1);
        assert!(limit.take("alice").is_ok());
        assert!(limit.take("alice").is_err());
        assert!(limit.take("bob").is_ok());
        tokio::time::advance(Duration::from_secs(60)).await;
        assert!(limit.take("alice").is_ok());
    }
}
