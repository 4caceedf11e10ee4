//! The members of an object, by names that are compared as people spell them.

use crate::json::Json;

/// An object's members.
pub(super) type Members = [(String, Json)];

/// `text` without the byte order mark and the white space around it.
pub(super) fn bare(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text).trim_ascii()
}

/// The value of a header without its copy, which a proxy has added behind it: `1, 1`.
pub(super) fn once(header: &str) -> &str {
    let header = header.trim_ascii();
    let half = header.get(..header.len().saturating_sub(2) / 2).unwrap_or_default();
    let rest = header.strip_prefix(half).and_then(|rest| rest.strip_prefix(", "));
    if !half.is_empty() && rest == Some(half) { half } else { header }
}

/// Whether there is nothing in `text`.
pub(super) fn is_blank(text: &str) -> bool {
    text.trim_ascii().is_empty()
}

/// Whether the first byte of `text` is one of `any`.
pub(super) fn begins(text: &str, any: &[u8]) -> bool {
    text.bytes().next().is_some_and(|first| any.contains(&first))
}

/// The first of `names` that `members` has, with its position in `names`. A `null` is as good as no member.
///
/// Names are given in lower case; keys are compared without regard to case, `_` and `-`.
pub(super) fn member<'a>(members: &'a Members, names: &[&str]) -> Option<(usize, &'a Json)> {
    names.iter().enumerate().find_map(|(position, name)| {
        let (_, value) =
            members.iter().find(|(key, value)| is(key, name) && *value != Json::Null)?;
        Some((position, value))
    })
}

/// The same for a member that is a string.
pub(super) fn text<'a>(members: &'a Members, names: &[&str]) -> Option<(usize, &'a str)> {
    names.iter().enumerate().find_map(|(position, name)| {
        members
            .iter()
            .find(|(key, _)| is(key, name))
            .and_then(|(_, value)| Some((position, value.as_str()?)))
    })
}

/// A key as names are compared: in lower case, without `_` and `-`.
pub(super) fn plain(key: &str) -> String {
    let key = key.bytes().filter(|byte| !matches!(byte, b'_' | b'-'));
    key.map(|byte| char::from(byte.to_ascii_lowercase())).collect()
}

pub(super) fn is(key: &str, name: &str) -> bool {
    let key = key.bytes().filter(|byte| !matches!(byte, b'_' | b'-'));
    key.map(|byte| byte.to_ascii_lowercase()).eq(name.bytes())
}

/// A number, also as text: an optional sign, digits, an optional fraction, and nothing of what the standard parser takes
/// besides, such as `inf`, `1e9` and `.5`.
pub(super) fn number(json: &Json) -> Option<f64> {
    let text = match json {
        Json::Number(number) => return number.is_finite().then_some(*number),
        Json::String(text) => text.trim_ascii(),
        _ => return None,
    };
    let (sign, digits) = match text.as_bytes() {
        [b'-', digits @ ..] => (-1.0, digits),
        digits => (1.0, digits),
    };
    let ([b'0'..=b'9', .., b'0'..=b'9'] | [b'0'..=b'9']) = digits else { return None };
    // More would not fit a float exactly, and no expiry has as many.
    if digits.len() > 20 {
        return None;
    }
    // `scale` is 0 until the point has come.
    let (mut value, mut scale) = (0.0, 0.0);
    for &byte in digits {
        match byte {
            b'0'..=b'9' => (value, scale) = (value * 10.0 + f64::from(byte - b'0'), scale * 10.0),
            b'.' if scale == 0.0 => scale = 1.0,
            _ => return None,
        }
    }
    Some(sign * value / if scale == 0.0 { 1.0 } else { scale })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_from_text_too() {
        let cases = [
            ("0", Some(0.0)),
            ("3600", Some(3_600.0)),
            (" 2.75\n", Some(2.75)),
            ("-1.5", Some(-1.5)),
            ("007", Some(7.0)),
            ("1767229200000.125", Some(1_767_229_200_000.125)),
            ("10000000000000000000", Some(1e19)),
            ("999999999999999999999", None),
            ("", None),
            ("-", None),
            (".5", None),
            ("5.", None),
            ("1.2.3", None),
            ("1,000", None),
            ("+1", None),
            ("1e3", None),
            ("0x10", None),
            ("NaN", None),
        ];
        for (text, expected) in cases {
            assert_eq!(number(&Json::String(text.into())), expected, "{text:?}");
        }
        assert_eq!(number(&Json::Number(-0.5)), Some(-0.5));
        assert_eq!(number(&Json::Number(f64::NAN)), None);
        assert_eq!(number(&Json::Number(f64::INFINITY)), None);
        assert_eq!(number(&Json::Bool(true)), None);
    }
}
