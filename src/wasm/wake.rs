//! Moments at which time may have passed unseen: the page is visible, resumed, restored or online again.

use alloc::vec::Vec;

use js_sys::{Function, Reflect, global};
use wasm_bindgen::prelude::*;

/// Event and the global object that fires it; `None` is the global object itself.
const WAKES: [(Option<&str>, &str); 5] = [
    (Some("document"), "visibilitychange"),
    (Some("document"), "resume"),
    (None, "pageshow"),
    (None, "online"),
    (None, "focus"),
];

/// Listens for wakes; dropping it stops.
#[derive(Debug)]
pub struct Wakes {
    targets: Vec<(JsValue, &'static str)>,
    handler: Closure<dyn Fn()>,
}

impl Wakes {
    /// Calls `handler` at each wake. Where there is no document or no events, as in Node, it hears fewer or none.
    pub fn new(handler: impl Fn() + 'static) -> Self {
        let handler = Closure::<dyn Fn()>::new(handler);
        let targets = WAKES
            .into_iter()
            .filter_map(|(object, event)| {
                let target = match object {
                    Some(name) => Reflect::get(&global(), &name.into()).ok()?,
                    None => global().into(),
                };
                call(&target, "addEventListener", event, &handler).then_some((target, event))
            })
            .collect();
        Self { targets, handler }
    }
}

impl Drop for Wakes {
    fn drop(&mut self) {
        for (target, event) in &self.targets {
            call(target, "removeEventListener", event, &self.handler);
        }
    }
}

fn call(target: &JsValue, method: &str, event: &str, handler: &Closure<dyn Fn()>) -> bool {
    if !target.is_object() {
        return false;
    }
    let Ok(method) = Reflect::get(target, &method.into()) else { return false };
    let Some(method) = method.dyn_ref::<Function>() else { return false };
    method.call2(target, &event.into(), handler.as_ref()).is_ok()
}
