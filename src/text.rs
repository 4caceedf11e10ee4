//! Looking for one text in another. Both are short, so that each place is tried.

/// What stands before and behind the first `part` of `text`. An empty part is nowhere.
#[must_use]
pub fn split_once<'a>(text: &'a str, part: &str) -> Option<(&'a str, &'a str)> {
    let begins = |rest: &[u8]| !part.is_empty() && rest.starts_with(part.as_bytes());
    let at = (0..text.len()).find(|&at| text.as_bytes().get(at..).is_some_and(begins))?;
    Some((text.get(..at)?, text.get(at + part.len()..)?))
}

/// Whether `part` stands anywhere in `text`.
#[must_use]
pub fn contains(text: &str, part: &str) -> bool {
    split_once(text, part).is_some()
}

/// `text` with `by` in place of every `part`.
#[must_use]
pub fn replace(text: &str, part: &str, by: &str) -> String {
    let mut replaced = String::new();
    let mut rest = text;
    while let Some((before, after)) = split_once(rest, part) {
        replaced.push_str(before);
        replaced.push_str(by);
        rest = after;
    }
    replaced.push_str(rest);
    replaced
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_found_where_it_first_stands() {
        let cases = [
            ("expiresAt", "expir", Some(("", "esAt"))),
            ("a//b//c", "//", Some(("a", "b//c"))),
            ("aab", "ab", Some(("a", ""))),
            ("请先登录", "登录", Some(("请先", ""))),
            ("same", "same", Some(("", ""))),
            ("short", "shorter", None),
            ("text", "x-", None),
            ("text", "", None),
            ("", "a", None),
            ("", "", None),
        ];
        for (text, part, found) in cases {
            assert_eq!(split_once(text, part), found, "{part:?} in {text:?}");
            assert_eq!(contains(text, part), found.is_some(), "{part:?} in {text:?}");
        }
    }

    #[test]
    fn every_part_is_replaced_and_what_that_makes_is_not_looked_at_again() {
        let cases = [
            ("a key, a key", "key", "lock", "a lock, a lock"),
            ("aaa", "aa", "a", "aa"),
            ("录录", "录", "[secret]", "[secret][secret]"),
            ("none", "key", "lock", "none"),
            ("none", "", "lock", "none"),
        ];
        for (text, part, by, replaced) in cases {
            assert_eq!(replace(text, part, by), replaced, "{part:?} in {text:?}");
        }
    }
}
