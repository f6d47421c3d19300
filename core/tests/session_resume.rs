//! A tab comes back: by a resume it goes on, by anything else it begins again.

mod support;

use serde_json::{Value, json};
use support::{World, claims, hello, types};

fn chat(id: u64, text: &str) -> Value {
    json!({"type": "chat", "id": id, "text": text})
}

#[test]
fn a_resume_keeps_generation_tracks_and_sight_and_replays_what_was_missed() {
    let mut world = World::of(&["ana", "ben"]);
    let track = json!({"id": "mic", "source": "microphone", "muted": false});
    world.say(
        "ana",
        json!({"type": "tracks", "epoch": 1, "tracks": [track]}),
    );
    world.say(
        "ana",
        json!({"type": "connected", "epoch": 1, "elapsed_ms": 9, "sees": [world.id("ben")]}),
    );
    world.cut("ana");
    world.say("ben", chat(1, "one"));
    world.say("ben", chat(2, "two"));
    let welcome = world.resume("ana");
    assert_eq!(welcome["resumed"], true);
    assert_eq!(welcome["generation"], 1);
    assert_eq!(welcome["ordinal"], 1);
    assert_eq!(
        (&welcome["participants"], &welcome["chat"]),
        (&json!([]), &json!([]))
    );
    let replayed = world.heard("ana");
    assert_eq!(types(&replayed), ["welcome", "chat", "chat"]);
    assert_eq!(
        (&replayed[1]["text"], &replayed[2]["text"]),
        (&json!("one"), &json!("two"))
    );
    let ana = world.person("ana");
    assert_eq!(ana["tracks"], json!([track]));
    assert_eq!(ana["sees"], json!([world.id("ben")]));
    assert_eq!(ana["connection"], "good");
}

#[test]
fn what_was_handled_is_not_replayed_although_it_was_never_acknowledged() {
    let mut world = World::of(&["ana", "ben"]);
    world.say("ben", chat(1, "handled"));
    world.heard("ana");
    world.say("ben", chat(2, "in flight when the socket broke"));
    world.cut("ana");
    world.resume("ana");
    let replayed = world.heard("ana");
    assert_eq!(types(&replayed), ["welcome", "chat"]);
    assert_eq!(replayed[1]["id"], 2);
    // And nothing twice: after this resume nothing is left.
    world.cut("ana");
    world.resume("ana");
    assert_eq!(types(&world.heard("ana")), ["welcome"]);
}

#[test]
fn a_replay_that_broke_off_goes_on_where_it_broke() {
    let mut world = World::of(&["ana", "ben"]);
    world.cut("ana");
    (1..=3).for_each(|id| drop(world.say("ben", chat(id, "line"))));
    world.resume("ana");
    let half = world.first("ana")["seq"].as_u64().unwrap() + 1;
    world.heard("ana");
    world.tabs.get_mut("ana").unwrap().last_seq = half;
    world.resume("ana");
    let ids: Vec<_> = world
        .heard("ana")
        .iter()
        .skip(1)
        .map(|f| f["id"].clone())
        .collect();
    assert_eq!(ids, [2, 3]);
}

/// R23, R25.
#[test]
fn a_signal_is_replayed_only_while_both_generations_hold() {
    let mut world = World::of(&["ana", "ben", "cem"]);
    let signal = |world: &World, id: u64| {
        json!({"type": "signal", "id": id, "to": world.id("ana"), "epoch": 1, "generation": 1,
               "to_generation": 1, "payload": {"n": id}})
    };
    world.cut("ana");
    world.say("ben", signal(&world, 1));
    world.say("cem", signal(&world, 1));
    world.join("ben");
    world.resume("ana");
    let heard = world.heard("ana");
    let signals: Vec<_> = heard.iter().filter(|f| f["type"] == "signal").collect();
    assert_eq!(
        signals.len(),
        1,
        "ben's old generation is not told again: {heard:?}"
    );
    assert_eq!(signals[0]["from"], world.id("cem").as_str());
}

#[test]
fn signals_of_one_who_left_meanwhile_are_not_replayed() {
    let mut world = World::of(&["ana", "ben"]);
    world.cut("ana");
    world.say(
        "ben",
        json!({"type": "signal", "id": 1, "to": world.id("ana"), "epoch": 1,
                            "generation": 1, "to_generation": 1, "payload": null}),
    );
    world.say("ben", json!({"type": "leave"}));
    world.resume("ana");
    assert_eq!(types(&world.heard("ana")), ["welcome", "participant_left"]);
}

#[test]
fn the_others_are_told_of_a_loss_and_of_the_return_once_each() {
    let mut world = World::of(&["ana", "ben"]);
    world.cut("ana");
    world.resume("ana");
    let heard = world.heard("ben");
    let seen: Vec<_> = heard
        .iter()
        .map(|f| &f["participant"]["connection"])
        .collect();
    assert_eq!(seen, ["lost", "connecting"]);
    // A socket that replaces a living one changes nothing for them.
    world.resume("ana");
    assert_eq!(world.heard("ben"), [] as [Value; 0]);
}

#[test]
fn the_old_secret_is_good_until_the_first_frame_after_welcome() {
    let mut world = World::of(&["ana"]);
    let old = world.tabs["ana"].clone();
    world.cut("ana");
    for _ in 0..3 {
        // The welcome is lost every time: the tab knows nothing newer than the old secret.
        let welcome = world.resume_with("ana", claims("ana"), old.clone());
        assert_eq!(welcome["resumed"], true);
        world.cut("ana");
        world.hibernate();
    }
    world.resume_with("ana", claims("ana"), old.clone());
    world.ack("ana");
    let welcome = world.resume_with("ana", claims("ana"), old);
    assert_eq!(
        welcome["resumed"], false,
        "it was used, and the new one had arrived"
    );
    assert_eq!(welcome["generation"], 2);
}

#[test]
fn a_welcome_that_arrived_without_a_frame_after_it_can_be_resumed_and_uses_up_the_one_before() {
    let mut world = World::of(&["ana"]);
    let oldest = world.tabs["ana"].clone();
    world.resume("ana");
    world.heard("ana");
    let middle = world.tabs["ana"].clone();
    assert_ne!(oldest.secret, middle.secret);
    world.resume("ana");
    assert_eq!(world.first("ana")["resumed"], true);
    assert_eq!(
        world.resume_with("ana", claims("ana"), middle)["resumed"],
        true
    );
    assert_eq!(
        world.resume_with("ana", claims("ana"), oldest)["resumed"],
        false
    );
}

#[test]
fn a_frame_that_cannot_be_read_is_a_first_frame_too() {
    let mut world = World::of(&["ana"]);
    let old = world.tabs["ana"].clone();
    world.resume("ana");
    world.say("ana", json!({"type": "of_the_future"}));
    assert_eq!(
        world.resume_with("ana", claims("ana"), old)["resumed"],
        false
    );
}

#[test]
fn a_wrong_user_instance_incarnation_participant_or_secret_never_resumes() {
    let world = World::of(&["ana", "ben"]);
    let right = world.tabs["ana"].clone();
    let not_resumed = |change: fn(&mut support::Tab)| {
        let mut world = world.clone();
        let mut with = right.clone();
        change(&mut with);
        let welcome = world.resume_with("ana", claims("ana"), with);
        assert_eq!(welcome["resumed"], false);
        assert_eq!(welcome["generation"], 2, "it is that tab all the same");
    };
    not_resumed(|with| with.incarnation = "another".to_owned());
    not_resumed(|with| with.participant = "p002".to_owned());
    not_resumed(|with| with.secret = "guess".to_owned());
    not_resumed(|with| with.secret = String::new());
    not_resumed(|with| with.last_seq = 1_000);

    // Another user, or another instance, is not even that tab.
    for (user, instance) in [("eve", "tab-ana"), ("ana", "tab-copy")] {
        let mut world = world.clone();
        world.open("s", claims(user));
        let mut frame = hello(instance);
        frame["resume"] = json!({"participant": right.participant, "incarnation": right.incarnation,
                                 "secret": right.secret, "last_seq": right.last_seq});
        world.raw("s", &frame.to_string());
        let welcome = &world.wires["s"].frames[0];
        assert_eq!(
            (&welcome["resumed"], &welcome["ordinal"]),
            (&json!(false), &json!(3))
        );
        assert_eq!(world.close_of("ana"), None);
    }
}

/// R28: what the tab said of itself is kept.
#[test]
fn a_resume_keeps_that_the_tab_is_hidden() {
    let mut world = World::of(&["ana"]);
    world.say("ana", json!({"type": "presence", "hidden": true}));
    world.cut("ana");
    world.resume("ana");
    assert_eq!(world.person("ana")["hidden"], true);
}

/// R8.
#[test]
fn the_late_close_of_a_replaced_socket_evicts_nobody() {
    let mut world = World::of(&["ana", "ben"]);
    world.resume("ana");
    assert_eq!(world.wires["ana#1"].closed, Some((4000, "replaced")));
    world.heard("ben");
    let late = world.closed("ana#1");
    assert_eq!(late, Default::default());
    // Nor does anything that was still on its way.
    let late = world.raw("ana#1", &json!({"type": "leave"}).to_string());
    assert_eq!(late, Default::default());
    assert_eq!(world.person("ana")["connection"], "connecting");
    assert_eq!(world.heard("ben"), [] as [Value; 0]);
}

#[test]
fn a_reload_raises_the_generation_and_forgets_tracks_and_sight() {
    let mut world = World::of(&["ana", "ben"]);
    let (ana, ben) = (world.id("ana"), world.id("ben"));
    for (name, other) in [("ana", &ben), ("ben", &ana)] {
        world.say(
            name,
            json!({"type": "connected", "epoch": 1, "elapsed_ms": 1, "sees": [other]}),
        );
        let track = json!({"id": "cam", "source": "camera", "ref": "s1", "muted": false});
        world.say(
            name,
            json!({"type": "tracks", "epoch": 1, "tracks": [track]}),
        );
    }
    world.say("ana", json!({"type": "presence", "hidden": true}));
    world.say("ana", chat(7, "hi"));
    world.heard("ben");
    let welcome = world.join("ana");
    assert_eq!(welcome["participant"], ana.as_str());
    assert_eq!(
        (&welcome["ordinal"], &welcome["generation"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(welcome["last_id"], 7);
    assert_eq!(welcome["chat"][0]["text"], "hi");
    assert_eq!(welcome["participants"].as_array().unwrap().len(), 2);
    let told = world.heard("ben");
    assert_eq!(types(&told), ["participant_updated"]);
    assert_eq!(
        told[0]["participant"],
        json!({"id": ana, "user_id": "ana", "name": "ANA", "role": "participant", "ordinal": 1,
               "generation": 2, "connection": "connecting", "tracks": [], "hidden": false})
    );
    assert_eq!(world.person("ana")["sees"], json!([]));
    assert_eq!(
        world.person("ben")["sees"],
        json!([]),
        "nobody has seen this generation yet"
    );
    assert_eq!(world.wires["ana#1"].closed, Some((4000, "replaced")));
}

#[test]
fn a_reload_is_not_told_again_what_its_snapshot_says() {
    let mut world = World::of(&["ana", "ben"]);
    world.cut("ana");
    world.say("ben", chat(1, "while away"));
    let welcome = world.join("ana");
    assert_eq!(welcome["chat"][0]["text"], "while away");
    assert_eq!(types(&world.heard("ana")), ["welcome"]);
    assert_eq!(world.person("ana")["unacknowledged"], 0);
}

/// R11: what the token says now counts, for a page that comes anew.
#[test]
fn a_reload_has_the_name_of_its_new_token() {
    let mut world = World::of(&["ana", "ben"]);
    let mut renamed = claims("ana");
    renamed.name = "Ana María".to_owned();
    world.join_with("ana", renamed);
    assert_eq!(world.heard("ben")[0]["participant"]["name"], "Ana María");
    assert_eq!(world.person("ana")["name"], "Ana María");
}
