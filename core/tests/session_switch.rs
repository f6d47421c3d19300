//! The barrier: prepare → ready → commit or abort.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what helps a test may panic: that is a failed test"
)]

mod support;

use std::collections::BTreeMap;

use samewire_core::session::TimerReason::Switch;
use samewire_core::session::{Answer, Refused};
use samewire_core::time::Millis;
use serde_json::{Value, json};
use support::{BEGIN, World, claims, hello, three_providers, types};

const FOUR: [&str; 4] = ["ana", "ben", "cem", "dee"];

/// Three on P2P, and a fourth has just come: a switch to the SFU is prepared as epoch 2.
fn growing() -> World {
    let mut world = World::hybrid(&FOUR[..3]);
    world.in_a_call(&FOUR[..3]);
    world.join("dee");
    world
}

#[test]
fn r12_a_fourth_makes_everyone_prepare_and_all_ready_is_the_commit() {
    let mut world = growing();
    assert_eq!((world.state(), world.epoch()), ("switching".to_owned(), 1));
    let told = world.heard("ana");
    assert_eq!(types(&told), ["participant_joined", "prepare"]);
    let prepare = &told[1];
    assert_eq!(
        (
            &prepare["epoch"],
            &prepare["provider"],
            &prepare["kind"],
            &prepare["room"],
            &prepare["deadline_ms"],
            &prepare["cause"]
        ),
        (
            &json!(2),
            &json!("janus"),
            &json!("sfu"),
            &json!("room-1"),
            &json!(5_000),
            &json!("grew")
        )
    );
    assert_eq!(types(&world.heard("dee")), ["welcome", "prepare"]);
    for name in &FOUR[..3] {
        world.ready(name, 2);
        assert_eq!(world.epoch(), 1, "{name} is not the last");
    }
    world.ready("dee", 2);
    assert_eq!(
        (world.state(), world.epoch(), world.provider()),
        ("active".to_owned(), 2, "janus".to_owned())
    );
    for name in FOUR {
        let told = world.heard(name);
        assert_eq!(types(&told).last(), Some(&"commit"), "{name}");
    }
}

#[test]
fn every_entry_of_the_log_says_who_or_what_caused_it() {
    let mut world = growing();
    world.cut("dee");
    FOUR[..3].iter().for_each(|name| world.ready(name, 2));
    world.advance(60_000);
    world.tick();
    let (ana, dee) = (world.id("ana"), world.first("dee")["participant"].clone());
    let by = |kind: &str| -> Vec<Value> {
        let entries = world.table.entries().into_iter().map(|e| json!(e));
        entries
            .filter(|e| e["kind"] == kind)
            .map(|e| e["by"].clone())
            .collect()
    };
    assert_eq!(by("began"), [json!({"kind": "participant", "id": ana})]);
    assert_eq!(by("joined")[0], json!({"kind": "participant", "id": ana}));
    assert_eq!(by("prepared"), [json!({"kind": "participant", "id": dee})]);
    assert_eq!(by("left").last(), Some(&json!({"kind": "alarm"})));
}

#[test]
fn r12_past_the_deadline_a_switch_is_aborted_and_its_epoch_is_used_up() {
    let mut world = growing();
    for name in &FOUR[..3] {
        world.ready(name, 2);
        world.heard(name);
    }
    assert_eq!(world.advance_to_next_timer(), (4_000, Switch));
    assert_eq!(types(&world.heard("dee")).last(), Some(&"probe"));
    world.say("dee", json!({"type": "probe", "nonce": "x"}));
    assert_eq!(world.advance_to_next_timer(), (1_000, Switch));
    assert_eq!((world.epoch(), world.provider()), (1, "p2p".to_owned()));
    let told = world.heard("ana");
    assert_eq!(types(&told), ["abort", "prepare"]);
    assert_eq!(
        (&told[0]["epoch"], &told[0]["cause"]),
        (&json!(2), &json!("deadline"))
    );
    assert_eq!(
        world.person("ana")["connection"],
        "good",
        "nobody's media has stopped"
    );
    // The SFU is barred for 30 s; the vendor is next, in an epoch of its own.
    assert_eq!(
        world.snapshot()["barred"],
        json!({"janus": world.now.0 + 30_000})
    );
    assert_eq!(
        (&told[1]["epoch"], &told[1]["provider"]),
        (&json!(3), &json!("daily"))
    );
}

#[test]
fn r12_whoever_is_silent_since_the_probe_has_no_veto() {
    let mut world = growing();
    for name in &FOUR[..3] {
        world.ready(name, 2);
    }
    world.advance_to_next_timer();
    world.advance_to_next_timer();
    assert_eq!((world.epoch(), world.provider()), (2, "janus".to_owned()));
}

#[test]
fn r13_who_leaves_is_waited_for_no_more() {
    let mut world = growing();
    for name in &FOUR[..3] {
        world.ready(name, 2);
    }
    world.say("dee", json!({"type": "leave"}));
    assert_eq!(
        (world.epoch(), world.provider()),
        (2, "janus".to_owned()),
        "grew is not withdrawn"
    );
}

#[test]
fn r13_who_begins_anew_is_of_the_quorum_no_more_and_prepares_as_a_newcomer() {
    let mut world = growing();
    for name in &FOUR[1..] {
        world.ready(name, 2);
    }
    let welcome = world.join("ana");
    assert_eq!(welcome["generation"], 2);
    assert_eq!(welcome["switch"]["epoch"], 2);
    // Nobody else was waited for.
    assert_eq!(types(&world.heard("ana")), ["welcome", "commit"]);
    assert_eq!(world.epoch(), 2);
}

#[test]
fn r13_a_newcomer_is_told_of_the_switch_and_not_waited_for() {
    let mut world = growing();
    let welcome = world.join("eve");
    assert_eq!(
        (
            &welcome["session"]["epoch"],
            &welcome["switch"]["epoch"],
            &welcome["switch"]["provider"]
        ),
        (&json!(1), &json!(2), &json!("janus"))
    );
    assert_eq!(welcome["session"]["state"], "switching");
    world.ready("eve", 2);
    for name in FOUR {
        world.ready(name, 2);
    }
    assert_eq!(world.epoch(), 2);
    assert_eq!(types(&world.heard("eve")), ["welcome", "commit"]);
}

#[test]
fn a_failure_of_the_prepared_leg_aborts_if_it_is_of_the_quorum() {
    let mut world = growing();
    world.join("eve");
    world.fail_at("eve", 2, "janus", "join", 1);
    assert_eq!(
        world.state(),
        "switching",
        "a newcomer's trouble is its own"
    );
    world.fail_at("ben", 2, "janus", "join", 1);
    assert_eq!((world.epoch(), world.provider()), (1, "p2p".to_owned()));
    let told = world.heard("ana");
    assert!(
        told.iter()
            .any(|f| f["type"] == "abort" && f["cause"] == "failed")
    );
}

#[test]
fn a_late_ready_of_an_aborted_epoch_gets_the_session_and_counts_for_nothing() {
    let mut world = growing();
    world.fail_at("ben", 2, "janus", "join", 1);
    // The vendor is next, as epoch 3.
    assert_eq!(world.snapshot()["switch"]["epoch"], 3);
    FOUR.iter().for_each(|name| drop(world.heard(name)));
    for name in FOUR {
        world.ready(name, 2);
    }
    assert_eq!(world.epoch(), 1);
    assert_eq!(world.snapshot()["switch"]["ready"], json!([]));
    let told = world.heard("ana");
    assert_eq!(types(&told), ["session"]);
    assert_eq!(told[0]["switch"]["epoch"], 3);
}

#[test]
fn two_epochs_are_valid_during_a_switch_and_one_after_it() {
    let mut world = growing();
    let signal = |world: &World, id: u64, epoch: u64| {
        json!({"type": "signal", "id": id, "to": world.id("ben"), "epoch": epoch, "generation": 1,
               "to_generation": 1, "payload": {"epoch": epoch}})
    };
    world.ack("ben");
    world.say("ana", signal(&world, 1, 1));
    world.say("ana", signal(&world, 2, 2));
    assert_eq!(types(&world.heard("ben")), ["signal", "signal"]);
    FOUR.iter().for_each(|name| world.ready(name, 2));
    world.heard("ben");
    world.heard("ana");
    world.say("ana", signal(&world, 3, 1));
    assert_eq!(types(&world.heard("ben")), [""; 0]);
    assert_eq!(types(&world.heard("ana")), ["session"]);
}

#[test]
fn tracks_of_the_prepared_leg_are_told_and_take_over_at_the_commit() {
    let mut world = growing();
    world.heard("ben");
    let tracks = json!([{"id": "c", "source": "camera", "ref": "janus-7", "muted": true}]);
    world.say(
        "ana",
        json!({"type": "tracks", "epoch": 2, "tracks": tracks}),
    );
    let told = world.heard("ben").remove(0);
    assert_eq!(
        told["participant"]["prepared"],
        json!({"epoch": 2, "tracks": tracks})
    );
    assert_eq!(told["participant"]["tracks"][0]["muted"], false);
    FOUR.iter().for_each(|name| world.ready(name, 2));
    assert_eq!(
        world.person("ana")["tracks"],
        tracks,
        "and muted stays muted (R16)"
    );
}

#[test]
fn r14_a_second_cause_during_a_switch_is_merged_and_looked_at_after_it() {
    let mut world = growing();
    assert_eq!(
        world.switch_to("daily"),
        Err(Refused::Conflict(
            "a switch to \"janus\" is under way in epoch 2; ask again when it is done".to_owned()
        ))
    );
    // Somebody without a driver for the target makes the vendor the only one for all.
    let socket = world.dial("eve", claims("eve"));
    let mut frame = hello("tab-eve");
    frame["drivers"] = json!(["daily", "p2p"]);
    world.raw(&socket, &frame.to_string());
    world.heard("eve");
    assert_eq!(world.count("prepared"), 1, "never nested");
    FOUR.iter().for_each(|name| world.ready(name, 2));
    assert_eq!((world.epoch(), world.provider()), (2, "janus".to_owned()));
    assert_eq!(
        world.snapshot()["switch"]["provider"],
        "daily",
        "looked at afterwards"
    );
    for name in ["ana", "ben", "cem", "dee", "eve"] {
        world.ready(name, 3);
    }
    assert_eq!((world.epoch(), world.provider()), (3, "daily".to_owned()));
}

#[test]
fn the_committed_provider_dies_meanwhile_and_the_prepared_epoch_is_committed_at_once() {
    let mut world = growing();
    world.ready("ana", 2);
    world.fail("ana", 1, "p2p");
    assert_eq!(world.state(), "switching", "one of four is that one's own");
    world.fail("ben", 1, "p2p");
    assert_eq!((world.epoch(), world.provider()), (2, "janus".to_owned()));
    assert_eq!(world.person("ana")["connection"], "good", "she was ready");
    assert_eq!(world.person("ben")["connection"], "connecting");
    assert_eq!(world.count("committed"), 1);
}

#[test]
fn the_target_is_switched_off_meanwhile_and_the_switch_is_withdrawn_without_a_bar() {
    let mut world = growing();
    let mut providers = three_providers();
    providers[1].is_active = false;
    world.providers(providers);
    assert!(world.logged().contains(&"aborted".to_owned()));
    assert_eq!(world.snapshot()["barred"], Value::Null);
    assert_eq!(world.epoch(), 1);
}

#[test]
fn everyone_leaves_during_a_switch_and_the_next_life_knows_nothing_of_it() {
    let mut world = growing();
    for name in FOUR {
        world.say(name, json!({"type": "leave"}));
    }
    assert_eq!(world.state(), "active");
    assert_eq!(world.snapshot()["switch"], Value::Null);
    let welcome = world.join("eve");
    assert_eq!(
        (&welcome["session"]["epoch"], &welcome["switch"]),
        (&json!(1), &Value::Null)
    );
    assert_eq!(
        world.switch_to("janus"),
        Ok(Answer::Switching(samewire_core::protocol::ids::Epoch(3)))
    );
}

/// R3: dead after every input of a switch, and rebuilt with or without its sockets.
#[test]
fn r3_the_object_dies_after_every_step_of_a_switch_and_the_end_is_the_same() {
    for dies_after in 0..=4 {
        for sockets_survive in [true, false] {
            let mut world = growing();
            let mut commits: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
            for step in 0..=4 {
                if step == dies_after && sockets_survive {
                    world.hibernate();
                } else if step == dies_after {
                    world.kill();
                    FOUR.iter().for_each(|name| drop(world.resume(name)));
                }
                if let Some(name) = FOUR.get(step) {
                    world.ready(name, 2);
                }
                for name in FOUR {
                    let told = world.heard(name);
                    let told = told.into_iter().filter(|f| f["type"] == "commit");
                    commits
                        .entry(name)
                        .or_default()
                        .extend(told.map(|f| json!([f["epoch"], f["provider"]])));
                }
            }
            assert_eq!((world.epoch(), world.provider()), (2, "janus".to_owned()));
            for name in FOUR {
                assert_eq!(
                    commits[name],
                    [json!([2, "janus"])],
                    "{name}, died after {dies_after}"
                );
            }
        }
    }
}

#[test]
fn switches_that_nobody_answers_end_by_themselves_and_do_not_follow_each_other_for_ever() {
    let mut world = growing();
    for _ in 0..60 {
        FOUR.iter().for_each(|name| world.beat(name));
        world.advance_to_next_timer();
        FOUR.iter()
            .for_each(|name| drop(world.say(name, json!({"type": "probe", "nonce": "x"}))));
        if world.now >= BEGIN + Millis(120_000) {
            break;
        }
    }
    assert_eq!(
        (world.epoch(), world.provider()),
        (1, "p2p".to_owned()),
        "P2P carries four with smaller video"
    );
    // Bars of 30 s, then a minute for each of the two: three attempts each in two minutes.
    assert_eq!(world.count("prepared"), 6);
    let ended = world.count("aborted");
    assert!((5..=6).contains(&ended), "{ended}");
}
