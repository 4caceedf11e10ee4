//! `POST /api/sts` against the local cloud.

use crate::support::{Site, header, json_of};
use jiff::Timestamp;
use serde_json::{Value, json};

#[tokio::test]
async fn the_reply_is_flat_and_names_both_instants() {
    let site = Site::local(&[], &[]).await;
    let (status, reply) = json_of(site.token().await).await;
    assert_eq!(status, 200);
    let names: Vec<&str> = reply.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "AccessKeyId",
        "AccessKeySecret",
        "Code",
        "Expiration",
        "RequestId",
        "SecurityToken",
        "ServerTime",
        "StatusCode",
    ];
    assert_eq!(names, expected);
    assert_eq!((&reply["StatusCode"], &reply["Code"]), (&json!(200), &json!("Success")));
    assert!(reply["AccessKeyId"].as_str().unwrap().starts_with("STS."));
    let text = |name: &str| reply[name].as_str().unwrap().to_owned();
    assert_eq!(text("Expiration").len(), "2026-01-01T00:00:00Z".len());
    assert_eq!(text("ServerTime").len(), "2026-01-01T00:00:00.000Z".len());
    let [expiration, server_time] =
        ["Expiration", "ServerTime"].map(|name| text(name).parse::<Timestamp>().unwrap());
    let life = expiration.duration_since(server_time).as_secs();
    assert!((3_590..=3_601).contains(&life), "{life} s");
    assert!(!text("RequestId").is_empty());
}

#[tokio::test]
async fn no_answer_is_stored_or_sniffed() {
    let site = Site::local(&[], &[]).await;
    for response in [site.token().await, site.request("GET", "/api/sts").send().await.unwrap()] {
        assert_eq!(header(&response, "cache-control"), Some("no-store"));
        assert_eq!(header(&response, "x-content-type-options"), Some("nosniff"));
        assert_eq!(header(&response, "content-type"), Some("application/json"));
        assert_eq!(header(&response, "vary"), Some("Origin"));
    }
}

#[tokio::test]
async fn only_post_is_answered() {
    let site = Site::local(&[], &[]).await;
    for method in ["GET", "PUT", "DELETE", "OPTIONS"] {
        let response = site.request(method, "/api/sts").send().await.unwrap();
        assert_eq!(header(&response, "allow"), Some("POST"), "{method}");
        let (status, reply) = json_of(response).await;
        assert_eq!((status, &reply["ErrorCode"]), (405, &json!("MethodNotAllowed")), "{method}");
    }
    assert_eq!(site.seen("AssumeRole").await, 0);
}

#[tokio::test]
async fn fifty_pages_at_once_cause_one_assume_role() {
    let site = Site::local(&[], &[]).await;
    site.control("config", json!({ "delaysMs": { "sts": 200 } })).await;
    let ids = futures_util::future::join_all((0..50).map(|_| async {
        let (status, reply) = json_of(site.token().await).await;
        assert_eq!(status, 200);
        reply["AccessKeyId"].as_str().unwrap().to_owned()
    }))
    .await;
    assert!(ids.iter().all(|id| *id == ids[0]));
    assert_eq!(site.seen("AssumeRole").await, 1);
}

#[tokio::test]
async fn without_the_cache_each_request_has_a_token_of_its_own() {
    let site = Site::local(&["--no-token-cache"], &[]).await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(json_of(site.token().await).await.1["AccessKeyId"].clone());
    }
    ids.dedup();
    assert_eq!((ids.len(), site.seen("AssumeRole").await), (5, 5));
}

async fn token_for(site: &Site, fields: Value) -> Value {
    let response = site.post("/api/sts").json(&fields).send().await.unwrap();
    json_of(response).await.1["AccessKeyId"].clone()
}

#[tokio::test]
async fn a_rejected_token_is_not_answered_again_and_a_newer_one_stays() {
    let site = Site::local(&[], &[]).await;
    let first = token_for(&site, json!({})).await;
    assert_eq!(token_for(&site, json!({})).await, first);
    let second = token_for(&site, json!({ "rejected": first })).await;
    assert_ne!(second, first);
    assert_eq!(token_for(&site, json!({ "rejected": first })).await, second, "a late rejection");
    assert_eq!(site.seen("AssumeRole").await, 2);
}

#[tokio::test]
async fn each_scope_has_its_own_token() {
    let site = Site::local(&[], &[]).await;
    let one = token_for(&site, json!({ "scope": "file-1" })).await;
    let two = token_for(&site, json!({ "scope": "file-2" })).await;
    assert_ne!(one, two);
    assert_eq!(token_for(&site, json!({ "scope": "file-1" })).await, one);
}

#[tokio::test]
async fn another_life_set_at_the_cloud_shows_at_once() {
    let site = Site::local(&[], &[]).await;
    let long = json_of(site.token().await).await.1;
    site.control("config", json!({ "stsLifeMs": 3_000 })).await;
    let short = json_of(site.token().await).await.1;
    assert_ne!(long["AccessKeyId"], short["AccessKeyId"]);
    let [expiration, server_time] = ["Expiration", "ServerTime"]
        .map(|name| short[name].as_str().unwrap().parse::<Timestamp>().unwrap());
    assert!((2..=4).contains(&expiration.duration_since(server_time).as_secs()));
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused() {
    let site = Site::local(&[], &[]).await;
    let too_large = format!("{{\"scope\":\"{}\"}}", "x".repeat(100_000));
    for (body, status) in
        [("[", 400), ("7", 400), (r#"{"scope":7}"#, 400), (too_large.as_str(), 413)]
    {
        let response = site.post("/api/sts").body(body.to_owned()).send().await.unwrap();
        let (got, reply) = json_of(response).await;
        assert_eq!((got, &reply["ErrorCode"]), (status, &json!("InvalidBody")));
    }
    let long_scope = json!({ "scope": "x".repeat(65) });
    let (status, reply) =
        json_of(site.post("/api/sts").json(&long_scope).send().await.unwrap()).await;
    assert_eq!((status, &reply["ErrorCode"]), (400, &json!("InvalidScope")));
    assert_eq!(site.seen("AssumeRole").await, 0);
}

#[tokio::test]
async fn a_page_at_a_server_whose_clock_is_wrong_learns_the_right_life() {
    let site = Site::local(&[], &[]).await;
    // Less than the 15 minutes by which STS lets a caller's clock be wrong.
    site.control("config", json!({ "clockOffsetMs": 600_000 })).await;
    let (_, reply) = json_of(site.token().await).await;
    let [expiration, server_time] = ["Expiration", "ServerTime"]
        .map(|name| reply[name].as_str().unwrap().parse::<Timestamp>().unwrap());
    let life = expiration.duration_since(server_time).as_secs();
    assert!((3_590..=3_601).contains(&life), "{life} s");
}
