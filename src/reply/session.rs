//! Sentences for people that say that the user's session is over.
//!
//! Tokens of other things never do: a form's, an upload's, a captcha's, another platform's.

use super::{
    sentence::Sentence,
    session_codes::UNAUTHORIZED,
    session_words::{
        ALONE, ELSEWHERE, ENDS, INVALID, MACHINES, NEAR, NO, NO_CREDENTIALS, OF_MACHINES, OTHERS,
        OTHERS_BEFORE, PAPERS, PLATFORMS, SESSIONS, SIGN_IN, THINGS, TOKENS, UNAVAILABLE,
        UNKNOWN_USER, WHOSE, Word,
    },
};

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
    sentence.has(&NO_CREDENTIALS)
        || SESSIONS.iter().any(|word| ends(&sentence, word))
        || !sentence.has(&PAPERS) && says_alone(&sentence)
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
    let unavailable = sentence.has(&UNAVAILABLE);
    let of_machine =
        |between: &str| unavailable || MACHINES.iter().any(|one| between.contains(one));
    sentence.around(word.name).any(|(before, behind)| {
        let near = |end: &str| {
            let between = until(behind, end, NEAR);
            between.is_some_and(|between| !(OF_MACHINES.contains(&end) && of_machine(between)))
        };
        !is_of_another(before) && all().any(|end| near(end))
    })
}

/// Whether an end is said of a word before which nothing stands but whose it is: `您的授权已过期`, `操作失败：授权已过期`.
fn says_alone(sentence: &Sentence) -> bool {
    let is_alone = |before| behind_whose(clause(before)).is_empty();
    let ends = |behind: &str| {
        let end = behind.trim_start_matches(['已', '经']);
        ENDS.iter().any(|known| end.starts_with(known))
    };
    let ended =
        |word| sentence.around(word).any(|(before, behind)| is_alone(before) && ends(behind));
    let unknown = |word| sentence.around(word).any(|(before, _)| is_alone(before));
    ALONE.into_iter().any(ended) || UNKNOWN_USER.into_iter().any(unknown)
}

/// What a part of a sentence begins with that ends where `before` does, without the number of an error.
fn clause(before: &str) -> &str {
    let rest = before.rsplit(['，', '。', '：', '；', '！', '】']).next().unwrap_or_default();
    rest.trim_matches(|char: char| char == ' ' || char.is_ascii_digit())
}

/// What stands before `part`, if that begins in the first `most` bytes of `text`, or right behind them.
fn until<'a>(text: &'a str, part: &str, most: usize) -> Option<&'a str> {
    let (before, _) = text.split_once(part)?;
    (before.len() <= most).then_some(before)
}

/// Whether a word that says so stands before `token`: `no authorization token`, `无效的会话`.
fn is_none(sentence: &Sentence, token: &str) -> bool {
    sentence.around(token).any(|(before, behind)| {
        let whole = before.trim_ascii_end();
        let before = behind_whose(whole);
        // "No token" is what a function of the page says that could not get one from STS.
        let asked_for = before.len() < whole.len()
            || [" provided ", " found ", " supplied "].iter().any(|end| behind.starts_with(end));
        // `Invalid token type: image`
        let is_kind = behind.starts_with(" type ");
        !is_kind && NO.iter().any(|no| before.ends_with(no)) || asked_for && before.ends_with(" no")
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

/// `401 Unauthorized`, `Error: unauthorized`, `Not Authorized`; but "Unauthorized action." is what Laravel says to
/// somebody who may not.
fn is_unauthorized(sentence: &Sentence) -> bool {
    let mut words = sentence.words().skip_while(|word| *word == "error");
    match words.next() {
        Some(UNAUTHORIZED) => !words.any(|word| THINGS.contains(&word)),
        Some("not") => words.eq(["authorized"]),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            "授权已过期",
            "身份认证信息未提供。",
            "身份已过期",
            "您的身份已过期，请刷新",
            "身份验证已过期",
            "认证已过期",
            "用户未认证",
            "非法token",
            "非法的令牌",
            "令牌验证失败",
            "token 验证失败",
            "token 校验失败",
            "未检测到登录信息",
            "无登录信息",
            "用户凭证已过期",
            "Not Authorized",
            "The token has been blacklisted",
            "Could not validate credentials",
            "Missing Authorization Header",
            "Authorization header is missing",
            "Invalid token: signature",
            "token校验未通过",
            "令牌校验不通过",
            "操作失败：授权已过期",
            "[40101] 身份已过期，请刷新",
            "认证信息已失效",
            "不正确的身份认证信息。",
            "登录超时，请联系客服中心",
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
            // Of the cloud, of software, of a role, of another party.
            "软件授权已过期",
            "RAM角色授权已过期",
            "微信授权已过期",
            "授权码已过期",
            "应用授权已过期",
            "公众号授权已过期",
            "上传凭证已过期",
            "身份证已过期",
            "身份认证未通过，请先实名认证",
            "实名认证已过期",
            "企业认证已过期",
            "用户未认证，请先实名认证",
            "用户未实名认证",
            "Invalid token type: image",
            "unauthorized file type",
            "令牌桶为空",
            "上传令牌验证失败",
            "表单令牌验证失败",
            "You are not authorized to perform this operation.",
            "not authorized to upload this file",
            "Could not validate the credentials of the OSS bucket",
            "the file has been blacklisted",
            // A machine's, not a session's.
            "登录服务超时，请稍后重试",
            "登录中心响应超时，请稍后再试",
            "Login service timed out, please try again later",
            "Session store timed out",
            "token验证失败：认证服务不可用，请稍后重试",
            "校验token失败：远程服务超时",
            "用户凭证请求超时，请稍后重试",
            // Of a licence, and of a company.
            "当前授权已过期，请续费",
            "授权已过期，请联系管理员续费",
            "认证已过期，请重新提交企业资质",
            "企业用户未认证，请先完成企业认证",
            "Could not validate credentials of STS: role not found",
        ] {
            assert!(!says_signed_out(sentence, false), "{sentence}");
        }
        assert!(!says_signed_out("Unauthorized", true));
        assert!(!says_signed_out("Not Authorized", true));
        assert!(says_signed_out("请先登录", true));
        assert!(says_signed_out("身份认证信息未提供。", true));
    }
}
