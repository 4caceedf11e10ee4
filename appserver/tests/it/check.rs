//! `--check`, against an account with every mistake in turn.

use crate::{
    jwt::Issuer,
    support::{KEY_SECRET, ROOT_KEY, Site, account_at},
};
use axum::http::StatusCode;
use clap::Parser;
use upload_token_appserver::{
    check::{Finding, check},
    config::{Config, Environment, Flags},
};

/// What is found with `changed` in place of what is right, one a line.
async fn found(cloud: &Site, changed: &[(&str, &str)]) -> (Vec<Finding>, String) {
    let mut environment: Environment =
        account_at(&cloud.url).into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    for (name, value) in changed {
        environment.insert((*name).to_owned(), (*value).to_owned());
    }
    let config = Config::read(&Flags::parse_from(["appserver", "--check"]), &environment).unwrap();
    let found = check(&config).await;
    let text = found.iter().map(|finding| format!("{finding}\n")).collect();
    (found, text)
}

#[tokio::test]
async fn an_account_that_works_is_right() {
    let cloud = Site::local(&[], &[]).await;
    let (found, text) = found(&cloud, &[]).await;
    assert!(!found.iter().any(Finding::is_wrong), "{text}");
    assert!(text.contains("is acs:ram::1234567890123456:user/"), "{text}");
    assert_eq!(
        text.matches("STS issues tokens of").count(),
        2,
        "a policy for pages, one for itself: {text}"
    );
    assert!(!text.contains("CANARY"), "{text}");
}

#[tokio::test]
async fn each_mistake_is_told_with_what_to_do() {
    let cloud = Site::local(&[], &[]).await;
    let wrong = "acs:ram::1234567890123456:role/misspelt";
    let secret = "ALIBABA_CLOUD_ACCESS_KEY_SECRET";
    let cases: [(&[(&str, &str)], &str); 6] = [
        (&[(secret, "CANARY-wrong")], "secret does not belong"),
        (&[("ALIBABA_CLOUD_ACCESS_KEY_ID", "LTAI5tNobody")], "there is no such AccessKey"),
        (
            &[("ALIBABA_CLOUD_ACCESS_KEY_ID", ROOT_KEY.0), (secret, ROOT_KEY.1)],
            "is the account's own",
        ),
        (&[("ALIBABA_CLOUD_ROLE_ARN", wrong)], "role/misspelt, for 3600 s"),
        (&[("UPLOAD_TOKEN_STS_ENDPOINT", "http://127.0.0.1:9")], "cannot be reached"),
        (
            &[
                ("UPLOAD_TOKEN_STORE", "redis://127.0.0.1:9"),
                ("UPLOAD_TOKEN_STORE_KEYS", "0123456789abcdef0123456789abcdef"),
            ],
            "the store redis://127.0.0.1:9/0: ",
        ),
    ];
    for (changed, said) in cases {
        let (found, text) = found(&cloud, changed).await;
        let wrong = found.iter().filter(|finding| finding.is_wrong());
        assert!(wrong.map(ToString::to_string).any(|line| line.contains(said)), "{said}: {text}");
        assert!(!text.contains("CANARY") && !text.contains(KEY_SECRET), "{text}");
    }
}

#[tokio::test]
async fn a_policy_that_sts_cannot_read_is_told() {
    let cloud = Site::local(&[], &[]).await;
    let policy = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"vod:*","Resource":"*","Condition":{"No":{"a":"b"}}}]}"#;
    let (_, text) = found(&cloud, &[("UPLOAD_TOKEN_POLICY", policy)]).await;
    assert!(text.contains("WRONG") && text.contains("with its policy: "), "{text}");
}

#[tokio::test]
async fn an_issuer_whose_keys_cannot_be_read_is_told() {
    let cloud = Site::local(&[], &[]).await;
    let issuer = Issuer::start(StatusCode::OK).await;
    let settings = issuer.settings();
    let mut settings: Vec<_> = settings.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let (right, text) = found(&cloud, &settings).await;
    assert!(!right.iter().any(Finding::is_wrong), "{text}");
    issuer.answer(StatusCode::NOT_FOUND);
    let (_, text) = found(&cloud, &settings).await;
    assert!(text.contains(&format!("WRONG  {}: it answered 404", issuer.url)), "{text}");
    settings.push(("UPLOAD_TOKEN_JWT_KEYS_URL", "http://127.0.0.1:9/keys"));
    let (wrong, text) = found(&cloud, &settings).await;
    assert!(wrong.iter().any(Finding::is_wrong), "{text}");
    assert!(text.contains("WRONG  http://127.0.0.1:9/keys: it cannot be reached"), "{text}");
}

#[tokio::test]
async fn a_lender_that_is_down_is_told_and_not_taken_for_the_cloud() {
    let cloud = Site::local(&[], &[]).await;
    let settings = [
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", ""),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", ""),
        ("ALIBABA_CLOUD_CREDENTIALS_URI", "http://127.0.0.1:9/CANARY"),
    ];
    let (_, text) = found(&cloud, &settings).await;
    let of = "WRONG  there is no key of LentKeys(UriLender(\"http://127.0.0.1:9\")): it cannot be reached";
    assert!(text.contains(of) && !text.contains("CANARY"), "{text}");
}
