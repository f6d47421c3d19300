//! Who arrives, and what everyone is told of it.

mod support;

use samewire_core::protocol::http::SessionSettings;
use samewire_core::session::{Claims, Settings, Tell, Write};
use samewire_core::tuning::Tuning;
use serde_json::{Value, json};
use support::{World, claims, hello, settings, types};

/// R1.
#[test]
fn the_first_hello_decides_provider_and_epoch_and_stores_them_before_telling() {
    let mut world = World::new();
    world.open("s", claims("ana"));
    assert_eq!(
        world.table.session, None,
        "a socket at the door begins nothing"
    );
    let decision = world.raw("s", &hello("tab").to_string());
    let record = decision.store.iter().find_map(|write| {
        let Write::Session(record) = write else {
            return None;
        };
        Some(record)
    });
    let record = record.expect("the decision row is written in the turn that tells of it");
    assert_eq!((record.epoch.0, record.provider.as_str()), (1, "p2p"));
    let [Tell::Frame(_, welcome)] = &decision.tell[..] else {
        panic!("{:?}", decision.tell)
    };
    assert_eq!(
        *welcome,
        concat!(
            r#"{"seq":1,"type":"welcome","participant":"p001","ordinal":1,"generation":1,"#,
            r#""resume_secret":"secret-001","resumed":false,"last_id":0,"session":{"id":"room-1","#,
            r#""incarnation":"life-001","epoch":1,"provider":"p2p","kind":"p2p","room":"room-1","#,
            r#""state":"active","mode":"call"},"participants":[{"id":"p001","user_id":"ana","#,
            r#""name":"ANA","role":"participant","ordinal":1,"generation":1,"#,
            r#""connection":"connecting","tracks":[],"hidden":false}],"chat":[],"#,
            r#""ice_servers":[{"urls":"stun:stun.example"}],"#,
            r#""config":{"heartbeat_ms":15000,"lease_ms":30000,"sample_ms":3000}}"#
        )
    );
}

/// R3.
#[test]
fn what_the_first_was_told_is_what_a_crash_right_after_comes_back_with() {
    let mut world = World::of(&["ana"]);
    world.kill();
    let welcome = world.join("ben");
    assert_eq!(
        welcome["session"],
        world.wires["ana#1"].frames[0]["session"]
    );
    assert_eq!(welcome["ordinal"], 2);
}

#[test]
fn sixty_four_who_arrive_are_all_told_the_same() {
    let tuning = Tuning::default()
        .with(&json!({"P2P_HARD_LIMIT": 64}))
        .unwrap();
    let mut world = World::with(Settings {
        tuning,
        ..settings()
    });
    let names: Vec<String> = (1..=64).map(|n| format!("u{n}")).collect();
    let welcomes: Vec<Value> = names.iter().map(|name| world.join(name)).collect();
    for (i, (name, welcome)) in names.iter().zip(&welcomes).enumerate() {
        assert_eq!(welcome["session"], welcomes[0]["session"]);
        assert_eq!(welcome["ordinal"], i + 1);
        assert_eq!(welcome["participants"].as_array().unwrap().len(), i + 1);
        let told = world.heard(name);
        assert_eq!(types(&told)[1..], vec!["participant_joined"; 63 - i]);
    }
    // Whoever puts the welcome and what followed together has the same roster as the last one.
    let mut first: Vec<Value> = welcomes[0]["participants"].as_array().unwrap().clone();
    let later = world.wires["u1#1"].frames[1..].iter();
    first.extend(later.map(|frame| frame["participant"].clone()));
    assert_eq!(json!(first), welcomes[63]["participants"]);
}

#[test]
fn a_newcomer_is_welcomed_before_the_others_are_told_and_not_told_of_itself() {
    let mut world = World::of(&["ana"]);
    world.dial("ben", claims("ben"));
    let decision = world.raw("ben#1", &hello("tab-ben").to_string());
    let told: Vec<&str> = decision
        .tell
        .iter()
        .map(|tell| match tell {
            Tell::Frame(to, _) | Tell::Close(to, ..) => to.as_str(),
        })
        .collect();
    assert_eq!(told, ["ben#1", "ana#1"]);
    let joined = world.heard("ana").remove(0);
    assert_eq!(joined["type"], "participant_joined");
    assert_eq!(joined["participant"]["user_id"], "ben");
    assert_eq!(joined.get("reason"), None);
}

/// R10: equal user ids are no reason for equal ordinals.
#[test]
fn two_tabs_of_one_user_are_two_participants() {
    let mut world = World::new();
    world.open("one", claims("ana"));
    world.open("two", claims("ana"));
    world.raw("one", &hello("tab-1").to_string());
    world.raw("two", &hello("tab-2").to_string());
    assert_eq!(world.wires["two"].frames[0]["ordinal"], 2);
    assert_eq!(
        world.snapshot()["participants"].as_array().unwrap().len(),
        2
    );
    assert_eq!(world.wires["one"].closed, None);
}

/// The instance alone proves nothing: it is looked up under the token's user (R11).
#[test]
fn another_users_tab_of_the_same_instance_is_somebody_else() {
    let mut world = World::of(&["ana"]);
    world.open("s", claims("eve"));
    world.raw("s", &hello("tab-ana").to_string());
    assert_eq!(world.wires["s"].frames[0]["ordinal"], 2);
    assert_eq!(world.close_of("ana"), None);
}

#[test]
fn ordinals_are_never_given_twice() {
    let mut world = World::of(&["ana", "ben"]);
    world.say("ben", json!({"type": "leave"}));
    world.hibernate();
    assert_eq!(world.join("ben")["ordinal"], 3);
}

#[test]
fn the_first_tokens_wishes_hold_and_later_ones_change_nothing() {
    let wishing = |user: &str, title: &str, lease: u64| Claims {
        session: Some(SessionSettings {
            title: Some(title.to_owned()),
            tuning: Some(json!({"LEASE": lease})),
            ..SessionSettings::default()
        }),
        ..claims(user)
    };
    let mut world = World::new();
    let first = world.join_with("ana", wishing("ana", "Stand-up", 20_000));
    assert_eq!(first["session"]["title"], "Stand-up");
    assert_eq!(first["config"]["lease_ms"], 20_000);
    let second = world.join_with("ben", wishing("ben", "Mine", 25_000));
    assert_eq!(second["session"], first["session"]);
    world.hibernate();
    let third = world.join("cem");
    assert_eq!(third["config"], first["config"]);
    assert_eq!(world.snapshot()["title"], "Stand-up");
}

/// R6.
#[test]
fn a_tuning_that_this_version_does_not_know_leaves_the_operators_in_force() {
    let mut world = World::new();
    let wishes = SessionSettings {
        tuning: Some(json!({"OF_THE_FUTURE": 1})),
        ..SessionSettings::default()
    };
    let welcome = world.join_with(
        "ana",
        Claims {
            session: Some(wishes),
            ..claims("ana")
        },
    );
    assert_eq!(welcome["config"]["lease_ms"], 30_000);
}
