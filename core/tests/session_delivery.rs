//! Numbers: every frame to a participant is one more than the last, whatever happens between.

mod support;

use serde_json::{Value, json};
use support::{World, seqs, types};

fn chat(id: u64) -> Value {
    json!({"type": "chat", "id": id, "text": format!("line {id}")})
}

#[test]
fn numbers_go_on_through_crash_loss_resume_and_reload() {
    let mut world = World::of(&["ana", "ben"]);
    world.say("ben", chat(1));
    world.hibernate();
    world.say("ben", chat(2));
    assert_eq!(seqs(&world.heard("ana")), [3, 4]);
    world.cut("ana");
    world.say("ben", chat(3));
    world.resume("ana");
    // 5 was for the line while away; it is told again under a number of its own.
    let heard = world.heard("ana");
    assert_eq!(
        (types(&heard), seqs(&heard)),
        (vec!["welcome", "chat"], vec![6, 7])
    );
    world.kill();
    world.resume("ana");
    // 8: that ben is lost, noticed on waking.
    let heard = world.heard("ana");
    assert_eq!(
        (types(&heard), seqs(&heard)),
        (vec!["welcome", "participant_updated"], vec![9, 10])
    );
    world.join("ana");
    world.say("ana", chat(1));
    assert_eq!(seqs(&world.heard("ana")), [11, 12]);
}

#[test]
fn answers_to_a_single_frame_are_numbered_and_not_told_again() {
    let mut world = World::of(&["ana", "ben"]);
    world.say("ana", json!({"type": "of_the_future"}));
    world.say("ana", json!({"type": "ready", "epoch": 9}));
    world.say("ben", chat(1));
    world.cut("ana");
    world.resume("ana");
    assert_eq!(types(&world.heard("ana")), ["welcome", "chat"]);
    assert_eq!(
        types(&world.wires["ana#1"].frames[2..]),
        ["error", "session", "chat"]
    );
}

#[test]
fn acknowledged_frames_are_gone_from_storage_and_the_rest_is_there() {
    let mut world = World::of(&["ana", "ben"]);
    world.ack("ben");
    world.say("ben", chat(1));
    world.say("ben", chat(2));
    world.say("ana", json!({"type": "ack", "ack": 3}));
    let kept: Vec<u64> = world
        .table
        .kept
        .keys()
        .filter(|(of, _)| *of == world.id("ana"))
        .map(|(_, seq)| *seq)
        .collect();
    assert_eq!(kept, [4]);
    assert_eq!(world.person("ana")["unacknowledged"], 1);
}

#[test]
fn an_old_acknowledgement_brings_nothing_back() {
    let mut world = World::of(&["ana", "ben"]);
    world.say("ben", chat(1));
    world.ack("ana");
    world.say("ana", json!({"type": "ack", "ack": 1}));
    assert_eq!(world.person("ana")["unacknowledged"], 0);
}

#[test]
fn what_is_replayed_is_stored_under_its_new_number_only() {
    let mut world = World::of(&["ana", "ben"]);
    world.ack("ana");
    world.cut("ana");
    (1..=3).for_each(|id| drop(world.say("ben", chat(id))));
    world.resume("ana");
    let told = world.heard("ana");
    let kept: Vec<_> = world
        .table
        .kept
        .keys()
        .filter(|(of, _)| *of == world.id("ana"))
        .map(|(_, seq)| *seq)
        .collect();
    assert_eq!(kept, seqs(&told)[1..]);
}

#[test]
fn who_leaves_takes_cursor_and_frames_along() {
    let mut world = World::of(&["ana", "ben"]);
    world.say("ben", chat(1));
    world.say("ana", json!({"type": "leave", "ack": 2}));
    let gone = world.id("ana");
    assert!(!world.table.participants.contains_key(&gone));
    assert!(!world.table.cursors.contains_key(&gone));
    assert!(!world.table.kept.keys().any(|(of, _)| *of == gone));
    let told = world.heard("ben");
    assert_eq!(types(&told), ["chat", "participant_left"]);
    assert_eq!(told[1]["reason"], "left");
}
