//! Both ways: one-way pairs are alerted, repaired, moved, and at last told apart (R41).

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what helps a test may panic: that is a failed test"
)]

mod support;

use serde_json::{Value, json};
use support::{World, types};

const THREE: [&str; 3] = ["ana", "ben", "cem"];

/// A call in which these are blind to ben, who sees them.
fn blind(mut world: World, names: &[&str], all: &[&str]) -> World {
    world.in_a_call(all);
    see_without_ben(&mut world, names, all);
    world
}

fn see_without_ben(world: &mut World, names: &[&str], all: &[&str]) {
    names
        .iter()
        .for_each(|name| world.sees_all_but(name, "ben", all));
}

#[test]
fn r41_a_one_way_pair_is_alerted_to_both_after_1500_ms_once() {
    let mut world = blind(World::hybrid(&THREE), &["ana"], &THREE);
    world.pass(1_499, &THREE);
    assert_eq!(types(&world.heard("ana")), [""; 0]);
    world.pass(1, &THREE);
    let (ana, ben) = (world.heard("ana"), world.heard("ben"));
    assert_eq!(
        (&ana[0]["kind"], &ana[0]["participant"]),
        (&json!("asymmetric"), &json!(world.id("ben")))
    );
    assert_eq!(
        (&ben[0]["kind"], &ben[0]["participant"]),
        (&json!("asymmetric"), &json!(world.id("ana")))
    );
    assert_eq!(world.heard("cem").len(), 0);
    world.pass(100, &THREE);
    assert_eq!((world.heard("ana").len(), world.heard("ben").len()), (0, 0));
}

#[test]
fn r41_a_pair_that_repairs_itself_moves_nobody() {
    let mut world = blind(World::hybrid(&THREE), &["ana"], &THREE);
    world.pass(1_500, &THREE);
    world.all_see(&THREE);
    world.pass(5_000, &THREE);
    assert_eq!((world.epoch(), world.state()), (1, "active".to_owned()));
}

#[test]
fn r41_a_pair_that_stays_one_way_for_3500_ms_moves_the_session_behind_the_barrier() {
    let mut world = blind(World::hybrid(&THREE), &["ana"], &THREE);
    world.pass(1_500, &THREE);
    world.pass(2_000, &THREE);
    let switch = world.snapshot()["switch"].clone();
    assert_eq!(
        (&switch["provider"], &switch["cause"]),
        (&json!("janus"), &json!("failed"))
    );
    THREE.iter().for_each(|name| world.ready(name, 2));
    world.all_see(&THREE);
    world.pass(10_000, &THREE);
    assert_eq!((world.epoch(), world.provider()), (2, "janus".to_owned()));
}

#[test]
fn r41_one_move_at_most_and_then_only_that_one_is_lost() {
    let mut world = blind(World::hybrid(&THREE), &["ana"], &THREE);
    world.pass(1_500, &THREE);
    world.pass(2_000, &THREE);
    THREE.iter().for_each(|name| world.ready(name, 2));
    world.all_see(&THREE);
    see_without_ben(&mut world, &["ana"], &THREE);
    for _ in 0..20 {
        world.pass(1_000, &THREE);
    }
    assert_eq!(
        (world.epoch(), world.provider()),
        (2, "janus".to_owned()),
        "nobody moves again"
    );
    assert_eq!(world.person("ana")["connection"], "lost");
    assert_eq!(world.person("ben")["connection"], "good");
    assert_eq!(world.person("cem")["connection"], "good");
    world.all_see(&THREE);
    assert_eq!(world.person("ana")["connection"], "good", "healed");
}

#[test]
fn r41_with_nowhere_to_go_the_blind_one_is_lost_and_the_others_stay() {
    let mut world = blind(World::of(&THREE), &["ana"], &THREE);
    world.pass(3_500, &THREE);
    assert_eq!((world.epoch(), world.state()), (1, "active".to_owned()));
    assert_eq!(world.person("ana")["connection"], "lost");
}

#[test]
fn r41_of_two_the_pair_moves_once_and_does_not_oscillate() {
    let pair = ["ana", "ben"];
    let mut world = blind(World::hybrid(&pair), &["ana"], &pair);
    for _ in 0..60 {
        world.pass(1_000, &pair);
        if let Some(epoch) = world.snapshot()["switch"]["epoch"].as_u64() {
            pair.iter().for_each(|name| world.ready(name, epoch));
            world.all_see(&pair);
            see_without_ben(&mut world, &["ana"], &pair);
        }
    }
    assert_eq!((world.epoch(), world.provider()), (2, "janus".to_owned()));
    assert_eq!(world.person("ana")["connection"], "lost");
}

#[test]
fn who_sends_nothing_is_missed_by_nobody() {
    let mut world = World::hybrid(&THREE);
    world.in_a_call(&THREE);
    world.say(
        "ben",
        json!({"type": "tracks", "epoch": 1,
        "tracks": [{"id": "c", "source": "camera", "muted": true}]}),
    );
    see_without_ben(&mut world, &["ana", "cem"], &THREE);
    world.pass(60_000, &THREE);
    assert_eq!((world.epoch(), world.state()), (1, "active".to_owned()));
    assert_eq!(world.count("alerted"), 0);
}

#[test]
fn one_way_pairs_without_a_common_end_are_the_provider_s() {
    let four = ["ana", "ben", "cem", "dee"];
    let mut world = World::hybrid(&[]);
    let mut providers = support::three_providers();
    providers[0].is_active = false;
    world.providers(providers);
    world.join_all(&four);
    world.in_a_call(&four);
    let without = |world: &mut World, name: &str, other: &str| {
        let sees: Vec<_> = four
            .iter()
            .filter(|n| **n != name && **n != other)
            .map(|n| world.id(n))
            .collect();
        world.say(
            name,
            json!({"type": "connected", "epoch": 1, "elapsed_ms": 1, "sees": sees}),
        );
    };
    without(&mut world, "ana", "ben");
    without(&mut world, "cem", "dee");
    world.pass(3_500, &four);
    assert_eq!(world.snapshot()["switch"]["provider"], "daily");
    let entry = world
        .table
        .entries()
        .into_iter()
        .map(|e| json!(e))
        .find(|e| e["kind"] == "prepared")
        .unwrap();
    assert_eq!(
        entry["evidence"]["oneWay"].as_array().map(Vec::len),
        Some(2)
    );
}

#[test]
fn r3_how_long_a_pair_is_one_way_survives_the_object() {
    let mut world = blind(World::hybrid(&THREE), &["ana"], &THREE);
    world.pass(1_500, &THREE);
    world.hibernate();
    world.pass(2_000, &THREE);
    assert_ne!(world.snapshot()["switch"], Value::Null);
}
