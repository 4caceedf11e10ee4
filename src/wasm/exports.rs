//! What TypeScript sees of the module.
//!
//! Every method takes `&self` and returns at once, so calls may overlap, and may come from inside a call of the host.

use std::rc::Rc;

use wasm_bindgen::prelude::*;

use super::{
    driver::Driver,
    host::{Out, TokenHost, UploadHost},
    options::{TokenOptions, UploadFile, UploadOptions},
    request::Origin,
    tokens::{Tokens, UsesTokens},
    upload_auths::AuthSource,
    uploads::Uploads,
    values::whole,
    vod::{StsTokens, Vod},
};
use crate::{
    error::PageFunction,
    policy::Policy,
    upload::{Input, Verdict, slot_policy},
};

/// Keeps the STS tokens of one page fresh.
#[wasm_bindgen]
#[expect(missing_debug_implementations, reason = "holds credentials and JavaScript values")]
pub struct TokenCore {
    driver: Rc<Driver<Tokens>>,
}

#[wasm_bindgen]
impl TokenCore {
    /// `host` settles callers and tells listeners.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &TokenOptions, host: TokenHost) -> Self {
        let (source, map) = (options.source(), options.map_reply());
        let origin = Origin::new(PageFunction::Source, &source, options.request(), &map);
        let tokens = Tokens::new(origin, host);
        Self { driver: Driver::new(tokens, options.numbers(), options.random()) }
    }

    /// Asks for a token. The host settles the caller called `waiter`, a number below 2³¹ that no other has. `least` is
    /// in milliseconds, as is `waited`: how much of the caller's wait is over already.
    pub fn request(&self, waiter: u32, scope: &str, least: f64, waited: f64) {
        self.driver.request(waiter, scope, whole(least), whole(waited));
    }

    /// Ends the wait of one caller: it is rejected with the code `aborted`.
    pub fn cancel(&self, waiter: u32, scope: &str) {
        self.driver.cancel(waiter, scope);
    }

    /// Leaves a token that may be used now, or `undefined`.
    pub fn peek(&self, scope: &str, out: &Out) {
        out.set_value(&self.driver.peek(scope));
    }

    /// A token will be wanted soon.
    pub fn prefetch(&self, scope: &str) {
        self.driver.prefetch(scope);
    }

    /// A server refused the token with this AccessKeyId. The `rejected` event repeats `reason`.
    pub fn invalidate(&self, access_key_id: &str, reason: Option<String>) {
        self.driver.invalidate(access_key_id, reason);
    }

    /// The user changed: drops what is in hand and under way, of this scope or of all.
    pub fn reset(&self, scope: Option<String>) {
        self.driver.reset(scope.as_deref());
    }

    /// Leaves the slot's state, without secrets.
    pub fn status(&self, scope: &str, out: &Out) {
        out.set_value(&self.driver.status(scope));
    }

    /// Looks after an uploader in STS mode, with tokens of this manager, which never leave the module.
    pub fn uploads(&self, options: &UploadOptions, host: UploadHost) -> UploadCore {
        let core = UploadCore::of_vod(options, host, StsTokens::Ours(Rc::clone(&self.driver)));
        let user: Rc<dyn UsesTokens> = Rc::clone(&core.driver) as _;
        self.driver.shell().used_by(Rc::downgrade(&user));
        core
    }

    /// Stops for good.
    pub fn close(&self) {
        self.driver.shut();
    }
}

impl Drop for TokenCore {
    fn drop(&mut self) {
        self.driver.shut();
    }
}

/// Keeps the UploadAuths of one vendor uploader fresh.
///
/// The adapter reports what the SDK calls back and carries out what the host is asked. Files have numbers, chosen by
/// the adapter.
#[wasm_bindgen]
#[expect(missing_debug_implementations, reason = "holds credentials and JavaScript values")]
pub struct UploadCore {
    driver: Rc<Driver<Uploads>>,
}

#[wasm_bindgen]
impl UploadCore {
    /// In UploadAuth mode, or with the token manager of another copy of the package.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &UploadOptions, host: UploadHost) -> Self {
        if let Some(tokens) = options.tokens() {
            return Self::of_vod(options, host, StsTokens::Foreign(tokens));
        }
        let (source, map) = (options.source(), JsValue::UNDEFINED);
        let origin = Origin::new(PageFunction::UploadAuth, &source, options.request(), &map);
        Self::of(options, host, AuthSource::Page(Rc::new(origin)))
    }

    /// The SDK came to a file and waits.
    pub fn started(&self, file: u32, details: &UploadFile) {
        self.driver.started(file, details);
    }

    /// The SDK took a refusal for an expiry and waits.
    pub fn expired(&self, file: u32, code: String) {
        self.driver.send(file, Input::Expired { code });
    }

    /// A part was stored; `done` of 1 are.
    pub fn progressed(&self, file: u32, done: f64) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
        self.driver.send(file, Input::Progressed { done: (done * 10_000.0) as u32 });
    }

    /// The file is stored.
    pub fn succeeded(&self, file: u32) {
        self.driver.send(file, Input::Succeeded);
    }

    /// The SDK gave the file up with `code`. Returns what to do at once: `tell` the page, `retry` the file, or `forget`
    /// its checkpoint and retry it.
    pub fn failed(&self, file: u32, code: &str) -> String {
        let verdict = match self.driver.failed(file, code) {
            Verdict::Pass => "tell",
            Verdict::Retry { forget: false } => "retry",
            Verdict::Retry { forget: true } => "forget",
        };
        verdict.to_owned()
    }

    /// The user changed: gives up the files of this scope, or all of them.
    pub fn reset(&self, scope: Option<String>) {
        self.driver.send_scope(scope.as_deref(), &Input::Reset);
    }

    /// The page did something to the queue: looks at the SDK again.
    pub fn changed(&self) {
        self.driver.send_all(&Input::Wake);
    }
}

impl UploadCore {
    fn of_vod(options: &UploadOptions, host: UploadHost, tokens: StsTokens) -> Self {
        let endpoint = options.endpoint().unwrap_or_default();
        let deadline = Policy::default().deadline;
        Self::of(options, host, AuthSource::Vod(Rc::new(Vod { endpoint, deadline, tokens })))
    }

    fn of(options: &UploadOptions, host: UploadHost, source: AuthSource) -> Self {
        let tokens = Policy::default();
        let policy = slot_policy(&tokens, options.wait_or(tokens.wait_deadline));
        let uploads = Uploads::new(source, host, options.tries().longest_silence());
        Self { driver: Driver::new(uploads, policy, options.random()) }
    }
}
