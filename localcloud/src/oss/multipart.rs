//! An object in parts.

use std::{collections::BTreeMap, sync::Arc};

use md5::{Digest, Md5};
use serde::Deserialize;

use super::{
    answer::{Reply, element},
    body::Received,
    objects::{check_overwrite, content_type, etag, kept, quoted},
    target::Target,
};
use crate::{
    clock::iso_millis,
    error::ServiceError,
    sign::{encode, hex},
    state::Cloud,
    store::{Multipart, Object, Part},
    sync::lock,
};

/// The least size of every part but the last.
const MIN_PART: usize = 100 * 1024;
/// Part numbers go from 1 to this.
const MAX_PART_NUMBER: u32 = 10_000;
/// Parts in one page of a list.
const MAX_PARTS: usize = 1000;

/// The body of `CompleteMultipartUpload`.
#[derive(Debug, Deserialize)]
struct PartList {
    #[serde(rename = "Part", default)]
    parts: Vec<ListedPart>,
}

#[derive(Debug, Deserialize)]
struct ListedPart {
    #[serde(rename = "PartNumber")]
    number: u32,
    #[serde(rename = "ETag")]
    etag: String,
}

pub(crate) fn initiate(cloud: &Cloud, target: &Target<'_>) -> Result<Reply, ServiceError> {
    check_overwrite(cloud, target)?;
    let id = cloud.platform.hex(32).to_uppercase();
    let upload = Multipart {
        bucket: target.bucket.to_owned(),
        key: target.key.clone(),
        content_type: content_type(target.head),
        kept: kept(target.head),
        parts: BTreeMap::new(),
    };
    lock(&cloud.store).multiparts.insert(id.clone(), upload);
    Ok(Reply::xml("InitiateMultipartUploadResult", &(names(target) + &element("UploadId", &id))))
}

pub(crate) fn upload_part(
    cloud: &Cloud,
    target: &Target<'_>,
    received: Received,
) -> Result<Reply, ServiceError> {
    let number = target
        .part_number()
        .filter(|number| (1..=MAX_PART_NUMBER).contains(number))
        .ok_or_else(|| {
            let message = "Part number must be an integer between 1 and 10000, inclusive.";
            ServiceError::new(400, "InvalidArgument", message).with("ArgumentName", "partNumber")
        })?;
    // Before the digest: what belongs to no upload need not be digested.
    lock(&cloud.store)
        .multipart(target.upload_id(), target.bucket, &target.key)
        .map(|_| ())
        .ok_or_else(|| no_such_upload(target))?;
    let blob = received.into_blob()?;
    let etag = etag(target.head, &blob.bytes)?;
    let part = Part { blob: Arc::new(blob), etag: etag.clone(), modified: cloud.clock.now() };
    lock(&cloud.store)
        .multipart(target.upload_id(), target.bucket, &target.key)
        .ok_or_else(|| no_such_upload(target))?
        .parts
        .insert(number, part);
    Ok(Reply::empty(200).with("etag", quoted(&etag)))
}

pub(crate) fn complete(
    cloud: &Cloud,
    target: &Target<'_>,
    received: &Received,
) -> Result<Reply, ServiceError> {
    check_overwrite(cloud, target)?;
    etag(target.head, received.bytes())?;
    let listed = std::str::from_utf8(received.bytes())
        .ok()
        .and_then(|text| quick_xml::de::from_str::<PartList>(text).ok())
        .filter(|list| !list.parts.is_empty())
        .ok_or_else(|| {
            let message = "The XML you provided was not well-formed or did not validate against our published schema.";
            ServiceError::new(400, "MalformedXML", message)
        })?;
    let mut store = lock(&cloud.store);
    let upload = store
        .multipart(target.upload_id(), target.bucket, &target.key)
        .ok_or_else(|| no_such_upload(target))?;
    let object = assemble(upload, &listed.parts, cloud.clock.now())?;
    let etag = quoted(&object.etag);
    store.put(target.bucket, &target.key, object);
    store.multiparts.remove(target.upload_id());
    drop(store);
    let location = format!("http://{}/{}", target.head.host, target.key);
    let children = element("Location", &location) + &names(target) + &element("ETag", &etag);
    Ok(Reply::xml("CompleteMultipartUploadResult", &children).with("etag", etag))
}

/// The object that the listed parts make, if they are in order, present and as listed.
fn assemble(upload: &Multipart, listed: &[ListedPart], now: i64) -> Result<Object, ServiceError> {
    if listed.windows(2).any(|pair| matches!(pair, [a, b] if a.number >= b.number)) {
        let message = "The list of parts was not in ascending order. Parts list must specified in order by part number.";
        return Err(ServiceError::new(400, "InvalidPartOrder", message));
    }
    let parts = listed
        .iter()
        .map(|listed| {
            let given = listed.etag.trim().trim_matches('"');
            upload.parts.get(&listed.number).filter(|part| part.etag.eq_ignore_ascii_case(given)).ok_or_else(|| {
                let message = "One or more of the specified parts could not be found or the specified entity tag might not have matched the part's entity tag.";
                ServiceError::new(400, "InvalidPart", message)
                    .with("PartNumber", listed.number.to_string())
                    .with("PartEtag", given)
            })
        })
        .collect::<Result<Vec<&Part>, _>>()?;
    let all_but_last = parts.len().saturating_sub(1);
    if parts.iter().take(all_but_last).any(|part| part.blob.bytes.len() < MIN_PART) {
        let message = "Your proposed upload smaller than the minimum allowed size.";
        return Err(ServiceError::new(400, "EntityTooSmall", message));
    }
    let tags: String = parts.iter().map(|part| part.etag.as_str()).collect();
    Ok(Object {
        size: parts.iter().map(|part| part.blob.bytes.len() as u64).sum(),
        etag: format!("{}-{}", hex(&Md5::digest(tags)).to_uppercase(), parts.len()),
        content_type: upload.content_type.clone(),
        kept: upload.kept.clone(),
        modified: now,
        blobs: parts.into_iter().map(|part| Arc::clone(&part.blob)).collect(),
    })
}

pub(crate) fn abort(cloud: &Cloud, target: &Target<'_>) -> Result<Reply, ServiceError> {
    let mut store = lock(&cloud.store);
    if store.multipart(target.upload_id(), target.bucket, &target.key).is_none() {
        return Err(no_such_upload(target));
    }
    store.multiparts.remove(target.upload_id());
    Ok(Reply::empty(204))
}

pub(crate) fn list_parts(cloud: &Cloud, target: &Target<'_>) -> Result<Reply, ServiceError> {
    let number = |name: &str| target.head.query(name).and_then(|text| text.parse::<u32>().ok());
    let marker = number("part-number-marker").unwrap_or(0);
    let most = number("max-parts").map_or(MAX_PARTS, |most| (most as usize).clamp(1, MAX_PARTS));
    let mut store = lock(&cloud.store);
    let upload = store
        .multipart(target.upload_id(), target.bucket, &target.key)
        .ok_or_else(|| no_such_upload(target))?;
    let after: Vec<(&u32, &Part)> = upload.parts.range(marker.saturating_add(1)..).collect();
    let page = after.get(..most.min(after.len())).unwrap_or_default();

    let next = page.last().map_or(marker, |(number, _)| **number);
    let mut children = names(target);
    children += &element("UploadId", target.upload_id());
    children += &element("PartNumberMarker", &marker.to_string());
    children += &element("NextPartNumberMarker", &next.to_string());
    children += &element("MaxParts", &most.to_string());
    children += &element("IsTruncated", if page.len() < after.len() { "true" } else { "false" });
    for (number, part) in page {
        children += "<Part>";
        children += &element("PartNumber", &number.to_string());
        children += &element("LastModified", &iso_millis(part.modified));
        children += &element("ETag", &quoted(&part.etag));
        children += &element("Size", &part.blob.bytes.len().to_string());
        children += "</Part>";
    }
    Ok(Reply::xml("ListPartsResult", &children))
}

/// Bucket and key of an answer, encoded as the request asks.
fn names(target: &Target<'_>) -> String {
    let bucket = element("Bucket", target.bucket);
    if target.head.query("encoding-type") == Some("url") {
        return element("EncodingType", "url") + &bucket + &element("Key", &encode(&target.key));
    }
    bucket + &element("Key", &target.key)
}

fn no_such_upload(target: &Target<'_>) -> ServiceError {
    let message = "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.";
    ServiceError::new(404, "NoSuchUpload", message).with("UploadId", target.upload_id())
}
