//! What says that the user's session is over: codes of frameworks, and sentences for people.
//!
//! STS's own codes never do: `SecurityTokenExpired` and its like are about the AppServer's credential, which no
//! user can mend by signing in. Nor do tokens of other things: a form's, an upload's, a captcha's, another platform's.

use super::{
    members::plain,
    sentence::Sentence,
    session_words::{
        ELSEWHERE, ENDS, INVALID, NEAR, NO, OTHERS, OTHERS_BEFORE, PLATFORMS, SESSIONS, SIGN_IN,
        TOKENS, WHOSE, Word,
    },
};
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
    let known = oauth
        || is_session_timeout(code)
        || WHOLE.contains(&&*name)
        || PARTS.iter().any(|part| name.contains(part));
    known && !(forbidden && name == UNAUTHORIZED)
}

/// Whether a sentence for people says that nobody is signed in. `forbidden`: beside a 403.
pub(super) fn says_signed_out(sentence: &str, forbidden: bool) -> bool {
    let sentence = Sentence::new(sentence);
    if sentence.has(&ELSEWHERE) {
        return false;
    }
    if sentence.has(&SIGN_IN) || signed_in_elsewhere(&sentence) {
        return true;
    }
    if sentence.has(&OTHERS) || sentence.has(&PLATFORMS) && sentence.has(&TOKENS) {
        return false;
    }
    SESSIONS.iter().any(|word| ends(&sentence, word))
        || TOKENS.iter().any(|token| is_none(&sentence, token))
        || is_none(&sentence, "会话")
        || !forbidden && is_unauthorized(&sentence)
}

/// Whether a text is what a function of the page says that got no token from STS: `token missing in response`.
pub(super) fn found_no_token(text: &str) -> bool {
    const NONE: [&str; 3] = [" missing ", "为空", "未获取到"];
    const OF_USER: [&str; 3] = [" session ", " jwt ", "登录"];
    let sentence = Sentence::new(text);
    sentence.has(&TOKENS) && sentence.has(&NONE) && !sentence.has(&OF_USER)
}

/// `您的账号已在其他设备登录`
fn signed_in_elsewhere(sentence: &Sentence) -> bool {
    const ANOTHER: [&str; 4] = ["其他", "其它", "另一", "别的"];
    let near = |before: &str| {
        let start = before.char_indices().rev().nth(7).map_or(0, |(start, _)| start);
        let near = before.get(start..).unwrap_or_default();
        ANOTHER.iter().any(|another| near.contains(another)) && near.contains("在")
    };
    sentence.around("登录").any(|(before, _)| near(before))
}

/// Whether an end stands near behind a word for a session.
fn ends(sentence: &Sentence, word: &Word) -> bool {
    // What says nothing but that it ended may be said of each.
    let invalid = if word.ends.is_empty() { &[][..] } else { &INVALID[..] };
    let all = || ENDS.iter().chain(invalid).chain(word.ends);
    sentence.around(word.name).any(|(before, behind)| {
        let near = |end: &str| begins_within(behind, end, NEAR);
        !is_of_another(before) && all().any(|end| near(end))
    })
}

/// Whether `part` begins in the first `most` bytes of `text`, or right behind them.
fn begins_within(text: &str, part: &str, most: usize) -> bool {
    let rest = |(at, _): (usize, char)| text.get(at..).unwrap_or_default();
    text.char_indices()
        .take_while(|(at, _)| *at <= most)
        .map(rest)
        .any(|rest| rest.starts_with(part))
}

/// Whether a word that says so stands before `token`: `no authorization token`, `无效的会话`.
fn is_none(sentence: &Sentence, token: &str) -> bool {
    sentence.around(token).any(|(before, behind)| {
        let whole = before.trim_ascii_end();
        let before = behind_whose(whole);
        // "No token" is what a function of the page says that could not get one from STS.
        let asked_for = before.len() < whole.len()
            || [" provided ", " found ", " supplied "].iter().any(|end| behind.starts_with(end));
        NO.iter().any(|no| before.ends_with(no)) || asked_for && before.ends_with(" no")
    })
}

/// Whether what stands before a token says that it is of another thing.
fn is_of_another(before: &str) -> bool {
    let before = behind_whose(before);
    OTHERS_BEFORE.iter().any(|other| before.ends_with(other))
}

/// What stands before a token and the words that say whose it is.
fn behind_whose(before: &str) -> &str {
    let mut before = before.trim_ascii_end();
    while let Some(rest) = WHOSE.iter().find_map(|word| before.strip_suffix(word)) {
        before = rest.trim_ascii_end();
    }
    before
}

/// `401 Unauthorized`, `Error: unauthorized`; but "Unauthorized action." is what Laravel says to somebody who may not.
fn is_unauthorized(sentence: &Sentence) -> bool {
    let mut words = sentence.words().skip_while(|word| *word == "error");
    words.next() == Some(UNAUTHORIZED) && !words.any(|word| word == "action")
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
            // Sa-Token, and frameworks like it.
            "未能读取到有效 token",
            "token 已被顶下线：550e8400-e29b-41d4-a716-446655440000",
            "token 已被踢下线",
            "token 已被冻结",
            "未按照指定前缀提交 token",
            "token 不能为空",
            "缺少token",
            "请求未携带 token",
            "accessToken 不能为空",
            "您的账号已在其他设备登录，您已被迫下线",
            "账号在别处登录",
            "您已被强制下线",
            "您已退出登录",
            "还没登录",
            "您还没有登录",
            "该操作需要登录",
            "登录后才能上传",
            "用户身份已失效",
            "身份信息已过期",
            "請先登入",
            "未登入",
            "登入逾時",
            "登入憑證已過期",
            "您的帳號已在其他裝置登入",
            "jwt must be provided",
            "jwt malformed",
            "No token provided",
            "No auth token",
            "No authorization token was found",
            "Access token is missing",
            "Missing bearer token",
            "A token is required for authentication",
            "Token not provided",
            "The token has been revoked",
            "invalid access token",
            "Expired JWT token",
            "You need to sign in or sign up before continuing.",
            "You must be logged in",
            "You must sign in to do this",
            "User not login",
            "Need login",
            "NeedLogin",
            "Log in to continue",
            "Login has expired",
            "Your login has timed out, please log in again",
            "You have been logged out",
            "Not logged-in",
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
            // Tokens against forged and repeated requests, of other parties, and of other things.
            "令牌数据无效",
            "表单令牌已失效，请刷新页面后重试",
            "幂等 token 无效，请勿重复提交",
            "幂等令牌不能为空",
            "滑块验证 token 已失效，请重新验证",
            "验证码 token 已过期",
            "上传会话已失效，请重新上传",
            "分片会话已过期",
            "uploadToken 不能为空",
            "upload session expired",
            "device token is invalid",
            "captchaToken is missing",
            "csrfToken 无效",
            "获取微信 access_token 失败: invalid credential, access_token is invalid or not latest",
            "invalid credential, access_token is invalid or not latest",
            "缺少 STS token",
            "获取 token 失败，签名无效",
            "Failed to get access token: the signature is invalid",
            "请登录微信公众平台重新授权",
            // Another place to sign in.
            "OSS 服务未开通，请登录阿里云控制台开通",
            "请登录 RAM 控制台授权",
            "請登入阿里雲控制台",
            "AssumeRole failed. Please login to the RAM console and check the role.",
            "Please sign in to the Alibaba Cloud console first",
            // What the page's own function says.
            "no token",
            "no token from the server",
            // Words that only hold one.
            "登录名不能为空",
            "登录密码不能为空",
            "身份证已过期",
            "tokenizer invalid",
            "No tokens left this month",
            "sessions invalid",
            "catalogin first",
            "设备已下线",
            "the file must be provided",
        ] {
            assert!(!says_signed_out(sentence, false), "{sentence}");
        }
        assert!(!says_signed_out("Unauthorized", true));
        assert!(says_signed_out("请先登录", true));
    }
}
