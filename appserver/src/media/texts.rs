//! What a page's words may hold.

use super::value;
use crate::{
    fields::{BadField, bad},
    vod::Params,
};

/// Looks at each text of `params`, and where an address leads.
///
/// # Errors
///
/// What the page must change.
pub(super) fn check(params: &Params) -> Result<(), BadField> {
    for (name, text) in params {
        // A description may have lines.
        let odd = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t');
        if text.contains(odd) || (*name == "FileName" && text.contains(char::is_control)) {
            return Err(bad("InvalidField", format!("{name} holds control characters")));
        }
    }
    let web = |text: &str| text.starts_with("https://") || text.starts_with("http://");
    if value(params, "CoverURL").is_some_and(|url| !web(url)) {
        return Err(bad("InvalidField", "CoverURL must begin with https:// or http://"));
    }
    Ok(())
}
