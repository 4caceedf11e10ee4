//! Runs machines to completion and has their effects carried out.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    future::Future,
    rc::{Rc, Weak},
};

use wasm_bindgen_futures::spawn_local;
use web_sys::AbortController;

use super::{clocks::Clocks, patience::Patience, timer::Timer, wakes::Wakes};
use crate::{
    clock::{Clock, Time, Virtual},
    context::Context,
    lifecycle::FetchId,
    policy::{Budget, Jitter, Policy},
    reply::ServerTime,
};

/// Number of a machine.
pub(super) type Id = u32;

/// The machines of one kind, and the world as they need it.
pub(super) trait Shell: Sized + 'static {
    type Input: Clone;
    type Effect;
    /// What a request brings.
    type Outcome;

    /// What a machine is told when its time has come.
    const TIMEOUT: Self::Input;
    /// What a machine is told when time may have passed unseen.
    const WAKE: Self::Input;

    /// Every machine.
    fn ids(&self) -> Vec<Id>;

    /// Gives a machine its input. No JavaScript may run.
    fn step(&self, id: Id, input: Self::Input, cx: &mut Context<'_, Self::Effect>);

    /// Monotonic time at which [`TIMEOUT`](Self::TIMEOUT) should come next.
    fn next_timeout(&self, cx: &Context<'_, Self::Effect>) -> Option<u64>;

    /// Carries an effect out. `time` is that of the input which it comes of.
    fn run(driver: &Rc<Driver<Self>>, id: Id, effect: Self::Effect, time: &Time);

    /// Takes what a request brought.
    fn answered(driver: &Rc<Driver<Self>>, id: Id, fetch: FetchId, answer: Self::Outcome);

    /// Every machine is at rest, and no input waits for one.
    fn rest(&self, time: &Time);
}

/// Owns machines and everything that they need of a platform.
///
/// **Invariant:** no `RefCell` of a driver or a shell is borrowed while code of the page runs. That may call back from
/// anywhere; such a call only queues, and the outer call finishes the work (run to completion).
pub(super) struct Driver<S: Shell> {
    shell: S,
    policy: Policy,
    clocks: Clocks,
    world: RefCell<World>,
    inbox: RefCell<VecDeque<(Id, S::Input)>>,
    draining: Cell<bool>,
    requests: RefCell<Vec<Request>>,
    timer: Timer,
    wakes: RefCell<Option<Wakes>>,
}

/// What machines that ask one source share.
struct World {
    clock: Clock,
    budget: Budget,
    jitter: Jitter,
}

/// A request that is out.
struct Request {
    id: Id,
    fetch: FetchId,
    abort: AbortController,
}

impl<S: Shell> Drop for Driver<S> {
    // What is still asked would be waited for, for nobody.
    fn drop(&mut self) {
        for request in self.requests.take() {
            request.abort.abort();
        }
    }
}

impl<S: Shell> Driver<S> {
    pub(super) fn new(shell: S, policy: Policy, seed: u64) -> Rc<Self> {
        let clocks = Clocks::new();
        let budget = Budget::new(&policy, clocks.now().mono);
        let world = World { clock: Clock::default(), budget, jitter: Jitter::new(seed) };
        Rc::new_cyclic(|weak: &Weak<Self>| {
            let tell = |input: S::Input| {
                let driver = weak.clone();
                move || {
                    if let Some(driver) = driver.upgrade() {
                        driver.send_all(&input);
                    }
                }
            };
            Self {
                shell,
                policy,
                clocks,
                world: RefCell::new(world),
                inbox: RefCell::default(),
                draining: Cell::new(false),
                requests: RefCell::default(),
                timer: Timer::new(tell(S::TIMEOUT)),
                wakes: RefCell::new(Some(Wakes::new(tell(S::WAKE)))),
            }
        })
    }

    pub(super) const fn shell(&self) -> &S {
        &self.shell
    }

    /// Looks at the clocks.
    pub(super) fn time(&self) -> Time {
        // Read while it is borrowed: should a clock throw, the next look panics, which is told, and nothing hangs.
        let world = &mut *self.world.borrow_mut();
        let draw = world.jitter.draw();
        world.clock.look(&self.policy, self.clocks.now(), draw)
    }

    /// Learns the server's time from the answer to a request that was sent at `sent`.
    pub(super) fn observe(&self, server: ServerTime, sent: Virtual) {
        self.world.borrow_mut().clock.observe(server.at, server.granularity, sent);
    }

    /// Feeds a machine its input, then everything that comes of it.
    pub(super) fn send(self: &Rc<Self>, id: Id, input: S::Input) {
        self.inbox.borrow_mut().push_back((id, input));
        self.drain();
    }

    /// Feeds all machines the same.
    pub(super) fn send_all(self: &Rc<Self>, input: &S::Input) {
        let inputs = self.shell.ids().into_iter().map(|id| (id, input.clone()));
        self.inbox.borrow_mut().extend(inputs);
        self.drain();
    }

    /// Feeds a machine, from within an effect of its own, what it must hear before anything else.
    pub(super) fn answer(self: &Rc<Self>, id: Id, input: S::Input) {
        let mut input = Some(input);
        self.feed(id, &mut |shell, cx| {
            if let Some(input) = input.take() {
                shell.step(id, input, cx);
            }
        });
    }

    /// Has a machine decide something at once.
    pub(super) fn decide(
        self: &Rc<Self>,
        id: Id,
        act: &mut dyn FnMut(&S, &mut Context<'_, S::Effect>),
    ) {
        self.feed(id, act);
        if !self.draining.get() {
            self.rest();
        }
    }

    /// Asks for a credential. `work` runs in a later microtask, and not at all if it was given up by then.
    pub(super) fn ask<W>(
        self: &Rc<Self>,
        id: Id,
        fetch: FetchId,
        work: impl FnOnce(Patience) -> W + 'static,
    ) where
        W: Future<Output = S::Outcome> + 'static,
    {
        // Nothing is asked where nothing can be aborted: the machine's own deadline ends the request.
        let Some(patience) = Patience::new() else { return };
        self.requests.borrow_mut().push(Request { id, fetch, abort: patience.abort().clone() });
        // Weak: a source that never answers must not keep a dropped driver alive.
        let driver = Rc::downgrade(self);
        spawn_local(async move {
            if patience.is_over() {
                return;
            }
            let answer = work(patience).await;
            if let Some(driver) = driver.upgrade()
                && driver.take_request(id, fetch).is_some()
            {
                S::answered(&driver, id, fetch, answer);
            }
        });
    }

    /// Gives a request up: what it brings is nobody's.
    pub(super) fn abort(&self, id: Id, fetch: FetchId) {
        if let Some(request) = self.take_request(id, fetch) {
            request.abort.abort();
        }
    }

    /// Hears nothing more, after the machines were told `last`.
    pub(super) fn close(self: &Rc<Self>, last: &S::Input) {
        drop(self.wakes.take());
        self.send_all(last);
    }

    fn take_request(&self, id: Id, fetch: FetchId) -> Option<Request> {
        let mut requests = self.requests.borrow_mut();
        let at = requests.iter().position(|r| r.id == id && r.fetch == fetch)?;
        Some(requests.swap_remove(at))
    }

    fn drain(self: &Rc<Self>) {
        if self.draining.replace(true) {
            return;
        }
        loop {
            let next = self.inbox.borrow_mut().pop_front();
            let Some((id, input)) = next else { break };
            self.answer(id, input);
        }
        self.draining.set(false);
        self.rest();
    }

    fn feed(self: &Rc<Self>, id: Id, act: &mut dyn FnMut(&S, &mut Context<'_, S::Effect>)) {
        let time = self.time();
        let mut out = Vec::new();
        {
            let budget = &mut self.world.borrow_mut().budget;
            let mut cx = Context { policy: &self.policy, budget, time: &time, out: &mut out };
            act(&self.shell, &mut cx);
        }
        for effect in out {
            S::run(self, id, effect, &time);
        }
    }

    /// Arms the timer for the first thing that can happen by itself.
    fn rest(&self) {
        let time = self.time();
        self.shell.rest(&time);
        let next = {
            let budget = &mut self.world.borrow_mut().budget;
            let out = &mut Vec::new();
            self.shell.next_timeout(&Context { policy: &self.policy, budget, time: &time, out })
        };
        self.timer.arm(next, time.mono);
    }
}
