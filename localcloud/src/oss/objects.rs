//! Operations on whole objects.

use std::{ops::Range, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use md5::{Digest, Md5};

use super::{answer::Reply, body::Received, target::Target};
use crate::{
    clock::http_date, error::ServiceError, exchange::Head, sign::hex, state::Cloud, store::Object,
    sync::lock,
};

/// The ETag of bytes: their MD5 in upper-case hexadecimal, without quotes.
///
/// # Errors
///
/// `InvalidDigest` if the request's `Content-MD5` is another.
pub(crate) fn etag(head: &Head, bytes: &[u8]) -> Result<String, ServiceError> {
    let digest = Md5::digest(bytes);
    if head.header("content-md5").is_some_and(|given| given != STANDARD.encode(digest)) {
        return Err(ServiceError::new(
            400,
            "InvalidDigest",
            "The Content-MD5 you specified was invalid.",
        ));
    }
    Ok(hex(&digest).to_uppercase())
}

pub(crate) fn content_type(head: &Head) -> String {
    head.header("content-type").unwrap_or("application/octet-stream").to_owned()
}

pub(crate) fn put(
    cloud: &Cloud,
    target: &Target<'_>,
    received: Received,
) -> Result<Reply, ServiceError> {
    check_overwrite(cloud, target)?;
    let blob = received.into_blob()?;
    let etag = etag(target.head, &blob.bytes)?;
    let object = Object {
        size: blob.bytes.len() as u64,
        blobs: vec![Arc::new(blob)],
        etag: etag.clone(),
        content_type: content_type(target.head),
        kept: kept(target.head),
        modified: cloud.clock.now(),
    };
    lock(&cloud.store).put(target.bucket, &target.key, object);
    Ok(Reply::empty(200).with("etag", quoted(&etag)))
}

/// # Errors
///
/// 409, if there is such an object and the request does not want to replace it.
pub(crate) fn check_overwrite(cloud: &Cloud, target: &Target<'_>) -> Result<(), ServiceError> {
    let forbids = target.head.header("x-oss-forbid-overwrite") == Some("true");
    if forbids && lock(&cloud.store).object(target.bucket, &target.key).is_some() {
        let message = "The object you specified already exists and can not be overwritten.";
        return Err(ServiceError::new(409, "FileAlreadyExists", message));
    }
    Ok(())
}

/// Headers that are kept with an object, and come back with it.
pub(crate) fn kept(head: &Head) -> Vec<(String, String)> {
    let is_kept = |name: &str| {
        matches!(name, "cache-control" | "content-disposition" | "content-encoding" | "expires")
            || name.starts_with("x-oss-meta-")
    };
    let headers = head.headers.iter();
    headers
        .filter(|(name, _)| is_kept(name.as_str()))
        .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
        .collect()
}

/// What `If-Match` and `If-None-Match` leave of a request for `object`.
fn condition(head: &Head, object: &Object) -> Result<Option<Reply>, ServiceError> {
    let names = |name: &str| {
        head.header(name).map(|tags| {
            tags.split(',')
                .map(|tag| tag.trim().trim_matches('"'))
                .any(|tag| tag == "*" || tag == object.etag)
        })
    };
    if names("if-match") == Some(false) {
        let message = "At least one of the pre-conditions you specified did not hold.";
        return Err(ServiceError::new(412, "PreconditionFailed", message));
    }
    Ok((names("if-none-match") == Some(true))
        .then(|| Reply::empty(304).with("etag", quoted(&object.etag))))
}

pub(crate) fn get(cloud: &Cloud, target: &Target<'_>) -> Result<Reply, ServiceError> {
    let object = find(cloud, target)?;
    if let Some(reply) = condition(target.head, &object)? {
        return Ok(reply);
    }
    let reply = match range(target.head, object.size) {
        Some(range) => {
            let header =
                format!("bytes {}-{}/{}", range.start, range.end.saturating_sub(1), object.size);
            Reply::bytes(206, object.bytes(range)).with("content-range", header)
        }
        None => Reply::bytes(200, object.bytes(0..object.size)),
    };
    Ok(described(reply, &object))
}

pub(crate) fn head(cloud: &Cloud, target: &Target<'_>) -> Result<Reply, ServiceError> {
    let object = find(cloud, target)?;
    if let Some(reply) = condition(target.head, &object)? {
        return Ok(reply);
    }
    Ok(described(Reply::empty(200), &object).with("content-length", object.size.to_string()))
}

/// Deletes the object; there need not be one.
pub(crate) fn delete(cloud: &Cloud, target: &Target<'_>) -> Result<Reply, ServiceError> {
    lock(&cloud.store).objects.remove(&(target.bucket.to_owned(), target.key.clone()));
    Ok(Reply::empty(204))
}

pub(crate) fn quoted(etag: &str) -> String {
    format!("\"{etag}\"")
}

fn find(cloud: &Cloud, target: &Target<'_>) -> Result<Arc<Object>, ServiceError> {
    lock(&cloud.store).object(target.bucket, &target.key).ok_or_else(|| {
        ServiceError::new(404, "NoSuchKey", "The specified key does not exist.")
            .with("Key", &target.key)
    })
}

fn described(mut reply: Reply, object: &Object) -> Reply {
    reply.kept.extend(object.kept.iter().cloned());
    reply
        .with("content-type", &object.content_type)
        .with("etag", quoted(&object.etag))
        .with("last-modified", http_date(object.modified))
        .with("accept-ranges", "bytes")
        .with("x-oss-object-type", if object.etag.contains('-') { "Multipart" } else { "Normal" })
}

/// The one range asked for; what OSS cannot satisfy it ignores, and answers with the whole object.
fn range(head: &Head, size: u64) -> Option<Range<u64>> {
    let (from, to) = head.header("range")?.strip_prefix("bytes=")?.split_once('-')?;
    let range = match (from.parse::<u64>(), to.parse::<u64>()) {
        (Ok(from), Ok(to)) => from..to.saturating_add(1).min(size),
        (Ok(from), Err(_)) if to.is_empty() => from..size,
        (Err(_), Ok(last)) if from.is_empty() => size.saturating_sub(last)..size,
        _ => return None,
    };
    (range.start < range.end).then_some(range)
}
