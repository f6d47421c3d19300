//! What the shell asks of a session beside its decisions.

use super::log::life_state;
use super::{Claims, Session};
use crate::gather::collected;
use crate::protocol::http::Brief;
use crate::protocol::ids::{Incarnation, ParticipantId, ProviderName, SessionId};

impl Session {
    /// Its name.
    pub const fn id(&self) -> &SessionId {
        &self.id
    }

    /// The session in short, for the list of those that are live; none where no life is. Neither a
    /// heartbeat nor a line of chat changes it.
    pub fn brief(&self) -> Option<Brief> {
        let life = self.life.as_ref()?;
        let record = &life.record;
        Some(Brief {
            id: self.id.clone(),
            incarnation: record.incarnation.clone(),
            epoch: record.epoch,
            provider: record.provider.clone(),
            kind: record.kind,
            state: life_state(record.switch.is_some(), record.is_exhausted()),
            title: record.title.clone(),
            participants: life.participants.len(),
            users: collected(life.participants.values().map(|p| p.record.user.clone())),
            started_at: record.began_at,
            alerts: self.alerts().unwrap_or_default(),
        })
    }

    /// What the token of a participant says, to make one that renews it.
    pub fn claims_of(&self, id: &ParticipantId) -> Option<Claims> {
        let record = &self.life.as_ref()?.participants.get(id)?.record;
        Some(Claims {
            user: record.user.clone(),
            name: record.name.clone(),
            role: record.role,
            expires_at: record.token_expires_at,
            token: record.token.clone(),
            lasts: record.token_lasts,
            session: None,
        })
    }

    /// Which life of the session id this is; none where none has begun.
    pub fn incarnation(&self) -> Option<&Incarnation> {
        self.life.as_ref().map(|life| &life.record.incarnation)
    }

    /// Whether the life that is going on may have a room on a provider.
    pub fn has_room_on(&self, provider: &ProviderName) -> bool {
        let life = self.life.as_ref();
        life.is_some_and(|life| life.record.rooms.contains(provider))
    }

    /// How many people the session takes at all.
    pub fn most_people(&self) -> u32 {
        self.tuning().max_participants
    }

    /// Whether there is nothing to keep: no life, no socket at the door, no log, nobody barred.
    pub fn is_bare(&self) -> bool {
        self.life.is_none()
            && self.past.is_empty()
            && self.barred.is_empty()
            && self.pending.is_empty()
    }
}
