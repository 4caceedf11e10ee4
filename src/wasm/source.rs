//! Where tokens come from: the AppServer's address, or the page's own function.

use std::{cell::Cell, rc::Rc};

use js_sys::{Function, JSON, Object, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::{AbortSignal, RequestInit};

use super::{
    convert::{self, get, object, text},
    fetch::{self, Answer, Body},
    task::wait,
};
use crate::{
    error::Error,
    json::Json,
    lifecycle::Reason,
    reply::{self, Meta, Reply},
};

/// A source of tokens; clones are one source.
#[derive(Clone)]
pub(super) struct Source(Rc<Inner>);

struct Inner {
    kind: Kind,
    /// The page's own reading of an answer, for what no reader can know, such as an encrypted payload.
    map: Option<Function>,
    closed: Cell<bool>,
}

enum Kind {
    /// `wishes` is the `request` option: an object, or a function that returns one.
    Url {
        url: String,
        wishes: JsValue,
    },
    Function(Function),
}

type Failure = (Error, JsValue);

/// What a source is asked for.
pub(super) struct Want {
    pub(super) scope: Rc<str>,
    pub(super) reason: Reason,
    /// AccessKeyId of the token that a server refused, for an AppServer that keeps tokens.
    pub(super) rejected: Option<String>,
}

impl Want {
    fn about(&self) -> Object {
        object(&[
            ("reason", name(self.reason).into()),
            ("scope", (&*self.scope).into()),
            ("rejected", self.rejected.as_deref().map_or(JsValue::UNDEFINED, JsValue::from)),
        ])
    }
}

impl Source {
    /// Of the options `source`, `request` and `mapReply`.
    pub(super) fn new(source: &JsValue, wishes: JsValue, map: &JsValue) -> Self {
        let kind = match source.dyn_ref::<Function>() {
            Some(function) => Kind::Function(function.clone()),
            None => Kind::Url { url: text(source).unwrap_or_default(), wishes },
        };
        Self(Rc::new(Inner {
            kind,
            map: map.dyn_ref::<Function>().cloned(),
            closed: Cell::new(false),
        }))
    }

    pub(super) fn closed(&self) -> bool {
        self.0.closed.get()
    }

    pub(super) fn close(&self) {
        self.0.closed.set(true);
    }

    /// Asks for one token.
    ///
    /// # Errors
    ///
    /// Why there is none, with the value that was thrown, if one was.
    pub(super) async fn ask(&self, want: &Want, signal: &AbortSignal) -> Result<Reply, Failure> {
        let answer = match &self.0.kind {
            Kind::Url { url, wishes } => {
                let init = request(wishes, want).await?;
                fetch::send(url, &init, signal).await.map_err(|thrown| (Error::Network, thrown))?
            }
            Kind::Function(function) => {
                let request = want.about();
                let _ = Reflect::set(&request, &"signal".into(), signal);
                let answer =
                    settled(function.call1(&JsValue::UNDEFINED, &request)).await.map_err(thrown)?;
                if !is_response(&answer) {
                    return self.read_value(answer).await;
                }
                fetch::read(&answer).await.map_err(|thrown| (Error::Network, thrown))?
            }
        };
        self.read(answer).await
    }

    async fn read(&self, answer: Answer) -> Result<Reply, Failure> {
        let headers =
            ["retry-after", "date", "age", "cache-control"].map(|name| answer.header(name));
        let [retry_after, date, age, cache_control] = headers.each_ref().map(Option::as_deref);
        let meta = Meta { status: Some(answer.status), retry_after, date, age, cache_control };
        let Body::Text(body) = &answer.body else {
            return Err(unthrown(Error::InvalidResponse {
                reason: "the answer is larger than any token's",
            }));
        };
        let json = match &self.0.map {
            Some(map) if (200..300).contains(&answer.status) => {
                self.mapped(map, convert::body(body)).await?
            }
            _ => Json::String(body.clone()),
        };
        reply::read(json, &meta, &convert::parse).map_err(unthrown)
    }

    async fn read_value(&self, value: JsValue) -> Result<Reply, Failure> {
        let json = match &self.0.map {
            Some(map) => self.mapped(map, value).await?,
            None => convert::plain(&value).map_err(unthrown)?,
        };
        reply::read(json, &Meta::default(), &convert::parse).map_err(unthrown)
    }

    async fn mapped(&self, map: &Function, value: JsValue) -> Result<Json, Failure> {
        let value = settled(map.call1(&JsValue::UNDEFINED, &value)).await.map_err(thrown)?;
        convert::plain(&value).map_err(unthrown)
    }
}

/// The request to the AppServer's address. A page that names no body sends one only if there is
/// something to say, and as text: a JSON content type would cost a preflight, or be refused by one.
async fn request(wishes: &JsValue, want: &Want) -> Result<RequestInit, Failure> {
    let wishes = match wishes.dyn_ref::<Function>() {
        Some(make) => {
            settled(make.call1(&JsValue::UNDEFINED, &want.about())).await.map_err(thrown)?
        }
        None => wishes.clone(),
    };
    let init = fetch::init("POST", &wishes);
    if get(&wishes, "body").is_undefined() && (want.rejected.is_some() || !want.scope.is_empty()) {
        init.set_body(&JSON::stringify(&want.about()).map_or(JsValue::UNDEFINED, JsValue::from));
    }
    Ok(init)
}

const fn unthrown(error: Error) -> Failure {
    (error, JsValue::UNDEFINED)
}

/// Awaits what a function of the page returned, promise or not.
async fn settled(result: Result<JsValue, JsValue>) -> Result<JsValue, JsValue> {
    wait(&result?).await
}

/// What a function of the page threw. An HTTP status on it says more than that it failed.
fn thrown(thrown: JsValue) -> Failure {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturates; then it is no HTTP status"
    )]
    let status = get(&thrown, "status").as_f64().map_or(0, |status| status as u16);
    let error = match status {
        400..=599 => reply::read_failure(status, None, &Meta::default(), &|_| None),
        _ => Error::Source,
    };
    (error, thrown)
}

/// Whether a value is a `Response`, whichever realm or polyfill it is from.
fn is_response(value: &JsValue) -> bool {
    get(value, "text").is_function() && get(value, "status").as_f64().is_some()
}

const fn name(reason: Reason) -> &'static str {
    match reason {
        Reason::Initial => "initial",
        Reason::Refresh => "refresh",
        Reason::Rejected => "rejected",
        Reason::Prefetch => "prefetch",
    }
}
