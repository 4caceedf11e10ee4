//! The cloud as one address: which service a request is for.

use std::{fmt, sync::Arc};

use axum::{
    Router,
    extract::{Request, State},
    http::header,
    response::{IntoResponse, Response},
};

use crate::{
    config::Config,
    control,
    exchange::{Head, answer},
    gateway,
    host::Service,
    log::ServiceName,
    oss, page,
    platform::Platform,
    state::Cloud,
};

/// A running cloud. Clones share everything.
#[derive(Clone)]
pub struct LocalCloud {
    pub(crate) cloud: Arc<Cloud>,
}

impl fmt::Debug for LocalCloud {
    /// Without its state: objects and credentials belong in no log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalCloud").field("config", &self.cloud.config).finish_non_exhaustive()
    }
}

impl LocalCloud {
    /// A cloud with no objects, no temporary credentials and an empty log.
    #[cfg(feature = "server")]
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self::on(Arc::new(crate::server::Machine::new()), config)
    }

    /// As `new`, with time, randomness and sleep of `platform`.
    #[must_use]
    pub fn on(platform: Arc<dyn Platform>, config: Config) -> Self {
        Self { cloud: Arc::new(Cloud::new(config, platform)) }
    }

    /// Serves the cloud's hosts by their `Host` header, `/__cloud/<host>/…` and `/__control/…`; and
    /// `/__cloud/page.js`, by which a page in an ordinary browser uses it.
    ///
    /// Serve it on a loopback address only: the control interface asks for no credentials.
    pub fn router(&self) -> Router {
        Router::new().fallback(serve).with_state(self.clone())
    }

    /// Serves one of the cloud's hosts and nothing else, whatever the `Host` header says: for a client
    /// that can be given only an address and a port.
    pub fn router_of(&self, host: &str) -> Router {
        let (local, host) = (self.clone(), host.to_owned());
        Router::new().fallback(move |request: Request| async move {
            let (sent_to, path) = (requested_host(&request), request.uri().path().to_owned());
            dispatch(&local.cloud, &host, sent_to, path, request).await
        })
    }

    /// Whether a request with this `Host` header (a port does not matter) is for the cloud.
    #[must_use]
    pub fn owns_host(&self, host: &str) -> bool {
        Service::of_host(host).is_some()
    }

    /// What the cloud was made with.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.cloud.config
    }

    /// The cloud's clock in milliseconds since the Unix epoch: the machine's, plus the offset that
    /// the control interface set. An AppServer beside the cloud should tell this time.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        self.cloud.clock.now()
    }
}

async fn serve(State(local): State<LocalCloud>, request: Request) -> Response {
    let cloud = &local.cloud;
    let host = requested_host(&request);
    let path = request.uri().path().to_owned();

    if Service::of_host(&host).is_none() {
        if let Some(rest) = path.strip_prefix("/__control/") {
            return control::serve(cloud, rest, request).await;
        }
        if let Some(rest) = path.strip_prefix("/__cloud/") {
            if rest == page::PATH {
                return page::serve();
            }
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            let (host, path) = (host.to_owned(), format!("/{path}"));
            return dispatch(cloud, &host.clone(), host, path, request).await;
        }
    }
    dispatch(cloud, &host.clone(), host, path, request).await
}

/// Hands `request` to the service that `acting` names; `host` is what the client signed.
async fn dispatch(
    cloud: &Arc<Cloud>,
    acting: &str,
    host: String,
    path: String,
    request: Request,
) -> Response {
    let Some(service) = Service::of_host(acting) else {
        return (axum::http::StatusCode::NOT_FOUND, "no such host in this cloud\n").into_response();
    };
    let (head, body) = Head::split(request, host, path);
    match service {
        Service::Sts => gateway::serve(cloud, gateway::Api::Sts, &head, body).await,
        Service::Vod { region } => {
            gateway::serve(cloud, gateway::Api::Vod { region }, &head, body).await
        }
        Service::Oss { bucket, region } => {
            oss::serve(cloud, bucket.as_deref(), region.as_deref(), &head, body).await
        }
        Service::Log => {
            let ticket = cloud.log.open(cloud.entry(ServiceName::Log, &head, "Beacon"));
            ticket.close(200, None);
            answer(200, cloud.clock.now(), cloud.rpc_cors(false), "")
        }
    }
}

fn requested_host(request: &Request) -> String {
    let authority = request.uri().authority().map(|authority| authority.as_str());
    let header = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    authority.or(header).unwrap_or_default().to_owned()
}
