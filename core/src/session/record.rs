//! What is stored. The JSON of these records is pinned by tests: an object must be able to read
//! what an older version of itself has written.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::log::Summary;
pub use super::participant_record::{Blind, Grant, ParticipantRecord, Report};
use crate::gather::collected;
use crate::protocol::http::Lock;
use crate::protocol::ids::{
    Epoch, Generation, Incarnation, LogSeq, MessageId, Ordinal, ParticipantId, ProviderName, Seq,
    TokenId, UserId,
};
use crate::protocol::server::{ChatLine, Encoded, Mode, ProviderKind};
use crate::provider::bars::{BarCause, Bars};
use crate::provider::cause::Cause;
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
    /// The last entry of the decision log.
    pub log_seq: LogSeq,
    /// Who may not come back, over all lives.
    pub barred: Vec<Barred>,
    /// Lives that are over and whose log is still kept.
    pub past: Vec<PastLife>,
}

/// Somebody who was removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Barred {
    /// Whom.
    pub whom: Whom,
    /// No token of theirs is good for longer than this.
    pub until: Millis,
}

/// Whom a bar is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whom {
    /// Whoever shows this token, or one that renewed it.
    Token(TokenId),
    /// Whoever is this user.
    User(UserId),
}

/// A life that is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastLife {
    /// Which.
    pub incarnation: Incarnation,
    /// Its last log entry.
    pub last: LogSeq,
    /// When it ended.
    pub ended_at: Millis,
    /// Where it had rooms. They were let go of when it ended, if the provider answered; once more is
    /// tried when its log goes.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub rooms: BTreeSet<ProviderName>,
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
    /// The highest epoch that was ever given out, committed or not; never given again (R1).
    #[serde(default)]
    pub issued: Epoch,
    /// Why the committed epoch is what it is.
    #[serde(default)]
    pub cause: Cause,
    /// The switch under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switch: Option<Switch>,
    /// The way back to media, while there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery: Option<Recovery>,
    /// Providers that failed this session, or were poor in it.
    #[serde(default)]
    pub bars: Bars,
    /// What the session may not be moved for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<Lock>,
    /// The operator whose switch keeps it where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned: Option<String>,
    /// The providers it may be on, as its first token said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub providers: Option<Vec<ProviderName>>,
    /// When the committed epoch was.
    #[serde(default)]
    pub switched_at: Millis,
    /// When somebody last came or went.
    #[serde(default)]
    pub heads_changed_at: Millis,
    /// When it was last moved for quality.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality_moved_at: Option<Millis>,
    /// No move but for failure before this: news of the providers are acted on at different times by
    /// different sessions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paced_until: Option<Millis>,
    /// On which providers it may have a room: whoever is to make one is noted before it does (R4).
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub rooms: BTreeSet<ProviderName>,
    /// What is connected already, should one more come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standby: Option<Standby>,
    /// Nothing is put on standby before this: there was nothing to open it with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standby_refused_until: Option<Millis>,
    /// Since when there are more people than it is good for, and nothing better to be had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crowded_since: Option<Millis>,
    /// What the life was so far.
    #[serde(default)]
    pub summary: Summary,
}

/// A provider that everyone is connected to, though nothing is published there yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standby {
    /// Which.
    pub provider: ProviderName,
    /// How it carries media.
    pub kind: ProviderKind,
    /// Since when.
    pub since: Millis,
}

/// A switch under way: everyone connects to the prepared provider, and all move or none does (R12).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Switch {
    /// Its epoch.
    pub epoch: Epoch,
    /// Where to.
    pub provider: ProviderName,
    /// How that carries media.
    pub kind: ProviderKind,
    /// Why.
    pub cause: Cause,
    /// When it began.
    #[serde(default)]
    pub began: Millis,
    /// By when it is committed or aborted.
    pub deadline: Millis,
    /// Who has to be ready: everyone who was there when it was prepared, and still is.
    pub quorum: BTreeMap<ParticipantId, Member>,
    /// Whether those not ready were probed.
    #[serde(default)]
    pub probed: bool,
    /// What the provider that is left earns by it, once it is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earns: Option<BarCause>,
    /// The operator who wants it: whoever is moved by it is kept there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pins: Option<String>,
    /// What was merged into it (R14).
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub merged: BTreeSet<Cause>,
}

impl Switch {
    /// Whether nobody is waited for.
    pub fn is_ready(&self) -> bool {
        !self.quorum.is_empty() && self.quorum.values().all(|member| member.ready)
    }

    /// How long it took to prepare, and whom it waited for: what a look at a slow switch begins with.
    pub fn preparation(&self, now: Millis) -> Value {
        let ready = self.quorum.iter();
        let ready = ready.filter_map(|(id, member)| Some((id, member.ready_after?)));
        let last = ready.clone().max_by_key(|(_, after)| *after);
        let after = ready.map(|(id, after)| (id.0.clone(), json!(after)));
        json!({
            "preparedInMs": now.since(self.began),
            "readyAfterMs": Value::Object(collected(after)),
            "last": last.map(|(id, _)| id),
        })
    }
}

/// One of a quorum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// As which generation; one that began anew is of the quorum no more.
    pub generation: Generation,
    /// Whether its media flows on the prepared leg.
    #[serde(default)]
    pub ready: bool,
    /// How long after the switch began it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready_after: Option<Millis>,
    /// Whether it was probed before the deadline, and has not been heard since.
    #[serde(default)]
    pub silent: bool,
}

/// The way back to media.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case", try_from = "StoredRecovery")]
pub enum Recovery {
    /// Everyone connects to what was committed last.
    Trying {
        /// Since when media is dead.
        since: Millis,
        /// What has failed since.
        tried: Vec<ProviderName>,
        /// How long to wait when this fails too.
        wait: Millis,
    },
    /// Nothing is left to try now.
    Exhausted {
        /// What has failed.
        tried: Vec<ProviderName>,
        /// When the least bad one is tried.
        retry_at: Millis,
        /// How long was waited.
        wait: Millis,
    },
}

/// A [`Recovery`] as it is read, for the reason that a stored report is.
#[derive(Deserialize)]
struct StoredRecovery {
    state: RecoveryState,
    since: Option<Millis>,
    tried: Vec<ProviderName>,
    retry_at: Option<Millis>,
    wait: Millis,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum RecoveryState {
    Trying,
    Exhausted,
}

impl TryFrom<StoredRecovery> for Recovery {
    type Error = &'static str;

    fn try_from(stored: StoredRecovery) -> Result<Self, Self::Error> {
        let StoredRecovery { tried, wait, .. } = stored;
        match stored.state {
            RecoveryState::Trying => Ok(Self::Trying {
                since: stored.since.ok_or("missing field `since`")?,
                tried,
                wait,
            }),
            RecoveryState::Exhausted => Ok(Self::Exhausted {
                tried,
                retry_at: stored.retry_at.ok_or("missing field `retry_at`")?,
                wait,
            }),
        }
    }
}

impl SessionRecord {
    /// Whether there is nothing left to try now.
    pub const fn is_exhausted(&self) -> bool {
        matches!(self.recovery, Some(Recovery::Exhausted { .. }))
    }

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
