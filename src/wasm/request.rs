//! One request for a credential: to an address, or to a function of the page; and what came back.

use std::cell::Cell;

use js_sys::{Function, JSON, Reflect, global};
use wasm_bindgen::prelude::*;
use web_sys::{Headers, RequestCache, RequestInit, RequestRedirect, Url};

use super::{
    answer::Answer,
    body::{is_response, is_taken},
    patience::Patience,
    thrown,
    values::{get, status_of, text},
};
use crate::{
    error::{Asked, Error, PageFunction, Party},
    json::Json,
    reply::{self, Meta},
};

#[wasm_bindgen]
extern "C" {
    /// The global `fetch` at the time of the call: of a window, a worker or Node.
    #[wasm_bindgen(js_name = fetch, catch)]
    fn global_fetch(url: &str, init: &RequestInit) -> Result<JsValue, JsValue>;
}

/// An HTTP status for a body that the server cannot read.
const UNSUPPORTED_MEDIA_TYPE: u16 = 415;

/// Who is asked for credentials.
pub(super) struct Origin {
    source: Source,
    /// The `request` option: an object, or a function that returns one.
    additions: JsValue,
    /// The `mapReply` option.
    map: Option<Function>,
    /// Whose function it is, if it is one.
    function: PageFunction,
    /// Whether it has brought a credential.
    worked: Cell<bool>,
}

enum Source {
    Address(String),
    Function(Function),
}

/// What an origin is asked.
pub(super) struct Question {
    /// What is wanted, as a plain object.
    pub(super) wanted: JsValue,
    /// Number of the file that it is wanted for, which only a function is told; 0 if it is for none.
    pub(super) file: u32,
    /// Whether what is wanted cannot be told from the address alone.
    pub(super) special: bool,
}

/// Why there is no answer, with the value that was thrown, if one was.
pub(super) struct RequestFailure {
    pub(super) error: Error,
    pub(super) thrown: JsValue,
}

impl From<Error> for RequestFailure {
    fn from(error: Error) -> Self {
        Self { error, thrown: JsValue::UNDEFINED }
    }
}

impl RequestFailure {
    const fn unreached(thrown: JsValue) -> Self {
        Self { error: Error::Network, thrown }
    }

    async fn of_page(thrown: JsValue, function: PageFunction, patience: &Patience) -> Self {
        Self { error: thrown::error(&thrown, function, patience).await, thrown }
    }
}

impl Origin {
    /// Of the options `source` (or `uploadAuth`, as `function` says), `request` and `mapReply`.
    pub(super) fn new(
        function: PageFunction,
        source: &JsValue,
        additions: JsValue,
        map: &JsValue,
    ) -> Self {
        let source = match source.dyn_ref::<Function>() {
            Some(function) => Source::Function(function.clone()),
            None => Source::Address(source.as_string().unwrap_or_default()),
        };
        let map = map.dyn_ref::<Function>().cloned();
        Self { source, additions, map, function, worked: Cell::new(false) }
    }

    pub(super) const fn is_function(&self) -> bool {
        matches!(self.source, Source::Function(_))
    }

    /// Whether an address is always sent what is wanted, or only if the page has no body and there is something to say.
    fn always_says(&self) -> bool {
        self.function == PageFunction::UploadAuth
    }

    /// Asks once, and reads the credential with `read`, one of [`reply`]'s.
    pub(super) async fn ask<R>(
        &self,
        question: &Question,
        patience: &Patience,
        read: impl FnOnce(Json, &Meta<'_>, reply::Parse<'_>) -> Result<R, Error>,
    ) -> Result<R, RequestFailure> {
        let answer = self.answer(question, patience).await;
        let read = answer.and_then(|answer| {
            let uncarried = answer.uncarried();
            let mistaken = |error: Error| match uncarried {
                Some(what) if matches!(error, Error::InvalidResponse { .. }) => {
                    self.returned_unreadable(what)
                }
                _ => error,
            };
            answer.credential(read).map_err(|error| mistaken(error).into())
        });
        self.worked.set(self.worked.get() || read.is_ok());
        read.map_err(|RequestFailure { error, thrown }| RequestFailure {
            error: error.of_function(self.worked.get()).asking(self.asked()),
            thrown,
        })
    }

    /// What is asked, as errors name it.
    pub(super) fn asked(&self) -> Asked {
        match &self.source {
            Source::Address(address) => Asked::new(Party::AppServer, "POST", address),
            Source::Function(_) => Asked::function(self.function),
        }
    }

    async fn answer(
        &self,
        question: &Question,
        patience: &Patience,
    ) -> Result<Answer, RequestFailure> {
        let value = match &self.source {
            Source::Address(address) => self.post(address, question, patience).await?,
            Source::Function(function) => self.returned(function, question, patience).await?,
        };
        if !is_response(&value) {
            return self.mapped(&value, Answer::of(&value), patience).await;
        }
        if self.is_function() && is_taken(&value) {
            let answer = Answer::without_body(&value);
            return match answer.status {
                Some(200..=299) => {
                    Err(self.mistake("the Response that it returned had been read").into())
                }
                _ => Ok(answer),
            };
        }
        let answer = Answer::read(&value, patience).await.map_err(RequestFailure::unreached)?;
        match answer.to_map() {
            Some(body) => self.mapped(&body, answer, patience).await,
            None => Ok(answer),
        }
    }

    /// What the page's function brought.
    async fn returned(
        &self,
        function: &Function,
        question: &Question,
        patience: &Patience,
    ) -> Result<JsValue, RequestFailure> {
        // A plain object takes any member.
        let _ = Reflect::set(&question.wanted, &"signal".into(), patience.signal());
        let given = match self.function {
            // The adapter's own function, which tells the page's of the file.
            PageFunction::UploadAuth => {
                function.call2(&JsValue::NULL, &question.wanted, &question.file.into())
            }
            _ => function.call1(&JsValue::NULL, &question.wanted),
        };
        let value = settled(given, self.function, patience).await?;
        if value.is_undefined() {
            return Err(self.lacking("it returned nothing").into());
        }
        if get(&value, "subscribe").is_function() && get(&value, "pipe").is_function() {
            return Err(self
                .mistake("it returned an Observable; return firstValueFrom(…) of it")
                .into());
        }
        if is_response(&value) {
            return unreadable(&value).map_or(Ok(value), |error| Err(error.into()));
        }
        if let Some(caught) = thrown::caught(&value) {
            return Err(RequestFailure::of_page(caught, self.function, patience).await);
        }
        match thrown::result(&value, patience).await {
            Some(error) => Err(RequestFailure { error, thrown: value }),
            None => Ok(value),
        }
    }

    fn mistake(&self, message: &str) -> Error {
        let message = Some(message.to_owned());
        Error::Mistake { function: self.function, message, of_answer: false }
    }

    /// The mistake of whoever made the answer's body, `mapReply` or the function that is asked, that `what` cannot be
    /// read. One that has worked returns the same around an answer without data.
    fn returned_unreadable(&self, what: &str) -> Error {
        let function = if self.map.is_some() { PageFunction::MapReply } else { self.function };
        let message = Some(format!("it returned {what}"));
        Error::Mistake { function, message, of_answer: true }
    }

    /// A mistake, unless the answer that the function read was at fault.
    fn lacking(&self, message: &str) -> Error {
        let message = Some(message.to_owned());
        Error::Mistake { function: self.function, message, of_answer: true }
    }

    /// The page's own reading of an answer, for what no reader can know, such as an encrypted payload. `given` is what it
    /// reads. An answer that refuses is not as the page expects it, and counts by itself.
    async fn mapped(
        &self,
        given: &JsValue,
        answer: Answer,
        patience: &Patience,
    ) -> Result<Answer, RequestFailure> {
        let Some(map) = &self.map else { return Ok(answer) };
        let made = map.call1(&JsValue::NULL, given);
        match settled(made, PageFunction::MapReply, patience).await {
            Ok(made) => Ok(answer.mapped(&made)),
            Err(RequestFailure { error, thrown }) => {
                let told = answer.unmapped(error.clone());
                // What it threw is the cause of its own failure only.
                let thrown = if told == error { thrown } else { JsValue::UNDEFINED };
                Err(RequestFailure { error: told, thrown })
            }
        }
    }

    async fn post(
        &self,
        address: &str,
        question: &Question,
        patience: &Patience,
    ) -> Result<JsValue, RequestFailure> {
        if !get(&global(), "fetch").is_function() {
            return Err(Error::InvalidOption {
                option: self.function.option(),
                reason: "is an address, and fetch is missing here, as in jsdom: provide one, or give a function",
            }
            .into());
        }
        let additions = match self.additions.dyn_ref::<Function>() {
            Some(make) => {
                let made = make.call1(&JsValue::NULL, &question.wanted);
                settled(made, PageFunction::Request, patience).await?
            }
            None => self.additions.clone(),
        };
        let init = additions_of(&additions);
        let says =
            self.always_says() || (question.special && get(&additions, "body").is_undefined());
        if says {
            say(&init, &question.wanted, self.always_says() || is_own_site(address));
        }
        let response = send(address, &init, patience).await?;
        if !(says && !self.always_says() && status_of(&response) == UNSUPPORTED_MEDIA_TYPE) {
            return Ok(response);
        }
        // It reads no JSON. A token that it keeps may come once more, which is told apart by what it is.
        send(address, &additions_of(&additions), patience).await
    }
}

/// A GET without headers of our own, so that no preflight is needed.
pub(super) async fn get_answer(url: &str, patience: &Patience) -> Result<Answer, RequestFailure> {
    let response = send(url, &RequestInit::new(), patience).await?;
    Answer::read(&response, patience).await.map_err(RequestFailure::unreached)
}

/// Why nothing can be read of a `Response` that a function returned, if so.
fn unreadable(response: &JsValue) -> Option<Error> {
    match (status_of(response), get(response, "type").as_string().as_deref()) {
        (0, Some("opaqueredirect")) => Some(Error::Network),
        (0, _) => Some(Error::InvalidResponse {
            reason: "its status is 0, and nothing of it can be read: drop mode: \"no-cors\", and have the AppServer allow CORS",
        }),
        _ => None,
    }
}

/// Sends a request that no cache keeps and no redirect leads elsewhere.
async fn send(
    url: &str,
    init: &RequestInit,
    patience: &Patience,
) -> Result<JsValue, RequestFailure> {
    init.set_cache(RequestCache::NoStore);
    init.set_redirect(RequestRedirect::Error);
    init.set_signal(Some(patience.signal()));
    waited(global_fetch(url, init), patience).await.map_err(RequestFailure::unreached)
}

/// A POST with what the page adds.
fn additions_of(additions: &JsValue) -> RequestInit {
    let init = RequestInit::new();
    init.set_method("POST");
    for name in ["headers", "credentials", "body"] {
        let addition = get(additions, name);
        if !addition.is_undefined() {
            // A plain object takes any member.
            let _ = Reflect::set(&init, &name.into(), &addition);
        }
    }
    init
}

/// Says what is wanted in the body. A JSON content type costs a preflight at another site, or may be refused by one.
fn say(init: &RequestInit, wanted: &JsValue, as_json: bool) {
    init.set_body(&JSON::stringify(wanted).map_or(JsValue::UNDEFINED, JsValue::from));
    if !as_json {
        return;
    }
    // In any form that the platform takes; the binding only names one. `fetch` says what is wrong with them.
    let given = get(init, "headers");
    if let Ok(headers) = Headers::new_with_headers(given.unchecked_ref()) {
        let _ = headers.set("content-type", "application/json");
        init.set_headers(&headers);
    }
}

/// Whether a request to `address` stays at the page's own site; where there is no page, as in Node, none leaves one.
fn is_own_site(address: &str) -> bool {
    let here = global();
    let location = get(&here, "location");
    // A frame that a script wrote has no address of its own: both are those of the page that made it.
    let base = get(&get(&here, "document"), "baseURI").as_string();
    let Some(base) = base.or_else(|| get(&location, "href").as_string()) else { return true };
    Url::new_with_base(address, &base).is_ok_and(|url| {
        let origin = text(&url, "origin");
        [&here, &location].iter().any(|place| text(place, "origin") == origin)
    })
}

/// Awaits what a function returned, promise or not.
async fn waited(
    returned: Result<JsValue, JsValue>,
    patience: &Patience,
) -> Result<JsValue, JsValue> {
    patience.wait(&returned?).await
}

/// The same of a function of the page.
async fn settled(
    returned: Result<JsValue, JsValue>,
    function: PageFunction,
    patience: &Patience,
) -> Result<JsValue, RequestFailure> {
    match waited(returned, patience).await {
        Ok(value) => Ok(value),
        Err(thrown) => Err(RequestFailure::of_page(thrown, function, patience).await),
    }
}
