//! An AppServer's answer, in any known shape, read into a validated token.
//!
//! There is no standard for this answer. Alibaba Cloud's own samples disagree with each other, and
//! pages have grown more: flat or nested, in an envelope, as JSON inside JSON, in any spelling of the
//! names; with the expiry as an instant, a number, a duration, or not at all; with errors under HTTP
//! 200. So an answer is searched, not deserialized:
//!
//! - Objects are visited from the outermost in, four levels deep, through lists and through strings
//!   that hold JSON. The first that has an AccessKeyId and an AccessKeySecret is the token's.
//! - Keys are compared without regard to case, `_` and `-`.
//! - The SecurityToken is the text beside them whose name says so most clearly. A JSON web token is the page's session
//!   as long as another may be meant; a token that stands apart counts if its name says whose it is.
//! - Expiry and server time are looked for in that object, then in those around it.
//! - A name that is another thing's (`accessTokenExpiresIn`, `vipExpireTime`) is no end, nor is what stands beside
//!   another token. Beside an instant, only `DurationSeconds` and `expiresIn` may say that less is left.
//! - A bare number tells by its size what it is: up to 86,400 seconds left, or about 10⁹ seconds, 10¹² milliseconds,
//!   10¹⁵ microseconds or 10¹⁸ nanoseconds since the epoch; unless the name says the unit. 0 and -1 are members that
//!   nobody has set, as is a date before 2000.
//! - An instant without a zone is ignored: it is some server's local time. So is one with a zone that cannot
//!   be right. The expiry is then unknown.
//!
//! What is doubtful but usable is a [`Warning`]; what is unusable is an [`Error`] that says what is
//! wrong and quotes nothing.

mod checked;
mod client;
mod complaint;
mod expiry;
mod expiry_names;
mod expiry_values;
mod failure;
mod firewall;
mod grpc;
mod keys;
mod leading;
mod members;
mod message;
mod mistake;
mod moment;
mod ours;
mod rest;
mod result;
mod said;
mod search;
mod secrets;
mod sentence;
mod session;
mod session_codes;
mod session_words;
mod thrown;
mod together;
mod token_names;
mod upload_auth;
mod wait;
mod words;
mod xml;

pub use expiry_values::LIFE_MAX;
pub use mistake::{Fault, read_fault};
pub use result::read_result;
pub use thrown::read_thrown;
pub use together::read_together;
pub use upload_auth::read_upload_address;
pub use wait::RETRY_AFTER_MAX;
pub use words::read_words;

use crate::{
    error::Error,
    json::Json,
    secret::Secret,
    time::{Millis, UnixMillis},
    token::{Expiry, StsToken, UploadAuth},
};
use complaint::Complaint;
use members::{Members, member};
use rest::without_secrets;
use search::{Credentials, Tree};
use secrets::Secrets;

/// Parses JSON text: serde_json on the host, `JSON.parse` in the shell. `None` if it is no JSON.
pub type Parse<'a> = &'a dyn Fn(&str) -> Option<Json>;

/// What came with the body. All absent if a source function returned plain data.
///
/// Of these headers a page sees only `Cache-Control` from another origin, unless the AppServer
/// exposes the others.
#[derive(Clone, Copy, Debug, Default)]
pub struct Meta<'a> {
    /// HTTP status.
    pub status: Option<u16>,
    /// `Date`: the server's clock, whole seconds.
    pub date: Option<&'a str>,
    /// `Age`: seconds that a cache has held the answer; with `;shared` after it, that tabs of this page have.
    pub age: Option<&'a str>,
    /// `Retry-After`: seconds, or a date.
    pub retry_after: Option<&'a str>,
    /// `Cache-Control`.
    pub cache_control: Option<&'a str>,
    /// Whether it came from another address than was asked, as the page of a sign-in does.
    pub redirected: bool,
}

/// What an answer says: a token (or an [`UploadAuth`]) and all that is known about its life.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply<T = StsToken> {
    /// The credential.
    pub token: T,
    /// When it ends.
    pub expiry: Expiry,
    /// The server's clock when it made the answer.
    pub server_time: Option<ServerTime>,
    /// What is doubtful about the answer; each warning at most once.
    pub warnings: Vec<Warning>,
    /// All else that the answer says, without any secret.
    pub rest: Json,
}

/// A reading of the server's clock: it was `at` or up to `granularity` later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ServerTime {
    /// The earliest instant that the reading can mean.
    pub at: UnixMillis,
    /// 1 if the server gave milliseconds, 1,000 if it gave seconds.
    pub granularity: Millis,
}

/// What is doubtful about a usable answer. None of it stops an upload; all of it is worth mending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Warning {
    /// Nothing says when the token ends.
    NoExpiration,
    /// The expiry is a local time without a zone, so it was ignored.
    ZonelessExpiration,
    /// The expiry is a text named as UTC, but a zone away from a usual life: some server's local time, so it was
    /// ignored.
    LocalExpiration,
    /// The expiry is there, but is no instant and no duration.
    UnreadableExpiration,
    /// The expiry and the duration beside it do not agree; the earlier one holds.
    InconsistentExpiry,
    /// The token claims to live longer than STS lets any token live; the claim was cut.
    LongLife,
    /// Nothing tells the server's clock, so the expiry has to be compared with the device's.
    NoServerTime,
    /// The server's clock is unreadable, or years out.
    ImplausibleServerTime,
    /// A cache has held the answer: other users may have been given the same token.
    CachedAnswer,
    /// `Cache-Control` does not forbid storing the answer (RFC 6749, section 5.1 asks for `no-store`).
    Cacheable,
    /// The credentials have names that are not those of STS, or do not stand together.
    GuessedShape,
    /// There is a token, and also an error code.
    ErrorInOk,
    /// The AccessKeyId does not begin with `STS.`; it may be a long-lived key of an old account.
    NotStsPrefix,
}

impl Warning {
    /// The stable name that a page sees.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoExpiration => "no_expiration",
            Self::ZonelessExpiration => "zoneless_expiration",
            Self::LocalExpiration => "local_expiration",
            Self::UnreadableExpiration => "unreadable_expiration",
            Self::InconsistentExpiry => "inconsistent_expiry",
            Self::LongLife => "long_life",
            Self::NoServerTime => "no_server_time",
            Self::ImplausibleServerTime => "implausible_server_time",
            Self::CachedAnswer => "cached_answer",
            Self::Cacheable => "cacheable",
            Self::GuessedShape => "guessed_shape",
            Self::ErrorInOk => "error_in_ok",
            Self::NotStsPrefix => "not_sts_prefix",
        }
    }
}

/// Reads an answer that should hold an STS token.
///
/// `json` is the body as text ([`Json::String`]) or as a value. A status outside 200 to 299 in `meta` makes any body
/// an error.
///
/// # Errors
///
/// [`Error::InvalidResponse`] if there is no token, or one that cannot work. [`Error::LongLivedKey`] if there is a
/// key that must not be in a browser. [`Error::ExpiredOnArrival`] if the answer itself shows that the token is dead.
/// [`Error::Http`], [`Error::Throttled`], [`Error::Unauthenticated`] or [`Error::Forbidden`] if the answer is an error,
/// whatever its status.
pub fn read(json: Json, meta: &Meta<'_>, parse: Parse<'_>) -> Result<Reply, Error> {
    let json = xml::opened(search::expand(json, parse));
    let tree = open(&json, meta)?;
    let Some((found, path)) = search::first_credentials(&tree) else {
        return Err(absent(&json, &tree, meta, search::missing));
    };
    let mut warnings = complaints(&path, &json, &tree, meta)?;
    let token = token_of(&found)?;
    if found.guessed {
        warnings.push(Warning::GuessedShape);
    }
    let secrets = Secrets::of(&tree).and(&token);
    let rest = without_secrets(&json, &secrets);
    let reply = finish(token.clone(), &path, meta, warnings)?;
    Ok(Reply { rest, ..reply })
}

/// Reads an answer that should hold an UploadAuth: from an AppServer, or from VOD itself
/// (`CreateUploadVideo`, `RefreshUploadVideo`, `CreateUploadImage`).
///
/// ```json
/// { "RequestId": "…", "VideoId": "…", "UploadAddress": "<base64>", "UploadAuth": "<base64>" }
/// ```
///
/// # Errors
///
/// As [`read`]; also if UploadAuth or UploadAddress is not the base64 of the JSON that it should be. An absent
/// UploadAddress is no error: a refresh need not repeat it.
pub fn read_upload_auth(
    json: Json,
    meta: &Meta<'_>,
    parse: Parse<'_>,
) -> Result<Reply<UploadAuth>, Error> {
    let json = xml::opened(search::expand(json, parse));
    let tree = open(&json, meta)?;
    let find = |members| {
        members::text(members, &["uploadauth"]).filter(|(_, text)| !members::is_blank(text))
    };
    let Some(((_, upload_auth), path)) = tree.find(find) else {
        return Err(absent(&json, &tree, meta, |_| "there is no UploadAuth in it"));
    };
    let warnings = complaints(&path, &json, &tree, meta)?;
    let (members, token) = upload_auth::read_auth(upload_auth, parse)?;
    let upload_address = path.iter().find_map(|members| members::text(members, &["uploadaddress"]));
    let upload_address = upload_address.map_or("", |(_, text)| text.trim_ascii());
    let address = match upload_address {
        "" => None,
        text => Some(read_upload_address(text, parse)?),
    };
    let [video_id, image_id, media_id] =
        ["videoid", "imageid", "mediaid"].map(|name| upload_auth::id(&path, name));
    let ticket = upload_auth::ticket(&path);
    let inner: Vec<&Members> = core::iter::once(&*members).chain(path).collect();
    let rest = without_secrets(&json, &Secrets::of(&tree).and(&token));
    let Reply { token, expiry, server_time, warnings, .. } =
        finish(token.clone(), &inner, meta, warnings)?;
    let token = UploadAuth {
        token,
        upload_auth: Secret::new(upload_auth.trim_ascii().to_owned()),
        upload_address: upload_address.to_owned(),
        address,
        video_id,
        image_id,
        media_id,
        ticket,
    };
    Ok(Reply { token, expiry, server_time, warnings, rest })
}

/// The error that an answer with a status outside 200 to 299 is, with or without a readable body.
///
/// The server's own code is kept only if it has the form of one, and is none of the answer's secrets.
#[must_use]
pub fn read_failure(status: u16, json: Option<Json>, meta: &Meta<'_>, parse: Parse<'_>) -> Error {
    let json = xml::opened(search::expand(json.unwrap_or(Json::Null), parse));
    failure::classify(status, &json, &Tree::new(&json), meta)
}

/// The error that a body complains of under a status of success, if it does.
#[must_use]
pub fn read_refusal(json: Json, meta: &Meta<'_>, parse: Parse<'_>) -> Option<Error> {
    failure::refusal(meta.status.unwrap_or(200), json, meta, parse)
}

/// The error of an answer of which the page's own reading (`mapReply`) made no credential, but `made`: what the answer
/// says by itself, if it says something. It may be a refusal or a page of HTML, which that reading did not expect.
#[must_use]
pub fn read_unmapped(json: Json, made: Error, meta: &Meta<'_>, parse: Parse<'_>) -> Error {
    if matches!(made, Error::LongLivedKey | Error::ExpiredOnArrival) {
        return made;
    }
    if let Some(refusal) = read_refusal(json.clone(), meta, parse) {
        return refusal;
    }
    let json = xml::opened(search::expand(json, parse));
    // Text may be encrypted, which is what the page's reading is for.
    let opaque = json
        .as_str()
        .map(members::bare)
        .is_some_and(|text| !text.is_empty() && message::is_plain(text));
    let lacking =
        matches!(made, Error::InvalidResponse { .. } | Error::Mistake { of_answer: true, .. });
    match open(&json, meta) {
        Err(error) if !opaque || lacking || error.answered().is_some() => error,
        _ => made,
    }
}

/// The objects of an answer that is no error by its status and has any.
fn open<'a>(json: &'a Json, meta: &Meta<'_>) -> Result<Tree<'a>, Error> {
    let tree = Tree::new(json);
    if let Some(status) = meta.status.filter(|&status| !failure::is_success(status)) {
        return Err(failure::classify(status, json, &tree, meta));
    }
    let reason = match json {
        Json::Object(_) | Json::Array(_) => return Ok(tree),
        Json::Null => "it is null",
        Json::Bool(_) | Json::Number(_) => "it is a bare value, not an object",
        Json::String(text) if failure::is_error_text(members::bare(text)) => {
            return Err(failure::classify(meta.status.unwrap_or(200), json, &tree, meta));
        }
        Json::String(text) => match members::bare(text) {
            "" => "it is empty",
            text if members::begins(text, b"<") && meta.redirected => {
                "it is HTML from where the request was redirected to, probably the page of a sign-in"
            }
            text if members::begins(text, b"<") => "it is HTML or XML, not JSON",
            text if members::begins(text, b"\"") || !message::is_plain(text) => {
                "it is no valid JSON, or too large"
            }
            _ => "it is plain text, not JSON",
        },
    };
    Err(Error::InvalidResponse { reason })
}

/// The error of an answer in which nothing was found: its own, or else what `missing` says.
fn absent(
    json: &Json,
    tree: &Tree<'_>,
    meta: &Meta<'_>,
    missing: impl Fn(&Tree<'_>) -> &'static str,
) -> Error {
    if Complaint::read(tree.objects()).failed() || message::refuses(json, tree) {
        return failure::classify(meta.status.unwrap_or(200), json, tree, meta);
    }
    Error::InvalidResponse { reason: missing(tree) }
}

/// Refuses a credential whose answer says plainly that it failed; a lesser complaint is a warning.
fn complaints(
    path: &[&Members],
    json: &Json,
    tree: &Tree<'_>,
    meta: &Meta<'_>,
) -> Result<Vec<Warning>, Error> {
    let complaint = Complaint::read(path.iter().copied());
    if complaint.plain() {
        return Err(failure::classify(meta.status.unwrap_or(200), json, tree, meta));
    }
    Ok(if complaint.failed() { vec![Warning::ErrorInOk] } else { Vec::new() })
}

fn token_of(found: &Credentials<'_>) -> Result<StsToken, Error> {
    // Without a security token too, so that a long-lived key is called by its name.
    match (StsToken::new(found.id, found.secret, found.token.unwrap_or_default()), found.token) {
        (Err(Error::InvalidResponse { .. }), None) => Err(Error::InvalidResponse {
            reason: "there is no SecurityToken beside the AccessKeyId",
        }),
        (result, _) => result,
    }
}

/// Adds what is known about the token's life.
fn finish(
    token: StsToken,
    path: &[&Members],
    meta: &Meta<'_>,
    mut warnings: Vec<Warning>,
) -> Result<Reply, Error> {
    if !token.access_key_id.starts_with("STS.") {
        warnings.push(Warning::NotStsPrefix);
    }
    if meta.status.is_some() && !meta.cache_control.is_some_and(forbids_storing) {
        warnings.push(Warning::Cacheable);
    }
    let age = expiry::Age::read(meta);
    let server_time = expiry::read_server_time(path, meta, age, &mut warnings);
    let expiry = expiry::read_expiry(path, &token, server_time, age.millis(), &mut warnings)?;
    let refresh =
        path.iter().find_map(|members| expiry::seconds(member(members, REFRESH_AFTER)?.1));
    let refresh = refresh.map(|after| after.saturating_sub(age.millis()));
    Ok(Reply {
        token,
        expiry: Expiry { refresh, age: age.shared(), ..expiry },
        server_time,
        warnings,
        rest: Json::Null,
    })
}

/// When the AppServer would like to be asked again, in seconds from its answer.
const REFRESH_AFTER: &[&str] = &["refreshafter", "refreshin"];

fn forbids_storing(cache_control: &str) -> bool {
    let mut directives = cache_control.as_bytes().split(|&byte| byte == b',');
    directives.any(|directive| directive.trim_ascii().eq_ignore_ascii_case(b"no-store"))
}
