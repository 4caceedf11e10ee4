//! Nonces seen: a signed request is accepted once.

use std::collections::{HashSet, VecDeque};

use crate::sign::sha256_hex;

/// Nonces remembered. VOD's browser calls carry no timestamp, so none may be forgotten by age.
const CAPACITY: usize = 100_000;

/// The nonces of one account.
#[derive(Debug, Default)]
pub(crate) struct Nonces {
    seen: HashSet<String>,
    order: VecDeque<String>,
}

impl Nonces {
    /// Whether this key uses this nonce for the first time; it counts as used from then on.
    pub(crate) fn spend(&mut self, access_key_id: &str, nonce: &str) -> bool {
        // The digest, because a nonce may be as long as a request.
        let used = sha256_hex(format!("{access_key_id}\n{nonce}").as_bytes());
        if !self.seen.insert(used.clone()) {
            return false;
        }
        self.order.push_back(used);
        if self.order.len() > CAPACITY
            && let Some(oldest) = self.order.pop_front()
        {
            self.seen.remove(&oldest);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_spent_once_by_each_key() {
        let mut nonces = Nonces::default();
        assert!(nonces.spend("a", "1"));
        assert!(!nonces.spend("a", "1"));
        assert!(nonces.spend("b", "1"));
        assert!(nonces.spend("a", "2"));
    }
}
