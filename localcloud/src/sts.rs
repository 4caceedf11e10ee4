//! STS: `AssumeRole` and `GetCallerIdentity`, API version 2015-04-01.

use serde_json::{Value, json};

use crate::{
    clock::{UnixMs, iso_seconds},
    config::Role,
    credentials::{Credential, Grant},
    error::ServiceError,
    policy::{Policy, PolicyError},
    rpc::call::{Call, unknown_action},
    secret::Secret,
    state::Cloud,
    sync::lock,
};

/// The least `DurationSeconds`.
const MIN_DURATION: u32 = 900;
/// Its default, where the role allows it.
const DEFAULT_DURATION: u32 = 3600;
/// Characters of a session policy.
const MAX_POLICY: usize = 2048;

/// Carries out a call by `caller`.
pub(crate) fn call(
    cloud: &Cloud,
    call: &Call<'_>,
    caller: &Credential,
) -> Result<Value, ServiceError> {
    match call.action.as_str() {
        "AssumeRole" => assume_role(cloud, call, caller),
        // Needs no permission.
        "GetCallerIdentity" => Ok(caller_identity(cloud, call, caller)),
        _ => Err(unknown_action()),
    }
}

fn assume_role(cloud: &Cloud, call: &Call<'_>, caller: &Credential) -> Result<Value, ServiceError> {
    if !cloud.sts_rate.admit("AssumeRole") {
        let message = "Request was denied due to user flow control.";
        return Err(ServiceError::new(400, "Throttling.User", message));
    }
    let arn = call.require("RoleArn")?;
    let session = call.require("RoleSessionName")?;
    let (account, name) = split_arn(arn).ok_or_else(|| malformed("RoleArn"))?;
    check("RoleSessionName", session, 2..=64, ".@-_")?;
    if let Some(external_id) = call.get("ExternalId") {
        check("ExternalId", external_id, 2..=1224, "_+=,.@:/-")?;
    }
    if let Some(identity) = call.get("SourceIdentity") {
        check("SourceIdentity", identity, 2..=64, "_+=,.@-")?;
        if ["acs:", "aliyun:", "alibabacloud:"].iter().any(|prefix| identity.starts_with(prefix)) {
            return Err(malformed("SourceIdentity"));
        }
    }
    let policy = session_policy(call)?;
    if matches!(caller.grant, Grant::Root) {
        let message = "Roles may not be assumed by root accounts.";
        return Err(ServiceError::new(403, "NoPermission", message));
    }
    let role = cloud.config.roles.iter().find(|role| role.arn == arn).ok_or_else(|| {
        ServiceError::new(404, "EntityNotExist.Role", "The specified Role not exists .")
    })?;
    if !may_assume(caller, role, cloud.clock.now()) {
        return Err(no_permission());
    }
    if role.external_id.is_some() && role.external_id.as_deref() != call.get("ExternalId") {
        return Err(no_permission());
    }
    let duration = duration(call, role)?;

    let life = cloud.settings().sts_life_ms.unwrap_or_else(|| u64::from(duration) * 1000);
    let now = cloud.clock.now();
    let grant = Grant::Role { arn: arn.to_owned(), session: session.to_owned(), policy };
    let issued = lock(&cloud.credentials).issue(&*cloud.platform, grant, now, life);
    let mut answer = json!({
        "RequestId": call.request_id,
        "AssumedRoleUser": {
            "Arn": format!("acs:ram::{account}:role/{name}/{session}"),
            "AssumedRoleId": format!("3{account:0>17}:{session}"),
        },
        "Credentials": {
            "AccessKeyId": issued.id,
            "AccessKeySecret": issued.secret.expose(),
            "SecurityToken": issued.token.as_ref().map(Secret::expose),
            "Expiration": issued.expires.map(iso_seconds),
        },
    });
    if let (Some(identity), Value::Object(members)) = (call.get("SourceIdentity"), &mut answer) {
        members.insert(String::from("SourceIdentity"), json!(identity));
    }
    Ok(answer)
}

/// A user of the account may, unless the role names whom it trusts. A role must be named, and its session's policy allow it.
fn may_assume(caller: &Credential, role: &Role, now: UnixMs) -> bool {
    let named = |who: &String| role.trusts.as_ref().map(|trusted| trusted.contains(who));
    match &caller.grant {
        Grant::User => named(&caller.id).unwrap_or(true),
        Grant::Role { arn, policy, .. } => {
            let allows = |policy: &Policy| policy.allows("sts:AssumeRole", &[&role.arn], now);
            named(arn).unwrap_or(false) && policy.as_ref().is_none_or(allows)
        }
        Grant::Root | Grant::Upload { .. } => false,
    }
}

fn caller_identity(cloud: &Cloud, call: &Call<'_>, caller: &Credential) -> Value {
    let arns = cloud.config.roles.iter().filter_map(|role| split_arn(&role.arn));
    let account = arns.map(|(account, _)| account).next().unwrap_or("1234567890123456");
    let identity = |kind: &str, principal: String, arn: String| {
        json!({
            "RequestId": call.request_id,
            "AccountId": account,
            "IdentityType": kind,
            "PrincipalId": principal,
            "Arn": arn,
        })
    };
    let (mut answer, member, id) = match &caller.grant {
        Grant::Root => {
            let arn = format!("acs:ram::{account}:root");
            (identity("Account", account.to_owned(), arn), "UserId", account.to_owned())
        }
        Grant::User => {
            let arn = format!("acs:ram::{account}:user/{}", caller.id.to_ascii_lowercase());
            let id = format!("2{account:0>17}");
            (identity("RAMUser", id.clone(), arn), "UserId", id)
        }
        Grant::Role { arn, session, .. } => {
            let role = split_arn(arn).map_or("", |(_, role)| role);
            let id = format!("3{account:0>17}");
            let arn = format!("acs:ram::{account}:assumed-role/{role}/{session}");
            (identity("AssumedRoleUser", format!("{id}:{session}"), arn), "RoleId", id)
        }
        // VOD's own role, of an account of the vendor's.
        Grant::Upload { .. } => {
            let arn = format!("acs:ram::{account}:assumed-role/aliyunvoddefaultrole/vod");
            let id = format!("3{account:0>17}");
            (identity("AssumedRoleUser", format!("{id}:vod"), arn), "RoleId", id)
        }
    };
    if let Value::Object(members) = &mut answer {
        members.insert(member.to_owned(), json!(id));
    }
    answer
}

/// Account and role name of `acs:ram::<account>:role/<name>`.
fn split_arn(arn: &str) -> Option<(&str, &str)> {
    let (account, name) = arn.strip_prefix("acs:ram::")?.split_once(":role/")?;
    let shaped = !account.is_empty()
        && account.bytes().all(|byte| byte.is_ascii_digit())
        && (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
    shaped.then_some((account, name))
}

fn check(
    name: &str,
    value: &str,
    length: std::ops::RangeInclusive<usize>,
    punctuation: &str,
) -> Result<(), ServiceError> {
    let fits = length.contains(&value.len())
        && value
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || punctuation.contains(letter));
    if fits { Ok(()) } else { Err(malformed(name)) }
}

fn session_policy(call: &Call<'_>) -> Result<Option<Policy>, ServiceError> {
    let Some(text) = call.get("Policy") else { return Ok(None) };
    if text.chars().count() > MAX_POLICY {
        let message = "The size of Policy must be smaller than 2048 bytes.";
        return Err(ServiceError::new(400, "InvalidParameter.PolicySize", message));
    }
    Policy::parse(text).map(Some).map_err(|error| match error {
        PolicyError::Grammar => {
            let message = "The parameter Policy has not passed grammar check.";
            ServiceError::new(400, "InvalidParameter.PolicyGrammar", message)
        }
        // Better than a 200 for a condition that would hold for everybody.
        PolicyError::Condition(name) => ServiceError::new(
            501,
            "NotImplemented",
            format!("This local cloud does not evaluate the condition {name}."),
        ),
    })
}

fn duration(call: &Call<'_>, role: &Role) -> Result<u32, ServiceError> {
    let invalid =
        |message: String| ServiceError::new(400, "InvalidParameter.DurationSeconds", message);
    let Some(text) = call.get("DurationSeconds") else {
        return Ok(DEFAULT_DURATION.min(role.max_session));
    };
    let seconds: u32 = text
        .parse()
        .map_err(|_| invalid(String::from("The parameter DurationSeconds is wrongly formed.")))?;
    if seconds < MIN_DURATION {
        return Err(invalid(String::from("The Min value of DurationSeconds is 15min.")));
    }
    if seconds > role.max_session {
        let hours = f64::from(role.max_session) / 3600.0;
        return Err(invalid(format!("The Max value of DurationSeconds is {hours}hr.")));
    }
    Ok(seconds)
}

fn malformed(name: &str) -> ServiceError {
    ServiceError::new(
        400,
        format!("InvalidParameter.{name}"),
        format!("The parameter {name} is wrongly formed."),
    )
}

fn no_permission() -> ServiceError {
    let message = "You are not authorized to do this action. You should be authorized by RAM.";
    ServiceError::new(403, "NoPermission", message)
}
