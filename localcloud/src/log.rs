//! The request log: what came in, in order, and how it was answered. Holds no secret.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
};

use serde::{Deserialize, Serialize};

use crate::{clock::UnixMs, sync::lock};

/// Requests remembered; older ones are forgotten.
const CAPACITY: usize = 100_000;

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
}

#[derive(Debug, Default)]
struct Entries {
    last_seq: u64,
    kept: VecDeque<Entry>,
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
        if entries.kept.len() == CAPACITY {
            entries.kept.pop_front();
        }
        entries.kept.push_back(Entry { seq, ..entry });
        Ticket { log: self.clone(), seq }
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        lock(&self.0).kept.iter().cloned().collect()
    }

    pub(crate) fn clear(&self) {
        lock(&self.0).kept.clear();
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
        if let Ok(at) = entries.kept.binary_search_by_key(&self.seq, |entry| entry.seq)
            && let Some(entry) = entries.kept.get_mut(at)
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
