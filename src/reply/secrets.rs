//! What in an answer must not be shown, and texts without it.

use std::{borrow::ToOwned, string::String, vec::Vec};

use super::{
    expiry_names::names_end,
    search::{AMBIGUOUS, Tree, plain},
};
use crate::{
    json::Json,
    text::{contains, replace, split_once},
    token::StsToken,
};

/// Letters and digits in a row that no sentence has, and every key.
const KEY_LIKE: usize = 24;
/// The same right behind a word for a session or its token.
const SESSION_LIKE: usize = 16;
/// Shorter values of a secret's name stand for nothing: `"token": ""`, `"secret": "no"`.
const SECRET_MIN: usize = 6;
/// Shorter parts of a secret may be there by chance.
const PART_MIN: usize = 9;
const HIDDEN: &str = "[secret]";

/// Whether a member of this name may hold a secret. An end of a token has the token in its name, too.
pub(super) fn names_secret(key: &str) -> bool {
    const PARTS: [&str; 14] = [
        "secret",
        "token",
        "jwt",
        "password",
        "passwd",
        "apikey",
        "privatekey",
        "sessionid",
        "sessid",
        "signature",
        "authorization",
        "cookie",
        "credential",
        "uploadauth",
    ];
    // In a longer name these are a part of a word.
    const WHOLE: [&str; 3] = ["sk", "sid", "pwd"];
    let name = plain(key);
    let secret = PARTS.iter().any(|part| contains(&name, part))
        || WHOLE.contains(&&*name)
        || AMBIGUOUS.contains(&&*name);
    secret && !names_end(key)
}

/// The values in an answer that must not be shown.
pub(super) struct Secrets<'a>(Vec<&'a str>);

impl<'a> Secrets<'a> {
    /// Every member with a secret's name, in any spelling of it: an answer may have several. Of a list, its texts.
    pub(super) fn of(tree: &Tree<'a>) -> Self {
        let named = tree.objects().flatten().filter(|(key, _)| names_secret(key));
        let values = named.flat_map(|(_, value)| match value {
            Json::Array(elements) => elements.as_slice(),
            value => core::slice::from_ref(value),
        });
        let texts = values.filter_map(|value| Some(value.as_str()?.trim_ascii()));
        Self(texts.filter(|text| text.len() >= SECRET_MIN).collect())
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
            // A handler may have broken one in two.
            if word.len() >= PART_MIN && self.0.iter().any(|secret| contains(secret, word)) {
                scrubbed.push_str(HIDDEN);
            } else {
                hide_keys(word, &mut scrubbed);
            }
        }
        scrubbed
    }
}

/// Appends a word without the query of its address, and without what may be a key. `out` is what stands before it.
fn hide_keys(word: &str, out: &mut String) {
    let (mut rest, cut) = match split_once(word, "?") {
        Some((address, query)) if query.contains('=') => (address, "?…"),
        // A query that was encoded to be signed.
        _ => match ["%3D", "%3d", "%253D"].iter().find_map(|equals| split_once(word, equals)) {
            Some((name, _)) => (name, "…"),
            None => (word, ""),
        },
    };
    while !rest.is_empty() {
        let (run, tail) = split_run(rest);
        let key = is_key(run, out);
        out.push_str(if key { HIDDEN } else { run });
        let mut chars = tail.chars();
        out.extend(chars.next());
        rest = chars.as_str();
    }
    out.push_str(cut);
}

/// What may be a key, from the start of `text`: letters and digits, a UUID, or a JSON web token.
fn split_run(text: &str) -> (&str, &str) {
    let signs: &[u8] = if text.starts_with("eyJ") { b"+=.-_" } else { b"+=" };
    let part = |byte: u8| byte.is_ascii_alphanumeric() || signs.contains(&byte);
    let run = text.bytes().position(|byte| !part(byte)).unwrap_or(text.len());
    text.split_at_checked(if is_uuid(text) { UUID } else { run }).unwrap_or((text, ""))
}

/// Whether a run is to be hidden, which stands behind `before`.
fn is_key(run: &str, before: &str) -> bool {
    let session = names_session(before);
    let digits = run.bytes().any(|byte| byte.is_ascii_digit());
    let letters = run.bytes().any(|byte| byte.is_ascii_alphabetic());
    // The number of a request is a UUID, too.
    let shown = is_uuid(run) && !session;
    let least = if session { SESSION_LIKE } else { KEY_LIKE };
    contains(run, "LTAI") || digits && letters && run.len() >= least && !shown
}

/// Whether a text ends shortly behind a word for a session, so that what follows may be its id.
fn names_session(text: &str) -> bool {
    const NEAR: usize = 24;
    const WORDS: [&str; 5] = ["token", "session", "jwt", "会话", "令牌"];
    let start = text.char_indices().rev().nth(NEAR).map_or(0, |(start, _)| start);
    let near = text.get(start..).unwrap_or_default().to_ascii_lowercase();
    // "The token is invalid, RequestId: …"
    let names = |word: &&str| {
        split_once(&near, word).is_some_and(|(_, behind)| !contains(behind, "request"))
    };
    WORDS.iter().any(names)
}

/// How long a UUID is, and where its hyphens stand.
const UUID: usize = 36;
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

/// Whether `text` begins with a UUID.
fn is_uuid(text: &str) -> bool {
    let part = |(at, byte): (usize, u8)| {
        if HYPHENS.contains(&at) { byte == b'-' } else { byte.is_ascii_hexdigit() }
    };
    let ends = text.as_bytes().get(UUID).is_none_or(|byte| !byte.is_ascii_alphanumeric());
    text.len() >= UUID && ends && text.bytes().take(UUID).enumerate().all(part)
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
            // What STS says it has signed, encoded once or twice; 16 letters are an id of the first years.
            (
                "string to sign is:GET&%2F&AccessKeyId%3DLTAIabcdEFGHijkl%26Action%3DAssumeRole",
                "string to sign is:GET&%2F&AccessKeyId…",
            ),
            ("id%26LTAIabcdEFGHijkl%26 no", "id%[secret]%26 no"),
            ("a%253DLTAIabcdEFGHijkl%2526", "a…"),
            // The id of a session
            ("token 无效：550e8400-e29b-41d4-a716-446655440000", "token 无效：[secret]"),
            ("会话 550e8400-e29b-41d4-a716-446655440000 已过期", "会话 [secret] 已过期"),
            ("no login_tokens:550e8400-e29b-41d4-a716-446655440000", "no login_tokens:[secret]"),
            ("Session s9fk2mm4b0q8e7d1a3c5 expired", "Session [secret] expired"),
            (
                "bad jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3In0.s-ig_1-s, sorry",
                "bad jwt [secret], sorry",
            ),
            (
                "token refused, RequestId: 8E0C0F3D-1111-2222-3333-444455556666",
                "token refused, RequestId: 8E0C0F3D-1111-2222-3333-444455556666",
            ),
            (
                "the token expired at 2026-01-01T00:00:00Z",
                "the token expired at 2026-01-01T00:00:00Z",
            ),
        ] {
            let shown = shown.replace("token=CAIS9vG2rB7xM4nP0kD6wS3yF8hJ5tL1q", HIDDEN);
            assert_eq!(none.scrub(text), shown);
        }
    }
}
