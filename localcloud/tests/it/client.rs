//! A cloud in this process and a client that signs, written from the vendor's documentation and not
//! from the code under test.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
};

use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, Request},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use sha1::Sha1;
use tower::ServiceExt;
use upload_token_localcloud::{AccessKey, Config, LocalCloud, Role};

pub(crate) const ROLE: &str = "acs:ram::1234567890123456:role/web-upload";
pub(crate) const APP_BUCKET: &str = "web-upload-app";
pub(crate) const STS: &str = "sts.aliyuncs.com";
pub(crate) const VOD: &str = "vod.cn-shanghai.aliyuncs.com";

/// Key, secret and, for a temporary credential, token.
#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) token: Option<String>,
}

impl Key {
    pub(crate) fn long_lived() -> Self {
        Self { id: "LTAI5tUser".into(), secret: "user-secret-canary".into(), token: None }
    }

    /// From `Credentials` of STS, or an UploadAuth unpacked.
    pub(crate) fn of(credentials: &Value) -> Self {
        let text = |name: &str| credentials[name].as_str().expect(name).to_owned();
        Self {
            id: text("AccessKeyId"),
            secret: text("AccessKeySecret"),
            token: Some(text("SecurityToken")),
        }
    }
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.bytes.clone()).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Status and code of a refusal, in JSON or XML.
    pub(crate) fn refusal(&self) -> (u16, String) {
        let text = self.text();
        let code = match text.strip_prefix('{') {
            Some(_) => self.json()["Code"].as_str().unwrap_or_default().to_owned(),
            None => element(&text, "Code"),
        };
        (self.status, code)
    }
}

/// The text of the first element of this name.
pub(crate) fn element(xml: &str, name: &str) -> String {
    let after = xml.split_once(&format!("<{name}>")).map_or("", |(_, after)| after);
    after.split_once(&format!("</{name}>")).map_or("", |(text, _)| text).replace("&quot;", "\"")
}

pub(crate) fn test_config() -> Config {
    Config {
        access_keys: vec![
            AccessKey::new("LTAI5tUser", "user-secret-canary"),
            AccessKey { root: true, ..AccessKey::new("LTAI5tRoot", "root-secret-canary") },
            AccessKey { active: false, ..AccessKey::new("LTAI5tOff", "off-secret-canary") },
        ],
        roles: vec![
            Role { arn: ROLE.into(), max_session: 3600, trusts: None, external_id: None },
            Role {
                trusts: None,
                arn: "acs:ram::1234567890123456:role/guarded".into(),
                max_session: 7200,
                external_id: Some("tenant-7".into()),
            },
        ],
        max_stored_bytes: 4 << 20,
        ..Config::default()
    }
}

pub(crate) struct TestCloud {
    pub(crate) cloud: LocalCloud,
    nonce: AtomicU64,
}

impl TestCloud {
    pub(crate) fn new() -> Self {
        Self::with(test_config())
    }

    pub(crate) fn with(config: Config) -> Self {
        Self::of(LocalCloud::new(config))
    }

    pub(crate) fn of(cloud: LocalCloud) -> Self {
        Self { cloud, nonce: AtomicU64::new(1) }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.cloud.router().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Answer { status: parts.status.as_u16(), headers: parts.headers, bytes }
    }

    pub(crate) async fn control(&self, method: &str, name: &str, body: Value) -> Answer {
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let uri = format!("/__control/{name}");
        let request =
            Request::builder().method(method).uri(uri).header("host", "127.0.0.1:1").body(body);
        self.send(request.unwrap()).await
    }

    pub(crate) async fn configure(&self, settings: Value) {
        assert_eq!(self.control("POST", "config", settings).await.status, 200);
    }

    pub(crate) async fn plan(&self, faults: Value) {
        assert_eq!(self.control("POST", "faults", faults).await.status, 200);
    }

    pub(crate) async fn log(&self) -> Vec<Value> {
        self.control("GET", "log", Value::Null).await.json().as_array().unwrap().clone()
    }

    pub(crate) fn nonce(&self) -> String {
        format!("nonce-{}", self.nonce.fetch_add(1, Ordering::Relaxed))
    }

    /// `2026-11-23T20:00:00Z`, on the cloud's clock.
    pub(crate) fn iso_now(&self) -> String {
        let now = jiff::Timestamp::from_millisecond(self.cloud.now_ms()).unwrap();
        now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// Parameters that every call has, those of `own` in place of or beside them; `null` removes one.
    pub(crate) fn params(
        &self,
        version: &str,
        action: &str,
        key: &Key,
        own: Value,
    ) -> BTreeMap<String, String> {
        let mut params: BTreeMap<String, String> = [
            ("AccessKeyId", key.id.clone()),
            ("Action", action.to_owned()),
            ("Format", "JSON".to_owned()),
            ("SignatureMethod", "HMAC-SHA1".to_owned()),
            ("SignatureNonce", self.nonce()),
            ("SignatureVersion", "1.0".to_owned()),
            ("Timestamp", self.iso_now()),
            ("Version", version.to_owned()),
        ]
        .into_iter()
        .chain(key.token.clone().map(|token| ("SecurityToken", token)))
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
        for (name, value) in own.as_object().unwrap() {
            match value {
                Value::Null => params.remove(name),
                Value::String(text) => params.insert(name.clone(), text.clone()),
                other => params.insert(name.clone(), other.to_string()),
            };
        }
        params
    }

    /// An RPC call with everything in the query.
    pub(crate) async fn rpc(
        &self,
        host: &str,
        params: BTreeMap<String, String>,
        secret: &str,
    ) -> Answer {
        self.send(rpc_request(host, params, secret)).await
    }

    pub(crate) async fn assume_role(&self, own: Value) -> Answer {
        let mut all = json!({ "RoleArn": ROLE, "RoleSessionName": "alice" });
        all.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
        let key = Key::long_lived();
        self.rpc(STS, self.params("2015-04-01", "AssumeRole", &key, all), &key.secret).await
    }

    pub(crate) async fn sts_token(&self) -> Key {
        let answer = self.assume_role(json!({})).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        Key::of(&answer.json()["Credentials"])
    }

    pub(crate) async fn vod(&self, action: &str, key: &Key, own: Value) -> Answer {
        self.rpc(VOD, self.params("2017-03-21", action, key, own), &key.secret).await
    }

    /// A new video: its answer, UploadAuth and UploadAddress.
    pub(crate) async fn create_video(&self) -> (Value, Key, Value) {
        let own = json!({ "FileName": "a.mp4", "Title": "a" });
        let answer = self.vod("CreateUploadVideo", &Key::long_lived(), own).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let body = answer.json();
        (body.clone(), Key::of(&unpack(&body["UploadAuth"])), unpack(&body["UploadAddress"]))
    }
}

pub(crate) fn rpc_request(
    host: &str,
    params: BTreeMap<String, String>,
    secret: &str,
) -> Request<Body> {
    let query = signed_query("GET", params, secret);
    Request::builder().uri(format!("/?{query}")).header("host", host).body(Body::empty()).unwrap()
}

/// The parameters with their signature, as a query or a form.
pub(crate) fn signed_query(method: &str, params: BTreeMap<String, String>, secret: &str) -> String {
    let pairs: Vec<String> =
        params.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    let query = pairs.join("&");
    let string = format!("{method}&%2F&{}", encode(&query));
    let signature = params
        .get("Signature")
        .cloned()
        .unwrap_or_else(|| hmac_sha1(&format!("{secret}&"), &string));
    format!("{query}&Signature={}", encode(&signature))
}

pub(crate) fn hmac_sha1(key: &str, string: &str) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(string.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

pub(crate) fn encode(text: &str) -> String {
    const RESERVED: &AsciiSet =
        &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(text, RESERVED).to_string()
}

/// An UploadAuth or UploadAddress as the object inside.
pub(crate) fn unpack(base64: &Value) -> Value {
    serde_json::from_slice(&STANDARD.decode(base64.as_str().unwrap()).unwrap()).unwrap()
}

pub(crate) fn get(host: &str, uri: &str) -> Request<Body> {
    Request::builder().uri(uri).header("host", host).body(Body::empty()).unwrap()
}
