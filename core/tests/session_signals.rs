//! Signals: opaque, relayed once, fenced by the epoch and both generations (R23).

mod support;

use serde_json::{Value, json};
use support::{World, types};

fn signal(world: &World, to: &str, id: u64) -> Value {
    json!({"type": "signal", "id": id, "to": world.id(to), "epoch": 1, "generation": 1,
           "to_generation": 1, "payload": {"sdp": "v=0", "deep": [1, 2.5, null]}})
}

#[test]
fn a_signal_reaches_the_one_it_is_for_as_it_was_sent() {
    let mut world = World::of(&["ana", "ben", "cem"]);
    world.say("ana", signal(&world, "ben", 1));
    let heard = world.heard("ben");
    assert_eq!(
        heard,
        [
            json!({"seq": 3, "type": "signal", "from": world.id("ana"), "id": 1, "epoch": 1,
                "generation": 1, "payload": {"sdp": "v=0", "deep": [1, 2.5, null]}})
        ]
    );
    assert_eq!(world.heard("ana").len() + world.heard("cem").len(), 0);
}

#[test]
fn a_repeated_id_is_handled_once_even_after_a_crash() {
    let mut world = World::of(&["ana", "ben"]);
    world.say("ana", signal(&world, "ben", 1));
    world.say("ana", signal(&world, "ben", 1));
    world.hibernate();
    world.say("ana", signal(&world, "ben", 1));
    world.say("ana", signal(&world, "ben", 2));
    let ids: Vec<_> = world.heard("ben").iter().map(|f| f["id"].clone()).collect();
    assert_eq!(ids, [1, 2]);
}

#[test]
fn signals_and_chat_share_one_counter() {
    let mut world = World::of(&["ana", "ben"]);
    world.say("ana", signal(&world, "ben", 4));
    world.say("ana", json!({"type": "chat", "id": 4, "text": "late"}));
    world.say("ana", json!({"type": "chat", "id": 5, "text": "next"}));
    assert_eq!(types(&world.heard("ben")), ["signal", "chat"]);
    world.cut("ana");
    assert_eq!(world.resume("ana")["last_id"], 5);
}

/// R1.
#[test]
fn a_signal_of_another_epoch_is_answered_with_the_session() {
    let mut world = World::of(&["ana", "ben"]);
    for (id, epoch) in [(1, 0), (2, 2)] {
        let mut stale = signal(&world, "ben", id);
        stale["epoch"] = json!(epoch);
        world.say("ana", stale);
        let answer = world.heard("ana");
        assert_eq!(types(&answer), ["session"]);
        assert_eq!(answer[0]["session"]["epoch"], 1);
    }
    assert_eq!(world.heard("ben").len(), 0);
}

#[test]
fn a_signal_to_nobody_is_answered_with_an_error() {
    let mut world = World::of(&["ana"]);
    let mut lost = signal(&world, "ana", 1);
    lost["to"] = json!("x".repeat(500));
    world.say("ana", lost);
    let answer = world.heard("ana").remove(0);
    assert_eq!(answer["code"], "unknown_participant");
    assert_eq!(
        answer["message"],
        format!("nobody here is \"{}\"", "x".repeat(64))
    );
}

#[test]
fn a_signal_of_or_to_an_old_generation_is_dropped_in_silence() {
    let mut world = World::of(&["ana", "ben"]);
    world.join("ben");
    world.heard("ben");
    world.heard("ana");
    world.say("ana", signal(&world, "ben", 1));
    world.say("ben", signal(&world, "ana", 1));
    assert_eq!(world.heard("ana").len() + world.heard("ben").len(), 0);
    let mut right = signal(&world, "ben", 2);
    right["to_generation"] = json!(2);
    world.say("ana", right);
    assert_eq!(types(&world.heard("ben")), ["signal"]);
}

#[test]
fn someone_new_is_announced_before_its_first_signal() {
    let mut world = World::of(&["ana"]);
    world.join_all(&["ben"]);
    world.say("ben", signal(&world, "ana", 1));
    assert_eq!(types(&world.heard("ana")), ["participant_joined", "signal"]);
}
