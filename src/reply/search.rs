//! Finding members in an answer of any shape.

use super::{
    Parse,
    members::{Members, bare, begins, is_blank, plain, text},
    token_names::{Form, Name, Rank, surest},
};
use crate::json::Json;

/// How deep below the root an object is still looked at.
const DEPTH: u32 = 4;

/// How many strings that look like JSON are parsed: an answer cannot cost more than this many times its size.
const TEXTS: u32 = 16;

/// Replaces strings that hold JSON by what they hold.
///
/// Frameworks encode twice what a handler has already encoded; envelopes carry their payload as text.
pub(super) fn expand(json: Json, parse: Parse<'_>) -> Json {
    let mut texts = TEXTS;
    // A body is JSON whatever it begins with; any other string is text unless it looks like JSON.
    let json = match json {
        Json::String(text) => parse(bare(&text)).unwrap_or(Json::String(text)),
        json => json,
    };
    expand_below(json, DEPTH, &mut texts, parse)
}

fn expand_below(json: Json, depth: u32, texts: &mut u32, parse: Parse<'_>) -> Json {
    match json {
        Json::String(text) => {
            let inner = bare(&text);
            if *texts == 0 || !begins(inner, b"{[\"") {
                return Json::String(text);
            }
            *texts -= 1;
            match parse(inner) {
                Some(json) => expand_below(json, depth, texts, parse),
                None => Json::String(text),
            }
        }
        Json::Array(elements) if depth > 0 => Json::Array(
            elements.into_iter().map(|json| expand_below(json, depth - 1, texts, parse)).collect(),
        ),
        Json::Object(members) if depth > 0 => Json::Object(
            members
                .into_iter()
                .map(|(key, json)| (key, expand_below(json, depth - 1, texts, parse)))
                .collect(),
        ),
        json => json,
    }
}

/// Every object of an answer down to [`DEPTH`], the outermost first.
pub(super) struct Tree<'a> {
    objects: Vec<Place<'a>>,
}

struct Place<'a> {
    members: &'a Members,
    /// Index of the object around it.
    parent: Option<usize>,
}

impl<'a> Tree<'a> {
    pub(super) fn new(root: &'a Json) -> Self {
        let mut objects: Vec<Place<'a>> = Vec::new();
        let mut level: Vec<(&'a Json, Option<usize>)> = vec![(root, None)];
        for _ in 0..=DEPTH {
            let mut below = Vec::new();
            for (json, parent) in level {
                match json {
                    Json::Object(members) => {
                        let index = objects.len();
                        objects.push(Place { members, parent });
                        below.extend(members.iter().map(|(_, json)| (json, Some(index))));
                    }
                    Json::Array(elements) => {
                        below.extend(elements.iter().map(|json| (json, parent)));
                    }
                    _ => {}
                }
            }
            level = below;
        }
        Self { objects }
    }

    /// All objects, the outermost first.
    pub(super) fn objects(&self) -> impl Iterator<Item = &'a Members> {
        self.objects.iter().map(|place| place.members)
    }

    /// What `find` finds first, with the path from there to the root.
    pub(super) fn find<T>(
        &self,
        find: impl Fn(&'a Members) -> Option<T>,
    ) -> Option<(T, Vec<&'a Members>)> {
        let (index, found) = self
            .objects
            .iter()
            .enumerate()
            .find_map(|(index, place)| Some((index, find(place.members)?)))?;
        Some((found, self.path(index)))
    }

    /// From the object with this index to the root.
    fn path(&self, index: usize) -> Vec<&'a Members> {
        let mut path = Vec::new();
        let mut next = Some(index);
        while let Some(place) = next.and_then(|index| self.objects.get(index)) {
            path.push(place.members);
            next = place.parent;
        }
        path
    }
}

/// Names of an AccessKeyId; the first is the documented one.
pub(super) const IDS: &[&str] =
    &["accesskeyid", "accessid", "aliyunaccesskeyid", "ossaccesskeyid", "stsaccesskeyid", "keyid"];

/// Names of an AccessKeySecret; the first is the documented one.
pub(super) const SECRETS: &[&str] = &[
    "accesskeysecret",
    "accesssecret",
    "secretaccesskey",
    "secretkey",
    "keysecret",
    "aliyunaccesskeysecret",
    "ossaccesskeysecret",
    "stsaccesskeysecret",
];

/// The id where an `accessKeySecret` or its like stands beside it, the secret where an `accessId` does.
pub(super) const AMBIGUOUS: &[&str] = &["accesskey"];

/// Names of a secret beside an id that begins with `STS.`.
const KEYS_GUESSED: &[&str] = &["sk", "key", "accesskey", "pass"];

/// The parts of a token as an answer names them, unchecked.
pub(super) struct Credentials<'a> {
    pub(super) id: &'a str,
    pub(super) secret: &'a str,
    pub(super) token: Option<&'a str>,
    /// Whether a name or a place had to be guessed.
    pub(super) guessed: bool,
    /// Whether `token` may well be one.
    fits: bool,
}

impl<'a> Credentials<'a> {
    fn new(id: &'a str, secret: &'a str, token: Option<(Rank, &'a str)>, guessed: bool) -> Self {
        let guessed = guessed || token.is_some_and(|(rank, _)| rank.name > Name::AliOss);
        let fits = token.is_some_and(|(rank, _)| rank.form == Form::Fits);
        Self { id, secret, token: token.map(|(_, token)| token), guessed, fits }
    }

    /// Whether there is an id and a secret.
    fn filled(&self) -> bool {
        !is_blank(self.id) && !is_blank(self.secret)
    }

    /// Whether there is neither: the zero value of a typed language is no credential.
    fn blank(&self) -> bool {
        is_blank(self.id) && is_blank(self.secret)
    }

    /// Whether nothing better need be looked for. A long-lived key must be told as such, whatever else is there.
    fn sure(&self) -> bool {
        self.filled() && (self.fits || self.id.trim_ascii().starts_with("LTAI"))
    }
}

/// The credentials that stand in this very object.
pub(super) fn credentials(members: &Members) -> Option<Credentials<'_>> {
    let (id, secret) = match (text(members, IDS), text(members, SECRETS)) {
        (Some(id), Some(secret)) => (id, secret),
        (Some((_, id)), None) => ((1, id), text(members, AMBIGUOUS)?),
        (None, Some((_, secret))) => (text(members, AMBIGUOUS)?, (1, secret)),
        (None, None) => return None,
    };
    let token = surest(members, Name::Any);
    Some(Credentials::new(id.1, secret.1, token, id.0 > 0 || secret.0 > 0))
}

/// Credentials under names that nobody else uses, told by an id that can only be that of an STS token.
fn guess(members: &Members) -> Option<Credentials<'_>> {
    let texts = || members.iter().filter_map(|(key, value)| Some((plain(key), value.as_str()?)));
    let (id_key, id) = texts().find(|(_, value)| value.trim_ascii().starts_with("STS."))?;
    let mut others = texts().filter(|(key, value)| *key != id_key && !is_blank(value));
    let (_, secret) = others.find(|(key, _)| {
        !key.contains("token") && (key.contains("secret") || KEYS_GUESSED.contains(&&**key))
    })?;
    Some(Credentials::new(id, secret, surest(members, Name::Vague), true))
}

/// An id and a secret whose token stands in another object: around them, else anywhere. Only a name that says whose
/// token it is counts there: an envelope's `token` is the page's.
fn apart<'a>(tree: &Tree<'a>) -> Option<(Credentials<'a>, Vec<&'a Members>)> {
    let named = |members: &&'a Members| {
        surest(members, Name::Named).filter(|(rank, _)| rank.form == Form::Fits)
    };
    let anywhere = tree.objects().find_map(|members| named(&members));
    // Without one anywhere there is none around either.
    anywhere?;
    (0..tree.objects.len()).find_map(|index| {
        let path = tree.path(index);
        let (inner, around) = path.split_first()?;
        let found = credentials(inner).filter(Credentials::filled)?;
        let token = around.iter().find_map(named).or(anywhere);
        token.map(|token| (Credentials::new(found.id, found.secret, Some(token), true), path))
    })
}

/// The first credentials that are whole and known by their names, else those whose token stands apart, else those that
/// can be guessed; else the first that can be told to be wrong. With the path from there to the root.
pub(super) fn first_credentials<'a>(
    tree: &Tree<'a>,
) -> Option<(Credentials<'a>, Vec<&'a Members>)> {
    tree.find(|members| credentials(members).filter(Credentials::sure))
        .or_else(|| apart(tree))
        .or_else(|| tree.find(|members| guess(members).filter(Credentials::sure)))
        .or_else(|| tree.find(|members| credentials(members).filter(Credentials::filled)))
        .or_else(|| tree.find(guess))
        .or_else(|| tree.find(|members| credentials(members).filter(|found| !found.blank())))
}

/// Why there are no credentials in `tree`.
pub(super) fn missing(tree: &Tree<'_>) -> &'static str {
    if tree.find(credentials).is_some() {
        "AccessKeyId is empty"
    } else if tree.find(|members| text(members, IDS)).is_some() {
        "there is an AccessKeyId, but no AccessKeySecret beside it"
    } else if tree.find(|members| text(members, SECRETS)).is_some() {
        "there is an AccessKeySecret, but no AccessKeyId beside it"
    } else {
        "there is no AccessKeyId and no AccessKeySecret in it"
    }
}

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<Json> {
        serde_json::from_str(text).ok()
    }

    fn expanded(text: &str) -> Json {
        expand(parse(text).unwrap(), &parse)
    }

    #[test]
    fn strings_that_hold_json_are_replaced() {
        let cases = [
            // as sent, as read
            (r#"{"a":"{\"b\":1}"}"#, r#"{"a":{"b":1}}"#),
            (r#"{"a":" [\"{}\"] "}"#, r#"{"a":[{}]}"#),
            (r#"{"a":"\"{}\""}"#, r#"{"a":{}}"#),
            (r#"{"a":"1","b":"null","c":"true"}"#, r#"{"a":"1","b":"null","c":"true"}"#),
            (r#"{"a":"{b"}"#, r#"{"a":"{b"}"#),
            // Four levels down, but not five; through objects, lists and texts alike.
            (r#"{"a":{"b":{"c":{"d":"{}"}}}}"#, r#"{"a":{"b":{"c":{"d":{}}}}}"#),
            (r#"{"a":{"b":{"c":{"d":{"e":"{}"}}}}}"#, r#"{"a":{"b":{"c":{"d":{"e":"{}"}}}}}"#),
            (r#"[[[["{}"]]]]"#, "[[[[{}]]]]"),
            (r#"[[[[["{}"]]]]]"#, r#"[[[[["{}"]]]]]"#),
        ];
        for (sent, read) in cases {
            assert!(expanded(sent) == parse(read).unwrap(), "{sent}");
        }
    }

    #[test]
    fn only_so_many_strings_are_parsed() {
        let list = |text: &str, len: usize| vec![text; len].join(",");
        let read = expanded(&format!("[{}]", list(r#""{}""#, 18)));
        assert!(read == parse(&format!("[{},{}]", list("{}", 16), list(r#""{}""#, 2))).unwrap());
    }
}
