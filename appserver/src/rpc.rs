//! Signing a call of Alibaba Cloud's RPC APIs (signature version 1.0), for STS and VOD.
//!
//! Calls are posted. In a URL a session policy or a video's `UserData` soon exceeds what the gateway takes, and a
//! URL is what gets logged on the way.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{Request, header::CONTENT_TYPE};
use jiff::Timestamp;
use ring::hmac;
use upload_token::secret::Secret;

use crate::{endpoint::Endpoint, upstream::Failure};

/// Who signs.
#[derive(Clone, Copy, Debug)]
pub struct Signer<'a> {
    /// Id of the key.
    pub access_key_id: &'a str,
    /// Its secret.
    pub access_key_secret: &'a Secret<String>,
    /// What a temporary key needs beside it.
    pub security_token: Option<&'a Secret<String>>,
}

/// `action` of API `version` at `endpoint`, with `params` and all that is common to calls.
///
/// # Errors
///
/// [`Failure::Unusable`], if the endpoint is no URI, which [`Endpoint`] rules out.
pub fn request(
    endpoint: &Endpoint,
    (action, version): (&str, &str),
    params: &[(&str, &str)],
    signer: Signer<'_>,
) -> Result<Request<Bytes>, Failure> {
    let nonce = format!("{:032x}", rand::random::<u128>());
    let timestamp = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let mut all = vec![
        ("Action", action),
        ("Version", version),
        ("Format", "JSON"),
        ("AccessKeyId", signer.access_key_id),
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureVersion", "1.0"),
        ("SignatureNonce", &nonce),
        ("Timestamp", &timestamp),
    ];
    all.extend(signer.security_token.map(|token| ("SecurityToken", token.expose().as_str())));
    all.extend(params);
    let body = signed(&mut all, signer.access_key_secret);
    Request::post(format!("{}/", endpoint.as_str()))
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Bytes::from(body))
        .map_err(|_| Failure::Unusable { reason: "its address is no URI" })
}

/// `params` as a form, with their signature.
fn signed(params: &mut [(&str, &str)], secret: &Secret<String>) -> String {
    params.sort_unstable();
    let form = params
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect::<Vec<_>>()
        .join("&");
    let statement = format!("POST&%2F&{}", encode(&form));
    let key = format!("{}&", secret.expose());
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key.as_bytes());
    let signature = STANDARD.encode(hmac::sign(&key, statement.as_bytes()));
    format!("{form}&Signature={}", encode(&signature))
}

/// RFC 3986: all but `A-Za-z0-9-._~`.
fn encode(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_characters_are_encoded_as_the_signature_wants() {
        assert_eq!(encode("a b+c*~/ü"), "a%20b%2Bc%2A~%2F%C3%BC");
    }

    #[test]
    fn parameters_are_sorted_and_signed() {
        let mut params = [("B", "2 3"), ("A", "1")];
        let form = signed(&mut params, &Secret::new(String::from("testsecret")));
        let (form, signature) = form.split_once("&Signature=").unwrap();
        assert_eq!(form, "A=1&B=2%203");
        // By openssl, of `POST&%2F&A%3D1%26B%3D2%25203` under `testsecret&`.
        assert_eq!(signature, "%2FFFeKwOdURpLJUp29i0cyuqyNWY%3D");
    }
}
