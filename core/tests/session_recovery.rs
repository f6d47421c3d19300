//! Failure: one participant's, or the provider's, and the way back to media.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what helps a test may panic: that is a failed test"
)]

mod support;

use serde_json::json;
use support::{World, three_providers, types};

const FOUR: [&str; 4] = ["ana", "ben", "cem", "dee"];

/// People in a call on the SFU, as epoch 1: P2P is switched off.
fn on_the_sfu(people: &[&str]) -> World {
    let mut world = World::hybrid(&[]);
    let mut providers = three_providers();
    providers[0].is_active = false;
    world.providers(providers);
    world.join_all(people);
    world.in_a_call(people);
    world
}

#[test]
fn r20_one_of_four_in_trouble_moves_nobody_else_and_is_shown_as_lost_until_it_heals() {
    let mut world = on_the_sfu(&FOUR);
    world.fail("dee", 1, "janus");
    assert_eq!((world.epoch(), world.state()), (1, "active".to_owned()));
    assert_eq!(world.person("dee")["connection"], "lost");
    assert_eq!(world.person("ana")["connection"], "good");
    world.all_see(&FOUR);
    assert_eq!(world.person("dee")["connection"], "good");
}

#[test]
fn r20_half_of_four_is_the_session_s_verdict_and_everyone_moves_at_once() {
    let mut world = on_the_sfu(&FOUR);
    world.fail("dee", 1, "janus");
    world.fail("ana", 1, "janus");
    assert_eq!((world.epoch(), world.provider()), (2, "daily".to_owned()));
    let told = world.heard("cem");
    assert_eq!(
        types(&told),
        ["participant_updated", "participant_updated", "commit"]
    );
    assert_eq!(
        (&told[2]["cause"], &told[2]["provider"]),
        (&json!("failed"), &json!("daily"))
    );
    assert_eq!(world.person("cem")["connection"], "connecting");
}

#[test]
fn r20_of_three_two_are_needed_and_of_two_either_is_the_pair_s() {
    let mut three = on_the_sfu(&FOUR[..3]);
    three.fail("ana", 1, "janus");
    assert_eq!(three.epoch(), 1);
    three.fail("ben", 1, "janus");
    assert_eq!(three.epoch(), 2);
    let mut two = on_the_sfu(&FOUR[..2]);
    two.fail("ben", 1, "janus");
    assert_eq!((two.epoch(), two.provider()), (2, "daily".to_owned()));
}

/// R14, R19.
#[test]
fn a_second_failure_report_of_one_epoch_starts_no_second_switch() {
    let mut world = on_the_sfu(&FOUR);
    for name in FOUR {
        world.fail(name, 1, "janus");
    }
    assert_eq!((world.epoch(), world.provider()), (2, "daily".to_owned()));
    assert_eq!(world.count("committed"), 1);
    let told = world.heard("dee");
    assert_eq!(
        types(&told).last(),
        Some(&"session"),
        "the late one gets the session"
    );
}

#[test]
fn starting_is_tried_twice_and_only_then_the_next_provider() {
    let mut world = World::hybrid(&["ana", "ben"]);
    world.fail_at("ana", 1, "p2p", "join", 1);
    assert_eq!(world.epoch(), 1, "the same again");
    world.fail_at("ana", 1, "p2p", "join", 2);
    assert_eq!((world.epoch(), world.provider()), (2, "janus".to_owned()));
    world.fail_at("ana", 2, "janus", "join", 1);
    assert_eq!(
        (world.epoch(), world.provider()),
        (3, "daily".to_owned()),
        "every other once"
    );
    world.fail_at("ana", 3, "daily", "join", 1);
    assert_eq!((world.epoch(), world.state()), (3, "exhausted".to_owned()));
    let told = world.heard("ben");
    let exhausted = told.last().unwrap();
    assert_eq!(
        (
            &exhausted["type"],
            &exhausted["tried"],
            &exhausted["retry_after_ms"]
        ),
        (
            &json!("exhausted"),
            &json!(["p2p", "janus", "daily"]),
            &json!(5_000)
        )
    );
}

#[test]
fn media_that_dies_in_mid_call_moves_without_counting_to_three() {
    let mut world = World::hybrid(&["ana", "ben"]);
    world.in_a_call(&["ana", "ben"]);
    world.fail("ana", 1, "p2p");
    assert_eq!((world.epoch(), world.provider()), (2, "janus".to_owned()));
}

#[test]
fn r19_exhausted_tries_the_least_bad_after_5_s_and_waits_twice_as_long_each_time() {
    let mut world = World::of(&["ana", "ben"]);
    world.in_a_call(&["ana", "ben"]);
    world.fail("ana", 1, "p2p");
    assert_eq!((world.state(), world.epoch()), ("exhausted".to_owned(), 1));
    let mut epoch = 1;
    for wait in [5_000, 10_000, 20_000, 40_000, 60_000, 60_000] {
        let before = world.now;
        while world.state() == "exhausted" {
            ["ana", "ben"].iter().for_each(|name| world.beat(name));
            world.advance_to_next_timer();
        }
        assert_eq!(world.now.since(before).0, wait);
        epoch += 1;
        assert_eq!((world.epoch(), world.provider()), (epoch, "p2p".to_owned()));
        assert_eq!(world.state(), "active");
        world.fail_at("ana", epoch, "p2p", "join", 1);
        assert_eq!(world.state(), "exhausted");
    }
    while world.state() == "exhausted" {
        ["ana", "ben"].iter().for_each(|name| world.beat(name));
        world.advance_to_next_timer();
    }
    world.all_see(&["ana", "ben"]);
    assert_eq!(world.logged().last().map(String::as_str), Some("updated"));
    assert_eq!(world.count("recovered"), 1);
    world.fail("ana", world.epoch(), "p2p");
    let told = world.heard("ben");
    assert_eq!(
        told.last().unwrap()["retry_after_ms"],
        5_000,
        "begins again"
    );
}

#[test]
fn exhausted_returns_by_itself_when_the_registry_says_that_a_provider_is_healthy() {
    let mut world = World::of(&["ana", "ben"]);
    world.in_a_call(&["ana", "ben"]);
    world.fail("ana", 1, "p2p");
    assert_eq!(world.state(), "exhausted");
    world.advance(700);
    world.providers(three_providers());
    assert_eq!((world.epoch(), world.provider()), (2, "janus".to_owned()));
    assert_eq!(world.state(), "active");
}

#[test]
fn media_that_comes_back_by_itself_ends_the_exhaustion() {
    let mut world = World::of(&["ana", "ben"]);
    world.in_a_call(&["ana", "ben"]);
    world.fail("ana", 1, "p2p");
    world.heard("ben");
    world.all_see(&["ana", "ben"]);
    assert_eq!((world.state(), world.epoch()), ("active".to_owned(), 1));
    let told = world.heard("ben");
    assert!(
        told.iter()
            .any(|f| f["type"] == "session" && f["session"]["state"] == "active")
    );
}

#[test]
fn a_recovery_in_which_nobody_says_anything_is_exhausted_after_20_s() {
    let mut world = on_the_sfu(&["ana", "ben"]);
    world.fail("ana", 1, "janus");
    assert_eq!(world.epoch(), 2);
    let begin = world.now;
    while world.state() == "active" {
        ["ana", "ben"].iter().for_each(|name| world.beat(name));
        world.advance_to_next_timer();
    }
    assert_eq!(
        (world.state(), world.now.since(begin).0),
        ("exhausted".to_owned(), 20_000)
    );
}

#[test]
fn r36_two_who_suspect_an_sfu_are_a_verdict_and_one_is_not() {
    let mut world = on_the_sfu(&FOUR);
    let suspect = |world: &mut World, name: &str| {
        world.say(name, json!({"type": "suspect", "epoch": 1, "provider": "janus", "evidence": {"stalled_ms": 1500}}));
    };
    suspect(&mut world, "ana");
    assert_eq!(world.person("ana")["connection"], "poor");
    assert_eq!(world.epoch(), 1);
    world.advance(10_000);
    suspect(&mut world, "ben");
    assert_eq!(world.epoch(), 1, "the first was too long ago");
    suspect(&mut world, "ana");
    assert_eq!((world.epoch(), world.provider()), (2, "daily".to_owned()));
}

#[test]
fn stalls_between_peers_are_their_networks_and_no_verdict() {
    let mut world = World::hybrid(&["ana", "ben"]);
    world.in_a_call(&["ana", "ben"]);
    for name in ["ana", "ben"] {
        world.say(
            name,
            json!({"type": "suspect", "epoch": 1, "provider": "p2p", "evidence": {}}),
        );
    }
    assert_eq!((world.epoch(), world.state()), (1, "active".to_owned()));
}

#[test]
fn who_is_alone_because_the_other_died_says_nothing_against_the_provider() {
    let mut world = on_the_sfu(&["ana", "ben"]);
    world.cut("ben");
    world.fail("ana", 1, "janus");
    assert_eq!((world.epoch(), world.state()), (1, "active".to_owned()));
}

#[test]
fn what_failed_here_is_barred_and_the_bar_doubles_when_it_is_earned_again() {
    let mut world = on_the_sfu(&["ana", "ben"]);
    world.fail("ana", 1, "janus");
    let until = world.now.0 + 600_000;
    assert_eq!(world.snapshot()["barred"], json!({"janus": until}));
}

#[test]
fn a_provider_that_is_switched_off_while_media_flows_is_left_by_a_planned_switch_paced() {
    let mut world = on_the_sfu(&["ana", "ben"]);
    let mut providers = three_providers();
    providers[0].is_active = false;
    providers[1].is_active = false;
    world.providers(providers);
    assert_eq!(
        (world.state(), world.epoch()),
        ("active".to_owned(), 1),
        "not all sessions at once"
    );
    while world.state() == "active" {
        ["ana", "ben"].iter().for_each(|name| world.beat(name));
        world.advance_to_next_timer();
        assert!(world.now.0 < 1_000_000 + 10_001);
    }
    assert_eq!(world.snapshot()["switch"]["provider"], "daily");
    assert_eq!(world.snapshot()["switch"]["cause"], "failed");
}

#[test]
fn everything_fails_and_comes_back_and_the_session_ends_where_it_belongs() {
    let mut world = World::hybrid(&["ana", "ben"]);
    world.in_a_call(&["ana", "ben"]);
    for provider in ["p2p", "janus", "daily"] {
        let epoch = world.epoch();
        world.fail("ana", epoch, provider);
    }
    assert_eq!(world.state(), "exhausted");
    // Half an hour in which everything works again.
    let end = world.now.0 + 1_800_000;
    while world.now.0 < end {
        ["ana", "ben"].iter().for_each(|name| world.beat(name));
        let before = world.epoch();
        world.advance_to_next_timer();
        if let Some(epoch) = world.snapshot()["switch"]["epoch"].as_u64() {
            ["ana", "ben"]
                .iter()
                .for_each(|name| world.ready(name, epoch));
        }
        if world.epoch() != before {
            world.all_see(&["ana", "ben"]);
        }
        ["ana", "ben"].iter().for_each(|name| drop(world.ack(name)));
    }
    assert_eq!(
        (world.provider(), world.state()),
        ("p2p".to_owned(), "active".to_owned())
    );
    // Two failovers, the retry, and the way back when the bars end: no oscillation.
    assert!(world.epoch() <= 6, "{}", world.epoch());
}

#[test]
fn a_failure_that_names_another_provider_than_its_epoch_s_is_told_so() {
    let mut world = on_the_sfu(&["ana", "ben"]);
    world.fail("ana", 1, "daily");
    let told = world.heard("ana");
    assert_eq!(told[0]["code"], "bad_field");
    assert_eq!(
        told[0]["message"],
        "\"provider\" is \"daily\", and epoch 1 is on \"janus\""
    );
}
