//! The adapter, as the module calls it.

use alloc::string::String;

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// What the adapter can do with the SDK. Methods that hand something to the SDK say whether it took it.
    pub type UploadHost;

    /// `{ current, file, uploader }`: whether the SDK is at this file, and both states in its own words.
    #[wasm_bindgen(method, catch)]
    pub(super) fn look(this: &UploadHost, file: u32) -> Result<JsValue, JsValue>;

    /// A function of `{ signal }` that returns a promise of an STS token.
    #[wasm_bindgen(method, catch)]
    pub(super) fn token(this: &UploadHost, file: u32) -> Result<JsValue, JsValue>;

    /// VOD refused the token with this AccessKeyId.
    #[wasm_bindgen(method, catch)]
    pub(super) fn refused(this: &UploadHost, access_key_id: &str) -> Result<(), JsValue>;

    /// Text that was never used as a nonce.
    #[wasm_bindgen(method, catch)]
    pub(super) fn nonce(this: &UploadHost) -> Result<String, JsValue>;

    /// Answers `onUploadstarted`. `about` has `uploadAuth`, `uploadAddress`, `videoId`, `imageId`, `isImage`, `forget`.
    #[wasm_bindgen(method, catch)]
    pub(super) fn start(this: &UploadHost, file: u32, about: &JsValue) -> Result<bool, JsValue>;

    /// Answers `onUploadTokenExpired`, with the same.
    #[wasm_bindgen(method, catch)]
    pub(super) fn resume(this: &UploadHost, file: u32, about: &JsValue) -> Result<bool, JsValue>;

    /// Puts a credential into the running client.
    #[wasm_bindgen(method, catch)]
    pub(super) fn swap(
        this: &UploadHost,
        file: u32,
        id: &str,
        secret: &str,
        token: &str,
    ) -> Result<bool, JsValue>;

    /// Puts the file back into the queue.
    #[wasm_bindgen(method, catch)]
    pub(super) fn requeue(this: &UploadHost, file: u32, forget: bool) -> Result<(), JsValue>;

    /// Tells the page that the file failed, and leaves an uploader that can be restarted.
    #[wasm_bindgen(method, catch)]
    pub(super) fn fail(
        this: &UploadHost,
        file: u32,
        code: &str,
        message: &str,
    ) -> Result<(), JsValue>;

    /// Tells listeners.
    #[wasm_bindgen(method, catch)]
    pub(super) fn event(
        this: &UploadHost,
        file: u32,
        name: &str,
        detail: &JsValue,
    ) -> Result<(), JsValue>;
}
