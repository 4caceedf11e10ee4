//! Which user a video belongs to, where no ticket says so. VOD cannot tell: whoever may refresh one upload may
//! refresh all.

use std::{
    collections::{HashSet, VecDeque},
    fmt,
    sync::Mutex,
};

use futures_util::future::BoxFuture;

use crate::{store::Unavailable, sync::lock};

/// Remembers who was given which video. A site with a database implements this over it.
pub trait Owners: fmt::Debug + Send + Sync + 'static {
    /// `user` was given `video_id`.
    fn record<'a>(
        &'a self,
        user: &'a str,
        video_id: &'a str,
    ) -> BoxFuture<'a, Result<(), Unavailable>>;

    /// Whether `user` was given `video_id`.
    fn owns<'a>(
        &'a self,
        user: &'a str,
        video_id: &'a str,
    ) -> BoxFuture<'a, Result<bool, Unavailable>>;
}

/// The last videos that this process issued. A restart forgets them; their tickets remain.
#[derive(Debug, Default)]
pub struct InMemoryOwners(Mutex<Recent>);

#[derive(Debug, Default)]
struct Recent {
    known: HashSet<(String, String)>,
    order: VecDeque<(String, String)>,
}

impl InMemoryOwners {
    /// Videos remembered.
    pub const CAPACITY: usize = 100_000;

    fn remember(&self, pair: (String, String)) {
        let mut recent = lock(&self.0);
        if !recent.known.insert(pair.clone()) {
            return;
        }
        recent.order.push_back(pair);
        if recent.order.len() > Self::CAPACITY
            && let Some(oldest) = recent.order.pop_front()
        {
            recent.known.remove(&oldest);
        }
    }
}

impl Owners for InMemoryOwners {
    fn record<'a>(
        &'a self,
        user: &'a str,
        video_id: &'a str,
    ) -> BoxFuture<'a, Result<(), Unavailable>> {
        self.remember((user.to_owned(), video_id.to_owned()));
        Box::pin(async { Ok(()) })
    }

    fn owns<'a>(
        &'a self,
        user: &'a str,
        video_id: &'a str,
    ) -> BoxFuture<'a, Result<bool, Unavailable>> {
        let owns = lock(&self.0).known.contains(&(user.to_owned(), video_id.to_owned()));
        Box::pin(async move { Ok(owns) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_video_belongs_to_the_user_who_was_given_it() {
        let owners = InMemoryOwners::default();
        owners.record("alice", "v1").await.unwrap();
        assert_eq!(owners.owns("alice", "v1").await, Ok(true));
        assert_eq!(owners.owns("bob", "v1").await, Ok(false));
        assert_eq!(owners.owns("alice", "v2").await, Ok(false));
    }

    #[tokio::test]
    async fn the_oldest_is_forgotten_first() {
        let owners = InMemoryOwners::default();
        for number in 0..=InMemoryOwners::CAPACITY {
            owners.record("alice", &number.to_string()).await.unwrap();
        }
        assert_eq!(owners.owns("alice", "0").await, Ok(false));
        assert_eq!(owners.owns("alice", "1").await, Ok(true));
    }
}
