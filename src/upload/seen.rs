//! What a look at the SDK shows, and what it is given then.

use super::{
    Cx, Effect, FileState, Handover, Kind, Look, Phase, Upload, UploadFailure, UploaderState,
    numbers::LOOK_EVERY,
};
use crate::lifecycle;

impl Upload {
    pub(super) fn looked(&mut self, cx: &mut Cx<'_>, look: Look) {
        let Look { current, file, uploader } = look;
        let waits = |state| current && (uploader == state || uploader == UploaderState::Hidden);
        match self.phase {
            Phase::Off => {}
            Phase::Asked if waits(UploaderState::Start) && file == FileState::Ready => {
                self.hand_over(cx);
            }
            Phase::Expired if waits(UploaderState::Expire) && file == FileState::Failure => {
                self.hand_over(cx);
            }
            Phase::Expired if file == FileState::Failure => self.waits_beside(cx),
            Phase::Running if file == FileState::Uploading => self.running(cx),
            // The page replaced our callback, or the SDK called none: the question is the same.
            Phase::Running
                if file == FileState::Failure && uploader == UploaderState::Expire && current =>
            {
                self.expired(cx, String::from("SecurityTokenExpired"));
            }
            Phase::Running if file == FileState::Failure => self.lost(cx),
            Phase::Running if file == FileState::Success => self.finish(cx),
            Phase::Asked | Phase::Expired | Phase::Running => self.leave(cx),
        }
        self.finished |= file == FileState::Gone;
    }

    /// The SDK still waits: gives it what there is.
    fn hand_over(&mut self, cx: &mut Cx<'_>) {
        match self.answer.take() {
            None => {}
            Some(Err(failure)) => {
                self.leave(cx);
                cx.out.push(Effect::Fail(failure));
            }
            Some(Ok((generation, auth))) => {
                let forget = self.forgets(generation, &auth);
                if forget {
                    self.forgotten();
                }
                let kind = self.media.kind;
                cx.out.push(match self.phase {
                    Phase::Expired => Effect::Resume { auth: auth.clone(), kind, forget },
                    _ => Effect::Start { auth: auth.clone(), kind, forget },
                });
                self.how = if self.phase == Phase::Expired {
                    Handover::Resumed
                } else {
                    Handover::Started
                };
                (self.used, self.offered) = (generation, generation);
                self.writes_to(&auth);
                self.disowned = false;
                self.phase = Phase::Running;
                (self.quiet, self.looked) = (0, cx.time.mono);
            }
        }
    }

    /// The SDK took the credential, or did not.
    pub(super) fn delivered(&mut self, cx: &mut Cx<'_>, taken: bool) {
        if taken {
            cx.out.push(Effect::InUse { how: self.how });
            self.lease(cx, self.not_renewed().is_none());
            let why = self.not_renewed().filter(|_| self.media.kind == Kind::Video);
            if let Some(why) = why.filter(|_| self.how == Handover::Started) {
                cx.out.push(Effect::NotRenewed { why });
            }
        } else {
            // What the SDK cannot use it cannot use at the next start either, which asks for another.
            self.feed(cx, lifecycle::Input::Rejected { generation: self.used });
            self.leave(cx);
            cx.out.push(Effect::Fail(UploadFailure::NotTaken));
        }
    }

    fn running(&mut self, cx: &mut Cx<'_>) {
        let passed =
            cx.time.mono.saturating_sub(core::mem::replace(&mut self.looked, cx.time.mono));
        // A page that slept was not silent for as long as it slept.
        self.quiet = self.quiet.saturating_add(passed.min(2 * LOOK_EVERY));
        if self.quiet > self.stall {
            self.leave(cx);
            cx.out.push(Effect::Fail(UploadFailure::Stalled));
            return;
        }
        let offered = self.offered;
        let Some(newer) = self.slot.peek(cx.time).filter(|held| held.generation > offered) else {
            return;
        };
        let Some(auth) = self.auths.get(newer.value) else { return };
        if self.not_renewed().is_none() && self.is_same_object(auth) {
            self.offered = newer.generation;
            cx.out.push(Effect::Swap { auth: auth.clone() });
        }
    }
}
