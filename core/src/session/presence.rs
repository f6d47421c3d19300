//! Who is still there: leases, probes, and the four states of socket and media (R28–R30).
//!
//! The runtime answers heartbeats without waking the object, which learns of them from
//! [`super::Input::Tick`]. Nobody is declared gone before a probe went unanswered, and nobody is
//! dropped whose media somebody still decodes.

use serde::Serialize;
use serde_json::{Value, json};

use super::Life;
use super::decision::Turn;
use super::log::Event;
use crate::protocol::close::CloseCode;
use crate::protocol::ids::{ParticipantId, SocketId};
use crate::protocol::server::{AlertKind, LeaveReason, ServerMessage};
use crate::time::Millis;

/// Socket and media, each alive or dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// Both alive: nothing is to be done.
    Whole,
    /// The socket is alive and nobody decodes the media: the pair repairs itself, and reports.
    SocketOnly,
    /// The media is alive and the socket is not: it is expected back, however long that takes.
    MediaOnly,
    /// Neither: gone when the lease runs out.
    Gone,
}

impl Life {
    /// The state of one participant.
    pub(super) fn presence_of(&self, id: &ParticipantId) -> Presence {
        let socket = self
            .participants
            .get(id)
            .is_some_and(|p| p.record.socket.is_some());
        match (socket, self.is_seen(id)) {
            (true, true) => Presence::Whole,
            (true, false) => Presence::SocketOnly,
            (false, true) => Presence::MediaOnly,
            (false, false) => Presence::Gone,
        }
    }

    /// How long a participant counts without being heard. What a tab said of being hidden holds while
    /// its socket does: whoever closes a tab hides it first.
    pub(super) const fn lease(&self, hidden: bool, attached: bool) -> Millis {
        if hidden && attached {
            self.tuning.hidden_lease
        } else {
            self.tuning.lease
        }
    }

    /// A participant's media stalls at another's: asks it whether it is there.
    pub(super) fn suspect_participant(
        &mut self,
        turn: &mut Turn,
        by: &ParticipantId,
        whom: &ParticipantId,
        evidence: Value,
    ) {
        let Some(participant) = self.participants.get(whom) else {
            let message = "the suspected participant is not here";
            return self.error(turn, by, "unknown_participant", message);
        };
        if participant.record.socket.is_none() || participant.record.probed_at.is_some() {
            return;
        }
        let event = Event::Reported {
            participant: by.clone(),
        };
        let evidence = json!({"suspects": whom, "evidence": evidence});
        turn.log_choice(
            &self.record,
            self.record.epoch,
            event,
            Some(evidence),
            Vec::new(),
        );
        self.send_probe(turn, whom);
    }

    /// Asks a participant to say something. Whatever it says is an answer.
    pub(super) fn send_probe(&mut self, turn: &mut Turn, id: &ParticipantId) {
        let Some(participant) = self.participants.get_mut(id) else {
            return;
        };
        if participant.record.socket.is_none() || participant.record.probed_at.is_some() {
            return;
        }
        participant.record.probed_at = Some(turn.now);
        turn.changed.insert(id.clone());
        let nonce = format!("{}-{}", self.record.epoch.0, turn.now.0);
        self.tell_once(turn, id, &ServerMessage::Probe { nonce });
    }

    /// Notes when the sockets last beat, probes those silent for a lease, declares gone those who did
    /// not answer, and takes out those who have been away for a lease.
    pub(super) fn look_at_leases(&mut self, turn: &mut Turn, heard: Vec<(SocketId, Millis)>) {
        for (socket, at) in heard {
            if let Some(id) = self.owner(&socket)
                && let Some(participant) = self.participants.get_mut(&id)
            {
                participant.since = participant.since.max(at);
                if participant
                    .record
                    .probed_at
                    .is_some_and(|probed| at >= probed)
                {
                    self.answered(turn, &id);
                }
            }
        }
        let everyone: Vec<_> = self.participants.keys().cloned().collect();
        for id in everyone {
            let Some(due) = self.lease_deadline(&id).filter(|due| *due <= turn.now) else {
                continue;
            };
            let Some(participant) = self.participants.get(&id) else {
                continue;
            };
            match (&participant.record.socket, participant.record.probed_at) {
                (Some(socket), Some(_)) => {
                    let socket = socket.clone();
                    self.declare_stale(turn, &id, &socket, due);
                }
                (Some(_), None) => self.send_probe(turn, &id),
                (None, _) => match self.presence_of(&id) {
                    Presence::MediaOnly => self.expect_longer(turn, &id),
                    Presence::Gone | Presence::Whole | Presence::SocketOnly => {
                        self.remove(turn, &id, LeaveReason::Lease);
                    }
                },
            }
        }
    }

    /// A probe is answered by anything.
    pub(super) fn answered(&mut self, turn: &mut Turn, id: &ParticipantId) {
        if let Some(participant) = self.participants.get_mut(id)
            && participant.record.probed_at.take().is_some()
        {
            turn.changed.insert(id.clone());
        }
        if let Some(switch) = &mut self.record.switch
            && let Some(member) = switch.quorum.get_mut(id)
            && member.silent
        {
            member.silent = false;
            turn.session_changed = true;
        }
    }

    /// Nobody home: the others are told, the socket is sent away, and the lease of one who is away
    /// begins.
    fn declare_stale(
        &mut self,
        turn: &mut Turn,
        id: &ParticipantId,
        socket: &SocketId,
        since: Millis,
    ) {
        let detail = "it answers neither heartbeat nor probe".to_owned();
        let alert = ServerMessage::Alert {
            kind: AlertKind::ParticipantStale,
            participant: Some(id.clone()),
            detail,
        };
        self.tell_others(turn, id, &alert);
        let event = Event::Alerted {
            alert: AlertKind::ParticipantStale,
            participant: Some(id.clone()),
        };
        let evidence = json!({"unansweredSince": since});
        turn.log_choice(
            &self.record,
            self.record.epoch,
            event,
            Some(evidence),
            Vec::new(),
        );
        turn.close(socket, CloseCode::Silent, "no heartbeat");
        self.detach(turn, id);
    }

    /// Its media is alive, so it is expected back.
    fn expect_longer(&mut self, turn: &mut Turn, id: &ParticipantId) {
        if let Some(participant) = self.participants.get_mut(id) {
            participant.go_away(turn.now);
            turn.changed.insert(id.clone());
        }
    }

    /// When a participant is probed, declared gone, or taken out.
    pub(super) fn lease_deadline(&self, id: &ParticipantId) -> Option<Millis> {
        let participant = self.participants.get(id)?;
        let record = &participant.record;
        let attached = record.socket.is_some();
        let lease_ends = participant.since + self.lease(record.hidden, attached);
        Some(match record.probed_at.filter(|_| attached) {
            // A hidden tab may be frozen, and answers late.
            Some(at) if record.hidden => lease_ends.max(at + self.tuning.probe),
            Some(at) => at + self.tuning.probe,
            None => lease_ends,
        })
    }
}
