//! Users whom an identity provider has signed in.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use crate::support::{Site, json_of};
use axum::{Router, http::StatusCode, routing::get};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use ring::{
    hmac,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::{Value, json};
use tokio::time::sleep;

const ISSUER: &str = "https://id.example.com/";

/// An identity provider with one key.
pub(crate) struct Issuer {
    key: EcdsaKeyPair,
    pub(crate) url: String,
    looks: Arc<AtomicUsize>,
    status: Arc<Mutex<StatusCode>>,
}

impl Issuer {
    pub(crate) async fn start(status: StatusCode) -> Self {
        let random = SystemRandom::new();
        let pkcs8 =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let key =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random)
                .unwrap();
        let point = key.public_key().as_ref();
        let (x, y) = (BASE64.encode(&point[1..33]), BASE64.encode(&point[33..]));
        let keys = json!({ "keys": [
            { "kty": "EC", "crv": "P-256", "use": "sig", "kid": "k1", "x": x, "y": y },
            { "kty": "EC", "crv": "P-256", "use": "enc", "kid": "k2", "x": x, "y": y },
            { "kty": "oct", "kid": "shared", "k": BASE64.encode("a secret that all know") },
            { "kty": "something new", "kid": "k3" },
            { "kty": "EC", "crv": "P-256", "use": "sig", "kid": 4, "x": x, "y": y },
        ] });
        let looks = Arc::new(AtomicUsize::new(0));
        let status = Arc::new(Mutex::new(status));
        let (counted, answered) = (Arc::clone(&looks), Arc::clone(&status));
        let publish = move || {
            counted.fetch_add(1, Ordering::Relaxed);
            let status = *answered.lock().unwrap();
            let keys = keys.to_string();
            async move { (status, keys) }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/keys", listener.local_addr().unwrap());
        let router = Router::new().route("/keys", get(publish));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { key, url, looks, status }
    }

    pub(crate) fn answer(&self, status: StatusCode) {
        *self.status.lock().unwrap() = status;
    }

    /// A token of `alice`.
    pub(crate) fn good(&self) -> String {
        self.token(&header(), &claims())
    }

    pub(crate) fn settings(&self) -> [(&'static str, String); 4] {
        [
            ("UPLOAD_TOKEN_AUTH", String::from("jwt")),
            ("UPLOAD_TOKEN_JWT_ISSUER", ISSUER.to_owned()),
            ("UPLOAD_TOKEN_JWT_AUDIENCE", String::from("uploads,more-uploads")),
            ("UPLOAD_TOKEN_JWT_KEYS_URL", self.url.clone()),
        ]
    }

    /// Signed by its key, whatever it says.
    fn token(&self, header: &Value, claims: &Value) -> String {
        let signed = text(header, claims);
        let signature = self.key.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", BASE64.encode(signature.as_ref()))
    }

    async fn site(&self, more: &[(&str, &str)]) -> Site {
        let own = self.settings();
        let own: Vec<_> = own.iter().map(|(name, text)| (*name, text.as_str())).collect();
        Site::with_account(&[&own, more].concat()).await
    }
}

fn text(header: &Value, claims: &Value) -> String {
    format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims.to_string()))
}

fn header() -> Value {
    json!({ "alg": "ES256", "kid": "k1", "typ": "JWT" })
}

fn claims() -> Value {
    let now = jiff::Timestamp::now().as_second();
    json!({ "iss": ISSUER, "aud": ["uploads"], "sub": "alice", "exp": now + 600, "nbf": now - 5 })
}

async fn ask(site: &Site, token: &str) -> (u16, Value) {
    json_of(site.post("/api/sts").bearer_auth(token).send().await.unwrap()).await
}

#[tokio::test]
async fn a_user_with_a_good_token_is_served_and_the_keys_are_read_once() {
    let issuer = Issuer::start(StatusCode::OK).await;
    let site = issuer.site(&[]).await;
    for _ in 0..3 {
        let (status, reply) = ask(&site, &issuer.token(&header(), &claims())).await;
        assert_eq!(status, 200, "{reply}");
    }
    assert_eq!(issuer.looks.load(Ordering::Relaxed), 1);
    assert_eq!(site.audit()[0]["user"], "alice");
    assert_eq!(site.post("/api/sts").send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn a_token_that_breaks_one_rule_is_nothing() {
    let issuer = Issuer::start(StatusCode::OK).await;
    let site = issuer.site(&[]).await;
    let now = jiff::Timestamp::now().as_second();
    let claim = |name: &str, value: Value| {
        let mut claims = claims();
        claims[name] = value;
        issuer.token(&header(), &claims)
    };
    let without = |name: &str| {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(name);
        issuer.token(&header(), &claims)
    };
    let head = |name: &str, value: &str| {
        let mut header = header();
        header[name] = json!(value);
        issuer.token(&header, &claims())
    };
    let good = issuer.token(&header(), &claims());
    let none = format!("{}.", text(&json!({ "alg": "none", "kid": "k1" }), &claims()));
    let shared = text(&json!({ "alg": "HS256", "kid": "shared" }), &claims());
    let secret = hmac::Key::new(hmac::HMAC_SHA256, b"a secret that all know");
    let shared = format!("{shared}.{}", BASE64.encode(hmac::sign(&secret, shared.as_bytes())));
    let public = text(&json!({ "alg": "HS256", "kid": "k1" }), &claims());
    let secret = hmac::Key::new(hmac::HMAC_SHA256, issuer.key.public_key().as_ref());
    let public = format!("{public}.{}", BASE64.encode(hmac::sign(&secret, public.as_bytes())));
    for (what, token) in [
        ("expired", claim("exp", json!(now - 120))),
        ("expired, as text", claim("exp", json!((now - 120).to_string()))),
        ("not yet valid", claim("nbf", json!(now + 120))),
        ("not yet valid, as text", claim("nbf", json!((now + 120).to_string()))),
        ("of another issuer", claim("iss", json!("https://evil.example/"))),
        ("for another service", claim("aud", json!("billing"))),
        ("without an end", without("exp")),
        ("without an issuer", without("iss")),
        ("without an audience", without("aud")),
        ("without a user", without("sub")),
        ("of a user nobody can see", claim("sub", json!("alice\u{a0}"))),
        ("of a user who looks like another", claim("sub", json!("al\u{200b}ice"))),
        ("signed with an unknown key", head("kid", "k9")),
        ("signed with a key for encryption", head("kid", "k2")),
        ("said to be RSA", head("alg", "RS256")),
        ("not signed", none),
        ("signed with a secret that is published", shared),
        ("signed with the public key", public),
        ("changed", good.replace('.', ".A")),
        ("cut", good[..good.len() - 4].to_owned()),
        ("no token", String::from("alice")),
    ] {
        let (status, reply) = ask(&site, &token).await;
        assert_eq!((status, &reply["ErrorCode"]), (401, &json!("NotSignedIn")), "{what}: {reply}");
    }
    assert_eq!(site.seen("AssumeRole").await, 0);
    assert_eq!(issuer.looks.load(Ordering::Relaxed), 1, "made-up keys are not looked up each time");
    let causes: Vec<_> = site.audit().iter().map(|entry| entry["cause"].clone()).collect();
    assert!(causes.iter().all(Value::is_string), "each is told to the operator: {causes:?}");
}

#[tokio::test]
async fn a_claim_of_ones_own_names_the_user_and_a_cookie_may_hold_the_token() {
    let issuer = Issuer::start(StatusCode::OK).await;
    let site = issuer
        .site(&[
            ("UPLOAD_TOKEN_JWT_COOKIE", "session"),
            ("UPLOAD_TOKEN_JWT_USER_CLAIM", "uid"),
            ("UPLOAD_TOKEN_JWT_GROUPS_CLAIM", "roles"),
        ])
        .await;
    let mut claims = claims();
    claims["uid"] = json!(4711);
    claims["roles"] = json!(["staff"]);
    let token = issuer.token(&header(), &claims);
    let ask = async |cookie: String| {
        site.post("/api/sts").header("cookie", cookie).send().await.unwrap().status().as_u16()
    };
    assert_eq!(ask(format!("a=b; session={token}")).await, 200);
    assert_eq!(site.audit()[0]["user"], "4711");
    assert_eq!(ask(format!("session={token}; session=x")).await, 401);
    assert_eq!(ask(String::from("a=b")).await, 401);
    assert_eq!(site.post("/api/sts").bearer_auth(&token).send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn an_issuer_that_is_down_is_no_users_fault() {
    let issuer = Issuer::start(StatusCode::BAD_GATEWAY).await;
    let site = issuer.site(&[]).await;
    let (status, reply) = ask(&site, &issuer.token(&header(), &claims())).await;
    assert_eq!((status, &reply["RetryAfterSeconds"]), (503, &json!(2)));
}

#[tokio::test]
async fn an_issuer_that_is_back_is_asked_again_soon_and_the_operator_knows_why() {
    let issuer = Issuer::start(StatusCode::BAD_GATEWAY).await;
    let site = issuer.site(&[]).await;
    assert_eq!(ask(&site, &issuer.good()).await.0, 503);
    issuer.answer(StatusCode::OK);
    let mut status = 503;
    for _ in 0..40 {
        if status == 200 {
            break;
        }
        sleep(Duration::from_millis(200)).await;
        status = ask(&site, &issuer.good()).await.0;
    }
    assert_eq!(status, 200);
    let told = site.audit().into_iter().find(|entry| entry["event"] == "keysNotRead").unwrap();
    assert_eq!(told["at"], issuer.url);
    assert!(told["cause"].as_str().unwrap().contains("502"), "{told}");
}
