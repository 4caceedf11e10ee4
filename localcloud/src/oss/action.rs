//! What a request to OSS asks for: its method and subresource say so.

use axum::http::Method;

use crate::{exchange::Head, sign::oss_v1::is_subresource};

/// An operation on one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Preflight,
    PutObject,
    GetObject,
    HeadObject,
    DeleteObject,
    InitiateMultipartUpload,
    UploadPart,
    CompleteMultipartUpload,
    AbortMultipartUpload,
    ListParts,
    /// Anything else, whole buckets included.
    Unknown,
}

impl Action {
    pub(crate) fn of(head: &Head, key: &str) -> Self {
        if head.is_preflight() {
            return Self::Preflight;
        }
        if key.is_empty() || asks_for_more(head) {
            return Self::Unknown;
        }
        let in_upload = head.query("uploadId").is_some();
        match (&head.method, in_upload) {
            (&Method::POST, false) if head.query("uploads").is_some() => {
                Self::InitiateMultipartUpload
            }
            (&Method::POST, true) => Self::CompleteMultipartUpload,
            (&Method::PUT, true) => Self::UploadPart,
            (&Method::PUT, false) => Self::PutObject,
            (&Method::GET, true) => Self::ListParts,
            (&Method::GET, false) => Self::GetObject,
            (&Method::DELETE, true) => Self::AbortMultipartUpload,
            (&Method::DELETE, false) => Self::DeleteObject,
            (&Method::HEAD, _) => Self::HeadObject,
            _ => Self::Unknown,
        }
    }

    /// The operation's name in the vendor's documentation.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Preflight => "Preflight",
            Self::PutObject => "PutObject",
            Self::GetObject => "GetObject",
            Self::HeadObject => "HeadObject",
            Self::DeleteObject => "DeleteObject",
            Self::InitiateMultipartUpload => "InitiateMultipartUpload",
            Self::UploadPart => "UploadPart",
            Self::CompleteMultipartUpload => "CompleteMultipartUpload",
            Self::AbortMultipartUpload => "AbortMultipartUpload",
            Self::ListParts => "ListParts",
            Self::Unknown => "Unknown",
        }
    }

    /// The permission it needs in a policy; several operations share one.
    pub(crate) const fn permission(self) -> &'static str {
        match self {
            Self::PutObject
            | Self::InitiateMultipartUpload
            | Self::UploadPart
            | Self::CompleteMultipartUpload => "oss:PutObject",
            Self::GetObject | Self::HeadObject => "oss:GetObject",
            Self::DeleteObject => "oss:DeleteObject",
            Self::AbortMultipartUpload => "oss:AbortMultipartUpload",
            Self::ListParts => "oss:ListParts",
            Self::Preflight | Self::Unknown => "oss:*",
        }
    }

    /// Whether it is a step of writing an object, which is all that an UploadAuth is good for.
    pub(crate) const fn writes(self) -> bool {
        matches!(
            self,
            Self::PutObject
                | Self::InitiateMultipartUpload
                | Self::UploadPart
                | Self::CompleteMultipartUpload
                | Self::AbortMultipartUpload
                | Self::ListParts
        )
    }
}

/// Subresources of what is done here; every other one asks for something else.
const SUBRESOURCES: [&str; 3] = ["partNumber", "uploadId", "uploads"];
/// Headers without which the same request would be another one.
const HEADERS: [&str; 9] = [
    "x-oss-callback",
    "x-oss-callback-var",
    "x-oss-copy-source",
    "x-oss-copy-source-range",
    "x-oss-object-acl",
    "x-oss-process",
    "x-oss-server-side-encryption",
    "x-oss-symlink-target",
    "x-oss-tagging",
];

/// Whether the request wants more than what is done here: a 200 for it would be a lie.
fn asks_for_more(head: &Head) -> bool {
    let unknown = |name: &str| is_subresource(name) && !SUBRESOURCES.contains(&name);
    head.query.iter().any(|(name, _)| unknown(name))
        || HEADERS.iter().any(|name| head.header(name).is_some())
        || head.header("x-oss-storage-class").is_some_and(|class| class != "Standard")
}
