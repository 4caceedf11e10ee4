//! Which user a video belongs to, where no ticket says so. VOD cannot tell: whoever may refresh one upload may
//! refresh all.

use std::{
    fmt,
    sync::{Arc, Mutex},
};

use futures_util::future::BoxFuture;

use crate::{recent::Recent, sync::lock, unavailable::Unavailable};

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
#[derive(Debug)]
pub struct InMemoryOwners(Mutex<Recent<(String, String)>>);

impl InMemoryOwners {
    /// Videos remembered.
    pub const CAPACITY: usize = 100_000;
}

impl Default for InMemoryOwners {
    fn default() -> Self {
        Self(Mutex::new(Recent::new(Self::CAPACITY)))
    }
}

impl Owners for InMemoryOwners {
    fn record<'a>(
        &'a self,
        user: &'a str,
        video_id: &'a str,
    ) -> BoxFuture<'a, Result<(), Unavailable>> {
        lock(&self.0).insert((user.to_owned(), video_id.to_owned()));
        Box::pin(async { Ok(()) })
    }

    fn owns<'a>(
        &'a self,
        user: &'a str,
        video_id: &'a str,
    ) -> BoxFuture<'a, Result<bool, Unavailable>> {
        let owns = lock(&self.0).contains(&(user.to_owned(), video_id.to_owned()));
        Box::pin(async move { Ok(owns) })
    }
}

/// What this process remembers, and then what all of them do.
#[derive(Debug)]
pub struct OwnFirst {
    own: InMemoryOwners,
    shared: Arc<dyn Owners>,
}

impl OwnFirst {
    /// Before `shared`.
    #[must_use]
    pub fn new(shared: Arc<dyn Owners>) -> Self {
        Self { own: InMemoryOwners::default(), shared }
    }
}

impl Owners for OwnFirst {
    fn record<'a>(
        &'a self,
        user: &'a str,
        video_id: &'a str,
    ) -> BoxFuture<'a, Result<(), Unavailable>> {
        Box::pin(async move {
            self.own.record(user, video_id).await?;
            self.shared.record(user, video_id).await
        })
    }

    fn owns<'a>(
        &'a self,
        user: &'a str,
        video_id: &'a str,
    ) -> BoxFuture<'a, Result<bool, Unavailable>> {
        Box::pin(async move {
            match self.own.owns(user, video_id).await {
                Ok(true) => Ok(true),
                _ => self.shared.owns(user, video_id).await,
            }
        })
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

    /// A store that is gone.
    #[derive(Debug)]
    struct Gone;

    impl Owners for Gone {
        fn record<'a>(&'a self, _: &'a str, _: &'a str) -> BoxFuture<'a, Result<(), Unavailable>> {
            Box::pin(async { Err(Unavailable) })
        }

        fn owns<'a>(&'a self, _: &'a str, _: &'a str) -> BoxFuture<'a, Result<bool, Unavailable>> {
            Box::pin(async { Err(Unavailable) })
        }
    }

    #[tokio::test]
    async fn what_this_process_knows_needs_no_store_and_what_it_does_not_is_no_no() {
        let owners = OwnFirst::new(Arc::new(Gone));
        assert_eq!(owners.record("alice", "v1").await, Err(Unavailable));
        assert_eq!(owners.owns("alice", "v1").await, Ok(true));
        assert_eq!(owners.owns("bob", "v1").await, Err(Unavailable));
    }
}
