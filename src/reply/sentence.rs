//! A sentence as its words are looked for: in small letters, each English word between spaces, traditional characters as
//! simplified ones.

/// Traditional characters of the words that are looked for, each before its simplified one.
const SIMPLIFIED: &str = "請请錄录無无過过頂顶線线還还沒没會会話话號号帳账帐账驗验證证憑凭為为時时設设備备別别處处強强權权陸陆裝装實实讀读\
                          讓让終终續续導导現现資资訊讯單单雲云臺台開开續续數数據据";

/// Words that are written in more than one way, and the one that is looked for.
const SYNONYMS: [(&str, &str); 11] = [
    ("登陆", "登录"),
    ("登入", "登录"),
    ("逾时", "超时"),
    ("权杖", "令牌"),
    ("装置", "设备"),
    ("身分", "身份"),
    (" log in ", " login "),
    (" sign in ", " login "),
    (" signin ", " login "),
    (" signed in ", " logged in "),
    (" signed out ", " logged out "),
];

/// A sentence that has been made ready: ` token 已过期 `, ` you must be logged in `.
pub(super) struct Sentence(String);

impl Sentence {
    pub(super) fn new(sentence: &str) -> Self {
        let mut text = String::from(" ");
        let mut before = ' ';
        let mut chars = sentence.chars().peekable();
        while let Some(char) = chars.next() {
            let next = chars.peek().copied().unwrap_or(' ');
            if parts(before, char, next) {
                space(&mut text);
            }
            match char {
                _ if char.is_ascii_alphanumeric() => text.push(char.to_ascii_lowercase()),
                _ if char.is_ascii() || char.is_whitespace() => space(&mut text),
                _ => text.push(simplified(char)),
            }
            before = char;
        }
        space(&mut text);
        for (word, known) in SYNONYMS {
            text = text.replace(word, known);
        }
        Self(text)
    }

    /// Whether any of `parts` stands in it. English ones begin and end with a space.
    pub(super) fn has(&self, parts: &[&str]) -> bool {
        parts.iter().any(|part| self.0.contains(part))
    }

    /// What stands before and behind each place of `word`; of an English one, its spaces are left.
    pub(super) fn around<'a>(&'a self, word: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let mut from = 0;
        core::iter::from_fn(move || {
            let (before, _) = self.0.get(from..)?.split_once(word)?;
            let start = from + before.len();
            let spaced = usize::from(word.ends_with(' '));
            let end = start + word.len() - spaced;
            from = end;
            Some((self.0.get(..start + spaced)?, self.0.get(end..)?))
        })
    }

    /// Its English words.
    pub(super) fn words(&self) -> impl Iterator<Item = &str> {
        self.0.split(' ').filter(|word| word.bytes().any(|byte| byte.is_ascii_alphabetic()))
    }
}

/// Whether a word ends between `before` and `char`: at a hump, or where a script does.
fn parts(before: char, char: char, next: char) -> bool {
    let hump = char.is_ascii_uppercase()
        && (before.is_ascii_lowercase()
            || before.is_ascii_uppercase() && next.is_ascii_lowercase());
    hump || before.is_ascii_alphanumeric() && !char.is_ascii()
        || !before.is_ascii() && char.is_ascii_alphanumeric()
}

/// Adds a space behind an English word; others have none between them.
fn space(text: &mut String) {
    if text.bytes().next_back().is_none_or(|byte| byte != b' ') {
        text.push(' ');
    }
}

fn simplified(char: char) -> char {
    let mut pairs = SIMPLIFIED.chars();
    while let (Some(traditional), Some(simplified)) = (pairs.next(), pairs.next()) {
        if traditional == char {
            return simplified;
        }
    }
    char
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_read_as_words() {
        for (sentence, words) in [
            ("", " "),
            ("Please log in.", " please login "),
            ("USER_NOT_LOGIN", " user not login "),
            ("accessToken不能为空", " access token 不能为空 "),
            ("STSToken 已過期！", " sts token 已过期！ "),
            ("請先登入", " 请先登录 "),
            ("not signed-in", " not logged in "),
        ] {
            let words = words.replace("  ", " ");
            assert_eq!(Sentence::new(sentence).0.trim(), words.trim(), "{sentence}");
        }
        let pairs: Vec<char> = SIMPLIFIED.chars().collect();
        assert!(
            pairs.len().is_multiple_of(2)
                && pairs.chunks(2).all(|pair| pair.first() != pair.last())
        );
    }

    #[test]
    fn every_place_of_a_word_is_looked_at() {
        let sentence = Sentence::new("a token, token的token");
        let places: Vec<_> = sentence.around(" token ").collect();
        assert_eq!(
            places,
            [(" a ", " token 的 token "), (" a token ", " 的 token "), (" a token token 的 ", " ")]
        );
    }
}
