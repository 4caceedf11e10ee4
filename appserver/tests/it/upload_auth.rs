//! `POST /api/upload-auth` against the local cloud.

use std::time::Duration;

use crate::support::{Site, json_of};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

async fn video_of(site: &Site, user: &str) -> Value {
    let (status, reply) =
        json_of(site.upload_auth(user, json!({ "fileName": "a.mp4", "title": "t" })).await).await;
    assert_eq!(status, 200, "{reply}");
    reply
}

#[tokio::test]
async fn a_video_is_created_and_renewed_at_the_same_address() {
    let site = Site::with_account(&[]).await;
    let first = video_of(&site, "alice").await;
    for name in ["uploadAuth", "uploadAddress", "videoId", "requestId", "serverTime"] {
        assert!(first[name].as_str().is_some_and(|text| !text.is_empty()), "{name}");
    }
    let renew = json!({ "videoId": first["videoId"] });
    let (status, second) = json_of(site.upload_auth("alice", renew).await).await;
    assert_eq!(status, 200);
    assert_eq!(
        (&second["videoId"], &second["uploadAddress"]),
        (&first["videoId"], &first["uploadAddress"])
    );
    assert_ne!(second["uploadAuth"], first["uploadAuth"]);
    assert_eq!(
        (site.seen("CreateUploadVideo").await, site.seen("RefreshUploadVideo").await),
        (1, 1)
    );
}

#[tokio::test]
async fn an_image_is_created_and_has_no_video_id() {
    let site = Site::with_account(&[]).await;
    let body = json!({ "title": "t", "fileName": "a.png", "image": { "imageType": "cover", "imageExt": "png" } });
    let (status, reply) = json_of(site.upload_auth("alice", body).await).await;
    assert_eq!(status, 200, "{reply}");
    assert!(reply["imageId"].is_string() && reply.get("videoId").is_none());
    assert_eq!(site.seen("CreateUploadImage").await, 1);
}

#[tokio::test]
async fn nobody_renews_anothers_video_or_learns_that_it_exists() {
    let site = Site::with_account(&[]).await;
    let video = video_of(&site, "alice").await;
    let mut answers = Vec::new();
    for id in [video["videoId"].clone(), json!("0123456789abcdef0123456789abcdef")] {
        let (status, mut reply) =
            json_of(site.upload_auth("bob", json!({ "videoId": id })).await).await;
        reply.as_object_mut().unwrap().remove("RequestId");
        answers.push((status, reply));
    }
    assert_eq!(answers[0].0, 404);
    assert_eq!(answers[0], answers[1]);
    assert_eq!(site.seen("RefreshUploadVideo").await, 0);
}

#[tokio::test]
async fn a_request_without_a_file_name_is_refused_before_the_cloud_is_asked() {
    let site = Site::with_account(&[]).await;
    for body in [json!({}), json!({ "fileName": "" }), json!({ "title": "t" })] {
        let (status, reply) = json_of(site.upload_auth("alice", body).await).await;
        assert_eq!((status, &reply["ErrorCode"]), (400, &json!("MissingFileName")));
    }
    assert_eq!(site.seen("AssumeRole").await, 0);
}

#[tokio::test]
async fn vods_own_refusal_of_a_field_is_the_pages_to_mend() {
    let site = Site::with_account(&[]).await;
    let (status, reply) =
        json_of(site.upload_auth("alice", json!({ "fileName": "no-extension" })).await).await;
    assert_eq!((status, &reply["ErrorCode"]), (400, &json!("InvalidFileName.Extension")));
}

#[tokio::test]
async fn a_token_that_vod_refuses_is_replaced_once() {
    let site = Site::with_account(&[]).await;
    let expired = json!({ "status": 400, "code": "InvalidSecurityToken.Expired", "message": "m" });
    site.fault("vod", "CreateUploadVideo", expired.clone()).await;
    video_of(&site, "alice").await;
    assert_eq!((site.seen("AssumeRole").await, site.seen("CreateUploadVideo").await), (2, 2));

    let mut for_ever = expired;
    for_ever["times"] = json!(-1);
    site.fault("vod", "CreateUploadVideo", for_ever).await;
    let (status, reply) =
        json_of(site.upload_auth("alice", json!({ "fileName": "a.mp4" })).await).await;
    assert_eq!((status, &reply["ErrorCode"]), (500, &json!("InvalidSecurityToken.Expired")));
    assert_eq!(site.seen("CreateUploadVideo").await, 4, "one attempt and one more");
}

#[tokio::test]
async fn throttling_by_vod_becomes_429() {
    let site = Site::with_account(&[]).await;
    site.fault(
        "vod",
        "CreateUploadVideo",
        json!({ "status": 400, "code": "Throttling.User", "message": "m" }),
    )
    .await;
    let response = site.upload_auth("alice", json!({ "fileName": "a.mp4" })).await;
    assert!(response.headers().contains_key("retry-after"));
    let (status, reply) = json_of(response).await;
    assert_eq!((status, &reply["ErrorCode"]), (429, &json!("Throttling.User")));
}

#[tokio::test]
async fn an_answer_without_an_upload_auth_is_not_passed_on() {
    let site = Site::with_account(&[]).await;
    let auth = json!({ "RequestId": "R", "UploadAuth": "a", "UploadAddress": "b" }).to_string();
    for body in ["{}", "<html>", auth.as_str()] {
        site.fault("vod", "CreateUploadVideo", json!({ "status": 200, "body": body })).await;
        let (status, reply) =
            json_of(site.upload_auth("alice", json!({ "fileName": "a.mp4" })).await).await;
        assert_eq!(
            (status, &reply["ErrorCode"]),
            (502, &json!("Upstream.InvalidAnswer")),
            "{body}"
        );
    }
}

#[tokio::test]
async fn what_was_created_for_a_page_that_has_hung_up_is_logged() {
    let site = Site::with_account(&[]).await;
    site.fault("vod", "CreateUploadVideo", json!({ "delayMs": 3_000 })).await;
    let body = json!({ "fileName": "a.mp4" });
    let asked = site.upload_auth("alice", body);
    let hung_up = async {
        while site.seen("CreateUploadVideo").await == 0 {
            sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::select! {
        answer = asked => panic!("it came before anybody hung up: {answer:?}"),
        () = hung_up => {}
    }
    let logged = async {
        loop {
            if let Some(entry) = site.audit().pop() {
                return entry;
            }
            sleep(Duration::from_millis(10)).await;
        }
    };
    let entry = timeout(Duration::from_secs(30), logged).await.unwrap();
    assert_eq!((&entry["event"], &entry["user"]), (&json!("uploadAuth"), &json!("alice")));
    assert!(entry["videoId"].is_string(), "{entry}");
}
