//! One timer at a time, never longer than a platform can count, and armed anew only for something sooner.

use std::{
    cell::{Cell, OnceCell},
    rc::Rc,
};

use upload_token::wasm::{Heard, Platform};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use super::rig::{Timers, js, sleep};

/// A delay of 2³¹ ms overflows the platform's 32 bits and fires at once.
#[wasm_bindgen_test]
fn a_long_delay_is_clamped() {
    let timers = Timers::new(&JsValue::from(7));
    let platform = Platform::new(|_| {});
    for at in [u64::MAX, 0x1_0000_0000, 0x7fff_ffff, 0x7fff_fffe, 1, 0] {
        platform.arm(None, 0);
        platform.arm(Some(at), 0);
    }
    assert_eq!(timers.cleared().length(), 5, "each was disarmed before the next was set");
    drop(platform);
    timers.restore();
    let most = f64::from(i32::MAX);
    assert_eq!(delays(&timers), [most, most, most, most, 2.0, 1.0], "just after its time");
    assert_eq!(timers.cleared().length(), 6, "the last was disarmed when the platform was dropped");
    assert_eq!(timers.cleared().get(0), 7, "by its own handle");
}

/// Arming costs more than most calls, and a timer that fires too soon is harmless.
#[wasm_bindgen_test]
fn a_timer_that_fires_sooner_is_kept() {
    let timers = Timers::new(&JsValue::from(7));
    let platform = Platform::new(|_| {});
    platform.arm(Some(1_000), 0);
    platform.arm(Some(1_000), 10);
    platform.arm(Some(5_000), 20);
    assert_eq!(delays(&timers), [1_001.0]);
    platform.arm(Some(500), 30);
    assert_eq!(delays(&timers), [1_001.0, 471.0], "something sooner");
    assert_eq!(timers.cleared().length(), 1);
    platform.arm(Some(5_000), 501);
    assert_eq!(delays(&timers), [1_001.0, 471.0, 4_500.0], "it should have fired: it was lost");

    // As a test does that fakes them, and sets the real ones back.
    let others = Timers::new(&JsValue::from(8));
    platform.arm(Some(5_000), 502);
    assert_eq!(delays(&others), [4_499.0], "it was armed with other timers");
    assert_eq!(others.cleared().length(), 0, "which do not know it");
    assert_eq!(timers.cleared().length(), 3);
    others.restore();
    timers.restore();
}

#[wasm_bindgen_test]
async fn the_longest_delay_does_not_fire_at_once() {
    let (platform, fired) = counting();
    platform.arm(Some(u64::MAX), 0);
    sleep(30.0).await;
    assert_eq!(fired.get(), 0);
}

#[wasm_bindgen_test]
async fn a_timer_fires_once_and_a_dropped_one_never() {
    let (kept, fired) = counting();
    kept.arm(Some(1), 0);
    let (dropped, never) = counting();
    dropped.arm(Some(1), 0);
    drop(dropped);
    let (disarmed, neither) = counting();
    disarmed.arm(Some(1), 0);
    disarmed.arm(None, 0);
    let (closed, nor) = counting();
    closed.arm(Some(1), 0);
    closed.close();
    sleep(40.0).await;
    assert_eq!((fired.get(), never.get(), neither.get(), nor.get()), (1, 0, 0, 0));
    kept.arm(Some(1), 0);
    sleep(40.0).await;
    assert_eq!(fired.get(), 2, "it can be set again");
}

/// As a driver does: what the timer brings about decides when it fires next.
#[wasm_bindgen_test]
async fn a_timer_can_be_set_by_its_own_handler() {
    let platform: Rc<OnceCell<Platform>> = Rc::default();
    let fired = Rc::new(Cell::new(0));
    let (own, count) = (Rc::downgrade(&platform), Rc::clone(&fired));
    let made = Platform::new(move |heard| {
        assert!(matches!(heard, Heard::Timeout));
        count.set(count.get() + 1);
        if count.get() < 3 {
            own.upgrade().unwrap().get().unwrap().arm(Some(0), 0);
        }
    });
    made.arm(Some(0), 0);
    assert!(platform.set(made).is_ok());
    sleep(60.0).await;
    assert_eq!(fired.get(), 3);
}

/// Node's timers keep the process alive unless they are told not to.
#[wasm_bindgen_test]
fn a_timer_that_can_be_unreferenced_is() {
    let handle = js("{ unreferenced: 0, unref() { this.unreferenced++; } }");
    let timers = Timers::new(&handle);
    let platform = Platform::new(|_| {});
    platform.arm(Some(1), 0);
    timers.restore();
    assert_eq!(super::rig::get(&handle, "unreferenced"), 1);
}

#[wasm_bindgen_test]
fn a_platform_that_refuses_is_borne() {
    let timers = Timers::new(&JsValue::NULL);
    let platform = Platform::new(|_| {});
    platform.arm(Some(1), 0);
    platform.arm(None, 0);
    timers.restore();
    assert_eq!(timers.cleared().length(), 0, "there was nothing to disarm");
}

/// A platform, and how often its timer fired.
fn counting() -> (Platform, Rc<Cell<u32>>) {
    let fired = Rc::new(Cell::new(0));
    let count = Rc::clone(&fired);
    let platform = Platform::new(move |heard| {
        if let Heard::Timeout = heard {
            count.set(count.get() + 1);
        }
    });
    (platform, fired)
}

fn delays(timers: &Timers) -> Vec<f64> {
    timers.delays().iter().map(|delay| delay.as_f64().unwrap()).collect()
}
