//! One file, the SDK as far as it matters, and a clock that the test moves.

use upload_token::{
    clock::{Time, Virtual},
    context::Context,
    error::Error,
    lifecycle::{Event, FetchId},
    policy::{Budget, Policy},
    secret::Secret,
    time::{Millis, UnixMillis},
    token::{Expiry, StsToken, UploadAddress, UploadAuth},
    upload::{
        Effect, FileState, Handover, Input, Look, Upload, UploadFailure, UploaderState, Verdict,
        slot_policy,
    },
    vod::{Kind, Media},
};

/// Life of the UploadAuths here.
pub(crate) const LIFE: Millis = 3_000_000;
/// How long the SDK waits for a credential.
pub(crate) const WAIT: Millis = 30_000;
/// Silence that counts as a stall.
pub(crate) const STALL: Millis = 270_000;

/// What happened, in words short enough for a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Did {
    Create,
    Refresh(String),
    Abort,
    Start { auth: u32, forget: bool },
    Resume { auth: u32, forget: bool },
    Swap { auth: u32 },
    Requeue { forget: bool },
    Fail(UploadFailure),
}

pub(crate) struct Sim {
    policy: Policy,
    budget: Budget,
    pub(crate) now: u64,
    pub(crate) draw: u32,
    pub(crate) upload: Upload,
    pub(crate) media: Media,
    pub(crate) sdk: Look,
    pub(crate) swappable: bool,
    /// Whether the SDK takes what it is given.
    pub(crate) takes: bool,
    /// Whether a running upload reports the progress it has made, as time passes.
    pub(crate) alive: bool,
    progress: u32,
    pub(crate) done: Vec<Did>,
    /// How the SDK came by its credentials, as listeners are told.
    pub(crate) how: Vec<Handover>,
    pub(crate) events: Vec<Event>,
    /// Why no successor is asked for ahead, as the page is told.
    pub(crate) not_renewed: Vec<&'static str>,
    /// Requests that were asked for and not answered.
    pub(crate) open: Vec<(FetchId, Option<String>)>,
    issued: u32,
    /// For each request, the ticket that it carries.
    pub(crate) tickets: Vec<Option<String>>,
    /// The ticket that answers carry, and the one that was kept over a reload.
    pub(crate) ticket: Option<&'static str>,
    pub(crate) saved_ticket: Option<&'static str>,
    /// For each request, whether a video that VOD no longer knows may be created anew.
    pub(crate) may_create: Vec<bool>,
    /// Whether answers name the video that they were asked for.
    pub(crate) repeats: bool,
    /// Whether answers name a video, and the address that they carry.
    pub(crate) named: bool,
    pub(crate) address: &'static str,
    /// What the address says, and the id of attached media.
    pub(crate) object: Option<UploadAddress>,
    pub(crate) media_id: Option<String>,
    /// Key of the object that a saved checkpoint is of.
    pub(crate) saved: Option<String>,
    /// Where the page itself wants the file, in direct mode.
    pub(crate) place: Option<UploadAddress>,
    /// How long the SDK has waited for other things when it comes to the file.
    pub(crate) waited: Millis,
    /// Whether the last request was urgent.
    pub(crate) urgent: bool,
}

impl Sim {
    pub(crate) fn new(kind: Kind) -> Self {
        let policy = slot_policy(&Policy::default(), WAIT);
        let media = Media { kind, file_name: "a.mp4".to_owned(), fields: Vec::new() };
        Self {
            budget: Budget::new(&policy, 0),
            policy,
            now: 0,
            draw: 500,
            upload: Upload::new(media.clone(), STALL),
            media,
            sdk: Look { current: false, file: FileState::Ready, uploader: UploaderState::Init },
            swappable: true,
            takes: true,
            alive: true,
            progress: 0,
            done: Vec::new(),
            how: Vec::new(),
            events: Vec::new(),
            not_renewed: Vec::new(),
            open: Vec::new(),
            issued: 0,
            tickets: Vec::new(),
            ticket: None,
            saved_ticket: None,
            may_create: Vec::new(),
            repeats: true,
            named: true,
            address: "YWRkcmVzcw==",
            object: None,
            media_id: None,
            saved: None,
            place: None,
            waited: 0,
            urgent: false,
        }
    }

    /// The SDK began again with the first part.
    pub(crate) const fn restarted(&mut self) {
        self.progress = 0;
    }

    /// What was done since the last time.
    pub(crate) fn done(&mut self) -> Vec<Did> {
        core::mem::take(&mut self.done)
    }

    fn with<R>(&mut self, act: impl FnOnce(&mut Upload, &mut Context<'_, Effect>) -> R) -> R {
        let time = self.time();
        let mut out = Vec::new();
        let (policy, budget) = (&self.policy, &mut self.budget);
        let mut cx = Context { policy, budget, time: &time, out: &mut out };
        let result = act(&mut self.upload, &mut cx);
        for effect in out {
            self.run(effect);
        }
        result
    }

    fn time(&self) -> Time {
        let wall = UnixMillis(i64::try_from(self.now).unwrap());
        Time {
            elapsed: Virtual(self.now),
            mono: self.now,
            wall,
            server: None,
            jumps: 0,
            draw: self.draw,
        }
    }

    pub(crate) fn feed(&mut self, input: Input) {
        self.with(|upload, cx| upload.step(cx, input));
    }

    /// One more part is stored.
    pub(crate) fn progress(&mut self) {
        self.progress += 1;
        self.feed(Input::Progressed { done: self.progress });
    }

    pub(crate) fn failed(&mut self, code: &str) -> Verdict {
        self.sdk.file = FileState::Failure;
        self.sdk.uploader = UploaderState::Failure;
        self.with(|upload, cx| upload.failed(cx, code))
    }

    fn run(&mut self, effect: Effect) {
        match effect {
            Effect::Look => self.feed(Input::Looked(self.sdk)),
            Effect::Fetch { fetch, video_id, ticket, may_create, urgent, .. } => {
                self.tickets.push(ticket);
                self.urgent = urgent;
                self.may_create.push(may_create);
                self.done.push(video_id.clone().map_or(Did::Create, Did::Refresh));
                self.open.push((fetch, video_id));
            }
            Effect::Abort { fetch } => {
                self.open.retain(|(open, _)| *open != fetch);
                self.done.push(Did::Abort);
            }
            Effect::Start { auth, forget, .. } => {
                self.done.push(Did::Start { auth: number(&auth), forget });
                self.sdk.file = FileState::Uploading;
                self.feed(Input::Delivered { taken: self.takes });
            }
            Effect::Resume { auth, forget, .. } => {
                self.done.push(Did::Resume { auth: number(&auth), forget });
                self.sdk.file = FileState::Uploading;
                self.sdk.uploader = UploaderState::Start;
                self.feed(Input::Delivered { taken: true });
            }
            Effect::Swap { auth } => {
                self.done.push(Did::Swap { auth: number(&auth) });
                self.feed(Input::Swapped { taken: self.swappable });
            }
            Effect::Requeue { forget } => {
                self.done.push(Did::Requeue { forget });
                self.sdk.file = FileState::Ready;
            }
            Effect::Fail(failure) => {
                self.done.push(Did::Fail(failure));
                self.sdk.file = FileState::Failure;
                self.sdk.uploader = UploaderState::Failure;
            }
            Effect::NotRenewed { why } => self.not_renewed.push(why),
            Effect::InUse { how } => self.how.push(how),
            Effect::Emit(event) => self.events.push(event),
        }
    }

    /// The SDK comes to the file.
    pub(crate) fn start(&mut self) {
        self.start_with(None);
    }

    /// The same after a reload: the SDK has a checkpoint of this video.
    pub(crate) fn start_with(&mut self, video_id: Option<&str>) {
        self.sdk = Look { current: true, file: FileState::Ready, uploader: UploaderState::Start };
        let video_id = video_id.map(str::to_owned);
        self.feed(Input::Started {
            media: self.media.clone(),
            checkpoint: video_id.is_some(),
            object: self.saved.clone(),
            video_id,
            ticket: self.saved_ticket.map(str::to_owned),
            place: self.place.clone(),
            waited: self.waited,
        });
    }

    /// The user stops the upload.
    pub(crate) fn stop(&mut self) {
        self.sdk.file = FileState::Stoped;
        self.sdk.uploader = UploaderState::Stop;
    }

    /// OSS refuses the credential in a way that the SDK takes for an expiry.
    pub(crate) fn expire(&mut self, code: &str) {
        self.sdk.file = FileState::Failure;
        self.sdk.uploader = UploaderState::Expire;
        self.feed(Input::Expired { code: code.to_owned() });
    }

    /// The source answers the oldest request: with a credential for `video_id`, or for what was asked.
    pub(crate) fn grant_as(&mut self, video_id: Option<&str>) {
        self.issued += 1;
        self.answer(video_id, LIFE);
    }

    /// The source answers the oldest request with the credential that it gave last, of which `left` is left.
    pub(crate) fn repeat(&mut self, left: Millis) {
        self.answer(None, left);
    }

    fn answer(&mut self, video_id: Option<&str>, left: Millis) {
        let (fetch, asked) = self.open.remove(0);
        let video = self.named && self.media.kind == Kind::Video;
        let created = || if video { Some("video".to_owned()) } else { None };
        let auth = UploadAuth {
            token: StsToken::new(&format!("STS.{}", self.issued), "s", "t").unwrap(),
            upload_auth: Secret::new("YXV0aA==".to_owned()),
            upload_address: self.address.to_owned(),
            address: self.object.clone(),
            media_id: self.media_id.clone(),
            video_id: video_id
                .map(str::to_owned)
                .or_else(|| asked.filter(|_| self.repeats))
                .or_else(created),
            image_id: None,
            ticket: self.ticket.map(str::to_owned),
        };
        let expiry = Expiry { left: Some(left), ..Expiry::default() };
        self.feed(Input::Fetched { fetch, auth, expiry });
    }

    pub(crate) fn grant(&mut self) {
        self.grant_as(None);
    }

    pub(crate) fn miss(&mut self, error: Error) {
        let (fetch, _) = self.open.remove(0);
        self.feed(Input::Missed { fetch, error });
    }

    pub(crate) fn deadline(&self) -> Option<u64> {
        self.upload.next_timeout(&self.policy, &self.budget, &self.time())
    }

    /// Lets time pass, with every timer on its way, until `stop` or for `span`.
    pub(crate) fn pass_until(&mut self, span: Millis, stop: impl Fn(&Self) -> bool) {
        let end = self.now + span;
        while self.now < end && !stop(self) {
            let next = self.deadline().map_or(end, |at| at.max(self.now + 1).min(end));
            self.now = next;
            if self.alive && self.sdk.file == FileState::Uploading {
                self.feed(Input::Progressed { done: self.progress });
            }
            self.feed(Input::Timeout);
        }
    }

    pub(crate) fn pass(&mut self, span: Millis) {
        self.pass_until(span, |_| false);
    }

    /// A file that is being sent with credential 1.
    pub(crate) fn running(kind: Kind) -> Self {
        let mut sim = Self::new(kind);
        sim.start();
        sim.grant();
        assert_eq!(sim.done(), [Did::Create, Did::Start { auth: 1, forget: false }]);
        sim
    }
}

fn number(auth: &UploadAuth) -> u32 {
    auth.token.access_key_id.trim_start_matches("STS.").parse().unwrap()
}
