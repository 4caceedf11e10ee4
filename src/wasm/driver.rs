//! Runs the machines to completion and carries out their effects.

mod report;

use alloc::{
    rc::{Rc, Weak},
    string::String,
    vec::Vec,
};
use core::cell::{Cell, RefCell};

use js_sys::{Function, Object};
use wasm_bindgen::prelude::*;

use super::{
    convert,
    platform::{Answer, Failure, Heard, Platform},
    shared::{Id, Inbox, Shared},
    source::{self, Source, Want},
};
use crate::{
    clock::Time,
    context::Context,
    error::Error,
    lifecycle::{Effect, Fetch, FetchId, Held, Input, Reason, Slot, WaiterId},
    policy::Policy,
    token::StsToken,
    vault::{Key, Vault},
};

/// Slots kept while idle; past that, those that nobody relies on are forgotten.
const SLOTS: usize = 64;

/// Owns the machines and everything their effects need.
///
/// **Invariant:** no `RefCell` here is borrowed while JavaScript runs. JavaScript may call back into
/// [`dispatch`](Self::dispatch) from any listener; such a call only queues, and the outer call
/// finishes the work (run to completion).
pub(super) struct Driver {
    policy: Policy,
    source: Source,
    listener: Function,
    machines: RefCell<Machines>,
    inbox: Inbox<Input<Key>>,
    platform: Platform,
    next_waiter: Cell<WaiterId>,
    waiters: RefCell<Vec<Settle>>,
}

/// The promise of one caller.
struct Settle {
    waiter: WaiterId,
    resolve: Function,
    reject: Function,
}

/// All slots of one manager, with what they share.
struct Machines {
    shared: Shared,
    slots: Vec<Entry>,
    last: Id,
}

struct Entry {
    id: Id,
    scope: String,
    slot: Slot<Key>,
    tokens: Vault<StsToken>,
    /// The object handed out for the token in hand, so that a token has one identity.
    shown: Option<(u32, Object)>,
    /// What was thrown by the last request that got no answer, while somebody waits who may be told.
    ///
    /// No longer: an error keeps the functions that threw it, and those may keep the manager.
    cause: JsValue,
    /// Why the page says that the token was refused, until its listeners are told.
    refusal: JsValue,
    warned: Vec<&'static str>,
}

impl Machines {
    /// The slot of `scope`, made if there is none.
    fn open(&mut self, scope: &str, policy: &Policy) -> Id {
        if let Some(entry) = self.slots.iter().find(|e| e.scope == scope) {
            return entry.id;
        }
        if self.slots.len() >= SLOTS {
            let time = self.shared.look(policy);
            self.slots.retain(|e| !e.slot.idle(&time));
        }
        self.last = self.last.wrapping_add(1);
        self.slots.push(Entry {
            id: self.last,
            scope: scope.into(),
            slot: Slot::default(),
            tokens: Vault::default(),
            shown: None,
            cause: JsValue::UNDEFINED,
            refusal: JsValue::UNDEFINED,
            warned: Vec::new(),
        });
        self.last
    }

    fn entry(&mut self, id: Id) -> Option<&mut Entry> {
        self.slots.iter_mut().find(|e| e.id == id)
    }
}

impl Driver {
    pub(super) fn new(policy: Policy, source: Source, listener: Function, seed: f64) -> Rc<Self> {
        let machines = Machines { shared: Shared::new(&policy, seed), slots: Vec::new(), last: 0 };
        Rc::new_cyclic(|weak: &Weak<Self>| {
            // Weak: a source that never answers must not keep a dropped manager alive.
            let weak = weak.clone();
            let platform = Platform::new(move |heard| {
                if let Some(driver) = weak.upgrade() {
                    driver.heard(heard);
                }
            });
            Self {
                policy,
                source,
                listener,
                machines: RefCell::new(machines),
                inbox: Inbox::default(),
                platform,
                next_waiter: Cell::new(0),
                waiters: RefCell::default(),
            }
        })
    }

    /// Asks for a token; one of the two functions is called, once. Returns what [`cancel`](Self::cancel) takes.
    pub(super) fn request(
        self: &Rc<Self>,
        scope: &str,
        least: u64,
        resolve: Function,
        reject: Function,
    ) -> WaiterId {
        let waiter = self.next_waiter.get().wrapping_add(1);
        self.next_waiter.set(waiter);
        self.waiters.borrow_mut().push(Settle { waiter, resolve, reject });
        self.send(scope, Input::Wanted { waiter, least });
        waiter
    }

    pub(super) fn cancel(self: &Rc<Self>, scope: &str, waiter: WaiterId) {
        self.send(scope, Input::Cancelled { waiter });
    }

    pub(super) fn prefetch(self: &Rc<Self>, scope: &str) {
        self.send(scope, Input::Prefetch);
    }

    /// Reports that a server refused the token with this id, in whichever slot holds it. `reason` is for listeners.
    pub(super) fn invalidate(self: &Rc<Self>, access_key_id: &str, reason: &JsValue) {
        let held = self.machines.borrow_mut().slots.iter_mut().find_map(|e| {
            let held = e.slot.token()?;
            if e.token()?.access_key_id != access_key_id {
                return None;
            }
            e.refusal = reason.clone();
            Some((e.id, held.generation))
        });
        if let Some((id, generation)) = held {
            self.dispatch(id, Input::Rejected { generation });
        }
    }

    pub(super) fn close(self: &Rc<Self>) {
        self.source.close();
        self.all(&Input::Close);
        self.platform.close();
    }

    pub(super) fn peek(&self, scope: &str) -> JsValue {
        let mut machines = self.machines.borrow_mut();
        let time = machines.shared.look(&self.policy);
        let Some(entry) = machines.slots.iter_mut().find(|e| e.scope == scope) else {
            return JsValue::UNDEFINED;
        };
        let held = entry.slot.peek(&time).cloned();
        held.map(|held| entry.show(&held, &time)).unwrap_or_default()
    }

    fn heard(self: &Rc<Self>, heard: Heard) {
        match heard {
            Heard::Timeout => self.all(&Input::Timeout),
            Heard::Wake => self.all(&Input::Wake),
            Heard::Ended(id, fetch, outcome) => self.landed(id, fetch, outcome),
        }
    }

    /// Feeds all slots the same.
    fn all(self: &Rc<Self>, input: &Input<Key>) {
        for entry in &self.machines.borrow().slots {
            self.inbox.put(entry.id, input.clone());
        }
        self.drain();
    }

    /// Feeds the slot of `scope`.
    fn send(self: &Rc<Self>, scope: &str, input: Input<Key>) {
        let id = self.machines.borrow_mut().open(scope, &self.policy);
        self.dispatch(id, input);
    }

    /// Feeds `input`, then everything that comes of it.
    fn dispatch(self: &Rc<Self>, id: Id, input: Input<Key>) {
        self.inbox.put(id, input);
        self.drain();
    }

    fn drain(self: &Rc<Self>) {
        if !self.inbox.begin() {
            return;
        }
        while let Some((id, input)) = self.inbox.next() {
            let (time, effects) = self.step(id, input);
            for effect in effects {
                self.run(id, effect, &time);
            }
        }
        for entry in &mut self.machines.borrow_mut().slots {
            if entry.slot.waiting() == 0 {
                entry.cause = JsValue::UNDEFINED;
            }
        }
        self.arm();
    }

    fn step(&self, id: Id, input: Input<Key>) -> (Time, Vec<Effect<Key>>) {
        let machines = &mut *self.machines.borrow_mut();
        let time = machines.shared.look(&self.policy);
        let mut out = Vec::new();
        if self.source.closed() && !matches!(input, Input::Close) {
            if let Input::Wanted { waiter, .. } = input {
                out.push(Effect::Reject { waiter, error: Error::Closed });
            }
            return (time, out);
        }
        if let Some(entry) = machines.slots.iter_mut().find(|e| e.id == id) {
            let (policy, budget) = (&self.policy, &mut machines.shared.budget);
            entry.slot.step(&mut Context { policy, budget, time: &time, out: &mut out }, input);
        }
        (time, out)
    }

    /// `time` is that of the input which the effect comes of.
    fn run(self: &Rc<Self>, id: Id, effect: Effect<Key>, time: &Time) {
        match effect {
            Effect::Fetch { fetch, reason } => self.fetch(id, fetch, reason),
            Effect::Abort { fetch } => self.platform.abort(id, fetch),
            Effect::Resolve { waiter, token } => {
                let shown = self.machines.borrow_mut().entry(id).map(|e| e.show(&token, time));
                let shown = shown.unwrap_or_default();
                self.settle(waiter, &shown, |settle| &settle.resolve);
            }
            Effect::Reject { waiter, error } => {
                let failure = convert::failure(&error, &self.cause(id, &error));
                self.settle(waiter, &failure, |settle| &settle.reject);
            }
            Effect::Emit(event) => self.emit(id, &event, time),
        }
    }

    fn settle(&self, waiter: WaiterId, with: &JsValue, function: fn(&Settle) -> &Function) {
        let found = {
            let mut waiters = self.waiters.borrow_mut();
            waiters.iter().position(|w| w.waiter == waiter).map(|at| waiters.swap_remove(at))
        };
        if let Some(settle) = found {
            // These are the two functions of a promise: they do not throw.
            let _ = function(&settle).call1(&JsValue::UNDEFINED, with);
        }
    }

    fn fetch(&self, id: Id, fetch: FetchId, reason: Reason) {
        let question = {
            let mut machines = self.machines.borrow_mut();
            let Some(entry) = machines.entry(id) else { return };
            let rejected = entry.token().filter(|_| reason == Reason::Rejected);
            let rejected = rejected.map(|token| token.access_key_id.clone());
            self.source.question(&Want { scope: &entry.scope, reason, rejected })
        };
        self.platform.ask(id, fetch, question);
    }

    fn landed(self: &Rc<Self>, id: Id, fetch: FetchId, outcome: Result<Answer, Failure>) {
        let input = match source::read(outcome) {
            Ok(reply) => {
                if let Some(server) = reply.server_time {
                    let machines = &mut *self.machines.borrow_mut();
                    let entry = machines.slots.iter().find(|e| e.id == id);
                    if let Some(Fetch::InFlight { sent, .. }) = entry.map(|e| e.slot.fetch()) {
                        machines.shared.clock.observe(server.at, server.granularity, *sent);
                    }
                }
                for warning in &reply.warnings {
                    self.warn(id, warning.name());
                }
                let mut machines = self.machines.borrow_mut();
                let Some(entry) = machines.entry(id) else { return };
                let value = entry.tokens.put(reply.token, &entry.slot);
                Input::Fetched { fetch, value, expiry: reply.expiry }
            }
            Err((error, cause)) => {
                if let Some(entry) = self.machines.borrow_mut().entry(id) {
                    entry.cause = cause;
                }
                Input::Failed { fetch, error }
            }
        };
        self.dispatch(id, input);
    }

    /// What was thrown, for the failures that somebody threw.
    fn cause(&self, id: Id, error: &Error) -> JsValue {
        match error {
            Error::Network | Error::Source => {
                self.machines.borrow_mut().entry(id).map(|e| e.cause.clone()).unwrap_or_default()
            }
            _ => JsValue::UNDEFINED,
        }
    }

    /// Arms the timer for the first thing that can happen by itself.
    fn arm(&self) {
        let machines = &mut *self.machines.borrow_mut();
        let time = machines.shared.look(&self.policy);
        let budget = &machines.shared.budget;
        let slots = machines.slots.iter();
        let next = slots.filter_map(|e| e.slot.next_timeout(&self.policy, budget, &time)).min();
        self.platform.arm(next, time.mono);
    }
}

impl Entry {
    /// The token in hand, usable or not.
    fn token(&self) -> Option<&StsToken> {
        self.tokens.get(self.slot.token()?.value)
    }

    fn show(&mut self, held: &Held<Key>, time: &Time) -> JsValue {
        if self.shown.as_ref().is_none_or(|(generation, _)| *generation != held.generation) {
            let token = self.tokens.get(held.value);
            self.shown =
                token.map(|token| (held.generation, convert::token(token, held.shown(time))));
        }
        self.shown.as_ref().map_or(JsValue::UNDEFINED, |(_, object)| object.into())
    }
}
