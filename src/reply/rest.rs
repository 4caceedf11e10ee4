//! What an answer says beside its credential, for the page: a bucket, a directory, a record of its own.

use super::{
    members::plain,
    search::IDS,
    secrets::{Secrets, is_secret},
};
use crate::json::Json;

/// `json` without its credential: members that are named as a part of one or hold one are left out.
pub(super) fn without_secrets(json: &Json, secrets: &Secrets<'_>) -> Json {
    if hides("", json, secrets) { Json::Null } else { below("", json, secrets) }
}

/// The same of what stands in a member called `key`; the texts of a list have its name.
fn below(key: &str, json: &Json, secrets: &Secrets<'_>) -> Json {
    match json {
        Json::Object(members) => {
            let kept = members.iter().filter(|(key, value)| !hides(key, value, secrets));
            let kept = kept.map(|(key, value)| (key.clone(), below(key, value, secrets)));
            Json::Object(kept.collect::<Vec<_>>())
        }
        Json::Array(elements) => {
            let kept = elements.iter().filter(|value| !hides(key, value, secrets));
            Json::Array(kept.map(|value| below(key, value, secrets)).collect::<Vec<_>>())
        }
        json => json.clone(),
    }
}

fn hides(key: &str, value: &Json, secrets: &Secrets<'_>) -> bool {
    match value {
        Json::String(text) => {
            is_secret(key, text) || IDS.contains(&&*plain(key)) || secrets.within(text)
        }
        // Each cookie in it is one, whatever it is called.
        Json::Object(_) => plain(key).contains("cookie"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::search::Tree, *};
    use std::{string::String, vec};

    #[test]
    fn a_secret_is_left_out_of_lists_and_under_any_of_its_names() {
        let text = |text: &str| Json::String(String::from(text));
        let member = |key: &str, value| (String::from(key), value);
        let json = Json::Object(vec![
            member("dir", text("users/7/")),
            member(
                "headers",
                Json::Object(vec![
                    member("set-cookie", Json::Array(vec![text("sid=7"), text("csrf=8")])),
                    member("content-type", text("text/plain")),
                ]),
            ),
            member("cookies", Json::Object(vec![member("sid", text("7"))])),
            member("jwt", text("eyJ7")),
            member("userJwt", text("eyJ7")),
            member("sk", text("7")),
            member("sessionId", text("7")),
            member("task", text("upload")),
            member("risk", Json::Array(vec![text("low")])),
        ]);
        let kept = Json::Object(vec![
            member("dir", text("users/7/")),
            member(
                "headers",
                Json::Object(vec![
                    member("set-cookie", Json::Array(vec![])),
                    member("content-type", text("text/plain")),
                ]),
            ),
            member("task", text("upload")),
            member("risk", Json::Array(vec![text("low")])),
        ]);
        let secrets = Secrets::of(&Tree::new(&Json::Null));
        assert!(without_secrets(&json, &secrets) == kept);
    }
}
