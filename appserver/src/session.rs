//! The name under which a user appears in ActionTrail.

use ring::digest::{SHA256, digest};

/// Marks a name made by hashing.
const HASHED: &str = "u-";

/// `RoleSessionName` of a user: the user's own id where AssumeRole's alphabet allows it
/// (2–64 of `A-Za-z0-9.@_-`), else `u-` and the first 128 bits of its SHA-256 in hex.
///
/// Two users never share a name: an id that already looks hashed is hashed too.
#[must_use]
pub fn session_name(user: &str) -> String {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".@_-".contains(&byte);
    if (2..=64).contains(&user.len()) && user.bytes().all(allowed) && !user.starts_with(HASHED) {
        return user.to_owned();
    }
    let digest = digest(&SHA256, user.as_bytes());
    digest
        .as_ref()
        .iter()
        .take(16)
        .fold(String::from(HASHED), |name, byte| name + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::session_name;

    #[test]
    fn plain_ids_are_kept_and_all_others_are_hashed() {
        assert_eq!(session_name("alice@example.com"), "alice@example.com");
        for id in ["", "a", "Zoë", "a/b", "semi;colon", "u-1", &"x".repeat(65)] {
            let name = session_name(id);
            assert!(name.starts_with("u-") && name.len() == 34, "{id:?} became {name:?}");
            assert_eq!(name, session_name(id), "a name is stable");
        }
    }

    #[test]
    fn nobody_can_choose_an_id_that_is_anothers_hashed_name() {
        let victim = session_name("Zoë");
        assert_ne!(session_name(&victim), victim);
    }
}
