//! Credentials of a provider: asked for when a leg needs them, again when no answer came, and renewed.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what helps a test may panic: that is a failed test"
)]

mod support;

use samewire_core::provider::Provider;
use samewire_core::session::TimerReason::Renewal;
use samewire_core::session::{Ask, Credentials, Input, Settings};
use serde_json::{Value, json};
use support::{World, an_sfu_with_credentials, settings, types};

const FOUR: [&str; 4] = ["ana", "ben", "cem", "dee"];
const HOUR: u64 = 3_600_000;

/// Three on P2P, and a fourth has just come: everyone prepares the SFU in epoch 2.
fn growing() -> World {
    let mut world = World::with_an_sfu(&FOUR[..3]);
    world.in_a_call(&FOUR[..3]);
    world.join("dee");
    FOUR.iter().for_each(|name| drop(world.heard(name)));
    world
}

/// The same, and all have moved there.
fn grown() -> World {
    let mut world = growing();
    world.give(HOUR);
    FOUR.iter().for_each(|name| world.ready(name, 2));
    FOUR.iter().for_each(|name| drop(world.heard(name)));
    world
}

/// A session that is on the SFU from the beginning.
fn on_the_sfu() -> World {
    let mut world = World::with(Settings {
        providers: an_sfu_with_credentials()[1..2].to_vec(),
        ..settings()
    });
    world.join("ana");
    world
}

fn everyone(world: &World, epoch: Option<u64>) -> Vec<(String, String, Option<u64>)> {
    let of = |name: &&str| (world.id(name), "janus".to_owned(), epoch);
    FOUR.iter().map(of).collect()
}

fn given(frames: &[Value]) -> Vec<&Value> {
    frames
        .iter()
        .filter(|f| f["type"] == "credentials")
        .collect()
}

#[test]
fn a_switch_asks_for_everyones_credentials_and_each_gets_its_own_after_the_prepare() {
    let mut world = World::with_an_sfu(&FOUR[..2]);
    assert_eq!(world.asked, [], "peer-to-peer needs none");
    world.join("cem");
    world.in_a_call(&FOUR[..3]);
    world.asked.clear();
    world.join("dee");
    world.heard("dee");
    assert_eq!(world.wanted_credentials(), everyone(&world, Some(2)));
    world.give(HOUR);
    let told = world.heard("ana");
    assert_eq!(
        types(&told),
        ["participant_joined", "prepare", "credentials"]
    );
    assert!(
        told[1].get("credentials").is_none(),
        "what is told to all carries none"
    );
    let of_the_provider = json!({"token": "janus Some(Epoch(2))"});
    assert_eq!(
        (
            &told[2]["epoch"],
            &told[2]["provider"],
            &told[2]["credentials"]
        ),
        (&json!(2), &json!("janus"), &of_the_provider)
    );
    let kept = world.table.kept.values().cloned().collect::<String>();
    let stored = format!("{kept}{:?}", world.table.participants);
    assert!(
        !stored.contains("Some(Epoch(2))"),
        "they are stored nowhere"
    );
}

#[test]
fn the_commit_of_what_was_prepared_asks_for_nothing_again() {
    let mut world = growing();
    world.give(HOUR);
    FOUR.iter().for_each(|name| world.ready(name, 2));
    assert_eq!(world.epoch(), 2);
    assert_eq!(world.asked, []);
}

#[test]
fn an_urgent_commit_asks_for_everyones_credentials() {
    let mut world = World::with_an_sfu(&FOUR[..2]);
    world.in_a_call(&FOUR[..2]);
    world.fail("ana", 1, "p2p");
    assert_eq!((world.epoch(), world.provider()), (2, "janus".to_owned()));
    world.give(HOUR);
    let told = world.heard("ben");
    assert!(
        types(&told).ends_with(&["commit", "credentials"]),
        "{told:?}"
    );
}

#[test]
fn who_comes_and_who_comes_back_gets_those_of_the_committed_and_the_prepared_epoch() {
    let mut world = grown();
    world.switch_to("daily").unwrap();
    world.join("eve");
    world.heard("eve");
    let eve = world.id("eve");
    assert_eq!(
        world.wanted_credentials(),
        [(eve, "janus".to_owned(), Some(2))]
    );
    world.give(HOUR);
    assert_eq!(types(&world.heard("eve")), ["credentials"]);

    let mut world = growing();
    world.asked.clear();
    world.cut("ana");
    assert_eq!(world.resume("ana")["resumed"], true);
    let ana = world.id("ana");
    assert_eq!(
        world.wanted_credentials(),
        [(ana, "janus".to_owned(), Some(2))]
    );
}

#[test]
fn half_of_their_life_later_they_are_renewed() {
    let mut world = grown();
    let live = |world: &mut World, until: u64| {
        while world.now.0 < until {
            let at = world.session.poll_timeout().unwrap().0;
            world.now = at.min(samewire_core::time::Millis(until));
            FOUR.iter().for_each(|name| world.beat(name));
            world.tick();
        }
    };
    let given_at = world.now.0;
    live(&mut world, given_at + HOUR / 2 - 1);
    assert_eq!(world.wanted_credentials(), []);
    live(&mut world, given_at + HOUR / 2);
    assert_eq!(world.wanted_credentials(), everyone(&world, Some(2)));
    FOUR.iter().for_each(|name| drop(world.heard(name)));
    world.give(HOUR);
    assert_eq!(types(&world.heard("ana")), ["credentials"]);
}

/// R4.
#[test]
fn killed_between_the_question_and_the_answer_the_object_asks_again() {
    let mut world = growing();
    world.asked.clear();
    world.hibernate();
    // Its sockets live on: nobody says anything, and the alarm is what comes.
    assert_eq!(world.advance_to_next_timer().0, 4_000);
    assert_eq!(world.wanted_credentials(), everyone(&world, Some(2)));
    world.asked.clear();
    world.kill();
    world.resume("ana");
    let ana = world.id("ana");
    assert_eq!(
        world.wanted_credentials(),
        [(ana, "janus".to_owned(), Some(2))]
    );
}

#[test]
fn no_credentials_for_one_of_the_quorum_is_the_end_of_the_switch() {
    let mut world = growing();
    world.refuse();
    assert_eq!((world.epoch(), world.provider()), (1, "p2p".to_owned()));
    let abort = &world.heard("ana")[0];
    assert_eq!(
        (&abort["type"], &abort["cause"]),
        (&json!("abort"), &json!("failed"))
    );
    let entries = world.table.entries();
    let aborted = entries
        .iter()
        .map(|e| json!(e))
        .find(|e| e["kind"] == "aborted");
    assert_eq!(
        aborted.unwrap()["evidence"]["credentials"],
        "no answer came in time"
    );
    assert!(world.snapshot()["barred"]["janus"].is_u64());
}

#[test]
fn what_was_asked_for_an_epoch_that_is_over_is_nobodys() {
    let mut world = growing();
    let late = std::mem::take(&mut world.asked);
    world.fail("ana", 2, "janus");
    FOUR.iter().for_each(|name| drop(world.heard(name)));
    for ask in late {
        let Ask::Credentials {
            participant,
            epoch,
            provider,
        } = ask
        else {
            panic!("{ask:?}")
        };
        let what = Credentials::Given {
            credentials: json!({}),
            expires_at: None,
        };
        let decision = world.handle(Input::Credentials {
            participant,
            epoch,
            provider,
            what,
        });
        assert_eq!(decision, Default::default());
    }
}

#[test]
fn no_credentials_where_the_session_is_counts_as_its_failure() {
    let mut world = World::with_an_sfu(&FOUR[..2]);
    world.in_a_call(&FOUR[..2]);
    world.fail("ana", 1, "p2p");
    FOUR[..2].iter().for_each(|name| drop(world.heard(name)));
    world.refuse();
    assert_eq!((world.epoch(), world.provider()), (3, "daily".to_owned()));
    let told = types(&world.heard("ana")).join(" ");
    assert!(told.contains("commit"), "{told}");
}

#[test]
fn who_is_alone_where_there_are_none_is_told_that_nothing_is_left_and_tried_again() {
    let mut world = on_the_sfu();
    world.heard("ana");
    world.refuse();
    assert_eq!(world.state(), "exhausted");
    assert_eq!(types(&world.heard("ana")).last(), Some(&"exhausted"));
    world.advance_to_next_timer();
    assert_eq!(world.epoch(), 2);
    world.give(HOUR);
    assert_eq!(types(&world.heard("ana")), ["commit", "credentials"]);
}

#[test]
fn a_renewal_that_fails_is_tried_again_and_takes_nobodys_media() {
    let mut world = grown();
    world.all_see(&FOUR);
    FOUR.iter().for_each(|name| drop(world.ack(name)));
    world.advance(HOUR / 2);
    FOUR.iter().for_each(|name| world.beat(name));
    world.tick();
    world.refuse();
    assert_eq!((world.epoch(), world.state()), (2, "active".to_owned()));
    assert_eq!(world.person("ana")["connection"], "good");
    loop {
        let (_, reason) = world.advance_to_next_timer();
        FOUR.iter().for_each(|name| world.beat(name));
        if reason == Renewal {
            break;
        }
    }
    assert_eq!(world.wanted_credentials(), everyone(&world, Some(2)));
}

#[test]
fn nobody_is_asked_for_what_it_has_no_driver_for_and_a_provider_without_adapter_has_none() {
    let mut world = World::hybrid(&FOUR);
    assert_eq!(world.state(), "switching");
    assert_eq!(world.asked, []);
    world.providers(vec![Provider::p2p()]);
    assert_eq!(world.asked, []);
}

#[test]
fn the_rooms_go_when_the_life_ends_and_once_more_when_its_log_does() {
    let mut world = grown();
    world.asked.clear();
    FOUR.iter()
        .for_each(|name| drop(world.say(name, json!({"type": "leave"}))));
    world.advance_to_next_timer();
    assert_eq!(world.snapshot(), Value::Null);
    assert_eq!(world.asked, [Ask::EndRoom("janus".into())]);
    world.asked.clear();
    while world.session.poll_timeout().is_some() {
        world.advance_to_next_timer();
    }
    assert_eq!(world.asked, [Ask::EndRoom("janus".into())]);
    assert_eq!(world.table, Default::default());
}

#[test]
fn a_session_that_was_only_peer_to_peer_has_no_room() {
    let mut world = World::with_an_sfu(&["ana"]);
    world.say("ana", json!({"type": "leave"}));
    world.advance_to_next_timer();
    assert_eq!(world.asked, []);
    assert_eq!(given(&world.heard("ana")), Vec::<&Value>::new());
}
