//! The media VOD knows: which object each VideoId and ImageId stands for.

use std::collections::HashMap;

/// Where the bytes of one medium are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) region: String,
    pub(crate) bucket: String,
    pub(crate) key: String,
}

/// Videos and images by id.
#[derive(Debug, Default)]
pub(crate) struct Media {
    pub(crate) videos: HashMap<String, Place>,
    pub(crate) images: HashMap<String, Place>,
}

impl Media {
    pub(crate) fn video_of(&self, bucket: &str, key: &str) -> Option<String> {
        id_at(&self.videos, bucket, key)
    }

    pub(crate) fn image_of(&self, bucket: &str, key: &str) -> Option<String> {
        id_at(&self.images, bucket, key)
    }
}

fn id_at(places: &HashMap<String, Place>, bucket: &str, key: &str) -> Option<String> {
    places
        .iter()
        .find(|(_, place)| place.bucket == bucket && place.key == key)
        .map(|(id, _)| id.clone())
}
