//! An uploader's files: VOD or the AppServer is asked, the SDK is given what came, and told when there is nothing.

use js_sys::{Array, JSON, Object};
use upload_token::wasm::{TokenCore, UploadCore, UploadHost};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use super::rig::{AppServer, Rig, Sdk, get, js, text, until};

const STS: &str = "{ endpoint: 'https://vod.test', seed: 7 }";
const VIDEO: &str =
    "{ name: 'a.mp4', type: 'video/mp4', size: 9, isImage: false, fields: { Title: 'A', CateId: '7' },
                       videoId: undefined, ticket: undefined, checkpoint: false, scope: '' }";

/// An uploader, and the SDK that it looks after.
struct Uploader {
    core: UploadCore,
    sdk: Sdk,
}

impl Uploader {
    /// With a token manager of `options`, in STS mode.
    fn of_tokens(tokens: &TokenCore, options: &str) -> Self {
        let sdk = Sdk::new();
        let core = tokens.uploads(js(options).unchecked_ref(), host(&sdk));
        Self { core, sdk }
    }

    fn new(options: &str) -> Self {
        let sdk = Sdk::new();
        let core = UploadCore::new(js(options).unchecked_ref(), host(&sdk));
        Self { core, sdk }
    }

    fn start(&self, file: &str) {
        self.core.started(1, js(file).unchecked_ref());
    }

    /// What the SDK was given by the calls of `method`, or told by the events of that name.
    fn told(&self, method: &str) -> Vec<JsValue> {
        let calls = self.sdk.calls();
        let calls = calls.iter().map(|call| Array::from(&call));
        calls.filter(|call| call.get(0) == method).map(|call| call.get(1)).collect()
    }

    /// The first of [`told`](Self::told), once there is one.
    async fn first(&self, method: &str) -> JsValue {
        until(|| !self.told(method).is_empty()).await;
        self.told(method)[0].clone()
    }
}

fn host(sdk: &Sdk) -> UploadHost {
    let value: &JsValue = sdk.as_ref();
    value.clone().unchecked_into()
}

/// How long a file waited that was told to have started, and how long of that for its token, in ms.
fn waits(started: &JsValue) -> [f64; 2] {
    ["waited", "waitedForToken"].map(|name| get(started, name).as_f64().unwrap())
}

fn names(object: &JsValue) -> Vec<String> {
    Object::keys(object.unchecked_ref::<Object>())
        .iter()
        .filter_map(|key| key.as_string())
        .collect()
}

#[wasm_bindgen_test]
async fn in_sts_mode_vod_is_asked_and_the_sdk_answered() {
    let server = AppServer::new("(init, n) => Response.json(uploadAuth(n))");
    let tokens = Rig::new("{ source: () => reply(1) }");
    let uploader = Uploader::of_tokens(&tokens.core, STS);
    uploader.start(VIDEO);
    let delivery = uploader.first("deliver").await;
    server.restore();
    assert_eq!(text(&delivery, "answers"), "start");
    assert_eq!(text(&delivery, "videoId"), "video1");
    assert_eq!((get(&delivery, "isImage"), get(&delivery, "forget")), (false.into(), false.into()));
    assert_eq!(server.calls().length(), 1);
    let url = text(&server.calls().get(0), "url");
    assert!(
        url.starts_with("https://vod.test/?AccessKeyId=STS.Key1&Action=CreateUploadVideo&CateId=7")
    );
    assert!(url.contains("&Title=A&") && url.contains("&Signature="));
    assert!(!url.contains("CanarySecret"), "a secret signs and does not travel");

    let told = uploader.sdk.calls();
    let told: Vec<_> =
        told.iter().filter_map(|call| Array::from(&call).get(0).as_string()).collect();
    assert_eq!(told, ["hold", "token", "deliver", "started"]);
    let started = &uploader.told("started")[0];
    let [waited, for_token] = waits(started);
    assert!(waited >= for_token, "{waited} ms, {for_token} ms of it for a token");
    assert_eq!(text(started, "accessKeyId"), "STS.Auth1");
    let shown = JSON::stringify(started).unwrap().as_string().unwrap();
    assert!(!shown.contains("Canary"), "{shown}");

    uploader.core.succeeded(1);
    assert_eq!(uploader.told("hold"), [true, false], "nobody else knew the uploader meanwhile");
    tokens.core.close();
}

#[wasm_bindgen_test]
async fn a_clock_that_is_turned_meanwhile_is_no_wait() {
    let server = AppServer::new("(init, n) => Response.json(uploadAuth(n))");
    js("globalThis.clock = Date.now");
    let tokens =
        Rig::new("{ source: () => { Date.now = () => clock() + 600_000; return reply(1); } }");
    let uploader = Uploader::of_tokens(&tokens.core, STS);
    uploader.start(VIDEO);
    let started = uploader.first("started").await;
    server.restore();
    js("Date.now = clock");
    let [waited, for_token] = waits(&started);
    assert!(
        for_token <= waited && waited < 600_000.0,
        "{waited} ms, {for_token} ms of it for a token"
    );
    tokens.core.close();
}

#[wasm_bindgen_test]
async fn a_token_that_vod_refused_is_replaced() {
    let server = AppServer::new(
        "(init, n) => n > 1 ? Response.json(uploadAuth(n))
            : Response.json({ Code: 'InvalidSecurityToken.Expired' }, { status: 403 })",
    );
    js("globalThis.asked = []");
    let tokens = Rig::new("{ source: (request) => reply(asked.push(request)) }");
    let uploader = Uploader::of_tokens(&tokens.core, STS);
    uploader.start(VIDEO);
    uploader.first("deliver").await;
    server.restore();
    assert_eq!(text(&js("asked[1]"), "reason"), "rejected");
    assert_eq!(text(&js("asked[1]"), "rejected"), "STS.Key1");
    assert_eq!(text(&tokens.told("rejected")[0], "reason"), "VOD refused it");
    assert!(text(&server.calls().get(1), "url").contains("AccessKeyId=STS.Key2&"));
    tokens.core.close();
}

#[wasm_bindgen_test]
async fn a_file_fails_with_the_reason_why_no_token_comes() {
    let server = AppServer::new("() => new Response('', { status: 401 })");
    let tokens = Rig::new("{ source: 'https://app.test/sts' }");
    let uploader = Uploader::of_tokens(&tokens.core, STS);
    uploader.start(VIDEO);
    let failure = uploader.first("fail").await;
    assert_eq!(text(&failure, "code"), "unauthenticated");
    tokens.core.close();

    // The time is over before the manager's own is.
    let tokens = Rig::new("{ source: () => { throw new Error('offline'); } }");
    let uploader = Uploader::of_tokens(&tokens.core, "{ endpoint: '', wait: 60, seed: 7 }");
    uploader.start(VIDEO);
    let failure = uploader.first("fail").await;
    server.restore();
    assert_eq!(text(&failure, "code"), "network");
    assert_eq!(uploader.told("hold"), [true, false]);
    tokens.core.close();
}

#[wasm_bindgen_test]
async fn the_scope_of_the_next_file_is_asked_for_ahead() {
    let server = AppServer::new("(init, n) => Response.json(uploadAuth(n))");
    js("globalThis.asked = []");
    let tokens = Rig::new("{ source: (request) => reply(asked.push(request)) }");
    let uploader = Uploader::of_tokens(&tokens.core, STS);
    uploader.sdk.set_says(&js("{ taken: true, next: 'second' }"));
    uploader.start(&VIDEO.replace("scope: ''", "scope: 'first'"));
    until(|| js("asked.length") == 2).await;
    server.restore();
    let asked = |nth: u32| text(&Array::from(&js("asked")).get(nth), "scope");
    assert_eq!((asked(0).as_str(), asked(1).as_str()), ("first", "second"));
    assert_eq!(text(&js("asked[1]"), "reason"), "prefetch");
    tokens.core.close();
}

#[wasm_bindgen_test]
async fn a_running_client_is_given_the_next_credential_before_its_end() {
    let server =
        AppServer::new("(init, n) => Response.json(uploadAuth(n, n === 1 ? 3000 : 3000000))");
    let tokens = Rig::new("{ source: () => reply(1) }");
    let uploader = Uploader::of_tokens(&tokens.core, STS);
    uploader.start(VIDEO);
    uploader.first("deliver").await;
    let credential = uploader.first("swap").await;
    server.restore();
    assert_eq!(names(&credential), ["accessKeyId", "accessKeySecret", "stsToken"]);
    assert!(text(&credential, "accessKeyId").starts_with("STS.Auth"));
    assert_eq!(text(&credential, "stsToken"), "CanaryAuthToken");
    assert!(text(&server.calls().get(1), "url").contains("Action=RefreshUploadVideo"));
    assert_eq!(uploader.told("swapped").len(), 1);
    tokens.core.close();
}

#[wasm_bindgen_test]
async fn a_failure_of_the_sdk_is_decided_about_at_once() {
    let server = AppServer::new("(init, n) => Response.json(uploadAuth(n))");
    let tokens = Rig::new("{ source: () => reply(1) }");
    for (code, verdict) in
        [("AccessDenied", "tell"), ("InvalidSecurityToken", "retry"), ("NoSuchUpload", "forget")]
    {
        let uploader = Uploader::of_tokens(&tokens.core, STS);
        assert_eq!(uploader.core.failed(1, code), "tell", "nothing is known of it yet");
        uploader.start(VIDEO);
        uploader.first("started").await;
        assert_eq!(uploader.core.failed(1, code), verdict, "{code}");
    }
    server.restore();
    tokens.core.close();
}

#[wasm_bindgen_test]
async fn in_upload_auth_mode_an_address_is_told_what_is_wanted() {
    let server = AppServer::new("(init, n) => Response.json(uploadAuth(n))");
    let uploader = Uploader::new(
        "{ source: 'https://app.test/upload-auth', request: { headers: { 'x-csrf': '7' } }, seed: 7 }",
    );
    uploader.start(VIDEO);
    uploader.first("deliver").await;
    server.restore();
    let call = server.calls().get(0);
    assert_eq!(text(&call, "body"), r#"{"title":"A","fileName":"a.mp4","cateId":7,"fileSize":9}"#);
    let headers = get(&call, "headers").unchecked_into::<web_sys::Headers>();
    assert_eq!(headers.get("content-type").unwrap().as_deref(), Some("application/json"));
    assert_eq!(headers.get("x-csrf").unwrap().as_deref(), Some("7"));
}

#[wasm_bindgen_test]
async fn in_upload_auth_mode_a_function_is_asked_for_an_image() {
    js("globalThis.asked = []");
    let uploader = Uploader::new(
        "{ source: async (...args) => { asked.push(args); return { ...uploadAuth(1), VideoId: undefined, ImageId: 'image1' }; },
           seed: 7 }",
    );
    uploader.start(
        "{ name: 'a.png', type: 'image/png', size: 9, isImage: true, fields: { ImageExt: 'png', Tags: 'x' },
           videoId: '', ticket: undefined, checkpoint: true, scope: '' }",
    );
    let delivery = uploader.first("deliver").await;
    assert_eq!((get(&delivery, "isImage"), get(&delivery, "forget")), (true.into(), true.into()));
    assert_eq!(text(&delivery, "imageId"), "image1");
    assert!(get(&delivery, "videoId").is_undefined());
    let request = js("asked[0][0]");
    assert_eq!(names(&request), ["title", "fileName", "tags", "image", "reason", "signal"]);
    assert_eq!(text(&get(&request, "image"), "imageExt"), "png");
    assert_eq!(js("asked[0][1]"), 1, "the file's number, for the adapter");
}

#[wasm_bindgen_test]
async fn a_manager_of_another_copy_is_asked_for_tokens() {
    let server = AppServer::new(
        "(init, n) => n > 1 ? Response.json(uploadAuth(n))
            : Response.json({ Code: 'InvalidAccessKeyId.NotFound' }, { status: 404 })",
    );
    js("globalThis.asked = []");
    let uploader = Uploader::new(
        "{ endpoint: 'https://vod.test', seed: 7, tokens: {
             getToken: async (scope, least, signal) => {
               asked.push([scope, least, signal instanceof AbortSignal]);
               return { accessKeyId: `STS.Key${asked.length}`, accessKeySecret: 'b', securityToken: 'c' };
             },
             invalidate: (...args) => void asked.push(args),
             validFor: () => 1000,
             prefetch() {},
           } }",
    );
    uploader.start(VIDEO);
    uploader.first("deliver").await;
    server.restore();
    let asked = JSON::stringify(&js("asked")).unwrap().as_string().unwrap();
    assert_eq!(asked, r#"[["",0,true],["STS.Key1","VOD refused it"],["",0,true]]"#);
    assert!(text(&server.calls().get(1), "url").contains("AccessKeyId=STS.Key3&"));
}

#[wasm_bindgen_test]
async fn a_credential_that_the_sdk_does_not_take_fails_the_file() {
    let server = AppServer::new("(init, n) => Response.json(uploadAuth(n))");
    let tokens = Rig::new("{ source: () => reply(1) }");
    for says in ["{ taken: false }", "undefined"] {
        let uploader = Uploader::of_tokens(&tokens.core, STS);
        uploader.sdk.set_says(&js(says));
        uploader.start(VIDEO);
        assert_eq!(text(&uploader.first("fail").await, "code"), "invalid_response", "{says}");
    }
    // It has gone on meanwhile: what comes is nobody's.
    let uploader = Uploader::of_tokens(&tokens.core, STS);
    uploader.sdk.set_seen(&js("{ current: true, file: 'Stoped', uploader: 'Stop' }"));
    uploader.start(VIDEO);
    uploader.first("token").await;
    server.restore();
    assert!(uploader.told("deliver").is_empty());
    tokens.core.close();
}
