//! What a credential is for: which object, whose, and for how long a file may try.

use super::sim::*;
use upload_token::{
    error::Error,
    token::UploadAddress,
    upload::{Input, UploadFailure, UploaderState, Verdict},
    vod::Kind,
};

pub(super) fn at(key: &str) -> UploadAddress {
    UploadAddress {
        endpoint: "https://oss-cn-shanghai.aliyuncs.com".to_owned(),
        bucket: "outin".to_owned(),
        file_name: key.to_owned(),
    }
}

/// An AppServer that answers two fields: nothing names the video, but the address does.
fn two_fields(key: &str) -> Sim {
    let mut sim = Sim::new(Kind::Video);
    sim.named = false;
    sim.object = Some(at(key));
    sim.start();
    sim.grant();
    sim.done();
    sim
}

#[test]
fn without_a_video_id_the_address_says_whether_it_is_the_same_object() {
    for (key, forget) in [("a", false), ("b", true)] {
        let mut sim = two_fields("a");
        sim.progress();
        sim.expire("SecurityTokenExpired");
        sim.object = Some(at(key));
        sim.grant();
        let did = sim.done();
        assert_eq!(did.last(), Some(&Did::Resume { auth: 2, forget }), "{key}");
    }
}

#[test]
fn an_answer_without_a_video_id_is_of_the_video_asked_for_unless_it_goes_elsewhere() {
    let (a, b) = (Some(at("a")), Some(at("b")));
    let cases = [
        (None, None, Some("video")),
        (a.clone(), None, Some("video")),
        (None, a.clone(), Some("video")),
        (a.clone(), a.clone(), Some("video")),
        (a, b, None),
    ];
    for (first, second, video) in cases {
        let mut sim = Sim::new(Kind::Video);
        sim.object.clone_from(&first);
        sim.start();
        sim.grant();
        (sim.named, sim.repeats) = (false, false);
        sim.object.clone_from(&second);
        sim.pass_until(LIFE, |sim| !sim.open.is_empty());
        sim.grant();
        let named = sim.upload.auth().unwrap().video_id.as_deref();
        assert_eq!(named, video, "{first:?}, then {second:?}");
    }
}

/// Each of an image's credentials is for another object, unless both are known to be for the same one.
#[test]
fn an_image_goes_on_where_both_objects_are_known_and_one() {
    let mut sim = Sim::new(Kind::Image);
    sim.object = Some(at("a"));
    sim.start();
    sim.grant();
    sim.progress();
    sim.expire("SecurityTokenExpired");
    sim.grant();
    assert_eq!(sim.done().last(), Some(&Did::Resume { auth: 2, forget: false }));

    let mut sim = Sim::new(Kind::Image);
    sim.saved = Some("a".to_owned());
    sim.start_with(Some("kept"));
    sim.grant();
    assert_eq!(sim.done().last(), Some(&Did::Start { auth: 1, forget: true }));
}

/// An image has no id by which the second object could be known as the first.
#[test]
fn an_image_begins_anew_where_either_object_is_unknown() {
    let cases = [
        (Some(at("a")), None, "YWRkcmVzcw=="),
        (None, Some(at("a")), "YWRkcmVzcw=="),
        (Some(at("a")), None, ""),
    ];
    for (first, second, address) in cases {
        let mut sim = Sim::new(Kind::Image);
        sim.object.clone_from(&first);
        sim.start();
        sim.grant();
        sim.progress();
        sim.expire("SecurityTokenExpired");
        (sim.object, sim.address) = (second.clone(), address);
        sim.grant();
        let begun = Did::Resume { auth: 2, forget: true };
        assert_eq!(sim.done().last(), Some(&begun), "{first:?}, then {second:?}");
        let written_to = &sim.upload.auth().unwrap().upload_address;
        assert_eq!(written_to, address, "no image has another one's address");
    }
}

#[test]
fn and_the_page_is_told_once_why_it_is_not_renewed_ahead() {
    let mut sim = two_fields("a");
    sim.pass(LIFE);
    assert!(sim.open.is_empty(), "nothing is asked for ahead");
    assert_eq!(sim.not_renewed.len(), 1);
    assert!(sim.not_renewed[0].contains("VideoId"), "{:?}", sim.not_renewed);
}

#[test]
fn attached_media_is_not_renewed_ahead() {
    let mut sim = Sim::new(Kind::Video);
    sim.named = false;
    sim.media_id = Some("media".to_owned());
    sim.start();
    sim.grant();
    sim.pass(LIFE);
    assert!(sim.open.is_empty());
    assert!(sim.not_renewed[0].contains("MediaId"), "{:?}", sim.not_renewed);
}

/// After a reload the SDK shows the key of the object that its checkpoint is of.
#[test]
fn a_saved_checkpoint_of_another_object_is_forgotten() {
    for (key, forget) in [("a", false), ("b", true)] {
        let mut sim = Sim::new(Kind::Video);
        sim.object = Some(at(key));
        sim.saved = Some("a".to_owned());
        sim.start_with(Some("video"));
        sim.grant();
        assert_eq!(sim.done().last(), Some(&Did::Start { auth: 1, forget }), "{key}");
    }
}

/// The SDK stores a checkpoint by the file alone, and reads it again at each start.
#[test]
fn a_checkpoint_that_another_page_wrote_of_the_same_file_is_forgotten() {
    for (saved, forget) in [("a", false), ("b", true)] {
        let mut sim = Sim::new(Kind::Video);
        sim.object = Some(at("a"));
        sim.start();
        sim.grant();
        sim.progress();
        sim.stop();
        sim.done();
        sim.saved = Some(saved.to_owned());
        sim.start_with(Some("another"));
        assert_eq!(sim.done().last(), Some(&Did::Start { auth: 1, forget }), "{saved}");
    }
}

#[test]
fn an_answer_for_another_video_is_asked_for_once() {
    let mut sim = Sim::running(Kind::Video);
    sim.progress();
    sim.pass_until(LIFE, |sim| !sim.open.is_empty());
    sim.miss(Error::OtherVideo);
    sim.done();
    sim.pass(LIFE);
    assert!(sim.open.is_empty(), "and no more, though the credential ends");
    sim.expire("SecurityTokenExpired");
    assert_eq!(sim.done(), [Did::Fail(UploadFailure::Credential(Error::OtherVideo))]);
    sim.start();
    assert_eq!(sim.open[0].1, None, "a start asks for a video of its own");
    sim.grant_as(Some("another"));
    assert_eq!(sim.done().last(), Some(&Did::Start { auth: 2, forget: true }));
    assert!(sim.not_renewed[0].contains("another video"), "{:?}", sim.not_renewed);
}

#[test]
fn an_image_that_outlives_each_of_its_credentials_ends() {
    let mut sim = Sim::running(Kind::Image);
    for (parts, ends) in [(3, false), (4, false), (4, true)] {
        for _ in 0..parts {
            sim.progress();
        }
        sim.expire("SecurityTokenExpired");
        let did = sim.done();
        if ends {
            assert_eq!(did, [Did::Fail(UploadFailure::Outlived)]);
            assert_eq!(UploadFailure::Outlived.code(), "upload_too_slow");
        } else {
            sim.grant();
            sim.restarted();
            sim.done();
        }
    }
}

#[test]
fn and_so_it_does_where_the_sdk_gives_up_by_itself() {
    let mut sim = Sim::running(Kind::Image);
    sim.progress();
    assert_eq!(sim.failed("InvalidSecurityToken"), Verdict::Retry { forget: true });
    sim.start();
    sim.grant();
    sim.restarted();
    sim.progress();
    assert_eq!(sim.failed("InvalidSecurityToken"), Verdict::Pass);
}

/// The SDK runs two files at once and waits with the other one.
#[test]
fn a_refused_file_beside_another_goes_back_into_the_queue() {
    let mut sim = Sim::running(Kind::Video);
    sim.progress();
    sim.expire("SecurityTokenExpired");
    sim.sdk.current = false;
    sim.done();
    sim.pass(5_000);
    assert_eq!(sim.done(), [], "it waits for its credential like any other");
    sim.grant();
    assert_eq!(sim.done(), [Did::Requeue { forget: false }]);
    sim.start();
    assert_eq!(sim.done(), [Did::Start { auth: 2, forget: false }], "with the one in hand");
}

#[test]
fn and_is_told_if_there_is_none() {
    let mut sim = Sim::running(Kind::Video);
    sim.expire("SecurityTokenExpired");
    sim.sdk.uploader = UploaderState::Start;
    sim.sdk.current = false;
    sim.done();
    for _ in 0..20 {
        sim.pass_until(WAIT, |sim| !sim.open.is_empty());
        if sim.open.is_empty() {
            break;
        }
        sim.miss(Error::Network);
    }
    let did = sim.done();
    assert!(did.contains(&Did::Fail(UploadFailure::Credential(Error::Network))), "{did:?}");
}

#[test]
fn the_former_user_s_file_ends_and_begins_anew_for_the_next() {
    let mut sim = Sim::running(Kind::Video);
    sim.progress();
    sim.feed(Input::Reset);
    assert_eq!(sim.done(), [Did::Fail(UploadFailure::Credential(Error::Reset))]);
    assert_eq!(Error::Reset.code(), "reset");
    sim.start_with(Some("video"));
    assert_eq!(sim.open[0].1, None, "the former user's video is not asked for");
    sim.grant_as(Some("mine"));
    assert_eq!(sim.done().last(), Some(&Did::Start { auth: 2, forget: true }));
    sim.progress();
    sim.expire("SecurityTokenExpired");
    sim.grant();
    let resumed = Did::Resume { auth: 3, forget: false };
    assert_eq!(sim.done().last(), Some(&resumed), "from then on it is this user's");
}

/// An answer may leave the address out; the one before it was for the former user's video.
#[test]
fn the_next_user_s_file_does_not_go_to_the_former_one_s_address() {
    let mut sim = Sim::running(Kind::Video);
    assert_eq!(sim.upload.auth().unwrap().upload_address, "YWRkcmVzcw==");
    sim.feed(Input::Reset);
    (sim.named, sim.address) = (false, "");
    sim.start();
    sim.grant();
    assert_eq!(sim.upload.auth().unwrap().upload_address, "");
}

#[test]
fn what_the_former_user_stored_is_not_continued_even_in_the_same_object() {
    let mut sim = Sim::new(Kind::Video);
    sim.object = Some(at("a"));
    sim.start();
    sim.grant();
    sim.progress();
    sim.feed(Input::Reset);
    sim.start();
    sim.grant();
    assert_eq!(sim.done().last(), Some(&Did::Start { auth: 2, forget: true }));
}

#[test]
fn a_file_in_the_queue_is_not_failed_by_a_reset() {
    let mut sim = Sim::new(Kind::Video);
    sim.feed(Input::Reset);
    assert_eq!(sim.done(), []);
}

#[test]
fn a_start_asks_at_once_whatever_failed_before() {
    let mut sim = Sim::new(Kind::Video);
    for _ in 0..20 {
        sim.start();
        sim.pass_until(WAIT, |sim| !sim.open.is_empty());
        while !sim.open.is_empty() {
            sim.miss(Error::Network);
            sim.pass(1_000);
        }
        sim.pass(WAIT);
    }
    sim.done();
    sim.start();
    assert_eq!(sim.open.len(), 1);
    assert!(sim.urgent, "and so does the STS token that it needs");
}
