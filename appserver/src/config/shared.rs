//! What instances share, as the operator decides it.

use std::borrow::Cow;

use upload_token::secret::Secret;

use super::{flags::Flags, reader::Reader, rules};
use crate::store::link::Address;

const FLAG: &str = "--store";
const STORE: &str = "UPLOAD_TOKEN_STORE";
const KEYS: &str = "UPLOAD_TOKEN_STORE_KEYS";

/// Where the store is, and how tokens are sealed in it.
#[derive(Clone, Debug)]
pub struct Store {
    /// Where it is.
    pub address: Address,
    /// The first seals, all open.
    pub keys: Vec<Secret<String>>,
    /// How many instances share it.
    pub instances: u32,
}

/// `Some(None)` is that each instance has all alone.
pub(super) fn read(flags: &Flags, reader: &mut Reader<'_>) -> Option<Option<Store>> {
    let variable = reader.secret_or_unset(STORE)?;
    let (setting, url) = match (&flags.store, variable) {
        (None, None) => return Some(None),
        (None, Some(url)) => (STORE, url),
        (Some(flag), variable) => {
            if variable.is_some() {
                reader.refuse(FLAG, format!("and {STORE} are both set: leave one out"));
            }
            (FLAG, flag.clone())
        }
    };
    let ca = reader.optional("UPLOAD_TOKEN_STORE_CA", |path| {
        std::fs::read(path).map_err(|error| Cow::Owned(format!("cannot be read: {}", error.kind())))
    });
    let address = reader.flag(setting, &url, |url| {
        let address = Address::read(url, ca.as_deref()).map_err(Cow::Borrowed)?;
        if setting == FLAG && address.has_password() {
            let reason = format!(
                "must hold no password, which a list of processes would show: set {STORE} instead"
            );
            return Err(Cow::Owned(reason));
        }
        Ok(address)
    });
    let keys = reader.secrets(KEYS, rules::long_secret)?;
    if keys.is_empty() {
        let reason = "must be set, so that who reads the store reads no token: `openssl rand -hex 32` makes one";
        reader.refuse(KEYS, reason);
    }
    let instances = reader.number("UPLOAD_TOKEN_INSTANCES", 1, 1..=1_000)?;
    Some(Some(Store { address: address?, keys, instances }))
}
