//! Which credential the SDK may be given, and when.

mod direct;
mod limits;
mod objects;
mod properties;
mod silence;
mod sim;

use sim::{Did, LIFE, Sim, WAIT};
use upload_token::{
    error::{Answered, Error},
    upload::{FileState, Input, UploadFailure, UploaderState, Verdict},
    vod::Kind,
};

fn refused(code: &str) -> Error {
    Error::Http(Answered::with_code(403, code))
}

#[test]
fn the_first_question_is_answered_once() {
    let mut sim = Sim::new(Kind::Video);
    sim.start();
    sim.start();
    assert_eq!(sim.done(), [Did::Create]);
    sim.grant();
    assert_eq!(sim.done(), [Did::Start { auth: 1, forget: false }]);
    sim.pass(10_000);
    assert_eq!(sim.done(), []);
}

#[test]
fn a_late_answer_is_kept_for_the_next_start() {
    let mut sim = Sim::new(Kind::Video);
    sim.start();
    sim.stop();
    sim.pass(2_000);
    sim.grant();
    assert_eq!(sim.done(), [Did::Create], "stopped: nothing is delivered");
    sim.start();
    assert_eq!(
        sim.done(),
        [Did::Start { auth: 1, forget: false }],
        "and nothing is asked for again"
    );
}

#[test]
fn nobody_else_gets_the_answer() {
    let cases = [
        (false, FileState::Ready, UploaderState::Start, "the queue went on"),
        (true, FileState::Canceled, UploaderState::Start, "cancelled"),
        (false, FileState::Gone, UploaderState::Init, "deleted"),
        (true, FileState::Uploading, UploaderState::Start, "somebody else answered"),
        (true, FileState::Ready, UploaderState::Stop, "stopped"),
    ];
    for (current, file, uploader, why) in cases {
        let mut sim = Sim::new(Kind::Video);
        sim.start();
        (sim.sdk.current, sim.sdk.file, sim.sdk.uploader) = (current, file, uploader);
        sim.grant();
        assert_eq!(sim.done(), [Did::Create], "{why}");
    }
}

#[test]
fn a_build_that_hides_its_state_is_believed_by_the_file_alone() {
    let mut sim = Sim::new(Kind::Video);
    sim.start();
    sim.sdk.uploader = UploaderState::Hidden;
    sim.grant();
    assert_eq!(sim.done(), [Did::Create, Did::Start { auth: 1, forget: false }]);
}

#[test]
fn a_running_video_is_renewed_before_its_credential_ends() {
    let mut sim = Sim::running(Kind::Video);
    for auth in 2..=5 {
        let from = sim.now;
        sim.pass_until(LIFE, |sim| !sim.open.is_empty());
        assert!(sim.now - from < LIFE - 600_000, "asked {} ms after the last", sim.now - from);
        sim.progress();
        sim.grant();
        assert_eq!(sim.done(), [Did::Refresh("video".to_owned()), Did::Swap { auth }]);
    }
}

#[test]
fn an_image_is_not_renewed_ahead() {
    let mut sim = Sim::running(Kind::Image);
    sim.pass(LIFE);
    assert_eq!(sim.done(), []);
    sim.expire("SecurityTokenExpired");
    sim.grant();
    assert_eq!(sim.done(), [Did::Create, Did::Resume { auth: 2, forget: true }], "another object");
}

#[test]
fn a_refused_credential_is_replaced_and_the_upload_resumed() {
    let mut sim = Sim::running(Kind::Video);
    sim.expire("InvalidAccessKeyId");
    assert_eq!(sim.done(), [Did::Refresh("video".to_owned())]);
    sim.grant();
    assert_eq!(sim.done(), [Did::Resume { auth: 2, forget: false }]);
}

#[test]
fn without_a_swap_the_next_credential_waits_for_the_refusal() {
    let mut sim = Sim::running(Kind::Video);
    sim.swappable = false;
    sim.pass_until(LIFE, |sim| !sim.open.is_empty());
    sim.grant();
    assert_eq!(sim.done(), [Did::Refresh("video".to_owned()), Did::Swap { auth: 2 }]);
    sim.pass(60_000);
    assert_eq!(sim.done(), [], "offered once");
    sim.expire("SecurityTokenExpired");
    assert_eq!(
        sim.done(),
        [Did::Resume { auth: 2, forget: false }],
        "without waiting for a request"
    );
}

#[test]
fn refusals_without_progress_end() {
    let mut sim = Sim::running(Kind::Video);
    let mut refreshes = 0;
    for _ in 0..10 {
        sim.expire("SecurityTokenExpired");
        sim.pass_until(WAIT, |sim| {
            !sim.open.is_empty() || sim.done.iter().any(|did| matches!(did, Did::Fail(_)))
        });
        if sim.open.is_empty() {
            break;
        }
        refreshes += 1;
        sim.grant();
    }
    assert_eq!(refreshes, 3);
    let refused = UploadFailure::Refused("SecurityTokenExpired".to_owned());
    assert_eq!(sim.done().last(), Some(&Did::Fail(refused)));
}

#[test]
fn progress_starts_the_count_of_refusals_anew() {
    let mut sim = Sim::running(Kind::Video);
    for round in 1..=8 {
        sim.pass(60_000);
        sim.progress();
        let _ = sim.done();
        sim.expire("SecurityTokenExpired");
        sim.pass_until(WAIT, |sim| !sim.open.is_empty());
        sim.grant();
        assert!(matches!(sim.done().last(), Some(Did::Resume { .. })), "round {round}");
    }
}

#[test]
fn a_wrong_signature_is_answered_with_one_other_credential() {
    let mut sim = Sim::running(Kind::Video);
    sim.expire("SignatureDoesNotMatch");
    sim.grant();
    sim.expire("SignatureDoesNotMatch");
    let did = sim.done();
    let failure = UploadFailure::Refused("SignatureDoesNotMatch".to_owned());
    let expected = [
        Did::Refresh("video".to_owned()),
        Did::Resume { auth: 2, forget: false },
        Did::Fail(failure),
    ];
    assert_eq!(did, expected);
}

#[test]
fn failures_that_the_sdk_takes_for_final_are_judged_again() {
    let retry = Verdict::Retry { forget: false };
    let cases = [
        ("InvalidSecurityToken", retry),
        ("AccessKeyIdAndSecurityTokenNotMatch", retry),
        ("SecurityTokenExpired", retry),
        ("NoSuchUpload", Verdict::Retry { forget: true }),
        ("AccessDenied", Verdict::Pass),
        ("SignatureDoesNotMatch", Verdict::Pass),
        ("RequestError", Verdict::Pass),
        ("EntityTooLarge", Verdict::Pass),
    ];
    for (code, verdict) in cases {
        assert_eq!(Sim::running(Kind::Video).failed(code), verdict, "{code}");
    }
    let mut other = Sim::new(Kind::Video);
    assert_eq!(other.failed("InvalidSecurityToken"), Verdict::Pass, "not running");
}

#[test]
fn a_refused_credential_is_not_used_for_the_retry() {
    let mut sim = Sim::running(Kind::Video);
    assert_eq!(sim.failed("InvalidSecurityToken"), Verdict::Retry { forget: false });
    sim.start();
    assert_eq!(sim.done(), [Did::Refresh("video".to_owned())]);
    sim.grant();
    assert_eq!(sim.done(), [Did::Start { auth: 2, forget: false }]);
}

#[test]
fn a_request_without_an_answer_near_the_credential_s_end_may_be_a_hidden_refusal() {
    let mut sim = Sim::running(Kind::Video);
    sim.pass_until(LIFE, |sim| !sim.open.is_empty());
    sim.miss(refused("Forbidden.SubUser"));
    sim.now = LIFE - 10_000;
    assert_eq!(sim.failed("RequestError"), Verdict::Retry { forget: false });
}

#[test]
fn a_file_whose_credential_does_not_come_fails_by_the_deadline() {
    let mut sim = Sim::new(Kind::Video);
    sim.start();
    sim.pass(WAIT);
    let timeout = UploadFailure::Credential(Error::Timeout { after: WAIT });
    assert_eq!(sim.done(), [Did::Create, Did::Fail(timeout), Did::Abort]);
    sim.start();
    sim.pass(5_000);
    assert_eq!(sim.done(), [Did::Create], "the next start asks anew");
    sim.grant();
    assert_eq!(sim.done(), [Did::Start { auth: 1, forget: false }]);
}

/// For the page's promise, or for the module.
#[test]
fn what_the_sdk_waited_before_is_part_of_the_deadline() {
    let timeout = Did::Fail(UploadFailure::Credential(Error::Timeout { after: WAIT }));
    let mut sim = Sim::new(Kind::Video);
    sim.waited = WAIT - 2_000;
    sim.start();
    sim.pass(1_000);
    assert_eq!(sim.done(), [Did::Create]);
    sim.pass(1_000);
    assert_eq!(sim.done(), [timeout.clone(), Did::Abort]);
    sim.waited = WAIT + 1;
    sim.start();
    assert_eq!(sim.done(), [timeout], "nothing is left of it, and nothing is asked");
}

#[test]
fn what_no_retry_can_mend_fails_at_once_with_the_server_s_code() {
    let mut sim = Sim::new(Kind::Video);
    sim.start();
    sim.miss(refused("Forbidden.SubUser"));
    let did = sim.done();
    let Some(Did::Fail(failure)) = did.last() else { panic!("{did:?}") };
    assert_eq!(failure.code(), "Forbidden.SubUser");
    sim.now += 1;
    sim.start();
    assert_eq!(sim.done(), [Did::Create], "a start is the user's own act");
}

#[test]
fn a_failed_renewal_takes_nothing_from_a_running_upload() {
    let mut sim = Sim::running(Kind::Video);
    sim.pass_until(LIFE, |sim| !sim.open.is_empty());
    sim.miss(Error::Network);
    sim.pass_until(100_000, |sim| !sim.open.is_empty());
    sim.grant();
    let refresh = Did::Refresh("video".to_owned());
    assert_eq!(sim.done(), [refresh.clone(), refresh, Did::Swap { auth: 2 }]);
}

#[test]
fn a_video_that_was_created_too_late_is_not_created_again() {
    let mut sim = Sim::new(Kind::Video);
    sim.start();
    sim.stop();
    sim.grant();
    sim.now += LIFE;
    sim.start();
    assert_eq!(sim.done(), [Did::Create, Did::Refresh("video".to_owned())]);
}

#[test]
fn a_checkpoint_is_continued_only_where_it_leads() {
    let cases = [
        // restored video, the video that is answered, whether the checkpoint is forgotten
        ("kept", "kept", false),
        ("lost", "new", true),
    ];
    for (restored, answered, forget) in cases {
        let mut sim = Sim::new(Kind::Video);
        sim.start_with(Some(restored));
        sim.grant_as(Some(answered));
        assert_eq!(sim.done(), [Did::Refresh(restored.to_owned()), Did::Start { auth: 1, forget }]);
    }
}

#[test]
fn a_stopped_upload_asks_for_nothing() {
    let mut sim = Sim::running(Kind::Video);
    sim.stop();
    sim.pass(2 * LIFE);
    assert_eq!(sim.done(), []);
    sim.start();
    sim.grant();
    assert_eq!(
        sim.done(),
        [Did::Refresh("video".to_owned()), Did::Start { auth: 2, forget: false }]
    );
}

#[test]
fn a_stored_file_is_over() {
    let mut sim = Sim::running(Kind::Video);
    sim.feed(Input::Succeeded);
    assert!(sim.upload.finished());
    assert_eq!(sim.deadline(), None);
    sim.pass(2 * LIFE);
    assert_eq!(sim.done(), []);
}

#[test]
fn failures_have_codes_and_no_secrets() {
    let failures = [
        (
            UploadFailure::Credential(Error::Unauthenticated(Answered::status(401))),
            "unauthenticated",
        ),
        (UploadFailure::Credential(refused("InvalidVideo.NotFound")), "InvalidVideo.NotFound"),
        (UploadFailure::Credential(refused("ServiceUnavailable")), "http"),
        (UploadFailure::Refused("AccessDenied".to_owned()), "AccessDenied"),
        (UploadFailure::Silent, "upload_lost"),
        (UploadFailure::Stalled, "upload_stalled"),
        (UploadFailure::NotTaken, "invalid_response"),
    ];
    for (failure, code) in failures {
        assert_eq!(failure.code(), code);
        assert!(!failure.message().is_empty());
    }
}

/// The page need not know the uploader, and the SDK has nothing going on, while it waits.
#[test]
fn an_upload_is_busy_while_the_sdk_is_at_its_file() {
    let mut sim = Sim::new(Kind::Video);
    assert!(!sim.upload.busy(), "in the queue");
    sim.start();
    assert!(sim.upload.busy(), "asked");
    sim.miss(Error::Network);
    assert!(sim.upload.busy(), "in a back-off, with no request out");
    sim.stop();
    sim.pass(2_000);
    assert!(!sim.upload.busy(), "stopped");

    let mut sim = Sim::running(Kind::Video);
    assert!(sim.upload.busy(), "sending");
    sim.expire("SecurityTokenExpired");
    assert!(sim.upload.busy(), "expired");
    sim.grant();
    sim.feed(Input::Succeeded);
    assert!(!sim.upload.busy(), "stored");
}
