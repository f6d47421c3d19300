//! Media that does not come is asked about, then repaired, then reported.

use samewire_core::link::{Pair, Remedy, STALLED, Sight};
use samewire_core::time::Millis;

/// Looks every half second up to and including `until`: what was to be done, and when.
fn watch(pair: &mut Pair, from: u64, until: u64, sight: Sight, here: bool) -> Vec<(u64, Remedy)> {
    let looks = (from..=until).step_by(500);
    looks
        .filter_map(|at| Some((at, pair.look(Millis(at), sight, here, true)?)))
        .collect()
}

/// A pair that was seen until 1,000.
fn seen() -> Pair {
    let mut pair = Pair::new(Millis(0));
    assert_eq!(watch(&mut pair, 0, 1_000, Sight::Whole, true), []);
    assert!(pair.was_seen());
    pair
}

#[test]
fn a_stall_is_suspected_once_repaired_after_10_s_and_reported_after_20() {
    let mut pair = seen();
    assert_eq!(
        watch(&mut pair, 1_500, 31_000, Sight::Nothing, true),
        [
            (1_500, Remedy::Suspect),
            (11_000, Remedy::Restart),
            (21_000, Remedy::Report),
            (31_000, Remedy::Report),
        ]
    );
}

#[test]
fn a_second_stall_is_suspected_again() {
    let mut pair = seen();
    let once = [(2_000, Remedy::Suspect)];
    assert_eq!(watch(&mut pair, 2_000, 4_000, Sight::Nothing, true), once);
    assert_eq!(watch(&mut pair, 4_500, 4_500, Sight::Whole, true), []);
    let again = [(5_000, Remedy::Suspect)];
    assert_eq!(watch(&mut pair, 5_000, 9_000, Sight::Nothing, true), again);
}

#[test]
fn r26_a_connection_that_never_comes_up_is_repaired_and_then_reported() {
    let mut pair = Pair::new(Millis(0));
    assert_eq!(
        watch(&mut pair, 0, 20_000, Sight::Nothing, true),
        [(10_000, Remedy::Restart), (20_000, Remedy::Report)]
    );
}

#[test]
fn what_cannot_be_told_is_told_when_the_link_is_back() {
    let mut pair = seen();
    assert_eq!(pair.look(Millis(2_500), Sight::Nothing, true, false), None);
    let told = pair.look(Millis(4_000), Sight::Nothing, true, true);
    assert_eq!(told, Some(Remedy::Suspect));
}

#[test]
fn a_track_that_was_announced_a_moment_ago_is_no_stall() {
    let mut pair = seen();
    pair.announced(Millis(2_000));
    let due = 2_000 + STALLED.0;
    assert_eq!(
        watch(&mut pair, 2_000, 4_000, Sight::Nothing, true),
        [(due, Remedy::Suspect)]
    );
}

#[test]
fn a_camera_that_stands_still_is_not_a_dead_way() {
    let mut pair = seen();
    assert_eq!(watch(&mut pair, 1_500, 60_000, Sight::Part, true), []);
    // One that never came is worth another try, and no report.
    let mut pair = Pair::new(Millis(0));
    assert_eq!(
        watch(&mut pair, 0, 20_000, Sight::Part, true),
        [(10_000, Remedy::Restart), (20_000, Remedy::Restart)]
    );
}

#[test]
fn r20_whose_socket_is_away_is_neither_suspected_nor_evidence_against_the_way() {
    let mut pair = seen();
    assert_eq!(
        watch(&mut pair, 1_500, 41_000, Sight::Nothing, false),
        [
            (11_000, Remedy::Restart),
            (21_000, Remedy::Restart),
            (31_000, Remedy::Restart),
            (41_000, Remedy::Restart),
        ]
    );
}

#[test]
fn whoever_was_there_at_the_repair_and_is_lost_since_reported_the_same() {
    let mut pair = seen();
    watch(&mut pair, 1_500, 20_500, Sight::Nothing, true);
    let report = [(21_000, Remedy::Report)];
    assert_eq!(
        watch(&mut pair, 21_000, 21_000, Sight::Nothing, false),
        report
    );
}

#[test]
fn r41_after_an_alert_and_its_repair_the_way_has_10_s() {
    let mut pair = seen();
    assert_eq!(
        watch(&mut pair, 1_500, 2_500, Sight::Nothing, true),
        [(1_500, Remedy::Suspect)]
    );
    pair.repaired(Millis(2_500));
    assert_eq!(
        watch(&mut pair, 3_000, 12_500, Sight::Nothing, true),
        [(12_500, Remedy::Report)]
    );
}
