//! What goes into the machine, and what comes out.

use super::{Held, Zone};
use crate::{error::Error, time::Millis, token::Expiry};

/// Number of one request to the source, counted from 1 in each slot.
pub type FetchId = u32;
/// Number of one waiting caller, chosen by the caller and unique while it waits.
pub type WaiterId = u32;
/// Number of a slot's token, counted from 1: later tokens have greater ones.
pub type Generation = u32;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Input<T> {
    /// A caller wants a token with at least `least` validity above the margin.
    Wanted {
        /// Names the caller in [`Effect::Resolve`] and [`Effect::Reject`].
        waiter: WaiterId,
        /// Validity asked for, beyond the margin.
        least: Millis,
        /// How much of its wait is over already, such as for the module to be loaded.
        waited: Millis,
    },
    /// A caller has the token of generation `than` and wants its successor. While that is not due, or its issuer gives
    /// the same one, it is that: what is known of its end may be news.
    Another {
        /// Names the caller.
        waiter: WaiterId,
        /// What it has; 0 if that is not a token of this slot.
        than: Generation,
    },
    /// A caller waits no longer. The request it may have caused goes on, for others.
    Cancelled {
        /// Who.
        waiter: WaiterId,
    },
    /// A token will be wanted soon.
    Prefetch,
    /// The credential is in continuous use from now on (`true`), or no longer.
    Lease(bool),
    /// The source answered with a credential.
    Fetched {
        /// Which request.
        fetch: FetchId,
        /// The credential.
        value: T,
        /// What the answer says about its end.
        expiry: Expiry,
    },
    /// The source did not answer with a credential.
    Failed {
        /// Which request.
        fetch: FetchId,
        /// Why.
        error: Error,
    },
    /// A server refused the token of this generation.
    Rejected {
        /// Which token.
        generation: Generation,
    },
    /// The page became visible, was resumed, or came online.
    Wake,
    /// The user asks to try again: the next request waits for nothing. Once a second.
    Retry,
    /// The user is another one: the token, and what is on its way, are the former's.
    Reset,
    /// Time may have passed.
    Timeout,
    /// The owner closed the manager.
    Close,
}

/// What the caller of [`Slot::step`](super::Slot::step) must do, in this order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Effect<T> {
    /// Ask the source; answer with [`Input::Fetched`] or [`Input::Failed`].
    Fetch {
        /// Names the request in the answer.
        fetch: FetchId,
        /// Why, for the source.
        reason: Reason,
    },
    /// Give the request up. A late answer may still come in; it changes nothing.
    Abort {
        /// Which request.
        fetch: FetchId,
    },
    /// Hand the token out.
    Resolve {
        /// To whom.
        waiter: WaiterId,
        /// The token.
        token: Held<T>,
    },
    /// Fail a caller.
    Reject {
        /// Whom.
        waiter: WaiterId,
        /// Why.
        error: Error,
    },
    /// Tell listeners.
    Emit(Event),
}

/// Why the source is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// There is no token yet.
    Initial,
    /// The token in hand is due.
    Refresh,
    /// A server refused the token in hand.
    Rejected,
    /// Nobody waits yet.
    Prefetch,
}

/// What listeners hear. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// A new token is in hand.
    Token {
        /// Its generation.
        generation: Generation,
    },
    /// A request failed, or brought no progress.
    RefreshFailed {
        /// Why.
        error: Error,
        /// Failures in a row.
        fails: u32,
        /// Wait before the next try; `None` if the next call decides.
        retry_in: Option<Millis>,
        /// Whether the token in hand still works.
        usable: bool,
    },
    /// The token in hand fell below its margin without a successor.
    Expired {
        /// Its generation.
        generation: Generation,
    },
    /// A server refused the token in hand.
    Rejected {
        /// Its generation.
        generation: Generation,
    },
    /// The token entered another zone.
    State {
        /// The new zone.
        zone: Zone,
    },
    /// The answer named no end: the policy's assumed life is counted on. Once a slot.
    AssumedLife,
    /// The answer named a local time as if it were UTC: the assumed life is counted on. Once a slot.
    LocalExpiration,
}
