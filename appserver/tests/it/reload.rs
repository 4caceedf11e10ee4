//! What outlives a change of the configuration: all that it says nothing new about.

use std::{sync::Arc, time::Duration};

use crate::{
    jwt::Issuer,
    lent_keys::{Lending, serve},
    support::{CHAINED, Site, account_at},
};
use axum::{Router, extract::State, http::StatusCode, routing::get};
use clap::Parser;
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use tokio::time::sleep;
use upload_token_appserver::{
    config::{Config, Environment, Flags},
    log::Log,
    metrics::Metrics,
    serve::{Reload, Server},
    sources::Sources,
};

/// A server whose configuration may be read again.
struct Running {
    url: String,
    environment: Environment,
    reload: Reload,
    sources: Sources,
}

impl Running {
    async fn start(cloud: &Site, settings: &[(&str, &str)]) -> Self {
        let mut environment: Environment = account_at(&cloud.url).into_iter().collect();
        for (name, text) in settings {
            environment.insert(*name, *text);
        }
        let config = Config::read(&flags(), &environment).unwrap();
        let log = Log::new(|_| {});
        let server = Server::bind(&config, log, Arc::new(Metrics::default())).await.unwrap();
        let url = format!("http://{}", server.http.unwrap());
        let reload = server.reload();
        tokio::spawn(server.run());
        Self { url, environment, reload, sources: config.sources }
    }

    /// What the log says of it.
    fn reload(&mut self, changed: &[(&str, &str)]) -> Value {
        for (name, text) in changed {
            self.environment.insert(*name, *text);
        }
        let config = Config::read_after(&flags(), &self.environment, &self.sources).unwrap();
        self.reload.apply(&config).unwrap();
        let summary = config.summary();
        self.sources = config.sources;
        summary
    }

    fn post(&self) -> RequestBuilder {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        client.post(format!("{}/api/sts", self.url))
    }

    /// Status, and the AccessKeyId if there is one.
    async fn ask(&self, user: &str) -> (u16, Value) {
        let response = self.post().header("x-user", user).send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json::<Value>().await.unwrap()["AccessKeyId"].clone())
    }
}

fn flags() -> Flags {
    Flags::parse_from(["appserver", "--listen", "127.0.0.1:0"])
}

#[tokio::test]
async fn tokens_stay_and_those_of_another_policy_are_others() {
    let cloud = Site::local(&[], &[]).await;
    let mut running = Running::start(&cloud, &[]).await;
    let first = running.ask("alice").await;
    running.reload(&[("UPLOAD_TOKEN_REQUESTS_PER_MINUTE", "20")]);
    assert_eq!(running.ask("alice").await, first);
    running.reload(&[("UPLOAD_TOKEN_DURATION_SECONDS", "900")]);
    let (status, id) = running.ask("alice").await;
    assert!(status == 200 && id != first.1);
    assert_eq!(cloud.seen("AssumeRole").await, 2);
}

#[tokio::test]
async fn a_refusal_is_forgotten_since_what_it_was_about_may_have_been_mended() {
    let cloud = Site::local(&[], &[]).await;
    let mut running = Running::start(&cloud, &[]).await;
    let refusal = json!({ "status": 403, "code": "NoPermission", "message": "m" });
    cloud.fault("sts", "AssumeRole", refusal).await;
    assert_eq!(running.ask("alice").await.0, 500);
    assert_eq!(running.ask("alice").await.0, 500, "kept");
    running.reload(&[]);
    assert_eq!(running.ask("alice").await.0, 200);
}

#[tokio::test]
async fn a_refusal_that_is_still_to_come_is_for_those_alone_who_asked_before() {
    let cloud = Site::local(&[], &[]).await;
    let mut running = Running::start(&cloud, &[]).await;
    let refusal =
        json!({ "status": 403, "code": "NoPermission", "message": "m", "delayMs": 2_000 });
    cloud.fault("sts", "AssumeRole", refusal).await;
    let before = tokio::spawn(running.post().header("x-user", "alice").send());
    while cloud.seen("AssumeRole").await == 0 {
        sleep(Duration::from_millis(20)).await;
    }
    running.reload(&[]);
    let first = running.ask("alice").await;
    assert_eq!(first.0, 200, "nobody waits for what was asked before");
    assert_ne!(before.await.unwrap().unwrap().status(), 200);
    assert_eq!(running.ask("alice").await, first);
}

#[tokio::test]
async fn keys_of_an_issuer_that_is_down_meanwhile_stay() {
    let cloud = Site::local(&[], &[]).await;
    let issuer = Issuer::start(StatusCode::OK).await;
    let settings = issuer.settings();
    let settings: Vec<_> = settings.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let mut running = Running::start(&cloud, &settings).await;
    let status = async |running: &Running| {
        running.post().bearer_auth(issuer.good()).send().await.unwrap().status().as_u16()
    };
    assert_eq!(status(&running).await, 200);
    issuer.answer(StatusCode::BAD_GATEWAY);
    let summary = running.reload(&[]);
    let shown = format!("keys: PublishedKeys({:?}) }}", issuer.url);
    assert!(summary["auth"].as_str().unwrap().ends_with(&shown), "{summary}");
    assert_eq!(status(&running).await, 200);
    running.reload(&[("UPLOAD_TOKEN_JWT_KEYS_URL", "http://127.0.0.1:9/keys")]);
    assert_eq!(status(&running).await, 503, "nobody else's keys");
}

#[tokio::test]
async fn a_key_that_was_lent_stays() {
    let cloud = Site::local(&[], &[]).await;
    let lending = Lending::of(&cloud).await;
    let lend = |State(lending): State<Lending>| async move { lending.lend() };
    let router = Router::new().route("/keys", get(lend)).with_state(lending.clone());
    let uri = format!("{}/keys", serve(router).await);
    let settings = [
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", ""),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", ""),
        ("ALIBABA_CLOUD_ROLE_ARN", CHAINED),
        ("ALIBABA_CLOUD_CREDENTIALS_URI", &uri),
    ];
    let mut running = Running::start(&cloud, &settings).await;
    assert_eq!(running.ask("alice").await.0, 200);
    let summary = running.reload(&[]);
    let lender = uri.trim_end_matches("/keys");
    assert_eq!(summary["cloud"]["key"], format!("LentKeys(UriLender({lender:?}))"));
    assert_eq!(running.ask("bob").await.0, 200);
    assert_eq!(lending.count(), 1);
}
