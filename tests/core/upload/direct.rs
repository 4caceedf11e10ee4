//! Files that the STS token itself writes, to the page's own bucket.

use super::{objects::at, sim::*};
use upload_token::{
    error::Error,
    lifecycle::Event,
    upload::{Handover, Input},
    vod::Kind,
};

fn direct(kind: Kind) -> Sim {
    let mut sim = Sim::new(kind);
    (sim.place, sim.named) = (Some(at("own")), false);
    sim.start();
    sim.grant();
    assert!(sim.upload.is_direct());
    sim
}

#[test]
fn is_renewed_ahead_whatever_the_file_is() {
    for kind in [Kind::Video, Kind::Image] {
        let mut sim = direct(kind);
        assert_eq!(sim.done(), [Did::Create, Did::Start { auth: 1, forget: false }]);
        sim.pass_until(LIFE, |sim| !sim.open.is_empty());
        sim.grant();
        assert_eq!(sim.done(), [Did::Create, Did::Swap { auth: 2 }], "{kind:?}");
        assert_eq!(sim.how, [Handover::Started, Handover::Swapped]);
        assert!(sim.not_renewed.is_empty());
    }
}

#[test]
fn begins_anew_where_the_checkpoint_is_of_another_object() {
    for (saved, forget) in [("own", false), ("other", true)] {
        let mut sim = Sim::new(Kind::Video);
        (sim.place, sim.named) = (Some(at("own")), false);
        sim.saved = Some(saved.to_owned());
        sim.start_with(Some("unknown"));
        sim.grant();
        assert_eq!(sim.done().last(), Some(&Did::Start { auth: 1, forget }), "{saved}");
    }
}

#[test]
fn goes_on_after_a_refusal_where_it_was() {
    let mut sim = direct(Kind::Image);
    sim.progress();
    sim.expire("SecurityTokenExpired");
    sim.grant();
    assert_eq!(sim.done().last(), Some(&Did::Resume { auth: 2, forget: false }));
}

/// An AppServer that keeps its tokens until the last minute.
#[test]
fn keeps_its_token_while_that_is_repeated_and_asks_seldom() {
    let mut sim = direct(Kind::Video);
    sim.alive = true;
    let mut asked = 0;
    while sim.now < LIFE - 60_000 {
        sim.pass_until(LIFE - 60_000 - sim.now, |sim| !sim.open.is_empty());
        if !sim.open.is_empty() {
            sim.repeat(LIFE - sim.now);
            asked += 1;
        }
    }
    assert!((1..=12).contains(&asked), "{asked} requests");
    assert_eq!(sim.how, [Handover::Started], "what it has is not given to it again");
    let told = |event: &Event| matches!(event, Event::Expired { .. } | Event::RefreshFailed { .. });
    assert!(!sim.events.iter().any(told), "its manager tells of its AppServer");
    sim.pass_until(60_000, |sim| !sim.open.is_empty());
    sim.grant();
    assert_eq!(sim.how, [Handover::Started, Handover::Swapped]);
}

/// Another file's source has no manager to tell of it.
#[test]
fn alone_leaves_it_to_its_manager_to_tell_of_a_repeated_token() {
    for (mut sim, is_told) in [(direct(Kind::Video), false), (Sim::running(Kind::Video), true)] {
        sim.pass_until(LIFE, |sim| !sim.open.is_empty());
        sim.repeat(LIFE - sim.now);
        let repeated = |event: &Event| matches!(event, Event::RefreshFailed { error, .. } if *error.kind() == Error::NotNewer);
        assert_eq!(sim.events.iter().any(repeated), is_told, "{:?}", sim.events);
        sim.pass_until(LIFE, |sim| !sim.open.is_empty());
        sim.grant();
        let renewed = sim.events.iter().filter(|event| matches!(event, Event::Token { .. }));
        assert_eq!(renewed.count(), 2, "{:?}", sim.events);
    }
}

/// Its next request would be a while off; the manager has asked again meanwhile.
#[test]
fn takes_a_new_token_as_soon_as_there_is_one() {
    let mut sim = direct(Kind::Video);
    sim.pass_until(LIFE, |sim| !sim.open.is_empty());
    sim.repeat(LIFE - sim.now);
    sim.done();
    sim.feed(Input::Renewed);
    sim.grant();
    assert_eq!(sim.done(), [Did::Create, Did::Swap { auth: 2 }]);

    let mut of_vod = Sim::running(Kind::Video);
    of_vod.feed(Input::Renewed);
    assert_eq!(of_vod.done(), [], "its UploadAuth is not the STS token");
    of_vod.pass_until(LIFE, |sim| !sim.open.is_empty());
    of_vod.miss(Error::Network);
    of_vod.done();
    of_vod.feed(Input::Renewed);
    assert!(of_vod.open.is_empty(), "VOD is asked again after the wait");
}

/// It said nothing of the token's end, and gives it again when the end that was assumed is near.
#[test]
fn learns_of_a_later_end_by_a_repetition() {
    let mut sim = direct(Kind::Video);
    sim.pass_until(LIFE, |sim| !sim.open.is_empty());
    let asked = sim.now;
    sim.repeat(LIFE);
    sim.pass_until(LIFE, |sim| !sim.open.is_empty());
    assert!(sim.now - asked > LIFE / 2, "asked again after {}", sim.now - asked);
}
