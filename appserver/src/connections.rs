//! Serving connections, HTTP/1.1 only, as many as there are places for.

use std::{
    convert::Infallible,
    io,
    pin::pin,
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Body, extract::ConnectInfo};
use http::{Request, Response};
use hyper::{body::Incoming as IncomingBody, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::timeout,
};
use tower::ServiceExt;

use crate::{
    limit::{LocalRates, Rate},
    listen::{Incoming, Listener},
    log::Log,
    metrics::Metrics,
    patience::{Patient, Progress},
};

/// How long requests under way may take once the server is to stop.
const FAREWELL: Duration = Duration::from_secs(10);

/// What answers; it may be exchanged while connections are open.
#[derive(Clone, Debug)]
pub struct Live(Arc<RwLock<Router>>);

impl Live {
    /// Answers with `router`.
    #[must_use]
    pub fn new(router: Router) -> Self {
        Self(Arc::new(RwLock::new(router)))
    }

    /// Answers with `router` from the next request on.
    pub fn exchange(&self, router: Router) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = router;
    }

    fn router(&self) -> Router {
        let router: RwLockReadGuard<'_, Router> =
            self.0.read().unwrap_or_else(PoisonError::into_inner);
        router.clone()
    }
}

/// The place of the connection that a request came by. What goes on for the request when its sender has hung up holds
/// it, so that it counts as one that is open, and the server does not end before it is done.
#[derive(Clone, Debug)]
pub struct Held {
    _place: Arc<OwnedSemaphorePermit>,
}

/// The connections of listeners of a server. Clones share the places.
#[derive(Clone, Debug)]
pub struct Connections {
    places: Arc<Semaphore>,
    most: u32,
    leaving: Arc<AtomicBool>,
    stopping: watch::Sender<bool>,
    metrics: Arc<Metrics>,
    lines: Arc<LocalRates>,
    log: Log,
}

impl Connections {
    /// At most `most` at once.
    #[must_use]
    pub fn new(most: usize, metrics: Arc<Metrics>, log: Log) -> Self {
        let (stopping, _) = watch::channel(false);
        Self {
            places: Arc::new(Semaphore::new(most)),
            most: u32::try_from(most).unwrap_or(u32::MAX),
            leaving: Arc::default(),
            stopping,
            metrics,
            lines: Arc::default(),
            log,
        }
    }

    /// Those of other listeners of the same server, at most `most` at once: whoever takes all places here leaves those.
    #[must_use]
    pub fn beside(&self, most: usize) -> Self {
        let places = Arc::new(Semaphore::new(most));
        Self { places, most: u32::try_from(most).unwrap_or(u32::MAX), ..self.clone() }
    }

    /// Whether no more should be sent here.
    #[must_use]
    pub fn are_leaving(&self) -> bool {
        self.leaving.load(Ordering::Relaxed)
    }

    /// Says from now on that no more should be sent here, and goes on to accept what comes all the same.
    pub fn leave(&self) {
        self.leaving.store(true, Ordering::Relaxed);
    }

    /// Answers what comes to `listener`, until the server is to stop.
    pub async fn serve(&self, listener: Listener, live: Live) {
        let mut stopping = self.stopping.subscribe();
        while !*stopping.borrow_and_update() {
            let accepted = tokio::select! {
                accepted = self.accept(&listener) => accepted,
                _ = stopping.changed() => continue,
            };
            match accepted {
                Ok((incoming, place)) => {
                    tokio::spawn(self.clone().carry(incoming, place, live.clone()));
                }
                Err(error) => {
                    let cause = error.to_string();
                    self.tell(json!({ "event": "acceptFailed", "cause": cause }));
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }

    /// Accepts no more, lets requests under way end, and returns when all connections are closed, or after 10 s.
    pub async fn stop(&self) {
        self.leave();
        self.stopping.send_replace(true);
        // Each place is free again once its connection is closed.
        let _ = timeout(FAREWELL, self.places.acquire_many(self.most)).await;
    }

    /// A listener that waits for a connection holds no place; one that has it waits for a place before it accepts more.
    async fn accept(&self, listener: &Listener) -> io::Result<(Incoming, OwnedSemaphorePermit)> {
        let incoming = listener.accept().await?;
        let places = Arc::clone(&self.places);
        let place = if let Ok(place) = Arc::clone(&places).try_acquire_owned() {
            place
        } else {
            self.metrics.connections_waited.count();
            self.tell(json!({ "event": "connectionsFull", "most": self.most }));
            places.acquire_owned().await.map_err(io::Error::other)?
        };
        Ok((incoming, place))
    }

    /// Logs what would otherwise be said many times a second.
    fn tell(&self, entry: serde_json::Value) {
        let event = entry.get("event").and_then(serde_json::Value::as_str).unwrap_or_default();
        if self.lines.take_now(event, Rate::per_minute(1), 0).is_ok() {
            self.log.write(entry);
        }
    }

    async fn carry(self, incoming: Incoming, place: OwnedSemaphorePermit, live: Live) {
        let held = Held { _place: Arc::new(place) };
        let _open = self.metrics.open();
        let peer = incoming.peer;
        let mut stopping = self.stopping.subscribe();
        let Ok(stream) = incoming.open().await else { return };
        let progress = Arc::new(Progress::default());
        let stream = Patient::new(stream, Arc::clone(&progress));
        let service = service_fn(move |mut request: Request<IncomingBody>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            request.extensions_mut().insert(held.clone());
            answer(live.router(), Arc::clone(&progress), request)
        });
        // Time is kept by `Patient`, which tells a rest from a head that drips.
        let connection = http1::Builder::new()
            .header_read_timeout(None)
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = told(&mut stopping) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if ended.is_err_and(|error| is_timeout(&error)) {
            self.metrics.connections_timed_out.count();
        }
    }
}

async fn told(stopping: &mut watch::Receiver<bool>) {
    // The sender lives as long as the server; if it is gone, nobody will say more.
    if stopping.wait_for(|stopping| *stopping).await.is_err() {
        std::future::pending::<()>().await;
    }
}

async fn answer(
    router: Router,
    progress: Arc<Progress>,
    request: Request<IncomingBody>,
) -> Result<Response<Body>, Infallible> {
    progress.begin();
    let response = router.oneshot(request.map(Body::new)).await;
    progress.end();
    response
}

fn is_timeout(error: &hyper::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        if error.downcast_ref::<io::Error>().is_some_and(|io| io.kind() == io::ErrorKind::TimedOut)
        {
            return true;
        }
        source = error.source();
    }
    false
}
