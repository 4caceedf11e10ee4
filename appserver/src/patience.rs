//! Silent connections end: one that has begun a request must finish its head, one that has not may rest for a while.

use std::{
    future::Future,
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

use crate::listen::Stream;

/// How long the head of a request may take, the first one's from the connection's beginning.
const HEAD: Duration = Duration::from_secs(10);
/// How long a connection may rest between requests, and an answer may find no reader. Longer than the minute after
/// which proxies give up their own idle connections: a request must not meet the end of one.
const REST: Duration = Duration::from_secs(75);

/// How far the requests of one connection are.
#[derive(Debug, Default)]
pub struct Progress {
    begun: AtomicU32,
    answering: AtomicBool,
}

impl Progress {
    /// A request's head is whole: from here on its handler decides how long it takes.
    pub fn begin(&self) {
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.answering.store(true, Ordering::Relaxed);
    }

    /// Its handler is done.
    pub fn end(&self) {
        self.answering.store(false, Ordering::Relaxed);
    }
}

/// A connection that fails when the other end is silent for too long.
pub struct Patient {
    stream: Box<dyn Stream>,
    progress: Arc<Progress>,
    /// Requests that had begun when this last looked.
    begun: u32,
    /// Whether the next head has begun to come.
    head: bool,
    /// When the other end was silent for too long.
    deadline: Instant,
    /// Rings at the deadline or before it, and is then set anew: a request moves the deadline several times, and to
    /// register a timer each time costs more than to be woken once in a while.
    timer: Pin<Box<Sleep>>,
}

impl std::fmt::Debug for Patient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Patient").field("progress", &self.progress).finish_non_exhaustive()
    }
}

impl Patient {
    /// Watches `stream`, whose requests report their `progress`.
    #[must_use]
    pub fn new(stream: Box<dyn Stream>, progress: Arc<Progress>) -> Self {
        let deadline = Instant::now() + HEAD;
        let timer = Box::pin(sleep_until(deadline));
        // As if a head had begun: a connection is made to ask something.
        Self { stream, progress, begun: 0, head: true, deadline, timer }
    }

    /// Whether the other end was silent for too long.
    fn is_over(&mut self, cx: &mut Context<'_>) -> bool {
        let begun = self.progress.begun.load(Ordering::Relaxed);
        if self.progress.answering.load(Ordering::Relaxed) {
            return false;
        }
        if begun != self.begun {
            (self.begun, self.head) = (begun, false);
            self.wait(REST);
        }
        while self.timer.as_mut().poll(cx).is_ready() {
            if self.timer.deadline() >= self.deadline {
                return true;
            }
            self.timer.as_mut().reset(self.deadline);
        }
        false
    }

    fn wait(&mut self, patience: Duration) {
        self.deadline = Instant::now() + patience;
        if self.deadline < self.timer.deadline() {
            self.timer.as_mut().reset(self.deadline);
        }
    }

    fn or_over<T>(
        &mut self,
        polled: Poll<io::Result<T>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if polled.is_pending() && self.is_over(cx) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        polled
    }
}

impl AsyncRead for Patient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_read(cx, buffer);
        let begun = self.progress.begun.load(Ordering::Relaxed);
        let between = !self.progress.answering.load(Ordering::Relaxed);
        // Bytes between two requests begin the head of the next.
        if polled.is_ready() && between && (!self.head || begun != self.begun) {
            (self.begun, self.head) = (begun, true);
            self.wait(HEAD);
        }
        self.or_over(polled, cx)
    }
}

impl AsyncWrite for Patient {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, bytes);
        if polled.is_ready() && !self.head {
            self.wait(REST);
        }
        self.or_over(polled, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        if polled.is_ready() && !self.head {
            self.wait(REST);
        }
        self.or_over(polled, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use super::*;

    fn pair() -> (Patient, DuplexStream, Arc<Progress>) {
        let (near, far) = duplex(64);
        let progress = Arc::new(Progress::default());
        (Patient::new(Box::new(near), Arc::clone(&progress)), far, progress)
    }

    async fn silence(patient: &mut Patient) -> Duration {
        let began = Instant::now();
        let error = loop {
            match patient.read(&mut [0; 8]).await {
                Ok(_) => {}
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        began.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_never_asks_ends_soon() {
        let (mut patient, _far, _) = pair();
        assert_eq!(silence(&mut patient).await.as_secs(), HEAD.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_drips_ends_as_soon() {
        let (mut patient, mut far, _) = pair();
        tokio::spawn(async move {
            while far.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        });
        assert_eq!(silence(&mut patient).await.as_secs(), HEAD.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_may_rest_between_requests_and_then_a_head_must_come() {
        let (mut patient, mut far, progress) = pair();
        far.write_all(b"GET").await.unwrap();
        patient.read_exact(&mut [0; 3]).await.unwrap();
        progress.begin();
        let handler = tokio::time::timeout(REST * 10, patient.read(&mut [0; 8])).await;
        assert!(handler.is_err(), "a handler takes the time it takes");
        progress.end();
        patient.write_all(b"200").await.unwrap();
        let rest = tokio::time::timeout(REST / 2, patient.read(&mut [0; 8])).await;
        assert!(rest.is_err(), "still resting");
        far.write_all(b"G").await.unwrap();
        assert_eq!(silence(&mut patient).await.as_secs(), HEAD.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn a_rest_ends_too() {
        let (mut patient, _far, progress) = pair();
        progress.begin();
        progress.end();
        assert_eq!(silence(&mut patient).await.as_secs(), REST.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_nobody_reads_ends() {
        let (mut patient, _far, progress) = pair();
        progress.begin();
        progress.end();
        let error = patient.write_all(&[0; 1_000]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
