//! The keys that an issuer publishes, kept for as long as they are good.

use std::{
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use jsonwebtoken::{DecodingKey, Header};
use tokio::time::Instant;

use super::published::{KeySet, Keys, Publisher};
use crate::{
    attempts::Attempts, auth::Denied, endpoint::Endpoint, report::Reports, sync::lock,
    upstream::Failure,
};

/// After this a set is used, and the next one is looked at.
const AGEING: Duration = Duration::from_secs(300);
/// How long a set is used before the next one is waited for.
const FRESH: Duration = Duration::from_secs(600);
/// How long a set is used while no other can be had: keys may have been withdrawn in the meantime.
const USABLE: Duration = Duration::from_secs(24 * 60 * 60);
/// Pause between looks, so that tokens with made-up keys do not become requests to the issuer.
const PAUSE: Duration = Duration::from_secs(30);
/// Pause after one that failed while there is no set: nobody can be served until another succeeds.
const RETRY: Duration = Duration::from_secs(2);

/// Keys at an address.
pub struct PublishedKeys {
    kept: Arc<Kept>,
    looks: Arc<Attempts>,
}

struct Kept {
    publisher: Box<dyn Publisher>,
    held: Mutex<Held>,
    reports: Reports,
}

#[derive(Default)]
struct Held {
    keys: Keys,
    read: Option<Instant>,
    /// Whether the last look failed.
    failing: bool,
}

impl fmt::Debug for PublishedKeys {
    /// Whose they are, as an operator's log says it: what is held changes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PublishedKeys").field(&self.at()).finish()
    }
}

impl PublishedKeys {
    /// Keys at `at`. What fails is told to `reports`.
    ///
    /// # Errors
    ///
    /// If the HTTP client cannot be set up.
    pub fn new(at: Endpoint, reports: Reports) -> Result<Self, reqwest::Error> {
        Ok(Self::of(Box::new(KeySet::new(at)?), reports))
    }

    pub(super) fn of(publisher: Box<dyn Publisher>, reports: Reports) -> Self {
        let kept = Kept { publisher, held: Mutex::default(), reports };
        Self { kept: Arc::new(kept), looks: Arc::default() }
    }

    /// Where they are.
    #[must_use]
    pub fn at(&self) -> &str {
        self.kept.publisher.at()
    }

    /// Tries to read them, and says how many there are.
    ///
    /// # Errors
    ///
    /// Any [`Failure`].
    pub async fn probe(&self) -> Result<usize, Failure> {
        self.kept.publisher.keys().await.map(|keys| keys.values().map(Vec::len).sum())
    }

    /// The keys of the name that is in `header`: one, as a rule.
    ///
    /// # Errors
    ///
    /// That there is none, or that it cannot be found out now.
    pub(super) async fn find(&self, header: &Header) -> Result<Vec<DecodingKey>, Denied> {
        let need = self.kept.need(&header.kid);
        if need != Need::Nothing {
            let look = self.looks.begin(Arc::clone(&self.kept).look());
            if need == Need::Wait
                && let Some(look) = look
            {
                look.await;
            }
        }
        self.kept.judge(&header.kid)
    }

    /// The same after another look, for a token that was signed with none of them: an issuer may exchange a key and keep
    /// its name. Nothing if the last look is too short a time ago.
    pub(super) async fn find_newer(&self, header: &Header) -> Option<Vec<DecodingKey>> {
        self.looks.begin(Arc::clone(&self.kept).look())?.await;
        self.kept.judge(&header.kid).ok()
    }
}

/// What a key asks for before it is used. A hung issuer holds up those alone who cannot do without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    Nothing,
    Look,
    Wait,
}

impl Kept {
    fn need(&self, kid: &Option<String>) -> Need {
        let held = lock(&self.held);
        match held.age() {
            Some(_) if !held.keys.contains_key(kid) => Need::Wait,
            Some(age) if age < AGEING => Need::Nothing,
            Some(age) if age < FRESH || (held.failing && age < USABLE) => Need::Look,
            _ => Need::Wait,
        }
    }

    fn judge(&self, kid: &Option<String>) -> Result<Vec<DecodingKey>, Denied> {
        let held = lock(&self.held);
        if held.age().is_none_or(|age| age >= USABLE) {
            return Err(Denied::Unavailable(
                "the keys at UPLOAD_TOKEN_JWT_KEYS_URL cannot be read",
            ));
        }
        let unknown = "the token is signed with a key that the issuer has not";
        held.keys.get(kid).cloned().ok_or(Denied::NotSignedIn(unknown))
    }

    /// Reads the set, and says how long nobody is to do so again.
    async fn look(self: Arc<Self>) -> Duration {
        let read = self.publisher.keys().await;
        let mut held = lock(&self.held);
        match read {
            Ok(keys) => {
                *held = Held { keys, read: Some(Instant::now()), failing: false };
                PAUSE
            }
            Err(failure) => {
                self.reports.failed("keysNotRead", self.publisher.at(), &failure);
                held.failing = true;
                if held.age().is_some_and(|age| age < USABLE) { PAUSE } else { RETRY }
            }
        }
    }
}

impl Held {
    fn age(&self) -> Option<Duration> {
        self.read.map(|read| read.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use futures_util::future::BoxFuture;
    use jsonwebtoken::Algorithm;
    use tokio::time::{advance, sleep};

    use super::*;

    /// Publishes the key `k1`; some looks, by their number, hang until they are given up.
    #[derive(Debug)]
    struct Issuer {
        looks: Arc<AtomicU32>,
        hangs: fn(u32) -> bool,
    }

    impl Publisher for Issuer {
        fn at(&self) -> &'static str {
            "https://id.example.com/keys"
        }

        fn keys(&self) -> BoxFuture<'_, Result<Keys, Failure>> {
            let hangs = (self.hangs)(self.looks.fetch_add(1, Ordering::Relaxed) + 1);
            Box::pin(async move {
                if hangs {
                    sleep(Duration::from_secs(5)).await;
                    return Err(Failure::TimedOut);
                }
                let key = DecodingKey::from_secret(b"not looked at here");
                Ok(Keys::from([(Some(String::from("k1")), vec![key])]))
            })
        }
    }

    fn keys(hangs: fn(u32) -> bool) -> (Arc<PublishedKeys>, Arc<AtomicU32>) {
        let looks = Arc::new(AtomicU32::new(0));
        let issuer = Issuer { looks: Arc::clone(&looks), hangs };
        (Arc::new(PublishedKeys::of(Box::new(issuer), Reports::default())), looks)
    }

    async fn find(keys: &PublishedKeys, kid: &str) -> Result<(), Denied> {
        let header = Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::ES256) };
        keys.find(&header).await.map(|_| ())
    }

    /// Whether `k1` is found without a wait.
    async fn at_once(keys: &PublishedKeys) -> bool {
        let before = Instant::now();
        let found = find(keys, "k1").await;
        found.is_ok() && before == Instant::now()
    }

    #[tokio::test(start_paused = true)]
    async fn a_made_up_key_at_a_hung_issuer_holds_up_nobody_else() {
        let (keys, looks) = keys(|look| look > 1);
        find(&keys, "k1").await.unwrap();
        advance(PAUSE).await;
        let stranger = Arc::clone(&keys);
        let stranger = tokio::spawn(async move { find(&stranger, "k9").await });
        sleep(Duration::from_secs(1)).await;
        assert_eq!(looks.load(Ordering::Relaxed), 2);
        assert!(at_once(&keys).await && !stranger.is_finished());
        assert!(matches!(stranger.await.unwrap(), Err(Denied::NotSignedIn(_))));
        find(&keys, "k9").await.unwrap_err();
        assert_eq!(looks.load(Ordering::Relaxed), 2, "the pause counts from the end");
    }

    #[tokio::test(start_paused = true)]
    async fn a_set_that_ages_is_used_while_the_next_is_read_and_an_old_one_is_waited_for_once() {
        let (keys, looks) = keys(|look| look > 2);
        find(&keys, "k1").await.unwrap();
        advance(AGEING).await;
        assert!(at_once(&keys).await);
        sleep(Duration::from_millis(1)).await;
        assert_eq!(looks.load(Ordering::Relaxed), 2, "in the background");
        advance(FRESH).await;
        assert!(!at_once(&keys).await, "a key may have been withdrawn");
        for _ in 0..9 {
            assert!(at_once(&keys).await, "the issuer is down, and keys are known");
            sleep(Duration::from_secs(20)).await;
        }
        advance(USABLE).await;
        assert!(matches!(find(&keys, "k1").await, Err(Denied::Unavailable(_))));
    }

    #[tokio::test(start_paused = true)]
    async fn a_first_look_that_failed_is_made_again_soon() {
        let (keys, looks) = keys(|look| look == 1);
        assert!(matches!(find(&keys, "k1").await, Err(Denied::Unavailable(_))));
        assert!(find(&keys, "k1").await.is_err());
        assert_eq!(looks.load(Ordering::Relaxed), 1, "but not at once");
        advance(RETRY).await;
        find(&keys, "k1").await.unwrap();
    }
}
