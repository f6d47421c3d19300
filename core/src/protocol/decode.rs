//! How a client's frame is read.

use serde::Deserialize;
use serde_json::Value;

use super::MAX_FRAME_BYTES;
use super::client::{ClientFrame, ClientMessage};
use super::ids::Seq;

/// Why a frame could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// More than [`MAX_FRAME_BYTES`].
    #[error("a frame is at most {MAX_FRAME_BYTES} bytes; this one has {0}")]
    TooLarge(usize),
    /// A binary frame.
    #[error("frames are JSON text; this one is binary")]
    Binary,
    /// Not JSON, or not an object with a `type`.
    #[error("a frame is a JSON object with a string \"type\": {0}")]
    Malformed(String),
    /// A `type` that this version does not know.
    #[error("unknown type \"{0}\"")]
    UnknownType(String),
    /// A known `type` with a field missing or wrong.
    #[error("\"{kind}\": {detail}")]
    BadField {
        /// The type.
        kind: &'static str,
        /// Which field, and what it may hold.
        detail: String,
    },
}

impl DecodeError {
    /// The stable code of the `error` frame that answers it.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge(_) => "too_large",
            Self::Binary | Self::Malformed(_) => "malformed",
            Self::UnknownType(_) => "unknown_type",
            Self::BadField { .. } => "bad_field",
        }
    }

    /// Whether the socket is closed over it: a client that sends no JSON will not recover, one that
    /// is newer than the server may.
    pub const fn is_fatal(&self) -> bool {
        match self {
            Self::TooLarge(_) | Self::Binary | Self::Malformed(_) => true,
            Self::UnknownType(_) | Self::BadField { .. } => false,
        }
    }
}

impl ClientFrame {
    /// Reads a text frame.
    pub fn decode(text: &str) -> Result<Self, DecodeError> {
        if text.len() > MAX_FRAME_BYTES {
            return Err(DecodeError::TooLarge(text.len()));
        }
        // A derived reader takes a list of the fields' values for the object.
        if !text.trim_start().starts_with('{') {
            return Err(DecodeError::Malformed("it is no object".to_owned()));
        }
        let Head { kind, ack } =
            serde_json::from_str(text).map_err(|e| DecodeError::Malformed(e.to_string()))?;
        let ack = match ack {
            None | Some(Value::Null) => None,
            Some(ack) => Some(Seq(ack.as_u64().ok_or_else(|| DecodeError::BadField {
                kind: "ack",
                detail: "\"ack\" is the seq of a frame, a whole number".to_owned(),
            })?)),
        };
        let message = match kind.as_str() {
            "hello" => ClientMessage::Hello(fields("hello", text)?),
            "signal" => ClientMessage::Signal(fields("signal", text)?),
            "tracks" => ClientMessage::Tracks(fields("tracks", text)?),
            "connected" => ClientMessage::Connected(fields("connected", text)?),
            "ready" => ClientMessage::Ready(fields("ready", text)?),
            "failed" => ClientMessage::Failed(fields("failed", text)?),
            "suspect" => ClientMessage::Suspect(fields("suspect", text)?),
            "quality" => ClientMessage::Quality(fields("quality", text)?),
            "chat" => ClientMessage::Chat(fields("chat", text)?),
            "presence" => ClientMessage::Presence(fields("presence", text)?),
            "leave" => ClientMessage::Leave,
            "ack" => ClientMessage::Ack,
            "end" => ClientMessage::End,
            "probe" => ClientMessage::Probe(fields("probe", text)?),
            _ => return Err(DecodeError::UnknownType(kind.chars().take(64).collect())),
        };
        Ok(Self { ack, message })
    }
}

/// What every frame has. The rest is read once the type is known: reading twice costs less than
/// having every message's reader in the Worker a second time, for values that are parsed already.
#[derive(Deserialize)]
struct Head {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    ack: Option<Value>,
}

fn fields<T: serde::de::DeserializeOwned>(
    kind: &'static str,
    text: &str,
) -> Result<T, DecodeError> {
    serde_json::from_str(text).map_err(|e| DecodeError::BadField {
        kind,
        // It may quote what was sent.
        detail: e.to_string().chars().take(256).collect(),
    })
}
