//! One timer at a time, never longer than a platform can count, and armed anew only for something sooner.

use std::{
    cell::Cell,
    rc::{Rc, Weak},
};

use upload_token::wasm::Timer;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use super::rig::{Timers, sleep, until};

/// A delay of 2³¹ ms overflows the platform's 32 bits and fires at once.
#[wasm_bindgen_test]
fn a_long_delay_is_clamped() {
    let timers = Timers::new(&JsValue::from(7));
    let timer = Timer::new(|| {});
    for at in [u64::MAX, 0x1_0000_0000, 0x7fff_ffff, 0x7fff_fffe, 1, 0] {
        timer.arm(None, 0);
        timer.arm(Some(at), 0);
    }
    assert_eq!(timers.cleared().length(), 5, "each was disarmed before the next was set");
    drop(timer);
    timers.restore();
    let most = f64::from(i32::MAX);
    assert_eq!(delays(&timers), [most, most, most, most, 2.0, 1.0], "just after its time");
    assert_eq!(timers.cleared().length(), 6, "the last was disarmed when it was dropped");
    assert_eq!(timers.cleared().get(0), 7, "by its own handle");
}

/// Arming costs more than most calls, and a timer that fires too soon is harmless.
#[wasm_bindgen_test]
fn a_timer_that_fires_sooner_is_kept() {
    let timers = Timers::new(&JsValue::from(7));
    let timer = Timer::new(|| {});
    timer.arm(Some(1_000), 0);
    timer.arm(Some(1_000), 10);
    timer.arm(Some(5_000), 20);
    assert_eq!(delays(&timers), [1_001.0]);
    timer.arm(Some(500), 30);
    assert_eq!(delays(&timers), [1_001.0, 471.0], "something sooner");
    assert_eq!(timers.cleared().length(), 1);
    timer.arm(Some(5_000), 501);
    assert_eq!(delays(&timers), [1_001.0, 471.0, 4_500.0], "it should have fired: it was lost");

    // As a test does that fakes them, and sets the real ones back.
    let others = Timers::new(&JsValue::from(8));
    timer.arm(Some(5_000), 502);
    assert_eq!(delays(&others), [4_499.0], "it was armed with other timers");
    others.restore();
    timers.restore();
}

#[wasm_bindgen_test]
async fn the_longest_delay_does_not_fire_at_once() {
    let fired = Rc::new(Cell::new(0));
    let timer = Timer::new(counting(&fired));
    timer.arm(Some(u64::MAX), 0);
    sleep(30.0).await;
    assert_eq!(fired.get(), 0);
}

#[wasm_bindgen_test]
async fn a_timer_fires_once_and_a_dropped_one_never() {
    let counts: [Rc<Cell<u32>>; 3] = Default::default();
    let [kept, dropped, disarmed] = counts.each_ref().map(|count| {
        let timer = Timer::new(counting(count));
        timer.arm(Some(1), 0);
        timer
    });
    drop(dropped);
    disarmed.arm(None, 0);
    sleep(40.0).await;
    assert_eq!(counts.each_ref().map(|count| count.get()), [1, 0, 0]);
    kept.arm(Some(41), 40);
    sleep(40.0).await;
    assert_eq!(counts[0].get(), 2, "it can be set again");
}

/// A platform may call a moment before the time, by the clock that the machines go by.
#[wasm_bindgen_test]
async fn a_timer_that_fired_early_is_armed_again() {
    let fired = Rc::new(Cell::new(0));
    let timer = Timer::new(counting(&fired));
    timer.arm(Some(5), 0);
    sleep(40.0).await;
    assert_eq!(fired.get(), 1);
    timer.arm(Some(5), 4);
    sleep(40.0).await;
    assert_eq!(fired.get(), 2);
}

/// As a driver does: what the timer brings about decides when it fires next.
#[wasm_bindgen_test]
async fn a_timer_can_be_set_by_its_own_handler() {
    let fired = Rc::new(Cell::new(0));
    let timer = Rc::new_cyclic(|timer: &Weak<Timer>| {
        let (timer, fired) = (timer.clone(), Rc::clone(&fired));
        Timer::new(move || {
            fired.set(fired.get() + 1);
            if fired.get() < 3 {
                let now = fired.get() * 10;
                timer.upgrade().unwrap().arm(Some(now), now);
            }
        })
    });
    timer.arm(Some(0), 0);
    until(|| fired.get() == 3).await;
    // No fourth one follows.
    sleep(40.0).await;
    assert_eq!(fired.get(), 3);
}

/// What a timer calls: it counts.
fn counting(fired: &Rc<Cell<u32>>) -> impl Fn() + 'static {
    let fired = Rc::clone(fired);
    move || fired.set(fired.get() + 1)
}

fn delays(timers: &Timers) -> Vec<f64> {
    timers.delays().iter().map(|delay| delay.as_f64().unwrap()).collect()
}
