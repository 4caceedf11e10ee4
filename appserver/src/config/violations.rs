//! Collecting all that is wrong with a configuration, without repeating any value of it.

use std::fmt;

use super::rules::Ruled;

/// One setting that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The flag or variable.
    pub setting: &'static str,
    /// What it must be instead.
    pub reason: &'static str,
}

/// All settings that cannot be used. Shown one a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// Each of them.
    #[must_use]
    pub fn all(&self) -> &[Violation] {
        &self.0
    }

    /// A setting is missing that no rule complained about.
    pub(super) fn incomplete() -> Self {
        Self(vec![Violation { setting: "configuration", reason: "is incomplete" }])
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration cannot be used:")?;
        self.0
            .iter()
            .try_for_each(|Violation { setting, reason }| write!(f, "\n  {setting} {reason}"))
    }
}

impl std::error::Error for Violations {}

/// Reads settings by their rules and remembers which were broken.
pub(super) struct Reader<'a> {
    variable: &'a dyn Fn(&str) -> Option<String>,
    broken: Vec<Violation>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(variable: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { variable, broken: Vec::new() }
    }

    pub(super) fn refuse(&mut self, setting: &'static str, reason: &'static str) {
        self.broken.push(Violation { setting, reason });
    }

    fn keep<T>(&mut self, setting: &'static str, ruled: Ruled<T>) -> Option<T> {
        ruled.map_err(|reason| self.refuse(setting, reason)).ok()
    }

    /// The variable's text; set but empty is as good as unset.
    fn text(&self, name: &str) -> Option<String> {
        (self.variable)(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    pub(super) fn flag<T>(
        &mut self,
        name: &'static str,
        text: &str,
        rule: impl FnOnce(&str) -> Ruled<T>,
    ) -> Option<T> {
        self.keep(name, rule(text))
    }

    pub(super) fn required<T>(
        &mut self,
        name: &'static str,
        rule: impl FnOnce(&str) -> Ruled<T>,
    ) -> Option<T> {
        let text = self.text(name);
        self.keep(name, text.map_or(Err("must be set"), |text| rule(&text)))
    }

    pub(super) fn optional<T>(
        &mut self,
        name: &'static str,
        rule: impl FnOnce(&str) -> Ruled<T>,
    ) -> Option<T> {
        let text = self.text(name)?;
        self.keep(name, rule(&text))
    }

    pub(super) fn or<T>(
        &mut self,
        name: &'static str,
        default: &str,
        rule: impl FnOnce(&str) -> Ruled<T>,
    ) -> Option<T> {
        let text = self.text(name);
        self.keep(name, rule(text.as_deref().unwrap_or(default)))
    }

    /// A list with commas; unset is empty.
    pub(super) fn list<T>(
        &mut self,
        name: &'static str,
        rule: impl Fn(&str) -> Ruled<T>,
    ) -> Option<Vec<T>> {
        let text = self.text(name).unwrap_or_default();
        let items =
            text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(rule).collect();
        self.keep(name, items)
    }

    /// # Errors
    ///
    /// All that was broken, if anything was.
    pub(super) fn finish(self) -> Result<(), Violations> {
        if self.broken.is_empty() { Ok(()) } else { Err(Violations(self.broken)) }
    }
}
