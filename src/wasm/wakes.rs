//! Moments at which time may have passed unseen: the page is visible, resumed, restored or online again.

use js_sys::{Object, global};
use wasm_bindgen::prelude::*;
use web_sys::EventTarget;

use super::values::get;

/// Events of the document, and of the global object.
const WAKES: [(Target, &str); 5] = [
    (Target::Document, "visibilitychange"),
    (Target::Document, "resume"),
    (Target::Global, "pageshow"),
    (Target::Global, "online"),
    (Target::Global, "focus"),
];

#[derive(Clone, Copy)]
enum Target {
    Document,
    Global,
}

impl Target {
    /// The object, if there is one here and it has events: Node has neither, a worker has no document.
    fn find(self) -> Option<EventTarget> {
        let global: Object = global();
        let object = match self {
            Self::Document => get(&global, "document"),
            Self::Global => global.into(),
        };
        get(&object, "addEventListener").is_function().then(|| object.unchecked_into())
    }
}

/// Listens for wakes; dropping it stops.
#[derive(Debug)]
pub struct Wakes {
    listening: Vec<(EventTarget, &'static str)>,
    handler: Closure<dyn Fn()>,
}

impl Wakes {
    /// Calls `handler` at each wake.
    pub fn new(handler: impl Fn() + 'static) -> Self {
        let handler = Closure::<dyn Fn()>::new(handler);
        let listen = |(target, event): (Target, &'static str)| {
            let target = target.find()?;
            let function = handler.as_ref().unchecked_ref();
            target.add_event_listener_with_callback(event, function).ok()?;
            Some((target, event))
        };
        Self { listening: WAKES.into_iter().filter_map(listen).collect(), handler }
    }
}

impl Drop for Wakes {
    fn drop(&mut self) {
        let function = self.handler.as_ref().unchecked_ref();
        for (target, event) in &self.listening {
            // It was there when it was added to.
            let _ = target.remove_event_listener_with_callback(event, function);
        }
    }
}
