//! One question to the world outside, carried through to its answer.
//!
//! A question takes several waits: for what a function of the page returns, for the answer's head,
//! for each piece of its body. They are steps of one small machine rather than of a future: a
//! future's code is repeated at every place that awaits it, and an executor needs a queue. Promises
//! are the queue here. The global `queueMicrotask` is not used either: a page's test may have faked
//! that together with the timers, and every request would hang until the test turns its clock.
//!
//! A promise that never settles would keep what waits for it for ever. So every wait ends when the
//! exchange's signal fires.

use alloc::{boxed::Box, rc::Rc, string::String};
use core::cell::RefCell;

use js_sys::{Array, Function, Promise};
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

use super::{
    convert::{get, put},
    fetch::{self, Answer, Body, Reading},
};
use crate::{
    error::Error,
    reply::{self, Meta},
};

/// Who is asked for credentials: an address, or the page's own function.
#[derive(Clone)]
pub(super) enum Origin {
    /// `wishes` is the `request` option: an object, or a function that returns one.
    Url {
        url: String,
        wishes: JsValue,
    },
    Function(Function),
}

impl Origin {
    /// Of the options `source` and `request`.
    pub(super) fn new(source: &JsValue, wishes: JsValue) -> Self {
        match source.dyn_ref::<Function>() {
            Some(function) => Self::Function(function.clone()),
            None => Self::Url { url: source.as_string().unwrap_or_default(), wishes },
        }
    }
}

/// What is asked.
pub(super) enum Plan {
    /// A promise, or any other value, is awaited.
    Await(JsValue),
    /// A GET without headers of our own, so that no preflight is needed.
    Get(String),
    /// The origin is told what is wanted. `post` makes the request to an address, of what the page wishes.
    Ask { origin: Origin, about: JsValue, post: fn(&JsValue, &JsValue) -> JsValue },
}

/// Why there is no answer, with the value that was thrown, if one was.
pub(super) type Failure = (Error, JsValue);

/// What came back.
pub(super) struct Got {
    /// The HTTP answer, if there was one.
    pub(super) answer: Option<Answer>,
    /// What a promise resolved to, the page's function returned, or `map` made of the answer.
    pub(super) value: Option<JsValue>,
}

type Callback = Closure<dyn FnMut(JsValue)>;

/// Hears the outcome, once.
pub(super) type Done = Box<dyn FnOnce(Result<Got, Failure>)>;

enum Stage {
    /// A microtask passes before anything is done: the page may still close its manager.
    Begun,
    /// A function of the page was called: for the credential, or for what to send.
    Called,
    /// The request is out.
    Sent,
    /// The body is coming.
    Reading(Answer, Reading),
    /// More came than is ever read. How the rest is called off is awaited, so that its failure is heard by somebody.
    TooLarge(Answer),
    /// The page's own reading of the answer was called.
    Mapped(Option<Answer>),
}

enum Next {
    Wait(JsValue),
    Done(Got),
}

struct Exchange {
    plan: Plan,
    /// The page's own reading of an answer, for what no reader can know, such as an encrypted payload.
    map: Option<Function>,
    signal: AbortSignal,
    stage: Stage,
}

/// Asks; `done` is called in a later microtask. When `signal` fires, it is called with [`Error::Network`].
pub(super) fn start(plan: Plan, map: Option<Function>, signal: &AbortSignal, done: Done) {
    let fired = Promise::new(&mut |resolve, _| {
        // Only a listener that is no function is refused.
        let _ = signal.add_event_listener_with_callback("abort", &resolve);
    });
    let exchange = Exchange { plan, map, signal: signal.clone(), stage: Stage::Begun };
    let waits = Rc::new(Waits {
        fired,
        run: RefCell::new(Some((exchange, done))),
        callbacks: RefCell::default(),
    });
    let settled = |read: fn(JsValue) -> Result<JsValue, JsValue>| {
        let waits = Rc::clone(&waits);
        Callback::new(move |value| waits.settled(read(value)))
    };
    let callbacks = [settled(Ok), settled(Err)];
    waits.callbacks.replace(Some(callbacks));
    waits.wait(&JsValue::UNDEFINED);
}

/// An exchange and the promise that it waits for.
struct Waits {
    /// Resolves when the signal fires.
    fired: Promise,
    /// `None` while it runs, and when it is over.
    run: RefCell<Option<(Exchange, Done)>>,
    /// They keep this alive until it is over.
    callbacks: RefCell<Option<[Callback; 2]>>,
}

impl Waits {
    fn wait(&self, value: &JsValue) {
        if let Some([resolved, rejected]) = &*self.callbacks.borrow() {
            // The race also listens to a promise that loses it, so that its rejection is not an unhandled one.
            let first = Promise::race(&Array::of2(value, &self.fired));
            let _ = first.then2(resolved, rejected);
        }
    }

    fn settled(&self, value: Result<JsValue, JsValue>) {
        let Some((mut exchange, done)) = self.run.take() else { return };
        let next = if exchange.signal.aborted() {
            Err((Error::Network, JsValue::UNDEFINED))
        } else {
            exchange.advance(value)
        };
        let outcome = match next {
            Ok(Next::Wait(value)) => {
                self.run.replace(Some((exchange, done)));
                return self.wait(&value);
            }
            Ok(Next::Done(got)) => Ok(got),
            Err(failure) => Err(failure),
        };
        self.callbacks.take();
        done(outcome);
    }
}

impl Exchange {
    fn advance(&mut self, settled: Result<JsValue, JsValue>) -> Result<Next, Failure> {
        match core::mem::replace(&mut self.stage, Stage::Begun) {
            Stage::Begun => self.begin(),
            Stage::Called => {
                let value = settled.map_err(thrown)?;
                if let Plan::Ask { origin: Origin::Url { .. }, .. } = self.plan {
                    self.send(&value)
                } else if is_response(&value) {
                    Ok(self.open(&value))
                } else {
                    self.mapped(None, Some(value))
                }
            }
            Stage::Sent => Ok(self.open(&settled.map_err(unreached)?)),
            Stage::Reading(mut answer, mut reading) => {
                let piece = settled.map_err(unreached)?;
                match reading.take(&piece) {
                    Some(Body::TooLarge) => {
                        let cancelled = reading.cancel();
                        self.stage = Stage::TooLarge(answer);
                        Ok(Next::Wait(cancelled))
                    }
                    Some(body) => {
                        answer.body = body;
                        self.mapped(Some(answer), None)
                    }
                    None => {
                        let piece = reading.next();
                        self.stage = Stage::Reading(answer, reading);
                        Ok(Next::Wait(piece))
                    }
                }
            }
            Stage::TooLarge(answer) => Ok(Next::Done(Got { answer: Some(answer), value: None })),
            Stage::Mapped(answer) => {
                Ok(Next::Done(Got { answer, value: Some(settled.map_err(thrown)?) }))
            }
        }
    }

    fn begin(&mut self) -> Result<Next, Failure> {
        let (function, about) = match &self.plan {
            Plan::Await(value) => {
                self.stage = Stage::Called;
                return Ok(Next::Wait(value.clone()));
            }
            Plan::Get(_) => return self.send(&JsValue::UNDEFINED),
            Plan::Ask { origin: Origin::Function(function), about, .. } => {
                put(about, "signal", &self.signal);
                (function, about)
            }
            Plan::Ask { origin: Origin::Url { wishes, .. }, about, .. } => {
                match wishes.dyn_ref::<Function>() {
                    Some(wishes) => (wishes, about),
                    None => return self.send(&wishes.clone()),
                }
            }
        };
        let promise = function.call1(&JsValue::UNDEFINED, about).map_err(thrown)?;
        self.stage = Stage::Called;
        Ok(Next::Wait(promise))
    }

    fn send(&mut self, wishes: &JsValue) -> Result<Next, Failure> {
        let (url, init) = match &self.plan {
            Plan::Ask { origin: Origin::Url { url, .. }, about, post } => {
                (url, post(wishes, about))
            }
            Plan::Get(url) => (url, js_sys::Object::new().into()),
            Plan::Await(_) | Plan::Ask { .. } => return Err((Error::Source, JsValue::UNDEFINED)),
        };
        let promise = fetch::send(url, &init, &self.signal).map_err(unreached)?;
        self.stage = Stage::Sent;
        Ok(Next::Wait(promise))
    }

    fn open(&mut self, response: &JsValue) -> Next {
        let reading = Reading::new(response);
        let piece = reading.next();
        self.stage = Stage::Reading(Answer::of(response), reading);
        Next::Wait(piece)
    }

    /// Gives what came to the page's own reader, if there is one and it was asked for a token.
    fn mapped(&mut self, answer: Option<Answer>, value: Option<JsValue>) -> Result<Next, Failure> {
        let raw = match (&answer, &value) {
            (Some(answer), _) => answer.raw(),
            (None, value) => value.clone(),
        };
        let (Some(map), Some(raw)) = (&self.map, raw) else {
            return Ok(Next::Done(Got { answer, value }));
        };
        let promise = map.call1(&JsValue::UNDEFINED, &raw).map_err(thrown)?;
        self.stage = Stage::Mapped(answer);
        Ok(Next::Wait(promise))
    }
}

fn unreached(thrown: JsValue) -> Failure {
    (Error::Network, thrown)
}

/// What a function of the page threw. An HTTP status on it says more than that it failed.
fn thrown(thrown: JsValue) -> Failure {
    let error = match status_of(&thrown) {
        status @ 400..=599 => reply::read_failure(status, None, &Meta::default(), &|_| None),
        _ => Error::Source,
    };
    (error, thrown)
}

/// The HTTP status that an object says it is about; 0 if none.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates; then it is no HTTP status"
)]
pub(super) fn status_of(object: &JsValue) -> u16 {
    get(object, "status").as_f64().map_or(0, |status| status as u16)
}

/// Whether a value is a `Response`, whichever realm or polyfill it is from.
fn is_response(value: &JsValue) -> bool {
    get(value, "text").is_function() && get(value, "status").as_f64().is_some()
}

impl Got {
    /// Reads the credential with `read`, one of [`reply`]'s.
    ///
    /// # Errors
    ///
    /// What is wrong with the answer; `too_large` is said of one that is.
    pub(super) fn read<R>(
        self,
        read: impl FnOnce(crate::json::Json, &Meta<'_>, reply::Parse<'_>) -> Result<R, Error>,
        too_large: &'static str,
    ) -> Result<R, Error> {
        let parse = &super::convert::parse;
        let Some(answer) = &self.answer else {
            let json = super::convert::plain(&self.value.unwrap_or_default())?;
            return read(json, &Meta::default(), parse);
        };
        let headers =
            ["retry-after", "date", "age", "cache-control"].map(|name| answer.header(name));
        let [retry_after, date, age, cache_control] = headers.each_ref().map(Option::as_deref);
        let meta = Meta { status: Some(answer.status), retry_after, date, age, cache_control };
        let json = match (&self.value, &answer.body) {
            (Some(value), _) => super::convert::plain(value)?,
            (None, Body::Text(text)) => crate::json::Json::String(text.clone()),
            (None, Body::TooLarge) => return Err(Error::InvalidResponse { reason: too_large }),
        };
        read(json, &meta, parse)
    }
}
