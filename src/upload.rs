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
mod object;
mod refused;
mod seen;

pub use io::{
    Effect, FileId, FileState, Handover, Input, Look, UploadFailure, UploaderState, Verdict,
};

use numbers::LOOK_EVERY;
pub use numbers::{Tries, slot_policy};
use object::Object;

use crate::{
    clock::Time,
    context::Context,
    error::Error,
    lifecycle::{self, Event, Fetch, Generation, Slot, WaiterId},
    policy::{Budget, Policy},
    time::Millis,
    token::{UploadAddress, UploadAuth},
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
    /// The AppServer's own proof that this user was given that video.
    ticket: Option<String>,
    /// UploadAddress of that video, for refreshes that repeat none: as it was sent, and read.
    address_text: String,
    address: Option<UploadAddress>,
    /// Where the page itself wants the file, written with the STS token: direct mode.
    place: Option<UploadAddress>,
    /// Whether the file is attached media, whose UploadAuth cannot be refreshed.
    attached: bool,
    /// Whether the AppServer answers another video when it is asked to refresh one.
    creates_only: bool,
    /// Whether all that is known of the file is the former user's.
    disowned: bool,
    /// What the SDK's checkpoint belongs to.
    checkpoint_object: Option<Object>,
    checkpoint_video: Option<String>,
    /// Whether the SDK has, or may have, a checkpoint.
    checkpoint: bool,
    /// Whether the slot has a waiter for the SDK.
    waiting: bool,
    /// Whether the slot renews ahead.
    leased: bool,
    /// What came for the SDK, until it is looked at and given it.
    answer: Option<Result<(Generation, UploadAuth), UploadFailure>>,
    /// The credential that the SDK has.
    used: Generation,
    /// The newest that was offered to the live client.
    offered: Generation,
    /// How the SDK came by its credential.
    how: Handover,
    /// How much of the file is stored, in ten-thousandths.
    done: u32,
    /// Most that one credential has stored, where each begins anew; as `done`.
    furthest: u32,
    /// Refusals in a row, without a part getting through.
    refusals: u32,
    /// Silent failures in a row, without a part getting through.
    losses: u32,
    /// How long a running upload has been silent, by the looks at it.
    quiet: Millis,
    /// Monotonic time of the last look at a running upload.
    looked: u64,
    /// Monotonic time of the next look.
    look_at: u64,
    /// Whether nothing more can happen to this file.
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
            ticket: None,
            address_text: String::new(),
            address: None,
            place: None,
            attached: false,
            creates_only: false,
            disowned: false,
            checkpoint_object: None,
            checkpoint_video: None,
            checkpoint: false,
            waiting: false,
            leased: false,
            answer: None,
            used: 0,
            offered: 0,
            how: Handover::Started,
            done: 0,
            furthest: 0,
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
            Input::Started { media, video_id, ticket, checkpoint, object, place, waited } => {
                self.media = media;
                if place.is_some() {
                    // To VOD alone it is an image.
                    self.media.kind = Kind::Video;
                }
                self.place = place;
                self.checkpoint |= checkpoint;
                if let Some(object) = object {
                    self.has_checkpoint_of(Object::of_checkpoint(object), video_id.as_deref());
                }
                let known = self.video_id.is_some() || self.disowned;
                if !known && self.media.kind == Kind::Video {
                    self.checkpoint_video.clone_from(&video_id);
                    (self.video_id, self.ticket) = (video_id, ticket);
                }
                // Whatever failed before: the user who starts an upload is not made to wait for it.
                self.feed(cx, lifecycle::Input::Retry);
                self.ask(cx, Phase::Asked, waited);
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
                    cx.out.push(Effect::InUse { how: Handover::Swapped });
                }
            }
            Input::Fetched { fetch, mut auth, expiry } => {
                self.complete(&mut auth);
                let value = self.auths.put(auth, &self.slot);
                self.feed(cx, lifecycle::Input::Fetched { fetch, value, expiry });
            }
            Input::Missed { fetch, error } => {
                if *error.kind() == Error::OtherVideo {
                    self.creates_only = true;
                    self.lease(cx, false);
                }
                self.feed(cx, lifecycle::Input::Failed { fetch, error });
            }
            // What the slot waits to ask for is in the manager's hand.
            Input::Renewed if self.is_direct() => self.feed(cx, lifecycle::Input::Retry),
            Input::Renewed => {}
            Input::Reset => self.reset(cx),
            Input::Wake => self.awake(cx, lifecycle::Input::Wake),
            Input::Timeout => self.awake(cx, lifecycle::Input::Timeout),
        }
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

    /// Whether the STS token itself writes the file, to where the page wants it.
    #[must_use]
    pub const fn is_direct(&self) -> bool {
        self.place.is_some()
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

    /// Wants a credential for the SDK, which waits in `phase`, and has waited so long.
    fn ask(&mut self, cx: &mut Cx<'_>, phase: Phase, waited: Millis) {
        self.phase = phase;
        self.look_at = cx.time.mono.saturating_add(LOOK_EVERY);
        if !core::mem::replace(&mut self.waiting, true) {
            self.feed(cx, lifecycle::Input::Wanted { waiter: SDK, least: 0, waited });
        }
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

    /// The user is another one, whose credential must not write the former's file.
    fn reset(&mut self, cx: &mut Cx<'_>) {
        let busy = self.busy();
        self.leave(cx);
        self.feed(cx, lifecycle::Input::Reset);
        (self.video_id, self.ticket, self.address) = (None, None, None);
        self.address_text.clear();
        self.disowned = true;
        if busy {
            cx.out.push(Effect::Fail(UploadFailure::Credential(Error::Reset)));
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
                    video_id: self.video_id.clone().filter(|_| !self.creates_only),
                    ticket: self.ticket.clone(),
                    may_create: self.phase != Phase::Running,
                    urgent: self.phase == Phase::Asked,
                }),
                lifecycle::Effect::Abort { fetch } => cx.out.push(Effect::Abort { fetch }),
                lifecycle::Effect::Resolve { token, .. } => {
                    let auth = self.auths.get(token.value).cloned();
                    let answer = auth.map(|auth| (token.generation, auth));
                    self.settled(cx, answer.ok_or(UploadFailure::NotTaken));
                }
                lifecycle::Effect::Reject { error: Error::Aborted, .. } => {}
                lifecycle::Effect::Reject { error, .. } => {
                    self.settled(cx, Err(UploadFailure::Credential(error)));
                    self.give_up(cx);
                }
                lifecycle::Effect::Emit(event) => {
                    let news = matches!(event, Event::Token { .. }) && self.phase == Phase::Running;
                    if !self.is_the_manager_s(&event) {
                        cx.out.push(Effect::Emit(event));
                    }
                    if news {
                        cx.out.push(Effect::Look);
                    }
                }
            }
        }
    }

    /// Whether the token manager tells its own listeners: it has no other token than the one in use.
    fn is_the_manager_s(&self, event: &Event) -> bool {
        let is_same = |error: &Error| *error.kind() == Error::NotNewer;
        self.is_direct() && matches!(event, Event::RefreshFailed { error, .. } if is_same(error))
    }

    /// A request that outlasted the SDK's wait is no use to the next start either, which asks anew and at once.
    fn give_up(&mut self, cx: &mut Cx<'_>) {
        if let Fetch::InFlight { fetch, .. } = *self.slot.fetch() {
            cx.out.push(Effect::Abort { fetch });
            let error = Error::Timeout { after: cx.policy.wait_deadline };
            self.feed(cx, lifecycle::Input::Failed { fetch, error });
        }
    }

    fn settled(
        &mut self,
        cx: &mut Cx<'_>,
        answer: Result<(Generation, UploadAuth), UploadFailure>,
    ) {
        self.waiting = false;
        self.answer = Some(answer);
        cx.out.push(Effect::Look);
    }
}
