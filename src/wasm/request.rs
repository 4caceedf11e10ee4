//! One request for a credential: to an address, or to a function of the page; and what came back.

use js_sys::{Function, JSON, Reflect, global};
use wasm_bindgen::prelude::*;
use web_sys::{Headers, RequestCache, RequestInit, RequestRedirect, Url};

use super::{
    body::{Body, carried, is_response, read_body},
    options::{get, header, parse, status_of},
    patience::Patience,
    thrown,
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
pub(super) struct Failure {
    pub(super) error: Error,
    pub(super) thrown: JsValue,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, thrown: JsValue::UNDEFINED }
    }
}

impl Failure {
    const fn unreached(thrown: JsValue) -> Self {
        Self { error: Error::Network, thrown }
    }

    async fn of_page(thrown: JsValue, function: PageFunction, patience: &Patience) -> Self {
        Self { error: thrown::error(&thrown, function, patience).await, thrown }
    }
}

/// What came back.
pub(super) struct Answer {
    /// `None` if it was no HTTP answer.
    pub(super) status: Option<u16>,
    body: Body,
    headers: Told,
}

/// What tells of a credential's life beside the body.
#[derive(Default)]
struct Told {
    retry_after: Option<String>,
    date: Option<String>,
    age: Option<String>,
    cache_control: Option<String>,
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
        Self { source, additions, map: map.dyn_ref::<Function>().cloned(), function }
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
    ) -> Result<R, Failure> {
        let answer = self.answer(question, patience).await;
        answer
            .and_then(|answer| answer.credential(read).map_err(Failure::from))
            .map_err(|failure| Failure { error: failure.error.asking(self.asked()), ..failure })
    }

    /// What is asked, as errors name it.
    pub(super) fn asked(&self) -> Asked {
        match &self.source {
            Source::Address(address) => Asked::new(Party::AppServer, "POST", address),
            Source::Function(_) => Asked::function(self.function),
        }
    }

    async fn answer(&self, question: &Question, patience: &Patience) -> Result<Answer, Failure> {
        let value = match &self.source {
            Source::Address(address) => self.post(address, question, patience).await?,
            Source::Function(function) => {
                // A plain object takes any member.
                let _ = Reflect::set(&question.wanted, &"signal".into(), patience.signal());
                let given = function.call2(&JsValue::NULL, &question.wanted, &question.file.into());
                let value = settled(given, self.function, patience).await?;
                if value.is_undefined() {
                    let message = Some("it returned nothing".to_owned());
                    return Err(Error::Mistake { function: self.function, message }.into());
                }
                value
            }
        };
        if self.is_function() && !is_response(&value) {
            let value = match &self.map {
                Some(map) => mapped(map, &value, patience).await?,
                None => value,
            };
            return Ok(Answer { status: None, body: carried(&value), headers: Told::default() });
        }
        if self.is_function() && get(&value, "bodyUsed").is_truthy() {
            let message = Some("the Response that it returned had been read".to_owned());
            return Err(Error::Mistake { function: self.function, message }.into());
        }
        let answer = Answer::read(&value, patience).await?;
        match (&self.map, &answer.body) {
            (Some(map), Body::Text(text)) if matches!(answer.status, Some(200..=299)) => {
                let value = mapped(map, &body_of(text), patience).await?;
                Ok(Answer { body: carried(&value), ..answer })
            }
            _ => Ok(answer),
        }
    }

    async fn post(
        &self,
        address: &str,
        question: &Question,
        patience: &Patience,
    ) -> Result<JsValue, Failure> {
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
pub(super) async fn get_answer(url: &str, patience: &Patience) -> Result<Answer, Failure> {
    let response = send(url, &RequestInit::new(), patience).await?;
    Answer::read(&response, patience).await
}

/// Sends a request that no cache keeps and no redirect leads elsewhere.
async fn send(url: &str, init: &RequestInit, patience: &Patience) -> Result<JsValue, Failure> {
    init.set_cache(RequestCache::NoStore);
    init.set_redirect(RequestRedirect::Error);
    init.set_signal(Some(patience.signal()));
    waited(global_fetch(url, init), patience).await.map_err(Failure::unreached)
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

/// Whether a request to `address` stays at the page's own site.
fn is_own_site(address: &str) -> bool {
    let location = get(&global(), "location");
    let Some(page) = get(&location, "href").as_string() else { return false };
    Url::new_with_base(address, &page)
        .is_ok_and(|url| get(&location, "origin").as_string() == Some(url.origin()))
}

impl Answer {
    /// Reads a `Response`, whichever realm or polyfill it is from.
    async fn read(response: &JsValue, patience: &Patience) -> Result<Self, Failure> {
        let status = status_of(response);
        let body = read_body(response, patience).await.map_err(Failure::unreached)?;
        let headers = Told::read(&get(response, "headers"));
        Ok(Self { status: Some(status), body, headers })
    }

    /// The body, if it is JSON.
    pub(super) fn json(&self) -> Option<Json> {
        match &self.body {
            Body::Text(text) => parse(text),
            Body::TooLarge | Body::NotCarried => None,
        }
    }

    fn credential<R>(
        self,
        read: impl FnOnce(Json, &Meta<'_>, reply::Parse<'_>) -> Result<R, Error>,
    ) -> Result<R, Error> {
        let reason = match self.body {
            Body::Text(text) => {
                return read(Json::String(text), &self.headers.meta(self.status), &parse);
            }
            Body::TooLarge => "the answer is larger than any credential's",
            Body::NotCarried => "the source answered what JSON cannot carry",
        };
        Err(Error::InvalidResponse { reason })
    }
}

impl Told {
    fn read(headers: &JsValue) -> Self {
        let told = |name| header(headers, name);
        Self {
            retry_after: told("retry-after"),
            date: told("date"),
            age: told("age"),
            cache_control: told("cache-control"),
        }
    }

    fn meta(&self, status: Option<u16>) -> Meta<'_> {
        Meta {
            status,
            date: self.date.as_deref(),
            age: self.age.as_deref(),
            retry_after: self.retry_after.as_deref(),
            cache_control: self.cache_control.as_deref(),
        }
    }
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
) -> Result<JsValue, Failure> {
    match waited(returned, patience).await {
        Ok(value) => Ok(value),
        Err(thrown) => Err(Failure::of_page(thrown, function, patience).await),
    }
}

/// The page's own reading of an answer, for what no reader can know, such as an encrypted payload.
async fn mapped(map: &Function, value: &JsValue, patience: &Patience) -> Result<JsValue, Failure> {
    settled(map.call1(&JsValue::NULL, value), PageFunction::MapReply, patience).await
}

/// A body as the page's own reader gets it: parsed if it is JSON, or else its text.
fn body_of(text: &str) -> JsValue {
    let begins = text.trim_ascii_start().starts_with(['[', '{', '"']);
    let parsed = if begins { JSON::parse(text).ok() } else { None };
    parsed.unwrap_or_else(|| text.into())
}
