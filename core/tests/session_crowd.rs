//! More people than direct connections are good for, and nothing better to be had: the mesh goes on and
//! says so.

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

/// Four, and nobody can be given credentials for the SFU; there is no other.
fn crowded() -> World {
    let mut world = World::with_an_sfu(&FOUR[..3]);
    world.providers(support::an_sfu_with_credentials()[..2].to_vec());
    world.in_a_call(&FOUR[..3]);
    world.give(3_600_000);
    FOUR[..3].iter().for_each(|name| drop(world.ack(name)));
    world.join("dee");
    world.refuse();
    world.heard("dee");
    world
}

fn open(world: &World) -> Vec<Value> {
    world
        .session
        .alerts()
        .unwrap()
        .iter()
        .map(|a| json!(a))
        .collect()
}

#[test]
fn the_mesh_goes_on_and_everyone_is_told_once() {
    let mut world = crowded();
    assert_eq!(
        (world.state(), world.provider()),
        ("active".to_owned(), "p2p".to_owned())
    );
    let told = world.heard("ana");
    assert_eq!(
        types(&told),
        ["participant_joined", "prepare", "abort", "alert"]
    );
    assert_eq!(told[3]["kind"], "provider_degraded");
    let detail = told[3]["detail"].as_str().unwrap();
    assert!(
        !detail.contains("janus"),
        "people are told no provider's name: {detail}"
    );
    assert_eq!(open(&world)[0]["kind"], "provider_degraded");
    let alerted = world.table.entries().into_iter().map(|e| json!(e));
    let alerted: Vec<_> = alerted.filter(|e| e["kind"] == "alerted").collect();
    let alerted = alerted.last().unwrap();
    assert_eq!(alerted["evidence"], json!({"people": 4}));
    assert_eq!(
        alerted["alternatives"][0],
        json!({"provider": "janus", "why": "barred"})
    );

    // Half a minute later it is tried again, in vain again.
    world.asked.clear();
    world.pass(30_000, &FOUR);
    assert_eq!(world.state(), "switching");
    assert_eq!(open(&world).len(), 1, "it lasts while it is tried");
    world.refuse();
    let told = world.heard("ana");
    assert!(!types(&told).contains(&"alert"), "{told:?}");
}

#[test]
fn it_is_over_when_somebody_leaves_or_everyone_has_moved() {
    let mut world = crowded();
    world.say("dee", json!({"type": "leave"}));
    assert_eq!(open(&world), [] as [Value; 0]);

    let mut world = crowded();
    world.asked.clear();
    world.pass(30_000, &FOUR);
    world.give(3_600_000);
    FOUR.iter().for_each(|name| world.ready(name, 3));
    assert_eq!(world.provider(), "janus");
    assert_eq!(open(&world), [] as [Value; 0]);
}

#[test]
fn four_where_nothing_else_is_configured_are_no_crowd() {
    let world = World::of(&FOUR);
    assert_eq!(open(&world), [] as [Value; 0]);
}

#[test]
fn it_is_known_after_a_kill_and_said_to_nobody_twice() {
    let mut world = crowded();
    world.heard("ana");
    world.kill();
    world.resume("ana");
    assert_eq!(
        open(&world)
            .iter()
            .filter(|a| a["kind"] == "provider_degraded")
            .count(),
        1
    );
    let alerts = world.count("alerted");
    world.pass(1, &["ana"]);
    assert_eq!(world.count("alerted"), alerts);
}
