//! What the session says, byte for byte.

use samewire_core::protocol::client::{Source, Track};
use samewire_core::protocol::ids::{Epoch, Generation, MessageId, Ordinal, Seq, SessionId};
use samewire_core::protocol::server::{
    AlertKind, ChatLine, ClientConfig, Connection, Encoded, ErrorFrame, LeaveReason, Leg,
    LifeState, Mode, ParticipantView, PreparedLeg, ProviderKind, RelayedSignal, Role, Roster,
    ServerMessage, SessionState, Welcome,
};
use samewire_core::time::Millis;
use serde_json::{Value, json};

const SESSION: &str = concat!(
    r#"{"id":"room","incarnation":"life","epoch":1,"provider":"p2p","kind":"p2p","room":"room","#,
    r#""state":"active","mode":"call"}"#
);
const ANA: &str = concat!(
    r#"{"id":"p1","user_id":"ana","name":"Ana","role":"participant","ordinal":1,"generation":2,"#,
    r#""connection":"good","tracks":[{"id":"t","source":"camera","muted":true}],"hidden":false}"#
);
const LEG: &str = r#""provider":"sfu","kind":"sfu","room":"room""#;
const LINE: &str = r#"{"from":"p1","name":"Ana","id":4,"text":"hi","at":1000}"#;

fn pinned(message: ServerMessage, fields: &str) {
    assert_eq!(
        Encoded::of(&message).frame(Seq(7)),
        format!(r#"{{"seq":7,{fields}}}"#)
    );
}

fn room() -> SessionId {
    SessionId::parse("room").unwrap_or_else(|e| unreachable!("{e}"))
}

fn session() -> SessionState {
    SessionState {
        id: room(),
        incarnation: "life".into(),
        epoch: Epoch(1),
        provider: "p2p".into(),
        kind: ProviderKind::P2p,
        room: room(),
        state: LifeState::Active,
        title: None,
        mode: Mode::Call,
    }
}

fn ana() -> ParticipantView {
    ParticipantView {
        id: "p1".into(),
        user_id: "ana".into(),
        name: "Ana".to_owned(),
        role: Role::Participant,
        ordinal: Ordinal(1),
        generation: Generation(2),
        connection: Connection::Good,
        tracks: vec![Track {
            id: "t".into(),
            source: Source::Camera,
            reference: None,
            muted: true,
        }],
        hidden: false,
        prepared: None,
    }
}

fn leg(credentials: Option<Value>) -> Leg {
    Leg {
        provider: "sfu".into(),
        kind: ProviderKind::Sfu,
        room: room(),
        credentials,
    }
}

fn prepared(credentials: Option<Value>) -> PreparedLeg {
    PreparedLeg {
        epoch: Epoch(2),
        leg: leg(credentials),
        deadline_ms: Millis(5_000),
        cause: "grew".to_owned(),
    }
}

fn line() -> ChatLine {
    ChatLine {
        from: "p1".into(),
        name: "Ana".to_owned(),
        id: MessageId(4),
        text: "hi".to_owned(),
        at: Millis(1_000),
    }
}

fn welcome() -> Welcome {
    Welcome {
        participant: "p1".into(),
        ordinal: Ordinal(1),
        generation: Generation(2),
        resume_secret: "s".to_owned(),
        resumed: false,
        last_id: MessageId(4),
        session: session(),
        switch: None,
        participants: vec![ana()],
        chat: vec![line()],
        ice_servers: vec![json!({"urls": "stun:s"})],
        credentials: None,
        config: ClientConfig {
            heartbeat_ms: Millis(15_000),
            lease_ms: Millis(30_000),
            sample_ms: Millis(3_000),
        },
    }
}

#[test]
fn welcome_with_and_without_a_switch() {
    let head = concat!(
        r#""type":"welcome","participant":"p1","ordinal":1,"generation":2,"resume_secret":"s","#,
        r#""resumed":false,"last_id":4"#
    );
    let lists =
        format!(r#""participants":[{ANA}],"chat":[{LINE}],"ice_servers":[{{"urls":"stun:s"}}]"#);
    let config = r#""config":{"heartbeat_ms":15000,"lease_ms":30000,"sample_ms":3000}"#;
    pinned(
        ServerMessage::Welcome(Box::new(welcome())),
        &format!(r#"{head},"session":{SESSION},{lists},{config}"#),
    );
    let switch = format!(r#"{{"epoch":2,{LEG},"deadline_ms":5000,"cause":"grew"}}"#);
    pinned(
        ServerMessage::Welcome(Box::new(Welcome {
            switch: Some(prepared(None)),
            credentials: Some(json!({"t": 1})),
            ..welcome()
        })),
        &format!(
            r#"{head},"session":{SESSION},"switch":{switch},{lists},"credentials":{{"t":1}},{config}"#
        ),
    );
}

#[test]
fn session_carries_the_session_under_that_name() {
    pinned(
        ServerMessage::Session {
            session: session(),
            switch: None,
            credentials: None,
        },
        &format!(r#""type":"session","session":{SESSION}"#),
    );
    let titled = SessionState {
        title: Some("Stand-up".to_owned()),
        ..session()
    };
    let with_title = SESSION.replace(r#","mode""#, r#","title":"Stand-up","mode""#);
    pinned(
        ServerMessage::Session {
            session: titled,
            switch: Some(prepared(None)),
            credentials: Some(json!(1)),
        },
        &format!(
            concat!(
                r#""type":"session","session":{},"switch":{{"epoch":2,{},"deadline_ms":5000,"#,
                r#""cause":"grew"}},"credentials":1"#
            ),
            with_title, LEG
        ),
    );
}

#[test]
fn the_roster() {
    let roster = |reason| Roster {
        participant: ana(),
        reason,
    };
    pinned(
        ServerMessage::ParticipantJoined(roster(None)),
        &format!(r#""type":"participant_joined","participant":{ANA}"#),
    );
    pinned(
        ServerMessage::ParticipantUpdated(roster(None)),
        &format!(r#""type":"participant_updated","participant":{ANA}"#),
    );
    for (reason, text) in [
        (LeaveReason::Left, "left"),
        (LeaveReason::Lease, "lease"),
        (LeaveReason::Removed, "removed"),
    ] {
        pinned(
            ServerMessage::ParticipantLeft(roster(Some(reason))),
            &format!(r#""type":"participant_left","participant":{ANA},"reason":"{text}""#),
        );
    }
    pinned(
        ServerMessage::Viewers { count: 3 },
        r#""type":"viewers","count":3"#,
    );
}

#[test]
fn legs() {
    let with = Some(json!({"t": 1}));
    pinned(
        ServerMessage::Standby(leg(None)),
        &format!(r#""type":"standby",{LEG}"#),
    );
    pinned(
        ServerMessage::StandbyRelease(leg(with.clone())),
        &format!(r#""type":"standby_release",{LEG},"credentials":{{"t":1}}"#),
    );
    pinned(
        ServerMessage::Prepare(prepared(with)),
        &format!(
            concat!(
                r#""type":"prepare","epoch":2,{},"credentials":{{"t":1}},"deadline_ms":5000,"#,
                r#""cause":"grew""#
            ),
            LEG
        ),
    );
    pinned(
        ServerMessage::Commit(prepared(None)),
        &format!(r#""type":"commit","epoch":2,{LEG},"deadline_ms":5000,"cause":"grew""#),
    );
    pinned(
        ServerMessage::Abort {
            epoch: Epoch(2),
            cause: "deadline".to_owned(),
        },
        r#""type":"abort","epoch":2,"cause":"deadline""#,
    );
}

#[test]
fn signal_and_chat() {
    pinned(
        ServerMessage::Signal(RelayedSignal {
            from: "p1".into(),
            id: MessageId(4),
            epoch: Epoch(1),
            generation: Generation(2),
            payload: json!({"sdp": "v=0"}),
        }),
        r#""type":"signal","from":"p1","id":4,"epoch":1,"generation":2,"payload":{"sdp":"v=0"}"#,
    );
    let line_fields = LINE.trim_matches(['{', '}']);
    pinned(
        ServerMessage::Chat(line()),
        &format!(r#""type":"chat",{line_fields}"#),
    );
}

#[test]
fn advice() {
    pinned(
        ServerMessage::Recommendation {
            cause: "quality".to_owned(),
            metrics: json!({"loss_pct": 6}),
            action: "switch".to_owned(),
        },
        r#""type":"recommendation","cause":"quality","metrics":{"loss_pct":6},"action":"switch""#,
    );
    for (kind, text) in [
        (AlertKind::ParticipantStale, "participant_stale"),
        (AlertKind::Asymmetric, "asymmetric"),
        (AlertKind::QualityPoor, "quality_poor"),
        (AlertKind::ProviderDegraded, "provider_degraded"),
        (AlertKind::ProviderDown, "provider_down"),
        (AlertKind::ProviderRecovered, "provider_recovered"),
    ] {
        pinned(
            ServerMessage::Alert {
                kind,
                participant: None,
                detail: "d".to_owned(),
            },
            &format!(r#""type":"alert","kind":"{text}","detail":"d""#),
        );
    }
    pinned(
        ServerMessage::Alert {
            kind: AlertKind::Asymmetric,
            participant: Some("p1".into()),
            detail: "d".to_owned(),
        },
        r#""type":"alert","kind":"asymmetric","participant":"p1","detail":"d""#,
    );
    pinned(
        ServerMessage::Exhausted {
            tried: vec!["p2p".into()],
            retry_after_ms: 5_000,
        },
        r#""type":"exhausted","tried":["p2p"],"retry_after_ms":5000"#,
    );
}

#[test]
fn renewals() {
    pinned(
        ServerMessage::Token {
            token: "t".to_owned(),
            expires_at: Millis(9),
        },
        r#""type":"token","token":"t","expires_at":9"#,
    );
    pinned(
        ServerMessage::IceServers {
            ice_servers: vec![json!({"urls": "stun:s"})],
        },
        r#""type":"ice_servers","ice_servers":[{"urls":"stun:s"}]"#,
    );
    pinned(
        ServerMessage::Credentials {
            epoch: Some(Epoch(2)),
            provider: "sfu".into(),
            credentials: json!({"t": 1}),
        },
        r#""type":"credentials","epoch":2,"provider":"sfu","credentials":{"t":1}"#,
    );
    pinned(
        ServerMessage::Credentials {
            epoch: None,
            provider: "sfu".into(),
            credentials: json!({}),
        },
        r#""type":"credentials","provider":"sfu","credentials":{}"#,
    );
}

#[test]
fn probe_error_and_bye() {
    pinned(
        ServerMessage::Probe {
            nonce: "n".to_owned(),
        },
        r#""type":"probe","nonce":"n""#,
    );
    let error = |retry_after_ms| {
        ServerMessage::Error(ErrorFrame {
            code: "full",
            message: "m".to_owned(),
            id: None,
            retry_after_ms,
        })
    };
    pinned(error(None), r#""type":"error","code":"full","message":"m""#);
    pinned(
        ServerMessage::Error(ErrorFrame {
            id: Some(MessageId(7)),
            ..ErrorFrame::new("bad_field", "m")
        }),
        r#""type":"error","code":"bad_field","message":"m","id":7"#,
    );
    pinned(
        error(Some(500)),
        r#""type":"error","code":"full","message":"m","retry_after_ms":500"#,
    );
    let bye = |retry_after_ms| ServerMessage::Bye {
        reason: "deploy".to_owned(),
        retry_after_ms,
    };
    pinned(bye(None), r#""type":"bye","reason":"deploy""#);
    pinned(
        bye(Some(500)),
        r#""type":"bye","reason":"deploy","retry_after_ms":500"#,
    );
}

#[test]
fn a_message_without_fields_takes_its_number_all_the_same() {
    assert_eq!(Encoded("{}".to_owned()).frame(Seq(1)), r#"{"seq":1}"#);
}
