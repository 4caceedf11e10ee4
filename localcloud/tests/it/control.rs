//! The control interface: log, settings, faults, objects, reset.

use axum::{Router, body::Body, http::Request, middleware::from_fn_with_state, routing::post};
use serde_json::{Value, json};
use tower::ServiceExt;
use upload_token_localcloud::observe_app;

use crate::client::{APP_BUCKET, Key, TestCloud};
use crate::oss_request::Multipart;

#[tokio::test]
async fn the_log_tells_each_request_in_order_and_no_secret() {
    let cloud = TestCloud::new();
    let (body, key, address) = cloud.create_video().await;
    let (bucket, object) =
        (address["Bucket"].as_str().unwrap(), address["FileName"].as_str().unwrap());
    let upload = cloud.initiate(bucket, object, &key).await;
    cloud.upload_part(Multipart { bucket, object, upload: &upload }, 1, b"12345", &key).await;
    cloud.oss("PUT", bucket, "/elsewhere", &key).body("x").send().await;
    let log = cloud.log().await;
    let seen: Vec<_> = log
        .iter()
        .map(|entry| (entry["action"].as_str().unwrap(), &entry["status"], &entry["code"]))
        .collect();
    let (ok, none) = (json!(200), Value::Null);
    assert_eq!(
        seen,
        [
            ("CreateUploadVideo", &ok, &none),
            ("InitiateMultipartUpload", &ok, &none),
            ("UploadPart", &ok, &none),
            ("PutObject", &json!(403), &json!("AccessDenied")),
        ]
    );
    let part = &log[2];
    assert_eq!(part["seq"], 3);
    assert_eq!(
        (
            &part["service"],
            &part["method"],
            &part["bucket"],
            &part["key"],
            &part["partNumber"],
            &part["uploadId"]
        ),
        (&json!("oss"), &json!("PUT"), &json!(bucket), &json!(object), &json!(1), &json!(upload))
    );
    assert_eq!(
        (&part["bytes"], &part["accessKeyId"], &part["preflight"]),
        (&json!(5), &json!(key.id), &json!(false))
    );
    assert!(part["credentialAgeMs"].as_i64().is_some_and(|age| age >= 0));

    let mut shown = cloud.control("GET", "log", Value::Null).await.text();
    shown += &cloud.control("GET", "config", Value::Null).await.text();
    shown += &cloud.control("GET", "objects", Value::Null).await.text();
    shown += &format!("{:?}", cloud.cloud);
    for secret in [&key.secret, key.token.as_ref().unwrap(), &Key::long_lived().secret] {
        assert!(!shown.contains(secret.as_str()), "a secret is shown");
    }
    assert_eq!(body["VideoId"].as_str().unwrap().len(), 32);
    cloud.control("DELETE", "log", Value::Null).await;
    assert!(cloud.log().await.is_empty());
}

#[tokio::test]
async fn the_log_keeps_little_of_what_is_long() {
    let cloud = TestCloud::new();
    let long = "x".repeat(4 << 20);
    let many: String = (0..10_000).map(|number| format!("&Name{number}=value")).collect();
    for body in [
        format!("Action=CreateUploadVideo&UserData={long}"),
        format!("Action={long}&AccessKeyId={long}"),
        format!("Action=CreateUploadVideo{many}"),
        format!("Action=CreateUploadVideo&{long}=value"),
    ] {
        let request = Request::builder()
            .method("POST")
            .uri("/__cloud/vod.cn-shanghai.aliyuncs.com/")
            .header("host", "127.0.0.1:1")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(body));
        assert_eq!(cloud.send(request.unwrap()).await.status, 400);
    }
    let log = cloud.log().await;
    assert_eq!(log.len(), 4);
    for entry in &log {
        assert!(entry.to_string().len() < 40 << 10, "{}", entry.to_string().len());
    }
    assert_eq!(log[0]["bytes"], (4 << 20) + "Action=CreateUploadVideo&UserData=".len());
    assert!(log[0]["params"]["UserData"].as_str().is_some_and(|data| data.starts_with("xxx")));
}

#[tokio::test]
async fn objects_are_listed_with_their_digests() {
    let cloud = TestCloud::new();
    let (body, key, address) = cloud.create_video().await;
    let path = format!("/{}", address["FileName"].as_str().unwrap());
    cloud.oss("PUT", address["Bucket"].as_str().unwrap(), &path, &key).body("hello").send().await;
    let objects = cloud.control("GET", "objects", Value::Null).await.json();
    assert_eq!(
        objects,
        json!([{
            "bucket": address["Bucket"],
            "key": address["FileName"],
            "size": 5,
            "md5": "5d41402abc4b2a76b9719d911017c592",
            "sha256": "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
            "videoId": body["VideoId"],
            "imageId": null,
            "mediaId": null,
        }])
    );
    let absent = cloud.control("GET", "object?bucket=a&key=b", Value::Null).await;
    assert_eq!(absent.status, 404);
}

#[tokio::test]
async fn settings_are_merged_and_misspellings_refused() {
    let cloud = TestCloud::new();
    let first = cloud
        .control("POST", "config", json!({ "stsLifeMs": 3000, "delaysMs": { "oss": 1 } }))
        .await
        .json();
    let second = cloud.control("POST", "config", json!({ "partDelayMs": 2 })).await.json();
    assert_eq!((&first["partDelayMs"], &second["partDelayMs"]), (&json!(0), &json!(2)));
    assert_eq!((&second["stsLifeMs"], &second["delaysMs"]["oss"]), (&json!(3000), &json!(1)));
    assert_eq!(cloud.control("GET", "config", Value::Null).await.json(), second);
    let refused = cloud.control("POST", "config", json!({ "stsLife": 1 })).await;
    assert_eq!(refused.status, 400);
    assert!(refused.json()["error"].as_str().unwrap().contains("stsLife"));
    assert_eq!(cloud.control("POST", "faults", json!({ "service": "ecs" })).await.status, 400);
    assert_eq!(
        cloud.control("POST", "faults", json!({ "service": "oss", "tmies": 1 })).await.status,
        400
    );
    assert_eq!(cloud.control("GET", "nothing", Value::Null).await.status, 404);
}

#[tokio::test]
async fn a_fault_answers_in_the_format_of_its_service() {
    let cloud = TestCloud::new();
    let token = cloud.sts_token().await;
    cloud
        .plan(json!([
            { "service": "oss", "action": "PutObject", "status": 403, "code": "SecurityTokenExpired", "message": "gone" },
            { "service": "oss", "action": "PutObject", "status": 503, "headers": { "retry-after": "7" } },
            { "service": "sts", "code": "Throttling.User" },
            { "service": "sts", "status": 302, "headers": { "location": "https://elsewhere.test/" } },
            { "service": "vod", "status": 200, "body": "<html>" },
            { "service": "vod", "body": { "RequestId": "1" } },
        ]))
        .await;
    let put = || {
        cloud
            .oss("PUT", APP_BUCKET, "/a", &token)
            .header("origin", "https://app.test")
            .body("x")
            .send()
    };
    let expired = put().await;
    assert_eq!(expired.refusal(), (403, "SecurityTokenExpired".into()));
    assert!(
        expired.text().contains("<EC>0002-00000007</EC>")
            && expired.text().contains("<Message>gone</Message>")
    );
    assert_eq!(expired.header("access-control-allow-origin"), Some("https://app.test"));
    let busy = put().await;
    assert_eq!((busy.status, busy.header("retry-after")), (503, Some("7")));
    assert_eq!(put().await.status, 200);
    assert_eq!(cloud.assume_role(json!({})).await.refusal(), (403, "Throttling.User".into()));
    let moved = cloud.assume_role(json!({})).await;
    assert_eq!((moved.status, moved.header("location")), (302, Some("https://elsewhere.test/")));
    let html =
        cloud.vod("CreateUploadImage", &Key::long_lived(), json!({ "ImageType": "default" })).await;
    assert_eq!((html.status, html.text().as_str()), (200, "<html>"));
    let bare =
        cloud.vod("CreateUploadImage", &Key::long_lived(), json!({ "ImageType": "default" })).await;
    assert_eq!((bare.status, bare.json()), (200, json!({ "RequestId": "1" })));
    assert_eq!(cloud.control("GET", "faults", Value::Null).await.json(), json!([]));
    assert_eq!(cloud.log().await[1]["code"], "SecurityTokenExpired");
}

#[tokio::test]
async fn a_refused_part_is_not_stored() {
    let cloud = TestCloud::new();
    let token = cloud.sts_token().await;
    let upload = cloud.initiate(APP_BUCKET, "v", &token).await;
    cloud.plan(json!({ "service": "oss", "action": "UploadPart", "partNumber": 2, "code": "AccessDenied" })).await;
    let part = async |number| {
        cloud
            .upload_part(
                Multipart { bucket: APP_BUCKET, object: "v", upload: &upload },
                number,
                b"x",
                &token,
            )
            .await
            .status
    };
    assert_eq!([part(1).await, part(2).await], [200, 403]);
    let path = format!("/v?uploadId={upload}");
    let listed = cloud.oss("GET", APP_BUCKET, &path, &token).send().await.text();
    assert_eq!(listed.matches("<Part>").count(), 1);
}

#[tokio::test(start_paused = true)]
async fn delays_add_up() {
    let cloud = TestCloud::new();
    let token = cloud.sts_token().await;
    let upload = cloud.initiate(APP_BUCKET, "v", &token).await;
    cloud
        .configure(json!({ "partDelayMs": 100, "delaysMs": { "oss": 20 }, "bytesPerSecond": 1000 }))
        .await;
    cloud.plan(json!({ "service": "oss", "delayMs": 3 })).await;
    let start = tokio::time::Instant::now();
    cloud
        .upload_part(
            Multipart { bucket: APP_BUCKET, object: "v", upload: &upload },
            1,
            &[0; 500],
            &token,
        )
        .await;
    // Paused time moves only by sleeping: 500 ms for the bytes, then the three delays.
    assert_eq!(start.elapsed().as_millis(), 623);
}

#[tokio::test]
async fn a_reset_forgets_everything() {
    let cloud = TestCloud::new();
    let token = cloud.sts_token().await;
    cloud.oss("PUT", APP_BUCKET, "/a", &token).body("x").send().await;
    cloud.configure(json!({ "partDelayMs": 5, "clockOffsetMs": 86_400_000 })).await;
    cloud.plan(json!({ "service": "oss", "times": -1, "code": "A" })).await;
    let before = cloud.cloud.now_ms();
    cloud.control("POST", "reset", Value::Null).await;
    assert!(cloud.cloud.now_ms() < before);
    for name in ["log", "objects", "faults"] {
        assert_eq!(cloud.control("GET", name, Value::Null).await.json(), json!([]), "{name}");
    }
    let stranger = cloud.oss("PUT", APP_BUCKET, "/a", &token).body("x").send().await;
    assert_eq!(stranger.refusal(), (403, "InvalidAccessKeyId".into()));
}

#[tokio::test]
async fn another_site_s_page_cannot_steer_the_cloud() {
    let cloud = TestCloud::new();
    let request = |site: &str| {
        let request = Request::post("/__control/reset")
            .header("host", "127.0.0.1")
            .header("sec-fetch-site", site);
        cloud.send(request.body(Body::empty()).unwrap())
    };
    assert_eq!(request("cross-site").await.status, 403);
    assert_eq!(request("same-origin").await.status, 200);
}

#[tokio::test]
async fn an_app_server_s_requests_are_logged_and_struck_too() {
    let cloud = TestCloud::new();
    let app = Router::new()
        .route("/api/sts", post(|body: String| async move { format!("got {body}") }))
        .layer(from_fn_with_state(cloud.cloud.clone(), observe_app));
    let ask = async || {
        let request =
            Request::post("/api/sts").header("host", "app.test").body(Body::from("{}")).unwrap();
        let response = app.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(bytes.to_vec()).unwrap())
    };
    cloud
        .plan(json!([
            { "service": "app", "action": "/api/sts", "status": 500, "code": "InternalError", "message": "no" },
            { "service": "app", "action": "/api/sts", "body": "not json" },
        ]))
        .await;
    let (status, body) = ask().await;
    let refusal: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(status, 500);
    assert_eq!(
        refusal,
        json!({ "StatusCode": 500, "ErrorCode": "InternalError", "ErrorMessage": "no" })
    );
    assert_eq!(ask().await, (200, "not json".into()));
    assert_eq!(ask().await, (200, "got {}".into()));
    let log = cloud.log().await;
    let seen: Vec<_> =
        log.iter().map(|entry| (&entry["service"], &entry["action"], &entry["status"])).collect();
    let (app, path) = (json!("app"), json!("/api/sts"));
    assert_eq!(
        seen,
        [(&app, &path, &json!(500)), (&app, &path, &json!(200)), (&app, &path, &json!(200))]
    );
    assert_eq!(log[2]["bytes"], 2);
}
