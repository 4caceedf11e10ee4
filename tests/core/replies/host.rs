//! Answers of AppServers, in every shape known and in any shape at all, read on the host with serde_json.

use std::{collections::BTreeSet, fs, path::Path};

use super::{
    fixtures::{check, to_text},
    listed::FIXTURES,
};
use proptest::{collection::vec, prelude::*};
use upload_token::{
    error::Error,
    json::Json,
    reply::{self, LIFE_MAX, Meta, RETRY_AFTER_MAX, Reply},
    time::{UnixMillis, read_date_time, read_http_date, read_named_date, to_iso},
    token::StsToken,
};

fn parse(text: &str) -> Option<Json> {
    serde_json::from_str(text).ok()
}

#[test]
fn every_fixture_is_read_as_it_says() {
    for (name, fixture) in FIXTURES {
        check(name, fixture, &parse);
    }
}

/// A fixture that no list names would never be read.
#[test]
fn every_fixture_is_listed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/app-server");
    let files: BTreeSet<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap().replace(".json", ""))
        .collect();
    let listed: BTreeSet<String> = FIXTURES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(files, listed);
}

/// What a string may be: anything, words that the reader knows, and JSON once more.
fn text() -> impl Strategy<Value = String> {
    let known = [
        "",
        "STS.CanaryKey",
        "LTAI5tCanary",
        "Success",
        "Throttling.User",
        "NoPermission",
        "false",
        "200",
        "503",
        "0",
        "-1",
        "3600",
        "1767229200",
        "1767229200000",
        "99999999999999999999",
        "2026-01-01T01:00:00Z",
        "2026-01-01 01:00:00",
        "Thu, 01 Jan 2026 01:00:00 GMT",
        "{",
        "{\"code\":",
        "[[",
        "\"",
        "\u{feff}{}",
        "\0",
        "e30=",
        "e30",
    ];
    prop_oneof![any::<String>(), prop::sample::select(known.to_vec()).prop_map(str::to_owned)]
}

fn key() -> impl Strategy<Value = String> {
    let known = [
        "AccessKeyId",
        "access_key_secret",
        "security-token",
        "token",
        "accessKey",
        "secretKey",
        "Expiration",
        "expires_in",
        "ExpireUTCTime",
        "durationSeconds",
        "ServerTime",
        "RefreshAfter",
        "RetryAfter",
        "StatusCode",
        "status",
        "code",
        "ErrorCode",
        "error",
        "success",
        "data",
        "Credentials",
        "UploadAuth",
        "UploadAddress",
        "VideoId",
    ];
    prop_oneof![4 => prop::sample::select(known.to_vec()).prop_map(str::to_owned), 1 => any::<String>()]
}

fn json() -> impl Strategy<Value = Json> {
    let number = prop_oneof![
        any::<f64>(),
        prop::sample::select(
            &[0.0, 1.0, 200.0, 401.0, 3_600.0, 86_400.0, 1e9, 1_767_229_200.0, 1e12, 1e14, 1e300][..]
        ),
    ];
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        number.prop_map(Json::Number),
        text().prop_map(Json::String),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        prop_oneof![
            1 => vec(inner.clone(), 0..6).prop_map(Json::Array),
            4 => vec((key(), inner.clone()), 0..8).prop_map(Json::Object),
            1 => inner.prop_map(|json| Json::String(to_text(&json))),
        ]
    })
}

/// An object with credentials that can work and everything else at random.
fn plausible() -> impl Strategy<Value = Json> {
    vec((key(), json()), 0..8).prop_map(|mut members| {
        for (key, value) in [
            ("AccessKeyId", "STS.Canary"),
            ("AccessKeySecret", "CanarySecret1"),
            ("SecurityToken", "CanaryToken1"),
        ] {
            members.insert(0, (key.to_owned(), Json::String(value.to_owned())));
        }
        Json::Object(members)
    })
}

fn headers() -> impl Strategy<Value = [Option<String>; 4]> {
    prop::array::uniform4(prop::option::of(text()))
}

/// What holds for every reply, whatever was read.
fn assert_sound(reply: &Reply) {
    let StsToken { access_key_id, access_key_secret, security_token } = &reply.token;
    for part in [access_key_id, access_key_secret.expose(), security_token.expose()] {
        assert!(!part.is_empty() && part.bytes().all(|byte| byte.is_ascii_graphic()));
    }
    assert!(!access_key_id.starts_with("LTAI"));
    assert!(reply.expiry.left.is_none_or(|left| (1..=LIFE_MAX).contains(&left)));
    if let (Some(at), Some(server)) = (reply.expiry.at, reply.server_time) {
        assert!((1..=LIFE_MAX).contains(&server.at.until(at)));
    }
    let mut names: Vec<_> = reply.warnings.iter().map(|warning| warning.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), reply.warnings.len(), "a warning is given once");
}

/// `at`, on a clock that is `minutes` east of Greenwich, as languages write it.
fn written(at: UnixMillis, minutes: i64) -> Vec<String> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let local = to_iso(UnixMillis(at.0 + minutes * 60_000));
    let (date, time) = (&local[..10], &local[11..19]);
    let (year, day) = (&date[..4], &date[8..]);
    let month = MONTHS[date[5..7].parse::<usize>().unwrap() - 1];
    let sign = if minutes < 0 { '-' } else { '+' };
    let (hours, rest) = (minutes.abs() / 60, minutes.abs() % 60);
    let (colon, plain) =
        (format!("{sign}{hours:02}:{rest:02}"), format!("{sign}{hours:02}{rest:02}"));
    let (basic_date, basic_time) = (date.replace('-', ""), time.replace(':', ""));
    let short_day = day.trim_start_matches('0');
    vec![
        format!("{date}T{time}{colon}"),
        format!("{date} {time} {plain} CST"),
        format!("{date}T{time}{colon}[Asia/Shanghai]"),
        format!("{basic_date}T{basic_time}{plain}"),
        format!("Sun, {day} {month} {year} {time} {plain}"),
        format!("Sun, {short_day} {month} {year} {time} {plain} (CST)"),
        format!("{short_day} {month} {year} {time} {plain}"),
        format!("Sun {month} {day} {year} {time} GMT{plain} (中国标准时间)"),
        format!("Sun {month} {short_day:>2} {time} GMT{colon} {year}"),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_answer_is_a_sound_token_or_an_error(
        json in prop_oneof![json(), plausible()],
        status in prop::option::of(any::<u16>()),
        [date, age, retry_after, cache_control] in headers(),
    ) {
        let meta = Meta {
            status,
            date: date.as_deref(),
            age: age.as_deref(),
            retry_after: retry_after.as_deref(),
            cache_control: cache_control.as_deref(),
            redirected: false,
        };
        match reply::read(json.clone(), &meta, &parse) {
            Ok(reply) => assert_sound(&reply),
            Err(Error::Throttled { retry_after, .. }) => {
                prop_assert!(retry_after.is_none_or(|wait| (1..=RETRY_AFTER_MAX).contains(&wait)));
            }
            Err(error) => prop_assert!(!error.to_string().contains("CanarySecret"), "{error}"),
        }
        let _ = reply::read_upload_auth(json.clone(), &meta, &parse);
        let _ = reply::read_failure(status.unwrap_or(500), Some(json), &meta, &parse);
    }

    /// A value and its text are one answer: serde_json and the reader agree on what was sent.
    #[test]
    fn a_value_and_its_text_read_alike(json in plausible()) {
        let text = Json::String(to_text(&json));
        if let Some(json) = parse(&to_text(&json)) {
            let read = |json| reply::read(json, &Meta::default(), &parse);
            prop_assert_eq!(read(json), read(text));
        }
    }

    #[test]
    fn any_text_is_read_without_panic(text in any::<String>()) {
        let _ = reply::read(Json::String(text.clone()), &Meta::default(), &parse);
        let _ = read_date_time(&text);
        let _ = read_http_date(&text);
        let _ = read_named_date(&text);
        let _ = reply::read_upload_address(&text, &parse);
    }

    #[test]
    fn a_printed_instant_reads_as_itself(at in -62_167_219_200_000_i64..253_402_300_800_000) {
        let read = read_date_time(&to_iso(UnixMillis(at))).unwrap();
        prop_assert_eq!((read.at, read.granularity, read.zoned), (UnixMillis(at), 1, true));
    }

    /// In every text form that is read, whatever its zone: whole seconds of our time.
    #[test]
    fn an_instant_reads_as_itself_however_it_is_written(
        second in 1_577_836_800_i64..4_102_444_800,
        quarters in -48_i64..=56,
    ) {
        let at = UnixMillis(second * 1_000);
        for text in written(at, quarters * 15) {
            let read = read_date_time(&text).or_else(|| read_named_date(&text));
            let read = read.map(|read| (read.at, read.granularity, read.zoned));
            prop_assert_eq!(read, Some((at, 1_000, true)), "{}", text);
        }
    }
}
