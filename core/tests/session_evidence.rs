//! What is written down of a switch: how long it was prepared, who was last, and what was seen of the cut.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what helps a test may panic: that is a failed test"
)]

mod support;

use serde_json::{Value, json};
use support::{World, types};

const FOUR: [&str; 4] = ["ana", "ben", "cem", "dee"];

/// Four, of whom each is ready this much later than the one before.
fn moved(step: u64) -> World {
    let mut world = World::hybrid(&FOUR[..3]);
    world.in_a_call(&FOUR[..3]);
    world.join("dee");
    world.heard("dee");
    for name in ["cem", "ana", "dee", "ben"] {
        world.advance(step);
        world.ready(name, 2);
    }
    world
}

fn entries(world: &World, kind: &str) -> Vec<Value> {
    let entries = world.table.entries();
    let entries = entries.iter().map(|e| json!(e));
    entries.filter(|e| e["kind"] == kind).collect()
}

fn connected(world: &mut World, name: &str, gap: u64) {
    let frame =
        json!({"type": "connected", "epoch": 2, "elapsed_ms": 9, "sees": [], "gap_ms": gap});
    world.say(name, frame);
}

fn quality(world: &mut World, name: &str, score: u32, switching: bool) {
    let mut frame =
        json!({"type": "quality", "epoch": world.epoch(), "score": score, "rating": "poor"});
    if switching {
        frame["switching"] = json!(true);
    }
    world.say(name, frame);
}

#[test]
fn a_commit_says_how_long_everyone_took_and_who_was_last() {
    let world = moved(100);
    let committed = entries(&world, "committed").remove(0);
    assert_eq!(
        committed["evidence"],
        json!({
            "preparedInMs": 400,
            "readyAfterMs": {world.id("cem"): 100, world.id("ana"): 200, world.id("dee"): 300,
                             world.id("ben"): 400},
            "last": world.id("ben"),
        })
    );
}

#[test]
fn the_gap_that_each_saw_over_the_cut_is_logged_once_and_the_longest_is_summed_up() {
    let mut world = moved(10);
    connected(&mut world, "ana", 67);
    connected(&mut world, "ben", 133);
    connected(&mut world, "ben", 900);
    connected(&mut world, "cem", 3_600_000);
    let told: Vec<_> = entries(&world, "cut_over")
        .iter()
        .map(|e| {
            (
                e["participant"].clone(),
                e["gapMs"].clone(),
                e["epoch"].clone(),
            )
        })
        .collect();
    let of = |name: &str, gap: u64| (json!(world.id(name)), json!(gap), json!(2));
    assert_eq!(told, [of("ana", 67), of("ben", 133)]);
    FOUR.iter()
        .for_each(|name| drop(world.say(name, json!({"type": "leave"}))));
    world.advance_to_next_timer();
    assert_eq!(entries(&world, "ended")[0]["summary"]["longestGapMs"], 133);
}

#[test]
fn what_is_measured_during_a_switch_is_shown_and_is_no_verdict() {
    let mut world = moved(10);
    world.all_see(&FOUR);
    for name in FOUR {
        quality(&mut world, name, 10, true);
    }
    assert_eq!(world.session.alerts().unwrap().len(), 0);
    let health = json!(world.session.health());
    assert_eq!(health["participants"][0]["quality"]["score"], 10.0);
    world.pass(9_000, &FOUR);
    assert_eq!((world.epoch(), world.state()), (2, "active".to_owned()));

    // A good one of them does not end what was poor before, either.
    FOUR.iter()
        .for_each(|name| quality(&mut world, name, 10, false));
    assert_eq!(world.session.alerts().unwrap().len(), 4);
    FOUR.iter()
        .for_each(|name| quality(&mut world, name, 90, true));
    assert_eq!(world.session.alerts().unwrap().len(), 4);
    FOUR.iter().for_each(|name| drop(world.heard(name)));
    world.pass(9_000, &FOUR);
    assert!(types(&world.heard("ana")).contains(&"recommendation"));
}
