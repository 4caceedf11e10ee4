//! The rules of AssumeRole for what an operator writes down, so that a mistake shows at start and
//! not at the first upload. Source: "AssumeRole", STS API 2015-04-01.

use serde_json::Value;

/// Least life that AssumeRole issues, in seconds.
pub const SHORTEST_SESSION: u32 = 900;
/// Longest session of any role, in seconds.
pub const LONGEST_SESSION: u32 = 43_200;

/// What a session policy allows unless the operator writes another: what the uploader calls.
pub const UPLOAD_POLICY: &str = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":["vod:CreateUploadVideo","vod:RefreshUploadVideo","vod:CreateUploadImage"],"Resource":"*"}]}"#;

/// The outcome of a rule: the value, or what it must be instead.
pub type Ruled<T> = Result<T, &'static str>;

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
            && (1..=64).contains(&name.len())
            && made_of(name, b".@_-")
    });
    if good {
        Ok(text.to_owned())
    } else {
        Err("must have the form acs:ram::<account>:role/<name>")
    }
}

/// Id of a long-lived key.
///
/// # Errors
///
/// If it is a temporary one, or no id.
pub fn access_key_id(text: &str) -> Ruled<String> {
    if text.starts_with("STS.") {
        return Err(
            "must be the long-lived key of a RAM user: a temporary one dies while the server runs",
        );
    }
    if (8..=128).contains(&text.len()) && made_of(text, b"._-") {
        Ok(text.to_owned())
    } else {
        Err("must be an AccessKey id")
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
        Err("must have 2 to 1,224 characters of A-Z a-z 0-9 _ + = , . @ : / -")
    }
}

/// A session policy: JSON with `Version` and `Statement`, at most 2,048 characters; `none` for no policy.
///
/// # Errors
///
/// If it is too long or no policy.
pub fn policy(text: &str) -> Ruled<Option<String>> {
    if text == "none" {
        return Ok(None);
    }
    if text.chars().count() > 2_048 {
        return Err("must have at most 2,048 characters");
    }
    let policy: Option<Value> = serde_json::from_str(text).ok();
    let has = |name, is: fn(&Value) -> bool| {
        policy.as_ref().and_then(|policy| policy.get(name)).is_some_and(is)
    };
    let whole = has("Version", Value::is_string) && has("Statement", Value::is_array);
    if whole {
        Ok(Some(text.to_owned()))
    } else {
        Err("must be a RAM policy in JSON with Version and Statement, or none")
    }
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
    if good { Ok(text.to_owned()) } else { Err("must be a region id such as cn-shanghai") }
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
        assert_eq!(policy(UPLOAD_POLICY), Ok(Some(UPLOAD_POLICY.to_owned())));
        let pad = |length: usize| {
            let bare = r#"{"Version":"1","Statement":[]}"#;
            format!("{}{bare}", " ".repeat(length - bare.len()))
        };
        assert!(policy(&pad(2_048)).is_ok());
        assert!(policy(&pad(2_049)).is_err());
        for bad in ["", "{}", "[]", r#"{"Version":"1"}"#, r#"{"Version":"1","Statement":{}}"#] {
            assert!(policy(bad).is_err(), "{bad}");
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
        assert!(
            region("ap-southeast-1").is_ok()
                && region("Shanghai").is_err()
                && region("cn/x").is_err()
        );
    }
}
