//! What must hold of an upload, whatever happens in whatever order.

use super::sim::{Did, LIFE, Sim};
use proptest::{
    prelude::*,
    test_runner::{TestCaseError, TestRunner},
};
use upload_token::{
    error::Error,
    upload::{FileState, UploaderState, Verdict},
    vod::Kind,
};

/// One thing that users, the network and the SDK may do.
#[derive(Clone, Copy, Debug)]
enum Act {
    Start,
    Stop,
    Delete,
    Grant,
    Miss,
    Expire,
    Lose,
    Fail,
    Progress,
    Pass(u64),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        1 => Just(Act::Start),
        1 => Just(Act::Stop),
        1 => Just(Act::Delete),
        4 => Just(Act::Grant),
        2 => Just(Act::Miss),
        2 => Just(Act::Expire),
        1 => Just(Act::Lose),
        1 => Just(Act::Fail),
        2 => Just(Act::Progress),
        2 => (1_u64..5_000).prop_map(Act::Pass),
        1 => (1_u64..LIFE).prop_map(Act::Pass),
    ];
    proptest::collection::vec(act, 1..60)
}

/// Does `act` as far as the SDK allows it in its state.
fn act(sim: &mut Sim, act: Act) {
    let (file, uploader) = (sim.sdk.file, sim.sdk.uploader);
    let idle = !matches!(uploader, UploaderState::Start | UploaderState::Expire);
    match act {
        Act::Start if idle && file != FileState::Gone => sim.start(),
        Act::Stop if uploader == UploaderState::Start => sim.stop(),
        Act::Delete => {
            sim.sdk.current = false;
            sim.sdk.file = FileState::Gone;
            sim.sdk.uploader = UploaderState::Start;
        }
        Act::Grant if !sim.open.is_empty() => sim.grant(),
        Act::Miss if !sim.open.is_empty() => sim.miss(Error::Network),
        Act::Expire if file == FileState::Uploading => sim.expire("SecurityTokenExpired"),
        Act::Lose if file == FileState::Uploading => {
            sim.sdk.file = FileState::Failure;
            sim.sdk.uploader = UploaderState::Failure;
        }
        Act::Fail if file == FileState::Uploading => {
            if let Verdict::Retry { .. } = sim.failed("InvalidSecurityToken") {
                sim.start();
            }
        }
        Act::Progress if file == FileState::Uploading => sim.progress(),
        Act::Pass(span) => sim.pass_until(span, |_| false),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    /// Whatever happens in whatever order: the SDK is given a credential only where it waits for one, or runs, one
    /// request is open at most, and a file that waits is answered once the source works again.
    #[test]
    fn the_sdk_is_answered_where_it_asked_and_nowhere_else(acts in acts(), image: bool) {
        let mut sim = Sim::new(if image { Kind::Image } else { Kind::Video });
        for one in acts {
            let before = sim.sdk;
            act(&mut sim, one);
            prop_assert!(sim.open.len() <= 1);
            for did in sim.done() {
                let waits = before.file == FileState::Ready || matches!(one, Act::Start | Act::Fail);
                let expired = before.uploader == UploaderState::Expire || matches!(one, Act::Expire | Act::Pass(_));
                match did {
                    Did::Start { .. } => prop_assert!(waits, "{one:?} in {before:?}"),
                    Did::Resume { .. } => prop_assert!(expired, "{one:?} in {before:?}"),
                    Did::Swap { .. } => prop_assert_eq!(before.file, FileState::Uploading),
                    Did::Create => prop_assert!(before.file != FileState::Gone || matches!(one, Act::Pass(_))),
                    Did::Fail(_) | Did::Refresh(_) | Did::Abort | Did::Requeue { .. } => {}
                }
            }
        }
        // From here on the source answers.
        let asks = |sim: &Sim| match sim.sdk.uploader {
            UploaderState::Start => sim.sdk.current && sim.sdk.file == FileState::Ready,
            UploaderState::Expire => sim.sdk.file == FileState::Failure,
            _ => false,
        };
        for _ in 0..100 {
            if !asks(&sim) {
                break;
            }
            sim.pass_until(1_000, |sim| !sim.open.is_empty());
            if !sim.open.is_empty() {
                sim.grant();
            }
        }
        prop_assert!(!asks(&sim), "{:?} was left waiting", sim.sdk);
    }
}

/// An AppServer that can only create: it answers another video whenever it is asked to refresh one, which the machine is
/// told as `told`.
fn only_creates(acts: Vec<Act>, told: &Error) -> Result<(), TestCaseError> {
    let mut sim = Sim::new(Kind::Video);
    let mut known = false;
    for one in acts {
        let before = sim.sdk;
        let refreshes = sim.open.first().is_some_and(|(_, video)| video.is_some());
        let answered = matches!(one, Act::Grant) && refreshes;
        if answered {
            sim.miss(told.clone());
        } else {
            act(&mut sim, one);
        }
        known |= answered;
        for did in sim.done() {
            let ahead = before.file == FileState::Uploading && matches!(one, Act::Pass(_));
            prop_assert!(!ahead || did != Did::Create, "a video is created for a renewal ahead");
            prop_assert!(!known || !matches!(did, Did::Refresh(_)), "another video is refreshed");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    /// An answer for another video is asked for once; from then on the file has what is created for it.
    #[test]
    fn a_video_that_cannot_be_refreshed_is_not_asked_for_again(acts in acts()) {
        only_creates(acts, &Error::OtherVideo)?;
    }
}

#[test]
fn a_machine_that_takes_another_video_for_a_hiccup_is_found() {
    let mut runner = TestRunner::deterministic();
    let found = runner.run(&acts(), |acts| only_creates(acts, &Error::Network));
    assert!(found.is_err(), "no schedule tells the defect apart");
}
