//! Keys that somebody lends in place of a long-lived one, up to the token that a page gets.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use crate::support::{CHAINED, Site, json_of};
use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::{get, put},
};
use serde_json::{Value, json};
use tokio::time::sleep;

const SESSION: &str = "CANARY-metadata-session";

/// What the cloud lends, and how often.
#[derive(Clone)]
pub(crate) struct Lending {
    key: Arc<Value>,
    lent: Arc<Mutex<u32>>,
}

impl Lending {
    /// Of a token that the first role has.
    pub(crate) async fn of(cloud: &Site) -> Self {
        let (_, token) = json_of(cloud.token().await).await;
        let key = json!({
            "Code": "Success",
            "AccessKeyId": token["AccessKeyId"],
            "AccessKeySecret": token["AccessKeySecret"],
            "SecurityToken": token["SecurityToken"],
            "Expiration": token["Expiration"],
            "LastUpdated": "2026-01-01T00:00:00Z",
        });
        Self { key: Arc::new(key), lent: Arc::default() }
    }

    pub(crate) fn lend(&self) -> String {
        *self.lent.lock().unwrap() += 1;
        self.key.to_string()
    }

    pub(crate) fn count(&self) -> u32 {
        *self.lent.lock().unwrap()
    }
}

/// ECS's metadata service in its hardened mode: nothing without the token of a PUT.
fn metadata(lending: Lending) -> Router {
    const ROLES: &str = "/latest/meta-data/ram/security-credentials/";
    let proves = |headers: &HeaderMap| {
        headers.get("x-aliyun-ecs-metadata-token").is_some_and(|token| token == SESSION)
    };
    let issue = |headers: HeaderMap| async move {
        let ttl = headers.get("x-aliyun-ecs-metadata-token-ttl-seconds");
        let ttl: u32 = ttl.and_then(|ttl| ttl.to_str().ok()?.parse().ok()).unwrap_or(0);
        if (1..=21_600).contains(&ttl) { Ok(SESSION) } else { Err(StatusCode::BAD_REQUEST) }
    };
    let name = move |headers: HeaderMap| async move {
        if proves(&headers) { Ok("web-upload") } else { Err(StatusCode::FORBIDDEN) }
    };
    let lend = move |State(lending): State<Lending>, headers: HeaderMap| async move {
        if proves(&headers) { Ok(lending.lend()) } else { Err(StatusCode::FORBIDDEN) }
    };
    Router::new()
        .route("/latest/api/token", put(issue))
        .route(ROLES, get(name))
        .route(&format!("{ROLES}web-upload"), get(lend))
        .with_state(lending)
}

pub(crate) async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

/// A server that has no key of its own.
async fn keyless(cloud: &Site, settings: &[(&str, &str)]) -> Site {
    let none = [
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", ""),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", ""),
        ("ALIBABA_CLOUD_ROLE_ARN", CHAINED),
    ];
    cloud.another(&[&none, settings].concat()).await
}

#[tokio::test]
async fn the_role_of_the_machine_assumes_the_one_for_uploads() {
    let cloud = Site::local(&[], &[]).await;
    let lending = Lending::of(&cloud).await;
    let url = serve(metadata(lending.clone())).await;
    for role in ["*", "web-upload"] {
        let settings =
            [("ALIBABA_CLOUD_ECS_METADATA", role), ("UPLOAD_TOKEN_ECS_METADATA_URL", &url)];
        let site = keyless(&cloud, &settings).await;
        for user in ["alice", "bob"] {
            let response = site.post("/api/sts").header("x-user", user).send().await.unwrap();
            let (status, reply) = json_of(response).await;
            assert_eq!(status, 200, "{reply}");
        }
        let audit = serde_json::to_string(&site.audit()).unwrap();
        assert!(!audit.contains("CANARY"), "{audit}");
    }
    assert_eq!(lending.count(), 2, "once a server, and not once a user");
}

#[tokio::test]
async fn a_program_beside_it_lends_keys_by_a_uri() {
    let cloud = Site::local(&[], &[]).await;
    let lending = Lending::of(&cloud).await;
    let lend = |State(lending): State<Lending>| async move { lending.lend() };
    let router = Router::new().route("/keys", get(lend)).with_state(lending.clone());
    let uri = format!("{}/keys?of=upload", serve(router).await);
    let site = keyless(&cloud, &[("ALIBABA_CLOUD_CREDENTIALS_URI", &uri)]).await;
    assert_eq!(site.token().await.status(), 200);
    assert_eq!(lending.count(), 1);
}

#[tokio::test]
async fn a_lender_that_is_down_is_the_operators_trouble_and_is_named() {
    let cloud = Site::local(&[], &[]).await;
    let uri = [("ALIBABA_CLOUD_CREDENTIALS_URI", "http://127.0.0.1:9/keys")];
    let site = keyless(&cloud, &uri).await;
    let (status, reply) = json_of(site.token().await).await;
    assert_eq!((status, &reply["ErrorCode"]), (502, &json!("Upstream.Unreachable")));
}

#[tokio::test]
async fn a_lender_that_hangs_holds_up_nobody_while_the_key_lives() {
    let cloud = Site::local(&[], &[]).await;
    // Shorter than the five minutes before its end when a key is exchanged.
    cloud.control("config", json!({ "stsLifeMs": 280_000 })).await;
    let lending = Lending::of(&cloud).await;
    cloud.control("config", json!({ "stsLifeMs": null })).await;
    let lend = |State(lending): State<Lending>| async move {
        let lent = lending.lend();
        if lending.count() > 1 {
            std::future::pending::<()>().await;
        }
        lent
    };
    let router = Router::new().route("/keys", get(lend)).with_state(lending.clone());
    let uri = format!("{}/keys", serve(router).await);
    let site = keyless(&cloud, &[("ALIBABA_CLOUD_CREDENTIALS_URI", &uri)]).await;
    assert_eq!(site.token().await.status(), 200);
    // The pause after an exchange.
    sleep(Duration::from_secs(5)).await;
    for user in ["bob", "carol", "dave", "eve"] {
        let response = site.post("/api/sts").header("x-user", user).send().await.unwrap();
        assert_eq!(response.status(), 200, "{user}");
    }
    assert_eq!(lending.count(), 2, "the first exchange is still under way");
}
