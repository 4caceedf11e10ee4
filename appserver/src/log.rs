//! The audit log: one JSON object a line. Nothing that reaches it holds a secret: callers name each
//! field, and none of the types with secrets can be serialised.

use std::{fmt, io::Write, sync::Arc};

use jiff::Timestamp;
use serde_json::Value;

/// Where log lines go; clones share the destination.
#[derive(Clone)]
pub struct Log(Arc<dyn Fn(&Value) + Send + Sync>);

impl Log {
    /// Hands each entry to `write`.
    pub fn new(write: impl Fn(&Value) + Send + Sync + 'static) -> Self {
        Self(Arc::new(write))
    }

    /// One line an entry on standard error.
    #[must_use]
    pub fn stderr() -> Self {
        Self::new(|entry| {
            // A closed standard error is no reason to refuse a user's upload.
            let _ = writeln!(std::io::stderr().lock(), "{entry}");
        })
    }

    /// Writes `entry`, a JSON object, with the time in front.
    pub fn write(&self, mut entry: Value) {
        if let Value::Object(fields) = &mut entry {
            fields.insert(String::from("at"), Value::String(format!("{:.3}", Timestamp::now())));
        }
        (self.0)(&entry);
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Log")
    }
}
