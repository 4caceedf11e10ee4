//! RPC signature, version 1.0 (HMAC-SHA1), of STS and VOD.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{encode, equal, hmac_sha1};

/// What is signed: every parameter but `Signature`, sorted, from query and form alike.
pub(crate) fn string_to_sign<'a>(
    method: &str,
    params: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> String {
    let mut pairs: Vec<(&str, &str)> =
        params.into_iter().filter(|(name, _)| *name != "Signature").collect();
    pairs.sort_unstable();
    let canonical: Vec<String> = pairs
        .into_iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    format!("{method}&%2F&{}", encode(&canonical.join("&")))
}

/// The signature of `string`, in base64.
pub(crate) fn signature(secret: &str, string: &str) -> String {
    STANDARD.encode(hmac_sha1(format!("{secret}&").as_bytes(), string.as_bytes()))
}

/// Whether `given` signs `string`.
pub(crate) fn verify(secret: &str, string: &str, given: &str) -> bool {
    equal(&signature(secret, string), given)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the STS page on signatures.
    #[test]
    fn the_documented_example() {
        let params = [
            ("SignatureVersion", "1.0"),
            ("Format", "JSON"),
            ("Timestamp", "2015-09-01T05:57:34Z"),
            ("RoleArn", "acs:ram::1234567890123:role/firstrole"),
            ("RoleSessionName", "client"),
            ("AccessKeyId", "testid"),
            ("SignatureMethod", "HMAC-SHA1"),
            ("Version", "2015-04-01"),
            ("Signature", "not signed itself"),
            ("Action", "AssumeRole"),
            ("SignatureNonce", "571f8fb8-506e-11e5-8e12-b8e8563dc8d2"),
        ];
        let string = string_to_sign("GET", params);
        assert_eq!(signature("testsecret", &string), "gNI7b0AyKZHxDgjBGPDgJ1Ce3L4=");
        assert!(verify("testsecret", &string, "gNI7b0AyKZHxDgjBGPDgJ1Ce3L4="));
        assert!(!verify("testsecreT", &string, "gNI7b0AyKZHxDgjBGPDgJ1Ce3L4="));
    }

    #[test]
    fn reserved_characters_are_encoded_twice() {
        assert_eq!(
            string_to_sign("GET", [("a", "b c*~"), ("B", "+")]),
            "GET&%2F&B%3D%252B%26a%3Db%2520c%252A~"
        );
    }
}
