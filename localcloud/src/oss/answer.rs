//! Answers of OSS: headers that every one has, XML for results and refusals.

use axum::{body::Body, response::Response};
use base64::{Engine, engine::general_purpose::STANDARD};
use quick_xml::escape::escape;

use super::target::Target;
use crate::{cors::CorsHeaders, error::ServiceError, exchange, state::Cloud};

/// What an operation answers when it succeeds.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    /// Headers that were kept with the object.
    pub(crate) kept: Vec<(String, String)>,
    pub(crate) body: Body,
    /// CORS headers of its own, in place of those of an ordinary answer.
    cors: Option<CorsHeaders>,
}

impl Reply {
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), kept: Vec::new(), body: Body::empty(), cors: None }
    }

    pub(crate) fn bytes(status: u16, bytes: Vec<u8>) -> Self {
        Self { body: Body::from(bytes), ..Self::empty(status) }
    }

    pub(crate) fn preflight(cors: CorsHeaders) -> Self {
        Self { cors: Some(cors), ..Self::empty(200) }
    }

    /// A document with `root` around `children`, which is XML already.
    pub(crate) fn xml(root: &str, children: &str) -> Self {
        let document =
            format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{root}>{children}</{root}>");
        Self { body: Body::from(document), ..Self::empty(200) }
            .with("content-type", "application/xml")
    }

    #[must_use]
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// `<name>text</name>`, escaped.
pub(crate) fn element(name: &str, text: &str) -> String {
    format!("<{name}>{}</{name}>", escape(text))
}

pub(crate) fn success(cloud: &Cloud, target: &Target<'_>, reply: Reply) -> Response {
    let cors = reply.cors.unwrap_or_else(|| cloud.oss_cors(target.head, false));
    let headers = common(target).into_iter().chain(cors).chain(reply.headers);
    let kept = reply.kept.iter().map(|(name, value)| (name.as_str(), value.clone()));
    exchange::answer(reply.status, cloud.clock.now(), headers.chain(kept), reply.body)
}

pub(crate) fn refusal(cloud: &Cloud, target: &Target<'_>, error: &ServiceError) -> Response {
    let mut children = [
        element("Code", &error.code),
        element("Message", &error.message),
        element("RequestId", &target.request_id),
        element("HostId", &target.head.host),
    ]
    .concat();
    children.extend(error.details.iter().map(|(name, value)| element(name, value)));
    let document = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>{children}</Error>");

    let mut headers = common(target);
    headers.extend(cloud.oss_cors(target.head, true));
    headers.extend(
        error
            .details
            .iter()
            .find(|(name, _)| *name == "EC")
            .map(|(_, ec)| ("x-oss-ec", ec.clone())),
    );
    let body = if target.head.method == axum::http::Method::HEAD {
        headers.push(("x-oss-err", STANDARD.encode(&document)));
        Body::empty()
    } else {
        headers.push(("content-type", String::from("application/xml")));
        Body::from(document)
    };
    exchange::answer(error.status, cloud.clock.now(), headers, body)
}

fn common(target: &Target<'_>) -> Vec<(&'static str, String)> {
    vec![("server", String::from("AliyunOSS")), ("x-oss-request-id", target.request_id.clone())]
}
