//! The pages of firewalls, which answer before the AppServer is reached.

use super::members::{bare, begins};
use crate::error::EDGE_ONE_OR_RATE;

/// What firewalls answer that have a status of their own: Chaitin's, Alibaba Cloud's ESA, and Tencent Cloud's EdgeOne, by
/// the rules that it has itself and by those of the site.
const SAFELINE: u16 = 468;
const ESA: u16 = 493;
const EDGE_ONE: u16 = 566;

/// Whether it is the page of a firewall: of Alibaba Cloud's, which answers 405, of Cloudflare's, or of another.
pub(super) fn is_blocked(http: u16, page: &str) -> bool {
    const WORDS: [&str; 10] = [
        "errors.aliyun.com",
        "安全威胁",
        "访问被阻断",
        "访问被拦截",
        "防火墙",
        "firewall",
        "has been blocked",
        "have been blocked",
        "threats to the server",
        "| cloudflare",
    ];
    // A browser passes it, and a request does not, whatever its status.
    const CHALLENGES: [&str; 2] = ["_cf_chl_opt", "<title>just a moment...</title>"];
    let said = page.to_ascii_lowercase();
    let names = |words: &[&str]| words.iter().any(|words| said.contains(words));
    // What servers answer to a wrong method says so: "405 Not Allowed", "Method Not Allowed"; Tomcat and IIS in China:
    // "HTTP状态 405 - 方法不允许", "不允许用于访问此页的 HTTP 谓词".
    let of_method = || names(&["allowed", "method", "方法", "谓词", "不允许"]);
    let is_page = begins(bare(page), b"<");
    matches!(http, SAFELINE | ESA | EDGE_ONE | EDGE_ONE_OR_RATE)
        || http == 403 && is_number_of_cloudflare(bare(page))
        || is_page
            && (matches!(http, 403 | 405) && names(&WORDS)
                || matches!(http, 403 | 503) && names(&CHALLENGES)
                || http == 405 && !of_method())
}

/// `error code: 1020`
fn is_number_of_cloudflare(text: &str) -> bool {
    let number = text.strip_prefix("error code: ").unwrap_or_default();
    number.len() == 4
        && number.starts_with("10")
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_of_firewalls_are_known() {
        let challenge = "<!DOCTYPE html><html lang=\"en-US\"><title>Just a moment...</title><script>window._cf_chl_opt={}</script>";
        let html = "<html><title>no</title></html>";
        for (http, page) in [
            (403, challenge),
            (503, challenge),
            (
                403,
                "<!doctype html><title>Attention Required! | Cloudflare</title><p>Sorry, you have been blocked",
            ),
            (403, "error code: 1020"),
            (403, "error code: 1010\n"),
            (405, "<title>405</title><p>您的访问被阻断。"),
            (493, "<html><title>安全验证</title></html>"),
            (468, html),
            (566, html),
            (567, html),
            (567, ""),
        ] {
            assert!(is_blocked(http, page), "{http} {page}");
        }
        for (http, page) in [
            (403, html),
            (403, "error code: 40001"),
            (520, "error code: 520"),
            (503, "<title>503 Service Temporarily Unavailable</title>"),
            (503, "<title>Just a moment, we are updating</title>"),
            (404, "<title>Just a page</title>"),
            (405, "<title>405 Not Allowed</title>"),
            (405, "<title>HTTP状态 405 - 方法不允许</title><p>此URL不支持Http方法POST"),
            (405, "<title>405 - 不允许用于访问此页的 HTTP 谓词。</title>"),
        ] {
            assert!(!is_blocked(http, page), "{http} {page}");
        }
    }
}
