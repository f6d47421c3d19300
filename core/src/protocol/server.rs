//! What the session says.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::client::Track;
pub use super::encoded::Encoded;
use super::ids::{
    Epoch, Generation, Incarnation, MessageId, Ordinal, ParticipantId, ProviderName, SessionId,
    UserId,
};
use crate::time::Millis;

/// Everything the session may say.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerMessage {
    /// The answer to `hello`.
    Welcome(Box<Welcome>),
    /// The session as it is: the answer to a message of a stale epoch (R1).
    Session {
        /// The session.
        session: SessionState,
        /// A switch under way.
        #[serde(skip_serializing_if = "Option::is_none")]
        switch: Option<PreparedLeg>,
        /// The provider's credentials.
        #[serde(skip_serializing_if = "Option::is_none")]
        credentials: Option<Value>,
    },
    /// Somebody arrived. Comes before any of their signals.
    ParticipantJoined(Roster),
    /// Somebody's tracks, presence, connection or generation changed.
    ParticipantUpdated(Roster),
    /// Somebody is gone.
    ParticipantLeft(Roster),
    /// How many watch a stream.
    Viewers {
        /// Viewers now.
        count: u32,
    },
    /// Connect to a provider that may be needed soon; publish nothing yet.
    Standby(Leg),
    /// The provider of an earlier `standby` is not needed.
    StandbyRelease(Leg),
    /// Connect to this epoch's provider beside the committed one.
    Prepare(PreparedLeg),
    /// This epoch is the session's now.
    Commit(PreparedLeg),
    /// The prepared epoch will not be.
    Abort {
        /// The epoch that was prepared.
        epoch: Epoch,
        /// Why it will not be.
        cause: String,
    },
    /// Something opaque from another participant.
    Signal(RelayedSignal),
    /// A line for everyone. To its sender it is the acknowledgement.
    Chat(ChatLine),
    /// What the session is about to do for quality, and why (R42).
    Recommendation {
        /// Why.
        cause: String,
        /// The numbers it rests on.
        metrics: Value,
        /// What will be done.
        action: String,
    },
    /// Something that participants should know.
    Alert {
        /// What happened.
        kind: AlertKind,
        /// Whom it is about.
        #[serde(skip_serializing_if = "Option::is_none")]
        participant: Option<ParticipantId>,
        /// In words.
        detail: String,
    },
    /// Every provider was tried. The session stays and tries again.
    Exhausted {
        /// What was tried.
        tried: Vec<ProviderName>,
        /// When it is tried again, in milliseconds.
        retry_after_ms: u64,
    },
    /// A renewed token.
    Token {
        /// The token.
        token: String,
        /// When it ends, in milliseconds since 1970.
        expires_at: Millis,
    },
    /// Renewed STUN and TURN servers.
    IceServers {
        /// In the shape of `RTCIceServer`.
        ice_servers: Vec<Value>,
    },
    /// Credentials of a provider, for this one participant: the first ones right after the `prepare`,
    /// `commit`, `standby` or `welcome` that needs them, and new ones at half of their life.
    Credentials {
        /// The epoch whose leg they open; absent for one on standby.
        #[serde(skip_serializing_if = "Option::is_none")]
        epoch: Option<Epoch>,
        /// The provider.
        provider: ProviderName,
        /// As the provider's driver wants them.
        credentials: Value,
    },
    /// Are you there?
    Probe {
        /// To be sent back.
        nonce: String,
    },
    /// A frame could not be acted on.
    Error(ErrorFrame),
    /// The session ends this socket on purpose.
    Bye {
        /// Why.
        reason: String,
        /// When to come back, in milliseconds; absent when not to.
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after_ms: Option<u64>,
    },
}

/// The answer to `hello`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Welcome {
    /// Who the client is in this session.
    pub participant: ParticipantId,
    /// The number given on arrival.
    pub ordinal: Ordinal,
    /// How often this tab came anew.
    pub generation: Generation,
    /// For the next `hello`; single-use.
    pub resume_secret: String,
    /// Whether this socket goes on where the last one ended. If so `participants` and `chat` are
    /// empty, and what was missed follows as frames of its own; if not, they are all there is.
    pub resumed: bool,
    /// The last `id` of this tab that arrived.
    pub last_id: MessageId,
    /// The session.
    pub session: SessionState,
    /// A switch under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub switch: Option<PreparedLeg>,
    /// Everyone, the client included.
    pub participants: Vec<ParticipantView>,
    /// The last [`super::CHAT_KEPT`] lines.
    pub chat: Vec<ChatLine>,
    /// STUN and TURN servers, in the shape of `RTCIceServer`.
    pub ice_servers: Vec<Value>,
    /// The provider's credentials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credentials: Option<Value>,
    /// The intervals the client keeps to.
    pub config: ClientConfig,
}

/// The intervals a client keeps to, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ClientConfig {
    /// Between two heartbeats.
    pub heartbeat_ms: Millis,
    /// How long a silent participant still counts.
    pub lease_ms: Millis,
    /// Between two quality samples.
    pub sample_ms: Millis,
}

/// The session as its participants know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionState {
    /// Its name.
    pub id: SessionId,
    /// Which life of that name.
    pub incarnation: Incarnation,
    /// The committed epoch.
    pub epoch: Epoch,
    /// The committed provider.
    pub provider: ProviderName,
    /// What kind of provider that is.
    pub kind: ProviderKind,
    /// The room on it: the session's id.
    pub room: SessionId,
    /// What the session is doing.
    pub state: LifeState,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// A call or a stream.
    pub mode: Mode,
}

/// How a provider carries media.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProviderKind {
    /// From browser to browser.
    P2p,
    /// Through a selective forwarding unit.
    Sfu,
    /// Through a vendor's own client.
    Vendor,
}

/// What a session is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LifeState {
    /// It runs on the committed provider.
    Active,
    /// It runs, and prepares another.
    Switching,
    /// Every provider was tried.
    Exhausted,
    /// It is over.
    Ended,
}

/// What a session is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Everyone sends.
    #[default]
    Call,
    /// Hosts send, viewers watch.
    Stream,
}

/// What a participant may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sends and receives.
    #[default]
    Participant,
    /// Sends, and may end the stream.
    Host,
    /// Receives.
    Viewer,
}

/// What the session knows of a participant's connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Connection {
    /// Has not yet said `connected` with somebody seen, or alone, in this generation.
    Connecting,
    /// Has said so, and its socket is here.
    Good,
    /// Has said that its call is poor.
    Poor,
    /// Its socket is away; its lease runs. Its media may flow all the same (R30).
    Lost,
}

/// What a participant publishes on the prepared leg of a switch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreparedTracks {
    /// The prepared epoch.
    pub epoch: Epoch,
    /// The tracks.
    pub tracks: Vec<Track>,
}

/// One participant as the others know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParticipantView {
    /// Who, in this session.
    pub id: ParticipantId,
    /// Who, to the customer.
    pub user_id: UserId,
    /// What people call them.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// The number given on arrival.
    pub ordinal: Ordinal,
    /// How often the tab came anew.
    pub generation: Generation,
    /// What the session knows of the connection.
    pub connection: Connection,
    /// All that is published.
    pub tracks: Vec<Track>,
    /// Whether nobody can see the tab.
    pub hidden: bool,
    /// What they publish on the prepared leg, during a switch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prepared: Option<PreparedTracks>,
}

/// A change of the roster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Roster {
    /// The participant as it is now; of one who left, as it was.
    pub participant: ParticipantView,
    /// Why somebody left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<LeaveReason>,
}

/// Why somebody is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeaveReason {
    /// They left.
    Left,
    /// They were silent for longer than their lease.
    Lease,
    /// The same user took over in another tab.
    Replaced,
    /// Somebody removed them.
    Removed,
}

/// A provider's leg, without an epoch.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Leg {
    /// The provider.
    pub provider: ProviderName,
    /// What kind of provider that is.
    pub kind: ProviderKind,
    /// The room on it.
    pub room: SessionId,
    /// As the provider's driver wants them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credentials: Option<Value>,
}

/// A provider's leg in an epoch of its own.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PreparedLeg {
    /// The epoch, consumed whether it is committed or not.
    pub epoch: Epoch,
    /// Where.
    #[serde(flatten)]
    pub leg: Leg,
    /// When it is given up, in milliseconds from now.
    pub deadline_ms: Millis,
    /// Why the session moves.
    pub cause: String,
}

/// A `signal` on its way to its receiver.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RelayedSignal {
    /// Who sent it.
    pub from: ParticipantId,
    /// The sender's number for it.
    pub id: MessageId,
    /// The epoch it belongs to.
    pub epoch: Epoch,
    /// The sender's generation.
    pub generation: Generation,
    /// What was sent.
    pub payload: Value,
}

/// A line of the chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatLine {
    /// Who wrote it.
    pub from: ParticipantId,
    /// The name of who wrote it, who may be gone by now.
    pub name: String,
    /// The sender's number for it.
    pub id: MessageId,
    /// What it says.
    pub text: String,
    /// When the session had it, in milliseconds since 1970. Order is the session's (R31).
    pub at: Millis,
}

/// What an alert is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertKind {
    /// Somebody is silent.
    ParticipantStale,
    /// One sees the other and is not seen.
    Asymmetric,
    /// The call is poor.
    QualityPoor,
    /// A provider does worse than it should.
    ProviderDegraded,
    /// A provider is down.
    ProviderDown,
    /// A provider is back.
    ProviderRecovered,
}

/// Why a frame could not be acted on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ErrorFrame {
    /// Stable, for programs.
    pub code: &'static str,
    /// What was wrong and what would be right, for people.
    pub message: String,
    /// The client's number for the `signal` or `chat` that it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<MessageId>,
    /// When to try again, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

impl ErrorFrame {
    /// An error that is about no `signal` or `chat`, and names no time to try again.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            id: None,
            retry_after_ms: None,
        }
    }
}

/// Whose media everyone decodes, as the snapshot shows it.
pub type Sees = BTreeSet<ParticipantId>;
