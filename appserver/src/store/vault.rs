//! Sealing what is stored: whoever can read the store reads no token, and whoever can write to it makes none.

use std::fmt;

use ring::{
    aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey},
    digest::{SHA256, digest},
    hkdf::{HKDF_SHA256, Salt},
};
use upload_token::secret::Secret;

/// Says which form a sealed text has, so that another can follow.
const VERSION: u8 = 1;
const ID: usize = 8;
const SALT: usize = 32;

/// Seals and opens.
pub struct Vault {
    keys: Vec<Key>,
}

struct Key {
    /// Which key it is; tells nothing of it.
    id: [u8; ID],
    secret: Secret<String>,
}

impl Vault {
    /// Seals with the first of `keys` and opens with all of them.
    #[must_use]
    pub fn new(keys: Vec<Secret<String>>) -> Self {
        let key = |secret: Secret<String>| Key { id: id(&secret), secret };
        Self { keys: keys.into_iter().map(key).collect() }
    }

    /// `text`, to be opened at `place` only. `None`, if there is no key.
    #[must_use]
    pub fn seal(&self, place: &str, mut text: Vec<u8>) -> Option<Vec<u8>> {
        let key = self.keys.first()?;
        let salt: [u8; SALT] = rand::random();
        key.at(&salt)?
            .seal_in_place_append_tag(nonce(), Aad::from(place.as_bytes()), &mut text)
            .ok()?;
        Some([&[VERSION], &key.id[..], &salt, &text].concat())
    }

    /// The text that was sealed for `place`; `None`, if it was not, or with a key that is gone.
    #[must_use]
    pub fn open(&self, place: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let rest = sealed.strip_prefix(&[VERSION])?;
        let (id, rest) = rest.split_first_chunk::<ID>()?;
        let (salt, text) = rest.split_first_chunk::<SALT>()?;
        let key = self.keys.iter().find(|key| key.id == *id)?.at(salt)?;
        let mut text = text.to_vec();
        let length = key.open_in_place(nonce(), Aad::from(place.as_bytes()), &mut text).ok()?.len();
        text.truncate(length);
        Some(text)
    }
}

impl Key {
    /// A key for one text alone.
    fn at(&self, salt: &[u8; SALT]) -> Option<LessSafeKey> {
        let secret = Salt::new(HKDF_SHA256, salt).extract(self.secret.expose().as_bytes());
        let key = secret.expand(&[b"upload-token store 1"], &CHACHA20_POLY1305).ok()?;
        Some(LessSafeKey::new(UnboundKey::from(key)))
    }
}

fn id(secret: &Secret<String>) -> [u8; ID] {
    let named = [b"upload-token store key 1\0", secret.expose().as_bytes()].concat();
    let mut id = [0; ID];
    id.iter_mut().zip(digest(&SHA256, &named).as_ref()).for_each(|(to, from)| *to = *from);
    id
}

/// Always the same: no two texts have the same key.
fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("keys", &self.keys.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(keys: &[&str]) -> Vault {
        Vault::new(keys.iter().map(|key| Secret::new((*key).to_owned())).collect())
    }

    #[test]
    fn what_is_sealed_for_a_place_is_opened_there_and_nowhere_else() {
        let vault = vault(&["k"]);
        let sealed = vault.seal("a", b"CANARY".to_vec()).unwrap();
        assert_eq!(vault.open("a", &sealed).as_deref(), Some(&b"CANARY"[..]));
        assert_eq!(vault.open("b", &sealed), None);
        assert!(!sealed.windows(6).any(|part| part == b"CANARY"));
        assert_ne!(sealed, vault.seal("a", b"CANARY".to_vec()).unwrap());
    }

    #[test]
    fn nothing_sealed_can_be_changed() {
        let vault = vault(&["k"]);
        let sealed = vault.seal("a", b"text".to_vec()).unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(vault.open("a", &changed), None, "{at}");
            assert_eq!(vault.open("a", &sealed[..at]), None, "{at}");
        }
    }

    #[test]
    fn keys_are_rotated() {
        let old = vault(&["old"]).seal("a", b"1".to_vec()).unwrap();
        let both = vault(&["new", "old"]);
        assert!(both.open("a", &old).is_some());
        let new = both.seal("a", b"2".to_vec()).unwrap();
        assert!(vault(&["new"]).open("a", &new).is_some());
        assert!(vault(&["new"]).open("a", &old).is_none());
        assert!(!format!("{both:?}").contains("old"));
    }
}
