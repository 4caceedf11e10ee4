//! Any bytes as what happens to a page.
#![no_main]

use upload_token_fuzz::{fuzzing::schedules, machine::defect::Defect};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    schedules::run(data, Defect::None);
});
