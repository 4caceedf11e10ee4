//! A canary credential goes through the core on every path; nothing that can be printed holds a part of it.
//!
//! What the shell and the facade tell a page is searched in `tests/e2e/secrets/`.

use std::fmt::Debug;

use base64ct::{Base64, Encoding};
use upload_token::{
    clock::{Clock, Time},
    context::Context,
    error::{Answered, Error},
    json::Json,
    lifecycle::{self, Effect, Slot},
    policy::{Budget, Policy},
    reply::{self, Meta, Reply},
    secret::Secret,
    time::{Now, UnixMillis},
    token::{Expiry, StsToken, UploadAuth},
    upload::{self, FileState, Look, Upload, UploaderState, slot_policy},
    vod::{Call, Exchange, Kind, Media, refused},
};

const SECRET: &str = "Zq7mXw3VbN9tRk5LpY2sHd8fJc4gQe6uTa1iWo0K";
const TOKEN: &str = "CAIS9vG2rB7xM4nP0kD6wS3yF8hJ5tL1qZcUeAoIbVmXgYpRsNdKfHjTlWzQ==";
/// Shorter parts could be there by chance.
const PART: usize = 10;

/// Whether `printed` holds a part of the canary, as it is, in base64 or as bytes in decimal.
fn holds_canary(printed: &str) -> bool {
    [SECRET, TOKEN].into_iter().any(|secret| {
        let shifted =
            |by: usize| Base64::encode_string(format!("{}{secret}", " ".repeat(by)).as_bytes());
        let bytes = format!("{:?}", secret.as_bytes());
        // The first characters of a shifted text are those of the spaces.
        let texts = [
            (secret, PART, 0),
            (&shifted(0), PART + 4, 0),
            (&shifted(1), PART + 4, 4),
            (&shifted(2), PART + 4, 4),
            (bytes.trim_matches(['[', ']']), PART + 4, 0),
        ];
        texts.into_iter().any(|(text, length, skipped)| {
            text.as_bytes()
                .windows(length)
                .skip(skipped)
                .any(|part| printed.as_bytes().windows(length).any(|window| window == part))
        })
    })
}

#[track_caller]
fn clean(value: &impl Debug) {
    for printed in [format!("{value:?}"), format!("{value:#?}")] {
        assert!(!holds_canary(&printed), "{printed}");
    }
}

#[track_caller]
fn clean_error(error: &Error) {
    clean(error);
    assert!(!holds_canary(&error.to_string()), "{error}");
}

fn parse(text: &str) -> Option<Json> {
    serde_json::from_str(text).ok()
}

fn token() -> StsToken {
    StsToken::new("STS.canary", SECRET, TOKEN).unwrap()
}

fn auth() -> Reply<UploadAuth> {
    let inner = format!(
        r#"{{"AccessKeyId":"STS.canary","AccessKeySecret":"{SECRET}","SecurityToken":"{TOKEN}","Expiration":"3000"}}"#
    );
    let address =
        r#"{"Endpoint":"https://oss-cn-shanghai.aliyuncs.com","Bucket":"b","FileName":"a/b.mp4"}"#;
    let answer = format!(
        r#"{{"VideoId":"v","UploadAuth":"{}","UploadAddress":"{}"}}"#,
        Base64::encode_string(inner.as_bytes()),
        Base64::encode_string(address.as_bytes())
    );
    reply::read_upload_auth(Json::String(answer), &Meta::default(), &parse).unwrap()
}

/// Every error that a slot can be told.
fn errors() -> Vec<Error> {
    vec![
        Error::Network,
        Error::Source,
        Error::Timeout { after: 10_000 },
        Error::Http(Answered::with_code(500, "InternalError")),
        Error::Throttled { answered: Answered::status(429), retry_after: Some(1_000) },
        Error::Unauthenticated(Answered::status(401)),
        Error::InvalidResponse { reason: "it is HTML or XML, not JSON" },
        Error::LongLivedKey,
        Error::ExpiredOnArrival,
    ]
}

#[test]
fn the_search_bites() {
    clean(&"STS.canary is no secret, and neither is Zq7mXw3Vb");
    for leak in [
        format!("token {SECRET}"),
        SECRET[..16].to_owned(),
        TOKEN[..PART].to_owned(),
        TOKEN[TOKEN.len() - PART..].to_owned(),
        Base64::encode_string(format!("{{\"a\":\"{SECRET}\"}}").as_bytes()),
        format!("{:?}", TOKEN.as_bytes()),
    ] {
        assert!(holds_canary(&leak), "{leak}");
    }
}

#[test]
fn credentials_do_not_print() {
    clean(&Secret::new(SECRET));
    clean(&token());
    clean(&auth());
    clean(&parse(&format!(r#"{{"{SECRET}":"{TOKEN}","list":["{SECRET}"]}}"#)).unwrap());
}

/// The fixtures hold this for every shape; here, for what refuses each part.
#[test]
fn refused_answers_do_not_print() {
    let answers = [
        format!("{SECRET} {TOKEN}"),
        format!("<html>{SECRET}"),
        format!(r#"{{"AccessKeySecret":"{SECRET}","SecurityToken":"{TOKEN}""#),
        format!(r#"{{"AccessKeyId":"LTAI5t","AccessKeySecret":"{SECRET}"}}"#),
        format!(r#"{{"AccessKeyId":"STS.a","AccessKeySecret":"{SECRET}"}}"#),
        format!(
            r#"{{"AccessKeyId":"STS.a","AccessKeySecret":"{SECRET} ","SecurityToken":"{TOKEN}\n{TOKEN}"}}"#
        ),
        format!(
            r#"{{"AccessKeyId":"STS.a","AccessKeySecret":"{SECRET}ü","SecurityToken":"{TOKEN}"}}"#
        ),
        format!(r#"{{"Code":"{SECRET}","Message":"{TOKEN}","AccessKeySecret":"{SECRET}"}}"#),
        format!(r#"{{"UploadAuth":"{}"}}"#, Base64::encode_string(TOKEN.as_bytes())),
    ];
    for answer in answers {
        for status in [200, 400, 403, 429, 500] {
            let meta = Meta { status: Some(status), retry_after: Some(SECRET), ..Meta::default() };
            let json = Json::String(answer.clone());
            clean_error(&reply::read(json.clone(), &meta, &parse).unwrap_err());
            clean_error(&reply::read_upload_auth(json.clone(), &meta, &parse).unwrap_err());
            clean_error(&reply::read_failure(status, Some(json.clone()), &meta, &parse));
        }
    }
    for error in errors() {
        clean_error(&error);
    }
}

fn at(clock: &mut Clock, policy: &Policy, seconds: u64) -> Time {
    let wall = UnixMillis(1_900_000_000_000 + i64::try_from(seconds).unwrap() * 1_000);
    clock.look(policy, Now { mono: seconds * 1_000, wall }, 500)
}

#[test]
fn the_machine_of_a_token_does_not_print_it() {
    use lifecycle::Input;

    let policy = Policy::default();
    let (mut clock, mut budget, mut slot) =
        (Clock::default(), Budget::new(&policy, 0), Slot::default());
    let mut seconds = 0;
    let mut step = |input: Input<StsToken>| {
        seconds += 40;
        let time = at(&mut clock, &policy, seconds);
        let mut effects = Vec::new();
        clean(&input);
        let (policy, budget) = (&policy, &mut budget);
        let mut cx = Context { policy, budget, time: &time, out: &mut effects };
        slot.step(&mut cx, input);
        clean(&slot);
        clean(&effects);
        effects
    };
    let mut handed_out = 0;
    for round in 0..40_u32 {
        let mut effects = step(Input::Wanted { waiter: round, least: 0, waited: 0 });
        let fetches = |effects: &[Effect<StsToken>]| {
            effects.iter().find_map(|effect| match effect {
                Effect::Fetch { fetch, .. } => Some(*fetch),
                _ => None,
            })
        };
        if let Some(fetch) = fetches(&effects) {
            let failure = errors().into_iter().nth(round as usize % 12);
            let expiry = Expiry { left: Some(900_000), ..Expiry::default() };
            effects = step(match failure {
                Some(error) => Input::Failed { fetch, error },
                None => Input::Fetched { fetch, value: token_of(round), expiry },
            });
        }
        handed_out += effects.iter().filter(|e| matches!(e, Effect::Resolve { .. })).count();
        step(Input::Rejected { generation: round });
        step(Input::Timeout);
        step(Input::Cancelled { waiter: round });
    }
    assert!(handed_out > 0, "a token was handed out");
    step(Input::Close);
}

fn token_of(round: u32) -> StsToken {
    StsToken::new(&format!("STS.canary{round}"), SECRET, TOKEN).unwrap()
}

#[test]
fn the_machine_of_an_upload_does_not_print_it() {
    use upload::Input;

    let policy = slot_policy(&Policy::default(), 30_000);
    let (mut clock, mut budget) = (Clock::default(), Budget::new(&policy, 0));
    let media = Media { kind: Kind::Video, file_name: "a.mp4".into(), fields: Vec::new() };
    let mut file = Upload::new(media.clone(), 600_000);
    let look = Look { current: true, file: FileState::Ready, uploader: UploaderState::Start };
    let mut seconds = 0;
    let mut started = false;
    let mut inbox = vec![
        Input::Timeout,
        Input::Progressed { done: 10 },
        Input::Started {
            media,
            video_id: None,
            ticket: None,
            checkpoint: false,
            object: None,
            place: None,
            waited: 0,
        },
    ];
    for _ in 0..200 {
        seconds += 30;
        let input = inbox.pop().unwrap_or(Input::Timeout);
        clean(&input);
        let time = at(&mut clock, &policy, seconds);
        let mut effects = Vec::new();
        let (policy, budget) = (&policy, &mut budget);
        file.step(&mut Context { policy, budget, time: &time, out: &mut effects }, input);
        clean(&file);
        clean(&effects);
        for effect in effects {
            match effect {
                upload::Effect::Look => inbox.push(Input::Looked(look)),
                upload::Effect::Fetch { fetch, .. } => {
                    let Reply { token: auth, expiry, .. } = auth();
                    inbox.push(Input::Fetched { fetch, auth, expiry });
                }
                upload::Effect::Start { .. } | upload::Effect::Resume { .. } => {
                    started = true;
                    inbox.push(Input::Delivered { taken: true });
                }
                upload::Effect::Swap { .. } => inbox.push(Input::Swapped { taken: true }),
                _ => {}
            }
        }
    }
    assert!(started, "a credential was delivered");
}

/// The signed query holds the security token, as the protocol wants it; what describes the call does not.
#[test]
fn a_signed_call_does_not_print_it() {
    let media = Media { kind: Kind::Video, file_name: "a.mp4".into(), fields: Vec::new() };
    for call in [Call::Create, Call::Refresh { video_id: "v".into() }] {
        clean(&call);
        let query = call.query(&media, &token(), "nonce");
        assert!(!query.contains(SECRET));
    }
    clean(&Exchange::new(&media, Some("v".into()), true));
    let answer = format!(r#"{{"Code":"InvalidSecurityToken.Expired","Message":"{TOKEN}"}}"#);
    clean(&refused(403, parse(&answer).as_ref()));
}
