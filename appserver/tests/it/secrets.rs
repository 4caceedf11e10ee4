//! Secrets go to the one page that asked for them and nowhere else.

use std::sync::Arc;

use crate::support::{KEY_ID, KEY_SECRET, Site, TICKET_KEY, json_of};
use jiff::Timestamp;
use serde_json::{Value, json};
use upload_token::{secret::Secret, token::StsToken};
use upload_token_appserver::{
    endpoint::Endpoint,
    keys::AccessKey,
    metrics::Metrics,
    sts::{AssumeRole, IssuedToken},
    upstream::{Answer, Body},
    vod::Upload,
};

/// Every text in `value`.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(fields) => fields.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

#[tokio::test]
async fn the_audit_log_and_all_refusals_are_free_of_them() {
    let site = Site::with_account(&[]).await;
    let mut secrets = vec![KEY_SECRET.to_owned(), TICKET_KEY.to_owned()];
    let mut refusals = Vec::new();

    let (_, token) = json_of(site.token().await).await;
    secrets.extend(
        ["AccessKeySecret", "SecurityToken"].map(|name| token[name].as_str().unwrap().to_owned()),
    );
    let (_, upload) =
        json_of(site.upload_auth("alice", json!({ "fileName": "a.mp4" })).await).await;
    secrets.push(upload["uploadAuth"].as_str().unwrap().to_owned());

    // The cloud's own message of a refused signature quotes the request; this one quotes all secrets.
    let message = secrets.join(" ");
    for (service, action) in [("sts", "AssumeRole"), ("vod", "CreateUploadVideo")] {
        for (status, code) in [
            (400, "SignatureDoesNotMatch"),
            (400, "Throttling.User"),
            (500, "InternalError"),
            (403, "NoPermission"),
        ] {
            let fault = json!({ "status": status, "code": code, "message": message });
            site.fault(service, action, fault).await;
            let body = json!({ "fileName": "a.mp4", "rejected": token["AccessKeyId"], "scope": format!("{service}{code}") });
            let path = if service == "sts" { "/api/sts" } else { "/api/upload-auth" };
            let response =
                site.post(path).header("x-user", "alice").json(&body).send().await.unwrap();
            assert!(!response.status().is_success(), "{service} {code}");
            refusals.push(response.text().await.unwrap());
        }
    }
    let body = json!({ "Code": message, "Message": message, "RequestId": message }).to_string();
    site.fault("sts", "AssumeRole", json!({ "status": 400, "body": body })).await;
    let strange = site.post("/api/sts").header("x-user", "carol").send().await.unwrap();
    assert_eq!(strange.status(), 502);
    refusals.push(strange.text().await.unwrap());

    let logged: Vec<String> = site.audit().iter().flat_map(texts).collect();
    assert!(
        logged.contains(&token["AccessKeyId"].as_str().unwrap().to_owned()),
        "the log is not empty"
    );
    for secret in &secrets {
        assert!(!logged.iter().any(|text| text.contains(secret)), "in the audit log");
        assert!(!refusals.iter().any(|text| text.contains(secret)), "in a refusal");
    }
}

#[test]
fn nothing_that_holds_one_prints_it() {
    const CANARY: &str = "CANARY";
    let secret = || Secret::new(String::from(CANARY));
    let key = AccessKey { token: Some(secret()), ..AccessKey::long_lived(KEY_ID.into(), secret()) };
    let endpoint = Endpoint::parse("https://sts.aliyuncs.com").unwrap();
    let token = StsToken {
        access_key_id: "STS.shown".into(),
        access_key_secret: secret(),
        security_token: secret(),
    };
    let issued = IssuedToken {
        token,
        expiration: Timestamp::now(),
        request_id: String::new(),
        issued: tokio::time::Instant::now(),
        issued_at: Timestamp::now(),
    };
    let upload =
        json!({ "RequestId": "R", "UploadAddress": "a", "UploadAuth": CANARY }).to_string();
    let upload: Upload = serde_json::from_str(&upload).unwrap();
    let answer = Answer { headers: http::HeaderMap::new(), body: Body(CANARY.into()) };
    let issuer = AssumeRole::new(endpoint, Arc::new(key), Arc::new(Metrics::default())).unwrap();
    let shown = format!("{issuer:?} {issued:?} {upload:?} {answer:?}");
    assert!(shown.contains("STS.shown") && shown.contains(KEY_ID), "{shown}");
    assert!(!shown.contains(CANARY), "{shown}");
}
