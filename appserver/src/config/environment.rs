//! The environment of the process, with what in it cannot be read.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    fmt,
};

/// Variables by name. Those that are not UTF-8 are known by name alone.
#[derive(Clone, Default)]
pub struct Environment {
    texts: BTreeMap<String, String>,
    garbled: BTreeSet<String>,
}

impl fmt::Debug for Environment {
    /// Names only: some texts are secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.texts.keys()).entries(&self.garbled).finish()
    }
}

impl Environment {
    /// Without a variable.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// That of this process, as it is now.
    #[must_use]
    pub fn of_process() -> Self {
        std::env::vars_os().collect()
    }

    /// Sets the variable `name`.
    pub fn insert(&mut self, name: impl Into<OsString>, text: impl Into<OsString>) {
        let name = name.into().to_string_lossy().into_owned();
        match text.into().into_string() {
            Ok(text) => {
                self.texts.insert(name, text);
            }
            Err(_) => {
                self.garbled.insert(name);
            }
        }
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.texts.get(name).map(String::as_str)
    }

    pub(super) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts.iter().map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// Names of variables that are not UTF-8.
    pub(super) fn garbled(&self) -> impl Iterator<Item = &str> {
        self.garbled.iter().map(String::as_str)
    }
}

impl<N: Into<OsString>, T: Into<OsString>> FromIterator<(N, T)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, T)>>(variables: I) -> Self {
        let mut environment = Self::new();
        for (name, text) in variables {
            environment.insert(name, text);
        }
        environment
    }
}
