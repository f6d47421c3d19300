//! Leaving, falling silent, and the end.

use super::decision::{Turn, Write};
use super::log::{EndReason, Event};
use super::look::spread;
use super::{Life, Session};
use crate::protocol::close::CloseCode;
use crate::protocol::ids::{ParticipantId, SocketId};
use crate::protocol::server::{LeaveReason, Roster, ServerMessage};
use crate::time::Millis;

impl Session {
    /// Tells of those who had a socket when the object died and have none now.
    pub(super) fn notice_vanished(&mut self, turn: &mut Turn) {
        let vanished = std::mem::take(&mut self.vanished);
        let Some(life) = &mut self.life else { return };
        if !vanished.is_empty() {
            // The leases of all who are away began afresh.
            let away = life
                .participants
                .values()
                .filter(|p| p.record.socket.is_none());
            turn.changed.extend(away.map(|p| p.record.id.clone()));
        }
        for id in vanished {
            life.announce(turn, &id);
        }
    }

    /// Looks at every deadline.
    pub(super) fn tick(&mut self, turn: &mut Turn, heard: Vec<(SocketId, Millis)>) {
        let deadline = self.tuning().hello_deadline;
        let late: Vec<_> = self
            .pending
            .iter()
            .filter(|(_, pending)| pending.opened + deadline <= turn.now)
            .map(|(socket, _)| socket.clone())
            .collect();
        for socket in late {
            self.pending.remove(&socket);
            let message = format!("no \"hello\" came within {} ms", deadline.0);
            // Where either side is overloaded it may be on its way: whoever sent it may come again.
            turn.refuse(&socket, CloseCode::Silent, "hello_first", message);
        }
        if let Some(life) = &mut self.life {
            life.look_at_leases(turn, heard);
            life.look_at_renewals(turn);
            if life.empty_until().is_some_and(|at| at <= turn.now) {
                turn.end(EndReason::Empty);
            }
        }
        self.sweep(turn);
    }
}

/// When somebody who is sent away should come back: between one second and three, differently for each,
/// so that not all come at once (R7).
pub fn come_back_in(who: &str) -> Millis {
    Millis(1_000 + spread(who) % 2_000)
}

impl Life {
    /// A participant's socket is gone; its lease begins to run.
    pub(super) fn detach(&mut self, turn: &mut Turn, id: &ParticipantId) {
        let Some(participant) = self.participants.get_mut(id) else {
            return;
        };
        participant.go_away(turn.now);
        self.announce(turn, id);
    }

    /// A participant says that it goes.
    pub(super) fn leave(&mut self, turn: &mut Turn, id: &ParticipantId) {
        if let Some(socket) = self
            .participants
            .get(id)
            .and_then(|p| p.record.socket.clone())
        {
            turn.close(&socket, CloseCode::Normal, "left");
        }
        self.remove(turn, id, LeaveReason::Left);
    }

    pub(super) fn remove(&mut self, turn: &mut Turn, id: &ParticipantId, reason: LeaveReason) {
        let Some(participant) = self.participants.remove(id) else {
            return;
        };
        turn.store(Write::Gone(id.clone()));
        let event = Event::Left {
            participant: id.clone(),
            reason,
            summary: participant
                .record
                .quality
                .as_ref()
                .and_then(|quality| quality.summary.clone()),
        };
        turn.log(&self.record, event);
        turn.somebody_left = true;
        self.record.heads_changed_at = turn.now;
        turn.session_changed = true;
        self.release(turn, id);
        self.forget_seen(turn, id);
        let left = Roster {
            participant: participant.view(),
            reason: Some(reason),
        };
        self.tell_others(turn, id, &ServerMessage::ParticipantLeft(left));
    }

    /// Sends away whoever acknowledges too little: there is no other way to know a slow reader. Says
    /// whether there was anybody.
    pub(super) fn cut_off_the_slow(&mut self, turn: &mut Turn) -> bool {
        let mut any = false;
        while let Some(id) = turn.slow.pop_first() {
            let Some(participant) = self.participants.get_mut(&id) else {
                continue;
            };
            if !participant.mailbox.is_too_full() {
                // Within this turn it began anew.
                continue;
            }
            participant.mailbox.drop_all();
            let up_to = participant.mailbox.cursor().seq;
            turn.moved.insert(id.clone());
            turn.store(Write::Forget(id.clone(), up_to));
            if let Some(socket) = participant.record.socket.clone() {
                let bye = ServerMessage::Bye {
                    reason: "too_slow".to_owned(),
                    retry_after_ms: Some(come_back_in(id.as_str()).0),
                };
                self.tell_once(turn, &id, &bye);
                turn.close(&socket, CloseCode::TooSlow, "too much unacknowledged");
                self.detach(turn, &id);
                any = true;
            }
        }
        any
    }

    /// Notes since when nobody is here.
    pub(super) fn look_whether_empty(&mut self, turn: &mut Turn) {
        if self.participants.is_empty() && self.record.empty_since.is_none() {
            self.record.empty_since = Some(turn.now);
            turn.session_changed = true;
        }
    }

    /// When a session that nobody is in ends.
    pub(super) fn empty_until(&self) -> Option<Millis> {
        self.record
            .empty_since
            .map(|since| since + self.tuning.empty_grace)
    }
}
