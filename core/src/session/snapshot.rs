//! The session from the outside.

use super::Session;
use crate::protocol::http::{ParticipantSnapshot, Snapshot, TimerSnapshot};
use crate::protocol::server::LifeState;

impl Session {
    /// The session as backends and operators see it; none where no life has begun, or it has ended.
    pub fn snapshot(&self) -> Option<Snapshot> {
        let life = self.life.as_ref()?;
        let mut participants: Vec<_> = life.participants.values().collect();
        participants.sort_by_key(|p| p.record.ordinal);
        let participants = participants
            .into_iter()
            .map(|p| ParticipantSnapshot {
                id: p.record.id.clone(),
                user_id: p.record.user.clone(),
                name: p.record.name.clone(),
                role: p.record.role,
                ordinal: p.record.ordinal,
                generation: p.record.generation,
                connection: p.connection(),
                tracks: p.record.tracks.clone(),
                hidden: p.record.hidden,
                sees: p.record.sees.clone(),
                unacknowledged: p.mailbox.unacknowledged(),
            })
            .collect();
        let mut timers: Vec<_> = self.timers().collect();
        timers.sort();
        Some(Snapshot {
            id: self.id.clone(),
            incarnation: life.record.incarnation.clone(),
            epoch: life.record.epoch,
            provider: life.record.provider.clone(),
            kind: life.record.kind,
            room: self.id.clone(),
            state: LifeState::Active,
            title: life.record.title.clone(),
            participants,
            timers: timers
                .into_iter()
                .map(|(at, reason)| TimerSnapshot { at, reason })
                .collect(),
        })
    }
}
