//! A token manager: what the machines of its slots want done.

mod calls;
mod slots;

use std::{
    cell::RefCell,
    mem,
    rc::{Rc, Weak},
};

use js_sys::Function;
use wasm_bindgen::prelude::*;

use super::{
    driver::{Driver, Id, Shell},
    host::TokenHost,
    request::{Origin, RequestFailure},
    view,
};
use slots::{Entry, Slots};

use crate::{
    clock::Time,
    context::Context,
    error::Error,
    lifecycle::{Effect, Event, Fetch, FetchId, Held, Input, WaiterId},
    reply::{Reply, Warning},
    token::{Expiry, StsToken},
    vault::Key,
};

/// The first number of a waiter within the module; TypeScript's are smaller.
const WITHIN: WaiterId = 1 << 31;

/// The slots of one token manager.
pub(super) struct Tokens {
    origin: Rc<Origin>,
    host: TokenHost,
    slots: RefCell<Slots>,
    waiting: RefCell<Vec<Waiting>>,
    /// Who signs with these tokens.
    users: RefCell<Vec<Weak<dyn UsesTokens>>>,
}

/// What signs with the tokens of a manager, such as an uploader.
pub(super) trait UsesTokens {
    /// There is a new token of this scope.
    fn renewed(self: Rc<Self>, scope: &str);
}

/// A token for an upload, and what is known of its end.
pub(super) struct Lent {
    pub(super) token: StsToken,
    pub(super) expiry: Expiry,
}

/// An upload that waits for a token, which never leaves the module.
struct Waiting {
    waiter: WaiterId,
    answer: Rc<RefCell<Option<Result<Lent, Error>>>>,
    settle: Function,
}

impl Tokens {
    pub(super) fn new(origin: Origin, host: TokenHost) -> Self {
        Self {
            origin: Rc::new(origin),
            host,
            slots: RefCell::default(),
            waiting: RefCell::default(),
            users: RefCell::default(),
        }
    }

    fn with<R>(&self, id: Id, act: impl FnOnce(&mut Entry) -> R) -> Option<R> {
        self.slots.borrow_mut().get(id).map(act)
    }

    fn is_closed(&self) -> bool {
        self.slots.borrow().closed
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
                    let (cause, error) = (self.cause(id, &error), self.told(&error));
                    self.host.reject(waiter, &view::write(&view::Failure::new(&error, cause)));
                }
            };
        }
        let found = {
            let mut waiting = self.waiting.borrow_mut();
            let at = waiting.iter().position(|waiting| waiting.waiter == waiter);
            at.map(|at| waiting.swap_remove(at))
        };
        let Some(waiting) = found else { return };
        let token = outcome.map_err(|error| self.told(&error)).and_then(|held| {
            let token = self.with(id, |entry| entry.tokens.get(held.value).cloned()).flatten();
            // The slot that answers with it keeps it.
            let token = token.ok_or(Error::Aborted)?;
            Ok(Lent { token, expiry: held.expiry(time) })
        });
        waiting.answer.replace(Some(token));
        // This is a function of a promise: it does not throw.
        let _ = waiting.settle.call0(&JsValue::UNDEFINED);
    }

    /// As it is told: the machine does not know what is asked.
    fn told(&self, error: &Error) -> Error {
        error.clone().asking(self.origin.asked())
    }

    fn last_error(&self, entry: &Entry) -> Option<Error> {
        entry.slot.last_error().map(|error| self.told(error))
    }

    /// What was thrown, for the failures that somebody threw.
    fn cause(&self, id: Id, error: &Error) -> JsValue {
        match error.kind() {
            Error::Network
            | Error::Source
            | Error::Mistake { .. }
            | Error::InvalidResponse { .. }
            | Error::Http(_)
            | Error::Throttled { .. }
            | Error::Unauthenticated(_)
            | Error::Forbidden(_) => self.with(id, |entry| entry.cause.clone()).unwrap_or_default(),
            _ => JsValue::UNDEFINED,
        }
    }

    fn emit(&self, id: Id, event: &Event, time: &Time) {
        match event {
            Event::Token { .. } => {
                self.tell_token("token", id, time);
                self.tell_users(id);
            }
            Event::Expired { .. } => self.tell_token("expired", id, time),
            Event::Rejected { .. } => self.tell_token("rejected", id, time),
            Event::RefreshFailed { error, fails, retry_in, usable } => {
                let (cause, error) = (self.cause(id, error), self.told(error));
                let failure = view::Failure::new(&error, cause);
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

    /// Takes note of a user, which is told when there is a new token.
    pub(super) fn used_by(&self, user: Weak<dyn UsesTokens>) {
        let mut known = self.users.borrow_mut();
        known.retain(|user| user.strong_count() > 0);
        known.push(user);
    }

    fn tell_users(&self, id: Id) {
        let Some(scope) = self.with(id, |entry| entry.scope.clone()) else { return };
        let known = self.users.borrow().clone();
        for user in known.iter().filter_map(Weak::upgrade) {
            user.renewed(&scope);
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
                reason: reason.as_deref(),
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

impl Shell for Tokens {
    type Input = Input<Key>;
    type Effect = Effect<Key>;
    type Outcome = Result<Reply, RequestFailure>;

    const TIMEOUT: Self::Input = Input::Timeout;
    const WAKE: Self::Input = Input::Wake;

    fn ids(&self) -> Vec<Id> {
        self.slots.borrow().all.iter().map(|entry| entry.id).collect()
    }

    fn step(&self, id: Id, input: Self::Input, cx: &mut Context<'_, Self::Effect>) {
        if self.is_closed() && !matches!(input, Input::Close) {
            if let Input::Wanted { waiter, .. } | Input::Another { waiter, .. } = input {
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

    fn answered(driver: &Rc<Driver<Self>>, id: Id, fetch: FetchId, answer: Self::Outcome) {
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
            Err(RequestFailure { error, thrown }) => {
                tokens.with(id, |entry| entry.cause = thrown);
                Input::Failed { fetch, error }
            }
        };
        driver.send(id, input);
    }

    fn rest(&self, time: &Time) {
        let mut slots = self.slots.borrow_mut();
        slots.forget_idle(time);
        for entry in &mut slots.all {
            if entry.slot.waiting() == 0 {
                entry.cause = JsValue::UNDEFINED;
            }
        }
    }
}
