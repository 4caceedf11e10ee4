//! What becomes of an upload that says nothing.

use super::sim::{Did, STALL, Sim};
use upload_token::{
    time::Millis,
    upload::{FileState, Input, Tries, UploadFailure, UploaderState},
    vod::Kind,
};

#[test]
fn a_silent_failure_is_tried_again_from_the_start_once() {
    let mut sim = Sim::running(Kind::Video);
    let lose = |sim: &mut Sim| {
        sim.sdk.file = FileState::Failure;
        sim.sdk.uploader = UploaderState::Failure;
        sim.pass(2_000);
    };
    lose(&mut sim);
    assert_eq!(sim.done(), [Did::Requeue { forget: true }]);
    sim.start();
    lose(&mut sim);
    assert_eq!(
        sim.done(),
        [Did::Start { auth: 1, forget: false }, Did::Fail(UploadFailure::Silent)]
    );

    sim.start();
    sim.progress();
    lose(&mut sim);
    let again = [Did::Start { auth: 1, forget: false }, Did::Requeue { forget: true }];
    assert_eq!(sim.done(), again, "progress allows another try");
}

#[test]
fn an_expiry_that_nobody_was_told_of_is_found() {
    let mut sim = Sim::running(Kind::Video);
    sim.sdk.file = FileState::Failure;
    sim.sdk.uploader = UploaderState::Expire;
    sim.pass(2_000);
    sim.grant();
    assert_eq!(
        sim.done(),
        [Did::Refresh("video".to_owned()), Did::Resume { auth: 2, forget: false }]
    );
}

#[test]
fn an_upload_without_a_sign_of_life_fails() {
    let mut sim = Sim::running(Kind::Video);
    sim.alive = false;
    sim.pass(STALL);
    assert_eq!(sim.done(), []);
    sim.pass(5_000);
    assert_eq!(sim.done(), [Did::Fail(UploadFailure::Stalled)]);
}

#[test]
fn a_page_that_slept_was_not_silent() {
    let mut sim = Sim::running(Kind::Video);
    sim.now += 10 * STALL;
    sim.feed(Input::Wake);
    assert!(!sim.done().iter().any(|did| matches!(did, Did::Fail(_))));
}

/// Timers of a hidden page come late; two looks' time of each gap counts as silence.
#[test]
fn silence_is_counted_in_a_page_whose_timers_come_late() {
    let mut sim = Sim::running(Kind::Video);
    sim.done();
    sim.alive = false;
    while sim.done().is_empty() {
        sim.now += 2_000;
        sim.feed(Input::Timeout);
        assert!(sim.now < STALL + 10_000, "{} ms", sim.now);
    }
    assert!(sim.now > STALL);
}

#[test]
fn an_upload_has_stalled_when_all_of_the_sdk_s_tries_are_over() {
    let silence = |timeout, retry_count, retry_wait| {
        Tries { timeout, retry_count, retry_wait }.longest_silence()
    };
    assert_eq!(silence(None, None, None), 4 * (60_000 + 2_000) + 30_000, "the SDK's defaults");
    assert_eq!(silence(Some(5_000), None, None), 4 * (5_000 + 2_000) + 30_000);
    assert_eq!(silence(None, Some(1), None), 2 * (60_000 + 2_000) + 30_000);
    assert_eq!(silence(None, None, Some(500)), 4 * (60_000 + 500) + 30_000);
    assert_eq!(silence(Some(Millis::MAX), Some(u64::MAX), Some(1)), Millis::MAX);
}
