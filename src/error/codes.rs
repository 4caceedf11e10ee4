//! What the error codes of clouds, SDKs and Node say about asking again.

/// Whether `code` is one of STS, RAM or VOD that only a change of the AppServer's configuration ends.
#[must_use]
pub fn is_configuration_code(code: &str) -> bool {
    const PREFIXES: [&str; 9] = [
        "NoPermission",
        "EntityNotExist",
        "InvalidAccessKeyId",
        "InvalidAccessKeySecret",
        "InvalidParameter",
        "InvalidSecurityToken",
        "MissingSecurityToken",
        "SignatureDoesNotMatch",
        // With a dot: the bare word is what web frameworks call every 403.
        "Forbidden.",
    ];
    PREFIXES.iter().any(|prefix| code.starts_with(prefix))
}

/// Whether OSS or VOD refuses a token as such with `code`, so that another one helps, whatever the expiry says.
///
/// `AccessDenied` and `SignatureDoesNotMatch` are not among them: another token would be refused as well. The adapter of
/// ali-oss has the same list.
#[must_use]
pub fn is_dead_token_code(code: &str) -> bool {
    let kind = code.split_once('.').map_or(code, |(kind, _)| kind);
    matches!(
        kind,
        "SecurityTokenExpired"
            | "InvalidSecurityToken"
            | "InvalidAccessKeyId"
            | "AccessKeyIdAndSecurityTokenNotMatch"
    )
}

/// Whether `code` asks for fewer requests, in the words of Alibaba Cloud or of another server or framework.
#[must_use]
pub fn is_throttling_code(code: &str) -> bool {
    const NAMES: [&str; 5] =
        ["toomanyrequests", "ratelimited", "ratelimitexceeded", "requestlimitexceeded", "slowdown"];
    code.starts_with("Throttling") || NAMES.iter().any(|known| is_named(code, known))
}

/// Whether `code` tells of a fault that passes: the cloud's own trouble, or a connection that the AppServer lost.
#[must_use]
pub fn is_fault_code(code: &str) -> bool {
    const PREFIXES: [&str; 6] = [
        "InternalError",
        "InternalServerError",
        "ServiceUnavailable",
        "ServerBusy",
        "SystemError",
        "UnknownError",
    ];
    const PARTS: [&str; 3] = ["Timeout", "TimedOut", "Unreachable"];
    is_connection_code(code)
        || !is_session_timeout(code) && PARTS.iter().any(|part| code.contains(part))
        || PREFIXES.iter().any(|prefix| code.starts_with(prefix))
}

/// Whether `code` is of a session that nobody has used for too long: nothing was late, and asking again changes nothing.
#[must_use]
pub fn is_session_timeout(code: &str) -> bool {
    const NAMES: [&str; 6] = [
        "sessiontimeout",
        "sessiontimedout",
        "usersessiontimeout",
        "logintimeout",
        "logintimedout",
        "userlogintimeout",
    ];
    NAMES.iter().any(|name| is_named(code, name))
}

/// Whether `code` is `name`, in any spelling of it.
fn is_named(code: &str, name: &str) -> bool {
    let code = code.bytes().filter(|byte| !b"_-".contains(byte));
    code.map(|byte| byte.to_ascii_lowercase()).eq(name.bytes())
}

/// Whether `code` is what Node calls a connection that failed.
pub(crate) fn is_connection_code(code: &str) -> bool {
    matches!(
        code,
        "EAI_AGAIN"
            | "ECONNABORTED"
            | "ECONNREFUSED"
            | "ECONNRESET"
            | "EHOSTUNREACH"
            | "ENETUNREACH"
            | "ENOTFOUND"
            | "EPIPE"
            | "ESOCKETTIMEDOUT"
            | "ETIMEDOUT"
    )
}

/// Whether `code` is STS's or RAM's, and none that a platform or a library has for its own errors.
#[must_use]
pub fn is_cloud_code(code: &str) -> bool {
    is_throttling_code(code) || is_configuration_code(code)
}
