//! The driver: overlapping callers, listeners that call back, an end at any moment.

use std::{cell::RefCell, rc::Rc};

use js_sys::{Array, Function, Object, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

use super::rig::{AppServer, Rig, get, js, sleep, text, until};

const SOURCE: &str = "{ source: 'https://app.test/sts' }";

#[wasm_bindgen_test]
async fn a_hundred_callers_share_one_request_and_one_object() {
    let server = AppServer::new("(init, n) => Response.json(reply(n))");
    let rig = Rig::new(SOURCE);
    let promises: Array = (0..100).map(|_| rig.promise("", 0.0)).collect();
    let tokens = Array::from(&JsFuture::from(Promise::all(&promises)).await.unwrap());
    server.restore();
    let first = tokens.get(0);
    assert_eq!(text(&first, "accessKeyId"), "STS.Key1");
    assert!(tokens.iter().all(|token| Object::is(&token, &first)), "one token is one object");
    assert!(Object::is(&rig.peek(""), &first), "also when it is looked at");
    assert!(Object::is_frozen(first.unchecked_ref::<Object>()));
    assert_eq!(server.calls().length(), 1);
}

#[wasm_bindgen_test]
async fn each_scope_has_a_token_of_its_own() {
    let server = AppServer::new("(init, n) => Response.json(reply(n))");
    let rig = Rig::new(SOURCE);
    let [a, b] = ["a", "ü/\u{0}"].map(|scope| rig.promise(scope, 0.0));
    let [a, b] = [JsFuture::from(a).await.unwrap(), JsFuture::from(b).await.unwrap()];
    server.restore();
    assert_ne!(text(&a, "accessKeyId"), text(&b, "accessKeyId"));
    assert!(rig.peek("").is_undefined());
    let scopes: Vec<String> = rig.told("token").iter().map(|token| text(token, "scope")).collect();
    assert_eq!(scopes, ["a", "ü/\u{0}"]);
}

/// A listener that calls every method of the manager that is calling it.
#[wasm_bindgen_test]
async fn a_listener_may_call_the_manager() {
    let server = AppServer::new("(init, n) => Response.json(reply(n))");
    let slot: Rc<RefCell<Option<Rig>>> = Rc::default();
    let inner = Array::new();
    let closure = Closure::<dyn FnMut(String, JsValue)>::new({
        let (slot, inner) = (Rc::clone(&slot), inner.clone());
        move |name: String, detail: JsValue| {
            let Some(rig) = slot.borrow().clone() else { return };
            if name == "token" && text(&detail, "accessKeyId") == "STS.Key1" {
                rig.core.prefetch("");
                inner.push(&rig.promise("", 0.0));
                rig.core.cancel(9, "");
                inner.push(&rig.peek(""));
                inner.push(&rig.status());
                rig.core.close();
                inner.push(&rig.promise("", 0.0));
            }
        }
    });
    let rig = Rig::listening(SOURCE, closure.as_ref().unchecked_ref(), Array::new());
    slot.replace(Some(rig.clone()));
    let token = rig.token().await.expect("settled by the event, before the close that it caused");
    server.restore();
    assert_eq!(text(&token, "accessKeyId"), "STS.Key1");
    assert!(Object::is(&inner.get(1), &token), "the token is in hand when its event is told");
    assert_eq!(text(&inner.get(2), "accessKeyId"), "STS.Key1");
    for asked in [inner.get(0), inner.get(3)] {
        let failure = JsFuture::from(Promise::from(asked)).await.unwrap_err();
        assert_eq!(text(&failure, "code"), "closed");
    }
    assert_eq!(text(&rig.status(), "state"), "closed");
    slot.take();
}

/// What a listener causes comes after all that the input it hears about causes.
#[wasm_bindgen_test]
async fn an_input_is_run_to_completion_before_the_next() {
    let server = AppServer::new("(init, n) => Response.json(reply(n))");
    let slot: Rc<RefCell<Option<Rig>>> = Rc::default();
    let order = Array::new();
    let closure = Closure::<dyn FnMut(String, JsValue)>::new({
        let (slot, order) = (Rc::clone(&slot), order.clone());
        move |name: String, detail: JsValue| {
            order.push(&JsValue::from(format!("{name} {}", text(&detail, "accessKeyId"))));
            if name == "token" && text(&detail, "accessKeyId") == "STS.Key1" {
                slot.borrow().as_ref().unwrap().core.invalidate("STS.Key1", None);
            }
        }
    });
    let rig = Rig::listening(SOURCE, closure.as_ref().unchecked_ref(), Array::new());
    slot.replace(Some(rig.clone()));
    rig.callers.set_order(&order);
    let _ = rig.promise("", 0.0);
    until(|| rig.peek("").is_object()).await;
    server.restore();
    let order: Vec<String> = order.iter().filter_map(|entry| entry.as_string()).collect();
    let order: Vec<_> = order.iter().filter(|entry| !entry.starts_with("warning")).collect();
    let expected = ["token STS.Key1", "resolved STS.Key1", "state ", "rejected STS.Key1"];
    assert_eq!(order[..4], expected);
    slot.take();
}

#[wasm_bindgen_test]
async fn a_listener_that_throws_changes_nothing() {
    let server = AppServer::new("(init, n) => Response.json(reply(n))");
    let thrower = js("() => { throw new Error('page'); }");
    let rig = Rig::listening(SOURCE, thrower.unchecked_ref(), Array::new());
    let token = rig.token().await.unwrap();
    server.restore();
    assert_eq!(text(&token, "accessKeyId"), "STS.Key1");
}

#[wasm_bindgen_test]
async fn a_caller_that_cancels_leaves_the_request_to_the_others() {
    let server = AppServer::new("(init, n) => Response.json(reply(n))");
    let rig = Rig::new(SOURCE);
    let cancelled = rig.callers.promise(&mut |waiter| {
        rig.core.request(waiter, "", 0.0, 0.0);
        rig.core.cancel(waiter, "");
        rig.core.cancel(waiter, "");
    });
    let other = rig.promise("", 0.0);
    let failure = JsFuture::from(cancelled).await.unwrap_err();
    assert_eq!(text(&failure, "code"), "aborted");
    assert!(JsFuture::from(other).await.is_ok());
    server.restore();
    assert_eq!(server.calls().length(), 1);
}

#[wasm_bindgen_test]
async fn closing_rejects_callers_and_aborts_the_request() {
    let server = AppServer::new("never");
    let rig = Rig::new(SOURCE);
    let waiting = rig.promise("", 0.0);
    until(|| server.calls().length() == 1).await;
    rig.core.close();
    rig.core.close();
    server.restore();
    assert_eq!(text(&JsFuture::from(waiting).await.unwrap_err(), "code"), "closed");
    let signal = get(&server.calls().get(0), "signal");
    assert_eq!(get(&signal, "aborted"), true);
    assert_eq!(rig.code().await, "closed");
    assert!(rig.peek("").is_undefined());
    assert!(rig.told("refreshFailed").is_empty(), "the end is no failure");
}

/// The request is made a microtask after it was decided on; the page may have closed the manager by then.
#[wasm_bindgen_test]
async fn no_request_is_made_after_the_end() {
    let server = AppServer::new("(init, n) => Response.json(reply(n))");
    let asked = js("[]");
    js("(value) => { globalThis.asked = value; }")
        .unchecked_ref::<Function>()
        .call1(&JsValue::NULL, &asked)
        .unwrap();
    let from_url = Rig::new(SOURCE);
    let from_function =
        Rig::new("{ source: (request) => { asked.push(request); return reply(1); } }");
    for rig in [&from_url, &from_function] {
        let waiting = rig.promise("", 0.0);
        rig.core.close();
        assert_eq!(text(&JsFuture::from(waiting).await.unwrap_err(), "code"), "closed");
    }
    sleep(10.0).await;
    server.restore();
    assert_eq!(server.calls().length(), 0, "requests to the address");
    assert_eq!(Array::from(&asked).length(), 0, "calls of the function");
}

#[wasm_bindgen_test]
async fn a_manager_that_is_dropped_closes() {
    let server = AppServer::new("never");
    let rig = Rig::new(SOURCE);
    let waiting = rig.promise("", 0.0);
    until(|| server.calls().length() == 1).await;
    drop(rig);
    server.restore();
    assert_eq!(text(&JsFuture::from(waiting).await.unwrap_err(), "code"), "closed");
    assert_eq!(get(&get(&server.calls().get(0), "signal"), "aborted"), true);
}

/// An answer that comes after its request was given up is nobody's.
#[wasm_bindgen_test]
async fn a_late_answer_changes_nothing() {
    let server = AppServer::new(
        "(init, n) => n > 1 ? never() : new Promise((resolve) => { globalThis.late = () => resolve(Response.json(reply(n))); })",
    );
    let rig = Rig::new(
        "{ source: 'https://app.test/', policy: { deadline: 50, waitDeadline: 100, backoffBase: 60000 } }",
    );
    assert_eq!(rig.code().await, "timeout");
    js("late()");
    sleep(20.0).await;
    server.restore();
    assert!(rig.peek("").is_undefined());
    assert!(rig.told("token").is_empty());
    rig.core.close();
}

/// The facade refuses such numbers; the module only has to be safe with them.
#[wasm_bindgen_test]
async fn numbers_outside_their_ranges_do_no_harm() {
    let server = AppServer::new("(init, n) => Response.json(reply(n))");
    for policy in ["{ margin: -1 }", "{ jitter: 0.5 }", "{ budget: '10' }", "{ deadline: 1e300 }"] {
        let rig = Rig::new(&format!("{{ source: 'https://app.test/', policy: {policy} }}"));
        assert!(rig.token().await.is_ok(), "{policy}");
        rig.core.close();
    }
    server.restore();
}
