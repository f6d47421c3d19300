//! What was found by looking for what nothing else covers: states that never end, and acts that cross.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what helps a test may panic: that is a failed test"
)]

mod support;

use samewire_core::protocol::http::{Lock, SessionPatch};
use samewire_core::session::{Act, Claims, Input, Renewal, SameUser, Settings};
use samewire_core::time::Millis;
use serde_json::{Value, json};
use support::{BEGIN, World, claims, hello, settings, three_providers};

const THREE: [&str; 3] = ["ana", "ben", "cem"];
const FOUR: [&str; 4] = ["ana", "ben", "cem", "dee"];

/// That nothing is due now: a deadline that stays due would ring the alarm for ever.
fn nothing_is_due(world: &World) {
    let due = world.session.poll_timeout().unwrap();
    assert!(due.0 > world.now, "{due:?} is due at {:?}", world.now);
}

fn exhausted() -> World {
    let mut world = World::hybrid(&["ana", "ben"]);
    world.in_a_call(&["ana", "ben"]);
    for (epoch, provider) in [(1, "p2p"), (2, "janus"), (3, "daily")] {
        world.fail("ana", epoch, provider);
    }
    assert_eq!(world.state(), "exhausted");
    world
}

#[test]
fn whoever_is_given_up_though_it_sees_everyone_rings_no_alarm_any_more() {
    let mut world = World::of(&THREE);
    world.in_a_call(&THREE);
    world.sees_all_but("ana", "ben", &THREE);
    world.sees_all_but("cem", "ben", &THREE);
    world.pass(3_500, &THREE);
    assert_eq!(world.person("ben")["connection"], "lost");
    assert_eq!(world.person("ana")["connection"], "good");
    nothing_is_due(&world);
}

#[test]
fn who_is_lost_already_takes_nobody_else_along() {
    let mut world = World::of(&FOUR);
    world.in_a_call(&FOUR);
    world.sees_all_but("ana", "ben", &FOUR);
    world.pass(3_500, &FOUR);
    assert_eq!(world.person("ana")["connection"], "lost");
    world.sees_all_but("cem", "dee", &FOUR);
    world.pass(3_500, &FOUR);
    let connections: Vec<_> = FOUR.map(|n| world.person(n)["connection"].clone()).to_vec();
    assert_eq!(connections, ["lost", "good", "lost", "good"]);
    nothing_is_due(&world);
}

#[test]
fn an_operator_who_moves_an_exhausted_session_ends_the_waiting() {
    let mut world = exhausted();
    world.switch_to("daily").unwrap();
    assert_eq!(
        (world.provider(), world.state()),
        ("daily".into(), "active".into())
    );
    let epoch = world.epoch();
    // The alarm of the waiting is over: the operator's provider is tried as long as any.
    world.pass(6_000, &["ana", "ben"]);
    assert_eq!((world.epoch(), world.provider()), (epoch, "daily".into()));
}

#[test]
fn r37_news_after_news_do_not_put_a_move_off_for_ever() {
    let mut world = World::hybrid(&THREE);
    world.in_a_call(&THREE);
    let mut providers = three_providers();
    providers[0].is_active = false;
    for score in 60..80 {
        providers[2].score = score;
        world.providers(providers.clone());
        world.pass(1_000, &THREE);
    }
    assert_ne!(world.count("prepared"), 0);
}

#[test]
fn r9_a_tab_that_is_refused_takes_nothing_over() {
    let mut world = World::with(Settings {
        same_user: SameUser::Takeover,
        ..settings()
    });
    world.join_all(&["ana", "ben"]);
    let socket = world.dial("second", claims("ana"));
    let mut frame = hello("tab-second");
    frame["drivers"] = json!(["daily"]);
    world.raw(&socket, &frame.to_string());
    assert_eq!(world.refusal(&socket), (4009, "unsupported"));
    assert_eq!(world.close_of("ana"), None);
    assert_ne!(world.person("ana"), Value::Null);
}

#[test]
fn r9_who_takes_over_needs_no_place_beside_its_own_old_tab() {
    let mut world = World::with(Settings {
        same_user: SameUser::Takeover,
        ..settings()
    });
    let eight = ["a", "b", "c", "d", "e", "f", "g", "h"];
    world.join_all(&eight);
    world.join_with("second", claims("a"));
    assert_eq!(world.first("second")["type"], "welcome");
    assert_eq!(world.close_of("a"), Some((4000, "taken over")));
}

#[test]
fn who_has_no_driver_for_where_an_operator_moves_to_is_not_let_in_meanwhile() {
    let mut world = World::hybrid(&["ana", "ben"]);
    world.in_a_call(&["ana", "ben"]);
    world.switch_to("janus").unwrap();
    let socket = world.dial("cem", claims("cem"));
    let mut frame = hello("tab-cem");
    frame["drivers"] = json!(["p2p"]);
    world.raw(&socket, &frame.to_string());
    assert_eq!(world.refusal(&socket), (4009, "unsupported"));
}

#[test]
fn a_session_deleted_just_after_its_object_died_says_nothing_after_the_close() {
    let mut world = World::hybrid(&["ana", "ben"]);
    world.in_a_call(&["ana", "ben"]);
    world.switch_to("janus").unwrap();
    let survivor = "ana";
    world.advance(10_000);
    world.kill_but(&[survivor]);
    world.operate(Act::End).unwrap();
    assert_eq!(world.close_of("ana"), Some((4004, "ended")));
    assert_eq!(world.snapshot(), Value::Null);
}

#[test]
fn who_came_with_a_token_without_a_name_is_removed_alone_and_barred() {
    let nameless = |user| Claims {
        token: "".into(),
        ..claims(user)
    };
    let mut world = World::new();
    for name in ["ana", "ben"] {
        world.join_with(name, nameless(name));
        world.heard(name);
    }
    let participant = world.id("ana").as_str().into();
    world
        .operate(Act::Remove {
            participant,
            user: false,
        })
        .unwrap();
    assert_eq!(world.close_of("ben"), None);
    let socket = world.dial("ana", nameless("ana"));
    world.raw(&socket, &hello("tab-ana").to_string());
    assert_eq!(world.refusal(&socket), (4003, "removed"));
    world.join_with("cem", nameless("cem"));
    assert_eq!(world.first("cem")["type"], "welcome");
}

#[test]
fn r33_a_reload_with_an_older_token_does_not_shorten_the_bar_of_a_newer_one() {
    let until = |seconds| BEGIN + Millis::from_secs(seconds);
    let token = |ends| Claims {
        expires_at: until(ends),
        lasts: Millis::from_secs(3_600),
        ..claims("ana")
    };
    let mut world = World::new();
    world.join_with("ana", token(3_600));
    world.join("ben");
    world.heard("ana");
    world.handle(Input::Renewed {
        participant: world.id("ana").as_str().into(),
        what: Renewal::Token {
            token: "newer".to_owned(),
            expires_at: until(5_400),
        },
    });
    world.join_with("ana", token(3_600));
    let participant = world.id("ana").as_str().into();
    world
        .operate(Act::Remove {
            participant,
            user: false,
        })
        .unwrap();
    world.now = until(3_700);
    let socket = world.dial("ana", token(5_400));
    world.raw(&socket, &hello("tab-ana").to_string());
    assert_eq!(world.refusal(&socket), (4003, "removed"));
}

#[test]
fn who_resumed_with_another_token_is_barred_by_both() {
    let other = Claims {
        token: "jti-other".into(),
        ..claims("ana")
    };
    let mut world = World::of(&["ana", "ben"]);
    world.cut("ana");
    world.resume_with("ana", other.clone(), world.tabs["ana"].clone());
    assert_eq!(world.first("ana")["resumed"], true);
    let participant = world.id("ana").as_str().into();
    world
        .operate(Act::Remove {
            participant,
            user: false,
        })
        .unwrap();
    for token in [other, claims("ana")] {
        let socket = world.dial("ana", token);
        world.raw(&socket, &hello("tab-ana").to_string());
        assert_eq!(world.refusal(&socket), (4003, "removed"));
    }
}

#[test]
fn r21_who_locks_to_relays_during_a_switch_to_p2p_is_not_moved_there() {
    let mut world = World::hybrid(&FOUR);
    world.in_a_call(&FOUR);
    FOUR.iter().for_each(|name| world.ready(name, 2));
    assert_eq!(world.provider(), "janus");
    world.switch_to("p2p").unwrap();
    let lock = Some(Some(Lock::Relay));
    world.patch(SessionPatch {
        lock,
        ..SessionPatch::default()
    });
    FOUR.iter().for_each(|name| world.ready(name, 3));
    assert_eq!(
        (world.provider(), world.state()),
        ("janus".into(), "active".into())
    );
    assert_eq!(world.snapshot()["pinnedBy"], Value::Null);
}

#[test]
fn staying_earns_no_bar_where_a_move_for_a_one_way_pair_was_aborted() {
    let mut world = World::hybrid(&THREE);
    world.in_a_call(&THREE);
    world.sees_all_but("ana", "ben", &THREE);
    world.pass(3_500, &THREE);
    assert_eq!(world.state(), "switching");
    world.fail("cem", 2, "janus");
    assert_eq!(world.state(), "active");
    let barred = world.snapshot()["barred"].clone();
    assert_eq!(
        barred.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["janus"]
    );
    for _ in 0..20 {
        world.pass(3_000, &THREE);
    }
    assert_eq!((world.epoch(), world.count("prepared")), (1, 1));
}

#[test]
fn r20_what_somebody_alone_said_of_media_moves_nobody_who_comes_later() {
    let mut world = World::hybrid(&["ana", "ben"]);
    world.in_a_call(&["ana", "ben"]);
    world.say("ben", json!({"type": "leave"}));
    world.fail("ana", 1, "p2p");
    world.join("cem");
    assert_eq!((world.epoch(), world.provider()), (1, "p2p".into()));
}

#[test]
fn r7_a_clock_that_goes_back_locks_nobody_out() {
    let mut world = World::of(&["ana"]);
    world.say("ana", json!({"type": "ack"}));
    world.now = Millis(world.now.0 - 900_000);
    world.say("ana", json!({"type": "chat", "id": 1, "text": "hi"}));
    world.advance(100);
    world.say("ana", json!({"type": "chat", "id": 2, "text": "hi"}));
    let heard = world.heard("ana");
    assert_eq!(heard.last().unwrap()["type"], "chat");
}

#[test]
fn whoever_is_away_is_no_witness_of_poor_quality() {
    let mut world = World::hybrid(&["ana", "ben"]);
    world.in_a_call(&["ana", "ben"]);
    world.say(
        "ben",
        json!({"type": "quality", "epoch": 1, "score": 50.0, "rating": "poor"}),
    );
    world.cut("ben");
    for _ in 0..5 {
        world.pass(3_000, &["ana"]);
    }
    assert_eq!(world.count("prepared"), 0);
}
