//! What a client may send, byte for byte.

use samewire_core::protocol::client::{
    Chat, ClientFrame, ClientMessage, Connected, Device, Failed, FailureReason, Hello, Operation,
    Presence, Probe, Quality, Ready, Resume, Signal, Source, Suspect, Track, Tracks,
};
use samewire_core::protocol::ids::{Epoch, Generation, MessageId, Seq};
use samewire_core::protocol::summary::{QualitySpread, QualitySummary};
use serde::Serialize;
use serde_json::json;

/// That `fields`, behind `type`, is how `message` travels in both directions.
fn pinned<T: Serialize>(kind: &str, fields: &str, value: T, message: fn(T) -> ClientMessage) {
    assert_eq!(serde_json::to_string(&value).ok().as_deref(), Some(fields));
    let rest = fields.strip_prefix('{').unwrap_or_default();
    let text = format!(r#"{{"type":"{kind}",{rest}"#);
    let frame = ClientFrame {
        ack: None,
        message: message(value),
    };
    assert_eq!(ClientFrame::decode(&text), Ok(frame));
}

fn hello() -> Hello {
    Hello {
        protocol: 1,
        instance: "tab-1".into(),
        drivers: ["p2p".into(), "daily".into()].into(),
        resume: None,
        device: None,
    }
}

#[test]
fn hello_with_and_without_what_may_be_absent() {
    let shortest = r#"{"protocol":1,"instance":"tab-1","drivers":["daily","p2p"]}"#;
    pinned("hello", shortest, hello(), ClientMessage::Hello);
    pinned(
        "hello",
        concat!(
            r#"{"protocol":1,"instance":"tab-1","drivers":["daily","p2p"],"#,
            r#""resume":{"participant":"p1","incarnation":"life","secret":"s","last_seq":7},"#,
            r#""device":{"browser":"Firefox 140","os":"Linux","type":"desktop","network":"wifi"}}"#
        ),
        Hello {
            resume: Some(Resume {
                participant: "p1".into(),
                incarnation: "life".into(),
                secret: "s".to_owned(),
                last_seq: Seq(7),
            }),
            device: Some(Device {
                browser: Some("Firefox 140".to_owned()),
                os: Some("Linux".to_owned()),
                kind: Some("desktop".to_owned()),
                network: Some("wifi".to_owned()),
            }),
            ..hello()
        },
        ClientMessage::Hello,
    );
    pinned(
        "hello",
        r#"{"protocol":1,"instance":"tab-1","drivers":["daily","p2p"],"device":{}}"#,
        Hello {
            device: Some(Device::default()),
            ..hello()
        },
        ClientMessage::Hello,
    );
}

#[test]
fn signal() {
    pinned(
        "signal",
        r#"{"id":3,"to":"p2","epoch":1,"generation":2,"to_generation":4,"payload":{"sdp":"v=0"}}"#,
        Signal {
            id: MessageId(3),
            to: "p2".into(),
            epoch: Epoch(1),
            generation: Generation(2),
            to_generation: Generation(4),
            payload: json!({"sdp": "v=0"}),
        },
        ClientMessage::Signal,
    );
}

#[test]
fn tracks_of_every_source() {
    let track = |id: &str, source: Source, reference: Option<&str>| Track {
        id: id.into(),
        source,
        reference: reference.map(str::to_owned),
        muted: reference.is_none(),
    };
    pinned(
        "tracks",
        concat!(
            r#"{"epoch":1,"tracks":[{"id":"a","source":"microphone","ref":"s1","muted":false},"#,
            r#"{"id":"b","source":"camera","muted":true},"#,
            r#"{"id":"c","source":"screen","ref":"s2","muted":false},"#,
            r#"{"id":"d","source":"screen_audio","ref":"s2","muted":false}]}"#
        ),
        Tracks {
            epoch: Epoch(1),
            tracks: vec![
                track("a", Source::Microphone, Some("s1")),
                track("b", Source::Camera, None),
                track("c", Source::Screen, Some("s2")),
                track("d", Source::ScreenAudio, Some("s2")),
            ],
        },
        ClientMessage::Tracks,
    );
}

#[test]
fn connected_ready_presence_chat_and_probe() {
    pinned(
        "connected",
        r#"{"epoch":1,"elapsed_ms":840,"sees":["p2","p3"]}"#,
        Connected {
            epoch: Epoch(1),
            elapsed_ms: 840,
            sees: ["p3".into(), "p2".into()].into(),
            gap_ms: None,
        },
        ClientMessage::Connected,
    );
    pinned(
        "connected",
        r#"{"epoch":2,"elapsed_ms":840,"sees":[],"gap_ms":67}"#,
        Connected {
            epoch: Epoch(2),
            elapsed_ms: 840,
            sees: [].into(),
            gap_ms: Some(67),
        },
        ClientMessage::Connected,
    );
    pinned(
        "ready",
        r#"{"epoch":2}"#,
        Ready { epoch: Epoch(2) },
        ClientMessage::Ready,
    );
    pinned(
        "presence",
        r#"{"hidden":true}"#,
        Presence { hidden: true },
        ClientMessage::Presence,
    );
    let chat = Chat {
        id: MessageId(9),
        text: "héllo".to_owned(),
    };
    pinned(
        "chat",
        r#"{"id":9,"text":"héllo"}"#,
        chat,
        ClientMessage::Chat,
    );
    let probe = Probe {
        nonce: "n".to_owned(),
    };
    pinned("probe", r#"{"nonce":"n"}"#, probe, ClientMessage::Probe);
}

#[test]
fn failed_of_every_operation_and_reason() {
    let operations = [
        (Operation::Join, "join"),
        (Operation::Publish, "publish"),
        (Operation::Subscribe, "subscribe"),
        (Operation::Media, "media"),
    ];
    let reasons = [
        (FailureReason::Timeout, "timeout"),
        (FailureReason::Ice, "ice"),
        (FailureReason::Auth, "auth"),
        (FailureReason::Capacity, "capacity"),
        (FailureReason::Unsupported, "unsupported"),
        (FailureReason::Other, "other"),
    ];
    for (operation, o) in operations {
        for (reason, r) in reasons {
            let failed = |detail: Option<&str>| Failed {
                epoch: Epoch(1),
                provider: "p2p".into(),
                operation,
                reason,
                attempt: 2,
                detail: detail.map(str::to_owned),
            };
            let fields = format!(
                r#""epoch":1,"provider":"p2p","operation":"{o}","reason":"{r}","attempt":2"#
            );
            pinned(
                "failed",
                &format!("{{{fields}}}"),
                failed(None),
                ClientMessage::Failed,
            );
            let more = format!(r#"{{{fields},"detail":"d"}}"#);
            pinned("failed", &more, failed(Some("d")), ClientMessage::Failed);
        }
    }
}

#[test]
fn suspect_of_a_participant_or_a_provider() {
    pinned(
        "suspect",
        r#"{"epoch":1,"participant":"p2","evidence":{"stalled_ms":1500}}"#,
        Suspect {
            epoch: Epoch(1),
            participant: Some("p2".into()),
            provider: None,
            evidence: json!({"stalled_ms": 1500}),
        },
        ClientMessage::Suspect,
    );
    pinned(
        "suspect",
        r#"{"epoch":1,"provider":"p2p","evidence":null}"#,
        Suspect {
            epoch: Epoch(1),
            participant: None,
            provider: Some("p2p".into()),
            evidence: json!(null),
        },
        ClientMessage::Suspect,
    );
}

#[test]
fn quality_with_all_and_with_nothing_that_may_be_unknown() {
    let unknown = Quality {
        epoch: Epoch(1),
        score: 72.5,
        rating: "good".to_owned(),
        mos: None,
        rtt_ms: None,
        loss_pct: None,
        jitter_ms: None,
        bitrate_kbps: None,
        available_kbps: None,
        fps: None,
        width: None,
        height: None,
        pair: None,
        audio: None,
        video: None,
        network: None,
        switching: false,
        summary: None,
    };
    let shortest = r#"{"epoch":1,"score":72.5,"rating":"good"}"#;
    pinned("quality", shortest, unknown.clone(), ClientMessage::Quality);
    pinned(
        "quality",
        concat!(
            r#"{"epoch":1,"score":72.5,"rating":"good","mos":3.9,"rtt_ms":80.0,"loss_pct":0.5,"#,
            r#""jitter_ms":4.0,"bitrate_kbps":900.0,"available_kbps":1500.0,"fps":29.5,"#,
            r#""width":1280,"height":720,"pair":"relay/udp","audio":92.0,"video":72.5,"#,
            r#""network":88.1,"switching":true,"summary":{"score_avg":80.1,"score_min":72.5,"#,
            r#""latency_ms":{"avg":80.0,"worst":120.0,"p95":110.5},"changes":1,"drops":0,"#,
            r#""recoveries":0,"freezes":0,"stalls":0,"issues":0,"adaptations":0,"#,
            r#""duration_ms":60000,"poor_ms":0,"failed_ms":0,"unmeasured_ms":0}}"#
        ),
        Quality {
            mos: Some(3.9),
            rtt_ms: Some(80.0),
            loss_pct: Some(0.5),
            jitter_ms: Some(4.0),
            bitrate_kbps: Some(900.0),
            available_kbps: Some(1_500.0),
            fps: Some(29.5),
            width: Some(1_280),
            height: Some(720),
            pair: Some("relay/udp".to_owned()),
            audio: Some(92.0),
            video: Some(72.5),
            network: Some(88.1),
            switching: true,
            summary: Some(Box::new(QualitySummary {
                score_avg: Some(80.1),
                score_min: Some(72.5),
                latency_ms: Some(QualitySpread {
                    avg: 80.0,
                    worst: 120.0,
                    p95: 110.5,
                }),
                changes: 1,
                duration_ms: 60_000,
                ..QualitySummary::default()
            })),
            ..unknown
        },
        ClientMessage::Quality,
    );
}

#[test]
fn what_has_no_fields() {
    for (kind, message) in [
        ("leave", ClientMessage::Leave),
        ("ack", ClientMessage::Ack),
        ("end", ClientMessage::End),
    ] {
        let frame = ClientFrame::decode(&format!(r#"{{"type":"{kind}"}}"#));
        assert_eq!(frame, Ok(ClientFrame { ack: None, message }));
    }
}
