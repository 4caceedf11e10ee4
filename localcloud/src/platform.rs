//! What the cloud asks of the machine that it runs on: the time, randomness and sleep.

use std::{fmt, future::Future, pin::Pin, time::Duration};

/// The machine below a cloud: a process with its clock, or a page's worker.
///
/// Everything else of the cloud is state and arithmetic, and the same wherever it runs.
pub trait Platform: Send + Sync + 'static {
    /// Milliseconds since the Unix epoch, by the machine's wall clock.
    fn unix_ms(&self) -> i64;

    /// How long the machine has been running, by a clock that is never set: only differences count.
    fn uptime(&self) -> Duration;

    /// Fills `bytes` with what nobody can guess.
    fn fill_random(&self, bytes: &mut [u8]);

    /// Waits at least this long.
    fn sleep(&self, time: Duration) -> Sleep;
}

/// What [`Platform::sleep`] waits on.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

impl fmt::Debug for dyn Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Platform")
    }
}

impl dyn Platform {
    /// `length` random letters and digits.
    pub(crate) fn alphanumeric(&self, length: usize) -> String {
        const LETTERS: &[u8; 62] =
            b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        self.random_of(LETTERS, length)
    }

    /// `length` random hexadecimal digits, lower case.
    pub(crate) fn hex(&self, length: usize) -> String {
        self.random_of(b"0123456789abcdef", length)
    }

    /// A request id as the RPC services write one: an upper-case UUID.
    pub(crate) fn request_id(&self) -> String {
        let digits = self.hex(32).to_uppercase();
        let parts = [
            digits.get(..8),
            digits.get(8..12),
            digits.get(12..16),
            digits.get(16..20),
            digits.get(20..),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join("-")
    }

    fn random_of(&self, alphabet: &[u8], length: usize) -> String {
        // Bytes above the last whole multiple are thrown away: each letter is as likely as the others.
        let whole = 256 - 256 % alphabet.len();
        let mut text = String::with_capacity(length);
        let mut bytes = [0; 64];
        while text.len() < length {
            self.fill_random(&mut bytes);
            let letters = bytes.iter().map(|byte| usize::from(*byte)).filter(|byte| *byte < whole);
            let letters = letters.filter_map(|byte| alphabet.get(byte % alphabet.len()));
            text.extend(letters.take(length - text.len()).map(|letter| char::from(*letter)));
        }
        text
    }
}
