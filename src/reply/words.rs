//! What a page's own function says for people, where that is all there is: `reject("今日上传次数已用完")`.

use super::{
    Meta, Parse, read_failure,
    search::{self, Members, member},
};
use crate::{error::Error, json::Json, text::contains};

/// In a text that speaks of the way to the server, or says no more than that something failed. What made it may be a
/// connection that is back in a moment.
const OF_CONNECTION: [&str; 41] = [
    "network",
    "://",
    "timeout",
    "timed out",
    "time out",
    "connect",
    "offline",
    "abort",
    "cancel",
    "socket",
    "fetch",
    "terminated",
    "internet",
    "reach",
    "unavailable",
    "certificate",
    "fail",
    "error",
    "unable",
    "could not",
    "down",
    "busy",
    "later",
    "again",
    "retry",
    "cannot",
    "网络",
    "超时",
    "连接",
    "断开",
    "离线",
    "取消",
    "中断",
    "失败",
    "异常",
    "错误",
    "出错",
    "繁忙",
    "稍后",
    "重试",
    "维护",
];

/// Of an answer of which only the words are known.
const NO_STATUS: u16 = 0;

/// The longest run of letters and digits in a sentence. A credential is longer.
const LONGEST_WORD: usize = 20;
const LONGEST: usize = 256;

/// The refusal in what a function of the page threw: a text, or an error of the page's own, that is a sentence for
/// people and speaks of no connection.
#[must_use]
pub fn read_words(thrown: &Json, parse: Parse<'_>) -> Option<Error> {
    let text = match thrown {
        Json::String(text) => text,
        Json::Object(members) => of_error(members)?,
        _ => return None,
    };
    let text = text.trim_ascii();
    is_sentence(text)
        .then(|| read_failure(NO_STATUS, Some(Json::String(text.into())), &Meta::default(), parse))
}

/// What an error says that no platform and no client of HTTP has made: those have a code or a name of their own.
fn of_error(members: &Members) -> Option<&str> {
    let text = |name| member(members, &[name]).and_then(|(_, value)| value.as_str());
    let own = matches!(text("name"), Some("Error")) && text("code").is_none();
    text("message").filter(|_| own)
}

fn is_sentence(text: &str) -> bool {
    let said = text.to_ascii_lowercase();
    let runs = || text.as_bytes().split(|byte| !byte.is_ascii_alphanumeric()).map(<[u8]>::len);
    // A letter that is not ASCII has two bytes or more, one of Chinese three.
    let is_foreign = text.bytes().filter(|byte| !byte.is_ascii()).count() >= 6;
    let is_several_words = runs().filter(|&length| length > 1).count() >= 3;
    (is_foreign || is_several_words)
        && text.len() <= LONGEST
        && runs().all(|length| length <= LONGEST_WORD)
        && !search::begins(text, b"<{[")
        && !OF_CONNECTION.iter().any(|words| contains(&said, words))
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<Json> {
        serde_json::from_str(text).ok()
    }

    fn read(thrown: &str) -> Option<Error> {
        read_words(&parse(thrown)?, &parse)
    }

    #[test]
    fn a_sentence_for_people_is_a_refusal() {
        for (thrown, said) in [
            (r#""今日上传次数已用完""#, "今日上传次数已用完"),
            (r#"{"name":"Error","message":"您没有上传权限"}"#, "您没有上传权限"),
            (r#"{"name":"Error","message":"Daily quota exceeded"}"#, "Daily quota exceeded"),
        ] {
            let error = read(thrown).unwrap();
            let answered = error.answered().unwrap();
            assert_eq!(
                (error.code(), answered.message.as_deref()),
                ("http", Some(said)),
                "{thrown}"
            );
            assert_eq!(error.most_in_a_row(), 3);
        }
    }

    #[test]
    fn what_may_be_a_connection_or_a_secret_is_none() {
        for thrown in [
            r#""error""#,
            r#""网络异常，请稍后再试""#,
            r#""请求超时""#,
            r#""获取上传凭证失败""#,
            r#""系统维护中，请稍后再来""#,
            r#"{"name":"Error","message":"the token service is down"}"#,
            r#"{"name":"Error","message":"Request failed"}"#,
            r#"{"name":"Error","message":"could not get a token"}"#,
            r#"{"name":"Error","message":"boom"}"#,
            r#"{"name":"Error","message":"no token from https://a.example/sts now"}"#,
            r#"{"name":"Error","message":"read ECONNRESET of it","code":"ECONNRESET"}"#,
            r#"{"name":"TypeError","message":"this is not a sentence"}"#,
            r#""密钥无效 CAISuwJ1q6Ft5B2yfSjIr4iCANARY""#,
            r#"{"code":0}"#,
            "5",
            "null",
        ] {
            assert_eq!(read(thrown), None, "{thrown}");
        }
    }
}
