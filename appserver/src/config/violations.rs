//! All that is wrong with a configuration, without any value of it.

use std::{borrow::Cow, fmt};

/// One setting that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The flag or variable.
    pub setting: String,
    /// What it must be instead.
    pub reason: Cow<'static, str>,
}

/// All settings that cannot be used. Shown one a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violations(pub(super) Vec<Violation>);

impl Violations {
    /// Each of them.
    #[must_use]
    pub fn all(&self) -> &[Violation] {
        &self.0
    }

    /// A setting is missing that no rule complained about.
    pub(super) fn incomplete() -> Self {
        let setting = String::from("configuration");
        Self(vec![Violation { setting, reason: Cow::Borrowed("is incomplete") }])
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
