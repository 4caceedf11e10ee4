//! What the cloud refuses and a stand-in would rather not hear of: each was a 200 once, or a refusal of what is right.

use serde_json::{Value, json};

use upload_token_localcloud::Role;

use crate::client::{APP_BUCKET, Key, ROLE, TestCloud, element, get, signed_query, test_config};

fn refused(answer: &crate::client::Answer) -> (u16, String) {
    (answer.status, element(&answer.text(), "Code"))
}

#[tokio::test]
async fn what_oss_does_beside_storing_is_not_pretended() {
    let cloud = TestCloud::new();
    let key = cloud.sts_token().await;
    let put = |path: &'static str| cloud.oss("PUT", APP_BUCKET, path, &key).body("bytes");
    for (name, value) in [
        ("x-oss-copy-source", "/other/key"),
        ("x-oss-object-acl", "public-read"),
        ("x-oss-tagging", "a=b"),
        ("x-oss-callback", "e30="),
        ("x-oss-storage-class", "IA"),
    ] {
        let answer = put("/a").header(name, value).send().await;
        assert_eq!(refused(&answer), (501, "NotImplemented".into()), "{name}");
    }
    for path in ["/a?symlink", "/a?append&position=0", "/a?x-oss-process=style"] {
        assert_eq!(refused(&put(path).send().await), (501, "NotImplemented".into()), "{path}");
    }
    let upload = cloud.initiate(APP_BUCKET, "b", &key).await;
    let path = format!("/b?partNumber=1&uploadId={upload}");
    let copy = cloud.oss("PUT", APP_BUCKET, &path, &key).header("x-oss-copy-source", "/other/key");
    assert_eq!(copy.send().await.status, 501, "UploadPartCopy");
    assert_eq!(put("/a").send().await.status, 200);
}

#[tokio::test]
async fn an_object_is_not_replaced_against_the_will_of_whoever_writes() {
    let cloud = TestCloud::new();
    let key = cloud.sts_token().await;
    let put = || {
        let put = cloud.oss("PUT", APP_BUCKET, "/a", &key).body("bytes");
        put.header("x-oss-forbid-overwrite", "true").send()
    };
    assert_eq!(put().await.status, 200);
    assert_eq!(refused(&put().await), (409, "FileAlreadyExists".into()));
    let start = cloud.oss("POST", APP_BUCKET, "/a?uploads=", &key);
    let start = start.header("x-oss-forbid-overwrite", "true").send().await;
    assert_eq!(refused(&start), (409, "FileAlreadyExists".into()));
}

#[tokio::test]
async fn what_is_said_of_an_object_comes_back_with_it_and_conditions_are_kept() {
    let cloud = TestCloud::new();
    let key = cloud.sts_token().await;
    let put = cloud.oss("PUT", APP_BUCKET, "/a", &key).body("bytes");
    let put = put.header("x-oss-meta-by", "alice").header("cache-control", "max-age=60");
    let etag = put.send().await.header("etag").unwrap().to_owned();
    let ask = |method: &'static str| cloud.oss(method, APP_BUCKET, "/a", &key);
    for method in ["GET", "HEAD"] {
        let answer = ask(method).send().await;
        assert_eq!(answer.header("x-oss-meta-by"), Some("alice"), "{method}");
        assert_eq!(answer.header("cache-control"), Some("max-age=60"), "{method}");
        assert_eq!(ask(method).header("if-none-match", &etag).send().await.status, 304);
        assert_eq!(ask(method).header("if-none-match", "\"other\"").send().await.status, 200);
        assert_eq!(ask(method).header("if-match", &etag).send().await.status, 200);
        assert_eq!(ask(method).header("if-match", "\"other\"").send().await.status, 412);
    }
}

#[tokio::test]
async fn a_bucket_is_found_in_its_own_region_only() {
    let cloud = TestCloud::new();
    let key = cloud.sts_token().await;
    let through = |host: &str| {
        let request = cloud.oss("PUT", APP_BUCKET, "/a", &key).body("bytes").sign();
        let (mut head, body) = request.into_parts();
        head.headers.insert("host", format!("{APP_BUCKET}.{host}").parse().unwrap());
        cloud.send(axum::extract::Request::from_parts(head, body))
    };
    let wrong = through("oss-cn-beijing.aliyuncs.com").await;
    assert_eq!(refused(&wrong), (403, "AccessDenied".into()));
    assert_eq!(element(&wrong.text(), "Endpoint"), "oss-cn-shanghai.aliyuncs.com");
    assert_eq!(through("oss-cn-shanghai.aliyuncs.com").await.status, 200);
}

#[tokio::test]
async fn a_video_is_found_in_its_own_region_only_and_no_region_is_made_up() {
    let cloud = TestCloud::new();
    let (video, _, _) = cloud.create_video().await;
    let long = Key::long_lived();
    let ask = |host: &'static str| {
        let own = json!({ "VideoId": video["VideoId"] });
        let params = cloud.params("2017-03-21", "RefreshUploadVideo", &long, own);
        cloud.rpc(host, params, &long.secret)
    };
    let elsewhere = ask("vod.ap-southeast-1.aliyuncs.com").await;
    assert_eq!(elsewhere.refusal(), (404, "InvalidVideo.NotFound".into()));
    assert_eq!(ask("vod.cn-shanghai.aliyuncs.com").await.status, 200);
    assert_eq!(
        cloud.send(get("vod.cn-nowhere.aliyuncs.com", "/")).await.text(),
        "no such host in this cloud\n"
    );
}

#[tokio::test]
async fn parameters_that_vod_looks_at_are_looked_at() {
    let cloud = TestCloud::new();
    for (own, status, code) in [
        (json!({ "FileName": "a.exe" }), 400, "InvalidFileName.Extension"),
        (json!({ "FileName": "a.docx" }), 400, "InvalidFileName.Extension"),
        (json!({ "FileName": "A.MP4" }), 200, ""),
        (json!({ "FileName": "a\n.mp4" }), 400, "IllegalCharacters"),
        (json!({ "Title": "a\u{0}" }), 400, "IllegalCharacters"),
        (json!({ "FileSize": "big" }), 400, "InvalidParameter"),
        (json!({ "FileSize": "1024" }), 200, ""),
        (json!({ "UserData": "no json" }), 400, "InvalidParameter"),
        (
            json!({ "UserData": json!({ "k": "x".repeat(1_024) }).to_string() }),
            400,
            "InvalidParameter",
        ),
        (json!({ "UserData": "{\"k\":1}" }), 200, ""),
        (json!({ "CateId": "77" }), 404, "InvalidCateId.NotFound"),
        (json!({ "CateId": "7" }), 200, ""),
        (json!({ "WorkflowId": "x" }), 404, "InvalidWorkflowId.NotFound"),
        (json!({ "AppId": "app-2" }), 404, "InvalidAppId.NotFound"),
        (json!({ "AppId": "app-1000000" }), 200, ""),
        (json!({ "ReferenceId": "r1" }), 200, ""),
        (json!({ "ReferenceId": "r1" }), 400, "InvalidReferenceId.Duplicate"),
    ] {
        let mut all = json!({ "FileName": "a.mp4", "Title": "a" });
        all.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
        let answer = cloud.vod("CreateUploadVideo", &Key::long_lived(), all).await;
        assert_eq!(answer.refusal(), (status, code.to_owned()), "{own}");
    }
}

#[tokio::test]
async fn what_vod_was_told_can_be_read() {
    let cloud = TestCloud::new();
    let long = Key::long_lived();
    let own = json!({ "FileName": "a.mp4", "Title": "t", "Tags": "a,b", "CateId": "7", "ReferenceId": "mine" });
    let created = cloud.vod("CreateUploadVideo", &long, own).await.json();
    let by_reference = json!({ "ReferenceId": "mine" });
    let info = cloud.vod("GetVideoInfo", &long, by_reference.clone()).await.json();
    for (name, value) in [("Title", "t"), ("Tags", "a,b"), ("CateId", "7"), ("Status", "Uploading")]
    {
        assert_eq!(info["Video"][name], value, "{name}");
    }
    assert_eq!(info["Video"]["VideoId"], created["VideoId"]);
    let renewed = cloud.vod("RefreshUploadVideo", &long, by_reference).await.json();
    assert_eq!(renewed["VideoId"], created["VideoId"]);
    let log = cloud.log().await;
    assert_eq!(log[0]["params"]["Tags"], "a,b");
    assert!(!Value::Array(log).to_string().contains(&long.secret));
}

#[tokio::test]
async fn attached_media_have_an_id_and_urls() {
    let cloud = TestCloud::new();
    let long = Key::long_lived();
    let own = json!({ "BusinessType": "subtitle", "MediaExt": "srt", "Title": "t" });
    let body = cloud.vod("CreateUploadAttachedMedia", &long, own).await.json();
    assert!(body["MediaURL"].as_str().unwrap().ends_with(".srt"), "{body}");
    assert_eq!(body["MediaId"].as_str().unwrap().len(), 32);
    for (own, code) in [
        (json!({}), "MissingBusinessType"),
        (json!({ "BusinessType": "trailer" }), "InvalidParameter"),
        (json!({ "BusinessType": "subtitle", "MediaExt": "mp4" }), "InvalidParameter"),
    ] {
        let answer = cloud.vod("CreateUploadAttachedMedia", &long, own.clone()).await;
        assert_eq!(answer.refusal(), (400, code.to_owned()), "{own}");
    }
}

#[tokio::test]
async fn a_url_has_an_end() {
    let cloud = TestCloud::new();
    let long = Key::long_lived();
    let policy = |length: usize| {
        let allowed = json!({ "Version": "1", "Statement":
            [{ "Effect": "Allow", "Action": "vod:*", "Resource": "策".repeat(length) }] });
        json!({ "RoleArn": ROLE, "RoleSessionName": "alice", "Policy": allowed.to_string() })
    };
    let by_get = |own: Value| {
        let params = cloud.params("2015-04-01", "AssumeRole", &long, own);
        let query = signed_query("GET", params, &long.secret);
        cloud.send(get("sts.aliyuncs.com", &format!("/?{query}")))
    };
    assert_eq!(by_get(policy(100)).await.status, 200);
    assert_eq!(by_get(policy(600)).await.status, 414);
    let params = cloud.params("2015-04-01", "AssumeRole", &long, policy(600));
    let posted = signed_query("POST", params, &long.secret);
    let request = axum::extract::Request::post("/")
        .header("host", "sts.aliyuncs.com")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(axum::body::Body::from(posted))
        .unwrap();
    assert_eq!(cloud.send(request).await.status, 200);
}

#[tokio::test]
async fn a_policy_is_read_as_ram_reads_it() {
    let cloud = TestCloud::new();
    let status = async |statement: Value| {
        let policy = json!({ "Version": "1", "Statement": [statement] }).to_string();
        let answer = cloud.assume_role(json!({ "Policy": policy })).await;
        if answer.status != 200 {
            return answer.status;
        }
        let key = Key::of(&answer.json()["Credentials"]);
        cloud.oss("PUT", APP_BUCKET, "/users/alice/a", &key).body("x").send().await.status
    };
    let on = |resource: &str| json!({ "Effect": "Allow", "Action": "oss:PutObject", "Resource": resource });
    for resource in [
        "acs:oss:*:*:web-upload-app/users/alice/*",
        "acs:oss:cn-shanghai:1234567890123456:web-upload-app/*",
        "acs:oss:oss-cn-shanghai:1234567890123456:web-upload-app/*",
        "acs:oss:*:*:web-upload-???/*",
    ] {
        assert_eq!(status(on(resource)).await, 200, "{resource}");
    }
    for resource in [
        "acs:oss:*:*:web-upload-app/users/bob/*",
        "acs:oss:cn-beijing:*:web-upload-app/*",
        "acs:oss:*:1:*",
    ] {
        assert_eq!(status(on(resource)).await, 403, "{resource}");
    }
    let mut from_elsewhere = on("*");
    from_elsewhere["Condition"] = json!({ "IpAddress": { "acs:SourceIp": "203.0.113.0/24" } });
    assert_eq!(status(from_elsewhere).await, 403);
    let mut unknown = on("*");
    unknown["Condition"] = json!({ "StringEquals": { "acs:MFAPresent": "true" } });
    assert_eq!(status(unknown).await, 501, "a 200 for it would be a lie");
}

#[tokio::test]
async fn a_role_trusts_whom_it_trusts() {
    let trusts = Some(vec![String::from("LTAI5tOther")]);
    let role = Role { arn: ROLE.into(), max_session: 3600, trusts, external_id: None };
    let config = upload_token_localcloud::Config { roles: vec![role], ..test_config() };
    let cloud = TestCloud::with(config);
    assert_eq!(cloud.assume_role(json!({})).await.refusal(), (403, "NoPermission".into()));
}
