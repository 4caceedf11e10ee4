//! Which pages may ask.

use crate::support::{Site, header, json_of};
use serde_json::json;

const LISTED: &str = "https://www.example.com";

async fn site() -> Site {
    Site::local(
        &[],
        &[("UPLOAD_TOKEN_ALLOWED_ORIGINS", "https://www.example.com, http://localhost:5173")],
    )
    .await
}

#[tokio::test]
async fn a_page_of_another_site_gets_no_token_and_no_cors_headers() {
    let site = site().await;
    for (name, value) in [
        ("origin", "https://evil.test"),
        ("origin", "https://www.example.com.evil.test"),
        ("origin", "http://www.example.com"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let response = site.post("/api/sts").header(name, value).send().await.unwrap();
        assert_eq!(header(&response, "access-control-allow-origin"), None);
        assert_eq!(header(&response, "vary"), Some("Origin"));
        let (status, reply) = json_of(response).await;
        assert_eq!(
            (status, &reply["ErrorCode"]),
            (403, &json!("ForeignOrigin")),
            "{name}: {value}"
        );
    }
    assert_eq!(site.seen("AssumeRole").await, 0);
}

#[tokio::test]
async fn the_sites_own_page_needs_no_list() {
    let site = Site::local(&[], &[]).await;
    let own =
        site.post("/api/sts").header("origin", &site.url).header("sec-fetch-site", "same-origin");
    let response = own.send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(header(&response, "access-control-allow-origin"), None);
}

#[tokio::test]
async fn a_listed_page_may_read_the_answer_and_its_refusals() {
    let site = site().await;
    site.fault(
        "sts",
        "AssumeRole",
        json!({ "status": 400, "code": "Throttling.User", "message": "m" }),
    )
    .await;
    for status in [429, 200] {
        let request =
            site.post("/api/sts").header("origin", LISTED).header("sec-fetch-site", "cross-site");
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(header(&response, "access-control-allow-origin"), Some(LISTED));
        assert_eq!(header(&response, "access-control-allow-credentials"), Some("true"));
        assert_eq!(header(&response, "access-control-expose-headers"), Some("Date, Retry-After"));
    }
}

#[tokio::test]
async fn a_preflight_is_answered_to_listed_pages_only() {
    let site = site().await;
    let preflight = |origin: &str| {
        site.request("OPTIONS", "/api/upload-auth")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type")
            .send()
    };
    let allowed = preflight(LISTED).await.unwrap();
    assert_eq!(allowed.status(), 204);
    assert_eq!(header(&allowed, "access-control-allow-origin"), Some(LISTED));
    assert_eq!(header(&allowed, "access-control-allow-methods"), Some("POST"));
    assert!(header(&allowed, "access-control-allow-headers").unwrap().contains("Content-Type"));
    let refused = preflight("https://evil.test").await.unwrap();
    assert!(!refused.status().is_success());
    assert_eq!(header(&refused, "access-control-allow-origin"), None);
}
