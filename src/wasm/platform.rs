//! Timers, wakes, questions to the world outside, and the two clocks: `platform.js` has the calls.

use alloc::string::String;

use js_sys::{Date, Function};
use wasm_bindgen::prelude::*;

use super::{
    convert::{self, get},
    shared::Id,
};
use crate::{
    error::Error,
    json::Json,
    lifecycle::FetchId,
    reply::{self, Meta},
    time::{Millis, Now, UnixMillis},
};

#[wasm_bindgen(module = "/src/wasm/platform.js")]
extern "C" {
    #[wasm_bindgen(js_name = Platform)]
    type Script;
    #[wasm_bindgen(constructor, js_class = Platform)]
    fn new(heard: &JsValue) -> Script;
    #[wasm_bindgen(static_method_of = Script, js_class = Platform)]
    fn mono() -> f64;
    #[wasm_bindgen(method)]
    fn arm(this: &Script, at: f64, now: f64);
    #[wasm_bindgen(method)]
    fn ask(
        this: &Script,
        id: Id,
        fetch: FetchId,
        source: &JsValue,
        wishes: &JsValue,
        about: &JsValue,
        json: bool,
        map: &JsValue,
        deadline: f64,
    );
    #[wasm_bindgen(method)]
    fn abort(this: &Script, id: Id, fetch: FetchId);
    #[wasm_bindgen(method)]
    fn close(this: &Script);
}

/// Reads both clocks.
pub(super) fn now() -> Now {
    let wall = whole(Date::now());
    Now { mono: u64::try_from(whole(Script::mono())).unwrap_or(0), wall: UnixMillis(wall) }
}

/// Rounds towards zero; a clock that is not a number reads 0.
#[expect(clippy::cast_possible_truncation, reason = "saturates")]
const fn whole(millis: f64) -> i64 {
    millis as i64
}

/// What one driver has of the platform; dropping it ends everything that it was asked for.
#[expect(missing_debug_implementations, reason = "holds JavaScript values")]
pub struct Platform {
    script: Script,
    _heard: Closure<Hear>,
}

type Hear = dyn Fn(u8, Id, FetchId, f64, String, String, JsValue);

/// What a driver hears, never from within a call of its own to the platform.
#[expect(missing_debug_implementations, reason = "an answer holds credentials")]
pub enum Heard {
    /// The timer fired.
    Timeout,
    /// Time may have passed unseen: the page is visible, resumed, restored or online again.
    Wake,
    /// A request ended.
    Ended(Id, FetchId, Result<Answer, Failure>),
}

/// Why there is no answer, with the value that was thrown, if one was.
pub type Failure = (Error, JsValue);

impl Platform {
    /// Calls `heard` for all that happens. Where there is no document or no events, as in Node, it
    /// hears fewer wakes or none.
    pub fn new(heard: impl Fn(Heard) + 'static) -> Self {
        let heard = Closure::<Hear>::new(move |what, id, fetch, status, text, headers, thrown| {
            heard(match what {
                TIMEOUT => Heard::Timeout,
                WAKE => Heard::Wake,
                how => Heard::Ended(id, fetch, Answer::of(how, status, text, headers, thrown)),
            });
        });
        Self { script: Script::new(heard.as_ref()), _heard: heard }
    }

    /// Has [`Heard::Timeout`] heard once, just after the monotonic time `at` or sooner; never if it is `None`.
    pub fn arm(&self, at: Option<u64>, now: u64) {
        // One more, so that the deadline has passed when it fires.
        let at = at.map_or(-1.0, |at| number(at.max(now).saturating_add(1)));
        self.script.arm(at, number(now));
    }

    /// Asks; how it ends is heard in a later microtask, unless it is aborted.
    pub(super) fn ask(&self, id: Id, fetch: FetchId, question: Question<'_>) {
        let none = &JsValue::UNDEFINED;
        match question {
            Question::Of { origin: Origin { source, wishes, json }, about, map } => {
                let map = map.map_or(none, AsRef::as_ref);
                self.script.ask(id, fetch, source, wishes, &about, *json, map, 0.0);
            }
            Question::Get { url, deadline } => {
                let deadline = number(deadline);
                self.script.ask(id, fetch, &url.into(), none, none, false, none, deadline);
            }
            Question::Call(function) => {
                self.script.ask(id, fetch, &function, none, none, false, none, 0.0);
            }
        }
    }

    /// Gives a request up.
    pub(super) fn abort(&self, id: Id, fetch: FetchId) {
        self.script.abort(id, fetch);
    }

    /// Gives everything up; nothing is heard from then on.
    pub fn close(&self) {
        self.script.close();
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        self.close();
    }
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 285,000 years")]
const fn number(millis: Millis) -> f64 {
    millis as f64
}

/// What is asked.
pub(super) enum Question<'a> {
    /// The origin is told what is wanted; `map` is the page's own reader of answers.
    Of { origin: &'a Origin, about: JsValue, map: Option<&'a Function> },
    /// A GET without headers of our own, so that no preflight is needed.
    Get { url: String, deadline: Millis },
    /// A function is called with the request's signal.
    Call(JsValue),
}

/// Who is asked for credentials: an address, or the page's own function.
pub(super) struct Origin {
    /// The address or the function.
    pub(super) source: JsValue,
    /// The `request` option: an object, or a function that returns one.
    pub(super) wishes: JsValue,
    /// Whether an address is sent JSON, whatever there is to say.
    pub(super) json: bool,
}

/// What came back.
#[expect(missing_debug_implementations, reason = "holds credentials")]
pub struct Answer {
    /// `None` if it was no HTTP answer.
    pub(super) status: Option<u16>,
    body: Body,
    /// `Retry-After`, `Date`, `Age` and `Cache-Control`, each in a line of its own.
    headers: String,
}

/// What could be read of an answer.
enum Body {
    Text(String),
    /// It has more than any that is read.
    TooLarge,
    /// JSON cannot carry what the page's function gave.
    NotCarried,
}

// What is heard, in the numbers of `platform.js`; 0 is an HTTP answer.
const GIVEN: u8 = 1;
const TOO_LARGE: u8 = 2;
const NOT_CARRIED: u8 = 3;
const UNREACHED: u8 = 4;
const THROWN: u8 = 5;
const LATE: u8 = 6;
const TIMEOUT: u8 = 7;
const WAKE: u8 = 8;

impl Answer {
    fn of(
        how: u8,
        status: f64,
        text: String,
        headers: String,
        thrown: JsValue,
    ) -> Result<Self, Failure> {
        let body = match how {
            TOO_LARGE => Body::TooLarge,
            NOT_CARRIED => Body::NotCarried,
            UNREACHED => return Err((Error::Network, thrown)),
            THROWN => return Err((thrown_error(&thrown), thrown)),
            LATE => return Err((Error::Timeout { after: 0 }, thrown)),
            _ => Body::Text(text),
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "saturates; then it is no HTTP status"
        )]
        let status = (how != GIVEN).then_some(status as u16);
        Ok(Self { status, body, headers })
    }

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
                let mut lines = self.headers.split(['\n']); // a set: the search for one character is larger
                let mut header = || lines.next().filter(|line| !line.is_empty());
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
