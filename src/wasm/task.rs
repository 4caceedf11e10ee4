//! Runs futures to their end, on the platform's own microtasks.
//!
//! The executor of wasm-bindgen-futures schedules by the global `queueMicrotask`. A page's test may
//! have faked that together with the timers, and every request would then hang until the test turns
//! its clock, by when its deadline has passed. The futures here wait for promises only, and what a
//! promise calls is a microtask already: so whoever wakes a task runs it.

use std::{
    cell::RefCell,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Wake, Waker},
};

use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

type Work = Pin<Box<dyn Future<Output = ()>>>;

struct Task {
    id: u32,
    /// `None` while it runs.
    work: Option<Work>,
    /// Woken while it ran.
    again: bool,
}

#[derive(Default)]
struct Tasks {
    last: u32,
    all: Vec<Task>,
}

impl Tasks {
    fn find(&mut self, id: u32) -> Option<&mut Task> {
        self.all.iter_mut().find(|task| task.id == id)
    }
}

thread_local! {
    static TASKS: RefCell<Tasks> = RefCell::default();
}

/// Wakers must be `Send`, so a task is woken by its number.
struct Alarm(u32);

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        run(self.0);
    }
}

/// Starts `work` in a microtask of its own.
pub(super) fn spawn(work: impl Future<Output = ()> + 'static) {
    let work = Box::pin(async move {
        // A promise that is resolved already; it cannot fail.
        let _ = JsFuture::from(Promise::resolve(&JsValue::UNDEFINED)).await;
        work.await;
    });
    let id = TASKS.with_borrow_mut(|tasks| {
        tasks.last = tasks.last.wrapping_add(1);
        tasks.all.push(Task { id: tasks.last, work: Some(work), again: false });
        tasks.last
    });
    run(id);
}

/// Runs the task as far as it goes; none is borrowed meanwhile, since it may start and wake others.
fn run(id: u32) {
    let waker = Waker::from(Arc::new(Alarm(id)));
    loop {
        let work = TASKS.with_borrow_mut(|tasks| {
            let task = tasks.find(id)?;
            let work = task.work.take();
            task.again = work.is_none();
            work
        });
        let Some(mut work) = work else { return };
        let done = work.as_mut().poll(&mut Context::from_waker(&waker)).is_ready();
        if done {
            return TASKS.with_borrow_mut(|tasks| tasks.all.retain(|task| task.id != id));
        }
        let again = TASKS.with_borrow_mut(|tasks| {
            let task = tasks.find(id)?;
            task.work = Some(work);
            Some(task.again)
        });
        if again != Some(true) {
            return;
        }
    }
}
