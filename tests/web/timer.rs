//! One timer at a time, never longer than a platform can count.

use std::{cell::Cell, rc::Rc};

use upload_token::wasm::Timer;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use super::rig::{Timers, js, sleep};

/// A delay of 2³¹ ms overflows the platform's 32 bits and fires at once.
#[wasm_bindgen_test]
fn a_long_delay_is_clamped() {
    let timers = Timers::new(&JsValue::from(7));
    let delays = [0, 1, 0x7fff_ffff, 0x8000_0000, 0x1_0000_0000, u64::MAX];
    for delay in delays {
        drop(Timer::new(delay, || {}));
    }
    timers.restore();
    let most = f64::from(i32::MAX);
    let given: Vec<f64> = timers.delays().iter().map(|delay| delay.as_f64().unwrap()).collect();
    assert_eq!(given, [0.0, 1.0, most, most, most, most]);
    assert_eq!(timers.cleared().length(), 6, "each was disarmed when it was dropped");
    assert_eq!(timers.cleared().get(0), 7, "by its own handle");
}

#[wasm_bindgen_test]
async fn the_longest_delay_does_not_fire_at_once() {
    let fired = Rc::new(Cell::new(0));
    let count = Rc::clone(&fired);
    let _timer = Timer::new(u64::MAX, move || count.set(count.get() + 1)).unwrap();
    sleep(30.0).await;
    assert_eq!(fired.get(), 0);
}

#[wasm_bindgen_test]
async fn a_timer_fires_once_and_a_dropped_one_never() {
    let fired = Rc::new(Cell::new(0));
    let counter = || {
        let fired = Rc::clone(&fired);
        move || fired.set(fired.get() + 1)
    };
    let _kept = Timer::new(1, counter()).unwrap();
    drop(Timer::new(1, counter()).unwrap());
    sleep(40.0).await;
    assert_eq!(fired.get(), 1);
}

/// Node's timers keep the process alive unless they are told not to.
#[wasm_bindgen_test]
fn a_timer_that_can_be_unreferenced_is() {
    let handle = js("{ unreferenced: 0, unref() { this.unreferenced++; } }");
    let timers = Timers::new(&handle);
    let timer = Timer::new(1, || {});
    timers.restore();
    assert_eq!(super::rig::get(&handle, "unreferenced"), 1);
    drop(timer);
}

#[wasm_bindgen_test]
fn a_platform_that_refuses_is_borne() {
    let timers = Timers::new(&JsValue::NULL);
    let timer = Timer::new(1, || {});
    timers.restore();
    assert!(timer.is_none());
}
