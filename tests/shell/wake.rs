//! Moments at which time may have passed unseen.

use std::{cell::Cell, rc::Rc};

use upload_token::wasm::Wakes;
use wasm_bindgen_test::wasm_bindgen_test;

use super::rig::{AppServer, Rig, fire, js, until};

const EVENTS: [(&str, &str); 5] = [
    ("document", "visibilitychange"),
    ("document", "resume"),
    ("", "pageshow"),
    ("", "online"),
    ("", "focus"),
];

#[wasm_bindgen_test]
fn every_wake_is_heard_until_nobody_listens() {
    let heard = Rc::new(Cell::new(0));
    let count = Rc::clone(&heard);
    let wakes = Wakes::new(move || count.set(count.get() + 1));
    // A worker has no document, so its two events cannot be fired there.
    let fired = EVENTS.iter().filter(|(target, event)| fire(target, event)).count();
    assert_eq!(heard.get(), fired);
    assert!(fired >= 3);
    drop(wakes);
    for (target, event) in EVENTS {
        fire(target, event);
    }
    assert_eq!(heard.get(), fired, "nothing is heard after the end");
}

/// Coming online ends a back-off of a minute.
#[wasm_bindgen_test]
async fn a_wake_looks_again_at_once() {
    let server = AppServer::new(
        "(init, n) => n === 1 ? new Response('', { status: 500 }) : Response.json(reply(n))",
    );
    let rig =
        Rig::new("{ source: 'https://app.test/', policy: { backoffBase: 60000, pullIn: 0 } }");
    rig.core.prefetch("");
    rig.failure().await;
    assert_eq!(server.calls().length(), 1);
    fire("", "online");
    until(|| !rig.told("token").is_empty()).await;
    server.restore();
    assert_eq!(server.calls().length(), 2);
}

/// A closed manager asks for nothing whatever it hears, so what it listens to is counted.
#[wasm_bindgen_test]
fn a_closed_manager_hears_no_wake() {
    js("(() => {
        globalThis.listening = 0;
        for (const [name, more] of [['addEventListener', 1], ['removeEventListener', -1]]) {
            const real = globalThis[name];
            globalThis[name] = function (type, ...rest) {
                if (type === 'online') globalThis.listening += more;
                return real.call(this, type, ...rest);
            };
        }
    })()");
    let listening = || js("globalThis.listening").as_f64();
    let rig = Rig::new("{ source: 'https://app.test/' }");
    assert_eq!(listening(), Some(1.0));
    rig.core.close();
    assert_eq!(listening(), Some(0.0));
    js("delete globalThis.addEventListener && delete globalThis.removeEventListener");
}
