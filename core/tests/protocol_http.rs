//! The bodies of the HTTP API, byte for byte.

use samewire_core::protocol::client::{Source, Track};
use std::collections::BTreeMap;

use samewire_core::protocol::http::{
    Lock, ParticipantSnapshot, Problem, SessionSettings, Snapshot, SwitchSnapshot, TimerSnapshot,
    TokenRequest, TokenResponse,
};
use samewire_core::protocol::ids::{Epoch, Generation, Ordinal, SessionId, TokenId};
use samewire_core::protocol::server::{Connection, LifeState, Mode, ProviderKind, Role};
use samewire_core::provider::cause::Cause;
use samewire_core::session::{Claims, TimerReason};
use samewire_core::time::Millis;
use serde_json::{from_str, json, to_string};

#[test]
fn the_shortest_and_the_longest_token_request() {
    let shortest = TokenRequest {
        user_id: "ana".into(),
        name: None,
        role: Role::Participant,
        ttl_seconds: None,
        session: None,
    };
    assert_eq!(
        from_str::<TokenRequest>(r#"{"userId":"ana"}"#).unwrap(),
        shortest
    );
    let longest = concat!(
        r#"{"userId":"ana","name":"Ana","role":"host","ttlSeconds":60,"session":"#,
        r#"{"title":"T","mode":"stream","p2pLimit":2,"providers":["janus"],"lock":"relay","#,
        r#""tuning":{"LEASE":5000}}}"#
    );
    assert_eq!(
        from_str::<TokenRequest>(longest).unwrap(),
        TokenRequest {
            name: Some("Ana".to_owned()),
            role: Role::Host,
            ttl_seconds: Some(60),
            session: Some(SessionSettings {
                title: Some("T".to_owned()),
                mode: Some(Mode::Stream),
                p2p_limit: Some(2),
                providers: Some(vec!["janus".into()]),
                lock: Some(Lock::Relay),
                tuning: Some(json!({"LEASE": 5000})),
            }),
            ..shortest
        }
    );
}

#[test]
fn a_token_request_with_a_key_that_is_none_is_told_so() {
    let error = |text: &str| from_str::<TokenRequest>(text).unwrap_err().to_string();
    assert!(error(r#"{"userId":"ana","user":"x"}"#).starts_with("unknown field `user`"));
    assert!(
        error(r#"{"userId":"ana","session":{"titel":"x"}}"#).starts_with(
            "unknown field `titel`, expected one of `title`, `mode`, `p2pLimit`, `providers`, `lock`, `tuning`"
        )
    );
    assert!(error(r#"{"userId":"ana","session":7}"#).starts_with("invalid type: integer `7`"));
    assert!(error(r#"{"userId":"ana","session":{"mode":"party"}}"#).contains("party"));
    let null = from_str::<TokenRequest>(r#"{"userId":"ana","session":null}"#).unwrap();
    assert_eq!(null.session, None);
}

/// R6: a token that a newer version has made is still good.
#[test]
fn a_tokens_claims_are_read_although_a_newer_version_wrote_more() {
    let text = concat!(
        r#"{"user":"ana","name":"Ana","role":"participant","expires_at":5,"#,
        r#""token":"jti","lasts":3,"session":{"title":"T"}}"#
    );
    let claims = Claims {
        user: "ana".into(),
        name: "Ana".to_owned(),
        role: Role::Participant,
        expires_at: Millis(5),
        token: "jti".into(),
        lasts: Millis(3),
        session: Some(SessionSettings {
            title: Some("T".to_owned()),
            ..Default::default()
        }),
    };
    assert_eq!(to_string(&claims).unwrap(), text);
    let newer = text.replace(r#""title":"T""#, r#""title":"T","mood":"calm""#);
    let newer = newer.replace(r#""role""#, r#""jti":"x","role""#);
    assert_eq!(from_str::<Claims>(&newer).unwrap(), claims);
    let short = r#"{"user":"ana","name":"Ana","role":"participant","expires_at":5}"#;
    assert_eq!(
        from_str::<Claims>(short).unwrap(),
        Claims {
            session: None,
            token: TokenId::default(),
            lasts: Millis(0),
            ..claims
        }
    );
}

#[test]
fn a_token_response() {
    let response = TokenResponse {
        token: "t".to_owned(),
        expires_at: Millis(9),
        url: "ws://h/v1/sessions/room/connect".to_owned(),
    };
    let text = r#"{"token":"t","expiresAt":9,"url":"ws://h/v1/sessions/room/connect"}"#;
    assert_eq!(to_string(&response).unwrap(), text);
    assert_eq!(from_str::<TokenResponse>(text).unwrap(), response);
}

#[test]
fn a_snapshot() {
    let room = SessionId::parse("room").unwrap();
    let timer = |at, reason| TimerSnapshot {
        at: Millis(at),
        reason,
    };
    let snapshot = Snapshot {
        id: room.clone(),
        incarnation: "life".into(),
        epoch: Epoch(1),
        provider: "p2p".into(),
        kind: ProviderKind::P2p,
        room,
        state: LifeState::Active,
        title: None,
        participants: vec![ParticipantSnapshot {
            id: "p1".into(),
            user_id: "ana".into(),
            name: "Ana".to_owned(),
            role: Role::Participant,
            ordinal: Ordinal(1),
            generation: Generation(1),
            connection: Connection::Good,
            tracks: vec![Track {
                id: "t".into(),
                source: Source::Screen,
                reference: Some("s".to_owned()),
                muted: false,
            }],
            hidden: true,
            sees: ["p2".into()].into(),
            unacknowledged: 3,
        }],
        switch: None,
        standby: None,
        lock: None,
        pinned_by: None,
        barred: BTreeMap::new(),
        timers: vec![
            timer(1, TimerReason::Hello),
            timer(2, TimerReason::Heartbeat),
            timer(3, TimerReason::Lease),
            timer(4, TimerReason::Empty),
        ],
    };
    let text = concat!(
        r#"{"id":"room","incarnation":"life","epoch":1,"provider":"p2p","kind":"p2p","#,
        r#""room":"room","state":"active","participants":[{"id":"p1","userId":"ana","name":"Ana","#,
        r#""role":"participant","ordinal":1,"generation":1,"connection":"good","tracks":"#,
        r#"[{"id":"t","source":"screen","ref":"s","muted":false}],"hidden":true,"sees":["p2"],"#,
        r#""unacknowledged":3}],"timers":[{"at":1,"reason":"hello"},{"at":2,"reason":"heartbeat"},"#,
        r#"{"at":3,"reason":"lease"},{"at":4,"reason":"empty"}]}"#
    );
    assert_eq!(to_string(&snapshot).unwrap(), text);
    let titled = Snapshot {
        title: Some("T".to_owned()),
        ..snapshot
    };
    let text = text.replace(r#""active","#, r#""active","title":"T","#);
    assert_eq!(to_string(&titled).unwrap(), text);
    let switching = Snapshot {
        state: LifeState::Switching,
        participants: Vec::new(),
        timers: Vec::new(),
        switch: Some(SwitchSnapshot {
            epoch: Epoch(2),
            provider: "janus".into(),
            cause: Cause::Operator,
            deadline: Millis(7),
            ready: ["p1".into()].into(),
            waiting_for: ["p2".into()].into(),
        }),
        standby: Some("janus".into()),
        lock: Some(Lock::Relay),
        pinned_by: Some("olga".to_owned()),
        barred: [("daily".into(), Millis(9))].into(),
        ..titled
    };
    assert_eq!(
        to_string(&switching).unwrap(),
        concat!(
            r#"{"id":"room","incarnation":"life","epoch":1,"provider":"p2p","kind":"p2p","#,
            r#""room":"room","state":"switching","title":"T","participants":[],"switch":"#,
            r#"{"epoch":2,"provider":"janus","cause":"operator","deadline":7,"ready":["p1"],"#,
            r#""waitingFor":["p2"]},"standby":"janus","lock":"relay","pinnedBy":"olga","barred":{"daily":9},"timers":[]}"#
        )
    );
}

#[test]
fn a_problem() {
    let problem = Problem {
        kind: "urn:samewire:problem:bad_request".to_owned(),
        title: "Bad request",
        status: 400,
        detail: "d".to_owned(),
    };
    assert_eq!(
        to_string(&problem).unwrap(),
        concat!(
            r#"{"type":"urn:samewire:problem:bad_request","title":"Bad request","status":400,"#,
            r#""detail":"d"}"#
        )
    );
}

#[test]
fn a_session_id_is_a_plain_name() {
    for good in ["a", "A-z_09", &"x".repeat(128)] {
        assert_eq!(SessionId::parse(good).unwrap().as_str(), good);
        assert!(from_str::<SessionId>(&format!("\"{good}\"")).is_ok());
    }
    for bad in ["", "a b", "ä", "a/b", "a.b", &"x".repeat(129)] {
        assert!(SessionId::parse(bad).is_err());
        assert!(from_str::<SessionId>(&format!("\"{bad}\"")).is_err());
    }
}

#[test]
fn a_wrong_setting_is_said_with_where_it_stands_in_the_body() {
    let body = r#"{"userId":"ana","session":{"p2pLimit":"x"}}"#;
    let error = serde_json::from_str::<TokenRequest>(body).unwrap_err();
    assert_eq!(
        error.to_string(),
        "invalid type: string \"x\", expected u32 at line 1 column 43"
    );
}
