//! What a browser needs to see, on answers and on refusals.

use axum::{body::Body, http::Request};
use serde_json::json;

use crate::client::{APP_BUCKET, Answer, Key, STS, TestCloud, VOD, test_config};

const ORIGIN: &str = "https://app.test";

async fn preflight(cloud: &TestCloud, host: &str, method: &str, headers: &str) -> Answer {
    let request = Request::options("/a?partNumber=1&uploadId=U")
        .header("host", host)
        .header("origin", ORIGIN)
        .header("access-control-request-method", method)
        .header("access-control-request-headers", headers)
        .body(Body::empty());
    cloud.send(request.unwrap()).await
}

fn oss_host() -> String {
    format!("{APP_BUCKET}.oss-cn-shanghai.aliyuncs.com")
}

#[tokio::test]
async fn a_preflight_of_oss_echoes_what_is_asked() {
    let cloud = TestCloud::new();
    let asked = "authorization,content-type,x-oss-date,x-oss-security-token,x-oss-user-agent";
    let answer = preflight(&cloud, &oss_host(), "PUT", asked).await;
    assert_eq!((answer.status, answer.bytes.len()), (200, 0));
    assert_eq!(answer.header("access-control-allow-origin"), Some(ORIGIN));
    assert_eq!(answer.header("access-control-allow-headers"), Some(asked));
    assert_eq!(answer.header("access-control-allow-methods"), Some("GET, PUT, POST, DELETE, HEAD"));
    let entry = &cloud.log().await[0];
    assert_eq!(
        (&entry["action"], &entry["preflight"], &entry["status"]),
        (&json!("Preflight"), &json!(true), &json!(200))
    );
}

#[tokio::test]
async fn a_preflight_that_no_rule_allows_is_refused() {
    let cloud = TestCloud::new();
    assert_eq!(
        preflight(&cloud, &oss_host(), "PATCH", "").await.refusal(),
        (403, "AccessForbidden".into())
    );
    let strict = TestCloud::with(upload_token_localcloud::Config {
        cors_origins: vec![String::from("https://other.test")],
        ..test_config()
    });
    let answer = preflight(&strict, &oss_host(), "PUT", "").await;
    assert_eq!(answer.refusal(), (403, "AccessForbidden".into()));
    assert_eq!(answer.header("access-control-allow-origin"), None);
    let bare = Request::options("/a").header("host", oss_host()).body(Body::empty()).unwrap();
    assert_eq!(cloud.send(bare).await.status, 403);
}

#[tokio::test]
async fn rpc_services_are_open_to_any_page() {
    let cloud = TestCloud::new();
    for host in [STS, VOD] {
        let answer = preflight(&cloud, host, "POST", "content-type").await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        assert_eq!(answer.header("access-control-allow-headers"), Some("content-type"));
    }
    let created =
        cloud.vod("CreateUploadImage", &Key::long_lived(), json!({ "ImageType": "default" })).await;
    let refused = cloud.vod("CreateUploadImage", &Key::long_lived(), json!({})).await;
    for answer in [&created, &refused] {
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{}", answer.status);
    }
    cloud.configure(json!({ "corsOnError": false })).await;
    let hidden = cloud.vod("CreateUploadImage", &Key::long_lived(), json!({})).await;
    assert_eq!((hidden.status, hidden.header("access-control-allow-origin")), (400, None));
}

#[tokio::test]
async fn answers_of_oss_are_readable_and_refusals_as_the_settings_say() {
    let cloud = TestCloud::new();
    let token = cloud.sts_token().await;
    let wrong = Key { secret: "wrong".into(), ..token.clone() };
    let put = async |key: &Key| {
        cloud.oss("PUT", APP_BUCKET, "/a", key).header("origin", ORIGIN).body("x").send().await
    };
    let exposed = |answer: &Answer| {
        answer.header("access-control-expose-headers").unwrap_or_default().to_owned()
    };
    let (good, bad) = (put(&token).await, put(&wrong).await);
    assert_eq!((good.status, bad.status), (200, 403));
    for answer in [&good, &bad] {
        assert_eq!(answer.header("access-control-allow-origin"), Some(ORIGIN));
        assert_eq!(exposed(answer), "ETag, x-oss-request-id, x-oss-version-id");
    }
    cloud.configure(json!({ "exposeEtag": false, "corsOnError": false })).await;
    let (good, bad) = (put(&token).await, put(&wrong).await);
    assert_eq!(exposed(&good), "x-oss-request-id, x-oss-version-id");
    assert!(good.header("etag").is_some(), "sent, though a page may not read it");
    assert_eq!(bad.header("access-control-allow-origin"), None);
    let same_origin = cloud.oss("PUT", APP_BUCKET, "/a", &token).body("x").send().await;
    assert_eq!(same_origin.header("access-control-allow-origin"), None, "no origin, no CORS");
}
