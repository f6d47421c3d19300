//! Deadlines: hello, leases, and the end of an empty session (R5, R28).

mod support;

use samewire_core::session::TimerReason::{Empty, Heartbeat, Hello, Lease, Probe};
use samewire_core::session::{Decision, TimerReason, Write};
use samewire_core::tuning::Tuning;
use serde_json::{Value, json};
use support::{World, claims, types};

#[test]
fn a_socket_without_hello_is_sent_away_at_its_deadline() {
    let mut world = World::new();
    world.open("s", claims("ana"));
    world.advance(9_999);
    world.tick();
    assert_eq!(world.wires["s"].closed, None);
    assert_eq!(world.advance_to_next_timer(), (1, Hello));
    assert_eq!(world.wires["s"].closed, Some((1001, "hello_first")));
    assert_eq!(
        world.wires["s"].frames,
        [json!({"seq": 0, "type": "error", "code": "hello_first",
                "message": "no \"hello\" came within 10000 ms"})]
    );
    assert_eq!(world.session.poll_timeout(), None);
}

#[test]
fn a_socket_that_opened_before_the_object_slept_keeps_its_deadline() {
    let mut world = World::new();
    world.open("s", claims("ana"));
    world.advance(6_000);
    world.hibernate();
    assert_eq!(world.advance_to_next_timer(), (4_000, Hello));
}

#[test]
fn who_is_away_is_lost_at_once_and_left_a_lease_later() {
    let mut world = World::of(&["ana", "ben"]);
    world.cut("ana");
    assert_eq!(world.person("ana")["connection"], "lost");
    for _ in 0..3 {
        world.advance(9_999);
        world.beat("ben");
        world.tick();
    }
    assert_eq!(world.advance_to_next_timer(), (3, Lease));
    assert_eq!(world.person("ana"), Value::Null);
    let told = world.heard("ben");
    assert_eq!(told[1]["participant"]["connection"], "lost");
    assert_eq!(told[1]["reason"], "lease");
    assert_eq!(types(&told), ["participant_updated", "participant_left"]);
}

#[test]
fn a_hidden_tab_has_the_longer_lease_while_its_socket_stands() {
    let mut world = World::of(&["ana"]);
    world.say("ana", json!({"type": "presence", "hidden": true}));
    assert_eq!(world.advance_to_next_timer(), (120_000, Heartbeat));
    assert_eq!(types(&world.heard("ana")), ["probe"]);
    assert_eq!(world.advance_to_next_timer(), (3_000, Probe));
    assert_eq!(world.close_of("ana"), Some((1001, "no heartbeat")));
    assert_eq!(world.advance_to_next_timer(), (30_000, Lease));
}

/// A browser says that a tab is hidden while it closes it.
#[test]
fn a_closed_tab_is_gone_after_the_shorter_lease_although_it_said_that_it_is_hidden() {
    for sleeps in [false, true] {
        let mut world = World::of(&["ana"]);
        world.say("ana", json!({"type": "presence", "hidden": true}));
        world.cut("ana");
        if sleeps {
            world.hibernate();
        }
        assert_eq!(world.advance_to_next_timer(), (30_000, Lease));
        assert_eq!(world.person("ana"), Value::Null);
    }
}

#[test]
fn a_hidden_tab_that_resumes_has_the_longer_lease_again() {
    let mut world = World::of(&["ana"]);
    world.say("ana", json!({"type": "presence", "hidden": true}));
    world.cut("ana");
    world.advance(29_999);
    world.resume("ana");
    assert_eq!(world.advance_to_next_timer(), (120_000, Heartbeat));
}

#[test]
fn a_silent_socket_is_sent_away_after_a_lease_and_may_resume_for_another() {
    let mut world = World::of(&["ana", "ben"]);
    for _ in 0..2 {
        world.advance(15_000);
        world.beat("ben");
    }
    assert_eq!(world.advance_to_next_timer(), (0, Heartbeat));
    assert_eq!(types(&world.heard("ana")), ["probe"]);
    assert_eq!(world.close_of("ana"), None);
    assert_eq!(world.advance_to_next_timer(), (3_000, Probe));
    assert_eq!(world.close_of("ana"), Some((1001, "no heartbeat")));
    assert_eq!(world.person("ana")["connection"], "lost");
    world.advance(29_999);
    assert_eq!(world.resume("ana")["resumed"], true);
    let told = world.heard("ben");
    assert_eq!(
        types(&told),
        ["alert", "participant_updated", "participant_updated"]
    );
    assert_eq!(told[0]["kind"], "participant_stale");
}

#[test]
fn a_heartbeat_keeps_the_lease_without_a_row_or_a_word() {
    let mut world = World::of(&["ana"]);
    for _ in 0..10 {
        world.advance(15_000);
        world.beat("ana");
        assert_eq!(world.tick(), Decision::default());
    }
    assert_eq!(
        world.session.poll_timeout(),
        Some((world.now + samewire_core::time::Millis(30_000), Heartbeat))
    );
}

#[test]
fn any_frame_keeps_the_lease_too() {
    let mut world = World::of(&["ana"]);
    world.advance(20_000);
    world.say("ana", json!({"type": "of_the_future"}));
    world.advance(20_000);
    world.tick();
    assert_eq!(world.close_of("ana"), None);
}

/// R5.
#[test]
fn a_tick_may_come_late_and_twice() {
    let mut world = World::of(&["ana", "ben"]);
    world.cut("ana");
    world.advance(500_000);
    world.beat("ben");
    world.tick();
    assert_eq!(
        types(&world.heard("ben")),
        ["participant_updated", "participant_left"]
    );
    assert_eq!(world.tick(), Decision::default());
    assert_eq!(world.tick(), Decision::default());
}

#[test]
fn an_early_tick_does_nothing() {
    let mut world = World::of(&["ana"]);
    world.cut("ana");
    world.advance(29_999);
    assert_eq!(world.tick(), Decision::default());
}

/// The object is evicted after some seconds without an event, and restored when its alarm rings.
#[test]
fn leases_run_out_although_the_object_sleeps_between_all_alarms() {
    let mut world = World::of(&["ana", "ben", "cem"]);
    world.cut("ana");
    world.hibernate();
    world.advance(29_999);
    world.beat("ben");
    world.hibernate();
    world.tick();
    assert_eq!(world.person("ana")["connection"], "lost");
    world.advance(1);
    world.hibernate();
    world.tick();
    assert_eq!(world.person("ana"), Value::Null, "away for a lease");
    assert_eq!(world.close_of("ben"), None, "it beat a millisecond ago");
    assert_eq!(types(&world.heard("cem")).last(), Some(&"probe"));
    world.hibernate();
    world.advance(3_000);
    world.hibernate();
    world.tick();
    assert_eq!(world.close_of("cem"), Some((1001, "no heartbeat")));
    world.beat("ben");
    world.hibernate();
    world.advance(30_000);
    world.hibernate();
    world.beat("ben");
    world.tick();
    assert_eq!(world.person("cem"), Value::Null);
}

#[test]
fn after_a_sleep_the_alarm_is_due_at_once_and_then_when_the_last_heartbeat_says() {
    let mut world = World::of(&["ana"]);
    world.advance(40_000);
    world.beat("ana");
    world.advance(10_000);
    world.hibernate();
    assert_eq!(world.advance_to_next_timer(), (0, Heartbeat));
    assert_eq!(world.close_of("ana"), None);
    assert_eq!(world.advance_to_next_timer(), (20_000, Heartbeat));
    assert_eq!(world.advance_to_next_timer(), (3_000, Probe));
    assert_eq!(world.close_of("ana"), Some((1001, "no heartbeat")));
}

#[test]
fn what_a_killed_tab_last_told_of_its_call_is_in_the_log_when_it_is_gone() {
    let mut world = World::of(&["ana", "ben"]);
    let summary = json!({"score_min": 41.5, "drops": 2, "duration_ms": 60_000});
    let told = json!({"type": "quality", "epoch": 1, "score": 90.0, "rating": "excellent", "summary": summary});
    world.say("ben", told);
    world.hibernate();
    world.cut("ben");
    let gone = |world: &World| {
        let mut entries = world.table.entries().into_iter().map(|entry| json!(entry));
        entries.rfind(|entry| entry["kind"] == "left")
    };
    world.pass(60_000, &["ana"]);
    let left = gone(&world).unwrap();
    assert_eq!(left["summary"]["score_min"], 41.5);
    assert_eq!(left["summary"]["drops"], 2);
}

#[test]
fn an_empty_session_ends_after_its_grace_and_the_next_hello_begins_another() {
    let mut world = World::of(&["ana"]);
    world.say("ana", json!({"type": "chat", "id": 1, "text": "hi"}));
    world.say("ana", json!({"type": "leave"}));
    assert_eq!(world.close_of("ana"), Some((1000, "left")));
    assert_eq!(
        world.snapshot()["timers"],
        json!([{"at": 1_010_000, "reason": "empty"}])
    );
    world.hibernate();
    world.advance(9_999);
    assert_eq!(world.tick(), Decision::default());
    world.advance(1);
    assert!(matches!(
        world.tick().store.as_slice(),
        [Write::End(past), Write::Log(_)] if past.len() == 1
    ));
    assert_eq!(world.snapshot(), Value::Null);
    let a_day_later = world.now + Tuning::default().retention;
    assert_eq!(
        world.session.poll_timeout(),
        Some((a_day_later, TimerReason::Retention))
    );
    let old = world.tabs["ana"].clone();
    let welcome = world.resume_with("ana", claims("ana"), old.clone());
    assert_eq!(welcome["resumed"], false);
    assert_ne!(welcome["session"]["incarnation"], old.incarnation.as_str());
    assert_eq!(welcome["session"]["epoch"], 1);
    assert_eq!(
        (&welcome["ordinal"], &welcome["generation"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(
        (&welcome["chat"], &welcome["last_id"]),
        (&json!([]), &json!(0))
    );
}

#[test]
fn whoever_comes_within_the_grace_or_before_a_late_alarm_continues_the_life() {
    for wait in [5_000, 60_000] {
        let mut world = World::of(&["ana"]);
        let incarnation = world.tabs["ana"].incarnation.clone();
        world.say("ana", json!({"type": "leave"}));
        world.advance(wait);
        let welcome = world.join("ben");
        assert_eq!(welcome["session"]["incarnation"], incarnation.as_str());
        assert_eq!(welcome["ordinal"], 2);
        world.heard("ben");
        world.advance(20_000);
        world.tick();
        assert_eq!(world.person("ben")["connection"], "connecting");
    }
}

#[test]
fn the_end_comes_while_a_socket_waits_at_the_door_and_its_hello_begins_a_new_life() {
    let mut world = World::of(&["ana"]);
    world.say("ana", json!({"type": "leave"}));
    world.advance(5_000);
    world.open("s", claims("ben"));
    assert_eq!(world.advance_to_next_timer(), (5_000, Empty));
    assert_eq!(world.wires["s"].closed, None);
    world.raw("s", &support::hello("tab").to_string());
    let welcome = &world.wires["s"].frames[0];
    assert_eq!(
        (&welcome["ordinal"], &welcome["session"]["epoch"]),
        (&json!(1), &json!(1))
    );
}

#[test]
fn the_last_lease_that_runs_out_begins_the_grace() {
    let mut world = World::of(&["ana", "ben"]);
    world.cut("ana");
    world.cut("ben");
    assert_eq!(world.advance_to_next_timer(), (30_000, Lease));
    assert_eq!(world.snapshot()["participants"], json!([]));
    assert_eq!(world.advance_to_next_timer(), (10_000, Empty));
    assert_eq!(world.snapshot(), Value::Null);
}
