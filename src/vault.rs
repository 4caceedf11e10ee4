//! Credentials, apart from the machines that keep them fresh.

use crate::lifecycle::Slot;

/// Number of a credential in its [`Vault`]. Equal credentials have equal numbers.
pub type Key = u32;

/// The credentials that one slot knows.
///
/// A slot counts times and compares credentials, and needs neither their content nor their type. So it
/// is given keys: there is one machine for all kinds of credentials, and no secret in it.
#[derive(Clone, Debug)]
pub struct Vault<V> {
    last: Key,
    kept: Vec<(Key, V)>,
}

impl<V> Default for Vault<V> {
    fn default() -> Self {
        Self { last: 0, kept: Vec::new() }
    }
}

impl<V: PartialEq> Vault<V> {
    /// The key of `value` for `slot`, which is the only one that this vault serves. What the slot no
    /// longer knows is forgotten.
    pub fn put(&mut self, value: V, slot: &Slot<Key>) -> Key {
        self.kept.retain(|(key, _)| slot.knows(key));
        if let Some((key, _)) = self.kept.iter().find(|(_, kept)| *kept == value) {
            return *key;
        }
        self.last = self.last.wrapping_add(1);
        self.kept.push((self.last, value));
        self.last
    }

    /// The credential under this key, if it is still kept.
    #[must_use]
    pub fn get(&self, key: Key) -> Option<&V> {
        self.kept.iter().find(|(kept, _)| *kept == key).map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::Clock,
        context::Context,
        lifecycle::Input,
        policy::{Budget, Policy},
        time::{Now, UnixMillis},
        token::Expiry,
    };

    /// A slot that is given a credential each time it asks.
    struct Rig {
        slot: Slot<Key>,
        vault: Vault<&'static str>,
        clock: Clock,
        mono: u64,
    }

    impl Rig {
        fn new() -> Self {
            Self {
                slot: Slot::default(),
                vault: Vault::default(),
                clock: Clock::default(),
                mono: 0,
            }
        }

        fn feed(&mut self, input: Input<Key>) {
            let policy = Policy::default();
            self.mono += 1;
            let wall = UnixMillis(1_700_000_000_000 + i64::try_from(self.mono).unwrap());
            let time = self.clock.look(&policy, Now { mono: self.mono, wall }, 500);
            let mut budget = Budget::new(&policy, self.mono);
            let mut cx =
                Context { policy: &policy, budget: &mut budget, time: &time, out: &mut Vec::new() };
            self.slot.step(&mut cx, input);
        }

        fn answer(&mut self, credential: &'static str) -> Key {
            self.feed(Input::Wanted {
                waiter: u32::try_from(self.mono).unwrap(),
                least: 0,
                waited: 0,
            });
            let value = self.vault.put(credential, &self.slot);
            let left = Some(900_000);
            let fetch = self.slot.requests();
            self.feed(Input::Fetched {
                fetch,
                value,
                expiry: Expiry { left, ..Expiry::default() },
            });
            value
        }

        fn refuse(&mut self) {
            let generation = self.slot.token().unwrap().generation;
            self.feed(Input::Rejected { generation });
        }
    }

    #[test]
    fn equal_credentials_have_equal_keys() {
        let mut rig = Rig::new();
        let first = rig.answer("a");
        assert_eq!(rig.slot.token().map(|held| held.value), Some(first));
        assert_eq!(rig.vault.get(first), Some(&"a"));
        assert_eq!(rig.vault.put("a", &rig.slot), first);
        rig.refuse();
        let second = rig.answer("b");
        assert_ne!(second, first);
        assert_eq!(rig.slot.token().map(|held| held.value), Some(second));
    }

    #[test]
    fn a_refused_credential_is_known_again() {
        let mut rig = Rig::new();
        let refused = rig.answer("a");
        rig.refuse();
        rig.answer("b");
        rig.refuse();
        assert_eq!(rig.answer("a"), refused);
        assert_ne!(rig.slot.token().map(|held| held.value), Some(refused), "and not served");
    }

    #[test]
    fn what_the_slot_forgot_is_forgotten() {
        let mut rig = Rig::new();
        let first = rig.answer("a");
        rig.feed(Input::Close);
        let second = rig.vault.put("b", &rig.slot);
        assert_eq!((rig.vault.get(first), rig.vault.get(second)), (None, Some(&"b")));
        assert_eq!(rig.vault.kept.len(), 1);
    }
}
