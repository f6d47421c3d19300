//! The decision log: everything that was decided, by whom, on what evidence, and what else there was.
//!
//! Entries are appended in the same transaction as the decision they tell of, and never changed.
//! Folding them ([`super::fold`]) gives the session as its snapshot shows it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::protocol::ids::{Epoch, Incarnation, LogSeq, ParticipantId, ProviderName};
use crate::protocol::server::{
    AlertKind, LeaveReason, LifeState, Mode, ParticipantView, ProviderKind,
};
use crate::protocol::summary::QualitySummary;
use crate::provider::cause::Cause;
use crate::time::Millis;

/// One entry. Its JSON is stored and served by `GET /v1/sessions/{id}/events`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogEntry {
    /// Its place: +1 an entry, over all lives of the session id that are still kept.
    pub seq: LogSeq,
    /// When, by the object's clock.
    pub at: Millis,
    /// In which life.
    pub incarnation: Incarnation,
    /// The epoch it is about: the prepared one of a switch under way, else the committed one (R1).
    pub epoch: Epoch,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
    /// Who or what caused it (R42).
    pub by: By,
    /// What it was decided on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Value>,
    /// Of a choice: what else there was, best first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<Alternative>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "snake_case",
    rename_all_fields = "camelCase"
)]
pub enum Event {
    /// The life began, on this provider.
    Began {
        /// The provider.
        provider: ProviderName,
        /// How it carries media.
        provider_kind: ProviderKind,
        /// A call or a stream.
        mode: Mode,
        /// What people call it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        /// What it may not be moved for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lock: Option<crate::protocol::http::Lock>,
    },
    /// Somebody came.
    Joined {
        /// As the others see them.
        participant: ParticipantView,
    },
    /// Somebody changed: connection, tracks, generation, or whether the tab is hidden.
    Updated {
        /// As the others see them now.
        participant: ParticipantView,
    },
    /// Somebody is gone.
    Left {
        /// Who.
        participant: ParticipantId,
        /// Why.
        reason: LeaveReason,
        /// Their whole call, as they last told: a tab that was killed tells nothing more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        summary: Option<Box<QualitySummary>>,
    },
    /// A switch began: everyone connects to this provider while the old one still carries.
    Prepared {
        /// To which.
        provider: ProviderName,
        /// Why.
        cause: Cause,
        /// By when it is committed or aborted.
        deadline: Millis,
    },
    /// Something asked for a switch while one was under way; it is looked at after that (R14).
    Merged {
        /// What.
        cause: Cause,
    },
    /// This epoch is the session's.
    Committed {
        /// Its provider.
        provider: ProviderName,
        /// How that carries media.
        provider_kind: ProviderKind,
        /// Why.
        cause: Cause,
        /// Whether media was dead, so that nobody was waited for.
        urgent: bool,
    },
    /// A switch was given up; nobody's media had stopped.
    Aborted {
        /// To which provider it would have been.
        provider: ProviderName,
        /// Why it was begun.
        cause: Cause,
        /// Why it was given up.
        reason: AbortReason,
    },
    /// Everyone connects to this provider, which one participant more would move the session to, and
    /// publishes nothing there yet.
    Standby {
        /// Which.
        provider: ProviderName,
    },
    /// What was on standby is not needed any more.
    StandbyReleased {
        /// Which.
        provider: ProviderName,
    },
    /// Somebody told how long it was without a new picture over the cut to the committed epoch.
    CutOver {
        /// Who.
        participant: ParticipantId,
        /// The longest time between two of its pictures, in milliseconds.
        gap_ms: Millis,
    },
    /// No provider is left to try now.
    Exhausted {
        /// Those that failed.
        tried: Vec<ProviderName>,
        /// When the least bad one is tried.
        retry_at: Millis,
    },
    /// Media flows again after a recovery.
    Recovered,
    /// Somebody reported trouble: a `failed` or a `suspect`.
    Reported {
        /// Who.
        participant: ParticipantId,
    },
    /// Operators and participants were alerted.
    Alerted {
        /// To what.
        alert: AlertKind,
        /// About whom.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        participant: Option<ParticipantId>,
    },
    /// A move for quality was recommended (R42).
    Recommended {
        /// What to do.
        action: String,
    },
    /// An operator's switch keeps everyone there until it is unpinned, and wherever a failure takes it.
    Pinned {
        /// Where.
        provider: ProviderName,
        /// Whose switch it was.
        operator: String,
    },
    /// The provider is free to be chosen again.
    Unpinned,
    /// An operator changed the session: what it is now.
    Changed {
        /// What people call it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        /// What it may not be moved for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lock: Option<crate::protocol::http::Lock>,
        /// `P2P_PARTICIPANT_LIMIT` here.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        p2p_limit: Option<u32>,
    },
    /// An operator removed somebody, who is barred from coming back.
    Barred {
        /// Who.
        participant: ParticipantId,
        /// Whether every token of that user is barred, or only the one.
        user: bool,
    },
    /// The life is over.
    Ended {
        /// Why.
        reason: EndReason,
        /// What it was.
        summary: Summary,
    },
}

/// Who or what caused an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum By {
    /// A participant's message, or its socket.
    Participant {
        /// Who.
        id: ParticipantId,
    },
    /// An operator.
    Admin {
        /// The name of the key.
        name: String,
    },
    /// A deadline.
    Alarm,
    /// News of the providers.
    Registry,
}

/// Why a switch was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AbortReason {
    /// Not everyone was ready in time.
    Deadline,
    /// Somebody of the quorum could not connect.
    Failed,
    /// Nobody of the quorum is left.
    Deserted,
    /// The target was switched off, or out of the question for another reason.
    Withdrawn,
}

impl AbortReason {
    /// The word on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Deadline => "deadline",
            Self::Failed => "failed",
            Self::Deserted => "deserted",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// Why a life ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// Nobody was in it for `EMPTY_GRACE`.
    Empty,
    /// An operator ended it.
    Deleted,
}

/// What a life was, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Summary {
    /// How long it lasted.
    pub duration_ms: Millis,
    /// How many participants came.
    pub participants: u32,
    /// How many were there at once, at most.
    pub peak: u32,
    /// How many epochs were committed after the first.
    pub switches: u32,
    /// How many of those because the provider before had failed.
    pub failovers: u32,
    /// How many switches were given up.
    pub aborted: u32,
    /// How often a provider was put on standby.
    pub standbys: u32,
    /// How many of those were moved to.
    pub standbys_used: u32,
    /// For how long one was on standby, in all.
    pub standby_ms: Millis,
    /// The longest time that anybody was without a new picture over a cut.
    pub longest_gap_ms: Millis,
}

/// A provider that was not taken, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alternative {
    /// Which.
    pub provider: ProviderName,
    /// Why not: a word where it was out of the question, its rank in words where it was not the best.
    pub why: String,
}

/// The state in which a folded log leaves a session; see [`super::fold`].
pub(super) const fn life_state(switching: bool, exhausted: bool) -> LifeState {
    match (switching, exhausted) {
        (true, _) => LifeState::Switching,
        (false, true) => LifeState::Exhausted,
        (false, false) => LifeState::Active,
    }
}
