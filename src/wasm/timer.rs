//! The one timer of a driver.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use gloo_timers::callback::Timeout;
use js_sys::{Object, global};
use wasm_bindgen::prelude::*;

use crate::time::Millis;

#[wasm_bindgen]
extern "C" {
    type Global;
    #[wasm_bindgen(method, getter, js_name = setTimeout)]
    fn set_timeout(this: &Global) -> JsValue;
}

/// Longest delay that a platform keeps: longer ones overflow its 32 bits and fire at once. Firing early is harmless;
/// the machines compare the time and ask for the next timer.
const LONGEST_DELAY: Millis = 0x7fff_ffff;

/// A timer that is armed for one time at most; dropping it disarms it.
#[expect(missing_debug_implementations, reason = "holds a function")]
pub struct Timer {
    fire: Rc<dyn Fn()>,
    armed: RefCell<Option<Armed>>,
}

struct Armed {
    at: u64,
    /// The `setTimeout` that armed it. A page's test may have replaced the timers since.
    by: JsValue,
    /// A timer may fire a moment before its time, and does nothing more then.
    fired: Rc<Cell<bool>>,
    _timeout: Timeout,
}

impl Timer {
    /// Not armed yet.
    pub fn new(fire: impl Fn() + 'static) -> Self {
        Self { fire: Rc::new(fire), armed: RefCell::default() }
    }

    /// Fires once, just after the monotonic time `at` or sooner; never if that is `None`. Where a platform has
    /// no timers, time is compared at calls and at wakes only.
    pub fn arm(&self, at: Option<u64>, now: u64) {
        let by = global().unchecked_into::<Global>().set_timeout();
        // One more, so that the time has passed when it fires.
        let at = at.map(|at| at.max(now).saturating_add(1));
        if self.armed.borrow().as_ref().is_some_and(|armed| armed.will_do(at, now, &by)) {
            return;
        }
        // Taken first: what disarms it is JavaScript.
        let armed = self.armed.take();
        drop(armed);
        let Some(at) = at.filter(|_| by.is_function()) else { return };
        let delay = u32::try_from((at - now).min(LONGEST_DELAY)).unwrap_or(0);
        let fired = Rc::new(Cell::new(false));
        let (told, fire) = (Rc::clone(&fired), Rc::clone(&self.fire));
        let timeout = Timeout::new(delay, move || {
            told.set(true);
            fire();
        });
        let armed = Armed { at: now + u64::from(delay), by, fired, _timeout: timeout };
        self.armed.replace(Some(armed));
    }
}

impl Armed {
    /// Arming costs more than most calls, so one that fires sooner will do.
    fn will_do(&self, at: Option<u64>, now: u64, by: &JsValue) -> bool {
        !self.fired.get()
            && self.at > now
            && at.is_some_and(|at| self.at <= at)
            && Object::is(&self.by, by)
    }
}
