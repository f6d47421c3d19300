//! What an object has stored, byte for byte: another version of it has to read that.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what helps a test may panic: that is a failed test"
)]

use samewire_core::protocol::client::{Device, FailureReason, Operation, Source, Track};
use samewire_core::protocol::ids::{Epoch, Generation, LogSeq, MessageId, Seq};
use samewire_core::protocol::server::{ChatLine, Encoded, Mode, ProviderKind};
use samewire_core::provider::cause::Cause;
use samewire_core::session::log::{Alternative, By, Event, LogEntry, Summary};
use samewire_core::session::record::{
    Cursor, Fence, Grant, Kept, Member, ParticipantRecord, PastLife, Recovery, Report, SecretHash,
    SessionRecord, Standby, Switch,
};
use samewire_core::time::Millis;
use samewire_core::tuning::Tuning;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{from_str, json, to_string};

/// SHA-256 of `secret`.
const HASH: &str = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";

fn pinned<T: Serialize + DeserializeOwned + PartialEq + core::fmt::Debug>(value: &T, text: &str) {
    assert_eq!(to_string(value).ok().as_deref(), Some(text));
    assert_eq!(from_str::<T>(text).ok().as_ref(), Some(value));
    // R6: what a newer version adds is ignored by this one.
    let newer = format!(r#"{{"of_the_future":[1],{}"#, text.trim_start_matches('{'));
    assert_eq!(from_str::<T>(&newer).ok().as_ref(), Some(value));
}

/// As the first version of the object wrote it.
fn session() -> SessionRecord {
    from_str(concat!(
        r#"{"incarnation":"life","epoch":1,"provider":"p2p","kind":"p2p","mode":"call","#,
        r#""next_ordinal":3,"began_at":1000}"#
    ))
    .unwrap()
}

/// As the first version of the object wrote it.
fn participant() -> ParticipantRecord {
    from_str(&format!(
        concat!(
            r#"{{"id":"p1","user":"ana","name":"Ana","role":"participant","instance":"tab","#,
            r#""ordinal":1,"generation":2,"drivers":["p2p"],"socket_opened":7,"secret":"{}","#,
            r#""connected":false,"sees":[],"tracks":[],"hidden":false}}"#
        ),
        HASH
    ))
    .unwrap()
}

#[test]
fn the_decision_row() {
    pinned(
        &session(),
        concat!(
            r#"{"incarnation":"life","epoch":1,"provider":"p2p","kind":"p2p","mode":"call","#,
            r#""next_ordinal":3,"began_at":1000,"issued":0,"cause":"began","bars":{},"#,
            r#""switched_at":0,"heads_changed_at":0,"summary":{"durationMs":0,"participants":0,"#,
            r#""peak":0,"switches":0,"failovers":0,"aborted":0,"standbys":0,"standbysUsed":0,"#,
            r#""standbyMs":0,"longestGapMs":0}}"#
        ),
    );
    pinned(
        &SessionRecord {
            mode: Mode::Stream,
            title: Some("T".to_owned()),
            tuning: Some(json!({"LEASE": 5000})),
            p2p_limit: Some(2),
            empty_since: Some(Millis(2_000)),
            ..session()
        },
        concat!(
            r#"{"incarnation":"life","epoch":1,"provider":"p2p","kind":"p2p","mode":"stream","#,
            r#""title":"T","tuning":{"LEASE":5000},"p2p_limit":2,"next_ordinal":3,"#,
            r#""began_at":1000,"empty_since":2000,"issued":0,"cause":"began","bars":{},"#,
            r#""switched_at":0,"heads_changed_at":0,"summary":{"durationMs":0,"participants":0,"#,
            r#""peak":0,"switches":0,"failovers":0,"aborted":0,"standbys":0,"standbysUsed":0,"#,
            r#""standbyMs":0,"longestGapMs":0}}"#
        ),
    );
}

#[test]
fn a_switch_and_a_recovery_in_the_decision_row() {
    let switch = Switch {
        epoch: Epoch(3),
        provider: "janus".into(),
        kind: ProviderKind::Sfu,
        cause: Cause::Grew,
        began: Millis(2),
        deadline: Millis(9),
        quorum: [(
            "p1".into(),
            Member {
                generation: Generation(2),
                ready: true,
                ready_after: Some(Millis(4)),
                silent: false,
            },
        )]
        .into(),
        probed: true,
        earns: None,
        pins: Some("oda".to_owned()),
        merged: [Cause::Returned].into(),
    };
    pinned(
        &switch,
        concat!(
            r#"{"epoch":3,"provider":"janus","kind":"sfu","cause":"grew","began":2,"deadline":9,"#,
            r#""quorum":{"p1":{"generation":2,"ready":true,"ready_after":4,"silent":false}},"probed":true,"#,
            r#""pins":"oda","merged":["returned"]}"#
        ),
    );
    pinned(
        &Recovery::Trying {
            since: Millis(1),
            tried: vec!["p2p".into()],
            wait: Millis(2),
        },
        r#"{"state":"trying","since":1,"tried":["p2p"],"wait":2}"#,
    );
    pinned(
        &Recovery::Exhausted {
            tried: vec!["p2p".into()],
            retry_at: Millis(3),
            wait: Millis(2),
        },
        r#"{"state":"exhausted","tried":["p2p"],"retry_at":3,"wait":2}"#,
    );
    assert!(from_str::<Recovery>(r#"{"state":"exhausted","tried":[],"wait":2}"#).is_err());
}

#[test]
fn what_is_on_standby() {
    pinned(
        &Standby {
            provider: "janus".into(),
            kind: ProviderKind::Sfu,
            since: Millis(5),
        },
        r#"{"provider":"janus","kind":"sfu","since":5}"#,
    );
    let old =
        r#"{"durationMs":1,"participants":2,"peak":2,"switches":0,"failovers":0,"aborted":0}"#;
    assert_eq!(from_str::<Summary>(old).unwrap().standbys, 0);
}

#[test]
fn what_a_participant_reported() {
    pinned(
        &Report::Failed {
            at: Millis(1),
            operation: Operation::Publish,
            reason: FailureReason::Ice,
            attempt: 2,
        },
        r#"{"kind":"failed","at":1,"operation":"publish","reason":"ice","attempt":2}"#,
    );
    pinned(
        &Report::Suspect { at: Millis(1) },
        r#"{"kind":"suspect","at":1}"#,
    );
    assert!(from_str::<Report>(r#"{"kind":"failed","at":1}"#).is_err());
}

#[test]
fn an_entry_of_the_decision_log() {
    let entry = LogEntry {
        seq: LogSeq(4),
        at: Millis(5),
        incarnation: "life".into(),
        epoch: Epoch(2),
        event: Event::Committed {
            provider: "janus".into(),
            provider_kind: ProviderKind::Sfu,
            cause: Cause::Failed,
            urgent: true,
        },
        by: By::Participant { id: "p1".into() },
        evidence: Some(json!({"failed": ["p1"]})),
        alternatives: vec![Alternative {
            provider: "p2p".into(),
            why: "barred".to_owned(),
        }],
    };
    pinned(
        &entry,
        concat!(
            r#"{"seq":4,"at":5,"incarnation":"life","epoch":2,"kind":"committed","#,
            r#""provider":"janus","providerKind":"sfu","cause":"failed","urgent":true,"#,
            r#""by":{"kind":"participant","id":"p1"},"evidence":{"failed":["p1"]},"#,
            r#""alternatives":[{"provider":"p2p","why":"barred"}]}"#
        ),
    );
}

#[test]
fn a_participants_row() {
    let head = concat!(
        r#"{"id":"p1","user":"ana","name":"Ana","role":"participant","instance":"tab","#,
        r#""ordinal":1,"generation":2,"drivers":["p2p"]"#
    );
    let away = ParticipantRecord {
        away_since: Some(Millis(9)),
        ..participant()
    };
    pinned(
        &away,
        &format!(
            concat!(
                r#"{},"socket_opened":7,"away_since":9,"secret":"{}","connected":false,"sees":[],"tracks":[],"#,
                r#""hidden":false,"token":"","token_expires_at":0,"token_lasts":0}}"#
            ),
            head, HASH
        ),
    );
    let track = Track {
        id: "t".into(),
        source: Source::Camera,
        reference: Some("s".to_owned()),
        muted: true,
    };
    let device = Device {
        browser: Some("Firefox".to_owned()),
        ..Device::default()
    };
    pinned(
        &ParticipantRecord {
            socket: Some("s1".into()),
            previous_secret: Some(SecretHash::of("secret")),
            connected: true,
            sees: ["p2".into()].into(),
            tracks: vec![track],
            hidden: true,
            device: Some(device),
            ..participant()
        },
        &format!(
            concat!(
                r#"{},"socket":"s1","socket_opened":7,"secret":"{}","previous_secret":"{}","connected":true,"#,
                r#""sees":["p2"],"tracks":[{{"id":"t","source":"camera","ref":"s","muted":true}}],"#,
                r#""hidden":true,"device":{{"browser":"Firefox"}},"token":"","token_expires_at":0,"token_lasts":0}}"#
            ),
            head, HASH, HASH
        ),
    );
}

#[test]
fn credentials_that_were_asked_for_and_rooms_that_were_made() {
    pinned(
        &Grant {
            epoch: Some(Epoch(2)),
            ask_at: Some(Millis(9)),
        },
        r#"{"epoch":2,"ask_at":9}"#,
    );
    let record = ParticipantRecord {
        grants: [("janus".into(), Grant::default())].into(),
        ..participant()
    };
    assert!(
        to_string(&record)
            .unwrap()
            .contains(r#""grants":{"janus":{}}"#)
    );
    let rooms = SessionRecord {
        rooms: ["janus".into()].into(),
        ..session()
    };
    assert!(to_string(&rooms).unwrap().contains(r#""rooms":["janus"]"#));
    let past = PastLife {
        incarnation: "life".into(),
        last: LogSeq(4),
        ended_at: Millis(9),
        rooms: ["janus".into()].into(),
    };
    pinned(
        &past,
        r#"{"incarnation":"life","last":4,"ended_at":9,"rooms":["janus"]}"#,
    );
    let old = r#"{"incarnation":"life","last":4,"ended_at":9}"#;
    assert!(from_str::<PastLife>(old).unwrap().rooms.is_empty());
}

#[test]
fn a_cursor() {
    let cursor = Cursor {
        seq: Seq(9),
        last_id: MessageId(4),
        dropped: Seq(2),
    };
    pinned(&cursor, r#"{"seq":9,"last_id":4,"dropped":2}"#);
}

#[test]
fn a_kept_frame() {
    let message = Encoded(r#"{"type":"bye","reason":"r"}"#.to_owned());
    let text = r#"{"message":"{\"type\":\"bye\",\"reason\":\"r\"}""#;
    let plain = Kept {
        message: message.clone(),
        fence: None,
    };
    pinned(&plain, &format!("{text}}}"));
    let fence = Fence {
        epoch: Epoch(1),
        from: "p2".into(),
        generation: Generation(1),
        to_generation: Generation(2),
    };
    let fenced = r#""fence":{"epoch":1,"from":"p2","generation":1,"to_generation":2}"#;
    pinned(
        &Kept {
            message,
            fence: Some(fence),
        },
        &format!("{text},{fenced}}}"),
    );
}

#[test]
fn a_line_of_the_chat() {
    let line = ChatLine {
        from: "p1".into(),
        name: "Ana".to_owned(),
        id: MessageId(4),
        text: "hi".to_owned(),
        at: Millis(1_000),
    };
    pinned(
        &line,
        r#"{"from":"p1","name":"Ana","id":4,"text":"hi","at":1000}"#,
    );
}

#[test]
fn records_from_before_a_field_was_added_still_read() {
    let old = concat!(
        r#"{"incarnation":"life","epoch":1,"provider":"p2p","kind":"p2p","next_ordinal":3,"#,
        r#""began_at":1000}"#
    );
    assert_eq!(from_str::<SessionRecord>(old).unwrap(), session());
    let old = format!(
        concat!(
            r#"{{"id":"p1","user":"ana","name":"Ana","role":"participant","instance":"tab","#,
            r#""ordinal":1,"generation":2,"drivers":["p2p"],"secret":"{}"}}"#
        ),
        HASH
    );
    let expected = ParticipantRecord {
        socket_opened: Millis(0),
        ..participant()
    };
    assert_eq!(from_str::<ParticipantRecord>(&old).unwrap(), expected);
    let cursor = Cursor {
        seq: Seq(9),
        last_id: MessageId(4),
        dropped: Seq(0),
    };
    assert_eq!(
        from_str::<Cursor>(r#"{"seq":9,"last_id":4}"#).unwrap(),
        cursor
    );
}

/// R33.
#[test]
fn of_a_secret_only_its_hash_is_stored() {
    let hash = SecretHash::of("secret");
    assert_eq!(to_string(&hash).unwrap(), format!("\"{HASH}\""));
    assert!(hash.matches("secret"));
    for wrong in ["", "Secret", "secret ", HASH] {
        assert!(!hash.matches(wrong));
    }
}

#[test]
fn a_sessions_own_constants_stand_over_the_operators() {
    let configured = Tuning {
        lease: Millis(7_000),
        ..Tuning::default()
    };
    assert_eq!(session().tuning(configured), configured);
    let own = SessionRecord {
        tuning: Some(json!({"HEARTBEAT": 500})),
        p2p_limit: Some(2),
        ..session()
    };
    assert_eq!(
        own.tuning(configured),
        Tuning {
            heartbeat: Millis(500),
            p2p_participant_limit: 2,
            ..configured
        }
    );
    let unreadable = SessionRecord {
        tuning: Some(json!({"OF_THE_FUTURE": 1})),
        ..session()
    };
    assert_eq!(unreadable.tuning(configured), configured);
}
