//! Where UploadAuths come from: VOD, the AppServer, or the page.

use std::rc::Rc;

use super::{
    patience::Patience,
    request::{Origin, Question},
    view,
    vod::{Granted, Vod, Wanted},
};
use crate::{
    clock::{Time, Virtual},
    error::{Asked, Error},
    reply,
    time::Millis,
    vod::is_unknown_video,
};

/// Where UploadAuths come from.
#[derive(Clone)]
pub(super) enum AuthSource {
    /// VOD itself, in STS mode.
    Vod(Rc<Vod>),
    /// The AppServer, or the page's own function.
    Page(Rc<Origin>),
}

impl AuthSource {
    /// What is asked, as errors name it.
    pub(super) fn asked(&self, direct: bool) -> Asked {
        match self {
            Self::Vod(vod) => vod.asked(direct),
            Self::Page(origin) => origin.asked(),
        }
    }

    /// What is wanted. `waited` is told how long an STS token was waited for.
    pub(super) async fn credential(
        self,
        wanted: Wanted,
        patience: &Patience,
        now: impl Fn() -> Time,
        waited: impl Fn(Millis),
    ) -> Result<Granted, Error> {
        match self {
            Self::Page(origin) => of_page(&origin, wanted, patience, now).await,
            Self::Vod(vod) => vod.credential(&wanted, patience, now, waited).await,
        }
    }
}

impl Granted {
    /// The slot counts a life from when it asked; this one began when the call went out.
    pub(super) fn counted(mut self, from: Virtual) -> Self {
        let later = from.until(self.sent);
        let left = &mut self.reply.expiry.left;
        *left = left.map(|left| left.saturating_add(later));
        self
    }
}

/// Asks the AppServer or the page. A video that VOD no longer knows is created anew, once.
async fn of_page(
    origin: &Origin,
    mut wanted: Wanted,
    patience: &Patience,
    now: impl Fn() -> Time,
) -> Result<Granted, Error> {
    loop {
        let request = view::UploadRequest {
            media: &wanted.media,
            video_id: wanted.video_id.as_deref(),
            ticket: wanted.ticket.as_deref(),
            reason: origin.is_function().then(|| view::reason(wanted.reason)),
        };
        let question =
            Question { wanted: view::write(&request.json()), file: wanted.file, special: true };
        let sent = now().elapsed;
        let answer = origin.ask(&question, patience, reply::read_upload_auth).await;
        let answer = answer.map_err(|failure| failure.error);
        match answer {
            Err(error)
                if is_unknown_video(&error)
                    && wanted.may_create
                    && wanted.video_id.take().is_some() => {}
            answer => {
                let reply = answer?;
                reply.token.answers(wanted.video_id.as_deref())?;
                return Ok(Granted { reply, sent });
            }
        }
    }
}
