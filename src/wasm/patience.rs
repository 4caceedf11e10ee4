//! How long a request is waited for.

use gloo_timers::callback::Timeout;
use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, AbortSignal};

use crate::time::Millis;

/// What a timer of the platform can wait for at most, ms: one that is longer fires at once.
const LONGEST: Millis = 0x7fff_ffff;

/// The signal of one request, and waits that end with it.
///
/// A promise that never settles would keep what waits for it for ever. So every wait goes through [`wait`](Self::wait).
pub(super) struct Patience {
    abort: AbortController,
    signal: AbortSignal,
    /// Resolves when the signal fires.
    fired: Promise,
}

impl Patience {
    /// `None` where the platform cannot abort anything.
    pub(super) fn new() -> Option<Self> {
        let abort = AbortController::new().ok()?;
        let signal = abort.signal();
        let fired = Promise::new(&mut |resolve, _| {
            // Only a listener that is no function is refused.
            let _ = signal.add_event_listener_with_callback("abort", &resolve);
        });
        Some(Self { abort, signal, fired })
    }

    /// What gives the request up.
    pub(super) const fn abort(&self) -> &AbortController {
        &self.abort
    }

    pub(super) const fn signal(&self) -> &AbortSignal {
        &self.signal
    }

    /// Whether the request was given up, or its deadline has passed.
    pub(super) fn is_over(&self) -> bool {
        self.signal.aborted()
    }

    /// Gives the request up after `span`, unless what is returned is dropped before.
    pub(super) fn within(&self, span: Millis) -> Timeout {
        let abort = self.abort.clone();
        Timeout::new(span.min(LONGEST) as u32, move || abort.abort())
    }

    /// Awaits a promise, or anything else.
    ///
    /// # Errors
    ///
    /// What the promise was rejected with; `undefined` if the request is over.
    pub(super) async fn wait(&self, value: &JsValue) -> Result<JsValue, JsValue> {
        // A race also listens to a promise that loses it, so that its rejection is not an unhandled one.
        let first = JsFuture::from(Promise::race(&Array::of2(value, &self.fired))).await;
        if self.is_over() { Err(JsValue::UNDEFINED) } else { first }
    }
}
