//! The signalling link comes back by itself, in time, and handles nothing twice.

use samewire_core::link::{ACK_BYTES, End, Input, Jitter, Link, Output, Reason};
use samewire_core::time::Millis;

const ALL: Jitter = Jitter(1_000);
const NONE: Jitter = Jitter(0);

fn feed(link: &mut Link, now: u64, jitter: Jitter, input: Input) -> Vec<Output> {
    link.handle(Millis(now), jitter, input);
    core::iter::from_fn(|| link.poll_output()).collect()
}

fn welcomed(seq: u64, last_id: u64) -> Input {
    Input::Welcomed {
        seq,
        last_id,
        heartbeat: Millis(15_000),
    }
}

/// A link that was welcomed at 0 with seq 1.
fn open() -> Link {
    let mut link = Link::new(Millis(0));
    assert_eq!(link.poll_output(), Some(Output::Connect));
    assert_eq!(feed(&mut link, 0, NONE, Input::Opened), [Output::Greet]);
    assert_eq!(feed(&mut link, 0, NONE, welcomed(1, 0)), []);
    link
}

#[test]
fn r7_the_first_retry_comes_within_250_ms_and_the_back_off_doubles_to_5_s() {
    let mut link = open();
    let mut now = 0;
    for longest in [250, 500, 1_000, 2_000, 4_000, 5_000, 5_000] {
        let outputs = feed(&mut link, now, ALL, Input::Closed(1006));
        assert_eq!(outputs, [Output::Discard, Output::Down]);
        let due = now + longest;
        assert_eq!(link.poll_timeout(), Some((Millis(due), Reason::Retry)));
        assert_eq!(feed(&mut link, due - 1, ALL, Input::Timeout), []);
        assert_eq!(feed(&mut link, due, ALL, Input::Timeout), [Output::Connect]);
        now = due;
    }
}

#[test]
fn r7_jitter_spreads_a_retry_over_the_upper_half_of_its_delay() {
    let mut link = open();
    feed(&mut link, 0, NONE, Input::Closed(1006));
    assert_eq!(link.poll_timeout(), Some((Millis(125), Reason::Retry)));
}

#[test]
fn r7_a_wait_the_server_asked_for_is_kept_and_spread_over_another_fifth() {
    for (jitter, due) in [(NONE, 3_000), (Jitter(500), 3_300), (ALL, 3_600)] {
        let mut link = open();
        feed(&mut link, 0, jitter, Input::AskedToWait(Millis(3_000)));
        feed(&mut link, 0, jitter, Input::Closed(1013));
        assert_eq!(link.poll_timeout(), Some((Millis(due), Reason::Retry)));
        // The network coming back is no reason to come sooner.
        assert_eq!(feed(&mut link, 10, jitter, Input::Nudged), []);
        assert_eq!(link.poll_timeout(), Some((Millis(due), Reason::Retry)));
    }
}

#[test]
fn r7_a_wait_is_asked_for_once_and_then_the_back_off_goes_on() {
    let mut link = open();
    feed(&mut link, 0, ALL, Input::AskedToWait(Millis(3_000)));
    feed(&mut link, 0, ALL, Input::Closed(1001));
    feed(&mut link, 3_600, ALL, Input::Timeout);
    feed(&mut link, 3_600, ALL, Input::Closed(1006));
    assert_eq!(link.poll_timeout(), Some((Millis(4_100), Reason::Retry)));
}

#[test]
fn a_welcome_makes_the_next_retry_a_first_one_again() {
    let mut link = open();
    feed(&mut link, 0, ALL, Input::Closed(1006));
    feed(&mut link, 250, ALL, Input::Timeout);
    feed(&mut link, 300, ALL, welcomed(7, 0));
    feed(&mut link, 400, ALL, Input::Closed(1006));
    assert_eq!(link.poll_timeout(), Some((Millis(650), Reason::Retry)));
}

#[test]
fn the_network_coming_back_ends_the_waiting() {
    let mut link = open();
    feed(&mut link, 0, ALL, Input::Closed(1006));
    assert_eq!(feed(&mut link, 10, ALL, Input::Nudged), [Output::Connect]);
}

#[test]
fn a_socket_without_a_welcome_is_given_up_at_the_deadline() {
    let mut link = Link::new(Millis(5));
    link.poll_output();
    assert_eq!(
        link.poll_timeout(),
        Some((Millis(10_005), Reason::NoWelcome))
    );
    assert_eq!(
        feed(&mut link, 10_005, ALL, Input::Timeout),
        [Output::Discard, Output::Down]
    );
}

#[test]
fn r28_silence_of_two_heartbeats_is_a_dead_socket() {
    let mut link = open();
    assert_eq!(
        link.poll_timeout(),
        Some((Millis(15_000), Reason::Heartbeat))
    );
    assert_eq!(feed(&mut link, 15_000, ALL, Input::Timeout), [Output::Ping]);
    assert_eq!(link.poll_timeout(), Some((Millis(30_000), Reason::Silence)));
    assert_eq!(
        feed(&mut link, 30_000, ALL, Input::Timeout),
        [Output::Discard, Output::Down]
    );
}

#[test]
fn any_word_from_the_server_is_a_sign_of_life() {
    let mut link = open();
    feed(&mut link, 15_000, ALL, Input::Timeout);
    feed(&mut link, 15_001, ALL, Input::Heard);
    assert_eq!(feed(&mut link, 30_000, ALL, Input::Timeout), [Output::Ping]);
    assert_eq!(
        link.poll_timeout(),
        Some((Millis(45_000), Reason::Heartbeat))
    );
    assert_eq!(
        feed(&mut link, 45_001, ALL, Input::Timeout),
        [Output::Discard, Output::Down]
    );
}

#[test]
fn r29_a_clock_that_jumped_asks_before_it_declares_the_socket_dead() {
    let mut link = open();
    assert_eq!(
        feed(&mut link, 600_000, ALL, Input::Timeout),
        [Output::Ping]
    );
    assert_eq!(
        link.poll_timeout(),
        Some((Millis(603_000), Reason::Silence))
    );
    assert_eq!(
        feed(&mut link, 603_000, ALL, Input::Timeout),
        [Output::Discard, Output::Down]
    );
}

#[test]
fn r29_a_socket_that_answers_after_sleep_is_alive() {
    let mut link = open();
    feed(&mut link, 600_000, ALL, Input::Timeout);
    assert_eq!(feed(&mut link, 600_040, ALL, Input::Heard), []);
    assert_eq!(
        link.poll_timeout(),
        Some((Millis(615_000), Reason::Heartbeat))
    );
}

#[test]
fn r28_a_page_that_is_visible_again_beats_at_once() {
    let mut link = open();
    assert_eq!(feed(&mut link, 3_000, ALL, Input::Nudged), [Output::Ping]);
    feed(&mut link, 3_020, ALL, Input::Heard);
    assert_eq!(
        link.poll_timeout(),
        Some((Millis(18_000), Reason::Heartbeat))
    );
}

#[test]
fn a_socket_that_does_not_answer_once_the_network_is_back_is_dead_after_three_seconds() {
    let mut link = open();
    assert_eq!(feed(&mut link, 3_000, ALL, Input::Nudged), [Output::Ping]);
    // Being told twice gives it no more time.
    assert_eq!(feed(&mut link, 5_000, ALL, Input::Nudged), [Output::Ping]);
    assert_eq!(link.poll_timeout(), Some((Millis(6_000), Reason::Silence)));
    assert_eq!(feed(&mut link, 5_999, ALL, Input::Timeout), []);
    assert_eq!(
        feed(&mut link, 6_000, ALL, Input::Timeout),
        [Output::Discard, Output::Down]
    );
}

#[test]
fn an_attempt_from_before_the_network_came_back_is_made_anew() {
    let mut link = Link::new(Millis(0));
    link.poll_output();
    assert_eq!(feed(&mut link, 2_999, ALL, Input::Nudged), []);
    assert_eq!(
        feed(&mut link, 3_000, ALL, Input::Nudged),
        [Output::Connect]
    );
    assert_eq!(
        link.poll_timeout(),
        Some((Millis(13_000), Reason::NoWelcome))
    );
}

#[test]
fn r28_what_arrives_carries_the_heartbeat_on_where_timers_are_slow() {
    let mut link = open();
    assert_eq!(feed(&mut link, 14_999, ALL, Input::Heard), []);
    assert_eq!(feed(&mut link, 15_000, ALL, Input::Heard), [Output::Ping]);
    assert_eq!(feed(&mut link, 15_001, ALL, Input::Heard), []);
}

#[test]
fn r28_a_page_that_is_frozen_closes_its_socket_and_comes_back_when_it_is_shown() {
    let mut link = open();
    assert!(link.accept(2, 100, Millis(10)));
    assert_eq!(
        feed(&mut link, 20, ALL, Input::Paused),
        [Output::Discard, Output::Down]
    );
    assert_eq!(link.poll_timeout(), None);
    for late in [Input::Timeout, Input::Heard, Input::Closed(1006)] {
        assert_eq!(feed(&mut link, 900_000, ALL, late), []);
    }
    assert_eq!(
        feed(&mut link, 900_000, ALL, Input::Nudged),
        [Output::Connect]
    );
    assert_eq!(link.last_seq(), 2);
}

#[test]
fn r7_a_page_that_is_frozen_while_it_was_asked_to_wait_waits_all_the_same() {
    let mut link = open();
    feed(&mut link, 0, NONE, Input::AskedToWait(Millis(3_000)));
    feed(&mut link, 0, NONE, Input::Closed(1013));
    assert_eq!(feed(&mut link, 10, NONE, Input::Paused), []);
    assert_eq!(feed(&mut link, 20, NONE, Input::Nudged), []);
    assert_eq!(link.poll_timeout(), Some((Millis(3_000), Reason::Retry)));
}

#[test]
fn five_seconds_after_the_first_unacknowledged_frame_comes_the_ack() {
    let mut link = open();
    assert!(link.accept(2, 100, Millis(1_000)));
    assert!(link.accept(3, 100, Millis(2_000)));
    assert_eq!(
        link.poll_timeout(),
        Some((Millis(6_000), Reason::Acknowledge))
    );
    assert_eq!(
        feed(&mut link, 6_000, ALL, Input::Timeout),
        [Output::Ack(3)]
    );
    assert_eq!(
        link.poll_timeout(),
        Some((Millis(15_000), Reason::Heartbeat))
    );
}

#[test]
fn thirty_two_frames_are_acknowledged_at_once() {
    let mut link = open();
    for seq in 2..=32 {
        assert!(link.accept(seq, 100, Millis(10)));
    }
    assert_eq!(
        link.poll_timeout(),
        Some((Millis(5_010), Reason::Acknowledge))
    );
    assert!(link.accept(33, 100, Millis(10)));
    assert_eq!(link.poll_timeout(), Some((Millis(10), Reason::Acknowledge)));
    assert_eq!(feed(&mut link, 10, ALL, Input::Timeout), [Output::Ack(33)]);
}

#[test]
fn sixty_four_kibibytes_are_acknowledged_at_once() {
    let mut link = open();
    let due = |link: &Link| link.poll_timeout();
    assert!(link.accept(2, ACK_BYTES - 1, Millis(10)));
    assert_eq!(due(&link), Some((Millis(5_010), Reason::Acknowledge)));
    assert!(link.accept(3, 1, Millis(20)));
    assert_eq!(due(&link), Some((Millis(20), Reason::Acknowledge)));
    assert_eq!(feed(&mut link, 20, ALL, Input::Timeout), [Output::Ack(3)]);
    // They are counted from each acknowledgement on, whichever way it went.
    assert!(link.accept(4, ACK_BYTES - 1, Millis(30)));
    assert_eq!(due(&link), Some((Millis(5_030), Reason::Acknowledge)));
    assert_eq!(link.acknowledged(), 4);
    assert!(link.accept(5, 1, Millis(40)));
    assert_eq!(due(&link), Some((Millis(5_040), Reason::Acknowledge)));
}

#[test]
fn an_ack_that_rides_on_another_frame_is_not_sent_again() {
    let mut link = open();
    assert!(link.accept(2, 100, Millis(10)));
    assert_eq!(link.acknowledged(), 2);
    assert_eq!(
        link.poll_timeout(),
        Some((Millis(15_000), Reason::Heartbeat))
    );
}

#[test]
fn nothing_is_handled_twice_and_a_welcome_is_a_new_baseline() {
    let mut link = open();
    assert!(link.accept(2, 100, Millis(0)));
    assert!(!link.accept(2, 100, Millis(0)));
    assert!(!link.accept(1, 100, Millis(0)));
    feed(&mut link, 0, ALL, Input::Closed(1006));
    assert!(!link.accept(3, 100, Millis(0)));
    assert_eq!(link.last_seq(), 2);
    feed(&mut link, 250, ALL, Input::Timeout);
    feed(&mut link, 260, ALL, welcomed(5, 0));
    assert!(!link.accept(5, 100, Millis(270)));
    assert!(link.accept(6, 100, Millis(270)));
}

#[test]
fn ids_go_on_where_the_server_remembers_them_and_never_back() {
    let mut link = Link::new(Millis(0));
    feed(&mut link, 0, NONE, welcomed(1, 41));
    assert_eq!(link.mint_id(), 42);
    feed(&mut link, 0, NONE, welcomed(9, 7));
    assert_eq!(link.mint_id(), 43);
}

#[test]
fn an_operators_act_is_not_explained_by_an_error_that_came_before_it() {
    for (end, explained) in [
        (End::Removed, false),
        (End::Ended, false),
        (End::Replaced, true),
        (End::Left, false),
        (End::Unauthorised, true),
        (End::TooMany, true),
        (End::Unsupported, true),
    ] {
        assert_eq!(end.is_explained_by_an_error(), explained);
    }
}

#[test]
fn a_code_that_forbids_it_ends_the_link_for_good() {
    let mut link = open();
    assert_eq!(
        feed(&mut link, 0, ALL, Input::Closed(4003)),
        [Output::Discard, Output::Ended(End::Removed)]
    );
    assert_eq!(link.poll_timeout(), None);
    assert_eq!(feed(&mut link, 1, ALL, Input::Nudged), []);
    assert!(!link.accept(2, 100, Millis(1)));
}
