//! The way to Cloudflare's SFU, call by call.

mod sfu_support;

use samewire_core::protocol::client::Source;
use samewire_core::sfu::cloudflare::{Answer, Call, Input};
use samewire_core::sfu::{State, Transport, Wanted, Wish};
use sfu_support::cloudflare::{Leg, SESSION, refused};
use sfu_support::shown;

#[test]
fn nobody_is_contacted_before_there_are_credentials() {
    let mut leg = Leg::new();
    leg.publish(Source::Camera, true);
    leg.want(&["a/b"]);
    leg.tell(Input::Restart);
    leg.wait(60_000);
    assert!(leg.calls.is_empty() && leg.states.is_empty() && leg.machine.timer().is_none());
}

#[test]
fn with_nothing_published_a_place_holder_connects() {
    let leg = Leg::connected();
    let calls: Vec<_> = leg.calls.into_iter().map(|(_, call)| call).collect();
    assert_eq!(calls, [Call::Session, Call::Push(Vec::new())]);
}

#[test]
fn what_is_published_already_connects_and_all_else_waits_for_it() {
    let mut leg = Leg::new();
    leg.publish(Source::Camera, true);
    leg.publish(Source::Microphone, true);
    leg.want(&["a/b"]);
    leg.tell(Input::Credentials);
    leg.answer(Answer::Session(SESSION.into()));
    let Call::Push(pushed) = leg.last() else {
        panic!("{:?}", leg.last())
    };
    let told: Vec<_> = pushed
        .iter()
        .map(|one| (one.name.as_str(), one.layers))
        .collect();
    assert_eq!(told, [("microphone-1-x", 1), ("camera-2-720", 3)]);
    leg.answer_well();
    leg.publish(Source::Screen, true);
    assert_eq!(leg.calls.len(), 2, "{:?}", leg.calls);
    assert!(leg.published.is_empty(), "nobody can ask for it yet");
    leg.tell(Input::Transport(1, Transport::Connected));
    let references: Vec<_> = leg.published.iter().map(|(_, one)| one.as_str()).collect();
    assert_eq!(references, ["handle/microphone-1-x", "handle/camera-2-720"]);
    assert!(matches!(leg.last(), Call::Push(pushed) if pushed.len() == 1));
    leg.answer_well();
    assert_eq!(leg.pulled(), ["a/b"]);
}

#[test]
fn a_transport_that_is_up_before_its_answer_was_told_of_counts() {
    let mut leg = Leg::new();
    leg.tell(Input::Credentials);
    leg.answer(Answer::Session(SESSION.into()));
    leg.tell(Input::Transport(1, Transport::Connected));
    leg.answer(Answer::Items(Vec::new(), false));
    leg.wait(30_000);
    assert_eq!(leg.states, [State::Connecting, State::Connected]);
}

#[test]
fn several_tracks_are_asked_for_in_one_call_and_told_with_their_lines() {
    let mut leg = Leg::connected();
    leg.want(&["a/b", "c/d"]);
    assert_eq!(leg.pulled(), ["a/b", "c/d"]);
    leg.answer_well();
    let told = [("a/b", "1"), ("c/d", "2")].map(|(of, mid)| (of.into(), mid.into()));
    assert_eq!(leg.tracks, told);
}

#[test]
fn what_is_muted_is_asked_for_once_it_is_not() {
    let mut leg = Leg::connected();
    let muted = Wanted {
        muted: true,
        ..shown("a/b", 0)
    };
    leg.wish(Wish::Want(vec![muted, shown("c/d", 0)]));
    assert_eq!(leg.pulled(), ["c/d"]);
    leg.answer_well();
    leg.wait(60_000);
    assert_eq!(leg.tracks.len(), 1);
    leg.want(&["a/b", "c/d"]);
    assert_eq!(leg.pulled(), ["a/b"]);
}

#[test]
fn what_is_not_wanted_any_more_is_closed() {
    let mut leg = Leg::connected();
    leg.want(&["a/b", "c/d"]);
    leg.answer_well();
    leg.want(&["c/d"]);
    assert_eq!(leg.last(), Call::Close(vec!["1".into()]));
    leg.answer(Answer::Done);
    leg.want(&["a/b", "c/d"]);
    assert_eq!(leg.pulled(), ["a/b"]);
}

#[test]
fn what_is_not_wanted_when_it_comes_is_closed_and_not_told() {
    let mut leg = Leg::connected();
    leg.want(&["a/b"]);
    leg.want(&[]);
    leg.answer_well();
    assert_eq!(leg.last(), Call::Close(vec!["1".into()]));
    assert!(leg.tracks.is_empty());
}

#[test]
fn a_picture_comes_in_the_layer_that_it_is_shown_in() {
    let mut leg = Leg::connected();
    let show = |height| Wish::Want(vec![shown("a/camera-1-720", height)]);
    leg.wish(show(100));
    assert!(matches!(leg.last(), Call::Pull(asked) if asked[0].layer == Some(2)));
    leg.answer_well();
    leg.wish(show(300));
    let Call::Update(changed) = leg.last() else {
        panic!("{:?}", leg.last())
    };
    assert_eq!((changed[0].mid.as_str(), changed[0].layer), ("1", 1));
    leg.answer(refused(400));
    leg.wish(show(310));
    assert_eq!(leg.failure(), None);
    assert!(
        matches!(leg.last(), Call::Update(_)),
        "it is not asked for again"
    );
    assert_eq!(leg.machine.timer(), None);
}

#[test]
fn a_track_that_is_muted_shortly_keeps_its_place() {
    let mut leg = Leg::connected();
    leg.publish(Source::Camera, true);
    leg.answer_well();
    let calls = leg.calls.len();
    leg.publish(Source::Camera, false);
    leg.wait(24_999);
    leg.publish(Source::Camera, true);
    assert_eq!(leg.replaced, [Source::Camera, Source::Camera]);
    assert_eq!((leg.calls.len(), leg.published.len()), (calls, 1));
}

#[test]
fn a_track_that_was_silent_for_so_long_that_it_is_forgotten_is_published_anew() {
    for limited in [false, true] {
        let mut leg = Leg::connected();
        leg.publish(Source::Camera, true);
        leg.answer_well();
        let silence = |leg: &mut Leg, silent: bool| {
            if limited {
                leg.wish(Wish::Limit(Source::Camera, !silent));
            } else {
                leg.publish(Source::Camera, !silent);
            }
        };
        silence(&mut leg, true);
        leg.wait(25_000);
        silence(&mut leg, false);
        leg.answer_well();
        let references: Vec<_> = leg.published.iter().map(|(_, one)| one.as_str()).collect();
        assert_eq!(references, ["handle/camera-1-720", "handle/camera-2-720"]);
        assert_eq!(leg.last(), Call::Close(vec!["1".into()]));
    }
}

#[test]
fn what_is_unpublished_is_closed_even_if_it_was_just_being_published() {
    let mut leg = Leg::connected();
    leg.publish(Source::Screen, true);
    leg.wish(Wish::Unpublish(Source::Screen));
    leg.answer_well();
    assert_eq!(leg.last(), Call::Close(vec!["1".into()]));
    assert!(leg.published.is_empty());
}
