//! Locks that a panicking test thread cannot poison.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks `mutex`. Every update below is a single statement, so the data is whole even after a panic.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
