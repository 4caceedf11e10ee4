//! OSS: one object at a time, whole or in parts, with CORS and both header signatures.

mod action;
mod answer;
mod auth;
mod body;
mod multipart;
mod objects;
mod target;

use std::sync::Arc;

use axum::{body::Body, response::Response};

use self::{action::Action, answer::Reply, body::Received, target::Target};
use crate::{
    error::ServiceError,
    exchange::{self, Head, Passage, closing, decode, set},
    log::{ServiceName, Ticket},
    state::Cloud,
};

/// Answers one request to OSS.
pub(crate) async fn serve(
    cloud: &Arc<Cloud>,
    bucket: Option<&str>,
    region: Option<&str>,
    head: &Head,
    body: Body,
) -> Response {
    let key = decode(head.path.strip_prefix('/').unwrap_or(&head.path));
    let target = Target {
        action: Action::of(head, &key),
        bucket: bucket.unwrap_or_default(),
        region,
        key,
        request_id: cloud.platform.hex(24).to_uppercase(),
        head,
    };
    let ticket = open(cloud, &target);
    let fault = cloud.faults.take(ServiceName::Oss, target.action.name(), target.part_number());
    let raw_headers = fault.as_ref().map(|fault| fault.headers.clone()).unwrap_or_default();

    if target.action == Action::Preflight && fault.is_none() {
        let result = cloud.oss_preflight(head).map(Reply::preflight);
        return finish(cloud, &target, &ticket, result);
    }
    // Checked on arrival: a credential that dies while the body is on its way was still good.
    let verdict = auth::authorize(cloud, &target);
    let throttled = verdict.is_ok() && !fault.as_ref().is_some_and(|fault| fault.answers());
    let Some(received) = body::receive(cloud, body, throttled).await else {
        ticket.note(|entry| entry.code = Some(String::from("ClientClosed")));
        return closing();
    };
    ticket.note(|entry| entry.bytes = received.length);
    if target.action == Action::UploadPart {
        cloud.wait(cloud.settings().part_delay_ms).await;
    }
    let mut response = match cloud.pass(ServiceName::Oss, fault, &ticket).await {
        Passage::Closed(response) => return response,
        Passage::Refused(fault) => match fault.raw_body() {
            Some((status, body)) => {
                ticket.close(status, fault.code.as_deref());
                let mut headers = cloud.oss_cors(head, status >= 400);
                headers.push(("content-type", String::from("application/xml")));
                exchange::answer(status, cloud.clock.now(), headers, body)
            }
            None => finish(cloud, &target, &ticket, Err(auth::with_cause(fault.error()))),
        },
        Passage::Through if target.action == Action::Preflight => {
            finish(cloud, &target, &ticket, cloud.oss_preflight(head).map(Reply::preflight))
        }
        Passage::Through => {
            let result = verdict.and_then(|()| run(cloud, &target, received));
            finish(cloud, &target, &ticket, result)
        }
    };
    for (name, value) in &raw_headers {
        set(response.headers_mut(), name, value);
    }
    response
}

fn open(cloud: &Cloud, target: &Target<'_>) -> Ticket {
    let head = target.head;
    let mut entry = cloud.entry(ServiceName::Oss, head, target.action.name());
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    entry.bucket = text(target.bucket);
    entry.key = text(&target.key);
    entry.part_number = target.part_number();
    entry.upload_id = text(target.upload_id());
    entry.access_key_id = auth::access_key_id(head).map(str::to_owned);
    entry.credential_age_ms = entry.access_key_id.as_deref().and_then(|id| cloud.age(id, entry.at));
    entry.preflight = target.action == Action::Preflight;
    cloud.log.open(entry)
}

fn run(cloud: &Cloud, target: &Target<'_>, received: Received) -> Result<Reply, ServiceError> {
    match target.action {
        Action::InitiateMultipartUpload => multipart::initiate(cloud, target),
        Action::UploadPart => multipart::upload_part(cloud, target, received),
        Action::CompleteMultipartUpload => multipart::complete(cloud, target, &received),
        Action::AbortMultipartUpload => multipart::abort(cloud, target),
        Action::ListParts => multipart::list_parts(cloud, target),
        Action::PutObject => objects::put(cloud, target, received),
        Action::GetObject => objects::get(cloud, target),
        Action::HeadObject => objects::head(cloud, target),
        Action::DeleteObject => objects::delete(cloud, target),
        Action::Preflight | Action::Unknown => {
            let message = "A header you provided implies functionality that is not implemented.";
            Err(ServiceError::new(501, "NotImplemented", message))
        }
    }
}

fn finish(
    cloud: &Cloud,
    target: &Target<'_>,
    ticket: &Ticket,
    result: Result<Reply, ServiceError>,
) -> Response {
    match result {
        Ok(reply) => {
            ticket.close(reply.status, None);
            answer::success(cloud, target, reply)
        }
        Err(error) => {
            ticket.close(error.status, Some(&error.code));
            answer::refusal(cloud, target, &error)
        }
    }
}
