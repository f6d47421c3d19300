//! What is stored. The JSON of these records is pinned by tests: an object must be able to read
//! what an older version of itself has written.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::protocol::client::{Device, Track};
use crate::protocol::ids::{
    Epoch, Generation, Incarnation, Instance, MessageId, Ordinal, ParticipantId, ProviderName, Seq,
    SocketId, UserId,
};
use crate::protocol::server::{ChatLine, Encoded, Mode, ProviderKind, Role};
use crate::time::Millis;
use crate::tuning::Tuning;

/// Everything that is stored of a session.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stored {
    /// The session's row; none before the first `hello` and after the end.
    pub session: Option<SessionRecord>,
    /// The participants' rows.
    pub participants: Vec<ParticipantRecord>,
    /// The participants' cursors.
    pub cursors: Vec<(ParticipantId, Cursor)>,
    /// Frames not yet acknowledged, by participant in order of `seq`.
    pub kept: Vec<(ParticipantId, Seq, Kept)>,
    /// The chat, oldest first.
    pub chat: Vec<NumberedLine>,
}

/// The decision row: the one place that says which provider the session is on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SessionRecord {
    /// Which life of the session id.
    pub incarnation: Incarnation,
    /// The committed epoch.
    pub epoch: Epoch,
    /// The provider of that epoch.
    pub provider: ProviderName,
    /// What kind of provider that is.
    pub kind: ProviderKind,
    /// A call or a stream.
    #[serde(default)]
    pub mode: Mode,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The constants that its first token changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tuning: Option<Value>,
    /// `P2P_PARTICIPANT_LIMIT` as its first token set it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p2p_limit: Option<u32>,
    /// The ordinal of whoever comes next.
    pub next_ordinal: Ordinal,
    /// When it began.
    pub began_at: Millis,
    /// Since when nobody is in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub empty_since: Option<Millis>,
}

impl SessionRecord {
    /// The constants of this session, over the operator's.
    ///
    /// They were checked when the token was made. Should this version not know one of them any
    /// more, the operator's hold: a session must not become unreadable by a deployment.
    pub fn tuning(&self, configured: Tuning) -> Tuning {
        let mut tuning = match &self.tuning {
            Some(json) => configured.with(json).unwrap_or(configured),
            None => configured,
        };
        if let Some(limit) = self.p2p_limit {
            tuning.p2p_participant_limit = limit;
        }
        tuning
    }
}

/// One participant's row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ParticipantRecord {
    /// Who, in this session.
    pub id: ParticipantId,
    /// Who, to the customer.
    pub user: UserId,
    /// What people call them.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// The tab.
    pub instance: Instance,
    /// The number given on arrival.
    pub ordinal: Ordinal,
    /// How often the tab came anew.
    pub generation: Generation,
    /// What it can carry media with.
    pub drivers: BTreeSet<ProviderName>,
    /// The socket it is attached by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub socket: Option<SocketId>,
    /// When the socket it is attached by, or was last, was accepted.
    #[serde(default)]
    pub socket_opened: Millis,
    /// Since when it has none. Stored, or an object that hibernates would begin the lease again
    /// whenever it wakes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub away_since: Option<Millis>,
    /// The secret of the last `welcome`.
    pub secret: SecretHash,
    /// The secret before that, until the first frame after that `welcome`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_secret: Option<SecretHash>,
    /// Whether this generation has said `connected` with somebody seen, or alone.
    #[serde(default)]
    pub connected: bool,
    /// Whose media it decodes (R41).
    #[serde(default)]
    pub sees: BTreeSet<ParticipantId>,
    /// All that it publishes.
    #[serde(default)]
    pub tracks: Vec<Track>,
    /// Whether nobody can see the tab.
    #[serde(default)]
    pub hidden: bool,
    /// What it says of its device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<Device>,
}

/// How far the exchange with one participant is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The last frame that was numbered.
    pub seq: Seq,
    /// The last `id` that came.
    pub last_id: MessageId,
    /// Frames up to this one cannot be told again, acknowledged or not: there were too many.
    #[serde(default)]
    pub dropped: Seq,
}

/// A frame that is told again after a resume, unless it was acknowledged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The frame, but for its number.
    pub message: Encoded,
    /// Of a signal: what must still hold for it to be told again (R25).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fence: Option<Fence>,
}

/// What a signal belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fence {
    /// The epoch.
    pub epoch: Epoch,
    /// Who sent it.
    pub from: ParticipantId,
    /// The sender's generation.
    pub generation: Generation,
    /// The receiver's generation.
    pub to_generation: Generation,
}

/// A line of the chat with its place in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberedLine {
    /// Its place, +1 a line.
    pub number: u64,
    /// The line.
    pub line: ChatLine,
}

/// SHA-256 of a resume secret: what is stored cannot be used to resume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretHash(String);

impl SecretHash {
    /// The hash of a secret, as lower-case hexadecimal.
    pub fn of(secret: &str) -> Self {
        let digest = Sha256::digest(secret.as_bytes());
        Self(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Whether this is the hash of that secret, in constant time (R33).
    pub fn matches(&self, secret: &str) -> bool {
        self.0
            .as_bytes()
            .ct_eq(Self::of(secret).0.as_bytes())
            .into()
    }
}
