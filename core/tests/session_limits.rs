//! Slow readers: who acknowledges too little is sent away, and comes back to a snapshot.

mod support;

use serde_json::{Value, json};
use support::{World, claims, hello, types};

fn chat(id: u64, length: usize) -> Value {
    json!({"type": "chat", "id": id, "text": "x".repeat(length)})
}

#[test]
fn at_256_unacknowledged_frames_a_reader_is_too_slow() {
    let mut world = World::of(&["ana", "ben"]);
    world.say("ana", json!({"type": "ack", "ack": 2}));
    for id in 1..=255 {
        world.advance(200);
        world.say("ben", chat(id, 1));
        world.ack("ben");
    }
    assert_eq!(world.person("ana")["unacknowledged"], 255);
    assert_eq!(world.close_of("ana"), None);
    world.say("ben", chat(256, 1));
    assert_eq!(
        world.close_of("ana"),
        Some((1013, "too much unacknowledged"))
    );
    let bye = world.heard("ana").pop().unwrap();
    assert_eq!(
        (&bye["type"], &bye["reason"]),
        (&json!("bye"), &json!("too_slow"))
    );
    let wait = bye["retry_after_ms"].as_u64().unwrap();
    assert!((1_000..3_000).contains(&wait), "R7: {wait}");
    assert_eq!(world.person("ana")["unacknowledged"], 0);
    assert_eq!(world.person("ana")["connection"], "lost");
    assert_eq!(types(&world.heard("ben")), ["chat", "participant_updated"]);
    assert_eq!(world.close_of("ben"), None);
}

#[test]
fn at_256_kib_unacknowledged_a_reader_is_too_slow() {
    let mut world = World::of(&["ana", "ben"]);
    let signal = |world: &World, id: u64| {
        json!({"type": "signal", "id": id, "to": world.id("ana"), "epoch": 1, "generation": 1,
               "to_generation": 1, "payload": "x".repeat(52 * 1024)})
    };
    for id in 1..=4 {
        world.say("ben", signal(&world, id));
    }
    assert_eq!(world.close_of("ana"), None);
    world.say("ben", signal(&world, 5));
    assert_eq!(
        world.close_of("ana"),
        Some((1013, "too much unacknowledged"))
    );
}

#[test]
fn an_acknowledgement_in_any_frame_makes_room_and_survives_a_crash() {
    let mut world = World::of(&["ana", "ben"]);
    for id in 1..=420 {
        world.advance(200);
        world.say("ben", chat(id, 1));
        world.ack("ben");
        world.heard("ana");
        if id % 140 == 0 {
            let presence =
                json!({"type": "presence", "hidden": false, "ack": world.tabs["ana"].last_seq});
            world.say("ana", presence);
            world.hibernate();
        }
    }
    assert_eq!(world.close_of("ana"), None);
    assert_eq!(world.person("ana")["unacknowledged"], 0);
}

#[test]
fn who_was_too_slow_and_missed_something_comes_back_to_a_snapshot_and_a_new_generation() {
    let mut world = World::of(&["ana", "ben"]);
    for id in 1..=256 {
        world.advance(200);
        world.say("ben", chat(id, 1));
        world.ack("ben");
    }
    // It had read nothing of all that.
    let welcome = world.resume("ana");
    assert_eq!(
        (&welcome["resumed"], &welcome["generation"]),
        (&json!(false), &json!(2))
    );
    assert_eq!(welcome["chat"].as_array().unwrap().len(), 200);
    assert_eq!(types(&world.heard("ana")), ["welcome"]);
    world.say("ben", chat(257, 1));
    assert_eq!(types(&world.heard("ana")), ["chat"]);
    assert_eq!(world.close_of("ana"), None);
}

/// It was slow to acknowledge only: nothing is missing, so nothing has to begin again.
#[test]
fn who_was_too_slow_but_has_handled_everything_resumes() {
    let mut world = World::of(&["ana", "ben"]);
    world.ack("ana");
    for id in 1..=256 {
        world.advance(200);
        world.say("ben", chat(id, 1));
        world.ack("ben");
    }
    world.heard("ana");
    let welcome = world.resume("ana");
    assert_eq!(
        (&welcome["resumed"], &welcome["generation"]),
        (&json!(true), &json!(1))
    );
    assert_eq!(types(&world.heard("ana")), ["welcome"]);
}

#[test]
fn who_is_away_misses_no_more_than_the_limit_and_then_gets_a_snapshot() {
    let mut world = World::of(&["ana", "ben"]);
    world.cut("ana");
    for id in 1..=520 {
        world.advance(200);
        world.say("ben", chat(id, 1));
        world.ack("ben");
        assert!(world.table.kept.len() <= 256);
        if id == 300 {
            world.hibernate();
        }
    }
    assert_eq!(world.resume("ana")["resumed"], false);
}

#[test]
fn slow_readers_who_are_cut_off_together_are_each_cut_off_once() {
    let names = ["u1", "u2", "u3", "u4", "u5", "u6"];
    let mut world = World::of(&names);
    for id in 1..=249 {
        world.advance(200);
        world.say("u1", chat(id, 1));
        world.ack("u1");
    }
    // Everyone but the sender is close to the limit; the losses of some push the others over it.
    for id in 250..=256 {
        world.advance(200);
        world.say("u1", chat(id, 1));
        world.ack("u1");
    }
    for name in &names[1..] {
        assert_eq!(
            world.close_of(name),
            Some((1013, "too much unacknowledged")),
            "{name}"
        );
    }
    assert_eq!(world.close_of("u1"), None);
    let lost = world.wires["u1#1"]
        .frames
        .iter()
        .filter(|f| f["type"] == "participant_updated");
    assert_eq!(lost.count(), 5);
}

#[test]
fn an_acknowledgement_of_what_was_never_sent_hurts_nobody() {
    let mut world = World::of(&["ana", "ben"]);
    world.say("ana", json!({"type": "ack", "ack": u64::MAX}));
    world.say("ben", chat(1, 1));
    world.cut("ana");
    world.say("ben", chat(2, 1));
    world.resume("ana");
    assert_eq!(types(&world.heard("ana")), ["welcome", "chat", "chat"]);
}

/// In one turn the death of the object is noticed, which fills a mailbox, and its owner begins anew.
#[test]
fn who_begins_anew_in_the_turn_that_filled_its_mailbox_is_not_cut_off() {
    let mut world = World::of(&["ana", "ben"]);
    for id in 1..=254 {
        world.advance(200);
        world.say("ben", chat(id, 1));
        world.ack("ben");
    }
    assert_eq!(world.person("ana")["unacknowledged"], 255);
    let socket = world.dial("ana", claims("ana"));
    world.kill_but(&["ana"]);
    world.raw(&socket, &hello("tab-ana").to_string());
    assert_eq!(world.first("ana")["generation"], 2);
    assert_eq!(world.close_of("ana"), None);
}
