//! `OSS4-HMAC-SHA256`, the OSS header signature, version 4.

use axum::http::HeaderMap;

use super::{encode, encode_path, equal, hex, hmac_sha256, sha256_hex, signed_value};

/// The scheme's name.
pub(crate) const SCHEME: &str = "OSS4-HMAC-SHA256";

/// The parts of an `Authorization` header of this scheme.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Authorization<'a> {
    pub(crate) access_key_id: &'a str,
    /// `yyyymmdd`.
    pub(crate) date: &'a str,
    /// Without `oss-`.
    pub(crate) region: &'a str,
    pub(crate) additional_headers: Vec<&'a str>,
    pub(crate) signature: &'a str,
}

impl<'a> Authorization<'a> {
    /// Reads the header; `None` if it is of another scheme or incomplete.
    pub(crate) fn parse(header: &'a str) -> Option<Self> {
        let fields = header.strip_prefix(SCHEME)?.trim();
        let field = |name: &str| {
            fields.split(',').find_map(|field| field.trim().strip_prefix(name)?.strip_prefix('='))
        };
        let mut credential = field("Credential")?.split('/');
        let (access_key_id, date, region) =
            (credential.next()?, credential.next()?, credential.next()?);
        let scope_ends_well = credential.eq(["oss", "aliyun_v4_request"]);
        let additional_headers =
            field("AdditionalHeaders").map(|names| names.split(';').collect()).unwrap_or_default();
        let signature = field("Signature")?;
        scope_ends_well.then_some(Self {
            access_key_id,
            date,
            region,
            additional_headers,
            signature,
        })
    }

    fn scope(&self) -> String {
        format!("{}/{}/oss/aliyun_v4_request", self.date, self.region)
    }
}

/// The canonical request. `resource` is `/<bucket>/<key>`, not encoded.
pub(crate) fn canonical_request(
    method: &str,
    headers: &HeaderMap,
    resource: &str,
    query: &[(String, String)],
    additional_headers: &[&str],
) -> String {
    let mut pairs: Vec<String> = query
        .iter()
        .map(|(name, value)| {
            if value.is_empty() {
                encode(name)
            } else {
                format!("{}={}", encode(name), encode(value))
            }
        })
        .collect();
    pairs.sort_unstable();

    let mut names: Vec<&str> = headers
        .keys()
        .map(|name| name.as_str())
        .filter(|name| {
            matches!(*name, "content-type" | "content-md5")
                || name.starts_with("x-oss-")
                || additional_headers.contains(name)
        })
        .collect();
    names.sort_unstable();
    let signed: String = names
        .into_iter()
        .map(|name| format!("{name}:{}\n", signed_value(headers, name).unwrap_or_default()))
        .collect();
    let payload = signed_value(headers, "x-oss-content-sha256")
        .unwrap_or_else(|| String::from("UNSIGNED-PAYLOAD"));
    format!(
        "{method}\n{}\n{}\n{signed}\n{}\n{payload}",
        encode_path(resource),
        pairs.join("&"),
        additional_headers.join(";"),
    )
}

/// What is signed: scheme, time, scope and a digest of the canonical request.
pub(crate) fn string_to_sign(
    authorization: &Authorization<'_>,
    time: &str,
    canonical_request: &str,
) -> String {
    format!(
        "{SCHEME}\n{time}\n{}\n{}",
        authorization.scope(),
        sha256_hex(canonical_request.as_bytes())
    )
}

/// The signature of `string`, in hexadecimal, by the key that the scope derives from `secret`.
pub(crate) fn signature(secret: &str, authorization: &Authorization<'_>, string: &str) -> String {
    let key = [authorization.date, authorization.region, "oss", "aliyun_v4_request"]
        .iter()
        .fold(format!("aliyun_v4{secret}").into_bytes(), |key, part| {
            hmac_sha256(&key, part.as_bytes())
        });
    hex(&hmac_sha256(&key, string.as_bytes()))
}

/// Whether the authorization signs `string`.
pub(crate) fn verify(secret: &str, authorization: &Authorization<'_>, string: &str) -> bool {
    equal(&signature(secret, authorization, string), authorization.signature)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_and_halves_are_not() {
        let whole = "OSS4-HMAC-SHA256 Credential=id/20261123/cn-shanghai/oss/aliyun_v4_request, AdditionalHeaders=host;range,Signature=ab";
        let expected = Authorization {
            access_key_id: "id",
            date: "20261123",
            region: "cn-shanghai",
            additional_headers: vec!["host", "range"],
            signature: "ab",
        };
        assert_eq!(Authorization::parse(whole), Some(expected));
        for header in [
            "",
            "OSS id:ab",
            "OSS4-HMAC-SHA256 Credential=id/20261123/cn-shanghai/oss/aliyun_v4_request",
            "OSS4-HMAC-SHA256 Credential=id/20261123/cn-shanghai/s3/aws4_request,Signature=ab",
            "OSS4-HMAC-SHA256 Credential=id/20261123,Signature=ab",
        ] {
            assert_eq!(Authorization::parse(header), None, "{header}");
        }
    }

    #[test]
    fn the_canonical_request_sorts_and_encodes() {
        let mut headers = HeaderMap::new();
        for (name, value) in
            [("host", "h"), ("x-oss-date", " d "), ("content-type", "text/plain"), ("accept", "*")]
        {
            headers.insert(name, value.parse().unwrap());
        }
        let query = [("uploadId", "U"), ("partNumber", "1"), ("uploads", "")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(
            canonical_request("PUT", &headers, "/b/a b/ü", &query, &["host"]),
            "PUT\n/b/a%20b/%C3%BC\npartNumber=1&uploadId=U&uploads\ncontent-type:text/plain\nhost:h\nx-oss-date:d\n\nhost\nUNSIGNED-PAYLOAD"
        );
    }
}
