//! The clocks, randomness and timers of a worker.

use std::time::Duration;

use futures_channel::oneshot;
use gloo_timers::future::TimeoutFuture;
use js_sys::Date;
use upload_token_localcloud::{Platform, Sleep};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;

/// The longest timer of a browser: a longer one ends at once.
const LONGEST_TIMER: u32 = i32::MAX as u32;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues)]
    fn get_random_values(bytes: &mut [u8]);

    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

/// The worker that runs this module.
pub(crate) struct Worker;

impl Platform for Worker {
    fn unix_ms(&self) -> i64 {
        Date::now() as i64
    }

    fn uptime(&self) -> Duration {
        Duration::from_micros((performance_now() * 1000.0) as u64)
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        get_random_values(bytes);
    }

    fn sleep(&self, time: Duration) -> Sleep {
        let millis = u32::try_from(time.as_micros().div_ceil(1000)).unwrap_or(u32::MAX);
        let (over, waiting) = oneshot::channel();
        // The timer belongs to JavaScript and may not leave its thread; what waits for it may.
        spawn_local(async move {
            TimeoutFuture::new(millis.min(LONGEST_TIMER)).await;
            // Nobody waits any more once the request was cancelled.
            let _ = over.send(());
        });
        Box::pin(async move {
            let _ = waiting.await;
        })
    }
}
