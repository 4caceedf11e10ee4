//! Validated credentials.

use crate::{
    error::Error,
    secret::Secret,
    time::{Millis, UnixMillis},
};

/// The longest AccessKeyId or AccessKeySecret accepted, in bytes. Those of STS have about 30 and 44.
const KEY_MAX: usize = 256;

/// The longest security token accepted, in bytes. Those of STS have about 1,000; a session policy adds to it.
const TOKEN_MAX: usize = 16 * 1024;

/// Temporary credentials from STS (`AssumeRole`), complete and plausible.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StsToken {
    /// `STS.…`; not a secret, it identifies the token.
    pub access_key_id: String,
    /// Signs requests.
    pub access_key_secret: Secret<String>,
    /// Travels with each request.
    pub security_token: Secret<String>,
}

impl StsToken {
    /// Checks that the three parts can be a token. White space around a part is taken off.
    ///
    /// An id without the prefix `STS.` is accepted: other issuers of temporary credentials use others.
    ///
    /// # Errors
    ///
    /// [`Error::LongLivedKey`] if the id is that of a long-lived key, whatever the other parts are.
    /// [`Error::InvalidResponse`] if a part is empty, too long, or holds anything but printable ASCII,
    /// which would break the header that it is sent in.
    pub fn new(
        access_key_id: &str,
        access_key_secret: &str,
        security_token: &str,
    ) -> Result<Self, Error> {
        let access_key_id = access_key_id.trim_ascii();
        if access_key_id.starts_with("LTAI") {
            return Err(Error::LongLivedKey);
        }
        Ok(Self {
            access_key_id: part(access_key_id, KEY_MAX, ["AccessKeyId is empty", ID_UNUSABLE])?,
            access_key_secret: part(
                access_key_secret,
                KEY_MAX,
                ["AccessKeySecret is empty", SECRET_UNUSABLE],
            )
            .map(Secret::new)?,
            security_token: part(
                security_token,
                TOKEN_MAX,
                ["SecurityToken is empty", TOKEN_UNUSABLE],
            )
            .map(Secret::new)?,
        })
    }
}

const ID_UNUSABLE: &str =
    "AccessKeyId is too long or holds white space, control or non-ASCII characters";
const SECRET_UNUSABLE: &str =
    "AccessKeySecret is too long or holds white space, control or non-ASCII characters";
const TOKEN_UNUSABLE: &str =
    "SecurityToken is too long or holds white space, control or non-ASCII characters";

fn part(text: &str, max: usize, [empty, unusable]: [&'static str; 2]) -> Result<String, Error> {
    let text = text.trim_ascii();
    if text.is_empty() {
        return Err(Error::InvalidResponse { reason: empty });
    }
    if text.len() > max || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Error::InvalidResponse { reason: unusable });
    }
    Ok(text.to_owned())
}

/// What VOD returns for writing one media file to OSS; also temporary credentials, with their address.
///
/// [`reply::read_upload_auth`](crate::reply::read_upload_auth) makes one from an answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UploadAuth {
    /// The credentials inside, for a live client.
    pub token: StsToken,
    /// The UploadAuth as VOD sent it (base64 JSON), for the SDK.
    pub upload_auth: Secret<String>,
    /// The UploadAddress as VOD sent it (base64 JSON: endpoint, bucket, object key); empty if a refresh sent none.
    pub upload_address: String,
    /// What the UploadAddress says.
    pub address: Option<UploadAddress>,
    /// VOD's id of a video; `None` for an image.
    pub video_id: Option<String>,
    /// VOD's id of an image.
    pub image_id: Option<String>,
    /// VOD's id of a subtitle, a watermark or other material, whose UploadAuth cannot be refreshed.
    pub media_id: Option<String>,
    /// By which the AppServer knows, when asked to renew it, that the video was given to this user.
    pub ticket: Option<String>,
}

impl UploadAuth {
    /// An STS token that is written with itself: the page knows where to.
    #[must_use]
    pub const fn of_token(token: StsToken) -> Self {
        Self {
            token,
            upload_auth: Secret::new(String::new()),
            upload_address: String::new(),
            address: None,
            video_id: None,
            image_id: None,
            media_id: None,
            ticket: None,
        }
    }

    /// Whether it is an STS token that is written with itself.
    #[must_use]
    pub const fn is_of_token(&self) -> bool {
        self.upload_auth.expose().is_empty()
    }

    /// Checks that it is for the video that was asked for, if one was.
    ///
    /// # Errors
    ///
    /// [`Error::OtherVideo`] if it names another.
    pub fn answers(&self, video_id: Option<&str>) -> Result<(), Error> {
        match (video_id, self.video_id.as_deref()) {
            (Some(asked), Some(named)) if asked != named => Err(Error::OtherVideo),
            _ => Ok(()),
        }
    }
}

/// Where the bytes of one media file go: the content of an UploadAddress.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UploadAddress {
    /// URL of OSS in the region, without the bucket: `https://oss-cn-shanghai.aliyuncs.com`.
    pub endpoint: String,
    /// VOD's bucket.
    pub bucket: String,
    /// The object's key; VOD calls it `FileName`.
    pub file_name: String,
}

/// What an answer says about its token's end.
///
/// Where both are given the smaller one holds: an AppServer that caches tokens may repeat the
/// duration it once asked for. With neither, the end is unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Expiry {
    /// The instant, on the server's clock.
    pub at: Option<UnixMillis>,
    /// The life left, from the request.
    pub left: Option<Millis>,
    /// When the AppServer would like to be asked again, from the request.
    pub refresh: Option<Millis>,
    /// How long before the request another tab of the page asked for the answer: an assumed life has begun then. What else
    /// counts from the answer is told here without it.
    pub age: Millis,
    /// Whether `at` has no zone that could be wrong: a number since the epoch, or one that has been judged before.
    pub absolute: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(result: Result<StsToken, Error>) -> &'static str {
        match result {
            Ok(_) => "accepted",
            Err(Error::InvalidResponse { reason }) => reason,
            Err(error) => error.code(),
        }
    }

    #[test]
    fn parts_are_checked() {
        let cases = [
            // id, secret, token, outcome
            ("STS.a", "b", "CAIS+/=", "accepted"),
            ("TMP.a", "b", "c", "accepted"),
            (" STS.a\n", "\tb ", " c", "accepted"),
            ("LTAI5tCanary", "b", "c", "long_lived_key"),
            (" LTAI5tCanary", "", "", "long_lived_key"),
            ("", "b", "c", "AccessKeyId is empty"),
            ("STS.a", " ", "c", "AccessKeySecret is empty"),
            ("STS.a", "b", "\n", "SecurityToken is empty"),
            ("STS. a", "b", "c", ID_UNUSABLE),
            ("STS.a", "b\0", "c", SECRET_UNUSABLE),
            ("STS.a", "b", "c\nd", TOKEN_UNUSABLE),
            ("STS.a", "b", "c\u{fffd}", TOKEN_UNUSABLE),
        ];
        for (id, secret, token, outcome) in cases {
            assert_eq!(
                reason(StsToken::new(id, secret, token)),
                outcome,
                "{id:?} {secret:?} {token:?}"
            );
        }
    }

    #[test]
    fn parts_are_bounded() {
        let text = |len: usize| "x".repeat(len);
        let outcome =
            |id, secret, token| reason(StsToken::new(&text(id), &text(secret), &text(token)));
        assert_eq!(outcome(256, 256, 16_384), "accepted");
        assert_eq!(outcome(257, 1, 1), ID_UNUSABLE);
        assert_eq!(outcome(1, 257, 1), SECRET_UNUSABLE);
        assert_eq!(outcome(1, 1, 16_385), TOKEN_UNUSABLE);
    }

    #[test]
    fn white_space_around_a_part_is_taken_off() {
        let token = StsToken::new(" STS.a ", "\nb", "c\r\n").unwrap();
        assert_eq!(token.access_key_id, "STS.a");
        assert_eq!(token.access_key_secret.expose(), "b");
        assert_eq!(token.security_token.expose(), "c");
    }
}
