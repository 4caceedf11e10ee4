//! The media VOD knows: which object each id stands for, and what was said of it.

use std::collections::{BTreeMap, HashMap};

/// Where the bytes of one medium are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) region: String,
    pub(crate) bucket: String,
    pub(crate) key: String,
}

/// A video.
#[derive(Clone, Debug)]
pub(crate) struct Video {
    pub(crate) place: Place,
    /// The account's own id of it.
    pub(crate) reference: Option<String>,
    /// The parameters of the call that created it.
    pub(crate) told: BTreeMap<String, String>,
}

/// Media by id.
#[derive(Debug, Default)]
pub(crate) struct Media {
    pub(crate) videos: HashMap<String, Video>,
    pub(crate) images: HashMap<String, Place>,
    pub(crate) attached: HashMap<String, Place>,
}

impl Media {
    pub(crate) fn video_of(&self, bucket: &str, key: &str) -> Option<String> {
        let places = self.videos.iter().map(|(id, video)| (id, &video.place));
        id_at(places, bucket, key)
    }

    pub(crate) fn image_of(&self, bucket: &str, key: &str) -> Option<String> {
        id_at(self.images.iter(), bucket, key)
    }

    pub(crate) fn attached_of(&self, bucket: &str, key: &str) -> Option<String> {
        id_at(self.attached.iter(), bucket, key)
    }

    /// The video with the account's own id `reference`.
    pub(crate) fn referenced(&self, reference: &str) -> Option<String> {
        let mut videos = self.videos.iter();
        let is = |video: &Video| video.reference.as_deref() == Some(reference);
        videos.find(|(_, video)| is(video)).map(|(id, _)| id.clone())
    }

    /// The region of the object at `bucket` and `key`, if it is one of VOD's.
    pub(crate) fn region_of(&self, bucket: &str, key: &str) -> Option<&str> {
        let videos = self.videos.values().map(|video| &video.place);
        let mut places = videos.chain(self.images.values()).chain(self.attached.values());
        places
            .find(|place| place.bucket == bucket && place.key == key)
            .map(|place| place.region.as_str())
    }
}

fn id_at<'a>(
    mut places: impl Iterator<Item = (&'a String, &'a Place)>,
    bucket: &str,
    key: &str,
) -> Option<String> {
    places.find(|(_, place)| place.bucket == bucket && place.key == key).map(|(id, _)| id.clone())
}
