//! OSS: objects whole and in parts, and who may write them.

use axum::{body::Body, http::Request};
use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use md5::{Digest, Md5};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::client::{APP_BUCKET, Answer, Key, TestCloud, element, test_config};
use crate::oss_request::{Multipart, part_list};

const PART: usize = 100 * 1024;

fn etag(bytes: &[u8]) -> String {
    format!(
        "\"{}\"",
        Md5::digest(bytes).iter().map(|byte| format!("{byte:02X}")).collect::<String>()
    )
}

async fn complete(
    cloud: &TestCloud,
    object: &str,
    upload: &str,
    key: &Key,
    list: String,
) -> Answer {
    let path = format!("/{object}?uploadId={upload}");
    cloud
        .oss("POST", APP_BUCKET, &path, key)
        .header("content-type", "application/xml")
        .body(list)
        .send()
        .await
}

#[tokio::test]
async fn an_object_is_put_and_read_back() {
    let cloud = TestCloud::new();
    let token = cloud.sts_token().await;
    let put = cloud
        .oss("PUT", APP_BUCKET, "/a.txt", &token)
        .header("content-type", "text/plain")
        .body("hello");
    let put = put.send().await;
    assert_eq!((put.status, put.header("etag")), (200, Some(etag(b"hello").as_str())));
    let read = |method: &'static str| cloud.oss(method, APP_BUCKET, "/a.txt", &token);
    let whole = read("GET").send().await;
    assert_eq!(
        (whole.text().as_str(), whole.header("content-type")),
        ("hello", Some("text/plain"))
    );
    for (range, status, text) in [
        ("bytes=1-3", 206, "ell"),
        ("bytes=3-", 206, "lo"),
        ("bytes=-2", 206, "lo"),
        ("bytes=9-", 200, "hello"),
    ] {
        let answer = read("GET").header("range", range).send().await;
        assert_eq!((answer.status, answer.text().as_str()), (status, text), "{range}");
    }
    let head = read("HEAD").send().await;
    assert_eq!((head.status, head.header("content-length"), head.bytes.len()), (200, Some("5"), 0));
    assert_eq!(read("DELETE").send().await.status, 204);
    assert_eq!(read("GET").send().await.refusal(), (404, "NoSuchKey".into()));
    let head = read("HEAD").send().await;
    let error = STANDARD.decode(head.header("x-oss-err").unwrap()).unwrap();
    assert_eq!((head.status, head.bytes.len()), (404, 0));
    assert_eq!(element(&String::from_utf8(error).unwrap(), "Code"), "NoSuchKey");
}

#[tokio::test]
async fn an_object_is_made_of_its_parts() {
    let cloud = TestCloud::new();
    let token = cloud.sts_token().await;
    let upload = cloud.initiate(APP_BUCKET, "v.mp4", &token).await;
    let parts = [vec![1; PART], vec![2; PART], vec![3; 10]];
    let mut tags = Vec::new();
    for (number, bytes) in (1..).zip(&parts) {
        let answer = cloud
            .upload_part(
                Multipart { bucket: APP_BUCKET, object: "v.mp4", upload: &upload },
                number,
                bytes,
                &token,
            )
            .await;
        assert_eq!((answer.status, answer.bytes.len()), (200, 0));
        tags.push(answer.header("etag").unwrap().to_owned());
        assert_eq!(tags.last(), Some(&etag(bytes)));
    }
    let path = format!("/v.mp4?uploadId={upload}");
    let listed = cloud.oss("GET", APP_BUCKET, &path, &token).send().await.text();
    assert_eq!(listed.matches("<Part>").count(), 3);
    assert_eq!(
        (element(&listed, "IsTruncated"), element(&listed, "Size")),
        ("false".into(), PART.to_string())
    );

    let list = part_list(&[(1, &tags[0]), (2, &tags[1]), (3, &tags[2])]);
    let done = complete(&cloud, "v.mp4", &upload, &token, list.clone()).await;
    assert_eq!((done.status, element(&done.text(), "Key")), (200, "v.mp4".into()));
    assert!(element(&done.text(), "ETag").ends_with("-3\""), "{}", done.text());
    let stored =
        cloud.control("GET", &format!("object?bucket={APP_BUCKET}&key=v.mp4"), Value::Null).await;
    assert_eq!(stored.bytes, parts.concat());
    let again = complete(&cloud, "v.mp4", &upload, &token, list).await;
    assert_eq!(again.refusal(), (404, "NoSuchUpload".into()), "a completed upload is forgotten");
}

#[tokio::test]
async fn a_list_of_parts_that_is_wrong_completes_nothing() {
    let cloud = TestCloud::new();
    let token = cloud.sts_token().await;
    let upload = cloud.initiate(APP_BUCKET, "v", &token).await;
    for (number, size) in [(1, PART), (2, 10), (3, PART)] {
        cloud
            .upload_part(
                Multipart { bucket: APP_BUCKET, object: "v", upload: &upload },
                number,
                &vec![0; size],
                &token,
            )
            .await;
    }
    let (large, small) = (etag(&vec![0; PART]), etag(&[0; 10]));
    let cases = [
        (part_list(&[(3, &large), (1, &large)]), "InvalidPartOrder"),
        (part_list(&[(1, &large), (1, &large)]), "InvalidPartOrder"),
        (part_list(&[(1, &large), (4, &large)]), "InvalidPart"),
        (part_list(&[(1, &small)]), "InvalidPart"),
        (part_list(&[(1, &large), (2, &small), (3, &large)]), "EntityTooSmall"),
        (part_list(&[]), "MalformedXML"),
        (String::from("<Complete"), "MalformedXML"),
        (String::new(), "MalformedXML"),
    ];
    for (list, code) in cases {
        let answer = complete(&cloud, "v", &upload, &token, list.clone()).await;
        assert_eq!(answer.refusal(), (400, code.to_owned()), "{list}");
    }
    assert_eq!(cloud.control("GET", "objects", Value::Null).await.json(), json!([]));
    let quoted = large.replace('"', "&quot;");
    let done =
        complete(&cloud, "v", &upload, &token, part_list(&[(1, &quoted), (2, &small)])).await;
    assert_eq!(done.status, 200, "{}", done.text());
}

#[tokio::test]
async fn parts_belong_to_an_upload_of_their_object() {
    let cloud = TestCloud::new();
    let token = cloud.sts_token().await;
    let upload = cloud.initiate(APP_BUCKET, "v", &token).await;
    let part = async |object: &str, upload: &str, number: u32| {
        cloud
            .upload_part(Multipart { bucket: APP_BUCKET, object, upload }, number, b"x", &token)
            .await
            .refusal()
    };
    assert_eq!(part("v", "NONE", 1).await, (404, "NoSuchUpload".into()));
    assert_eq!(part("w", &upload, 1).await, (404, "NoSuchUpload".into()));
    assert_eq!(part("v", &upload, 0).await, (400, "InvalidArgument".into()));
    assert_eq!(part("v", &upload, 10_001).await, (400, "InvalidArgument".into()));
    assert_eq!(part("v", &upload, 10_000).await.0, 200);
    let path = format!("/v?uploadId={upload}");
    assert_eq!(cloud.oss("DELETE", APP_BUCKET, &path, &token).send().await.status, 204);
    assert_eq!(part("v", &upload, 1).await, (404, "NoSuchUpload".into()));
    let gone = cloud.oss("DELETE", APP_BUCKET, &path, &token).send().await;
    assert_eq!(gone.refusal(), (404, "NoSuchUpload".into()));
}

#[tokio::test]
async fn a_digest_that_is_sent_is_checked() {
    let cloud = TestCloud::new();
    let token = cloud.sts_token().await;
    let put = |md5: String| {
        cloud.oss("PUT", APP_BUCKET, "/a", &token).header("content-md5", &md5).body("hello").send()
    };
    assert_eq!(put(STANDARD.encode(Md5::digest("hello"))).await.status, 200);
    assert_eq!(
        put(STANDARD.encode(Md5::digest("hullo"))).await.refusal(),
        (400, "InvalidDigest".into())
    );
}

#[tokio::test]
async fn each_bad_credential_has_its_own_refusal() {
    let cloud = TestCloud::new();
    let (token, other) = (cloud.sts_token().await, cloud.sts_token().await);
    let cases = [
        (Key { id: "STS.nobody".into(), ..token.clone() }, "InvalidAccessKeyId", "0002-00000002"),
        (Key { token: None, ..token.clone() }, "InvalidAccessKeyId", "0002-00000902"),
        (
            Key { token: Some("CAISjunk".into()), ..token.clone() },
            "InvalidSecurityToken",
            "0002-00000006",
        ),
        (
            Key { token: other.token, ..token.clone() },
            "AccessKeyIdAndSecurityTokenNotMatch",
            "0002-00000004",
        ),
        (Key { secret: "wrong".into(), ..token.clone() }, "SignatureDoesNotMatch", ""),
    ];
    for (key, code, cause) in cases {
        let answer = cloud.oss("PUT", APP_BUCKET, "/a", &key).body("x").send().await;
        assert_eq!(answer.refusal(), (403, code.to_owned()));
        assert_eq!(element(&answer.text(), "EC"), cause, "{code}");
        assert_eq!(answer.header("x-oss-ec").unwrap_or_default(), cause);
        assert_eq!(
            element(&answer.text(), "RequestId"),
            answer.header("x-oss-request-id").unwrap()
        );
    }
    let unsigned =
        cloud.oss("PUT", APP_BUCKET, "/a", &token).header("authorization", "Basic x").send().await;
    assert_eq!(unsigned.refusal(), (400, "InvalidArgument".into()));
    let elsewhere = cloud.oss("PUT", "no-such-bucket", "/a", &token).send().await;
    assert_eq!(elsewhere.refusal(), (404, "NoSuchBucket".into()));
}

#[tokio::test]
async fn an_expired_token_is_called_what_the_settings_say() {
    let cloud = TestCloud::new();
    cloud.configure(json!({ "stsLifeMs": 1000 })).await;
    let token = cloud.sts_token().await;
    let codes = ["SecurityTokenExpired", "InvalidAccessKeyId", "InvalidSecurityToken"];
    for code in codes {
        cloud.configure(json!({ "clockOffsetMs": 2000, "ossExpiredCode": code })).await;
        let answer = cloud.oss("PUT", APP_BUCKET, "/a", &token).body("x").send().await;
        assert_eq!(answer.refusal(), (403, code.to_owned()));
    }
    cloud.configure(json!({ "clockOffsetMs": 2000, "ossExpiredCode": codes[0] })).await;
    let answer = cloud.oss("PUT", APP_BUCKET, "/a", &token).body("x").send().await;
    assert_eq!(
        Some(element(&answer.text(), "SecurityToken")),
        token.token,
        "repeated, as the real service does"
    );
    cloud.configure(json!({ "clockOffsetMs": 0 })).await;
    assert_eq!(cloud.oss("PUT", APP_BUCKET, "/a", &token).body("x").send().await.status, 200);
}

#[tokio::test]
async fn a_clock_that_is_off_is_told_the_server_s_time() {
    let cloud = TestCloud::new();
    let token = cloud.sts_token().await;
    for (minutes, status) in [(-14, 200), (14, 200), (-16, 403), (16, 403), (-1440, 403)] {
        let at = cloud.cloud.now_ms() + minutes * 60_000;
        let answer = cloud.oss("PUT", APP_BUCKET, "/a", &token).at(at).body("x").send().await;
        assert_eq!(answer.status, status, "{minutes} minutes");
        if status == 403 {
            let text = answer.text();
            assert_eq!(element(&text, "Code"), "RequestTimeTooSkewed");
            assert_eq!(element(&text, "MaxAllowedSkewMilliseconds"), "900000");
            let server: jiff::Timestamp = element(&text, "ServerTime").parse().unwrap();
            assert!((server.as_millisecond() - cloud.cloud.now_ms()).abs() < 60_000);
        }
    }
    let answer =
        cloud.oss("PUT", APP_BUCKET, "/a", &token).header("x-oss-date", "").at(0).send().await;
    assert_eq!(answer.refusal().0, 403);
}

#[tokio::test]
async fn an_upload_auth_writes_its_own_object_and_nothing_else() {
    let cloud = TestCloud::new();
    let (_, mine, address) = cloud.create_video().await;
    let (_, _, other) = cloud.create_video().await;
    let path = |address: &Value| format!("/{}", address["FileName"].as_str().unwrap());
    let bucket = address["Bucket"].as_str().unwrap();
    let try_out = async |method: &str, bucket: &str, path: &str, key: &Key| {
        cloud.oss(method, bucket, path, key).body("x").send().await.refusal()
    };
    let denied = (403, String::from("AccessDenied"));
    assert_eq!(try_out("PUT", bucket, &path(&address), &mine).await.0, 200);
    assert_eq!(try_out("PUT", bucket, &path(&other), &mine).await, denied);
    assert_eq!(try_out("GET", bucket, &path(&address), &mine).await, denied);
    assert_eq!(try_out("DELETE", bucket, &path(&address), &mine).await, denied);
    assert_eq!(try_out("PUT", APP_BUCKET, &path(&address), &mine).await, denied);
    let token = cloud.sts_token().await;
    assert_eq!(
        try_out("PUT", bucket, &path(&address), &token).await,
        denied,
        "VOD's bucket is VOD's"
    );
}

#[tokio::test]
async fn a_session_policy_leaves_only_what_it_allows() {
    let cloud = TestCloud::new();
    let policy = json!({
        "Version": "1",
        "Statement": [{ "Effect": "Allow", "Action": "oss:PutObject", "Resource": format!("acs:oss:*:*:{APP_BUCKET}/alice/*") }],
    });
    let answer = cloud.assume_role(json!({ "Policy": policy.to_string() })).await.json();
    let narrow = Key::of(&answer["Credentials"]);
    let put = async |path: &str| {
        cloud.oss("PUT", APP_BUCKET, path, &narrow).body("x").send().await.refusal()
    };
    assert_eq!(put("/alice/a").await.0, 200);
    assert_eq!(put("/bob/a").await, (403, "AccessDenied".into()));
    let read = cloud.oss("GET", APP_BUCKET, "/alice/a", &narrow).send().await;
    assert_eq!(read.refusal(), (403, "AccessDenied".into()));
}

#[tokio::test]
async fn no_more_is_stored_than_the_cap_allows_and_deleting_makes_room() {
    let cloud = TestCloud::new();
    let token = cloud.sts_token().await;
    let put = async |path: &str, size: u64| {
        cloud
            .oss("PUT", APP_BUCKET, path, &token)
            .body(vec![0; size as usize])
            .send()
            .await
            .refusal()
    };
    let cap = test_config().max_stored_bytes;
    assert_eq!(put("/a", cap / 2).await.0, 200);
    assert_eq!(put("/b", cap / 2 + 1).await, (507, "InsufficientStorage".into()));
    assert_eq!(put("/b", cap / 2).await.0, 200);
    assert_eq!(put("/c", 1).await, (507, "InsufficientStorage".into()));
    assert_eq!(cloud.oss("DELETE", APP_BUCKET, "/a", &token).send().await.status, 204);
    assert_eq!(put("/c", 1).await.0, 200);
}

/// A V4-signed PUT of `/a`, its scope and payload header as given.
fn v4(cloud: &TestCloud, key: &Key, date: &str, region: &str, payload: &str) -> Request<Body> {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let hmac = |key: &[u8], text: &str| {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().to_vec()
    };
    let now = jiff::Timestamp::from_millisecond(cloud.cloud.now_ms()).unwrap();
    let date = if date.is_empty() { now.strftime("%Y%m%d").to_string() } else { date.to_owned() };
    let time = now.strftime("%Y%m%dT%H%M%SZ").to_string();
    let token = key.token.as_deref().unwrap();
    let canonical = format!(
        "PUT\n/{APP_BUCKET}/a\n\nx-oss-content-sha256:{payload}\nx-oss-date:{time}\nx-oss-security-token:{token}\n\n\n{payload}"
    );
    let scope = format!("{date}/{region}/oss/aliyun_v4_request");
    let string = format!("OSS4-HMAC-SHA256\n{time}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
    let signing_key = scope
        .split('/')
        .fold(format!("aliyun_v4{}", key.secret).into_bytes(), |key, part| hmac(&key, part));
    let signature = hex(&hmac(&signing_key, &string));
    Request::put("/a")
        .header("host", format!("{APP_BUCKET}.oss-cn-shanghai.aliyuncs.com"))
        .header("x-oss-content-sha256", payload)
        .header("x-oss-date", time)
        .header("x-oss-security-token", token)
        .header(
            "authorization",
            format!("OSS4-HMAC-SHA256 Credential={}/{scope},Signature={signature}", key.id),
        )
        .body(Body::from("x"))
        .unwrap()
}

#[tokio::test]
async fn a_v4_signature_is_good_for_its_day_and_region() {
    let cloud = TestCloud::new();
    let token = cloud.sts_token().await;
    let wrong = Key { secret: "wrong".into(), ..token.clone() };
    let unsigned = "UNSIGNED-PAYLOAD";
    let cases = [
        (v4(&cloud, &token, "", "cn-shanghai", unsigned), 200, ""),
        (v4(&cloud, &wrong, "", "cn-shanghai", unsigned), 403, "SignatureDoesNotMatch"),
        (v4(&cloud, &token, "", "cn-beijing", unsigned), 400, "InvalidArgument"),
        (v4(&cloud, &token, "20200101", "cn-shanghai", unsigned), 400, "InvalidArgument"),
        (v4(&cloud, &token, "", "cn-shanghai", "0123"), 400, "InvalidArgument"),
    ];
    for (index, (request, status, code)) in cases.into_iter().enumerate() {
        let answer = cloud.send(request).await;
        assert_eq!(answer.refusal(), (status, code.to_owned()), "case {index}: {}", answer.text());
    }
    let late = v4(&cloud, &token, "", "cn-shanghai", unsigned);
    cloud.configure(json!({ "clockOffsetMs": 16 * 60_000 })).await;
    assert_eq!(cloud.send(late).await.refusal(), (403, "RequestTimeTooSkewed".into()));
}

#[tokio::test]
async fn what_is_not_built_says_so() {
    let cloud = TestCloud::new();
    let token = cloud.sts_token().await;
    for (method, path) in [("GET", "/"), ("PUT", "/a?acl="), ("POST", "/a")] {
        let answer = cloud.oss(method, APP_BUCKET, path, &token).send().await;
        assert_eq!(answer.refusal(), (501, "NotImplemented".into()), "{method} {path}");
    }
}
