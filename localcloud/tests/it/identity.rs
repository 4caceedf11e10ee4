//! STS: who a caller is, and whom a role trusts.

use serde_json::json;
use upload_token_localcloud::Role;

use crate::client::{Key, STS, TestCloud, test_config};

#[tokio::test]
async fn a_caller_is_told_who_it_is() {
    let cloud = TestCloud::new();
    let who = async |key: &Key| {
        let params = cloud.params("2015-04-01", "GetCallerIdentity", key, json!({}));
        cloud.rpc(STS, params, &key.secret).await.json()
    };
    let user = who(&Key::long_lived()).await;
    assert_eq!(
        (&user["IdentityType"], &user["AccountId"]),
        (&json!("RAMUser"), &json!("1234567890123456"))
    );
    assert!(user["Arn"].as_str().unwrap().starts_with("acs:ram::1234567890123456:user/"));
    let root = Key { id: "LTAI5tRoot".into(), secret: "root-secret-canary".into(), token: None };
    let root = who(&root).await;
    assert_eq!(
        (&root["IdentityType"], &root["Arn"]),
        (&json!("Account"), &json!("acs:ram::1234567890123456:root"))
    );
    let narrow = json!({ "Policy": r#"{"Version":"1","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}"# });
    let token = Key::of(&cloud.assume_role(narrow).await.json()["Credentials"]);
    let role = who(&token).await;
    assert_eq!(role["IdentityType"], "AssumedRoleUser", "it needs no permission");
    assert_eq!(role["Arn"], "acs:ram::1234567890123456:assumed-role/web-upload/alice");
    assert!(role["RoleId"].is_string() && role.get("UserId").is_none());
}

#[tokio::test]
async fn a_role_assumes_another_that_names_it() {
    let first = test_config().roles[0].clone();
    let second = "acs:ram::1234567890123456:role/second";
    let trusting = |trusts: &[&str]| Role {
        arn: second.into(),
        trusts: Some(trusts.iter().map(|one| (*one).to_owned()).collect()),
        ..first.clone()
    };
    for (trusts, status) in [(&[first.arn.as_str()][..], 200), (&[], 403), (&[second], 403)] {
        let mut config = test_config();
        config.roles.push(trusting(trusts));
        let cloud = TestCloud::with(config);
        let token = cloud.sts_token().await;
        let own = json!({ "RoleArn": second, "RoleSessionName": "alice" });
        let params = cloud.params("2015-04-01", "AssumeRole", &token, own);
        assert_eq!(cloud.rpc(STS, params, &token.secret).await.refusal().0, status, "{trusts:?}");
    }
}
