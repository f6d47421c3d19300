//! What participants say to each other, and of themselves.

use super::decision::{Turn, Write};
use super::record::{Fence, NumberedLine};
use super::{Life, Session};
use crate::protocol::client::{Chat, ClientMessage, Presence, Signal, Track, Tracks};
use crate::protocol::close::CloseCode;
use crate::protocol::ids::{Epoch, ParticipantId, SocketId, is_plain_name};
use crate::protocol::server::{
    ChatLine, Encoded, ErrorFrame, PreparedTracks, RelayedSignal, ServerMessage,
};
use crate::protocol::{CHAT_KEPT, MAX_CHAT_CHARS, MAX_REF_BYTES, MAX_TRACKS};
use crate::time::Millis;

impl Session {
    /// Answers a frame that could not be read, and closes the socket where nothing else helps.
    pub(super) fn object(
        &mut self,
        turn: &mut Turn,
        socket: &SocketId,
        error: ErrorFrame,
        fatal: bool,
    ) {
        if self.pending.remove(socket).is_some() {
            turn.refuse(socket, CloseCode::Protocol, error.code, error.message);
        } else if let Some(life) = &mut self.life
            && let Some(id) = life.owner(socket)
        {
            life.heard(turn, &id, None);
            life.error(turn, &id, error.code, &error.message);
            if fatal {
                turn.close(socket, CloseCode::Protocol, error.code);
                life.detach(turn, &id);
            }
        }
    }
}

impl Life {
    /// Answers a message of another epoch than the committed one with the session as it is (R1).
    pub(super) fn stale(&mut self, turn: &mut Turn, id: &ParticipantId) {
        let message = ServerMessage::Session {
            session: self.state(),
            switch: self.prepared_leg(turn.now),
            credentials: None,
        };
        self.tell_once(turn, id, &message);
    }

    /// Whether a message is of neither the committed nor the prepared epoch; if so, answers it.
    pub(super) fn is_stale(&mut self, turn: &mut Turn, id: &ParticipantId, epoch: Epoch) -> bool {
        let prepared = self.record.switch.as_ref().map(|switch| switch.epoch);
        let stale = epoch != self.record.epoch && Some(epoch) != prepared;
        if stale {
            self.stale(turn, id);
        }
        stale
    }

    /// Answers what this version does not act on.
    pub(super) fn not_served(&mut self, turn: &mut Turn, id: &ParticipantId) {
        let message = "this version of the session does not act on this message yet";
        self.error(turn, id, "not_served", message);
    }

    /// Answers a frame that came too fast. It was not handled, and may be said again under a new `id`:
    /// a later one may have been handled meanwhile.
    pub(super) fn too_fast(
        &mut self,
        turn: &mut Turn,
        id: &ParticipantId,
        message: &ClientMessage,
        wait: Millis,
    ) {
        let about = match message {
            ClientMessage::Signal(signal) => Some(signal.id),
            ClientMessage::Chat(chat) => Some(chat.id),
            ClientMessage::Hello(_)
            | ClientMessage::Tracks(_)
            | ClientMessage::Connected(_)
            | ClientMessage::Ready(_)
            | ClientMessage::Failed(_)
            | ClientMessage::Suspect(_)
            | ClientMessage::Quality(_)
            | ClientMessage::Presence(_)
            | ClientMessage::Leave
            | ClientMessage::Ack
            | ClientMessage::End
            | ClientMessage::Probe(_) => None,
        };
        let message = format!(
            "a socket sends {} frames at once and then one in {} ms",
            self.tuning.frame_burst, self.tuning.frame_every.0
        );
        let error = ErrorFrame {
            id: about,
            retry_after_ms: Some(wait.0),
            ..ErrorFrame::new("too_fast", message)
        };
        self.tell_once(turn, id, &ServerMessage::Error(error));
    }

    /// Notes a client's `id`; says whether it was handled before.
    fn is_repeated(
        &mut self,
        turn: &mut Turn,
        id: &ParticipantId,
        message: crate::protocol::ids::MessageId,
    ) -> bool {
        let Some(participant) = self.participants.get_mut(id) else {
            return true;
        };
        turn.moved.insert(id.clone());
        !participant.mailbox.receive(message)
    }

    /// Relays a signal, if its epoch and both generations are those of now (R23).
    pub(super) fn signal(&mut self, turn: &mut Turn, from: &ParticipantId, signal: Signal) {
        if self.is_repeated(turn, from, signal.id) || self.is_stale(turn, from, signal.epoch) {
            return;
        }
        let Some(to) = self.participants.get(&signal.to) else {
            let message = format!("nobody here is \"{}\"", short(signal.to.as_str()));
            self.error_about(turn, from, signal.id, "unknown_participant", &message);
            return;
        };
        let current = self.participants.get(from).map(|p| p.record.generation);
        if to.record.generation != signal.to_generation || current != Some(signal.generation) {
            // Who is told of the other's new generation negotiates anew by itself.
            return;
        }
        let fence = Fence {
            epoch: signal.epoch,
            from: from.clone(),
            generation: signal.generation,
            to_generation: signal.to_generation,
        };
        let relayed = ServerMessage::Signal(RelayedSignal {
            from: from.clone(),
            id: signal.id,
            epoch: signal.epoch,
            generation: signal.generation,
            payload: signal.payload,
        });
        self.tell(turn, &signal.to, Encoded::of(&relayed), Some(fence));
    }

    /// Adds a line to the chat and tells everyone, its sender too.
    pub(super) fn chat(&mut self, turn: &mut Turn, from: &ParticipantId, chat: Chat) {
        if self.is_repeated(turn, from, chat.id) {
            return;
        }
        let length = chat.text.chars().count();
        if length > MAX_CHAT_CHARS || chat.text.trim().is_empty() {
            let message = format!(
                "a line has 1 to {MAX_CHAT_CHARS} characters, not only spaces; this has {length}"
            );
            self.error_about(turn, from, chat.id, "bad_field", &message);
            return;
        }
        let name = self
            .participants
            .get(from)
            .map(|p| p.record.name.clone())
            .unwrap_or_default();
        let line = ChatLine {
            from: from.clone(),
            name,
            id: chat.id,
            text: chat.text,
            at: turn.now,
        };
        let number = self
            .chat
            .back()
            .map_or(1, |last| last.number.saturating_add(1));
        let numbered = NumberedLine {
            number,
            line: line.clone(),
        };
        turn.store(Write::Chat(numbered.clone()));
        self.chat.push_back(numbered);
        if self.chat.len() > CHAT_KEPT {
            self.chat.pop_front();
        }
        let message = Encoded::of(&ServerMessage::Chat(line));
        let everyone: Vec<_> = self.participants.keys().cloned().collect();
        for id in everyone {
            self.tell(turn, &id, message.clone(), None);
        }
    }

    /// Takes what a participant publishes, in full.
    pub(super) fn tracks(&mut self, turn: &mut Turn, id: &ParticipantId, tracks: Tracks) {
        if self.is_stale(turn, id, tracks.epoch) {
            return;
        }
        if let Some(wrong) = wrong_with(&tracks.tracks) {
            self.error(turn, id, "bad_field", wrong);
            return;
        }
        let Some(participant) = self.participants.get_mut(id) else {
            return;
        };
        let record = &mut participant.record;
        let changed = if tracks.epoch == self.record.epoch {
            std::mem::replace(&mut record.tracks, tracks.tracks) != record.tracks
        } else {
            let prepared = Some(PreparedTracks {
                epoch: tracks.epoch,
                tracks: tracks.tracks,
            });
            std::mem::replace(&mut record.prepared, prepared) != record.prepared
        };
        if changed {
            self.announce(turn, id);
        }
    }

    /// Notes whether a tab is hidden, and so how long its lease is (R28).
    pub(super) fn presence(&mut self, turn: &mut Turn, id: &ParticipantId, presence: Presence) {
        let Some(participant) = self.participants.get_mut(id) else {
            return;
        };
        if participant.record.hidden != presence.hidden {
            participant.record.hidden = presence.hidden;
            self.announce(turn, id);
        }
    }
}

fn wrong_with(tracks: &[Track]) -> Option<&'static str> {
    if tracks.len() > MAX_TRACKS {
        return Some("a participant has at most 16 tracks");
    }
    for (i, track) in tracks.iter().enumerate() {
        if !is_plain_name(track.id.as_str()) {
            return Some("a track's \"id\" is 1 to 128 characters of A-Z, a-z, 0-9, _ and -");
        }
        if track
            .reference
            .as_ref()
            .is_some_and(|r| r.len() > MAX_REF_BYTES)
        {
            return Some("a track's \"ref\" has at most 512 bytes");
        }
        let mut before = tracks.iter().take(i);
        if before.any(|other| (other.source, &other.id) == (track.source, &track.id)) {
            return Some("two tracks have one source and one id");
        }
    }
    None
}

fn short(text: &str) -> String {
    text.chars().take(64).collect()
}
