//! A page's `UserData`. VOD reads it with a parser of its own, and what two parsers read differently one of them has
//! checked in vain: so VOD is sent what this server has read, and nothing that it cannot read.

use serde_json::{Map, Value};

use crate::fields::{BadField, bad};

/// Names the address that VOD calls back.
const CALLBACK: &str = "messagecallback";

/// `text` as this server reads it.
///
/// # Errors
///
/// If it is no JSON object, or names a call-back where `callbacks` are not allowed.
pub(super) fn checked(text: &str, callbacks: bool) -> Result<String, BadField> {
    let data: Map<String, Value> = serde_json::from_str(text)
        .map_err(|_| bad("InvalidField", "UserData must be a JSON object"))?;
    if !callbacks && data.keys().any(|name| is_callback(name)) {
        let message = "this server's operator does not allow MessageCallback in UserData";
        return Err(bad("FieldNotAllowed", message));
    }
    Ok(Value::Object(data).to_string())
}

/// Some parsers take no notice of case and of what joins words.
fn is_callback(name: &str) -> bool {
    let letters = name.chars().filter(|letter| letter.is_alphanumeric());
    letters.flat_map(char::to_lowercase).eq(CALLBACK.chars())
}

#[cfg(test)]
mod tests {
    use super::checked;

    fn code(text: &str) -> Result<String, &'static str> {
        checked(text, false).map_err(|bad| bad.code)
    }

    #[test]
    fn what_is_sent_is_what_was_read() {
        let sent = code(" {\"Extend\" : {\"id\":\"\\u0031\"}, \"Extend\":{\"id\":2} } ");
        assert_eq!(sent.as_deref(), Ok(r#"{"Extend":{"id":2}}"#));
        let id = r#"{"id":18446744073709551615}"#;
        assert_eq!(code(id).as_deref(), Ok(id));
    }

    #[test]
    fn what_is_no_object_to_this_server_is_not_sent() {
        let nested = format!("{{\"Extend\":{}{}}}", "[".repeat(200), "]".repeat(200));
        for text in [
            nested.as_str(),
            r#"{"Extend":"\ud800"}"#,
            r#"{"Extend":1e999}"#,
            "{'Extend':1}",
            r#"{"Extend":1,}"#,
            r#"[{"Extend":1}]"#,
            r#"{"Extend":1}{"MessageCallback":{}}"#,
            "text",
            "7",
        ] {
            assert_eq!(code(text), Err("InvalidField"), "{text}");
        }
    }

    #[test]
    fn a_callback_is_one_however_it_is_written() {
        for name in [
            "MessageCallback",
            "messageCallback",
            "message_callback",
            "Message-Callback",
            "\\u004dessageCallback",
            "messageCallbac\u{212a}",
        ] {
            let text = format!("{{\"{name}\":{{}}}}");
            assert_eq!(code(&text), Err("FieldNotAllowed"), "{name}");
            assert!(checked(&text, true).is_ok());
        }
    }
}
