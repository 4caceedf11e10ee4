//! Whose a video is, across restarts, instances and keys.

use crate::support::{Site, TICKET_KEY, json_of};
use serde_json::{Value, json};

const NEW_KEY: &str = "another-ticket-key-0123456789abcdef";

async fn created(site: &Site, user: &str) -> Value {
    let (status, reply) =
        json_of(site.upload_auth(user, json!({ "fileName": "a.mp4" })).await).await;
    assert_eq!(status, 200, "{reply}");
    reply
}

async fn renewed(site: &Site, user: &str, video: &Value) -> (u16, Value) {
    let fields = json!({ "videoId": video["videoId"], "ticket": video["ticket"] });
    json_of(site.upload_auth(user, fields).await).await
}

#[tokio::test]
async fn another_instance_renews_by_the_ticket() {
    let site = Site::with_account(&[]).await;
    let video = created(&site, "alice").await;
    // A restarted server is another instance: it has the key and no memory.
    let other = site.another(&[]).await;
    let (status, reply) = renewed(&other, "alice", &video).await;
    assert_eq!(status, 200, "{reply}");
    assert_eq!(reply["videoId"], video["videoId"]);
    let third = site.another(&[]).await;
    assert_eq!(renewed(&third, "alice", &reply).await.0, 200, "a renewal gives a ticket too");
}

#[tokio::test]
async fn a_stolen_ticket_is_worth_nothing() {
    let site = Site::with_account(&[]).await;
    let video = created(&site, "alice").await;
    let unknown =
        json!({ "videoId": "0123456789abcdef0123456789abcdef", "ticket": video["ticket"] });
    let mut answers = Vec::new();
    for (user, fields) in [("bob", &video), ("bob", &unknown), ("alice", &unknown)] {
        let (status, mut reply) = renewed(&site, user, fields).await;
        reply.as_object_mut().unwrap().remove("RequestId");
        answers.push((status, reply));
    }
    assert_eq!(answers[0].0, 404);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "nobody learns which ids exist");
    assert_eq!(site.seen("RefreshUploadVideo").await, 0);
    let causes: Vec<_> = site.audit().iter().map(|entry| entry["cause"].clone()).collect();
    assert!(causes[1].as_str().unwrap().contains("another user or video"), "{causes:?}");
}

#[tokio::test]
async fn without_a_ticket_only_the_server_that_created_the_video_knows() {
    let site = Site::with_account(&[]).await;
    let mut video = created(&site, "alice").await;
    video["ticket"] = Value::Null;
    assert_eq!(renewed(&site, "alice", &video).await.0, 200, "a page of an older version");
    let other = site.another(&[]).await;
    assert_eq!(renewed(&other, "alice", &video).await.0, 404);
    assert!(other.audit()[0]["cause"].as_str().unwrap().contains("no ticket"));
}

#[tokio::test]
async fn a_rotated_key_ends_no_upload() {
    let site = Site::with_account(&[]).await;
    let video = created(&site, "alice").await;
    let both = format!("{NEW_KEY},{TICKET_KEY}");
    let rotated = site.another(&[("UPLOAD_TOKEN_TICKET_KEYS", &both)]).await;
    let (status, reply) = renewed(&rotated, "alice", &video).await;
    assert_eq!(status, 200);
    let after = site.another(&[("UPLOAD_TOKEN_TICKET_KEYS", NEW_KEY)]).await;
    assert_eq!(renewed(&after, "alice", &video).await.0, 404, "the old key is gone");
    assert_eq!(renewed(&after, "alice", &reply).await.0, 200, "signed with the new key");
}

#[tokio::test]
async fn images_and_attached_media_have_no_ticket() {
    let site = Site::with_account(&[]).await;
    let (_, image) = json_of(site.upload_auth("alice", json!({ "image": {} })).await).await;
    assert!(image["imageId"].is_string() && image.get("ticket").is_none(), "{image}");
    assert!(image["imageURL"].as_str().unwrap().starts_with("https://"), "{image}");
}

#[tokio::test]
async fn an_endpoint_that_is_not_asked_for_is_off() {
    let site = Site::with_account(&[("UPLOAD_TOKEN_ENDPOINTS", "upload-auth")]).await;
    let (status, reply) = json_of(site.token().await).await;
    assert_eq!((status, &reply["ErrorCode"]), (404, &json!("EndpointOff")));
    assert_eq!(
        site.seen("AssumeRole").await,
        0,
        "nobody gets a token that may overwrite any video"
    );
    created(&site, "alice").await;
}

#[tokio::test]
async fn a_pages_token_and_the_servers_are_two() {
    let site = Site::with_account(&[]).await;
    created(&site, "alice").await;
    assert_eq!(site.token().await.status(), 200);
    assert_eq!(site.seen("AssumeRole").await, 2);
}
