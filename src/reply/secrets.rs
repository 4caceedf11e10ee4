//! What in an answer must not be shown, and texts without it.

use std::{borrow::ToOwned, string::String, vec::Vec};

use super::{
    expiry_names::end_name,
    search::{AMBIGUOUS, Tree, plain},
};
use crate::{
    json::Json,
    text::{contains, replace, split_once},
    token::StsToken,
};

/// Letters and digits in a row that no sentence has, and every key.
const KEY_LIKE: usize = 24;
/// Shorter values of a secret's name stand for nothing: `"token": ""`, `"secret": "no"`.
const SECRET_MIN: usize = 6;
const HIDDEN: &str = "[secret]";

/// Whether a member of this name may hold a secret. An end of a token has the token in its name, too.
pub(super) fn names_secret(key: &str) -> bool {
    const PARTS: [&str; 8] = [
        "secret",
        "token",
        "password",
        "signature",
        "authorization",
        "cookie",
        "credential",
        "uploadauth",
    ];
    let name = plain(key);
    let secret = PARTS.iter().any(|part| contains(&name, part)) || AMBIGUOUS.contains(&&*name);
    secret && end_name(key).is_none()
}

/// The values in an answer that must not be shown.
pub(super) struct Secrets<'a>(Vec<&'a str>);

impl<'a> Secrets<'a> {
    /// Every member with a secret's name, in any spelling of it: an answer may have several.
    pub(super) fn of(tree: &Tree<'a>) -> Self {
        let secret = |(key, value): &'a (String, Json)| {
            let value = value.as_str().filter(|_| names_secret(key))?.trim_ascii();
            (value.len() >= SECRET_MIN).then_some(value)
        };
        Self(tree.objects().flatten().filter_map(secret).collect())
    }

    /// The parts of `token` too, whatever their names were.
    pub(super) fn and(mut self, token: &'a StsToken) -> Self {
        self.0.extend([&**token.access_key_secret.expose(), token.security_token.expose()]);
        self
    }

    /// Whether `text` is, holds, or is a part of one.
    pub(super) fn touch(&self, text: &str) -> bool {
        self.0.iter().any(|secret| contains(secret, text) || contains(text, secret))
    }

    /// Whether `text` is or holds one.
    pub(super) fn within(&self, text: &str) -> bool {
        self.0.iter().any(|secret| contains(text, secret))
    }

    /// `text` without them, and without what looks like one: a message may quote what it signed.
    pub(super) fn scrub(&self, text: &str) -> String {
        let mut out = text.to_owned();
        for secret in &self.0 {
            out = replace(&out, secret, HIDDEN);
        }
        let words = out.split(|char: char| char.is_whitespace() || char.is_control());
        let mut scrubbed = String::new();
        for word in words.filter(|word| !word.is_empty()) {
            if !scrubbed.is_empty() {
                scrubbed.push(' ');
            }
            scrubbed.push_str(&hide_keys(word));
        }
        scrubbed
    }
}

/// A word without the query of its address, and without what may be a key.
fn hide_keys(word: &str) -> String {
    let (word, cut) = match split_once(word, "?") {
        Some((address, query)) if query.contains('=') => (address, "?…"),
        _ => (word, ""),
    };
    let mut out = String::new();
    let mut rest = word;
    while !rest.is_empty() {
        let part = |char: char| char.is_ascii_alphanumeric() || char == '+' || char == '=';
        let run = rest.find(|char| !part(char)).unwrap_or(rest.len());
        let (head, tail) = rest.split_at_checked(run).unwrap_or((rest, ""));
        let digits = head.bytes().any(|byte| byte.is_ascii_digit());
        let letters = head.bytes().any(|byte| byte.is_ascii_alphabetic());
        let key = head.len() >= KEY_LIKE && digits && letters || head.starts_with("LTAI");
        out.push_str(if key { HIDDEN } else { head });
        let mut chars = tail.chars();
        out.extend(chars.next());
        rest = chars.as_str();
    }
    out.push_str(cut);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_loses_what_may_be_a_key() {
        let tree = Tree::new(&Json::Null);
        let none = Secrets::of(&tree);
        for (text, shown) in [
            ("user 1001 is disabled", "user 1001 is disabled"),
            ("请先登录。", "请先登录。"),
            ("two\r\n lines\u{0}and a zero", "two lines and a zero"),
            ("key LTAI5tCanary, refused", "key [secret], refused"),
            (
                "token=CAIS9vG2rB7xM4nP0kD6wS3yF8hJ5tL1q!",
                "token=CAIS9vG2rB7xM4nP0kD6wS3yF8hJ5tL1q!",
            ),
            (
                "see https://sts.example/?AccessKeyId=STS.a&Signature=b now",
                "see https://sts.example/?… now",
            ),
            ("really? yes", "really? yes"),
            (
                "request 8E0C0F3D-1111-2222-3333-444455556666",
                "request 8E0C0F3D-1111-2222-3333-444455556666",
            ),
        ] {
            let shown = shown.replace("token=CAIS9vG2rB7xM4nP0kD6wS3yF8hJ5tL1q", HIDDEN);
            assert_eq!(none.scrub(text), shown);
        }
    }
}
