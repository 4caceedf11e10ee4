//! Signature version 1.0 of Alibaba Cloud's RPC style, HMAC-SHA1.

use core::fmt;

use base64ct::{Base64, Encoding};
use hmac::{Hmac, Mac};
use sha1::Sha1;

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

/// The parameters of a call, each name once, in the order in which they are signed.
#[derive(Clone, Default)]
pub struct Params<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Params<'a> {
    /// Adds a parameter, unless there is one of this name.
    pub fn add(&mut self, name: &'a str, value: &'a str) {
        if let Err(place) = self.0.binary_search_by_key(&name, |(known, _)| known) {
            self.0.insert(place, (name, value));
        }
    }

    /// The query of a GET request with these parameters and its `Signature`.
    ///
    /// Source: "Request signatures" of the VOD API: the sorted, encoded query, encoded again behind
    /// `GET&%2F&`, signed with the secret and a trailing `&`.
    #[must_use]
    pub fn signed(&self, access_key_secret: &str) -> String {
        let mut query = String::new();
        for (name, value) in &self.0 {
            if !query.is_empty() {
                query.push('&');
            }
            encode(name, &mut query);
            query.push('=');
            encode(value, &mut query);
        }
        let mut to_sign = String::from("GET&%2F&");
        encode(&query, &mut to_sign);
        let signature = hmac_sha1(&format!("{access_key_secret}&"), &to_sign);
        query.push_str("&Signature=");
        encode(&signature, &mut query);
        query
    }
}

/// Names only: one value is the security token.
impl fmt::Debug for Params<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// RFC 2104 with SHA-1, as base64.
fn hmac_sha1(key: &str, message: &str) -> String {
    // A key of any length will do, so there is none that is refused.
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(key.as_bytes()) else { return String::new() };
    mac.update(message.as_bytes());
    Base64::encode_string(&mac.finalize().into_bytes())
}
