//! What one connection, one address or one account may do to everybody else: each case ended or misled the server once.

use std::time::Duration;

use crate::support::{Site, json_of};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

fn address(site: &Site) -> String {
    site.url.trim_start_matches("http://").to_owned()
}

/// What the server answers to `request`, sent in `pieces` with a pause between them.
async fn raw(site: &Site, pieces: &[&str]) -> String {
    let mut stream = TcpStream::connect(address(site)).await.unwrap();
    for (number, piece) in (0..).zip(pieces) {
        if number > 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        // The server may have closed already: then what it said counts.
        if stream.write_all(piece.as_bytes()).await.is_err() {
            break;
        }
    }
    let mut answer = Vec::new();
    let _ = timeout(Duration::from_secs(5), stream.read_to_end(&mut answer)).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn connections_that_say_nothing_leave_places_for_others() {
    let site = Site::with_account(&[("UPLOAD_TOKEN_MAX_CONNECTIONS", "8")]).await;
    let mut silent = Vec::new();
    for beginning in ["", "POST /api/sts HTTP/1.1\r\nHos", "", ""] {
        for _ in 0..2 {
            let mut stream = TcpStream::connect(address(&site)).await.unwrap();
            stream.write_all(beginning.as_bytes()).await.unwrap();
            silent.push(stream);
        }
    }
    // All places are taken: this one is served once the silent ones have been given up.
    let response = timeout(Duration::from_secs(30), site.token()).await.unwrap();
    assert_eq!(response.status(), 200);
    let full = site.audit().into_iter().find(|entry| entry["event"] == "connectionsFull").unwrap();
    assert_eq!(full["most"], 8);
}

#[tokio::test]
async fn a_body_that_never_comes_is_given_up() {
    let site = Site::with_account(&[]).await;
    let head =
        "POST /api/sts HTTP/1.1\r\nHost: 127.0.0.1\r\nX-User: alice\r\nContent-Length: 9\r\n\r\n{";
    let mut stream = TcpStream::connect(address(&site)).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    timeout(Duration::from_secs(20), stream.read_exact(&mut answer)).await.unwrap().unwrap();
    assert_eq!(&answer, b"HTTP/1.1 408");
}

#[tokio::test]
async fn a_refusal_reaches_a_client_that_is_still_sending() {
    let site = Site::with_account(&[]).await;
    let head = "POST /api/sts HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: 60000\r\n\r\n";
    for _ in 0..50 {
        let answer = raw(&site, &[head, &"x".repeat(60_000)]).await;
        assert!(answer.starts_with("HTTP/1.1 401"), "{answer:?}");
        assert!(answer.contains("NotSignedIn"), "{answer:?}");
    }
}

/// Requests that are refused before anybody is known, by method, user and origin: whoever knows an address, shares it, or
/// has a page that somebody behind it looks at, can send them.
const STRANGERS: [(&str, Option<&str>, Option<&str>); 5] = [
    ("POST", None, None),
    ("POST", Some("al\tice"), None),
    ("GET", None, None),
    ("OPTIONS", None, Some("https://evil.example")),
    ("POST", Some("alice"), Some("https://evil.example")),
];

#[tokio::test]
async fn nobody_can_have_an_address_locked_and_lines_of_strangers_have_an_end() {
    let site = Site::with_account(&[("UPLOAD_TOKEN_REFUSALS_PER_MINUTE", "5")]).await;
    for (method, user, origin) in STRANGERS {
        let logged = site.audit().len();
        for _ in 0..30 {
            let mut request =
                site.request(method, "/api/sts").header("x-forwarded-for", "203.0.113.9");
            for (name, value) in [("x-user", user), ("origin", origin)] {
                request =
                    value.into_iter().fold(request, |request, value| request.header(name, value));
            }
            let status = request.send().await.unwrap().status();
            assert!(matches!(status.as_u16(), 401 | 403 | 405), "as it is, each time: {status}");
        }
        let right = site.post("/api/sts").header("x-forwarded-for", "203.0.113.9");
        let status = right.header("x-user", "alice").send().await.unwrap().status();
        assert_eq!(status, 200, "{method} {user:?} {origin:?}");
        assert!(site.audit().len() - logged < 15, "{method} {user:?} {origin:?}");
    }
    let audit = site.audit();
    assert_eq!(audit[0]["client"], "203.0.113.9");
    let more = audit.iter().find(|entry| entry["event"] == "refusalsUnlogged").unwrap();
    assert_eq!(more["client"], "203.0.113.9");
}

#[tokio::test]
async fn lines_have_an_end_for_many_addresses_of_one_network_for_none_and_for_users() {
    let limits =
        [("UPLOAD_TOKEN_REFUSALS_PER_MINUTE", "5"), ("UPLOAD_TOKEN_REQUESTS_PER_MINUTE", "1")];
    let site = Site::with_account(&limits).await;
    let refused = async |number: u32, client: &str, user: &str| {
        for _ in 0..number {
            let request = site.post("/api/sts").header("x-forwarded-for", client);
            request.header("x-user", user).send().await.unwrap();
        }
    };
    let lines = || site.audit().len();
    let before = lines();
    for host in 1..=50 {
        refused(1, &format!("2001:db8:1:2::{host:x}"), " ").await;
    }
    assert!(lines() - before < 15, "a network");
    let before = lines();
    refused(50, "no address", " ").await;
    assert!(lines() - before < 15, "nobody knows who");
    let before = lines();
    refused(50, "203.0.113.9", "alice").await;
    assert!(lines() - before < 15, "a user");
}

#[tokio::test]
async fn a_proxy_that_is_not_trusted_is_told_of_and_locks_out_nobody() {
    let secret = "0123456789abcdef0123456789abcdef";
    let site = Site::with_account(&[
        ("UPLOAD_TOKEN_AUTH", "bearer"),
        ("UPLOAD_TOKEN_AUTH_SECRET", secret),
        ("UPLOAD_TOKEN_TRUSTED_PROXIES", "10.0.0.7"),
    ])
    .await;
    let ask = |secret: &str, user: String| {
        let request = site.post("/api/sts").header("x-forwarded-for", "203.0.113.9");
        request.bearer_auth(secret).header("x-upload-user", user).send()
    };
    for _ in 0..70 {
        assert_eq!(ask("wrong", String::from("alice")).await.unwrap().status(), 401);
        assert_eq!(ask(secret, "x".repeat(300)).await.unwrap().status(), 401);
    }
    assert_eq!(ask(secret, String::from("alice")).await.unwrap().status(), 200);
    let audit = site.audit();
    let told: Vec<_> = audit.iter().filter(|entry| entry["event"] == "proxyNotTrusted").collect();
    assert_eq!(told.len(), 1);
    assert!(told[0]["cause"].as_str().unwrap().contains("UPLOAD_TOKEN_TRUSTED_PROXIES"));
}

#[tokio::test]
async fn a_page_whose_name_was_turned_to_this_machine_gets_nothing() {
    let site = Site::with_account(&[]).await;
    let ask = |host: &str| {
        site.post("/api/sts")
            .header("host", host)
            .header("origin", format!("http://{host}"))
            .header("sec-fetch-site", "same-origin")
            .header("x-user", "alice")
            .send()
    };
    let (status, reply) = json_of(ask("evil.example:8787").await.unwrap()).await;
    assert_eq!((status, &reply["ErrorCode"]), (421, &json!("UnknownHost")));
    let cause = site.audit()[0]["cause"].clone();
    assert!(cause.as_str().unwrap().contains("UPLOAD_TOKEN_PUBLIC_ORIGINS"), "{cause}");
    assert_eq!(ask("localhost:8787").await.unwrap().status(), 200);

    let public = [("UPLOAD_TOKEN_PUBLIC_ORIGINS", "https://www.example.com")];
    let site = Site::with_account(&public).await;
    let own = site.post("/api/sts").header("host", "www.example.com").header("x-user", "alice");
    let own = own.header("origin", "https://www.example.com").send().await.unwrap();
    assert_eq!(own.status(), 200);
}

#[tokio::test]
async fn another_account_of_this_machine_does_not_know_the_proxys_secret() {
    let secret = "0123456789abcdef0123456789abcdef";
    let site = Site::with_account(&[("UPLOAD_TOKEN_PROXY_SECRET", secret)]).await;
    assert_eq!(site.token().await.status(), 401);
    let proxy = site.post("/api/sts").header("x-user", "alice").header("x-proxy-secret", secret);
    assert_eq!(proxy.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn two_users_are_never_one() {
    let site = Site::with_account(&[]).await;
    for lookalike in
        ["alice\u{3000}", "alice\u{a0}", "\u{2003}alice", "al\u{200b}ice", "\u{202e}alice"]
    {
        let (status, _) =
            json_of(site.upload_auth(lookalike, json!({ "fileName": "a.mp4" })).await).await;
        assert_eq!(status, 401, "{lookalike:?}");
    }
    let cause = site.audit()[0]["cause"].clone();
    assert!(cause.as_str().unwrap().contains("space"), "the operator is told why: {cause}");
}

#[tokio::test]
async fn a_cloud_whose_date_is_wrong_leaves_no_dead_token_behind() {
    let site = Site::with_account(&[]).await;
    let expiration = (jiff::Timestamp::now() + jiff::SignedDuration::from_secs(4))
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string();
    let credentials = json!({ "AccessKeyId": "STS.poison", "AccessKeySecret": "s", "SecurityToken": "t",
        "Expiration": expiration });
    let body = json!({ "RequestId": "R", "Credentials": credentials }).to_string();
    let headers = json!({ "Date": "Thu, 01 Jan 1970 00:00:00 GMT" });
    site.fault("sts", "AssumeRole", json!({ "status": 200, "body": body, "headers": headers }))
        .await;
    let (status, first) = json_of(site.token().await).await;
    assert_eq!((status, &first["AccessKeyId"]), (200, &json!("STS.poison")), "{first}");
    let [end, now] = ["Expiration", "ServerTime"]
        .map(|name| first[name].as_str().unwrap().parse::<jiff::Timestamp>().unwrap());
    assert!(end.duration_since(now).as_secs() <= 5, "{first}");
    tokio::time::sleep(Duration::from_secs(5)).await;
    let (_, second) = json_of(site.token().await).await;
    assert_ne!(second["AccessKeyId"], first["AccessKeyId"], "dead, and still handed out");
}

#[tokio::test]
async fn only_http_1_is_spoken() {
    let site = Site::with_account(&[]).await;
    let answer = raw(&site, &["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]).await;
    assert!(!answer.starts_with("\0"), "no frames of HTTP/2: {answer:?}");
}

#[tokio::test]
async fn targets_that_are_no_paths_harm_nobody() {
    let site = Site::with_account(&[]).await;
    for target in ["//", "//api/sts", "/%", "/api/sts/..", "*", "http://[", "/api/sts?%zz", "/\\"] {
        let request =
            format!("POST {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
        let answer = raw(&site, &[&request]).await;
        assert!(answer.starts_with("HTTP/1.1 4"), "{target}: {answer:?}");
    }
    assert_eq!(site.token().await.status(), 200);
}

#[tokio::test]
async fn a_unix_socket_is_the_proxys_alone() {
    let path = std::env::temp_dir().join(format!("upload-token-{}.sock", std::process::id()));
    let place = format!("unix:{}", path.display());
    let _site = Site::with_flags(&["--listen", &place], &[]).await;
    let mut stream = tokio::net::UnixStream::connect(&path).await.unwrap();
    let request =
        "POST /api/sts HTTP/1.1\r\nHost: localhost\r\nX-User: alice\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    std::fs::remove_file(&path).unwrap();
}
