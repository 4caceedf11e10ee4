//! Who this server is to the cloud.

use serde::Deserialize;

use crate::{
    endpoint::Endpoint,
    keys::AccessKey,
    rpc::{self, Signer},
    upstream::{Failure, Upstream},
};

/// What STS says of a key.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Identity {
    /// `Account`, `RAMUser` or `AssumedRoleUser`.
    pub identity_type: String,
    /// `acs:ram::<account>:user/<name>`, for example.
    pub arn: String,
}

impl Identity {
    /// Asks STS at `endpoint`, which needs no permission.
    ///
    /// # Errors
    ///
    /// Any [`Failure`].
    pub async fn of(
        key: &AccessKey,
        endpoint: &Endpoint,
        upstream: &Upstream,
    ) -> Result<Self, Failure> {
        let signer = Signer {
            access_key_id: &key.id,
            access_key_secret: &key.secret,
            security_token: key.token.as_ref(),
        };
        let request = rpc::request(endpoint, ("GetCallerIdentity", "2015-04-01"), &[], signer)?;
        let answer = upstream.send(request).await?;
        serde_json::from_slice(&answer.body.0)
            .map_err(|_| Failure::Unusable { reason: "it names no identity" })
    }

    /// Whether the key is the account's own, which may do everything but assume a role.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.identity_type == "Account"
    }
}
