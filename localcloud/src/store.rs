//! Objects and unfinished multipart uploads, in memory.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::body::Bytes;

use crate::clock::UnixMs;

/// How many bytes may be held, those of bodies on their way in included.
#[derive(Clone, Debug)]
pub(crate) struct Budget {
    used: Arc<AtomicU64>,
    max: u64,
}

impl Budget {
    pub(crate) fn new(max: u64) -> Self {
        Self { used: Arc::default(), max }
    }

    /// An empty share of the budget, to grow as bytes arrive.
    pub(crate) fn lease(&self) -> Lease {
        Lease { budget: self.clone(), bytes: 0 }
    }
}

/// A share of the budget, given back when dropped.
#[derive(Debug)]
pub(crate) struct Lease {
    budget: Budget,
    bytes: u64,
}

impl Lease {
    /// Whether `more` bytes fit; they are counted if so.
    pub(crate) fn grow(&mut self, more: usize) -> bool {
        let more = more as u64;
        let fits = self
            .budget
            .used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
                used.checked_add(more).filter(|sum| *sum <= self.budget.max)
            })
            .is_ok();
        self.bytes += if fits { more } else { 0 };
        fits
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.budget.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// Bytes that were received, and the share of the budget they take.
#[derive(Debug)]
pub(crate) struct Blob {
    pub(crate) bytes: Bytes,
    pub(crate) _lease: Lease,
}

/// A stored object.
#[derive(Debug)]
pub(crate) struct Object {
    /// The parts in order; one for an object that was put whole.
    pub(crate) blobs: Vec<Arc<Blob>>,
    pub(crate) size: u64,
    /// Without quotes.
    pub(crate) etag: String,
    pub(crate) content_type: String,
    /// Headers that come back with it.
    pub(crate) kept: Vec<(String, String)>,
    pub(crate) modified: UnixMs,
}

/// A part of an unfinished upload.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) blob: Arc<Blob>,
    /// Without quotes.
    pub(crate) etag: String,
    pub(crate) modified: UnixMs,
}

/// A multipart upload that was neither completed nor aborted.
#[derive(Debug)]
pub(crate) struct Multipart {
    pub(crate) bucket: String,
    pub(crate) key: String,
    pub(crate) content_type: String,
    pub(crate) kept: Vec<(String, String)>,
    pub(crate) parts: BTreeMap<u32, Part>,
}

/// Everything OSS holds.
#[derive(Debug, Default)]
pub(crate) struct Store {
    /// By bucket and key.
    pub(crate) objects: BTreeMap<(String, String), Arc<Object>>,
    /// By upload id.
    pub(crate) multiparts: HashMap<String, Multipart>,
}

impl Store {
    pub(crate) fn object(&self, bucket: &str, key: &str) -> Option<Arc<Object>> {
        self.objects.get(&(bucket.to_owned(), key.to_owned())).cloned()
    }

    pub(crate) fn put(&mut self, bucket: &str, key: &str, object: Object) {
        self.objects.insert((bucket.to_owned(), key.to_owned()), Arc::new(object));
    }

    /// The unfinished upload of this id, if it belongs to this object.
    pub(crate) fn multipart(
        &mut self,
        id: &str,
        bucket: &str,
        key: &str,
    ) -> Option<&mut Multipart> {
        self.multiparts.get_mut(id).filter(|upload| upload.bucket == bucket && upload.key == key)
    }
}

impl Object {
    /// All bytes, or those of `range`, which must lie inside the object.
    pub(crate) fn bytes(&self, range: std::ops::Range<u64>) -> Vec<u8> {
        let mut offset = 0;
        let mut bytes = Vec::new();
        for blob in &self.blobs {
            let length = blob.bytes.len() as u64;
            let from = range.start.saturating_sub(offset).min(length) as usize;
            let to = range.end.saturating_sub(offset).min(length) as usize;
            bytes.extend_from_slice(blob.bytes.get(from..to).unwrap_or_default());
            offset += length;
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_given_back() {
        let budget = Budget::new(10);
        let mut first = budget.lease();
        assert!(first.grow(6));
        let mut second = budget.lease();
        assert!(!second.grow(5));
        assert!(second.grow(4));
        drop(first);
        assert!(second.grow(6));
        assert!(!second.grow(1));
    }

    #[test]
    fn a_range_may_cross_parts() {
        let blob = |text: &'static str| {
            Arc::new(Blob {
                bytes: Bytes::from_static(text.as_bytes()),
                _lease: Budget::new(9).lease(),
            })
        };
        let object = Object {
            blobs: vec![blob("abc"), blob("def")],
            size: 6,
            etag: String::new(),
            content_type: String::new(),
            kept: Vec::new(),
            modified: 0,
        };
        assert_eq!(object.bytes(0..6), b"abcdef");
        assert_eq!(object.bytes(2..5), b"cde");
        assert_eq!(object.bytes(3..4), b"d");
    }
}
