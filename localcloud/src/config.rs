//! What a cloud is made with. What may change while it runs is in `settings`.

use std::{error::Error, fmt, str::FromStr};

use crate::{platform::Platform, secret::Secret};

/// A long-lived key of the account.
#[derive(Clone, Debug)]
pub struct AccessKey {
    /// `LTAI…`; not a secret.
    pub id: String,
    /// Signs requests.
    pub secret: Secret,
    /// Whether the key belongs to the account itself, which may not assume a role, and not to a RAM user.
    pub root: bool,
    /// A disabled key is known and refused.
    pub active: bool,
}

impl AccessKey {
    /// The key of a RAM user who may assume every role of the account.
    pub fn new(id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self { id: id.into(), secret: Secret::new(secret), root: false, active: true }
    }

    /// A fresh key of a RAM user.
    pub(crate) fn random(platform: &dyn Platform) -> Self {
        let id = format!("LTAI5t{}", platform.alphanumeric(18));
        Self::new(id, platform.alphanumeric(30))
    }
}

impl FromStr for AccessKey {
    type Err = NotAKey;

    /// Reads `ID:SECRET`, `ID:SECRET:inactive` or `ID:SECRET:root`.
    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let mut parts = text.split(':');
        let (Some(id), Some(secret)) = (parts.next(), parts.next()) else { return Err(NotAKey) };
        let key = Self::new(id, secret);
        match (parts.next(), parts.next()) {
            (None, None) => Ok(key),
            (Some("inactive"), None) => Ok(Self { active: false, ..key }),
            (Some("root"), None) => Ok(Self { root: true, ..key }),
            _ => Err(NotAKey),
        }
    }
}

/// The text is no key. It is not repeated: it may hold a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAKey;

impl fmt::Display for NotAKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("write ID:SECRET, ID:SECRET:inactive or ID:SECRET:root")
    }
}

impl Error for NotAKey {}

/// A RAM role that the account's users may assume.
#[derive(Clone, Debug)]
pub struct Role {
    /// `acs:ram::<account>:role/<name>`.
    pub arn: String,
    /// The longest session, in seconds (`MaxSessionDuration`); at least 900.
    pub max_session: u32,
    /// Whom the trust policy names: ids of users' keys, and ARNs of roles; `None` is all users of the account.
    pub trusts: Option<Vec<String>>,
    /// What a caller must present as `ExternalId`, if the trust policy asks for one.
    pub external_id: Option<String>,
}

/// The account, its keys and buckets, and the limits of this process.
#[derive(Clone, Debug)]
pub struct Config {
    /// Long-lived keys; the first is the one an AppServer uses. Without any, the cloud makes one up.
    pub access_keys: Vec<AccessKey>,
    /// Roles; the first is the one an AppServer assumes.
    pub roles: Vec<Role>,
    /// The region where none is named, without `oss-`.
    pub region: String,
    /// The bucket that VOD stores media in.
    pub vod_bucket: String,
    /// Buckets of the account itself, which an assumed role may write directly.
    pub app_buckets: Vec<String>,
    /// Template groups known to VOD.
    pub template_groups: Vec<String>,
    /// Workflows known to VOD.
    pub workflows: Vec<String>,
    /// Applications known to VOD.
    pub apps: Vec<String>,
    /// Categories known to VOD.
    pub categories: Vec<String>,
    /// The OSS endpoint that UploadAddress names, such as `http://localhost:8080`;
    /// `None` is the region's own, `https://oss-<region>.aliyuncs.com`.
    pub upload_endpoint: Option<String>,
    /// Origins whose pages may call OSS; `*` is any.
    pub cors_origins: Vec<String>,
    /// Bytes of all objects and parts together, including those on their way in.
    pub max_stored_bytes: u64,
    /// `AssumeRole` calls a second for the whole account.
    pub sts_calls_per_second: u32,
    /// VOD calls a second, of each action.
    pub vod_calls_per_second: u32,
}

impl Default for Config {
    /// An account with a key that the cloud makes up, one role of an hour and one bucket of its own; 512 MiB.
    fn default() -> Self {
        Self {
            access_keys: Vec::new(),
            roles: vec![Role {
                arn: String::from("acs:ram::1234567890123456:role/web-upload"),
                max_session: 3600,
                trusts: None,
                external_id: None,
            }],
            region: String::from("cn-shanghai"),
            vod_bucket: String::from("outin-5a3c7d0e9f2b11eeb6d400163e1c955c"),
            app_buckets: vec![String::from("web-upload-app")],
            template_groups: vec![String::from("VOD_NO_TRANSCODE")],
            workflows: vec![String::from("6ec41b1e6f6d4b2a9e5b7f2d3c1a0e4f")],
            apps: vec![String::from("app-1000000")],
            categories: (1..=9).map(|id| id.to_string()).collect(),
            upload_endpoint: None,
            cors_origins: vec![String::from("*")],
            max_stored_bytes: 512 << 20,
            sts_calls_per_second: 100,
            vod_calls_per_second: 80,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_is_written_and_its_secret_not_repeated() {
        let read = |text: &str| text.parse::<AccessKey>();
        let key = read("LTAI5t:s").unwrap();
        assert_eq!((key.id.as_str(), key.secret.expose()), ("LTAI5t", "s"));
        assert!(key.active && !key.root);
        assert!(!read("LTAI5t:s:inactive").unwrap().active);
        assert!(read("LTAI5t:s:root").unwrap().root);
        for text in ["", "LTAI5t", "LTAI5t:canary:other", "LTAI5t:canary:root:inactive"] {
            let refused = read(text).unwrap_err();
            assert!(!refused.to_string().contains("canary"), "{text}");
        }
    }
}
