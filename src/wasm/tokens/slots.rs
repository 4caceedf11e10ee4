//! The slots of a token manager, by their scopes.

use std::mem;

use wasm_bindgen::prelude::*;

use crate::{
    clock::Time,
    json::Json,
    lifecycle::{Held, Slot},
    token::StsToken,
    vault::{Key, Vault},
    wasm::{driver::Id, view},
};

/// Slots kept while idle; past that, those that nobody relies on are forgotten.
const SLOTS: usize = 64;

/// Every slot of a manager.
#[derive(Default)]
pub(super) struct Slots {
    pub(super) all: Vec<Entry>,
    last: Id,
    pub(super) closed: bool,
}

/// One slot, its tokens, and what is told of them.
pub(super) struct Entry {
    pub(super) id: Id,
    pub(super) scope: String,
    pub(super) slot: Slot<Key>,
    pub(super) tokens: Vault<StsToken>,
    /// What its last answer said beside the token with this key.
    pub(super) rest: Option<(Key, Json)>,
    /// The object handed out for the token in hand, so that a token has one identity.
    shown: Option<(u32, JsValue)>,
    /// What was thrown by the last request that got no answer, while somebody waits who may be told.
    ///
    /// No longer: an error keeps the functions that threw it, and those may keep the manager.
    pub(super) cause: JsValue,
    /// Why the page says that the token was refused, until its listeners are told.
    pub(super) refusal: Option<String>,
    pub(super) warned: Vec<&'static str>,
}

impl Slots {
    /// The slot with this number.
    pub(super) fn get(&mut self, id: Id) -> Option<&mut Entry> {
        self.all.iter_mut().find(|entry| entry.id == id)
    }

    /// The slot of `scope`.
    pub(super) fn of(&self, scope: &str) -> Option<&Entry> {
        self.all.iter().find(|entry| entry.scope == scope)
    }

    /// The same, to be changed.
    pub(super) fn of_mut(&mut self, scope: &str) -> Option<&mut Entry> {
        self.all.iter_mut().find(|entry| entry.scope == scope)
    }

    /// The slot of `scope`, made if there is none.
    pub(super) fn open(&mut self, scope: &str) -> Id {
        if let Some(entry) = self.of(scope) {
            return entry.id;
        }
        self.last = self.last.wrapping_add(1);
        self.all.push(Entry::new(self.last, scope));
        self.last
    }

    /// Forgets slots that nobody relies on, once there are many. What is still to be told to a slot would be lost.
    pub(super) fn forget_idle(&mut self, time: &Time) {
        if self.all.len() > SLOTS {
            self.all.retain(|entry| !entry.slot.idle(time));
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
    pub(super) fn forget(&mut self) {
        let (id, scope) = (self.id, mem::take(&mut self.scope));
        let (slot, warned) = (mem::take(&mut self.slot), mem::take(&mut self.warned));
        *self = Self { slot, warned, ..Self::new(id, &scope) };
    }

    /// The token in hand, usable or not.
    pub(super) fn token(&self) -> Option<&StsToken> {
        self.tokens.get(self.slot.token()?.value)
    }

    /// The token as a page gets it.
    pub(super) fn show(&mut self, held: &Held<Key>, time: &Time) -> JsValue {
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
