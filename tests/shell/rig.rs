//! A manager in a page, with a stand-in for its AppServer.

use std::rc::Rc;

use js_sys::{Array, Function, Promise, Reflect};
use upload_token::wasm::TokenCore;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen(module = "/tests/shell/stub.js")]
extern "C" {
    /// The value of a JavaScript expression; `reply(n)` in it is a token that lives an hour.
    pub(crate) fn js(expression: &str) -> JsValue;
    /// The global `fetch`, replaced until [`restore`](Self::restore).
    pub(crate) type AppServer;
    /// `answer` is a JavaScript function `(init, n, url) => answer`, with `n` counted from 1.
    #[wasm_bindgen(constructor)]
    pub(crate) fn new(answer: &str) -> AppServer;
    /// Each request's options, and its `url`.
    #[wasm_bindgen(method, getter)]
    pub(crate) fn calls(this: &AppServer) -> Array;
    #[wasm_bindgen(method)]
    pub(crate) fn restore(this: &AppServer);
    /// `setTimeout` and `clearTimeout`, replaced until [`restore`](Self::restore).
    pub(crate) type Timers;
    /// `handle` is what `setTimeout` returns; with `null` it throws.
    #[wasm_bindgen(constructor)]
    pub(crate) fn new(handle: &JsValue) -> Timers;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn delays(this: &Timers) -> Array;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn cleared(this: &Timers) -> Array;
    #[wasm_bindgen(method)]
    pub(crate) fn restore(this: &Timers);
    /// The callers that wait for tokens, by number.
    pub(crate) type Callers;
    #[wasm_bindgen(constructor)]
    pub(crate) fn new() -> Callers;
    /// What settles them; events go to `listener(name, detail)`.
    #[wasm_bindgen(method)]
    pub(crate) fn host(this: &Callers, listener: &Function) -> JsValue;
    /// Where each caller is noted when it is handed its token.
    #[wasm_bindgen(method, setter)]
    pub(crate) fn set_order(this: &Callers, order: &Array);
    /// The promise of a new caller, after `ask(number)`.
    #[wasm_bindgen(method)]
    pub(crate) fn promise(this: &Callers, ask: &mut dyn FnMut(u32)) -> Promise;
    /// The vendor's SDK at one file, as the adapter shows it to the module.
    pub(crate) type Sdk;
    #[wasm_bindgen(constructor)]
    pub(crate) fn new() -> Sdk;
    /// `[method, argument]` of each call.
    #[wasm_bindgen(method, getter)]
    pub(crate) fn calls(this: &Sdk) -> Array;
    /// What it shows of itself.
    #[wasm_bindgen(method, setter)]
    pub(crate) fn set_seen(this: &Sdk, seen: &JsValue);
    /// What it says to a credential.
    #[wasm_bindgen(method, setter)]
    pub(crate) fn set_says(this: &Sdk, says: &JsValue);
    #[wasm_bindgen(js_name = sleep)]
    fn sleep_promise(span: f64) -> Promise;
    /// Dispatches an event of the platform; `""` is the global object. False if there is no such object here.
    pub(crate) fn fire(target: &str, event: &str) -> bool;
}

/// Waits `span` ms.
pub(crate) async fn sleep(span: f64) {
    JsFuture::from(sleep_promise(span)).await.unwrap();
}

/// Waits until `done`, which must be before the runner's patience ends.
pub(crate) async fn until(done: impl Fn() -> bool) {
    while !done() {
        sleep(5.0).await;
    }
}

/// A manager and all it told.
#[derive(Clone)]
pub(crate) struct Rig {
    pub(crate) core: Rc<TokenCore>,
    pub(crate) callers: Rc<Callers>,
    /// `[name, detail]` of each event.
    pub(crate) events: Array,
}

impl Rig {
    /// `options` is a JavaScript expression.
    pub(crate) fn new(options: &str) -> Self {
        let events = Array::new();
        let listener = js("(events) => (name, detail) => { events.push([name, detail]); }");
        let listener = listener.unchecked_ref::<Function>().call1(&JsValue::NULL, &events);
        Self::listening(options, listener.unwrap().unchecked_ref(), events)
    }

    /// With a listener of the test's own.
    pub(crate) fn listening(options: &str, listener: &Function, events: Array) -> Self {
        let callers = Callers::new();
        let core = TokenCore::new(js(options).unchecked_ref(), callers.host(listener).into());
        Self { core: Rc::new(core), callers: Rc::new(callers), events }
    }

    /// Asks for a token: what the promise settles with.
    pub(crate) async fn token(&self) -> Result<JsValue, JsValue> {
        JsFuture::from(self.promise("", 0.0)).await
    }

    /// The code of the error that a caller gets.
    pub(crate) async fn code(&self) -> String {
        text(&self.token().await.unwrap_err(), "code")
    }

    pub(crate) fn peek(&self, scope: &str) -> JsValue {
        let out = js("{ value: undefined }");
        self.core.peek(scope, out.unchecked_ref());
        get(&out, "value")
    }

    pub(crate) fn status(&self) -> JsValue {
        let out = js("{ value: undefined }");
        self.core.status("", out.unchecked_ref());
        get(&out, "value")
    }

    pub(crate) fn promise(&self, scope: &str, least: f64) -> Promise {
        self.callers.promise(&mut |waiter| self.core.request(waiter, scope, least, 0.0))
    }

    /// The details of the events called `name`.
    pub(crate) fn told(&self, name: &str) -> Vec<JsValue> {
        let pairs = self.events.iter().map(|pair| Array::from(&pair));
        pairs.filter(|pair| pair.get(0) == name).map(|pair| pair.get(1)).collect()
    }

    /// The error that the first `refreshFailed` event tells, once there is one.
    pub(crate) async fn failure(&self) -> JsValue {
        until(|| !self.told("refreshFailed").is_empty()).await;
        get(&self.told("refreshFailed")[0], "error")
    }
}

pub(crate) fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap()
}

/// The member `name`, a text; empty if it is none.
pub(crate) fn text(object: &JsValue, name: &str) -> String {
    get(object, name).as_string().unwrap_or_default()
}
