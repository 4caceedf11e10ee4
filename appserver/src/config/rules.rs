//! The rules of AssumeRole for what an operator writes down, so that a mistake shows at start and
//! not at the first upload. Source: "AssumeRole", STS API 2015-04-01.

use std::borrow::Cow;

use serde_json::Value;
use upload_token::secret::Secret;

use crate::grants::USER;

/// Least life that AssumeRole issues, in seconds.
pub const SHORTEST_SESSION: u32 = 900;
/// Longest session of any role, in seconds.
pub const LONGEST_SESSION: u32 = 43_200;

/// What a page's own token allows unless the operator writes another policy: what the uploader calls.
pub const PAGE_POLICY: &str = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":["vod:CreateUploadVideo","vod:RefreshUploadVideo","vod:CreateUploadImage"],"Resource":"*"}]}"#;
/// What this server's own token allows, with which it calls VOD for pages in UploadAuth mode.
pub const SERVER_POLICY: &str = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":["vod:CreateUploadVideo","vod:RefreshUploadVideo","vod:CreateUploadImage","vod:CreateUploadAttachedMedia"],"Resource":"*"}]}"#;
/// Longest session policy, in characters.
const LONGEST_POLICY: usize = 2_048;
/// Longest session name, in characters.
const LONGEST_SESSION_NAME: usize = 64;
/// Regions where VOD is.
const VOD_REGIONS: [&str; 12] = [
    "ap-northeast-1",
    "ap-southeast-1",
    "ap-southeast-3",
    "ap-southeast-5",
    "ap-south-1",
    "cn-beijing",
    "cn-hangzhou",
    "cn-hongkong",
    "cn-shanghai",
    "cn-shenzhen",
    "eu-central-1",
    "us-west-1",
];

/// The outcome of a rule: the value, or what it must be instead.
pub type Ruled<T> = Result<T, Cow<'static, str>>;

fn made_of(text: &str, others: &[u8]) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || others.contains(&byte))
}

/// `acs:ram::<account>:role/<name>`.
///
/// # Errors
///
/// If it has another form.
pub fn role_arn(text: &str) -> Ruled<String> {
    let parts = text.strip_prefix("acs:ram::").and_then(|rest| rest.split_once(":role/"));
    let good = parts.is_some_and(|(account, name)| {
        !account.is_empty()
            && account.bytes().all(|byte| byte.is_ascii_digit())
            && role_name(name).is_ok()
    });
    if good {
        Ok(text.to_owned())
    } else {
        Err(Cow::Borrowed("must have the form acs:ram::<account>:role/<name>"))
    }
}

/// The name of a role.
///
/// # Errors
///
/// If it has another form.
pub fn role_name(text: &str) -> Ruled<String> {
    if (1..=64).contains(&text.len()) && made_of(text, b".@_-") {
        Ok(text.to_owned())
    } else {
        Err(Cow::Borrowed("must be the name of a role"))
    }
}

/// Id of a long-lived key.
///
/// # Errors
///
/// If it is a temporary one, or no id.
pub fn access_key_id(text: &str) -> Ruled<String> {
    if text.starts_with("STS.") {
        return Err(Cow::Borrowed(
            "must be the long-lived key of a RAM user: a temporary one dies while the server runs, unless \
             ALIBABA_CLOUD_ECS_METADATA or ALIBABA_CLOUD_CREDENTIALS_URI lends another one",
        ));
    }
    if (8..=128).contains(&text.len()) && made_of(text, b"._-") {
        Ok(text.to_owned())
    } else {
        Err(Cow::Borrowed("must be an AccessKey id"))
    }
}

/// 2–1,224 of `A-Za-z0-9_+=,.@:/-`.
///
/// # Errors
///
/// If it has another length or other characters.
pub fn external_id(text: &str) -> Ruled<String> {
    if (2..=1_224).contains(&text.len()) && made_of(text, b"_+=,.@:/-") {
        Ok(text.to_owned())
    } else {
        Err(Cow::Borrowed("must have 2 to 1,224 characters of A-Z a-z 0-9 _ + = , . @ : / -"))
    }
}

/// A session policy by RAM's grammar, at most 2,048 characters with the longest user filled in; `none` for no policy.
///
/// # Errors
///
/// If it is too long, no policy, or one that allows nothing.
pub fn policy(text: &str) -> Ruled<Option<String>> {
    if text == "none" {
        return Ok(None);
    }
    let users = text.matches(USER).count();
    let longest = text.chars().count() + users * (LONGEST_SESSION_NAME - USER.len());
    if longest > LONGEST_POLICY {
        return Err(Cow::Borrowed("must have at most 2,048 characters, the user's name filled in"));
    }
    let policy: Value = serde_json::from_str(text)
        .map_err(|_| "must be a RAM policy in JSON with Version and Statement, or none")?;
    if policy.get("Version").and_then(Value::as_str) != Some("1") {
        return Err(Cow::Borrowed("must be a RAM policy: its Version must be \"1\""));
    }
    let statements = match policy.get("Statement") {
        Some(Value::Array(statements)) => statements.as_slice(),
        Some(one @ Value::Object(_)) => std::slice::from_ref(one),
        _ => return Err(Cow::Borrowed("must be a RAM policy: its Statement must be a list")),
    };
    for statement in statements {
        check_statement(statement)?;
    }
    let allows = |statement: &Value| statement.get("Effect").is_some_and(|is| is == "Allow");
    if statements.iter().any(allows) {
        Ok(Some(text.to_owned()))
    } else {
        Err(Cow::Borrowed("must allow something: no statement has the Effect Allow"))
    }
}

fn check_statement(statement: &Value) -> Ruled<()> {
    let texts = |names: [&str; 2]| {
        names.iter().filter_map(|name| statement.get(name)).any(|value| match value {
            Value::String(text) => !text.is_empty(),
            Value::Array(items) => !items.is_empty() && items.iter().all(Value::is_string),
            _ => false,
        })
    };
    if !matches!(statement.get("Effect").and_then(Value::as_str), Some("Allow" | "Deny")) {
        Err(Cow::Borrowed("must have the Effect Allow or Deny in each statement"))
    } else if !texts(["Action", "NotAction"]) {
        Err(Cow::Borrowed("must have an Action in each statement: a text or a list of texts"))
    } else if !texts(["Resource", "NotResource"]) {
        Err(Cow::Borrowed("must have a Resource in each statement: a text or a list of texts"))
    } else {
        Ok(())
    }
}

/// Whether `policy` may allow anything of VOD, which every upload by this server needs.
#[must_use]
pub fn allows_vod(policy: &str) -> bool {
    let policy: Value = serde_json::from_str(policy).unwrap_or_default();
    let statements = match policy.get("Statement") {
        Some(Value::Array(statements)) => statements.as_slice(),
        one => one.map(std::slice::from_ref).unwrap_or_default(),
    };
    let of_vod = |action: &Value| {
        action.as_str().is_some_and(|action| action == "*" || action.starts_with("vod:"))
    };
    statements
        .iter()
        .filter(|statement| statement.get("Effect").is_some_and(|is| is == "Allow"))
        .any(|statement| match statement.get("Action") {
            Some(Value::Array(actions)) => actions.iter().any(of_vod),
            Some(one) => of_vod(one),
            None => statement.get("NotAction").is_some(),
        })
}

/// A region id such as `cn-shanghai`.
///
/// # Errors
///
/// If it has another form.
pub fn region(text: &str) -> Ruled<String> {
    let good = (4..=32).contains(&text.len())
        && text.contains('-')
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if good {
        Ok(text.to_owned())
    } else {
        Err(Cow::Borrowed("must be a region id such as cn-shanghai"))
    }
}

/// A region where VOD is.
///
/// # Errors
///
/// If it is none that is known.
pub fn vod_region(text: &str) -> Ruled<String> {
    let region = region(text)?;
    if VOD_REGIONS.contains(&region.as_str()) {
        Ok(region)
    } else {
        let known = VOD_REGIONS.join(", ");
        Err(Cow::Owned(format!(
            "must be one of {known}; for another, set UPLOAD_TOKEN_VOD_ENDPOINT as well"
        )))
    }
}

/// A secret of at least 32 characters, none of which is a space: that would be two secrets without their comma.
///
/// # Errors
///
/// If it is shorter, or holds a space.
pub fn long_secret(text: &str) -> Result<Secret<String>, &'static str> {
    if text.contains(char::is_whitespace) {
        Err("must hold no space: several stand with commas, or one a line")
    } else if text.len() >= 32 {
        Ok(Secret::new(text.to_owned()))
    } else {
        Err("must have at least 32 characters, as `openssl rand -hex 32` makes them")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_named_as_ram_names_it() {
        assert!(role_arn("acs:ram::1234567890123456:role/web-upload").is_ok());
        for bad in [
            "",
            "web-upload",
            "acs:ram::x:role/a",
            "acs:ram:::role/a",
            "acs:ram::1:role/",
            "acs:ram::1:user/a",
            "acs:ram::1:role/a b",
        ] {
            assert!(role_arn(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_policy_is_json_of_at_most_2048_characters() {
        assert_eq!(policy("none"), Ok(None));
        for good in [PAGE_POLICY, SERVER_POLICY] {
            assert_eq!(policy(good), Ok(Some(good.to_owned())));
        }
        let pad = |length: usize, resource: &str| {
            let bare = PAGE_POLICY.replace("\"*\"", &format!("\"{resource}\""));
            format!("{}{bare}", " ".repeat(length - bare.len()))
        };
        assert!(policy(&pad(2_048, "*")).is_ok());
        assert!(policy(&pad(2_049, "*")).is_err());
        assert!(policy(&pad(2_048 - 57, USER)).is_ok());
        assert!(policy(&pad(2_049 - 57, USER)).is_err(), "the longest name must fit");
        let with = |statement: &str| format!(r#"{{"Version":"1","Statement":{statement}}}"#);
        for bad in [
            String::new(),
            String::from("{}"),
            String::from("[]"),
            String::from(r#"{"Version":"1"}"#),
            PAGE_POLICY.replace("\"1\"", "\"2\""),
            PAGE_POLICY.replace("Allow", "Alow"),
            PAGE_POLICY.replace("Allow", "Deny"),
            PAGE_POLICY.replace("Resource", "Ressource"),
            with("{}"),
            with("[]"),
            with(r#"[{"Effect":"Allow","Action":[],"Resource":"*"}]"#),
        ] {
            assert!(policy(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_temporary_key_is_refused_as_the_servers_own() {
        assert!(access_key_id("LTAI5tExampleExample1234").is_ok());
        for bad in ["STS.NUexample", "", "short", "LTAI with spaces"] {
            assert!(access_key_id(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn external_ids_and_regions_follow_their_alphabets() {
        assert!(
            external_id("a/b:c@d=e").is_ok()
                && external_id("a").is_err()
                && external_id("a b").is_err()
        );
        assert!(external_id(&"x".repeat(1_225)).is_err());
        assert!(vod_region("ap-southeast-1").is_ok() && region("cn-nowhere").is_ok());
        for bad in ["cn-nowhere", "Shanghai", "cn/x"] {
            assert!(vod_region(bad).is_err(), "{bad}");
        }
    }
}
