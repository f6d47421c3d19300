//! Killed after any output of a switch, the object comes back to the same end.

#![allow(clippy::unwrap_used)]

use samewire_model::walk::{Story, play};

fn same_however_killed(story: Story, people: u8, epoch: u64) {
    let (undisturbed, outputs) = play(story, people, None);
    let (at, prepared) = undisturbed.stored.unwrap();
    assert_eq!((at.epoch, prepared), (epoch, None), "{undisturbed:#?}");
    assert!(outputs >= 5, "{outputs}");
    for after in 1..=outputs {
        let (ending, _) = play(story, people, Some(after));
        assert_eq!(
            ending, undisturbed,
            "killed after output {after} of {outputs}"
        );
    }
}

#[test]
fn r3_a_switch_is_committed_however_it_is_killed() {
    (2..=4).for_each(|people| same_however_killed(Story::Switch, people, 2));
}

#[test]
fn r3_a_switch_is_given_up_however_it_is_killed() {
    (2..=4).for_each(|people| same_however_killed(Story::Abort, people, 1));
}

#[test]
fn r3_a_failover_ends_on_the_next_provider_however_it_is_killed() {
    (2..=4).for_each(|people| same_however_killed(Story::Failover, people, 2));
}

#[test]
fn r3_the_fourth_is_taken_along_however_it_is_killed() {
    same_however_killed(Story::Growth, 4, 2);
}
