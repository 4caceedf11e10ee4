//! The key with which this server assumes roles.

mod instance;
mod lent;

use std::fmt;

use futures_util::future::BoxFuture;
use upload_token::secret::Secret;

pub use self::{
    instance::InstanceRole,
    lent::{Lender, LentKeys, UriLender, checked_uri},
};
use crate::upstream::Failure;

/// A key of the account.
#[derive(Clone, Debug)]
pub struct AccessKey {
    /// `LTAI…` or `STS.…`; not a secret.
    pub id: String,
    /// Signs the request.
    pub secret: Secret<String>,
    /// Of a temporary key.
    pub token: Option<Secret<String>>,
}

impl AccessKey {
    /// A long-lived one.
    #[must_use]
    pub const fn long_lived(id: String, secret: Secret<String>) -> Self {
        Self { id, secret, token: None }
    }
}

/// Where the key comes from.
pub trait KeySource: fmt::Debug + Send + Sync + 'static {
    /// The key to sign with now.
    fn key(&self) -> BoxFuture<'_, Result<AccessKey, Failure>>;
}

impl KeySource for AccessKey {
    fn key(&self) -> BoxFuture<'_, Result<AccessKey, Failure>> {
        Box::pin(async { Ok(self.clone()) })
    }
}
