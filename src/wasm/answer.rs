//! What came back of a request for a credential.

use js_sys::JSON;
use wasm_bindgen::prelude::*;

use super::{
    body::{Body, carried, headers_of, is_whole_answer, parsed_body, read_body, uncarried},
    patience::Patience,
    values::{get, header, parse, status_from, status_of},
};
use crate::{
    error::Error,
    json::Json,
    reply::{self, Meta},
};

/// What came back.
pub(super) struct Answer {
    /// `None` if it was no HTTP answer.
    pub(super) status: Option<u16>,
    body: Body,
    told: Told,
    /// What came, where `body` is what the page's own reading made of it.
    raw: Option<Body>,
    /// What is in a value of the page that JSON does not carry.
    uncarried: Option<&'static str>,
}

/// What tells of an answer beside its body.
#[derive(Default)]
struct Told {
    retry_after: Option<String>,
    date: Option<String>,
    age: Option<String>,
    cache_control: Option<String>,
    redirected: bool,
}

impl Answer {
    /// What a function of the page brought that is no `Response`.
    pub(super) fn of(value: &JsValue) -> Self {
        if !is_whole_answer(value) {
            let (body, told) = (carried(value), Told::default());
            return Self { status: None, body, told, raw: None, uncarried: uncarried(value) };
        }
        let status = ["status", "statusCode"].iter().find_map(|name| get(value, name).as_f64());
        let told = Told::read(&headers_of(value));
        let (status, body) = (status.map(status_from), parsed_body(value));
        Self { status, body, told, raw: None, uncarried: None }
    }

    /// A `Response` whose body somebody else has read.
    pub(super) fn without_body(response: &JsValue) -> Self {
        let told = Told::of(response);
        let body = Body::Text(String::new());
        Self { status: Some(status_of(response)), body, told, raw: None, uncarried: None }
    }

    /// The body as the page's own reading gets it, of a `Response` that is no error: parsed if it is JSON, or else its
    /// text.
    pub(super) fn to_map(&self) -> Option<JsValue> {
        match &self.body {
            Body::Text(text) if matches!(self.status, Some(200..=299)) => Some(body_of(text)),
            _ => None,
        }
    }

    /// The same answer with what the page's own reading made of its body.
    pub(super) fn mapped(self, made: &JsValue) -> Self {
        Self { raw: Some(self.body), body: carried(made), uncarried: uncarried(made), ..self }
    }

    /// The error of an answer that the page's own reading failed at with `error`.
    pub(super) fn unmapped(self, error: Error) -> Error {
        match self.body {
            Body::Text(text) => reply::read_unmapped(
                Json::String(text),
                error,
                &self.told.meta(self.status),
                &parse,
            ),
            Body::TooLarge | Body::NotCarried(_) => error,
        }
    }

    /// Reads a `Response`, whichever realm or polyfill it is from.
    ///
    /// # Errors
    ///
    /// As [`read_body`].
    pub(super) async fn read(response: &JsValue, patience: &Patience) -> Result<Self, JsValue> {
        let status = status_of(response);
        let body = read_body(response, patience).await?;
        Ok(Self {
            status: Some(status),
            body,
            told: Told::of(response),
            raw: None,
            uncarried: None,
        })
    }

    /// What was returned in the place of plain data, and how to have that of it: it is lost in JSON. An answer may
    /// have such a thing beside its credential.
    pub(super) const fn uncarried(&self) -> Option<&'static str> {
        self.uncarried
    }

    /// The body, if it is JSON.
    pub(super) fn json(&self) -> Option<Json> {
        match &self.body {
            Body::Text(text) => parse(text),
            Body::TooLarge | Body::NotCarried(_) => None,
        }
    }

    /// What `read`, one of [`reply`]'s, reads of it.
    pub(super) fn credential<R>(
        self,
        read: impl FnOnce(Json, &Meta<'_>, reply::Parse<'_>) -> Result<R, Error>,
    ) -> Result<R, Error> {
        let meta = self.told.meta(self.status);
        let made = match self.body {
            Body::Text(text) => read(Json::String(text), &meta, &parse),
            Body::TooLarge => {
                Err(Error::InvalidResponse { reason: "the answer is larger than any credential's" })
            }
            Body::NotCarried(reason) => Err(Error::InvalidResponse { reason }),
        };
        made.map_err(|made| match self.raw {
            Some(Body::Text(text)) => reply::read_unmapped(Json::String(text), made, &meta, &parse),
            _ => made,
        })
    }
}

impl Told {
    /// Of a `Response`.
    fn of(response: &JsValue) -> Self {
        let redirected = get(response, "redirected").is_truthy();
        Self { redirected, ..Self::read(&get(response, "headers")) }
    }

    fn read(headers: &JsValue) -> Self {
        let told = |name| header(headers, name);
        Self {
            retry_after: told("retry-after"),
            date: told("date"),
            age: told("age"),
            cache_control: told("cache-control"),
            redirected: false,
        }
    }

    fn meta(&self, status: Option<u16>) -> Meta<'_> {
        Meta {
            status,
            date: self.date.as_deref(),
            age: self.age.as_deref(),
            retry_after: self.retry_after.as_deref(),
            cache_control: self.cache_control.as_deref(),
            redirected: self.redirected,
        }
    }
}

/// A body as the page's own reader gets it: parsed if it is JSON, or else its text.
fn body_of(text: &str) -> JsValue {
    let begins = text.trim_ascii_start().starts_with(['[', '{', '"']);
    let parsed = if begins { JSON::parse(text).ok() } else { None };
    parsed.unwrap_or_else(|| text.into())
}
