//! What in a sentence looks like a key: nobody has said so, and nobody has to read it.

use crate::time::read_date_time;

/// What stands in the place of what is hidden.
pub(super) const HIDDEN: &str = "[secret]";

/// Letters and digits in a row that no sentence has, and every key.
const KEY_LIKE: usize = 24;
/// The same right behind a word for a session or its token.
const SESSION_LIKE: usize = 16;
/// The shortest run with hyphens that is hidden without such a word: nanoid makes 21.
const PARTED_LIKE: usize = 20;

/// Appends a word without the query of its address, and without what may be a key. `out` is what stands before it.
pub(super) fn hide_keys(word: &str, out: &mut String) {
    let (mut rest, cut) = match word.split_once("?") {
        Some((address, query)) if query.contains('=') => (address, "?…"),
        // A query that was encoded to be signed.
        _ => match ["%3D", "%3d", "%253D"].iter().find_map(|equals| word.split_once(equals)) {
            Some((name, _)) => (name, "…"),
            None => (word, ""),
        },
    };
    if let Some((scheme, host)) = split_user(rest) {
        out.push_str(scheme);
        out.push_str(HIDDEN);
        rest = host;
    }
    while !rest.is_empty() {
        let (run, tail) = split_run(rest);
        out.push_str(if is_key(run, out) { HIDDEN } else { run });
        let mut chars = tail.chars();
        out.extend(chars.next());
        rest = chars.as_str();
    }
    out.push_str(cut);
}

/// Parts an address at the name and password within it: `redis://` and `@10.0.0.2:6379/0`.
fn split_user(address: &str) -> Option<(&str, &str)> {
    let start = address.find("://")? + "://".len();
    let (scheme, behind) = address.split_at_checked(start)?;
    let authority = behind.split('/').next()?;
    let (_, host) = behind.split_at_checked(authority.rfind('@')?)?;
    Some((scheme, host))
}

/// What may be a key, from the start of `text`: letters and digits with the signs of base64url, a UUID, or a JSON web
/// token.
fn split_run(text: &str) -> (&str, &str) {
    let signs: &[u8] = if text.starts_with("eyJ") { b"+=.-_" } else { b"+=-_" };
    let part = |byte: u8| byte.is_ascii_alphanumeric() || signs.contains(&byte);
    let run = text.bytes().position(|byte| !part(byte)).unwrap_or(text.len());
    text.split_at_checked(if is_uuid(text) { UUID } else { run }).unwrap_or((text, ""))
}

/// Whether a run is to be hidden, which stands behind `before`.
fn is_key(run: &str, before: &str) -> bool {
    let session = names_session(before);
    if is_uuid(run) {
        // The number of a request is a UUID, too.
        return session;
    }
    let least = if session { SESSION_LIKE } else { KEY_LIKE };
    let whole = |part: &str| {
        let digits = part.bytes().any(|byte| byte.is_ascii_digit());
        let letters = part.bytes().any(|byte| byte.is_ascii_alphabetic());
        digits && letters && part.len() >= least && read_date_time(part).is_none()
    };
    run.contains("LTAI") || run.split(['-', '_']).any(whole) || is_jumble(run, session)
}

/// Whether a run with `-` or `_` in it is made at random. Words, names of files and codes have hyphens, too; but their
/// digits stand behind the letters, and their capitals at the start of a word.
fn is_jumble(run: &str, session: bool) -> bool {
    let pairs = run.bytes().zip(run.bytes().skip(1));
    // As in `x9Q`.
    let turns =
        pairs.filter(|(one, next)| one.is_ascii_digit() && next.is_ascii_alphabetic()).count();
    let mixed = is_mixed(run);
    let least = if session { SESSION_LIKE } else { PARTED_LIKE };
    let random = if session { mixed || turns > 2 } else { mixed && turns > 1 };
    random && run.contains(['-', '_']) && run.len() >= least
}

/// Whether capital and small letters are mixed as chance mixes them, in those parts that are neither `WORD`, `word` nor
/// `Word`.
fn is_mixed(run: &str) -> bool {
    let (mut capitals, mut smalls) = (0, 0);
    for part in run.split(['-', '_']) {
        let behind = part.get(1..).unwrap_or_default();
        if behind.bytes().any(|byte| byte.is_ascii_uppercase()) {
            let count = |is: fn(&u8) -> bool| part.bytes().filter(is).count();
            let (upper, lower) = (count(u8::is_ascii_uppercase), count(u8::is_ascii_lowercase));
            // A part without small letters is a word in capitals.
            capitals += if lower > 0 { upper } else { 0 };
            smalls += lower;
        }
    }
    let letters = capitals + smalls;
    letters >= MIXED_MIN && capitals * 10 >= letters * 3 && smalls * 10 >= letters * 2
}

/// Fewer letters may be mixed by somebody's hand: `V2b`.
const MIXED_MIN: usize = 6;

/// Whether a text ends shortly behind a word for a session, so that what follows may be its id.
fn names_session(text: &str) -> bool {
    const NEAR: usize = 24;
    const WORDS: [&str; 6] = ["token", "session", "jwt", "bearer", "会话", "令牌"];
    let start = text.char_indices().rev().nth(NEAR).map_or(0, |(start, _)| start);
    let near = text.get(start..).unwrap_or_default().to_ascii_lowercase();
    // "The token is invalid, RequestId: …"
    let names =
        |word: &&str| near.split_once(word).is_some_and(|(_, behind)| !behind.contains("request"));
    WORDS.iter().any(names)
}

/// How long a UUID is, and where its hyphens stand.
const UUID: usize = 36;
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

/// Whether `text` begins with a UUID.
fn is_uuid(text: &str) -> bool {
    let part = |(at, byte): (usize, u8)| {
        if HYPHENS.contains(&at) { byte == b'-' } else { byte.is_ascii_hexdigit() }
    };
    let ends = text.as_bytes().get(UUID).is_none_or(|byte| !byte.is_ascii_alphanumeric());
    text.len() >= UUID && ends && text.bytes().take(UUID).enumerate().all(part)
}
