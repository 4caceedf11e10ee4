//! Characters that nobody can see: in an id they make two users who look like one, and in a log they change what is read.

/// Whether `letter` shows nothing, or changes how others are shown: controls, marks of direction, what has no width, and
/// all spaces but the usual one.
pub(crate) fn is_unseen(letter: char) -> bool {
    is_obeyed(letter)
        || (letter.is_whitespace() && letter != ' ')
        || matches!(letter,
            // Soft hyphen, joiners, fillers and vowels that are not written.
            '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}' | '\u{2800}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            // Selectors of variants, and tags.
            | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether whoever shows a text obeys `letter` in place of showing it: a terminal its controls, an editor the ends of
/// lines and what turns the direction of writing.
pub(crate) fn is_obeyed(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{206f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_seen() {
        for seen in "alice Zoë Müller 小明 محمد נועם ไทย हिन्दी a,b😀".chars()
        {
            assert!(!is_unseen(seen), "{seen:?}");
        }
    }
}
