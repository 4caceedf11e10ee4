//! What the server wrote for people, and the number of its request: told as data, and without a secret.

use super::{
    complaint::GRANTED,
    members::{Members, begins, is_blank, member, text},
    search::{IDS, SECRETS, Tree},
    secrets::Secrets,
};
use crate::json::Json;

/// The longest message passed on, in characters.
const MESSAGE_MAX: usize = 256;

/// Names of a message. Those of the first [`REASONS`] say by themselves that they are one.
const MESSAGES: &[&str] = &[
    "errormessage",
    "errmsg",
    "errormsg",
    "message",
    "msg",
    "errordescription",
    "info",
    "detail",
    "retmsg",
    "resultmsg",
    "resultmessage",
    "usertip",
    "details",
    "reason",
    "description",
    "title",
    "error",
    "errors",
    "ret",
];
const REASONS: usize = 12;

/// Members that may hold a word such as `success`.
const OUTCOMES: &[&str] = &["status", "code", "result", "state"];

/// The first message for people in an answer.
pub(super) fn message(root: &Json, tree: &Tree<'_>, secrets: &Secrets<'_>) -> Option<String> {
    let found = match root {
        Json::String(text) => is_plain(text).then(|| text.clone()),
        _ => tree.find(|members| sentence(members, MESSAGES)).map(|(sentence, _)| sentence),
    };
    // What was read in another encoding than it was written in is no sentence.
    let scrubbed = secrets.scrub(&found.filter(|found| !found.contains('\u{fffd}'))?);
    let cut: String = scrubbed.chars().take(MESSAGE_MAX).collect();
    (!cut.is_empty()).then_some(cut)
}

/// Whether a text that is no JSON is for people: neither HTML nor broken JSON. It may begin with a bracket:
/// `[40301] 今日上传次数已用完`.
pub(super) fn is_plain(text: &str) -> bool {
    let text = text.trim_ascii();
    let inside = text.get(1..).unwrap_or_default().trim_ascii_start();
    match text.bytes().next() {
        Some(b'<') => false,
        Some(b'{') => !inside.is_empty() && !begins(inside, b"\"'}"),
        Some(b'[') => !inside.is_empty() && !begins(inside, b"\"'{[]"),
        _ => true,
    }
}

/// Whether an answer is a "no" in words alone: `{"code":0,"msg":"今日上传额度已用完","data":null}`.
///
/// What a code of 0 or 1 means, no two frameworks agree on. So it is one if it has a message, speaks nowhere of success,
/// and has nothing that may be a credential: that one would have a name or a form that is not known.
pub(super) fn refuses(root: &Json, tree: &Tree<'_>) -> bool {
    let Json::Object(members) = root else { return false };
    // Deeper, a message may be about anything: a list of comments has one in each.
    let below = members.iter().filter_map(|(_, value)| match value {
        Json::Object(members) => Some(&**members),
        _ => None,
    });
    let granted = member(members, GRANTED).is_some_and(|(_, value)| says_yes(value))
        || text(members, OUTCOMES).is_some_and(|(_, outcome)| says_success(outcome));
    let reasons = MESSAGES.get(..REASONS).unwrap_or_default();
    !granted
        && core::iter::once(&**members)
            .chain(below)
            .any(|members| sentence(members, reasons).is_some())
        && !tree.objects().any(may_grant)
}

fn says_yes(value: &Json) -> bool {
    *value == Json::Bool(true)
        || value.as_str().is_some_and(|text| text.eq_ignore_ascii_case("true"))
}

/// The first of `names` that holds words for people, and other words than those of success. Several are joined.
fn sentence(members: &Members, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| {
        let sentence = texts(name, member(members, &[name])?.1).join("; ");
        let words = sentence.bytes().any(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii());
        (words && !says_success(&sentence)).then_some(sentence)
    })
}

/// The texts of a message: itself, those of a list, or those of each field of a form.
fn texts<'a>(name: &str, value: &'a Json) -> Vec<&'a str> {
    let list = |value: &'a Json| match value {
        Json::Array(elements) => elements.iter().filter_map(Json::as_str).collect(),
        _ => Vec::from_iter(value.as_str()),
    };
    let texts = match (name, value) {
        // Beside it, a text of this name is a code.
        ("ret", Json::Array(_)) => {
            list(value).into_iter().filter_map(|text| Some(text.rsplit_once("::")?.1)).collect()
        }
        ("ret", _) => Vec::new(),
        // OData's: `{ "lang": "zh", "value": "…" }`.
        ("message", Json::Object(members)) => {
            text(members, &["value"]).map(|(_, value)| value).into_iter().collect()
        }
        ("errors", Json::Object(members)) => {
            members.iter().flat_map(|(_, value)| list(value)).collect()
        }
        _ => list(value),
    };
    texts.into_iter().map(str::trim_ascii).filter(|text| !text.is_empty()).collect()
}

/// Whether a message only says that all went well: `success`, `操作成功`, `Token fetched successfully.`
fn says_success(sentence: &str) -> bool {
    const WORDS: [&str; 9] = [
        "success",
        "successful",
        "successfully",
        "succeed",
        "succeeded",
        "ok",
        "done",
        "null",
        "none",
    ];
    let lower = sentence.to_ascii_lowercase();
    let bare = lower.trim_end_matches(['!', '.', '~', ' ', '！', '。']);
    if ["不", "未", "没", "非", "失败", "not ", "fail", "error"].iter().any(|no| bare.contains(no))
    {
        return false;
    }
    let mut words = bare.split(|char: char| !char.is_ascii_alphabetic());
    let first = words.next().unwrap_or_default();
    let last = words.next_back().unwrap_or(first);
    bare.ends_with("成功") || WORDS.contains(&first) || WORDS.contains(&last)
}

/// The shortest encrypted credential, and longer than most else that is no sentence.
const OPAQUE_MIN: usize = 64;

/// Whether an object has what may be a credential, or a part of one.
fn may_grant(members: &Members) -> bool {
    let named = [IDS, SECRETS, &["uploadauth", "uploadaddress"]];
    let opaque = |text: &str| {
        text.len() >= OPAQUE_MIN
            && text.bytes().all(|byte| byte.is_ascii_graphic())
            && !text.contains("://")
    };
    named.iter().any(|names| text(members, names).is_some_and(|(_, text)| !is_blank(text)))
        || members.iter().any(|(_, value)| value.as_str().is_some_and(opaque))
}

/// The cloud's number of the request.
pub(super) fn request_id(tree: &Tree<'_>, secrets: &Secrets<'_>) -> Option<String> {
    let ((_, id), _) = tree.find(|members| text(members, &["requestid"]))?;
    let id = id.trim_ascii();
    let plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    ((1..=64).contains(&id.len()) && plain && !secrets.touch(id)).then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_in_brackets_is_no_broken_json() {
        for text in ["[40301] no", "[GraphQL] 请先登录", "{0} is missing", "no", ""] {
            assert!(is_plain(text), "{text}");
        }
        for text in ["<p>", "{\"code\":1", "{", "[{\"a\":", "[\"a\",", "[[1", " [ ", "[]]"] {
            assert!(!is_plain(text), "{text}");
        }
    }

    #[test]
    fn success_is_told_from_a_no_in_either_language() {
        for sentence in [
            "success",
            "SUCCESS!",
            "ok",
            "OK.",
            "Successfully fetched the token",
            "get token success",
            "成功",
            "操作成功",
            "请求成功！",
            "获取STS凭证成功。",
            "null",
        ] {
            assert!(says_success(sentence), "{sentence}");
        }
        for sentence in [
            "今日上传额度已用完",
            "今日成功上传次数已用完",
            "操作不成功",
            "未能成功",
            "was not successful",
            "no uploads left",
            "请先登录",
        ] {
            assert!(!says_success(sentence), "{sentence}");
        }
    }
}
