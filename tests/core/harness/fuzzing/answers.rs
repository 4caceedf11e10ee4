//! Any bytes as an AppServer's answer, through each of the readers.
//!
//! ```text
//! byte 0       bit 0: there is a status; bits 1 to 4: Date, Age, Retry-After, Cache-Control are there
//! bytes 1, 2   the status, little-endian
//! then         a line for each header that is there
//! then         the body
//! ```

use upload_token::{
    error::Error,
    json::Json,
    reply::{self, LIFE_MAX, Meta, RETRY_AFTER_MAX, Reply},
    token::{StsToken, UploadAuth},
};

/// What every secret of the fixtures contains.
const CANARIES: [&str; 2] = ["CanarySecret", "CanaryToken"];

/// One input, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: Option<u16>,
    /// `Date`, `Age`, `Retry-After`, `Cache-Control`.
    pub headers: [Option<String>; 4],
    pub body: Vec<u8>,
}

impl Answer {
    /// `None` if the bytes end before the body begins.
    pub fn read(data: &[u8]) -> Option<Self> {
        let [flags, low, high, rest @ ..] = data else { return None };
        let status = (flags & 1 != 0).then_some(u16::from_le_bytes([*low, *high]));
        let mut headers = [const { None }; 4];
        let mut rest = rest;
        for (bit, header) in (1..).zip(&mut headers) {
            if flags & (1 << bit) == 0 {
                continue;
            }
            let end = rest.iter().position(|&byte| byte == b'\n')?;
            *header = Some(String::from_utf8_lossy(&rest[..end]).into_owned());
            rest = &rest[end + 1..];
        }
        Some(Self { status, headers, body: rest.to_vec() })
    }

    /// The bytes that [`Answer::read`] takes apart. A header must be one line.
    pub fn write(&self) -> Vec<u8> {
        let mut flags = u8::from(self.status.is_some());
        let mut lines = Vec::new();
        for (bit, header) in (1..).zip(&self.headers) {
            let Some(text) = header else { continue };
            flags |= 1 << bit;
            lines.extend_from_slice(text.as_bytes());
            lines.push(b'\n');
        }
        let [low, high] = self.status.unwrap_or_default().to_le_bytes();
        [&[flags, low, high], &*lines, &*self.body].concat()
    }
}

/// How many of the readers found a credential.
///
/// # Panics
///
/// If a credential that cannot work came out, an error that tells a secret, or two outcomes of one answer.
pub fn run(data: &[u8]) -> usize {
    let Some(answer) = Answer::read(data) else { return 0 };
    // As a browser decodes a body: what is no UTF-8 becomes U+FFFD.
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    let [date, age, retry_after, cache_control] =
        answer.headers.each_ref().map(|header| header.as_deref());
    let meta =
        Meta { status: answer.status, date, age, retry_after, cache_control, redirected: false };
    let value = parse(&text);
    let body = || Json::String(text.clone());

    let sts = reply::read(body(), &meta, &parse);
    if let Some(value @ Json::Object(_)) = &value {
        let again = reply::read(value.clone(), &meta, &parse);
        assert!(again == sts, "a value and its text are two answers: {again:?}, {sts:?}");
    }
    let auth = reply::read_upload_auth(body(), &meta, &parse);
    let failure = reply::read_failure(answer.status.unwrap_or(500), value.clone(), &meta, &parse);
    assert_error_sound(&failure, value.as_ref());
    if let Ok(reply) = &auth {
        assert_auth_sound(&reply.token);
    }
    let found = [
        outcome(&sts, |token| token, value.as_ref()),
        outcome(&auth, |auth| &auth.token, value.as_ref()),
    ];
    found.into_iter().filter(|found| *found).count()
}

fn parse(text: &str) -> Option<Json> {
    serde_json::from_str(text).ok()
}

fn outcome<T: core::fmt::Debug>(
    result: &Result<Reply<T>, Error>,
    token: impl Fn(&T) -> &StsToken,
    answer: Option<&Json>,
) -> bool {
    match result {
        Ok(reply) => {
            assert_reply_sound(reply, token(&reply.token));
            true
        }
        Err(error) => {
            assert_error_sound(error, answer);
            false
        }
    }
}

/// What holds of every answer that was accepted.
pub fn assert_reply_sound<T: core::fmt::Debug>(reply: &Reply<T>, token: &StsToken) {
    let StsToken { access_key_id, access_key_secret, security_token } = token;
    for part in [access_key_id, access_key_secret.expose(), security_token.expose()] {
        assert!(!part.is_empty(), "a part of the token is empty");
        assert!(part.bytes().all(|byte| byte.is_ascii_graphic()), "a part would break its header");
    }
    assert!(!access_key_id.starts_with("LTAI"), "a long-lived key was accepted");
    assert!(reply.expiry.left.is_none_or(|left| (1..=LIFE_MAX).contains(&left)), "{reply:?}");
    if let (Some(at), Some(server)) = (reply.expiry.at, reply.server_time) {
        assert!((1..=LIFE_MAX).contains(&server.at.until(at)), "{reply:?}");
    }
    let mut names: Vec<_> = reply.warnings.iter().map(|warning| warning.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), reply.warnings.len(), "a warning is given once");
    assert_token_silent(token);
}

/// `Debug` of a token shows its id and nothing else of it.
fn assert_token_silent(token: &StsToken) {
    let printed = format!("{token:?}").replace(&format!("{:?}", token.access_key_id), "");
    for canary in CANARIES {
        assert!(!printed.contains(canary), "a token that is printed shows {canary}");
    }
}

fn assert_auth_sound(auth: &UploadAuth) {
    let UploadAuth { token, upload_auth, upload_address, address, video_id, image_id, .. } = auth;
    assert!(!upload_auth.expose().is_empty(), "an empty UploadAuth");
    if !upload_address.is_empty() {
        let read = reply::read_upload_address(upload_address, &parse);
        assert!(read.is_ok(), "an UploadAddress was accepted that cannot be read: {read:?}");
        assert_eq!(read.ok(), *address);
    }
    for (word, longest) in
        [(video_id, 128), (image_id, 128), (&auth.media_id, 128), (&auth.ticket, 512)]
    {
        let Some(word) = word else { continue };
        let fits = (1..=longest).contains(&word.len());
        assert!(fits && word.bytes().all(|byte| byte.is_ascii_graphic()));
    }
    assert_token_silent(token);
}

/// What holds of every error: it tells nothing that stands in the answer under a secret's name, and no text of
/// the answer but a short word that the server calls its code.
pub fn assert_error_sound(error: &Error, answer: Option<&Json>) {
    let answered = error.answered();
    let told = answered.and_then(|answered| answered.code.as_deref()).unwrap_or_default();
    let message = answered.and_then(|answered| answered.message.as_deref()).unwrap_or_default();
    let id = answered.and_then(|answered| answered.request_id.as_deref()).unwrap_or_default();
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    assert!(told.len() <= 64 && told.bytes().all(allowed), "no code, but a text");
    assert!(!told.starts_with("LTAI"), "a long-lived key is told");
    for printed in [error.to_string(), format!("{error:?}")] {
        // Without what is the server's own: under no secret's name, a canary is a word like any other.
        let printed = [message, told, id]
            .iter()
            .filter(|told| !told.is_empty())
            .fold(printed, |printed, told| {
                printed.replace(&format!("{told:?}"), "").replace(told, "")
            });
        for canary in CANARIES {
            assert!(!printed.contains(canary), "an error tells {canary}: {printed}");
        }
    }
    for (what, word) in [("code", told), ("request id", id)] {
        let is_secret = answer.is_some_and(|answer| has_secret_with(answer, word));
        assert!(word.is_empty() || !is_secret, "the {what} is a part of a secret");
    }
    assert!(message.chars().count() <= 256, "the message is not cut");
    if let Some(answer) = answer {
        for word in message.split(' ').filter(|word| word.len() > 8) {
            assert!(!has_secret_with(answer, word), "the message tells a part of a secret");
        }
    }
    if let Some(wait) = error.retry_after() {
        assert!((1..=RETRY_AFTER_MAX).contains(&wait), "{error:?}");
    }
    assert!(!error.code().is_empty());
    let _ = error.class();
}

/// Whether a member of `json` with the name of a secret contains `text`, at any depth.
fn has_secret_with(json: &Json, text: &str) -> bool {
    match json {
        Json::Array(elements) => elements.iter().any(|json| has_secret_with(json, text)),
        Json::Object(members) => members.iter().any(|(key, json)| {
            let key: String = key.chars().filter(|c| !matches!(c, '_' | '-')).collect();
            let secret = ["accesskeysecret", "securitytoken"].contains(&&*key.to_ascii_lowercase());
            match json {
                // What is JSON itself is read as members, each under its own name.
                Json::String(value) if parse(value).is_some_and(|json| json.as_str().is_none()) => {
                    has_secret_with(&parse(value).unwrap_or(Json::Null), text)
                }
                Json::String(value) => secret && value.contains(text),
                json => has_secret_with(json, text),
            }
        }),
        _ => false,
    }
}
