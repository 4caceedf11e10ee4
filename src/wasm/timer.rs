//! One timer, and the two clocks.
//!
//! The platform's functions are looked up when they are called, so that a page, a worker, Node and
//! a test's fake timers are all served.

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

#[expect(clippy::cast_possible_truncation, reason = "floors; a clock that is not a number reads 0")]
fn whole(millis: f64) -> i64 {
    millis.floor() as i64
}

/// An armed timer; dropping it disarms it.
#[must_use]
#[derive(Debug)]
pub struct Timer {
    handle: JsValue,
    _handler: Closure<dyn FnMut()>,
}

impl Timer {
    /// Calls `handler` once, `delay` from now or sooner. `None` if the platform refuses.
    pub fn new(delay: Millis, handler: impl FnOnce() + 'static) -> Option<Self> {
        let handler = Closure::once(handler);
        let delay = i32::try_from(delay.min(LONGEST_DELAY)).unwrap_or(i32::MAX);
        let handle = set_timeout(handler.as_ref().unchecked_ref(), delay).ok()?;
        // In Node a timer is an object that keeps the process alive unless told otherwise.
        if let Some(unref) = get(&handle, "unref").dyn_ref::<Function>() {
            let _ = unref.call0(&handle);
        }
        Some(Self { handle, _handler: handler })
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        clear_timeout(&self.handle);
    }
}
