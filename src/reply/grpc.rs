//! What errors of gRPC, gRPC-Web and Connect say: a number or a name of theirs, each of which is an HTTP status.

use super::members::{Members, member, number, plain, text};
use crate::json::Json;

/// Codes of which it is certain that a server has answered them, with the number and the HTTP status that Connect's
/// protocol gives them. The others are also what clients call a connection that failed.
const CODES: [(&str, f64, u16); 7] = [
    ("invalidargument", 3.0, 400),
    ("notfound", 5.0, 404),
    ("permissiondenied", 7.0, 403),
    ("resourceexhausted", 8.0, 429),
    ("failedprecondition", 9.0, 400),
    ("outofrange", 11.0, 400),
    ("unauthenticated", 16.0, 401),
];

/// The HTTP status that an error of such a client stands for: `name` is the error's, `members` have its `code`.
pub(super) fn status(name: &str, members: &Members) -> Option<u16> {
    let of_grpc =
        name == "ConnectError" || name.ends_with("RpcError") || name.ends_with("GrpcError");
    let (_, code) = member(members, &["code"]).filter(|_| of_grpc)?;
    let named = code.as_str().map(plain);
    let is = |(name, value, _): &&(&str, f64, u16)| {
        number(code) == Some(*value) || named.as_deref() == Some(*name)
    };
    CODES.iter().find(is).map(|(.., status)| *status)
}

/// The same of a text that begins with a code, as `[permission_denied] no` and `7 PERMISSION_DENIED: no` do; with what
/// stands behind it.
pub(super) fn labelled(text: &str) -> Option<(u16, &str)> {
    let bare =
        text.trim_start_matches(|char: char| char == '[' || char.is_ascii_digit() || char == ' ');
    let end = bare.bytes().position(|byte| !byte.is_ascii_alphabetic() && byte != b'_')?;
    let (name, behind) = bare.split_at_checked(end)?;
    let behind = behind.strip_prefix([']', ':']).filter(|_| bare.len() < text.len())?;
    let name = plain(name);
    let (.., status) = CODES.iter().find(|(known, ..)| *known == name)?;
    Some((*status, behind.trim_ascii()))
}

/// What an error of such a client says for people.
pub(super) fn words(members: &Members) -> Option<Json> {
    let (_, message) = text(members, &["rawmessage", "message"])?;
    Some(Json::String(labelled(message).map_or(message, |(_, words)| words).into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_read_only_where_a_code_of_grpc_stands() {
        for (text, read) in [
            ("[permission_denied] you may not", Some((403, "you may not"))),
            ("[unauthenticated] no", Some((401, "no"))),
            ("16 UNAUTHENTICATED: no credentials", Some((401, "no credentials"))),
            ("[unavailable] Failed to fetch", None),
            ("not_found: nothing", None),
            ("[GraphQL] no", None),
            ("", None),
        ] {
            assert_eq!(labelled(text), read, "{text}");
        }
    }
}
