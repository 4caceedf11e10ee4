//! STS: what it grants, and what it refuses in which words.

use crate::client::{self, Key, ROLE, STS, TestCloud, element, signed_query};
use axum::{body::Body, http::Request};
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

#[tokio::test]
async fn a_role_is_assumed_for_as_long_as_was_asked() {
    let cloud = TestCloud::new();
    let answer =
        cloud.assume_role(json!({ "DurationSeconds": 900, "SourceIdentity": "Alice" })).await;
    let body = answer.json();
    assert_eq!(answer.status, 200);
    assert_eq!(body["AssumedRoleUser"]["Arn"], format!("{ROLE}/alice"));
    assert_eq!(body["SourceIdentity"], "Alice");
    let credentials = &body["Credentials"];
    assert!(credentials["AccessKeyId"].as_str().unwrap().starts_with("STS."));
    assert!(credentials["SecurityToken"].as_str().unwrap().starts_with("CAIS"));
    let expires: jiff::Timestamp = credentials["Expiration"].as_str().unwrap().parse().unwrap();
    let left = expires.as_millisecond() - cloud.cloud.now_ms();
    assert!((840_000..=901_000).contains(&left), "{left} ms");
    assert_eq!(expires.as_millisecond() % 1000, 0);
}

#[tokio::test]
async fn parameters_that_break_a_rule_are_refused() {
    let cloud = TestCloud::new();
    let guarded = "acs:ram::1234567890123456:role/guarded";
    let policy = |padding: usize| {
        let resource = format!("*{}", "x".repeat(padding));
        let text = json!({ "Version": "1", "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": resource }] });
        json!(text.to_string())
    };
    let cases = [
        (json!({ "RoleArn": null }), 400, "MissingRoleArn"),
        (json!({ "RoleArn": "role/x" }), 400, "InvalidParameter.RoleArn"),
        (json!({ "RoleArn": "acs:ram::1234567890123456:role/none" }), 404, "EntityNotExist.Role"),
        (json!({ "RoleSessionName": null }), 400, "MissingRoleSessionName"),
        (json!({ "RoleSessionName": "a" }), 400, "InvalidParameter.RoleSessionName"),
        (json!({ "RoleSessionName": "a b" }), 400, "InvalidParameter.RoleSessionName"),
        (json!({ "RoleSessionName": "x".repeat(65) }), 400, "InvalidParameter.RoleSessionName"),
        (json!({ "RoleSessionName": "x".repeat(64) }), 200, ""),
        (json!({ "DurationSeconds": 899 }), 400, "InvalidParameter.DurationSeconds"),
        (json!({ "DurationSeconds": 3601 }), 400, "InvalidParameter.DurationSeconds"),
        (json!({ "DurationSeconds": "1h" }), 400, "InvalidParameter.DurationSeconds"),
        (json!({ "DurationSeconds": 3600 }), 200, ""),
        (json!({ "Policy": "{}" }), 400, "InvalidParameter.PolicyGrammar"),
        (json!({ "Policy": policy(2048) }), 400, "InvalidParameter.PolicySize"),
        (json!({ "Policy": policy(0) }), 200, ""),
        (json!({ "ExternalId": "x" }), 400, "InvalidParameter.ExternalId"),
        (json!({ "ExternalId": "no spaces" }), 400, "InvalidParameter.ExternalId"),
        (json!({ "SourceIdentity": "acs:alice" }), 400, "InvalidParameter.SourceIdentity"),
        (json!({ "SourceIdentity": "aliyun" }), 200, ""),
        (json!({ "RoleArn": guarded }), 403, "NoPermission"),
        (json!({ "RoleArn": guarded, "ExternalId": "tenant-8" }), 403, "NoPermission"),
        (json!({ "RoleArn": guarded, "ExternalId": "tenant-7", "DurationSeconds": 7200 }), 200, ""),
        (json!({ "Action": "GetCallerIdentity2" }), 404, "InvalidAction.NotFound"),
        (json!({ "Version": "2014-01-01" }), 404, "InvalidVersion"),
        (json!({ "SignatureMethod": "HMAC-SHA256" }), 400, "InvalidParameter.SignatureMethod"),
        (json!({ "SignatureNonce": null }), 400, "MissingSignatureNonce"),
        (json!({ "SignatureType": "" }), 200, ""),
    ];
    for (own, status, code) in cases {
        let answer = cloud.assume_role(own.clone()).await;
        assert_eq!(answer.refusal(), (status, code.to_owned()), "{own}");
    }
}

#[tokio::test]
async fn callers_who_may_not_are_refused() {
    let cloud = TestCloud::new();
    let token = cloud.sts_token().await;
    let other = cloud.sts_token().await;
    let (_, upload, _) = cloud.create_video().await;
    let long = |id: &str, secret: &str| Key { id: id.into(), secret: secret.into(), token: None };
    let cases = [
        (long("LTAI5tRoot", "root-secret-canary"), 403, "NoPermission"),
        (long("LTAI5tOff", "off-secret-canary"), 400, "InvalidAccessKeyId.Inactive"),
        (long("LTAI5tNobody", "x"), 404, "InvalidAccessKeyId.NotFound"),
        (long("LTAI5tUser", "wrong"), 400, "SignatureDoesNotMatch"),
        (Key { token: None, ..token.clone() }, 400, "MissingSecurityToken"),
        (
            Key { token: other.token, ..token.clone() },
            403,
            "InvalidSecurityToken.MismatchWithAccessKey",
        ),
        (
            Key { token: Some("junk".into()), ..token.clone() },
            403,
            "InvalidSecurityToken.Malformed",
        ),
        (
            Key { token: Some("CAISjunk".into()), ..token.clone() },
            403,
            "InvalidSecurityToken.Malformed",
        ),
        (token, 403, "NoPermission"),
        (upload, 403, "NoPermission"),
    ];
    for (key, status, code) in cases {
        let own = json!({ "RoleArn": ROLE, "RoleSessionName": "alice" });
        let answer =
            cloud.rpc(STS, cloud.params("2015-04-01", "AssumeRole", &key, own), &key.secret).await;
        assert_eq!(answer.refusal(), (status, code.to_owned()), "{} {}", key.id, answer.text());
    }
}

#[tokio::test]
async fn times_that_are_off_are_refused() {
    let cloud = TestCloud::new();
    let at = |offset: i64| {
        let at = jiff::Timestamp::from_millisecond(cloud.cloud.now_ms() + offset * 1000).unwrap();
        at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    };
    let cases = [
        (json!(at(-890)), 200, ""),
        (json!(at(890)), 200, ""),
        (json!(at(-910)), 400, "InvalidTimeStamp.Expired"),
        (json!(at(910)), 400, "InvalidTimeStamp.Expired"),
        (json!(at(0).replace('Z', ".123Z")), 200, ""),
        (json!(at(0).replace('T', " ")), 400, "InvalidTimeStamp.Format"),
        (json!("now"), 400, "InvalidTimeStamp.Format"),
        (Value::Null, 400, "MissingTimestamp"),
    ];
    for (time, status, code) in cases {
        let answer = cloud.assume_role(json!({ "Timestamp": time })).await;
        assert_eq!(answer.refusal(), (status, code.to_owned()), "{time}");
    }
}

#[tokio::test]
async fn a_request_is_accepted_once() {
    let cloud = TestCloud::new();
    let key = Key::long_lived();
    let own = json!({ "RoleArn": ROLE, "RoleSessionName": "alice" });
    let params = cloud.params("2015-04-01", "AssumeRole", &key, own);
    // A wrong signature does not spend the nonce: anyone could send one.
    assert_eq!(cloud.rpc(STS, params.clone(), "wrong").await.refusal().1, "SignatureDoesNotMatch");
    assert_eq!(cloud.rpc(STS, params.clone(), &key.secret).await.status, 200);
    assert_eq!(
        cloud.rpc(STS, params, &key.secret).await.refusal(),
        (400, "SignatureNonceUsed".into())
    );
}

#[tokio::test]
async fn a_refusal_says_what_was_signed_in_json_and_in_xml() {
    let cloud = TestCloud::new();
    let answer = cloud.assume_role(json!({ "Signature": "bm8=" })).await;
    let body = answer.json();
    assert_eq!(body["HostId"], STS);
    assert!(body["RequestId"].as_str().unwrap().len() == 36);
    assert!(body["Recommend"].as_str().is_some());
    let message = body["Message"].as_str().unwrap();
    assert!(
        message.contains("server string to sign is:GET&%2F&AccessKeyId%3DLTAI5tUser"),
        "{message}"
    );

    let answer = cloud.assume_role(json!({ "Format": "XML", "RoleSessionName": "<" })).await;
    assert_eq!(answer.header("content-type"), Some("text/xml;charset=utf-8"));
    assert_eq!(answer.refusal(), (400, "InvalidParameter.RoleSessionName".into()));
    assert!(answer.text().contains("<Error>"));

    let xml = cloud.assume_role(json!({ "Format": "XML" })).await.text();
    assert!(xml.contains("<AssumeRoleResponse>"), "{xml}");
    assert!(element(&xml, "AccessKeyId").starts_with("STS."));
    assert_eq!(element(&xml, "Arn"), format!("{ROLE}/alice"));
}

#[tokio::test]
async fn query_and_form_are_one() {
    let cloud = TestCloud::new();
    let key = Key::long_lived();
    let own = json!({ "RoleArn": ROLE, "RoleSessionName": "alice" });
    let params = cloud.params("2015-04-01", "AssumeRole", &key, own);
    let all = signed_query("POST", params, &key.secret);
    let (form, query): (Vec<&str>, Vec<&str>) =
        all.split('&').partition(|pair| pair.starts_with("Role"));
    let request = |content_type: &str| {
        Request::post(format!("/?{}", query.join("&")))
            .header("host", STS)
            .header("content-type", content_type)
            .body(Body::from(form.join("&")))
            .unwrap()
    };
    let refused = cloud.send(request("text/plain")).await;
    assert_eq!(refused.refusal(), (400, "InvalidParameter.ContentType".into()));
    assert_eq!(cloud.send(request("application/x-www-form-urlencoded")).await.status, 200);
}

#[tokio::test]
async fn a_printed_expiration_is_the_instant_of_death() {
    let cloud = TestCloud::new();
    cloud.configure(json!({ "stsLifeMs": 1500 })).await;
    let answer = cloud.assume_role(json!({ "DurationSeconds": 3600 })).await.json();
    let expires: jiff::Timestamp =
        answer["Credentials"]["Expiration"].as_str().unwrap().parse().unwrap();
    let token = Key::of(&answer["Credentials"]);
    let refresh =
        || cloud.vod("CreateUploadVideo", &token, json!({ "FileName": "a.mp4", "Title": "a" }));
    let to_death = expires.as_millisecond() - cloud.cloud.now_ms();
    assert!(to_death <= 2500, "{to_death} ms");
    // Each step names where the cloud's clock is to be, as far as the machine's clock allows it.
    cloud.configure(json!({ "clockOffsetMs": to_death - 60_000 })).await;
    assert_eq!(refresh().await.status, 200);
    cloud.configure(json!({ "clockOffsetMs": to_death })).await;
    assert_eq!(refresh().await.refusal(), (403, "InvalidSecurityToken.Expired".into()));
    cloud.configure(json!({ "vodExpiredCode": "InvalidAccessKeyId.NotFound" })).await;
    assert_eq!(refresh().await.refusal(), (404, "InvalidAccessKeyId.NotFound".into()));
}

#[tokio::test]
async fn more_calls_than_the_account_may_make_are_throttled() {
    let cloud = TestCloud::with(upload_token_localcloud::Config {
        sts_calls_per_second: 0,
        ..client::test_config()
    });
    assert_eq!(cloud.assume_role(json!({})).await.refusal(), (400, "Throttling.User".into()));
}

/// An ACS3-signed request, with these headers changed after signing.
fn acs3(
    cloud: &TestCloud,
    secret: &str,
    names: &[&str],
    changed: &[(&str, &str)],
    body: &str,
) -> Request<Body> {
    let hash = |bytes: &[u8]| {
        Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let mut headers = std::collections::BTreeMap::from([
        ("host", STS.to_owned()),
        ("x-acs-action", "AssumeRole".to_owned()),
        ("x-acs-content-sha256", hash(body.as_bytes())),
        ("x-acs-date", cloud.iso_now()),
        ("x-acs-signature-nonce", cloud.nonce()),
        ("x-acs-version", "2015-04-01".to_owned()),
    ]);
    let query = format!("RoleArn={}&RoleSessionName=alice", client::encode(ROLE));
    let signed: String = names
        .iter()
        .map(|name| format!("{name}:{}\n", headers.get(name).map_or("*/*", String::as_str)))
        .collect();
    let list = names.join(";");
    let canonical = format!(
        "POST\n/\n{query}\n{signed}\n{list}\n{}",
        headers.get("x-acs-content-sha256").unwrap()
    );
    let string = format!("ACS3-HMAC-SHA256\n{}", hash(canonical.as_bytes()));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(string.as_bytes());
    let signature: String =
        mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    for (name, value) in changed {
        headers.insert(name, (*value).to_owned());
    }
    let mut request = Request::post(format!("/?{query}")).header("accept", "*/*").header(
        "authorization",
        format!(
            "ACS3-HMAC-SHA256 Credential=LTAI5tUser,SignedHeaders={list},Signature={signature}"
        ),
    );
    for (name, value) in headers {
        request = request.header(name, value);
    }
    request.body(Body::from(body.to_owned())).unwrap()
}

#[tokio::test]
async fn acs3_signatures_are_checked_as_the_client_listed_them() {
    let cloud = TestCloud::new();
    let all = [
        "host",
        "x-acs-action",
        "x-acs-content-sha256",
        "x-acs-date",
        "x-acs-signature-nonce",
        "x-acs-version",
    ];
    let and_accept = [&["accept"][..], &all[..]].concat();
    let secret = "user-secret-canary";
    let cases = [
        (acs3(&cloud, secret, &all, &[], ""), 200, ""),
        (acs3(&cloud, secret, &and_accept, &[], ""), 200, ""),
        (acs3(&cloud, secret, &all[1..], &[], ""), 400, "IncompleteSignature"),
        (acs3(&cloud, "wrong", &all, &[], ""), 400, "SignatureDoesNotMatch"),
        (
            acs3(&cloud, secret, &all, &[("x-acs-signature-nonce", "other")], ""),
            400,
            "SignatureDoesNotMatch",
        ),
        (
            acs3(&cloud, secret, &and_accept, &[("accept", "text/html")], ""),
            400,
            "SignatureDoesNotMatch",
        ),
    ];
    for (index, (request, status, code)) in cases.into_iter().enumerate() {
        let answer = cloud.send(request).await;
        assert_eq!(answer.refusal(), (status, code.to_owned()), "case {index}: {}", answer.text());
    }
}

#[tokio::test]
async fn an_acs3_request_is_accepted_once_and_its_body_is_signed() {
    let cloud = TestCloud::new();
    let all = [
        "host",
        "x-acs-action",
        "x-acs-content-sha256",
        "x-acs-date",
        "x-acs-signature-nonce",
        "x-acs-version",
    ];
    let request = acs3(&cloud, "user-secret-canary", &all, &[], "");
    let (parts, _) = request.into_parts();
    let with = |body: &'static str| Request::from_parts(parts.clone(), Body::from(body));
    let form = |mut request: Request<Body>| {
        request
            .headers_mut()
            .insert("content-type", "application/x-www-form-urlencoded".parse().unwrap());
        request
    };
    assert_eq!(
        cloud.send(form(with("DurationSeconds=900"))).await.refusal().1,
        "SignatureDoesNotMatch"
    );
    assert_eq!(cloud.send(with("")).await.status, 200);
    assert_eq!(cloud.send(with("")).await.refusal(), (400, "SignatureNonceUsed".into()));
}

/// Its service worker may see the whole page, whose script is not beside it.
#[tokio::test]
async fn the_reserved_path_has_a_script_for_pages() {
    let cloud = TestCloud::new();
    let answer = cloud.send(client::get("app.test", "/__cloud/page.js")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("text/javascript; charset=utf-8"));
    assert_eq!(answer.header("service-worker-allowed"), Some("/"));
    assert!(cloud.log().await.is_empty(), "it is no request to the cloud");
}

#[tokio::test]
async fn the_reserved_path_stands_for_the_host() {
    let cloud = TestCloud::new();
    let key = Key::long_lived();
    let own = json!({ "RoleArn": ROLE, "RoleSessionName": "alice" });
    let params = cloud.params("2015-04-01", "AssumeRole", &key, own);
    let uri = format!("/__cloud/{STS}/?{}", signed_query("GET", params, &key.secret));
    assert_eq!(cloud.send(client::get("app.test", &uri)).await.status, 200);
    assert_eq!(cloud.send(client::get("app.test", "/__cloud/ecs.aliyuncs.com/")).await.status, 404);
    assert_eq!(cloud.send(client::get("app.test", "/")).await.status, 404);
    assert_eq!(cloud.log().await[0]["host"], STS);
    assert!(
        cloud.cloud.owns_host("sts.cn-shanghai.aliyuncs.com") && !cloud.cloud.owns_host("app.test")
    );
}
