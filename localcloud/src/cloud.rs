//! The cloud itself: its state, and which service a request is for.

use std::{
    fmt,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    extract::{Request, State},
    http::header,
    response::{IntoResponse, Response},
};

use crate::{
    clock::{Clock, UnixMs},
    config::Config,
    control,
    credentials::Credentials,
    exchange::{Head, answer},
    faults::Faults,
    host::Service,
    limits::{CallRate, Pacer},
    log::{Entry, RequestLog, ServiceName},
    oss,
    rpc::{self, nonces::Nonces},
    settings::Settings,
    store::{Budget, Store},
    sync::lock,
    vod::media::Media,
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

/// What the clones share.
pub(crate) struct Cloud {
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) log: RequestLog,
    pub(crate) faults: Faults,
    pub(crate) credentials: Mutex<Credentials>,
    pub(crate) nonces: Mutex<Nonces>,
    pub(crate) store: Mutex<Store>,
    pub(crate) media: Mutex<Media>,
    pub(crate) budget: Budget,
    pub(crate) pacer: Pacer,
    pub(crate) sts_rate: CallRate,
    pub(crate) vod_rate: CallRate,
    settings: Mutex<Settings>,
}

impl LocalCloud {
    /// A cloud with no objects, no temporary credentials and an empty log.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let clock = Clock::default();
        let credentials = Credentials::new(&config.access_keys, clock.now());
        Self {
            cloud: Arc::new(Cloud {
                log: RequestLog::default(),
                faults: Faults::default(),
                credentials: Mutex::new(credentials),
                nonces: Mutex::default(),
                store: Mutex::default(),
                media: Mutex::default(),
                budget: Budget::new(config.max_stored_bytes),
                pacer: Pacer::new(),
                sts_rate: CallRate::new(config.sts_calls_per_second),
                vod_rate: CallRate::new(config.vod_calls_per_second),
                settings: Mutex::default(),
                clock,
                config,
            }),
        }
    }

    /// Serves the cloud's hosts by their `Host` header, `/__cloud/<host>/…` and `/__control/…`.
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

impl Cloud {
    pub(crate) fn settings(&self) -> Settings {
        lock(&self.settings).clone()
    }

    pub(crate) fn set_settings(&self, settings: Settings) {
        self.clock.set_offset(settings.clock_offset_ms);
        *lock(&self.settings) = settings;
    }

    /// Back to the state of a new cloud.
    pub(crate) fn reset(&self) {
        self.set_settings(Settings::default());
        self.log.clear();
        self.faults.clear();
        *lock(&self.credentials) = Credentials::new(&self.config.access_keys, self.clock.now());
        *lock(&self.nonces) = Nonces::default();
        *lock(&self.store) = Store::default();
        *lock(&self.media) = Media::default();
    }

    pub(crate) fn entry(&self, service: ServiceName, head: &Head, action: &str) -> Entry {
        Entry::new(service, self.clock.now(), &head.host, head.method.as_str(), action)
    }

    /// The age of a credential, for the log.
    pub(crate) fn age(&self, access_key_id: &str, now: UnixMs) -> Option<i64> {
        lock(&self.credentials)
            .find(access_key_id)
            .map(|credential| now.saturating_sub(credential.issued))
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
        Service::Sts => rpc::serve(cloud, rpc::Api::Sts, &head, body).await,
        Service::Vod { region } => rpc::serve(cloud, rpc::Api::Vod { region }, &head, body).await,
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
