//! The single writer: one session, and every decision it makes.
//!
//! A [`Session`] is fed [`Input`]s and answers each with a [`Decision`]: what to store, and then
//! what to tell whom. It does no I/O and has no clock, so a whole session — browsers, losses,
//! kills — runs in a test. [`Session::handle`] is total: any input in any state yields a decision.
//!
//! **One session has one provider: the session record names exactly one committed epoch, it is
//! stored before anyone is told of it, and only `handle` changes it.**
//!
//! Where each of the laws of the house is kept:
//!
//! 1. *One committed epoch, and epochs only grow*: [`record::SessionRecord`] is the only place that
//!    holds one; `arrival` writes it when the first participant comes, and nothing else here does.
//! 2. *Stored before told*: [`Decision`] keeps the two apart; the shell stores all of `store` in one
//!    transaction and tells nothing when that fails.
//! 3. *A heartbeat costs no row and wakes nobody*: the runtime answers it; the session learns of it
//!    from [`Input::Tick`].
//!
//! In reading order: [`input`] and [`decision`], what goes in and comes out; [`record`], what is
//! stored; `arrival` (`hello`, capacity, resume) and `welcome`, its answer; `exchange` (signals,
//! chat, tracks, who sees whom), `departure` (leaving, leases, the end); `mailbox`, what each
//! participant is still to be told; `timers` and `snapshot`.

mod arrival;
pub mod decision;
mod departure;
mod exchange;
pub mod input;
mod mailbox;
pub mod record;
mod roster;
mod snapshot;
mod timers;
mod welcome;

use std::collections::{BTreeMap, VecDeque};

use serde_json::Value;

pub use decision::{Decision, Tell, Write};
pub use input::{Claims, Input, Mint};
pub use timers::TimerReason;

use crate::protocol::client::{ClientFrame, ClientMessage};
use crate::protocol::close::CloseCode;
use crate::protocol::ids::{ParticipantId, SessionId, SocketId};
use crate::protocol::server::ErrorFrame;
use crate::provider::Provider;
use crate::time::Millis;
use crate::tuning::Tuning;
use decision::Turn;
use record::{NumberedLine, SessionRecord, Stored};
use roster::Participant;

/// What the operator configured.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The providers to pick from.
    pub providers: Vec<Provider>,
    /// The constants.
    pub tuning: Tuning,
    /// STUN and TURN servers for participants, in the shape of `RTCIceServer`.
    pub ice_servers: Vec<Value>,
}

/// One session: the current life of one session id, if it has one, and the sockets at its door.
#[derive(Clone, Debug)]
pub struct Session {
    id: SessionId,
    settings: Settings,
    pending: BTreeMap<SocketId, Pending>,
    life: Option<Life>,
    /// Who was attached when the object died and has no socket now; told of before the next input.
    vanished: Vec<ParticipantId>,
}

/// A socket that has not yet said `hello`.
#[derive(Clone, Debug, PartialEq)]
pub struct Pending {
    /// Whom its token is for.
    pub claims: Claims,
    /// When it was accepted.
    pub opened: Millis,
}

/// One life of a session id.
#[derive(Clone, Debug)]
struct Life {
    id: SessionId,
    record: SessionRecord,
    tuning: Tuning,
    participants: BTreeMap<ParticipantId, Participant>,
    chat: VecDeque<NumberedLine>,
}

impl Session {
    /// A session as it was stored, with the sockets that are still open (R3).
    ///
    /// Where sockets survived, the object was only asleep, and leases go on. Where a participant's
    /// socket did not, the object was killed, and the leases of all who are away start afresh.
    pub fn restore(
        id: SessionId,
        settings: Settings,
        stored: Stored,
        mut sockets: BTreeMap<SocketId, Pending>,
        now: Millis,
    ) -> Self {
        let mut vanished = Vec::new();
        let life = stored.session.map(|record| {
            let mut participants = BTreeMap::new();
            for record in stored.participants {
                let open = record.socket.as_ref().and_then(|s| sockets.remove(s));
                if record.socket.is_some() && open.is_none() {
                    vanished.push(record.id.clone());
                }
                let participant = Participant::restore(record, open.as_ref(), now);
                participants.insert(participant.record.id.clone(), participant);
            }
            if !vanished.is_empty() {
                let away = participants
                    .values_mut()
                    .filter(|p| p.record.socket.is_none());
                away.for_each(|p| p.go_away(now));
            }
            for (id, cursor) in stored.cursors {
                if let Some(participant) = participants.get_mut(&id) {
                    participant.mailbox.restore_cursor(cursor);
                }
            }
            for (id, seq, kept) in stored.kept {
                if let Some(participant) = participants.get_mut(&id) {
                    participant.mailbox.restore_kept(seq, kept);
                }
            }
            let tuning = record.tuning(settings.tuning);
            Life {
                id: id.clone(),
                record,
                tuning,
                participants,
                chat: stored.chat.into(),
            }
        });
        Self {
            id,
            settings,
            pending: sockets,
            life,
            vanished,
        }
    }

    /// Takes one input and decides.
    pub fn handle(&mut self, now: Millis, input: Input) -> Decision {
        let mut turn = Turn::new(now);
        self.notice_vanished(&mut turn);
        match input {
            Input::Opened { socket, claims } => {
                self.pending.insert(
                    socket,
                    Pending {
                        claims,
                        opened: now,
                    },
                );
            }
            Input::Received {
                socket,
                frame,
                mint,
            } => match frame {
                Ok(frame) => self.received(&mut turn, &socket, frame, mint),
                Err(error) => {
                    let text = ErrorFrame::new(error.code(), error.to_string());
                    self.object(&mut turn, &socket, text, error.is_fatal());
                }
            },
            Input::Closed { socket } => {
                self.pending.remove(&socket);
                if let Some(life) = &mut self.life
                    && let Some(id) = life.owner(&socket)
                {
                    life.detach(&mut turn, &id);
                }
            }
            Input::Tick { heard } => self.tick(&mut turn, heard),
        }
        self.finish(turn)
    }

    fn received(&mut self, turn: &mut Turn, socket: &SocketId, frame: ClientFrame, mint: Mint) {
        let ClientFrame { ack, message } = frame;
        let sender = self
            .life
            .as_mut()
            .and_then(|life| Some((life.owner(socket)?, life)));
        let Some((id, life)) = sender else {
            match (self.pending.remove(socket), message) {
                (Some(pending), ClientMessage::Hello(hello)) => {
                    self.hello(turn, socket, pending, hello, mint);
                }
                (Some(_), _) => turn.refuse(
                    socket,
                    CloseCode::Protocol,
                    "hello_first",
                    "the first frame of a socket is \"hello\"".to_owned(),
                ),
                // What was on its way when its socket was replaced (R8).
                (None, _) => {}
            }
            return;
        };
        life.heard(turn, &id, ack);
        match message {
            ClientMessage::Hello(_) => {
                life.error(
                    turn,
                    &id,
                    "hello_twice",
                    "this socket has said \"hello\" already",
                );
            }
            ClientMessage::Signal(signal) => life.signal(turn, &id, signal),
            ClientMessage::Tracks(tracks) => life.tracks(turn, &id, tracks),
            ClientMessage::Connected(connected) => life.connected(turn, &id, connected),
            ClientMessage::Chat(chat) => life.chat(turn, &id, chat),
            ClientMessage::Presence(presence) => life.presence(turn, &id, presence),
            ClientMessage::Leave => life.leave(turn, &id),
            ClientMessage::Ack => {}
            // Nothing is prepared, so every epoch that could be ready is stale.
            ClientMessage::Ready(_) => life.stale(turn, &id),
            ClientMessage::Failed(failed) => life.not_served(turn, &id, Some(failed.epoch)),
            ClientMessage::Suspect(suspect) => life.not_served(turn, &id, Some(suspect.epoch)),
            ClientMessage::Quality(quality) => life.not_served(turn, &id, Some(quality.epoch)),
            ClientMessage::End | ClientMessage::Probe(_) => life.not_served(turn, &id, None),
        }
    }

    /// Answers a frame that could not be read, and closes the socket where nothing else helps.
    fn object(&mut self, turn: &mut Turn, socket: &SocketId, error: ErrorFrame, fatal: bool) {
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

    fn finish(&mut self, mut turn: Turn) -> Decision {
        if let Some(life) = &mut self.life {
            life.cut_off_the_slow(&mut turn);
            life.look_whether_empty(&mut turn);
            life.write(&mut turn);
            if turn.ended {
                self.life = None;
            }
        }
        turn.decision
    }
}
