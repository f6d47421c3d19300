//! The session from the outside.

use super::crowd::CROWDED;
use super::log::life_state;
use super::record::Switch;
use super::roster::Participant;
use super::{Life, Session};
use crate::gather::sort_by_key;
use crate::protocol::http::{
    Health, OpenAlert, ParticipantHealth, ParticipantSnapshot, Snapshot, SwitchSnapshot,
    TimerSnapshot,
};
use crate::protocol::server::{AlertKind, Connection};
use crate::time::Millis;

impl Session {
    /// The session as backends and operators see it; none where no life has begun, or it has ended.
    pub fn snapshot(&self, now: Millis) -> Option<Snapshot> {
        let life = self.life.as_ref()?;
        let participants = life
            .in_order()
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
        let mut timers: Vec<_> = self.timers();
        // There may be one for every pair of people: too many for an insertion sort.
        timers.sort_unstable();
        Some(Snapshot {
            id: self.id.clone(),
            incarnation: life.record.incarnation.clone(),
            epoch: life.record.epoch,
            provider: life.record.provider.clone(),
            kind: life.record.kind,
            room: self.id.clone(),
            state: life_state(life.record.switch.is_some(), life.record.is_exhausted()),
            title: life.record.title.clone(),
            participants,
            switch: life.record.switch.as_ref().map(switch_snapshot),
            standby: life
                .record
                .standby
                .as_ref()
                .map(|warm| warm.provider.clone()),
            lock: life.record.lock,
            pinned_by: life.record.pinned.clone(),
            barred: life.record.bars.in_force(now),
            timers: timers
                .into_iter()
                .map(|(at, reason)| TimerSnapshot { at, reason })
                .collect(),
        })
    }

    /// Everyone's last quality and state.
    pub fn health(&self) -> Option<Health> {
        let life = self.life.as_ref()?;
        let participants = life.in_order().map(|p| ParticipantHealth {
            id: p.record.id.clone(),
            connection: p.connection(),
            presence: life.presence_of(&p.record.id),
            sees: p.record.sees.clone(),
            blind_to: p.record.blind.keys().cloned().collect(),
            quality: p.record.quality.clone(),
        });
        Some(Health {
            id: self.id.clone(),
            epoch: life.record.epoch,
            provider: life.record.provider.clone(),
            state: life_state(life.record.switch.is_some(), life.record.is_exhausted()),
            participants: participants.collect(),
        })
    }

    /// What is wrong now, oldest first.
    pub fn alerts(&self) -> Option<Vec<OpenAlert>> {
        let life = self.life.as_ref()?;
        let mut open: Vec<_> = life.in_order().flat_map(Participant::alerts).collect();
        if let Some(since) = life
            .record
            .is_exhausted()
            .then_some(life.record.switched_at)
        {
            open.push(OpenAlert {
                kind: AlertKind::ProviderDown,
                participant: None,
                since,
                detail: "no provider is left to try now".to_owned(),
            });
        }
        open.extend(life.record.crowded_since.map(|since| OpenAlert {
            kind: AlertKind::ProviderDegraded,
            participant: None,
            since,
            detail: CROWDED.to_owned(),
        }));
        open.sort_by_key(|alert| alert.since);
        Some(open)
    }
}

impl Life {
    fn in_order(&self) -> impl Iterator<Item = &Participant> {
        let mut all: Vec<_> = self.participants.values().collect();
        sort_by_key(&mut all, |p| &p.record.ordinal);
        all.into_iter()
    }
}

impl Participant {
    fn alerts(&self) -> Vec<OpenAlert> {
        let record = &self.record;
        let alert = |kind, since, detail: String| OpenAlert {
            kind,
            participant: Some(record.id.clone()),
            since,
            detail,
        };
        let stale = record
            .away_since
            .filter(|_| self.connection() == Connection::Lost)
            .map(|since| {
                alert(
                    AlertKind::ParticipantStale,
                    since,
                    "it has no socket".to_owned(),
                )
            });
        let blind = record
            .blind
            .iter()
            .filter(|(_, blind)| blind.alerted)
            .map(|(to, blind)| {
                alert(
                    AlertKind::Asymmetric,
                    blind.since,
                    format!("it does not see {to}, who sees it"),
                )
            });
        let poor = record.poor_since.map(|since| {
            alert(
                AlertKind::QualityPoor,
                since,
                "its quality is poor".to_owned(),
            )
        });
        stale.into_iter().chain(blind).chain(poor).collect()
    }
}

fn switch_snapshot(switch: &Switch) -> SwitchSnapshot {
    let of = |ready: bool| {
        let members = switch.quorum.iter().filter(|(_, m)| m.ready == ready);
        members.map(|(id, _)| id.clone()).collect()
    };
    SwitchSnapshot {
        epoch: switch.epoch,
        provider: switch.provider.clone(),
        cause: switch.cause,
        deadline: switch.deadline,
        ready: of(true),
        waiting_for: of(false),
    }
}
