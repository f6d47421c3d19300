//! The way to Janus' VideoRoom, call by call.

mod sfu_support;

use samewire_core::protocol::client::Source;
use samewire_core::sfu::janus::{Answer, Call, Command, Input, Side, Stream, substream};
use samewire_core::sfu::{Failure, State, Transport, Wish};
use samewire_core::time::Millis;
use sfu_support::janus::{Leg, stream};
use sfu_support::shown;

#[test]
fn nobody_is_contacted_before_there_are_credentials() {
    let mut leg = Leg::new();
    leg.publish(Source::Camera, true);
    leg.want(&["a/1/0"]);
    leg.tell(Input::Restart);
    leg.wait(60_000);
    assert!(leg.begun == 0 && leg.calls.is_empty() && leg.states.is_empty());
}

#[test]
fn with_nothing_published_the_microphones_place_connects() {
    let mut leg = Leg::new();
    leg.tell(Input::Credentials);
    assert_eq!((leg.begun, leg.calls.len()), (1, 0));
    leg.tell(Input::Opened(1));
    assert_eq!(leg.only(), Call::Create);
    leg.answer_well();
    assert_eq!(leg.only(), Call::Attach(Side::Publisher));
    leg.answer_well();
    let calls: Vec<_> = leg.calls.iter().map(|(_, call)| call.clone()).collect();
    let join = Call::Join("ana-x-1".into());
    assert_eq!(calls, [Call::Attach(Side::Subscriber), join]);
    leg.answer_well();
    leg.answer_well();
    assert_eq!(leg.only(), Call::Publish(Vec::new()));
}

#[test]
fn the_two_handles_do_not_wait_for_each_other() {
    let mut leg = Leg::connected();
    leg.publish(Source::Camera, true);
    leg.want(&["a/1/0"]);
    let calls: Vec<_> = leg.calls.iter().map(|(_, call)| call).collect();
    assert!(
        matches!(calls.as_slice(), [Call::Publish(_), Call::Subscribe(_)]),
        "{calls:?}"
    );
    leg.publish(Source::Screen, true);
    leg.want(&["a/1/0", "a/2/0"]);
    assert_eq!(leg.calls.len(), 2, "each waits for its own answer");
}

#[test]
fn a_source_is_told_with_feed_line_and_height_once_janus_has_its_media() {
    let mut leg = Leg::new();
    leg.publish(Source::Camera, true);
    leg.tell(Input::Credentials);
    leg.tell(Input::Opened(1));
    leg.answer_all();
    assert!(leg.published.is_empty());
    leg.tell(Input::Transport(1, Side::Publisher, Transport::Connected));
    assert_eq!(
        leg.published,
        [(Source::Camera, "ana-x-1/1/720".to_owned())]
    );
}

#[test]
fn a_place_is_kept_muted_or_unpublished_and_told_again_when_published_again() {
    let mut leg = Leg::connected();
    leg.publish(Source::Camera, true);
    leg.answer_all();
    leg.publish(Source::Camera, false);
    leg.wait(120_000);
    leg.publish(Source::Camera, true);
    assert_eq!((leg.published.len(), leg.calls.len()), (1, 0));
    leg.wish(Wish::Unpublish(Source::Camera));
    leg.publish(Source::Camera, true);
    assert_eq!(leg.published.len(), 2);
    assert_eq!(leg.published[0], leg.published[1]);
    assert_eq!((leg.replaced.len(), leg.calls.len()), (4, 0));
}

#[test]
fn the_first_tracks_join_and_the_next_are_added_each_with_an_answer_to_its_offer() {
    let mut leg = Leg::connected();
    leg.want(&["a/1/0"]);
    assert!(matches!(leg.only(), Call::Subscribe(_)));
    leg.answer_well();
    assert_eq!(leg.only(), Call::Start);
    leg.answer_well();
    leg.want(&["a/1/0", "b/3/720"]);
    assert!(matches!(leg.only(), Call::More(_)));
    assert_eq!(leg.asked(), ["b/3/720"]);
    leg.answer_well();
    assert_eq!(leg.only(), Call::Start);
    let told = [("a/1/0", "1"), ("b/3/720", "2")].map(|(of, mid)| (of.into(), mid.into()));
    assert_eq!(leg.tracks, told);
}

#[test]
fn what_is_not_wanted_any_more_is_let_go_of() {
    let mut leg = Leg::connected();
    leg.want(&["a/1/0", "b/1/0"]);
    leg.answer_all();
    leg.want(&["b/1/0"]);
    assert_eq!(leg.only(), Call::LetGo(vec!["1".into()]));
    leg.answer_well();
    assert_eq!(leg.only(), Call::Start);
}

#[test]
fn an_offer_that_nobody_asked_for_is_answered() {
    let mut leg = Leg::connected();
    leg.want(&["a/1/0"]);
    leg.answer_all();
    leg.tell(Input::Offered(1));
    assert_eq!(leg.only(), Call::Start);
}

#[test]
fn a_batch_that_is_refused_is_asked_for_one_by_one() {
    let mut leg = Leg::connected();
    leg.want(&["a/1/0", "bad", "b/1/0"]);
    leg.answer(Answer::Refused(428));
    let mut alone = Vec::new();
    for _ in 0..3 {
        alone.extend(leg.asked());
        if leg.asked() == ["bad"] {
            leg.answer(Answer::Refused(428));
        } else {
            leg.answer_well();
            leg.answer_well();
        }
    }
    assert_eq!(alone, ["a/1/0", "bad", "b/1/0"]);
    assert_eq!((leg.tracks.len(), leg.failure()), (2, None));
    leg.wait(100);
    assert_eq!(leg.asked(), ["bad"]);
}

#[test]
fn what_janus_leaves_out_is_asked_for_again() {
    let mut leg = Leg::connected();
    leg.want(&["a/1/0", "b/1/0"]);
    leg.answer(Answer::Streams(vec![stream("0", "b/1/0")], true));
    leg.answer_well();
    assert_eq!(leg.tracks, [("b/1/0".to_owned(), "0".to_owned())]);
    leg.wait(100);
    assert_eq!(leg.asked(), ["a/1/0"]);
}

#[test]
fn a_layer_that_does_not_come_is_asked_for_again_a_few_times() {
    let mut leg = Leg::connected();
    let show = |height| Wish::Want(vec![shown("a/1/720", height)]);
    leg.wish(show(100));
    assert!(matches!(leg.only(), Call::Subscribe(asked) if asked[0].layer == Some(2)));
    leg.answer_all();
    leg.tell(Input::Transport(1, Side::Subscriber, Transport::Connected));
    leg.tell(Input::Layered(1, "1".into(), substream(2)));
    leg.wait(60_000);
    assert!(leg.calls.is_empty());
    leg.wish(show(300));
    let mut asked = 0;
    while let Some((_, Call::Layers(changed))) = leg.calls.first() {
        assert_eq!((changed[0].mid.as_str(), changed[0].layer), ("1", 1));
        asked += 1;
        leg.answer_well();
        // What is in flight when the time is over is not answered in time.
        while leg.calls.is_empty() && leg.now < Millis(100_000) {
            leg.wait(100);
        }
    }
    assert_eq!(asked, 4);
    leg.wish(show(720));
    leg.answer_well();
    // Another's, and another layer, say nothing of it.
    leg.tell(Input::Layered(1, "2".into(), substream(0)));
    leg.tell(Input::Layered(1, "1".into(), substream(1)));
    leg.wait(500);
    assert!(matches!(leg.only(), Call::Layers(_)));
    leg.answer_well();
    leg.tell(Input::Layered(1, "1".into(), substream(0)));
    leg.wait(60_000);
    assert!(leg.calls.is_empty());
}

#[test]
fn janus_hears_of_us_before_it_forgets_us() {
    let mut leg = Leg::connected();
    leg.wait(59_999);
    assert_eq!(leg.kept_alive, 2);
    leg.wait(1);
    assert_eq!((leg.kept_alive, leg.failure()), (3, None));
}

#[test]
fn errors_are_told_apart() {
    for (code, failure) in [
        (403, Failure::Auth),
        (433, Failure::Auth),
        (432, Failure::Capacity),
        (426, Failure::Other),
        (436, Failure::Other),
        (458, Failure::Other),
    ] {
        let mut leg = Leg::new();
        leg.tell(Input::Credentials);
        leg.tell(Input::Opened(1));
        for _ in 0..3 {
            leg.answer_well();
        }
        assert_eq!(leg.only(), Call::Join("ana-x-1".into()));
        leg.answer(Answer::Refused(code));
        assert_eq!(leg.failure(), Some(failure), "{code}");
    }
}

#[test]
fn a_socket_that_closes_is_a_failure_at_once() {
    let mut leg = Leg::connected();
    leg.tell(Input::Lost(1));
    assert_eq!(leg.failure(), Some(Failure::Other));
    assert_eq!(leg.machine.timer(), None);
}

#[test]
fn a_socket_that_does_not_open_and_an_answer_that_does_not_come_are_given_up_after_five_seconds() {
    for opened in [false, true] {
        let mut leg = Leg::new();
        leg.tell(Input::Credentials);
        if opened {
            leg.tell(Input::Opened(1));
        }
        leg.wait(4_999);
        assert_eq!(leg.failure(), None);
        leg.wait(1);
        assert_eq!(leg.failure(), Some(Failure::Timeout));
    }
}

#[test]
fn a_connection_that_does_not_come_about_is_a_failure_of_the_way() {
    for side in [Side::Publisher, Side::Subscriber] {
        let mut leg = Leg::connected();
        if side == Side::Publisher {
            leg = Leg::new();
            leg.tell(Input::Credentials);
            leg.tell(Input::Opened(1));
        } else {
            leg.want(&["a/1/0"]);
        }
        leg.answer_all();
        leg.wait(7_999);
        assert_eq!(leg.failure(), None);
        leg.wait(1);
        assert_eq!(leg.failure(), Some(Failure::Ice), "{side:?}");
    }
}

#[test]
fn an_answer_that_is_none_is_a_failure() {
    for answer in [Answer::Garbage, Answer::Placed(Vec::new())] {
        let mut leg = Leg::new();
        leg.tell(Input::Credentials);
        leg.tell(Input::Opened(1));
        leg.answer(answer);
        assert_eq!(leg.failure(), Some(Failure::Other));
    }
}

#[test]
fn a_restart_is_another_feed_and_what_comes_late_is_nothing() {
    let mut leg = Leg::connected();
    leg.publish(Source::Camera, true);
    leg.answer_all();
    leg.want(&["a/1/0"]);
    let (late, _) = leg.calls[0];
    leg.tell(Input::Restart);
    assert_eq!((leg.begun, leg.calls.len()), (2, 0));
    let stray = Stream {
        mid: "9".into(),
        feed: "a".into(),
        feed_mid: "1".into(),
    };
    leg.tell(Input::Answered(late, Answer::Streams(vec![stray], true)));
    leg.tell(Input::Lost(1));
    leg.tell(Input::Opened(1));
    leg.tell(Input::Transport(1, Side::Publisher, Transport::Failed));
    assert_eq!(leg.states.last(), Some(&State::Connecting));
    assert!(leg.calls.is_empty() && leg.tracks.is_empty());
    leg.tell(Input::Opened(2));
    leg.answer_all();
    leg.tell(Input::Transport(2, Side::Publisher, Transport::Connected));
    assert_eq!(leg.published.last().unwrap().1, "ana-x-2/3/720");
    assert_eq!(leg.tracks.len(), 1);
}

#[test]
fn after_the_end_nothing_is_told() {
    let mut leg = Leg::connected();
    leg.machine.handle(leg.now, Input::Close);
    assert_eq!(leg.machine.poll(), Some(Command::End));
    leg.machine.handle(leg.now + Millis(1), Input::Restart);
    assert_eq!((leg.machine.poll(), leg.machine.timer()), (None, None));
}
