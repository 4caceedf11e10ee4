//! What a page sees and hears of the machines: the status and the events. Nothing in it is secret.

use core::mem;

use wasm_bindgen::prelude::*;

use super::{
    Driver, Id,
    convert::{self, Record},
};
use crate::{
    clock::Time,
    lifecycle::{Event, Fetch},
    reply::Warning,
};

impl Driver {
    pub(in crate::wasm) fn status(&self, scope: &str) -> JsValue {
        let mut machines = self.machines.borrow_mut();
        let time = machines.shared.look(&self.policy);
        let Some(entry) = machines.slots.iter().find(|e| e.scope == scope) else {
            return JsValue::UNDEFINED;
        };
        let slot = &entry.slot;
        let (fetch, retry) = match slot.fetch() {
            Fetch::Idle => ("idle", None),
            Fetch::InFlight { .. } => ("inFlight", None),
            Fetch::Backoff { until, .. } => ("backoff", Some(*until)),
            Fetch::Parked { until, .. } => ("parked", Some(*until)),
        };
        let error = slot.last_error().map(|error| convert::failure(error, &JsValue::UNDEFINED));
        let id = entry.token().map(|token| &*token.access_key_id);
        let record = convert::slot(slot, &time, id)
            .text("fetch", fetch)
            .some_millis("retryIn", retry.map(|at| at.saturating_sub(time.mono)))
            .count("waiting", u32::try_from(slot.waiting()).unwrap_or(u32::MAX))
            .value("lastError", &error.unwrap_or_default());
        record.into()
    }

    pub(super) fn emit(&self, id: Id, event: &Event, time: &Time) {
        match event {
            Event::Token { generation } => self.tell_token("token", id, *generation, time),
            Event::Expired { generation } => self.tell_token("expired", id, *generation, time),
            Event::Rejected { generation } => self.tell_token("rejected", id, *generation, time),
            Event::RefreshFailed { error, fails, retry_in, usable } => {
                let (cause, rest) = (self.cause(id, error), (*fails, *retry_in, *usable));
                self.tell("refreshFailed", id, convert::refresh_failed(error, &cause, rest));
            }
            Event::State { zone } => {
                self.tell("state", id, Record::new().text("state", convert::zone(*zone)));
            }
            Event::AssumedLife => self.warn(id, Warning::NoExpiration.name()),
        }
    }

    /// Tells of the token in hand.
    fn tell_token(&self, name: &str, id: Id, generation: u32, time: &Time) {
        let record = Record::new().count("generation", generation);
        let record = {
            let mut machines = self.machines.borrow_mut();
            let Some(entry) = machines.entry(id) else { return };
            let (held, token) = (entry.slot.token(), entry.token());
            let record = record
                .some_text("accessKeyId", token.map(|token| &*token.access_key_id))
                .some_instant("expiresAt", held.map(|held| held.shown(time)));
            // What the page said of a refusal is told once.
            if name == "rejected" {
                record.value("reason", &mem::take(&mut entry.refusal))
            } else {
                record
            }
        };
        self.tell(name, id, record);
    }

    /// Each warning once a slot: it is about the AppServer, not about the moment.
    pub(super) fn warn(&self, id: Id, warning: &'static str) {
        let new = {
            let mut machines = self.machines.borrow_mut();
            let Some(entry) = machines.entry(id) else { return };
            let new = !entry.warned.contains(&warning);
            if new {
                entry.warned.push(warning);
            }
            new
        };
        if new {
            self.tell("warning", id, Record::new().text("warning", warning));
        }
    }

    fn tell(&self, name: &str, id: Id, record: Record) {
        let detail: JsValue = {
            let mut machines = self.machines.borrow_mut();
            record.some_text("scope", machines.entry(id).map(|entry| &*entry.scope)).into()
        };
        // The facade reports what a listener throws; nothing of it reaches the machines.
        let _ = self.listener.call2(&JsValue::UNDEFINED, &name.into(), &detail);
    }
}
