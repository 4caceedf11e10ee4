//! The command line.

use std::path::PathBuf;

use clap::Parser;

use crate::site::Files;

/// Reference AppServer: answers POST /api/sts and POST /api/upload-auth.
///
/// The account is configured by environment variables; docs/appserver.md lists them.
#[derive(Clone, Debug, Parser)]
#[command(name = "upload-token-appserver", version)]
pub struct Flags {
    /// Run a stand-in for STS, VOD and OSS in this process; needs no account and no other configuration.
    #[arg(long)]
    pub local_cloud: bool,

    /// Who gets which role and which media files may be created, in TOML; docs/appserver.md describes it.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// What instances share: redis://HOST:PORT/DATABASE, rediss:// or redis+unix:///FILE. One with a password goes into
    /// UPLOAD_TOKEN_STORE.
    #[arg(long, value_name = "URL")]
    pub store: Option<String>,

    /// Address and port for HTTP, or unix:FILE; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8787")]
    pub listen: String,

    /// Address and port for HTTPS with a certificate made at start; with --local-cloud only.
    #[arg(long, value_name = "ADDRESS")]
    pub listen_tls: Option<String>,

    /// Address and port for /metrics, /healthz and /readyz alone.
    #[arg(long, value_name = "ADDRESS")]
    pub listen_metrics: Option<String>,

    /// Write that certificate here, in PEM.
    #[arg(long, value_name = "FILE")]
    pub tls_certificate: Option<PathBuf>,

    /// Serve this directory at /.
    #[arg(long, value_name = "DIR")]
    pub www: Option<PathBuf>,

    /// Serve this directory at /dist/.
    #[arg(long, value_name = "DIR")]
    pub dist: Option<PathBuf>,

    /// Serve this file as /vendor/aliyun-upload-vod.js.
    #[arg(
        long,
        value_name = "FILE",
        default_value = "node_modules/aliyun-upload-vod/dist/aliyun-upload-vod.js"
    )]
    pub vendor_upload_vod: PathBuf,

    /// Serve this file as /vendor/aliyun-oss-sdk.js.
    #[arg(
        long,
        value_name = "FILE",
        default_value = "node_modules/ali-oss/dist/aliyun-oss-sdk.js"
    )]
    pub vendor_oss_sdk: PathBuf,

    /// Try the key, the roles and the store, say what is right and what is wrong, and end: with 0 if all is right.
    #[arg(long)]
    pub check: bool,

    /// Never hand out a token twice: one AssumeRole for each request.
    #[arg(long)]
    pub no_token_cache: bool,
}

impl Flags {
    pub(super) fn files(&self) -> Files {
        Files {
            www: self.www.clone(),
            dist: self.dist.clone(),
            vendor_upload_vod: self.vendor_upload_vod.clone(),
            vendor_oss_sdk: self.vendor_oss_sdk.clone(),
        }
    }
}
