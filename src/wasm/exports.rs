//! What TypeScript sees of the module.

use std::rc::Rc;

use js_sys::{Function, Object, Reflect};
use wasm_bindgen::prelude::*;

use super::{
    convert::{failure, get},
    driver::Driver,
    source::Source,
};
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
    /// `options` has `source` (an address or a function), `request`, `mapReply` and `policy` as
    /// documented in TypeScript, and `seed`; `listener(name, detail)` hears every event.
    ///
    /// # Errors
    ///
    /// What `UploadTokenError` is made of, if a number of the policy is out of its range.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &JsValue, listener: Function) -> Result<Self, JsValue> {
        let mut policy = Policy::default();
        let numbers = get(options, "policy");
        if numbers.is_object() {
            for name in Object::keys(&Object::from(numbers.clone())) {
                let value =
                    Reflect::get(&numbers, &name).ok().and_then(|v| v.as_f64()).unwrap_or(f64::NAN);
                policy
                    .set(&name.as_string().unwrap_or_default(), value)
                    .map_err(|error| failure(&error, &JsValue::UNDEFINED))?;
            }
        }
        let source = Source::new(
            &get(options, "source"),
            get(options, "request"),
            &get(options, "mapReply"),
        );
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "any bits will do"
        )]
        let seed = get(options, "seed").as_f64().unwrap_or(0.0) as u64;
        Ok(Self { driver: Driver::new(policy, source, listener, seed) })
    }

    /// Calls `resolve(token)` or `reject(failure)`, once. `least` is in milliseconds. Returns the number that [`cancel`](Self::cancel) takes.
    pub fn request(&self, scope: &str, least: f64, resolve: Function, reject: Function) -> u32 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "saturates, and the facade checked it"
        )]
        self.driver.request(scope, least.ceil() as u64, resolve, reject)
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

/// Calls `hook` if this module should panic, which is a defect. Nothing of it works from then on.
#[wasm_bindgen(js_name = onPanic)]
#[expect(unreachable_pub, reason = "wasm-bindgen exports public items only")]
pub fn on_panic(hook: Function) {
    std::panic::set_hook(Box::new(move |_| {
        // Nothing can be done about a hook that throws.
        let _ = hook.call0(&JsValue::UNDEFINED);
    }));
}
