//! What in an answer must not be shown, and texts without it.

use super::{
    expiry_names::names_end,
    expiry_values::says_end,
    keys::{HIDDEN, hide_keys},
    members::plain,
    search::{AMBIGUOUS, Tree},
};
use crate::{json::Json, token::StsToken};

/// Shorter values of a secret's name stand for nothing: `"token": ""`, `"secret": "no"`.
const SECRET_MIN: usize = 6;
/// Shorter parts of a secret may be there by chance.
const PART_MIN: usize = 9;

/// Whether a member may hold a secret, by its name. An end of a token has the token in its name, too.
pub(super) fn is_secret(key: &str, text: &str) -> bool {
    names_secret(key) && !(names_end(key) && says_end(text))
}

fn names_secret(key: &str) -> bool {
    const PARTS: [&str; 24] = [
        "secret",
        "token",
        "jwt",
        "password",
        "passwd",
        "passphrase",
        "apikey",
        "privatekey",
        "sessionid",
        "sessid",
        "sessionkey",
        "aeskey",
        "deskey",
        "hmackey",
        "masterkey",
        "signkey",
        "signingkey",
        "encryptkey",
        "encryptionkey",
        "signature",
        "authorization",
        "cookie",
        "credential",
        "uploadauth",
    ];
    // In a longer name these are a part of a word.
    const WHOLE: [&str; 4] = ["sk", "sid", "pwd", "session"];
    let name = plain(key);
    PARTS.iter().any(|part| name.contains(part))
        || WHOLE.contains(&&*name)
        // Whosever it is; its id is none.
        || AMBIGUOUS.iter().any(|part| name.ends_with(part))
}

/// The values in an answer that must not be shown.
pub(super) struct Secrets<'a>(Vec<&'a str>);

impl<'a> Secrets<'a> {
    /// Every member with a secret's name, in any spelling of it: an answer may have several. Of a list, its texts.
    pub(super) fn of(tree: &Tree<'a>) -> Self {
        let texts = tree.objects().flatten().flat_map(|(key, value)| {
            let values = match value {
                Json::Array(elements) => elements.as_slice(),
                value => core::slice::from_ref(value),
            };
            let texts = values.iter().filter_map(|value| Some(value.as_str()?.trim_ascii()));
            texts.filter(move |text| text.len() >= SECRET_MIN && is_secret(key, text))
        });
        Self(texts.collect())
    }

    /// The parts of `token` too, whatever their names were.
    pub(super) fn and(mut self, token: &'a StsToken) -> Self {
        self.0.extend([&**token.access_key_secret.expose(), token.security_token.expose()]);
        self
    }

    /// Whether `text` is, holds, or is a part of one.
    pub(super) fn touch(&self, text: &str) -> bool {
        let is_part = |secret: &str| !text.is_empty() && secret.contains(text);
        self.0.iter().any(|secret| is_part(secret) || text.contains(secret))
    }

    /// Whether `text` is or holds one.
    pub(super) fn within(&self, text: &str) -> bool {
        self.0.iter().any(|secret| text.contains(secret))
    }

    /// `text` without them, and without what looks like one: a message may quote what it signed.
    pub(super) fn scrub(&self, text: &str) -> String {
        let mut out = text.to_owned();
        for secret in &self.0 {
            out = out.replace(secret, HIDDEN);
        }
        let words = out.split(|char: char| char.is_whitespace() || char.is_control());
        let mut scrubbed = String::new();
        for word in words.filter(|word| !word.is_empty()) {
            if !scrubbed.is_empty() {
                scrubbed.push(' ');
            }
            // A handler may have broken one in two.
            if word.len() >= PART_MIN && self.0.iter().any(|secret| secret.contains(word)) {
                scrubbed.push_str(HIDDEN);
            } else {
                hide_keys(word, &mut scrubbed);
            }
        }
        scrubbed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_dates_and_names_of_files_are_no_keys() {
        let tree = Tree::new(&Json::Null);
        for text in [
            "token: InvalidAccessKeyId.NotFound",
            "session error: NEED_LOGIN_AGAIN_AFTER_LOGOUT",
            "token error TOKEN_EXPIRED_LOGIN_401",
            "the token of x-oss-security-token is bad",
            "上传会话 my-holiday-Video-2026-final-V2b.mp4 已过期",
            "session IMG_20261201_101010-HD_final.jpg",
            "token at 2026-12-01-final-cut-of-the-day",
            "the session-based-authentication-filter refused",
            "jwt: user-not-allowed-to-upload-2-files",
            "bucket my-app-upload-bucket-cn-shanghai-2026 is full",
            "role/AliyunVODUploadRole-for-web-2026 is missing",
            "RequestId: 8E0C0F3D-1111-2222-3333-444455556666",
        ] {
            assert_eq!(Secrets::of(&tree).scrub(text), text);
        }
    }

    #[test]
    fn names_of_keys_and_sessions_are_those_of_secrets() {
        for name in [
            "session_key",
            "sessionKey",
            "session",
            "sessionToken",
            "aliyunAccessKey",
            "ossAccessKey",
            "accessKey",
            "aesKey",
            "encodingAESKey",
            "signKey",
            "encryptKey",
            "encryption_key",
            "passphrase",
        ] {
            assert!(names_secret(name), "{name}");
        }
        for name in [
            "key",
            "objectKey",
            "fileKey",
            "keyPrefix",
            "publicKey",
            "accessKeyId",
            "ossAccessKeyId",
            "sessionName",
            "accessKeyExpireTime",
            "sessionTokenExpiration",
            "monkey",
        ] {
            assert!(!is_secret(name, "2026-12-01T00:00:00Z"), "{name}");
        }
    }

    #[test]
    fn what_is_named_as_a_secret_and_as_an_end_is_told_by_its_value() {
        for name in ["expiringToken", "tokenWithTtl", "expirableJwt"] {
            assert!(is_secret(name, "CAIS9vG2rB7xM4nP0kD6wS3yF8hJ5tL1q"), "{name}");
        }
        for end in [
            "2026-12-01T00:00:00.000Z",
            "2026-12-01 00:00:00",
            "Tue, 01 Dec 2026 00:00:00 GMT",
            "1767229200000000000",
            "/Date(1767229200000+0800)/",
            "3600",
            "",
            "in half an hour or so",
        ] {
            assert!(!is_secret("tokenExpiration", end), "{end}");
        }
    }

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
                "no connection to redis://:hunter2@10.0.0.2:6379/0!",
                "no connection to redis://[secret]@10.0.0.2:6379/0!",
            ),
            ("jdbc:mysql://root:p@ss@db/sts", "jdbc:mysql://[secret]@db/sts"),
            ("GET https://me:pw@sts.example/a?b=c", "GET https://[secret]@sts.example/a?…"),
            (
                "ask https://cdn.example:8080/@scope/a.js",
                "ask https://cdn.example:8080/@scope/a.js",
            ),
            ("联系:admin@example.com", "联系:admin@example.com"),
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
            ("token 过期于 20260101T010000Z", "token 过期于 20260101T010000Z"),
            // base64url, nanoid and Sa-Token's "tik", whose `_` and `-` are letters of theirs.
            ("token 已被冻结：gr_SwoIN0MC1ewxHX_vfCW3BothWDZMMtx__", "token 已被冻结：[secret]"),
            ("session V1StGXR8_Z5jdHi6B-myT_x9Qa expired", "session [secret] expired"),
            ("V1StGXR8_Z5jdHi6B-myT is no session", "[secret] is no session"),
            ("会话 pQx_tRsW-uVkLmZaBcDe 已过期", "会话 [secret] 已过期"),
            ("token s9fk2mm4-b0q8_e7d1a3c5 expired", "token [secret] expired"),
            ("bad k9-Zq7mXw3VbN9tRk5LpY2sHd8fJc4g_x1", "bad [secret]"),
        ] {
            let shown = shown.replace("token=CAIS9vG2rB7xM4nP0kD6wS3yF8hJ5tL1q", HIDDEN);
            assert_eq!(none.scrub(text), shown);
        }
    }
}
