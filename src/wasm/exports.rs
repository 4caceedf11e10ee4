//! What TypeScript sees of the module.

use alloc::rc::Rc;

use js_sys::Function;
use wasm_bindgen::prelude::*;

use super::{convert::get, driver::Driver, source::Source};
use crate::policy::Policy;

#[wasm_bindgen]
extern "C" {
    /// Where a method leaves its result.
    ///
    /// Not returned, for the sake of Node 20: its V8 ends the process if the code around a call of a
    /// module is thrown away during that call, and the call was optimised and returns an object.
    #[wasm_bindgen(typescript_type = "{ value: unknown }")]
    pub type Out;
    #[wasm_bindgen(method, structural, setter, js_name = value)]
    fn set_value(this: &Out, value: &JsValue);
}

/// Keeps the STS tokens of one page fresh.
///
/// Every method takes `&self` and returns at once, so calls may overlap, and may come from inside a
/// listener. Values that can be absent are `undefined`.
#[wasm_bindgen]
#[expect(missing_debug_implementations, reason = "holds credentials and JavaScript values")]
pub struct TokenCore {
    driver: Rc<Driver>,
}

#[wasm_bindgen]
impl TokenCore {
    /// `options` has `source` (an address or a function), `request` and `mapReply` as documented in
    /// TypeScript, `policy` (the numbers of [`Policy::NUMBERS`] by name; `undefined` leaves the default), and `seed`; `listener(name, detail)` hears every event.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &JsValue, listener: Function) -> Self {
        let mut policy = Policy::default();
        let numbers = get(options, "policy");
        for (name, ..) in Policy::NUMBERS {
            policy.set(name, get(&numbers, name).as_f64().unwrap_or(f64::NAN));
        }
        let source =
            Source::new(get(options, "source"), get(options, "request"), &get(options, "mapReply"));
        let seed = get(options, "seed").as_f64().unwrap_or_default();
        Self { driver: Driver::new(policy, source, listener, seed) }
    }

    /// Calls `resolve(token)` or `reject(failure)`, once. `least` is in whole milliseconds. Returns the number that [`cancel`](Self::cancel) takes.
    pub fn request(&self, scope: &str, least: f64, resolve: Function, reject: Function) -> u32 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "saturates, and the facade checked it"
        )]
        self.driver.request(scope, least as u64, resolve, reject)
    }

    /// Ends the wait of one caller: its `reject` is called with code `aborted`.
    pub fn cancel(&self, scope: &str, waiter: u32) {
        self.driver.cancel(scope, waiter);
    }

    /// Leaves a token that may be used now, or `undefined`.
    pub fn peek(&self, scope: &str, out: &Out) {
        out.set_value(&self.driver.peek(scope));
    }

    /// A token will be wanted soon.
    pub fn prefetch(&self, scope: &str) {
        self.driver.prefetch(scope);
    }

    /// A server refused the token with this AccessKeyId. The `rejected` event repeats `reason`, a string or `undefined`.
    pub fn invalidate(&self, access_key_id: &str, reason: &JsValue) {
        self.driver.invalidate(access_key_id, reason);
    }

    /// Leaves the slot's state, without secrets.
    pub fn status(&self, scope: &str, out: &Out) {
        out.set_value(&self.driver.status(scope));
    }

    /// Stops for good.
    pub fn close(&self) {
        self.driver.close();
    }
}

impl Drop for TokenCore {
    fn drop(&mut self) {
        self.driver.close();
    }
}

// A static of Rust's own cannot hold a function of JavaScript without a standard library.
#[wasm_bindgen(inline_js = "
let hook;
export function setPanicHook(to) { hook = to; }
export function panicked() { hook?.(); }
")]
extern "C" {
    #[wasm_bindgen(js_name = setPanicHook, catch)]
    fn set_panic_hook(hook: &Function) -> Result<(), JsValue>;
    // Nothing can be done about a hook that throws.
    #[wasm_bindgen(catch)]
    fn panicked() -> Result<(), JsValue>;
}

/// Calls `hook` if this module should panic, which is a defect. Nothing of it works from then on.
#[wasm_bindgen(js_name = onPanic)]
#[expect(unreachable_pub, reason = "wasm-bindgen exports public items only")]
pub fn on_panic(hook: &Function) {
    let _ = set_panic_hook(hook);
    #[cfg(not(feature = "small"))]
    std::panic::set_hook(Box::new(|_| {
        let _ = panicked();
    }));
}

/// In place of the standard library's, which formats a message that nobody reads.
#[cfg(feature = "small")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    let _ = panicked();
    core::arch::wasm32::unreachable()
}

/// A fifth of the standard library's in size. A page's module holds a few dozen values at a time.
#[cfg(feature = "small")]
#[global_allocator]
static ALLOCATOR: lol_alloc::LockedAllocator<lol_alloc::FreeListAllocator> =
    lol_alloc::LockedAllocator::new(lol_alloc::FreeListAllocator::new());
