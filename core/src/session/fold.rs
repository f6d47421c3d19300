//! The log, folded: what a session is, from what was decided.

use std::collections::BTreeMap;

use super::log::{Event, LogEntry};
use crate::protocol::http::Lock;
use crate::protocol::ids::{Epoch, Incarnation, ParticipantId, ProviderName};
use crate::protocol::server::{LifeState, ParticipantView, ProviderKind};

/// A session as its log tells it: what its snapshot shows, but for timers, bars, who sees whom and who
/// is ready, which change without being decisions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folded {
    /// Which life.
    pub incarnation: Incarnation,
    /// The committed epoch.
    pub epoch: Epoch,
    /// Its provider.
    pub provider: ProviderName,
    /// How that carries media.
    pub kind: ProviderKind,
    /// Whether it is switching or exhausted.
    pub state: LifeState,
    /// What people call it.
    pub title: Option<String>,
    /// What it may not be moved for.
    pub lock: Option<Lock>,
    /// Who pinned it.
    pub pinned_by: Option<String>,
    /// The prepared epoch and provider, during a switch.
    pub switch: Option<(Epoch, ProviderName)>,
    /// Who is in it.
    pub participants: BTreeMap<ParticipantId, ParticipantView>,
}

/// Folds the entries of a log, oldest first; none where no life is alive at its end.
pub fn fold<'a>(entries: impl IntoIterator<Item = &'a LogEntry>) -> Option<Folded> {
    let mut life = None;
    for entry in entries {
        life = step(life, entry);
    }
    life
}

/// Takes one more entry.
pub fn step(life: Option<Folded>, entry: &LogEntry) -> Option<Folded> {
    if let Event::Began {
        provider,
        provider_kind,
        title,
        lock,
        ..
    } = &entry.event
    {
        return Some(Folded {
            incarnation: entry.incarnation.clone(),
            epoch: entry.epoch,
            provider: provider.clone(),
            kind: *provider_kind,
            state: LifeState::Active,
            title: title.clone(),
            lock: *lock,
            pinned_by: None,
            switch: None,
            participants: BTreeMap::new(),
        });
    }
    let mut life = life?;
    match &entry.event {
        Event::Ended { .. } => return None,
        Event::Joined { participant } | Event::Updated { participant } => {
            life.participants
                .insert(participant.id.clone(), participant.clone());
        }
        Event::Left { participant, .. } => {
            life.participants.remove(participant);
        }
        Event::Prepared { provider, .. } => {
            life.state = LifeState::Switching;
            life.switch = Some((entry.epoch, provider.clone()));
        }
        Event::Committed {
            provider,
            provider_kind,
            ..
        } => {
            life.epoch = entry.epoch;
            life.provider = provider.clone();
            life.kind = *provider_kind;
            life.state = LifeState::Active;
            life.switch = None;
        }
        Event::Aborted { .. } => {
            life.state = LifeState::Active;
            life.switch = None;
        }
        Event::Exhausted { .. } => life.state = LifeState::Exhausted,
        Event::Recovered => life.state = LifeState::Active,
        Event::Pinned { operator, .. } => life.pinned_by = Some(operator.clone()),
        Event::Unpinned => life.pinned_by = None,
        Event::Changed { title, lock, .. } => {
            life.title.clone_from(title);
            life.lock = *lock;
        }
        Event::Began { .. }
        | Event::Merged { .. }
        | Event::Standby { .. }
        | Event::StandbyReleased { .. }
        | Event::CutOver { .. }
        | Event::Reported { .. }
        | Event::Alerted { .. }
        | Event::Recommended { .. }
        | Event::Barred { .. } => {}
    }
    Some(life)
}
