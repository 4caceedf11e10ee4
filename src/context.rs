//! What a machine is given with every input.

use crate::{
    clock::Time,
    policy::{Budget, Policy},
};

/// The numbers, the budget and the time of one step, and where its effects go.
///
/// One driver has one of each, for all its machines; a machine keeps none of them.
#[derive(Debug)]
pub struct Context<'a, E> {
    /// The numbers.
    pub policy: &'a Policy,
    /// Requests that may still be made, over all machines that ask one source.
    pub budget: &'a mut Budget,
    /// Now.
    pub time: &'a Time,
    /// What must be done about the input, in this order.
    pub out: &'a mut Vec<E>,
}

impl<E> Context<'_, E> {
    /// The same step for a machine within this one, whose effects go to `out`.
    pub const fn within<'b, F>(&'b mut self, out: &'b mut Vec<F>) -> Context<'b, F> {
        Context { policy: self.policy, budget: self.budget, time: self.time, out }
    }
}
