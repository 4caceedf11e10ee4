//! What a page sees and hears of the machines: the status and the events. Nothing in it is secret.

use js_sys::Object;
use wasm_bindgen::prelude::*;

use super::{Driver, Scope, convert};
use crate::{
    lifecycle::{Event, Fetch, Slot},
    reply::Warning,
};

impl Driver {
    pub(in crate::wasm) fn status(&self, scope: &str) -> Object {
        let mut machines = self.machines.borrow_mut();
        let time = machines.look(&self.policy);
        let empty = Slot::default();
        let entry = machines.get(scope);
        let slot = entry.map_or(&empty, |e| &e.slot);
        let held = slot.token();
        let zone = if self.source.closed() {
            "closed"
        } else {
            convert::zone(held.map_or_else(|| slot.zone(), |t| t.zone(&time)))
        };
        let (fetch, retry) = match slot.fetch() {
            Fetch::Idle => ("idle", None),
            Fetch::InFlight { .. } => ("inFlight", None),
            Fetch::Backoff { until, .. } => ("backoff", Some(*until)),
            Fetch::Parked { until, .. } => ("parked", Some(*until)),
        };
        let none = JsValue::UNDEFINED;
        let error = slot.last_error().map(|error| convert::failure(error, &none).into());
        convert::object(&[
            ("state", zone.into()),
            ("fetch", fetch.into()),
            ("generation", held.map_or(0, |t| t.generation).into()),
            ("accessKeyId", held.map_or(JsValue::UNDEFINED, |t| (&*t.value.access_key_id).into())),
            ("expiresAt", held.map_or(JsValue::UNDEFINED, |t| convert::instant(t.shown(&time)))),
            ("validFor", convert::millis(held.and_then(|t| t.left(&time)).unwrap_or(0))),
            ("life", held.map_or(JsValue::UNDEFINED, |t| convert::millis(t.life))),
            ("margin", held.map_or(JsValue::UNDEFINED, |t| convert::millis(t.margin()))),
            ("mandatory", held.map_or(JsValue::UNDEFINED, |t| convert::millis(t.mandatory()))),
            (
                "refreshIn",
                held.map_or(JsValue::UNDEFINED, |t| {
                    convert::millis(t.refresh_at().saturating_sub(time.virt))
                }),
            ),
            (
                "retryIn",
                retry
                    .map_or(JsValue::UNDEFINED, |at| convert::millis(at.saturating_sub(time.mono))),
            ),
            ("waiting", u32::try_from(slot.waiting()).unwrap_or(u32::MAX).into()),
            ("requests", slot.requests().into()),
            ("failures", slot.fails().into()),
            ("lastError", error.unwrap_or(JsValue::UNDEFINED)),
        ])
    }

    pub(super) fn emit(&self, scope: &Scope, event: &Event) {
        match event {
            Event::Token { generation }
            | Event::Expired { generation }
            | Event::Rejected { generation } => {
                let name = match event {
                    Event::Token { .. } => "token",
                    Event::Expired { .. } => "expired",
                    _ => "rejected",
                };
                let (id, expires) = self.describe(scope);
                let reason = match event {
                    Event::Rejected { .. } => self.refusal(scope),
                    _ => JsValue::UNDEFINED,
                };
                let members = [
                    ("generation", JsValue::from(*generation)),
                    ("accessKeyId", id),
                    ("expiresAt", expires),
                    ("reason", reason),
                ];
                self.tell(name, scope, &members);
            }
            Event::RefreshFailed { error, fails, retry_in, usable } => {
                let failure = convert::failure(error, &self.cause(scope, error)).into();
                let retry = retry_in.map_or(JsValue::UNDEFINED, convert::millis);
                let rest = [
                    ("failures", (*fails).into()),
                    ("retryIn", retry),
                    ("usable", (*usable).into()),
                ];
                let [failures, retry, usable] = rest;
                self.tell("refreshFailed", scope, &[("error", failure), failures, retry, usable]);
            }
            Event::State { zone } => {
                self.tell("state", scope, &[("state", convert::zone(*zone).into())]);
            }
            Event::AssumedLife => self.warn(scope, Warning::NoExpiration.name()),
        }
    }

    /// Each warning once a slot: it is about the AppServer, not about the moment.
    pub(super) fn warn(&self, scope: &Scope, warning: &'static str) {
        let new = {
            let mut machines = self.machines.borrow_mut();
            let entry = machines.slots.iter_mut().find(|e| e.scope == *scope);
            entry.is_some_and(|e| {
                !e.warned.contains(&warning) && {
                    e.warned.push(warning);
                    true
                }
            })
        };
        if new {
            self.tell("warning", scope, &[("warning", warning.into())]);
        }
    }

    /// What the page said of the refusal; told once.
    fn refusal(&self, scope: &Scope) -> JsValue {
        let mut machines = self.machines.borrow_mut();
        let entry = machines.slots.iter_mut().find(|e| e.scope == *scope);
        entry.map_or(JsValue::UNDEFINED, |e| core::mem::replace(&mut e.refusal, JsValue::UNDEFINED))
    }

    fn describe(&self, scope: &Scope) -> (JsValue, JsValue) {
        let mut machines = self.machines.borrow_mut();
        let time = machines.look(&self.policy);
        let held = machines.get(scope).and_then(|e| e.slot.token());
        held.map_or((JsValue::UNDEFINED, JsValue::UNDEFINED), |t| {
            ((&*t.value.access_key_id).into(), convert::instant(t.shown(&time)))
        })
    }

    fn tell(&self, name: &str, scope: &Scope, members: &[(&str, JsValue)]) {
        let detail = convert::object(members);
        let _ = js_sys::Reflect::set(&detail, &"scope".into(), &(&**scope).into());
        // The facade reports what a listener throws; nothing of it reaches the machines.
        let _ = self.listener.call2(&JsValue::UNDEFINED, &name.into(), &detail);
    }
}
