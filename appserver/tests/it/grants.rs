//! What the operator decides about users in STS mode, where pages call VOD and OSS themselves: whether, with which role,
//! for how long, and what the token allows.

use crate::support::{ROLE, Site, json_of};
use serde_json::{Value, json};

const GRANTS: &str = r#"
[[grants]]
endpoint = "sts"
users = ["mallory"]
deny = true

[[grants]]
endpoint = "sts"
groups = ["staff"]
role_arn = "acs:ram::1234567890123456:role/staff-upload"
duration_seconds = 900
policy = '{"Version":"1","Statement":[{"Effect":"Allow","Action":"oss:PutObject","Resource":"acs:oss:*:*:b/${user}/*"}]}'

[[grants]]
endpoint = "sts"
groups = ["guest"]

[[grants]]
endpoint = "upload-auth"
users = ["mallory"]
"#;

struct Granting {
    site: Site,
    file: std::path::PathBuf,
}

impl Drop for Granting {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.file);
    }
}

impl Granting {
    async fn start(name: &str) -> Self {
        let file = std::env::temp_dir().join(format!("upload-token-{name}-{}", std::process::id()));
        std::fs::write(&file, GRANTS).unwrap();
        let flags = ["--config", file.to_str().unwrap()];
        let site = Site::with_flags(&flags, &[("UPLOAD_TOKEN_GROUPS_HEADER", "X-Groups")]).await;
        Self { site, file }
    }

    async fn token(&self, user: &str, groups: &str) -> (u16, Value) {
        let request = self.site.post("/api/sts").header("x-user", user).header("x-groups", groups);
        json_of(request.send().await.unwrap()).await
    }
}

fn life(reply: &Value) -> i64 {
    let at = |name: &str| reply[name].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    (at("Expiration").as_second() - at("ServerTime").as_second()).abs()
}

#[tokio::test]
async fn each_group_gets_its_role_its_policy_and_its_time() {
    let granting = Granting::start("groups").await;
    let (status, staff) = granting.token("alice", "staff").await;
    assert_eq!(status, 200, "{staff}");
    assert!((899..=901).contains(&life(&staff)), "{staff}");
    let (status, guest) = granting.token("bob", "guest, other").await;
    assert_eq!(status, 200, "{guest}");
    assert!((3_599..=3_601).contains(&life(&guest)), "{guest}");
    let told = granting.site.told("AssumeRole").await;
    assert_eq!(told[0]["RoleArn"], "acs:ram::1234567890123456:role/staff-upload");
    assert!(told[0]["Policy"].as_str().unwrap().contains("b/alice/*"), "{told:?}");
    assert_eq!(told[1]["RoleArn"], ROLE);
    assert!(told[1]["Policy"].as_str().unwrap().contains("vod:CreateUploadVideo"), "{told:?}");
}

#[tokio::test]
async fn whoever_may_not_is_told_so_and_costs_no_call() {
    let granting = Granting::start("nobody").await;
    for (user, groups, cause) in [
        ("mallory", "staff", "the grant that fits denies"),
        ("carol", "", "no grant fits this user"),
    ] {
        let (status, reply) = granting.token(user, groups).await;
        assert_eq!((status, &reply["ErrorCode"]), (403, &json!("Forbidden")), "{user}");
        assert_eq!(granting.site.audit().last().unwrap()["cause"], cause);
    }
    assert_eq!(granting.site.seen("AssumeRole").await, 0);
}

#[tokio::test]
async fn the_modes_have_lists_of_their_own() {
    let granting = Granting::start("modes").await;
    let fields = json!({ "fileName": "a.mp4" });
    assert_eq!(granting.site.upload_auth("mallory", fields.clone()).await.status(), 200);
    assert_eq!(granting.site.upload_auth("alice", fields).await.status(), 403);
}

#[tokio::test]
async fn a_user_who_changes_groups_gets_another_token() {
    let granting = Granting::start("change").await;
    let (_, staff) = granting.token("alice", "staff").await;
    let (_, guest) = granting.token("alice", "guest").await;
    assert_ne!(staff["AccessKeyId"], guest["AccessKeyId"]);
    let (_, again) = granting.token("alice", "staff").await;
    assert_eq!(staff["AccessKeyId"], again["AccessKeyId"]);
}
