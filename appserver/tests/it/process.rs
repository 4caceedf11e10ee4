//! The program itself: its line on standard output, its exit codes, its end.

use std::{
    ffi::OsStr,
    io::{BufRead, BufReader},
    os::unix::ffi::OsStrExt,
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_upload-token-appserver");

/// Of an account whose cloud is nowhere.
const ACCOUNT: [(&str, &str); 6] = [
    ("ALIBABA_CLOUD_ACCESS_KEY_ID", "LTAI5tExampleExample1234"),
    ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "CANARY-secret"),
    ("ALIBABA_CLOUD_ROLE_ARN", "acs:ram::1234567890123456:role/web-upload"),
    ("UPLOAD_TOKEN_STS_ENDPOINT", "http://127.0.0.1:9"),
    ("UPLOAD_TOKEN_AUTH", "proxy-header:X-User"),
    ("UPLOAD_TOKEN_ENDPOINTS", "sts"),
];

/// A running server that is ended with the test.
struct Running {
    child: Child,
    line: Value,
}

impl Running {
    fn start(flags: &[&str]) -> Self {
        Self::start_with(flags, &[])
    }

    fn start_with(flags: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut child = Command::new(PROGRAM)
            .args(["--local-cloud", "--listen", "127.0.0.1:0"])
            .args(flags)
            .env_clear()
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, line: serde_json::from_str(&line).unwrap() }
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    fn address(&self, name: &str) -> &str {
        self.line[name].as_str().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn both_listeners_answer_and_tls_is_trusted_by_its_certificate() {
    let file =
        std::env::temp_dir().join(format!("upload-token-appserver-{}.pem", std::process::id()));
    let server = Running::start(&[
        "--listen-tls",
        "127.0.0.1:0",
        "--tls-certificate",
        file.to_str().unwrap(),
    ]);
    assert_eq!(server.line["event"], "listening");
    let pem = std::fs::read(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    let trusting = reqwest::Client::builder()
        .no_proxy()
        .add_root_certificate(reqwest::Certificate::from_pem(&pem).unwrap())
        .build()
        .unwrap();
    for name in ["http", "https"] {
        let url = format!("{}/api/sts", server.address(name));
        assert_eq!(trusting.post(url).send().await.unwrap().status(), 200, "{name}");
    }
}

#[tokio::test]
async fn the_operators_tools_have_places_of_their_own_and_a_listener_that_waits_has_none() {
    let one = [("UPLOAD_TOKEN_MAX_CONNECTIONS", "1")];
    let server = Running::start_with(&["--listen-metrics", "127.0.0.1:0"], &one);
    let ask = async |name: &str| {
        let client = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0);
        let client = client.timeout(Duration::from_secs(20)).build().unwrap();
        let url = format!("{}/healthz", server.address(name));
        client.get(&url).send().await.map(|response| response.status().as_u16())
    };
    for _ in 0..3 {
        assert_eq!(ask("http").await.unwrap(), 200);
        assert_eq!(ask("metrics").await.unwrap(), 200);
    }
    let taken = server.address("http").trim_start_matches("http://");
    let mut silent = TcpStream::connect(taken).await.unwrap();
    silent.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    silent.read_exact(&mut [0; 12]).await.unwrap();
    assert_eq!(ask("metrics").await.unwrap(), 200, "the only place is taken");
}

#[tokio::test]
async fn hosts_of_the_cloud_are_served_by_name_and_by_path() {
    let server = Running::start(&[]);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = server.address("http");
    let by_host =
        client.get(format!("{url}/")).header("host", "sts.aliyuncs.com").send().await.unwrap();
    let by_path = client.get(format!("{url}/__cloud/sts.aliyuncs.com/")).send().await.unwrap();
    for response in [by_host, by_path] {
        let refusal: Value = response.json().await.unwrap();
        assert!(refusal["Code"].as_str().unwrap().starts_with("Missing"), "{refusal}");
    }
    let control = client.get(format!("{url}/__control/config")).send().await.unwrap();
    assert_eq!(control.status(), 200);
}

#[tokio::test]
async fn files_have_their_types() {
    let root = std::env::temp_dir().join(format!("upload-token-site-{}", std::process::id()));
    std::fs::create_dir_all(root.join("sub")).unwrap();
    for name in ["index.html", "sw.js", "m.wasm", "style.css", "sub/index.html"] {
        std::fs::write(root.join(name), "x").unwrap();
    }
    let directory = root.to_str().unwrap();
    let server = Running::start(&["--www", directory, "--dist", directory]);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for (path, kind) in [
        ("/", "text/html"),
        ("/sub/", "text/html"),
        ("/sw.js", "text/javascript"),
        ("/style.css", "text/css"),
        ("/dist/m.wasm", "application/wasm"),
    ] {
        let response =
            client.get(format!("{}{path}", server.address("http"))).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        assert!(header("content-type").starts_with(kind), "{path}: {}", header("content-type"));
        assert_eq!(header("service-worker-allowed"), "/");
        assert_eq!(header("cache-control"), "no-cache");
    }
    let outside = client
        .get(format!("{}/..%2f..%2fetc/passwd", server.address("http")))
        .send()
        .await
        .unwrap();
    assert_eq!(outside.status(), 404);
    std::fs::remove_dir_all(&root).unwrap();
}

#[test]
fn a_configuration_that_cannot_be_used_ends_with_2_and_says_why() {
    let output = Command::new(PROGRAM)
        .env_clear()
        .env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "CANARY-secret")
        .env("UPLOAD_TOKEN_POLICY", "CANARY-policy")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    let complaint = String::from_utf8(output.stderr).unwrap();
    for name in [
        "ALIBABA_CLOUD_ACCESS_KEY_ID",
        "ALIBABA_CLOUD_ROLE_ARN",
        "UPLOAD_TOKEN_AUTH",
        "UPLOAD_TOKEN_POLICY",
    ] {
        assert!(complaint.contains(name), "{complaint}");
    }
    assert!(!complaint.contains("CANARY"), "{complaint}");
}

#[tokio::test]
async fn a_server_that_is_to_end_says_so_and_answers_until_it_does() {
    for (wait, signals) in [("300", 2), ("1", 1)] {
        let variables = [("UPLOAD_TOKEN_DRAIN_SECONDS", wait)];
        let mut server = Running::start_with(&["--listen-metrics", "127.0.0.1:0"], &variables);
        let client = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0);
        let client = client.build().unwrap();
        let ready = async |name: &str| {
            let url = format!("{}/readyz", server.address(name));
            client.get(url).send().await.map(|response| response.status().as_u16())
        };
        assert_eq!(ready("http").await.unwrap(), 200);
        server.signal("TERM");
        if signals == 2 {
            while ready("metrics").await.unwrap() == 200 {}
            assert_eq!(ready("metrics").await.unwrap(), 503);
            assert_eq!(ready("http").await.unwrap(), 503);
            let url = format!("{}/api/sts", server.address("http"));
            assert_eq!(client.post(url).send().await.unwrap().status(), 200);
            server.signal("TERM");
        }
        assert_eq!(server.child.wait().unwrap().code(), Some(0));
    }
}

#[test]
fn what_is_not_utf_8_is_told_and_is_not_as_good_as_unset() {
    let garbled = OsStr::from_bytes(b"CANARY-\xff-0123456789abcdef0123456789abcdef");
    let output = Command::new(PROGRAM)
        .env_clear()
        .envs(ACCOUNT)
        .env("UPLOAD_TOKEN_PROXY_SECRET", garbled)
        .env("UPLOAD_TOKEN_MISSPELT", garbled)
        .env("OTHER", garbled)
        .arg("--check")
        .output()
        .unwrap();
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{complaint}");
    assert!(complaint.contains("UPLOAD_TOKEN_PROXY_SECRET is not UTF-8"), "{complaint}");
    assert!(complaint.contains("UPLOAD_TOKEN_MISSPELT"), "{complaint}");
    assert!(!complaint.contains("OTHER") && !complaint.contains("CANARY"), "{complaint}");
}

#[test]
fn a_signal_ends_it_with_0() {
    for signal in ["TERM", "INT"] {
        let mut server = Running::start(&[]);
        server.signal(signal);
        assert_eq!(server.child.wait().unwrap().code(), Some(0), "{signal}");
    }
}

#[test]
fn an_address_in_use_is_named() {
    let first = Running::start(&[]);
    let taken = first.address("http").trim_start_matches("http://");
    let output = Command::new(PROGRAM).args(["--local-cloud", "--listen", taken]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains(taken));
}

#[test]
fn a_check_says_what_it_found_and_ends() {
    let right =
        Command::new(PROGRAM).args(["--local-cloud", "--check"]).env_clear().output().unwrap();
    assert_eq!(right.status.code(), Some(0));
    let said = String::from_utf8(right.stdout).unwrap();
    assert!(said.lines().all(|line| line.starts_with("right  ")), "{said}");
    let wrong = Command::new(PROGRAM)
        .args(["--local-cloud", "--check", "--store", "redis://127.0.0.1:9"])
        .env_clear()
        .env("UPLOAD_TOKEN_STORE_KEYS", "0123456789abcdef0123456789abcdef")
        .output()
        .unwrap();
    assert_eq!(wrong.status.code(), Some(1));
    assert!(String::from_utf8(wrong.stdout).unwrap().contains("WRONG  the store"));
}
