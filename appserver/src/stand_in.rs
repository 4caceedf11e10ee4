//! The local cloud in place of Alibaba Cloud: what this server needs to know of it.

use std::net::SocketAddr;

use upload_token::secret::Secret;
use upload_token_localcloud::{Config, LocalCloud};

use crate::{
    endpoint::Endpoint,
    grants::{Grants, Purpose, Rule},
    keys::AccessKey,
    sts::Role,
};

/// A running local cloud and the account that it made up.
#[derive(Clone, Debug)]
pub struct StandIn {
    /// The cloud.
    pub cloud: LocalCloud,
    /// The key of its RAM user.
    pub key: AccessKey,
    /// The role that user may assume.
    pub role: Role,
    /// Where STS is.
    pub sts: Endpoint,
    /// Where VOD is.
    pub vod: Endpoint,
}

/// The local cloud has no account that could be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoAccount;

impl StandIn {
    /// A cloud, reached through this server's own plain listener at `listen`.
    ///
    /// # Errors
    ///
    /// [`NoAccount`], if its configuration names no role.
    pub fn new(config: Config, listen: SocketAddr) -> Result<Self, NoAccount> {
        let cloud = LocalCloud::new(config);
        let config = cloud.config();
        let key = config.access_keys.first().ok_or(NoAccount)?;
        let role = config.roles.first().ok_or(NoAccount)?;
        let host = |host: &str| {
            Endpoint::parse(&format!("http://{listen}/__cloud/{host}")).map_err(|_| NoAccount)
        };
        Ok(Self {
            key: AccessKey::long_lived(key.id.clone(), Secret::new(key.secret.expose().to_owned())),
            role: Role {
                arn: role.arn.clone(),
                duration_seconds: role.max_session.min(3_600),
                // All that the role may do: the plain ali-oss mode writes to a bucket.
                policy: None,
                external_id: role.external_id.clone(),
            },
            sts: host("sts.aliyuncs.com")?,
            vod: host(&format!("vod.{}.aliyuncs.com", config.region))?,
            cloud: cloud.clone(),
        })
    }

    /// Everybody gets the role.
    #[must_use]
    pub fn grants(&self) -> Grants {
        let rule = |purpose| Rule::everybody(purpose, self.role.clone());
        Grants::new([Purpose::Page, Purpose::Server].map(rule).to_vec())
    }
}
