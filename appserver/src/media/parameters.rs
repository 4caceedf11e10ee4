//! Which parameters the calls have that create media at VOD.

/// Parameters of CreateUploadVideo, by VOD's names.
pub(super) const VIDEO: [&str; 13] = [
    "FileName",
    "Title",
    "FileSize",
    "Description",
    "CateId",
    "Tags",
    "CoverURL",
    "TemplateGroupId",
    "WorkflowId",
    "StorageLocation",
    "AppId",
    "UserData",
    "ReferenceId",
];
/// Those of CreateUploadImage.
pub(super) const IMAGE: [&str; 9] = [
    "ImageType",
    "ImageExt",
    "Title",
    "Description",
    "CateId",
    "Tags",
    "StorageLocation",
    "AppId",
    "UserData",
];
/// Those of CreateUploadAttachedMedia.
pub(super) const ATTACHED: [&str; 11] = [
    "BusinessType",
    "MediaExt",
    "Title",
    "FileName",
    "FileSize",
    "Description",
    "CateIds",
    "Tags",
    "StorageLocation",
    "AppId",
    "UserData",
];
/// Parameters that spend the operator's money or move media out of reach: a page sets none of them unless the
/// operator says which values are right.
pub(super) const OPERATORS: [&str; 4] =
    ["AppId", "WorkflowId", "TemplateGroupId", "StorageLocation"];
