//! Signature version 1.0 of Alibaba Cloud's RPC style, HMAC-SHA1.

use alloc::{string::String, vec::Vec};

use base64ct::{Base64, Encoding};

use super::sha1::{BLOCK, sha1};

/// Appends `text` to `out`, percent-encoded as the signature wants it: all but RFC 3986's unreserved characters.
pub fn encode(text: &str, out: &mut String) {
    const HEX: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    let digit = |value: u8| HEX.get(usize::from(value & 15)).copied().unwrap_or('0');
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.extend(['%', digit(byte >> 4), digit(byte)]);
        }
    }
}

/// The query of a GET request with these parameters and its `Signature`.
///
/// Source: "Request signatures" of the VOD API: the sorted, encoded query, encoded again behind
/// `GET&%2F&`, signed with the secret and a trailing `&`.
#[must_use]
pub fn signed_query(params: &[(&str, &str)], access_key_secret: &str) -> String {
    // A dozen parameters; the standard sort is larger than this room when compiled.
    let mut sorted: Vec<(&str, &str)> = Vec::with_capacity(params.len());
    for param in params {
        sorted.insert(sorted.partition_point(|other| other < param), *param);
    }
    let mut query = String::new();
    for (name, value) in sorted {
        if !query.is_empty() {
            query.push('&');
        }
        encode(name, &mut query);
        query.push('=');
        encode(value, &mut query);
    }
    let mut to_sign = String::from("GET&%2F&");
    encode(&query, &mut to_sign);
    let signature = hmac_sha1(&[access_key_secret, "&"].concat(), &to_sign);
    query.push_str("&Signature=");
    encode(&signature, &mut query);
    query
}

/// RFC 2104 with SHA-1, as base64.
fn hmac_sha1(key: &str, message: &str) -> String {
    let short = if key.len() > BLOCK { sha1(&[key.as_bytes()]).to_vec() } else { key.into() };
    let padded = |pad: u8| {
        let mut block = [pad; BLOCK];
        block.iter_mut().zip(&short).for_each(|(byte, key)| *byte ^= key);
        block
    };
    let inner = sha1(&[&padded(0x36), message.as_bytes()]);
    Base64::encode_string(&sha1(&[&padded(0x5c), &inner]))
}
