//! Runs futures to their end, on the platform's own microtasks.
//!
//! The executor of wasm-bindgen-futures schedules by the global `queueMicrotask`. A page's test may
//! have faked that together with the timers, and every request would then hang until the test turns
//! its clock, by when its deadline has passed. The futures here wait for promises only, and what a
//! promise calls is a microtask already: so whoever wakes a task runs it.
//!
//! A promise that never settles would keep what waits for it for ever. So a task has a signal, and
//! [`wait`], the one way to await a promise here, ends when that fires.

use std::{
    cell::RefCell,
    future::Future,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Wake, Waker},
};

use js_sys::{Array, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::AbortSignal;

/// How long a task may wait.
struct Limit {
    signal: AbortSignal,
    /// Resolves when the signal fires.
    fired: Promise,
}

impl Limit {
    fn new(signal: AbortSignal) -> Self {
        let fired = Promise::new(&mut |resolve, _| {
            // Only a listener that is no function is refused.
            let _ = signal.add_event_listener_with_callback("abort", &resolve);
        });
        Self { signal, fired }
    }
}

type Work = Pin<Box<dyn Future<Output = ()>>>;

struct Task {
    id: u32,
    limit: Rc<Limit>,
    /// `None` while it runs.
    work: Option<Work>,
    /// Woken while it ran.
    again: bool,
}

#[derive(Default)]
struct Tasks {
    last: u32,
    all: Vec<Task>,
    /// The limit of the task that runs.
    limit: Option<Rc<Limit>>,
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

/// Starts `work` in a microtask of its own. Nothing in it waits longer than until `signal` fires.
pub(super) fn spawn(signal: AbortSignal, work: impl Future<Output = ()> + 'static) {
    let work = Box::pin(async move {
        // A promise that is resolved already.
        let _ = wait(&JsValue::UNDEFINED).await;
        work.await;
    });
    let limit = Rc::new(Limit::new(signal));
    let id = TASKS.with_borrow_mut(|tasks| {
        tasks.last = tasks.last.wrapping_add(1);
        tasks.all.push(Task { id: tasks.last, limit, work: Some(work), again: false });
        tasks.last
    });
    run(id);
}

/// Awaits a promise, or anything else, inside a task.
///
/// # Errors
///
/// What the promise was rejected with; `undefined` if the task's signal has fired.
pub(super) async fn wait(value: &JsValue) -> Result<JsValue, JsValue> {
    let Some(limit) = TASKS.with_borrow(|tasks| tasks.limit.clone()) else {
        return Err(JsValue::UNDEFINED);
    };
    // The race also listens to a promise that loses it, so that its rejection is not an unhandled one.
    let settled = JsFuture::from(Promise::race(&Array::of2(value, &limit.fired))).await;
    if limit.signal.aborted() { Err(JsValue::UNDEFINED) } else { settled }
}

/// Runs the task as far as it goes; none is borrowed meanwhile, since it may start and wake others.
fn run(id: u32) {
    let waker = Waker::from(Arc::new(Alarm(id)));
    loop {
        let taken = TASKS.with_borrow_mut(|tasks| {
            let task = tasks.find(id)?;
            let work = task.work.take();
            task.again = work.is_none();
            let limit = Rc::clone(&task.limit);
            Some((work?, tasks.limit.replace(limit)))
        });
        let Some((mut work, outer)) = taken else { return };
        let done = work.as_mut().poll(&mut Context::from_waker(&waker)).is_ready();
        TASKS.with_borrow_mut(|tasks| tasks.limit = outer);
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
