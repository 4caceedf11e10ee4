//! Owners of videos, in the store.

use futures_util::future::BoxFuture;
use redis::Script;

use super::{link::Link, place};
use crate::{owners::Owners, ticket::Tickets, unavailable::Unavailable};

/// KEYS the video. ARGV the user, the life in seconds.
const RECORD: &str = "redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2]) return 1";
/// KEYS the video. ARGV the user.
const OWNS: &str = "return redis.call('GET', KEYS[1]) == ARGV[1] and 1 or 0";

/// Who was given which video, by digests: the store knows neither. As long as a ticket is good.
#[derive(Debug)]
pub struct StoredOwners {
    link: Link,
    record: Script,
    owns: Script,
}

impl StoredOwners {
    /// Over `link`.
    #[must_use]
    pub fn new(link: Link) -> Self {
        Self { link, record: Script::new(RECORD), owns: Script::new(OWNS) }
    }
}

impl Owners for StoredOwners {
    fn record<'a>(
        &'a self,
        user: &'a str,
        video_id: &'a str,
    ) -> BoxFuture<'a, Result<(), Unavailable>> {
        Box::pin(async move {
            let mut call = self.record.key(place::name("o", &[video_id]));
            call.arg(place::name("u", &[user])).arg(Tickets::LIFE.as_secs());
            self.link.run::<i64>(&call).await.map(|_| ())
        })
    }

    fn owns<'a>(
        &'a self,
        user: &'a str,
        video_id: &'a str,
    ) -> BoxFuture<'a, Result<bool, Unavailable>> {
        Box::pin(async move {
            let mut call = self.owns.key(place::name("o", &[video_id]));
            call.arg(place::name("u", &[user]));
            self.link.run::<i64>(&call).await.map(|owns| owns == 1)
        })
    }
}
