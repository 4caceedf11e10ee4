//! The audit log: one JSON object a line, through a bounded queue to a thread of its own.
//!
//! Nothing that reaches it holds a secret: callers name each field, and none of the types with secrets can be
//! serialised. Whoever reads the log may stall; requests are answered all the same, and what the queue cannot hold is
//! dropped and counted.

use std::{
    fmt,
    io::{self, Write},
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

use crate::{metrics::Metrics, unseen::is_obeyed};

/// Lines that may wait for their reader: some 8 MB.
const QUEUE: usize = 32_768;
/// How long an idle writer sleeps before it looks whether lines were dropped.
const LOOK: Duration = Duration::from_secs(1);
/// How long lines gather before the next are written: the queue holds what comes meanwhile many times over.
const GATHER: Duration = Duration::from_millis(10);

/// Bytes that are written at once, or little more.
const LARGE: usize = 64 << 10;

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

    /// One line an entry on `out`, which keeps nothing back. What is dropped, or not taken, is counted in `metrics`, and
    /// told in the log once it is taken again.
    pub fn to(out: impl Write + Send + 'static, metrics: Arc<Metrics>) -> (Self, Writer) {
        let (sender, receiver) = sync_channel::<String>(QUEUE);
        let (ended, done) = sync_channel(0);
        let counted = Arc::clone(&metrics);
        let writer = thread::Builder::new().name(String::from("log"));
        // Without a thread there is no log; that is no reason to refuse a user's upload, and the metrics tell.
        let _ = writer.spawn(move || {
            let _ended: SyncSender<()> = ended;
            write_all(&receiver, out, &counted);
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

/// JSON escapes C0 controls; whoever shows a line obeys others as well.
fn printable(line: String) -> String {
    let is_raw = |letter: char| is_obeyed(letter) && letter != '\n';
    if !line.contains(is_raw) {
        return line;
    }
    line.chars().fold(String::with_capacity(line.len()), |mut kept, letter| {
        if is_raw(letter) {
            // None of them is beyond 16 bits.
            kept.push_str(&format!("\\u{:04x}", u32::from(letter)));
        } else {
            kept.push(letter);
        }
        kept
    })
}

/// Lines on their way out.
struct Batch<W> {
    out: W,
    text: String,
    /// Whether the last write ended within a line.
    torn: bool,
}

impl<W: Write> Batch<W> {
    const fn new(out: W) -> Self {
        Self { out, text: String::new(), torn: false }
    }

    /// Writes them, and returns how many are lost: a full disk or a closed pipe must not fill the memory.
    fn write(&mut self) -> u64 {
        let Self { out, text, torn } = self;
        let mut left = text.as_bytes();
        let mut end: &[u8] = if *torn { b"\n" } else { b"" };
        if put(out, &mut end).is_ok() {
            // How it ended stands in what is left.
            let _ = put(out, &mut left);
            let gone = text.as_bytes().strip_suffix(left).unwrap_or_default();
            *torn = !gone.is_empty() && !gone.ends_with(b"\n");
        }
        let lost = left.iter().filter(|byte| **byte == b'\n').count();
        text.clear();
        u64::try_from(lost).unwrap_or(u64::MAX)
    }
}

/// As [`Write::write_all`], and leaves in `left` what was not taken.
fn put(out: &mut impl Write, left: &mut &[u8]) -> io::Result<()> {
    while !left.is_empty() {
        match out.write(left) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(some) => *left = left.get(some..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Writes until all senders are gone. The first line after a silence is written at once; then lines gather for a while,
/// so that under load a write serves many of them, and no request has to wake this thread.
fn write_all(receiver: &Receiver<String>, out: impl Write, metrics: &Metrics) {
    let mut batch = Batch::new(out);
    let mut told = 0;
    loop {
        let first = match receiver.recv_timeout(LOOK) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return,
        };
        for line in first.into_iter().chain(receiver.try_iter().take(QUEUE)) {
            batch.text.push_str(&line);
            if batch.text.len() >= LARGE {
                metrics.dropped_log_lines.add(batch.write());
            }
        }
        metrics.dropped_log_lines.add(batch.write());
        let dropped = metrics.dropped_log_lines.get();
        if dropped > told {
            let lines = dropped - told;
            let entry = json!({ "event": "logLinesDropped", "lines": lines, "at": now() });
            batch.text.push_str(&format!("{entry}\n"));
            // Told again if this is lost too; it was no line of anybody's.
            if batch.write() == 0 {
                told = dropped;
            }
        }
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
    use std::sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc::channel,
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

    /// A disk that has room for a little, and then for nothing until it is given some.
    struct Full {
        little: usize,
        room: Arc<AtomicBool>,
        taken: Arc<Mutex<Vec<u8>>>,
    }

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.room.load(Ordering::Relaxed) {
                lock(&self.taken).extend_from_slice(bytes);
                return Ok(bytes.len());
            }
            let some = bytes.len().min(std::mem::take(&mut self.little));
            lock(&self.taken).extend_from_slice(&bytes[..some]);
            if some == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(some) }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn wait_for(mut happened: impl FnMut() -> bool) {
        for _ in 0..3_000 {
            if happened() {
                return;
            }
            thread::sleep(GATHER);
        }
        panic!("it does not happen");
    }

    #[test]
    fn lines_that_no_disk_has_room_for_are_counted_and_told_of_once_it_has() {
        let (metrics, taken) = (Arc::new(Metrics::default()), Arc::new(Mutex::default()));
        let room = Arc::new(AtomicBool::new(false));
        let disk = Full { little: 8, room: Arc::clone(&room), taken: Arc::clone(&taken) };
        let (log, writer) = Log::to(disk, Arc::clone(&metrics));
        for number in 0..50 {
            log.write(json!({ "event": "lost", "number": number }));
        }
        wait_for(|| metrics.dropped_log_lines.get() >= 50);
        room.store(true, Ordering::Relaxed);
        wait_for(|| {
            log.write(json!({ "event": "kept" }));
            String::from_utf8_lossy(&lock(&taken)).contains("logLinesDropped")
        });
        drop(log);
        writer.finish(Duration::from_secs(60));
        let said = String::from_utf8(lock(&taken).clone()).unwrap();
        let whole: Vec<Value> =
            said.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let dropped = whole.iter().find(|line| line["event"] == "logLinesDropped").unwrap();
        assert_eq!(dropped["lines"], 50);
        assert_eq!(metrics.dropped_log_lines.get(), 50);
        assert!(whole.iter().any(|line| line["event"] == "kept"), "{said}");
    }

    #[test]
    fn a_terminal_is_told_nothing() {
        let said = "a\u{9b}31m\u{7f}b\u{1b}c\u{202e}d\u{2066}e\u{2028}f\u{200f}";
        let line = printable(json!({ "group": said }).to_string());
        assert!(!line.chars().any(is_obeyed), "{line:?}");
        let back: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(back["group"], said);
    }
}
