//! How a frame is read, and what is said of one that cannot be.

use samewire_core::protocol::MAX_FRAME_BYTES;
use samewire_core::protocol::client::{ClientFrame, DecodeError};
use samewire_core::protocol::ids::Seq;

#[test]
fn any_frame_may_carry_an_acknowledgement() {
    let ack = |text: &str| ClientFrame::decode(text).map(|frame| frame.ack);
    assert_eq!(ack(r#"{"type":"ack","ack":32}"#), Ok(Some(Seq(32))));
    assert_eq!(
        ack(r#"{"ack":0,"type":"presence","hidden":false}"#),
        Ok(Some(Seq(0)))
    );
    assert_eq!(ack(r#"{"type":"leave","ack":null}"#), Ok(None));
}

/// R6.
#[test]
fn unknown_fields_are_ignored_everywhere() {
    for text in [
        r#"{"type":"leave","why":"late"}"#,
        concat!(
            r#"{"type":"hello","protocol":1,"instance":"t","drivers":[],"new":1,"#,
            r#""resume":{"participant":"p","incarnation":"i","secret":"s","last_seq":1,"new":1},"#,
            r#""device":{"new":1}}"#
        ),
        r#"{"type":"tracks","epoch":1,"tracks":[{"id":"a","source":"camera","muted":true,"new":1}]}"#,
        r#"{"type":"connected","epoch":1,"elapsed_ms":1}"#,
    ] {
        assert!(ClientFrame::decode(text).is_ok(), "{text}");
    }
}

#[test]
fn what_is_no_frame_is_malformed_and_fatal() {
    for text in [
        "",
        "ping",
        "{",
        "[]",
        r#"["leave",null]"#,
        "null",
        "7",
        "{}",
        r#"{"type":1}"#,
        r#"{"type":null}"#,
    ] {
        let error = ClientFrame::decode(text).unwrap_err();
        assert_eq!(
            (error.code(), error.is_fatal()),
            ("malformed", true),
            "{text}"
        );
    }
    assert_eq!(
        ClientFrame::decode("{}").unwrap_err().to_string(),
        r#"a frame is a JSON object with a string "type": missing field `type` at line 1 column 2"#
    );
    // Deeper than the reader goes: an error, not an overflow.
    let deep = format!(r#"{{"type":"signal","payload":{}"#, "[".repeat(60_000));
    assert_eq!(ClientFrame::decode(&deep).unwrap_err().code(), "malformed");
    assert_eq!(
        (DecodeError::Binary.code(), DecodeError::Binary.is_fatal()),
        ("malformed", true)
    );
    assert_eq!(
        DecodeError::Binary.to_string(),
        "frames are JSON text; this one is binary"
    );
}

#[test]
fn a_type_of_the_future_is_named_in_at_most_64_characters_and_not_fatal() {
    let error = ClientFrame::decode(r#"{"type":"dance"}"#).unwrap_err();
    assert_eq!(error, DecodeError::UnknownType("dance".to_owned()));
    assert_eq!((error.code(), error.is_fatal()), ("unknown_type", false));
    let long = format!(r#"{{"type":"{}"}}"#, "ä".repeat(500));
    let error = ClientFrame::decode(&long).unwrap_err();
    assert_eq!(error, DecodeError::UnknownType("ä".repeat(64)));
}

#[test]
fn a_wrong_field_is_named_and_not_fatal() {
    let error = |text: &str| {
        let error = ClientFrame::decode(text).unwrap_err();
        assert_eq!(
            (error.code(), error.is_fatal()),
            ("bad_field", false),
            "{text}"
        );
        error.to_string()
    };
    assert_eq!(
        error(r#"{"type":"chat","id":1}"#),
        r#""chat": missing field `text` at line 1 column 22"#
    );
    assert_eq!(
        error(r#"{"type":"presence","hidden":1}"#),
        r#""presence": invalid type: integer `1`, expected a boolean at line 1 column 29"#
    );
    let ack = r#""ack": "ack" is the seq of a frame, a whole number"#;
    for wrong in ["-1", "1.5", r#""1""#, "true", "[]", "18446744073709551616"] {
        assert_eq!(error(&format!(r#"{{"type":"ack","ack":{wrong}}}"#)), ack);
    }
    for text in [
        r#"{"type":"chat","id":-1,"text":""}"#,
        r#"{"type":"signal","id":1,"to":"p","epoch":1.5,"generation":1,"to_generation":1,"payload":0}"#,
        r#"{"type":"signal","id":1,"to":"p","epoch":1,"generation":4294967296,"to_generation":1,"payload":0}"#,
        r#"{"type":"tracks","epoch":1,"tracks":[{"id":"a","source":"telepathy","muted":true}]}"#,
        r#"{"type":"hello","protocol":1,"instance":"t","drivers":"p2p"}"#,
    ] {
        error(text);
    }
    // What was sent is not sent back whole.
    let long = error(&format!(
        r#"{{"type":"presence","hidden":"{}"}}"#,
        "x".repeat(60_000)
    ));
    assert!(long.len() < 300);
}

#[test]
fn a_frame_is_at_most_64_kib() {
    let of = |bytes: usize| {
        let around = r#"{"type":"chat","id":1,"text":""}"#.len();
        format!(
            r#"{{"type":"chat","id":1,"text":"{}"}}"#,
            "x".repeat(bytes - around)
        )
    };
    assert!(ClientFrame::decode(&of(MAX_FRAME_BYTES)).is_ok());
    let error = ClientFrame::decode(&of(MAX_FRAME_BYTES + 1)).unwrap_err();
    assert_eq!(error, DecodeError::TooLarge(65_537));
    assert_eq!((error.code(), error.is_fatal()), ("too_large", true));
    assert_eq!(
        error.to_string(),
        "a frame is at most 65536 bytes; this one has 65537"
    );
}
