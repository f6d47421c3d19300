//! Standby: what one participant more would move the session to is connected before that one comes.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what helps a test may panic: that is a failed test"
)]

mod support;

use samewire_core::protocol::http::{Lock, SessionPatch};
use samewire_core::session::Ask;
use serde_json::{Value, json};
use support::{World, an_sfu_with_credentials, types};

const FOUR: [&str; 4] = ["ana", "ben", "cem", "dee"];
const HOUR: u64 = 3_600_000;

fn three() -> World {
    let mut world = World::with_an_sfu(&FOUR[..3]);
    world.in_a_call(&FOUR[..3]);
    world
}

fn leave(world: &mut World, name: &str) {
    world.say(name, json!({"type": "leave"}));
}

fn standby(world: &World) -> Value {
    world.snapshot()["standby"].clone()
}

fn summary(world: &mut World) -> Value {
    FOUR.iter().for_each(|name| {
        if world.tabs.contains_key(*name) && world.close_of(name).is_none() {
            leave(world, name);
        }
    });
    world.advance_to_next_timer();
    let entries = world.table.entries();
    json!(entries.last().unwrap())["summary"].clone()
}

#[test]
fn the_third_puts_the_sfu_on_standby_and_the_second_does_not() {
    let mut world = World::with_an_sfu(&FOUR[..2]);
    assert_eq!((standby(&world), world.asked.len()), (Value::Null, 0));
    world.join("cem");
    let told = world.heard("ana");
    assert_eq!(types(&told), ["participant_joined", "standby"]);
    assert_eq!(
        (&told[1]["provider"], &told[1]["kind"], &told[1]["room"]),
        (&json!("janus"), &json!("sfu"), &json!("room-1"))
    );
    assert!(told[1].get("credentials").is_none());
    world.heard("cem");
    let of = |name: &&str| (world.id(name), "janus".to_owned(), None);
    let everyone: Vec<_> = FOUR[..3].iter().map(of).collect();
    assert_eq!(world.wanted_credentials(), everyone);
    world.give(HOUR);
    let told = world.heard("ana");
    assert_eq!(types(&told), ["credentials"]);
    assert!(told[0].get("epoch").is_none(), "standby has no epoch");
    assert_eq!((world.epoch(), world.state()), (1, "active".to_owned()));
    assert_eq!(standby(&world), "janus");
}

#[test]
fn the_fourth_uses_it_up() {
    let mut world = three();
    world.give(HOUR);
    world.heard("ana");
    world.join("dee");
    assert_eq!(
        types(&world.heard("ana")),
        ["participant_joined", "prepare"]
    );
    assert_eq!(standby(&world), Value::Null);
    world.give(HOUR);
    FOUR.iter().for_each(|name| world.ready(name, 2));
    assert_eq!(world.provider(), "janus");
    assert_eq!(world.count("standby_released"), 0);
    let summary = summary(&mut world);
    assert_eq!(
        (&summary["standbys"], &summary["standbysUsed"]),
        (&json!(1), &json!(1))
    );
}

#[test]
fn who_leaves_releases_it_and_how_long_it_was_is_counted() {
    let mut world = three();
    world.advance(7_000);
    leave(&mut world, "cem");
    let told = world.heard("ana");
    assert_eq!(types(&told).last(), Some(&"standby_release"));
    assert_eq!(told.last().unwrap()["provider"], "janus");
    assert_eq!(standby(&world), Value::Null);
    assert_eq!(
        (world.count("standby"), world.count("standby_released")),
        (1, 1)
    );
    world.asked.clear();
    world.advance(HOUR);
    world.tick();
    let nothing_of_it = |ask: &Ask| !matches!(ask, Ask::Credentials { .. });
    assert!(world.asked.iter().all(nothing_of_it), "nothing is renewed");
    let summary = summary(&mut world);
    assert_eq!(summary["standbyMs"], 7_000);
    assert_eq!(
        (&summary["standbys"], &summary["standbysUsed"]),
        (&json!(1), &json!(0))
    );
}

#[test]
fn a_session_that_is_held_where_it_is_has_none() {
    let mut world = three();
    let lock = |lock| SessionPatch {
        lock: Some(lock),
        ..SessionPatch::default()
    };
    world.patch(lock(Some(Lock::Stay)));
    assert_eq!(standby(&world), Value::Null);
    world.patch(lock(None));
    assert_eq!(standby(&world), "janus");
}

#[test]
fn what_the_next_participant_could_not_use_is_none() {
    let mut world = World::hybrid(&FOUR[..3]);
    assert_eq!(standby(&world), Value::Null, "an SFU without adapter");
    world.providers(an_sfu_with_credentials());
    assert_eq!(standby(&world), "janus");
    let mut providers = an_sfu_with_credentials();
    providers[1].is_active = false;
    world.providers(providers);
    assert_eq!(standby(&world), Value::Null, "an SFU that is switched off");
}

#[test]
fn no_credentials_for_it_is_tried_again_after_a_while() {
    let mut world = three();
    world.refuse();
    assert_eq!(standby(&world), Value::Null);
    assert_eq!(types(&world.heard("ana")).last(), Some(&"standby_release"));
    assert_eq!(world.epoch(), 1, "nobody moves, nobody has failed");
    assert_eq!(world.person("ana")["connection"], "good");
    world.asked.clear();
    world.pass(29_999, &FOUR[..3]);
    assert_eq!(standby(&world), Value::Null);
    world.pass(1, &FOUR[..3]);
    assert_eq!(standby(&world), "janus");
    assert_eq!(world.wanted_credentials().len(), 3);
}

#[test]
fn after_an_aborted_switch_it_waits_for_the_end_of_the_bar() {
    let mut world = three();
    world.join("dee");
    world.heard("dee");
    leave(&mut world, "dee");
    world.fail("ana", 2, "janus");
    assert_eq!(
        (world.state(), standby(&world)),
        ("active".to_owned(), Value::Null)
    );
    world.pass(30_000, &FOUR[..3]);
    assert_eq!(standby(&world), "janus");
}

#[test]
fn who_reloads_is_told_again_and_who_resumes_knows() {
    let mut world = three();
    world.give(HOUR);
    FOUR[..3].iter().for_each(|name| drop(world.ack(name)));
    world.cut("ana");
    world.resume("ana");
    assert!(!types(&world.heard("ana")).contains(&"standby"));
    let ana = world.id("ana");
    assert_eq!(
        world.wanted_credentials(),
        [(ana, "janus".to_owned(), None)]
    );
    world.give(HOUR);
    assert_eq!(types(&world.heard("ana")), ["credentials"]);
    world.join("ben");
    assert_eq!(types(&world.heard("ben"))[..2], ["welcome", "standby"]);
}

#[test]
fn a_failure_moves_to_what_is_on_standby_without_releasing_it() {
    let mut world = three();
    world.fail("ana", 1, "p2p");
    world.fail("ben", 1, "p2p");
    assert_eq!((world.epoch(), world.provider()), (2, "janus".to_owned()));
    assert_eq!(world.count("standby_released"), 0);
    assert_eq!(summary(&mut world)["standbysUsed"], 1);
}

#[test]
fn another_provider_than_the_one_on_standby_releases_it_when_everyone_is_there() {
    let mut world = three();
    world.switch_to("daily").unwrap();
    assert_eq!(standby(&world), "janus", "until it is sure");
    FOUR[..3].iter().for_each(|name| world.ready(name, 2));
    assert_eq!(world.provider(), "daily");
    assert_eq!(
        (standby(&world), world.count("standby_released")),
        (Value::Null, 1)
    );
}

#[test]
fn a_killed_object_knows_what_is_on_standby() {
    let mut world = three();
    world.asked.clear();
    world.kill();
    world.resume("ana");
    let ana = world.id("ana");
    assert_eq!(
        world.wanted_credentials(),
        [(ana, "janus".to_owned(), None)]
    );
    assert_eq!(standby(&world), "janus");
}
