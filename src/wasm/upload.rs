//! What an uploader's adapter sees of the module.

mod driver;
mod host;
mod source;

use alloc::{rc::Rc, string::String, vec::Vec};

use wasm_bindgen::prelude::*;

use super::{
    convert::{get, json, text},
    platform::Origin,
};
use crate::{
    json::Json,
    policy::Policy,
    upload::{Input, Verdict, slot_policy},
    vod::{Kind, Media},
};
use driver::UploadDriver;
use host::UploadHost;
use source::AuthSource;

/// Keeps the UploadAuths of one vendor uploader fresh.
///
/// The adapter reports what the SDK calls back and carries out what the `host` is asked; it decides
/// nothing. Files have numbers, chosen by the adapter.
#[wasm_bindgen]
#[expect(missing_debug_implementations, reason = "holds credentials and JavaScript values")]
pub struct UploadCore {
    driver: Rc<UploadDriver>,
}

#[wasm_bindgen]
impl UploadCore {
    /// `options` has `wait` (how long the SDK is kept waiting for a credential), `stall` (longest
    /// silence of a running upload), both in milliseconds, `seed`, and where UploadAuths come from:
    /// `endpoint` (VOD, in STS mode), or `source` (an address or a function) and `request`.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &JsValue, host: UploadHost) -> Self {
        let number = |name, default| match get(options, name).as_f64() {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "saturates"
            )]
            Some(number) => number as u64,
            None => default,
        };
        let tokens = Policy::default();
        let policy = slot_policy(&tokens, number("wait", tokens.wait));
        let source = match text(&get(options, "endpoint")) {
            Some(endpoint) => AuthSource::Vod { endpoint, deadline: tokens.deadline },
            None => AuthSource::Page(Origin {
                source: get(options, "source"),
                wishes: get(options, "request"),
                json: true,
            }),
        };
        Self {
            driver: UploadDriver::new(
                policy,
                number("stall", 300_000),
                source,
                host,
                get(options, "seed").as_f64().unwrap_or_default(),
            ),
        }
    }

    /// The SDK came to a file and waits. `about` has `name`, `type` and `isImage` of the file, `fields`
    /// (what the page gave as `paramData.Vod`, each value as text), `videoId` and `checkpoint`.
    pub fn started(&self, file: u32, about: &JsValue) {
        let string = |name| text(&get(about, name)).unwrap_or_default();
        let truth = |name| get(about, name).is_truthy();
        let file_name = string("name");
        let kind = Kind::of(&file_name, &string("type"), truth("isImage"));
        let mut fields = Vec::new();
        if let Json::Object(members) = json(&get(about, "fields"), 1) {
            for (name, value) in members {
                if let Json::String(value) = value {
                    fields.push((name, value));
                }
            }
        }
        let media = Media { kind, file_name, fields };
        let video_id = text(&get(about, "videoId")).filter(|id| !id.is_empty());
        self.driver
            .report(file, Input::Started { media, video_id, checkpoint: truth("checkpoint") });
    }

    /// The SDK took a refusal for an expiry and waits.
    pub fn expired(&self, file: u32, code: String) {
        self.driver.report(file, Input::Expired { code });
    }

    /// A part was stored; `done` of 1 are.
    pub fn progressed(&self, file: u32, done: f64) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
        self.driver.report(file, Input::Progressed { done: (done * 10_000.0) as u32 });
    }

    /// The file is stored.
    pub fn succeeded(&self, file: u32) {
        self.driver.report(file, Input::Succeeded);
    }

    /// The SDK gave the file up with `code`. Returns what to do at once: 0 tell the page; 1 put the
    /// file back into the queue; 2 forget its checkpoint and do that.
    pub fn failed(&self, file: u32, code: &str) -> u8 {
        match self.driver.failed(file, code) {
            Verdict::Pass => 0,
            Verdict::Retry { forget: false } => 1,
            Verdict::Retry { forget: true } => 2,
        }
    }

    /// The page did something to the queue: looks at the SDK again.
    pub fn changed(&self) {
        self.driver.all(&Input::Wake);
    }

    /// What is known of a file's UploadAuth, without secrets; `undefined` for an unknown file.
    #[wasm_bindgen(unchecked_return_type = "object | undefined")]
    pub fn status(&self, file: u32) -> JsValue {
        self.driver.status(file)
    }

    /// Files that are being looked after, for tests of leaks.
    pub fn files(&self) -> usize {
        self.driver.files()
    }
}
