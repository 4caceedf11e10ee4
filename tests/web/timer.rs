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
    let timer = Timer::new(|| {});
    for delay in delays {
        timer.set(Some(delay));
    }
    assert_eq!(timers.cleared().length(), 5, "each was disarmed when the next was set");
    drop(timer);
    timers.restore();
    let most = f64::from(i32::MAX);
    let given: Vec<f64> = timers.delays().iter().map(|delay| delay.as_f64().unwrap()).collect();
    assert_eq!(given, [0.0, 1.0, most, most, most, most]);
    assert_eq!(timers.cleared().length(), 6, "the last was disarmed when the timer was dropped");
    assert_eq!(timers.cleared().get(0), 7, "by its own handle");
}

#[wasm_bindgen_test]
async fn the_longest_delay_does_not_fire_at_once() {
    let fired = Rc::new(Cell::new(0));
    let timer = Timer::new(counter(&fired));
    timer.set(Some(u64::MAX));
    sleep(30.0).await;
    assert_eq!(fired.get(), 0);
}

#[wasm_bindgen_test]
async fn a_timer_fires_once_and_a_dropped_one_never() {
    let fired = Rc::new(Cell::new(0));
    let kept = Timer::new(counter(&fired));
    kept.set(Some(1));
    let dropped = Timer::new(counter(&fired));
    dropped.set(Some(1));
    drop(dropped);
    let disarmed = Timer::new(counter(&fired));
    disarmed.set(Some(1));
    disarmed.set(None);
    sleep(40.0).await;
    assert_eq!(fired.get(), 1);
    kept.set(Some(1));
    sleep(40.0).await;
    assert_eq!(fired.get(), 2, "it can be set again");
}

/// As a driver does: what the timer brings about decides when it fires next.
#[wasm_bindgen_test]
async fn a_timer_can_be_set_by_its_own_handler() {
    let timer: Rc<Cell<Option<Timer>>> = Rc::default();
    let fired = Rc::new(Cell::new(0));
    let (own, count) = (Rc::clone(&timer), Rc::clone(&fired));
    let set = Timer::new(move || {
        count.set(count.get() + 1);
        let timer = own.take();
        if let Some(timer) = timer.as_ref().filter(|_| count.get() < 3) {
            timer.set(Some(0));
        }
        own.set(timer);
    });
    set.set(Some(0));
    timer.set(Some(set));
    sleep(60.0).await;
    assert_eq!(fired.get(), 3);
    drop(timer.take());
}

/// Node's timers keep the process alive unless they are told not to.
#[wasm_bindgen_test]
fn a_timer_that_can_be_unreferenced_is() {
    let handle = js("{ unreferenced: 0, unref() { this.unreferenced++; } }");
    let timers = Timers::new(&handle);
    let timer = Timer::new(|| {});
    timer.set(Some(1));
    timers.restore();
    assert_eq!(super::rig::get(&handle, "unreferenced"), 1);
    drop(timer);
}

#[wasm_bindgen_test]
fn a_platform_that_refuses_is_borne() {
    let timers = Timers::new(&JsValue::NULL);
    let timer = Timer::new(|| {});
    timer.set(Some(1));
    timer.set(None);
    timers.restore();
    assert_eq!(timers.cleared().length(), 0, "there was nothing to disarm");
}

fn counter(fired: &Rc<Cell<u32>>) -> impl Fn() + use<> {
    let fired = Rc::clone(fired);
    move || fired.set(fired.get() + 1)
}
