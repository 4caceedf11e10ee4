//! The local cloud alone: STS, VOD and OSS for tests of other people's pages and servers.
//!
//! Prints one line when ready, `{"event":"listening","http":"http://127.0.0.1:PORT",…}`. Requests find a service by
//! their `Host`, or by `/__cloud/<host>/` in front of the path; `--listen-sts` is an address of STS alone, for clients
//! that can be given no host name.

use std::{io::Write, net::SocketAddr, path::PathBuf, process::ExitCode, sync::Arc};

use clap::Parser;
use serde_json::json;
use upload_token_appserver::{
    connections::{Connections, Live},
    listen::{Listener, Place},
    log::Log,
    metrics::Metrics,
    tls,
};
use upload_token_localcloud::{AccessKey, Config, LocalCloud, Role};

/// Places for connections: pages under test open many.
const CONNECTIONS: usize = 1_024;

/// Stand-in for STS, VOD and OSS on loopback; everything is in memory.
#[derive(Debug, Parser)]
#[command(name = "local-cloud", version)]
struct Flags {
    /// Address and port for HTTP; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0", value_parser = loopback)]
    listen: SocketAddr,

    /// Address and port for HTTPS with a certificate made at start.
    #[arg(long, value_name = "ADDRESS", value_parser = loopback)]
    listen_tls: Option<SocketAddr>,

    /// Address and port of STS alone, whatever the Host header says.
    #[arg(long, value_name = "ADDRESS", value_parser = loopback)]
    listen_sts: Option<SocketAddr>,

    /// Write the certificate here, in PEM.
    #[arg(long, value_name = "FILE", requires = "listen_tls")]
    tls_certificate: Option<PathBuf>,

    /// A key that clients sign with: ID:SECRET, ID:SECRET:inactive or ID:SECRET:root. May be repeated; the first is
    /// what an AppServer uses. Without one, a key is made up and printed.
    #[arg(long, value_name = "KEY")]
    access_key: Vec<AccessKey>,

    /// A role that users may assume. May be repeated.
    #[arg(long, value_name = "ARN")]
    role: Vec<String>,

    /// Longest session of the roles, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 3_600, value_parser = clap::value_parser!(u32).range(900..=43_200))]
    max_session: u32,

    /// A bucket of the account itself. May be repeated.
    #[arg(long, value_name = "NAME")]
    bucket: Vec<String>,

    /// The region of buckets, and of VOD where none is named.
    #[arg(long, value_name = "REGION", default_value = "cn-shanghai")]
    region: String,

    /// The OSS endpoint that VOD's UploadAddress names, such as http://localhost:8080.
    #[arg(long, value_name = "URL")]
    upload_endpoint: Option<String>,
}

fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr =
        text.parse().map_err(|_| String::from("write an IP address and a port"))?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err(String::from(
            "must be a loopback address: the control interface asks for no credentials",
        ))
    }
}

impl Flags {
    fn config(&self) -> Config {
        let usual = Config::default();
        let role = |arn: &String| Role {
            arn: arn.clone(),
            max_session: self.max_session,
            trusts: None,
            external_id: None,
        };
        let or = |own: &Vec<String>, usual: Vec<String>| {
            if own.is_empty() { usual } else { own.clone() }
        };
        Config {
            access_keys: if self.access_key.is_empty() {
                usual.access_keys
            } else {
                self.access_key.clone()
            },
            roles: if self.role.is_empty() {
                usual.roles.iter().map(|usual| role(&usual.arn)).collect()
            } else {
                self.role.iter().map(role).collect()
            },
            app_buckets: or(&self.bucket, usual.app_buckets),
            region: self.region.clone(),
            upload_endpoint: self.upload_endpoint.clone(),
            ..Config::default()
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Flags::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody to tell if this fails, and the exit code says it too.
            let _ = writeln!(std::io::stderr(), "local-cloud: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(flags: &Flags) -> Result<(), Box<dyn std::error::Error>> {
    let config = flags.config();
    let mut line = json!({ "event": "listening" });
    let mut told = |name: &str, value: String| {
        if let Some(fields) = line.as_object_mut() {
            fields.insert(name.to_owned(), value.into());
        }
    };
    let cloud = LocalCloud::new(config);
    let config = cloud.config();
    if let (true, Some(key)) = (flags.access_key.is_empty(), config.access_keys.first()) {
        // Made up for this process, and worth nothing anywhere else.
        told("accessKeyId", key.id.clone());
        told("accessKeySecret", key.secret.expose().to_owned());
    }
    told("roleArn", config.roles.first().map(|role| role.arn.clone()).unwrap_or_default());
    let mut listeners = vec![("http", flags.listen, None, cloud.router())];
    if let Some(address) = flags.listen_tls {
        let certificate = tls::self_signed(&flags.region)?;
        if let Some(path) = &flags.tls_certificate {
            std::fs::write(path, &certificate.certificate_pem)?;
        }
        listeners.push(("https", address, Some(certificate.config), cloud.router()));
    }
    if let Some(address) = flags.listen_sts {
        listeners.push(("sts", address, None, cloud.router_of("sts.aliyuncs.com")));
    }
    let connections = Connections::new(CONNECTIONS, Arc::new(Metrics::default()), Log::new(|_| {}));
    let mut serving = Vec::new();
    for (name, address, tls, router) in listeners {
        let scheme = if tls.is_some() { "https" } else { "http" };
        let listener = Listener::bind(&Place::Tcp(address)).await?;
        told(name, format!("{scheme}://{}", listener.address().unwrap_or(address)));
        let listener = match tls {
            Some(config) => listener.with_tls(config),
            None => listener,
        };
        serving.push((listener, Live::new(router)));
    }
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{line}")?;
    stdout.flush()?;
    let serving = serving.into_iter().map(|(listener, live)| {
        let connections = connections.clone();
        async move { connections.serve(listener, live).await }
    });
    tokio::select! {
        _ = futures_util::future::join_all(serving) => Ok(()),
        interrupted = tokio::signal::ctrl_c() => interrupted.map_err(Into::into),
    }
}
