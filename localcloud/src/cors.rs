//! Which pages may read an answer.

use axum::http::HeaderMap;

use crate::{error::ServiceError, exchange::Head, state::Cloud};

/// Methods of the CORS rule that the vendor documents for a bucket with web uploads.
const OSS_METHODS: [&str; 5] = ["GET", "PUT", "POST", "DELETE", "HEAD"];

/// CORS headers of one answer.
pub(crate) type CorsHeaders = Vec<(&'static str, String)>;

impl Cloud {
    /// What every answer of OSS carries for a page that may call it.
    pub(crate) fn oss_cors(&self, head: &Head, refused: bool) -> CorsHeaders {
        let settings = self.settings();
        let Some(origin) = self.allowed_origin(&head.headers) else { return Vec::new() };
        if refused && !settings.cors_on_error {
            return Vec::new();
        }
        let etag = if settings.expose_etag { "ETag, " } else { "" };
        vec![
            ("access-control-allow-origin", origin),
            ("access-control-expose-headers", format!("{etag}x-oss-request-id, x-oss-version-id")),
            ("vary", String::from("Origin")),
        ]
    }

    /// Answers a preflight of OSS by rule.
    pub(crate) fn oss_preflight(&self, head: &Head) -> Result<CorsHeaders, ServiceError> {
        let forbidden = || {
            ServiceError::new(
                403,
                "AccessForbidden",
                "CORSResponse: This CORS request is not allowed.",
            )
        };
        let origin = self.allowed_origin(&head.headers).ok_or_else(forbidden)?;
        let method = head.header("access-control-request-method").ok_or_else(forbidden)?;
        if !OSS_METHODS.contains(&method) {
            return Err(forbidden());
        }
        let mut headers = vec![
            ("access-control-allow-origin", origin),
            ("access-control-allow-methods", OSS_METHODS.join(", ")),
            ("access-control-max-age", String::from("600")),
            (
                "vary",
                String::from(
                    "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
                ),
            ),
        ];
        if let Some(asked) = head.header("access-control-request-headers") {
            headers.push(("access-control-allow-headers", asked.to_owned()));
        }
        Ok(headers)
    }

    /// What an answer of STS and VOD carries: their gateway lets any page read it.
    pub(crate) fn rpc_cors(&self, refused: bool) -> CorsHeaders {
        if refused && !self.settings().cors_on_error {
            return Vec::new();
        }
        vec![("access-control-allow-origin", String::from("*"))]
    }

    fn allowed_origin(&self, headers: &HeaderMap) -> Option<String> {
        let origin = headers.get("origin")?.to_str().ok()?;
        let allowed = &self.config.cors_origins;
        allowed.iter().any(|rule| rule == "*" || rule == origin).then(|| origin.to_owned())
    }
}

/// Answers a preflight of STS or VOD.
pub(crate) fn rpc_preflight(head: &Head) -> CorsHeaders {
    let asked =
        head.header("access-control-request-headers").unwrap_or("x-requested-with").to_owned();
    vec![
        ("access-control-allow-origin", String::from("*")),
        ("access-control-allow-methods", String::from("POST, GET, OPTIONS")),
        ("access-control-allow-headers", asked),
        ("access-control-max-age", String::from("600")),
    ]
}
