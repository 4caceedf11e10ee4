//! Serves a cloud alone, for clients that need no AppServer.
//!
//! Prints one line when ready, `{"event":"listening","http":"http://127.0.0.1:PORT","sts":"http://127.0.0.1:PORT"}`:
//! the second address is of STS alone, for clients that can be given no host name. The long-lived key
//! is read from `ALIBABA_CLOUD_ACCESS_KEY_ID` and `ALIBABA_CLOUD_ACCESS_KEY_SECRET`.

use std::{env, io};

use tokio::net::TcpListener;
use upload_token_localcloud::{AccessKey, Config, LocalCloud};

#[tokio::main]
async fn main() -> io::Result<()> {
    let mut config = Config::default();
    if let (Ok(id), Ok(secret)) =
        (env::var("ALIBABA_CLOUD_ACCESS_KEY_ID"), env::var("ALIBABA_CLOUD_ACCESS_KEY_SECRET"))
    {
        config.access_keys = vec![AccessKey::new(id, secret)];
    }
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let sts_listener = TcpListener::bind("127.0.0.1:0").await?;
    println!(
        r#"{{"event":"listening","http":"http://{}","sts":"http://{}"}}"#,
        listener.local_addr()?,
        sts_listener.local_addr()?
    );
    let cloud = LocalCloud::new(config);
    tokio::select! {
        result = axum::serve(listener, cloud.router()) => result,
        result = axum::serve(sts_listener, cloud.router_of("sts.aliyuncs.com")) => result,
        result = tokio::signal::ctrl_c() => result,
    }
}
