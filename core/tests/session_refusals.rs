//! Who is not let in, and what cannot be read: only that socket hears of it.

mod support;

use samewire_core::protocol::client::DecodeError;
use samewire_core::protocol::server::Role;
use samewire_core::session::{Claims, Input, Tell};
use serde_json::{Value, json};
use support::{World, claims, hello, types};

fn eight() -> World {
    World::of(&["u1", "u2", "u3", "u4", "u5", "u6", "u7", "u8"])
}

#[test]
fn the_ninth_is_refused_and_nobody_else_hears_of_it() {
    let mut world = eight();
    let before = world.table.clone();
    world.dial("u9", claims("u9"));
    let decision = world.raw("u9#1", &hello("tab-u9").to_string());
    assert_eq!(world.refusal("u9#1"), (4008, "full"));
    assert_eq!(decision.store, []);
    assert_eq!(decision.tell.len(), 2);
    assert_eq!(world.table, before);
    // Its late close, and anything late, is nobody's.
    assert_eq!(
        world.raw("u9#1", &hello("tab-u9").to_string()),
        Default::default()
    );
    assert_eq!(world.closed("u9#1"), Default::default());
}

/// R8.
#[test]
fn a_tab_that_returns_to_a_full_session_is_not_counted_twice() {
    let mut world = eight();
    assert_eq!(world.resume("u3")["resumed"], true);
    assert_eq!(world.join("u3")["generation"], 2);
    world.cut("u3");
    assert_eq!(world.join("u3")["generation"], 3);
    assert_eq!(
        world.snapshot()["participants"].as_array().unwrap().len(),
        8
    );
}

#[test]
fn a_place_that_is_left_is_free_at_once() {
    let mut world = eight();
    world.say("u3", json!({"type": "leave"}));
    assert_eq!(world.join("u9")["type"], "welcome");
}

#[test]
fn without_a_common_driver_the_newcomer_is_refused_and_the_others_stay() {
    let mut world = World::of(&["ana"]);
    world.open("s", claims("ben"));
    let mut frame = hello("tab");
    frame["drivers"] = json!(["daily"]);
    world.raw("s", &frame.to_string());
    assert_eq!(world.refusal("s"), (4009, "unsupported"));
    assert_eq!(world.heard("ana").len(), 0);
}

#[test]
fn a_first_hello_without_a_driver_begins_no_session() {
    let mut world = World::new();
    world.open("s", claims("ana"));
    let mut frame = hello("tab");
    frame["drivers"] = json!([]);
    world.raw("s", &frame.to_string());
    assert_eq!(world.refusal("s").0, 4009);
    assert_eq!(
        (world.snapshot(), world.table),
        (Value::Null, Default::default())
    );
}

#[test]
fn a_tab_that_comes_anew_without_the_driver_is_refused_and_keeps_its_old_socket() {
    let mut world = World::of(&["ana"]);
    world.open("s", claims("ana"));
    let mut frame = hello("tab-ana");
    frame["drivers"] = json!(["daily"]);
    world.raw("s", &frame.to_string());
    assert_eq!(world.refusal("s").0, 4009);
    assert_eq!(world.close_of("ana"), None);
    assert_eq!(world.person("ana")["generation"], 1);
}

/// R6.
#[test]
fn another_major_protocol_is_refused() {
    let mut world = World::new();
    world.open("s", claims("ana"));
    let mut frame = hello("tab");
    frame["protocol"] = json!(2);
    world.raw("s", &frame.to_string());
    assert_eq!(world.refusal("s").0, 4009);
    assert_eq!(
        world.wires["s"].frames[0]["message"],
        "protocol is 2; this server speaks 1"
    );
}

#[test]
fn an_instance_that_is_no_name_is_refused() {
    for instance in ["", "with space", "ä", &"x".repeat(129)] {
        let mut world = World::new();
        world.open("s", claims("ana"));
        world.raw("s", &hello(instance).to_string());
        assert_eq!(world.refusal("s"), (4009, "bad_field"));
    }
}

#[test]
fn hosts_and_viewers_are_told_that_this_version_serves_calls() {
    for role in [Role::Host, Role::Viewer] {
        let mut world = World::new();
        world.join_with(
            "ana",
            Claims {
                role,
                ..claims("ana")
            },
        );
        assert_eq!(world.refusal("ana#1"), (4009, "unsupported"));
    }
}

#[test]
fn anything_but_hello_first_ends_the_socket() {
    for (frame, code) in [
        (r#"{"type":"leave"}"#, "hello_first"),
        (r#"{"type":"ack","ack":1}"#, "hello_first"),
        (r#"{"type":"of_the_future"}"#, "unknown_type"),
        (r#"{"type":"hello"}"#, "bad_field"),
        ("pong", "malformed"),
    ] {
        let mut world = World::of(&["ana"]);
        world.open("s", claims("ben"));
        world.raw("s", frame);
        assert_eq!(world.refusal("s"), (4009, code));
        assert_eq!(world.heard("ana").len(), 0);
    }
}

#[test]
fn a_second_hello_on_a_socket_is_an_error_and_changes_nothing() {
    let mut world = World::of(&["ana"]);
    world.say("ana", hello("tab-ana"));
    assert_eq!(world.heard("ana").remove(0)["code"], "hello_twice");
    assert_eq!(world.person("ana")["generation"], 1);
    assert_eq!(world.close_of("ana"), None);
}

#[test]
fn a_frame_of_the_future_or_with_a_wrong_field_is_answered_and_the_socket_stays() {
    let mut world = World::of(&["ana", "ben"]);
    for (frame, code) in [
        (r#"{"type":"of_the_future"}"#, "unknown_type"),
        (r#"{"type":"presence","hidden":"yes"}"#, "bad_field"),
        (r#"{"type":"ack","ack":-1}"#, "bad_field"),
    ] {
        world.raw("ana#1", frame);
        assert_eq!(world.heard("ana").remove(0)["code"], code);
    }
    assert_eq!(world.close_of("ana"), None);
    assert_eq!(world.heard("ben").len(), 0);
}

#[test]
fn what_is_no_frame_at_all_closes_that_socket_and_no_other() {
    let large = format!(
        r#"{{"type":"chat","id":1,"text":"{}"}}"#,
        "x".repeat(64 * 1024)
    );
    for (frame, code) in [
        ("{", "malformed"),
        ("[]", "malformed"),
        (large.as_str(), "too_large"),
    ] {
        let mut world = World::of(&["ana", "ben"]);
        world.raw("ana#1", frame);
        assert_eq!(world.heard("ana").remove(0)["code"], code);
        assert_eq!(world.close_of("ana"), Some((4009, code)));
        assert_eq!(world.person("ana")["connection"], "lost");
        assert_eq!(types(&world.heard("ben")), ["participant_updated"]);
        // The runtime's own report of that close comes late and says nothing new.
        assert_eq!(world.cut("ana"), Default::default());
        assert_eq!(world.resume("ana")["resumed"], true);
    }
}

#[test]
fn a_binary_frame_is_malformed() {
    let mut world = World::of(&["ana"]);
    let mint = world.mint();
    let socket = "ana#1".into();
    world.handle(Input::Received {
        socket,
        frame: Err(DecodeError::Binary),
        mint,
    });
    assert_eq!(world.close_of("ana"), Some((4009, "malformed")));
}

#[test]
fn a_socket_that_nobody_knows_changes_nothing() {
    let mut world = World::of(&["ana"]);
    for frame in ["{", r#"{"type":"leave"}"#, r#"{"type":"of_the_future"}"#] {
        assert_eq!(world.raw("ghost", frame), Default::default());
    }
    let gone = world.handle(Input::Closed {
        socket: "ghost".into(),
    });
    assert_eq!(gone.tell, [] as [Tell; 0]);
}

/// R8, the other way round.
#[test]
fn what_an_abandoned_socket_says_late_does_not_end_the_one_after_it() {
    for proven in [false, true] {
        let mut world = World::of(&["ana", "ben"]);
        let first = world.first("ana");
        world.open("late", claims("ana"));
        world.cut("ana");
        world.advance(1);
        assert_eq!(world.resume("ana")["resumed"], true);
        let before = world.snapshot()["participants"].clone();
        world.heard("ben");

        let mut frame = hello("tab-ana");
        if proven {
            frame["resume"] = json!({
                "participant": first["participant"],
                "incarnation": first["session"]["incarnation"],
                "secret": first["resume_secret"],
                "last_seq": first["seq"],
            });
        }
        world.raw("late", &frame.to_string());
        assert_eq!(world.refusal("late"), (4000, "replaced"));
        assert_eq!(world.snapshot()["participants"], before);
        assert_eq!(world.heard("ben").len(), 0);
    }
}

#[test]
fn an_older_socket_is_let_in_once_the_newer_one_is_gone() {
    let mut world = World::of(&["ana"]);
    world.open("late", claims("ana"));
    world.cut("ana");
    world.advance(1);
    world.resume("ana");
    world.cut("ana");
    world.raw("late", &hello("tab-ana").to_string());
    assert_eq!(world.person("ana")["generation"], 2);
}

#[test]
fn a_hello_that_says_too_much_is_refused() {
    let long = "x".repeat(129);
    let many: Vec<String> = (0..33).map(|i| format!("driver-{i}")).collect();
    for (field, value) in [
        ("drivers", json!(many)),
        ("drivers", json!(["p2p", long])),
        ("device", json!({"browser": long})),
    ] {
        let mut world = World::new();
        world.open("s", claims("ana"));
        let mut frame = hello("tab");
        frame[field] = value;
        world.raw("s", &frame.to_string());
        assert_eq!(world.refusal("s"), (4009, "bad_field"), "{field}");
    }
}

#[test]
fn a_chat_or_signal_that_is_refused_is_named_so_that_it_is_not_sent_again() {
    let mut world = World::of(&["ana"]);
    world.heard("ana");
    world.say("ana", json!({"type": "chat", "id": 3, "text": " "}));
    let signal = json!({
        "type": "signal", "id": 4, "to": "nobody", "epoch": 1, "generation": 1,
        "to_generation": 1, "payload": {}
    });
    world.say("ana", signal);
    let told = world.heard("ana");
    assert_eq!(types(&told), ["error", "error"]);
    assert_eq!((&told[0]["id"], &told[1]["id"]), (&json!(3), &json!(4)));
}
