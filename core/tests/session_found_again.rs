//! What was found by a second look for what nothing else covers: deadlines that meet.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what helps a test may panic: that is a failed test"
)]

mod support;

use samewire_core::session::Settings;
use serde_json::json;
use support::{World, claims, hello, settings, three_providers};

const THREE: [&str; 3] = ["ana", "ben", "cem"];

#[test]
fn a_one_way_pair_is_looked_at_in_the_turn_that_aborts_a_switch() {
    let mut world = World::hybrid(&THREE);
    world.in_a_call(&THREE);
    world.switch_to("janus").unwrap();
    world.sees_all_but("ana", "ben", &THREE);
    world.pass(1_500, &THREE);
    world.pass(2_500, &THREE);
    world.pass(1_000, &THREE);
    assert_eq!(world.count("aborted"), 1);
}

#[test]
fn an_acknowledgement_that_comes_before_a_late_alarm_puts_off_no_paced_move() {
    let mut world = World::hybrid(&THREE);
    world.in_a_call(&THREE);
    let mut providers = three_providers();
    providers[0].is_active = false;
    world.providers(providers);
    while world.count("prepared") == 0 {
        let (at, _) = world.session.poll_timeout().unwrap();
        world.now = at;
        world.advance(5);
        world.say("ana", json!({"type": "ack"}));
        let due = world.session.poll_timeout().unwrap();
        assert_eq!(due.0, at, "{due:?}");
        THREE.iter().for_each(|name| world.beat(name));
        world.tick();
    }
}

#[test]
fn an_acknowledgement_that_comes_before_a_late_alarm_puts_off_no_move_for_quality() {
    let mut world = World::hybrid(&["ana", "ben"]);
    world.in_a_call(&["ana", "ben"]);
    for name in ["ana", "ben"] {
        world.say(
            name,
            json!({"type": "quality", "epoch": 1, "score": 50.0, "rating": "poor"}),
        );
    }
    let (at, _) = world.session.poll_timeout().unwrap();
    assert_eq!(at.since(world.now).0, 9_000);
    world.advance(9_005);
    world.say("ana", json!({"type": "ack"}));
    let due = world.session.poll_timeout().unwrap();
    assert!(due.0 <= world.now, "{due:?}");
    world.tick();
    assert_eq!(world.count("prepared"), 1);
}

#[test]
fn who_has_no_driver_for_an_ejected_provider_waits_for_no_paced_move() {
    let mut providers = three_providers();
    providers[0].is_active = false;
    let mut world = World::with(Settings {
        providers: providers.clone(),
        ..settings()
    });
    world.join_all(&["ana", "ben"]);
    world.in_a_call(&["ana", "ben"]);
    assert_eq!(world.provider(), "janus");
    providers[1].ejected = true;
    world.providers(providers);
    assert_eq!(world.count("prepared"), 0);
    let socket = world.dial("cem", claims("cem"));
    let mut frame = hello("tab-cem");
    frame["drivers"] = json!(["daily"]);
    world.raw(&socket, &frame.to_string());
    assert_eq!(world.first("cem")["type"], "welcome");
    assert_eq!(world.count("prepared"), 1);
}

#[test]
fn who_are_poor_on_two_providers_are_moved_for_it_once() {
    let two = ["ana", "ben"];
    let mut world = World::hybrid(&two);
    world.in_a_call(&two);
    let mut causes = Vec::new();
    for _ in 0..1_000 {
        let epoch = world.epoch();
        for name in two {
            let poor = json!({"type": "quality", "epoch": epoch, "score": 50.0, "rating": "poor"});
            world.say(name, poor);
        }
        world.pass(3_000, &two);
        if world.state() == "switching" {
            let switch = world.snapshot()["switch"].clone();
            causes.push(switch["cause"].as_str().unwrap().to_owned());
            let epoch = switch["epoch"].as_u64().unwrap();
            two.iter().for_each(|name| world.ready(name, epoch));
            world.in_a_call(&two);
        }
    }
    assert_eq!(causes, ["quality", "returned"]);
}
