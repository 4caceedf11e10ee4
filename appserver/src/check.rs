//! `--check`: tries what the server will need, and says what is right and what is wrong, before any user does.

use std::{collections::HashSet, fmt, sync::Arc};

use crate::{
    config::{Account, Cloud, Config},
    grants::USER,
    identity::Identity,
    metrics::Metrics,
    report::cause,
    sts::{AssumeRole, Grant, TokenIssuer},
    upstream::Upstream,
};

/// The user for whom roles are assumed to see whether they can be.
const NOBODY: &str = "upload-token-check";

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// It works.
    Right(String),
    /// It works, and may surprise.
    Note(String),
    /// It does not work, and why.
    Wrong(String),
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Right(text) => write!(f, "right  {text}"),
            Self::Note(text) => write!(f, "note   {text}"),
            Self::Wrong(text) => write!(f, "WRONG  {text}"),
        }
    }
}

impl Finding {
    /// Whether users would suffer.
    #[must_use]
    pub const fn is_wrong(&self) -> bool {
        matches!(self, Self::Wrong(_))
    }
}

/// Tries `config`, whose own rules are kept already. Each role costs an AssumeRole.
pub async fn check(config: &Config) -> Vec<Finding> {
    let mut found = vec![Finding::Right(String::from("the settings keep their rules"))];
    found.extend(config.warnings.iter().map(|note| Finding::Note((*note).to_owned())));
    match &config.cloud {
        Cloud::Local => {
            found.push(Finding::Right(String::from("the local cloud needs no account")));
        }
        Cloud::Alibaba(account) => found.extend(check_account(account).await),
    }
    if let Some(keys) = config.sources.known_issuer() {
        found.push(match keys.probe().await {
            Ok(0) => Finding::Wrong(format!("{} publishes no key that can be used", keys.at())),
            Ok(count) => Finding::Right(format!("{} publishes {count} keys", keys.at())),
            Err(failure) => Finding::Wrong(format!("{}: {}", keys.at(), cause(&failure))),
        });
    }
    if let Some(store) = &config.store {
        found.push(match store.address.probe().await {
            Ok(()) => Finding::Right(format!("the store {:?} can be written to", store.address)),
            Err(cause) => Finding::Wrong(format!("the store {:?}: {cause}", store.address)),
        });
    }
    found
}

async fn check_account(account: &Account) -> Vec<Finding> {
    let key = match account.keys.key().await {
        Ok(key) => key,
        Err(failure) => {
            let why = cause(&failure);
            return vec![Finding::Wrong(format!("there is no key of {:?}: {why}", account.keys))];
        }
    };
    let issuer = Upstream::new(&account.sts).and_then(|upstream| {
        let metrics = Arc::new(Metrics::default());
        let keys = Arc::clone(&account.keys);
        Ok((upstream, AssumeRole::new(account.sts.clone(), keys, metrics)?))
    });
    let (upstream, issuer) = match issuer {
        Ok(both) => both,
        Err(error) => return vec![Finding::Wrong(format!("no HTTP client: {error}"))],
    };
    match Identity::of(&key, &account.sts, &upstream).await {
        Err(failure) => vec![Finding::Wrong(format!("the key {}: {failure}", key.id))],
        Ok(identity) if identity.is_root() => {
            let text = format!(
                "the key {} is the account's own ({}): it may do everything, and STS lets it assume no role. Make a RAM \
                 user with the one right sts:AssumeRole, and take this key out of use",
                key.id, identity.arn
            );
            vec![Finding::Wrong(text)]
        }
        Ok(identity) => {
            let mut found = vec![Finding::Right(format!("the key {} is {}", key.id, identity.arn))];
            found.extend(check_roles(account, &issuer).await);
            found
        }
    }
}

async fn check_roles(account: &Account, issuer: &AssumeRole) -> Vec<Finding> {
    let mut tried = HashSet::new();
    let mut found = Vec::new();
    for role in account.grants.rules().iter().filter_map(|rule| rule.role.as_ref()) {
        if !tried.insert(Arc::clone(role)) {
            continue;
        }
        let mut role = role.as_ref().clone();
        role.policy = role.policy.map(|policy| policy.replace(USER, NOBODY));
        let (arn, seconds) = (role.arn.clone(), role.duration_seconds);
        let narrowed = if role.policy.is_some() { "with its policy" } else { "without a policy" };
        let grant =
            Grant { session: NOBODY.to_owned(), scope: String::new(), role: Arc::new(role) };
        let text = format!("{arn}, for {seconds} s, {narrowed}");
        found.push(match issuer.issue(grant).await {
            Ok(_) => Finding::Right(format!("STS issues tokens of {text}")),
            Err(failure) => Finding::Wrong(format!("{text}: {failure}")),
        });
    }
    found
}
