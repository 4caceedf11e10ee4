//! Which files may be uploaded, by what their page says of them.

use super::{MediaRules, value};
use crate::{
    fields::{BadField, bad},
    vod::Params,
};

/// The extension of a file's name.
pub(super) fn extension(name: &str) -> Option<&str> {
    name.rsplit_once('.').map(|(_, extension)| extension)
}

/// Holds the file of `params` to `rules`: each of its `extensions`, of which there must be one, and its size.
///
/// # Errors
///
/// What the page must change.
pub(super) fn check(
    rules: &MediaRules,
    params: &Params,
    extensions: &[Option<&str>],
) -> Result<(), BadField> {
    let right = |extension: &&str| {
        rules.extensions.iter().any(|right| right.eq_ignore_ascii_case(extension))
    };
    let mut named = extensions.iter().flatten().peekable();
    let are_right = named.peek().is_some() && named.all(right);
    if !rules.extensions.is_empty() && !are_right {
        let message = "files of this extension may not be uploaded here";
        return Err(bad("FileTypeNotAllowed", message));
    }
    let size = match value(params, "FileSize").map(str::parse::<u64>) {
        Some(Err(_)) => return Err(bad("InvalidField", "FileSize must be a number of bytes")),
        Some(Ok(size)) => Some(size),
        None => None,
    };
    let is_image = value(params, "ImageType").is_some();
    match (rules.max_bytes, size) {
        (Some(most), Some(size)) if size > most => Err(bad(
            "FileTooLarge",
            format!("files of more than {most} bytes may not be uploaded here"),
        )),
        (Some(_), None) if !is_image => {
            Err(bad("MissingFileSize", "this server wants to know the fileSize"))
        }
        _ => Ok(()),
    }
}
