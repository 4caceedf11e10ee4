//! Which user a video belongs to. VOD cannot tell: whoever may refresh one upload may refresh all.

use std::{
    collections::{HashSet, VecDeque},
    fmt,
    sync::Mutex,
};

use crate::sync::lock;

/// Remembers who was given which video. A site with a database implements this over it.
pub trait Owners: fmt::Debug + Send + Sync + 'static {
    /// `user` was given `video_id`.
    fn record(&self, user: &str, video_id: &str);

    /// Whether `user` was given `video_id`.
    fn owns(&self, user: &str, video_id: &str) -> bool;
}

/// The last videos that this process issued; a restart forgets them, and the page creates anew.
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
}

impl Owners for InMemoryOwners {
    fn record(&self, user: &str, video_id: &str) {
        let pair = (user.to_owned(), video_id.to_owned());
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

    fn owns(&self, user: &str, video_id: &str) -> bool {
        lock(&self.0).known.contains(&(user.to_owned(), video_id.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_video_belongs_to_the_user_who_was_given_it() {
        let owners = InMemoryOwners::default();
        owners.record("alice", "v1");
        assert!(owners.owns("alice", "v1"));
        assert!(!owners.owns("bob", "v1"));
        assert!(!owners.owns("alice", "v2"));
    }

    #[test]
    fn the_oldest_is_forgotten_first() {
        let owners = InMemoryOwners::default();
        for number in 0..=InMemoryOwners::CAPACITY {
            owners.record("alice", &number.to_string());
        }
        assert!(!owners.owns("alice", "0"));
        assert!(owners.owns("alice", "1"));
    }
}
