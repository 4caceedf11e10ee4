//! Which of an answer's members is the token's end, beside those of other things.

use serde_json::{Value, json};
use upload_token::{
    json::Json,
    reply::{self, Meta},
    time::{Millis, UnixMillis},
    token::Expiry,
};

const HOUR: Millis = 3_600_000;
/// 2026-01-01T00:00:00Z, which is now.
const NOW: i64 = 1_767_225_600_000;

/// What `body` says of its token's end: ms from now to the instant, ms left.
fn end(body: &Value) -> (Option<i64>, Option<Millis>) {
    let meta = Meta { date: Some("Thu, 01 Jan 2026 00:00:00 GMT"), ..Meta::default() };
    let parse = |text: &str| -> Option<Json> { serde_json::from_str(text).ok() };
    let reply = reply::read(Json::String(body.to_string()), &meta, &parse);
    let expiry = reply.unwrap_or_else(|error| panic!("{body}: {error}")).expiry;
    (expiry.at.map(|UnixMillis(at)| at - NOW), expiry.left)
}

/// What is read of a token's end in an answer with this `Age` that says nothing of it but when to ask again.
fn aged(age: &str) -> Expiry {
    let meta = Meta { age: Some(age), ..Meta::default() };
    let parse = |text: &str| -> Option<Json> { serde_json::from_str(text).ok() };
    let body = token(&json!({ "RefreshAfter": 600 }));
    reply::read(Json::String(body.to_string()), &meta, &parse).unwrap().expiry
}

#[test]
fn what_counts_from_the_answer_is_shorter_by_its_age() {
    let cases = [
        // age → how long ago a tab asked, when to ask again
        ("0", (0, 600_000)),
        ("200.5;shared", (200_500, 399_500)),
        ("900.000;shared", (900_000, 0)),
        // The assumed life goes by the tabs alone: a server that keeps tokens tells no age at all.
        ("200", (0, 400_000)),
    ];
    for (age, (shared, again)) in cases {
        let expiry = aged(age);
        assert_eq!((expiry.age, expiry.refresh), (shared, Some(again)), "{age}");
    }
}

/// A token with `more` beside it.
fn token(more: &Value) -> Value {
    let mut token = json!({ "AccessKeyId": "STS.a", "AccessKeySecret": "b", "SecurityToken": "c" });
    for (key, value) in more.as_object().unwrap() {
        token[key] = value.clone();
    }
    token
}

#[test]
fn no_vaguer_name_shortens_a_real_expiration() {
    for (name, value) in [
        ("expireHour", json!(1)),
        ("expireMinute", json!(60)),
        ("expire_minutes", json!(1)),
        ("expireDays", json!(30)),
        ("expire", json!(60)),
        ("expires", json!("60")),
        ("expireTime", json!(60)),
        ("tokenExpire", json!(1)),
        ("duration", json!(12)),
        ("videoDurationSeconds", json!(12)),
        ("minDurationSeconds", json!(3)),
        ("maxDurationSeconds", json!(600)),
        ("objectExpireDays", json!(7)),
        ("downloadExpire", json!(300)),
        ("signExpires", json!(60)),
        ("linkTtl", json!(60)),
        ("ttl", json!(60)),
        ("settlementTime", json!(60)),
        ("isExpire", json!(1)),
        ("expireType", json!(1)),
        ("expireStatus", json!(2)),
        ("expireCheckInterval", json!(60)),
        ("captchaExpireSeconds", json!(60)),
        ("orderExpireTime", json!("2026-01-01T00:00:10Z")),
        ("planExpireTime", json!("2025-12-01T00:00:10Z")),
        ("trialExpireTime", json!("2015-12-01T00:00:10Z")),
    ] {
        for end_name in ["Expiration", "expireTime", "expiresAt"] {
            if end_name == name {
                continue;
            }
            let body = token(&json!({ name: value, end_name: "2026-01-01T01:00:00Z" }));
            assert_eq!(end(&body), (Some(3_600_000), None), "{body}");
        }
    }
}

#[test]
fn a_count_of_what_is_left_still_bounds_it() {
    for name in ["DurationSeconds", "expires_in", "stsTokenExpiresIn", "expireInSeconds"] {
        let body = token(&json!({ "Expiration": "2026-01-01T01:00:00Z", name: 900 }));
        assert_eq!(end(&body), (Some(3_600_000), Some(900_000)), "{body}");
    }
}

/// Alone, or beside the token's own under a name that says less.
#[test]
fn the_end_of_another_thing_is_not_the_token_s() {
    for (name, value) in [
        ("accessTokenExpiresIn", json!(7_200)),
        ("access_token_expires_at", json!("2026-01-01T02:00:00Z")),
        ("refreshTokenExpireTime", json!("2026-01-01T02:00:00Z")),
        ("sessionExpires", json!(1_800)),
        ("sessionTimeoutExpire", json!(1_800)),
        ("vipExpireTime", json!("2026-10-01T00:00:00Z")),
        ("vipexpiretime", json!("2025-10-01T00:00:00Z")),
        ("memberExpireAt", json!(1_798_761_600)),
        ("membershipExpiration", json!("2025-10-01T00:00:00Z")),
        ("userExpireDate", json!("2026-01-01T02:00:00Z")),
        ("isExpired", json!(1)),
        ("autoExpire", json!("1")),
        ("expireFlag", json!("1")),
        ("expiryType", json!(2)),
        ("expireState", json!(1)),
        ("fileExpireTime", json!("2026-01-01T02:00:00Z")),
        ("linkExpiresIn", json!(60)),
        ("shareExpireHours", json!(1)),
        ("maxExpireSeconds", json!(3_600)),
        ("signatureExpiration", json!("2026-01-01T02:00:00Z")),
    ] {
        assert_eq!(end(&token(&json!({ name: value }))), (None, None), "{name}");
        let body = json!({ name: value, "data": token(&json!({})) });
        assert_eq!(end(&body), (None, None), "{body}");
        let body = token(&json!({ name: value, "expireTime": "2026-01-01T01:00:00Z" }));
        assert_eq!(end(&body), (Some(3_600_000), None), "{body}");
    }
}

/// A thing of a name that nobody knows may be the token, unless its end is none that STS gives.
#[test]
fn an_unknown_thing_s_end_counts_if_a_token_may_have_it() {
    let cases = [
        (json!({ "playerExpire": 3_600 }), (None, Some(HOUR))),
        (json!({ "playerExpire": 300 }), (None, None)),
        (json!({ "playerExpireTime": "2026-01-01T01:00:00Z" }), (Some(3_600_000), None)),
        (json!({ "playerExpireTime": "2025-12-01T00:00:00Z" }), (None, None)),
        (json!({ "playerExpireTime": "2026-12-01T00:00:00Z" }), (None, None)),
    ];
    for (more, expected) in cases {
        assert_eq!(end(&token(&more)), expected, "{more}");
    }
}

/// RFC 6749, section 5.1: `expires_in` is the lifetime of the `access_token` beside it.
#[test]
fn what_stands_beside_another_token_is_that_token_s_end() {
    let page = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln";
    let (own, none) = (json!({ "Expiration": "2026-01-01T01:00:00Z" }), json!({}));
    for more in [&own, &none] {
        let expected = if *more == none { None } else { Some(3_600_000) };
        for body in [
            json!({ "access_token": page, "expires_in": 7_200, "sts": token(more) }),
            json!({ "accessToken": page, "expireTime": "2026-01-01T02:00:00Z", "sts": token(more) }),
            json!({ "token": page, "expire": 7_200, "oss": token(more) }),
            json!({ "code": 0, "data": { "jwt": "opaque", "ttl": 60, "sts": token(more) } }),
        ] {
            assert_eq!(end(&body), (expected, None), "{body}");
        }
        let mut flat = token(more);
        flat["access_token"] = json!(page);
        flat["expires_in"] = json!(7_200);
        assert_eq!(end(&flat), (expected, None), "{flat}");
    }
    let said = json!({ "access_token": page, "stsExpiresIn": 900, "sts": token(&none) });
    assert_eq!(end(&said), (None, Some(900_000)), "whose it is stands in the name");
    let apart = json!({ "securityToken": "c", "token": page, "expiresIn": 900,
        "keys": { "accessKeyId": "STS.a", "accessKeySecret": "b" } });
    assert_eq!(end(&apart), (None, Some(900_000)), "the token itself stands there");
}

#[test]
fn units_are_read_in_singular_and_plural() {
    for (name, count, left) in [
        ("expireHour", 1, HOUR),
        ("expire_hours", 2, 2 * HOUR),
        ("expireHr", 1, HOUR),
        ("expireMinute", 60, HOUR),
        ("expiresMin", 30, HOUR / 2),
        ("ttlMins", 15, HOUR / 4),
        ("expireSecond", 900, HOUR / 4),
        ("expireDay", 1, 12 * HOUR),
        ("tokenExpireMillisecond", 900_000, HOUR / 4),
    ] {
        assert_eq!(end(&token(&json!({ name: count }))), (None, Some(left)), "{name}");
    }
    assert_eq!(end(&token(&json!({ "expireDays": 30 }))), (None, None), "no token lives so long");
    let body = token(&json!({ "expire": 60, "expireUnit": "minutes" }));
    assert_eq!(end(&body), (None, Some(HOUR)), "{body}");
    let body = token(&json!({ "expire": 1, "timeUnit": "HOURS" }));
    assert_eq!(end(&body), (None, Some(HOUR)), "{body}");
}

/// What languages, databases and serializers write for one and the same instant, an hour from now.
#[test]
fn an_unambiguous_instant_is_understood_in_whatever_form() {
    let milliseconds = json!(1_767_229_200_000_i64);
    for value in [
        json!(1_767_229_200),
        milliseconds.clone(),
        json!(1_767_229_200_000_000_i64),
        json!("1767229200000000"),
        json!(1_767_229_200_000_000_000_i64),
        json!("/Date(1767229200000)/"),
        json!("/Date(1767229200000+0800)/"),
        json!("/Date(1767229200000-0500)/"),
        json!({ "low": 1_767_229_200, "high": 0, "unsigned": false }),
        json!({ "low": 1_997_641_344, "high": 411, "unsigned": false }),
        // In nanoseconds.
        json!({ "low": 515_022_848_i64, "high": 411_465_112, "unsigned": false }),
        json!({ "seconds": 1_767_229_200, "nanos": 0 }),
        json!({ "seconds": { "low": 1_767_229_200, "high": 0, "unsigned": false }, "nanos": 0 }),
        json!({ "_seconds": 1_767_229_200, "_nanoseconds": 0 }),
        json!({ "$date": "2026-01-01T01:00:00Z" }),
        json!({ "$date": { "$numberLong": "1767229200000" } }),
        json!({ "$numberLong": "1767229200000" }),
        json!({ "date": "2026-01-01 01:00:00.000000", "timezone_type": 3, "timezone": "UTC" }),
        json!({ "date": "2026-01-01 09:00:00.000000", "timezone_type": 1, "timezone": "+08:00" }),
        json!({ "date": "2026-01-01 09:00:00.000000", "timezone_type": 3, "timezone": "Asia/Shanghai" }),
        json!({ "time": milliseconds, "seconds": 0, "minutes": 0, "timezoneOffset": -480 }),
        json!("2026-01-01T09:00:00+08:00[Asia/Shanghai]"),
        json!("20260101T010000Z"),
        json!("Thu, 1 Jan 2026 01:00:00 +0000"),
        json!("Thu, 1 Jan 2026 01:00:00 GMT"),
        json!("Thu Jan 01 2026 09:00:00 GMT+0800 (中国标准时间)"),
        json!("Thu Jan 01 01:00:00 UTC 2026"),
    ] {
        for name in ["Expiration", "expireTime"] {
            let body = token(&json!({ name: value }));
            assert_eq!(end(&body), (Some(3_600_000), None), "{body}");
        }
        let of_server = json!({ "expiresAt": 1_767_232_800, "serverTime": value });
        let meta = Meta::default();
        let parse = |text: &str| -> Option<Json> { serde_json::from_str(text).ok() };
        let reply =
            reply::read(Json::String(token(&of_server).to_string()), &meta, &parse).unwrap();
        let server = reply.server_time.map(|time| time.at);
        assert_eq!(server, Some(UnixMillis(NOW + 3_600_000)), "{of_server}");
    }
}

/// protobuf.js gives both halves of an int64 as int32, in whatever unit the AppServer counts.
#[test]
fn the_lower_half_of_a_long_may_be_negative() {
    let microseconds = json!({ "low": -2_013_415_936, "high": 411_465, "unsigned": false });
    let body = token(&json!({ "expireTime": microseconds }));
    assert_eq!(end(&body), (Some(5_400_000), None), "{body}");
}

/// Some server's local time is not ours to guess.
#[test]
fn what_names_no_zone_is_no_instant() {
    for value in [
        json!({ "date": "2026-01-01 09:00:00.000000", "timezone_type": 2, "timezone": "CST" }),
        json!({ "date": "2026-01-01 09:00:00.000000" }),
        json!("Thu Jan 01 09:00:00 CST 2026"),
        json!("20260101T090000"),
        json!("/Date(soon)/"),
        json!("/Date()/"),
        json!({ "low": 5 }),
    ] {
        assert_eq!(end(&token(&json!({ "Expiration": value }))), (None, None), "{value}");
    }
}
