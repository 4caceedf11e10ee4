//! Answers that come while a page still waits for them.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use crate::support::{Site, account_at, json_of};
use clap::Parser;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};
use upload_token_appserver::{
    config::{Config, Environment, Flags},
    limit::{Rate, Rates, Taken},
    log::Log,
    serve::Server,
    shared::{Claim, Lease, Settled, Shared, SharedTokens},
    sts::Grant,
    unavailable::Unavailable,
};
use upload_token_localcloud::Config as LocalConfig;

/// A store that takes longer than a page waits, and then is gone.
#[derive(Debug)]
struct Slow;

impl SharedTokens for Slow {
    fn claim<'a>(&'a self, _: &'a Grant) -> BoxFuture<'a, Result<Claim, Unavailable>> {
        Box::pin(async {
            sleep(Duration::from_secs(12)).await;
            Err(Unavailable)
        })
    }

    fn settle<'a>(
        &'a self,
        _: &'a Grant,
        _: Lease,
        _: Settled<'a>,
    ) -> BoxFuture<'a, Result<(), Unavailable>> {
        Box::pin(async { Err(Unavailable) })
    }

    fn reject<'a>(&'a self, _: &'a Grant, _: &'a str) -> BoxFuture<'a, Result<(), Unavailable>> {
        Box::pin(async { Err(Unavailable) })
    }
}

/// A store of the site's own that never answers.
#[derive(Debug)]
struct Hung;

impl Rates for Hung {
    fn take<'a>(
        &'a self,
        _: &'a str,
        _: Rate,
        _: u32,
    ) -> BoxFuture<'a, Result<Taken, Unavailable>> {
        Box::pin(std::future::pending())
    }
}

/// A server with an account at `cloud`, by its address.
async fn start(cloud: &Site, shared: Shared, log: Log) -> String {
    let environment: Environment = account_at(&cloud.url).into_iter().collect();
    let flags = Flags::parse_from(["appserver", "--listen", "127.0.0.1:0"]);
    let config = Config::read(&flags, &environment).unwrap();
    let (local, metrics) = (LocalConfig::default(), Arc::default());
    let server = Server::bind_with(&config, local, shared, log, metrics).await.unwrap();
    let url = format!("http://{}/api/sts", server.http.unwrap());
    tokio::spawn(server.run());
    url
}

/// The answer to `alice`, if there is one within a minute.
async fn ask(url: &str) -> (u16, Value) {
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60));
    let request = client.build().unwrap().post(url).header("x-user", "alice");
    json_of(request.send().await.unwrap()).await
}

#[tokio::test]
async fn a_store_that_never_says_whether_a_user_may_ask_is_not_waited_for() {
    let cloud = Site::local(&[], &[]).await;
    let shared = Shared { rates: Some(Arc::new(Hung)), ..Shared::default() };
    let url = start(&cloud, shared, Log::new(|_| {})).await;
    let (status, reply) = ask(&url).await;
    assert_eq!((status, &reply["RetryAfterSeconds"]), (503, &json!(1)), "{reply}");
}

#[tokio::test]
async fn what_takes_longer_than_a_page_waits_is_told_and_goes_on() {
    let cloud = Site::local(&[], &[]).await;
    let said = Arc::new(Mutex::new(Vec::<Value>::new()));
    let sink = Arc::clone(&said);
    let log = Log::new(move |line| sink.lock().unwrap().push(serde_json::from_str(&line).unwrap()));
    let shared = Shared { tokens: Some(Arc::new(Slow)), ..Shared::default() };
    let url = start(&cloud, shared, log).await;
    let (status, reply) = ask(&url).await;
    assert_eq!((status, &reply["RetryAfterSeconds"]), (503, &json!(1)), "{reply}");
    assert_eq!(said.lock().unwrap().last().unwrap()["user"], "alice", "refused");
    let goes_on = async {
        while said.lock().unwrap().last().unwrap()["event"] != "token" {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_secs(60), goes_on).await.unwrap();
}
