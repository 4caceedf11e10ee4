//! The error code in a message: as a developer's handler passes on what an SDK of the cloud has thrown.
//!
//! Each SDK words it in its own way, and handlers put words of their own before it:
//!
//! ```text
//! NoPermission: You are not authorized to do this action.                      Node
//! com.aliyuncs.exceptions.ClientException: NoPermission : You are…             Java
//! AlibabaCloud\Client\Exception\ServerException: NoPermission: You are…        PHP
//! HTTP Status: 403 Error:NoPermission You are…                                 Python
//! SDKError: StatusCode: 403 Code: NoPermission Message: code: 403, You are…    Go
//! 获取STS凭证失败: NoPermission: You are…
//! ```

use crate::error::{is_configuration_code, is_connection_code, is_fault_code, is_throttling_code};

/// How many words of a message are looked at.
const WORDS: usize = 32;

/// What frameworks and SDKs put before the code in a message.
const PREAMBLES: &[&str] = &[
    "error",
    "err",
    "exception",
    "sdk.servererror",
    "sdk.clienterror",
    "errorcode",
    "code",
    "http status",
    "status code",
    "statuscode",
];

/// Codes of one word, which in a message may be no code.
const BARE: [&str; 2] = ["Throttling", "Forbidden"];

/// STS's sentence for `NoPermission`. What SDKs of the Tea kind throw in Java has no code: `code: 403, You are not…`.
const NO_PERMISSION: &str = "You are not authorized to do this action";

/// The code in a message: the name of a connection error (`connect ETIMEDOUT 10.0.0.1:443`), a code of STS or RAM
/// among the first words, one of a fault, or else the word that it begins with, if that looks like a code.
pub(super) fn leading_code(message: &str) -> Option<String> {
    let words = message.split(|char: char| !char.is_ascii_alphanumeric() && char != '_');
    if let Some(word) = words.take(WORDS).find(|word| is_connection_code(word)) {
        return Some(word.to_owned());
    }
    let words = message.split(|char: char| !(char.is_ascii() && in_code(char as u8)));
    let words = words.filter(|word| !word.is_empty()).take(WORDS);
    let mut words = words.map(|word| word.trim_end_matches('.'));
    if let Some(code) = words.clone().find(|word| names_refusal_of_cloud(word)) {
        return Some(code.to_owned());
    }
    if message.contains(NO_PERMISSION) {
        return Some("NoPermission".to_owned());
    }
    let fault =
        words.find(|word| has_humps(word) && !word.ends_with("Exception") && is_fault_code(word));
    fault.map(ToOwned::to_owned).or_else(|| first_word(message))
}

/// Whether `code` is known to be the cloud's or of a connection, so that it says more than an AppServer's own number.
pub(super) fn is_known(code: &str) -> bool {
    is_configuration_code(code) || is_throttling_code(code) || is_fault_code(code)
}

/// Whether a word of a message is a code of STS or RAM. A class may begin like one: `InvalidParameterException`.
fn names_refusal_of_cloud(word: &str) -> bool {
    let (family, named) = match word.bytes().position(|byte| byte == b'.') {
        Some(dot) => (word.get(..dot).unwrap_or_default(), true),
        None => (word, false),
    };
    let ends = ["Exception", "Error"].iter().any(|end| word.ends_with(end));
    let known = is_configuration_code(word) || family == "Throttling" && named;
    word.len() <= 64 && !ends && known
}

/// The word that a message begins with, behind labels and the names of classes, if it has the form of a code.
fn first_word(message: &str) -> Option<String> {
    let mut rest = message;
    for _ in 0..PREAMBLES.len() {
        rest = rest.trim_start_matches(|char: char| {
            matches!(char, '[' | '(' | '"' | '\'' | ':' | ',' | '0'..='9')
                || char.is_ascii_whitespace()
        });
        let label = PREAMBLES.iter().find_map(|preamble| strip(rest, preamble));
        let Some(after) = label.or_else(|| behind_class(rest)) else { break };
        rest = after;
    }
    let (word, after) = split_word(rest, in_code)?;
    let word = word.trim_end_matches('.');
    let behind = after.trim_ascii_start();
    let named = behind.starts_with(':');
    let begins = word.bytes().next().is_some_and(|byte| byte.is_ascii_uppercase());
    // "WeChat account is not bound": a sentence goes on in small letters.
    let in_sentence = behind.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
    let in_form = has_humps(word) && !in_sentence && !is_brand(word) || word.contains('.');
    let code = begins && word.len() <= 64 && (in_form || named && BARE.contains(&word));
    (code && !word.starts_with("LTAI") && !word.starts_with("STS.")).then(|| word.to_owned())
}

fn has_humps(word: &str) -> bool {
    let capitals = word.bytes().filter(u8::is_ascii_uppercase).count();
    word.bytes().any(|byte| byte.is_ascii_lowercase()) && capitals >= 2
}

/// Whether it is the name of a product, which is written as codes are: `GraphQL`, `WeChat`. No code ends in capitals.
fn is_brand(word: &str) -> bool {
    const BRANDS: [&str; 10] = [
        "AliPay",
        "DingTalk",
        "FaceBook",
        "GitHub",
        "LinkedIn",
        "OpenResty",
        "PayPal",
        "TikTok",
        "WeChat",
        "YouTube",
    ];
    word.bytes().next_back().is_some_and(|byte| byte.is_ascii_uppercase())
        || word.starts_with("OAuth")
        || BRANDS.contains(&word)
}

/// What stands behind the name of a class of errors, if `text` begins with one. Some of the cloud's codes end so, too.
fn behind_class(text: &str) -> Option<&str> {
    let (word, after) = split_word(text, |byte| in_code(byte) || byte == b'\\')?;
    let class = word.ends_with("Exception") || word.ends_with("Error") && !is_fault_code(word);
    class.then_some(after)
}

/// `text` behind `preamble`, if that stands there as a word of its own.
fn strip<'a>(text: &'a str, preamble: &str) -> Option<&'a str> {
    let (head, after) = text.split_at_checked(preamble.len())?;
    let whole = after.bytes().next().is_some_and(|byte| !in_code(byte));
    (whole && head.eq_ignore_ascii_case(preamble)).then_some(after)
}

fn split_word(text: &str, inside: impl Fn(u8) -> bool) -> Option<(&str, &str)> {
    text.split_at_checked(text.bytes().position(|byte| !inside(byte)).unwrap_or(text.len()))
}

/// Whether codes are made of such letters.
pub(super) fn in_code(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._-".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_read_for_the_code_that_it_begins_with() {
        let cases = [
            ("NoPermission: You are not authorized to do this action.", Some("NoPermission")),
            (
                "InvalidParameter.RoleArn : The specified RoleArn is invalid.",
                Some("InvalidParameter.RoleArn"),
            ),
            ("Error: Throttling.User: Request was denied", Some("Throttling.User")),
            (
                "SDK.ServerError\nErrorCode: EntityNotExist.Role\nRecommend:",
                Some("EntityNotExist.Role"),
            ),
            ("HTTP Status: 403 Error:NoPermission You are not", Some("NoPermission")),
            ("[SignatureDoesNotMatch] The signature", Some("SignatureDoesNotMatch")),
            ("Throttling: slow down", Some("Throttling")),
            ("InternalError", Some("InternalError")),
            ("code: 403, NoPermission", Some("NoPermission")),
            ("connect ETIMEDOUT 10.0.0.1:443", Some("ETIMEDOUT")),
            ("request to https://sts.example failed, reason: read ECONNRESET", Some("ECONNRESET")),
            ("The role is missing", None),
            ("Unauthorized", None),
            ("Sorry: try again later", None),
            ("user is not signed in", None),
            ("WeChat account is not bound", None),
            ("WeChat: account is not bound", None),
            ("GraphQL: 请先登录", None),
            ("MySQL server has gone away", None),
            ("QuotaExceeded: no uploads left", Some("QuotaExceeded")),
            ("QuotaExceeded", Some("QuotaExceeded")),
            ("error", None),
            ("LTAI5tCanaryKey: is refused", None),
            ("STS.CanaryKey: is refused", None),
            ("请先登录", None),
            ("", None),
        ];
        for (message, expected) in cases {
            assert_eq!(leading_code(message).as_deref(), expected, "{message}");
        }
    }

    #[test]
    fn what_the_sdks_of_the_cloud_throw_is_read_in_each_language() {
        for message in [
            "SDKError:\n   StatusCode: 403\n   Code: NoPermission\n   Message: code: 403, You are not",
            r"AlibabaCloud\Client\Exception\ServerException: NoPermission: You are not",
            "Aliyun.Acs.Core.Exceptions.ClientException: NoPermission : You are not",
            "com.aliyuncs.exceptions.ClientException: NoPermission : You are not",
            "com.aliyun.tea.TeaException: code: 403, You are not authorized to do this action. You",
            "code: 403, You are not authorized to do this action. You should be authorized by RAM.",
            "TeaException: NoPermission: code: 403, You are not authorized",
            "ServerException [ServerException] : code: NoPermission, message: You are not",
            "获取STS凭证失败: NoPermission: You are not",
            "assume role failed, err=NoPermission",
            "AssumeRole failed (NoPermission).",
        ] {
            assert_eq!(leading_code(message).as_deref(), Some("NoPermission"), "{message}");
        }
        for (message, expected) in [
            (
                "SDKError:\n   StatusCode: 503\n   Code: ServiceUnavailable",
                Some("ServiceUnavailable"),
            ),
            ("com.aliyuncs.exceptions.ServerException: InternalError : no", Some("InternalError")),
            ("取凭证失败：Throttling.User", Some("Throttling.User")),
            ("取凭证失败：InternalError", Some("InternalError")),
            ("(Caused by ConnectTimeoutError('sts'))", Some("ConnectTimeoutError")),
            ("SDKError", None),
            ("TypeError: Cannot read properties of undefined", None),
            ("java.security.InvalidParameterException: no", None),
            ("InvalidParameterException: no", None),
            ("You are not authorized to perform this action.", None),
        ] {
            assert_eq!(leading_code(message).as_deref(), expected, "{message}");
        }
    }
}
