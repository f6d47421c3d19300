//! The answer to `hello`: who the client is, everything it needs, and what it has missed.

use super::Life;
use super::arrival::{Arrival, Way};
use super::decision::{Turn, Write};
use super::input::Mint;
use super::log::Event;
use super::record::{Fence, Kept, SecretHash};
use super::roster::Participant;
use crate::gather::sort_by_key;
use crate::protocol::ids::{Generation, ParticipantId};
use crate::protocol::server::{ClientConfig, ParticipantView, Roster, ServerMessage, Welcome};

impl Life {
    /// Answers `hello`, tells again what was missed, and tells the others of someone new.
    pub(super) fn welcome(&mut self, turn: &mut Turn, arrival: &Arrival, mint: &Mint) {
        let Arrival { id, way } = arrival;
        let (participants, chat) = match way {
            Way::Resumed(_) => (Vec::new(), Vec::new()),
            Way::New | Way::Anew(_) => (
                self.views(),
                self.chat.iter().map(|c| c.line.clone()).collect(),
            ),
        };
        let session = self.state();
        let leg = self.prepared_leg(turn.now);
        let missed = self.take_unheard(id);
        let Some(participant) = self.participants.get_mut(id) else {
            return;
        };
        participant.record.secret = SecretHash::of(&mint.secret);
        // Until a frame shows that this `welcome` arrived, the client may know only what it used.
        participant.record.previous_secret = match way {
            Way::Resumed(used) => Some(used.clone()),
            Way::Anew(used) => used.clone(),
            Way::New => None,
        };
        participant.record.take_ice(&mint.ice, turn.now);
        turn.changed.insert(id.clone());
        turn.store(Write::Forget(id.clone(), participant.mailbox.cursor().seq));
        let welcome = Welcome {
            participant: id.clone(),
            ordinal: participant.record.ordinal,
            generation: participant.record.generation,
            resume_secret: mint.secret.clone(),
            resumed: matches!(way, Way::Resumed(_)),
            last_id: participant.mailbox.cursor().last_id,
            session,
            switch: leg,
            participants,
            chat,
            ice_servers: mint.ice.servers.clone(),
            credentials: None,
            config: ClientConfig {
                heartbeat_ms: self.tuning.heartbeat,
                lease_ms: self.tuning.lease,
                sample_ms: self.tuning.sample,
            },
        };
        self.tell_once(turn, id, &ServerMessage::Welcome(Box::new(welcome)));
        match way {
            // What it had not heard of it is told again below.
            Way::Resumed(_) => {}
            Way::New | Way::Anew(_) => self.tell_standby(turn, id),
        }
        for kept in missed {
            self.tell(turn, id, kept.message, kept.fence);
        }
        if matches!(way, Way::New)
            && let Some(view) = self.participants.get(id).map(Participant::view)
        {
            turn.log(
                &self.record,
                Event::Joined {
                    participant: view.clone(),
                },
            );
            let joined = Roster {
                participant: view,
                reason: None,
            };
            self.tell_others(turn, id, &ServerMessage::ParticipantJoined(joined));
        }
    }

    /// Takes out what a participant has not acknowledged. A signal only if its epoch and both
    /// generations still hold: old SDP is never told again (R25).
    fn take_unheard(&mut self, id: &ParticipantId) -> Vec<Kept> {
        let committed = self.record.epoch;
        let prepared = self.record.switch.as_ref().map(|switch| switch.epoch);
        let generations: Vec<_> = self
            .participants
            .iter()
            .map(|(id, p)| (id.clone(), p.record.generation))
            .collect();
        let is_at = |who: &ParticipantId, generation: Generation| {
            let mut here = generations.iter().filter(|(id, _)| id == who);
            here.any(|(_, at)| *at == generation)
        };
        let holds = |fence: &Fence| {
            (fence.epoch == committed || Some(fence.epoch) == prepared)
                && is_at(&fence.from, fence.generation)
                && is_at(id, fence.to_generation)
        };
        self.participants
            .get_mut(id)
            .map(|p| p.mailbox.take_unheard(holds))
            .unwrap_or_default()
    }

    /// Everyone, in the order of arrival.
    pub(super) fn views(&self) -> Vec<ParticipantView> {
        let mut views: Vec<_> = self.participants.values().map(Participant::view).collect();
        sort_by_key(&mut views, |view| &view.ordinal);
        views
    }
}
