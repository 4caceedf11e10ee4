//! The adapter, as the module calls it.

use alloc::string::String;

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// What the adapter can do with the SDK. No method throws; what an SDK threw at was not done.
    pub type UploadHost;

    /// `{ current, file, uploader }`: whether the SDK is at this file, and both states in its own words.
    #[wasm_bindgen(method)]
    pub(super) fn look(this: &UploadHost, file: u32) -> JsValue;

    /// What an AppServer is told about a file.
    #[wasm_bindgen(method)]
    pub(super) fn about(
        this: &UploadHost,
        file: u32,
        video_id: Option<&str>,
        is_image: bool,
    ) -> JsValue;

    /// A function of `{ signal }` that returns a promise of an STS token.
    #[wasm_bindgen(method)]
    pub(super) fn token(this: &UploadHost, file: u32) -> JsValue;

    /// VOD refused the token with this AccessKeyId.
    #[wasm_bindgen(method)]
    pub(super) fn refused(this: &UploadHost, access_key_id: &str);

    /// Text that was never used as a nonce.
    #[wasm_bindgen(method)]
    pub(super) fn nonce(this: &UploadHost) -> Option<String>;

    /// Answers `onUploadstarted`, or `onUploadTokenExpired` if the upload is `resumed`. `is_image` is what the
    /// file really is; with `forget` the SDK's checkpoint is of another object. Whether the SDK took it.
    #[wasm_bindgen(method)]
    pub(super) fn deliver(
        this: &UploadHost,
        file: u32,
        resumed: bool,
        upload_auth: &str,
        upload_address: &str,
        video_id: Option<&str>,
        image_id: Option<&str>,
        is_image: bool,
        forget: bool,
    ) -> bool;

    /// Puts a credential into the running client. Whether it took it.
    #[wasm_bindgen(method)]
    pub(super) fn swap(this: &UploadHost, file: u32, id: &str, secret: &str, token: &str) -> bool;

    /// Puts the file back into the queue.
    #[wasm_bindgen(method)]
    pub(super) fn requeue(this: &UploadHost, file: u32, forget: bool);

    /// Tells the page that the file failed, and leaves an uploader that can be restarted.
    #[wasm_bindgen(method)]
    pub(super) fn fail(this: &UploadHost, file: u32, code: &str, message: &str);

    /// Whether the host must not be collected.
    #[wasm_bindgen(method)]
    pub(super) fn hold(this: &UploadHost, busy: bool);

    /// Tells listeners.
    #[wasm_bindgen(method)]
    pub(super) fn event(this: &UploadHost, file: u32, name: &str, detail: &JsValue);
}
