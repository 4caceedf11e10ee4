//! An error in XML, as STS and OSS write it and AppServers pass it on.

use super::members::{bare, begins, member};
use crate::json::Json;

/// How many elements are looked at: an error of the cloud has five or six.
const ELEMENTS: usize = 128;

/// The elements of `json` that hold text, as members, if it is XML with a code of an error. Else `json`.
///
/// ```xml
/// <Error><RequestId>…</RequestId><Code>NoPermission</Code><Message>…</Message></Error>
/// ```
pub(super) fn opened(json: Json) -> Json {
    let members = match &json {
        Json::String(text) if begins(bare(text), b"<") && !is_html(bare(text)) => leaves(text),
        _ => return json,
    };
    if member(&members, &["code", "errorcode"]).is_some() { Json::Object(members) } else { json }
}

/// HTML has an element of the name `code`, too.
fn is_html(text: &str) -> bool {
    let starts =
        |start: &str| text.get(..start.len()).is_some_and(|text| text.eq_ignore_ascii_case(start));
    starts("<!doctype html") || starts("<html")
}

fn leaves(text: &str) -> Vec<(String, Json)> {
    let mut members = Vec::new();
    let mut pieces = text.split('<').take(ELEMENTS).peekable();
    while let Some(piece) = pieces.next() {
        let Some((tag, content)) = piece.split_once(">") else { continue };
        let name = tag.split(' ').next().unwrap_or_default();
        let closed = pieces.peek().and_then(|next| next.strip_prefix('/'));
        let closed = closed.and_then(|next| next.strip_prefix(name));
        if closed.is_some_and(|rest| rest.starts_with('>')) {
            members.push((name.to_owned(), Json::String(content.trim_ascii().to_owned())));
        }
    }
    members
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Json {
        opened(Json::String(text.to_owned()))
    }

    #[test]
    fn the_elements_of_an_error_are_its_members() {
        let json = read(
            "\u{feff}<?xml version='1.0' encoding='UTF-8'?>\n<Error>\n  <RequestId>1</RequestId>\n  <Code lang=\"en\"> NoPermission </Code><Message></Message>\n</Error>",
        );
        let text = |name| json.get(name).and_then(Json::as_str);
        assert_eq!(text("RequestId"), Some("1"));
        assert_eq!(text("Code"), Some("NoPermission"));
        assert_eq!(text("Message"), Some(""));
        assert_eq!(text("Error"), None);
    }

    #[test]
    fn what_is_no_error_in_xml_stays_as_it_is() {
        for text in [
            "<!doctype html><title>403</title><h1>Forbidden</h1><code>403</code>",
            "<HTML><body><code>403</code></body></html>",
            "<h1>Forbidden</h1><p>no</p>",
            "<Error><Code>NoPermission",
            "<Error>",
            "<",
            "",
            "{\"Code\":\"<Code>1</Code>\"}",
        ] {
            assert!(read(text) == Json::String(text.to_owned()), "{text}");
        }
        assert!(opened(Json::Null) == Json::Null);
    }
}
