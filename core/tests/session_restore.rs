//! The object is evicted, or killed, and comes back from what it stored (R3).

mod support;

use samewire_core::session::TimerReason;
use serde_json::{Value, json};
use support::{World, types};

fn busy() -> World {
    let mut world = World::of(&["ana", "ben"]);
    let track = json!({"id": "mic", "source": "microphone", "muted": true});
    world.say(
        "ana",
        json!({"type": "tracks", "epoch": 1, "tracks": [track]}),
    );
    world.say(
        "ana",
        json!({"type": "connected", "epoch": 1, "elapsed_ms": 1, "sees": [world.id("ben")]}),
    );
    world.say("ben", json!({"type": "chat", "id": 1, "text": "hi"}));
    world.heard("ana");
    world.heard("ben");
    world
}

#[test]
fn an_eviction_with_its_sockets_alive_loses_nothing_and_tells_nobody() {
    let mut world = busy();
    let before = world.snapshot()["participants"].clone();
    world.hibernate();
    assert_eq!(world.snapshot()["participants"], before);
    assert_eq!(world.tick(), Default::default());
    world.say(
        "ana",
        json!({"type": "chat", "id": 1, "text": "still here"}),
    );
    assert_eq!(types(&world.heard("ben")), ["chat"]);
    assert_eq!(types(&world.heard("ana")), ["chat"]);
}

#[test]
fn a_socket_at_the_door_is_still_there_after_an_eviction() {
    let mut world = World::new();
    world.dial("ana", support::claims("ana"));
    world.hibernate();
    world.raw("ana#1", &support::hello("tab-ana").to_string());
    assert_eq!(world.first("ana")["type"], "welcome");
}

#[test]
fn after_a_kill_everyone_is_lost_and_each_resume_brings_one_back_as_it_was() {
    let mut world = busy();
    world.kill();
    // Known at once, before any event: the snapshot tells no lies.
    assert_eq!(world.person("ana")["connection"], "lost");
    assert_eq!(world.person("ben")["connection"], "lost");
    for name in ["ana", "ben"] {
        let welcome = world.resume(name);
        assert_eq!(
            (&welcome["resumed"], &welcome["generation"]),
            (&json!(true), &json!(1))
        );
    }
    assert_eq!(world.person("ana")["connection"], "good");
    assert_eq!(world.person("ana")["tracks"][0]["id"], "mic");
    assert_eq!(world.person("ana")["sees"], json!([world.id("ben")]));
    let seen = |frames: Vec<Value>| -> Vec<Value> {
        let of = |f: &Value| f["participant"]["connection"].clone();
        frames
            .iter()
            .filter(|f| f["type"] == "participant_updated")
            .map(of)
            .collect()
    };
    assert_eq!(seen(world.heard("ana")), ["lost", "connecting"]);
    assert_eq!(seen(world.heard("ben")), ["lost", "good"]);
}

#[test]
fn who_survived_a_kill_is_told_of_who_did_not_with_the_next_event() {
    let mut world = World::of(&["ana", "ben", "cem"]);
    world.kill_but(&["ana"]);
    world.open("s", support::claims("dee"));
    let told = world.heard("ana");
    assert_eq!(types(&told), ["participant_updated"; 2]);
    assert!(
        told.iter()
            .all(|f| f["participant"]["connection"] == "lost")
    );
    world.say("ana", json!({"type": "presence", "hidden": false}));
    assert_eq!(world.heard("ana").len(), 0, "once");
}

#[test]
fn leases_start_afresh_with_a_killed_object_also_of_who_was_away_already() {
    let mut world = World::of(&["ana", "ben"]);
    world.cut("ana");
    world.advance(29_000);
    world.kill();
    assert_eq!(world.session.poll_timeout().unwrap().1, TimerReason::Lease);
    world.advance(29_999);
    world.tick();
    assert_eq!(
        world.snapshot()["participants"].as_array().unwrap().len(),
        2
    );
    // That tick was the first event; it changes nothing about when the leases began.
    world.hibernate();
    assert_eq!(world.advance_to_next_timer(), (1, TimerReason::Lease));
    assert_eq!(world.snapshot()["participants"], json!([]));
}

#[test]
fn kills_without_end_do_not_multiply_what_is_told() {
    let mut world = World::of(&["ana", "ben"]);
    for _ in 0..5 {
        world.kill();
        world.tick();
    }
    world.resume("ana");
    assert_eq!(
        types(&world.heard("ana")),
        ["welcome", "participant_updated"]
    );
}

#[test]
fn a_reload_after_a_kill_is_a_new_generation() {
    let mut world = busy();
    world.kill();
    assert_eq!(world.join("ana")["generation"], 2);
    assert_eq!(world.person("ana")["tracks"], json!([]));
}

#[test]
fn a_close_that_is_reported_after_a_kill_is_nobodys() {
    let mut world = busy();
    world.kill();
    world.tick();
    assert_eq!(world.cut("ana"), Default::default());
}

#[test]
fn an_empty_session_keeps_its_grace_over_a_kill() {
    let mut world = World::of(&["ana"]);
    world.say("ana", json!({"type": "leave"}));
    world.advance(4_000);
    world.kill();
    assert_eq!(world.advance_to_next_timer(), (6_000, TimerReason::Empty));
    assert_eq!(world.snapshot(), Value::Null);
}

#[test]
fn a_replaced_socket_that_is_still_closing_when_the_object_wakes_is_only_sent_away_again() {
    let mut world = World::of(&["ana"]);
    world.resume("ana");
    // The runtime still lists it: its client has not answered the close.
    let old = world.wires.get_mut("ana#1").unwrap();
    (old.closed, old.participant) = (None, None);
    world.advance(20_000);
    world.beat("ana");
    world.hibernate();
    world.tick();
    assert_eq!(world.wires["ana#1"].closed, Some((1001, "hello_first")));
    assert_eq!(world.person("ana")["connection"], "connecting");
    assert_eq!(world.close_of("ana"), None);
}
