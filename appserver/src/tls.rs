//! A certificate made at start, for pages that must be served over TLS on this machine.

use std::sync::Arc;

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use tokio_rustls::rustls::{self, ServerConfig, pki_types::PrivateKeyDer};

/// Why there is no certificate.
#[derive(Debug)]
pub struct TlsError(String);

impl std::fmt::Display for TlsError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "no certificate could be made: {}", self.0)
    }
}

impl std::error::Error for TlsError {}

impl From<rcgen::Error> for TlsError {
    fn from(error: rcgen::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<rustls::Error> for TlsError {
    fn from(error: rustls::Error) -> Self {
        Self(error.to_string())
    }
}

/// A certificate that signed itself, and what serves it.
#[derive(Debug)]
pub struct SelfSigned {
    /// What a client has to trust.
    pub certificate_pem: String,
    /// What the listener needs; HTTP/1.1 only, as OSS.
    pub config: Arc<ServerConfig>,
}

/// Makes a certificate for this machine's names and for the cloud's hosts in `region`.
///
/// # Errors
///
/// [`TlsError`], if the machine has no randomness or the names are no names.
pub fn self_signed(region: &str) -> Result<SelfSigned, TlsError> {
    let names = ["localhost", "*.localhost", "127.0.0.1", "::1", "*.test", "*.aliyuncs.com"]
        .map(String::from);
    let regional = ["vod", "sts", "*.oss"].map(|host| match host {
        "*.oss" => format!("*.oss-{region}.aliyuncs.com"),
        _ => format!("{host}.{region}.aliyuncs.com"),
    });
    let log = format!("*.{region}.log.aliyuncs.com");
    let mut params =
        CertificateParams::new(names.into_iter().chain(regional).chain([log]).collect::<Vec<_>>())?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "upload-token local cloud");
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(key.serialize_der().into()),
        )?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(SelfSigned { certificate_pem: certificate.pem(), config: Arc::new(config) })
}
