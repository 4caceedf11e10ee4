//! Any bytes as what happens to a page.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| upload_token_fuzz::fuzzing::machine(data));
