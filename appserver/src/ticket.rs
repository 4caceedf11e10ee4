//! Whose a video is, without any memory: a ticket goes out with each UploadAuth and comes back with the request to
//! renew it.
//!
//! A restart, another instance and a rotated key leave running uploads alone: all that a server must know is the
//! keys. The first signs, all verify. A ticket is worth nothing to anybody but the user for whom it was made.

use std::{fmt, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use ring::hmac;
use upload_token::secret::Secret;

/// Says which form a ticket has, so that another can follow.
const VERSION: &str = "t1";
/// Longest ticket looked at, in bytes.
const LONGEST: usize = 128;

/// Signs and verifies tickets.
pub struct Tickets {
    keys: Vec<hmac::Key>,
}

/// What a ticket is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// This user was given this video.
    Good,
    /// So it was, but too long ago.
    Expired,
    /// Made for another user or video, with another key, or not a ticket at all.
    Invalid,
}

impl Tickets {
    /// How long a ticket is good. Each renewal gives a new one, so this is the longest pause of an upload.
    pub const LIFE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

    /// Signs with the first of `keys` and verifies with all of them.
    #[must_use]
    pub fn new(keys: &[Secret<String>]) -> Self {
        let key = |key: &Secret<String>| hmac::Key::new(hmac::HMAC_SHA256, key.expose().as_bytes());
        Self { keys: keys.iter().map(key).collect() }
    }

    /// With a key that dies with this process.
    #[must_use]
    pub fn ephemeral() -> Self {
        Self { keys: vec![hmac::Key::new(hmac::HMAC_SHA256, &rand::random::<[u8; 32]>())] }
    }

    /// A ticket that says until `now` + [`LIFE`](Self::LIFE) that `user` was given `video_id`.
    #[must_use]
    pub fn issue(&self, user: &str, video_id: &str, now: Timestamp) -> Option<String> {
        let end = now.as_second().saturating_add_unsigned(Self::LIFE.as_secs());
        let tag = hmac::sign(self.keys.first()?, &statement(user, video_id, end));
        Some(format!("{VERSION}.{end}.{}", URL_SAFE_NO_PAD.encode(tag)))
    }

    /// What `ticket` is worth to `user` who wants to renew `video_id` at `now`.
    #[must_use]
    pub fn verify(&self, ticket: &str, user: &str, video_id: &str, now: Timestamp) -> Verdict {
        let Some((end, tag)) = parts(ticket) else { return Verdict::Invalid };
        let statement = statement(user, video_id, end);
        let signed = self.keys.iter().any(|key| hmac::verify(key, &statement, &tag).is_ok());
        match signed {
            false => Verdict::Invalid,
            true if now.as_second() >= end => Verdict::Expired,
            true => Verdict::Good,
        }
    }
}

impl fmt::Debug for Tickets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tickets").field("keys", &self.keys.len()).finish()
    }
}

/// What is signed. Lengths stand in front, so that no two pairs of user and video read the same.
fn statement(user: &str, video_id: &str, end: i64) -> Vec<u8> {
    let mut statement = b"upload-token ticket 1\0".to_vec();
    for text in [user, video_id] {
        statement.extend((text.len() as u64).to_be_bytes());
        statement.extend(text.as_bytes());
    }
    statement.extend(end.to_be_bytes());
    statement
}

fn parts(ticket: &str) -> Option<(i64, Vec<u8>)> {
    let (end, tag) = ticket
        .get(..ticket.len().min(LONGEST))
        .filter(|kept| kept.len() == ticket.len())?
        .strip_prefix(VERSION)?
        .strip_prefix('.')?
        .split_once('.')?;
    Some((end.parse().ok()?, URL_SAFE_NO_PAD.decode(tag).ok()?))
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn tickets(keys: &[&str]) -> Tickets {
        let keys: Vec<_> = keys.iter().map(|key| Secret::new((*key).to_owned())).collect();
        Tickets::new(&keys)
    }

    #[test]
    fn a_ticket_is_good_for_its_user_and_video_until_its_end() {
        let (tickets, now) = (tickets(&["k"]), Timestamp::UNIX_EPOCH);
        let ticket = tickets.issue("alice", "v1", now).unwrap();
        let life = SignedDuration::try_from(Tickets::LIFE).unwrap();
        assert_eq!(tickets.verify(&ticket, "alice", "v1", now), Verdict::Good);
        assert_eq!(tickets.verify(&ticket, "bob", "v1", now), Verdict::Invalid);
        assert_eq!(tickets.verify(&ticket, "alice", "v2", now), Verdict::Invalid);
        assert_eq!(tickets.verify(&ticket, "alice", "v1", now + life), Verdict::Expired);
        let last = now + life - SignedDuration::from_secs(1);
        assert_eq!(tickets.verify(&ticket, "alice", "v1", last), Verdict::Good);
    }

    #[test]
    fn nothing_in_a_ticket_can_be_changed() {
        let (tickets, now) = (tickets(&["k"]), Timestamp::UNIX_EPOCH);
        let ticket = tickets.issue("alice", "v1", now).unwrap();
        for at in 0..ticket.len() {
            let mut bytes = ticket.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert_ne!(tickets.verify(&changed, "alice", "v1", now), Verdict::Good, "{changed}");
        }
        let long = "t1.".to_owned() + &"9".repeat(1_000);
        for junk in ["", "t1", "t1..", "t1.1.", "t2.1.AAAA", "ü", &long] {
            assert_eq!(tickets.verify(junk, "alice", "v1", now), Verdict::Invalid, "{junk}");
        }
    }

    #[test]
    fn where_the_user_ends_and_the_video_begins_is_signed() {
        let (tickets, now) = (tickets(&["k"]), Timestamp::UNIX_EPOCH);
        let ticket = tickets.issue("ab", "c", now).unwrap();
        assert_eq!(tickets.verify(&ticket, "a", "bc", now), Verdict::Invalid);
    }

    #[test]
    fn keys_are_rotated_without_losing_a_ticket() {
        let now = Timestamp::UNIX_EPOCH;
        let old = tickets(&["old"]).issue("alice", "v1", now).unwrap();
        let both = tickets(&["new", "old"]);
        assert_eq!(both.verify(&old, "alice", "v1", now), Verdict::Good);
        let new = both.issue("alice", "v1", now).unwrap();
        assert_eq!(tickets(&["new"]).verify(&new, "alice", "v1", now), Verdict::Good);
        assert_eq!(tickets(&["new"]).verify(&old, "alice", "v1", now), Verdict::Invalid);
        assert!(!format!("{both:?}").contains("old"));
    }
}
