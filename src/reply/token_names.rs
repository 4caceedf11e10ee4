//! Which member is the security token. No two answers call it alike, and many hold tokens of other things beside it:
//! the page's session, a refresh token, one against forged requests.

use super::{
    expiry_names::names_end,
    members::{Members, plain},
};

/// What a member's name says, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Name {
    /// What STS calls it.
    Sts,
    /// What ali-oss calls it.
    AliOss,
    /// It names whose token it is, as `ossToken` does; or the value shows it, whatever the name is.
    Named,
    /// What other clouds call theirs.
    Session,
    /// `token` alone: as often the page's own.
    Token,
    /// Some token.
    Any,
    /// Something about a token or about security.
    Vague,
}

/// What a value says, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Form {
    /// It may be one.
    Fits,
    /// A JSON web token: the page's session, unless nothing else is there. MinIO issues such.
    Jwt,
    Blank,
}

/// A member that may be the security token. The least is the surest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    pub(super) form: Form,
    pub(super) name: Name,
}

/// Whose token it is.
const ISSUERS: [&str; 3] = ["security", "sts", "oss"];
/// Names that hold `token` for something else.
const OTHERS: [&str; 8] = ["refresh", "csrf", "xsrf", "cross", "type", "url", "endpoint", "name"];
/// Names of a page's own tokens. To send one to OSS would be to give it away.
const PAGES: [&str; 7] = ["accesstoken", "idtoken", "auth", "login", "user", "jwt", "bearer"];
/// A shorter text may begin like a token by chance.
const ISSUED_MIN: usize = 32;

/// The surest of `members`, if its name says at least `least`.
pub(super) fn surest(members: &Members, least: Name) -> Option<(Rank, &str)> {
    let ranked = members.iter().filter_map(|(key, value)| {
        let value = value.as_str()?;
        let rank = Rank { form: form_of(value), name: name_of(key, value)? };
        (rank.name <= least).then_some((rank, value))
    });
    // Of two alike the first.
    ranked.reduce(|best, next| if next.0 < best.0 { next } else { best })
}

fn name_of(key: &str, value: &str) -> Option<Name> {
    let name = plain(key);
    let has = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    let token = name.contains("token");
    match &*name {
        "securitytoken" => Some(Name::Sts),
        "ststoken" => Some(Name::AliOss),
        _ if name.contains("secret") && !token || is_id(value) => None,
        _ if is_issued(value) => Some(Name::Named),
        // `tokenExpireTime` is about one, too.
        _ if names_end(key) || has(&OTHERS) => None,
        "secrettoken" | "sessiontoken" => Some(Name::Session),
        "token" => Some(Name::Token),
        "st" => Some(Name::Vague),
        _ if name.ends_with("token") && has(&ISSUERS) => Some(Name::Named),
        _ if token && has(&PAGES) => None,
        _ if name.ends_with("token") => Some(Name::Any),
        _ if token || name.contains("security") => Some(Name::Vague),
        _ => None,
    }
}

/// An AccessKeyId of STS: `tokenId` may be one.
fn is_id(value: &str) -> bool {
    value.trim_ascii().starts_with("STS.")
}

fn form_of(value: &str) -> Form {
    let value = value.trim_ascii();
    let dots = value.bytes().filter(|&byte| byte == b'.').count();
    match value {
        "" => Form::Blank,
        _ if value.starts_with("eyJ") && dots == 2 => Form::Jwt,
        _ => Form::Fits,
    }
}

/// Whether STS issued it: all of its tokens are base64 of a structure that begins alike.
fn is_issued(value: &str) -> bool {
    let value = value.trim_ascii();
    let begins = value.starts_with("CAIS") || value.starts_with("CAES");
    begins && value.len() >= ISSUED_MIN && value.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Json;
    use std::{borrow::ToOwned, vec::Vec};

    const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln";
    const ISSUED: &str = "CAISzQJ1q6Ft5B2yfSjIr5fWJ8zHl7ZP9w";

    #[test]
    fn the_surest_member_is_the_token() {
        let cases = [
            ("token=a SecurityToken=b", Some("b")),
            ("security_token=a stsToken=b", Some("a")),
            ("token=a stsSecurityToken=b", Some("b")),
            ("sessionToken=a ossToken=b", Some("b")),
            ("token=a x-oss-security-token=b", Some("b")),
            ("token=a ossToken=b stsToken=c", Some("c")),
            ("crossSiteToken=a token=b", Some("b")),
            ("stsTokenExpireTime=a myToken=b", Some("b")),
            ("tokenType=Bearer", None),
            ("refreshToken=a", None),
            ("accessToken=a", None),
            ("ossTokenId=STS.a stsToken=", Some("")),
            // A JSON web token only if nothing else is there, whatever the names are; so is nothing.
            ("token=JWT uploadToken=b", Some("b")),
            ("securityToken=JWT ossToken=b", Some("b")),
            ("accessToken=a token=JWT", Some(JWT)),
            ("token=eyJhIjoxfQ myToken=b", Some("eyJhIjoxfQ")),
            ("securityToken= ossToken=b", Some("b")),
            ("securityToken=", Some("")),
            // What it looks like says more than a name that says little.
            ("token=a accessToken=ISSUED", Some(ISSUED)),
            ("token=a ossTok=ISSUED", Some(ISSUED)),
            ("token=a accessKeySecret=ISSUED", Some("a")),
        ];
        for (members, token) in cases {
            let members = members.replace("JWT", JWT).replace("ISSUED", ISSUED);
            let members: Vec<_> = members
                .split(' ')
                .filter_map(|member| member.split_once('='))
                .map(|(key, value)| (key.to_owned(), Json::String(value.to_owned())))
                .collect();
            assert_eq!(surest(&members, Name::Any).map(|(_, token)| token), token, "{token:?}");
        }
    }
}
