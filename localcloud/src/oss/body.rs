//! Reading a request's body: at the set rate, within the budget.

use axum::body::{Body, Bytes, HttpBody};
use http_body_util::BodyExt;

use crate::{
    error::ServiceError,
    state::Cloud,
    store::{Blob, Lease},
};

/// A body that arrived whole.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) length: u64,
    /// `None` if there was no room for it.
    stored: Option<(Vec<u8>, Lease)>,
}

impl Received {
    pub(crate) fn bytes(&self) -> &[u8] {
        self.stored.as_ref().map_or(&[], |(bytes, _)| bytes)
    }

    /// The body, to be kept.
    ///
    /// # Errors
    ///
    /// 507 if it would exceed what the cloud may hold.
    pub(crate) fn into_blob(self) -> Result<Blob, ServiceError> {
        let (bytes, lease) = self.stored.ok_or_else(|| {
            ServiceError::new(
                507,
                "InsufficientStorage",
                "This local cloud may not hold more bytes.",
            )
        })?;
        Ok(Blob { bytes: Bytes::from(bytes), _lease: lease })
    }
}

/// Reads `body` to its end, even if it does not fit or its request will be refused: closing the
/// connection instead would hide the answer from a browser. `None` if the client went first.
pub(crate) async fn receive(cloud: &Cloud, mut body: Body, throttled: bool) -> Option<Received> {
    // Grown as bytes come, not from `Content-Length`, which is only a promise.
    let hint = body.size_hint().lower().min(1 << 20) as usize;
    let mut received =
        Received { length: 0, stored: Some((Vec::with_capacity(hint), cloud.budget.lease())) };
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.ok()?.into_data() else { continue };
        if throttled && let Some(rate) = cloud.settings().bytes_per_second.filter(|rate| *rate > 0)
        {
            cloud.pacer.pass(data.len(), rate).await;
        }
        received.length += data.len() as u64;
        received.stored = received.stored.and_then(|(mut bytes, mut lease)| {
            lease.grow(data.len()).then(|| bytes.extend_from_slice(&data)).map(|()| (bytes, lease))
        });
    }
    Some(received)
}
