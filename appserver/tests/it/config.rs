//! A configuration is judged whole, before anything starts.

use clap::Parser;
use upload_token_appserver::{
    config::{Account, Cloud, Config, Environment, Flags, Violations},
    grants::Purpose,
    sts::Role,
};

const GOOD: [(&str, &str); 6] = [
    ("ALIBABA_CLOUD_ACCESS_KEY_ID", "LTAI5tExampleExample1234"),
    ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "CANARY-secret"),
    ("ALIBABA_CLOUD_ROLE_ARN", "acs:ram::1234567890123456:role/web-upload"),
    ("UPLOAD_TOKEN_AUTH", "proxy-header:X-User"),
    ("UPLOAD_TOKEN_ENDPOINTS", "sts,upload-auth"),
    ("UPLOAD_TOKEN_TICKET_KEYS", "CANARY-0123456789abcdef0123456789"),
];

fn environment(pairs: &[(&str, &str)]) -> Environment {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

pub(crate) fn read(flags: &[&str], variables: &[(&str, &str)]) -> Result<Config, Violations> {
    let flags = Flags::parse_from([&["appserver"], flags].concat());
    Config::read(&flags, &environment(&[&GOOD, variables].concat()))
}

fn broken(flags: &[&str], variables: &[(&str, &str)]) -> Vec<String> {
    let violations = read(flags, variables).unwrap_err();
    violations.all().iter().map(|violation| violation.setting.clone()).collect()
}

fn broken_by(variables: &[(&str, &str)]) -> Vec<String> {
    let violations =
        Config::read(&Flags::parse_from(["appserver"]), &environment(variables)).unwrap_err();
    violations.all().iter().map(|violation| violation.setting.clone()).collect()
}

fn account(config: &Config) -> &Account {
    match &config.cloud {
        Cloud::Alibaba(account) => account,
        Cloud::Local => unreachable!("not the local cloud"),
    }
}

fn role(account: &Account, purpose: Purpose) -> &Role {
    let rule = account.grants.rules().iter().find(|rule| rule.purpose == purpose).unwrap();
    rule.role.as_ref().unwrap()
}

#[test]
fn six_variables_are_enough() {
    let config = read(&[], &[]).unwrap();
    let account = account(&config);
    assert_eq!(account.sts.as_str(), "https://sts.aliyuncs.com");
    assert_eq!(account.vod.as_str(), "https://vod.cn-shanghai.aliyuncs.com");
    let policy = |purpose| role(account, purpose).policy.clone().unwrap();
    assert_eq!(role(account, Purpose::Page).duration_seconds, 3_600);
    assert!(policy(Purpose::Page).contains("vod:RefreshUploadVideo"), "least privilege by default");
    assert!(!policy(Purpose::Page).contains("AttachedMedia"));
    assert!(policy(Purpose::Server).contains("vod:CreateUploadAttachedMedia"));
    assert!(config.keep_tokens);
}

#[test]
fn sts_is_asked_near_the_region() {
    let config = read(&[], &[("UPLOAD_TOKEN_REGION", "ap-southeast-1")]).unwrap();
    assert_eq!(account(&config).sts.as_str(), "https://sts.ap-southeast-1.aliyuncs.com");
}

#[test]
fn the_local_cloud_needs_no_variable() {
    let flags = Flags::parse_from(["appserver", "--local-cloud"]);
    assert!(matches!(Config::read(&flags, &Environment::new()).unwrap().cloud, Cloud::Local));
}

#[test]
fn without_any_variable_all_required_ones_are_named() {
    let flags = Flags::parse_from(["appserver"]);
    let violations = Config::read(&flags, &Environment::new()).unwrap_err();
    let mut named: Vec<_> = violations.all().iter().map(|one| one.setting.as_str()).collect();
    let mut needed = GOOD
        .map(|(name, _)| name)
        .into_iter()
        .filter(|name| !name.ends_with("KEYS"))
        .collect::<Vec<_>>();
    named.sort_unstable();
    needed.sort_unstable();
    assert_eq!(named, needed);
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
        ("UPLOAD_TOKEN_UPLOAD_AUTH_POLICY", "CANARY"),
        ("UPLOAD_TOKEN_ENDPOINTS", "upload-auth,CANARY"),
        ("UPLOAD_TOKEN_TICKET_KEYS", "CANARY"),
        ("UPLOAD_TOKEN_PUBLIC_ORIGINS", "https://*.CANARY.example.com"),
        ("UPLOAD_TOKEN_TRUSTED_PROXIES", "0.0.0.0/0"),
        ("UPLOAD_TOKEN_VOD_MAX_BYTES", "CANARY"),
        ("UPLOAD_TOKEN_EXTERNAL_ID", "CANARY CANARY"),
        ("UPLOAD_TOKEN_STS_ENDPOINT", "http://CANARY.example.com"),
        ("UPLOAD_TOKEN_VOD_ENDPOINT", "CANARY"),
        ("UPLOAD_TOKEN_AUTH", "proxy-header:Cookie"),
        ("UPLOAD_TOKEN_ALLOWED_ORIGINS", "https://www.example.com,*,CANARY"),
        ("UPLOAD_TOKEN_REQUESTS_PER_MINUTE", "0"),
        ("UPLOAD_TOKEN_STS_PER_SECOND", "100"),
        ("UPLOAD_TOKEN_VOD_PER_SECOND", "-1"),
    ];
    let flags = ["--listen", "CANARY", "--listen-tls", "127.0.0.1:0"];
    let violations = read(&flags, &mistakes).unwrap_err();
    let mut named: Vec<_> = violations.all().iter().map(|one| one.setting.as_str()).collect();
    let mut expected: Vec<_> = mistakes.map(|(name, _)| name).to_vec();
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
    for how in ["", "none", "proxy-header:", "proxy-header:two words", "proxy-header:Host", "basic"]
    {
        assert_eq!(broken(&[], &[("UPLOAD_TOKEN_AUTH", how)]), ["UPLOAD_TOKEN_AUTH"], "{how:?}");
    }
    assert_eq!(broken(&[], &[("UPLOAD_TOKEN_AUTH", "bearer")]), ["UPLOAD_TOKEN_AUTH_SECRET"]);
    let violations = read(&[], &[("UPLOAD_TOKEN_TRUSTED_PROXIES", "10.0.0.7, proxy")]).unwrap_err();
    assert!(violations.to_string().contains("(item 2)"), "{violations}");
}

#[test]
fn a_configuration_can_be_printed() {
    let secret = ("UPLOAD_TOKEN_AUTH_SECRET", "CANARY-0123456789abcdef0123456789");
    let config = read(&[], &[("UPLOAD_TOKEN_AUTH", "bearer"), secret]).unwrap();
    let shown = format!("{config:?} {config:#?}");
    assert!(shown.contains("LTAI5tExampleExample1234") && !shown.contains("CANARY"), "{shown}");
}

#[test]
fn a_variable_that_does_nothing_is_told() {
    for name in
        ["UPLOAD_TOKEN_REQUEST_PER_MINUTE", "UPLOAD_TOKEN_DURATION", "UPLOAD_TOKEN_AUTH_SECRET"]
    {
        assert_eq!(broken(&[], &[(name, "CANARY")]), [name]);
    }
}

#[test]
fn flags_that_do_nothing_are_told() {
    assert_eq!(broken(&["--tls-certificate", "x.pem"], &[]), ["--tls-certificate"]);
    let local = ["--local-cloud", "--www", "/does/not/exist"];
    assert_eq!(broken(&local, &[]), ["--www"]);
    assert_eq!(broken(&["--www", "."], &[]), ["--www"], "files are for the demo");
}

#[test]
fn uploads_of_an_account_need_a_ticket_key_and_tokens_do_not() {
    let mut few = GOOD[..5].to_vec();
    assert_eq!(broken_by(&few), ["UPLOAD_TOKEN_TICKET_KEYS"]);
    few.push(("UPLOAD_TOKEN_ENDPOINTS", "sts"));
    assert!(Config::read(&Flags::parse_from(["appserver"]), &environment(&few)).is_ok());
}

#[test]
fn an_upload_auth_policy_without_vod_serves_nobody() {
    let oss = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"oss:*","Resource":"*"}]}"#;
    let policy = ("UPLOAD_TOKEN_UPLOAD_AUTH_POLICY", oss);
    assert_eq!(broken(&[], &[policy]), ["UPLOAD_TOKEN_UPLOAD_AUTH_POLICY"]);
}

#[test]
fn a_protection_that_is_named_and_empty_is_a_mistake() {
    let file = std::env::temp_dir().join(format!("upload-token-empty-{}", std::process::id()));
    std::fs::write(&file, "\n").unwrap();
    let path = file.to_str().unwrap();
    for (name, text) in [
        ("UPLOAD_TOKEN_PROXY_SECRET", ""),
        ("UPLOAD_TOKEN_PROXY_SECRET", " , "),
        ("UPLOAD_TOKEN_PROXY_SECRET_FILE", ""),
        ("UPLOAD_TOKEN_PROXY_SECRET_FILE", path),
        ("UPLOAD_TOKEN_TICKET_KEYS", ""),
        ("UPLOAD_TOKEN_STORE", ""),
        ("UPLOAD_TOKEN_VOD_EXTENSIONS", ""),
        ("UPLOAD_TOKEN_VOD_MAX_BYTES", " "),
    ] {
        assert_eq!(broken(&[], &[(name, text)]), [name], "{text:?}");
    }
    std::fs::remove_file(&file).unwrap();
    assert!(read(&[], &[("UPLOAD_TOKEN_GROUPS_HEADER", "")]).is_ok(), "no protection");
}

#[test]
fn keys_in_a_file_stand_one_a_line_too() {
    let (one, two) = ("0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210");
    let file = std::env::temp_dir().join(format!("upload-token-keys-{}", std::process::id()));
    std::fs::write(&file, format!("{one}\r\n{two}\n")).unwrap();
    let store = ["--store", "redis://127.0.0.1"];
    let keys = |variable| read(&store, &[variable]).unwrap().store.unwrap().keys.len();
    assert_eq!(keys(("UPLOAD_TOKEN_STORE_KEYS_FILE", file.to_str().unwrap())), 2);
    std::fs::remove_file(&file).unwrap();
    let spaced = format!("{one} {two}");
    let spaced = ("UPLOAD_TOKEN_STORE_KEYS", spaced.as_str());
    assert_eq!(broken(&store, &[spaced]), ["UPLOAD_TOKEN_STORE_KEYS"], "one key or two?");
}

#[test]
fn what_kubernetes_says_of_services_is_no_setting_of_ours() {
    let told = [
        ("UPLOAD_TOKEN_SERVICE_HOST", "10.0.0.11"),
        ("UPLOAD_TOKEN_SERVICE_PORT", "8787"),
        ("UPLOAD_TOKEN_SERVICE_PORT_HTTP", "8787"),
        ("UPLOAD_TOKEN_PORT", "tcp://10.0.0.11:8787"),
        ("UPLOAD_TOKEN_PORT_8787_TCP", "tcp://10.0.0.11:8787"),
        ("UPLOAD_TOKEN_PORT_8787_TCP_PROTO", "tcp"),
        ("UPLOAD_TOKEN_PORT_8787_TCP_PORT", "8787"),
        ("UPLOAD_TOKEN_PORT_8787_TCP_ADDR", "10.0.0.11"),
        ("UPLOAD_TOKEN_STORE_SERVICE_HOST", "10.0.0.12"),
        ("UPLOAD_TOKEN_STORE_PORT", "udp://10.0.0.12:6379"),
    ];
    assert!(read(&[], &told).is_ok(), "{:?}", broken(&[], &told));
    for guess in [("UPLOAD_TOKEN_PORT", "8787"), ("UPLOAD_TOKEN_SERVICE", "x")] {
        assert_eq!(broken(&[], &[guess]), [guess.0]);
    }
}

#[test]
fn a_header_that_everybody_sends_names_no_user() {
    for name in [
        "Accept-Language",
        "Content-Length",
        "Sec-Fetch-Site",
        "X-Forwarded-For",
        "X-Real-IP",
        "If-None-Match",
        "Proxy-Authorization",
        "Connection",
    ] {
        let how = format!("proxy-header:{name}");
        assert_eq!(broken(&[], &[("UPLOAD_TOKEN_AUTH", &how)]), ["UPLOAD_TOKEN_AUTH"], "{name}");
    }
    for name in ["X-Forwarded-User", "Remote-User", "X-Auth-Request-Email", "Cf-Access-Id"] {
        let how = format!("proxy-header:{name}");
        assert!(read(&[], &[("UPLOAD_TOKEN_AUTH", &how)]).is_ok(), "{name}");
    }
}

#[test]
fn a_users_groups_stand_in_another_header_than_the_user() {
    let groups = |name| ("UPLOAD_TOKEN_GROUPS_HEADER", name);
    assert_eq!(broken(&[], &[groups("x-user")]), ["UPLOAD_TOKEN_GROUPS_HEADER"]);
    let bearer = [
        ("UPLOAD_TOKEN_AUTH", "bearer"),
        ("UPLOAD_TOKEN_AUTH_SECRET", "CANARY-0123456789abcdef0123456789"),
        groups("X-Upload-User"),
    ];
    assert_eq!(broken(&[], &bearer), ["UPLOAD_TOKEN_GROUPS_HEADER"]);
}

#[test]
fn who_lends_a_key_is_shown_by_the_host_alone() {
    let none = [("ALIBABA_CLOUD_ACCESS_KEY_ID", ""), ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "")];
    let uri = |text| ("ALIBABA_CLOUD_CREDENTIALS_URI", text);
    let shown = |more: &[(&str, &str)]| {
        let config = read(&[], &[&none, more].concat()).unwrap();
        format!("{} {config:?}", config.summary())
    };
    let said = shown(&[uri("http://127.0.0.1:7002/CANARY-path?token=CANARY")]);
    assert!(said.contains("http://127.0.0.1:7002") && !said.contains("CANARY-path"), "{said}");
    assert!(!said.contains("token=CANARY"), "{said}");
    let metadata = ("UPLOAD_TOKEN_ECS_METADATA_URL", "http://127.0.0.1:7003/?token=CANARY");
    let said = shown(&[("ALIBABA_CLOUD_ECS_METADATA", "*"), metadata]);
    assert!(said.contains("http://127.0.0.1:7003") && !said.contains("token=CANARY"), "{said}");
    let user = uri("http://CANARY@127.0.0.1:7002/");
    assert_eq!(broken(&[], &[none[0], none[1], user]), ["ALIBABA_CLOUD_CREDENTIALS_URI"]);
}

#[test]
fn the_file_that_the_documentation_shows_can_be_used() {
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/appserver.md");
    let docs = std::fs::read_to_string(docs).unwrap();
    let block = docs.split("```").find(|block| block.contains("[[grants]]")).unwrap();
    let file = block.split_once('\n').unwrap().1;
    let path = std::env::temp_dir().join(format!("upload-token-{}.toml", std::process::id()));
    std::fs::write(&path, file).unwrap();
    let config = read(&["--config", path.to_str().unwrap()], &[]).unwrap();
    std::fs::remove_file(&path).unwrap();
    let rules = account(&config).grants.rules();
    assert_eq!(rules.len(), 3, "the two of the file, and UploadAuth mode's own");
    assert!(rules[0].role.is_none() && rules[0].users == ["mallory"]);
    assert_eq!(config.media.max_bytes, Some(5_000_000_000));
}

pub(crate) const STORE: (&str, &str) =
    ("UPLOAD_TOKEN_STORE", "rediss://ut:CANARY-password@redis.internal/1");
pub(crate) const STORE_KEYS: (&str, &str) =
    ("UPLOAD_TOKEN_STORE_KEYS", "CANARY-store-key-0123456789abcdef");

#[test]
fn a_store_is_shown_without_its_password() {
    let config = read(&[], &[STORE, STORE_KEYS]).unwrap();
    let summary = config.summary().to_string();
    assert!(summary.contains("rediss://redis.internal:6379/1"), "{summary}");
    assert!(!summary.contains("CANARY") && !format!("{config:?}").contains("CANARY"));
    assert!(read(&[], &[]).unwrap().store.is_none());
}

#[test]
fn a_store_needs_keys_and_its_password_no_list_of_processes() {
    assert_eq!(broken(&[], &[STORE]), ["UPLOAD_TOKEN_STORE_KEYS"]);
    let password = ["--store", "redis://:CANARY@127.0.0.1"];
    assert_eq!(broken(&password, &[STORE_KEYS]), ["--store"]);
    let both = ["--store", "redis://127.0.0.1"];
    assert_eq!(broken(&both, &[STORE, STORE_KEYS]), ["--store"]);
    assert_eq!(broken(&["--store", "127.0.0.1"], &[STORE_KEYS]), ["--store"]);
    let ca = ("UPLOAD_TOKEN_STORE_CA", "/does/not/exist");
    assert_eq!(broken(&[], &[STORE, STORE_KEYS, ca]), ["UPLOAD_TOKEN_STORE_CA"]);
    assert_eq!(broken(&[], &[STORE_KEYS]), ["UPLOAD_TOKEN_STORE_KEYS"], "without effect");
}

#[test]
fn one_source_of_the_servers_own_key_is_enough() {
    let none = [("ALIBABA_CLOUD_ACCESS_KEY_ID", ""), ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "")];
    let with = |more: &[(&'static str, &'static str)]| [&none[..], more].concat();
    let uri = ("ALIBABA_CLOUD_CREDENTIALS_URI", "http://127.0.0.1:7002/");
    let role = ("ALIBABA_CLOUD_ECS_METADATA", "upload-server");
    assert!(read(&[], &with(&[uri])).is_ok() && read(&[], &with(&[role])).is_ok());
    assert_eq!(broken(&[], &[uri]), ["ALIBABA_CLOUD_ACCESS_KEY_ID"]);
    assert_eq!(broken(&[], &with(&[uri, role])), ["ALIBABA_CLOUD_ACCESS_KEY_ID"]);
    let odd = ("ALIBABA_CLOUD_ECS_METADATA", "a/../b");
    assert_eq!(broken(&[], &with(&[odd])), ["ALIBABA_CLOUD_ECS_METADATA"]);
    let file = ("ALIBABA_CLOUD_CREDENTIALS_URI", "file:///etc/passwd");
    assert_eq!(broken(&[], &with(&[file])), ["ALIBABA_CLOUD_CREDENTIALS_URI"]);
}

#[test]
fn tokens_of_an_issuer_must_be_for_this_server() {
    let jwt = ("UPLOAD_TOKEN_AUTH", "jwt");
    let issuer = ("UPLOAD_TOKEN_JWT_ISSUER", "https://id.example.com/");
    let audience = ("UPLOAD_TOKEN_JWT_AUDIENCE", "uploads");
    let keys = ("UPLOAD_TOKEN_JWT_KEYS_URL", "https://id.example.com/keys");
    assert!(read(&[], &[jwt, issuer, audience, keys]).is_ok());
    let policy = ("UPLOAD_TOKEN_JWT_KEYS_URL", "https://id.example.com/keys?p=b2c_1_signin");
    assert!(read(&[], &[jwt, issuer, audience, policy]).is_ok());
    assert_eq!(broken(&[], &[jwt, issuer, keys]), ["UPLOAD_TOKEN_JWT_AUDIENCE"]);
    let open = ("UPLOAD_TOKEN_JWT_KEYS_URL", "http://id.example.com/keys");
    assert_eq!(broken(&[], &[jwt, issuer, audience, open]), ["UPLOAD_TOKEN_JWT_KEYS_URL"]);
    let header = ("UPLOAD_TOKEN_GROUPS_HEADER", "X-Groups");
    assert_eq!(broken(&[], &[jwt, issuer, audience, keys, header]), ["UPLOAD_TOKEN_GROUPS_HEADER"]);
}
