//! Attempts at something that many wait for: one at a time, with a pause after each.

use std::{
    fmt,
    future::Future,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::future::{BoxFuture, FutureExt, Shared};
use tokio::time::Instant;

use crate::sync::lock;

/// Pause after an attempt that did not come to its end.
const BROKEN_OFF: Duration = Duration::from_secs(1);

/// An attempt that is under way: ready at its end.
pub(crate) type Attempt = Shared<BoxFuture<'static, ()>>;

/// Attempts at one thing, such as reading a set of keys.
#[derive(Default)]
pub(crate) struct Attempts(Mutex<State>);

#[derive(Default)]
enum State {
    #[default]
    Untried,
    UnderWay(Attempt),
    PausedUntil(Instant),
}

impl fmt::Debug for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Attempts")
    }
}

impl Attempts {
    /// The attempt that is under way, or else `attempt`, which says how long the pause after it lasts; within a pause
    /// there is none.
    ///
    /// It goes on even if all who wait for it go away.
    pub(crate) fn begin(
        self: &Arc<Self>,
        attempt: impl Future<Output = Duration> + Send + 'static,
    ) -> Option<Attempt> {
        let mut state = lock(&self.0);
        match &*state {
            State::UnderWay(attempt) => return Some(attempt.clone()),
            State::PausedUntil(until) if Instant::now() < *until => return None,
            State::Untried | State::PausedUntil(_) => {}
        }
        let attempts = Arc::clone(self);
        let running = tokio::spawn(async move {
            let mut end = End { attempts, pause: BROKEN_OFF };
            end.pause = attempt.await;
        });
        let running = running.map(|_| ()).boxed().shared();
        *state = State::UnderWay(running.clone());
        Some(running)
    }
}

/// Begins the pause, also after a panic.
struct End {
    attempts: Arc<Attempts>,
    pause: Duration,
}

impl Drop for End {
    fn drop(&mut self) {
        *lock(&self.attempts.0) = State::PausedUntil(Instant::now() + self.pause);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::time::{advance, sleep};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn one_is_under_way_at_a_time_and_goes_on_without_those_who_wait() {
        let (attempts, ended) = (Arc::new(Attempts::default()), Arc::new(AtomicU32::new(0)));
        let begin = || {
            let ended = Arc::clone(&ended);
            attempts.begin(async move {
                sleep(SECOND).await;
                ended.fetch_add(1, Ordering::Relaxed);
                2 * SECOND
            })
        };
        let first = begin();
        let second = begin().unwrap();
        drop(first);
        second.await;
        assert_eq!(ended.load(Ordering::Relaxed), 1);
        assert!(begin().is_none(), "a pause");
        advance(2 * SECOND).await;
        drop(begin().unwrap());
        sleep(2 * SECOND).await;
        assert_eq!(ended.load(Ordering::Relaxed), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_panics_is_followed_by_another() {
        let attempts = Arc::new(Attempts::default());
        attempts.begin(async { panic!("as it may") }).unwrap().await;
        assert!(attempts.begin(async { SECOND }).is_none());
        advance(BROKEN_OFF).await;
        attempts.begin(async { SECOND }).unwrap().await;
    }
}
