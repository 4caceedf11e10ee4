//! Putting the parts together and serving them.

use std::{fmt, io, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use axum::{Router, middleware::from_fn_with_state};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use upload_token_localcloud::{Config as LocalConfig, LocalCloud, observe_app};

use crate::{
    api::Api,
    cache::TokenCache,
    config::{Account, Cloud, Config},
    dispatch,
    limit::{Bucket, UserLimit},
    listen::{Peer, Plain, Tls},
    log::Log,
    owners::InMemoryOwners,
    site,
    stand_in::StandIn,
    sts::AssumeRole,
    tls::{self, TlsError},
    vod::Vod,
};

/// Why the server did not start.
#[derive(Debug)]
pub enum StartError {
    /// An address is taken or not this machine's.
    Listen {
        /// The address.
        address: SocketAddr,
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
            Self::Listen { address, error } => write!(f, "cannot listen on {address}: {error}"),
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
    /// Where it listens for HTTP.
    pub http: SocketAddr,
    /// Where it listens for HTTPS.
    pub https: Option<SocketAddr>,
    /// The local cloud, in that mode.
    pub cloud: Option<LocalCloud>,
    plain: Plain,
    tls: Option<Tls>,
    router: Router,
}

impl Server {
    /// Listens as `config` says. Entries of the audit log go to `log`.
    ///
    /// # Errors
    ///
    /// Any [`StartError`].
    pub async fn bind(config: Config, log: Log) -> Result<Self, StartError> {
        Self::bind_with(config, LocalConfig::default(), log).await
    }

    /// As [`bind`](Self::bind), with another local cloud than the usual one.
    ///
    /// # Errors
    ///
    /// Any [`StartError`].
    pub async fn bind_with(
        config: Config,
        local: LocalConfig,
        log: Log,
    ) -> Result<Self, StartError> {
        let (plain, http) = listen(config.listen).await?;
        let region = local.region.clone();
        let stand_in = match &config.cloud {
            Cloud::Local => Some(StandIn::new(local, http).map_err(|_| StartError::NoAccount)?),
            Cloud::Alibaba(_) => None,
        };
        let (https, tls) = match config.listen_tls {
            Some(address) => {
                let certificate = tls::self_signed(&region).map_err(StartError::Tls)?;
                if let Some(path) = config.tls_certificate.clone() {
                    std::fs::write(&path, &certificate.certificate_pem)
                        .map_err(|error| StartError::Certificate { path, error })?;
                }
                let (listener, https) = listen(address).await?;
                let tls = Tls::new(listener, certificate.config)
                    .map_err(|error| StartError::Listen { address, error })?;
                (Some(https), Some(tls))
            }
            None => (None, None),
        };
        let router = router(&config, stand_in.as_ref(), log)?;
        let cloud = stand_in.map(|stand_in| stand_in.cloud);
        Ok(Self { http, https, cloud, plain: Plain::new(plain), tls, router })
    }

    /// The line that tells a parent process where to connect.
    #[must_use]
    pub fn listening(&self) -> Value {
        let mut line = json!({ "event": "listening", "http": format!("http://{}", self.http) });
        if let (Some(https), Some(fields)) = (self.https, line.as_object_mut()) {
            fields.insert(String::from("https"), json!(format!("https://{https}")));
        }
        line
    }

    /// Answers until the future is dropped.
    ///
    /// # Errors
    ///
    /// If a listener fails for good.
    pub async fn run(self) -> io::Result<()> {
        let service = self.router.into_make_service_with_connect_info::<Peer>();
        let plain = axum::serve(self.plain, service.clone());
        match self.tls {
            Some(tls) => {
                tokio::try_join!(plain.into_future(), axum::serve(tls, service).into_future())
                    .map(|_| ())
            }
            None => plain.await,
        }
    }
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let refused = |error| StartError::Listen { address, error };
    let listener = TcpListener::bind(address).await.map_err(refused)?;
    let bound = listener.local_addr().map_err(refused)?;
    Ok((listener, bound))
}

fn router(config: &Config, stand_in: Option<&StandIn>, log: Log) -> Result<Router, StartError> {
    let account = match (&config.cloud, stand_in) {
        (Cloud::Alibaba(account), _) => account.as_ref().clone(),
        (Cloud::Local, Some(StandIn { key, role, sts, vod, .. })) => {
            Account { key: key.clone(), role: role.clone(), sts: sts.clone(), vod: vod.clone() }
        }
        (Cloud::Local, None) => return Err(StartError::NoAccount),
    };
    let issuer = AssumeRole::new(account.sts, account.key, account.role)?;
    let tokens = TokenCache::new(Arc::new(issuer), config.sts_per_second, config.keep_tokens);
    let api = Api {
        auth: Arc::clone(&config.auth),
        origins: config.origins.clone(),
        users: Arc::new(UserLimit::new(config.requests_per_minute)),
        tokens: tokens.clone(),
        vod: Vod::new(account.vod)?,
        vod_pace: Arc::new(Bucket::new(config.vod_per_second, Duration::from_secs(1))),
        owners: Arc::new(InMemoryOwners::default()),
        log,
    };
    let site = site::router(&config.files);
    Ok(match stand_in {
        Some(StandIn { cloud, .. }) => {
            let api = api.router().route_layer(from_fn_with_state(cloud.clone(), observe_app));
            dispatch::with_cloud(api.merge(site), cloud, tokens)
        }
        None => api.router().merge(site),
    })
}
