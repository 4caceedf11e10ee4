//! The fixtures of AppServers' answers, read in a browser with the reader of the module.
//!
//! serde_json and a browser differ in what they call a number, a key twice and half a character; the
//! same fixtures on both sides keep the host's tests meaning what a page does.

use super::{fixtures::check, listed::FIXTURES};
use upload_token::{json::Json, wasm::parse};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
fn every_fixture_is_read_as_on_the_host() {
    for (name, fixture) in FIXTURES {
        check(name, fixture, &parse);
    }
}

#[wasm_bindgen_test]
fn numbers_are_those_of_javascript() {
    let Some(Json::Array(numbers)) = parse("[0, -0.5, 9007199254740993, 1e300]") else {
        panic!("a list was read");
    };
    let expected = [0.0, -0.5, 9_007_199_254_740_992.0, 1e300].map(Json::Number);
    assert!(numbers == expected);
}

#[wasm_bindgen_test]
fn what_is_too_deep_reads_as_null_and_what_is_no_json_as_nothing() {
    let nested = |depth: usize| parse(&("[".repeat(depth) + "1" + &"]".repeat(depth)));
    let mut json = nested(100).unwrap();
    let mut depth = 0;
    while let Json::Array(mut elements) = json {
        json = elements.remove(0);
        depth += 1;
    }
    assert!(json == Json::Null);
    assert_eq!(depth, 12);
    for text in ["", " ", "<html>", "{", "nul", "Infinity", "'a'", "undefined", "{\"a\":1}x"] {
        assert!(parse(text).is_none(), "{text}");
    }
}
