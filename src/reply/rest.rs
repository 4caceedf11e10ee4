//! What an answer says beside its credential, for the page: a bucket, a directory, a record of its own.

use std::vec::Vec;

use super::{
    search::{IDS, plain},
    secrets::{Secrets, names_secret},
};
use crate::json::Json;

/// `json` without its credential: members that are named as a part of one or hold one are left out.
pub(super) fn without_secrets(json: &Json, secrets: &Secrets<'_>) -> Json {
    match json {
        Json::Object(members) => Json::Object(
            members
                .iter()
                .filter(|(key, value)| !hides(key, value, secrets))
                .map(|(key, value)| (key.clone(), without_secrets(value, secrets)))
                .collect(),
        ),
        Json::Array(elements) => {
            let kept = elements.iter().filter(|value| !hides("", value, secrets));
            Json::Array(kept.map(|value| without_secrets(value, secrets)).collect::<Vec<_>>())
        }
        Json::String(_) if hides("", json, secrets) => Json::Null,
        json => json.clone(),
    }
}

fn hides(key: &str, value: &Json, secrets: &Secrets<'_>) -> bool {
    let part = || names_secret(key) || IDS.contains(&&*plain(key));
    value.as_str().is_some_and(|text| part() || secrets.within(text))
}
