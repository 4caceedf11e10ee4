//! Runs the machines to completion and carries out their effects.

mod report;

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
};

use js_sys::{Function, Object};
use wasm_bindgen::prelude::*;
use web_sys::AbortController;

use super::{
    convert,
    source::{Source, Want},
    task::spawn,
    timer::{Timer, now},
    wake::Wakes,
};
use crate::{
    clock::{Clock, Time},
    error::Error,
    lifecycle::{Effect, FetchId, Held, Input, Reason, Slot, WaiterId},
    policy::{Budget, Jitter, Policy},
    reply::Reply,
    token::StsToken,
};

type Token = Rc<StsToken>;
type Scope = Rc<str>;

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
    inbox: RefCell<VecDeque<(Scope, Input<Token>)>>,
    draining: Cell<bool>,
    next_waiter: Cell<WaiterId>,
    waiters: RefCell<Vec<Settle>>,
    requests: RefCell<Vec<(Scope, FetchId, AbortController)>>,
    timer: RefCell<Option<Timer>>,
    wakes: RefCell<Option<Wakes>>,
}

/// The promise of one caller.
struct Settle {
    waiter: WaiterId,
    resolve: Function,
    reject: Function,
}

/// All slots of one manager, with the clock and the budget that they share.
struct Machines {
    clock: Clock,
    budget: Budget,
    jitter: Jitter,
    slots: Vec<Entry>,
}

struct Entry {
    scope: Scope,
    slot: Slot<Token>,
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
    fn look(&mut self, policy: &Policy) -> Time {
        let draw = self.jitter.draw();
        self.clock.look(policy, now(), draw)
    }

    fn entry(&mut self, scope: &Scope, time: &Time) -> Option<&mut Entry> {
        if !self.slots.iter().any(|e| e.scope == *scope) {
            if self.slots.len() >= SLOTS {
                self.slots.retain(|e| !e.slot.idle(time));
            }
            self.slots.push(Entry {
                scope: Rc::clone(scope),
                slot: Slot::default(),
                shown: None,
                cause: JsValue::UNDEFINED,
                refusal: JsValue::UNDEFINED,
                warned: Vec::new(),
            });
        }
        self.slots.iter_mut().find(|e| e.scope == *scope)
    }

    fn get(&self, scope: &str) -> Option<&Entry> {
        self.slots.iter().find(|e| &*e.scope == scope)
    }
}

impl Driver {
    pub(super) fn new(policy: Policy, source: Source, listener: Function, seed: u64) -> Rc<Self> {
        let budget = Budget::new(&policy, now().mono);
        let machines = Machines {
            clock: Clock::default(),
            budget,
            jitter: Jitter::new(seed),
            slots: Vec::new(),
        };
        let driver = Rc::new(Self {
            policy,
            source,
            listener,
            machines: RefCell::new(machines),
            inbox: RefCell::default(),
            draining: Cell::new(false),
            next_waiter: Cell::new(0),
            waiters: RefCell::default(),
            requests: RefCell::default(),
            timer: RefCell::default(),
            wakes: RefCell::default(),
        });
        let weak = Rc::downgrade(&driver);
        let wakes = Wakes::new(move || {
            if let Some(driver) = weak.upgrade() {
                driver.all(&Input::Wake);
            }
        });
        driver.wakes.replace(Some(wakes));
        driver
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
        self.dispatch(scope.into(), Input::Wanted { waiter, least });
        waiter
    }

    pub(super) fn cancel(self: &Rc<Self>, scope: &str, waiter: WaiterId) {
        self.dispatch(scope.into(), Input::Cancelled { waiter });
    }

    pub(super) fn prefetch(self: &Rc<Self>, scope: &str) {
        self.dispatch(scope.into(), Input::Prefetch);
    }

    /// Reports that a server refused the token with this id, in whichever slot holds it. `reason` is for listeners.
    pub(super) fn invalidate(self: &Rc<Self>, access_key_id: &str, reason: &JsValue) {
        let held = self.machines.borrow_mut().slots.iter_mut().find_map(|e| {
            let token = e.slot.token().filter(|t| t.value.access_key_id == access_key_id)?;
            e.refusal = reason.clone();
            Some((Rc::clone(&e.scope), token.generation))
        });
        if let Some((scope, generation)) = held {
            self.dispatch(scope, Input::Rejected { generation });
        }
    }

    pub(super) fn close(self: &Rc<Self>) {
        self.wakes.take();
        self.source.close();
        self.all(&Input::Close);
        self.timer.take();
    }

    pub(super) fn peek(&self, scope: &str) -> JsValue {
        let mut machines = self.machines.borrow_mut();
        let time = machines.look(&self.policy);
        let Some(entry) = machines.slots.iter_mut().find(|e| &*e.scope == scope) else {
            return JsValue::UNDEFINED;
        };
        let Some(held) = entry.slot.peek(&time).cloned() else { return JsValue::UNDEFINED };
        entry.show(&held, &time).into()
    }

    fn all(self: &Rc<Self>, input: &Input<Token>) {
        let scopes: Vec<Scope> =
            self.machines.borrow().slots.iter().map(|e| Rc::clone(&e.scope)).collect();
        self.inbox.borrow_mut().extend(scopes.into_iter().map(|scope| (scope, input.clone())));
        self.drain();
    }

    /// Feeds `input`, then everything that comes of it.
    fn dispatch(self: &Rc<Self>, scope: Scope, input: Input<Token>) {
        self.inbox.borrow_mut().push_back((scope, input));
        self.drain();
    }

    fn drain(self: &Rc<Self>) {
        if self.draining.replace(true) {
            return;
        }
        loop {
            let next = self.inbox.borrow_mut().pop_front();
            let Some((scope, input)) = next else { break };
            for effect in self.step(&scope, input) {
                self.run(&scope, effect);
            }
        }
        for entry in &mut self.machines.borrow_mut().slots {
            if entry.slot.waiting() == 0 {
                entry.cause = JsValue::UNDEFINED;
            }
        }
        self.draining.set(false);
        self.arm();
    }

    fn step(&self, scope: &Scope, input: Input<Token>) -> Vec<Effect<Token>> {
        let mut out = Vec::new();
        if self.source.closed() && !matches!(input, Input::Close) {
            if let Input::Wanted { waiter, .. } = input {
                out.push(Effect::Reject { waiter, error: Error::Closed });
            }
            return out;
        }
        let mut machines = self.machines.borrow_mut();
        let time = machines.look(&self.policy);
        let mut budget = machines.budget;
        if let Some(entry) = machines.entry(scope, &time) {
            entry.slot.step(&self.policy, &mut budget, &time, input, &mut out);
        }
        machines.budget = budget;
        out
    }

    fn run(self: &Rc<Self>, scope: &Scope, effect: Effect<Token>) {
        match effect {
            Effect::Fetch { fetch, reason } => self.fetch(scope, fetch, reason),
            Effect::Abort { fetch } => self.abort(scope, fetch),
            Effect::Resolve { waiter, token } => {
                let shown = {
                    let mut machines = self.machines.borrow_mut();
                    let time = machines.look(&self.policy);
                    machines.entry(scope, &time).map(|e| e.show(&token, &time))
                };
                self.settle(waiter, |settle| {
                    settle.resolve.call1(&JsValue::UNDEFINED, &shown.into())
                });
            }
            Effect::Reject { waiter, error } => {
                let failure = convert::failure(&error, &self.cause(scope, &error));
                self.settle(waiter, |settle| settle.reject.call1(&JsValue::UNDEFINED, &failure));
            }
            Effect::Emit(event) => self.emit(scope, &event),
        }
    }

    fn settle(&self, waiter: WaiterId, call: impl FnOnce(&Settle) -> Result<JsValue, JsValue>) {
        let found = {
            let mut waiters = self.waiters.borrow_mut();
            waiters.iter().position(|w| w.waiter == waiter).map(|at| waiters.swap_remove(at))
        };
        if let Some(settle) = found {
            // These are the two functions of a promise: they do not throw.
            let _ = call(&settle);
        }
    }

    fn fetch(self: &Rc<Self>, scope: &Scope, fetch: FetchId, reason: Reason) {
        let Ok(abort) = AbortController::new() else {
            return self.dispatch(Rc::clone(scope), Input::Failed { fetch, error: Error::Network });
        };
        let signal = abort.signal();
        self.requests.borrow_mut().push((Rc::clone(scope), fetch, abort));
        let (sent, rejected) = {
            let mut machines = self.machines.borrow_mut();
            let rejected = machines.get(scope).and_then(|e| e.slot.token());
            let rejected = rejected.map(|token| token.value.access_key_id.clone());
            (machines.look(&self.policy).virt, rejected.filter(|_| reason == Reason::Rejected))
        };
        // Weak: a source that never answers must not keep a dropped manager alive.
        let (driver, source, scope) = (Rc::downgrade(self), self.source.clone(), Rc::clone(scope));
        let want = Want { scope: Rc::clone(&scope), reason, rejected };
        spawn(signal.clone(), async move {
            // A microtask has passed: the page may have closed the manager.
            if signal.aborted() {
                return;
            }
            let answer = source.ask(&want, &signal).await;
            if let Some(driver) = driver.upgrade() {
                driver.landed(scope, fetch, sent, answer);
            }
        });
    }

    fn landed(
        self: &Rc<Self>,
        scope: Scope,
        fetch: FetchId,
        sent: u64,
        answer: Result<Reply, (Error, JsValue)>,
    ) {
        let known = {
            let mut requests = self.requests.borrow_mut();
            requests
                .iter()
                .position(|(s, f, _)| *s == scope && *f == fetch)
                .map(|at| requests.swap_remove(at))
        };
        if known.is_none() {
            return;
        }
        let input = match answer {
            Ok(reply) => {
                if let Some(server) = reply.server_time {
                    self.machines.borrow_mut().clock.observe(server.at, server.granularity, sent);
                }
                for warning in &reply.warnings {
                    self.warn(&scope, warning.name());
                }
                Input::Fetched { fetch, value: Rc::new(reply.token), expiry: reply.expiry }
            }
            Err((error, cause)) => {
                let mut machines = self.machines.borrow_mut();
                if let Some(entry) = machines.slots.iter_mut().find(|e| e.scope == scope) {
                    entry.cause = cause;
                }
                Input::Failed { fetch, error }
            }
        };
        self.dispatch(scope, input);
    }

    fn abort(&self, scope: &Scope, fetch: FetchId) {
        let found = {
            let mut requests = self.requests.borrow_mut();
            requests
                .iter()
                .position(|(s, f, _)| s == scope && *f == fetch)
                .map(|at| requests.swap_remove(at))
        };
        if let Some((_, _, abort)) = found {
            abort.abort();
        }
    }

    /// What was thrown, for the failures that somebody threw.
    fn cause(&self, scope: &Scope, error: &Error) -> JsValue {
        match error {
            Error::Network | Error::Source => {
                self.machines.borrow().get(scope).map_or(JsValue::UNDEFINED, |e| e.cause.clone())
            }
            _ => JsValue::UNDEFINED,
        }
    }

    /// Arms the timer for the first thing that can happen by itself.
    fn arm(self: &Rc<Self>) {
        let next = {
            let mut machines = self.machines.borrow_mut();
            let time = machines.look(&self.policy);
            let budget = machines.budget;
            let next = machines
                .slots
                .iter()
                .filter_map(|e| e.slot.next_timeout(&self.policy, &budget, &time))
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

impl Entry {
    fn show(&mut self, held: &Held<Token>, time: &Time) -> Object {
        match &self.shown {
            Some((generation, object)) if *generation == held.generation => object.clone(),
            _ => {
                let object = convert::token(&held.value, held.shown(time));
                self.shown = Some((held.generation, object.clone()));
                object
            }
        }
    }
}
