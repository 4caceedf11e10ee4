//! What happened, in numbers, as Prometheus reads them.

use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::{
        Mutex,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use crate::sync::lock;

/// Upper ends of the classes of a request's duration, in seconds.
const CLASSES: [f64; 8] = [0.001, 0.005, 0.025, 0.1, 0.5, 1.0, 2.5, 10.0];

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// One more.
    pub fn count(&self) {
        self.add(1);
    }

    /// So many more.
    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    /// How many so far.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The numbers of one server.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Answers, by endpoint and status.
    answers: Mutex<BTreeMap<(&'static str, u16), u64>>,
    classes: [AtomicU64; CLASSES.len()],
    answer_micros: AtomicU64,
    answered: AtomicU64,
    /// Calls to the cloud, by action and by code of its answer; `OK` for a success.
    calls: Mutex<BTreeMap<(&'static str, String), u64>>,
    /// Refusals that were not logged one by one, because their address had many.
    pub unlogged_refusals: Counter,
    /// Log lines that nobody took in time, or that could not be written.
    pub dropped_log_lines: Counter,
    /// Connections that came while there were as many as may be.
    pub connections_waited: Counter,
    /// Connections ended because the other end was silent.
    pub connections_timed_out: Counter,
    /// Times that what the instances share could not be asked.
    pub store_failures: Counter,
    connections: AtomicI64,
    store: AtomicI64,
    /// What was learnt of tokens that instances share.
    claims: Mutex<BTreeMap<&'static str, u64>>,
}

/// Counts a connection as open until dropped.
#[derive(Debug)]
pub struct Open<'a>(&'a AtomicI64);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Metrics {
    /// A request to `endpoint` was answered after `took`.
    pub fn answered(&self, endpoint: &'static str, status: u16, took: Duration) {
        *lock(&self.answers).entry((endpoint, status)).or_default() += 1;
        let seconds = took.as_secs_f64();
        for (end, class) in CLASSES.iter().zip(&self.classes) {
            if seconds <= *end {
                class.fetch_add(1, Ordering::Relaxed);
            }
        }
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.answer_micros.fetch_add(micros, Ordering::Relaxed);
        self.answered.fetch_add(1, Ordering::Relaxed);
    }

    /// The cloud was asked for `action` and answered with `code`.
    pub fn called(&self, action: &'static str, code: &str) {
        *lock(&self.calls).entry((action, code.to_owned())).or_default() += 1;
    }

    /// Whether what the instances share can be asked; never said where there is none.
    pub fn store_is_there(&self, there: bool) {
        self.store.store(if there { 1 } else { -1 }, Ordering::Relaxed);
    }

    /// An instance wanted a token that all share, and learnt `outcome`.
    pub fn claimed(&self, outcome: &'static str) {
        *lock(&self.claims).entry(outcome).or_default() += 1;
    }

    /// A connection is open.
    pub fn open(&self) -> Open<'_> {
        self.connections.fetch_add(1, Ordering::Relaxed);
        Open(&self.connections)
    }

    /// Prometheus' text format, version 0.0.4. `grants` is what the token cache holds.
    #[must_use]
    pub fn text(&self, grants: usize) -> String {
        let mut text = Text::default();
        text.head("requests_total", "counter", "Answers, by endpoint and status.");
        for ((endpoint, status), count) in lock(&self.answers).iter() {
            let labels = format!("{{endpoint=\"{endpoint}\",status=\"{status}\"}}");
            text.line("requests_total", &labels, count);
        }
        text.head("request_seconds", "histogram", "How long answers took.");
        for (end, class) in CLASSES.iter().zip(&self.classes) {
            let labels = format!("{{le=\"{end}\"}}");
            text.line("request_seconds_bucket", &labels, class.load(Ordering::Relaxed));
        }
        let answered = self.answered.load(Ordering::Relaxed);
        text.line("request_seconds_bucket", "{le=\"+Inf\"}", answered);
        let seconds = Duration::from_micros(self.answer_micros.load(Ordering::Relaxed));
        text.line("request_seconds_sum", "", seconds.as_secs_f64());
        text.line("request_seconds_count", "", answered);
        text.head("cloud_calls_total", "counter", "Calls to STS and VOD, by action and code.");
        for ((action, code), count) in lock(&self.calls).iter() {
            let labels = format!("{{action=\"{action}\",code=\"{code}\"}}");
            text.line("cloud_calls_total", &labels, count);
        }
        for (name, help, counter) in [
            (
                "refusals_unlogged_total",
                "Refusals that were not logged one by one.",
                &self.unlogged_refusals,
            ),
            (
                "log_lines_dropped_total",
                "Log lines that nobody took in time, or that could not be written.",
                &self.dropped_log_lines,
            ),
            (
                "connections_waited_total",
                "Connections that came while all places were taken.",
                &self.connections_waited,
            ),
            (
                "connections_timed_out_total",
                "Connections ended because they were silent.",
                &self.connections_timed_out,
            ),
            (
                "store_failures_total",
                "Times that the shared store could not be asked.",
                &self.store_failures,
            ),
        ] {
            text.head(name, "counter", help);
            text.line(name, "", counter.get());
        }
        text.head("connections", "gauge", "Connections open.");
        text.line("connections", "", self.connections.load(Ordering::Relaxed));
        let store = self.store.load(Ordering::Relaxed);
        if store != 0 {
            text.head("store_claims_total", "counter", "What the store knew of tokens.");
            for (outcome, count) in lock(&self.claims).iter() {
                text.line("store_claims_total", &format!("{{outcome=\"{outcome}\"}}"), count);
            }
            text.head("store_up", "gauge", "Whether the shared store can be asked.");
            text.line("store_up", "", i64::from(store > 0));
        }
        text.head("grants", "gauge", "Grants that the token cache holds.");
        text.line("grants", "", grants);
        text.0
    }
}

#[derive(Default)]
struct Text(String);

impl Text {
    // Writing to a String does not fail.
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(
            self.0,
            "# HELP upload_token_{name} {help}\n# TYPE upload_token_{name} {kind}"
        );
    }

    fn line(&mut self, name: &str, labels: &str, value: impl std::fmt::Display) {
        let _ = writeln!(self.0, "upload_token_{name}{labels} {value}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_what_prometheus_reads() {
        let metrics = Metrics::default();
        metrics.answered("/api/sts", 200, Duration::from_millis(2));
        metrics.called("AssumeRole", "OK");
        metrics.store_is_there(false);
        metrics.claimed("lease");
        let open = metrics.open();
        let text = metrics.text(3);
        for line in [
            "upload_token_requests_total{endpoint=\"/api/sts\",status=\"200\"} 1",
            "upload_token_request_seconds_bucket{le=\"0.001\"} 0",
            "upload_token_request_seconds_bucket{le=\"0.005\"} 1",
            "upload_token_request_seconds_bucket{le=\"+Inf\"} 1",
            "upload_token_request_seconds_sum 0.002",
            "upload_token_cloud_calls_total{action=\"AssumeRole\",code=\"OK\"} 1",
            "upload_token_connections 1",
            "upload_token_store_up 0",
            "upload_token_store_claims_total{outcome=\"lease\"} 1",
            "upload_token_grants 3",
            "# TYPE upload_token_request_seconds histogram",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        drop(open);
        assert!(metrics.text(0).contains("upload_token_connections 0"));
    }
}
