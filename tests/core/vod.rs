//! Signing calls to VOD, and what becomes of a refusal.

use upload_token::{
    error::{Answered, Class, Error, Party},
    json::Json,
    token::StsToken,
    vod::{Call, Exchange, Kind, Media, Next, Params, Refusal, encode, is_unknown_video, refused},
};

fn token() -> StsToken {
    StsToken::new("STS.id", "secret", "CAIS+/=").unwrap()
}

fn media(kind: Kind, fields: &[(&str, &str)]) -> Media {
    let fields =
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Media { kind, file_name: "holiday film.mp4".to_owned(), fields }
}

/// The query's parameters, decoded, without the signature and the protocol's own.
fn described(call: &Call, media: &Media) -> Vec<String> {
    let query = call.query(media, &token(), "nonce");
    let own = ["AccessKeyId", "SecurityToken", "Version", "Format", "Signature"];
    query
        .split('&')
        .filter(|p| !own.iter().any(|own| p.starts_with(own)))
        .map(str::to_owned)
        .collect()
}

/// The example of "Signature mechanism" in the documentation of STS.
#[test]
fn the_documented_signature_is_made() {
    let mut params = Params::default();
    for (name, value) in [
        ("SignatureVersion", "1.0"),
        ("Format", "JSON"),
        ("Timestamp", "2015-09-01T05:57:34Z"),
        ("RoleArn", "acs:ram::1234567890123:role/firstrole"),
        ("RoleSessionName", "client"),
        ("AccessKeyId", "testid"),
        ("SignatureMethod", "HMAC-SHA1"),
        ("Version", "2015-04-01"),
        ("Action", "AssumeRole"),
        ("SignatureNonce", "571f8fb8-506e-11e5-8e12-b8e8563dc8d2"),
    ] {
        params.add(name, value);
    }
    let query = params.signed("testsecret");
    assert!(query.ends_with("&Signature=gNI7b0AyKZHxDgjBGPDgJ1Ce3L4%3D"), "{query}");
}

#[test]
fn a_call_that_is_printed_shows_names_and_no_values() {
    let mut params = Params::default();
    params.add("Action", "CreateUploadVideo");
    params.add("SecurityToken", "CAIS+/=");
    assert_eq!(format!("{params:?}"), r#"["Action", "SecurityToken"]"#);
}

#[test]
fn only_unreserved_characters_stay_as_they_are() {
    let cases = [
        ("aZ09-_.~", "aZ09-_.~"),
        (" +*/", "%20%2B%2A%2F"),
        ("中\u{0}", "%E4%B8%AD%00"),
        ("!'()", "%21%27%28%29"),
    ];
    for (text, expected) in cases {
        let mut out = String::new();
        encode(text, &mut out);
        assert_eq!(out, expected);
    }
}

#[test]
fn a_video_is_created_with_what_the_page_gave() {
    let given = [
        ("Title", "Holiday"),
        ("Tags", "a,b"),
        ("CateId", ""),
        ("ImageType", "cover"),
        ("NewField", "1"),
    ];
    assert_eq!(
        described(&Call::Create, &media(Kind::Video, &given)),
        [
            "Action=CreateUploadVideo",
            "FileName=holiday%20film.mp4",
            "NewField=1",
            "Tags=a%2Cb",
            "Title=Holiday"
        ]
    );
}

#[test]
fn a_title_and_an_image_type_are_there_without_the_page() {
    assert_eq!(
        described(&Call::Create, &media(Kind::Video, &[])),
        ["Action=CreateUploadVideo", "FileName=holiday%20film.mp4", "Title=holiday%20film.mp4"]
    );
    let given = [("ImageExt", "png"), ("FileSize", "7")];
    assert_eq!(
        described(&Call::Create, &media(Kind::Image, &given)),
        [
            "Action=CreateUploadImage",
            "ImageExt=png",
            "ImageType=default",
            "Title=holiday%20film.mp4"
        ]
    );
}

#[test]
fn a_refresh_names_the_video_and_nothing_else() {
    let call = Call::Refresh { video_id: "0123".to_owned() };
    let media = media(Kind::Video, &[("Title", "Holiday")]);
    assert_eq!(described(&call, &media), ["Action=RefreshUploadVideo", "VideoId=0123"]);
}

#[test]
fn a_page_cannot_set_the_protocol_s_own_parameters() {
    let given = [
        ("Action", "DeleteVideo"),
        ("AccessKeyId", "x"),
        ("Signature", "x"),
        ("VideoId", "v"),
        ("Timestamp", "t"),
    ];
    let query = Call::Create.query(&media(Kind::Image, &given), &token(), "nonce");
    for (name, value) in given {
        assert!(!query.contains(&format!("{name}={value}")), "{name} in {query}");
    }
    assert_eq!(query.matches("Action=").count(), 1);
}

#[test]
fn what_looks_like_an_image_to_the_sdk_need_not_be_one() {
    let cases = [
        // name, type, the SDK's guess, kind
        ("a.png", "image/png", true, Kind::Image),
        ("A.JPEG", "", true, Kind::Image),
        ("apng-demo.mp4", "video/mp4", true, Kind::Video),
        ("apng-demo.mp4", "", true, Kind::Video),
        ("a.png", "video/mp4", true, Kind::Video),
        ("a.gif", "image/gif", false, Kind::Video),
        ("png", "", true, Kind::Video),
        ("a.png", "im", true, Kind::Video),
    ];
    for (name, mime, guess, kind) in cases {
        assert_eq!(Kind::of(name, mime, guess), kind, "{name} {mime:?}");
    }
}

fn answer(code: &str) -> Json {
    serde_json::from_value(serde_json::json!({ "Code": code, "Message": "CANARY" })).unwrap()
}

#[test]
fn a_refusal_says_which_request_it_was() {
    let body = serde_json::json!({ "Code": "Forbidden", "RequestId": "4E1B-7" });
    let refused = refused(403, Some(&serde_json::from_value(body).unwrap()));
    let answered = refused.error.answered().unwrap();
    assert_eq!(answered.request_id.as_deref(), Some("4E1B-7"));
}

#[test]
fn an_app_server_may_pass_on_that_there_is_no_such_video() {
    for (code, is_unknown) in [("InvalidVideo.NotFound", true), ("InvalidVideo.Damage", false)] {
        let error = Error::Http(Answered::with_code(404, code));
        assert_eq!(is_unknown_video(&error), is_unknown, "{code}");
    }
    assert!(!is_unknown_video(&Error::Network));
}

#[test]
fn the_code_decides_what_a_refusal_means() {
    let cases = [
        // code, status, what to do, class of the error
        ("InvalidSecurityToken.Expired", 403, Refusal::Token, Class::Fatal),
        ("InvalidSecurityToken.MismatchWithAccessKey", 400, Refusal::Token, Class::Fatal),
        ("InvalidAccessKeyId.NotFound", 404, Refusal::Token, Class::Fatal),
        ("SignatureNonceUsed", 400, Refusal::Nonce, Class::Fatal),
        ("InvalidVideo.NotFound", 404, Refusal::UnknownVideo, Class::Fatal),
        ("Throttling.User", 400, Refusal::Other, Class::Throttle),
        ("ServiceUnavailable", 503, Refusal::Other, Class::Transient),
        ("InternalError", 500, Refusal::Other, Class::Transient),
        ("Forbidden.SubUser", 403, Refusal::Other, Class::Fatal),
        ("SignatureDoesNotMatch", 400, Refusal::Other, Class::Fatal),
    ];
    for (code, status, refusal, class) in cases {
        let refused = refused(status, Some(&answer(code)));
        assert_eq!(refused.refusal, refusal, "{code}");
        assert_eq!(refused.error.class(), class, "{code}");
        assert!(!format!("{refused:?}").contains("CANARY"));
    }
}

#[test]
fn an_answer_without_a_code_is_judged_by_its_status() {
    let cases = [
        (429, "throttled"),
        (503, "http"),
        (302, "throttled"),
        (502, "http"),
        (200, "invalid_response"),
    ];
    for (status, code) in cases {
        assert_eq!(refused(status, None).error.code(), code, "{status}");
    }
    let strange = refused(400, Some(&answer("<script> CANARY"))).error;
    assert_eq!(strange, Error::Http(Answered::status(400).by(Party::Vod)));
}

#[test]
fn each_second_try_is_made_once() {
    let video = media(Kind::Video, &[]);
    let refuse = |code: &str| refused(403, Some(&answer(code)));
    let mut exchange = Exchange::new(&video, Some("v".to_owned()), true);
    assert_eq!(exchange.refused(refuse("InvalidSecurityToken.Expired")), Next::FreshToken);
    assert_eq!(exchange.refused(refuse("SignatureNonceUsed")), Next::Again);
    assert_eq!(*exchange.call(), Call::Refresh { video_id: "v".to_owned() });
    assert_eq!(exchange.refused(refuse("InvalidVideo.NotFound")), Next::Again);
    assert_eq!(*exchange.call(), Call::Create);
    for code in ["InvalidSecurityToken.Expired", "SignatureNonceUsed", "InvalidVideo.NotFound"] {
        assert!(matches!(exchange.refused(refuse(code)), Next::Failed(_)), "{code}");
    }
}

#[test]
fn a_lost_video_is_not_replaced_behind_a_running_upload() {
    let mut exchange = Exchange::new(&media(Kind::Video, &[]), Some("v".to_owned()), false);
    let turn = exchange.refused(refused(404, Some(&answer("InvalidVideo.NotFound"))));
    let gone = Answered::with_code(404, "InvalidVideo.NotFound").by(Party::Vod);
    assert_eq!(turn, Next::Failed(Error::Http(gone)));
}

#[test]
fn an_image_is_always_created() {
    let exchange = Exchange::new(&media(Kind::Image, &[]), Some("v".to_owned()), true);
    assert_eq!(*exchange.call(), Call::Create);
}

#[test]
fn a_default_title_is_cut_between_characters_and_the_page_s_own_is_not() {
    let query = |file_name: &str, fields: &[(&str, &str)]| {
        let media = Media { file_name: file_name.to_owned(), ..media(Kind::Video, fields) };
        Call::Create.query(&media, &token(), "n")
    };
    let encoded = |name: &str, text: &str| {
        let mut out = format!("&{name}=");
        encode(text, &mut out);
        format!("{out}&")
    };
    let cases = [
        ("a".repeat(128), "a".repeat(128)),
        ("a".repeat(150), "a".repeat(128)),
        ("\u{6f22}".repeat(150), "\u{6f22}".repeat(128)),
        ("\u{1f3ac}".repeat(70), "\u{1f3ac}".repeat(64)),
        (format!("a{}", "\u{1f3ac}".repeat(70)), format!("a{}", "\u{1f3ac}".repeat(63))),
    ];
    for (name, title) in cases {
        let query = query(&name, &[]);
        assert!(query.contains(&encoded("Title", &title)), "{query}");
        assert!(query.contains(&encoded("FileName", &name)), "the name is whole: {query}");
    }
    let own = "a".repeat(150);
    assert!(query("b.mp4", &[("Title", &own)]).contains(&encoded("Title", &own)));
}
