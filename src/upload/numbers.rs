//! Every number of an upload that is not one of a token's life, and how that life is that of an UploadAuth.

use crate::{policy::Policy, time::Millis};

/// How often the SDK is looked at while it has, or waits for, a credential.
pub(super) const LOOK_EVERY: Millis = 1_000;
/// Refusals in a row, without a part getting through, that are answered with a new credential.
pub(super) const REFUSALS: u32 = 3;
/// The same for a wrong signature, which is hardly ever cured by another credential.
pub(super) const SIGNATURE_REFUSALS: u32 = 1;
/// Silent failures in a row, without a part getting through, after which the file is tried again.
pub(super) const LOSSES: u32 = 1;
/// Time-out of one request of the SDK to OSS, unless the page gives another.
const OSS_TIMEOUT: Millis = 60_000;
/// How often the SDK repeats one, unless the page says otherwise, and how long it waits before.
const OSS_RETRIES: u64 = 3;
const OSS_RETRY_WAIT: Millis = 2_000;
/// Beyond all of that together: an upload that is silent for longer has stalled.
const STALL_SLACK: Millis = 30_000;
/// First back-off after VOD asked for fewer calls.
const VOD_THROTTLE: Millis = 2_000;
/// A start ends a back-off within this time.
const START_WITHIN: Millis = 300;

/// How the SDK sends a part, as far as the page says; what is `None` is the SDK's default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Tries {
    /// Time-out of one request to OSS.
    pub timeout: Option<Millis>,
    /// How often one is repeated.
    pub retry_count: Option<u64>,
    /// Wait before it is.
    pub retry_wait: Option<Millis>,
}

impl Tries {
    /// The longest silence of a running upload, after which it counts as stalled.
    #[must_use]
    pub fn longest_silence(self) -> Millis {
        let timeout = self.timeout.unwrap_or(OSS_TIMEOUT);
        let wait = self.retry_wait.unwrap_or(OSS_RETRY_WAIT);
        let tries = self.retry_count.unwrap_or(OSS_RETRIES).saturating_add(1);
        timeout.saturating_add(wait).saturating_mul(tries).saturating_add(STALL_SLACK)
    }
}

/// The numbers for UploadAuths, from those for STS tokens.
///
/// - Demand is a lease and not recent use: a stopped file asks for nothing.
/// - `wait` is how long the SDK is kept waiting in all; a request may take longer than that, since it
///   includes the STS token, which has a deadline of its own.
/// - A start is the user's own act: an error is held for no longer than the moment in which it
///   arrives, and a back-off ends at once.
/// - VOD limits calls by the second, so a throttled one need not wait long.
/// - How often OSS may refuse is counted by the machine, by progress, and not by the slot.
#[must_use]
pub fn slot_policy(tokens: &Policy, wait: Millis) -> Policy {
    Policy {
        idle_window: 0,
        wait_deadline: wait,
        deadline: wait.saturating_add(tokens.deadline),
        hold: 1,
        hold_cap: 1,
        pull_in: tokens.pull_in.min(START_WITHIN),
        throttle_base: VOD_THROTTLE,
        rejections_in_a_row: u32::MAX,
        ..tokens.clone()
    }
}
