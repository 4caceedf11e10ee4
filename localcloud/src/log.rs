//! The request log: what came in, in order, and how it was answered. Holds no secret.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
};

use serde::{Deserialize, Serialize};

use crate::{clock::UnixMs, sync::lock};

/// Requests remembered; older ones are forgotten.
const CAPACITY: usize = 100_000;
/// Bytes of memory that they take, by and large. Whoever reaches the cloud writes here, so it must not grow for ever.
const MAX_BYTES: usize = 64 << 20;
/// Bytes of an entry beside its texts, by and large.
const ENTRY: usize = 512;
/// Longest text of an entry, in bytes: longer than any that a service accepts, so that only refused ones are cut.
const LONGEST: usize = 4 << 10;

/// As much of `text` as is remembered.
pub(crate) fn short(text: &str) -> String {
    text.get(..text.floor_char_boundary(LONGEST)).unwrap_or_default().to_owned()
}

/// Whose request it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ServiceName {
    Sts,
    Vod,
    Oss,
    Log,
    App,
}

/// One request, as `/__control/log` shows it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Entry {
    /// Counts requests from 1, in order of arrival.
    pub(crate) seq: u64,
    /// When it arrived: milliseconds since the epoch on the cloud's clock.
    pub(crate) at: UnixMs,
    pub(crate) service: ServiceName,
    pub(crate) host: String,
    pub(crate) method: String,
    pub(crate) action: String,
    /// `None` while it is being answered, and for ever if it never is.
    pub(crate) status: Option<u16>,
    /// The error code of a refusal; `Hung` and `Dropped` for faults that never answer.
    pub(crate) code: Option<String>,
    pub(crate) bucket: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) part_number: Option<u32>,
    pub(crate) upload_id: Option<String>,
    /// Length of the request's body.
    pub(crate) bytes: u64,
    pub(crate) access_key_id: Option<String>,
    /// How long ago that credential was issued.
    pub(crate) credential_age_ms: Option<i64>,
    pub(crate) preflight: bool,
    /// What STS or VOD was told; no secret is among it.
    pub(crate) params: Option<BTreeMap<String, String>>,
}

impl Entry {
    pub(crate) fn new(
        service: ServiceName,
        at: UnixMs,
        host: &str,
        method: &str,
        action: &str,
    ) -> Self {
        Self {
            seq: 0,
            at,
            service,
            host: host.to_owned(),
            method: method.to_owned(),
            action: action.to_owned(),
            status: None,
            code: None,
            bucket: None,
            key: None,
            part_number: None,
            upload_id: None,
            bytes: 0,
            access_key_id: None,
            credential_age_ms: None,
            preflight: false,
            params: None,
        }
    }

    /// With no text that is longer than what is remembered; those of `params` are not.
    fn shortened(mut self) -> Self {
        let texts = [&mut self.host, &mut self.method, &mut self.action];
        let others =
            [&mut self.bucket, &mut self.key, &mut self.upload_id, &mut self.access_key_id];
        for text in texts.into_iter().chain(others.into_iter().flatten()) {
            if text.len() > LONGEST {
                *text = short(text);
            }
        }
        self
    }

    /// How many bytes of memory it takes, by and large.
    fn weight(&self) -> usize {
        let texts = [&self.host, &self.method, &self.action];
        let others = [&self.bucket, &self.key, &self.upload_id, &self.access_key_id];
        let texts = texts.into_iter().chain(others.into_iter().flatten());
        let params = self.params.iter().flatten().map(|(name, value)| name.len() + value.len());
        ENTRY + texts.map(String::len).chain(params).sum::<usize>()
    }
}

#[derive(Debug, Default)]
struct Entries {
    last_seq: u64,
    /// Each with its weight when it came.
    kept: VecDeque<(usize, Entry)>,
    bytes: usize,
}

impl Entries {
    fn push(&mut self, entry: Entry) {
        let weight = entry.weight();
        self.bytes += weight;
        self.kept.push_back((weight, entry));
        while (self.kept.len() > CAPACITY || self.bytes > MAX_BYTES)
            && let Some((weight, _)) = self.kept.pop_front()
        {
            self.bytes -= weight;
        }
    }
}

/// The log of one cloud.
#[derive(Clone, Debug, Default)]
pub(crate) struct RequestLog(Arc<Mutex<Entries>>);

impl RequestLog {
    /// Adds a request that has just arrived.
    pub(crate) fn open(&self, entry: Entry) -> Ticket {
        let mut entries = lock(&self.0);
        entries.last_seq += 1;
        let seq = entries.last_seq;
        entries.push(Entry { seq, ..entry.shortened() });
        Ticket { log: self.clone(), seq }
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        lock(&self.0).kept.iter().map(|(_, entry)| entry.clone()).collect()
    }

    pub(crate) fn clear(&self) {
        let mut entries = lock(&self.0);
        entries.kept.clear();
        entries.bytes = 0;
    }
}

/// A request that is being answered.
#[derive(Clone, Debug)]
pub(crate) struct Ticket {
    log: RequestLog,
    seq: u64,
}

impl Ticket {
    /// Changes the entry; nothing happens if the log was cleared meanwhile.
    pub(crate) fn note(&self, change: impl FnOnce(&mut Entry)) {
        let mut entries = lock(&self.log.0);
        if let Ok(at) = entries.kept.binary_search_by_key(&self.seq, |(_, entry)| entry.seq)
            && let Some((_, entry)) = entries.kept.get_mut(at)
        {
            change(entry);
        }
    }

    /// Writes down the answer.
    pub(crate) fn close(&self, status: u16, code: Option<&str>) {
        self.note(|entry| {
            entry.status = Some(status);
            entry.code = code.map(str::to_owned);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long(seq: usize) -> Entry {
        let params = BTreeMap::from([(seq.to_string(), "x".repeat(1 << 20))]);
        let action = "é".repeat(1 << 20);
        Entry { params: Some(params), ..Entry::new(ServiceName::Vod, 0, "host", "POST", &action) }
    }

    #[test]
    fn the_oldest_are_forgotten_when_what_they_said_is_too_long() {
        let log = RequestLog::default();
        let first = log.open(long(0));
        for seq in 1..80 {
            log.open(long(seq));
        }
        first.close(200, None);
        let entries = log.entries();
        assert_eq!(entries.last().map(|entry| entry.seq), Some(80));
        assert!(entries.len() > 50 && entries.len() < 64, "{}", entries.len());
        assert!(entries.iter().map(Entry::weight).sum::<usize>() <= MAX_BYTES);
        assert!(entries.iter().all(|entry| entry.action.len() <= LONGEST));
        log.clear();
        log.open(long(80)).close(200, None);
        assert_eq!(log.entries().first().and_then(|entry| entry.status), Some(200));
        let bytes = lock(&log.0).bytes;
        assert_eq!(bytes, log.entries().iter().map(Entry::weight).sum::<usize>());
    }

    #[test]
    fn a_text_is_cut_between_letters() {
        assert_eq!(short("short"), "short");
        assert_eq!(short(&format!("a{}", "é".repeat(LONGEST))).len(), LONGEST - 1);
    }
}
