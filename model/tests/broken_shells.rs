//! A shell with one mistake is caught, each by the law that it breaks.

mod support;

use samewire_model::laws::{
    AGREE, ALARM, ATTACHED, BLAMED, LINES, ONE_OUTCOME, ONE_PROVIDER, ONE_SWITCH, POLITE, READY,
    RENDERS, ROSTER, SIGNALS, STORED_FIRST,
};
use samewire_model::scenario::Budget;
use samewire_model::{Mutant, Scenario};
use support::catches;

fn two(change: impl FnOnce(&mut Budget)) -> Scenario {
    Scenario::of("two", 2, 2).with(change)
}

fn three_and_one(change: impl FnOnce(&mut Budget)) -> Scenario {
    Scenario::of("three and one", 3, 2).with(change)
}

#[test]
fn r1_no_fencing_lets_a_complaint_of_the_last_epoch_end_this_one() {
    let scenario = two(|b| b.complaints = 2);
    catches(Mutant::NoFencing, scenario, BLAMED);
}

#[test]
fn r1_a_late_ready_of_an_aborted_epoch_moves_those_who_are_not_ready() {
    let scenario = two(|b| (b.switches, b.refusals) = (2, 1));
    catches(Mutant::LateReady, scenario, READY);
}

#[test]
fn r1_told_before_stored_and_then_dead() {
    let scenario = two(|b| (b.switches, b.deaths) = (1, 1));
    catches(Mutant::ToldBeforeStored, scenario, STORED_FIRST);
}

#[test]
fn r1_told_before_stored_tells_two_things_of_one_epoch() {
    let scenario = two(|b| (b.complaints, b.toggles, b.deaths) = (2, 1, 1));
    catches(Mutant::ToldBeforeStored, scenario, ONE_PROVIDER);
}

#[test]
fn r12_told_before_stored_gives_up_what_was_committed() {
    let scenario = two(|b| (b.switches, b.refusals, b.deaths) = (1, 1, 1));
    catches(Mutant::ToldBeforeStored, scenario, ONE_OUTCOME);
}

#[test]
fn r14_a_nested_switch() {
    let scenario = two(|b| b.switches = 2);
    catches(Mutant::NestedSwitch, scenario, ONE_SWITCH);
}

#[test]
fn r10_equal_politeness() {
    let scenario = three_and_one(|b| (b.arrivals, b.evictions) = (1, 1));
    catches(Mutant::EqualPoliteness, scenario, POLITE);
}

#[test]
fn r8_an_old_sockets_close_that_evicts_the_new() {
    let scenario = two(|b| b.cuts = 1);
    catches(Mutant::OldCloseEvicts, scenario, ATTACHED);
}

#[test]
fn r25_a_resume_that_replays_signals_of_an_old_epoch() {
    let scenario = two(|b| (b.signals, b.complaints, b.deaths) = (1, 1, 1));
    catches(Mutant::UnfencedReplay, scenario, SIGNALS);
}

#[test]
fn what_was_not_kept_is_missed_after_a_crash() {
    let scenario = two(|b| (b.leaves, b.deaths) = (1, 1));
    catches(Mutant::NothingKept, scenario, ROSTER);
}

#[test]
fn a_line_that_is_said_again_is_taken_again() {
    let scenario = two(|b| (b.chats, b.deaths) = (1, 1));
    catches(Mutant::ForgetsNumbers, scenario, LINES);
}

#[test]
fn r1_an_epoch_that_was_given_up_is_given_out_again() {
    let scenario = two(|b| (b.switches, b.refusals, b.evictions) = (2, 1, 1));
    catches(Mutant::ForgetsIssued, scenario, ONE_PROVIDER);
}

#[test]
fn r12_a_quorum_that_is_forgotten_waits_for_nobody() {
    let scenario = two(|b| (b.switches, b.evictions, b.early_rings) = (1, 1, 1));
    catches(Mutant::ForgetsQuorum, scenario, READY);
}

#[test]
fn r5_an_alarm_that_is_not_set_again() {
    let scenario = two(|b| (b.switches, b.rings) = (1, 1));
    catches(Mutant::AlarmOnce, scenario, ALARM);
}

#[test]
fn a_commit_that_is_dropped_on_a_busy_socket_leaves_somebody_behind() {
    let scenario = two(|b| (b.switches, b.complaints) = (1, 1));
    catches(Mutant::DropsFrames, scenario, RENDERS);
}

#[test]
fn r12_an_outcome_that_is_dropped_leaves_somebody_preparing() {
    let scenario = two(|b| (b.switches, b.refusals) = (1, 1));
    catches(Mutant::DropsFrames, scenario, AGREE);
}
