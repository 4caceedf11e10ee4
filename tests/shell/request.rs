//! The request to the AppServer, and what becomes of any answer and of none.

use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

use super::rig::{AppServer, Rig, get, js, text};

/// The failure that a caller gets of a manager with `options`, when the AppServer answers `answer`.
async fn refused(answer: &str, options: &str) -> JsValue {
    let server = AppServer::new(answer);
    let rig = Rig::new(options);
    rig.core.prefetch("");
    let failure = rig.failure().await;
    server.restore();
    rig.core.close();
    failure
}

const PLAIN: &str = "{ source: 'https://app.test/sts' }";

/// Chinese servers of a former age write GBK, and say so.
#[wasm_bindgen_test]
async fn a_body_is_read_in_the_encoding_that_the_answer_names() {
    // `请先登录` and `额度已用完`.
    const SIGN_IN: &str = "0xc7, 0xeb, 0xcf, 0xc8, 0xb5, 0xc7, 0xc2, 0xbc";
    const USED_UP: &str = "0xb6, 0xee, 0xb6, 0xc8, 0xd2, 0xd1, 0xd3, 0xc3, 0xcd, 0xea";
    let answer = |bytes: &str, kind: &str| {
        format!(
            "() => {{
               const text = (text) => [...new TextEncoder().encode(text)];
               const bytes = [...text('{{\"code\":1,\"msg\":\"'), {bytes}, ...text('\"}}')];
               return new Response(new Uint8Array(bytes), {{ headers: {{ 'content-type': '{kind}' }} }});
             }}"
        )
    };
    let gbk = "application/json; charset=\"GBK\"";
    for (bytes, kind, code, said) in [
        (SIGN_IN, gbk, "unauthenticated", "请先登录"),
        (USED_UP, "text/html;charset=gb2312", "http", "额度已用完"),
        ("...text('额度已用完')", gbk, "http", "额度已用完"),
        (USED_UP, "application/json", "http", ""),
        (USED_UP, "application/json; charset=none-such", "http", ""),
    ] {
        let failure = refused(&answer(bytes, kind), PLAIN).await;
        assert_eq!(text(&failure, "code"), code, "{kind}");
        assert_eq!(text(&failure, "serverMessage"), said, "{kind}");
    }
}

/// A credential must not be kept by a cache, and a redirect could lead it anywhere.
#[wasm_bindgen_test]
async fn the_page_adds_to_a_request_and_cannot_weaken_it() {
    let server = AppServer::new("(init, n) => Response.json(reply(n))");
    let rig = Rig::new(
        "{ source: 'https://app.test/sts?v=1',
           request: { headers: { 'x-csrf': '7' }, credentials: 'include', body: 'who=me',
                      method: 'GET', redirect: 'follow', cache: 'force-cache', signal: null, mode: 'no-cors' } }",
    );
    rig.token().await.unwrap();
    server.restore();
    let call = server.calls().get(0);
    for (option, value) in [
        ("url", "https://app.test/sts?v=1"),
        ("method", "POST"),
        ("redirect", "error"),
        ("cache", "no-store"),
        ("credentials", "include"),
        ("body", "who=me"),
        ("mode", ""),
    ] {
        assert_eq!(text(&call, option), value, "{option}");
    }
    assert_eq!(text(&get(&call, "headers"), "x-csrf"), "7");
    assert!(get(&call, "signal").is_instance_of::<web_sys::AbortSignal>());
}

#[wasm_bindgen_test]
async fn options_may_be_made_anew_for_each_request() {
    let server = AppServer::new("(init, n) => Response.json(reply(n))");
    let rig = Rig::new(
        "{ source: 'https://app.test/', request: async (about) => ({ body: JSON.stringify(about) }) }",
    );
    JsFuture::from(rig.promise("film.mp4", 0.0)).await.unwrap();
    rig.core.invalidate("STS.Key1", None);
    JsFuture::from(rig.promise("film.mp4", 0.0)).await.unwrap();
    server.restore();
    let bodies: Vec<String> = server.calls().iter().map(|call| text(&call, "body")).collect();
    assert_eq!(
        bodies,
        [
            r#"{"reason":"initial","scope":"film.mp4"}"#,
            r#"{"reason":"rejected","scope":"film.mp4","rejected":"STS.Key1"}"#
        ]
    );
}

/// A JSON content type costs a preflight at another site.
#[wasm_bindgen_test]
async fn a_body_of_ours_is_called_json_at_the_pages_own_site() {
    for (source, content_type) in [
        ("new URL('/sts', location.origin).href", Some("application/json")),
        ("'/sts'", Some("application/json")),
        ("'https://app.test/sts'", None),
    ] {
        let server = AppServer::new("(init, n) => Response.json(reply(n))");
        let rig =
            Rig::new(&format!("{{ source: {source}, request: {{ headers: {{ a: 'b' }} }} }}"));
        JsFuture::from(rig.promise("film.mp4", 0.0)).await.unwrap();
        server.restore();
        let call = server.calls().get(0);
        assert_eq!(text(&call, "body"), r#"{"reason":"initial","scope":"film.mp4"}"#);
        let headers = web_sys::Headers::new_with_headers(get(&call, "headers").unchecked_ref());
        let headers = headers.unwrap();
        assert_eq!(headers.get("content-type").unwrap().as_deref(), content_type, "{source}");
        assert_eq!(headers.get("a").unwrap().as_deref(), Some("b"), "{source}");
        rig.core.close();
    }
}

#[wasm_bindgen_test]
async fn an_app_server_that_takes_no_body_of_ours_is_asked_without() {
    let server = AppServer::new(
        "(init, n) => init.body ? new Response('', { status: 415 }) : Response.json(reply(n))",
    );
    let rig = Rig::new(PLAIN);
    JsFuture::from(rig.promise("film.mp4", 0.0)).await.unwrap();
    assert_eq!(server.calls().length(), 2);
    rig.core.close();
    let rig = Rig::new("{ source: 'https://app.test/sts', request: { body: 'of the page' } }");
    rig.core.prefetch("");
    assert_eq!(get(&rig.failure().await, "status"), 415);
    server.restore();
    assert_eq!(server.calls().length(), 3, "a body of the page's own is its own affair");
    rig.core.close();
}

/// What a page may show, and what support asks for.
#[wasm_bindgen_test]
async fn an_error_says_what_was_asked_and_what_was_answered() {
    let failure = refused(
        "() => Response.json({ Code: 'NoPermission', Message: 'Ask the owner.', RequestId: '4A7F-9' }, { status: 400 })",
        "{ source: 'https://user@app.test/sts?key=Canary#Canary' }",
    )
    .await;
    let said = ["code", "serverCode", "serverMessage", "requestId", "url"];
    let said = said.map(|name| text(&failure, name));
    let expected = ["http", "NoPermission", "Ask the owner.", "4A7F-9", "https://app.test/sts"];
    assert_eq!(said, expected);
    assert_eq!(get(&failure, "status"), 400);
    let message = text(&failure, "message");
    assert!(message.contains("POST https://app.test/sts answered 400"), "{message}");
    assert!(!message.contains("Canary") && !message.contains("Ask the owner"), "{message}");
}

#[wasm_bindgen_test]
async fn options_that_cannot_be_made_fail_the_request() {
    for request in [
        "() => { throw new RangeError('no csrf token') }",
        "async () => { throw new RangeError('no csrf token') }",
    ] {
        let options = format!("{{ source: 'https://app.test/', request: {request} }}");
        let failure = refused("() => { throw new Error('asked all the same') }", &options).await;
        assert_eq!(text(&failure, "code"), "request", "the page's own mistake");
        assert_eq!(text(&get(&failure, "cause"), "message"), "no csrf token");
    }
}

#[wasm_bindgen_test]
async fn a_request_ends_at_its_deadline() {
    for answer in [
        "never",
        // The head comes, the body does not.
        "() => new Response(new ReadableStream({}))",
        "(init) => new Promise((_, reject) => { init.signal.addEventListener('abort', () => reject('user left')); })",
    ] {
        let server = AppServer::new(answer);
        let rig = Rig::new("{ source: 'https://app.test/', policy: { deadline: 50 } }");
        rig.core.prefetch("");
        let failure = rig.failure().await;
        server.restore();
        assert_eq!(text(&failure, "code"), "timeout", "{answer}");
        assert_eq!(get(&get(&server.calls().get(0), "signal"), "aborted"), true, "{answer}");
        rig.core.close();
    }
}

#[wasm_bindgen_test]
async fn an_answer_is_read_up_to_a_size() {
    // Ten megabytes in pieces of 64 KiB; each piece that is asked for is counted.
    js("globalThis.pulled = 0");
    let failure = refused(
        "() => new Response(new ReadableStream({
            pull(sink) {
                if (++globalThis.pulled > 160) sink.close();
                else sink.enqueue(new Uint8Array(65536).fill(32));
            },
            cancel() { globalThis.cancelled = true; },
        }, { highWaterMark: 0 }))",
        PLAIN,
    )
    .await;
    assert_eq!(text(&failure, "code"), "invalid_response");
    assert!(
        text(&failure, "message")
            .contains("the answer is larger than any credential's; it must answer as docs/appserver.md says (POST https://app.test/sts)")
    );
    assert_eq!(js("cancelled"), true, "the connection is freed");
    assert_eq!(js("pulled"), 5, "pieces read: 256 KiB, and the one that was too many");

    // Where bodies are no streams, as in some polyfills.
    let failure =
        refused("() => ({ status: 200, text: async () => ' '.repeat(10 << 20) })", PLAIN).await;
    assert!(
        text(&failure, "message")
            .contains("the answer is larger than any credential's; it must answer as docs/appserver.md says (POST https://app.test/sts)")
    );
}

#[wasm_bindgen_test]
async fn an_answer_in_pieces_is_put_together() {
    let server = AppServer::new(
        // Cut inside a character, with a byte order mark in front and a byte that is no UTF-8 at the end.
        "(init, n) => {
            const text = JSON.stringify({ note: 'schön', ...reply(n) });
            const bytes = [0xef, 0xbb, 0xbf, ...new TextEncoder().encode(text)];
            return new Response(new ReadableStream({
                start(sink) {
                    for (const byte of bytes) sink.enqueue(Uint8Array.of(byte));
                    sink.close();
                },
            }));
        }",
    );
    let token = Rig::new(PLAIN).token().await.unwrap();
    server.restore();
    assert_eq!(text(&token, "securityToken"), "CanaryToken");
}

/// As of a frame's `fetch`, or of a script that a driver runs: the pieces are arrays of another realm than the module's.
#[wasm_bindgen_test]
async fn pieces_may_be_of_any_realm() {
    let pieces = |piece: &str| {
        format!(
            "(init, n) => {{
                const bytes = new TextEncoder().encode(JSON.stringify(reply(n)));
                const pieces = [{piece}];
                const read = async () => pieces.length ? {{ done: false, value: pieces.shift() }} : {{ done: true }};
                return {{ status: 200, text() {{}}, body: {{ getReader: () => ({{ read }}) }} }};
            }}"
        )
    };
    let server = AppServer::new(&pieces(
        "Array.from(bytes.slice(0, 9)), { ...bytes.slice(9), length: bytes.length - 9 }",
    ));
    let token = Rig::new(PLAIN).token().await.unwrap();
    server.restore();
    assert_eq!(text(&token, "securityToken"), "CanaryToken");

    for (piece, said) in [
        ("'text'", "it is empty"),
        ("{}", "the answer is larger than any credential's"),
        ("{ length: 1e12 }", "the answer is larger than any credential's"),
    ] {
        let failure = refused(&pieces(piece), PLAIN).await;
        assert_eq!(text(&failure, "code"), "invalid_response", "{piece}");
        assert!(text(&failure, "message").contains(said), "{piece}");
    }
}

#[wasm_bindgen_test]
async fn every_refusal_has_its_code() {
    let cases = [
        // answer, code, status, Retry-After in ms
        ("new Response('{}', { status: 500 })", "http", 500, None),
        ("new Response('<html>', { status: 404 })", "http", 404, None),
        ("new Response('', { status: 401 })", "unauthenticated", 401, None),
        (
            "new Response('', { status: 429, headers: { 'retry-after': '2' } })",
            "throttled",
            429,
            Some(2_000),
        ),
        (
            "new Response('', { status: 503, headers: { 'Retry-After': '120' } })",
            "throttled",
            503,
            Some(120_000),
        ),
        (
            "new Response('', { status: 429, headers: { 'retry-after': 'soon' } })",
            "throttled",
            429,
            None,
        ),
        ("new Response('', { status: 200 })", "invalid_response", 0, None),
        ("new Response('<html>', { status: 200 })", "invalid_response", 0, None),
        ("new Response(null, { status: 204 })", "invalid_response", 0, None),
        ("Response.json({ ...reply(n), AccessKeyId: 'LTAI5tCanary' })", "long_lived_key", 0, None),
        ("Response.json({ ...reply(n), expiresIn: 0 })", "expired_on_arrival", 0, None),
        ("({ status: 500, text: async () => '' })", "http", 500, None),
        (
            "({ status: 200, text: () => JSON.stringify({ ...reply(n), SecurityToken: '' }) })",
            "invalid_response",
            0,
            None,
        ),
    ];
    for (answer, code, status, retry_after) in cases {
        let failure = refused(&format!("(init, n) => {answer}"), PLAIN).await;
        assert_eq!(text(&failure, "code"), code, "{answer}");
        let number = |name| get(&failure, name).as_f64().map_or(0, |number| number as u32);
        assert_eq!(number("status"), status, "{answer}");
        assert_eq!(number("retryAfter"), retry_after.unwrap_or(0), "{answer}");
        assert!(!text(&failure, "message").contains("Canary"), "{answer}");
    }
}

/// Nothing is assumed about what a `fetch` throws, nor that there is one.
#[wasm_bindgen_test]
async fn whatever_is_thrown_is_a_failed_request() {
    for thrown in [
        "new TypeError('Failed to fetch')",
        "'text'",
        "null",
        "undefined",
        "7n",
        "Symbol('s')",
        "Object.create(null)",
        "(() => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy; })()",
        "{ get status() { throw 1 } }",
    ] {
        for answer in
            [format!("() => {{ throw ({thrown}) }}"), format!("async () => {{ throw ({thrown}) }}")]
        {
            let failure = refused(&answer, PLAIN).await;
            assert_eq!(text(&failure, "code"), "network", "{answer}");
        }
        // A body that breaks off.
        let answer = format!(
            "() => new Response(new ReadableStream({{ pull(sink) {{ sink.error({thrown}); }} }}))"
        );
        let failure = refused(&answer, PLAIN).await;
        assert_eq!(text(&failure, "code"), "network", "{answer}");
    }
    // Without `fetch` none is made, and none would be at the next try.
    let server = AppServer::new("never");
    js("delete globalThis.fetch, globalThis.fetch = undefined");
    let rig = Rig::new(PLAIN);
    rig.core.prefetch("");
    let failure = rig.failure().await;
    server.restore();
    assert_eq!(text(&failure, "code"), "invalid_option");
}

/// With the platform's own `fetch`.
#[wasm_bindgen_test]
async fn the_real_fetch_brings_a_token() {
    let body = js("'data:application/json,' + encodeURIComponent(JSON.stringify(reply(1)))");
    let rig = Rig::new(&format!("{{ source: '{}' }}", body.as_string().unwrap()));
    assert_eq!(text(&rig.token().await.unwrap(), "accessKeyId"), "STS.Key1");
}

#[wasm_bindgen_test]
async fn the_real_fetch_fails_as_it_does() {
    // The server of the test runner has no such page.
    let rig = Rig::new("{ source: new URL('/nothing', location.origin).href }");
    rig.core.prefetch("");
    let failure = rig.failure().await;
    assert_eq!(
        (text(&failure, "code").as_str(), get(&failure, "status")),
        ("http", JsValue::from(404))
    );

    // A port that browsers refuse to talk to.
    let rig = Rig::new("{ source: 'http://127.0.0.1:1/' }");
    rig.core.prefetch("");
    let failure = rig.failure().await;
    assert_eq!(text(&failure, "code"), "network");
    assert!(get(&failure, "cause").is_instance_of::<js_sys::TypeError>());
}

/// A retry cannot sign the user in.
#[wasm_bindgen_test]
async fn callers_during_a_hold_get_the_same_error_at_once() {
    let server = AppServer::new("() => new Response('', { status: 401 })");
    let rig = Rig::new(PLAIN);
    let both: Array = [rig.promise("", 0.0), rig.promise("", 5.0)].into_iter().collect();
    let settled = JsFuture::from(Promise::all_settled(&both)).await.unwrap();
    for outcome in Array::from(&settled).iter() {
        assert_eq!(text(&get(&outcome, "reason"), "code"), "unauthenticated");
    }
    assert_eq!(rig.code().await, "unauthenticated");
    server.restore();
    assert_eq!(server.calls().length(), 1);
    assert_eq!(rig.told("refreshFailed").len(), 1);
}
