//! The local cloud as a module for a page's service worker: a request in, a `Response` out, and no server.
#![cfg(target_arch = "wasm32")]

mod http;
mod platform;

use std::sync::Arc;

use axum::Router;
use futures_util::future::{AbortHandle, abortable};
use js_sys::Promise;
use tower::ServiceExt;
use upload_token_localcloud::{AccessKey, Config, LocalCloud};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

use crate::platform::Worker;

/// A running cloud, or one service of it.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Cloud {
    local: LocalCloud,
    router: Router,
}

#[wasm_bindgen]
impl Cloud {
    /// A new cloud whose account has these keys, each `ID:SECRET`, `ID:SECRET:inactive` or `ID:SECRET:root`.
    ///
    /// # Errors
    ///
    /// An `Error` for a key that is written otherwise.
    #[wasm_bindgen(constructor)]
    pub fn new(access_keys: Vec<String>) -> Result<Self, JsError> {
        let access_keys: Result<Vec<AccessKey>, _> =
            access_keys.iter().map(|key| key.parse()).collect();
        let config = Config { access_keys: access_keys?, ..Config::default() };
        let local = LocalCloud::on(Arc::new(Worker), config);
        Ok(Self { router: local.router(), local })
    }

    /// The same cloud as one of its hosts answers, whatever host a request names.
    pub fn service(&self, host: &str) -> Self {
        Self { router: self.local.router_of(host), local: self.local.clone() }
    }

    /// The role that its users may assume.
    #[wasm_bindgen(getter, js_name = roleArn)]
    pub fn role_arn(&self) -> String {
        self.local.config().roles.first().map(|role| role.arn.clone()).unwrap_or_default()
    }

    /// Begins to answer a request. `headers` are names and values in turn.
    ///
    /// # Errors
    ///
    /// An `Error`, if HTTP allows no such request.
    pub fn begin(
        &self,
        method: &str,
        url: &str,
        headers: Vec<String>,
        body: Vec<u8>,
    ) -> Result<Exchange, JsError> {
        let request = http::request(method, url, &headers, body)?;
        let router = self.router.clone();
        let (answer, handle) = abortable(async move {
            let Ok(response) = router.oneshot(request).await;
            http::response(response).await
        });
        let answer = async move { answer.await.unwrap_or_else(|_| Err(lost())) };
        Ok(Exchange { answer: future_to_promise(answer), handle })
    }
}

/// A request that is being answered.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Exchange {
    answer: Promise,
    handle: AbortHandle,
}

#[wasm_bindgen]
impl Exchange {
    /// A promise of the `Response`; it rejects if the connection is closed instead.
    #[wasm_bindgen(getter, unchecked_return_type = "Promise<Response>")]
    pub fn answer(&self) -> Promise {
        self.answer.clone()
    }

    /// The client went: what was not carried out yet never is.
    pub fn cancel(&self) {
        self.handle.abort();
    }
}

fn lost() -> JsValue {
    js_sys::Error::new("the connection was closed").into()
}
