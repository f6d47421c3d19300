//! What is stored of one participant. See [`super::record`].

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::record::{Barred, SecretHash};
use crate::protocol::client::{Device, FailureReason, Operation, Quality, Track};
use crate::protocol::ids::{
    Epoch, Generation, Instance, Ordinal, ParticipantId, ProviderName, SocketId, TokenId, UserId,
};
use crate::protocol::server::{PreparedTracks, Role};
use crate::time::Millis;

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
    /// The name of its token.
    #[serde(default)]
    pub token: TokenId,
    /// Tokens that it came with before, and that are good still: whoever is removed is barred by them, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier_tokens: Vec<Barred>,
    /// When its token ends, or the longest-lived of those that renewed it.
    #[serde(default)]
    pub token_expires_at: Millis,
    /// For how long its token was made.
    #[serde(default)]
    pub token_lasts: Millis,
    /// When its token is renewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renew_token_at: Option<Millis>,
    /// When its TURN credentials are renewed (R34).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renew_ice_at: Option<Millis>,
    /// Which providers' credentials it has or is waiting for. They are of its present socket: a resume
    /// asks for them anew.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub grants: BTreeMap<ProviderName, Grant>,
    /// The probe it has not answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probed_at: Option<Millis>,
    /// The trouble it reported in the committed epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<Report>,
    /// Whom it does not see though it is seen by them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub blind: BTreeMap<ParticipantId, Blind>,
    /// Whether its pairs stayed one-way after all that could be done.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lost: bool,
    /// When the session was moved for its one-way pairs: once is enough, for as long as a bar is
    /// remembered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved_for: Option<Millis>,
    /// What it publishes on the prepared leg.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prepared: Option<PreparedTracks>,
    /// Its last report of quality.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality: Option<Quality>,
    /// Since when that is poor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub poor_since: Option<Millis>,
    /// The last epoch of whose cut it told how long it was without a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap_of: Option<Epoch>,
}

impl ParticipantRecord {
    /// Takes the participant over to a freshly committed epoch; says whether that changed anything
    /// but `connected`. Unreached, its media has to be found again.
    pub(super) fn enter(&mut self, epoch: Epoch, unreached: bool) -> bool {
        let mut changed = self.report.take().is_some() || !self.blind.is_empty() || self.lost;
        self.blind.clear();
        self.lost = false;
        // A verdict on the provider before counts for nothing here.
        changed |= self.poor_since.take().is_some();
        if let Some(prepared) = self.prepared.take() {
            changed = true;
            if prepared.epoch == epoch {
                self.tracks = prepared.tracks;
            }
        }
        if unreached {
            changed |= !self.sees.is_empty();
            self.sees.clear();
            self.connected = false;
        }
        changed
    }
}

/// Credentials of a provider that were asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// For which epoch; none for standby.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<Epoch>,
    /// When they are asked for again: because no answer came, or at half of their life.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask_at: Option<Millis>,
}

/// Trouble that a participant reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", try_from = "StoredReport")]
pub enum Report {
    /// `failed`: its ladder is climbed.
    Failed {
        /// When.
        at: Millis,
        /// What it could not do.
        operation: Operation,
        /// Why.
        reason: FailureReason,
        /// At which attempt.
        attempt: u32,
    },
    /// `suspect`: its media stalls, and its ladder is being climbed.
    Suspect {
        /// When.
        at: Millis,
    },
}

/// A [`Report`] as it is read. A derived reader of a tagged enum keeps all it meets before it reads it,
/// by code that would be in the Worker for nothing else.
#[derive(Deserialize)]
struct StoredReport {
    kind: ReportKind,
    at: Millis,
    operation: Option<Operation>,
    reason: Option<FailureReason>,
    attempt: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum ReportKind {
    Failed,
    Suspect,
}

impl TryFrom<StoredReport> for Report {
    type Error = &'static str;

    fn try_from(stored: StoredReport) -> Result<Self, Self::Error> {
        let at = stored.at;
        match stored.kind {
            ReportKind::Suspect => Ok(Self::Suspect { at }),
            ReportKind::Failed => Ok(Self::Failed {
                at,
                operation: stored.operation.ok_or("missing field `operation`")?,
                reason: stored.reason.ok_or("missing field `reason`")?,
                attempt: stored.attempt.ok_or("missing field `attempt`")?,
            }),
        }
    }
}

/// A participant whose media does not come, though ours reaches it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blind {
    /// Since when.
    pub since: Millis,
    /// Whether both were alerted.
    #[serde(default)]
    pub alerted: bool,
}
