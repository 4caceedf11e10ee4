//! Who calls: key, token, time, signature and nonce, by either signature scheme.

use std::sync::Arc;

use super::call::{Call, missing};
use crate::{
    clock::{MAX_SKEW, UnixMs, parse_iso},
    credentials::{Credential, Denied, Grant},
    error::ServiceError,
    sign::{acs3, rpc, sha256_hex},
    state::Cloud,
    sync::lock,
};

/// Whether a service insists on a timestamp in an RPC-signed call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timestamp {
    Required,
    Optional,
}

/// Headers that an ACS3 signature must cover, or it would protect nothing.
const ALWAYS_SIGNED: [&str; 6] = [
    "host",
    "x-acs-action",
    "x-acs-content-sha256",
    "x-acs-date",
    "x-acs-signature-nonce",
    "x-acs-version",
];

/// The credential behind `call`, once everything about it is right.
pub(crate) fn authenticate(
    cloud: &Cloud,
    call: &Call<'_>,
    body: &[u8],
    timestamp: Timestamp,
) -> Result<Arc<Credential>, ServiceError> {
    let now = cloud.clock.now();
    let id = call.access_key_id().ok_or_else(|| missing("AccessKeyId"))?;
    let credential = lock(&cloud.credentials)
        .admit(id, call.security_token(), now)
        .map_err(|denied| refusal(denied, &cloud.settings().vod_expired_code))?;
    let nonce = match &call.acs3 {
        Some(authorization) => check_acs3(call, authorization, &credential, body, now)?,
        None => check_rpc(call, &credential, timestamp, now)?,
    };
    if lock(&cloud.nonces).spend(id, nonce) {
        Ok(credential)
    } else {
        Err(ServiceError::new(
            400,
            "SignatureNonceUsed",
            "Specified signature nonce was used already.",
        ))
    }
}

fn check_rpc<'a>(
    call: &'a Call<'_>,
    credential: &Credential,
    timestamp: Timestamp,
    now: UnixMs,
) -> Result<&'a str, ServiceError> {
    let signature = call.require("Signature")?;
    if call.require("SignatureMethod")? != "HMAC-SHA1" {
        return Err(malformed("SignatureMethod"));
    }
    if call.require("SignatureVersion")? != "1.0" {
        return Err(malformed("SignatureVersion"));
    }
    let nonce = call.require("SignatureNonce")?;
    let string = rpc::string_to_sign(call.head.method.as_str(), pairs(call));
    if !rpc::verify(credential.secret.expose(), &string, signature) {
        return Err(wrong_signature(&string));
    }
    match (call.get("Timestamp"), timestamp) {
        (Some(text), _) => check_time(text, now)?,
        (None, Timestamp::Required) => return Err(missing("Timestamp")),
        (None, Timestamp::Optional) => {}
    }
    Ok(nonce)
}

fn pairs<'a>(call: &'a Call<'_>) -> impl Iterator<Item = (&'a str, &'a str)> {
    call.params.iter().map(|(name, value)| (name.as_str(), value.as_str()))
}

fn check_acs3<'a>(
    call: &'a Call<'_>,
    authorization: &acs3::Authorization<'_>,
    credential: &Credential,
    body: &[u8],
    now: UnixMs,
) -> Result<&'a str, ServiceError> {
    let head = call.head;
    let header = |name: &str| head.header(name).ok_or_else(|| missing(name));
    let token_is_signed = head.header("x-acs-security-token").is_none()
        || authorization.signed_headers.contains(&"x-acs-security-token");
    if !token_is_signed
        || ALWAYS_SIGNED.iter().any(|name| !authorization.signed_headers.contains(name))
    {
        let message =
            "The signed headers must include host and every x-acs- header of the request.";
        return Err(ServiceError::new(400, "IncompleteSignature", message));
    }
    let body_sha256 = sha256_hex(body);
    let canonical = acs3::canonical_request(
        &acs3::Signed {
            method: head.method.as_str(),
            host: &head.host,
            path: &head.path,
            query: &call.query,
            headers: &head.headers,
            body_sha256: header("x-acs-content-sha256")?,
        },
        &authorization.signed_headers,
    );
    let string = acs3::string_to_sign(&canonical);
    if !acs3::verify(credential.secret.expose(), &string, authorization.signature) {
        return Err(wrong_signature(&string));
    }
    if header("x-acs-content-sha256")? != body_sha256 {
        let message = "Specified x-acs-content-sha256 is not matched with our calculation.";
        return Err(ServiceError::new(400, "SignatureDoesNotMatch", message));
    }
    check_time(header("x-acs-date")?, now)?;
    header("x-acs-signature-nonce")
}

fn check_time(text: &str, now: UnixMs) -> Result<(), ServiceError> {
    let at = parse_iso(text).ok_or_else(|| {
        ServiceError::new(
            400,
            "InvalidTimeStamp.Format",
            "Specified time stamp or date value is not well formatted.",
        )
    })?;
    if now.abs_diff(at) > MAX_SKEW.unsigned_abs() {
        let message = "Specified time stamp or date value is expired.";
        return Err(ServiceError::new(400, "InvalidTimeStamp.Expired", message));
    }
    Ok(())
}

/// Old SDKs compare the string after the colon with their own, to tell a wrong secret from a wrong signature.
fn wrong_signature(string: &str) -> ServiceError {
    let message = format!(
        "Specified signature is not matched with our calculation. server string to sign is:{string}"
    );
    ServiceError::new(400, "SignatureDoesNotMatch", message)
}

fn malformed(name: &str) -> ServiceError {
    ServiceError::new(
        400,
        format!("InvalidParameter.{name}"),
        format!("The parameter {name} is wrongly formed."),
    )
}

fn refusal(denied: Denied, expired_code: &str) -> ServiceError {
    let not_found = || {
        ServiceError::new(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
    };
    let token = |code: &str, message: &str| ServiceError::new(403, code, message);
    match denied {
        Denied::UnknownKey => not_found(),
        Denied::InactiveKey => ServiceError::new(
            400,
            "InvalidAccessKeyId.Inactive",
            "Specified access key is disabled.",
        ),
        Denied::MissingToken => missing("SecurityToken"),
        Denied::MalformedToken | Denied::UnknownToken => {
            token("InvalidSecurityToken.Malformed", "Specified SecurityToken is malformed.")
        }
        Denied::OtherKeysToken => token(
            "InvalidSecurityToken.MismatchWithAccessKey",
            "Specified SecurityToken mismatch with the AccessKey.",
        ),
        Denied::Expired if expired_code == "InvalidAccessKeyId.NotFound" => not_found(),
        Denied::Expired => token(expired_code, "Specified SecurityToken is expired."),
    }
}

/// Whether `caller` may carry out `action` (such as `vod:CreateUploadVideo`).
pub(crate) fn require_permission(
    caller: &Credential,
    action: &str,
    now: UnixMs,
) -> Result<(), ServiceError> {
    let allowed = match &caller.grant {
        Grant::User | Grant::Root => true,
        Grant::Role { policy, .. } => {
            policy.as_ref().is_none_or(|policy| policy.allows(action, &["*"], now))
        }
        Grant::Upload { .. } => false,
    };
    if allowed {
        return Ok(());
    }
    let message = "User not authorized to operate on the specified resource, or this API doesn't support RAM.";
    Err(ServiceError::new(403, "Forbidden.RAM", message))
}
