//! What can go wrong on the way to Cloudflare's SFU, and what is made of it.

mod sfu_support;

use samewire_core::protocol::client::Source;
use samewire_core::sfu::cloudflare::{Answer, Call, Command, Input, Item};
use samewire_core::sfu::{Failure, State, Transport};
use samewire_core::time::Millis;
use sfu_support::cloudflare::{Leg, SESSION, refused};

#[test]
fn a_connection_that_does_not_come_about_is_a_failure_of_the_way() {
    let mut leg = Leg::new();
    leg.tell(Input::Credentials);
    leg.answer(Answer::Session(SESSION.into()));
    leg.answer(Answer::Items(Vec::new(), false));
    leg.wait(7_999);
    assert_eq!(leg.failure(), None);
    leg.wait(1);
    assert_eq!(leg.failure(), Some(Failure::Ice));
}

#[test]
fn what_is_not_there_yet_is_asked_for_again_at_growing_intervals() {
    let mut leg = Leg::connected();
    leg.want(&["a/b"]);
    let mut asked = Vec::new();
    for _ in 0..7 {
        let before = leg.now;
        leg.answer(Answer::Items(
            vec![Item {
                key: "a/b".into(),
                mid: None,
            }],
            false,
        ));
        let at = leg.machine.timer().unwrap();
        leg.wait(at.since(before).0);
        assert_eq!(leg.pulled(), ["a/b"]);
        asked.push(leg.now.since(before).0);
    }
    assert_eq!(asked, [100, 200, 400, 800, 1_600, 2_000, 2_000]);
    assert_eq!(leg.failure(), None);
}

#[test]
fn a_batch_that_is_refused_is_asked_for_one_by_one_and_nothing_fails() {
    for status in [400, 403, 404, 406] {
        let mut leg = Leg::connected();
        leg.want(&["a/b", "bad", "c/d"]);
        leg.answer(refused(status));
        let mut alone = Vec::new();
        for _ in 0..3 {
            alone.extend(leg.pulled());
            if leg.pulled() == ["bad"] {
                leg.answer(refused(status));
            } else {
                leg.answer_well();
            }
        }
        assert_eq!(alone, ["a/b", "bad", "c/d"]);
        assert_eq!(leg.tracks.len(), 2);
        assert_eq!(leg.failure(), None, "{status}");
    }
}

#[test]
fn a_session_that_is_not_known_is_a_failure_at_once() {
    let mut leg = Leg::connected();
    leg.tell(Input::Transport(1, Transport::Disconnected));
    assert_eq!(leg.last(), Call::Look);
    leg.answer(refused(410));
    assert_eq!(leg.failure(), Some(Failure::Other));
    assert_eq!(leg.machine.timer(), None);
}

#[test]
fn a_session_whose_media_stopped_has_less_time_to_answer() {
    let mut leg = Leg::connected();
    leg.tell(Input::Transport(1, Transport::Disconnected));
    let before = leg.now;
    while leg.failure().is_none() {
        assert_eq!(leg.last(), Call::Look);
        leg.answer(refused(502));
        leg.wait(leg.machine.timer().map_or(0, |at| at.since(leg.now).0));
    }
    assert_eq!(leg.failure(), Some(Failure::Timeout));
    assert!(leg.now.since(before) <= Millis(1_500));
}

#[test]
fn credentials_that_are_no_good_are_a_failure_at_once() {
    for status in [401, 403] {
        let mut leg = Leg::new();
        leg.tell(Input::Credentials);
        leg.answer(refused(status));
        assert_eq!(leg.failure(), Some(Failure::Auth));
        leg.tell(Input::Credentials);
        leg.tell(Input::Restart);
        assert_eq!(leg.last(), Call::Session);
    }
}

#[test]
fn errors_that_pass_are_tried_again_for_four_seconds() {
    for (answer, failure) in [
        (refused(500), Failure::Timeout),
        (refused(502), Failure::Timeout),
        (refused(425), Failure::Timeout),
        (refused(503), Failure::Capacity),
        (Answer::Refused(429, 1_000), Failure::Capacity),
        (Answer::Refused(429, 1_000_000), Failure::Capacity),
        (Answer::Silent, Failure::Timeout),
    ] {
        let mut leg = Leg::new();
        leg.tell(Input::Credentials);
        let before = leg.now;
        while leg.failure().is_none() {
            assert_eq!(leg.last(), Call::Session);
            leg.answer(answer.clone());
            leg.wait(leg.machine.timer().map_or(0, |at| at.since(leg.now).0));
        }
        assert_eq!(leg.failure(), Some(failure), "{answer:?}");
        assert!(leg.calls.len() > 1, "{answer:?}");
        assert!(leg.now.since(before) <= Millis(4_000), "{answer:?}");
    }
}

#[test]
fn a_server_that_asks_for_time_is_given_it() {
    let mut leg = Leg::new();
    leg.tell(Input::Credentials);
    leg.answer(Answer::Refused(503, 1_500));
    leg.wait(1_499);
    assert_eq!(leg.calls.len(), 1);
    leg.wait(1);
    assert_eq!(leg.calls.len(), 2);
}

#[test]
fn a_server_that_says_nothing_at_all_is_given_up_after_five_seconds() {
    let mut leg = Leg::new();
    leg.tell(Input::Credentials);
    leg.wait(4_900);
    assert_eq!(leg.failure(), None);
    leg.wait(500);
    assert_eq!(leg.failure(), Some(Failure::Timeout));
}

#[test]
fn an_answer_that_is_none_is_a_failure() {
    for answer in [
        Answer::Garbage,
        Answer::Done,
        Answer::Session(String::new()),
    ] {
        let mut leg = Leg::new();
        leg.tell(Input::Credentials);
        leg.answer(answer);
        assert_eq!(leg.failure(), Some(Failure::Other));
    }
}

#[test]
fn a_restart_asks_for_all_anew_and_what_comes_late_is_nothing() {
    let mut leg = Leg::connected();
    leg.publish(Source::Camera, true);
    leg.answer_well();
    leg.want(&["a/b"]);
    let (late, _) = *leg.calls.last().unwrap();
    leg.tell(Input::Restart);
    assert_eq!((leg.begun, leg.last()), (2, Call::Session));
    leg.tell(Input::Answered(late, refused(410)));
    leg.tell(Input::Transport(1, Transport::Failed));
    assert_eq!(leg.states.last(), Some(&State::Connecting));
    leg.answer(Answer::Session("another".into()));
    leg.answer_well();
    leg.tell(Input::Transport(2, Transport::Connected));
    assert_eq!(leg.published.last().unwrap().1, "another/camera-2-720");
    assert_eq!(leg.pulled(), ["a/b"]);
}

#[test]
fn after_a_failure_nothing_is_asked_and_after_the_end_nothing_is_told() {
    let mut leg = Leg::connected();
    leg.tell(Input::Transport(1, Transport::Failed));
    assert_eq!(leg.failure(), Some(Failure::Ice));
    let calls = leg.calls.len();
    leg.publish(Source::Camera, true);
    leg.want(&["a/b"]);
    leg.wait(60_000);
    assert_eq!(leg.calls.len(), calls);
    leg.machine.handle(leg.now, Input::Close);
    assert_eq!(leg.machine.poll(), Some(Command::End));
    leg.machine.handle(leg.now, Input::Restart);
    assert_eq!((leg.machine.poll(), leg.machine.timer()), (None, None));
}
