//! Who may ask, how often, and under which name STS sees them.

use crate::support::{Site, header, json_of};
use serde_json::json;

#[tokio::test]
async fn nobody_is_served_who_is_not_signed_in() {
    let site = Site::with_account(&[]).await;
    for path in ["/api/sts", "/api/upload-auth"] {
        let (status, reply) = json_of(site.post(path).send().await.unwrap()).await;
        assert_eq!((status, &reply["ErrorCode"]), (401, &json!("NotSignedIn")));
    }
    assert_eq!(site.seen("AssumeRole").await, 0);
}

#[tokio::test]
async fn a_header_from_anybody_but_the_proxy_is_nothing() {
    let site = Site::with_account(&[("UPLOAD_TOKEN_TRUSTED_PROXIES", "10.0.0.7")]).await;
    assert_eq!(site.token().await.status(), 401);
}

#[tokio::test]
async fn the_sites_own_server_may_ask_for_a_user() {
    let secret = "0123456789abcdef0123456789abcdef";
    let site = Site::with_account(&[
        ("UPLOAD_TOKEN_AUTH", "bearer"),
        ("UPLOAD_TOKEN_AUTH_SECRET", secret),
    ])
    .await;
    let ask = |secret: &str| {
        site.post("/api/sts").bearer_auth(secret).header("x-upload-user", "alice").send()
    };
    assert_eq!(ask(secret).await.unwrap().status(), 200);
    assert_eq!(ask("0123456789abcdef0123456789abcdee").await.unwrap().status(), 401);
}

#[tokio::test]
async fn a_user_who_asks_too_often_waits_and_others_do_not() {
    let site = Site::with_account(&[("UPLOAD_TOKEN_REQUESTS_PER_MINUTE", "3")]).await;
    for _ in 0..3 {
        assert_eq!(site.token().await.status(), 200);
    }
    let response = site.token().await;
    let wait: u64 = header(&response, "retry-after").unwrap().parse().unwrap();
    assert!((1..=20).contains(&wait), "one of three a minute is free after at most 20 s: {wait}");
    let (status, reply) = json_of(response).await;
    assert_eq!((status, &reply["ErrorCode"]), (429, &json!("Throttling.User")));
    let bob = site.post("/api/sts").header("x-user", "bob").send().await.unwrap();
    assert_eq!(bob.status(), 200);
}

#[tokio::test]
async fn users_have_tokens_and_session_names_of_their_own() {
    let site = Site::with_account(&[]).await;
    let mut ids = Vec::new();
    for user in ["alice", "bob", "Zoë Müller"] {
        let response =
            site.post("/api/sts").header("x-user", user.as_bytes()).send().await.unwrap();
        ids.push(json_of(response).await.1["AccessKeyId"].as_str().unwrap().to_owned());
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 3);
    let sessions: Vec<_> = site
        .audit()
        .into_iter()
        .map(|entry| entry["session"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(sessions[..2], ["alice", "bob"]);
    assert!(sessions[2].starts_with("u-") && sessions[2].len() == 34);
}

#[tokio::test]
async fn the_audit_log_says_who_got_what_until_when() {
    let site = Site::with_account(&[]).await;
    let (_, reply) = json_of(site.token().await).await;
    let [entry] = site.audit().try_into().unwrap();
    assert_eq!(entry["event"], "token");
    assert_eq!(entry["user"], "alice");
    for (logged, replied) in
        [("accessKeyId", "AccessKeyId"), ("expiration", "Expiration"), ("requestId", "RequestId")]
    {
        assert_eq!(entry[logged], reply[replied]);
    }
}

#[tokio::test]
async fn the_audit_log_says_who_was_refused_and_why() {
    let site = Site::with_account(&[("UPLOAD_TOKEN_REQUESTS_PER_MINUTE", "1")]).await;
    site.post("/api/sts").send().await.unwrap();
    site.fault(
        "sts",
        "AssumeRole",
        json!({ "status": 403, "code": "NoPermission", "message": "m" }),
    )
    .await;
    site.token().await;
    site.token().await;
    let logged: Vec<_> = site
        .audit()
        .into_iter()
        .map(|entry| {
            (entry["path"].clone(), entry["user"].clone(), entry["reply"]["ErrorCode"].clone())
        })
        .collect();
    let expected = [
        (json!(null), "NotSignedIn"),
        (json!("alice"), "NoPermission"),
        (json!("alice"), "Throttling.User"),
    ];
    assert_eq!(logged, expected.map(|(user, code)| (json!("/api/sts"), user, json!(code))));
}
