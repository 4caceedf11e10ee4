//! Runs the machines of an uploader's files to completion and carries out their effects.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
};

use js_sys::Object;
use wasm_bindgen::prelude::*;
use web_sys::AbortController;

use super::{
    super::{
        convert::{self, get, object, text},
        task::spawn,
        timer::{Timer, now},
        wake::Wakes,
    },
    host::UploadHost,
    source::{AuthSource, Wanted},
};
use crate::{
    clock::{Clock, Time, Virtual},
    error::Error,
    lifecycle::{Event, FetchId},
    policy::{Budget, Jitter, Policy},
    reply::Reply,
    time::Millis,
    token::UploadAuth,
    upload::{
        Context, Delivery, Effect, FileId, FileState, Input, Look, Upload, UploaderState, Verdict,
    },
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
    source: Rc<AuthSource>,
    host: Rc<UploadHost>,
    machines: RefCell<Machines>,
    inbox: RefCell<VecDeque<(FileId, Input)>>,
    draining: Cell<bool>,
    requests: RefCell<Vec<(FileId, FetchId, AbortController)>>,
    timer: RefCell<Option<Timer>>,
    wakes: RefCell<Option<Wakes>>,
}

struct Machines {
    clock: Clock,
    budget: Budget,
    jitter: Jitter,
    files: Vec<(FileId, Upload)>,
}

impl Machines {
    fn look(&mut self, policy: &Policy) -> Time {
        let draw = self.jitter.draw();
        self.clock.look(policy, now(), draw)
    }
}

impl UploadDriver {
    pub(super) fn new(
        policy: Policy,
        stall: Millis,
        source: AuthSource,
        host: UploadHost,
        seed: u64,
    ) -> Rc<Self> {
        let budget = Budget::new(&policy, now().mono);
        let machines = Machines {
            clock: Clock::default(),
            budget,
            jitter: Jitter::new(seed),
            files: Vec::new(),
        };
        let driver = Rc::new(Self {
            policy,
            stall,
            source: Rc::new(source),
            host: Rc::new(host),
            machines: RefCell::new(machines),
            inbox: RefCell::default(),
            draining: Cell::new(false),
            requests: RefCell::default(),
            timer: RefCell::default(),
            wakes: RefCell::default(),
        });
        let weak = Rc::downgrade(&driver);
        driver.wakes.replace(Some(Wakes::new(move || {
            if let Some(driver) = weak.upgrade() {
                driver.all(&Input::Wake);
            }
        })));
        driver
    }

    /// Feeds what the SDK reported about `file`, then everything that comes of it.
    pub(super) fn report(self: &Rc<Self>, file: FileId, input: Input) {
        if let Input::Started { media, .. } = &input {
            self.open(file, media);
        }
        self.inbox.borrow_mut().push_back((file, input));
        self.drain();
    }

    /// Feeds `input` to all files.
    pub(super) fn all(self: &Rc<Self>, input: &Input) {
        let files: Vec<FileId> =
            self.machines.borrow().files.iter().map(|(file, _)| *file).collect();
        self.inbox.borrow_mut().extend(files.into_iter().map(|file| (file, input.clone())));
        self.drain();
    }

    /// Decides about a failure at once, because the SDK waits for the answer.
    pub(super) fn failed(self: &Rc<Self>, file: FileId, code: &str) -> Verdict {
        let decide = |upload: &mut Upload, cx: &mut Context<'_>, out: &mut Vec<Effect>| {
            upload.failed(cx, code, out)
        };
        let Some((verdict, effects)) = self.with(file, decide) else { return Verdict::Pass };
        self.run_all(file, effects);
        self.arm();
        verdict
    }

    pub(super) fn files(&self) -> usize {
        self.machines.borrow().files.len()
    }

    pub(super) fn status(&self, file: FileId) -> JsValue {
        let mut machines = self.machines.borrow_mut();
        let time = machines.look(&self.policy);
        let found = machines.files.iter().find(|(id, _)| *id == file);
        found.map_or(JsValue::UNDEFINED, |(_, upload)| status(upload, &time).into())
    }

    fn open(&self, file: FileId, media: &Media) {
        let mut machines = self.machines.borrow_mut();
        if !machines.files.iter().any(|(id, _)| *id == file) {
            machines.files.push((file, Upload::new(media.clone())));
        }
    }

    fn drain(self: &Rc<Self>) {
        if self.draining.replace(true) {
            return;
        }
        loop {
            let next = self.inbox.borrow_mut().pop_front();
            let Some((file, input)) = next else { break };
            self.step(file, input);
        }
        self.draining.set(false);
        self.machines.borrow_mut().files.retain(|(_, upload)| !upload.finished());
        self.arm();
    }

    fn step(self: &Rc<Self>, file: FileId, input: Input) {
        let feed = |upload: &mut Upload, cx: &mut Context<'_>, out: &mut Vec<Effect>| {
            upload.step(cx, input, out);
        };
        if let Some(((), effects)) = self.with(file, feed) {
            self.run_all(file, effects);
        }
    }

    fn with<R>(
        &self,
        file: FileId,
        act: impl FnOnce(&mut Upload, &mut Context<'_>, &mut Vec<Effect>) -> R,
    ) -> Option<(R, Vec<Effect>)> {
        let mut machines = self.machines.borrow_mut();
        let time = machines.look(&self.policy);
        let mut budget = machines.budget;
        let (_, upload) = machines.files.iter_mut().find(|(id, _)| *id == file)?;
        let mut out = Vec::new();
        let mut cx =
            Context { policy: &self.policy, budget: &mut budget, time: &time, stall: self.stall };
        let result = act(upload, &mut cx, &mut out);
        machines.budget = budget;
        Some((result, out))
    }

    fn run_all(self: &Rc<Self>, file: FileId, effects: Vec<Effect>) {
        for effect in effects {
            self.run(file, effect);
        }
    }

    /// A host that throws is taken for an SDK that did not do it.
    fn run(self: &Rc<Self>, file: FileId, effect: Effect) {
        match effect {
            Effect::Look => self.step(file, Input::Looked(self.look(file))),
            Effect::Fetch { fetch, reason, media, video_id, may_create } => {
                self.fetch(fetch, Wanted { file, media, video_id, may_create, reason });
            }
            Effect::Abort { fetch } => self.abort(file, fetch),
            Effect::Start { auth, kind, forget } => {
                let taken = self.host.start(file, &delivery(&auth, kind, forget)).unwrap_or(false);
                self.step(file, Input::Delivered { taken });
            }
            Effect::Resume { auth, kind, forget } => {
                let taken = self.host.resume(file, &delivery(&auth, kind, forget)).unwrap_or(false);
                self.step(file, Input::Delivered { taken });
            }
            Effect::Swap { auth } => {
                let token = &auth.token;
                let (secret, security) =
                    (token.access_key_secret.expose(), token.security_token.expose());
                let taken =
                    self.host.swap(file, &token.access_key_id, secret, security).unwrap_or(false);
                self.step(file, Input::Swapped { taken });
            }
            Effect::Requeue { forget } => {
                let _ = self.host.requeue(file, forget);
            }
            Effect::Fail(failure) => {
                let _ = self.host.fail(file, failure.code(), &failure.message());
            }
            Effect::Emit(event) => self.emit(file, &event),
            Effect::InUse { how } => {
                let how = match how {
                    Delivery::Started => "started",
                    Delivery::Resumed => "resumed",
                    Delivery::Swapped => "swapped",
                };
                let _ = self.host.event(file, how, &self.status(file));
            }
        }
    }

    fn look(&self, file: FileId) -> Look {
        let seen = self.host.look(file).unwrap_or(JsValue::UNDEFINED);
        let word = |name| text(&get(&seen, name)).unwrap_or_default();
        Look {
            current: get(&seen, "current").is_truthy(),
            file: FileState::read(&word("file")),
            uploader: UploaderState::read(&word("uploader")),
        }
    }

    fn virt(&self) -> Virtual {
        self.machines.borrow_mut().look(&self.policy).virt
    }

    fn fetch(self: &Rc<Self>, fetch: FetchId, wanted: Wanted) {
        let file = wanted.file;
        let Ok(abort) = AbortController::new() else {
            return self.report(file, Input::Missed { fetch, error: Error::Source });
        };
        self.requests.borrow_mut().push((file, fetch, abort.clone()));
        let (source, host) = (Rc::clone(&self.source), Rc::clone(&self.host));
        let from = self.virt();
        // Weak: an answer that never comes must not keep a dropped uploader's machines alive.
        let driver = Rc::downgrade(self);
        spawn(abort.signal(), async move {
            // The slot counts the life from its request, which may first wait for an STS token.
            let later = Cell::new(0);
            let sent = || {
                if let Some(driver) = driver.upgrade() {
                    later.set(driver.virt().saturating_sub(from));
                }
            };
            let answer = source.ask(&host, wanted, &abort, sent).await;
            if let Some(driver) = driver.upgrade() {
                driver.landed(file, fetch, from, later.get(), answer);
            }
        });
    }

    fn landed(
        self: &Rc<Self>,
        file: FileId,
        fetch: FetchId,
        from: Virtual,
        later: Millis,
        answer: Result<Reply<UploadAuth>, Error>,
    ) {
        if self.taken(file, fetch).is_none() {
            return;
        }
        let input = match answer {
            Ok(mut reply) => {
                if let Some(server) = reply.server_time {
                    self.machines.borrow_mut().clock.observe(
                        server.at,
                        server.granularity,
                        from + later,
                    );
                }
                reply.expiry.left = reply.expiry.left.map(|left| left.saturating_add(later));
                Input::Fetched { fetch, auth: reply.token, expiry: reply.expiry }
            }
            Err(error) => Input::Missed { fetch, error },
        };
        self.report(file, input);
    }

    fn taken(&self, file: FileId, fetch: FetchId) -> Option<AbortController> {
        let mut requests = self.requests.borrow_mut();
        let at = requests.iter().position(|(f, id, _)| *f == file && *id == fetch)?;
        Some(requests.swap_remove(at).2)
    }

    fn abort(&self, file: FileId, fetch: FetchId) {
        if let Some(abort) = self.taken(file, fetch) {
            abort.abort();
        }
    }

    fn emit(&self, file: FileId, event: &Event) {
        let (name, detail) = match event {
            Event::Token { .. } => ("token", self.status(file)),
            Event::RefreshFailed { error, fails, retry_in, usable } => {
                let detail = object(&[
                    ("error", convert::failure(error, &JsValue::UNDEFINED).into()),
                    ("failures", (*fails).into()),
                    ("retryIn", retry_in.map_or(JsValue::UNDEFINED, convert::millis)),
                    ("usable", (*usable).into()),
                ]);
                ("refreshFailed", detail.into())
            }
            Event::Expired { .. } => ("expired", self.status(file)),
            Event::Rejected { .. } => ("rejected", self.status(file)),
            Event::State { .. } | Event::AssumedLife => return,
        };
        let _ = self.host.event(file, name, &detail);
    }

    /// Arms the timer for the first thing that can happen by itself.
    fn arm(self: &Rc<Self>) {
        let next = {
            let mut machines = self.machines.borrow_mut();
            let time = machines.look(&self.policy);
            let budget = machines.budget;
            let next = machines
                .files
                .iter()
                .filter_map(|(_, u)| u.next_timeout(&self.policy, &budget, &time))
                .min();
            next.map(|at| at.saturating_sub(time.mono))
        };
        let timer = next.and_then(|delay| {
            let weak = Rc::downgrade(self);
            // Rounded up, so that the deadline has passed when it fires.
            Timer::new(delay.saturating_add(1), move || {
                if let Some(driver) = weak.upgrade() {
                    driver.all(&Input::Timeout);
                }
            })
        });
        // Only now is the fired timer dropped: this may run inside its own handler.
        self.timer.replace(timer);
    }
}

fn delivery(auth: &UploadAuth, kind: Kind, forget: bool) -> Object {
    let optional = |id: &Option<String>| id.as_deref().map_or(JsValue::UNDEFINED, JsValue::from);
    object(&[
        ("uploadAuth", (&**auth.upload_auth.expose()).into()),
        ("uploadAddress", (&*auth.upload_address).into()),
        ("videoId", optional(&auth.video_id)),
        ("imageId", optional(&auth.image_id)),
        ("isImage", (kind == Kind::Image).into()),
        ("forget", forget.into()),
    ])
}

fn status(upload: &Upload, time: &Time) -> Object {
    let slot = upload.slot();
    let held = slot.token();
    let zone = held.map_or_else(|| slot.zone(), |held| held.zone(time));
    let of = |value: Option<JsValue>| value.unwrap_or(JsValue::UNDEFINED);
    object(&[
        ("state", convert::zone(zone).into()),
        ("generation", held.map_or(0, |held| held.generation).into()),
        ("accessKeyId", of(held.map(|held| (&*held.value.token.access_key_id).into()))),
        ("expiresAt", of(held.map(|held| convert::instant(held.shown(time))))),
        ("validFor", convert::millis(held.and_then(|held| held.left(time)).unwrap_or(0))),
        ("life", of(held.map(|held| convert::millis(held.life)))),
        ("margin", of(held.map(|held| convert::millis(held.margin())))),
        ("mandatory", of(held.map(|held| convert::millis(held.mandatory())))),
        (
            "refreshIn",
            of(held.map(|held| convert::millis(held.refresh_at().saturating_sub(time.virt)))),
        ),
        ("requests", slot.requests().into()),
        ("failures", slot.fails().into()),
    ])
}
