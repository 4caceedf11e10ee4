//! Accepting connections, plain and over TLS.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{extract::connect_info::Connected, serve::IncomingStream, serve::Listener};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, rustls::ServerConfig, server::TlsStream};

/// The other end of a connection.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// Plain connections.
#[derive(Debug)]
pub struct Plain(TcpListener);

impl Plain {
    /// Accepts from `listener`.
    #[must_use]
    pub const fn new(listener: TcpListener) -> Self {
        Self(listener)
    }
}

impl Listener for Plain {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        accept(&self.0).await
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl Connected<IncomingStream<'_, Plain>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Plain>) -> Self {
        Self(*stream.remote_addr())
    }
}

/// Connections over TLS. Handshakes run beside each other: one that hangs holds up nobody.
#[derive(Debug)]
pub struct Tls {
    address: SocketAddr,
    accepted: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
}

impl Tls {
    /// How long a client may take to agree on a key.
    const HANDSHAKE: Duration = Duration::from_secs(10);
    /// Connections that may wait to be served.
    const WAITING: usize = 64;

    /// Accepts from `listener`.
    ///
    /// # Errors
    ///
    /// If the listener has no address.
    pub fn new(listener: TcpListener, config: Arc<ServerConfig>) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let (sender, accepted) = mpsc::channel(Self::WAITING);
        tokio::spawn(async move {
            let acceptor = TlsAcceptor::from(config);
            while !sender.is_closed() {
                let (stream, peer) = accept(&listener).await;
                let (acceptor, sender) = (acceptor.clone(), sender.clone());
                tokio::spawn(async move {
                    if let Ok(Ok(stream)) = timeout(Self::HANDSHAKE, acceptor.accept(stream)).await
                    {
                        // The receiver goes away only when the server stops.
                        let _ = sender.send((stream, peer)).await;
                    }
                });
            }
        });
        Ok(Self { address, accepted })
    }
}

impl Listener for Tls {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TlsStream<TcpStream>, SocketAddr) {
        match self.accepted.recv().await {
            Some(accepted) => accepted,
            // The accepting task never ends before this end does.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

impl Connected<IncomingStream<'_, Tls>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Tls>) -> Self {
        Self(*stream.remote_addr())
    }
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        if let Ok((stream, peer)) = listener.accept().await {
            // Answers are small; without this each would wait for the client's acknowledgement.
            let _ = stream.set_nodelay(true);
            return (stream, peer);
        }
        // Out of file descriptors, most likely: let some connections end.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
