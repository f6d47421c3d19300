//! What participants say to each other, and of themselves.

use std::collections::BTreeSet;

use super::Life;
use super::decision::{Turn, Write};
use super::record::{Fence, NumberedLine};
use crate::protocol::client::{Chat, Connected, Presence, Signal, Track, Tracks};
use crate::protocol::ids::{Epoch, ParticipantId, is_plain_name};
use crate::protocol::server::{ChatLine, Encoded, RelayedSignal, ServerMessage};
use crate::protocol::{CHAT_KEPT, MAX_CHAT_CHARS, MAX_NAME_BYTES, MAX_TRACKS};

impl Life {
    /// Answers a message of another epoch than the committed one with the session as it is (R1).
    pub(super) fn stale(&mut self, turn: &mut Turn, id: &ParticipantId) {
        let message = ServerMessage::Session {
            session: self.state(),
            switch: None,
            credentials: None,
        };
        self.tell_once(turn, id, &message);
    }

    fn is_stale(&mut self, turn: &mut Turn, id: &ParticipantId, epoch: Epoch) -> bool {
        let stale = epoch != self.record.epoch;
        if stale {
            self.stale(turn, id);
        }
        stale
    }

    /// Answers what this version does not act on.
    pub(super) fn not_served(&mut self, turn: &mut Turn, id: &ParticipantId, epoch: Option<Epoch>) {
        if !epoch.is_some_and(|epoch| self.is_stale(turn, id, epoch)) {
            let message = "this version of the session does not act on this message yet";
            self.error(turn, id, "not_served", message);
        }
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
        if participant.record.tracks != tracks.tracks {
            participant.record.tracks = tracks.tracks;
            self.announce(turn, id);
        }
    }

    /// Notes whose media a participant decodes (R41).
    pub(super) fn connected(&mut self, turn: &mut Turn, id: &ParticipantId, connected: Connected) {
        if self.is_stale(turn, id, connected.epoch) {
            return;
        }
        let sees: BTreeSet<_> = connected
            .sees
            .into_iter()
            .filter(|other| other != id && self.participants.contains_key(other))
            .collect();
        let alone = self.participants.len() == 1;
        let Some(participant) = self.participants.get_mut(id) else {
            return;
        };
        let before = participant.connection();
        // Whoever sees nobody though others are here is still on the way.
        participant.record.connected |= alone || !sees.is_empty();
        participant.record.sees = sees;
        turn.changed.insert(id.clone());
        if participant.connection() != before {
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

    /// Takes a participant out of what the others see: gone, or begun again.
    pub(super) fn forget_seen(&mut self, turn: &mut Turn, gone: &ParticipantId) {
        for participant in self.participants.values_mut() {
            if participant.record.sees.remove(gone) {
                turn.changed.insert(participant.record.id.clone());
            }
        }
    }
}

fn wrong_with(tracks: &[Track]) -> Option<&'static str> {
    if tracks.len() > MAX_TRACKS {
        return Some("a participant has at most 16 tracks");
    }
    let mut seen = BTreeSet::new();
    for track in tracks {
        if !is_plain_name(track.id.as_str()) {
            return Some("a track's \"id\" is 1 to 128 characters of A-Z, a-z, 0-9, _ and -");
        }
        if track
            .reference
            .as_ref()
            .is_some_and(|r| r.len() > MAX_NAME_BYTES)
        {
            return Some("a track's \"ref\" has at most 128 bytes");
        }
        if !seen.insert((track.source, &track.id)) {
            return Some("two tracks have one source and one id");
        }
    }
    None
}

fn short(text: &str) -> String {
    text.chars().take(64).collect()
}
