//! What may happen in a world, and how often.

use crate::harness::machine::Token;
use upload_token::{
    error::{Answered, Error},
    lifecycle::{FetchId, WaiterId},
    policy::PerMille,
    time::Millis,
};

/// What may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    Tick,
    Sleep(u64),
    Turn(i64),
    Look(PerMille),
    Call(Millis, PerMille),
    /// A caller has the token in hand and wants another.
    Another(PerMille),
    Cancel(WaiterId),
    Refuse {
        last: bool,
    },
    Wake(PerMille),
    Reset,
    Retry,
    Close,
    Answer(FetchId, Made),
    Deliver(FetchId, PerMille),
    GoFair,
    FairTick,
}

/// What the AppServer makes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Made {
    New,
    Short,
    Last,
    First,
    Replayed,
    Fails(Failure),
}

/// How often each thing may still happen in a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Chances {
    pub calls: u8,
    /// Calls of who has the token in hand and wants another.
    pub others: u8,
    pub cancels: u8,
    pub refusals: u8,
    pub wakes: u8,
    pub closes: u8,
    pub sleeps: u8,
    pub turns: u8,
    /// Answers without a token.
    pub failures: u8,
    /// Answers with the token given last.
    pub repeats: u8,
    /// Answers with the first token given.
    pub replicas: u8,
    /// Answers with a token of a shorter life.
    pub shorts: u8,
    /// The user is another one.
    pub resets: u8,
    /// The user asks to try again.
    pub retries: u8,
}

/// What answers say of a token's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// The instant, and the server's time.
    Instant,
    /// The instant so many ms off, as in a local time that is called UTC; and the server's time.
    LocalTime(i64),
    /// The life left.
    Duration,
    /// Nothing.
    Nothing,
}

/// An answer on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reply {
    Token { token: Token, made: u64 },
    Fails(Failure),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Failure {
    Network,
    Throttled,
    Unauthenticated,
}

impl Failure {
    pub const fn error(self) -> Error {
        match self {
            Self::Network => Error::Network,
            Self::Throttled => {
                Error::Throttled { answered: Answered::status(429), retry_after: Some(3) }
            }
            Self::Unauthenticated => Error::Unauthenticated(Answered::status(401)),
        }
    }
}
