//! Media that does not come is asked about, then repaired rung by rung, then reported.

mod ladder_support;

use ladder_support::{DEAD, WELL, watch};
use samewire_core::link::ladder::{
    CHANGES_APART, FRESH, LONGEST, RELAY, REPORT, RESTART, STEADY, WATCHDOG,
};
use samewire_core::link::{Ladder, Line, Look, Remedy, Rung, STALLED, Sight};
use samewire_core::time::Millis;

const WITH_TURN: Look = Look { turn: true, ..DEAD };

/// One whose media was whole until 1,000.
fn seen() -> Ladder {
    let mut ladder = Ladder::new(Millis(0));
    assert_eq!(watch(&mut ladder, 0, 1_000, WELL), []);
    assert!(ladder.was_seen());
    ladder
}

#[test]
fn the_budgets_are_those_that_are_documented() {
    let spent = |rung: Rung| -> u64 {
        let budget = rung.budget();
        (0..budget.tries.min(3)).map(|n| budget.wait.0 << n).sum()
    };
    assert_eq!(spent(Rung::Restart), 6_000);
    assert_eq!(spent(Rung::Relay), 5_000);
    assert_eq!(spent(Rung::Fresh), 6_000);
    assert_eq!(
        [RESTART.tries, RELAY.tries, FRESH.tries, REPORT.tries],
        [2, 1, 1, u32::MAX]
    );
}

#[test]
fn r24_a_stall_is_suspected_at_once_and_climbs_to_the_report_in_thirteen_and_a_half_seconds() {
    let mut ladder = seen();
    assert_eq!(
        watch(&mut ladder, 1_500, 14_500, DEAD),
        [
            (1_500, Remedy::Suspect),
            (2_500, Remedy::Restart),
            (4_500, Remedy::Restart),
            (8_500, Remedy::Fresh),
            (14_500, Remedy::Report),
        ]
    );
    assert_eq!(ladder.rung(), Some(Rung::Report));
}

#[test]
fn where_there_is_a_relay_it_is_tried_alone_before_a_fresh_connection_is_made() {
    let mut ladder = seen();
    assert_eq!(
        watch(&mut ladder, 1_500, 8_000, WITH_TURN),
        [
            (1_500, Remedy::Suspect),
            (2_500, Remedy::Restart),
            (4_500, Remedy::Restart),
        ]
    );
    assert!(!ladder.is_relayed());
    let relay = [(8_500, Remedy::Relay)];
    assert_eq!(watch(&mut ladder, 8_500, 13_000, WITH_TURN), relay);
    assert!(ladder.is_relayed());
    let fresh = [(13_500, Remedy::Fresh)];
    assert_eq!(watch(&mut ladder, 13_500, 19_000, WITH_TURN), fresh);
    assert!(!ladder.is_relayed(), "a fresh connection is free again");
}

#[test]
fn what_is_reported_is_tried_on_with_a_back_off_that_ends_at_a_minute() {
    let mut ladder = seen();
    watch(&mut ladder, 1_500, 14_500, DEAD);
    let report = |at| (at, Remedy::Report);
    let all: Vec<_> = [24_500, 44_500, 84_500, 144_500, 204_500]
        .map(report)
        .into();
    assert_eq!(watch(&mut ladder, 15_000, 204_500, DEAD), all);
    assert_eq!(LONGEST, Millis(60_000));
}

#[test]
fn what_heals_on_the_relay_stays_on_it_through_later_restarts() {
    let mut ladder = seen();
    watch(&mut ladder, 1_500, 9_000, WITH_TURN);
    watch(&mut ladder, 9_500, 20_000, WELL);
    assert_eq!(
        watch(&mut ladder, 20_500, 21_500, WITH_TURN),
        [(20_500, Remedy::Suspect), (21_500, Remedy::Restart)]
    );
    assert!(ladder.is_relayed());
}

#[test]
fn r26_a_connection_that_never_comes_up_is_repaired_and_then_reported() {
    let mut ladder = Ladder::new(Millis(0));
    let coming = Look {
        line: Line::Coming,
        ..DEAD
    };
    assert_eq!(
        watch(&mut ladder, 0, 20_000, coming),
        [
            (8_000, Remedy::Restart),
            (10_000, Remedy::Restart),
            (14_000, Remedy::Fresh),
            (20_000, Remedy::Report),
        ]
    );
    assert_eq!(WATCHDOG, Millis(8_000));
}

#[test]
fn r26_neither_disconnected_nor_failed_counts_before_the_connection_was_up() {
    let down = Look {
        line: Line::Down,
        ..DEAD
    };
    let mut ladder = Ladder::new(Millis(0));
    assert_eq!(watch(&mut ladder, 0, 7_500, down), []);
    // Afterwards it spares the patience, and not while media comes.
    let mut ladder = seen();
    let flowing = Look {
        line: Line::Down,
        ..WELL
    };
    assert_eq!(watch(&mut ladder, 1_500, 3_000, flowing), []);
    assert_eq!(
        watch(&mut ladder, 3_500, 3_500, down),
        [(3_500, Remedy::Suspect), (3_500, Remedy::Restart)]
    );
}

#[test]
fn a_connection_that_is_closed_has_nothing_to_restart() {
    let mut ladder = seen();
    let closed = Look {
        line: Line::Closed,
        ..WITH_TURN
    };
    assert_eq!(
        watch(&mut ladder, 1_500, 1_500, closed),
        [(1_500, Remedy::Suspect), (1_500, Remedy::Fresh)]
    );
    // The browser would not make another: the next try is the report's.
    let report = [(7_500, Remedy::Report)];
    assert_eq!(watch(&mut ladder, 2_000, 7_500, closed), report);
}

#[test]
fn success_on_any_rung_goes_back_to_the_bottom() {
    for healed_at in [3_000, 5_000, 9_000, 14_000, 19_500, 60_000] {
        let mut ladder = seen();
        watch(&mut ladder, 1_500, healed_at, WITH_TURN);
        assert!(ladder.rung().is_some());
        let steady = healed_at + 500 + STEADY.0;
        assert_eq!(watch(&mut ladder, healed_at + 500, steady, WELL), []);
        assert_eq!(ladder.rung(), None);
        let stall = steady + 500;
        assert_eq!(
            watch(&mut ladder, stall, stall + 1_000, WITH_TURN),
            [(stall, Remedy::Suspect), (stall + 1_000, Remedy::Restart)]
        );
    }
}

#[test]
fn media_that_comes_and_goes_does_not_begin_again_at_the_bottom() {
    let mut ladder = seen();
    let mut rungs: Vec<(u64, Remedy)> = Vec::new();
    let mut now = 1_500;
    while !rungs.iter().any(|(_, remedy)| *remedy == Remedy::Report) {
        rungs.extend(watch(&mut ladder, now, now + 9_500, DEAD));
        watch(&mut ladder, now + 10_000, now + 10_500, WELL);
        now += 11_000;
        assert!(now < 120_000, "it never comes to a report: {rungs:?}");
    }
    let climbed: Vec<_> = rungs
        .iter()
        .map(|(_, remedy)| *remedy)
        .filter(|remedy| *remedy != Remedy::Suspect)
        .collect();
    assert_eq!(
        climbed,
        [
            Remedy::Restart,
            Remedy::Restart,
            Remedy::Fresh,
            Remedy::Report
        ]
    );
}

#[test]
fn a_second_stall_is_suspected_again() {
    let mut ladder = seen();
    let once = [(2_000, Remedy::Suspect)];
    assert_eq!(watch(&mut ladder, 2_000, 2_000, DEAD), once);
    assert_eq!(watch(&mut ladder, 2_500, 3_000, WELL), []);
    let again = [(3_500, Remedy::Suspect)];
    assert_eq!(watch(&mut ladder, 3_500, 4_000, DEAD), again);
}

#[test]
fn a_network_that_changed_is_acted_on_at_once_and_from_the_bottom() {
    // Whatever it looks like.
    let mut ladder = seen();
    ladder.network_changed(Millis(1_200));
    let restart = [(1_500, Remedy::Restart)];
    assert_eq!(watch(&mut ladder, 1_500, 3_000, WELL), restart);
    // On any rung, in the middle of any wait.
    let mut ladder = seen();
    watch(&mut ladder, 1_500, 30_000, DEAD);
    assert_eq!(ladder.rung(), Some(Rung::Report));
    ladder.network_changed(Millis(30_100));
    assert_eq!(
        watch(&mut ladder, 30_500, 32_500, DEAD),
        [(30_500, Remedy::Restart), (32_500, Remedy::Restart)]
    );
}

#[test]
fn a_change_of_network_that_is_told_three_times_is_acted_on_twice_and_the_last_one_counts() {
    let mut ladder = seen();
    for at in [1_010, 1_020, 1_030] {
        ladder.network_changed(Millis(at));
        let remedy = ladder.look(Millis(at), WELL);
        assert_eq!(remedy.is_some(), at == 1_010);
    }
    let due = 1_010 + CHANGES_APART.0;
    assert_eq!(ladder.look(Millis(due - 1), WELL), None);
    assert_eq!(ladder.look(Millis(due), WELL), Some(Remedy::Restart));
    assert_eq!(ladder.look(Millis(due), WELL), None);
}

#[test]
fn a_network_that_changed_while_the_link_is_away_is_acted_on_when_it_is_back() {
    let mut ladder = seen();
    ladder.network_changed(Millis(1_000));
    let away = Look {
        link: false,
        ..DEAD
    };
    assert_eq!(watch(&mut ladder, 1_500, 60_000, away), []);
    let at_once = [(60_500, Remedy::Restart), (60_500, Remedy::Suspect)];
    assert_eq!(watch(&mut ladder, 60_500, 60_500, DEAD), at_once);
}

#[test]
fn r29_sleep_is_no_stall() {
    let mut ladder = seen();
    // The first look after it finds counters that have not moved for an hour.
    let woken = 3_600_000;
    assert_eq!(ladder.look(Millis(woken), DEAD), None);
    assert_eq!(watch(&mut ladder, woken + 500, woken + 9_000, WELL), []);
    // On any rung, too, and what was left of its time is left.
    let mut ladder = seen();
    watch(&mut ladder, 1_500, 9_500, DEAD);
    assert_eq!(ladder.rung(), Some(Rung::Fresh));
    assert_eq!(watch(&mut ladder, woken, woken + 4_500, DEAD), []);
    let due = woken + 5_000;
    assert_eq!(
        watch(&mut ladder, due, due, DEAD),
        [(due, Remedy::Report)],
        "5 of its 6 s were left"
    );
}

#[test]
fn what_cannot_be_told_is_told_when_the_link_is_back() {
    let mut ladder = seen();
    let away = Look {
        link: false,
        ..DEAD
    };
    assert_eq!(watch(&mut ladder, 1_500, 40_000, away), []);
    // 1 s after the stall was noticed it can be signalled again, for all that counts.
    assert_eq!(
        watch(&mut ladder, 40_500, 42_000, DEAD),
        [(40_500, Remedy::Suspect), (41_500, Remedy::Restart)]
    );
}

#[test]
fn a_track_that_was_announced_a_moment_ago_is_no_stall() {
    let mut ladder = seen();
    ladder.announced(Millis(1_500));
    let due = 1_500 + STALLED.0;
    assert_eq!(
        watch(&mut ladder, 1_500, 2_000, DEAD),
        [],
        "suspected too early"
    );
    let at_last = watch(&mut ladder, 2_500, due, DEAD);
    assert!(at_last.contains(&(due, Remedy::Suspect)), "{at_last:?}");
}

#[test]
fn a_camera_that_stands_still_is_not_a_dead_way() {
    let part = Look {
        sight: Sight::Part,
        ..DEAD
    };
    let mut ladder = seen();
    assert_eq!(watch(&mut ladder, 1_500, 60_000, part), []);
    // One that never came is worth another try, and no report.
    let mut ladder = Ladder::new(Millis(0));
    assert_eq!(
        watch(&mut ladder, 0, 20_000, part),
        [(8_000, Remedy::Restart), (16_000, Remedy::Restart)]
    );
}

#[test]
fn r20_whose_socket_is_away_is_neither_suspected_nor_evidence_against_the_way() {
    let away = Look {
        here: false,
        ..DEAD
    };
    let mut ladder = seen();
    assert_eq!(watch(&mut ladder, 1_500, 120_000, away), []);
    let back = [(120_500, Remedy::Suspect), (121_500, Remedy::Restart)];
    assert_eq!(watch(&mut ladder, 120_500, 121_500, DEAD), back);
    // Nor does a climb go on from under them.
    let mut ladder = seen();
    watch(&mut ladder, 1_500, 4_500, DEAD);
    assert_eq!(watch(&mut ladder, 5_000, 120_000, away), []);
    assert_eq!(ladder.rung(), Some(Rung::Restart));
}

#[test]
fn whoever_was_there_at_the_last_try_and_is_lost_since_reported_the_same() {
    let mut ladder = seen();
    watch(&mut ladder, 1_500, 14_000, DEAD);
    let away = Look {
        here: false,
        ..DEAD
    };
    let report = [(14_500, Remedy::Report)];
    assert_eq!(watch(&mut ladder, 14_500, 60_000, away), report);
}

#[test]
fn r41_an_alert_is_acted_on_at_once_and_once() {
    let mut ladder = seen();
    let suspect = [(1_500, Remedy::Suspect)];
    assert_eq!(watch(&mut ladder, 1_500, 2_000, DEAD), suspect);
    ladder.asked(Millis(2_100));
    let restart = [(2_500, Remedy::Restart)];
    assert_eq!(watch(&mut ladder, 2_500, 3_000, DEAD), restart);
    ladder.asked(Millis(3_100));
    let second = [(4_500, Remedy::Restart)];
    assert_eq!(watch(&mut ladder, 3_500, 8_000, DEAD), second);
}

#[test]
fn a_connection_that_they_made_anew_has_the_time_that_ours_would_have() {
    let mut ladder = seen();
    ladder.renewed(Millis(1_500));
    let coming = Look {
        line: Line::Coming,
        ..DEAD
    };
    assert_eq!(
        watch(&mut ladder, 1_500, 7_500, coming),
        [
            (3_000, Remedy::Suspect),
            (1_500 + FRESH.wait.0, Remedy::Report)
        ]
    );
}

#[test]
fn two_who_make_it_anew_in_turns_back_off_all_the_same() {
    let mut ladder = seen();
    watch(&mut ladder, 1_500, 14_500, DEAD);
    watch(&mut ladder, 15_000, 24_500, DEAD);
    // The next try is due at 44,500. Theirs come before it, and the last one is let be.
    ladder.renewed(Millis(25_000));
    assert_eq!(watch(&mut ladder, 25_500, 40_000, DEAD), []);
    ladder.renewed(Millis(40_000));
    let due = 40_000 + FRESH.wait.0;
    let report = [(due, Remedy::Report)];
    assert_eq!(watch(&mut ladder, 40_500, due, DEAD), report);
}
