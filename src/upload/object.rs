//! Which object of OSS a credential writes to, and a checkpoint belongs to: what counts is bucket and key.

use super::Upload;
use crate::{
    lifecycle::Generation,
    token::{UploadAddress, UploadAuth},
    vod::Kind,
};

/// An object of OSS. Of a checkpoint the SDK shows the key alone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Object {
    bucket: Option<String>,
    key: String,
}

impl Object {
    pub(super) const fn of_checkpoint(key: String) -> Self {
        Self { bucket: None, key }
    }

    fn of(address: &UploadAddress) -> Self {
        Self { bucket: Some(address.bucket.clone()), key: address.file_name.clone() }
    }

    fn is(&self, other: &Self) -> bool {
        let buckets = self.bucket.as_ref().zip(other.bucket.as_ref());
        self.key == other.key && buckets.is_none_or(|(mine, other)| mine == other)
    }
}

impl Upload {
    /// Takes note of what the SDK's checkpoint belongs to from now on.
    pub(super) fn writes_to(&mut self, auth: &UploadAuth) {
        self.checkpoint_object = self.object_of(auth);
        self.checkpoint_video.clone_from(&auth.video_id);
    }

    /// Takes note of what the SDK's checkpoint belongs to at a start. It is stored by the file alone: another page that
    /// sends the same file may have written it since.
    pub(super) fn has_checkpoint_of(&mut self, object: Object, video_id: Option<&str>) {
        if self.checkpoint_object.as_ref().is_none_or(|mine| !mine.is(&object)) {
            self.checkpoint_object = Some(object);
            self.checkpoint_video = video_id.map(Into::into);
        }
    }

    /// What `auth` writes to, if it is known.
    fn object_of(&self, auth: &UploadAuth) -> Option<Object> {
        self.place.as_ref().or(auth.address.as_ref()).map(Object::of)
    }

    /// Whether `auth` writes to the object that is being written.
    pub(super) fn is_same_object(&self, auth: &UploadAuth) -> bool {
        match (&self.checkpoint_object, self.object_of(auth)) {
            (Some(mine), Some(other)) => mine.is(&other),
            _ => self.checkpoint_video == auth.video_id,
        }
    }

    /// Whether the SDK's checkpoint is of another object than `auth` writes to.
    pub(super) fn forgets(&self, generation: Generation, auth: &UploadAuth) -> bool {
        let unknown = self.checkpoint_object.is_none() || self.object_of(auth).is_none();
        self.checkpoint
            && match self.media.kind {
                _ if self.disowned => true,
                Kind::Image if unknown => generation != self.used,
                _ => !self.is_same_object(auth),
            }
    }

    pub(super) const fn forgotten(&mut self) {
        (self.checkpoint, self.done) = (false, 0);
    }

    /// Fills in what an answer may leave out, and keeps what the next request needs. Also for an
    /// answer that comes too late: the video it names exists.
    pub(super) fn complete(&mut self, auth: &mut UploadAuth) {
        if self.media.kind == Kind::Image || self.place.is_some() {
            return;
        }
        let same = auth.address.is_none() || self.address.is_none() || auth.address == self.address;
        if auth.video_id.is_none() && same {
            auth.video_id.clone_from(&self.video_id);
        }
        if auth.upload_address.is_empty() && auth.video_id == self.video_id {
            auth.upload_address.clone_from(&self.address_text);
            auth.address.clone_from(&self.address);
        }
        if auth.ticket.is_none() && auth.video_id == self.video_id {
            auth.ticket.clone_from(&self.ticket);
        }
        self.video_id.clone_from(&auth.video_id);
        self.ticket.clone_from(&auth.ticket);
        self.address_text.clone_from(&auth.upload_address);
        self.address.clone_from(&auth.address);
        self.attached = auth.media_id.is_some();
    }

    /// Why no successor is asked for ahead of the credential's end; `None` if one is.
    pub(super) fn not_renewed(&self) -> Option<&'static str> {
        match self.media.kind {
            Kind::Image => Some("an image's UploadAuth cannot be refreshed"),
            // A token of STS can always be followed by another.
            Kind::Video if self.place.is_some() => None,
            Kind::Video if self.attached => Some(
                "the answer has a MediaId: the UploadAuth of attached media cannot be refreshed",
            ),
            Kind::Video if self.creates_only => {
                Some("the AppServer answers another video when it is asked to refresh one")
            }
            Kind::Video if self.video_id.is_none() => {
                Some("the answer has no VideoId, without which nothing can be refreshed")
            }
            Kind::Video => None,
        }
    }
}
