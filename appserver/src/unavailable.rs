//! What is shared by several instances, and out of reach.

use std::fmt;

/// What is shared cannot be reached now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unavailable;

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the store that the instances share cannot be reached")
    }
}

impl std::error::Error for Unavailable {}
