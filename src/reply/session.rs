//! What says that the user's session is over: codes of frameworks, and sentences for people.
//!
//! STS's own codes never do: `SecurityTokenExpired` and its like are about the AppServer's credential, which no
//! user can mend by signing in.

use super::search::plain;
use crate::text::{contains, replace, split_once};

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
const WHOLE: [&str; 10] = [
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
];

/// Beside a 403 this word means that the user may not, whoever it is.
const UNAUTHORIZED: &str = "unauthorized";

/// Whether a code says that nobody is signed in. `forbidden`: beside a 403.
pub(super) fn is_session_code(code: &str, forbidden: bool) -> bool {
    let name = plain(code);
    // With a hyphen it is OAuth's (RFC 6750, section 3.1); without, it is what AWS says of its own.
    let oauth = code.eq_ignore_ascii_case("invalid_token");
    let known = oauth || WHOLE.contains(&&*name) || PARTS.iter().any(|part| contains(&name, part));
    known && !(forbidden && name == UNAUTHORIZED)
}

/// What a sentence says that sends its reader to sign in, without the spaces.
const SIGN_IN: [&str; 20] = [
    "先登录",
    "请登录",
    "重新登录",
    "未登录",
    "没有登录",
    "notsignedin",
    "notloggedin",
    "pleasesignin",
    "pleaselogin",
    "signinfirst",
    "loginfirst",
    "signinagain",
    "loginagain",
    "loginrequired",
    "unauthenticated",
    "notauthenticated",
    "authenticationrequired",
    "authenticationisrequired",
    "authenticationcredentialswerenotprovided",
    "invalidsession",
];

/// Words for a session, and whether waiting for one may end by a time-out, which is none of the session's.
const SESSIONS: [(&str, bool); 6] = [
    ("登录", false),
    ("会话", false),
    ("session", false),
    ("令牌", true),
    ("token", true),
    ("jwt", true),
];
const ENDS: [&str; 6] = ["过期", "失效", "无效", "expired", "invalid", "notvalid"];
const TIMEOUTS: [&str; 3] = ["超时", "timedout", "timeout"];

/// How far an end may stand behind its session, in bytes: `登录状态已经过期`, `session has already expired`.
const NEAR: usize = 18;

/// Ends that stand before their session.
const BEFORE: [&str; 6] =
    ["无效的会话", "无效的令牌", "无效的token", "无效token", "invalidtoken", "expiredtoken"];

/// Words that make a token another one than the session's, and parts of words that do.
const OTHERS: [&str; 7] = ["sts", "oss", "vod", "ram", "security", "csrf", "upload"];
const OTHERS_WITHIN: [&str; 7] = [
    "securitytoken",
    "ststoken",
    "accesskey",
    "安全令牌",
    "临时",
    "上传令牌",
    // A parser's: `Unexpected token '<', "<html>" is not valid JSON`.
    "unexpectedtoken",
];

/// Whether a sentence for people says that nobody is signed in. `forbidden`: beside a 403.
pub(super) fn says_signed_out(sentence: &str, forbidden: bool) -> bool {
    let lower = sentence.to_ascii_lowercase();
    // 登陆 is how many write 登录.
    let mut squeezed = replace(&lower, "登陆", "登录");
    squeezed.retain(|char| !matches!(char, ' ' | '-' | '_'));
    if SIGN_IN.iter().any(|part| contains(&squeezed, part)) {
        return true;
    }
    let mut words = lower.split(|char: char| !char.is_ascii_alphanumeric());
    let other = words.any(|word| OTHERS.contains(&word))
        || OTHERS_WITHIN.iter().any(|part| contains(&squeezed, part));
    if other {
        return false;
    }
    let unauthorized = || {
        let bare = squeezed.trim_start_matches(|char: char| !char.is_ascii_alphabetic());
        let bare = bare.strip_prefix("error").unwrap_or(bare);
        let bare = bare.trim_start_matches(|char: char| !char.is_ascii_alphabetic());
        // "Unauthorized action." is what Laravel says to somebody who may not.
        bare.starts_with(UNAUTHORIZED) && !contains(bare, "action")
    };
    BEFORE.iter().any(|part| contains(&squeezed, part))
        || SESSIONS.iter().any(|&(session, waits)| ends(&squeezed, session, waits))
        || !forbidden && unauthorized()
}

/// Whether an end stands near behind a word for a session.
fn ends(sentence: &str, session: &str, waits: bool) -> bool {
    let mut rest = sentence;
    while let Some((_, behind)) = split_once(rest, session) {
        let near =
            |end: &&&str| split_once(behind, end).is_some_and(|(between, _)| between.len() <= NEAR);
        let timeouts = TIMEOUTS.iter().filter(|_| !waits);
        if ENDS.iter().chain(timeouts).any(|end| near(&end)) {
            return true;
        }
        rest = behind;
    }
    false
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
            "Unauthorized",
            "50008",
            "50012",
            "50014",
            "A0230",
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
            "Forbidden",
            "50000",
            "16",
            "",
        ] {
            assert!(!is_session_code(code, false), "{code}");
        }
        assert!(!is_session_code("Unauthorized", true) && is_session_code("NotSignedIn", true));
    }

    #[test]
    fn sentences_that_send_to_the_sign_in_are_known() {
        for sentence in [
            "请先登录",
            "请先登陆！",
            "请您先登录后再操作",
            "请重新登录",
            "用户未登录",
            "登录已过期",
            "登录过期",
            "登录状态已经过期，请刷新",
            "登录超时",
            "会话已过期",
            "无效的会话",
            "Token失效，请重新登录",
            "token 失效",
            "token 已过期",
            "令牌无效",
            "You are not signed in.",
            "user is not logged in",
            "Please log in first",
            "Login required.",
            "Your session has expired",
            "Session timed out",
            "jwt expired",
            "invalid token",
            "Unauthenticated.",
            "16 UNAUTHENTICATED: no credentials",
            "Unauthorized",
            "Error: Unauthorized",
            "401 Unauthorized",
            "Authentication credentials were not provided.",
            "Full authentication is required to access this resource",
        ] {
            assert!(says_signed_out(sentence, false), "{sentence}");
        }
    }

    #[test]
    fn sentences_about_other_things_are_not() {
        for sentence in [
            "",
            "今日上传额度已用完",
            "登录失败次数过多",
            "The security token you provided has expired",
            "SecurityTokenExpired",
            "STS token 已过期",
            "STS 返回的 token 无效",
            "安全令牌已过期",
            "获取 token 超时",
            "CSRF token 无效",
            "Unexpected token '<', \"<html>\" is not valid JSON",
            "upload token expired",
            "Request has expired.",
            "This action is unauthorized.",
            "Unauthorized action.",
            "You are not authorized to do this action.",
            "The session of the meeting cannot be uploaded: its title is invalid",
            "The specified AccessKeyId is invalid",
        ] {
            assert!(!says_signed_out(sentence, false), "{sentence}");
        }
        assert!(!says_signed_out("Unauthorized", true));
        assert!(says_signed_out("请先登录", true));
    }
}
