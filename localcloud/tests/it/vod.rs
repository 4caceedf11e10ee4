//! VOD: an upload is created, refreshed, and refused.

use serde_json::{Value, json};

use crate::client::{Key, TestCloud, VOD, test_config, unpack};

#[tokio::test]
async fn a_video_is_created_with_an_address_and_an_upload_auth() {
    let cloud = TestCloud::new();
    let (body, key, address) = cloud.create_video().await;
    assert_eq!(body["VideoId"].as_str().unwrap().len(), 32);
    assert_eq!(address["Endpoint"], "https://oss-cn-shanghai.aliyuncs.com");
    assert!(address["FileName"].as_str().unwrap().starts_with("sv/"));
    assert!(address["FileName"].as_str().unwrap().ends_with(".mp4"));
    assert!(key.id.starts_with("STS."));
    let auth = unpack(&body["UploadAuth"]);
    assert_eq!(
        (auth["Expiration"].as_str(), auth["Region"].as_str()),
        (Some("3000"), Some("cn-shanghai"))
    );
    let expires: jiff::Timestamp = auth["ExpireUTCTime"].as_str().unwrap().parse().unwrap();
    let left = expires.as_millisecond() - cloud.cloud.now_ms();
    assert!((2_940_000..=3_001_000).contains(&left), "{left} ms");
}

#[tokio::test]
async fn the_browser_sdk_s_request_without_a_timestamp_is_accepted_once() {
    let cloud = TestCloud::new();
    let key = Key::long_lived();
    let own = json!({ "FileName": "a.mp4", "Title": "undefined", "Timestamp": null });
    let params = cloud.params("2017-03-21", "CreateUploadVideo", &key, own);
    assert_eq!(cloud.rpc(VOD, params.clone(), &key.secret).await.status, 200);
    assert_eq!(
        cloud.rpc(VOD, params, &key.secret).await.refusal(),
        (400, "SignatureNonceUsed".into())
    );
}

#[tokio::test]
async fn a_refresh_keeps_the_address_and_gives_another_credential() {
    let cloud = TestCloud::new();
    let (body, first, address) = cloud.create_video().await;
    let long = Key::long_lived();
    let refresh = |id: Value| {
        let (cloud, long) = (&cloud, &long);
        async move { cloud.vod("RefreshUploadVideo", long, json!({ "VideoId": id })).await }
    };
    let again = refresh(body["VideoId"].clone()).await.json();
    assert_eq!(again["VideoId"], body["VideoId"]);
    assert_eq!(again["UploadAddress"], body["UploadAddress"]);
    assert_ne!(Key::of(&unpack(&again["UploadAuth"])).id, first.id);
    let not_found = (404, String::from("InvalidVideo.NotFound"));
    assert_eq!(
        refresh(address["FileName"].clone()).await.refusal(),
        not_found,
        "an object key is no VideoId"
    );
    assert_eq!(refresh(json!("0123456789abcdef0123456789abcdef")).await.refusal(), not_found);
    assert_eq!(refresh(Value::Null).await.refusal(), (400, "MissingVideoId".into()));
}

#[tokio::test]
async fn an_image_has_an_id_and_urls_and_no_video_id() {
    let cloud = TestCloud::new();
    let long = Key::long_lived();
    let own = json!({ "ImageType": "cover", "ImageExt": "jpg" });
    let body = cloud.vod("CreateUploadImage", &long, own).await.json();
    assert_eq!(body["ImageId"].as_str().unwrap().len(), 32);
    assert_eq!(body.get("VideoId"), None);
    let key = unpack(&body["UploadAddress"])["FileName"].as_str().unwrap().to_owned();
    assert!(key.starts_with("image/cover/") && key.ends_with(".jpg"));
    assert!(body["ImageURL"].as_str().unwrap().ends_with(&key));
    let refresh =
        cloud.vod("RefreshUploadVideo", &long, json!({ "VideoId": body["ImageId"] })).await;
    assert_eq!(
        refresh.refusal(),
        (404, "InvalidVideo.NotFound".into()),
        "images cannot be refreshed"
    );
}

#[tokio::test]
async fn parameters_that_break_a_rule_are_refused() {
    let cloud = TestCloud::new();
    let bucket = test_config().vod_bucket;
    let video = [
        (json!({ "FileName": null }), 400, "MissingFileName"),
        (json!({ "FileName": "noextension" }), 400, "InvalidFileName.Extension"),
        (json!({ "FileName": "a." }), 400, "InvalidFileName.Extension"),
        (json!({ "Title": null }), 400, "MissingTitle"),
        (json!({ "Title": "ü".repeat(128) }), 200, ""),
        (json!({ "Title": "ü".repeat(129) }), 400, "LengthExceededMax"),
        (json!({ "Description": "x".repeat(1025) }), 400, "LengthExceededMax"),
        (json!({ "Tags": vec!["a"; 17].join(",") }), 400, "TagsExceededMax"),
        (json!({ "Tags": "x".repeat(33) }), 400, "TagsExceededMax"),
        (json!({ "TemplateGroupId": "none" }), 404, "InvalidTemplateGroupId.NotFound"),
        (json!({ "TemplateGroupId": "VOD_NO_TRANSCODE" }), 200, ""),
        (
            json!({ "StorageLocation": "elsewhere.oss-cn-shanghai.aliyuncs.com" }),
            404,
            "InvalidStorage.NotFound",
        ),
        (json!({ "StorageLocation": format!("{bucket}.oss-cn-shanghai.aliyuncs.com") }), 200, ""),
    ];
    for (own, status, code) in video {
        let mut all = json!({ "FileName": "a.mp4", "Title": "a" });
        all.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
        let answer = cloud.vod("CreateUploadVideo", &Key::long_lived(), all).await;
        assert_eq!(answer.refusal(), (status, code.to_owned()), "{own}");
    }
    let image = [
        (json!({}), 400, "MissingImageType"),
        (json!({ "ImageType": "poster" }), 400, "InvalidParameter"),
        (json!({ "ImageType": "default", "ImageExt": "bmp" }), 400, "InvalidParameter"),
        (json!({ "ImageType": "default" }), 200, ""),
    ];
    for (own, status, code) in image {
        let answer = cloud.vod("CreateUploadImage", &Key::long_lived(), own.clone()).await;
        assert_eq!(answer.refusal(), (status, code.to_owned()), "{own}");
    }
    let unknown = cloud.vod("DeleteVideo", &Key::long_lived(), json!({})).await;
    assert_eq!(unknown.refusal(), (404, "InvalidAction.NotFound".into()));
}

#[tokio::test]
async fn a_session_policy_leaves_only_what_it_allows() {
    let cloud = TestCloud::new();
    let policy = json!({
        "Version": "1",
        "Statement": [{ "Effect": "Allow", "Action": ["vod:CreateUploadVideo"], "Resource": "*" }],
    });
    let answer = cloud.assume_role(json!({ "Policy": policy.to_string() })).await.json();
    let narrow = Key::of(&answer["Credentials"]);
    let own = json!({ "FileName": "a.mp4", "Title": "a" });
    assert_eq!(cloud.vod("CreateUploadVideo", &narrow, own).await.status, 200);
    let image = cloud.vod("CreateUploadImage", &narrow, json!({ "ImageType": "default" })).await;
    assert_eq!(image.refusal(), (403, "Forbidden.RAM".into()));
}

#[tokio::test]
async fn an_upload_auth_cannot_call_vod() {
    let cloud = TestCloud::new();
    let (body, upload, _) = cloud.create_video().await;
    let answer =
        cloud.vod("RefreshUploadVideo", &upload, json!({ "VideoId": body["VideoId"] })).await;
    assert_eq!(answer.refusal(), (403, "Forbidden.RAM".into()));
}

#[tokio::test]
async fn progress_is_answered_without_a_credential() {
    let cloud = TestCloud::new();
    let key = Key { id: String::new(), secret: "undefined".into(), token: None };
    let read = cloud.vod("GetUploadProgress", &key, json!({ "AccessKeyId": null })).await;
    assert_eq!(read.status, 200);
    assert_eq!(read.json()["UploadProgress"]["UploadProgressList"], json!([]));
    let written = cloud.vod("ReportUploadProgress", &key, json!({ "AccessKeyId": null })).await;
    assert_eq!(written.json().as_object().unwrap().keys().collect::<Vec<_>>(), ["RequestId"]);
}

#[tokio::test]
async fn a_life_of_seconds_is_printed_as_what_it_is() {
    let cloud = TestCloud::new();
    cloud.configure(json!({ "uploadAuthLifeMs": 2500 })).await;
    let (body, _, _) = cloud.create_video().await;
    let auth = unpack(&body["UploadAuth"]);
    assert_eq!(auth["Expiration"], "3");
    let expires: jiff::Timestamp = auth["ExpireUTCTime"].as_str().unwrap().parse().unwrap();
    assert!(expires.as_millisecond() - cloud.cloud.now_ms() <= 3500);
}

#[tokio::test]
async fn more_calls_than_the_account_may_make_are_throttled() {
    let config = upload_token_localcloud::Config { vod_calls_per_second: 0, ..test_config() };
    let cloud = TestCloud::with(config);
    let own = json!({ "FileName": "a.mp4", "Title": "a" });
    let answer = cloud.vod("CreateUploadVideo", &Key::long_lived(), own).await;
    assert_eq!(answer.refusal(), (400, "Throttling.User".into()));
}
