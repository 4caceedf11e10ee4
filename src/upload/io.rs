//! What goes into the machine of an uploader, and what comes out.

use crate::{
    error::{Answered, Error, is_fault_code},
    lifecycle::{Event, FetchId, Reason},
    time::Millis,
    token::{Expiry, UploadAddress, UploadAuth},
    vod::{Kind, Media},
};

/// Number of one file of an uploader, chosen by the caller.
pub type FileId = u32;

/// State of one file, in the SDK's own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileState {
    /// In the queue, or chosen and waiting for a credential.
    Ready,
    /// Being sent.
    Uploading,
    /// Stored.
    Success,
    /// Gave up, or waits for a new credential after a refusal.
    Failure,
    /// Taken out of the queue by the user.
    Canceled,
    /// Stopped by the user; the SDK spells it so.
    Stoped,
    /// No longer in the SDK's list.
    Gone,
}

/// State of the uploader, in the SDK's own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UploaderState {
    /// Never started, or starting just now.
    Init,
    /// Busy with the current file.
    Start,
    /// Stopped by the user.
    Stop,
    /// A file failed and no other is ready.
    Failure,
    /// The current file waits for a new credential.
    Expire,
    /// Nothing is left to do.
    End,
    /// This build of the SDK does not show it.
    Hidden,
}

/// The SDK as it is now, with respect to one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Look {
    /// Whether the SDK is at this file.
    pub current: bool,
    /// The file.
    pub file: FileState,
    /// The uploader.
    pub uploader: UploaderState,
}

impl FileState {
    /// Reads `uploadInfo.state`.
    #[must_use]
    pub fn read(name: &str) -> Self {
        match name {
            "Ready" => Self::Ready,
            "Uploading" => Self::Uploading,
            "Success" => Self::Success,
            "Failure" => Self::Failure,
            "Canceled" => Self::Canceled,
            "Stoped" => Self::Stoped,
            _ => Self::Gone,
        }
    }
}

impl UploaderState {
    /// Reads the uploader's private state.
    #[must_use]
    pub fn read(name: &str) -> Self {
        match name {
            "Init" => Self::Init,
            "Start" => Self::Start,
            "Stop" => Self::Stop,
            "Failure" => Self::Failure,
            "Expire" => Self::Expire,
            "End" => Self::End,
            _ => Self::Hidden,
        }
    }
}

/// What happened to one file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// The SDK chose the file and asks for its credential (`onUploadstarted`).
    Started {
        /// The file.
        media: Media,
        /// VideoId that the SDK knows already: of an earlier start, or restored after a reload.
        video_id: Option<String>,
        /// The AppServer's ticket that came with that video.
        ticket: Option<String>,
        /// Whether the SDK has a checkpoint of the file, saved or in memory.
        checkpoint: bool,
        /// Key of the object that the checkpoint is of, if the SDK shows it.
        object: Option<String>,
        /// Where the page itself wants it, in direct mode: its STS token signs OSS.
        place: Option<UploadAddress>,
        /// How long the SDK has waited already: for the page, and for the module.
        waited: Millis,
    },
    /// The SDK took a refusal for an expiry and waits for a credential (`onUploadTokenExpired`).
    Expired {
        /// The code of OSS, such as `SecurityTokenExpired`.
        code: String,
    },
    /// A part was stored (`onUploadProgress`).
    Progressed {
        /// Share of the file that is stored, in ten-thousandths.
        done: u32,
    },
    /// The file is stored (`onUploadSucceed`).
    Succeeded,
    /// Answers [`Effect::Look`].
    Looked(Look),
    /// Answers [`Effect::Start`] and [`Effect::Resume`]: whether the SDK took the credential.
    Delivered {
        /// It did.
        taken: bool,
    },
    /// Answers [`Effect::Swap`]: whether the running client has the credential now.
    Swapped {
        /// It has.
        taken: bool,
    },
    /// The source answered with an UploadAuth.
    Fetched {
        /// Which request.
        fetch: FetchId,
        /// The UploadAuth.
        auth: UploadAuth,
        /// Its end.
        expiry: Expiry,
    },
    /// The source did not answer with an UploadAuth.
    Missed {
        /// Which request.
        fetch: FetchId,
        /// Why.
        error: Error,
    },
    /// The page became visible, was resumed, or came online; or it changed the queue, and the file may be gone from it.
    Wake,
    /// There is a new STS token of the file's scope.
    Renewed,
    /// The user is another one. What runs is given up.
    Reset,
    /// Time may have passed.
    Timeout,
}

/// What must be done, in this order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Look at the SDK and answer with [`Input::Looked`], before any other input about this file.
    Look,
    /// Ask for an UploadAuth; answer with [`Input::Fetched`] or [`Input::Missed`].
    Fetch {
        /// Names the request.
        fetch: FetchId,
        /// Why, for the source.
        reason: Reason,
        /// The file.
        media: Media,
        /// Its VideoId, once there is one: refresh rather than create.
        video_id: Option<String>,
        /// The last ticket that came with that video.
        ticket: Option<String>,
        /// Whether a video that VOD no longer knows may be created anew.
        may_create: bool,
        /// The user waits for it: an STS token for it is asked for at once, whatever failed before
        /// ([`Retry`](crate::lifecycle::Input::Retry)).
        urgent: bool,
    },
    /// Give a request up.
    Abort {
        /// Which.
        fetch: FetchId,
    },
    /// Answer the SDK's first question: `setUploadAuthAndAddress`.
    Start {
        /// The credential and the address.
        auth: UploadAuth,
        /// What the file really is.
        kind: Kind,
        /// The object is not the one of the SDK's checkpoint: forget that first.
        forget: bool,
    },
    /// Let the SDK go on after an expiry: `resumeUploadWithAuth`.
    Resume {
        /// The credential and the address.
        auth: UploadAuth,
        /// What the file really is.
        kind: Kind,
        /// The object is another one: forget the checkpoint and take the address first.
        forget: bool,
    },
    /// Put the credential into the client that is sending the file.
    Swap {
        /// The credential.
        auth: UploadAuth,
    },
    /// Put the file back into the queue, so that the SDK comes to it again.
    Requeue {
        /// Forget the checkpoint first: it cannot be continued.
        forget: bool,
    },
    /// The file failed: tell the page and leave an uploader that `startUpload()` can restart.
    Fail(UploadFailure),
    /// Tell the page, for whoever looks into it, that no successor is asked for ahead.
    NotRenewed {
        /// Why.
        why: &'static str,
    },
    /// Tell listeners.
    Emit(Event),
    /// The SDK uses the newest credential now. For listeners.
    InUse {
        /// How it came there.
        how: Handover,
    },
}

/// How a credential came to the SDK.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Handover {
    /// As the answer to `onUploadstarted`.
    Started,
    /// As the answer to `onUploadTokenExpired`.
    Resumed,
    /// Into the running client.
    Swapped,
}

/// Why a file failed, for `onUploadFailed(info, code, message)`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum UploadFailure {
    /// There is no credential.
    Credential(Error),
    /// OSS refuses one credential after the other, with this code.
    Refused(String),
    /// A credential that cannot be renewed ended, and the file came no further than with the one before.
    Outlived,
    /// The SDK gave up without a word, repeatedly.
    Silent,
    /// The SDK reports neither progress nor an end for longer than its own time-outs allow.
    Stalled,
    /// The SDK did not take the credential.
    NotTaken,
}

impl UploadFailure {
    /// The same; where the time was over because the file's STS token did not come, why that did not: `token`.
    #[must_use]
    pub fn for_want_of(self, token: Option<Error>) -> Self {
        match (self, token) {
            (Self::Credential(Error::Timeout { .. }), Some(error)) => Self::Credential(error),
            (failure, _) => failure,
        }
    }

    /// The stable code. A server's own code is kept, for pages that know it, unless it only says that a server has
    /// trouble of its own: that is `http`.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Refused(code) => code,
            Self::Credential(error) => match (error.kind(), error.answered()) {
                (Error::Http(_), Some(Answered { code: Some(code), .. }))
                    if !is_fault_code(code) =>
                {
                    code
                }
                _ => error.code(),
            },
            Self::Outlived => "upload_too_slow",
            Self::Silent => "upload_lost",
            Self::Stalled => "upload_stalled",
            Self::NotTaken => "invalid_response",
        }
    }

    /// What happened and what helps, without any content of an answer.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::Credential(error) => error.text(),
            Self::Refused(_) => {
                "OSS refused several credentials in a row without a part getting through: the role's policy, or the bucket's, has to let it write"
                    .into()
            }
            Self::Outlived => {
                "the upload takes longer than its UploadAuth is valid, and this one cannot be renewed: send a smaller file, or smaller parts over a better network"
                    .into()
            }
            Self::Silent => {
                "the SDK gave up without an error: the bucket's CORS rule must expose ETag, and the upload must still exist on OSS"
                    .into()
            }
            Self::Stalled => "the SDK stopped reporting; start the upload again".into(),
            Self::NotTaken => {
                "the SDK did not accept the UploadAuth and UploadAddress: they have to be as VOD answered them"
                    .into()
            }
        }
    }
}

/// What becomes of a failure that the SDK reports (`onUploadFailed`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The page is told.
    Pass,
    /// The file goes back into the queue and the page is not told.
    Retry {
        /// Forget the checkpoint first.
        forget: bool,
    },
}
