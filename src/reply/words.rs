//! What a page's own function says for people, where that is all there is: `reject("今日上传次数已用完")`.

use super::{
    Meta, Parse,
    client::{OF_LANGUAGE, is_error},
    members::{Members, member},
    message::is_plain,
    moment::may_be_connection,
    read_failure,
};
use crate::{
    error::{Error, is_connection_code},
    json::Json,
};

/// Of an answer of which only the words are known.
const NO_STATUS: u16 = 0;

/// The longest run of letters and digits in a sentence. A credential is longer.
const LONGEST_WORD: usize = 20;
const LONGEST: usize = 256;

/// Errors of the platform, and of what clients are made of. Their words are none of a server's.
const OF_PLATFORM: [&str; 19] = [
    "AbortError",
    "AggregateError",
    "ChunkLoadError",
    "DataCloneError",
    "EmptyError",
    "EncodingError",
    "InvalidStateError",
    "NetworkError",
    "NotAllowedError",
    "NotFoundError",
    "NotReadableError",
    "NotSupportedError",
    "OperationError",
    "QuotaExceededError",
    "SecurityError",
    "TimeoutError",
    "TypeMismatchError",
    "UnknownError",
    "VersionError",
];

/// The refusal in what a function of the page threw: a text, or an error of the page's own, that is a sentence for
/// people and speaks of no connection.
#[must_use]
pub fn read_words(thrown: &Json, parse: Parse<'_>) -> Option<Error> {
    let (text, code) = match thrown {
        Json::String(text) => (&**text, None),
        Json::Object(members) => of_error(members)?,
        _ => return None,
    };
    let text = text.trim_ascii();
    if !is_sentence(text) {
        return None;
    }
    let message = Some(("message".to_owned(), Json::String(text.into())));
    let code = code.map(|code| ("code".to_owned(), code.clone()));
    let body = Json::Object(message.into_iter().chain(code).collect());
    Some(read_failure(NO_STATUS, Some(body), &Meta::default(), parse))
}

/// What an error says that no platform and no client of HTTP has made, with the page's code for it: those have names of
/// their own, or codes as Node's.
fn of_error(members: &Members) -> Option<(&str, Option<&Json>)> {
    let text = |name| member(members, &[name]).and_then(|(_, value)| value.as_str());
    let name = text("name").unwrap_or_default();
    let of_platform = OF_PLATFORM.contains(&name) || OF_LANGUAGE.contains(&name);
    let own = is_error(members) && !of_platform && !text("code").is_some_and(is_of_client);
    Some((text("message").filter(|_| own)?, member(members, &["code"]).map(|(_, code)| code)))
}

/// Whether a code is one of Node, or of a client in its manner: `ECONNRESET`, `ERR_NETWORK`, `CERT_HAS_EXPIRED`.
fn is_of_client(code: &str) -> bool {
    let shouted =
        code.bytes().all(|byte| byte.is_ascii_uppercase() || b"_0123456789".contains(&byte));
    let parts = ["ERR_", "CERT", "SIGNATURE"];
    is_connection_code(code)
        || shouted && (parts.iter().any(|part| code.contains(part)) || is_errno(code))
}

/// `EPROTO`, but not `EXPIRED_PLAN`.
fn is_errno(code: &str) -> bool {
    code.starts_with('E') && !code.contains("_") && code.len() <= 16
}

fn is_sentence(text: &str) -> bool {
    let runs = || text.as_bytes().split(|byte| !byte.is_ascii_alphanumeric()).map(<[u8]>::len);
    // A letter that is not ASCII has two bytes or more, one of Chinese three.
    let is_foreign = text.bytes().filter(|byte| !byte.is_ascii()).count() >= 6;
    let is_several_words = runs().filter(|&length| length > 1).count() >= 3;
    (is_foreign || is_several_words)
        && text.len() <= LONGEST
        && runs().all(|length| length <= LONGEST_WORD)
        && is_plain(text)
        && !may_be_connection(text)
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
            (
                r#"{"name":"BizError","code":-1,"message":"今日上传次数已用完"}"#,
                "今日上传次数已用完",
            ),
            (r#"{"name":"BizError","code":"QUOTA","message":"该账号审核失败"}"#, "该账号审核失败"),
            (r#""[40301] 今日上传次数已用完""#, "[40301] 今日上传次数已用完"),
            (r#"{"name":"Upload","stack":true,"message":"no uploads left"}"#, "no uploads left"),
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
    fn the_code_of_a_session_that_is_over_counts_whatever_the_words_are() {
        for code in ["NOT_LOGIN", "TOKEN_EXPIRED"] {
            let thrown = format!(
                r#"{{"name":"Error","message":"Please reload this page","code":"{code}"}}"#
            );
            assert_eq!(read(&thrown).unwrap().code(), "unauthenticated", "{code}");
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
            r#"{"name":"SecurityError","code":18,"message":"this is not allowed here"}"#,
            r#"{"name":"Error","message":"write of it was refused","code":"EPROTO"}"#,
            r#"{"name":"Error","message":"no more of that here","code":"UND_ERR_ABORTED"}"#,
            r#""[{\"accessKeyId\":\"no more of this""#,
            r#""密钥无效 CAISuwJ1q6Ft5B2yfSjIr4iCANARY""#,
            r#"{"code":0}"#,
            "5",
            "null",
        ] {
            assert_eq!(read(thrown), None, "{thrown}");
        }
    }
}
