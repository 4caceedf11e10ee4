//! Reading settings by their rules, and remembering which were broken and which nobody asked for.

use std::{borrow::Cow, cell::RefCell, collections::BTreeSet};

use super::{
    environment::Environment,
    rules::Ruled,
    violations::{Violation, Violations},
};

/// Variables of ours begin so; one that nobody asks for is a mistake.
const PREFIX: &str = "UPLOAD_TOKEN_";
/// A secret may stand in a file, which this names.
const FILE: &str = "_FILE";

/// Reads settings by their rules and remembers which were broken.
pub(super) struct Reader<'a> {
    environment: &'a Environment,
    broken: Vec<Violation>,
    warnings: Vec<&'static str>,
    asked: RefCell<BTreeSet<String>>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(environment: &'a Environment) -> Self {
        let asked = RefCell::default();
        Self { environment, broken: Vec::new(), warnings: Vec::new(), asked }
    }

    /// Says what is no mistake, but may surprise.
    pub(super) fn warn(&mut self, warning: &'static str) {
        self.warnings.push(warning);
    }

    pub(super) fn warnings(&mut self) -> Vec<&'static str> {
        std::mem::take(&mut self.warnings)
    }

    pub(super) fn refuse(&mut self, setting: &str, reason: impl Into<Cow<'static, str>>) {
        self.broken.push(Violation { setting: setting.to_owned(), reason: reason.into() });
    }

    fn keep<T>(&mut self, setting: &str, ruled: Ruled<T>) -> Option<T> {
        ruled.map_err(|reason| self.refuse(setting, reason)).ok()
    }

    /// The variable's text; set but empty is as good as unset.
    fn text(&self, name: &str) -> Option<String> {
        self.asked.borrow_mut().insert(name.to_owned());
        let text = self.environment.text(name).map(|text| text.trim().to_owned());
        text.filter(|text| !text.is_empty())
    }

    /// Complains about a variable that is set but empty: a protection whose value went astray must not be none.
    pub(super) fn refuse_empty(&mut self, name: &str) {
        let text = self.environment.text(name);
        if text.is_some_and(is_empty) {
            self.refuse(name, "is set but empty: give it a value, or leave it out");
        }
    }

    /// The variable's text, or that of the file which `<name>_FILE` names.
    fn secret_text(&mut self, name: &str) -> Option<String> {
        let named = format!("{name}{FILE}");
        self.refuse_empty(name);
        self.refuse_empty(&named);
        let (own, file) = (self.text(name), self.text(&named));
        match (own, file) {
            (Some(_), Some(_)) => {
                self.refuse(name, "and its file are both set: leave one out");
                None
            }
            (None, Some(path)) => match std::fs::read_to_string(path) {
                Ok(text) if is_empty(&text) => {
                    self.refuse(&named, "names an empty file");
                    None
                }
                Ok(text) => Some(text.trim().to_owned()),
                Err(error) => {
                    self.refuse(&named, format!("cannot be read: {}", error.kind()));
                    None
                }
            },
            (own, None) => own,
        }
    }

    pub(super) fn is_set(&self, name: &str) -> bool {
        self.text(name).is_some()
    }

    pub(super) fn flag<T>(
        &mut self,
        name: &str,
        text: &str,
        rule: impl FnOnce(&str) -> Ruled<T>,
    ) -> Option<T> {
        self.keep(name, rule(text))
    }

    pub(super) fn required<T>(
        &mut self,
        name: &str,
        rule: impl FnOnce(&str) -> Ruled<T>,
    ) -> Option<T> {
        let text = self.text(name);
        self.keep(name, text.map_or(Err(Cow::Borrowed("must be set")), |text| rule(&text)))
    }

    pub(super) fn optional<T>(
        &mut self,
        name: &str,
        rule: impl FnOnce(&str) -> Ruled<T>,
    ) -> Option<T> {
        let text = self.text(name)?;
        self.keep(name, rule(&text))
    }

    pub(super) fn or<T>(
        &mut self,
        name: &str,
        default: &str,
        rule: impl FnOnce(&str) -> Ruled<T>,
    ) -> Option<T> {
        let text = self.text(name);
        self.keep(name, rule(text.as_deref().unwrap_or(default)))
    }

    pub(super) fn number(
        &mut self,
        name: &str,
        default: u32,
        range: std::ops::RangeInclusive<u32>,
    ) -> Option<u32> {
        self.or(name, &default.to_string(), |text| {
            text.parse().ok().filter(|number| range.contains(number)).ok_or_else(|| {
                let (least, most) = (range.start(), range.end());
                Cow::Owned(format!("must be a whole number from {least} to {most}"))
            })
        })
    }

    /// A list with commas or on lines; unset is empty. A bad item is told by its place.
    pub(super) fn list<T>(
        &mut self,
        name: &str,
        rule: impl Fn(&str) -> Result<T, &'static str>,
    ) -> Option<Vec<T>> {
        let text = self.text(name).unwrap_or_default();
        let items = each(&text, rule);
        self.keep(name, items)
    }

    /// Secrets with commas or on lines, from the variable or its file; unset is none.
    pub(super) fn secrets<T>(
        &mut self,
        name: &str,
        rule: impl Fn(&str) -> Result<T, &'static str>,
    ) -> Option<Vec<T>> {
        let text = self.secret_or_unset(name)?.unwrap_or_default();
        let items = each(&text, rule);
        self.keep(name, items)
    }

    /// A secret, from the variable or its file; unset is `Some(None)`.
    pub(super) fn secret_or_unset(&mut self, name: &str) -> Option<Option<String>> {
        let before = self.broken.len();
        let text = self.secret_text(name);
        (self.broken.len() == before).then_some(text)
    }

    pub(super) fn secret<T>(
        &mut self,
        name: &str,
        rule: impl FnOnce(&str) -> Ruled<T>,
    ) -> Option<T> {
        let text = self.secret_or_unset(name)?;
        self.keep(name, text.map_or(Err(Cow::Borrowed("must be set")), |text| rule(&text)))
    }

    /// Complains about variables of ours that nobody asked for: misspelt, or without effect here.
    pub(super) fn refuse_unasked(&mut self) {
        let said = self
            .environment
            .texts()
            .filter(|(name, text)| !text.trim().is_empty() && !is_of_a_service(name, text))
            .map(|(name, _)| name);
        let unasked: Vec<String> = said
            .chain(self.environment.garbled())
            .filter(|name| name.starts_with(PREFIX) && !self.asked.borrow().contains(*name))
            .map(str::to_owned)
            .collect();
        for name in unasked {
            let asked = self.asked.borrow().iter().map(String::clone).collect::<Vec<_>>();
            let near = asked.iter().min_by_key(|known| distance(known, &name));
            let reason = match near.filter(|known| distance(known, &name) <= 4) {
                Some(known) => format!("is no setting: did you mean {known}?"),
                None => String::from("has no effect with the other settings, or is misspelt"),
            };
            self.refuse(&name, reason);
        }
    }

    /// Complains about variables that were asked for and are not UTF-8, and about nothing else of them.
    pub(super) fn refuse_garbled(&mut self) {
        let environment = self.environment;
        for name in environment.garbled() {
            if self.asked.borrow().contains(name) {
                self.broken.retain(|one| one.setting != name);
                self.refuse(name, "is not UTF-8");
            }
        }
    }

    /// # Errors
    ///
    /// All that was broken, if anything was.
    pub(super) fn finish(self) -> Result<(), Violations> {
        if self.broken.is_empty() { Ok(()) } else { Err(Violations(self.broken)) }
    }
}

fn each<T>(text: &str, rule: impl Fn(&str) -> Result<T, &'static str>) -> Ruled<Vec<T>> {
    let items = text.split(is_separator).map(str::trim).filter(|item| !item.is_empty());
    let numbered = (1..).zip(items);
    numbered
        .map(|(number, item)| {
            rule(item).map_err(|reason| Cow::Owned(format!("{reason} (item {number})")))
        })
        .collect()
}

/// Stands between the items of a list, whose last line may have an end too.
const fn is_separator(letter: char) -> bool {
    matches!(letter, ',' | '\r' | '\n')
}

/// Whether `text` is nothing but blanks and what stands between items.
fn is_empty(text: &str) -> bool {
    text.split(is_separator).all(|item| item.trim().is_empty())
}

/// Whether `name` is what Kubernetes tells each container of a service that happens to be called as our variables begin.
fn is_of_a_service(name: &str, text: &str) -> bool {
    const PROTOCOLS: [&str; 3] = ["tcp", "udp", "sctp"];
    let is_link =
        || text.split_once("://").is_some_and(|(protocol, _)| PROTOCOLS.contains(&protocol));
    let is_port = |rest: &str| {
        let (number, rest) = rest.split_once('_').unwrap_or((rest, ""));
        let protocol = rest.split('_').next().unwrap_or_default().to_ascii_lowercase();
        number.parse::<u16>().is_ok() && PROTOCOLS.contains(&protocol.as_str())
    };
    name.ends_with("_SERVICE_HOST")
        || name.ends_with("_SERVICE_PORT")
        || name.contains("_SERVICE_PORT_")
        || (name.ends_with("_PORT") && is_link())
        || name
            .match_indices("_PORT_")
            .any(|(at, port)| name.get(at + port.len()..).is_some_and(is_port))
}

/// How many letters must change to make `a` of `b` (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let first: Vec<usize> = (0..=b.len()).collect();
    let last = a.chars().zip(1..).fold(first, |above, (letter, row)| {
        let mut line = vec![row];
        for (other, pair) in b.iter().zip(above.windows(2)) {
            let [diagonal, up] = pair else { continue };
            let left = line.last().copied().unwrap_or(row);
            line.push((diagonal + usize::from(*other != letter)).min(up + 1).min(left + 1));
        }
        line
    });
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    fn complaints(reader: Reader<'_>) -> Vec<String> {
        let violations = reader.finish().unwrap_err();
        violations.all().iter().map(|one| format!("{} {}", one.setting, one.reason)).collect()
    }

    #[test]
    fn a_misspelt_variable_is_told_what_it_should_be() {
        let environment = environment(&[
            ("UPLOAD_TOKEN_REQUEST_PER_MINUTE", "5"),
            ("UPLOAD_TOKEN_ZZZ", "CANARY"),
            ("UPLOAD_TOKEN_EMPTY", ""),
            ("OTHER", "x"),
        ]);
        let mut reader = Reader::new(&environment);
        assert_eq!(reader.number("UPLOAD_TOKEN_REQUESTS_PER_MINUTE", 30, 1..=99), Some(30));
        reader.refuse_unasked();
        assert_eq!(
            complaints(reader),
            [
                "UPLOAD_TOKEN_REQUEST_PER_MINUTE is no setting: did you mean UPLOAD_TOKEN_REQUESTS_PER_MINUTE?",
                "UPLOAD_TOKEN_ZZZ has no effect with the other settings, or is misspelt",
            ]
        );
    }

    #[test]
    fn a_secret_may_stand_in_a_file() {
        let path = std::env::temp_dir().join(format!("upload-token-secret-{}", std::process::id()));
        std::fs::write(&path, "CANARY\n").unwrap();
        let file = path.to_str().unwrap();
        let environment = environment(&[
            ("A_FILE", file),
            ("B", "x"),
            ("B_FILE", file),
            ("C_FILE", "/does/not/exist"),
        ]);
        let mut reader = Reader::new(&environment);
        let text = |text: &str| Ok(text.to_owned());
        assert_eq!(reader.secret("A", text).as_deref(), Some("CANARY"));
        assert_eq!((reader.secret("B", text), reader.secret("C", text)), (None, None));
        std::fs::remove_file(&path).unwrap();
        let told = complaints(reader);
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(
            told[0].starts_with("B and its file") && told[1].starts_with("C_FILE cannot be read")
        );
    }

    #[test]
    fn a_bad_item_is_told_by_its_place_and_a_range_by_its_ends() {
        let environment = environment(&[("LIST", "1, x,2"), ("NUMBER", "0")]);
        let mut reader = Reader::new(&environment);
        let number = |text: &str| text.parse::<u32>().map_err(|_| "must be numbers");
        assert_eq!((reader.list("LIST", number), reader.number("NUMBER", 1, 1..=9)), (None, None));
        assert_eq!(
            complaints(reader),
            ["LIST must be numbers (item 2)", "NUMBER must be a whole number from 1 to 9"]
        );
    }
}
