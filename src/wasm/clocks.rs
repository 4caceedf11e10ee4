//! The device's two clocks.

use js_sys::{Date, global};
use wasm_bindgen::prelude::*;

use super::values::get;
use crate::time::{Now, UnixMillis};

#[wasm_bindgen]
extern "C" {
    // Looked up at each call: a page's test may fake it at any time.
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

/// The clocks that this platform has.
#[derive(Debug)]
pub(super) struct Clocks {
    monotonic: bool,
}

impl Clocks {
    pub(super) fn new() -> Self {
        Self { monotonic: get(&global(), "performance").is_object() }
    }

    /// Reads both. Without a monotonic one, the wall clock stands for it.
    pub(super) fn now(&self) -> Now {
        let wall = whole(Date::now());
        let mono = if self.monotonic { whole(performance_now()) } else { wall };
        Now { mono: u64::try_from(mono).unwrap_or(0), wall: UnixMillis(wall) }
    }
}

/// Rounds towards zero; a clock that is not a number reads 0.
#[expect(clippy::cast_possible_truncation, reason = "saturates")]
const fn whole(millis: f64) -> i64 {
    millis as i64
}
