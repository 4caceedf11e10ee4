//! A request on its way through the cloud, and what a fault leaves of it.

use std::{future::pending, io, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
    response::Response,
};
use futures_util::stream;

use crate::{
    clock::http_date,
    faults::Fault,
    log::{Entry, ServiceName, Ticket},
    state::Cloud,
};

/// A request without its body, as sent to `host`.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) method: Method,
    /// As the client wrote it, port included: it may be signed.
    pub(crate) host: String,
    /// Still percent-encoded.
    pub(crate) path: String,
    pub(crate) raw_query: String,
    /// Decoded as OSS does, in the order sent.
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
}

impl Head {
    /// Splits `request`, taking it as sent to `host` and `path`.
    pub(crate) fn split(request: Request, host: String, path: String) -> (Self, Body) {
        let (parts, body) = request.into_parts();
        let raw_query = parts.uri.query().unwrap_or_default().to_owned();
        let query = decode_query(&raw_query);
        (Self { method: parts.method, host, path, raw_query, query, headers: parts.headers }, body)
    }

    /// A header as text; what is not UTF-8 counts as absent.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| std::str::from_utf8(value.as_bytes()).ok())
    }

    /// A query parameter; the first, if there are several.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn is_preflight(&self) -> bool {
        self.method == Method::OPTIONS
    }
}

/// Undoes percent-encoding; a `+` stays a `+`.
pub(crate) fn decode(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn decode_query(query: &str) -> Vec<(String, String)> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

/// What is left to do after delays and faults.
#[derive(Debug)]
pub(crate) enum Passage {
    /// Carry the request out.
    Through,
    /// Answer with the fault.
    Refused(Box<Fault>),
    /// The connection is to be closed by sending this.
    Closed(Response),
}

impl Cloud {
    pub(crate) fn entry(&self, service: ServiceName, head: &Head, action: &str) -> Entry {
        Entry::new(service, self.clock.now(), &head.host, head.method.as_str(), action)
    }

    /// Lets the delays of `service` and of `fault` pass, then says what is left of the request.
    pub(crate) async fn pass(
        &self,
        service: ServiceName,
        fault: Option<Fault>,
        ticket: &Ticket,
    ) -> Passage {
        let delays = self.settings().delays_ms;
        let delay = match service {
            ServiceName::Sts => delays.sts,
            ServiceName::Vod => delays.vod,
            ServiceName::Oss => delays.oss,
            ServiceName::App => delays.app,
            ServiceName::Log => 0,
        };
        self.wait(delay.saturating_add(fault.as_ref().map_or(0, |fault| fault.delay_ms))).await;
        match fault {
            Some(fault) if fault.hang => {
                ticket.note(|entry| entry.code = Some(String::from("Hung")));
                pending().await
            }
            Some(fault) if fault.drop => {
                ticket.note(|entry| entry.code = Some(String::from("Dropped")));
                Passage::Closed(closing())
            }
            Some(fault) if fault.answers() => Passage::Refused(Box::new(fault)),
            _ => Passage::Through,
        }
    }

    pub(crate) async fn wait(&self, millis: u64) {
        if millis > 0 {
            self.platform.sleep(Duration::from_millis(millis)).await;
        }
    }
}

/// A response that makes the server close the connection: its body fails before the first byte is
/// flushed, so the client sees neither status nor headers.
pub(crate) fn closing() -> Response {
    let failing = stream::once(async { Err::<Bytes, _>(io::Error::other("dropped on request")) });
    Response::new(Body::from_stream(failing))
}

/// Builds an answer; a header that HTTP does not allow is left out.
pub(crate) fn answer<'a>(
    status: u16,
    now: i64,
    headers: impl IntoIterator<Item = (&'a str, String)>,
    body: impl Into<Body>,
) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = axum::http::StatusCode::from_u16(status)
        .unwrap_or(axum::http::StatusCode::INTERNAL_SERVER_ERROR);
    // The server would add its own clock's date: the cloud's may be set apart.
    set(response.headers_mut(), header::DATE.as_str(), &http_date(now));
    for (name, value) in headers {
        set(response.headers_mut(), name, &value);
    }
    response
}

/// Sets one header, if HTTP allows it.
pub(crate) fn set(headers: &mut HeaderMap, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
        headers.insert(name, value);
    }
}
