//! All that a page ever sees. Only a credential that is asked for holds a secret.

mod requests;

use js_sys::Object;
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::prelude::*;

pub(super) use requests::{TokenRequest, UploadRequest, reason};

use crate::{
    clock::Time,
    error::{Asked, Error},
    json::Json,
    lifecycle::{Fetch, Slot, Zone},
    time::{Millis, UnixMillis, to_iso},
    token::{StsToken, UploadAuth},
    upload::UploadFailure,
    vault::Key,
    vod::Kind,
};

/// Writes `view` as a plain object. Members that are absent are left out.
pub(super) fn write(view: &impl Serialize) -> JsValue {
    let serializer = Serializer::new().serialize_maps_as_objects(true);
    // There is nothing in this file that cannot be written.
    view.serialize(&serializer).unwrap_or_default()
}

/// A span in milliseconds, as JavaScript counts.
#[expect(clippy::cast_precision_loss, reason = "exact up to 285,000 years")]
const fn millis(span: Millis) -> f64 {
    span as f64
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 285,000 years")]
pub(super) const fn instant(at: UnixMillis) -> f64 {
    at.0 as f64
}

/// The token as a page gets it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Token<'a> {
    access_key_id: &'a str,
    access_key_secret: &'a str,
    security_token: &'a str,
    expiration: String,
    expires_at: f64,
    /// What else the AppServer answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    reply: Option<&'a Json>,
}

/// The token, frozen, so that its values stay together and no caller changes another's. `rest` is what its answer said beside it.
pub(super) fn token(token: &StsToken, expires_at: UnixMillis, rest: Option<&Json>) -> JsValue {
    let object = write(&Token {
        access_key_id: &token.access_key_id,
        access_key_secret: token.access_key_secret.expose(),
        security_token: token.security_token.expose(),
        expiration: to_iso(expires_at),
        expires_at: instant(expires_at),
        reply: rest.filter(|rest| !rest.is_empty()),
    });
    freeze(&object);
    object
}

/// Freezes plain data and what is in it, which is at most [`MAX_DEPTH`](crate::json::MAX_DEPTH) deep.
fn freeze(value: &JsValue) {
    let Some(object) = value.dyn_ref::<Object>() else { return };
    for member in Object::values(object) {
        freeze(&member);
    }
    Object::freeze(object);
}

/// What an `UploadTokenError` is made of.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Failure<'a> {
    code: &'a str,
    /// What `onUploadFailed` is given, of a file only: a server's own code stays as it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    file_code: Option<&'a str>,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<f64>,
    #[serde(with = "serde_wasm_bindgen::preserve", skip_serializing_if = "JsValue::is_undefined")]
    cause: JsValue,
}

impl<'a> Failure<'a> {
    /// `cause` is what was thrown, or `undefined`.
    pub(super) fn new(error: &'a Error, cause: JsValue) -> Self {
        let answered = error.answered();
        Self {
            code: error.code(),
            file_code: None,
            message: error.text(),
            status: answered
                .map(|answered| answered.status)
                .filter(|&status| status > 0)
                .map(Into::into),
            server_code: answered.and_then(|answered| answered.code.as_deref()),
            server_message: answered.and_then(|answered| answered.message.as_deref()),
            request_id: answered.and_then(|answered| answered.request_id.as_deref()),
            url: error.asked().and_then(Asked::url),
            retry_after: error.retry_after().map(millis),
            cause,
        }
    }

    /// A failure about which no server and nobody else said anything.
    const fn bare(code: &'a str, message: String) -> Self {
        Self {
            code,
            file_code: None,
            message,
            status: None,
            server_code: None,
            server_message: None,
            request_id: None,
            url: None,
            retry_after: None,
            cause: JsValue::UNDEFINED,
        }
    }

    /// Why a file of an uploader failed.
    pub(super) fn of_file(failure: &'a UploadFailure) -> Self {
        let file_code = Some(failure.code());
        let message = failure.message();
        match failure {
            UploadFailure::Credential(error) => {
                Self { file_code, message, ..Self::new(error, JsValue::UNDEFINED) }
            }
            UploadFailure::Refused(server_code) => {
                Self { file_code, server_code: Some(server_code), ..Self::bare("http", message) }
            }
            _ => Self { file_code, ..Self::bare(failure.code(), message) },
        }
    }
}

/// What is known of a credential.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Status<'a> {
    state: &'static str,
    generation: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_key_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<f64>,
    valid_for: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    life: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    margin: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mandatory: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_in: Option<f64>,
    requests: u32,
    failures: u32,
    /// Of a token manager only, as the rest.
    #[serde(skip_serializing_if = "Option::is_none")]
    fetch: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_in: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<Failure<'a>>,
    /// Of a file to which the SDK came: how long it waited for its first credential, and how much of that was for the
    /// STS token.
    #[serde(skip_serializing_if = "Option::is_none")]
    waited: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    waited_for_token: Option<f64>,
}

impl<'a> Status<'a> {
    /// `id` is the AccessKeyId of what `slot` holds.
    pub(super) fn new(slot: &Slot<Key>, time: &Time, id: Option<&'a str>) -> Self {
        let held = slot.token();
        Self {
            state: zone(held.map_or_else(|| slot.zone(), |held| held.zone(time))),
            generation: held.map_or(0, |held| held.generation),
            access_key_id: id,
            expires_at: held.map(|held| instant(held.shown(time))),
            valid_for: millis(held.and_then(|held| held.left(time)).unwrap_or(0)),
            life: held.map(|held| millis(held.life)),
            margin: held.map(|held| millis(held.margin())),
            mandatory: held.map(|held| millis(held.mandatory())),
            refresh_in: held.map(|held| millis(time.elapsed.until(held.refresh_at()))),
            requests: slot.requests(),
            failures: slot.fails(),
            fetch: None,
            retry_in: None,
            waiting: None,
            last_error: None,
            waited: None,
            waited_for_token: None,
        }
    }

    /// With how long the SDK waited for it.
    pub(super) fn and_waits(self, waited: Millis, for_token: Millis) -> Self {
        Self { waited: Some(millis(waited)), waited_for_token: Some(millis(for_token)), ..self }
    }

    /// With what is being done about a successor, and why the last request for one failed.
    pub(super) fn and_fetch(
        self,
        slot: &'a Slot<Key>,
        time: &Time,
        error: Option<&'a Error>,
    ) -> Self {
        let (fetch, retry) = match slot.fetch() {
            Fetch::Idle => ("idle", None),
            Fetch::InFlight { .. } => ("inFlight", None),
            Fetch::Backoff { until, .. } => ("backoff", Some(*until)),
            Fetch::Parked { until, .. } => ("parked", Some(*until)),
        };
        Self {
            fetch: Some(fetch),
            retry_in: retry.map(|at| millis(at.saturating_sub(time.mono))),
            waiting: u32::try_from(slot.waiting()).ok(),
            last_error: error.map(|error| Failure::new(error, JsValue::UNDEFINED)),
            ..self
        }
    }
}

/// About a token that a listener is told of.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TokenEvent<'a> {
    pub(super) scope: &'a str,
    pub(super) generation: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) access_key_id: Option<&'a str>,
    pub(super) expires_at: f64,
    /// What the page said of a refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<&'a str>,
}

/// A refresh failed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RefreshFailed<'a> {
    /// Of the slot; none for a file of an uploader.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) scope: Option<&'a str>,
    pub(super) error: Failure<'a>,
    pub(super) failures: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_in: Option<f64>,
    pub(super) usable: bool,
}

impl<'a> RefreshFailed<'a> {
    pub(super) fn new(
        scope: Option<&'a str>,
        error: Failure<'a>,
        failures: u32,
        retry_in: Option<Millis>,
        usable: bool,
    ) -> Self {
        Self { scope, error, failures, retry_in: retry_in.map(millis), usable }
    }
}

/// Why no successor of a credential is asked for ahead.
#[derive(Serialize)]
pub(super) struct Diagnostic {
    pub(super) message: &'static str,
}

/// A slot's token moved to another part of its life.
#[derive(Serialize)]
pub(super) struct StateEvent<'a> {
    pub(super) scope: &'a str,
    pub(super) state: &'static str,
}

/// An answer was usable but not as it should be.
#[derive(Serialize)]
pub(super) struct WarningEvent<'a> {
    pub(super) scope: &'a str,
    pub(super) warning: &'static str,
}

/// An UploadAuth for the SDK.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Delivery<'a> {
    file: u32,
    answers: &'static str,
    upload_auth: &'a str,
    upload_address: &'a str,
    /// In direct mode, where there is no UploadAuth.
    #[serde(skip_serializing_if = "Option::is_none")]
    credential: Option<ClientCredential<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    video_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ticket: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_id: Option<&'a str>,
    is_image: bool,
    forget: bool,
    /// What else was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    reply: Option<&'a Json>,
}

impl<'a> Delivery<'a> {
    /// `answers` is the SDK's question; with `forget` its checkpoint is of another object.
    pub(super) fn new(
        file: u32,
        answers: &'static str,
        auth: &'a UploadAuth,
        kind: Kind,
        forget: bool,
    ) -> Self {
        Self {
            file,
            answers,
            upload_auth: auth.upload_auth.expose(),
            upload_address: &auth.upload_address,
            credential: auth.is_of_token().then(|| ClientCredential::new(auth)),
            video_id: auth.video_id.as_deref(),
            ticket: auth.ticket.as_deref(),
            image_id: auth.image_id.as_deref(),
            is_image: kind == Kind::Image,
            forget,
            reply: None,
        }
    }

    /// With what its answer said beside it.
    pub(super) fn and_reply(self, rest: &'a Json) -> Self {
        Self { reply: Some(rest).filter(|rest| !rest.is_empty()), ..self }
    }
}

/// The credential in an UploadAuth, for a running client.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ClientCredential<'a> {
    access_key_id: &'a str,
    access_key_secret: &'a str,
    sts_token: &'a str,
}

impl<'a> ClientCredential<'a> {
    pub(super) fn new(auth: &'a UploadAuth) -> Self {
        let token = &auth.token;
        Self {
            access_key_id: &token.access_key_id,
            access_key_secret: token.access_key_secret.expose(),
            sts_token: token.security_token.expose(),
        }
    }
}

pub(super) const fn zone(zone: Zone) -> &'static str {
    match zone {
        Zone::Empty => "empty",
        Zone::Valid => "valid",
        Zone::Advisory => "advisory",
        Zone::Mandatory => "mandatory",
        Zone::Expired => "expired",
        Zone::Rejected => "rejected",
        Zone::Closed => "closed",
    }
}
