//! What all clients have in common: the AppServer, the operations, and what is counted.

use upload_token::{policy::Jitter, time::Millis};

pub const SECOND: Millis = 1_000;
pub const MINUTE: Millis = 60 * SECOND;

/// From a request to its answer, whether good or bad.
pub const ROUND_TRIP: Millis = 200;
/// From the hand-out of a token to the moment at which OSS looks at it.
pub const TO_OSS: Millis = SECOND;

/// From one operation of a page to its next: 20 to 40 s, the same for a page throughout, and the same whichever rule it
/// has. Were it one interval for all that divides a life, tokens would always end in the middle of an operation.
pub fn between(seed: u64) -> Millis {
    20 * SECOND + 20 * Millis::from(Jitter::new(seed.rotate_left(17)).draw())
}

/// When pages start, when the AppServer is down, and how long tokens live. All times in ms from the beginning.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Pages start within this time from 0, evenly.
    pub spread: Millis,
    /// Life of each token from the moment it is made.
    pub life: Millis,
    /// The AppServer answers no request that arrives from the first of these until before the second.
    pub down: (Millis, Millis),
    /// Nothing is counted from here on.
    pub end: Millis,
}

impl Scenario {
    /// Answer to a request sent at `sent`: until when its token is good, or `None` for an error.
    pub fn ask(&self, sent: Millis) -> Option<Millis> {
        let arrives = sent + ROUND_TRIP / 2;
        let up = arrives < self.down.0 || arrives >= self.down.1;
        up.then(|| arrives + self.life)
    }
}

/// What was counted, over all clients.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Requests at the AppServer in each second.
    pub requests: Vec<u32>,
    /// Operations begun.
    pub operations: u64,
    /// Operations that had no good token: none at all, or one that OSS refuses.
    pub failed: u64,
    /// Operations that failed although the page held a token that OSS would have taken.
    pub spurious: u64,
}

impl Tally {
    pub fn new(end: Millis) -> Self {
        let seconds = usize::try_from(end / SECOND).unwrap_or(0) + 1;
        Self { requests: vec![0; seconds], ..Self::default() }
    }

    pub fn request(&mut self, at: Millis) {
        let second = usize::try_from(at / SECOND).unwrap_or(usize::MAX);
        if let Some(bin) = self.requests.get_mut(second) {
            *bin += 1;
        }
    }

    /// An operation that got at `at` the token which is good until `ends`.
    pub fn served(&mut self, at: Millis, ends: Millis) {
        self.operations += 1;
        self.failed += u64::from(at + TO_OSS > ends);
    }

    /// An operation that got an error at `at`, while the page held a token good until `ends`.
    pub fn refused(&mut self, at: Millis, ends: Millis) {
        self.operations += 1;
        if at + TO_OSS > ends { self.failed += 1 } else { self.spurious += 1 }
    }

    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.requests.iter_mut().zip(&other.requests) {
            *mine += theirs;
        }
        self.operations += other.operations;
        self.failed += other.failed;
        self.spurious += other.spurious;
    }

    /// Most requests in one second from `from` until before `until`.
    pub fn peak(&self, from: Millis, until: Millis) -> u32 {
        self.seconds(from, until).iter().copied().max().unwrap_or(0)
    }

    /// Requests a second from `from` until before `until`.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    pub fn mean(&self, from: Millis, until: Millis) -> f64 {
        let seconds = self.seconds(from, until);
        let sum: u64 = seconds.iter().map(|count| u64::from(*count)).sum();
        sum as f64 / seconds.len().max(1) as f64
    }

    fn seconds(&self, from: Millis, until: Millis) -> &[u32] {
        let place = |at: Millis| {
            usize::try_from(at / SECOND).unwrap_or(usize::MAX).min(self.requests.len())
        };
        self.requests.get(place(from)..place(until)).unwrap_or_default()
    }
}

/// A page: `run` takes it from where it stands to `until`.
pub trait Client: Clone {
    /// A page that starts at `start`, with its own sequence of random draws.
    fn new(start: Millis, seed: u64) -> Self;
    /// Everything that happens before `until`.
    fn run(&mut self, scenario: &Scenario, until: Millis, tally: &mut Tally);
}
