//! What a token manager can be asked.

use std::{cell::RefCell, rc::Rc};

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;

use super::{Lent, Tokens, WITHIN, Waiting};
use crate::{
    error::{Asked, Error},
    json::Json,
    lifecycle::{FetchId, Generation, Input, Reason, WaiterId},
    reply,
    time::Millis,
    vault::Key,
    wasm::{
        driver::{Driver, Id},
        patience::Patience,
        request::Question,
        view,
    },
};

impl Driver<Tokens> {
    /// Asks for a token on behalf of the caller whose number is `waiter`.
    pub(crate) fn request(
        self: &Rc<Self>,
        waiter: WaiterId,
        scope: &str,
        least: Millis,
        waited: Millis,
    ) {
        self.send_scope(scope, Input::Wanted { waiter, least, waited });
    }

    /// Ends the wait of one caller.
    pub(crate) fn cancel(self: &Rc<Self>, waiter: WaiterId, scope: &str) {
        self.send_scope(scope, Input::Cancelled { waiter });
    }

    pub(crate) fn prefetch(self: &Rc<Self>, scope: &str) {
        self.send_scope(scope, Input::Prefetch);
    }

    pub(crate) fn retry(self: &Rc<Self>, scope: &str) {
        self.send_scope(scope, Input::Retry);
    }

    /// A token for an upload. One that has that with the AccessKeyId `held` wants another; if the issuer gives the same
    /// again, that is what it gets.
    ///
    /// # Errors
    ///
    /// Why there is none; [`Error::Aborted`] if the upload no longer wants it.
    pub(crate) async fn lend(
        self: &Rc<Self>,
        scope: &str,
        held: Option<&str>,
        patience: &Patience,
    ) -> Result<Lent, Error> {
        let answer = Rc::default();
        let mut waiter = 0;
        let settled = Promise::new(&mut |settle, _| {
            waiter = self.shell().wait(Rc::clone(&answer), settle);
        });
        self.send_scope(
            scope,
            match self.generation(scope, held) {
                Some(than) => Input::Another { waiter, than },
                None => Input::Wanted { waiter, least: 0, waited: 0 },
            },
        );
        if patience.wait(&settled).await.is_err() {
            self.cancel(waiter, scope);
        }
        answer.take().unwrap_or(Err(Error::Aborted))
    }

    /// Of the token in hand, if it is the one with this AccessKeyId.
    fn generation(&self, scope: &str, access_key_id: Option<&str>) -> Option<Generation> {
        let slots = self.shell().slots.borrow();
        let entry = slots.of(scope)?;
        let is_held = entry.token()?.access_key_id == access_key_id?;
        entry.slot.token().filter(|_| is_held).map(|held| held.generation)
    }

    /// What is asked, as errors name it.
    pub(crate) fn asked(&self) -> Asked {
        self.shell().origin.asked()
    }

    /// Why there is no token of this scope that may be used: what the last request for one failed with.
    pub(crate) fn why_none(&self, scope: &str) -> Option<Error> {
        let time = self.time();
        let slots = self.shell().slots.borrow();
        let entry = slots.of(scope).filter(|entry| entry.slot.peek(&time).is_none())?;
        self.shell().last_error(entry)
    }

    /// Reports that a server refused the token with this id, in whichever slot holds it. `reason` is for listeners.
    pub(crate) fn invalidate(self: &Rc<Self>, access_key_id: &str, reason: Option<String>) {
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
    pub(crate) fn reset(self: &Rc<Self>, scope: Option<&str>) {
        let Some(scope) = scope else { return self.send_all(&Input::Reset) };
        let id = self.shell().slots.borrow().of(scope).map(|entry| entry.id);
        if let Some(id) = id {
            self.send(id, Input::Reset);
        }
    }

    /// Stops for good.
    pub(crate) fn shut(self: &Rc<Self>) {
        self.shell().slots.borrow_mut().closed = true;
        self.close(&Input::Close);
    }

    /// The token that may be used now, or `undefined`.
    pub(crate) fn peek(&self, scope: &str) -> JsValue {
        let time = self.time();
        let mut slots = self.shell().slots.borrow_mut();
        let Some(entry) = slots.of_mut(scope) else { return JsValue::UNDEFINED };
        let held = entry.slot.peek(&time).cloned();
        held.map(|held| entry.show(&held, &time)).unwrap_or_default()
    }

    /// What the AppServer answered beside the token in hand, without secrets.
    pub(crate) fn rest_of(&self, scope: &str) -> Json {
        let slots = self.shell().slots.borrow();
        let rest = slots.of(scope).and_then(|entry| {
            let (key, rest) = entry.rest.as_ref()?;
            (*key == entry.slot.token()?.value).then(|| rest.clone())
        });
        rest.unwrap_or(Json::Null)
    }

    /// What is known of a slot, without secrets; `undefined` if there is none.
    pub(crate) fn status(&self, scope: &str) -> JsValue {
        let time = self.time();
        let slots = self.shell().slots.borrow();
        let Some(entry) = slots.of(scope) else { return JsValue::UNDEFINED };
        let id = entry.token().map(|token| &*token.access_key_id);
        let status = view::Status::new(&entry.slot, &time, id);
        let error = self.shell().last_error(entry);
        view::write(&status.and_fetch(&entry.slot, &time, error.as_ref()))
    }

    fn send_scope(self: &Rc<Self>, scope: &str, input: Input<Key>) {
        let id = self.shell().slots.borrow_mut().open(scope);
        self.send(id, input);
    }

    pub(super) fn fetch(self: &Rc<Self>, id: Id, fetch: FetchId, reason: Reason) {
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
    fn wait(&self, answer: Rc<RefCell<Option<Result<Lent, Error>>>>, settle: Function) -> WaiterId {
        let mut waiting = self.waiting.borrow_mut();
        let last = waiting.iter().map(|waiting| waiting.waiter).max();
        let waiter = last.map_or(WITHIN, |last| last.wrapping_add(1).max(WITHIN));
        waiting.push(Waiting { waiter, answer, settle });
        waiter
    }
}
