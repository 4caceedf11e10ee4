//! The gateway of the RPC services, STS and VOD: parameters in, checks, JSON or XML out.

use std::sync::Arc;

use axum::{
    body::{Body, to_bytes},
    response::Response,
};
use serde_json::Value;

use crate::{
    cors,
    error::ServiceError,
    exchange::{self, Head, Passage, closing, set},
    log::ServiceName,
    rpc::{answer, auth, call::Call},
    state::Cloud,
    sts, vod,
};

/// Longest request body the gateway accepts.
const MAX_BODY: usize = 10 << 20;

/// One of the two RPC services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Api {
    Sts,
    Vod { region: String },
}

impl Api {
    const fn name(&self) -> ServiceName {
        match self {
            Self::Sts => ServiceName::Sts,
            Self::Vod { .. } => ServiceName::Vod,
        }
    }

    /// Longest query of a URL, in bytes.
    const fn longest_url(&self) -> usize {
        match self {
            Self::Sts => 4 << 10,
            Self::Vod { .. } => 8 << 10,
        }
    }

    const fn version(&self) -> &'static str {
        match self {
            Self::Sts => "2015-04-01",
            Self::Vod { .. } => "2017-03-21",
        }
    }
}

/// Answers one request to STS or VOD.
pub(crate) async fn serve(cloud: &Arc<Cloud>, api: Api, head: &Head, body: Body) -> Response {
    if head.is_preflight() {
        return preflight(cloud, &api, head).await;
    }
    let Ok(body) = to_bytes(body, MAX_BODY).await else { return closing() };
    let call = Call::read(head, &body, cloud.platform.request_id());

    let mut entry = cloud.entry(api.name(), head, &call.action);
    entry.bytes = body.len() as u64;
    entry.params = Some(call.told());
    entry.access_key_id = call.access_key_id().map(str::to_owned);
    entry.credential_age_ms = call.access_key_id().and_then(|id| cloud.age(id, entry.at));
    let ticket = cloud.log.open(entry);

    let fault = cloud.faults.take(api.name(), &call.action, None);
    let (result, fault) = match cloud.pass(api.name(), fault, &ticket).await {
        Passage::Closed(response) => return response,
        Passage::Refused(fault) => (Err(fault.error()), Some(fault)),
        Passage::Through => (run(cloud, &api, &call, &body), None),
    };

    let raw = fault.as_ref().and_then(|fault| fault.raw_body());
    let mut response = match raw {
        Some((status, body)) => {
            ticket.close(status, fault.as_ref().and_then(|fault| fault.code.as_deref()));
            let mut headers = cloud.rpc_cors(status >= 400);
            headers.push(("content-type", String::from("application/json;charset=utf-8")));
            exchange::answer(status, cloud.clock.now(), headers, body)
        }
        None => {
            let code = result.as_ref().err().map(|error| error.code.as_str());
            ticket.close(result.as_ref().err().map_or(200, |error| error.status), code);
            answer::write(cloud, &call, &result)
        }
    };
    for (name, value) in fault.iter().flat_map(|fault| &fault.headers) {
        set(response.headers_mut(), name, value);
    }
    response
}

/// Checks and carries out `call`.
fn run(cloud: &Cloud, api: &Api, call: &Call<'_>, body: &[u8]) -> Result<Value, ServiceError> {
    call.require_short_url(api.longest_url())?;
    call.require_version(api.version())?;
    match api {
        Api::Sts => {
            let caller = auth::authenticate(cloud, call, body, auth::Timestamp::Required)?;
            sts::call(cloud, call, &caller)
        }
        Api::Vod { region } => {
            // The vendor's browser SDK calls these two unsigned.
            if vod::is_open(&call.action) {
                return Ok(vod::progress(&call.action, &call.request_id));
            }
            // It sends no timestamp either, in any call.
            let caller = auth::authenticate(cloud, call, body, auth::Timestamp::Optional)?;
            vod::call(cloud, call, &caller, region)
        }
    }
}

async fn preflight(cloud: &Arc<Cloud>, api: &Api, head: &Head) -> Response {
    let mut entry = cloud.entry(api.name(), head, "Preflight");
    entry.preflight = true;
    let ticket = cloud.log.open(entry);
    let fault = cloud.faults.take(api.name(), "Preflight", None);
    let strikes = fault.is_some();
    // Without a fault a preflight is not delayed: the service's delay is that of its calls.
    if strikes {
        match cloud.pass(api.name(), fault, &ticket).await {
            Passage::Closed(response) => return response,
            Passage::Refused(fault) => {
                let error = fault.error();
                ticket.close(error.status, Some(&error.code));
                return exchange::answer(error.status, cloud.clock.now(), [], "");
            }
            Passage::Through => {}
        }
    }
    ticket.close(200, None);
    exchange::answer(200, cloud.clock.now(), cors::rpc_preflight(head), "")
}
