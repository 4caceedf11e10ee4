//! TypeScript, as the module calls it. Its methods hold what they need weakly, and do not throw.

use wasm_bindgen::prelude::*;

use super::values::text;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** The callers and the listeners of a token manager. */
export interface TokenHost {
  /** Settles the caller. */
  resolve(waiter: number, token: object): void;
  reject(waiter: number, failure: object): void;
  event(name: string, detail: object): void;
}

/** What is known of the SDK, with respect to one file. */
export interface Look {
  /** Whether the SDK is at this file. */
  current: boolean;
  /** State of the file in the SDK's own words; empty if it is not in its list. */
  file: string;
  /** State of the uploader in the SDK's own words; empty if it cannot be seen. */
  uploader: string;
}

/** A credential for the SDK. */
export interface Delivery {
  file: number;
  /** Which question it answers: `onUploadstarted` or `onUploadTokenExpired`. */
  answers: "start" | "resume";
  uploadAuth: string;
  uploadAddress: string;
  /** In direct mode, in the place of both. */
  credential?: ClientCredential;
  videoId?: string;
  /** To be kept with the video, and given when it is asked for again. */
  ticket?: string;
  imageId?: string;
  /** What the file really is. */
  isImage: boolean;
  /** The SDK's checkpoint is of another object. */
  forget: boolean;
  /** What else was answered, without the credential. */
  reply?: unknown;
}

/** Whether the SDK took a {@link Delivery}, and the scope of the file that it comes to next. */
export interface Delivered {
  taken: boolean;
  next?: string | undefined;
}

/** A credential for the client that is sending a file. */
export interface ClientCredential {
  accessKeyId: string;
  accessKeySecret: string;
  stsToken: string;
}

/** What the module can have done to the SDK. What an SDK threw at was not done. */
export interface UploadHost {
  look(file: number): Look | undefined;
  deliver(delivery: Delivery): Delivered | undefined;
  /** Whether the running client took it. */
  swap(file: number, credential: ClientCredential): boolean;
  /** Puts the file back into the queue. */
  requeue(file: number, forget: boolean): void;
  /** Tells the page that the file failed, and leaves an uploader that can be restarted. */
  fail(file: number, failure: object): void;
  /** Whether the host must not be collected. */
  hold(busy: boolean): void;
  event(file: number, name: string, detail: object): void;
}
"#;

#[wasm_bindgen]
extern "C" {
    /// Where a method leaves its result.
    ///
    /// Not returned, for the sake of Node 20: its V8 ends the process if the code around a call of a module is thrown
    /// away during that call, and the call was optimised and returns an object.
    #[wasm_bindgen(typescript_type = "{ value: unknown }")]
    pub type Out;
    #[wasm_bindgen(method, setter, js_name = value)]
    pub(super) fn set_value(this: &Out, value: &JsValue);

    /// The callers and the listeners of a token manager.
    #[wasm_bindgen(typescript_type = "TokenHost")]
    pub type TokenHost;
    #[wasm_bindgen(method)]
    pub(super) fn resolve(this: &TokenHost, waiter: u32, token: &JsValue);
    #[wasm_bindgen(method)]
    pub(super) fn reject(this: &TokenHost, waiter: u32, failure: &JsValue);
    #[wasm_bindgen(method, catch)]
    pub(super) fn event(this: &TokenHost, name: &str, detail: &JsValue) -> Result<(), JsValue>;

    /// What the adapter can do with the SDK.
    #[wasm_bindgen(typescript_type = "UploadHost")]
    pub type UploadHost;
    #[wasm_bindgen(method)]
    pub(super) fn look(this: &UploadHost, file: u32) -> Option<Look>;
    #[wasm_bindgen(method)]
    pub(super) fn deliver(this: &UploadHost, delivery: &JsValue) -> Option<Delivered>;
    #[wasm_bindgen(method)]
    pub(super) fn swap(this: &UploadHost, file: u32, credential: &JsValue) -> bool;
    #[wasm_bindgen(method)]
    pub(super) fn requeue(this: &UploadHost, file: u32, forget: bool);
    #[wasm_bindgen(method)]
    pub(super) fn fail(this: &UploadHost, file: u32, failure: &JsValue);
    #[wasm_bindgen(method)]
    pub(super) fn hold(this: &UploadHost, busy: bool);
    #[wasm_bindgen(method)]
    pub(super) fn event(this: &UploadHost, file: u32, name: &str, detail: &JsValue);

    pub(super) type Look;
    #[wasm_bindgen(method, getter)]
    pub(super) fn current(this: &Look) -> bool;

    pub(super) type Delivered;
    #[wasm_bindgen(method, getter)]
    pub(super) fn taken(this: &Delivered) -> bool;
}

impl Look {
    pub(super) fn file(&self) -> String {
        text(self, "file").unwrap_or_default()
    }

    pub(super) fn uploader(&self) -> String {
        text(self, "uploader").unwrap_or_default()
    }
}

impl Delivered {
    pub(super) fn next(&self) -> Option<String> {
        text(self, "next")
    }
}
