//! Reading the fields of a request, and saying what is wrong with it.

use std::borrow::Cow;

use serde_json::{Map, Value};

/// A field that cannot be granted, and what to do about it: 400.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadField {
    /// A word for programs.
    pub code: &'static str,
    /// A sentence for people; holds nothing of what the field holds.
    pub message: Cow<'static, str>,
}

pub(crate) fn bad(code: &'static str, message: impl Into<Cow<'static, str>>) -> BadField {
    BadField { code, message: message.into() }
}

pub(crate) fn find<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    fields.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

pub(crate) fn object<'a>(
    fields: &'a Map<String, Value>,
    name: &str,
) -> Option<&'a Map<String, Value>> {
    find(fields, name)?.as_object()
}

/// A field as VOD wants to read it; an empty one is as good as none.
pub(crate) fn text_of(fields: &Map<String, Value>, name: &str) -> Result<Option<String>, BadField> {
    let text = match find(fields, name) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => whole(number)
            .ok_or_else(|| bad("InvalidField", format!("{name} must be a whole number")))?,
        Some(Value::Bool(flag)) => flag.to_string(),
        Some(Value::Array(items)) => items
            .iter()
            .map(|item| item.as_str().map(str::to_owned).or_else(|| whole(item.as_number()?)))
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| bad("InvalidField", format!("{name} must be a list of texts")))?
            .join(","),
        Some(object @ Value::Object(_)) => object.to_string(),
    };
    Ok(Some(text).filter(|text| !text.is_empty()))
}

/// `1e3` is a whole number too, to whoever writes JSON.
fn whole(number: &serde_json::Number) -> Option<String> {
    let exact = |float: &f64| float.fract() == 0.0 && (0.0..9e15).contains(float);
    number
        .as_u64()
        .map(|number| number.to_string())
        .or_else(|| number.as_f64().filter(exact).map(|float| format!("{float:.0}")))
}
