//! The files of the vendor's uploader, and what their machines want done.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use wasm_bindgen::prelude::*;

use super::{
    driver::{Driver, Id, Shell},
    host::UploadHost,
    options::UploadFile,
    tokens::UsesTokens,
    upload_auths::AuthSource,
    view,
    vod::{Granted, Wanted},
};
use crate::{
    clock::Time,
    context::Context,
    error::Error,
    json::Json,
    lifecycle::{Event, FetchId},
    time::Millis,
    upload::{
        Effect, FileId, FileState, Handover, Input, Look, Upload, UploadFailure, UploaderState,
        Verdict,
    },
    vod::{Kind, Media},
};

/// The files of one uploader.
pub(super) struct Uploads {
    source: AuthSource,
    host: UploadHost,
    /// Longest silence of a running upload.
    stall: Millis,
    files: RefCell<Vec<File>>,
    /// Whether the host was asked to stay.
    busy: Cell<bool>,
}

struct File {
    id: FileId,
    upload: Upload,
    /// Of its STS token.
    scope: String,
    /// What the last answer said beside its UploadAuth.
    rest: Json,
    /// When the SDK came to it, and how much of its wait since was for the STS token.
    asked: u64,
    waited_for_token: Millis,
}

impl Uploads {
    pub(super) fn new(source: AuthSource, host: UploadHost, stall: Millis) -> Self {
        Self { source, host, stall, files: RefCell::default(), busy: Cell::new(false) }
    }

    fn with<R>(&self, id: FileId, act: impl FnOnce(&mut File) -> R) -> Option<R> {
        self.files.borrow_mut().iter_mut().find(|file| file.id == id).map(act)
    }

    fn look(&self, file: FileId) -> Look {
        let seen = self.host.look(file);
        let word = |state: Option<String>| state.unwrap_or_default();
        Look {
            current: seen.as_ref().is_some_and(|seen| seen.current()),
            file: FileState::read(&word(seen.as_ref().map(|seen| seen.file()))),
            uploader: UploaderState::read(&word(seen.as_ref().map(|seen| seen.uploader()))),
        }
    }

    /// Answers the SDK; whether it took the credential.
    fn deliver(&self, id: FileId, delivery: view::Delivery<'_>) -> bool {
        let delivery = self.with(id, |file| view::write(&delivery.and_reply(&file.rest)));
        let delivered = delivery.and_then(|delivery| self.host.deliver(&delivery));
        let Some(delivered) = delivered else { return false };
        let taken = delivered.taken();
        if let (true, AuthSource::Vod(vod), Some(scope)) = (taken, &self.source, delivered.next()) {
            vod.tokens.prefetch(&scope);
        }
        taken
    }

    fn fail(&self, id: FileId, failure: UploadFailure) {
        let failure = match failure.for_want_of(self.token_error(id)) {
            UploadFailure::Credential(error) => UploadFailure::Credential(self.told(id, error)),
            failure => failure,
        };
        self.host.fail(id, &view::write(&view::Failure::of_file(&failure)));
    }

    /// As it is told: the machine does not know what is asked.
    fn told(&self, id: FileId, error: Error) -> Error {
        let direct = self.with(id, |file| file.upload.is_direct()).unwrap_or_default();
        error.asking(self.source.asked(direct))
    }

    /// Why the STS token of a file does not come, if it does not.
    fn token_error(&self, id: FileId) -> Option<Error> {
        let AuthSource::Vod(vod) = &self.source else { return None };
        let scope = self.with(id, |file| file.scope.clone())?;
        vod.tokens.why_none(&scope)
    }

    fn emit(&self, id: FileId, event: &Event, time: &Time) {
        match event {
            Event::Token { .. } => self.tell_status(id, "token", time),
            Event::Expired { .. } => self.tell_status(id, "expired", time),
            Event::Rejected { .. } => self.tell_status(id, "rejected", time),
            Event::RefreshFailed { error, fails, retry_in, usable } => {
                let error = self.told(id, error.clone());
                let failure = view::Failure::new(&error, JsValue::UNDEFINED);
                let detail = view::RefreshFailed::new(None, failure, *fails, *retry_in, *usable);
                self.host.event(id, "refreshFailed", &view::write(&detail));
            }
            Event::State { .. } | Event::AssumedLife | Event::LocalExpiration => {}
        }
    }

    fn tell_status(&self, id: FileId, name: &str, time: &Time) {
        let detail = self.with(id, |file| {
            let status = file.status(time);
            view::write(&match name {
                "started" => {
                    let waited = time.mono.saturating_sub(file.asked);
                    status.and_waits(waited, file.waited_for_token)
                }
                _ => status,
            })
        });
        if let Some(detail) = detail {
            self.host.event(id, name, &detail);
        }
    }
}

impl File {
    fn status(&self, time: &Time) -> view::Status<'_> {
        let id = self.upload.auth().map(|auth| &*auth.token.access_key_id);
        view::Status::new(self.upload.slot(), time, id)
    }
}

impl Shell for Uploads {
    type Input = Input;
    type Effect = Effect;
    type Outcome = Result<Granted, Error>;

    const TIMEOUT: Input = Input::Timeout;
    const WAKE: Input = Input::Wake;

    fn ids(&self) -> Vec<Id> {
        self.files.borrow().iter().map(|file| file.id).collect()
    }

    fn step(&self, id: Id, input: Input, cx: &mut Context<'_, Effect>) {
        self.with(id, |file| file.upload.step(cx, input));
    }

    fn next_timeout(&self, cx: &Context<'_, Effect>) -> Option<u64> {
        let files = self.files.borrow();
        let next = |file: &File| file.upload.next_timeout(cx.policy, cx.budget, cx.time);
        files.iter().filter_map(next).min()
    }

    fn run(driver: &Rc<Driver<Self>>, id: Id, effect: Effect, time: &Time) {
        let uploads = driver.shell();
        match effect {
            Effect::Look => driver.answer(id, Input::Looked(uploads.look(id))),
            Effect::Fetch { fetch, reason, media, video_id, ticket, may_create, urgent } => {
                let of_file = |file: &mut File| {
                    let held = file.upload.auth().map(|auth| auth.token.access_key_id.clone());
                    (file.scope.clone(), file.upload.is_direct(), held)
                };
                let (scope, direct, held) = uploads.with(id, of_file).unwrap_or_default();
                if let (true, AuthSource::Vod(vod)) = (urgent, &uploads.source) {
                    vod.tokens.retry(&scope);
                }
                let wanted = Wanted {
                    file: id,
                    scope,
                    reason,
                    media,
                    video_id,
                    ticket,
                    may_create,
                    direct,
                    held,
                };
                driver.fetch(fetch, wanted);
            }
            Effect::Abort { fetch } => driver.abort(id, fetch),
            Effect::Start { auth, kind, forget } => {
                driver.deliver(id, view::Delivery::new(id, "start", &auth, kind, forget));
            }
            Effect::Resume { auth, kind, forget } => {
                driver.deliver(id, view::Delivery::new(id, "resume", &auth, kind, forget));
            }
            Effect::Swap { auth } => {
                let credential = view::write(&view::ClientCredential::new(&auth));
                let taken = uploads.host.swap(id, &credential);
                driver.answer(id, Input::Swapped { taken });
            }
            Effect::Requeue { forget } => uploads.host.requeue(id, forget),
            Effect::Fail(failure) => uploads.fail(id, failure),
            Effect::NotRenewed { why } => {
                uploads.host.event(
                    id,
                    "diagnostic",
                    &view::write(&view::Diagnostic { message: why }),
                );
            }
            Effect::Emit(event) => uploads.emit(id, &event, time),
            Effect::InUse { how } => {
                let how = match how {
                    Handover::Started => "started",
                    Handover::Resumed => "resumed",
                    Handover::Swapped => "swapped",
                };
                uploads.tell_status(id, how, time);
            }
        }
    }

    fn answered(driver: &Rc<Driver<Self>>, id: Id, fetch: FetchId, answer: Self::Outcome) {
        let input = match answer {
            Ok(Granted { reply, sent }) => {
                if let Some(server) = reply.server_time {
                    driver.observe(server, sent);
                }
                driver.shell().with(id, |file| file.rest = reply.rest);
                Input::Fetched { fetch, auth: reply.token, expiry: reply.expiry }
            }
            Err(error) => Input::Missed { fetch, error },
        };
        driver.send(id, input);
    }

    fn rest(&self, _: &Time) {
        let busy = {
            let mut files = self.files.borrow_mut();
            files.retain(|file| !file.upload.finished());
            files.iter().any(|file| file.upload.busy())
        };
        // Nobody else may know the uploader while the SDK is at a file.
        if self.busy.replace(busy) != busy {
            self.host.hold(busy);
        }
    }
}

impl UsesTokens for Driver<Uploads> {
    fn renewed(self: Rc<Self>, scope: &str) {
        self.send_scope(Some(scope), &Input::Renewed);
    }
}

impl Driver<Uploads> {
    /// The SDK came to a file and waits.
    pub(super) fn started(self: &Rc<Self>, id: FileId, details: &UploadFile) {
        let file_name = details.name();
        let kind = Kind::of(&file_name, &details.mime(), details.is_image());
        let uploads = self.shell();
        let fields = match (&uploads.source, kind) {
            (AuthSource::Page(_), Kind::Video) => details.texts_and_size(),
            _ => details.texts(),
        };
        let media = Media { kind, file_name, fields };
        let (scope, waited) = (details.scope(), details.waited_so_far());
        let asked = self.time().mono.saturating_sub(waited);
        let known = uploads.with(id, |file| {
            file.scope.clone_from(&scope);
            (file.asked, file.waited_for_token) = (asked, 0);
        });
        if known.is_none() {
            let upload = Upload::new(media.clone(), uploads.stall);
            let rest = Json::Null;
            let file = File { id, upload, scope, rest, asked, waited_for_token: 0 };
            uploads.files.borrow_mut().push(file);
        }
        let (video_id, checkpoint) = (details.known_video(), details.checkpoint());
        let (ticket, object, place) = (details.ticket(), details.object(), details.wanted_at());
        self.send(
            id,
            Input::Started { media, video_id, ticket, checkpoint, object, place, waited },
        );
    }

    /// Tells the files of this scope, or all of them.
    pub(super) fn send_scope(self: &Rc<Self>, scope: Option<&str>, input: &Input) {
        let ids: Vec<_> = {
            let files = self.shell().files.borrow();
            let of_scope = |file: &&File| scope.is_none_or(|scope| file.scope == scope);
            files.iter().filter(of_scope).map(|file| file.id).collect()
        };
        for id in ids {
            self.send(id, input.clone());
        }
    }

    /// Decides about a failure at once, because the SDK waits for the answer.
    pub(super) fn failed(self: &Rc<Self>, id: FileId, code: &str) -> Verdict {
        let mut verdict = Verdict::Pass;
        self.decide(id, &mut |uploads, cx| {
            verdict = uploads.with(id, |file| file.upload.failed(cx, code)).unwrap_or(verdict);
        });
        verdict
    }

    fn deliver(self: &Rc<Self>, id: FileId, delivery: view::Delivery<'_>) {
        let taken = self.shell().deliver(id, delivery);
        self.answer(id, Input::Delivered { taken });
    }

    fn fetch(self: &Rc<Self>, fetch: FetchId, wanted: Wanted) {
        let (from, source) = (self.time(), self.shell().source.clone());
        let (now, waited) = (Rc::downgrade(self), Rc::downgrade(self));
        let now = move || now.upgrade().map_or(from, |driver| driver.time());
        let file = wanted.file;
        self.ask(file, fetch, move |patience| async move {
            let waited = move |span| {
                if let Some(driver) = waited.upgrade() {
                    driver.shell().with(file, |file| file.waited_for_token += span);
                }
            };
            let granted = source.credential(wanted, &patience, now, waited).await;
            granted.map(|granted| granted.counted(from.elapsed))
        });
    }
}
