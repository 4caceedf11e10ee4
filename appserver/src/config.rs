//! What the operator decides: flags for the process, the environment for the account.
//!
//! Everything is checked before anything starts, and every mistake is named at once. Secrets come
//! from the environment only, where no list of processes shows them, and no value is repeated in a
//! message.

pub mod flags;
pub mod rules;
mod violations;

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::Arc,
};

use http::HeaderName;
use upload_token::secret::Secret;

pub use self::{
    flags::Flags,
    violations::{Violation, Violations},
};
use self::{rules::Ruled, violations::Reader};
use crate::{
    auth::{Authenticate, DemoUser, ProxyHeader, SharedSecret},
    origin::Origins,
    site::Files,
    sts::{AccessKey, Role},
    upstream::Endpoint,
};

/// A checked configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen for plain HTTP.
    pub listen: SocketAddr,
    /// Where to listen for TLS with a certificate made at start; local cloud only.
    pub listen_tls: Option<SocketAddr>,
    /// Where to write that certificate, for clients that must trust it.
    pub tls_certificate: Option<PathBuf>,
    /// The files to serve.
    pub files: Files,
    /// Which cloud.
    pub cloud: Cloud,
    /// Who is asking.
    pub auth: Arc<dyn Authenticate>,
    /// Which pages of other origins may ask.
    pub origins: Origins,
    /// Requests a minute and user.
    pub requests_per_minute: u32,
    /// AssumeRole calls a second.
    pub sts_per_second: u32,
    /// Calls to VOD a second.
    pub vod_per_second: u32,
    /// Whether a token may be handed out more than once.
    pub keep_tokens: bool,
}

/// Which cloud this server asks.
#[derive(Clone, Debug)]
pub enum Cloud {
    /// The stand-in, in this process.
    Local,
    /// Alibaba Cloud.
    Alibaba(Box<Account>),
}

/// How to reach and use an account.
#[derive(Clone, Debug)]
pub struct Account {
    /// The key of a RAM user who may assume the role, and nothing else.
    pub key: AccessKey,
    /// The role.
    pub role: Role,
    /// Where STS is.
    pub sts: Endpoint,
    /// Where VOD is.
    pub vod: Endpoint,
}

impl Config {
    /// Reads flags and environment. `variable` looks up one variable.
    ///
    /// # Errors
    ///
    /// All that is wrong.
    pub fn read(
        flags: &Flags,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Violations> {
        let mut reader = Reader::new(variable);
        let local = flags.local_cloud;
        let address = |text: &str| address(text, local);
        let listen = reader.flag("--listen", &flags.listen, address);
        let listen_tls =
            flags.listen_tls.as_ref().and_then(|text| reader.flag("--listen-tls", text, address));
        if flags.listen_tls.is_some() && !local {
            reader.refuse(
                "--listen-tls",
                "is for --local-cloud: its certificate is trusted by nobody",
            );
        }
        let cloud = if local {
            Some(Cloud::Local)
        } else {
            account(&mut reader).map(|account| Cloud::Alibaba(Box::new(account)))
        };
        let auth = if local {
            Some(Arc::new(DemoUser) as Arc<dyn Authenticate>)
        } else {
            auth(&mut reader)
        };
        let origins = reader.list("UPLOAD_TOKEN_ALLOWED_ORIGINS", Origins::read).map(Origins::new);
        // The stand-in is asked by tests with lives of seconds: no page of theirs may be slowed down.
        let (per_minute, per_second) = if local { ("100000", "80") } else { ("30", "50") };
        let requests_per_minute =
            reader.or("UPLOAD_TOKEN_REQUESTS_PER_MINUTE", per_minute, |text| {
                number(text, 1..=1_000_000)
            });
        let sts_per_second =
            reader.or("UPLOAD_TOKEN_STS_PER_SECOND", per_second, |text| number(text, 1..=99));
        let vod_per_second =
            reader.or("UPLOAD_TOKEN_VOD_PER_SECOND", "30", |text| number(text, 1..=80));
        let found =
            (listen, cloud, auth, origins, requests_per_minute, sts_per_second, vod_per_second);
        reader.finish()?;
        let (
            Some(listen),
            Some(cloud),
            Some(auth),
            Some(origins),
            Some(requests_per_minute),
            Some(sts_per_second),
            Some(vod_per_second),
        ) = found
        else {
            return Err(Violations::incomplete());
        };
        Ok(Self {
            listen,
            listen_tls,
            tls_certificate: flags.tls_certificate.clone(),
            files: flags.files(),
            cloud,
            auth,
            origins,
            requests_per_minute,
            sts_per_second,
            vod_per_second,
            keep_tokens: !flags.no_token_cache,
        })
    }
}

fn account(reader: &mut Reader<'_>) -> Option<Account> {
    let id = reader.required("ALIBABA_CLOUD_ACCESS_KEY_ID", rules::access_key_id);
    let secret =
        reader.required("ALIBABA_CLOUD_ACCESS_KEY_SECRET", |text| Ok(Secret::new(text.to_owned())));
    let arn = reader.required("ALIBABA_CLOUD_ROLE_ARN", rules::role_arn);
    let region = reader.or("UPLOAD_TOKEN_REGION", "cn-shanghai", rules::region);
    let longest = reader.or("UPLOAD_TOKEN_MAX_SESSION_SECONDS", "3600", |text| {
        number(text, rules::SHORTEST_SESSION..=rules::LONGEST_SESSION)
    });
    let duration = reader.or("UPLOAD_TOKEN_DURATION_SECONDS", "3600", |text| {
        let duration = number(text, rules::SHORTEST_SESSION..=rules::LONGEST_SESSION)?;
        let fits = longest.is_none_or(|longest| duration <= longest);
        if fits {
            Ok(duration)
        } else {
            Err("must be at most UPLOAD_TOKEN_MAX_SESSION_SECONDS, the role's MaxSessionDuration")
        }
    });
    let policy = reader.or("UPLOAD_TOKEN_POLICY", rules::UPLOAD_POLICY, rules::policy);
    let external_id = reader.optional("UPLOAD_TOKEN_EXTERNAL_ID", rules::external_id);
    let sts = reader.or("UPLOAD_TOKEN_STS_ENDPOINT", "https://sts.aliyuncs.com", Endpoint::parse);
    let default_vod =
        format!("https://vod.{}.aliyuncs.com", region.as_deref().unwrap_or("cn-shanghai"));
    let vod = reader.or("UPLOAD_TOKEN_VOD_ENDPOINT", &default_vod, Endpoint::parse);
    Some(Account {
        key: AccessKey { id: id?, secret: secret? },
        role: Role { arn: arn?, duration_seconds: duration?, policy: policy?, external_id },
        sts: sts?,
        vod: vod?,
    })
}

fn auth(reader: &mut Reader<'_>) -> Option<Arc<dyn Authenticate>> {
    let how = reader.required("UPLOAD_TOKEN_AUTH", How::read)?;
    match how {
        How::Bearer => {
            let secret = reader.required("UPLOAD_TOKEN_AUTH_SECRET", |text| {
                let long = text.len() >= SharedSecret::SHORTEST;
                if long {
                    Ok(Secret::new(text.to_owned()))
                } else {
                    Err("must have at least 32 characters")
                }
            });
            Some(Arc::new(SharedSecret::new(secret?)))
        }
        How::ProxyHeader(header) => {
            let proxies = reader.list("UPLOAD_TOKEN_TRUSTED_PROXIES", |text| {
                text.parse::<IpAddr>()
                    .map(|proxy| proxy.to_canonical())
                    .map_err(|_| "must be a list of IP addresses")
            })?;
            let proxies = if proxies.is_empty() {
                vec![IpAddr::from([127, 0, 0, 1]), IpAddr::from(std::net::Ipv6Addr::LOCALHOST)]
            } else {
                proxies
            };
            Some(Arc::new(ProxyHeader::new(header, proxies)))
        }
    }
}

/// How users are told apart.
enum How {
    Bearer,
    ProxyHeader(HeaderName),
}

impl How {
    fn read(text: &str) -> Ruled<Self> {
        match text.split_once(':') {
            None if text == "bearer" => Ok(Self::Bearer),
            Some(("proxy-header", name)) => name
                .parse()
                .map(Self::ProxyHeader)
                .map_err(|_| "must name an HTTP header after proxy-header:"),
            _ => Err(
                "must be bearer or proxy-header:<name of the header that your proxy sets to the user's id>",
            ),
        }
    }
}

fn address(text: &str, loopback_only: bool) -> Ruled<SocketAddr> {
    let address: SocketAddr =
        text.parse().map_err(|_| "must be an IP address and a port, such as 127.0.0.1:8787")?;
    if loopback_only && !address.ip().is_loopback() {
        return Err("must be a loopback address with --local-cloud: it answers everybody");
    }
    Ok(address)
}

fn number(text: &str, range: std::ops::RangeInclusive<u32>) -> Ruled<u32> {
    text.parse()
        .ok()
        .filter(|number| range.contains(number))
        .ok_or("must be a whole number in the documented range")
}
