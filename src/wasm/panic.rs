//! What a page is told if the module should panic, which is a defect.

use std::cell::RefCell;

use js_sys::Function;
use wasm_bindgen::prelude::*;

thread_local! {
    static HOOK: RefCell<Option<Function>> = const { RefCell::new(None) };
}

/// Calls `hook` if this module should panic. Nothing of it works from then on.
#[wasm_bindgen(js_name = onPanic)]
#[expect(unreachable_pub, reason = "wasm-bindgen exports public items only")]
pub fn on_panic(hook: Function) {
    HOOK.replace(Some(hook));
    std::panic::set_hook(Box::new(|_| {
        if let Some(hook) = HOOK.take() {
            // Nothing can be done about a hook that throws.
            let _ = hook.call0(&JsValue::UNDEFINED);
        }
    }));
}
