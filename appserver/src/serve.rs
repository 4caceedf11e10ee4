//! Putting the parts together and serving them.

use std::{fmt, future::Future, io, net::SocketAddr, path::PathBuf, sync::Arc};

use axum::{Router, middleware::from_fn_with_state};
use serde_json::{Value, json};
use upload_token_localcloud::{AccessKey, Config as LocalConfig, LocalCloud, observe_app};

use crate::{
    api::{self, state::Api},
    cache::TokenCache,
    config::{Account, Cloud, Config},
    connections::{Connections, Live},
    dispatch, health,
    lasting::Lasting,
    listen::{Listener, Place},
    log::Log,
    metrics::Metrics,
    shared::Shared,
    site,
    stand_in::StandIn,
    sts::AssumeRole,
    sync::lock,
    tls::{self, TlsError},
    vod::Vod,
};

/// Connections at once of the operator's tools, which must hear of a server whose other places are all taken.
const TOOLS: usize = 64;

/// Why the server did not start.
#[derive(Debug)]
pub enum StartError {
    /// An address is taken or not this machine's.
    Listen {
        /// The address.
        place: Place,
        /// Why.
        error: io::Error,
    },
    /// The HTTP client could not be set up.
    Client(reqwest::Error),
    /// No certificate could be made.
    Tls(TlsError),
    /// The certificate could not be written.
    Certificate {
        /// Where it should go.
        path: PathBuf,
        /// Why it does not.
        error: io::Error,
    },
    /// The local cloud has no account.
    NoAccount,
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listen { place: Place::Tcp(address), error } => {
                write!(f, "cannot listen on {address}: {error}")
            }
            Self::Listen { place: Place::Unix(path), error } => {
                write!(f, "cannot listen on {}: {error}", path.display())
            }
            Self::Client(error) => write!(f, "the HTTP client cannot be set up: {error}"),
            Self::Tls(error) => error.fmt(f),
            Self::Certificate { path, error } => {
                write!(f, "cannot write {}: {error}", path.display())
            }
            Self::NoAccount => f.write_str("the local cloud has no account"),
        }
    }
}

impl std::error::Error for StartError {}

impl From<reqwest::Error> for StartError {
    fn from(error: reqwest::Error) -> Self {
        Self::Client(error)
    }
}

/// A server that listens; [`run`](Self::run) makes it answer.
#[derive(Debug)]
pub struct Server {
    /// Where it listens for HTTP, if by TCP.
    pub http: Option<SocketAddr>,
    /// Where it listens for HTTPS.
    pub https: Option<SocketAddr>,
    /// Where it tells its numbers.
    pub metrics: Option<SocketAddr>,
    /// The local cloud, in that mode.
    pub cloud: Option<LocalCloud>,
    listeners: Vec<(Listener, Live, Connections)>,
    connections: Connections,
    tools: Connections,
    reload: Reload,
}

/// Exchanges the configuration of a running server.
#[derive(Clone, Debug)]
pub struct Reload {
    app: Live,
    numbers: Live,
    stand_in: Option<StandIn>,
    lasting: Lasting,
}

impl Reload {
    /// Answers by `config` from the next request on: key, policies, users, limits. Where the server listens stays.
    ///
    /// # Errors
    ///
    /// Any [`StartError`]; the server goes on as before.
    pub fn apply(&self, config: &Config) -> Result<(), StartError> {
        // What answers last is what keeps tokens.
        let _changing = lock(&self.lasting.changing);
        let (app, numbers) = routers(config, self.stand_in.as_ref(), &self.lasting)?;
        self.app.exchange(app);
        self.numbers.exchange(numbers);
        Ok(())
    }
}

impl Server {
    /// Listens as `config` says. Entries of the audit log go to `log`, numbers to `metrics`.
    ///
    /// # Errors
    ///
    /// Any [`StartError`].
    pub async fn bind(
        config: &Config,
        log: Log,
        metrics: Arc<Metrics>,
    ) -> Result<Self, StartError> {
        let mut local = LocalConfig::default();
        if let Some((id, secret)) = &config.local_key {
            local.access_keys = vec![AccessKey::new(id.clone(), secret.expose().clone())];
        }
        Self::bind_with(config, local, Shared::default(), log, metrics).await
    }

    /// As [`bind`](Self::bind), with another local cloud than the usual one, and with `shared` before what `config`
    /// says of a store.
    ///
    /// # Errors
    ///
    /// Any [`StartError`].
    pub async fn bind_with(
        config: &Config,
        local: LocalConfig,
        shared: Shared,
        log: Log,
        metrics: Arc<Metrics>,
    ) -> Result<Self, StartError> {
        let plain = listen(&config.listen).await?;
        let http = plain.address();
        let region = local.region.clone();
        let stand_in = match (&config.cloud, http) {
            (Cloud::Local, Some(http)) => {
                Some(StandIn::new(local, http).map_err(|_| StartError::NoAccount)?)
            }
            (Cloud::Local, None) => return Err(StartError::NoAccount),
            (Cloud::Alibaba(_), _) => None,
        };
        let tls = match config.listen_tls {
            Some(address) => Some(listen_tls(config, address, &region).await?),
            None => None,
        };
        let numbers_listener = match config.listen_metrics {
            Some(address) => Some(listen(&Place::Tcp(address)).await?),
            None => None,
        };
        let connections =
            Connections::new(config.max_connections, Arc::clone(&metrics), log.clone());
        let lasting = Lasting::new(config, shared, metrics, log, connections.clone()).await;
        let (app, numbers) = routers(config, stand_in.as_ref(), &lasting)?;
        let (app, numbers) = (Live::new(app), Live::new(numbers));
        let cloud = stand_in.as_ref().map(|stand_in| stand_in.cloud.clone());
        let reload = Reload { app: app.clone(), numbers: numbers.clone(), stand_in, lasting };
        let https = tls.as_ref().and_then(Listener::address);
        let metrics = numbers_listener.as_ref().and_then(Listener::address);
        let tools = connections.beside(TOOLS);
        let listeners = [
            Some((plain, app.clone(), connections.clone())),
            tls.map(|listener| (listener, app, connections.clone())),
            numbers_listener.map(|listener| (listener, numbers, tools.clone())),
        ];
        let listeners = listeners.into_iter().flatten().collect();
        Ok(Self { http, https, metrics, cloud, listeners, connections, tools, reload })
    }

    /// The line that tells a parent process where to connect.
    #[must_use]
    pub fn listening(&self) -> Value {
        let mut line = json!({ "event": "listening" });
        if let Some(fields) = line.as_object_mut() {
            let places = [
                ("http", self.http, "http"),
                ("https", self.https, "https"),
                ("metrics", self.metrics, "http"),
            ];
            fields.extend(places.into_iter().filter_map(|(name, place, scheme)| {
                Some((name.to_owned(), json!(format!("{scheme}://{}", place?))))
            }));
        }
        line
    }

    /// What exchanges the configuration while the server runs.
    #[must_use]
    pub fn reload(&self) -> Reload {
        self.reload.clone()
    }

    /// Its connections: to say that no more should be sent here, before it is to stop.
    #[must_use]
    pub fn connections(&self) -> Connections {
        self.connections.clone()
    }

    /// Answers until the future is dropped.
    pub async fn run(self) {
        self.run_until(std::future::pending()).await;
    }

    /// Answers until `stop`; then accepts no more, and returns when requests under way are answered, or after 10 s.
    pub async fn run_until(self, stop: impl Future<Output = ()>) {
        let serving = self.listeners.into_iter().map(|(listener, live, connections)| async move {
            connections.serve(listener, live).await;
        });
        let serving = futures_util::future::join_all(serving);
        let stopping = async {
            stop.await;
            tokio::join!(self.connections.stop(), self.tools.stop());
        };
        tokio::join!(serving, stopping);
    }
}

async fn listen(place: &Place) -> Result<Listener, StartError> {
    let refused = |error| StartError::Listen { place: place.clone(), error };
    Listener::bind(place).await.map_err(refused)
}

async fn listen_tls(
    config: &Config,
    address: SocketAddr,
    region: &str,
) -> Result<Listener, StartError> {
    let certificate = tls::self_signed(region).map_err(StartError::Tls)?;
    if let Some(path) = config.tls_certificate.clone() {
        std::fs::write(&path, &certificate.certificate_pem)
            .map_err(|error| StartError::Certificate { path, error })?;
    }
    Ok(listen(&Place::Tcp(address)).await?.with_tls(certificate.config))
}

/// What answers users, and what answers the operator's tools.
fn routers(
    config: &Config,
    stand_in: Option<&StandIn>,
    lasting: &Lasting,
) -> Result<(Router, Router), StartError> {
    let account = match (&config.cloud, stand_in) {
        (Cloud::Alibaba(account), _) => account.as_ref().clone(),
        (Cloud::Local, Some(stand_in)) => Account {
            keys: Arc::new(stand_in.key.clone()),
            grants: stand_in.grants(),
            sts: stand_in.sts.clone(),
            vod: stand_in.vod.clone(),
        },
        (Cloud::Local, None) => return Err(StartError::NoAccount),
    };
    let sts = account.sts.clone();
    let issuer = AssumeRole::new(account.sts, account.keys, Arc::clone(&lasting.metrics))?;
    let fresh = TokenCache::new(
        Arc::new(issuer),
        lasting.tokens(config),
        lasting.limiter.clone(),
        config.limits.sts,
        config.keep_tokens,
    );
    let vod = Vod::new(account.vod)?;
    // Nothing fails any more: the cache before this one keeps nothing from here on.
    let tokens = lasting.carry_on(sts, fresh);
    let api = Api {
        endpoints: config.endpoints,
        auth: Arc::clone(&config.auth),
        authorise: Arc::new(account.grants),
        origins: config.origins.clone(),
        proxies: config.proxies.clone(),
        limits: config.limits,
        limiter: lasting.limiter.clone(),
        lines: Arc::clone(&lasting.lines),
        tokens: tokens.clone(),
        vod,
        media: Arc::clone(&config.media),
        tickets: Arc::clone(&config.tickets),
        owners: Arc::clone(&lasting.owners),
        log: lasting.log.clone(),
        metrics: Arc::clone(&lasting.metrics),
    };
    let health = health::router(lasting.connections.clone());
    let numbers =
        health::metrics(Arc::clone(&lasting.metrics), tokens.clone()).merge(health.clone());
    let app = match stand_in {
        Some(StandIn { cloud, .. }) => {
            let api = api::router(api).route_layer(from_fn_with_state(cloud.clone(), observe_app));
            let site = site::router(&config.files);
            dispatch::with_cloud(api.merge(health).merge(site), cloud, tokens)
        }
        None => api::router(api).merge(health),
    };
    config.sources.reports.open(&lasting.log);
    Ok((app, numbers))
}
