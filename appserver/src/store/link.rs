//! The connection to the store. When it is lost nobody waits for it: everybody is told at once, until it is back.

use std::{
    fmt,
    sync::{Arc, Mutex, Weak},
    time::Duration,
};

use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, FromRedisValue,
    IntoConnectionInfo, RedisError, RedisResult, ScriptInvocation, TlsCertificates,
    aio::MultiplexedConnection,
};
use serde_json::json;

use crate::{
    limit::{LocalRates, Rate},
    log::Log,
    metrics::Metrics,
    sync::lock,
    unavailable::Unavailable,
};

/// Time to reach the store.
const CONNECT: Duration = Duration::from_secs(1);
/// Time for one answer. What takes longer is as good as gone; a page waits 10 s for us.
const ANSWER: Duration = Duration::from_secs(1);
/// Pause between attempts to get it back.
const PAUSE: Duration = Duration::from_millis(500);

/// Where the store is, and who we are to it.
#[derive(Clone)]
pub struct Address {
    client: Client,
}

impl Address {
    /// Reads `redis://`, `rediss://` or `redis+unix://`. With `ca`, in PEM, its certificates alone are believed.
    ///
    /// # Errors
    ///
    /// What it must be instead.
    pub fn read(url: &str, ca: Option<&[u8]>) -> Result<Self, &'static str> {
        const FORM: &str =
            "must be redis://host:6379/0, rediss://user:password@host:6379/0 or redis+unix:///path";
        let info: ConnectionInfo = url.into_connection_info().map_err(|_| FORM)?;
        if url.contains('#') {
            return Err("must have no fragment: certificates are always checked");
        }
        let client = match (info.addr(), ca) {
            (ConnectionAddr::TcpTls { .. }, Some(ca)) if has_certificate(ca) => {
                let tls = TlsCertificates { client_tls: None, root_cert: Some(ca.to_vec()) };
                Client::build_with_tls(info, tls).map_err(|_| "needs a CA in PEM")?
            }
            (ConnectionAddr::TcpTls { .. }, Some(_)) => {
                return Err("needs a certificate in PEM in UPLOAD_TOKEN_STORE_CA");
            }
            (_, Some(_)) => return Err("must be rediss://, where a CA is given"),
            (_, None) => Client::open(info).map_err(|_| FORM)?,
        };
        Ok(Self { client })
    }

    fn info(&self) -> &ConnectionInfo {
        self.client.get_connection_info()
    }

    /// Whether it can be reached and written to.
    ///
    /// # Errors
    ///
    /// Why not.
    pub async fn probe(&self) -> Result<(), String> {
        connect(self).await.map(|_| ()).map_err(|error| cause(&error))
    }

    /// Whether it names a password.
    #[must_use]
    pub fn has_password(&self) -> bool {
        self.info().redis_settings().password().is_some()
    }

    /// Whether what is said to it can be read on the way.
    #[must_use]
    pub fn is_open(&self) -> bool {
        let loopback = |host: &str| {
            host.parse::<std::net::IpAddr>().map_or(host == "localhost", |ip| ip.is_loopback())
        };
        matches!(self.info().addr(), ConnectionAddr::Tcp(host, _) if !loopback(host))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let addr = self.info().addr();
        let scheme = match addr {
            ConnectionAddr::TcpTls { .. } => "rediss",
            ConnectionAddr::Unix(_) => "redis+unix",
            _ => "redis",
        };
        write!(f, "{scheme}://{addr}/{}", self.info().redis_settings().db())
    }
}

/// The client itself would believe nobody, and say so at the first connection only.
fn has_certificate(pem: &[u8]) -> bool {
    String::from_utf8_lossy(pem).contains("-----BEGIN CERTIFICATE-----")
}

/// The connection; clones share it.
#[derive(Clone)]
pub struct Link(Arc<Inner>);

struct Inner {
    address: Address,
    /// With a number that says which of many it is.
    connection: Mutex<(u64, Option<MultiplexedConnection>)>,
    lines: LocalRates,
    metrics: Arc<Metrics>,
    log: Log,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Link").field(&self.0.address).finish()
    }
}

impl Link {
    /// Connects. Where that fails it is tried again and again, and the link is there all the same.
    pub async fn open(address: Address, metrics: Arc<Metrics>, log: Log) -> Self {
        let inner = Inner {
            address,
            connection: Mutex::default(),
            lines: LocalRates::default(),
            metrics,
            log,
        };
        let link = Self(Arc::new(inner));
        match connect(&link.0.address).await {
            Ok(connection) => link.0.is_back(connection),
            Err(error) => link.0.is_gone(&error),
        }
        link
    }

    /// Where what happens is counted.
    pub(super) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// Runs a script.
    ///
    /// # Errors
    ///
    /// [`Unavailable`], whatever the store said: one that refuses to write is of no use either.
    pub(super) async fn run<T: FromRedisValue>(
        &self,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, Unavailable> {
        let (number, connection) = lock(&self.0.connection).clone();
        let Some(mut connection) = connection else {
            self.0.metrics.store_failures.count();
            return Err(Unavailable);
        };
        script.invoke_async(&mut connection).await.map_err(|error| {
            self.0.metrics.store_failures.count();
            // One that was lost and found in the meantime is not lost again.
            if lock(&self.0.connection).0 == number {
                self.0.is_gone(&error);
            }
            Unavailable
        })
    }
}

impl Inner {
    fn is_back(&self, connection: MultiplexedConnection) {
        lock(&self.connection).1 = Some(connection);
        self.metrics.store_is_there(true);
    }

    /// Gives the connection up and sees to another one.
    fn is_gone(self: &Arc<Self>, error: &RedisError) {
        {
            let mut connection = lock(&self.connection);
            *connection = (connection.0 + 1, None);
        }
        self.metrics.store_is_there(false);
        self.tell(json!({ "event": "storeUnavailable", "cause": cause(error) }));
        tokio::spawn(recover(Arc::downgrade(self)));
    }

    /// Logs what would otherwise be said twice a second.
    fn tell(&self, entry: serde_json::Value) {
        let event = entry.get("event").and_then(serde_json::Value::as_str).unwrap_or_default();
        if self.lines.take_now(event, Rate::per_minute(4), 0).is_ok() {
            self.log.write(entry);
        }
    }
}

async fn recover(inner: Weak<Inner>) {
    loop {
        tokio::time::sleep(PAUSE).await;
        let Some(address) = inner.upgrade().map(|inner| inner.address.clone()) else { return };
        let connected = connect(&address).await;
        let Some(inner) = inner.upgrade() else { return };
        if let Ok(connection) = connected {
            inner.is_back(connection);
            inner.tell(json!({ "event": "storeBack" }));
            return;
        }
    }
}

/// A connection that takes a write: a replica and a full store would refuse the first real one.
async fn connect(address: &Address) -> RedisResult<MultiplexedConnection> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT))
        .set_response_timeout(Some(ANSWER));
    let mut connection =
        address.client.get_multiplexed_async_connection_with_config(&config).await?;
    let mut write = redis::cmd("SET");
    write.arg("ut:probe").arg(1).arg("PX").arg(1_000);
    write.query_async::<()>(&mut connection).await?;
    Ok(connection)
}

/// The network's words, or the store's code: its sentences may quote what it was told.
fn cause(error: &RedisError) -> String {
    if error.is_io_error() {
        error.to_string().chars().filter(|letter| !letter.is_control()).take(200).collect()
    } else {
        [error.category(), error.code().unwrap_or_default()].join(" ").trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_password() {
        let address = Address::read("rediss://ut:CANARY@redis.internal:6380/2", None).unwrap();
        assert!(address.has_password() && !address.is_open());
        assert_eq!(format!("{address:?}"), "rediss://redis.internal:6380/2");
        for bad in ["", "http://h", "redis://", "h:6379", "rediss://h/#insecure"] {
            assert!(Address::read(bad, None).is_err(), "{bad}");
        }
        assert!(Address::read("redis://h", Some(b"x")).is_err());
        assert!(Address::read("rediss://h", Some(b"x")).is_err(), "no certificate in it");
    }

    #[test]
    fn plain_text_beyond_this_machine_is_open_to_others() {
        let is_open = |url| Address::read(url, None).unwrap().is_open();
        assert!(is_open("redis://10.0.0.7"));
        for closed in
            ["redis://127.0.0.1", "redis://[::1]:7", "redis://localhost", "redis+unix:///run/r"]
        {
            assert!(!is_open(closed), "{closed}");
        }
    }
}
