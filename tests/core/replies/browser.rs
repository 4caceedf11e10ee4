//! The fixtures of AppServers' answers, read in a browser with its own parser and serde-wasm-bindgen.
//!
//! serde_json and a browser differ in what they call a number, a key twice and half a character; the
//! same fixtures on both sides keep the host's tests meaning what a page does.

use super::fixtures::{FIXTURES, check};
use js_sys::{JSON, Object, Reflect};
use upload_token::json::Json;
use wasm_bindgen::JsValue;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

fn parse(text: &str) -> Option<Json> {
    serde_wasm_bindgen::from_value(JSON::parse(text).ok()?).ok()
}

#[wasm_bindgen_test]
fn every_fixture_is_read_as_on_the_host() {
    for (name, fixture) in FIXTURES {
        check(name, fixture, &parse);
    }
}

#[wasm_bindgen_test]
fn values_that_json_cannot_write_are_read() {
    let numbers = JSON::parse("[0, -0.5, 9007199254740993, 1e300]").unwrap();
    let Ok(Json::Array(numbers)) = serde_wasm_bindgen::from_value(numbers) else {
        panic!("a list was read");
    };
    let expected = [0.0, -0.5, 9_007_199_254_740_992.0, 1e300].map(Json::Number);
    assert!(numbers == expected);
    for nothing in [JsValue::NULL, JsValue::UNDEFINED] {
        assert!(serde_wasm_bindgen::from_value::<Json>(nothing).unwrap() == Json::Null);
    }
    assert!(
        serde_wasm_bindgen::from_value::<Json>(JsValue::bigint_from_str("7")).unwrap()
            == Json::Number(7.0)
    );
}

/// Without a bound on depth and weight this would not end.
#[wasm_bindgen_test]
fn an_object_that_holds_itself_comes_to_an_end() {
    let narrow = Object::new();
    Reflect::set(&narrow, &"self".into(), &narrow).unwrap();
    assert!(serde_wasm_bindgen::from_value::<Json>(narrow.into()).is_ok());

    let wide = Object::new();
    for key in ["a", "b", "c"] {
        Reflect::set(&wide, &key.into(), &wide).unwrap();
    }
    assert!(serde_wasm_bindgen::from_value::<Json>(wide.into()).is_err(), "3¹² nodes are too many");
}
