//! A value that cannot be printed.

use core::fmt;

/// Holds a credential. `Debug` shows `[secret]`; there is no `Display` and no `Serialize`.
///
/// Equality is derived: it compares what one page already holds, so timing tells nobody anything new.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Wraps `value`.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself, for signing and for handing over to the SDK. Nothing else may call this.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn a_secret_is_not_printed() {
        assert_eq!(format!("{:?}", Secret::new("CANARY")), "[secret]");
        assert_eq!(*Secret::new("CANARY").expose(), "CANARY");
    }
}
