//! What the server wrote for people, and the number of its request: told as data, and without a secret.

use std::{borrow::ToOwned, string::String};

use super::{
    search::{Tree, begins, text},
    secrets::Secrets,
};
use crate::json::Json;

/// The longest message passed on, in characters.
const MESSAGE_MAX: usize = 256;

const MESSAGES: &[&str] = &[
    "errormessage",
    "errmsg",
    "errormsg",
    "message",
    "msg",
    "errordescription",
    "detail",
    "details",
    "reason",
    "description",
    "title",
    "info",
    "error",
];

/// The first message for people in an answer.
pub(super) fn message(root: &Json, tree: &Tree<'_>, secrets: &Secrets<'_>) -> Option<String> {
    let found = match root {
        Json::String(text) if !begins(text.trim_ascii(), b"<{[") => Some(text.as_str()),
        _ => tree
            .find(|members| {
                text(members, MESSAGES).filter(|(_, text)| !text.trim_ascii().is_empty())
            })
            .map(|((_, text), _)| text),
    };
    let scrubbed = secrets.scrub(found?);
    let cut: String = scrubbed.chars().take(MESSAGE_MAX).collect();
    (!cut.is_empty()).then_some(cut)
}

/// The cloud's number of the request.
pub(super) fn request_id(tree: &Tree<'_>, secrets: &Secrets<'_>) -> Option<String> {
    let ((_, id), _) = tree.find(|members| text(members, &["requestid"]))?;
    let id = id.trim_ascii();
    let plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    ((1..=64).contains(&id.len()) && plain && !secrets.touch(id)).then(|| id.to_owned())
}
