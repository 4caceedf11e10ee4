//! What OSS refuses and the SDK loses: when to go on with another credential, and when to end.

use super::{
    Cx, Effect, Kind, Phase, Upload, UploadFailure, Verdict,
    numbers::{LOSSES, REFUSALS, SIGNATURE_REFUSALS},
};
use crate::{
    clock::Time,
    error::{Error, is_dead_token_code},
    lifecycle::{self, Zone},
};

impl Upload {
    /// Decides about a failure that the SDK reports for this file, before the page is told.
    pub fn failed(&mut self, cx: &mut Cx<'_>, code: &str) -> Verdict {
        let verdict =
            if self.phase == Phase::Running { self.verdict(cx, code) } else { Verdict::Pass };
        if verdict == (Verdict::Retry { forget: true }) {
            self.forgotten();
        }
        self.leave(cx);
        verdict
    }

    fn verdict(&mut self, cx: &mut Cx<'_>, code: &str) -> Verdict {
        if is_dead_token_code(code) && self.refusals < REFUSALS && !self.outlived() {
            self.refusals += 1;
            self.feed(cx, lifecycle::Input::Rejected { generation: self.used });
            return Verdict::Retry { forget: self.media.kind == Kind::Image };
        }
        if code == "RequestError" && self.refusals < REFUSALS && self.may_be_refusal(cx.time) {
            self.refusals += 1;
            return Verdict::Retry { forget: false };
        }
        // The parts so far are gone; 1.5.6 of the SDK has a word of its own for it.
        if matches!(code, "NoSuchUpload" | "OSSAbort") && self.losses < LOSSES {
            self.losses += 1;
            return Verdict::Retry { forget: true };
        }
        Verdict::Pass
    }

    /// OSS refused the credential and the SDK waits for another.
    pub(super) fn expired(&mut self, cx: &mut Cx<'_>, code: String) {
        self.refusals = self.refusals.saturating_add(1);
        let most =
            if code.starts_with("SignatureDoesNotMatch") { SIGNATURE_REFUSALS } else { REFUSALS };
        let end = if self.refusals > most {
            Some(UploadFailure::Refused(code))
        } else if self.creates_only {
            Some(UploadFailure::Credential(Error::OtherVideo))
        } else {
            self.outlived().then_some(UploadFailure::Outlived)
        };
        if let Some(failure) = end {
            self.phase = Phase::Expired;
            self.answer = Some(Err(failure));
            cx.out.push(Effect::Look);
            return;
        }
        self.feed(cx, lifecycle::Input::Rejected { generation: self.used });
        self.ask(cx, Phase::Expired, 0);
    }

    /// Whether a credential that cannot be renewed ended, and the file came no further than with the one before.
    ///
    /// Each is for another object, so each begins with the first part. One that stored nothing is a refusal.
    fn outlived(&mut self) -> bool {
        if self.not_renewed().is_none() || self.done == 0 {
            return false;
        }
        let further = self.done > self.furthest;
        self.furthest = self.furthest.max(self.done);
        !further
    }

    /// The SDK gave the file up and told nobody.
    pub(super) fn lost(&mut self, cx: &mut Cx<'_>) {
        self.leave(cx);
        if self.losses < LOSSES {
            self.losses += 1;
            self.forgotten();
            cx.out.push(Effect::Requeue { forget: true });
        } else {
            cx.out.push(Effect::Fail(UploadFailure::Silent));
        }
    }

    /// The SDK runs several files and waits with another one: this one goes back into the queue as soon as there
    /// is a credential for it.
    pub(super) fn waits_beside(&mut self, cx: &mut Cx<'_>) {
        match self.answer.take() {
            None => {}
            Some(Err(failure)) => {
                self.leave(cx);
                cx.out.push(Effect::Fail(failure));
            }
            Some(Ok(_)) => {
                self.leave(cx);
                cx.out.push(Effect::Requeue { forget: false });
            }
        }
    }

    /// Whether a failure without an answer may be a refusal that the browser hides, for want of CORS headers.
    fn may_be_refusal(&self, time: &Time) -> bool {
        self.slot.token().is_some_and(|token| {
            token.generation != self.used
                || !matches!(token.zone(time), Zone::Valid | Zone::Advisory)
        })
    }
}
