//! The machine of one file in the vendor's uploader: which credential may be given to the SDK, and when.
//!
//! The SDK asks for a credential twice: when it comes to a file (`onUploadstarted`) and when OSS
//! refused the one in use (`onUploadTokenExpired`). It obeys any answer at any time, also one for a
//! file that was stopped, deleted or is running, and then sends bytes twice or fails after it
//! succeeded. So this machine answers only the file and the state that asked, once, and looks at the
//! SDK ([`Effect::Look`]) right before it does.
//!
//! ```text
//!          onUploadstarted                  answer, still wanted
//!   Off ───────────────────▶ Asked ───────────────────────────────▶ Running ──┐ newer UploadAuth:
//!    ▲  ▲                      │ stopped, cancelled, deleted           │  ▲ ▲   │ swapped into the
//!    │  └──────────────────────┘ or no credential to be had            │  │ └───┘ live client
//!    │                                            onUploadTokenExpired │  │
//!    │                                                                 ▼  │ answer, still wanted
//!    │◀─────────────── stopped, or no credential to be had ────────── Expired
//!    └◀─────────────── stored, failed, stopped ────────────────────── Running
//! ```
//!
//! The UploadAuth of each file has a [`Slot`] of its own. While a video is running the slot is under
//! lease, so that a successor is in hand before the credential ends and the SDK never sees an
//! expiry. An image's UploadAuth cannot be refreshed, only issued for another object, so it is not
//! renewed ahead.
//!
//! Some failures the SDK does not report at all. [`Input::Looked`] finds them: a file that is
//! `Failure` although nobody was told was lost silently, and one that is `Uploading` without a sign
//! for longer than all of the SDK's time-outs has stalled.

mod io;
mod numbers;

use alloc::{string::String, vec::Vec};

pub use io::{Delivery, Effect, Failure, FileId, FileState, Input, Look, UploaderState, Verdict};

pub use numbers::slot_policy;
use numbers::{LOOK_EVERY, LOSSES, REFUSALS, SIGNATURE_REFUSALS};

use crate::{
    clock::Time,
    context::Context,
    error::Error,
    lifecycle::{self, Event, Fetch, Generation, Slot, WaiterId, Zone},
    policy::{Budget, Policy},
    time::Millis,
    token::UploadAuth,
    vault::{Key, Vault},
    vod::{Kind, Media},
};

/// There is one waiter in a file's slot: the SDK.
const SDK: WaiterId = 1;

type Cx<'a> = Context<'a, Effect>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    /// The SDK is not at this file.
    Off,
    /// It waits for a first credential.
    Asked,
    /// It has one and sends.
    Running,
    /// It waits for another one.
    Expired,
}

/// One file of an uploader.
#[derive(Clone, Debug)]
pub struct Upload {
    slot: Slot<Key>,
    auths: Vault<UploadAuth>,
    phase: Phase,
    media: Media,
    stall: Millis,
    /// Of the video, once it was created or is known from a checkpoint.
    video_id: Option<String>,
    /// UploadAddress of that video, for refreshes that repeat none.
    address: String,
    /// Video that the SDK's checkpoint belongs to.
    checkpoint_of: Option<String>,
    /// Whether the SDK has, or may have, a checkpoint.
    checkpoint: bool,
    waiting: bool,
    leased: bool,
    answer: Option<Result<(Generation, UploadAuth), Failure>>,
    /// The credential that the SDK has.
    used: Generation,
    /// The newest that was offered to the live client.
    offered: Generation,
    /// How the SDK came by its credential.
    how: Delivery,
    done: u32,
    refusals: u32,
    losses: u32,
    quiet: Millis,
    looked: u64,
    look_at: u64,
    finished: bool,
}

impl Upload {
    /// A file that the SDK has not come to yet. `stall` is the longest silence of a running upload, after which it
    /// counts as stalled.
    #[must_use]
    pub fn new(media: Media, stall: Millis) -> Self {
        Self {
            slot: Slot::default(),
            auths: Vault::default(),
            phase: Phase::Off,
            media,
            stall,
            video_id: None,
            address: String::new(),
            checkpoint_of: None,
            checkpoint: false,
            waiting: false,
            leased: false,
            answer: None,
            used: 0,
            offered: 0,
            how: Delivery::Started,
            done: 0,
            refusals: 0,
            losses: 0,
            quiet: 0,
            looked: 0,
            look_at: 0,
            finished: false,
        }
    }

    /// Takes `input`; appends to `cx.out` what must be done about it.
    pub fn step(&mut self, cx: &mut Cx<'_>, input: Input) {
        match input {
            Input::Started { media, video_id, checkpoint } => {
                self.media = media;
                self.checkpoint |= checkpoint;
                if self.video_id.is_none() && self.media.kind == Kind::Video {
                    self.checkpoint_of.clone_from(&video_id);
                    self.video_id = video_id;
                }
                self.ask(cx, Phase::Asked);
            }
            Input::Expired { code } => self.expired(cx, code),
            Input::Progressed { done } => {
                self.quiet = 0;
                self.checkpoint = true;
                if done > self.done {
                    (self.refusals, self.losses) = (0, 0);
                }
                self.done = done;
            }
            Input::Succeeded => self.finish(cx),
            Input::Looked(look) => self.looked(cx, look),
            Input::Delivered { taken } => self.delivered(cx, taken),
            Input::Swapped { taken } => {
                if taken {
                    self.used = self.offered;
                    cx.out.push(Effect::InUse { how: Delivery::Swapped });
                }
            }
            Input::Fetched { fetch, mut auth, expiry } => {
                self.complete(&mut auth);
                let value = self.auths.put(auth, &self.slot);
                self.feed(cx, lifecycle::Input::Fetched { fetch, value, expiry });
            }
            Input::Missed { fetch, error } => {
                self.feed(cx, lifecycle::Input::Failed { fetch, error });
            }
            Input::Wake => self.awake(cx, lifecycle::Input::Wake),
            Input::Timeout => self.awake(cx, lifecycle::Input::Timeout),
        }
    }

    /// Decides about a failure that the SDK reports for this file, before the page is told.
    pub fn failed(&mut self, cx: &mut Cx<'_>, code: &str) -> Verdict {
        let running = self.phase == Phase::Running;
        let verdict = if !running {
            Verdict::Pass
        } else if names_dead_token(code) && self.refusals < REFUSALS {
            self.refusals += 1;
            self.feed(cx, lifecycle::Input::Rejected { generation: self.used });
            Verdict::Retry { forget: self.media.kind == Kind::Image }
        } else if code == "RequestError" && self.refusals < REFUSALS && self.may_be_refusal(cx.time)
        {
            self.refusals += 1;
            Verdict::Retry { forget: false }
        } else if code == "NoSuchUpload" && self.losses < LOSSES {
            self.losses += 1;
            Verdict::Retry { forget: true }
        } else {
            Verdict::Pass
        };
        if verdict == (Verdict::Retry { forget: true }) {
            self.forgotten();
        }
        self.leave(cx);
        verdict
    }

    /// Monotonic time at which [`Input::Timeout`] should come next, if anything can happen by itself.
    #[must_use]
    pub fn next_timeout(&self, policy: &Policy, budget: &Budget, time: &Time) -> Option<u64> {
        let look = (self.phase != Phase::Off).then_some(self.look_at);
        let slot = self.slot.next_timeout(policy, budget, time);
        look.into_iter().chain(slot).min()
    }

    /// The file's credential, for status displays.
    #[must_use]
    pub const fn slot(&self) -> &Slot<Key> {
        &self.slot
    }

    /// The UploadAuth in hand, usable or not.
    #[must_use]
    pub fn auth(&self) -> Option<&UploadAuth> {
        self.auths.get(self.slot.token()?.value)
    }

    /// Whether the SDK is at this file: it sends, or waits for what only this machine will give it.
    #[must_use]
    pub fn busy(&self) -> bool {
        self.phase != Phase::Off
    }

    /// Whether nothing more can happen to this file.
    #[must_use]
    pub const fn finished(&self) -> bool {
        self.finished
    }

    /// Wants a credential for the SDK, which waits in `phase`.
    fn ask(&mut self, cx: &mut Cx<'_>, phase: Phase) {
        self.phase = phase;
        self.look_at = cx.time.mono.saturating_add(LOOK_EVERY);
        if !core::mem::replace(&mut self.waiting, true) {
            self.feed(cx, lifecycle::Input::Wanted { waiter: SDK, least: 0 });
        }
    }

    fn expired(&mut self, cx: &mut Cx<'_>, code: String) {
        self.refusals = self.refusals.saturating_add(1);
        let most =
            if code.starts_with("SignatureDoesNotMatch") { SIGNATURE_REFUSALS } else { REFUSALS };
        if self.refusals > most {
            self.phase = Phase::Expired;
            self.answer = Some(Err(Failure::Refused(code)));
            cx.out.push(Effect::Look);
            return;
        }
        self.feed(cx, lifecycle::Input::Rejected { generation: self.used });
        self.ask(cx, Phase::Expired);
    }

    fn looked(&mut self, cx: &mut Cx<'_>, look: Look) {
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
                    Delivery::Resumed
                } else {
                    Delivery::Started
                };
                (self.used, self.offered) = (generation, generation);
                self.checkpoint_of = auth.video_id;
                self.phase = Phase::Running;
                (self.quiet, self.looked) = (0, cx.time.mono);
            }
        }
    }

    fn delivered(&mut self, cx: &mut Cx<'_>, taken: bool) {
        if taken {
            cx.out.push(Effect::InUse { how: self.how });
            self.lease(cx, self.renewable());
        } else {
            // What the SDK cannot use it cannot use at the next start either, which asks for another.
            self.feed(cx, lifecycle::Input::Rejected { generation: self.used });
            self.leave(cx);
            cx.out.push(Effect::Fail(Failure::NotTaken));
        }
    }

    /// Whether the SDK's checkpoint is of another object than `auth` writes to.
    fn forgets(&self, generation: Generation, auth: &UploadAuth) -> bool {
        self.checkpoint
            && match self.media.kind {
                Kind::Image => generation != self.used,
                Kind::Video => self.checkpoint_of != auth.video_id,
            }
    }

    fn forgotten(&mut self) {
        (self.checkpoint, self.done) = (false, 0);
    }

    fn running(&mut self, cx: &mut Cx<'_>) {
        let passed =
            cx.time.mono.saturating_sub(core::mem::replace(&mut self.looked, cx.time.mono));
        // A page that slept was not silent for as long as it slept.
        self.quiet = self.quiet.saturating_add(passed.min(2 * LOOK_EVERY));
        if self.quiet > self.stall {
            self.leave(cx);
            cx.out.push(Effect::Fail(Failure::Stalled));
            return;
        }
        let offered = self.offered;
        let Some(newer) = self.slot.peek(cx.time).filter(|held| held.generation > offered) else {
            return;
        };
        let Some(auth) = self.auths.get(newer.value) else { return };
        if self.renewable() && auth.video_id == self.checkpoint_of {
            self.offered = newer.generation;
            cx.out.push(Effect::Swap { auth: auth.clone() });
        }
    }

    fn lost(&mut self, cx: &mut Cx<'_>) {
        self.leave(cx);
        if self.losses < LOSSES {
            self.losses += 1;
            self.forgotten();
            cx.out.push(Effect::Requeue { forget: true });
        } else {
            cx.out.push(Effect::Fail(Failure::Silent));
        }
    }

    /// Whether a failure without an answer may be a refusal that the browser hides, for want of CORS headers.
    fn may_be_refusal(&self, time: &Time) -> bool {
        self.slot.token().is_some_and(|token| {
            token.generation != self.used
                || !matches!(token.zone(time), Zone::Valid | Zone::Advisory)
        })
    }

    fn renewable(&self) -> bool {
        self.media.kind == Kind::Video && self.video_id.is_some()
    }

    /// The SDK is no longer at this file. What is on its way still arrives, for the next start.
    fn leave(&mut self, cx: &mut Cx<'_>) {
        self.phase = Phase::Off;
        self.answer = None;
        self.lease(cx, false);
        if core::mem::take(&mut self.waiting) {
            self.feed(cx, lifecycle::Input::Cancelled { waiter: SDK });
        }
    }

    fn finish(&mut self, cx: &mut Cx<'_>) {
        self.leave(cx);
        self.feed(cx, lifecycle::Input::Close);
        self.finished = true;
    }

    fn lease(&mut self, cx: &mut Cx<'_>, open: bool) {
        if core::mem::replace(&mut self.leased, open) != open {
            self.feed(cx, lifecycle::Input::Lease(open));
        }
    }

    fn awake(&mut self, cx: &mut Cx<'_>, input: lifecycle::Input<Key>) {
        let woken = input == lifecycle::Input::Wake;
        self.feed(cx, input);
        if woken || (self.phase != Phase::Off && self.look_at <= cx.time.mono) {
            self.look_at = cx.time.mono.saturating_add(LOOK_EVERY);
            cx.out.push(Effect::Look);
        }
    }

    /// Fills in what an answer may leave out, and keeps what the next request needs. Also for an
    /// answer that comes too late: the video it names exists.
    fn complete(&mut self, auth: &mut UploadAuth) {
        if self.media.kind == Kind::Image {
            return;
        }
        if auth.video_id.is_none() {
            auth.video_id.clone_from(&self.video_id);
        }
        if auth.upload_address.is_empty() && auth.video_id == self.video_id {
            auth.upload_address.clone_from(&self.address);
        }
        self.video_id.clone_from(&auth.video_id);
        self.address.clone_from(&auth.upload_address);
    }

    /// Runs the slot and takes what it says.
    fn feed(&mut self, cx: &mut Cx<'_>, input: lifecycle::Input<Key>) {
        let mut effects = Vec::new();
        self.slot.step(&mut cx.within(&mut effects), input);
        for effect in effects {
            match effect {
                lifecycle::Effect::Fetch { fetch, reason } => cx.out.push(Effect::Fetch {
                    fetch,
                    reason,
                    media: self.media.clone(),
                    video_id: self.video_id.clone(),
                    may_create: self.phase != Phase::Running,
                }),
                lifecycle::Effect::Abort { fetch } => cx.out.push(Effect::Abort { fetch }),
                lifecycle::Effect::Resolve { token, .. } => {
                    let auth = self.auths.get(token.value).cloned();
                    let answer = auth.map(|auth| (token.generation, auth));
                    self.settled(cx, answer.ok_or(Failure::NotTaken));
                }
                lifecycle::Effect::Reject { error: Error::Aborted, .. } => {}
                lifecycle::Effect::Reject { error, .. } => {
                    self.settled(cx, Err(Failure::Credential(error)));
                    self.give_up(cx);
                }
                lifecycle::Effect::Emit(event) => {
                    let news = matches!(event, Event::Token { .. }) && self.phase == Phase::Running;
                    cx.out.push(Effect::Emit(event));
                    if news {
                        cx.out.push(Effect::Look);
                    }
                }
            }
        }
    }

    /// A request that outlasted the SDK's wait is no use to the next start either, which asks anew and at once.
    fn give_up(&mut self, cx: &mut Cx<'_>) {
        if let Fetch::InFlight { fetch, .. } = *self.slot.fetch() {
            cx.out.push(Effect::Abort { fetch });
            let error = Error::Timeout { after: cx.policy.wait };
            self.feed(cx, lifecycle::Input::Failed { fetch, error });
        }
    }

    fn settled(&mut self, cx: &mut Cx<'_>, answer: Result<(Generation, UploadAuth), Failure>) {
        self.waiting = false;
        self.answer = Some(answer);
        cx.out.push(Effect::Look);
    }
}

/// Whether OSS refused the credential as such. The SDK takes only some of these codes for an expiry.
fn names_dead_token(code: &str) -> bool {
    matches!(
        code,
        "SecurityTokenExpired"
            | "InvalidSecurityToken"
            | "InvalidAccessKeyId"
            | "AccessKeyIdAndSecurityTokenNotMatch"
            | "InvalidAccessKeyId.NotFound"
            | "InvalidSecurityToken.Expired"
    )
}
