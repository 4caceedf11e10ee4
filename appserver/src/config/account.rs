//! How to reach and use an account.

use std::{borrow::Cow, sync::Arc};

use upload_token::secret::Secret;

use super::{file::File, reader::Reader, rules};
use crate::{
    endpoint::Endpoint,
    grants::Grants,
    keys::{AccessKey, KeySource, checked_uri},
    sources::{Lending, Sources},
    sts::Role,
};

const KEY_ID: &str = "ALIBABA_CLOUD_ACCESS_KEY_ID";
const INSTANCE: &str = "ALIBABA_CLOUD_ECS_METADATA";
const URI: &str = "ALIBABA_CLOUD_CREDENTIALS_URI";

/// How to reach and use an account.
#[derive(Clone, Debug)]
pub struct Account {
    /// The key of a RAM user or role who may assume roles, and nothing else.
    pub keys: Arc<dyn KeySource>,
    /// Who gets which role.
    pub grants: Grants,
    /// Where STS is.
    pub sts: Endpoint,
    /// Where VOD is.
    pub vod: Endpoint,
}

pub(super) fn read(
    reader: &mut Reader<'_>,
    file: &File,
    sources: &mut Sources,
    upload_auth: bool,
) -> Option<Account> {
    let keys = keys(reader, sources);
    let arn = reader.required("ALIBABA_CLOUD_ROLE_ARN", rules::role_arn);
    let own_vod = reader.is_set("UPLOAD_TOKEN_VOD_ENDPOINT");
    let region_rule = if own_vod { rules::region } else { rules::vod_region };
    let region = reader.or("UPLOAD_TOKEN_REGION", "cn-shanghai", region_rule);
    let (shortest, longest) = (rules::SHORTEST_SESSION, rules::LONGEST_SESSION);
    let longest = reader.number("UPLOAD_TOKEN_MAX_SESSION_SECONDS", 3_600, shortest..=longest);
    let duration = reader.or("UPLOAD_TOKEN_DURATION_SECONDS", "3600", |text| {
        let longest = longest.unwrap_or(rules::LONGEST_SESSION);
        text.parse().ok().filter(|seconds| (shortest..=longest).contains(seconds)).ok_or_else(|| {
            Cow::Owned(format!(
                "must be a whole number from {shortest} to {longest} (UPLOAD_TOKEN_MAX_SESSION_SECONDS, \
                 the role's MaxSessionDuration)"
            ))
        })
    });
    let page = reader.or("UPLOAD_TOKEN_POLICY", rules::PAGE_POLICY, rules::policy);
    let server = reader.or("UPLOAD_TOKEN_UPLOAD_AUTH_POLICY", rules::SERVER_POLICY, |text| {
        let policy = rules::policy(text)?;
        if upload_auth && policy.as_deref().is_some_and(|policy| !rules::allows_vod(policy)) {
            return Err(Cow::Borrowed(
                "must allow the vod: actions that create and refresh uploads",
            ));
        }
        Ok(policy)
    });
    let external_id = reader.optional("UPLOAD_TOKEN_EXTERNAL_ID", rules::external_id);
    let region = region.as_deref().unwrap_or("cn-shanghai");
    let endpoint = |text: &str| Endpoint::parse(text).map_err(Cow::Borrowed);
    let sts = reader.or("UPLOAD_TOKEN_STS_ENDPOINT", &sts_of(region), endpoint);
    let vod = format!("https://vod.{region}.aliyuncs.com");
    let vod = reader.or("UPLOAD_TOKEN_VOD_ENDPOINT", &vod, endpoint);
    let (arn, duration_seconds) = (arn?, duration?);
    let role = |policy| Role {
        arn: arn.clone(),
        duration_seconds,
        policy,
        external_id: external_id.clone(),
    };
    let rules = file.grants(&role(page?), &role(server?), longest?);
    let rules = reader.flag("--config", "", |_| rules)?;
    Some(Account { keys: keys?, grants: Grants::new(rules), sts: sts?, vod: vod? })
}

/// A long-lived key, or who lends short-lived ones: exactly one of them.
fn keys(reader: &mut Reader<'_>, sources: &mut Sources) -> Option<Arc<dyn KeySource>> {
    let uri = reader.optional(URI, |text| checked_uri(text).map_err(Cow::Borrowed));
    let role = reader.optional(INSTANCE, |text| match text {
        "*" => Ok(None),
        _ => rules::role_name(text).map(Some),
    });
    let lenders = [reader.is_set(URI), reader.is_set(INSTANCE)];
    let chosen = lenders.iter().filter(|set| **set).count() + usize::from(reader.is_set(KEY_ID));
    if chosen > 1 {
        reader.refuse(KEY_ID, format!("{INSTANCE} and {URI} exclude each other: set one of them"));
        return None;
    }
    match lenders {
        [true, _] => {
            let keys = sources.lender(Lending::Uri(uri?));
            set_up(reader, URI, keys)
        }
        [_, true] => {
            let at = reader.optional("UPLOAD_TOKEN_ECS_METADATA_URL", |text| {
                checked_uri(text).map_err(Cow::Borrowed)
            });
            let keys = sources.lender(Lending::Instance { role: role?, at });
            set_up(reader, INSTANCE, keys)
        }
        _ => {
            let id = reader.required(KEY_ID, rules::access_key_id);
            let secret = reader
                .secret("ALIBABA_CLOUD_ACCESS_KEY_SECRET", |text| Ok(Secret::new(text.to_owned())));
            Some(Arc::new(AccessKey::long_lived(id?, secret?)))
        }
    }
}

fn set_up(
    reader: &mut Reader<'_>,
    setting: &str,
    keys: Result<Arc<dyn KeySource>, reqwest::Error>,
) -> Option<Arc<dyn KeySource>> {
    let keys = keys.map_err(|_| Cow::Borrowed("cannot be used: no HTTP client can be set up"));
    reader.flag(setting, "", |_| keys)
}

/// Mainland regions share one endpoint; others have one each, and are far from it.
fn sts_of(region: &str) -> String {
    if region.starts_with("cn-") && region != "cn-hongkong" {
        String::from("https://sts.aliyuncs.com")
    } else {
        format!("https://sts.{region}.aliyuncs.com")
    }
}
