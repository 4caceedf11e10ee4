//! What a sentence is about: a moment that passes, or a "no" that stays.
//!
//! `系统繁忙，请稍后再试` means the same whether a function threw it or an AppServer answered it, so both are read here.
//! English words count as whole words only: a limit that is `reached` is about no server out of `reach`.

/// Whatever else a sentence says, with one of these it asks to come back.
const LATER: &str = "busy, overloaded, maintenance, later, rate limit, 繁忙, 太忙, 拥挤, 稍后, 稍候, 稍等, 维护, 开小差";

/// The same, unless the sentence is about what its reader may do: `Uploads are unavailable on your plan`.
const PASSING: &str = "unavailable, temporarily, temporary, down, being processed, timeout, timed out, 再试, 请重试, 异常, \
    不可用, 处理中, 超时";

/// What is about the way to a server in the words of a page, and in those of a server about its reader:
/// `Your network is not allowed`.
const CONNECTION: &str = "network, networkerror, ://, time out, offline, socket, internet, connection, connectivity, \
    unreachable, retry, retries, retrying, in progress, again, wait, 网络, 连接, 断网, 断开, 离线, 重试";

/// These say no more than that something failed, and what did may be the way to the server.
const FAILED: &str = "fail, failed, failure, error, unable, could not, couldn't, cannot, can't, reach, connect, \
    fetch, terminated, certificate, 失败, 异常, 错误, 出错, 中断";

/// What fails of its own: the server, and none of what it was asked.
const MACHINERY: &str = "server, system, internal, 服务, 系统, 内部";

/// A request that was given up, and not a file, an order or a membership.
const GIVEN_UP: &str = "abort, aborted, cancel, canceled, cancelled, 取消";
const REQUESTS: &str = "request, operation, task, signal, fetch, 请求, 操作, 任务";

/// What a "no" is about.
const SUBJECTS: &str = "limit, quota, subscription, membership, member, plan, account, balance, payment, permission, \
    allowed, supported, review, verified, verification, approval, suspended, banned, blocked, disabled, moderator, \
    maximum, exceeded, exceed, storage, tomorrow, 额度, 次数, 上限, 限制, 配额, 余额, 欠费, 充值, 续费, 套餐, 会员, 账号, \
    帐号, 账户, 审核, 实名, 认证, 支付, 订阅, 禁, 冻结, 黑名单, 权限, 无权, 不允许, 不支持, 违规, 敏感, 到期, 开通, 格式, \
    空间, 容量, 明天, 明日, 次日";

/// What a "no" of a server may be about, and a failure of a page's program as well.
const FILES: &str = "file, type, size, large, 类型, 不存在";

/// What a program does to have an answer. Its failure is none of its user's, whatever it is about.
const FETCHING: &str = "get, load, fetch, query, 获取, 加载, 查询, 接口";

/// Whether what a server says asks to come back in a while: its own trouble, that passes by itself.
pub(super) fn is_passing(sentence: &str) -> bool {
    let said = sentence.to_ascii_lowercase();
    has(&said, LATER)
        || !is_about_reader(&said)
            && !has(&said, FILES)
            && (has(&said, PASSING) || has(&said, FAILED) && has(&said, MACHINERY))
}

/// Whether a sentence that a page threw may be about the way to the server, which is back in a moment.
pub(super) fn may_be_connection(sentence: &str) -> bool {
    let said = sentence.to_ascii_lowercase();
    let any = [CONNECTION, PASSING, FAILED];
    has(&said, LATER)
        || has(&said, GIVEN_UP) && has(&said, REQUESTS)
        || !is_about_reader(&said) && any.into_iter().any(|words| has(&said, words))
}

fn is_about_reader(said: &str) -> bool {
    has(said, SUBJECTS) && !has(said, FETCHING)
}

/// Whether a text in small letters has one of `phrases`, which commas part.
fn has(said: &str, phrases: &str) -> bool {
    phrases.split(',').any(|phrase| says(said, phrase.trim_ascii()))
}

/// Whether a text has a phrase: of English as whole words, also in the plural; of Chinese, which has no spaces, anywhere.
fn says(said: &str, phrase: &str) -> bool {
    if !phrase.is_ascii() || phrase == "://" {
        return said.contains(phrase);
    }
    let bytes = said.as_bytes();
    let part_of_word = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphanumeric);
    (0..bytes.len()).any(|at| {
        bytes.get(at..).is_some_and(|rest| rest.starts_with(phrase.as_bytes()))
            && !at.checked_sub(1).is_some_and(part_of_word)
            && !part_of_word(
                at + phrase.len() + usize::from(bytes.get(at + phrase.len()) == Some(&b's')),
            )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_told_from_a_no_in_either_language() {
        for sentence in [
            "系统繁忙，请稍后再试",
            "请求处理中，请稍候",
            "服务器开小差了",
            "系统异常，请联系管理员",
            "Service temporarily unavailable, please try again later",
            "The token service is down",
            "Server is busy",
        ] {
            assert!(is_passing(sentence), "{sentence}");
        }
        for sentence in [
            "今日上传次数已用完，请明天再试",
            "您的账号异常，请联系客服",
            "Upload limit reached, try again tomorrow",
            "Uploads are unavailable on your plan",
            "No download of this file for you",
            "Uploads are against the policy of this site",
            "系统检测到您的账号异常",
            "no uploads left",
            "余额不足，请充值后重试",
            "请完成实名认证后重试",
            "文件类型不支持，请转换后重试",
            "今日额度已用完，请前往 https://example.com/vip 升级",
            "Invalid file type. Please try again.",
            "Your network is not allowed to upload",
            "Internet Explorer is not supported",
            "The retry limit has been reached",
            "认证失败，无法访问系统资源",
            "没有系统操作权限，请求失败",
            "系统错误：用户不存在",
            "增值服务未开通，操作失败",
        ] {
            assert!(!is_passing(sentence), "{sentence}");
        }
    }

    #[test]
    fn english_words_count_as_whole_words_and_a_failure_by_what_it_is_about() {
        for sentence in [
            "Request failed",
            "could not get a token",
            "The user aborted a request.",
            "A task was canceled.",
            "server is out of reach now",
            "获取上传凭证失败",
            "获取账号信息失败",
            "请求已取消",
            "failed to load account",
        ] {
            assert!(may_be_connection(sentence), "{sentence}");
        }
        for sentence in [
            "You have reached your daily upload limit",
            "Upload limit reached for this month",
            "Your subscription was cancelled, please renew it",
            "Please connect your account to a plan first",
            "Your file was aborted by the moderator",
            "Account verification failed",
            "您已取消会员，无法上传",
            "该订单已取消，不能上传",
            "该账号审核失败，不能上传",
            "实名认证失败",
        ] {
            assert!(!may_be_connection(sentence), "{sentence}");
        }
    }
}
