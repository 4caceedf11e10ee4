//! What comes in: the options of a manager and of an uploader, and the files of one, with their types.

use wasm_bindgen::prelude::*;

use super::values::{get, json, text, whole};
use crate::{json::Json, policy::Policy, token::UploadAddress, upload::Tries};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** Where credentials come from: the address of an AppServer, or a function that rejects and never throws. */
export type CredentialSource = string | ((request: object, file: number) => Promise<unknown>);

export interface TokenOptions {
  source: CredentialSource;
  /** What is added to each request to an address, or a function that returns it. */
  request: unknown;
  mapReply: unknown;
  /** Numbers by their names; what is absent has its default. */
  policy: { readonly [name: string]: number | undefined };
  seed: number;
}

export interface UploadOptions {
  /** How long the SDK is kept waiting for a credential, ms. */
  wait: number | undefined;
  /** As the SDK has them, where the page gives others than its defaults: of one request to OSS, ms; how often it is
   * repeated; and the wait before that, in seconds. */
  timeout: number | undefined;
  retryCount: number | undefined;
  retryDuration: number | undefined;
  seed: number;
  /** Where VOD is, in STS mode. */
  endpoint?: string | undefined;
  /** In STS mode with a token manager of another copy of this package. */
  tokens?: ForeignTokens | undefined;
  /** In UploadAuth mode. */
  source?: CredentialSource | undefined;
  request?: unknown;
}

/** A token manager of another copy of this package. */
export interface ForeignTokens {
  getToken(scope: string, minValidity: number, signal: AbortSignal): Promise<unknown>;
  /** How much longer its token is used, ms; `undefined` if it does not say. */
  validFor(scope: string): number | undefined;
  invalidate(accessKeyId: string, reason: string): void;
  prefetch(scope: string): void;
}

/** A file that the SDK came to. */
export interface UploadFile {
  name: string;
  type: string;
  /** Bytes. */
  size: number;
  /** What the SDK takes it for. */
  isImage: boolean;
  /** What the page gave as `paramData.Vod`. */
  fields: { readonly [name: string]: string };
  videoId: string | undefined;
  /** What the AppServer gave with that video. */
  ticket: string | undefined;
  /** Whether the SDK has a checkpoint of it. */
  checkpoint: boolean;
  /** Key of the object that the checkpoint is of, if the SDK shows it. */
  object: string | undefined;
  /** Of its STS token. */
  scope: string;
  /** Where the page itself wants it, in direct mode. */
  place: { readonly endpoint: string; readonly bucket: string; readonly object: string } | undefined;
  /** How long the SDK has waited already, ms: for the page, and for the module. */
  waited: number;
}
"#;

#[wasm_bindgen]
extern "C" {
    /// Options of a [`TokenCore`](super::TokenCore).
    #[wasm_bindgen(typescript_type = "TokenOptions")]
    pub type TokenOptions;
    #[wasm_bindgen(method, getter)]
    pub(super) fn source(this: &TokenOptions) -> JsValue;
    #[wasm_bindgen(method, getter)]
    pub(super) fn request(this: &TokenOptions) -> JsValue;
    #[wasm_bindgen(method, getter, js_name = mapReply)]
    pub(super) fn map_reply(this: &TokenOptions) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn policy(this: &TokenOptions) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn seed(this: &TokenOptions) -> f64;

    /// Options of an [`UploadCore`](super::UploadCore).
    #[wasm_bindgen(typescript_type = "UploadOptions")]
    pub type UploadOptions;
    #[wasm_bindgen(method, getter)]
    fn wait(this: &UploadOptions) -> Option<f64>;
    #[wasm_bindgen(method, getter)]
    fn timeout(this: &UploadOptions) -> Option<f64>;
    #[wasm_bindgen(method, getter, js_name = retryCount)]
    fn retry_count(this: &UploadOptions) -> Option<f64>;
    #[wasm_bindgen(method, getter, js_name = retryDuration)]
    fn retry_duration(this: &UploadOptions) -> Option<f64>;
    #[wasm_bindgen(method, getter)]
    fn seed(this: &UploadOptions) -> f64;
    #[wasm_bindgen(method, getter)]
    pub(super) fn tokens(this: &UploadOptions) -> Option<ForeignTokens>;
    #[wasm_bindgen(method, getter)]
    pub(super) fn source(this: &UploadOptions) -> JsValue;
    #[wasm_bindgen(method, getter)]
    pub(super) fn request(this: &UploadOptions) -> JsValue;

    /// A token manager of another copy of this package.
    #[derive(Clone)]
    #[wasm_bindgen(typescript_type = "ForeignTokens")]
    pub type ForeignTokens;
    #[wasm_bindgen(method, catch, js_name = getToken)]
    pub(super) fn get_token(
        this: &ForeignTokens,
        scope: &str,
        least: f64,
        signal: &web_sys::AbortSignal,
    ) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, js_name = validFor)]
    pub(super) fn valid_for(this: &ForeignTokens, scope: &str) -> Option<f64>;
    #[wasm_bindgen(method)]
    pub(super) fn invalidate(this: &ForeignTokens, access_key_id: &str, reason: &str);
    #[wasm_bindgen(method)]
    pub(super) fn prefetch(this: &ForeignTokens, scope: &str);

    /// A file that the SDK came to.
    #[wasm_bindgen(typescript_type = "UploadFile")]
    pub type UploadFile;
    #[wasm_bindgen(method, getter)]
    fn size(this: &UploadFile) -> f64;
    #[wasm_bindgen(method, getter, js_name = isImage)]
    pub(super) fn is_image(this: &UploadFile) -> bool;
    #[wasm_bindgen(method, getter)]
    fn fields(this: &UploadFile) -> JsValue;
    #[wasm_bindgen(method, getter)]
    pub(super) fn checkpoint(this: &UploadFile) -> bool;
    #[wasm_bindgen(method, getter)]
    fn place(this: &UploadFile) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn waited(this: &UploadFile) -> f64;
}

/// VOD's name for it.
const FILE_SIZE: &str = "FileSize";

impl TokenOptions {
    pub(super) fn numbers(&self) -> Policy {
        let given = self.policy();
        let mut policy = Policy::default();
        for (name, ..) in Policy::NUMBERS {
            if let Some(number) = get(&given, name).as_f64() {
                policy.set(name, number);
            }
        }
        policy
    }

    pub(super) fn random(&self) -> u64 {
        whole(self.seed())
    }
}

impl UploadOptions {
    pub(super) fn endpoint(&self) -> Option<String> {
        text(self, "endpoint")
    }

    pub(super) fn wait_or(&self, default: u64) -> u64 {
        self.wait().map_or(default, whole)
    }

    pub(super) fn tries(&self) -> Tries {
        Tries {
            timeout: self.timeout().map(whole),
            retry_count: self.retry_count().map(whole),
            retry_wait: self.retry_duration().map(|seconds| whole(seconds * 1000.0)),
        }
    }

    pub(super) fn random(&self) -> u64 {
        whole(self.seed())
    }
}

impl UploadFile {
    pub(super) fn name(&self) -> String {
        text(self, "name").unwrap_or_default()
    }

    pub(super) fn mime(&self) -> String {
        text(self, "type").unwrap_or_default()
    }

    pub(super) fn ticket(&self) -> Option<String> {
        text(self, "ticket")
    }

    pub(super) fn object(&self) -> Option<String> {
        text(self, "object")
    }

    pub(super) fn scope(&self) -> String {
        text(self, "scope").unwrap_or_default()
    }

    /// VOD's id of the video, if it has one.
    pub(super) fn known_video(&self) -> Option<String> {
        text(self, "videoId").filter(|id| !id.is_empty())
    }

    pub(super) fn waited_so_far(&self) -> u64 {
        whole(self.waited())
    }

    /// Where the page itself wants it.
    pub(super) fn wanted_at(&self) -> Option<UploadAddress> {
        let place = self.place();
        let part = |name| text(&place, name);
        Some(UploadAddress {
            endpoint: part("endpoint")?,
            bucket: part("bucket")?,
            file_name: part("object")?,
        })
    }

    /// What the page gave about the file, each value as text.
    pub(super) fn texts(&self) -> Vec<(String, String)> {
        let Json::Object(members) = json(&self.fields(), 1) else { return Vec::new() };
        let text = |(name, value): (String, Json)| Some((name, value.as_str()?.to_owned()));
        members.into_iter().filter_map(text).collect()
    }

    /// The same for an AppServer, which may have a limit of its own.
    pub(super) fn texts_and_size(&self) -> Vec<(String, String)> {
        let mut texts = self.texts();
        if texts.iter().all(|(name, _)| name != FILE_SIZE) {
            texts.push((FILE_SIZE.to_owned(), whole(self.size()).to_string()));
        }
        texts
    }
}
