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
/// First back-off after VOD asked for fewer calls.
const VOD_THROTTLE: Millis = 2_000;
/// A start ends a back-off within this time.
const START_WITHIN: Millis = 300;

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
