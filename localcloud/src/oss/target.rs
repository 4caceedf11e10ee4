//! A request to OSS, and what it is about.

use super::action::Action;
use crate::exchange::Head;

/// A request to OSS, and what it is about.
#[derive(Debug)]
pub(crate) struct Target<'a> {
    pub(crate) head: &'a Head,
    pub(crate) action: Action,
    /// Empty if the host names none.
    pub(crate) bucket: &'a str,
    /// `None` for a host without one.
    pub(crate) region: Option<&'a str>,
    /// Decoded, without the leading slash.
    pub(crate) key: String,
    pub(crate) request_id: String,
}

impl Target<'_> {
    pub(crate) fn part_number(&self) -> Option<u32> {
        self.head.query("partNumber").and_then(|number| number.parse().ok())
    }

    pub(crate) fn upload_id(&self) -> &str {
        self.head.query("uploadId").unwrap_or_default()
    }

    /// `/<bucket>/<key>`, as signed.
    pub(crate) fn resource(&self) -> String {
        if self.bucket.is_empty() {
            String::from("/")
        } else {
            format!("/{}/{}", self.bucket, self.key)
        }
    }
}
