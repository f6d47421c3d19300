//! Who is still there: probes, and the four states of socket and media (R28–R30).

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what helps a test may panic: that is a failed test"
)]

mod support;

use samewire_core::session::TimerReason::{Lease, Probe};
use serde_json::{Value, json};
use support::{World, types};

const PAIR: [&str; 2] = ["ana", "ben"];

fn suspect(world: &mut World, by: &str, whom: &str) {
    let whom = world.id(whom);
    world.say(by, json!({"type": "suspect", "epoch": 1, "participant": whom, "evidence": {"stalled_ms": 1500}}));
}

fn call() -> World {
    let mut world = World::of(&PAIR);
    world.in_a_call(&PAIR);
    world
}

#[test]
fn whom_a_peer_suspects_is_probed_and_announced_as_stale_3_s_later() {
    let mut world = call();
    suspect(&mut world, "ana", "ben");
    let probe = world.heard("ben");
    assert_eq!(types(&probe), ["probe"]);
    assert_eq!(world.advance_to_next_timer(), (3_000, Probe));
    let told = world.heard("ana");
    assert_eq!(types(&told), ["alert", "participant_updated"]);
    assert_eq!(
        (&told[0]["kind"], &told[0]["participant"]),
        (&json!("participant_stale"), &json!(world.id("ben")))
    );
    assert_eq!(told[1]["participant"]["connection"], "lost");
    assert_eq!(world.close_of("ben"), Some((1001, "no heartbeat")));
    let kinds: Vec<_> = world
        .session
        .alerts()
        .unwrap()
        .iter()
        .map(|a| json!(a)["kind"].clone())
        .collect();
    assert_eq!(kinds, ["participant_stale"]);
}

#[test]
fn whoever_answers_a_probe_with_anything_is_there() {
    for answer in [
        json!({"type": "probe", "nonce": "?"}),
        json!({"type": "ack"}),
        json!({"type": "of_the_future"}),
    ] {
        let mut world = call();
        suspect(&mut world, "ana", "ben");
        world.advance(2_999);
        world.say("ben", answer);
        world.advance(1);
        world.tick();
        assert_eq!(world.close_of("ben"), None);
        assert_eq!(world.count("alerted"), 0);
    }
}

#[test]
fn a_heartbeat_after_the_probe_is_an_answer_and_one_before_it_is_not() {
    let mut world = call();
    world.beat("ben");
    world.advance(1);
    suspect(&mut world, "ana", "ben");
    world.advance(3_000);
    let mut beating = world.clone();
    world.tick();
    assert_eq!(world.close_of("ben"), Some((1001, "no heartbeat")));
    beating.beat("ben");
    beating.tick();
    assert_eq!(beating.close_of("ben"), None);
}

#[test]
fn two_who_suspect_the_same_make_one_probe() {
    let mut world = World::of(&["ana", "ben", "cem"]);
    world.in_a_call(&["ana", "ben", "cem"]);
    suspect(&mut world, "ana", "ben");
    suspect(&mut world, "cem", "ben");
    assert_eq!(types(&world.heard("ben")), ["probe"]);
    assert_eq!(world.count("reported"), 1);
}

/// R28.
#[test]
fn a_hidden_tab_may_be_frozen_and_is_not_declared_gone_for_a_probe_before_its_lease_ends() {
    let mut world = call();
    world.say("ben", json!({"type": "presence", "hidden": true}));
    suspect(&mut world, "ana", "ben");
    for _ in 0..11 {
        world.advance(10_000);
        world.beat("ana");
        world.tick();
    }
    assert_eq!(world.close_of("ben"), None, "110 s are within its lease");
    world.advance(10_000);
    world.beat("ana");
    world.tick();
    assert_eq!(world.close_of("ben"), Some((1001, "no heartbeat")));
}

/// R29: after a sleep everyone seems to have been silent. They are asked before anything is concluded.
#[test]
fn a_clock_that_jumped_declares_nobody_gone_who_answers() {
    let mut world = call();
    world.advance(3_600_000);
    world.tick();
    for name in PAIR {
        assert_eq!(types(&world.heard(name)), ["probe"]);
        world.say(name, json!({"type": "ack"}));
    }
    world.advance(3_000);
    world.tick();
    assert_eq!(PAIR.map(|name| world.close_of(name)), [None, None]);
    assert_eq!(
        world.snapshot()["participants"].as_array().unwrap().len(),
        2
    );
}

/// R30.
#[test]
fn nobody_whose_media_is_alive_is_dropped_because_a_socket_closed() {
    let mut world = call();
    world.cut("ben");
    for _ in 0..30 {
        world.advance(10_000);
        world.beat("ana");
        world.tick();
    }
    assert_eq!(presence(&world, "ben"), "media_only");
    assert_eq!(world.person("ben")["connection"], "lost");
    // Its media ends, too: the lease begins.
    world.say(
        "ana",
        json!({"type": "connected", "epoch": 1, "elapsed_ms": 1, "sees": []}),
    );
    assert_eq!(presence(&world, "ben"), "gone");
    while world.person("ben") != Value::Null {
        world.beat("ana");
        world.advance_to_next_timer();
    }
    assert_eq!(types(&world.heard("ana")).last(), Some(&"participant_left"));
}

/// R30.
#[test]
fn the_four_states_of_socket_and_media() {
    let mut world = call();
    assert_eq!(presence(&world, "ben"), "whole");
    world.say(
        "ana",
        json!({"type": "connected", "epoch": 1, "elapsed_ms": 1, "sees": []}),
    );
    assert_eq!(presence(&world, "ben"), "socket_only");
    assert_eq!(
        world.person("ben")["connection"],
        "good",
        "it still sees ana"
    );
    world.all_see(&PAIR);
    world.cut("ben");
    assert_eq!(presence(&world, "ben"), "media_only");
    world.cut("ana");
    assert_eq!(presence(&world, "ben"), "gone");
    assert_eq!(world.advance_to_next_timer().1, Lease);
}

fn presence(world: &World, name: &str) -> String {
    let health = json!(world.session.health().unwrap());
    let id = world.id(name);
    let mut people = health["participants"].as_array().unwrap().iter();
    let person = people.find(|p| p["id"] == *id).unwrap();
    person["presence"].as_str().unwrap().to_owned()
}

#[test]
fn who_dies_alone_is_announced_within_45_s_to_the_log() {
    let mut world = World::of(&["ana"]);
    let begin = world.now;
    while world.count("alerted") == 0 {
        world.advance_to_next_timer();
    }
    assert_eq!(world.now.since(begin).0, 33_000);
}
