//! Tokens that ran out while a call went on (R33).

mod support;

use samewire_core::session::Claims;
use samewire_core::time::Millis;
use serde_json::json;
use support::{BEGIN, World, claims, types};

const ENDS: Millis = Millis(BEGIN.0 + 60_000);

fn short(user: &str) -> Claims {
    Claims {
        expires_at: ENDS,
        ..claims(user)
    }
}

fn refused(world: &World, name: &str) {
    assert_eq!(world.close_of(name), Some((4001, "unauthorised")));
    assert_eq!(
        world.first(name),
        json!({"seq": 0, "type": "error", "code": "unauthorised",
               "message": "the token has expired; it admits to a resume only"})
    );
}

#[test]
fn an_expired_token_admits_to_a_resume_and_to_nothing_else() {
    let mut world = World::of(&["ana", "ben"]);
    world.now = ENDS;
    let mut reloaded = world.clone();
    reloaded.join_with("ana", short("ana"));
    refused(&reloaded, "ana");
    assert_eq!(reloaded.close_of("ben"), None);
    world.join_with("eve", short("eve"));
    refused(&world, "eve");
    assert_eq!(world.heard("ben").len(), 0);
    let tab = world.tabs["ana"].clone();
    assert_eq!(world.resume_with("ana", short("ana"), tab)["resumed"], true);
}

#[test]
fn an_expired_token_begins_no_session() {
    let mut world = World::new();
    world.now = ENDS;
    world.join_with("ana", short("ana"));
    refused(&world, "ana");
    assert_eq!(world.table, Default::default());
}

#[test]
fn a_millisecond_before_its_end_a_token_admits() {
    let mut world = World::new();
    world.now = Millis(ENDS.0 - 1);
    assert_eq!(world.join_with("ana", short("ana"))["type"], "welcome");
}

#[test]
fn a_spent_secret_with_an_expired_token_is_refused_and_the_call_goes_on() {
    let mut world = World::of(&["ana"]);
    let old = world.tabs["ana"].clone();
    world.resume("ana");
    world.ack("ana");
    world.now = ENDS;
    world.resume_with("ana", short("ana"), old);
    refused(&world, "ana");
    assert_eq!(
        world.wires["ana#2"].closed, None,
        "the socket that is good stays"
    );
}

/// The secret shows who it is even where the frames are gone; and should that welcome be lost,
/// the secret is good for another try.
#[test]
fn an_expired_token_gets_a_snapshot_where_nothing_can_be_replayed_and_may_lose_its_welcome() {
    let mut world = World::of(&["ana", "ben"]);
    let tab = world.tabs["ana"].clone();
    world.cut("ana");
    for id in 1..=300 {
        world.advance(200);
        world.say("ben", json!({"type": "chat", "id": id, "text": "on"}));
        world.ack("ben");
    }
    world.now = ENDS;
    for generation in 2..=3 {
        let welcome = world.resume_with("ana", short("ana"), tab.clone());
        assert_eq!(welcome["resumed"], false);
        assert_eq!(welcome["generation"], generation);
        world.cut("ana");
    }
    let welcome = world.resume_with("ana", short("ana"), tab.clone());
    assert_eq!(welcome["chat"].as_array().unwrap().len(), 200);
    world.ack("ana");
    world.resume_with("ana", short("ana"), tab);
    refused(&world, "ana");
}

#[test]
fn a_token_that_ends_during_the_call_ends_nothing() {
    let mut world = World::new();
    world.join_with("ana", short("ana"));
    world.heard("ana");
    world.now = ENDS + Millis(1);
    world.say(
        "ana",
        json!({"type": "chat", "id": 1, "text": "still here"}),
    );
    assert_eq!(types(&world.heard("ana")), ["chat"]);
}
