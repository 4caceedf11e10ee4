//! The slots of a token manager, and what their machines want done.

use std::{cell::RefCell, mem, rc::Rc};

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;

use super::{
    driver::{Driver, Id, Shell},
    host::TokenHost,
    patience::Patience,
    request::{Failure, Origin, Question},
    view,
};
use crate::{
    clock::Time,
    context::Context,
    error::Error,
    json::Json,
    lifecycle::{Effect, Event, Fetch, FetchId, Held, Input, Reason, Slot, WaiterId},
    reply::{self, Reply, Warning},
    token::StsToken,
    vault::{Key, Vault},
};

/// Slots kept while idle; past that, those that nobody relies on are forgotten.
const SLOTS: usize = 64;
/// The first number of a waiter within the module; TypeScript's are smaller.
const WITHIN: WaiterId = 1 << 31;

/// The slots of one token manager.
pub(super) struct Tokens {
    origin: Rc<Origin>,
    host: TokenHost,
    slots: RefCell<Slots>,
    waiting: RefCell<Vec<Waiting>>,
}

#[derive(Default)]
struct Slots {
    all: Vec<Entry>,
    last: Id,
    closed: bool,
}

struct Entry {
    id: Id,
    scope: String,
    slot: Slot<Key>,
    tokens: Vault<StsToken>,
    /// What its last answer said beside the token with this key.
    rest: Option<(Key, Json)>,
    /// The object handed out for the token in hand, so that a token has one identity.
    shown: Option<(u32, JsValue)>,
    /// What was thrown by the last request that got no answer, while somebody waits who may be told.
    ///
    /// No longer: an error keeps the functions that threw it, and those may keep the manager.
    cause: JsValue,
    /// Why the page says that the token was refused, until its listeners are told.
    refusal: Option<String>,
    warned: Vec<&'static str>,
}

/// An upload that waits for a token, which never leaves the module.
struct Waiting {
    waiter: WaiterId,
    answer: Rc<RefCell<Option<Result<StsToken, Error>>>>,
    settle: Function,
}

impl Tokens {
    pub(super) fn new(origin: Origin, host: TokenHost) -> Self {
        Self {
            origin: Rc::new(origin),
            host,
            slots: RefCell::default(),
            waiting: RefCell::default(),
        }
    }

    fn with<R>(&self, id: Id, act: impl FnOnce(&mut Entry) -> R) -> Option<R> {
        self.slots.borrow_mut().all.iter_mut().find(|entry| entry.id == id).map(act)
    }

    fn is_closed(&self) -> bool {
        self.slots.borrow().closed
    }

    /// The slot of `scope`, made if there is none.
    fn open(&self, scope: &str, time: impl FnOnce() -> Time) -> Id {
        let slots = &mut *self.slots.borrow_mut();
        if let Some(entry) = slots.all.iter().find(|entry| entry.scope == scope) {
            return entry.id;
        }
        if slots.all.len() >= SLOTS {
            let time = time();
            slots.all.retain(|entry| !entry.slot.idle(&time));
        }
        slots.last = slots.last.wrapping_add(1);
        slots.all.push(Entry::new(slots.last, scope));
        slots.last
    }

    fn show(&self, id: Id, held: &Held<Key>, time: &Time) -> JsValue {
        self.with(id, |entry| entry.show(held, time)).unwrap_or_default()
    }

    /// Hands the token, or why there is none, to whoever waits under this number.
    fn settle(&self, waiter: WaiterId, id: Id, outcome: Result<&Held<Key>, Error>, time: &Time) {
        if waiter < WITHIN {
            return match outcome {
                Ok(held) => self.host.resolve(waiter, &self.show(id, held, time)),
                Err(error) => {
                    let failure = view::Failure::new(&error, self.cause(id, &error));
                    self.host.reject(waiter, &view::write(&failure));
                }
            };
        }
        let found = {
            let mut waiting = self.waiting.borrow_mut();
            let at = waiting.iter().position(|waiting| waiting.waiter == waiter);
            at.map(|at| waiting.swap_remove(at))
        };
        let Some(waiting) = found else { return };
        let token = outcome.and_then(|held| {
            let token = self.with(id, |entry| entry.tokens.get(held.value).cloned()).flatten();
            token.ok_or(Error::Rejected)
        });
        waiting.answer.replace(Some(token));
        // This is a function of a promise: it does not throw.
        let _ = waiting.settle.call0(&JsValue::UNDEFINED);
    }

    /// What was thrown, for the failures that somebody threw.
    fn cause(&self, id: Id, error: &Error) -> JsValue {
        match error.kind() {
            Error::Network | Error::Source | Error::Mistake { .. } => {
                self.with(id, |entry| entry.cause.clone()).unwrap_or_default()
            }
            _ => JsValue::UNDEFINED,
        }
    }

    fn emit(&self, id: Id, event: &Event, time: &Time) {
        match event {
            Event::Token { .. } => self.tell_token("token", id, time),
            Event::Expired { .. } => self.tell_token("expired", id, time),
            Event::Rejected { .. } => self.tell_token("rejected", id, time),
            Event::RefreshFailed { error, fails, retry_in, usable } => {
                let failure = view::Failure::new(error, self.cause(id, error));
                self.tell("refreshFailed", id, |scope| {
                    let scope = Some(scope);
                    view::write(&view::RefreshFailed::new(
                        scope, failure, *fails, *retry_in, *usable,
                    ))
                });
            }
            Event::State { zone } => self.tell("state", id, |scope| {
                view::write(&view::StateEvent { scope, state: view::zone(*zone) })
            }),
            Event::AssumedLife => self.warn(id, Warning::NoExpiration.name()),
            Event::LocalExpiration => self.warn(id, Warning::LocalExpiration.name()),
        }
    }

    /// Tells of the token in hand.
    fn tell_token(&self, name: &str, id: Id, time: &Time) {
        let detail = self.with(id, |entry| {
            // What the page said of a refusal is told once.
            let reason = if name == "rejected" { mem::take(&mut entry.refusal) } else { None };
            let (held, token) = (entry.slot.token()?, entry.token());
            Some(view::write(&view::TokenEvent {
                scope: &entry.scope,
                generation: held.generation,
                access_key_id: token.map(|token| &*token.access_key_id),
                expires_at: view::instant(held.shown(time)),
                reason,
            }))
        });
        self.event(name, detail.flatten());
    }

    /// Each warning once a slot: it is about the AppServer, not about the moment.
    fn warn(&self, id: Id, warning: &'static str) {
        let is_new = self.with(id, |entry| {
            let is_new = !entry.warned.contains(&warning);
            if is_new {
                entry.warned.push(warning);
            }
            is_new
        });
        if is_new == Some(true) {
            self.tell("warning", id, |scope| view::write(&view::WarningEvent { scope, warning }));
        }
    }

    fn tell(&self, name: &str, id: Id, detail: impl FnOnce(&str) -> JsValue) {
        let detail = self.with(id, |entry| detail(&entry.scope));
        self.event(name, detail);
    }

    fn event(&self, name: &str, detail: Option<JsValue>) {
        if let Some(detail) = detail {
            // The facade reports what a listener throws; nothing of it reaches the machines.
            let _ = self.host.event(name, &detail);
        }
    }
}

impl Entry {
    fn new(id: Id, scope: &str) -> Self {
        Self {
            id,
            scope: scope.to_owned(),
            slot: Slot::default(),
            tokens: Vault::default(),
            rest: None,
            shown: None,
            cause: JsValue::UNDEFINED,
            refusal: None,
            warned: Vec::new(),
        }
    }

    /// Forgets what was the former user's.
    fn forget(&mut self) {
        let (id, scope) = (self.id, mem::take(&mut self.scope));
        let (slot, warned) = (mem::take(&mut self.slot), mem::take(&mut self.warned));
        *self = Self { slot, warned, ..Self::new(id, &scope) };
    }

    /// The token in hand, usable or not.
    fn token(&self) -> Option<&StsToken> {
        self.tokens.get(self.slot.token()?.value)
    }

    fn show(&mut self, held: &Held<Key>, time: &Time) -> JsValue {
        match &self.shown {
            Some((generation, object)) if *generation == held.generation => object.clone(),
            _ => {
                let Some(token) = self.tokens.get(held.value) else { return JsValue::UNDEFINED };
                let rest = self.rest.as_ref().filter(|(key, _)| *key == held.value);
                let object = view::token(token, held.shown(time), rest.map(|(_, rest)| rest));
                self.shown = Some((held.generation, object.clone()));
                object
            }
        }
    }
}

impl Shell for Tokens {
    type Input = Input<Key>;
    type Effect = Effect<Key>;
    type Answer = Result<Reply, Failure>;

    const TIMEOUT: Self::Input = Input::Timeout;
    const WAKE: Self::Input = Input::Wake;

    fn ids(&self) -> Vec<Id> {
        self.slots.borrow().all.iter().map(|entry| entry.id).collect()
    }

    fn step(&self, id: Id, input: Self::Input, cx: &mut Context<'_, Self::Effect>) {
        if self.is_closed() && !matches!(input, Input::Close) {
            if let Input::Wanted { waiter, .. } = input {
                cx.out.push(Effect::Reject { waiter, error: Error::Closed });
            }
            return;
        }
        let is_reset = matches!(input, Input::Reset);
        self.with(id, |entry| {
            entry.slot.step(cx, input);
            if is_reset {
                entry.forget();
            }
        });
    }

    fn next_timeout(&self, cx: &Context<'_, Self::Effect>) -> Option<u64> {
        let slots = self.slots.borrow();
        let next = |entry: &Entry| entry.slot.next_timeout(cx.policy, cx.budget, cx.time);
        slots.all.iter().filter_map(next).min()
    }

    fn run(driver: &Rc<Driver<Self>>, id: Id, effect: Self::Effect, time: &Time) {
        let tokens = driver.shell();
        match effect {
            Effect::Fetch { fetch, reason } => driver.fetch(id, fetch, reason),
            Effect::Abort { fetch } => driver.abort(id, fetch),
            Effect::Resolve { waiter, token } => tokens.settle(waiter, id, Ok(&token), time),
            Effect::Reject { waiter, error } => tokens.settle(waiter, id, Err(error), time),
            Effect::Emit(event) => tokens.emit(id, &event, time),
        }
    }

    fn landed(driver: &Rc<Driver<Self>>, id: Id, fetch: FetchId, answer: Self::Answer) {
        let tokens = driver.shell();
        let input = match answer {
            Ok(reply) => {
                let sent = tokens.with(id, |entry| match entry.slot.fetch() {
                    Fetch::InFlight { sent, .. } => Some(*sent),
                    _ => None,
                });
                if let (Some(server), Some(Some(sent))) = (reply.server_time, sent) {
                    driver.observe(server, sent);
                }
                for warning in &reply.warnings {
                    tokens.warn(id, warning.name());
                }
                let put = |entry: &mut Entry| {
                    let value = entry.tokens.put(reply.token, &entry.slot);
                    entry.rest = Some((value, reply.rest));
                    value
                };
                let Some(value) = tokens.with(id, put) else { return };
                Input::Fetched { fetch, value, expiry: reply.expiry }
            }
            Err(Failure { error, thrown }) => {
                tokens.with(id, |entry| entry.cause = thrown);
                Input::Failed { fetch, error }
            }
        };
        driver.send(id, input);
    }

    fn rest(&self) {
        for entry in &mut self.slots.borrow_mut().all {
            if entry.slot.waiting() == 0 {
                entry.cause = JsValue::UNDEFINED;
            }
        }
    }
}

impl Driver<Tokens> {
    /// Asks for a token on behalf of the caller whose number is `waiter`.
    pub(super) fn request(self: &Rc<Self>, waiter: WaiterId, scope: &str, least: u64) {
        self.send_scope(scope, Input::Wanted { waiter, least });
    }

    /// Ends the wait of one caller.
    pub(super) fn cancel(self: &Rc<Self>, waiter: WaiterId, scope: &str) {
        self.send_scope(scope, Input::Cancelled { waiter });
    }

    pub(super) fn prefetch(self: &Rc<Self>, scope: &str) {
        self.send_scope(scope, Input::Prefetch);
    }

    pub(super) fn retry(self: &Rc<Self>, scope: &str) {
        self.send_scope(scope, Input::Retry);
    }

    /// A token for an upload.
    ///
    /// # Errors
    ///
    /// Why there is none; [`Error::Aborted`] if the upload no longer wants it.
    pub(super) async fn token(
        self: &Rc<Self>,
        scope: &str,
        patience: &Patience,
    ) -> Result<StsToken, Error> {
        let answer = Rc::default();
        let mut waiter = 0;
        let settled = Promise::new(&mut |settle, _| {
            waiter = self.shell().wait(Rc::clone(&answer), settle);
        });
        self.request(waiter, scope, 0);
        if patience.wait(&settled).await.is_err() {
            self.cancel(waiter, scope);
        }
        answer.take().unwrap_or(Err(Error::Aborted))
    }

    /// Why the last request for a token of this scope failed, until one succeeds.
    pub(super) fn last_error(&self, scope: &str) -> Option<Error> {
        let slots = self.shell().slots.borrow();
        slots.all.iter().find(|entry| entry.scope == scope)?.slot.last_error().cloned()
    }

    /// Reports that a server refused the token with this id, in whichever slot holds it. `reason` is for listeners.
    pub(super) fn invalidate(self: &Rc<Self>, access_key_id: &str, reason: Option<String>) {
        let held = self.shell().slots.borrow_mut().all.iter_mut().find_map(|entry| {
            let generation = entry.slot.token()?.generation;
            if entry.token()?.access_key_id != access_key_id {
                return None;
            }
            entry.refusal.clone_from(&reason);
            Some((entry.id, generation))
        });
        if let Some((id, generation)) = held {
            self.send(id, Input::Rejected { generation });
        }
    }

    /// Drops what is in hand and under way, of this scope or of all: the user changed.
    pub(super) fn reset(self: &Rc<Self>, scope: Option<&str>) {
        let Some(scope) = scope else { return self.send_all(&Input::Reset) };
        let id = {
            let slots = self.shell().slots.borrow();
            slots.all.iter().find(|entry| entry.scope == scope).map(|entry| entry.id)
        };
        if let Some(id) = id {
            self.send(id, Input::Reset);
        }
    }

    /// Stops for good.
    pub(super) fn shut(self: &Rc<Self>) {
        self.shell().slots.borrow_mut().closed = true;
        self.close(&Input::Close);
    }

    /// The token that may be used now, or `undefined`.
    pub(super) fn peek(&self, scope: &str) -> JsValue {
        let time = self.time();
        let mut slots = self.shell().slots.borrow_mut();
        let Some(entry) = slots.all.iter_mut().find(|entry| entry.scope == scope) else {
            return JsValue::UNDEFINED;
        };
        let held = entry.slot.peek(&time).cloned();
        held.map(|held| entry.show(&held, &time)).unwrap_or_default()
    }

    /// What the AppServer answered beside the token in hand, without secrets.
    pub(super) fn rest_of(&self, scope: &str) -> Json {
        let slots = self.shell().slots.borrow();
        let entry = slots.all.iter().find(|entry| entry.scope == scope);
        let rest = entry.and_then(|entry| {
            let (key, rest) = entry.rest.as_ref()?;
            (*key == entry.slot.token()?.value).then(|| rest.clone())
        });
        rest.unwrap_or(Json::Null)
    }

    /// What is known of a slot, without secrets; `undefined` if there is none.
    pub(super) fn status(&self, scope: &str) -> JsValue {
        let time = self.time();
        let slots = self.shell().slots.borrow();
        let Some(entry) = slots.all.iter().find(|entry| entry.scope == scope) else {
            return JsValue::UNDEFINED;
        };
        let id = entry.token().map(|token| &*token.access_key_id);
        let status = view::Status::new(&entry.slot, &time, id);
        view::write(&status.and_fetch(&entry.slot, &time))
    }

    fn send_scope(self: &Rc<Self>, scope: &str, input: Input<Key>) {
        let id = self.shell().open(scope, || self.time());
        self.send(id, input);
    }

    fn fetch(self: &Rc<Self>, id: Id, fetch: FetchId, reason: Reason) {
        let question = self.shell().with(id, |entry| {
            let rejected = entry.token().filter(|_| reason == Reason::Rejected);
            let rejected = rejected.map(|token| &*token.access_key_id);
            let special = rejected.is_some() || !entry.scope.is_empty();
            let reason = view::reason(reason);
            let wanted = view::TokenRequest { reason, scope: &entry.scope, rejected };
            Question { wanted: view::write(&wanted), file: 0, special }
        });
        let Some(question) = question else { return };
        let origin = Rc::clone(&self.shell().origin);
        self.ask(id, fetch, |patience| async move {
            origin.ask(&question, &patience, reply::read).await
        });
    }
}

impl Tokens {
    /// Registers an upload that waits; returns its number.
    fn wait(
        &self,
        answer: Rc<RefCell<Option<Result<StsToken, Error>>>>,
        settle: Function,
    ) -> WaiterId {
        let mut waiting = self.waiting.borrow_mut();
        let last = waiting.iter().map(|waiting| waiting.waiter).max();
        let waiter = last.map_or(WITHIN, |last| last.wrapping_add(1).max(WITHIN));
        waiting.push(Waiting { waiter, answer, settle });
        waiter
    }
}
