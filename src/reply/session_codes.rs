//! Codes of frameworks that say that the user's session is over.
//!
//! STS's own codes never do: `SecurityTokenExpired` and its like are about the AppServer's credential, which no
//! user can mend by signing in.

use super::members::plain;
use crate::error::is_session_timeout;

/// Codes, as [`plain`] writes them, that say so wherever they stand in a longer one: `USER_NOT_LOGIN`.
const PARTS: [&str; 10] = [
    "notsignedin",
    "notloggedin",
    "notlogin",
    "needlogin",
    "loginrequired",
    "loginexpired",
    "unauthenticated",
    "notauthenticated",
    "authenticationrequired",
    "sessionexpired",
];

/// Codes that say so only as a whole: with a word before it, a token is another one.
const WHOLE: [&str; 12] = [
    UNAUTHORIZED,
    "nologin",
    "tokenexpired",
    "tokenexpirederror",
    "jwtexpired",
    "jsonwebtokenerror",
    // Another client signed in, and the token ended: vue-element-admin and its many descendants.
    "50008",
    "50012",
    "50014",
    // "The user's login has expired", of Alibaba's Java coding guidelines.
    "a0230",
    // uniCloud's uni-id.
    "uniidchecktokenfailed",
    "uniidtokenexpired",
];

/// Beside a 403 this word means that the user may not, whoever it is.
pub(super) const UNAUTHORIZED: &str = "unauthorized";

/// Whether a code says that nobody is signed in. `forbidden`: beside a 403.
pub(super) fn is_session_code(code: &str, forbidden: bool) -> bool {
    let name = plain(code);
    // With a hyphen it is OAuth's (RFC 6750, section 3.1); without, it is what AWS says of its own.
    let oauth = code.eq_ignore_ascii_case("invalid_token");
    let known = oauth
        || is_session_timeout(code)
        || WHOLE.contains(&&*name)
        || PARTS.iter().any(|part| name.contains(part));
    known && !(forbidden && name == UNAUTHORIZED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_frameworks_tell_of_the_session_and_codes_of_sts_do_not() {
        for code in [
            "UNAUTHENTICATED",
            "NotSignedIn",
            "USER_NOT_LOGIN",
            "user_not_logged_in",
            "not_authenticated",
            "session_expired",
            "TokenExpired",
            "TokenExpiredError",
            "invalid_token",
            "SessionTimeout",
            "LoginTimeout",
            "LOGIN_TIMED_OUT",
            "Unauthorized",
            "50008",
            "50012",
            "50014",
            "A0230",
            "uni-id-check-token-failed",
        ] {
            assert!(is_session_code(code, false), "{code}");
        }
        for code in [
            "SecurityTokenExpired",
            "InvalidSecurityToken.Expired",
            "InvalidAccessKeyId.NotFound",
            "InvalidToken",
            "UnauthorizedOperation",
            "NoPermission",
            "UploadSessionTimeout",
            "ConnectTimeout",
            "Forbidden",
            "50000",
            "16",
            "",
        ] {
            assert!(!is_session_code(code, false), "{code}");
        }
        assert!(!is_session_code("Unauthorized", true) && is_session_code("NotSignedIn", true));
    }
}
