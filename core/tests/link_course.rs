//! A client goes where the session goes, and never back.

use samewire_core::link::{Course, Leg, News, Phase, Step};

const fn p2p(epoch: u64) -> Leg {
    Leg {
        epoch,
        driven: true,
    }
}

const fn foreign(epoch: u64) -> Leg {
    Leg {
        epoch,
        driven: false,
    }
}

/// Welcomed in epoch 4, with everything decoded.
fn connected() -> Course {
    let mut course = Course::default();
    let steps = course.begin("life-1".to_owned(), p2p(4), None);
    assert_eq!(steps, [Step::Enter]);
    assert_eq!(course.hear(News::Arrived), []);
    assert_eq!(course.phase(true), Phase::Connected);
    course
}

#[test]
fn a_call_is_connecting_until_everything_expected_is_decoded() {
    let mut course = Course::default();
    for link_is_open in [false, true] {
        assert_eq!(course.phase(link_is_open), Phase::Connecting);
    }
    let _ = course.begin("life-1".to_owned(), p2p(1), None);
    assert_eq!(course.phase(true), Phase::Connecting);
    assert_eq!(course.phase(false), Phase::Reconnecting);
    let _ = course.hear(News::Arrived);
    assert_eq!(course.phase(true), Phase::Connected);
}

#[test]
fn an_urgent_commit_makes_every_connection_anew_and_is_complete_with_its_media() {
    let mut course = connected();
    assert_eq!(
        course.hear(News::Commit(p2p(6))),
        [Step::Started(6), Step::Enter]
    );
    assert_eq!((course.epoch(), course.has_arrived()), (6, false));
    assert_eq!(course.phase(true), Phase::Switching);
    assert_eq!(course.hear(News::Arrived), [Step::Completed(6)]);
    assert_eq!(course.phase(true), Phase::Connected);
}

#[test]
fn a_planned_commit_goes_on_with_the_transition_that_its_prepare_began() {
    let mut course = connected();
    assert_eq!(
        course.hear(News::Prepare(p2p(5))),
        [Step::Started(5), Step::Open(5)]
    );
    assert_eq!(course.hear(News::Prepare(p2p(5))), []);
    assert_eq!(course.phase(true), Phase::Switching);
    assert_eq!(course.epoch(), 4);
    assert_eq!(course.hear(News::Commit(p2p(5))), [Step::Cut(5)]);
    assert_eq!(course.hear(News::Arrived), [Step::Completed(5)]);
}

#[test]
fn r1_an_older_or_the_same_epoch_changes_nothing() {
    let mut course = connected();
    for epoch in [1, 3, 4] {
        assert_eq!(course.hear(News::Commit(foreign(epoch))), []);
        assert_eq!(course.hear(News::Prepare(foreign(epoch))), []);
        assert_eq!((course.epoch(), course.is_driven()), (4, true));
        assert_eq!(course.phase(true), Phase::Connected);
    }
}

#[test]
fn what_is_said_of_another_life_is_not_of_this_one() {
    let mut course = connected();
    assert!(course.is_of("life-1"));
    assert!(!course.is_of("life-2"));
    // A welcome says that it is another: its epochs begin again.
    let steps = course.begin("life-2".to_owned(), p2p(1), None);
    assert_eq!(steps, [Step::Enter]);
    assert_eq!((course.life(), course.epoch()), ("life-2", 1));
    assert_eq!(course.phase(true), Phase::Connecting);
}

#[test]
fn a_provider_without_a_driver_is_declined_once_and_the_call_stays_where_it_is() {
    let mut course = connected();
    assert_eq!(
        course.hear(News::Prepare(foreign(5))),
        [Step::Started(5), Step::Decline(5)]
    );
    assert_eq!(course.hear(News::Prepare(foreign(5))), []);
    assert_eq!(course.hear(News::Abort(5)), [Step::Failed(5)]);
    assert_eq!((course.epoch(), course.is_driven()), (4, true));
    assert_eq!(course.phase(true), Phase::Connected);
}

#[test]
fn a_commit_to_a_provider_without_a_driver_is_obeyed_and_declined() {
    let mut course = connected();
    assert_eq!(
        course.hear(News::Commit(foreign(5))),
        [Step::Started(5), Step::Decline(5), Step::Enter]
    );
    assert!(!course.is_driven());
}

#[test]
fn an_abort_after_the_commit_of_the_same_epoch_aborts_nothing() {
    let mut course = connected();
    let _ = course.hear(News::Commit(p2p(5)));
    assert_eq!(course.hear(News::Abort(5)), []);
    assert_eq!(course.phase(true), Phase::Switching);
}

#[test]
fn a_commit_of_another_epoch_than_the_prepared_one_ends_that_transition() {
    let mut course = connected();
    let _ = course.hear(News::Prepare(p2p(5)));
    assert_eq!(
        course.hear(News::Commit(p2p(6))),
        [
            Step::Close(5),
            Step::Failed(5),
            Step::Started(6),
            Step::Enter
        ]
    );
    assert_eq!(
        course.hear(News::Commit(p2p(7))),
        [Step::Failed(6), Step::Started(7), Step::Enter]
    );
}

#[test]
fn exhausted_lasts_until_a_commit_or_the_word_that_media_flows_again() {
    let mut course = connected();
    let _ = course.hear(News::Commit(p2p(5)));
    assert_eq!(course.hear(News::Exhausted), [Step::Failed(5)]);
    assert_eq!(course.phase(true), Phase::Exhausted);
    assert_eq!(course.phase(false), Phase::Reconnecting);
    // The least bad is tried again, in a fresh epoch.
    let _ = course.hear(News::Commit(p2p(6)));
    assert_eq!(course.phase(true), Phase::Switching);
    let _ = course.hear(News::Exhausted);
    // It was a short gap after all: the session is told, and says that it is on its way again.
    let _ = course.hear(News::Arrived);
    assert_eq!(course.phase(true), Phase::Exhausted);
    assert_eq!(course.hear(News::Session(p2p(6), true)), []);
    assert_eq!(course.phase(true), Phase::Exhausted);
    assert_eq!(course.hear(News::Session(p2p(6), false)), []);
    assert_eq!(course.phase(true), Phase::Connected);
}

#[test]
fn r1_the_answer_to_a_stale_epoch_is_as_good_as_a_commit() {
    let mut course = connected();
    let steps = course.hear(News::Session(p2p(6), false));
    assert_eq!(steps, [Step::Started(6), Step::Enter]);
    // The commit itself crossed it on the way.
    assert_eq!(course.hear(News::Commit(p2p(6))), []);
    assert_eq!(course.hear(News::Session(p2p(5), false)), []);
    assert_eq!(course.epoch(), 6);
}

#[test]
fn a_replayed_past_changes_nothing_about_the_present() {
    // What a resume tells again after its `welcome`, in order.
    let mut course = connected();
    let _ = course.hear(News::Commit(p2p(8)));
    let _ = course.hear(News::Arrived);
    let past = [
        News::Prepare(foreign(5)),
        News::Commit(p2p(6)),
        News::Exhausted,
        News::Commit(p2p(8)),
    ];
    for news in past {
        assert_eq!(course.hear(news), []);
    }
    assert_eq!(course.phase(true), Phase::Connected);
}

#[test]
fn a_new_participation_ends_the_transition_of_the_old_one() {
    let mut course = connected();
    let _ = course.hear(News::Prepare(p2p(5)));
    assert_eq!(
        course.begin("life-1".to_owned(), p2p(7), None),
        [Step::Close(5), Step::Failed(5), Step::Enter]
    );
}

#[test]
fn r12_an_abort_closes_the_prepared_leg_and_nothing_else() {
    let mut course = connected();
    let _ = course.hear(News::Prepare(p2p(5)));
    assert_eq!(
        course.hear(News::Abort(5)),
        [Step::Close(5), Step::Failed(5)]
    );
    assert_eq!(course.hear(News::Abort(5)), []);
    assert_eq!((course.epoch(), course.has_arrived()), (4, true));
    assert_eq!(course.phase(true), Phase::Connected);
}

#[test]
fn r13_who_comes_during_a_switch_prepares_its_target_only() {
    let mut course = Course::default();
    assert_eq!(course.begin("life-1".to_owned(), p2p(4), Some(p2p(5))), []);
    assert_eq!(course.hear(News::Session(p2p(4), false)), []);
    assert_eq!(
        course.hear(News::Prepare(p2p(5))),
        [Step::Started(5), Step::Open(5)]
    );
    assert_eq!(course.phase(true), Phase::Connecting);
    assert_eq!(course.hear(News::Commit(p2p(5))), [Step::Cut(5)]);
    assert_eq!(course.hear(News::Arrived), [Step::Completed(5)]);
    assert_eq!(course.phase(true), Phase::Connected);
}

#[test]
fn r13_who_came_during_a_switch_that_comes_to_nothing_connects_where_the_session_stays() {
    for news in [News::Abort(5), News::NoSwitch, News::Exhausted] {
        let mut course = Course::default();
        let _ = course.begin("life-1".to_owned(), p2p(4), Some(p2p(5)));
        let _ = course.hear(News::Prepare(p2p(5)));
        assert_eq!(
            course.hear(news),
            [Step::Close(5), Step::Failed(5), Step::Enter]
        );
        assert_eq!(course.hear(news), []);
    }
}

#[test]
fn who_comes_during_a_switch_that_it_cannot_follow_connects_where_the_session_is() {
    let mut course = Course::default();
    assert_eq!(
        course.begin("life-1".to_owned(), p2p(4), Some(foreign(5))),
        [Step::Enter]
    );
    assert_eq!(
        course.hear(News::Prepare(foreign(5))),
        [Step::Started(5), Step::Decline(5)]
    );
    assert_eq!(course.hear(News::Abort(5)), [Step::Failed(5)]);
}

#[test]
fn what_a_resume_tells_again_of_an_earlier_switch_changes_nothing_about_the_one_under_way() {
    let mut course = connected();
    let _ = course.hear(News::Prepare(p2p(7)));
    for news in [
        News::Prepare(p2p(5)),
        News::Abort(5),
        News::Prepare(foreign(6)),
        News::Abort(6),
        News::Prepare(p2p(7)),
    ] {
        assert_eq!(course.hear(news), []);
    }
    assert_eq!(
        course.hear(News::Abort(7)),
        [Step::Close(7), Step::Failed(7)]
    );
}
