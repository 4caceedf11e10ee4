//! Places to listen, and accepting connections there.

use std::{
    io,
    net::SocketAddr,
    os::unix::fs::FileTypeExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, UnixListener},
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, rustls::ServerConfig};

use crate::peer::Peer;

/// How long a client may take to agree on a key.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// An address.
    Tcp(SocketAddr),
    /// A file.
    Unix(PathBuf),
}

/// A place that is listened to.
#[derive(Debug)]
pub struct Listener(Kind);

enum Kind {
    Tcp(TcpListener),
    Tls(TcpListener, Arc<ServerConfig>),
    Unix(UnixListener),
}

impl std::fmt::Debug for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Tcp(_) => "Tcp",
            Self::Tls(..) => "Tls",
            Self::Unix(_) => "Unix",
        })
    }
}

/// Both directions of a connection.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection before its first byte; over TLS, before its handshake.
pub struct Incoming {
    stream: Raw,
    /// The other end.
    pub peer: Peer,
}

enum Raw {
    Plain(Box<dyn Stream>),
    Tls(tokio::net::TcpStream, Arc<ServerConfig>),
}

impl std::fmt::Debug for Incoming {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Incoming").field("peer", &self.peer).finish_non_exhaustive()
    }
}

impl Listener {
    /// Listens at `place`. A socket file that another process left behind is replaced.
    ///
    /// # Errors
    ///
    /// If it is taken, or not this machine's.
    pub async fn bind(place: &Place) -> io::Result<Self> {
        match place {
            Place::Tcp(address) => TcpListener::bind(address).await.map(Kind::Tcp).map(Self),
            Place::Unix(path) => {
                if is_left_behind(path) {
                    std::fs::remove_file(path)?;
                }
                UnixListener::bind(path).map(Kind::Unix).map(Self)
            }
        }
    }

    /// The same with TLS.
    #[must_use]
    pub fn with_tls(self, config: Arc<ServerConfig>) -> Self {
        match self.0 {
            Kind::Tcp(listener) => Self(Kind::Tls(listener, config)),
            other => Self(other),
        }
    }

    /// The address, if it is one.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        match &self.0 {
            Kind::Tcp(listener) | Kind::Tls(listener, _) => listener.local_addr().ok(),
            Kind::Unix(_) => None,
        }
    }

    /// The next connection.
    ///
    /// # Errors
    ///
    /// Most likely that there are no more file descriptors: let some connections end.
    pub async fn accept(&self) -> io::Result<Incoming> {
        let (stream, peer) = match &self.0 {
            Kind::Unix(listener) => {
                let (stream, _) = listener.accept().await?;
                (Raw::Plain(Box::new(stream)), Peer::Unix)
            }
            Kind::Tcp(listener) | Kind::Tls(listener, _) => {
                let (stream, peer) = listener.accept().await?;
                // Answers are small; without this each would wait for the client's acknowledgement.
                stream.set_nodelay(true)?;
                let raw = match &self.0 {
                    Kind::Tls(_, config) => Raw::Tls(stream, Arc::clone(config)),
                    Kind::Tcp(_) | Kind::Unix(_) => Raw::Plain(Box::new(stream)),
                };
                (raw, Peer::Tcp(peer))
            }
        };
        Ok(Incoming { stream, peer })
    }
}

/// Whether `path` is a socket that nobody listens to any more. Other files refuse connections too.
fn is_left_behind(path: &Path) -> bool {
    let is_socket = std::fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket());
    is_socket
        && std::os::unix::net::UnixStream::connect(path)
            .is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}

impl Incoming {
    /// The connection once it can be read.
    ///
    /// # Errors
    ///
    /// If the other end cannot agree on a key, or does not in time.
    pub async fn open(self) -> io::Result<Box<dyn Stream>> {
        match self.stream {
            Raw::Plain(stream) => Ok(stream),
            Raw::Tls(stream, config) => {
                let agreed = timeout(HANDSHAKE, TlsAcceptor::from(config).accept(stream)).await??;
                Ok(Box::new(agreed))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_socket_left_behind_is_replaced_and_no_other_file() {
        let folder =
            std::env::temp_dir().join(format!("upload-token-listen-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let socket = folder.join("socket");
        drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
        let first = Listener::bind(&Place::Unix(socket.clone())).await.unwrap();
        let taken = Listener::bind(&Place::Unix(socket.clone())).await.unwrap_err();
        assert_eq!(taken.kind(), io::ErrorKind::AddrInUse, "somebody listens");
        drop(first);
        let (file, link) = (folder.join("file"), folder.join("link"));
        std::fs::write(&file, "of somebody").unwrap();
        std::os::unix::fs::symlink(&socket, &link).unwrap();
        for other in [&file, &link] {
            let refused = Listener::bind(&Place::Unix(other.clone())).await.unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::AddrInUse);
            assert!(std::fs::symlink_metadata(other).is_ok(), "{} stays", other.display());
        }
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "of somebody");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
