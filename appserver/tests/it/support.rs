//! A server a test, on loopback, and what a test asks of it.

use std::sync::{Arc, Mutex};

use clap::Parser;
use reqwest::{Client, RequestBuilder, Response, redirect};
use serde_json::{Value, json};
use upload_token_appserver::{
    config::{Config, Environment, Flags},
    log::Log,
    metrics::Metrics,
    serve::Server,
    shared::Shared,
};
use upload_token_localcloud::{AccessKey, Config as LocalConfig, Role};

pub(crate) const KEY_ID: &str = "LTAI5tAppServerTests0001";
pub(crate) const KEY_SECRET: &str = "CANARY-key-secret-of-the-app-server";
pub(crate) const TICKET_KEY: &str = "CANARY-ticket-key-0123456789abcdef";
pub(crate) const ROLE: &str = "acs:ram::1234567890123456:role/web-upload";

/// A running server; its task ends with the test's runtime.
pub(crate) struct Site {
    pub(crate) url: String,
    client: Client,
    log: Arc<Mutex<Vec<Value>>>,
    /// Where the control interface of its cloud is.
    control: String,
}

fn client() -> Client {
    Client::builder().redirect(redirect::Policy::none()).no_proxy().build().unwrap()
}

/// The account of the tests: a user's key, the account's own, and more roles, of which one trusts the first only.
pub(crate) const ROOT_KEY: (&str, &str) = ("LTAI5tAppServerTests0002", "CANARY-root-secret");
pub(crate) const STAFF: &str = "acs:ram::1234567890123456:role/staff-upload";
pub(crate) const CHAINED: &str = "acs:ram::1234567890123456:role/chained";

async fn start(flags: &[&str], variables: &[(&str, &str)]) -> (String, Arc<Mutex<Vec<Value>>>) {
    let anywhere = ["--listen", "127.0.0.1:0"];
    let listen: &[&str] = if flags.contains(&"--listen") { &[] } else { &anywhere };
    let flags = Flags::parse_from([&["appserver"], listen, flags].concat());
    let variables: Environment =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let config = Config::read(&flags, &variables).unwrap();
    let log = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&log);
    let root = AccessKey { root: true, ..AccessKey::new(ROOT_KEY.0, ROOT_KEY.1) };
    let mut local = LocalConfig {
        access_keys: vec![AccessKey::new(KEY_ID, KEY_SECRET), root],
        ..LocalConfig::default()
    };
    let chained = Role {
        arn: CHAINED.to_owned(),
        trusts: Some(vec![ROLE.to_owned()]),
        max_session: 3_600,
        external_id: None,
    };
    let staff = Role { arn: STAFF.to_owned(), trusts: None, ..chained.clone() };
    local.roles.extend([chained, staff]);
    let log_to =
        Log::new(move |line| sink.lock().unwrap().push(serde_json::from_str(&line).unwrap()));
    let metrics = Arc::new(Metrics::default());
    let server =
        Server::bind_with(&config, local, Shared::default(), log_to, metrics).await.unwrap();
    let url = server.http.map_or_else(String::new, |http| format!("http://{http}"));
    tokio::spawn(server.run());
    (url, log)
}

/// What a server is told of the account of `cloud`.
pub(crate) fn account_at(cloud: &str) -> [(&'static str, String); 8] {
    let of = |host: &str| format!("{cloud}/__cloud/{host}");
    [
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", KEY_ID.to_owned()),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", KEY_SECRET.to_owned()),
        ("ALIBABA_CLOUD_ROLE_ARN", ROLE.to_owned()),
        ("UPLOAD_TOKEN_STS_ENDPOINT", of("sts.aliyuncs.com")),
        ("UPLOAD_TOKEN_VOD_ENDPOINT", of("vod.cn-shanghai.aliyuncs.com")),
        ("UPLOAD_TOKEN_ENDPOINTS", String::from("sts,upload-auth")),
        ("UPLOAD_TOKEN_TICKET_KEYS", TICKET_KEY.to_owned()),
        ("UPLOAD_TOKEN_AUTH", String::from("proxy-header:X-User")),
    ]
}

impl Site {
    /// The local cloud's mode.
    pub(crate) async fn local(flags: &[&str], variables: &[(&str, &str)]) -> Self {
        let (url, log) = start(&[&["--local-cloud"], flags].concat(), variables).await;
        Self { control: url.clone(), url, client: client(), log }
    }

    /// A server with an account, whose cloud is the local one of another server. Users come in the
    /// header `X-User`.
    pub(crate) async fn with_account(variables: &[(&str, &str)]) -> Self {
        let (cloud, _) = start(&["--local-cloud"], &[]).await;
        Self::at(&cloud, &[], variables).await
    }

    /// The same with flags.
    pub(crate) async fn with_flags(flags: &[&str], variables: &[(&str, &str)]) -> Self {
        let (cloud, _) = start(&["--local-cloud"], &[]).await;
        Self::at(&cloud, flags, variables).await
    }

    /// Another instance at the same cloud.
    pub(crate) async fn another(&self, variables: &[(&str, &str)]) -> Self {
        Self::at(&self.control, &[], variables).await
    }

    async fn at(cloud: &str, flags: &[&str], variables: &[(&str, &str)]) -> Self {
        let own = account_at(cloud);
        let own: Vec<_> = own.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let (url, log) = start(flags, &[&own, variables].concat()).await;
        Self { control: cloud.to_owned(), url, client: client(), log }
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        self.client.request(method.parse().unwrap(), format!("{}{path}", self.url))
    }

    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.request("POST", path)
    }

    /// `POST /api/sts` as `alice`.
    pub(crate) async fn token(&self) -> Response {
        self.post("/api/sts").header("x-user", "alice").send().await.unwrap()
    }

    /// `POST /api/upload-auth` as `user`.
    pub(crate) async fn upload_auth(&self, user: &str, body: Value) -> Response {
        self.post("/api/upload-auth").header("x-user", user).json(&body).send().await.unwrap()
    }

    pub(crate) async fn control(&self, path: &str, body: Value) {
        let url = format!("{}/__control/{path}", self.control);
        let response = self.client.post(url).json(&body).send().await.unwrap();
        assert!(response.status().is_success(), "{}", response.text().await.unwrap());
    }

    /// The next request for `action` of `service` meets `fault`.
    pub(crate) async fn fault(&self, service: &str, action: &str, fault: Value) {
        let mut planned = json!({ "service": service, "action": action });
        planned.as_object_mut().unwrap().extend(fault.as_object().unwrap().clone());
        self.control("faults", planned).await;
    }

    /// Requests that the cloud has seen for `action`.
    pub(crate) async fn seen(&self, action: &str) -> usize {
        self.told(action).await.len()
    }

    /// What it was told in each of them.
    pub(crate) async fn told(&self, action: &str) -> Vec<Value> {
        let url = format!("{}/__control/log", self.control);
        let log: Vec<Value> = self.client.get(url).send().await.unwrap().json().await.unwrap();
        log.iter()
            .filter(|entry| entry["action"] == action)
            .map(|entry| entry["params"].clone())
            .collect()
    }

    /// The audit log so far.
    pub(crate) fn audit(&self) -> Vec<Value> {
        self.log.lock().unwrap().clone()
    }
}

/// Status, headers of interest and body.
pub(crate) async fn json_of(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    (status, response.json().await.unwrap())
}

pub(crate) fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}
