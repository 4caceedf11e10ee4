//! What the driver of tokens and the driver of uploads have in common.

use alloc::collections::VecDeque;
use core::cell::{Cell, RefCell};

use crate::{
    clock::{Clock, Time},
    policy::{Budget, Jitter, Policy},
};

/// Number of a slot or file.
pub(super) type Id = u32;

/// Inputs that wait until the one before has had all its effects (run to completion).
pub(super) struct Inbox<I> {
    waiting: RefCell<VecDeque<(Id, I)>>,
    draining: Cell<bool>,
}

impl<I> Default for Inbox<I> {
    fn default() -> Self {
        Self { waiting: RefCell::default(), draining: Cell::new(false) }
    }
}

impl<I> Inbox<I> {
    pub(super) fn put(&self, id: Id, input: I) {
        self.waiting.borrow_mut().push_back((id, input));
    }

    /// Whether the caller must take all inputs now; otherwise an outer call does.
    pub(super) fn begin(&self) -> bool {
        !self.draining.replace(true)
    }

    /// The next input; after the last one the inbox is at rest.
    pub(super) fn next(&self) -> Option<(Id, I)> {
        let next = self.waiting.borrow_mut().pop_front();
        self.draining.set(next.is_some());
        next
    }
}

/// What slots that ask one source share: the clocks, and how many requests they may still make.
pub(super) struct Shared {
    pub(super) clock: Clock,
    pub(super) budget: Budget,
    jitter: Jitter,
}

impl Shared {
    pub(super) fn new(policy: &Policy, seed: f64) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "any bits will do"
        )]
        let jitter = Jitter::new(seed as u64);
        let budget = Budget::new(policy, super::platform::now().mono);
        Self { clock: Clock::default(), budget, jitter }
    }

    /// Looks at the clocks.
    pub(super) fn look(&mut self, policy: &Policy) -> Time {
        let draw = self.jitter.draw();
        self.clock.look(policy, super::platform::now(), draw)
    }
}
