//! What an object has stored, byte for byte: another version of it has to read that.

use samewire_core::protocol::client::{Device, Source, Track};
use samewire_core::protocol::ids::{Epoch, Generation, MessageId, Ordinal, Seq};
use samewire_core::protocol::server::{ChatLine, Encoded, Mode, ProviderKind, Role};
use samewire_core::session::record::{
    Cursor, Fence, Kept, ParticipantRecord, SecretHash, SessionRecord,
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

fn session() -> SessionRecord {
    SessionRecord {
        incarnation: "life".into(),
        epoch: Epoch(1),
        provider: "p2p".into(),
        kind: ProviderKind::P2p,
        mode: Mode::Call,
        title: None,
        tuning: None,
        p2p_limit: None,
        next_ordinal: Ordinal(3),
        began_at: Millis(1_000),
        empty_since: None,
    }
}

fn participant() -> ParticipantRecord {
    ParticipantRecord {
        id: "p1".into(),
        user: "ana".into(),
        name: "Ana".to_owned(),
        role: Role::Participant,
        instance: "tab".into(),
        ordinal: Ordinal(1),
        generation: Generation(2),
        drivers: ["p2p".into()].into(),
        socket: None,
        socket_opened: Millis(7),
        away_since: None,
        secret: SecretHash::of("secret"),
        previous_secret: None,
        connected: false,
        sees: Default::default(),
        tracks: Vec::new(),
        hidden: false,
        device: None,
    }
}

#[test]
fn the_decision_row() {
    pinned(
        &session(),
        concat!(
            r#"{"incarnation":"life","epoch":1,"provider":"p2p","kind":"p2p","mode":"call","#,
            r#""next_ordinal":3,"began_at":1000}"#
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
            r#""began_at":1000,"empty_since":2000}"#
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
                r#""hidden":false}}"#
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
                r#""hidden":true,"device":{{"browser":"Firefox"}}}}"#
            ),
            head, HASH, HASH
        ),
    );
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
