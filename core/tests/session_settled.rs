//! What the contract leaves open, and how it is settled here.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what helps a test may panic: that is a failed test"
)]

mod support;

use samewire_core::protocol::http::{Lock, SessionPatch};
use samewire_core::session::{
    Act, Ask, Claims, Input, Refused, Renewal, SameUser, Settings, Write,
};
use samewire_core::time::Millis;
use serde_json::{Value, json};
use support::{BEGIN, World, claims, hello, settings, three_providers};

const PAIR: [&str; 2] = ["ana", "ben"];
const THREE: [&str; 3] = ["ana", "ben", "cem"];
const HOUR: u64 = 3_600_000;

fn call(names: &[&str]) -> World {
    let mut world = World::hybrid(names);
    world.in_a_call(names);
    world
}

fn everyone_ready(world: &mut World, names: &[&str]) {
    let epoch = world.snapshot()["switch"]["epoch"].as_u64().unwrap();
    names.iter().for_each(|name| world.ready(name, epoch));
}

fn ana_is_blind_to_ben(world: &mut World) {
    let (epoch, cem) = (world.epoch(), world.id("cem"));
    let frame = json!({"type": "connected", "epoch": epoch, "elapsed_ms": 1, "sees": [cem]});
    world.say("ana", frame);
}

/// Both providers but `p2p` are barred because they failed, or it was never chosen.
fn silent_everywhere(world: &mut World, names: &[&str]) {
    for _ in 0..30 {
        world.pass(1_000, names);
    }
}

#[test]
fn an_operator_s_switch_that_is_aborted_leaves_the_pin_before_it() {
    let mut world = call(&PAIR);
    world.switch_to("janus").unwrap();
    everyone_ready(&mut world, &PAIR);
    world.switch_to("daily").unwrap();
    world.fail_at("ana", 3, "daily", "join", 1);
    assert_eq!(world.provider(), "janus");
    assert_eq!(world.snapshot()["pinnedBy"], "olga");
    for _ in 0..5 {
        world.pass(60_000, &PAIR);
    }
    assert_eq!(world.provider(), "janus", "P2P is not returned to");
}

#[test]
fn a_failure_takes_a_pinned_session_elsewhere_and_it_is_pinned_there() {
    let mut world = call(&PAIR);
    world.switch_to("janus").unwrap();
    everyone_ready(&mut world, &PAIR);
    world.fail("ana", 2, "janus");
    world.all_see(&PAIR);
    assert_eq!(world.provider(), "p2p");
    assert_eq!(world.snapshot()["pinnedBy"], "olga");
}

#[test]
fn who_unpins_while_the_switch_is_under_way_is_moved_and_not_pinned() {
    let mut world = call(&PAIR);
    world.switch_to("janus").unwrap();
    world.patch(SessionPatch {
        unpin: true,
        ..SessionPatch::default()
    });
    everyone_ready(&mut world, &PAIR);
    assert_eq!(world.provider(), "janus");
    assert_eq!(world.snapshot()["pinnedBy"], Value::Null);
}

#[test]
fn r21_locked_to_stay_during_a_switch_it_stays() {
    let mut world = call(&PAIR);
    world.switch_to("janus").unwrap();
    world.patch(SessionPatch {
        lock: Some(Some(Lock::Stay)),
        ..SessionPatch::default()
    });
    assert_eq!(
        (world.provider(), world.state()),
        ("p2p".into(), "active".into())
    );
    assert_eq!(world.logged().last().unwrap(), "aborted");
    let barred = world.snapshot()["barred"].clone();
    assert_eq!(barred, Value::Null, "that says nothing of janus");
}

#[test]
fn a_move_by_an_operator_while_media_is_dead_is_no_failover() {
    let mut world = call(&PAIR);
    world.fail("ana", 1, "p2p");
    assert_eq!(world.provider(), "janus");
    world.switch_to("daily").unwrap();
    world.operate(Act::End).unwrap();
    let end = world.table.entries().last().map(|e| json!(e)).unwrap();
    let summary = &end["summary"];
    assert_eq!(
        (&summary["switches"], &summary["failovers"]),
        (&json!(2), &json!(1)),
        "{end}"
    );
}

#[test]
fn r41_one_who_moved_the_session_an_hour_ago_may_do_so_again() {
    let mut world = call(&THREE);
    for (after, moves) in [(0, 1), (HOUR - 100_000, 1), (200_000, 2)] {
        world.pass(after, &THREE);
        ana_is_blind_to_ben(&mut world);
        world.pass(3_500, &THREE);
        assert_eq!(world.count("prepared"), moves);
        if world.state() == "switching" {
            let epoch = world.snapshot()["switch"]["epoch"].as_u64().unwrap();
            let to = world.snapshot()["switch"]["provider"]
                .as_str()
                .unwrap()
                .to_owned();
            world.fail_at("cem", epoch, &to, "join", 1);
        }
        world.all_see(&THREE);
    }
}

#[test]
fn r19_where_nobody_s_media_came_is_not_the_next_thing_that_is_tried() {
    let mut world = call(&PAIR);
    world.fail("ana", 1, "p2p");
    assert_eq!(world.provider(), "janus");
    // Nobody says anything any more: neither that media flows nor that it failed.
    silent_everywhere(&mut world, &PAIR);
    assert_eq!(world.count("exhausted"), 1);
    assert_eq!(world.provider(), "daily");
}

#[test]
fn r19_who_leaves_and_was_the_only_one_without_a_driver_ends_the_waiting() {
    let mut world = World::hybrid(&PAIR);
    let socket = world.dial("cem", claims("cem"));
    let mut frame = hello("tab-cem");
    frame["drivers"] = json!(["p2p"]);
    world.raw(&socket, &frame.to_string());
    world.heard("cem");
    world.in_a_call(&THREE);
    PAIR.iter().for_each(|name| world.fail(name, 1, "p2p"));
    assert_eq!(world.state(), "exhausted");
    world.say("cem", json!({"type": "leave"}));
    assert_eq!(
        (world.provider(), world.state()),
        ("janus".into(), "active".into())
    );
}

#[test]
fn r9_a_ghost_is_not_here_when_its_user_comes_again() {
    let mut world = World::with(Settings {
        same_user: SameUser::Reject,
        ..settings()
    });
    world.join_all(&PAIR);
    world.cut("ana");
    let socket = world.dial("ana", claims("ana"));
    world.raw(&socket, &hello("another-tab").to_string());
    assert_eq!(world.first("ana")["type"], "welcome");
    let people = world.snapshot()["participants"].as_array().unwrap().len();
    assert_eq!(people, 2, "the ghost made way");
}

#[test]
fn a_suspicion_that_is_not_said_again_is_over_after_10_s() {
    let mut world = call(&PAIR);
    world.say(
        "ana",
        json!({"type": "suspect", "epoch": 1, "provider": "p2p", "evidence": {}}),
    );
    assert_eq!(world.person("ana")["connection"], "poor");
    world.pass(9_999, &PAIR);
    assert_eq!(world.person("ana")["connection"], "poor");
    world.pass(1, &PAIR);
    assert_eq!(world.person("ana")["connection"], "good");
    assert_eq!(
        world.ack("ben").last().unwrap()["participant"]["connection"],
        "good"
    );
}

#[test]
fn r33_whoever_never_got_the_renewed_token_is_given_another() {
    let until = |span| BEGIN + Millis::from_secs(span);
    let token = |ends| Claims {
        expires_at: until(ends),
        lasts: Millis::from_secs(3_600),
        ..claims("ana")
    };
    let mut world = World::new();
    world.join_with("ana", token(3_600));
    world.heard("ana");
    world.pass(1_800_000, &["ana"]);
    let participant = world.id("ana").as_str().into();
    assert_eq!(world.asked, [Ask::Token(participant)]);
    world.cut("ana");
    let what = Renewal::Token {
        token: "newer".to_owned(),
        expires_at: until(5_400),
    };
    let participant = world.id("ana").as_str().into();
    world.handle(Input::Renewed { participant, what });
    world.asked.clear();
    // Back with the token that it knows.
    let tab = world.tabs["ana"].clone();
    world.resume_with("ana", token(3_600), tab);
    assert_eq!(world.first("ana")["resumed"], true);
    world.pass(900_000, &["ana"]);
    assert_eq!(
        world.asked.len(),
        1,
        "at half of what is left of the old one"
    );
}

#[test]
fn news_of_the_providers_that_wait_for_their_moment_do_not_hold_up_what_is_due_at_once() {
    let mut world = call(&PAIR);
    let mut providers = three_providers();
    providers[0].is_active = false;
    // A moment that is not now: nothing but the rule's own pace stands between.
    world.providers(providers.clone());
    assert_eq!(world.count("prepared"), 0);
    providers[0].is_active = true;
    world.providers(providers);
    ["cem", "dee"]
        .iter()
        .for_each(|name| drop(world.join(name)));
    assert_eq!(world.snapshot()["switch"]["cause"], "grew");
}

#[test]
fn whoever_resumes_between_probe_and_deadline_is_waited_for() {
    let mut world = call(&PAIR);
    world.switch_to("janus").unwrap();
    world.ready("ana", 2);
    // One second before the deadline those not ready are probed.
    world.pass(4_000, &["ana"]);
    world.cut("ben");
    world.resume("ben");
    world.heard("ben");
    world.pass(1_000, &["ana"]);
    assert_eq!(
        (world.provider(), world.state()),
        ("p2p".into(), "active".into()),
        "it was there and not ready: nobody moves"
    );
}

#[test]
fn a_life_that_ends_when_an_old_one_is_forgotten_takes_its_log_along() {
    let mut world = World::of(&["ana"]);
    world.operate(Act::End).unwrap();
    let first = world.table.entries().len();
    assert_ne!(first, 0);
    world.advance(24 * HOUR - 60_000);
    world.join("ana");
    world.say("ana", json!({"type": "leave"}));
    // An alarm that rings late: the one life has ended, the other's log is old.
    world.advance(120_000);
    world.tick();
    let left = world.table.entries();
    let old = left.iter().filter(|e| e.seq.0 <= first as u64).count();
    assert_eq!(old, 0, "{left:?}");
    assert_eq!(json!(left.last())["kind"], "ended");
}

#[test]
fn what_a_client_says_to_have_handled_is_no_more_than_it_was_told() {
    let mut world = World::of(&PAIR);
    world.say("ben", json!({"type": "chat", "id": 1, "text": "hi"}));
    let decision = world.say("ana", json!({"type": "ack", "ack": u64::MAX}));
    let told = world.heard("ana").last().unwrap()["seq"].as_u64().unwrap();
    let forgot = decision.store.iter().find_map(|write| {
        let Write::Forget(_, seq) = write else {
            return None;
        };
        Some(seq.0)
    });
    assert_eq!(forgot, Some(told));
}

#[test]
fn r21_a_lock_to_relays_that_nothing_could_keep_is_refused_with_why() {
    let mut world = World::of(&PAIR);
    let lock = SessionPatch {
        lock: Some(Some(Lock::Relay)),
        ..SessionPatch::default()
    };
    let refused = world.operate(Act::Patch(lock));
    let why = "the session is locked to relays, and there is only peer-to-peer for everyone";
    assert_eq!(refused, Err(Refused::Conflict(why.to_owned())));
    assert_eq!(world.snapshot()["lock"], Value::Null);
}
