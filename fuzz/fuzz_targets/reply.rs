//! Any bytes as an AppServer's answer.
#![no_main]

use upload_token_fuzz::fuzzing::answers;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    answers::run(data);
});
