//! Any bytes as an AppServer's answer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| upload_token_fuzz::fuzzing::reply(data));
