//! OSS header signature, version 1 (HMAC-SHA1).

use axum::http::HeaderMap;
use base64::{Engine, engine::general_purpose::STANDARD};

use super::{equal, hmac_sha1, signed_value};

/// Query parameters that are part of the signed resource; the others are not signed.
const SUBRESOURCES: [&str; 40] = [
    "acl",
    "append",
    "bucketInfo",
    "callback",
    "callback-var",
    "cname",
    "comp",
    "continuation-token",
    "cors",
    "delete",
    "encryption",
    "endTime",
    "img",
    "inventory",
    "lifecycle",
    "live",
    "location",
    "logging",
    "objectMeta",
    "partNumber",
    "policy",
    "position",
    "qos",
    "referer",
    "replication",
    "replicationLocation",
    "replicationProgress",
    "restore",
    "security-token",
    "sequential",
    "startTime",
    "stat",
    "status",
    "style",
    "styleName",
    "symlink",
    "tagging",
    "uploadId",
    "uploads",
    "website",
];

/// Whether a query parameter names what is asked for, and is signed.
pub(crate) fn is_subresource(name: &str) -> bool {
    SUBRESOURCES.contains(&name) || name.starts_with("response-") || name.starts_with("x-oss-")
}

/// The parts of `OSS <AccessKeyId>:<signature>`; `None` if it is of another scheme.
pub(crate) fn parse(header: &str) -> Option<(&str, &str)> {
    header.strip_prefix("OSS ")?.trim().split_once(':')
}

/// What is signed. `resource` is `/<bucket>/<key>`, not encoded.
pub(crate) fn string_to_sign(
    method: &str,
    headers: &HeaderMap,
    resource: &str,
    query: &[(String, String)],
) -> String {
    let header = |name: &str| signed_value(headers, name).unwrap_or_default();
    let date = signed_value(headers, "x-oss-date").unwrap_or_else(|| header("date"));

    let mut names: Vec<&str> = headers
        .keys()
        .map(|name| name.as_str())
        .filter(|name| name.starts_with("x-oss-"))
        .collect();
    names.sort_unstable();
    let oss_headers: String =
        names.into_iter().map(|name| format!("{name}:{}\n", header(name))).collect();

    let mut subresources: Vec<String> = query
        .iter()
        .filter(|(name, _)| is_subresource(name))
        .map(
            |(name, value)| if value.is_empty() { name.clone() } else { format!("{name}={value}") },
        )
        .collect();
    subresources.sort_unstable();
    let separator = if subresources.is_empty() { "" } else { "?" };

    format!(
        "{method}\n{}\n{}\n{date}\n{oss_headers}{resource}{separator}{}",
        header("content-md5"),
        header("content-type"),
        subresources.join("&"),
    )
}

/// The signature of `string`, in base64.
pub(crate) fn signature(secret: &str, string: &str) -> String {
    STANDARD.encode(hmac_sha1(secret.as_bytes(), string.as_bytes()))
}

/// Whether `given` signs `string`.
pub(crate) fn verify(secret: &str, string: &str, given: &str) -> bool {
    equal(&signature(secret, string), given)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the OSS page on signatures in headers.
    #[test]
    fn the_documented_example() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("content-md5", "ODBGOERFMDMzQTczRUY3NUE3NzA5QzdFNUYzMDQxNEM="),
            ("content-type", "text/html"),
            ("date", "Thu, 17 Nov 2005 18:49:58 GMT"),
            ("host", "oss-example.oss-cn-hangzhou.aliyuncs.com"),
            ("x-oss-meta-author", "foo@bar.com"),
            ("x-oss-magic", "abracadabra"),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        let (id, given) = parse("OSS 44CF9590006BF252F707:26NBxoKdsyly4EDv6inkoDft/yA=").unwrap();
        let string = string_to_sign("PUT", &headers, "/oss-example/nelson", &[]);
        assert_eq!(id, "44CF9590006BF252F707");
        assert!(verify("OtxrzxIsfpFjA7SwPzILwy8Bw21TLhquhboDYROV", &string, given), "{string}");
    }

    #[test]
    fn only_subresources_are_signed_and_x_oss_date_replaces_the_date() {
        let mut headers = HeaderMap::new();
        headers.insert("date", "a".parse().unwrap());
        headers.insert("x-oss-date", "b".parse().unwrap());
        let query = [("uploadId", "U"), ("partNumber", "2"), ("max-parts", "9"), ("uploads", "")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(
            string_to_sign("GET", &headers, "/b/k", &query),
            "GET\n\n\nb\nx-oss-date:b\n/b/k?partNumber=2&uploadId=U&uploads"
        );
    }
}
