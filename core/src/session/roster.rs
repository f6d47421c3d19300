//! Who is in the session, and how each is told something.

use super::decision::{Turn, Write};
use super::log::{By, Event, life_state};
use super::mailbox::Mailbox;
use super::record::{Fence, Kept, ParticipantRecord, Report};
use super::{Input, Life, Pending, Session};
use crate::protocol::ids::{MessageId, ParticipantId, Seq, SocketId};
use crate::protocol::server::{
    Connection, Encoded, ErrorFrame, ParticipantView, Roster, ServerMessage, SessionState,
};
use crate::time::Millis;

/// One participant.
#[derive(Clone, Debug)]
pub(super) struct Participant {
    pub(super) record: ParticipantRecord,
    /// Attached: when its socket was last heard. Away: since when.
    pub(super) since: Millis,
    pub(super) mailbox: Mailbox,
}

impl Participant {
    /// A participant as it was stored, with its socket if that is still open.
    pub(super) fn restore(
        mut record: ParticipantRecord,
        open: Option<&Pending>,
        now: Millis,
    ) -> Self {
        let since = match (open, record.away_since) {
            // It was heard when it opened, at least. That may be long ago: the next tick, which is
            // due at once, knows when it was heard last.
            (Some(socket), _) => socket.opened,
            (None, Some(since)) => since,
            (None, None) => now,
        };
        if open.is_none() {
            record.socket = None;
            record.away_since = Some(since);
        }
        Self {
            record,
            since,
            mailbox: Mailbox::default(),
        }
    }

    /// Begins to be away.
    pub(super) fn go_away(&mut self, now: Millis) {
        self.record.socket = None;
        self.record.away_since = Some(now);
        self.record.probed_at = None;
        self.since = now;
    }

    /// Whether there is media of it to be decoded.
    pub(super) fn sends(&self) -> bool {
        self.record.tracks.iter().any(|track| !track.muted)
    }

    /// Whether the other sees this one, and this one does not see the other though it sends.
    pub(super) fn is_blind_to(&self, other: &Self) -> bool {
        other.record.sees.contains(&self.record.id)
            && !self.record.sees.contains(&other.record.id)
            && other.sends()
    }

    pub(super) fn view(&self) -> ParticipantView {
        let record = &self.record;
        ParticipantView {
            id: record.id.clone(),
            user_id: record.user.clone(),
            name: record.name.clone(),
            role: record.role,
            ordinal: record.ordinal,
            generation: record.generation,
            connection: self.connection(),
            tracks: record.tracks.clone(),
            hidden: record.hidden,
            prepared: record.prepared.clone(),
        }
    }

    pub(super) const fn connection(&self) -> Connection {
        let record = &self.record;
        match (&record.socket, &record.report) {
            (None, _) | (Some(_), Some(Report::Failed { .. })) => Connection::Lost,
            (Some(_), _) if record.lost => Connection::Lost,
            (Some(_), Some(Report::Suspect { .. })) => Connection::Poor,
            (Some(_), None) if record.connected => Connection::Good,
            (Some(_), None) => Connection::Connecting,
        }
    }
}

impl Session {
    /// Who or what an input is of.
    pub(super) fn cause_of(&self, input: &Input) -> By {
        match input {
            Input::Opened { socket, .. }
            | Input::Received { socket, .. }
            | Input::Closed { socket } => {
                let owner = self.life.as_ref().and_then(|life| life.owner(socket));
                owner.map_or(By::Alarm, |id| By::Participant { id })
            }
            Input::Tick { .. } => By::Alarm,
            Input::Admin { by, .. } => By::Admin { name: by.clone() },
            Input::Providers { .. } => By::Registry,
            Input::Renewed { participant, .. } | Input::Credentials { participant, .. } => {
                By::Participant {
                    id: participant.clone(),
                }
            }
        }
    }
}

impl Life {
    /// The session as its participants know it.
    pub(super) fn state(&self) -> SessionState {
        SessionState {
            id: self.id.clone(),
            incarnation: self.record.incarnation.clone(),
            epoch: self.record.epoch,
            provider: self.record.provider.clone(),
            kind: self.record.kind,
            room: self.id.clone(),
            state: life_state(self.record.switch.is_some(), self.record.is_exhausted()),
            title: self.record.title.clone(),
            mode: self.record.mode,
        }
    }

    /// Who is attached by this socket.
    pub(super) fn owner(&self, socket: &SocketId) -> Option<ParticipantId> {
        self.participants
            .values()
            .find(|p| p.record.socket.as_ref() == Some(socket))
            .map(|p| p.record.id.clone())
    }

    /// Tells one participant something that a resume tells again.
    pub(super) fn tell(
        &mut self,
        turn: &mut Turn,
        to: &ParticipantId,
        message: Encoded,
        fence: Option<Fence>,
    ) {
        let Some(participant) = self.participants.get_mut(to) else {
            return;
        };
        let seq = participant.mailbox.number();
        if let Some(socket) = &participant.record.socket {
            turn.send(socket, message.frame(seq));
        }
        let kept = Kept { message, fence };
        turn.moved.insert(to.clone());
        turn.store(Write::Keep(to.clone(), seq, kept.clone()));
        participant.mailbox.keep(seq, kept);
        if participant.mailbox.is_too_full() {
            turn.slow.insert(to.clone());
        }
    }

    /// Tells one participant something that only its present socket needs to know.
    pub(super) fn tell_once(
        &mut self,
        turn: &mut Turn,
        to: &ParticipantId,
        message: &ServerMessage,
    ) {
        let Some(participant) = self.participants.get_mut(to) else {
            return;
        };
        let seq = participant.mailbox.number();
        turn.moved.insert(to.clone());
        if let Some(socket) = &participant.record.socket {
            turn.send(socket, Encoded::of(message).frame(seq));
        }
    }

    /// Tells everyone but one.
    pub(super) fn tell_others(
        &mut self,
        turn: &mut Turn,
        but: &ParticipantId,
        message: &ServerMessage,
    ) {
        let message = Encoded::of(message);
        let others: Vec<_> = self
            .participants
            .keys()
            .filter(|id| *id != but)
            .cloned()
            .collect();
        for id in others {
            self.tell(turn, &id, message.clone(), None);
        }
    }

    /// Tells the others how a participant is now, and stores it.
    pub(super) fn announce(&mut self, turn: &mut Turn, id: &ParticipantId) {
        let Some(participant) = self.participants.get(id) else {
            return;
        };
        let view = participant.view();
        let message = ServerMessage::ParticipantUpdated(Roster {
            participant: view.clone(),
            reason: None,
        });
        turn.changed.insert(id.clone());
        turn.log(&self.record, Event::Updated { participant: view });
        self.tell_others(turn, id, &message);
    }

    /// Answers a frame that could not be acted on.
    pub(super) fn error(
        &mut self,
        turn: &mut Turn,
        to: &ParticipantId,
        code: &'static str,
        message: &str,
    ) {
        self.tell_once(
            turn,
            to,
            &ServerMessage::Error(ErrorFrame::new(code, message)),
        );
    }

    /// Answers a `signal` or `chat` that could not be acted on: it must not be sent again.
    pub(super) fn error_about(
        &mut self,
        turn: &mut Turn,
        to: &ParticipantId,
        id: MessageId,
        code: &'static str,
        message: &str,
    ) {
        let error = ErrorFrame {
            id: Some(id),
            ..ErrorFrame::new(code, message)
        };
        self.tell_once(turn, to, &ServerMessage::Error(error));
    }

    /// Notes that a participant's socket is alive, and what it has handled.
    pub(super) fn heard(&mut self, turn: &mut Turn, id: &ParticipantId, ack: Option<Seq>) {
        let Some(participant) = self.participants.get_mut(id) else {
            return;
        };
        participant.since = turn.now;
        // The client has the new secret, so the old one is used up.
        if participant.record.previous_secret.take().is_some() {
            turn.changed.insert(id.clone());
        }
        if let Some(seq) = ack
            && participant.mailbox.acknowledge(seq)
        {
            let known = participant.mailbox.cursor().seq;
            turn.moved.insert(id.clone());
            turn.store(Write::Forget(id.clone(), seq.min(known)));
        }
        self.answered(turn, id);
    }

    /// Writes down every row that this turn has changed.
    pub(super) fn write(&self, turn: &mut Turn) {
        if turn.session_changed {
            turn.store(Write::Session(Box::new(self.record.clone())));
        }
        for id in std::mem::take(&mut turn.changed) {
            if let Some(participant) = self.participants.get(&id) {
                turn.store(Write::Participant(Box::new(participant.record.clone())));
            }
        }
        for id in std::mem::take(&mut turn.moved) {
            if let Some(participant) = self.participants.get(&id) {
                turn.store(Write::Cursor(id, participant.mailbox.cursor()));
            }
        }
    }
}
