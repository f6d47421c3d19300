//! Coming and going, good and poor: a session does not swing between providers (R18).

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what helps a test may panic: that is a failed test"
)]

mod support;

use samewire_core::provider::cause::Cause;
use samewire_core::session::log::Event;
use samewire_core::time::Millis;
use serde_json::{Value, json};
use support::World;

const THREE: [&str; 3] = ["ana", "ben", "cem"];
const HOUR: u64 = 3_600_000;

fn three() -> World {
    let mut world = World::with_an_sfu(&THREE);
    world.in_a_call(&THREE);
    world
}

/// Everyone here, and the shell, does what is asked of them, and reads it.
fn serve(world: &mut World) {
    world.give(HOUR);
    let here: Vec<String> = world.tabs.keys().cloned().collect();
    for name in &here {
        if world.close_of(name).is_none() {
            world.ack(name);
        }
    }
    if let Some(epoch) = world.snapshot()["switch"]["epoch"].as_u64() {
        for name in &here {
            if world.close_of(name).is_none() {
                world.ready(name, epoch);
            }
        }
    }
}

/// Time passes in steps in which everyone does their part.
fn live(world: &mut World, span: u64, step: u64) {
    for _ in 0..span / step {
        world.advance(step);
        let here: Vec<String> = world.tabs.keys().cloned().collect();
        here.iter().for_each(|name| world.beat(name));
        world.tick();
        serve(world);
    }
}

/// When each switch was committed, where to, and why.
fn switches(world: &World) -> Vec<(Millis, String, Cause)> {
    let mut all = Vec::new();
    for entry in world.table.entries() {
        if let Event::Committed {
            provider, cause, ..
        } = entry.event
        {
            all.push((entry.at, provider.0, cause));
        }
    }
    all
}

#[test]
fn r18_a_fourth_who_comes_and_goes_every_two_seconds_moves_the_session_there_and_back_once() {
    let mut world = three();
    for _ in 0..15 {
        world.join("dee");
        live(&mut world, 2_000, 500);
        world.say("dee", json!({"type": "leave"}));
        live(&mut world, 2_000, 500);
    }
    assert_eq!(world.now.0 - support::BEGIN.0, 60_000);
    let during = switches(&world);
    assert_eq!(during.len(), 1, "{during:?}");
    assert_eq!(during[0].1, "janus");
    live(&mut world, 120_000, 1_000);
    let all = switches(&world);
    assert_eq!(all.len(), 2, "{all:?}");
    let left_at = Millis(support::BEGIN.0 + 58_000);
    assert!(
        all[1].1 == "p2p" && all[1].0 >= left_at + Millis(30_000),
        "{all:?}"
    );
}

#[test]
fn r18_a_fourth_who_never_gets_ready_costs_one_attempt_in_half_a_minute_and_moves_nobody() {
    let mut world = three();
    world.join("dee");
    for _ in 0..60 {
        world.advance(1_000);
        THREE.iter().for_each(|name| world.beat(name));
        world.beat("dee");
        world.tick();
        world.give(HOUR);
        if let Some(epoch) = world.snapshot()["switch"]["epoch"].as_u64() {
            world.fail("dee", epoch, "janus");
        }
        THREE.iter().for_each(|name| drop(world.ack(name)));
        world.ack("dee");
    }
    assert_eq!(switches(&world), []);
    let janus = |e: &Value| e["kind"] == "prepared" && e["provider"] == "janus";
    let attempts = world.table.entries().into_iter().map(|e| json!(e));
    let attempts = attempts.filter(janus).count();
    assert!(attempts <= 2, "{attempts} attempts in a minute");
}

#[test]
fn r18_poor_quality_and_the_head_count_do_not_play_ball() {
    let mut world = three();
    // Direct connections are poor here whenever they are used, and the SFU never is.
    for minute in 0..30 {
        if minute % 2 == 0 {
            world.join("dee");
        } else {
            world.say("dee", json!({"type": "leave"}));
        }
        serve(&mut world);
        for _ in 0..12 {
            let score = if world.provider() == "p2p" { 45 } else { 90 };
            for name in THREE {
                let frame = json!({"type": "quality", "epoch": world.epoch(), "score": score, "rating": "x"});
                world.say(name, frame);
            }
            live(&mut world, 5_000, 5_000);
        }
    }
    let all = switches(&world);
    // Once because it grew and back, and then for quality: each time it stays for twice as long.
    assert!((5..=7).contains(&all.len()), "in half an hour: {all:?}");
    let stays = all.windows(2).filter(|pair| pair[0].2 == Cause::Quality);
    let mut at_least = Millis(300_000);
    for pair in stays {
        let stay = pair[1].0.since(pair[0].0);
        assert!(stay >= at_least, "{all:?}");
        at_least = at_least + at_least;
    }
    assert!(at_least > Millis(300_000), "it was moved for quality");
}

#[test]
fn the_first_tokens_limit_and_list_of_providers_hold_for_the_session() {
    let with = |settings: Value| {
        let mut claims = support::claims("ana");
        claims.session = Some(serde_json::from_value(settings).unwrap());
        let mut world = World::with_an_sfu(&[]);
        world.join_with("ana", claims);
        world.join("ben");
        ["ana", "ben"]
            .iter()
            .for_each(|name| drop(world.heard(name)));
        world
    };
    let mut two = with(json!({"p2pLimit": 2}));
    assert_eq!(two.snapshot()["standby"], "janus");
    two.join("cem");
    assert_eq!(two.snapshot()["switch"]["provider"], "janus");

    let mut alone = with(json!({"providers": ["p2p"]}));
    for name in ["cem", "dee", "eve"] {
        alone.join(name);
    }
    assert_eq!(alone.state(), "active");
    assert_eq!(alone.snapshot()["standby"], Value::Null);
    assert_eq!(
        alone.session.alerts().unwrap().len(),
        0,
        "it is as was wished"
    );
}
