//! How often each kind of second try is made, and what is remembered between them.

use upload_token::{
    error::{Answered, Error, Party},
    policy::Policy,
    upload::{FileState, Handover, Input, UploadFailure, UploaderState, Verdict, slot_policy},
    vod::Kind,
};

use super::sim::{Did, LIFE, Sim};

const AGAIN: Verdict = Verdict::Retry { forget: false };
const ANEW: Verdict = Verdict::Retry { forget: true };

/// The SDK comes to the file again and is given a credential, a new one if the machine asks for that.
fn restart(sim: &mut Sim) {
    sim.start();
    if !sim.open.is_empty() {
        sim.grant();
    }
    assert_eq!(sim.sdk.file, FileState::Uploading);
}

#[test]
fn a_code_that_names_a_dead_token_is_retried_three_times_without_progress() {
    let mut sim = Sim::running(Kind::Video);
    for attempt in 1..=3 {
        assert_eq!(sim.failed("InvalidAccessKeyId"), AGAIN, "{attempt}");
        restart(&mut sim);
    }
    assert_eq!(sim.failed("InvalidAccessKeyId"), Verdict::Pass);
    restart(&mut sim);
    sim.progress();
    assert_eq!(sim.failed("InvalidAccessKeyId"), AGAIN, "progress allows more");
}

#[test]
fn an_upload_that_oss_forgot_is_begun_anew_once_without_progress() {
    let mut sim = Sim::running(Kind::Video);
    assert_eq!(sim.failed("NoSuchUpload"), ANEW);
    restart(&mut sim);
    assert_eq!(sim.failed("NoSuchUpload"), Verdict::Pass);
    restart(&mut sim);
    sim.progress();
    assert_eq!(sim.failed("NoSuchUpload"), ANEW, "progress allows another");
}

#[test]
fn a_request_without_an_answer_is_retried_three_times_near_the_credential_s_end() {
    let mut sim = Sim::running(Kind::Video);
    // No renewal succeeds, and the credential comes to its end.
    let age = |sim: &mut Sim| {
        let from = sim.now;
        sim.pass_until(LIFE, |sim| !sim.open.is_empty());
        sim.miss(Error::Http(Answered::with_code(403, "Forbidden.SubUser")));
        sim.now = from + LIFE - 10_000;
    };
    for attempt in 1..=3 {
        age(&mut sim);
        assert_eq!(sim.failed("RequestError"), AGAIN, "{attempt}");
        restart(&mut sim);
    }
    age(&mut sim);
    assert_eq!(sim.failed("RequestError"), Verdict::Pass);
}

#[test]
fn the_same_progress_again_is_none() {
    let mut sim = Sim::running(Kind::Video);
    sim.progress();
    for _ in 0..3 {
        sim.expire("SecurityTokenExpired");
        sim.grant();
        sim.feed(Input::Progressed { done: 1 });
    }
    sim.done();
    sim.expire("SecurityTokenExpired");
    assert_eq!(sim.done(), [Did::Fail(UploadFailure::Refused("SecurityTokenExpired".to_owned()))]);
}

#[test]
fn a_retry_keeps_the_checkpoint_and_a_new_beginning_forgets_it() {
    for (code, verdict, forget) in
        [("InvalidAccessKeyId", AGAIN, true), ("NoSuchUpload", ANEW, false)]
    {
        let mut sim = Sim::running(Kind::Video);
        sim.progress();
        assert_eq!(sim.failed(code), verdict);
        sim.start();
        // Another video's credential, so that a checkpoint that is still there would lead nowhere.
        if sim.open.is_empty() {
            sim.expire("SecurityTokenExpired");
        }
        sim.done();
        sim.grant_as(Some("other"));
        let forgets = sim.done().into_iter().find_map(|did| match did {
            Did::Start { forget, .. } | Did::Resume { forget, .. } => Some(forget),
            _ => None,
        });
        assert_eq!(forgets, Some(forget), "{code}");
    }
}

#[test]
fn after_a_refusal_nobody_else_gets_the_answer() {
    let cases = [
        (true, FileState::Canceled, UploaderState::Expire, "cancelled"),
        (false, FileState::Failure, UploaderState::Expire, "the queue went on"),
        (true, FileState::Failure, UploaderState::Stop, "stopped"),
        (true, FileState::Uploading, UploaderState::Start, "somebody else answered"),
    ];
    for (current, file, uploader, why) in cases {
        let mut sim = Sim::running(Kind::Video);
        sim.expire("SecurityTokenExpired");
        sim.done();
        (sim.sdk.current, sim.sdk.file, sim.sdk.uploader) = (current, file, uploader);
        sim.grant();
        let resumed = sim.done().iter().any(|did| matches!(did, Did::Resume { .. }));
        assert!(!resumed, "{why}");
    }
}

#[test]
fn a_file_is_over_when_it_is_stored_or_gone_and_not_before() {
    for (file, over) in
        [(FileState::Uploading, false), (FileState::Success, true), (FileState::Gone, true)]
    {
        let mut sim = Sim::new(Kind::Video);
        assert!(!sim.upload.finished());
        sim.start();
        sim.grant();
        assert!(!sim.upload.finished());
        sim.sdk.file = file;
        sim.pass(2_000);
        assert_eq!(sim.upload.finished(), over, "{file:?}");
        // What was over stays so.
        sim.sdk.file = FileState::Ready;
        sim.pass(2_000);
        assert_eq!(sim.upload.finished(), over, "{file:?}");
    }
}

#[test]
fn the_credential_in_hand_is_shown() {
    let mut sim = Sim::new(Kind::Video);
    assert!(sim.upload.auth().is_none());
    sim.start();
    sim.grant();
    assert_eq!(sim.upload.auth().unwrap().token.access_key_id, "STS.1");
}

#[test]
fn listeners_are_told_how_the_sdk_came_by_its_credential() {
    let mut sim = Sim::running(Kind::Video);
    sim.expire("SecurityTokenExpired");
    sim.grant();
    sim.pass_until(LIFE, |sim| !sim.open.is_empty());
    sim.grant();
    assert_eq!(sim.how, [Handover::Started, Handover::Resumed, Handover::Swapped]);
}

/// A credential for another object would write the rest of the file there.
#[test]
fn a_running_client_is_not_given_another_video_s_credential() {
    let mut sim = Sim::running(Kind::Video);
    sim.pass_until(LIFE, |sim| !sim.open.is_empty());
    sim.grant_as(Some("other"));
    sim.pass(10_000);
    assert!(!sim.done().iter().any(|did| matches!(did, Did::Swap { .. })));
}

/// Asking again would create another one.
#[test]
fn a_video_without_an_id_is_not_renewed_ahead() {
    let mut sim = Sim::new(Kind::Video);
    sim.named = false;
    sim.start();
    sim.grant();
    sim.pass(LIFE);
    assert_eq!(sim.done(), [Did::Create, Did::Start { auth: 1, forget: false }]);
}

#[test]
fn only_a_start_may_create_a_video_anew() {
    let mut sim = Sim::running(Kind::Video);
    sim.pass_until(LIFE, |sim| !sim.open.is_empty());
    assert_eq!(sim.may_create, [true, false]);
}

#[test]
fn a_wake_looks_at_the_sdk_at_once_and_an_early_timer_does_not() {
    let mut sim = Sim::running(Kind::Video);
    sim.sdk.file = FileState::Success;
    sim.feed(Input::Timeout);
    assert!(!sim.upload.finished());
    sim.feed(Input::Wake);
    assert!(sim.upload.finished());
}

/// A page may keep one uploader for days: what it took out of the list must not stay.
#[test]
fn a_file_that_failed_and_is_taken_out_of_the_list_is_over() {
    let mut sim = Sim::running(Kind::Video);
    assert_eq!(sim.failed("AccessDenied"), Verdict::Pass);
    sim.feed(Input::Wake);
    assert!(!sim.upload.finished(), "it may be started again");
    sim.sdk.file = FileState::Gone;
    sim.feed(Input::Wake);
    assert!(sim.upload.finished());
    assert_eq!(sim.done(), [], "nothing is done about it");
}

#[test]
fn a_file_that_is_stopped_while_it_waits_for_another_credential_is_left_alone() {
    let mut sim = Sim::running(Kind::Video);
    sim.expire("SecurityTokenExpired");
    sim.stop();
    sim.grant();
    assert_eq!(sim.done(), [Did::Refresh("video".to_owned())]);
    assert!(!sim.upload.busy());
}

#[test]
fn an_answer_without_an_address_gets_the_one_of_its_own_video() {
    let cases = [
        ("", None, "YWRkcmVzcw==", "a refresh need not repeat it"),
        ("bmV3", None, "bmV3", "a new one counts"),
        ("", Some("other"), "", "another video's is not known"),
    ];
    for (address, video, becomes, why) in cases {
        let mut sim = Sim::running(Kind::Video);
        sim.address = address;
        sim.pass_until(LIFE, |sim| !sim.open.is_empty());
        sim.grant_as(video);
        assert_eq!(sim.upload.auth().unwrap().upload_address, becomes, "{why}");
    }
}

#[test]
fn the_sdk_s_words_are_known() {
    use FileState as File;
    use UploaderState as Uploader;
    let files = [
        ("Ready", File::Ready),
        ("Uploading", File::Uploading),
        ("Success", File::Success),
        ("Failure", File::Failure),
        ("Canceled", File::Canceled),
        ("Stoped", File::Stoped),
        ("", File::Gone),
    ];
    for (word, state) in files {
        assert_eq!(File::read(word), state, "{word}");
    }
    let uploaders = [
        ("Init", Uploader::Init),
        ("Start", Uploader::Start),
        ("Stop", Uploader::Stop),
        ("Failure", Uploader::Failure),
        ("Expire", Uploader::Expire),
        ("End", Uploader::End),
        ("", Uploader::Hidden),
    ];
    for (word, state) in uploaders {
        assert_eq!(Uploader::read(word), state, "{word}");
    }
}

#[test]
fn a_failure_says_what_happened() {
    let refused = Answered::with_code(403, "Forbidden");
    let said = [
        (
            UploadFailure::Credential(Error::Http(refused.clone())),
            "the AppServer answered the request with an error: Forbidden",
        ),
        (
            UploadFailure::Credential(Error::Http(refused.by(Party::Vod))),
            "VOD answered the request with an error: Forbidden",
        ),
        (UploadFailure::Credential(Error::Closed), "the token manager is closed; create a new one"),
        (UploadFailure::Refused("A".to_owned()), "OSS refused several credentials in a row"),
        (
            UploadFailure::Silent,
            "the SDK gave up without an error: the bucket's CORS rule must expose ETag",
        ),
        (UploadFailure::Stalled, "the SDK stopped reporting; start the upload again"),
        (UploadFailure::NotTaken, "the SDK did not accept the UploadAuth and UploadAddress"),
    ];
    for (failure, begins) in said {
        assert!(failure.message().starts_with(begins), "{}", failure.message());
    }
}

#[test]
fn an_upload_has_numbers_of_its_own() {
    let tokens = Policy { pull_in: 2_000, deadline: 10_000, ..Policy::default() };
    let own = slot_policy(&tokens, 7_000);
    let expected = Policy {
        idle_window: 0,
        wait_deadline: 7_000,
        deadline: 17_000,
        hold: 1,
        hold_cap: 1,
        pull_in: 300,
        throttle_base: 2_000,
        rejections_in_a_row: u32::MAX,
        ..tokens
    };
    assert_eq!(own, expected);
    assert_eq!(slot_policy(&Policy { pull_in: 7, ..expected }, 7_000).pull_in, 7);
}

#[test]
fn a_file_that_waited_too_long_is_told_why_its_token_did_not_come() {
    let late = UploadFailure::Credential(Error::Timeout { after: 1_000 });
    let network = UploadFailure::Credential(Error::Network);
    assert_eq!(late.clone().for_want_of(Some(Error::Network)), network);
    assert_eq!(late.clone().for_want_of(None), late);
    for other in [UploadFailure::Stalled, UploadFailure::Credential(Error::Reset)] {
        assert_eq!(other.clone().for_want_of(Some(Error::Network)), other);
    }
}

#[test]
fn what_the_sdk_did_not_take_is_not_offered_again() {
    let mut sim = Sim::new(Kind::Video);
    sim.takes = false;
    sim.start();
    sim.grant();
    let offered = Did::Start { auth: 1, forget: false };
    assert_eq!(sim.done(), [Did::Create, offered, Did::Fail(UploadFailure::NotTaken)]);
    sim.takes = true;
    sim.start();
    sim.grant();
    let another = Did::Start { auth: 2, forget: false };
    assert_eq!(sim.done(), [Did::Refresh("video".to_owned()), another]);
}

#[test]
fn a_refused_file_that_the_sdk_has_left_goes_back_into_the_queue() {
    let mut sim = Sim::running(Kind::Video);
    sim.expire("SecurityTokenExpired");
    sim.sdk.current = false;
    sim.grant();
    assert_eq!(sim.done(), [Did::Refresh("video".to_owned()), Did::Requeue { forget: false }]);
}

#[test]
fn the_ticket_of_a_video_goes_with_each_request_to_renew_it() {
    let mut sim = Sim::new(Kind::Video);
    sim.ticket = Some("first");
    sim.start();
    sim.grant();
    sim.ticket = Some("second");
    sim.expire("SecurityTokenExpired");
    sim.grant();
    // An AppServer that gives none with a renewal means the one it gave before.
    sim.ticket = None;
    sim.expire("SecurityTokenExpired");
    sim.grant();
    sim.expire("SecurityTokenExpired");
    let ticket = |text: &str| Some(text.to_owned());
    assert_eq!(sim.tickets, [None, ticket("first"), ticket("second"), ticket("second")]);
}

#[test]
fn a_ticket_that_was_kept_over_a_reload_is_shown() {
    let mut sim = Sim::new(Kind::Video);
    sim.saved_ticket = Some("kept");
    sim.start_with(Some("video"));
    assert_eq!(sim.tickets, [Some("kept".to_owned())]);
}
