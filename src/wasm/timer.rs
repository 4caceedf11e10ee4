//! A timer, and the two clocks.
//!
//! The platform's functions are looked up when they are called, so that a page, a worker, Node and
//! a test's fake timers are all served.

use core::cell::RefCell;

use js_sys::{Date, Function};
use wasm_bindgen::prelude::*;

use super::convert::get;
use crate::time::{Millis, Now, UnixMillis};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout, catch)]
    fn set_timeout(handler: &Function, delay: i32) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(handle: &JsValue);
    #[wasm_bindgen(js_namespace = performance, js_name = now, catch)]
    fn performance_now() -> Result<f64, JsValue>;
}

/// Longest delay that a platform keeps: longer ones overflow its 32 bits and fire at once.
/// Firing early is harmless; the machine compares the time and asks for the next timer.
const LONGEST_DELAY: Millis = 0x7fff_ffff;

/// Reads both clocks.
pub(super) fn now() -> Now {
    let wall = whole(Date::now());
    let mono = performance_now().map_or(wall, whole);
    Now { mono: u64::try_from(mono).unwrap_or(0), wall: UnixMillis(wall) }
}

/// Rounds towards zero; a clock that is not a number reads 0.
#[expect(clippy::cast_possible_truncation, reason = "saturates")]
const fn whole(millis: f64) -> i64 {
    millis as i64
}

/// A timer that is set again and again; dropping it disarms it.
#[derive(Debug)]
pub struct Timer {
    handle: RefCell<Option<JsValue>>,
    handler: Closure<dyn Fn()>,
}

impl Timer {
    /// Calls `handler` whenever it fires. It is not set yet.
    pub fn new(handler: impl Fn() + 'static) -> Self {
        Self { handle: RefCell::default(), handler: Closure::new(handler) }
    }

    /// Fires once, `delay` from now or sooner, in place of when it was set to before; never, if that
    /// is `None` or the platform refuses.
    pub fn set(&self, delay: Option<Millis>) {
        if let Some(handle) = self.handle.take() {
            clear_timeout(&handle);
        }
        let Some(delay) = delay else { return };
        let delay = i32::try_from(delay.min(LONGEST_DELAY)).unwrap_or(i32::MAX);
        let Ok(handle) = set_timeout(self.handler.as_ref().unchecked_ref(), delay) else { return };
        // In Node a timer is an object that keeps the process alive unless told otherwise.
        if let Some(unref) = get(&handle, "unref").dyn_ref::<Function>() {
            let _ = unref.call0(&handle);
        }
        self.handle.replace(Some(handle));
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.set(None);
    }
}
