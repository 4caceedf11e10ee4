//! Telling the operator what failed beside any request: reading keys, for example.

use std::sync::{Arc, Mutex};

use serde_json::json;

use crate::{
    limit::{LocalRates, Rate},
    log::Log,
    sync::lock,
    upstream::Failure,
};

/// Where failures are told once there is a log. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Reports(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    log: Mutex<Option<Log>>,
    lines: LocalRates,
}

impl Reports {
    /// Tells from now on.
    pub fn open(&self, log: &Log) {
        *lock(&self.0.log) = Some(log.clone());
    }

    /// Tells no more, and lets go of the log, whose writer ends once nobody holds it.
    pub fn close(&self) {
        *lock(&self.0.log) = None;
    }

    /// That `event` happened since `at` failed: a line a minute, since it may be tried often.
    pub(crate) fn failed(&self, event: &str, at: &str, failure: &Failure) {
        let log = lock(&self.0.log).clone();
        let is_due = || self.0.lines.take_now(event, Rate::per_minute(1), 0).is_ok();
        if let Some(log) = log.filter(|_| is_due()) {
            log.write(json!({ "event": event, "at": at, "cause": cause(failure) }));
        }
    }
}

/// What `failure` is of a place that is not the cloud.
pub(crate) fn cause(failure: &Failure) -> String {
    match failure {
        // A status of the cloud's that asks for patience is a redirect anywhere else, and none is followed.
        Failure::Throttled { code, .. } => {
            format!("it redirects, or asks for fewer requests ({code})")
        }
        Failure::Refused { status, code, .. } => format!("it answered {status} ({code})"),
        Failure::Unreachable { cause } => format!("it cannot be reached: {cause}"),
        Failure::TimedOut => String::from("it did not answer in time"),
        Failure::Unexplained { status } => format!("it answered {status}"),
        Failure::Unusable { reason } => format!("its answer is unusable: {reason}"),
    }
}
