//! What the operator decides: flags for the process, the environment and a file for the account.
//!
//! Everything is checked before anything starts, and every mistake is named at once. Secrets come from the environment
//! or from files of their own, where no list of processes shows them, and no value is repeated in a message.

mod account;
mod environment;
mod file;
pub mod flags;
mod identity;
mod reader;
pub mod rules;
mod shared;
mod violations;

use std::{
    borrow::Cow,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use serde_json::{Value, json};
use upload_token::secret::Secret;

pub use self::{
    account::Account,
    environment::Environment,
    flags::Flags,
    shared::Store,
    violations::{Violation, Violations},
};
use self::{file::File, reader::Reader, rules::Ruled};
use crate::{
    api::state::{Endpoints, Limits},
    auth::{Authenticate, DemoUser},
    hosts::Hosts,
    limit::Rate,
    listen::Place,
    media::{MediaRules, Values},
    origin::Origins,
    peer::Proxies,
    site::Files,
    sources::Sources,
    ticket::Tickets,
};

/// The warning where both endpoints are on.
const BOTH: &str = "a page's own token (sts) may overwrite every video of the account, which upload-auth protects: turn \
                    sts off where users are not all trusted";

/// A checked configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen for plain HTTP.
    pub listen: Place,
    /// Where to listen for TLS with a certificate made at start; local cloud only.
    pub listen_tls: Option<SocketAddr>,
    /// Where to write that certificate, for clients that must trust it.
    pub tls_certificate: Option<PathBuf>,
    /// Where to answer the operator's own tools: `/metrics`.
    pub listen_metrics: Option<SocketAddr>,
    /// The files to serve.
    pub files: Files,
    /// Which cloud.
    pub cloud: Cloud,
    /// Which endpoints answer.
    pub endpoints: Endpoints,
    /// Who is asking.
    pub auth: Arc<dyn Authenticate>,
    /// Which pages may ask.
    pub origins: Origins,
    /// Whose word counts about a client.
    pub proxies: Proxies,
    /// How often.
    pub limits: Limits,
    /// Connections at once.
    pub max_connections: usize,
    /// How long it goes on once it is to end, while `/readyz` says that no more should be sent.
    pub drain: Duration,
    /// Which media files.
    pub media: Arc<MediaRules>,
    /// Signs whose a video is.
    pub tickets: Arc<Tickets>,
    /// What instances share.
    pub store: Option<Store>,
    /// Whether a token may be handed out more than once.
    pub keep_tokens: bool,
    /// The key of the local cloud, if it is not to make one up: so that other servers may use that cloud too.
    pub local_key: Option<(String, Secret<String>)>,
    /// Whose keys are read.
    pub sources: Sources,
    /// What is no mistake, but may surprise.
    pub warnings: Vec<&'static str>,
}

/// Which cloud this server asks.
#[derive(Clone, Debug)]
pub enum Cloud {
    /// The stand-in, in this process.
    Local,
    /// Alibaba Cloud.
    Alibaba(Box<Account>),
}

impl Config {
    /// Reads flags and environment.
    ///
    /// # Errors
    ///
    /// All that is wrong.
    pub fn read(flags: &Flags, environment: &Environment) -> Result<Self, Violations> {
        Self::read_after(flags, environment, &Sources::default())
    }

    /// As [`read`](Self::read), with what `before` holds where the same sources of keys are named again.
    ///
    /// # Errors
    ///
    /// All that is wrong.
    pub fn read_after(
        flags: &Flags,
        environment: &Environment,
        before: &Sources,
    ) -> Result<Self, Violations> {
        let mut reader = Reader::new(environment);
        let read = Self::draft(flags, &mut reader, before.next());
        if !flags.local_cloud {
            reader.refuse_unasked();
        }
        reader.refuse_garbled();
        reader.finish()?;
        read.ok_or_else(Violations::incomplete)
    }

    /// The line that tells an operator what runs.
    #[must_use]
    pub fn summary(&self) -> Value {
        let cloud = match &self.cloud {
            Cloud::Local => json!("local"),
            Cloud::Alibaba(account) => json!({
                "key": format!("{:?}", account.keys),
                "sts": account.sts.as_str(),
                "vod": account.vod.as_str(),
                "roles": account.grants.arns(),
            }),
        };
        json!({
            "event": "configured",
            "version": env!("CARGO_PKG_VERSION"),
            "cloud": cloud,
            "endpoints": format!("{:?}", self.endpoints),
            "auth": format!("{:?}", self.auth),
            "limits": format!("{:?}", self.limits),
            "maxConnections": self.max_connections,
            "store": self.store.as_ref().map(|store| format!("{:?}", store.address)),
            "warnings": self.warnings,
        })
    }

    fn draft(flags: &Flags, reader: &mut Reader<'_>, mut sources: Sources) -> Option<Self> {
        let local = flags.local_cloud;
        let places = Places::read(flags, reader);
        let listen = places.as_ref().and_then(|places| places.listen.as_ref());
        let guarded = matches!(listen, Some(Place::Unix(_)));
        let file = match &flags.config {
            Some(path) => reader.flag("--config", "", |_| read_file(path)),
            None => Some(File::default()),
        };
        let endpoints = endpoints(reader, local);
        let proxies = reader.list("UPLOAD_TOKEN_TRUSTED_PROXIES", Proxies::read).map(Proxies::new);
        let auth = match &proxies {
            _ if local => Some(Arc::new(DemoUser) as Arc<dyn Authenticate>),
            Some(proxies) => identity::read(reader, proxies, &mut sources, guarded),
            None => None,
        };
        let upload_auth = endpoints.is_some_and(|endpoints| endpoints.upload_auth);
        if upload_auth && !local && endpoints.is_some_and(|endpoints| endpoints.sts) {
            reader.warn(BOTH);
        }
        let cloud = match &file {
            _ if local => Some(Cloud::Local),
            Some(file) => account::read(reader, file, &mut sources, upload_auth)
                .map(|account| Cloud::Alibaba(Box::new(account))),
            None => None,
        };
        let tickets = tickets(reader, local, upload_auth);
        let own = reader.list("UPLOAD_TOKEN_PUBLIC_ORIGINS", Origins::read);
        let hosts = own.map(|own| if local { Hosts::any() } else { Hosts::new(own) });
        let listed = reader.list("UPLOAD_TOKEN_ALLOWED_ORIGINS", Origins::read);
        let media = media(reader, file.as_ref(), local);
        let limits = limits(reader, local);
        let store = shared::read(flags, reader);
        let max_connections = reader.number("UPLOAD_TOKEN_MAX_CONNECTIONS", 512, 1..=100_000);
        let drain = reader.number("UPLOAD_TOKEN_DRAIN_SECONDS", 0, 0..=300);
        let local_key = if local {
            reader.optional("UPLOAD_TOKEN_LOCAL_ACCESS_KEY", |text| {
                let (id, secret) = text.split_once(':').ok_or("must be ID:SECRET")?;
                Ok((id.to_owned(), Secret::new(secret.to_owned())))
            })
        } else {
            None
        };
        let (places, store) = (places?, store?);
        warn(reader, &places, store.as_ref(), local);
        Some(Self {
            local_key,
            sources,
            warnings: reader.warnings(),
            listen: places.listen?,
            listen_tls: places.listen_tls,
            listen_metrics: places.listen_metrics,
            tls_certificate: flags.tls_certificate.clone(),
            files: flags.files(),
            cloud: cloud?,
            endpoints: endpoints?,
            auth: auth?,
            origins: Origins::new(listed?, hosts?),
            proxies: proxies?,
            limits: limits?,
            max_connections: usize::try_from(max_connections?).ok()?,
            drain: Duration::from_secs(drain?.into()),
            media: Arc::new(media?),
            tickets: Arc::new(tickets?),
            store,
            keep_tokens: !flags.no_token_cache,
        })
    }
}

/// Where the server listens.
struct Places {
    listen: Option<Place>,
    listen_tls: Option<SocketAddr>,
    listen_metrics: Option<SocketAddr>,
}

impl Places {
    fn read(flags: &Flags, reader: &mut Reader<'_>) -> Option<Self> {
        let local = flags.local_cloud;
        let listen = reader.flag("--listen", &flags.listen, |text| place(text, local));
        let listen_tls = flags.listen_tls.as_ref();
        let listen_tls = listen_tls
            .and_then(|text| reader.flag("--listen-tls", text, |text| address(text, local)));
        let listen_metrics = flags.listen_metrics.as_ref();
        let listen_metrics = listen_metrics
            .and_then(|text| reader.flag("--listen-metrics", text, |text| address(text, false)));
        if flags.listen_tls.is_some() && !local {
            let reason = "is for --local-cloud: its certificate is trusted by nobody";
            reader.refuse("--listen-tls", reason);
        }
        if flags.tls_certificate.is_some() && flags.listen_tls.is_none() {
            reader.refuse("--tls-certificate", "needs --listen-tls, whose certificate it is");
        }
        for (flag, directory) in [("--www", &flags.www), ("--dist", &flags.dist)] {
            if directory.as_ref().is_some_and(|directory| !directory.is_dir()) {
                reader.refuse(flag, "must be a directory");
            }
            if directory.is_some() && !local {
                reader.refuse(flag, "is for --local-cloud: let your web server serve your site");
            }
        }
        Some(Self { listen, listen_tls, listen_metrics })
    }
}

fn warn(reader: &mut Reader<'_>, places: &Places, store: Option<&Store>, local: bool) {
    let beyond = matches!(places.listen, Some(Place::Tcp(address)) if !address.ip().is_loopback());
    if beyond && !local {
        reader.warn(
            "this server speaks HTTP beyond this machine: let a proxy end TLS, and nobody else reach it",
        );
    }
    if store.is_some_and(|store| store.address.is_open()) {
        reader.warn(
            "the store is spoken to in plain text: its password and whose refusals it keeps can be read on the way; use rediss://",
        );
    }
}

fn read_file(path: &Path) -> Ruled<File> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Cow::Owned(format!("cannot be read: {}", error.kind())))?;
    File::parse(&text)
}

fn endpoints(reader: &mut Reader<'_>, local: bool) -> Option<Endpoints> {
    const NAME: &str = "UPLOAD_TOKEN_ENDPOINTS";
    let named = reader.list(NAME, |text| match text {
        "sts" | "upload-auth" => Ok(text.to_owned()),
        _ => Err("must be sts, upload-auth, or both with a comma"),
    })?;
    let has = |name: &str| named.iter().any(|named| named == name);
    match (named.is_empty(), local) {
        (true, true) => Some(Endpoints { sts: true, upload_auth: true }),
        (true, false) => {
            reader.refuse(NAME, "must be set: upload-auth, sts, or both with a comma");
            None
        }
        (false, _) => Some(Endpoints { sts: has("sts"), upload_auth: has("upload-auth") }),
    }
}

fn tickets(reader: &mut Reader<'_>, local: bool, upload_auth: bool) -> Option<Tickets> {
    const NAME: &str = "UPLOAD_TOKEN_TICKET_KEYS";
    let keys = reader.secrets(NAME, rules::long_secret)?;
    if !keys.is_empty() {
        return Some(Tickets::new(&keys));
    }
    if upload_auth && !local {
        let reason =
            "must be set, or a restart would end running uploads: `openssl rand -hex 32` makes one";
        reader.refuse(NAME, reason);
        return None;
    }
    Some(Tickets::ephemeral())
}

fn media(reader: &mut Reader<'_>, file: Option<&File>, local: bool) -> Option<MediaRules> {
    let mut rules = if local { MediaRules::anything() } else { MediaRules::default() };
    for (variable, parameter) in [
        ("UPLOAD_TOKEN_VOD_APP_ID", "AppId"),
        ("UPLOAD_TOKEN_VOD_WORKFLOW_ID", "WorkflowId"),
        ("UPLOAD_TOKEN_VOD_TEMPLATE_GROUP_ID", "TemplateGroupId"),
        ("UPLOAD_TOKEN_VOD_STORAGE_LOCATION", "StorageLocation"),
    ] {
        reader.optional(variable, |text| {
            rules.set(parameter, Values::read(text)).map_err(Cow::Borrowed)
        });
    }
    let extension = |text: &str| Ok(text.trim_start_matches('.').to_ascii_lowercase());
    for limit in ["UPLOAD_TOKEN_VOD_EXTENSIONS", "UPLOAD_TOKEN_VOD_MAX_BYTES"] {
        reader.refuse_empty(limit);
    }
    rules.extensions = reader.list("UPLOAD_TOKEN_VOD_EXTENSIONS", extension)?;
    rules.max_bytes = reader.optional("UPLOAD_TOKEN_VOD_MAX_BYTES", |text| {
        text.parse().map_err(|_| Cow::Borrowed("must be a number of bytes"))
    });
    let rules = file?.media(rules);
    reader.flag("--config", "", |_| rules)
}

/// The stand-in is asked by tests with lives of seconds: no page of theirs may be slowed down.
fn limits(reader: &mut Reader<'_>, local: bool) -> Option<Limits> {
    let (tokens, uploads, refusals, sts) =
        if local { (100_000, 100_000, 100_000, 80) } else { (30, 300, 60, 50) };
    let tokens = reader.number("UPLOAD_TOKEN_REQUESTS_PER_MINUTE", tokens, 1..=1_000_000);
    let uploads = reader.number("UPLOAD_TOKEN_UPLOADS_PER_MINUTE", uploads, 1..=1_000_000);
    let refusals = reader.number("UPLOAD_TOKEN_REFUSALS_PER_MINUTE", refusals, 1..=1_000_000);
    let sts = reader.number("UPLOAD_TOKEN_STS_PER_SECOND", sts, 1..=99);
    let vod = reader.number("UPLOAD_TOKEN_VOD_PER_SECOND", 30, 1..=80);
    Some(Limits {
        tokens: Rate::per_minute(tokens?),
        uploads: Rate::per_minute(uploads?),
        refusals: Rate::per_minute(refusals?),
        sts: Rate::per_second(sts?),
        vod: Rate::per_second(vod?),
    })
}

fn place(text: &str, loopback_only: bool) -> Ruled<Place> {
    match text.strip_prefix("unix:") {
        Some("") => Err(Cow::Borrowed("must name a file after unix:")),
        Some(path) => Ok(Place::Unix(PathBuf::from(path))),
        None => address(text, loopback_only).map(Place::Tcp),
    }
}

fn address(text: &str, loopback_only: bool) -> Ruled<SocketAddr> {
    let address: SocketAddr = text.parse().map_err(|_| {
        Cow::Borrowed("must be an IP address and a port, such as 127.0.0.1:8787 for localhost")
    })?;
    if loopback_only && !address.ip().is_loopback() {
        let reason = "must be a loopback address with --local-cloud: it answers everybody";
        return Err(Cow::Borrowed(reason));
    }
    Ok(address)
}
