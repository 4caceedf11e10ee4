//! Where UploadAuths come from: VOD, asked with an STS token, or the AppServer or a function of the page.

use js_sys::{Function, JSON, JsString, Object, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::{AbortController, Headers, RequestInit};

use super::{
    super::{
        convert::{self, get, object, text},
        fetch::{self, Answer, Body},
        task::wait,
        timer::Timer,
    },
    host::UploadHost,
};
use crate::{
    error::Error,
    json::Json,
    lifecycle::Reason,
    reply::{self, Meta, Reply},
    time::Millis,
    token::{StsToken, UploadAuth},
    vod::{Errand, Kind, Media, Turn, refused},
};

/// Where UploadAuths come from.
pub(super) enum AuthSource {
    /// VOD itself.
    Vod { endpoint: String, deadline: Millis },
    /// The AppServer; `wishes` is the `request` option.
    Url { url: String, wishes: JsValue },
    /// The page's own function.
    Function(Function),
}

/// What an UploadAuth is wanted for.
pub(super) struct Wanted {
    pub(super) file: u32,
    pub(super) media: Media,
    pub(super) video_id: Option<String>,
    pub(super) may_create: bool,
    pub(super) reason: Reason,
}

impl AuthSource {
    pub(super) fn of_page(source: &JsValue, wishes: JsValue) -> Self {
        match source.dyn_ref::<Function>() {
            Some(function) => Self::Function(function.clone()),
            None => Self::Url { url: text(source).unwrap_or_default(), wishes },
        }
    }

    /// Asks for one UploadAuth. `sent` is called when a request goes out: the life counts from there.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub(super) async fn ask(
        &self,
        host: &UploadHost,
        mut wanted: Wanted,
        abort: &AbortController,
        sent: impl Fn(),
    ) -> Result<Reply<UploadAuth>, Error> {
        if let Self::Vod { endpoint, deadline } = self {
            return vod(endpoint, *deadline, host, wanted, abort, sent).await;
        }
        // Awaited in one place: the code of a future is repeated at each.
        loop {
            let answer = self.ask_page(&wanted, abort, &sent).await;
            let again = is_unknown_video(&answer) && wanted.may_create;
            if !(again && wanted.video_id.take().is_some()) {
                return answer;
            }
        }
    }

    /// Asks the AppServer or the page.
    async fn ask_page(
        &self,
        wanted: &Wanted,
        abort: &AbortController,
        sent: &impl Fn(),
    ) -> Result<Reply<UploadAuth>, Error> {
        let request = describe(wanted);
        sent();
        match self {
            Self::Vod { .. } => Err(Error::Source),
            Self::Url { url, wishes } => {
                let body = JSON::stringify(&request).map_err(|_| Error::Source)?;
                let init = post(wishes, &body)?;
                read(fetch::send(url, &init, &abort.signal()).await.map_err(|_| Error::Network)?)
            }
            Self::Function(function) => {
                for (name, value) in
                    [("signal", abort.signal().into()), ("reason", name(wanted.reason).into())]
                {
                    let _ = Reflect::set(&request, &name.into(), &value);
                }
                let answer = function
                    .call1(&JsValue::UNDEFINED, &request)
                    .map_err(|thrown| thrown_error(&thrown))?;
                let answer = settled(&answer).await?;
                if get(&answer, "text").is_function() && get(&answer, "status").as_f64().is_some() {
                    return read(fetch::read(&answer).await.map_err(|_| Error::Network)?);
                }
                reply::read_upload_auth(convert::plain(&answer)?, &Meta::default(), &convert::parse)
            }
        }
    }
}

fn is_unknown_video(answer: &Result<Reply<UploadAuth>, Error>) -> bool {
    matches!(answer, Err(Error::Http { server_code: Some(code), .. }) if code == "InvalidVideo.NotFound")
}

async fn vod(
    endpoint: &str,
    deadline: Millis,
    host: &UploadHost,
    wanted: Wanted,
    abort: &AbortController,
    sent: impl Fn(),
) -> Result<Reply<UploadAuth>, Error> {
    let Wanted { file, media, video_id, may_create, .. } = wanted;
    let mut errand = Errand::new(&media, video_id, may_create);
    let mut kept = None;
    loop {
        let token = match kept.take() {
            Some(token) => token,
            None => sts_token(host, file, abort).await?,
        };
        let nonce = host.nonce().map_err(|_| Error::Source)?;
        let url = [endpoint, "/?", &errand.call().query(&media, &token, &nonce)].concat();
        sent();
        let answer = get_within(&url, deadline, abort).await?;
        let json = match &answer.body {
            Body::Text(text) => convert::parse(text),
            Body::TooLarge => None,
        };
        let json = match json {
            Some(json) if answer.status == 200 && json.get("Code").is_none() => {
                return reply::read_upload_auth(json, &Meta::default(), &convert::parse);
            }
            json => json,
        };
        match errand.refused(refused(answer.status, json.as_ref(), None)) {
            Turn::FreshToken => {
                host.refused(&token.access_key_id).map_err(|_| Error::Source)?;
            }
            Turn::Again => kept = Some(token),
            Turn::Failed(error) => return Err(error),
        }
    }
}

async fn sts_token(
    host: &UploadHost,
    file: u32,
    abort: &AbortController,
) -> Result<StsToken, Error> {
    let promise = host.token(file, &abort.signal()).map_err(|thrown| thrown_error(&thrown))?;
    let token = settled(&promise).await?;
    let part = |name| text(&get(&token, name)).unwrap_or_default();
    StsToken::new(&part("accessKeyId"), &part("accessKeySecret"), &part("securityToken"))
}

/// A GET without headers of our own, so that no preflight is needed; aborts the whole errand at the deadline.
async fn get_within(url: &str, deadline: Millis, abort: &AbortController) -> Result<Answer, Error> {
    let init = RequestInit::new();
    let signal = abort.signal();
    let controller = abort.clone();
    let _timer = Timer::new(deadline, move || controller.abort());
    fetch::send(url, &init, &signal).await.map_err(|_| {
        if signal.aborted() { Error::Timeout { after: deadline } } else { Error::Network }
    })
}

fn read(answer: Answer) -> Result<Reply<UploadAuth>, Error> {
    let headers = ["retry-after", "date", "age", "cache-control"].map(|name| answer.header(name));
    let [retry_after, date, age, cache_control] = headers.each_ref().map(Option::as_deref);
    let meta = Meta { status: Some(answer.status), retry_after, date, age, cache_control };
    let Body::Text(text) = answer.body else {
        return Err(Error::InvalidResponse {
            reason: "the answer is larger than any UploadAuth's",
        });
    };
    reply::read_upload_auth(Json::String(text), &meta, &convert::parse)
}

/// The request's options with a JSON body.
fn post(wishes: &JsValue, body: &JsString) -> Result<RequestInit, Error> {
    let init = fetch::init("POST", wishes);
    let wished = get(wishes, "headers");
    let headers = if wished.is_undefined() {
        Headers::new()
    } else {
        // Any form that the platform takes; the binding only names one of them.
        Headers::new_with_record_from_str_to_str(wished.unchecked_ref())
    };
    let headers = headers.map_err(|_| Error::Source)?;
    headers.set("content-type", "application/json").map_err(|_| Error::Source)?;
    init.set_headers(&headers);
    init.set_body(body);
    Ok(init)
}

/// Parameters that are numbers in JSON.
const NUMBERS: [&str; 2] = ["fileSize", "cateId"];

/// What an AppServer is told: VOD's parameters by their names with a small first letter.
fn describe(wanted: &Wanted) -> Object {
    let about = object(&[
        ("title", (&*wanted.media.file_name).into()),
        ("fileName", (&*wanted.media.file_name).into()),
        ("videoId", wanted.video_id.as_deref().map_or(JsValue::UNDEFINED, JsValue::from)),
    ]);
    let image = Object::new();
    for (name, value) in &wanted.media.fields {
        let mut name = name.clone();
        // VOD's names are ASCII; lower case beyond it would bring Unicode's tables into the module.
        if let Some(first) = name.get_mut(..1) {
            first.make_ascii_lowercase();
        }
        let target = if name.starts_with("image") { &image } else { &about };
        // The platform's parser: the one of Rust's standard library is a tenth of the module.
        let number = js_sys::Number::parse_float(value);
        let value = if NUMBERS.contains(&&*name) && number.is_finite() {
            JsValue::from_f64(number)
        } else {
            JsValue::from_str(value)
        };
        let _ = Reflect::set(target, &name.into(), &value);
    }
    if wanted.media.kind == Kind::Image {
        let _ = Reflect::set(&about, &"image".into(), &image);
    }
    about
}

/// Awaits what a function of the page, or the token manager, returned.
async fn settled(value: &JsValue) -> Result<JsValue, Error> {
    wait(value).await.map_err(|thrown| thrown_error(&thrown))
}

/// Reads an `UploadTokenError`, or whatever else was thrown.
fn thrown_error(thrown: &JsValue) -> Error {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturates; then it is no HTTP status"
    )]
    let status = get(thrown, "status").as_f64().map_or(0, |status| status as u16);
    match text(&get(thrown, "code")).as_deref() {
        Some("closed") => Error::Closed,
        Some("timeout") => Error::Timeout { after: 0 },
        Some("network" | "aborted") => Error::Network,
        // The AppServer's own code is in the manager's event; a file that fails names a code of ours, or one of VOD.
        Some("http") => Error::Http { status, server_code: None },
        Some("throttled") => Error::Throttled { status, retry_after: None },
        Some("unauthenticated") => Error::Unauthenticated { status },
        Some("invalid_response") => {
            Error::InvalidResponse { reason: "the AppServer's answer holds no usable STS token" }
        }
        Some("long_lived_key") => Error::LongLivedKey,
        Some("expired_on_arrival") => Error::ExpiredOnArrival,
        Some("rejected") => Error::Rejected,
        _ if (400..600).contains(&status) => {
            reply::read_failure(status, None, &Meta::default(), &|_| None)
        }
        _ => Error::Source,
    }
}

const fn name(reason: Reason) -> &'static str {
    match reason {
        Reason::Initial => "initial",
        Reason::Refresh => "refresh",
        Reason::Rejected => "rejected",
        Reason::Prefetch => "prefetch",
    }
}
