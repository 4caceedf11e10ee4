//! One question to the world outside, and its answer: `exchange.js` carries it through.

use alloc::{boxed::Box, string::String};

use js_sys::Function;
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

use super::convert::{self, get};
use crate::{
    error::Error,
    json::Json,
    reply::{self, Meta},
};

#[wasm_bindgen(module = "/src/wasm/exchange.js")]
extern "C" {
    #[wasm_bindgen(js_name = ask)]
    fn carry_through(
        source: &JsValue,
        wishes: &JsValue,
        about: &JsValue,
        json: bool,
        map: &JsValue,
        signal: &AbortSignal,
        done: JsValue,
    );
}

/// Who is asked for credentials: an address, or the page's own function.
#[derive(Clone)]
pub(super) struct Origin {
    /// The address or the function.
    pub(super) source: JsValue,
    /// The `request` option: an object, or a function that returns one.
    pub(super) wishes: JsValue,
    /// Whether an address is sent JSON, whatever there is to say.
    pub(super) json: bool,
}

/// What is asked.
pub(super) enum Question<'a> {
    /// The origin is told what is wanted; `map` is the page's own reader of answers.
    Of { origin: &'a Origin, about: JsValue, map: Option<&'a Function> },
    /// A GET without headers of our own, so that no preflight is needed.
    Get(String),
    /// A promise is awaited.
    Await(JsValue),
}

/// Why there is no answer, with the value that was thrown, if one was.
pub(super) type Failure = (Error, JsValue);

/// What came back.
pub(super) struct Answer {
    /// `None` if it was no HTTP answer.
    pub(super) status: Option<u16>,
    pub(super) body: Body,
    /// `Retry-After`, `Date`, `Age` and `Cache-Control`, each in a line of its own.
    headers: String,
}

/// What could be read of an answer.
pub(super) enum Body {
    Text(String),
    /// It has more than any that is read.
    TooLarge,
    /// JSON cannot carry what the page's function gave.
    NotCarried,
}

/// Hears the outcome, once.
pub(super) type Done = Box<dyn FnOnce(Result<Answer, Failure>)>;

/// Asks; `done` is called in a later microtask. When `signal` fires, it is called with [`Error::Network`].
pub(super) fn ask(question: Question<'_>, signal: &AbortSignal, done: Done) {
    let none = &JsValue::UNDEFINED;
    let done = Closure::once_into_js(
        move |end: u8, status: f64, text: String, headers: String, thrown: JsValue| {
            done(outcome(end, status, text, headers, thrown));
        },
    );
    match question {
        Question::Of { origin: Origin { source, wishes, json }, about, map } => {
            let map = map.map_or(none, AsRef::as_ref);
            carry_through(source, wishes, &about, *json, map, signal, done);
        }
        Question::Get(url) => carry_through(&url.into(), none, none, false, none, signal, done),
        Question::Await(promise) => carry_through(&promise, none, none, false, none, signal, done),
    }
}

fn outcome(
    end: u8,
    status: f64,
    text: String,
    headers: String,
    thrown: JsValue,
) -> Result<Answer, Failure> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturates; then it is no HTTP status"
    )]
    let status = (end != GIVEN).then_some(status as u16);
    let body = match end {
        TOO_LARGE => Body::TooLarge,
        NOT_CARRIED => Body::NotCarried,
        UNREACHED => return Err((Error::Network, thrown)),
        THROWN => return Err((thrown_error(&thrown), thrown)),
        _ => Body::Text(text),
    };
    Ok(Answer { status, body, headers })
}

// How an exchange ends, in the numbers of `exchange.js`; 0 is an HTTP answer.
const GIVEN: u8 = 1;
const TOO_LARGE: u8 = 2;
const NOT_CARRIED: u8 = 3;
const UNREACHED: u8 = 4;
const THROWN: u8 = 5;

/// What a function of the page threw. An HTTP status on it says more than that it failed.
fn thrown_error(thrown: &JsValue) -> Error {
    match status_of(thrown) {
        status @ 400..=599 => reply::read_failure(status, None, &Meta::default(), &|_| None),
        _ => Error::Source,
    }
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

impl Answer {
    /// The body, if it is JSON.
    pub(super) fn json(&self) -> Option<Json> {
        match &self.body {
            Body::Text(text) => convert::parse(text),
            Body::TooLarge | Body::NotCarried => None,
        }
    }

    /// Reads the credential with `read`, one of [`reply`]'s.
    ///
    /// # Errors
    ///
    /// What is wrong with the answer; `too_large` is said of one that is.
    pub(super) fn read<R>(
        self,
        read: impl FnOnce(Json, &Meta<'_>, reply::Parse<'_>) -> Result<R, Error>,
        too_large: &'static str,
    ) -> Result<R, Error> {
        let reason = match self.body {
            Body::Text(text) => {
                let mut headers =
                    self.headers.split('\n').map(|line| Some(line).filter(|line| !line.is_empty()));
                let mut header = || headers.next().flatten();
                let (retry_after, date, age, cache_control) =
                    (header(), header(), header(), header());
                let meta = Meta { status: self.status, date, age, retry_after, cache_control };
                return read(Json::String(text), &meta, &convert::parse);
            }
            Body::TooLarge => too_large,
            Body::NotCarried => "the source answered what JSON cannot carry",
        };
        Err(Error::InvalidResponse { reason })
    }
}
