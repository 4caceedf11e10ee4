//! A configuration is judged whole, before anything starts.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test may panic")]

use std::collections::HashMap;

use clap::Parser;
use upload_token_appserver::config::{Cloud, Config, Flags, Violations};

const GOOD: [(&str, &str); 4] = [
    ("ALIBABA_CLOUD_ACCESS_KEY_ID", "LTAI5tExampleExample1234"),
    ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "CANARY-secret"),
    ("ALIBABA_CLOUD_ROLE_ARN", "acs:ram::1234567890123456:role/web-upload"),
    ("UPLOAD_TOKEN_AUTH", "proxy-header:X-User"),
];

fn read(flags: &[&str], variables: &[(&str, &str)]) -> Result<Config, Violations> {
    let variables: HashMap<&str, &str> = GOOD.iter().chain(variables).copied().collect();
    let flags = Flags::parse_from([&["appserver"], flags].concat());
    Config::read(&flags, &|name| variables.get(name).map(|value| (*value).to_owned()))
}

fn broken(flags: &[&str], variables: &[(&str, &str)]) -> Vec<&'static str> {
    read(flags, variables).unwrap_err().all().iter().map(|violation| violation.setting).collect()
}

#[test]
fn four_variables_are_enough() {
    let config = read(&[], &[]).unwrap();
    let Cloud::Alibaba(account) = &config.cloud else { unreachable!("not the local cloud") };
    assert_eq!(account.sts.as_str(), "https://sts.aliyuncs.com");
    assert_eq!(account.vod.as_str(), "https://vod.cn-shanghai.aliyuncs.com");
    assert_eq!(account.role.duration_seconds, 3_600);
    assert!(
        account.role.policy.as_ref().unwrap().contains("vod:RefreshUploadVideo"),
        "least privilege by default"
    );
    assert!(config.keep_tokens);
}

#[test]
fn the_local_cloud_needs_no_variable() {
    let flags = Flags::parse_from(["appserver", "--local-cloud"]);
    assert!(matches!(Config::read(&flags, &|_| None).unwrap().cloud, Cloud::Local));
}

#[test]
fn without_any_variable_all_required_ones_are_named() {
    let flags = Flags::parse_from(["appserver"]);
    let violations = Config::read(&flags, &|_| None).unwrap_err();
    let named: Vec<_> = violations.all().iter().map(|violation| violation.setting).collect();
    assert_eq!(named, GOOD.map(|(name, _)| name));
}

#[test]
fn every_mistake_is_named_in_one_go_and_no_value_is_repeated() {
    let mistakes = [
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", "STS.CANARY"),
        ("ALIBABA_CLOUD_ROLE_ARN", "CANARY"),
        ("UPLOAD_TOKEN_REGION", "CANARY"),
        ("UPLOAD_TOKEN_MAX_SESSION_SECONDS", "43201"),
        ("UPLOAD_TOKEN_DURATION_SECONDS", "899"),
        ("UPLOAD_TOKEN_POLICY", "CANARY"),
        ("UPLOAD_TOKEN_EXTERNAL_ID", "CANARY CANARY"),
        ("UPLOAD_TOKEN_STS_ENDPOINT", "http://CANARY.example.com"),
        ("UPLOAD_TOKEN_VOD_ENDPOINT", "CANARY"),
        ("UPLOAD_TOKEN_AUTH", "bearer"),
        ("UPLOAD_TOKEN_AUTH_SECRET", "CANARY"),
        ("UPLOAD_TOKEN_ALLOWED_ORIGINS", "https://www.example.com,*,CANARY"),
        ("UPLOAD_TOKEN_REQUESTS_PER_MINUTE", "0"),
        ("UPLOAD_TOKEN_STS_PER_SECOND", "100"),
        ("UPLOAD_TOKEN_VOD_PER_SECOND", "-1"),
    ];
    let flags = ["--listen", "CANARY", "--listen-tls", "127.0.0.1:0"];
    let violations = read(&flags, &mistakes).unwrap_err();
    let mut named: Vec<_> = violations.all().iter().map(|violation| violation.setting).collect();
    let mut expected: Vec<_> = mistakes
        .map(|(name, _)| name)
        .into_iter()
        .filter(|name| *name != "UPLOAD_TOKEN_AUTH")
        .collect();
    expected.extend(["--listen", "--listen-tls"]);
    named.sort_unstable();
    expected.sort_unstable();
    assert_eq!(named, expected);
    let shown = format!("{violations}\n{violations:?}");
    assert!(!shown.contains("CANARY"), "{shown}");
    assert!(expected.iter().all(|name| shown.contains(name)));
}

#[test]
fn a_duration_may_be_as_long_as_the_role_allows_and_no_longer() {
    let longest = ("UPLOAD_TOKEN_MAX_SESSION_SECONDS", "7200");
    assert!(read(&[], &[longest, ("UPLOAD_TOKEN_DURATION_SECONDS", "7200")]).is_ok());
    assert_eq!(
        broken(&[], &[longest, ("UPLOAD_TOKEN_DURATION_SECONDS", "7201")]),
        ["UPLOAD_TOKEN_DURATION_SECONDS"]
    );
    assert_eq!(
        broken(&[], &[("UPLOAD_TOKEN_DURATION_SECONDS", "3601")]),
        ["UPLOAD_TOKEN_DURATION_SECONDS"]
    );
}

#[test]
fn the_local_cloud_answers_on_loopback_only() {
    for address in ["0.0.0.0:0", "10.0.0.1:80", "[::]:0"] {
        assert_eq!(broken(&["--local-cloud", "--listen", address], &[]), ["--listen"]);
        assert_eq!(broken(&["--local-cloud", "--listen-tls", address], &[]), ["--listen-tls"]);
        assert!(read(&["--listen", address], &[]).is_ok(), "behind a proxy, with an account");
    }
    assert!(read(&["--local-cloud", "--listen", "[::1]:0"], &[]).is_ok());
}

#[test]
fn who_is_asking_must_be_decided() {
    for how in ["", "none", "proxy-header:", "proxy-header:two words", "basic"] {
        assert_eq!(broken(&[], &[("UPLOAD_TOKEN_AUTH", how)]), ["UPLOAD_TOKEN_AUTH"], "{how:?}");
    }
    assert_eq!(broken(&[], &[("UPLOAD_TOKEN_AUTH", "bearer")]), ["UPLOAD_TOKEN_AUTH_SECRET"]);
    assert_eq!(
        broken(&[], &[("UPLOAD_TOKEN_TRUSTED_PROXIES", "10.0.0.7, proxy")]),
        ["UPLOAD_TOKEN_TRUSTED_PROXIES"]
    );
}

#[test]
fn a_configuration_can_be_printed() {
    let secret = ("UPLOAD_TOKEN_AUTH_SECRET", "CANARY-0123456789abcdef0123456789");
    let config = read(&[], &[("UPLOAD_TOKEN_AUTH", "bearer"), secret]).unwrap();
    let shown = format!("{config:?} {config:#?}");
    assert!(shown.contains("LTAI5tExampleExample1234") && !shown.contains("CANARY"), "{shown}");
}
