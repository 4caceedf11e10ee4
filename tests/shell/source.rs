//! A source that is a function of the page: it may answer, fail or hang in any way.

use wasm_bindgen_test::wasm_bindgen_test;

use super::rig::{Rig, get, js, text, until};

#[wasm_bindgen_test]
async fn a_function_may_answer_in_any_form() {
    for answer in [
        "reply(1)",
        "JSON.stringify(reply(1))",
        "Response.json(reply(1))",
        "new Response(JSON.stringify(reply(1)), { headers: { date: new Date().toUTCString() } })",
        "({ status: 200, headers: new Map(), text: async () => JSON.stringify(reply(1)) })",
        "({ data: { Credentials: { ...reply(1), expiresIn: undefined, Expiration: new Date(Date.now() + 3600e3) } } })",
        "({ toJSON: () => reply(1) })",
        "Object.assign(Object.create(null), reply(1))",
        "({ then: (resolve) => resolve(reply(1)) })",
        "new Proxy(reply(1), {})",
        "({ ...reply(1), expiresIn: undefined, Expiration: BigInt(Date.now() + 3600e3) })",
    ] {
        for source in [format!("() => {answer}"), format!("async () => {answer}")] {
            let rig = Rig::new(&format!("{{ source: {source} }}"));
            let token = rig.token().await.unwrap_or_else(|_| panic!("{source}"));
            assert_eq!(text(&token, "accessKeyId"), "STS.Key1", "{source}");
            assert_eq!(text(&token, "accessKeySecret"), "CanarySecret", "{source}");
            rig.core.close();
        }
    }
}

#[wasm_bindgen_test]
async fn what_a_function_answers_instead_has_a_code() {
    let cases = [
        ("undefined", "source"),
        ("null", "invalid_response"),
        ("7", "invalid_response"),
        ("7n", "invalid_response"),
        ("''", "invalid_response"),
        ("'<html>'", "invalid_response"),
        ("Symbol('s')", "invalid_response"),
        ("() => reply(1)", "invalid_response"),
        (
            "(() => { const cycle = reply(1); cycle.self = cycle; return cycle; })()",
            "invalid_response",
        ),
        ("({ get AccessKeyId() { throw new Error('CanarySecret'); } })", "invalid_response"),
        ("({ toJSON() { throw new Error('CanarySecret'); } })", "invalid_response"),
        ("new Proxy({}, { get() { throw new Error('CanarySecret'); } })", "network"),
        ("({ get then() { throw new Error('boom'); } })", "network"),
        ("({ ...reply(1), AccessKeyId: '\\ud800' })", "invalid_response"),
        ("({ ...reply(1), AccessKeySecret: 'a\\0b' })", "invalid_response"),
        ("' '.repeat(10 << 20)", "invalid_response"),
        ("({ status: 403, text: async () => '' })", "forbidden"),
        ("({ status: NaN, text: async () => JSON.stringify(reply(1)) })", "invalid_response"),
        ("({ status: 200, text: () => { throw new Error('boom'); } })", "network"),
        ("({ status: 200, text: async () => { throw new Error('boom'); } })", "network"),
        ("({ status: 200, text: () => 7 })", "invalid_response"),
        // What a parser says quotes what it read.
        ("JSON.parse('CanarySecret')", "invalid_response"),
    ];
    for (answer, code) in cases {
        let rig = Rig::new(&format!("{{ source: async () => {answer} }}"));
        rig.core.prefetch("");
        let failure = rig.failure().await;
        assert_eq!(text(&failure, "code"), code, "{answer}");
        assert!(!text(&failure, "message").contains("Canary"), "{answer}");
        rig.core.close();
    }
}

/// An HTTP status on what is thrown says more than that something was; it is handed on as the cause.
#[wasm_bindgen_test]
async fn what_a_function_throws_is_the_cause() {
    let cases = [
        ("new Error('offline')", "network"),
        ("'text'", "network"),
        ("undefined", "network"),
        ("{ status: 401 }", "unauthenticated"),
        ("{ status: 404 }", "http"),
        ("{ status: 429 }", "throttled"),
        ("{ status: 503 }", "http"),
        ("{ status: 200 }", "network"),
        ("{ status: 1e9 }", "network"),
        ("{ get status() { throw new Error('boom') } }", "network"),
    ];
    for (thrown, code) in cases {
        for source in ["() => { throw thrown }", "async () => { throw thrown }"] {
            js(&format!("globalThis.thrown = ({thrown})"));
            let rig = Rig::new(&format!("{{ source: {source} }}"));
            rig.core.prefetch("");
            let failure = rig.failure().await;
            assert_eq!(text(&failure, "code"), code, "{thrown}");
            if code == "network" {
                assert!(js_sys::Object::is(&get(&failure, "cause"), &js("thrown")), "{thrown}");
            }
            rig.core.close();
        }
    }
}

/// Asking again does not mend it, so callers need not wait.
#[wasm_bindgen_test]
async fn a_mistake_in_the_pages_own_code_is_told_at_once() {
    for (options, code, said) in [
        ("source: () => notDefined", "source", "notDefined"),
        ("source: async () => notDefined", "source", "notDefined"),
        ("source: (request) => request.missing.member", "source", ""),
        ("source: () => { reply(1); }", "source", "it returned nothing"),
        ("source: () => reply(1), mapReply: (value) => value.missing.member", "map_reply", ""),
        ("source: 'https://app.test/', request: () => notDefined", "request", "notDefined"),
    ] {
        let rig = Rig::new(&format!("{{ {options} }}"));
        let failure = rig.token().await.unwrap_err();
        let message = text(&failure, "message");
        assert_eq!(text(&failure, "code"), code, "{options}");
        assert!(message.contains(said) && !message.contains("Canary"), "{options}: {message}");
        assert_eq!(rig.told("refreshFailed").len(), 1, "{options}");
        rig.core.close();
    }
}

/// WebKit words a `fetch` that failed in the language of the device; and an answer may be checked by a library.
#[wasm_bindgen_test]
async fn what_is_no_mistake_of_the_pages_code_is_asked_again() {
    for (thrown, code) in [
        ("new TypeError('请求超时。')", "network"),
        ("new TypeError('Importing a module script failed.')", "network"),
        (
            "Object.assign(new Error('[]'), { name: 'ZodError', issues: [{ message: 'Required' }],
            errors: [{ message: 'Required' }] })",
            "invalid_response",
        ),
        (
            "Object.assign(new Error('\"a\" is required'), { name: 'ValidationError', details: [{}] })",
            "invalid_response",
        ),
        (
            "Object.assign(new Error('a is required'), { name: 'ValidationError', path: 'a', inner: [] })",
            "invalid_response",
        ),
        (
            "Object.assign(new Error('no a'), { name: 'ValiError', issues: [{ message: 'no a' }] })",
            "invalid_response",
        ),
        ("new DOMException('no', 'SecurityError')", "source"),
        ("(() => { try { decodeURIComponent('%') } catch (error) { return error } })()", "source"),
    ] {
        let rig = Rig::new(&format!("{{ source: () => {{ throw {thrown}; }} }}"));
        rig.core.prefetch("");
        let failure = rig.failure().await;
        assert_eq!(text(&failure, "code"), code, "{thrown}");
        rig.core.close();
    }
}

/// Client libraries put what was answered on what they throw, each elsewhere.
#[wasm_bindgen_test]
async fn what_a_client_library_throws_is_read_as_the_answer_that_it_is() {
    for thrown in [
        "Object.assign(new Error('Request failed'), { name: 'AxiosError', response: {
            status: 429, data: { code: 'Throttling.User' }, headers: { 'retry-after': '7' } } })",
        "Object.assign(new Error('HTTPError'), { response:
            new Response('', { status: 429, headers: { 'retry-after': '7' } }) })",
    ] {
        let rig = Rig::new(&format!("{{ source: () => {{ throw {thrown}; }} }}"));
        rig.core.prefetch("");
        let failure = rig.failure().await;
        assert_eq!(text(&failure, "code"), "throttled", "{thrown}");
        assert_eq!(get(&failure, "retryAfter"), 7_000, "{thrown}");
        rig.core.close();
    }
}

#[wasm_bindgen_test]
async fn a_function_is_told_why_it_is_asked() {
    js("globalThis.requests = []");
    let rig = Rig::new(
        "{ source: (request) => requests.push(request) === 1 ? never() : reply(requests.length),
           policy: { deadline: 50, backoffBase: 10, pullIn: 0 } }",
    );
    rig.core.prefetch("clip");
    until(|| rig.peek("clip").is_object()).await;
    let request = js("requests[0]");
    assert_eq!(text(&request, "reason"), "prefetch");
    assert_eq!(text(&request, "scope"), "clip");
    assert_eq!(get(&get(&request, "signal"), "aborted"), true, "it hung until its deadline");
    rig.core.invalidate("STS.Key2", None);
    until(|| js("requests.length") == 3).await;
    assert_eq!(text(&js("requests[2]"), "reason"), "rejected");
    assert_eq!(get(&get(&js("requests[2]"), "signal"), "aborted"), false);
}

/// For what no reader can know, such as an encrypted payload.
#[wasm_bindgen_test]
async fn an_answer_can_be_mapped() {
    let cases = [
        // source, mapReply
        ("() => ({ sealed: reply(1) })", "(value) => value.sealed"),
        ("() => Response.json({ sealed: reply(1) })", "async (value) => value.sealed"),
        ("() => new Response(btoa(JSON.stringify(reply(1))))", "(text) => atob(text)"),
        ("() => 'cipher'", "(text) => text === 'cipher' && reply(1)"),
    ];
    for (source, map) in cases {
        let rig = Rig::new(&format!("{{ source: {source}, mapReply: {map} }}"));
        let token = rig.token().await.unwrap_or_else(|_| panic!("{source}"));
        assert_eq!(text(&token, "accessKeyId"), "STS.Key1", "{source}");
    }
    let rig = Rig::new("{ source: () => reply(1), mapReply: () => { throw new Error('key') } }");
    rig.core.prefetch("");
    let failure = rig.failure().await;
    assert_eq!(text(&failure, "code"), "network");
    assert_eq!(text(&get(&failure, "cause"), "message"), "key");

    // An error answer is an error, and is not shown to the page's reader.
    let rig =
        Rig::new("{ source: () => new Response('', { status: 500 }), mapReply: () => reply(1) }");
    rig.core.prefetch("");
    assert_eq!(text(&rig.failure().await, "code"), "http");
}
