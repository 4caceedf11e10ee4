//! The media VOD knows: which object each id stands for, and what was said of it.

use std::collections::{BTreeMap, HashMap, VecDeque};

/// Bytes of memory that the media of one kind take, by and large; older ones are forgotten.
const MAX_BYTES: usize = 32 << 20;
/// Bytes of one beside its texts, by and large.
const ENTRY: usize = 512;

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

/// What is known by an id, and takes memory.
pub(crate) trait Weighed {
    /// Bytes of its texts.
    fn weight(&self) -> usize;
}

impl Weighed for Place {
    fn weight(&self) -> usize {
        self.region.len() + self.bucket.len() + self.key.len()
    }
}

impl Weighed for Video {
    fn weight(&self) -> usize {
        let told = self.told.iter().map(|(name, value)| name.len() + value.len());
        self.place.weight() + self.reference.as_ref().map_or(0, String::len) + told.sum::<usize>()
    }
}

/// The last media of one kind, by id.
#[derive(Debug)]
pub(crate) struct Known<T> {
    by_id: HashMap<String, T>,
    /// Ids in the order in which they came, each with what it takes.
    order: VecDeque<(usize, String)>,
    bytes: usize,
}

impl<T> Default for Known<T> {
    fn default() -> Self {
        Self { by_id: HashMap::new(), order: VecDeque::new(), bytes: 0 }
    }
}

impl<T: Weighed> Known<T> {
    /// Adds a medium with an id that no other has.
    pub(crate) fn add(&mut self, id: String, one: T) {
        let weight = ENTRY + one.weight();
        self.bytes += weight;
        self.order.push_back((weight, id.clone()));
        self.by_id.insert(id, one);
        while self.bytes > MAX_BYTES
            && let Some((weight, oldest)) = self.order.pop_front()
        {
            self.bytes -= weight;
            self.by_id.remove(&oldest);
        }
    }

    pub(crate) fn get(&self, id: &str) -> Option<&T> {
        self.by_id.get(id)
    }
}

/// Media by id.
#[derive(Debug, Default)]
pub(crate) struct Media {
    pub(crate) videos: Known<Video>,
    pub(crate) images: Known<Place>,
    pub(crate) attached: Known<Place>,
}

impl Media {
    pub(crate) fn video_of(&self, bucket: &str, key: &str) -> Option<String> {
        let places = self.videos.by_id.iter().map(|(id, video)| (id, &video.place));
        id_at(places, bucket, key)
    }

    pub(crate) fn image_of(&self, bucket: &str, key: &str) -> Option<String> {
        id_at(self.images.by_id.iter(), bucket, key)
    }

    pub(crate) fn attached_of(&self, bucket: &str, key: &str) -> Option<String> {
        id_at(self.attached.by_id.iter(), bucket, key)
    }

    /// The video with the account's own id `reference`.
    pub(crate) fn referenced(&self, reference: &str) -> Option<String> {
        let mut videos = self.videos.by_id.iter();
        let is = |video: &Video| video.reference.as_deref() == Some(reference);
        videos.find(|(_, video)| is(video)).map(|(id, _)| id.clone())
    }

    /// The region of the object at `bucket` and `key`, if it is one of VOD's.
    pub(crate) fn region_of(&self, bucket: &str, key: &str) -> Option<&str> {
        let videos = self.videos.by_id.values().map(|video| &video.place);
        let others = self.images.by_id.values().chain(self.attached.by_id.values());
        let mut places = videos.chain(others);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn video(number: usize) -> Video {
        let place = Place {
            region: String::from("cn-shanghai"),
            bucket: String::from("vod"),
            key: format!("sv/{number}.mp4"),
        };
        let told = BTreeMap::from([(String::from("Description"), "x".repeat(1 << 20))]);
        Video { place, reference: Some(number.to_string()), told }
    }

    #[test]
    fn the_oldest_are_forgotten_when_there_is_too_much_to_know() {
        let mut media = Media::default();
        for number in 0..100 {
            media.videos.add(format!("v{number}"), video(number));
        }
        assert!(media.videos.bytes <= MAX_BYTES && media.videos.by_id.len() > 25);
        assert!(media.videos.get("v0").is_none() && media.referenced("0").is_none());
        assert!(media.video_of("vod", "sv/0.mp4").is_none());
        assert_eq!(media.video_of("vod", "sv/99.mp4").as_deref(), Some("v99"));
        assert_eq!(media.videos.by_id.len(), media.videos.order.len());
    }
}
