//! Who writes, whether they may, and whether they signed it.

use std::sync::Arc;

use super::{action::Action, target::Target};
use crate::{
    clock::{MAX_SKEW, UnixMs, iso_millis, parse_compact, parse_http_date},
    credentials::{Credential, Denied, Grant},
    error::ServiceError,
    exchange::Head,
    sign::{oss_v1, oss_v4},
    state::Cloud,
    sync::lock,
};

/// The AccessKeyId that a request names, for the log.
pub(crate) fn access_key_id(head: &Head) -> Option<&str> {
    let header = head.header("authorization")?;
    oss_v1::parse(header)
        .map(|(id, _)| id)
        .or_else(|| oss_v4::Authorization::parse(header).map(|given| given.access_key_id))
}

/// Checks bucket, credential, time, signature and permission, in this order.
pub(crate) fn authorize(cloud: &Cloud, target: &Target<'_>) -> Result<(), ServiceError> {
    if target.action == Action::Preflight {
        return Ok(());
    }
    if target.bucket != cloud.config.vod_bucket
        && !cloud.config.app_buckets.iter().any(|own| own == target.bucket)
    {
        let message = "The specified bucket does not exist.";
        return Err(
            ServiceError::new(404, "NoSuchBucket", message).with("BucketName", target.bucket)
        );
    }
    if target.region.is_some_and(|region| region != region_of(cloud, target)) {
        let message = "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.";
        let endpoint = format!("oss-{}.aliyuncs.com", region_of(cloud, target));
        return Err(ServiceError::new(403, "AccessDenied", message)
            .with("EC", "0003-00001403")
            .with("Endpoint", endpoint));
    }
    let head = target.head;
    let header = head.header("authorization").ok_or_else(|| {
        ServiceError::new(
            403,
            "AccessDenied",
            "You have no right to access this object because of bucket acl.",
        )
    })?;
    let credential = if let Some((id, signature)) = oss_v1::parse(header) {
        let credential = admit(cloud, head, id)?;
        check_v1(cloud, target, &credential, signature)?;
        credential
    } else if let Some(authorization) = oss_v4::Authorization::parse(header) {
        let credential = admit(cloud, head, authorization.access_key_id)?;
        check_v4(cloud, target, &credential, &authorization)?;
        credential
    } else {
        return Err(invalid_argument("Authorization header is invalid."));
    };
    if may(cloud, target, &credential) {
        return Ok(());
    }
    Err(ServiceError::new(403, "AccessDenied", "You have no right to access this object.")
        .with("EC", "0003-00000001"))
}

fn admit(cloud: &Cloud, head: &Head, id: &str) -> Result<Arc<Credential>, ServiceError> {
    let token = head.header("x-oss-security-token");
    let admitted = lock(&cloud.credentials).admit(id, token, cloud.clock.now());
    admitted.map_err(|denied| {
        let code = match denied {
            Denied::UnknownKey | Denied::InactiveKey | Denied::MissingToken => "InvalidAccessKeyId",
            Denied::MalformedToken | Denied::UnknownToken => "InvalidSecurityToken",
            Denied::OtherKeysToken => "AccessKeyIdAndSecurityTokenNotMatch",
            Denied::Expired => &cloud.settings().oss_expired_code,
        };
        let error = with_cause(ServiceError::new(403, code, message_of(code)));
        match (code, token) {
            ("InvalidAccessKeyId", None) => ServiceError { details: Vec::new(), ..error }
                .with("EC", "0002-00000902")
                .with("OSSAccessKeyId", id),
            ("InvalidAccessKeyId", Some(_)) => error.with("OSSAccessKeyId", id),
            // As the real service does: it repeats the token it was sent.
            ("SecurityTokenExpired" | "InvalidSecurityToken", Some(token)) => {
                error.with("SecurityToken", token)
            }
            _ => error,
        }
    })
}

/// Adds the number under which the vendor documents the cause, where it has one.
pub(crate) fn with_cause(error: ServiceError) -> ServiceError {
    let cause = match error.code.as_str() {
        "SecurityTokenExpired" => "0002-00000007",
        "InvalidSecurityToken" => "0002-00000006",
        "AccessKeyIdAndSecurityTokenNotMatch" => "0002-00000004",
        "InvalidAccessKeyId" => "0002-00000002",
        "RequestTimeTooSkewed" => "0002-00000504",
        _ => return error,
    };
    error.with("EC", cause)
}

fn message_of(code: &str) -> &'static str {
    match code {
        "SecurityTokenExpired" => "The security token you provided has expired.",
        "InvalidSecurityToken" => "The security token you provided is invalid.",
        "AccessKeyIdAndSecurityTokenNotMatch" => {
            "The AccessKeyId and the security token do not match."
        }
        "InvalidAccessKeyId" => "The OSS Access Key Id you provided does not exist in our records.",
        _ => "You have no right to access this object.",
    }
}

fn check_v1(
    cloud: &Cloud,
    target: &Target<'_>,
    credential: &Credential,
    signature: &str,
) -> Result<(), ServiceError> {
    let head = target.head;
    let date = head.header("x-oss-date").or_else(|| head.header("date")).unwrap_or_default();
    check_time(cloud, parse_http_date(date))?;
    let string = oss_v1::string_to_sign(
        head.method.as_str(),
        &head.headers,
        &target.resource(),
        &head.query,
    );
    if oss_v1::verify(credential.secret.expose(), &string, signature) {
        return Ok(());
    }
    Err(wrong_signature(&credential.id, signature, &string))
}

fn check_v4(
    cloud: &Cloud,
    target: &Target<'_>,
    credential: &Credential,
    authorization: &oss_v4::Authorization<'_>,
) -> Result<(), ServiceError> {
    let head = target.head;
    let date = head.header("x-oss-date").unwrap_or_default();
    check_time(cloud, parse_compact(date))?;
    if !date.starts_with(authorization.date) {
        return Err(invalid_argument("The date in the credential scope differs from x-oss-date."));
    }
    if authorization.region != target.region.unwrap_or(&cloud.config.region) {
        return Err(invalid_argument("Invalid signing region in Authorization header."));
    }
    if head.header("x-oss-content-sha256") != Some("UNSIGNED-PAYLOAD") {
        return Err(invalid_argument("x-oss-content-sha256 must be UNSIGNED-PAYLOAD."));
    }
    let canonical = oss_v4::canonical_request(
        head.method.as_str(),
        &head.headers,
        &target.resource(),
        &head.query,
        &authorization.additional_headers,
    );
    let string = oss_v4::string_to_sign(authorization, date, &canonical);
    if oss_v4::verify(credential.secret.expose(), authorization, &string) {
        return Ok(());
    }
    Err(wrong_signature(&credential.id, authorization.signature, &string)
        .with("CanonicalRequest", canonical))
}

fn check_time(cloud: &Cloud, at: Option<UnixMs>) -> Result<(), ServiceError> {
    let at = at.ok_or_else(|| {
        ServiceError::new(403, "AccessDenied", "OSS authentication requires a valid Date.")
    })?;
    let now = cloud.clock.now();
    if now.abs_diff(at) <= MAX_SKEW.unsigned_abs() {
        return Ok(());
    }
    let message = "The difference between the request time and the current time is too large.";
    Err(with_cause(ServiceError::new(403, "RequestTimeTooSkewed", message))
        .with("MaxAllowedSkewMilliseconds", MAX_SKEW.to_string())
        .with("RequestTime", iso_millis(at))
        .with("ServerTime", iso_millis(now)))
}

/// Whether the credential's grant covers this operation on this object.
fn may(cloud: &Cloud, target: &Target<'_>, credential: &Credential) -> bool {
    let own_bucket = target.bucket != cloud.config.vod_bucket;
    match &credential.grant {
        Grant::User | Grant::Root => own_bucket,
        Grant::Role { policy, .. } => {
            let permission = target.action.permission();
            own_bucket
                && policy.as_ref().is_none_or(|policy| {
                    let [with, without] = resource_names(cloud, target);
                    policy.allows(permission, &[&with, &without], cloud.clock.now())
                })
        }
        Grant::Upload { bucket, key } => {
            target.action.writes() && bucket == target.bucket && *key == target.key
        }
    }
}

/// The object's names in a policy: people write the region with `oss-` and without.
fn resource_names(cloud: &Cloud, target: &Target<'_>) -> [String; 2] {
    let arns = cloud.config.roles.iter().map(|role| role.arn.as_str());
    let account = arns.filter_map(|arn| arn.split(':').nth(3)).next().unwrap_or_default();
    let (region, bucket, key) = (&cloud.config.region, target.bucket, &target.key);
    ["oss-", ""].map(|prefix| format!("acs:oss:{prefix}{region}:{account}:{bucket}/{key}"))
}

/// The region where the bucket is; VOD's bucket stands for one a region, and its objects say which.
fn region_of(cloud: &Cloud, target: &Target<'_>) -> String {
    if target.bucket != cloud.config.vod_bucket {
        return cloud.config.region.clone();
    }
    let media = lock(&cloud.media);
    let known = media.region_of(target.bucket, &target.key);
    known.or(target.region).unwrap_or(&cloud.config.region).to_owned()
}

fn wrong_signature(id: &str, signature: &str, string: &str) -> ServiceError {
    let message = "The request signature we calculated does not match the signature you provided. Check your key and signing method.";
    ServiceError::new(403, "SignatureDoesNotMatch", message)
        .with("OSSAccessKeyId", id)
        .with("SignatureProvided", signature)
        .with("StringToSign", string)
}

fn invalid_argument(message: &str) -> ServiceError {
    ServiceError::new(400, "InvalidArgument", message)
}
