//! What a client says.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use super::decode::DecodeError;
use super::ids::{
    Epoch, Generation, Incarnation, Instance, MessageId, ParticipantId, ProviderName, Seq, TrackId,
};
use super::summary::QualitySummary;

/// One frame of a client: a message, and perhaps the last `seq` it has handled.
#[derive(Clone, Debug, PartialEq)]
pub struct ClientFrame {
    /// The last server frame that was handled.
    pub ack: Option<Seq>,
    /// What is said.
    pub message: ClientMessage,
}

/// Everything a client may say.
#[derive(Clone, Debug, PartialEq)]
pub enum ClientMessage {
    /// `hello`: the first frame of every socket.
    Hello(Hello),
    /// `signal`: something opaque for one other participant.
    Signal(Signal),
    /// `tracks`: all that this participant publishes, in full.
    Tracks(Tracks),
    /// `connected`: whose media this participant decodes.
    Connected(Connected),
    /// `ready`: every expected track arrives on the prepared leg.
    Ready(Ready),
    /// `failed`: an attempt came to nothing.
    Failed(Failed),
    /// `suspect`: media stalled; repair is under way.
    Suspect(Suspect),
    /// `quality`: how the call is, as this participant measures it.
    Quality(Quality),
    /// `chat`: a line for everyone.
    Chat(Chat),
    /// `presence`: whether the tab is hidden.
    Presence(Presence),
    /// `leave`: this participant goes, now.
    Leave,
    /// `ack`: nothing but the acknowledgement.
    Ack,
    /// `end`: a host ends the stream.
    End,
    /// `probe`: the answer to one.
    Probe(Probe),
}

/// The first frame of every socket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hello {
    /// The protocol's major version, [`super::PROTOCOL_VERSION`].
    pub protocol: u32,
    /// The tab.
    pub instance: Instance,
    /// The providers this client can carry media with.
    pub drivers: BTreeSet<ProviderName>,
    /// What it takes to go on where an earlier socket ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume: Option<Resume>,
    /// What the client says of its device; for statistics only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<Device>,
}

/// The claim to be the participant of an earlier socket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resume {
    /// Who the client was.
    pub participant: ParticipantId,
    /// In which life of the session.
    pub incarnation: Incarnation,
    /// The `resume_secret` of the last `welcome`.
    pub secret: String,
    /// The last server frame that was handled.
    pub last_seq: Seq,
}

/// A device as its browser describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Browser and version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub browser: Option<String>,
    /// Operating system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os: Option<String>,
    /// `desktop`, `phone`, `tablet`.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// `wifi`, `cellular`, `ethernet`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
}

/// Something opaque for one other participant, fenced by the epoch and both generations (R23).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Signal {
    /// The client's number for it.
    pub id: MessageId,
    /// Whom it is for.
    pub to: ParticipantId,
    /// The epoch it belongs to.
    pub epoch: Epoch,
    /// The sender's generation.
    pub generation: Generation,
    /// The generation of the one it is for.
    pub to_generation: Generation,
    /// What is sent; the session does not look inside.
    pub payload: Value,
}

/// All tracks a participant publishes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tracks {
    /// The epoch they are published in.
    pub epoch: Epoch,
    /// All of them; what is not named is gone.
    pub tracks: Vec<Track>,
}

/// A published track.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Track {
    /// Its name, unique with its source.
    pub id: TrackId,
    /// Where it comes from.
    pub source: Source,
    /// What the provider calls it; with P2P the id of its stream in the SDP.
    #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Whether nothing is sent on it for now.
    pub muted: bool,
}

/// Where a track comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A microphone.
    Microphone,
    /// A camera.
    Camera,
    /// A shared screen's picture.
    Screen,
    /// A shared screen's sound.
    ScreenAudio,
}

/// Whose media a participant decodes (R41).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connected {
    /// The epoch whose media it is.
    pub epoch: Epoch,
    /// Milliseconds from being told of the epoch to this.
    pub elapsed_ms: u64,
    /// Everyone whose media is decoded now.
    #[serde(default)]
    pub sees: BTreeSet<ParticipantId>,
    /// After a switch: the longest time between two pictures over the cut, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap_ms: Option<u64>,
}

/// The prepared leg carries everything that is expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ready {
    /// The prepared epoch.
    pub epoch: Epoch,
}

/// An attempt came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    /// The epoch that was attempted.
    pub epoch: Epoch,
    /// The provider of that epoch.
    pub provider: ProviderName,
    /// What was attempted.
    pub operation: Operation,
    /// How it failed.
    pub reason: FailureReason,
    /// The number of the attempt, from 1.
    pub attempt: u32,
    /// More, for the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// What a client attempted with a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// To connect.
    Join,
    /// To send its tracks.
    Publish,
    /// To receive another's.
    Subscribe,
    /// To keep media flowing.
    Media,
}

/// How an attempt failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureReason {
    /// It took too long.
    Timeout,
    /// No path was found.
    Ice,
    /// The credential was refused.
    Auth,
    /// The provider is full.
    Capacity,
    /// The browser cannot do it.
    Unsupported,
    /// Anything else.
    Other,
}

/// Media stalled; the client is repairing it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Suspect {
    /// The epoch whose media stalled.
    pub epoch: Epoch,
    /// Whose media stalled, when it is one participant's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub participant: Option<ParticipantId>,
    /// Whose fault it looks like, when it is a provider's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<ProviderName>,
    /// What was seen.
    pub evidence: Value,
}

/// How the call is for one participant. What is unknown is absent, and unknown is not good (R32).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// The epoch that was measured.
    pub epoch: Epoch,
    /// 0…100.
    pub score: f64,
    /// `excellent`, `good`, `poor` or `failed`.
    pub rating: String,
    /// 1…4.5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mos: Option<f64>,
    /// Round trip in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rtt_ms: Option<f64>,
    /// Loss in per cent, 0…100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss_pct: Option<f64>,
    /// Jitter in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jitter_ms: Option<f64>,
    /// What flows, in kbit/s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bitrate_kbps: Option<f64>,
    /// What could flow, in kbit/s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available_kbps: Option<f64>,
    /// Decoded frames a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fps: Option<f64>,
    /// Decoded width in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Decoded height in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// The selected candidate pair's type and transport.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pair: Option<String>,
    /// How the sound is that comes, 0…100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio: Option<f64>,
    /// How the picture is that comes, 0…100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub video: Option<f64>,
    /// How the way is, 0…100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<f64>,
    /// Whether it was measured while the session moved: then it is no word on either provider.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub switching: bool,
    /// The call so far. The session holds the last one: it survives a tab that is killed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Box<QualitySummary>>,
}

/// A line for everyone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chat {
    /// The client's number for it.
    pub id: MessageId,
    /// 1 to [`super::MAX_CHAT_CHARS`] characters.
    pub text: String,
}

/// Whether the tab is hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    /// `true` while nobody can see the tab.
    pub hidden: bool,
}

/// The answer to a `probe`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// The nonce of the question.
    pub nonce: String,
}
