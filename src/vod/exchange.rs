//! One request for an UploadAuth, with the second tries that a refusal allows.

use super::{Call, Kind, Media, Refusal, Refused};
use crate::error::Error;

/// Asks VOD for the UploadAuth of one file.
///
/// The caller sends [`call`](Self::call) and reports a refusal to [`refused`](Self::refused), which says
/// how to go on. Each kind of second try is made once, so one exchange is at most four calls.
#[derive(Clone, Debug)]
pub struct Exchange {
    call: Call,
    kind: Kind,
    may_create: bool,
    renewed: bool,
    repeated: bool,
}

/// How an exchange goes on after a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Report the STS token as refused, take another and send the call again.
    FreshToken,
    /// Send the call, which may have changed, again with a new nonce.
    Again,
    /// Give up.
    Failed(Error),
}

impl Exchange {
    /// For `media`; `video_id` is that of a video created before. A video that VOD no longer knows
    /// is created anew only if `may_create`: its bytes go to another object then.
    #[must_use]
    pub fn new(media: &Media, video_id: Option<String>, may_create: bool) -> Self {
        let call = match (media.kind, video_id) {
            (Kind::Video, Some(video_id)) => Call::Refresh { video_id },
            _ => Call::Create,
        };
        Self { call, kind: media.kind, may_create, renewed: false, repeated: false }
    }

    /// What to send next.
    #[must_use]
    pub const fn call(&self) -> &Call {
        &self.call
    }

    /// Takes a refusal.
    pub fn refused(&mut self, refused: Refused) -> Next {
        match refused.refusal {
            Refusal::Token if !self.renewed => {
                self.renewed = true;
                Next::FreshToken
            }
            Refusal::Nonce if !self.repeated => {
                self.repeated = true;
                Next::Again
            }
            Refusal::UnknownVideo
                if self.may_create && self.kind == Kind::Video && self.call != Call::Create =>
            {
                self.call = Call::Create;
                Next::Again
            }
            Refusal::Token | Refusal::Nonce | Refusal::UnknownVideo | Refusal::Other => {
                Next::Failed(refused.error)
            }
        }
    }
}
