//! The device's two clocks.

use std::cell::Cell;

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

/// How far the wall clock goes while the monotonic one shows the same, ms, before the latter may stand still.
const STEP: i64 = 200;

/// The clocks that this platform has.
#[derive(Debug)]
pub(super) struct Clocks {
    monotonic: bool,
    still: Cell<Still>,
}

/// A monotonic clock that may stand still, as one does that a test has replaced.
#[derive(Clone, Copy, Debug, Default)]
struct Still {
    shows: f64,
    /// The wall clock when it began to show that, or at the last step since.
    wall: i64,
    /// Steps of the wall clock since. One alone is a wall clock that was set.
    steps: u32,
    /// Time that it has not counted, ms.
    missed: i64,
}

impl Clocks {
    pub(super) fn new() -> Self {
        let monotonic = get(&global(), "performance").is_object();
        Self { monotonic, still: Cell::default() }
    }

    /// Reads both. Without a monotonic one, the wall clock stands for it.
    pub(super) fn now(&self) -> Now {
        let wall = whole(Date::now());
        let mono = if self.monotonic { self.monotonic(performance_now(), wall) } else { wall };
        Now { mono: u64::try_from(mono).unwrap_or(0), wall: UnixMillis(wall) }
    }

    /// Time by the monotonic clock, or by the wall clock's steps while it stands still: no wait would end.
    fn monotonic(&self, shows: f64, wall: i64) -> i64 {
        let mut still = self.still.get();
        let step = wall.saturating_sub(still.wall);
        if shows.to_bits() != still.shows.to_bits() {
            still = Still { shows, wall, steps: 0, ..still };
        } else if step >= STEP {
            still.wall = wall;
            still.steps += 1;
            if still.steps > 1 {
                still.missed = still.missed.saturating_add(step);
            }
        }
        self.still.set(still);
        whole(shows).saturating_add(still.missed)
    }
}

/// Rounds towards zero; a clock that is not a number reads 0.
#[expect(clippy::cast_possible_truncation, reason = "saturates")]
const fn whole(millis: f64) -> i64 {
    millis as i64
}
