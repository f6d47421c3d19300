//! The chat: one order for everyone, and the echo is the acknowledgement.

mod support;

use serde_json::{Value, json};
use support::{World, types};

fn chat(id: u64, text: &str) -> Value {
    json!({"type": "chat", "id": id, "text": text})
}

fn texts(frames: &[Value]) -> Vec<&str> {
    frames.iter().filter_map(|f| f["text"].as_str()).collect()
}

#[test]
fn everyone_hears_every_line_in_one_order_its_sender_too() {
    let mut world = World::of(&["ana", "ben"]);
    world.say("ana", chat(1, "first"));
    world.advance(5);
    world.say("ben", chat(1, "second"));
    world.say("ana", chat(2, "third"));
    let heard = world.heard("ana");
    assert_eq!(texts(&heard), ["first", "second", "third"]);
    assert_eq!(texts(&world.heard("ben")), ["first", "second", "third"]);
    assert_eq!(
        heard[1],
        json!({"seq": 4, "type": "chat", "from": world.id("ben"), "name": "BEN", "id": 1,
               "text": "second", "at": 1_000_005})
    );
}

#[test]
fn a_line_sent_again_after_a_resume_is_heard_once() {
    let mut world = World::of(&["ana", "ben"]);
    world.say("ana", chat(1, "once"));
    world.cut("ana");
    assert_eq!(world.resume("ana")["last_id"], 1);
    world.say("ana", chat(1, "once"));
    assert_eq!(texts(&world.heard("ben")), ["once"]);
    assert_eq!(
        texts(&world.heard("ana")),
        ["once"],
        "the echo that it had missed"
    );
}

#[test]
fn the_last_two_hundred_lines_are_kept_and_outlive_who_wrote_them() {
    let mut world = World::of(&["ana", "ben"]);
    for id in 1..=205 {
        world.advance(200);
        world.say("ana", chat(id, &format!("line {id}")));
        world.ack("ana");
        world.ack("ben");
    }
    world.say("ana", json!({"type": "leave"}));
    let check = |welcome: Value| {
        let lines = welcome["chat"].as_array().unwrap().clone();
        assert_eq!(lines.len(), 200);
        assert_eq!(
            (&lines[0]["text"], &lines[199]["text"]),
            (&json!("line 6"), &json!("line 205"))
        );
        assert_eq!(lines[0]["name"], "ANA");
    };
    check(world.join("cem"));
    world.hibernate();
    check(world.join("dee"));
    assert_eq!(world.table.chat.len(), 200);
}

#[test]
fn numbers_of_lines_go_on_after_a_crash() {
    let mut world = World::of(&["ana"]);
    world.say("ana", chat(1, "one"));
    world.hibernate();
    world.say("ana", chat(2, "two"));
    assert_eq!(world.table.chat.keys().collect::<Vec<_>>(), [&1, &2]);
}

#[test]
fn a_line_is_one_to_four_thousand_characters_and_not_only_spaces() {
    let mut world = World::of(&["ana", "ben"]);
    // Characters, not bytes.
    world.say("ana", chat(1, &"é".repeat(4_000)));
    assert_eq!(types(&world.heard("ana")), ["chat"]);
    for (id, text) in [
        (2, "é".repeat(4_001)),
        (3, String::new()),
        (4, " \n\t".to_owned()),
    ] {
        world.say("ana", chat(id, &text));
        let answer = world.heard("ana").remove(0);
        assert_eq!(answer["code"], "bad_field");
        let length = text.chars().count();
        assert_eq!(
            answer["message"],
            format!("a line has 1 to 4000 characters, not only spaces; this has {length}")
        );
    }
    assert_eq!(types(&world.heard("ben")), ["chat"]);
    assert_eq!(world.table.chat.len(), 1);
}

#[test]
fn who_is_away_hears_it_on_the_way_back() {
    let mut world = World::of(&["ana", "ben"]);
    world.cut("ben");
    world.say("ana", chat(1, "wait for ben"));
    world.kill();
    world.resume("ben");
    assert_eq!(texts(&world.heard("ben")), ["wait for ben"]);
}
