//! What an error says: whose move it is, what was asked and what was answered.

use crate::harness::machine::sim::*;
use upload_token::error::{
    Answered, Asked, Class, Error, Gist, PageFunction, Party, is_dead_token_code,
};

fn asked(party: Party, error: Error) -> String {
    let (method, address) = match party {
        Party::AppServer => ("POST", "/api/sts?key=CANARY"),
        Party::Vod => ("GET", "https://vod.cn-shanghai.aliyuncs.com/?Signature=CANARY"),
    };
    error.asking(Asked::new(party, method, address)).to_string()
}

#[test]
fn each_names_the_party_the_move_and_the_request() {
    let http = |status| Error::Http(Answered::status(status));
    let cases = [
        (Party::AppServer, http(404), "It must answer POST", "(POST /api/sts answered 404)"),
        (Party::AppServer, http(405), "({ signal }) => fetch(", "answered 405)"),
        (Party::AppServer, http(415), "application/json", "answered 415)"),
        (Party::AppServer, http(419), "request.headers", "answered 419)"),
        (Party::AppServer, http(400), "its team can tell why", "answered 400)"),
        (Party::AppServer, http(503), "the fault is the server's", "answered 503)"),
        (Party::AppServer, http(200), "serverMessage has its reason", "answered 200)"),
        (
            Party::AppServer,
            Error::Http(Answered::with_code(400, "NoPermission")),
            "NoPermission; the key or the role that it uses may not do that",
            "(POST /api/sts answered 400)",
        ),
        (
            Party::AppServer,
            Error::Http(Answered { gist: Gist::Csrf, ..Answered::status(400) }),
            "it protects against CSRF: send the token of your framework by request.headers",
            "answered 400)",
        ),
        (
            Party::AppServer,
            Error::Http(Answered { gist: Gist::Meant, ..Answered::status(500) }),
            "it means to refuse; serverMessage has its reason",
            "answered 500)",
        ),
        (
            Party::AppServer,
            Error::Http(Answered { gist: Gist::Meant, ..Answered::status(404) }),
            "it means to refuse; serverMessage has its reason",
            "answered 404)",
        ),
        (
            Party::AppServer,
            Error::Forbidden(Answered { gist: Gist::Meant, ..Answered::status(403) }),
            "serverMessage has its reason",
            "answered 403)",
        ),
        (
            Party::AppServer,
            Error::Http(Answered { gist: Gist::Passing, ..Answered::status(200) }),
            "it asks to come back later, and is asked again",
            "answered 200)",
        ),
        (
            Party::AppServer,
            Error::Http(Answered { gist: Gist::Firewall, ..Answered::status(405) }),
            "a firewall in front of it has blocked the request",
            "answered 405)",
        ),
        (
            Party::AppServer,
            Error::Http(Answered::with_code(200, "InvalidParameter")),
            "a parameter of the request is missing or wrong",
            "answered 200)",
        ),
        (
            Party::AppServer,
            Error::InvalidResponse { reason: "it is empty" },
            "it is empty; it must answer as docs/appserver.md says",
            "(POST /api/sts)",
        ),
        (Party::AppServer, Error::Timeout { after: 5 }, "within 5 ms", "(POST /api/sts)"),
        (Party::Vod, Error::Timeout { after: 5 }, "VOD did not answer within 5 ms", ".com/)"),
        (Party::Vod, http(503), "the fault is VOD's", "answered 503)"),
        (Party::AppServer, Error::Forbidden(Answered::status(403)), "Host header", "answered 403)"),
        (Party::AppServer, Error::Network, "the AppServer could not be reached", "(POST /api/sts)"),
        (
            Party::Vod,
            Error::Network,
            "VOD could not be reached: the device is offline, the region is wrong, or connect-src",
            "(GET https://vod.cn-shanghai.aliyuncs.com/)",
        ),
        (
            Party::Vod,
            Error::Http(Answered {
                request_id: Some("8E0C-1".to_owned()),
                ..Answered::with_code(404, "InvalidVideo.NotFound").by(Party::Vod)
            }),
            "VOD answered the request with an error: InvalidVideo.NotFound; what it was told",
            "answered 404, request id 8E0C-1)",
        ),
        (
            Party::Vod,
            Error::Http(Answered::with_code(403, "Forbidden.RAM").by(Party::Vod)),
            "the role's policy has to allow it",
            "answered 403)",
        ),
    ];
    for (party, error, holds, ends) in cases {
        let error = match error {
            Error::Http(answered) => Error::Http(answered.by(party)),
            error => error,
        };
        let text = asked(party, error);
        assert!(text.contains(holds) && text.ends_with(ends), "{text}");
        assert!(!text.contains("CANARY"), "{text}");
    }
    let by_vod = Error::Http(Answered::status(404).by(Party::Vod));
    assert!(!asked(Party::Vod, by_vod).contains("POST"), "advice is for AppServers");
}

#[test]
fn a_function_of_the_page_is_named_in_the_place_of_an_address() {
    let of_source = |error: Error| error.asking(Asked::function(PageFunction::Source));
    let error = of_source(Error::Unauthenticated(Answered::status(401)));
    assert!(error.to_string().ends_with("sign in again (source() answered 401)"), "{error}");
    assert_eq!(error.asked().and_then(Asked::url), None);
    let not_there = of_source(Error::Http(Answered::status(404))).to_string();
    assert!(!not_there.contains("POST"), "it may have asked by GET: {not_there}");
    let mistake = of_source(Error::Mistake {
        function: PageFunction::Source,
        message: None,
        of_answer: false,
    });
    assert_eq!(mistake.to_string(), "source has a mistake in it; see cause");
}

#[test]
fn what_is_no_matter_of_a_request_names_none() {
    for error in [Error::Closed, Error::Aborted, Error::Reset, Error::TooShort { available: 9 }] {
        let text = error.to_string();
        assert_eq!(asked(Party::AppServer, error), text);
    }
}

#[test]
fn a_validity_that_no_token_has_is_the_page_s_move() {
    let error = Error::TooShort { available: 840_000 };
    assert_eq!(error.code(), "invalid_option");
    let text = error.to_string();
    assert!(text.contains("ask for less than 840000 ms"), "{text}");
}

#[test]
fn an_answer_that_speaks_of_csrf_is_not_asked_for_again() {
    assert_eq!(asks(Answered { gist: Gist::Csrf, ..Answered::status(400) }), 1);
}

#[test]
fn one_that_asks_to_come_back_later_is_asked_for_as_long_as_a_caller_waits() {
    let passing = |status| Answered { gist: Gist::Passing, ..Answered::status(status) };
    let least = asks(Answered::status(503));
    assert!(least > 3);
    for status in [200, 400, 500] {
        assert_eq!(asks(passing(status)), least, "{status}");
    }
}

#[test]
fn who_says_first_what_was_asked_knows_best() {
    let inner = Asked::new(Party::Vod, "GET", "https://vod.example/");
    let error = Error::Network.asking(inner.clone());
    let outer = error.clone().asking(Asked::new(Party::AppServer, "POST", "/api/sts"));
    assert_eq!((outer.asked(), outer.kind()), (Some(&inner), &Error::Network));
    assert_eq!((error.code(), error.class()), ("network", Class::Transient));
}

#[test]
fn a_mistake_in_the_page_s_function_is_final_and_says_whose_it_is() {
    let cases = [
        (PageFunction::Source, "source", "source has a mistake in it: x is not defined"),
        (PageFunction::Request, "request", "request has"),
        (PageFunction::MapReply, "map_reply", "mapReply has"),
        (PageFunction::UploadAuth, "upload_auth", "uploadAuth has"),
    ];
    for (function, code, begins) in cases {
        let message = Some("x is not defined".to_owned());
        let error = Error::Mistake { function, message, of_answer: false };
        assert_eq!((error.code(), error.class()), (code, Class::Fatal));
        assert!(error.to_string().starts_with(begins), "{error}");
        let mut sim = Sim::new();
        sim.answer = Answer::Fail(error.clone());
        let waiter = sim.call(0);
        sim.pass(SECOND);
        assert_eq!(sim.outcome(waiter), Some(&Outcome::Failed(error)), "at once");
        assert_eq!(sim.requests.len(), 1);
    }
}

/// How often one call asks for a token that is answered so.
fn asks(answered: Answered) -> usize {
    let mut sim = Sim::new();
    sim.answer = Answer::Fail(Error::Http(answered));
    sim.get();
    sim.requests.len()
}

#[test]
fn a_no_is_taken_for_an_answer_and_a_hiccup_is_not() {
    assert_eq!(asks(Answered::with_code(200, "1001")), 2, "a refusal inside HTTP 200");
    assert_eq!(asks(Answered::status(400)), 3, "what samples answer to everything");
    assert_eq!(asks(Answered::with_code(400, "NoPermission")), 1, "a code that says never");
    let meant = |status| Answered { gist: Gist::Meant, ..Answered::status(status) };
    assert_eq!(asks(meant(200)), 2);
    assert_eq!(asks(meant(500)), 3, "a 500 in words inside HTTP 200");
    assert!(asks(Answered::status(500)) > 3, "a server in trouble");
    assert_eq!(asks(Answered::status(404)), 1);
    assert_eq!(asks(Answered::with_code(400, "InvalidTitle").by(Party::Vod)), 1, "VOD means it");
    for status in [200, 400] {
        let lost = asks(Answered::with_code(status, "ETIMEDOUT"));
        assert!(lost > 3, "{status}: a connection was lost, {lost} requests");
        assert!(asks(Answered::with_code(status, "InternalError")) > 3, "{status}");
    }
}

#[test]
fn failures_of_another_kind_before_a_no_do_not_count() {
    let mut sim = Sim::new();
    let refused = || Answer::Fail(Error::Http(Answered::status(400)));
    let offline = || Answer::Fail(Error::Network);
    sim.script =
        [offline(), refused(), refused(), Answer::Token(HOUR)].map(|answer| (answer, 0)).into();
    assert_eq!(sim.get(), Outcome::Served(1));
}

/// `tests/e2e/ali-oss/options.test.mjs` asks the adapter of ali-oss the same.
#[test]
fn a_dead_token_is_told_by_its_code() {
    let codes: serde_json::Value =
        serde_json::from_str(include_str!("../vectors/dead-token-codes.json")).unwrap();
    for (list, dead) in [("dead", true), ("other", false)] {
        let codes = codes[list].as_array().unwrap();
        assert!(codes.len() > 5);
        for code in codes {
            assert_eq!(is_dead_token_code(code.as_str().unwrap()), dead, "{code}");
        }
    }
}
