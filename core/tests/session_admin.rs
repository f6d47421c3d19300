//! What operators do.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what helps a test may panic: that is a failed test"
)]

mod support;

use samewire_core::protocol::http::{Lock, SessionPatch};
use samewire_core::protocol::ids::Epoch;
use samewire_core::session::{Act, Answer, Refused, SameUser, Settings};
use serde_json::{Value, json};
use support::{World, claims, hello, settings, three_providers, types};

const PAIR: [&str; 2] = ["ana", "ben"];

fn call() -> World {
    let mut world = World::hybrid(&PAIR);
    world.in_a_call(&PAIR);
    world
}

fn ready(world: &mut World, epoch: u64) {
    PAIR.iter().for_each(|name| world.ready(name, epoch));
}

fn patch(json: Value) -> Act {
    Act::Patch(serde_json::from_value::<SessionPatch>(json).unwrap())
}

fn conflict(outcome: Result<Answer, Refused>) -> String {
    match outcome {
        Err(Refused::Conflict(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_switch_is_prepared_for_everyone_pinned_and_logged_with_the_operator_s_name() {
    let mut world = call();
    assert_eq!(world.switch_to("daily"), Ok(Answer::Switching(Epoch(2))));
    ready(&mut world, 2);
    assert_eq!((world.provider(), world.epoch()), ("daily".to_owned(), 2));
    assert_eq!(world.snapshot()["pinnedBy"], "olga");
    let prepared = world
        .table
        .entries()
        .into_iter()
        .map(|e| json!(e))
        .find(|e| e["kind"] == "prepared")
        .unwrap();
    assert_eq!(prepared["by"], json!({"kind": "admin", "name": "olga"}));
    assert_eq!(
        prepared["alternatives"],
        json!([{"provider": "p2p", "why": "passed_over"}, {"provider": "janus", "why": "passed_over"}])
    );
    // P2P is better, and is not returned to while the session is pinned.
    for _ in 0..10 {
        world.advance(60_000);
        PAIR.iter().for_each(|name| world.beat(name));
        world.tick();
    }
    assert_eq!((world.epoch(), world.state()), (2, "active".to_owned()));
    assert_eq!(
        world.operate(patch(json!({"unpin": true}))),
        Ok(Answer::Done)
    );
    assert_eq!(
        world.snapshot()["switch"]["provider"],
        "p2p",
        "unpinned, it returns"
    );
}

#[test]
fn an_operator_s_switch_that_is_aborted_pins_nothing() {
    let mut world = call();
    world.switch_to("daily").unwrap();
    world.fail_at("ana", 2, "daily", "join", 1);
    assert_eq!(
        (world.provider(), world.state()),
        ("p2p".to_owned(), "active".to_owned())
    );
    assert_eq!(world.snapshot()["pinnedBy"], Value::Null);
    // And an operator may try again at once: bars do not bind them.
    assert_eq!(world.switch_to("daily"), Ok(Answer::Switching(Epoch(3))));
}

#[test]
fn a_pinned_session_still_moves_when_its_provider_fails() {
    let mut world = call();
    world.switch_to("daily").unwrap();
    ready(&mut world, 2);
    world.fail("ana", 2, "daily");
    assert_eq!((world.provider(), world.epoch()), ("p2p".to_owned(), 3));
}

#[test]
fn what_cannot_be_is_answered_with_why_not_and_changes_nothing() {
    let mut world = call();
    assert_eq!(
        conflict(world.switch_to("p2p")),
        "the session is on \"p2p\" already"
    );
    assert_eq!(
        conflict(world.switch_to("zoom")),
        "there is no provider \"zoom\"; there are p2p, janus, daily"
    );
    let mut providers = three_providers();
    providers[2].is_active = false;
    world.providers(providers);
    assert_eq!(
        conflict(world.switch_to("daily")),
        "\"daily\" is out of the question here (inactive): it is switched off"
    );
    world.operate(patch(json!({"lock": "stay"}))).unwrap();
    assert_eq!(
        conflict(world.switch_to("janus")),
        "the session is locked to where it is; PATCH {\"lock\": null} unlocks it"
    );
    assert_eq!((world.epoch(), world.count("prepared")), (1, 0));
    let mut left = World::hybrid(&["ana"]);
    left.say("ana", json!({"type": "leave"}));
    assert_eq!(
        conflict(left.switch_to("janus")),
        "nobody is in the session who could move"
    );
    let mut nobody = World::hybrid(&[]);
    assert_eq!(nobody.switch_to("janus"), Err(Refused::NoSession));
}

#[test]
fn r21_locked_to_relays_a_session_leaves_p2p_behind_the_barrier() {
    let mut world = call();
    world
        .operate(Act::Patch(SessionPatch {
            lock: Some(Some(Lock::Relay)),
            ..SessionPatch::default()
        }))
        .unwrap();
    assert_eq!(world.snapshot()["switch"]["provider"], "janus");
    ready(&mut world, 2);
    assert_eq!(world.provider(), "janus");
    world
        .operate(patch(
            json!({"lock": null, "title": "Stand-up", "p2pLimit": 4}),
        ))
        .unwrap();
    assert_eq!(
        (&world.snapshot()["lock"], &world.snapshot()["title"]),
        (&Value::Null, &json!("Stand-up"))
    );
}

#[test]
fn a_title_too_long_or_a_limit_that_is_none_is_told_so() {
    let mut world = call();
    assert_eq!(
        world.operate(patch(json!({"title": "x".repeat(129)}))),
        Err(Refused::Bad(
            "\"title\" has 1 to 128 characters; null takes it away".to_owned()
        ))
    );
    assert_eq!(
        world.operate(patch(json!({"p2pLimit": 0}))),
        Err(Refused::Bad(
            "\"p2pLimit\" is 0; it is a whole number of people from 1 to 1000".to_owned()
        ))
    );
}

#[test]
fn who_is_removed_is_told_closed_with_4003_and_cannot_come_back_with_that_token() {
    let mut world = call();
    let id = world.id("ana");
    assert_eq!(
        world.operate(Act::Remove {
            participant: id.as_str().into(),
            user: false
        }),
        Ok(Answer::Done)
    );
    assert_eq!(types(&world.heard("ana")).last(), Some(&"bye"));
    assert_eq!(world.close_of("ana"), Some((4003, "removed")));
    let left = world.heard("ben");
    assert_eq!(left.last().unwrap()["reason"], "removed");
    world.hibernate();
    // Neither anew, nor with the secret it still has.
    let socket = world.dial("ana", claims("ana"));
    world.raw(&socket, &hello("tab-ana").to_string());
    assert_eq!(world.refusal(&socket), (4003, "removed"));
    let tab = world.tabs["ana"].clone();
    world.resume_with("ana", claims("ana"), tab);
    assert_eq!(world.refusal(&world.socket("ana")), (4003, "removed"));
    // With another token she may; her backend gave it to her.
    let mut other = claims("ana");
    other.token = "jti-2".into();
    assert_eq!(world.join_with("ana", other.clone())["type"], "welcome");
    let id = world.first("ana")["participant"]
        .as_str()
        .unwrap()
        .to_owned();
    world
        .operate(Act::Remove {
            participant: id.as_str().into(),
            user: true,
        })
        .unwrap();
    other.token = "jti-3".into();
    world.join_with("ana", other);
    assert_eq!(
        world.refusal(&world.socket("ana")),
        (4003, "removed"),
        "the user is barred"
    );
}

#[test]
fn an_ended_session_says_good_bye_with_4004_and_its_log_stays_for_a_day() {
    let mut world = call();
    assert_eq!(world.operate(Act::End), Ok(Answer::Done));
    for name in PAIR {
        assert_eq!(types(&world.heard(name)).last(), Some(&"bye"));
        assert_eq!(world.close_of(name), Some((4004, "ended")));
    }
    assert_eq!(world.snapshot(), Value::Null);
    let last = json!(world.table.entries().pop().unwrap());
    assert_eq!(
        (&last["kind"], &last["reason"]),
        (&json!("ended"), &json!("deleted"))
    );
    assert_eq!(last["summary"]["participants"], 2);
    assert_eq!(last["summary"]["peak"], 2);
    world.hibernate();
    world.advance(86_399_999);
    world.tick();
    assert!(!world.table.log.is_empty());
    world.advance(1);
    world.tick();
    assert_eq!(world.table, Default::default(), "swept");
    assert_eq!(world.session.poll_timeout(), None);
}

#[test]
fn the_next_life_goes_on_numbering_the_log_and_keeps_its_own_entries() {
    let mut world = call();
    world.operate(Act::End).unwrap();
    let first = world.table.log.len();
    world.advance(1_000);
    world.join("cem");
    assert_eq!(world.table.entries()[first].seq.0, first as u64 + 1);
    world.advance(86_400_000);
    world.beat("cem");
    world.tick();
    let kept = world.table.entries();
    assert!(kept.iter().all(|e| e.seq.0 > first as u64));
    assert!(!kept.is_empty());
}

fn world_with(policy: SameUser) -> World {
    let mut world = World::with(Settings {
        same_user: policy,
        ..settings()
    });
    world.join("ana");
    world
}

/// The same user in another tab.
fn second_tab(world: &mut World) -> String {
    let socket = world.dial("ana-2", claims("ana"));
    world.raw(&socket, &hello("tab-ana-2").to_string());
    socket
}

#[test]
fn r9_the_same_user_twice_is_allowed_taken_over_or_rejected() {
    let mut allow = world_with(SameUser::Allow);
    second_tab(&mut allow);
    assert_eq!(
        allow.snapshot()["participants"].as_array().unwrap().len(),
        2
    );

    let mut takeover = world_with(SameUser::Takeover);
    second_tab(&mut takeover);
    assert_eq!(takeover.close_of("ana"), Some((4000, "taken over")));
    assert_eq!(
        takeover.snapshot()["participants"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    // The late close of the old one changes nothing.
    takeover.cut("ana");
    assert_eq!(
        takeover.snapshot()["participants"]
            .as_array()
            .unwrap()
            .len(),
        1
    );

    let mut reject = world_with(SameUser::Reject);
    let socket = second_tab(&mut reject);
    assert_eq!(reject.refusal(&socket), (4009, "already_here"));
    reject.join("ana");
    reject.heard("ana");
    assert_eq!(
        reject.person("ana")["generation"],
        2,
        "a reload is no second tab"
    );
}
