//! `ACS3-HMAC-SHA256`, the signature of the current SDKs, of STS and VOD.

use axum::http::HeaderMap;

use super::{encode, equal, hex, hmac_sha256, sha256_hex, signed_value};

/// The scheme's name.
pub(crate) const SCHEME: &str = "ACS3-HMAC-SHA256";

/// The parts of an `Authorization` header of this scheme.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Authorization<'a> {
    pub(crate) access_key_id: &'a str,
    /// Names of the headers that are signed, as sent: clients differ in what they sign.
    pub(crate) signed_headers: Vec<&'a str>,
    pub(crate) signature: &'a str,
}

impl<'a> Authorization<'a> {
    /// Reads the header; `None` if it is of another scheme or incomplete.
    pub(crate) fn parse(header: &'a str) -> Option<Self> {
        let fields = header.strip_prefix(SCHEME)?.trim();
        let field = |name: &str| {
            fields.split(',').find_map(|field| field.trim().strip_prefix(name)?.strip_prefix('='))
        };
        Some(Self {
            access_key_id: field("Credential")?,
            signed_headers: field("SignedHeaders")?.split(';').collect(),
            signature: field("Signature")?,
        })
    }
}

/// What is signed of a request.
#[derive(Debug)]
pub(crate) struct Signed<'a> {
    pub(crate) method: &'a str,
    pub(crate) host: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: &'a [(String, String)],
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body_sha256: &'a str,
}

/// The canonical request for the headers named in `signed_headers`.
pub(crate) fn canonical_request(request: &Signed<'_>, signed_headers: &[&str]) -> String {
    let mut query: Vec<String> = request
        .query
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    query.sort_unstable();
    let headers: String = signed_headers
        .iter()
        .map(|name| {
            let value = match *name {
                "host" => request.host.to_owned(),
                name => signed_value(request.headers, name).unwrap_or_default(),
            };
            format!("{name}:{value}\n")
        })
        .collect();
    format!(
        "{}\n{}\n{}\n{headers}\n{}\n{}",
        request.method,
        request.path,
        query.join("&"),
        signed_headers.join(";"),
        request.body_sha256,
    )
}

/// What is signed: the scheme and a digest of the canonical request.
pub(crate) fn string_to_sign(canonical_request: &str) -> String {
    format!("{SCHEME}\n{}", sha256_hex(canonical_request.as_bytes()))
}

/// Whether `given` signs `string`.
pub(crate) fn verify(secret: &str, string: &str, given: &str) -> bool {
    equal(&signature(secret, string), given)
}

/// The signature of `string`, in hexadecimal.
pub(crate) fn signature(secret: &str, string: &str) -> String {
    hex(&hmac_sha256(secret.as_bytes(), string.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the page on the V3 request structure and signature.
    #[test]
    fn the_documented_example() {
        let empty = sha256_hex(b"");
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("x-acs-action", "RunInstances"),
            ("x-acs-content-sha256", empty.as_str()),
            ("x-acs-date", "2023-10-26T10:22:32Z"),
            ("x-acs-signature-nonce", "3156853299f313e23d1673dc12e1703d"),
            ("x-acs-version", "2014-05-26"),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        let query = [
            ("RegionId".to_owned(), "cn-shanghai".to_owned()),
            (
                "ImageId".to_owned(),
                "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd".to_owned(),
            ),
        ];
        let header = "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0";
        let authorization = Authorization::parse(header).unwrap();
        let request = Signed {
            method: "POST",
            host: "ecs.cn-shanghai.aliyuncs.com",
            path: "/",
            query: &query,
            headers: &headers,
            body_sha256: &empty,
        };
        let string = string_to_sign(&canonical_request(&request, &authorization.signed_headers));
        assert_eq!(authorization.access_key_id, "YourAccessKeyId");
        assert!(verify("YourAccessKeySecret", &string, authorization.signature));
        assert!(!verify(
            "YourAccessKeySecret",
            &string,
            &authorization.signature.replace("06", "07")
        ));
    }

    #[test]
    fn other_schemes_and_halves_are_not_read() {
        for header in
            ["", "OSS a:b", "ACS3-HMAC-SHA256", "ACS3-HMAC-SHA256 Credential=a,Signature=b"]
        {
            assert_eq!(Authorization::parse(header), None, "{header}");
        }
    }
}
