//! The audit log: one JSON object a line, through a bounded queue to a thread of its own.
//!
//! Nothing that reaches it holds a secret: callers name each field, and none of the types with secrets can be
//! serialised. Whoever reads the log may stall; requests are answered all the same, and what the queue cannot hold is
//! dropped and counted.

use std::{
    fmt,
    io::{BufWriter, Write},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use crate::metrics::Metrics;

/// Lines that may wait for their reader: some 8 MB.
const QUEUE: usize = 32_768;
/// How long an idle writer sleeps before it looks whether lines were dropped.
const LOOK: Duration = Duration::from_secs(1);
/// How long lines gather before the next are written: the queue holds what comes meanwhile many times over.
const GATHER: Duration = Duration::from_millis(10);

/// Where log lines go; clones share the destination.
#[derive(Clone)]
pub struct Log(Arc<dyn Fn(String) + Send + Sync>);

/// An entry with the time in front.
#[derive(Serialize)]
struct Line<T> {
    at: String,
    #[serde(flatten)]
    entry: T,
}

impl Log {
    /// Hands each line, without its end, to `write`, which must not wait.
    pub fn new(write: impl Fn(String) + Send + Sync + 'static) -> Self {
        Self(Arc::new(write))
    }

    /// One line an entry on `out`. What is dropped is counted in `metrics`, and told in the log once its reader is back.
    pub fn to(out: impl Write + Send + 'static, metrics: Arc<Metrics>) -> (Self, Writer) {
        let (sender, receiver) = sync_channel::<String>(QUEUE);
        let (ended, done) = sync_channel(0);
        let counted = Arc::clone(&metrics);
        let writer = thread::Builder::new().name(String::from("log"));
        // Without a thread there is no log; that is no reason to refuse a user's upload, and the metrics tell.
        let _ = writer.spawn(move || {
            let _ended: SyncSender<()> = ended;
            write_all(&receiver, BufWriter::new(out), &counted);
        });
        (Self::new(move |line| enqueue(&sender, line, &metrics)), Writer(done))
    }

    /// Writes `entry`, a JSON object, with the time in front.
    pub fn write(&self, entry: impl Serialize) {
        // Every entry is an object of texts and numbers.
        if let Ok(line) = serde_json::to_string(&Line { at: now(), entry }) {
            (self.0)(line);
        }
    }
}

/// The thread that writes.
#[derive(Debug)]
pub struct Writer(Receiver<()>);

impl Writer {
    /// Waits until all is written, once every [`Log`] that leads here is gone, but no longer than `most`.
    pub fn finish(self, most: Duration) {
        // Nothing is ever sent: the thread's end closes the channel.
        let _ = self.0.recv_timeout(most);
    }
}

fn now() -> String {
    format!("{:.3}", Timestamp::now())
}

fn enqueue(sender: &SyncSender<String>, mut line: String, metrics: &Metrics) {
    line.push('\n');
    if sender.try_send(printable(line)).is_err() {
        metrics.dropped_log_lines.count();
    }
}

/// JSON escapes C0 controls; a terminal obeys C1 controls as well.
fn printable(line: String) -> String {
    if !line.contains(|letter| ('\u{7f}'..='\u{9f}').contains(&letter)) {
        return line;
    }
    line.chars().fold(String::with_capacity(line.len()), |mut kept, letter| {
        if ('\u{7f}'..='\u{9f}').contains(&letter) {
            kept.push_str(&format!("\\u{:04x}", u32::from(letter)));
        } else {
            kept.push(letter);
        }
        kept
    })
}

/// Writes until all senders are gone. The first line after a silence is written at once; then lines gather for a while,
/// so that under load a write serves many of them, and no request has to wake this thread.
fn write_all(receiver: &Receiver<String>, mut out: impl Write, metrics: &Metrics) {
    let mut told = 0;
    loop {
        let first = match receiver.recv_timeout(LOOK) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return,
        };
        // A closed destination is no reason to stop: it would fill the queue.
        for line in first.into_iter().chain(receiver.try_iter().take(QUEUE)) {
            let _ = out.write_all(line.as_bytes());
        }
        let dropped = metrics.dropped_log_lines.get();
        if dropped > told {
            let entry = json!({ "event": "logLinesDropped", "lines": dropped - told,
                "at": now() });
            let _ = writeln!(out, "{entry}");
            told = dropped;
        }
        let _ = out.flush();
        thread::sleep(GATHER);
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Log")
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Mutex, mpsc::channel},
    };

    use serde_json::Value;

    use super::*;
    use crate::sync::lock;

    /// A reader that takes nothing until it is let.
    struct Stalled {
        released: Receiver<()>,
        taken: Arc<Mutex<Vec<u8>>>,
    }

    impl Write for Stalled {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            // Released for good by the sender's end.
            let _ = self.released.recv();
            lock(&self.taken).extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_stalls_holds_up_nobody_and_is_told_what_it_missed() {
        let (metrics, taken) = (Arc::new(Metrics::default()), Arc::new(Mutex::default()));
        let (release, released) = channel();
        let (log, writer) =
            Log::to(Stalled { released, taken: Arc::clone(&taken) }, Arc::clone(&metrics));
        let filler = "x".repeat(64);
        for _ in 0..QUEUE * 2 {
            log.write(json!({ "event": "e", "filler": filler }));
        }
        let dropped = metrics.dropped_log_lines.get();
        assert!(dropped > 0, "the queue has an end");
        drop(release);
        drop(log);
        writer.finish(Duration::from_secs(60));
        let said = String::from_utf8(lock(&taken).clone()).unwrap();
        let told = format!("\"lines\":{dropped}");
        assert!(said.lines().any(|line| line.contains("logLinesDropped") && line.contains(&told)));
    }

    #[test]
    fn a_terminal_is_told_nothing() {
        let line = printable(json!({ "user": "a\u{9b}31m\u{7f}b\u{1b}" }).to_string());
        assert!(!line.chars().any(char::is_control), "{line:?}");
        let back: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(back["user"], "a\u{9b}31m\u{7f}b\u{1b}");
    }
}
