//! Runs the machines of an uploader's files to completion and carries out their effects.

use alloc::{
    rc::{Rc, Weak},
    vec::Vec,
};
use core::cell::{Cell, RefCell};

use wasm_bindgen::prelude::*;

use super::{
    super::{
        convert::{self, get, text},
        platform::{Answer, Failure, Heard, Platform},
        shared::{Inbox, Shared},
    },
    host::UploadHost,
    source::{AuthSource, Trip, Wanted},
};
use crate::{
    clock::Virtual,
    context::Context,
    error::Error,
    lifecycle::{Event, FetchId},
    policy::Policy,
    reply::Reply,
    time::Millis,
    token::UploadAuth,
    upload::{Delivery, Effect, FileId, FileState, Input, Look, Upload, UploaderState, Verdict},
    vod::{Kind, Media},
};

/// Owns the machines of one uploader's files.
///
/// **Invariant:** no `RefCell` here is borrowed while JavaScript runs. What JavaScript reports from
/// inside a call is queued, and the outer call finishes the work; only [`Effect::Look`] and the
/// outcome of a delivery are answered on the spot, so that nothing happens between a look at the SDK
/// and what is decided by it.
pub(super) struct UploadDriver {
    policy: Policy,
    stall: Millis,
    source: AuthSource,
    host: UploadHost,
    machines: RefCell<Machines>,
    inbox: Inbox<Input>,
    /// Whether the host was asked to stay.
    busy: Cell<bool>,
    /// Requests for UploadAuths that are out.
    trips: RefCell<Vec<Trip>>,
    platform: Platform,
}

struct Machines {
    shared: Shared,
    files: Vec<(FileId, Upload)>,
}

impl UploadDriver {
    pub(super) fn new(
        policy: Policy,
        stall: Millis,
        source: AuthSource,
        host: UploadHost,
        seed: f64,
    ) -> Rc<Self> {
        let machines = Machines { shared: Shared::new(&policy, seed), files: Vec::new() };
        Rc::new_cyclic(|weak: &Weak<Self>| {
            // Weak: an answer that never comes must not keep a dropped uploader's machines alive.
            let weak = weak.clone();
            let platform = Platform::new(move |heard| {
                if let Some(driver) = weak.upgrade() {
                    driver.heard(heard);
                }
            });
            Self {
                policy,
                stall,
                source,
                host,
                machines: RefCell::new(machines),
                inbox: Inbox::default(),
                busy: Cell::new(false),
                trips: RefCell::default(),
                platform,
            }
        })
    }

    fn heard(self: &Rc<Self>, heard: Heard) {
        match heard {
            Heard::Timeout => self.all(&Input::Timeout),
            Heard::Wake => self.all(&Input::Wake),
            Heard::Ended(file, fetch, outcome) => self.came(file, fetch, outcome),
        }
    }

    /// Feeds what the SDK reported about `file`, then everything that comes of it.
    pub(super) fn report(self: &Rc<Self>, file: FileId, input: Input) {
        if let Input::Started { media, .. } = &input {
            self.open(file, media);
        }
        self.inbox.put(file, input);
        self.drain();
    }

    /// Feeds `input` to all files.
    pub(super) fn all(self: &Rc<Self>, input: &Input) {
        for (file, _) in &self.machines.borrow().files {
            self.inbox.put(*file, input.clone());
        }
        self.drain();
    }

    /// Decides about a failure at once, because the SDK waits for the answer.
    pub(super) fn failed(self: &Rc<Self>, file: FileId, code: &str) -> Verdict {
        let mut verdict = Verdict::Pass;
        self.feed(file, |upload, cx| verdict = upload.failed(cx, code));
        self.hold();
        self.arm();
        verdict
    }

    pub(super) fn files(&self) -> usize {
        self.machines.borrow().files.len()
    }

    pub(super) fn status(&self, file: FileId) -> JsValue {
        let machines = &mut *self.machines.borrow_mut();
        let time = machines.shared.look(&self.policy);
        let found = machines.files.iter().find(|(id, _)| *id == file);
        found.map_or(JsValue::UNDEFINED, |(_, upload)| {
            let id = upload.auth().map(|auth| &*auth.token.access_key_id);
            convert::slot(upload.slot(), &time, id).into()
        })
    }

    fn open(&self, file: FileId, media: &Media) {
        let files = &mut self.machines.borrow_mut().files;
        if !files.iter().any(|(id, _)| *id == file) {
            files.push((file, Upload::new(media.clone(), self.stall)));
        }
    }

    fn drain(self: &Rc<Self>) {
        if !self.inbox.begin() {
            return;
        }
        while let Some((file, input)) = self.inbox.next() {
            self.step(file, input);
        }
        self.machines.borrow_mut().files.retain(|(_, upload)| !upload.finished());
        self.hold();
        self.arm();
    }

    fn step(self: &Rc<Self>, file: FileId, input: Input) {
        let mut input = Some(input);
        self.feed(file, |upload, cx| {
            if let Some(input) = input.take() {
                upload.step(cx, input);
            }
        });
    }

    fn feed(
        self: &Rc<Self>,
        file: FileId,
        mut act: impl FnMut(&mut Upload, &mut Context<'_, Effect>),
    ) {
        let effects = self.effects(file, &mut act);
        for effect in effects {
            self.run(file, effect);
        }
    }

    fn effects(
        &self,
        file: FileId,
        act: &mut dyn FnMut(&mut Upload, &mut Context<'_, Effect>),
    ) -> Vec<Effect> {
        let mut out = Vec::new();
        let machines = &mut *self.machines.borrow_mut();
        let time = machines.shared.look(&self.policy);
        if let Some((_, upload)) = machines.files.iter_mut().find(|(id, _)| *id == file) {
            let (policy, budget) = (&self.policy, &mut machines.shared.budget);
            act(upload, &mut Context { policy, budget, time: &time, out: &mut out });
        }
        out
    }

    fn run(self: &Rc<Self>, file: FileId, effect: Effect) {
        match effect {
            Effect::Look => self.step(file, Input::Looked(self.look(file))),
            Effect::Fetch { fetch, reason, media, video_id, may_create } => {
                self.fetch(Wanted { file, fetch, reason, media, video_id, may_create });
            }
            Effect::Abort { fetch } => {
                drop(self.trip(file, fetch));
                self.platform.abort(file, fetch);
            }
            Effect::Start { auth, kind, forget } => {
                self.deliver(file, false, &auth, (kind, forget));
            }
            Effect::Resume { auth, kind, forget } => {
                self.deliver(file, true, &auth, (kind, forget));
            }
            Effect::Swap { auth } => {
                let token = &auth.token;
                let (secret, security) =
                    (token.access_key_secret.expose(), token.security_token.expose());
                let taken = self.host.swap(file, &token.access_key_id, secret, security);
                self.step(file, Input::Swapped { taken });
            }
            Effect::Requeue { forget } => self.host.requeue(file, forget),
            Effect::Fail(failure) => self.host.fail(file, failure.code(), &failure.message()),
            Effect::Emit(event) => self.emit(file, &event),
            Effect::InUse { how } => {
                let how = match how {
                    Delivery::Started => "started",
                    Delivery::Resumed => "resumed",
                    Delivery::Swapped => "swapped",
                };
                self.tell(file, how, &self.status(file));
            }
        }
    }

    fn deliver(
        self: &Rc<Self>,
        file: FileId,
        resumed: bool,
        auth: &UploadAuth,
        (kind, forget): (Kind, bool),
    ) {
        let taken = self.host.deliver(
            file,
            resumed,
            auth.upload_auth.expose(),
            &auth.upload_address,
            auth.video_id.as_deref(),
            auth.image_id.as_deref(),
            kind == Kind::Image,
            forget,
        );
        self.step(file, Input::Delivered { taken });
    }

    fn look(&self, file: FileId) -> Look {
        let seen = self.host.look(file);
        let word = |name| text(&get(&seen, name)).unwrap_or_default();
        Look {
            current: get(&seen, "current").is_truthy(),
            file: FileState::read(&word("file")),
            uploader: UploaderState::read(&word("uploader")),
        }
    }

    fn elapsed(&self) -> Virtual {
        self.machines.borrow_mut().shared.look(&self.policy).elapsed
    }

    fn fetch(self: &Rc<Self>, wanted: Wanted) {
        self.go(Trip::new(wanted, self.elapsed()));
    }

    /// The trip for this request, which is over or goes on.
    fn trip(&self, file: FileId, fetch: FetchId) -> Option<Trip> {
        let mut trips = self.trips.borrow_mut();
        let at = trips.iter().position(|trip| trip.is(file, fetch))?;
        Some(trips.swap_remove(at))
    }

    /// Makes the next call of a trip.
    fn go(self: &Rc<Self>, mut trip: Trip) {
        let now = self.elapsed();
        match trip.question(&self.source, &self.host, now) {
            Ok(question) => {
                self.platform.ask(trip.wanted.file, trip.wanted.fetch, question);
                self.trips.borrow_mut().push(trip);
            }
            Err(error) => self.landed(&trip, Err(error)),
        }
    }

    fn came(self: &Rc<Self>, file: FileId, fetch: FetchId, outcome: Result<Answer, Failure>) {
        let Some(mut trip) = self.trip(file, fetch) else { return };
        match trip.came(&self.source, &self.host, outcome) {
            Ok(None) => self.go(trip),
            Ok(Some(reply)) => self.landed(&trip, Ok(reply)),
            Err(error) => self.landed(&trip, Err(error)),
        }
    }

    fn landed(self: &Rc<Self>, trip: &Trip, answer: Result<Reply<UploadAuth>, Error>) {
        let fetch = trip.wanted.fetch;
        let input = match answer {
            Ok(mut reply) => {
                if let Some(server) = reply.server_time {
                    let clock = &mut self.machines.borrow_mut().shared.clock;
                    clock.observe(server.at, server.granularity, trip.from + trip.later);
                }
                reply.expiry.left = reply.expiry.left.map(|left| left.saturating_add(trip.later));
                Input::Fetched { fetch, auth: reply.token, expiry: reply.expiry }
            }
            Err(error) => Input::Missed { fetch, error },
        };
        self.report(trip.wanted.file, input);
    }

    fn emit(&self, file: FileId, event: &Event) {
        match event {
            Event::Token { .. } => self.tell(file, "token", &self.status(file)),
            Event::Expired { .. } => self.tell(file, "expired", &self.status(file)),
            Event::Rejected { .. } => self.tell(file, "rejected", &self.status(file)),
            Event::RefreshFailed { error, fails, retry_in, usable } => {
                let rest = (*fails, *retry_in, *usable);
                let record = convert::refresh_failed(error, &JsValue::UNDEFINED, rest);
                self.tell(file, "refreshFailed", &record.into());
            }
            Event::State { .. } | Event::AssumedLife => {}
        }
    }

    fn tell(&self, file: FileId, name: &str, detail: &JsValue) {
        self.host.event(file, name, detail);
    }

    /// Has the host stay while the SDK is at a file: nobody else may know the uploader then.
    fn hold(&self) {
        let busy = self.machines.borrow().files.iter().any(|(_, upload)| upload.busy());
        if self.busy.replace(busy) != busy {
            self.host.hold(busy);
        }
    }

    /// Arms the timer for the first thing that can happen by itself.
    fn arm(&self) {
        let machines = &mut *self.machines.borrow_mut();
        let time = machines.shared.look(&self.policy);
        let budget = &machines.shared.budget;
        let files = machines.files.iter();
        let next = files.filter_map(|(_, u)| u.next_timeout(&self.policy, budget, &time)).min();
        self.platform.arm(next, time.mono);
    }
}
