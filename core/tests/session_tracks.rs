//! What participants say of themselves: tracks, presence, and whose media they decode.

mod support;

use samewire_core::session::Decision;
use serde_json::{Value, json};
use support::{World, types};

fn tracks(tracks: Value) -> Value {
    json!({"type": "tracks", "epoch": 1, "tracks": tracks})
}

fn connected(sees: &[String]) -> Value {
    json!({"type": "connected", "epoch": 1, "elapsed_ms": 120, "sees": sees})
}

fn microphone(muted: bool) -> Value {
    json!({"id": "mic", "source": "microphone", "ref": "stream-1", "muted": muted})
}

#[test]
fn tracks_are_told_to_the_others_in_full_and_only_when_they_change() {
    let mut world = World::of(&["ana", "ben"]);
    let camera = json!({"id": "cam", "source": "camera", "muted": false});
    world.say("ana", tracks(json!([microphone(false), camera])));
    world.say("ana", tracks(json!([microphone(false), camera])));
    world.say("ana", tracks(json!([microphone(true)])));
    let told: Vec<Value> = world
        .heard("ben")
        .iter()
        .map(|f| f["participant"]["tracks"].clone())
        .collect();
    assert_eq!(
        told,
        [
            json!([microphone(false), camera]),
            json!([microphone(true)])
        ]
    );
    assert_eq!(world.heard("ana").len(), 0);
}

#[test]
fn tracks_that_cannot_be_are_refused_and_the_old_ones_stay() {
    let mut world = World::of(&["ana", "ben"]);
    world.say("ana", tracks(json!([microphone(false)])));
    world.heard("ben");
    let id = "a track's \"id\" is 1 to 128 characters of A-Z, a-z, 0-9, _ and -";
    let of = |id: &str, reference: usize| json!({"id": id, "source": "camera", "ref": "r".repeat(reference), "muted": true});
    let many: Vec<Value> = (0..17).map(|n| of(&format!("t{n}"), 1)).collect();
    for (wrong, message) in [
        (json!([of("", 1)]), id),
        (json!([of("ä", 1)]), id),
        (json!([of(&"x".repeat(129), 1)]), id),
        (
            json!([of("t", 513)]),
            "a track's \"ref\" has at most 512 bytes",
        ),
        (
            json!([of("t", 1), of("t", 2)]),
            "two tracks have one source and one id",
        ),
        (json!(many), "a participant has at most 16 tracks"),
    ] {
        world.say("ana", tracks(wrong));
        let answer = world.heard("ana").remove(0);
        assert_eq!(
            (&answer["code"], &answer["message"]),
            (&json!("bad_field"), &json!(message))
        );
    }
    assert_eq!(world.heard("ben").len(), 0);
    assert_eq!(world.person("ana")["tracks"], json!([microphone(false)]));
    // The most that is allowed, and one id of two sources (R27).
    world.say("ana", tracks(json!(many[..16])));
    world.say(
        "ana",
        tracks(json!([of("t", 128), {"id": "t", "source": "screen", "muted": true}])),
    );
    assert_eq!(types(&world.heard("ben")).len(), 2);
}

/// R1.
#[test]
fn whatever_names_another_epoch_is_answered_with_the_session_and_does_nothing() {
    let mut world = World::of(&["ana", "ben"]);
    let before = world.snapshot()["participants"].clone();
    for stale in [
        json!({"type": "tracks", "epoch": 2, "tracks": [microphone(false)]}),
        json!({"type": "connected", "epoch": 2, "elapsed_ms": 1, "sees": [world.id("ben")]}),
        json!({"type": "ready", "epoch": 2}),
        json!({"type": "failed", "epoch": 2, "provider": "p2p", "operation": "join",
               "reason": "ice", "attempt": 1}),
        json!({"type": "suspect", "epoch": 2, "evidence": {}}),
        json!({"type": "quality", "epoch": 2, "score": 90, "rating": "excellent"}),
    ] {
        world.say("ana", stale);
        assert_eq!(types(&world.heard("ana")), ["session"]);
    }
    assert_eq!(world.snapshot()["participants"], before);
    assert_eq!(world.heard("ben").len(), 0);
}

#[test]
fn what_this_version_does_not_act_on_is_answered_so() {
    let mut world = World::of(&["ana"]);
    world.say("ana", json!({"type": "end"}));
    assert_eq!(world.heard("ana").remove(0)["code"], "not_served");
}

/// R41.
#[test]
fn who_sees_whom_is_known_pair_by_directed_pair() {
    let mut world = World::of(&["ana", "ben"]);
    let (ana, ben) = (world.id("ana"), world.id("ben"));
    world.say("ana", connected(&[ben.clone(), ana, "nobody".to_owned()]));
    assert_eq!(world.person("ana")["sees"], json!([ben]));
    assert_eq!(world.person("ben")["sees"], json!([]));
    let told = world.heard("ben");
    assert_eq!(types(&told), ["participant_updated"]);
    assert_eq!(told[0]["participant"]["connection"], "good");
    // Said again without the other, it is forgotten, and the connection stays what it was.
    world.say("ana", connected(&[]));
    assert_eq!(world.person("ana")["sees"], json!([]));
    assert_eq!(world.person("ana")["connection"], "good");
    assert_eq!(world.heard("ben").len(), 0);
}

#[test]
fn connected_alone_is_good_and_seeing_nobody_among_others_is_still_connecting() {
    let mut world = World::of(&["ana"]);
    world.say("ana", connected(&[]));
    assert_eq!(world.person("ana")["connection"], "good");
    world.say("ana", tracks(json!([microphone(false)])));
    world.join_all(&["ben"]);
    world.say("ben", connected(&[]));
    assert_eq!(world.person("ben")["connection"], "connecting");
    world.say("ben", connected(&[world.id("ana")]));
    assert_eq!(world.person("ben")["connection"], "good");
}

#[test]
fn who_left_is_seen_by_nobody() {
    let mut world = World::of(&["ana", "ben", "cem"]);
    let all: Vec<_> = ["ben", "cem"].iter().map(|name| world.id(name)).collect();
    world.say("ana", connected(&all));
    world.say("ben", json!({"type": "leave"}));
    assert_eq!(world.person("ana")["sees"], json!([world.id("cem")]));
    // Whoever is only away may still be seen (R30).
    world.cut("cem");
    assert_eq!(world.person("ana")["sees"], json!([world.id("cem")]));
}

#[test]
fn presence_is_told_when_it_changes_and_costs_nothing_when_it_does_not() {
    let mut world = World::of(&["ana", "ben"]);
    world.say("ana", json!({"type": "presence", "hidden": true}));
    let again = world.say("ana", json!({"type": "presence", "hidden": true}));
    assert_eq!(again, Decision::default());
    world.say("ana", json!({"type": "presence", "hidden": false}));
    let told: Vec<Value> = world
        .heard("ben")
        .iter()
        .map(|f| f["participant"]["hidden"].clone())
        .collect();
    assert_eq!(told, [true, false]);
}
