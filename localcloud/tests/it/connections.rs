//! Faults that concern the connection itself, over a real one.

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::client::{STS, TestCloud};

async fn connect(cloud: &TestCloud) -> TcpStream {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = cloud.cloud.router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    TcpStream::connect(address).await.unwrap()
}

fn call() -> String {
    format!("POST /?Action=AssumeRole HTTP/1.1\r\nHost: {STS}\r\nContent-Length: 0\r\n\r\n")
}

async fn codes(cloud: &TestCloud) -> Vec<(Value, Value)> {
    cloud.log().await.iter().map(|entry| (entry["status"].clone(), entry["code"].clone())).collect()
}

#[tokio::test]
async fn a_dropped_connection_ends_without_a_byte() {
    let cloud = TestCloud::new();
    cloud.plan(json!({ "service": "sts", "drop": true })).await;
    let mut stream = connect(&cloud).await;
    stream.write_all(call().as_bytes()).await.unwrap();
    let mut received = Vec::new();
    // The peer may close or reset; either way nothing was answered.
    let _ = stream.read_to_end(&mut received).await;
    assert!(received.is_empty(), "{}", String::from_utf8_lossy(&received));
    assert_eq!(codes(&cloud).await, [(Value::Null, json!("Dropped"))]);
}

#[tokio::test]
async fn a_hung_request_is_never_answered_and_others_are() {
    let cloud = TestCloud::new();
    cloud.plan(json!({ "service": "sts", "hang": true })).await;
    let mut hung = connect(&cloud).await;
    hung.write_all(call().as_bytes()).await.unwrap();
    // Arrived before the next one is sent: the fault must strike it and not the other.
    while cloud.log().await.is_empty() {
        tokio::task::yield_now().await;
    }
    let mut first = [0; 1];
    let mut next = connect(&cloud).await;
    next.write_all(call().as_bytes()).await.unwrap();
    assert_eq!(next.read(&mut first).await.unwrap(), 1);
    assert_eq!(
        codes(&cloud).await,
        [(Value::Null, json!("Hung")), (json!(400), json!("MissingVersion"))]
    );
}

#[tokio::test]
async fn a_large_refused_body_is_read_so_that_the_refusal_arrives() {
    let cloud = TestCloud::new();
    let mut stream = connect(&cloud).await;
    let length = 2 << 20;
    let head = format!(
        "PUT /a HTTP/1.1\r\nHost: web-upload-app.localhost\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&vec![0; length]).await.unwrap();
    let mut received = Vec::new();
    stream.read_to_end(&mut received).await.unwrap();
    let text = String::from_utf8(received).unwrap();
    assert!(
        text.starts_with("HTTP/1.1 403") && text.contains("<Code>AccessDenied</Code>"),
        "{text}"
    );
    assert_eq!(cloud.log().await[0]["bytes"], length);
}
