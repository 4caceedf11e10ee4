//! A cloud on a machine of the test's own: what it asks of it, and that it asks nothing else.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use serde_json::json;
use tower::ServiceExt;
use upload_token_localcloud::{Config, LocalCloud, Platform, Sleep};

use crate::client::{Key, TestCloud, test_config};

/// 2026-11-23T20:00:00Z, for ever.
const AT: i64 = 1_795_464_000_000;

/// Counts instead of guessing, and writes down how long it was asked to sleep.
#[derive(Default)]
struct Still {
    next: AtomicU8,
    slept: std::sync::Mutex<Vec<Duration>>,
}

impl Platform for Still {
    fn unix_ms(&self) -> i64 {
        AT
    }

    fn uptime(&self) -> Duration {
        Duration::ZERO
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        bytes.fill_with(|| self.next.fetch_add(1, Ordering::Relaxed));
    }

    fn sleep(&self, time: Duration) -> Sleep {
        self.slept.lock().unwrap().push(time);
        Box::pin(std::future::ready(()))
    }
}

#[tokio::test]
async fn time_randomness_and_sleep_are_the_platforms() {
    let platform = Arc::new(Still::default());
    let cloud = TestCloud::of(LocalCloud::on(Arc::clone(&platform) as _, test_config()));
    cloud.configure(json!({ "delaysMs": { "sts": 1234 } })).await;
    let credentials = cloud.assume_role(json!({})).await.json()["Credentials"].clone();
    assert_eq!(credentials["Expiration"], "2026-11-23T21:00:00Z");
    assert_eq!(*platform.slept.lock().unwrap(), [Duration::from_millis(1234)]);

    cloud.configure(json!({ "delaysMs": { "sts": 0 }, "bytesPerSecond": 1000 })).await;
    let key = Key::of(&credentials);
    let put = cloud.oss("PUT", "web-upload-app", "/a.mp4", &key).body(vec![0; 500]).sign();
    let answer = cloud.cloud.router().oneshot(put).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(platform.slept.lock().unwrap().last(), Some(&Duration::from_millis(500)));
}

#[test]
fn a_key_that_nobody_named_is_made_of_the_platforms_randomness() {
    let key = |platform: Still| {
        let cloud = LocalCloud::on(Arc::new(platform), Config::default());
        let [key] = cloud.config().access_keys.as_slice() else { panic!("one key") };
        (key.id.clone(), key.secret.expose().to_owned())
    };
    let (id, secret) = key(Still::default());
    assert_eq!((id.len(), secret.len()), (24, 30));
    assert!(id.starts_with("LTAI5t") && id.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    assert_eq!(key(Still::default()), (id.clone(), secret.clone()));
    let other = Still { next: AtomicU8::new(9), ..Still::default() };
    assert_ne!(key(other), (id, secret));
}
