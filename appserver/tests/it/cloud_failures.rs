//! What a page is told when the cloud fails this server.

use crate::support::{Site, header, json_of};
use serde_json::{Value, json};

/// Status and `ErrorCode` of a token request whose AssumeRole meets `fault`.
async fn told(site: &Site, fault: Value) -> (u16, String) {
    site.fault("sts", "AssumeRole", fault).await;
    let (status, reply) = json_of(site.token().await).await;
    assert_eq!(reply["StatusCode"], json!(status), "the body repeats the status");
    assert!(!reply["RequestId"].as_str().unwrap().is_empty());
    assert!(!reply["ErrorMessage"].as_str().unwrap().is_empty());
    (status, reply["ErrorCode"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn throttling_in_each_of_its_forms_becomes_429_with_a_wait() {
    let site = Site::local(&[], &[]).await;
    for (fault, code) in [
        (
            json!({ "status": 302, "body": "", "headers": { "Location": "/elsewhere" } }),
            "Throttling",
        ),
        (json!({ "status": 400, "code": "Throttling.User", "message": "m" }), "Throttling.User"),
        (json!({ "status": 503, "code": "Throttling.Api", "message": "m" }), "Throttling.Api"),
        (json!({ "status": 429, "body": "<html>" }), "Throttling"),
    ] {
        site.fault("sts", "AssumeRole", fault.clone()).await;
        let response = site.token().await;
        let wait: u64 = header(&response, "retry-after").unwrap().parse().unwrap();
        let (status, reply) = json_of(response).await;
        assert_eq!((status, reply["ErrorCode"].as_str().unwrap()), (429, code), "{fault}");
        assert_eq!(reply["RetryAfterSeconds"], json!(wait));
        assert!((1..=3).contains(&wait));
    }
    // A followed redirect would be one more.
    assert_eq!(site.seen("AssumeRole").await, 4);
}

#[tokio::test]
async fn the_clouds_own_wait_is_passed_on() {
    let site = Site::local(&[], &[]).await;
    let fault = json!({ "status": 400, "code": "Throttling", "message": "m", "headers": { "Retry-After": "17" } });
    site.fault("sts", "AssumeRole", fault).await;
    assert_eq!(header(&site.token().await, "retry-after"), Some("17"));
}

#[tokio::test]
async fn the_fault_is_never_laid_on_the_user() {
    let site = Site::local(&["--no-token-cache"], &[]).await;
    for (status, code, expected) in [
        (403, "NoPermission", 500),
        (404, "EntityNotExist.Role", 500),
        (404, "InvalidAccessKeyId.NotFound", 500),
        (400, "SignatureDoesNotMatch", 500),
        (400, "InvalidParameter.PolicyGrammar", 500),
        (500, "InternalError", 502),
    ] {
        let fault = json!({ "status": status, "code": code, "message": "server string to sign is:GET&canary" });
        assert_eq!(told(&site, fault).await, (expected, code.to_owned()));
    }
}

#[tokio::test]
async fn an_answer_that_is_no_token_is_not_passed_on() {
    let site = Site::local(&["--no-token-cache"], &[]).await;
    let credentials = |expiration: &str, id: &str| {
        json!({ "RequestId": "R", "Credentials": {
            "AccessKeyId": id, "AccessKeySecret": "s", "SecurityToken": "t", "Expiration": expiration } })
        .to_string()
    };
    let far = "2099-01-01T00:00:00Z";
    for body in [
        String::from("{}"),
        String::from("<html>"),
        String::new(),
        credentials("2000-01-01T00:00:00Z", "STS.x"),
        credentials("soon", "STS.x"),
        credentials(far, "LTAI5tLongLivedKey"),
        credentials(far, ""),
    ] {
        let fault = json!({ "status": 200, "body": body });
        assert_eq!(
            told(&site, fault).await,
            (502, String::from("Upstream.InvalidAnswer")),
            "{body}"
        );
    }
    // Whole but for its size.
    let huge = format!("{}{}", credentials(far, "STS.x"), " ".repeat(300_000));
    let huge = json!({ "status": 200, "body": huge });
    assert_eq!(told(&site, huge).await, (502, String::from("Upstream.InvalidAnswer")));
}

#[tokio::test]
async fn a_cloud_that_hangs_or_hangs_up_is_reported_within_the_pages_patience() {
    let site = Site::local(&["--no-token-cache"], &[]).await;
    assert_eq!(
        told(&site, json!({ "drop": true })).await,
        (502, String::from("Upstream.Unreachable"))
    );
    assert_eq!(told(&site, json!({ "hang": true })).await, (504, String::from("Upstream.Timeout")));
}

#[tokio::test]
async fn a_cloud_that_is_away_is_named_so() {
    // Port 1 of loopback: nothing listens there.
    let away = [("UPLOAD_TOKEN_STS_ENDPOINT", "http://127.0.0.1:1")];
    let site = Site::with_account(&away).await;
    let (status, reply) = json_of(site.token().await).await;
    assert_eq!((status, &reply["ErrorCode"]), (502, &json!("Upstream.Unreachable")));
}

#[tokio::test]
async fn what_only_the_operator_can_mend_is_not_asked_again_at_once() {
    let site = Site::local(&[], &[]).await;
    let fault = json!({ "status": 403, "code": "NoPermission", "message": "m" });
    assert_eq!(told(&site, fault).await, (500, String::from("NoPermission")));
    assert_eq!(json_of(site.token().await).await.0, 500);
    assert_eq!(site.seen("AssumeRole").await, 1);
}

#[tokio::test]
async fn what_may_pass_is_asked_again_at_once() {
    let site = Site::local(&[], &[]).await;
    assert_eq!(
        told(&site, json!({ "status": 500, "code": "InternalError", "message": "m" })).await.0,
        502
    );
    assert_eq!(site.token().await.status(), 200);
}

#[tokio::test]
async fn the_clouds_request_id_is_passed_on() {
    let site = Site::local(&[], &[]).await;
    let body =
        json!({ "Code": "InternalError", "Message": "m", "RequestId": "0A1B2C" }).to_string();
    site.fault("sts", "AssumeRole", json!({ "status": 500, "body": body })).await;
    assert_eq!(json_of(site.token().await).await.1["RequestId"], json!("0A1B2C"));
}
