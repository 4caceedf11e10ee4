//! Requests to OSS, signed.

use std::collections::BTreeMap;

use axum::{body::Body, http::Request};

use crate::client::{Answer, Key, TestCloud, element, hmac_sha1};

impl TestCloud {
    pub(crate) fn oss<'a>(
        &'a self,
        method: &'a str,
        bucket: &str,
        path: &'a str,
        key: &'a Key,
    ) -> OssRequest<'a> {
        OssRequest {
            cloud: self,
            method,
            bucket: bucket.to_owned(),
            path,
            key,
            at: self.cloud.now_ms(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// Starts a multipart upload, and its id.
    pub(crate) async fn initiate(&self, bucket: &str, object: &str, key: &Key) -> String {
        let answer = self.oss("POST", bucket, &format!("/{object}?uploads="), key).send().await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        element(&answer.text(), "UploadId")
    }

    pub(crate) async fn upload_part(
        &self,
        to: Multipart<'_>,
        number: u32,
        bytes: &[u8],
        key: &Key,
    ) -> Answer {
        let Multipart { bucket, object, upload } = to;
        let path = format!("/{object}?partNumber={number}&uploadId={upload}");
        self.oss("PUT", bucket, &path, key).body(bytes).send().await
    }
}

/// A multipart upload that was begun.
#[derive(Clone, Copy)]
pub(crate) struct Multipart<'a> {
    pub(crate) bucket: &'a str,
    pub(crate) object: &'a str,
    /// Its id.
    pub(crate) upload: &'a str,
}

/// An OSS request with a V1 signature.
pub(crate) struct OssRequest<'a> {
    cloud: &'a TestCloud,
    method: &'a str,
    bucket: String,
    path: &'a str,
    key: &'a Key,
    at: i64,
    headers: Vec<(&'a str, String)>,
    body: Vec<u8>,
}

impl<'a> OssRequest<'a> {
    pub(crate) fn body(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.body = bytes.into();
        self
    }

    pub(crate) fn header(mut self, name: &'a str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// Signs for another time, in milliseconds since the epoch.
    pub(crate) fn at(mut self, at: i64) -> Self {
        self.at = at;
        self
    }

    pub(crate) async fn send(self) -> Answer {
        self.cloud.send(self.sign()).await
    }

    pub(crate) fn sign(self) -> Request<Body> {
        let date = jiff::Timestamp::from_millisecond(self.at).unwrap();
        let date = date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let mut headers: BTreeMap<&str, String> = self.headers.into_iter().collect();
        headers.insert("x-oss-date", date.clone());
        if let Some(token) = &self.key.token {
            headers.insert("x-oss-security-token", token.clone());
        }
        let header = |name: &str| headers.get(name).cloned().unwrap_or_default();
        let signed: String = headers
            .iter()
            .filter(|(name, _)| name.starts_with("x-oss-"))
            .map(|(name, value)| format!("{name}:{value}\n"))
            .collect();
        // The paths of these tests need no decoding, and their queries are sorted subresources.
        let resource = format!("/{}{}", self.bucket, self.path.trim_end_matches('='));
        let string = format!(
            "{}\n{}\n{}\n{date}\n{signed}{resource}",
            self.method,
            header("content-md5"),
            header("content-type")
        );
        let authorization = format!("OSS {}:{}", self.key.id, hmac_sha1(&self.key.secret, &string));
        let mut request = Request::builder()
            .method(self.method)
            .uri(self.path)
            .header("host", format!("{}.oss-cn-shanghai.aliyuncs.com", self.bucket));
        if !headers.contains_key("authorization") {
            request = request.header("authorization", authorization);
        }
        for (name, value) in headers {
            request = request.header(name, value);
        }
        request.body(Body::from(self.body)).unwrap()
    }
}

/// The body of `CompleteMultipartUpload`.
pub(crate) fn part_list(parts: &[(u32, &str)]) -> String {
    let parts: String = parts
        .iter()
        .map(|(number, etag)| {
            format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>")
        })
        .collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>"
    )
}
