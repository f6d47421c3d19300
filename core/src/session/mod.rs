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
//! 1. *At most one committed epoch, and epochs only grow*: [`record::SessionRecord`] is the only place
//!    that holds one; `begin` writes the first, and `enter` in `switch` every other. An epoch is used
//!    up when it is prepared.
//! 2. *Stored before told*: [`Decision`] keeps the two apart; the shell stores all of `store` in one
//!    transaction and tells nothing when that fails.
//! 3. *A switch ends, and so does a recovery*: each has a deadline in the record, looked at in every
//!    turn that changed something and by the alarm.
//! 4. *Every live participant is told the outcome, or is gone*: `mailbox` keeps what is told until it
//!    is acknowledged.
//! 5. *A heartbeat costs no row and wakes nobody*: the runtime answers it; the session learns of it
//!    from [`Input::Tick`].
//!
//! In reading order: [`input`] and [`decision`], what goes in and comes out; [`record`], what is
//! stored; `arrival` (`hello`: who comes and who comes back), `begin`, `refusal` and `welcome`, its
//! answers; `exchange` (signals, chat, tracks). Then what the session decides: `look` (is the provider
//! still right?), `switch` (the barrier), `recovery` (whose failure, and the way back), `sight` (who
//! sees whom), `standby` (what may be needed soon), `crowd` (what
//! is not to be had), `presence` (who is there), `departure` and
//! `ending`. `admin` is what operators do,
//! [`log`] what is written down of it all and [`fold`] what follows from that; `credentials` are
//! a provider's, `renewal` renews the others; `mailbox`, `timers` and `snapshot` serve the others.

pub mod admin;
mod arrival;
mod begin;
mod brief;
pub mod bucket;
mod credentials;
mod crowd;
pub mod decision;
mod departure;
mod ending;
mod exchange;
pub mod fold;
pub mod input;
pub mod log;
mod look;
mod mailbox;
mod participant_record;
mod presence;
mod quality;
pub mod record;
mod recovery;
mod refusal;
mod renewal;
mod roster;
mod sight;
mod snapshot;
mod standby;
mod switch;
mod timers;
mod welcome;

use std::collections::{BTreeMap, VecDeque};

use serde::Deserialize;

pub use admin::Act;
pub use decision::{Answer, Ask, Decision, Refused, Tell, Write};
pub use departure::come_back_in;
pub use input::{Claims, Credentials, Ice, Input, Mint, Renewal};
pub use presence::Presence;
pub use timers::TimerReason;

use crate::protocol::client::{ClientFrame, ClientMessage};
use crate::protocol::close::CloseCode;
use crate::protocol::ids::{LogSeq, ParticipantId, SessionId, SocketId};
use crate::protocol::server::ErrorFrame;
use crate::provider::Provider;
use crate::time::Millis;
use crate::tuning::Tuning;
use bucket::Bucket;
use decision::Turn;
use record::{Barred, NumberedLine, PastLife, SessionRecord, Stored};
use roster::Participant;

/// What the operator configured.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The providers to pick from.
    pub providers: Vec<Provider>,
    /// The constants.
    pub tuning: Tuning,
    /// What becomes of a user who comes in a second tab (R9).
    pub same_user: SameUser,
}

/// What becomes of a user who comes in a second tab (R9).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SameUser {
    /// Both are participants.
    #[default]
    Allow,
    /// The new tab takes over; the old one is closed with 4000, which forbids coming back.
    Takeover,
    /// The new tab is refused with 4009 while the old one is here.
    Reject,
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
    log_seq: LogSeq,
    barred: Vec<Barred>,
    past: Vec<PastLife>,
    buckets: BTreeMap<SocketId, Bucket>,
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
    /// When the provider is to be looked at by itself. It stays due until that was done.
    next_look: Option<Millis>,
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
            let mut life = Life {
                id: id.clone(),
                record,
                tuning,
                participants,
                chat: stored.chat.into(),
                next_look: None,
            };
            life.plan_next_look(now, &settings.providers);
            life
        });
        Self {
            id,
            settings,
            pending: sockets,
            life,
            vanished,
            log_seq: stored.log_seq,
            barred: stored.barred,
            past: stored.past,
            buckets: BTreeMap::new(),
        }
    }

    /// Takes one input and decides.
    pub fn handle(&mut self, now: Millis, input: Input) -> Decision {
        let mut turn = Turn::new(now);
        self.notice_vanished(&mut turn);
        turn.by = self.cause_of(&input);
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
                self.buckets.remove(&socket);
                self.pending.remove(&socket);
                if let Some(life) = &mut self.life
                    && let Some(id) = life.owner(&socket)
                {
                    life.detach(&mut turn, &id);
                }
            }
            Input::Tick { heard } => {
                turn.ticked = true;
                self.tick(&mut turn, heard);
            }
            Input::Admin { act, .. } => {
                let answer = self.act(&mut turn, act);
                turn.decision.answer = Some(answer);
            }
            Input::Providers { providers } => {
                self.settings.providers = providers;
                turn.ticked = true;
                turn.registry_news = true;
                if let Some(life) = &mut self.life {
                    life.pace(&mut turn, &self.settings.providers);
                }
            }
            Input::Renewed { participant, what } => {
                if let Some(life) = &mut self.life {
                    life.renewed(&mut turn, &participant, what);
                }
            }
            Input::Credentials {
                participant,
                epoch,
                provider,
                what,
            } => {
                if let Some(life) = &mut self.life {
                    life.issued(&mut turn, &participant, epoch, &provider, what);
                }
            }
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
        if let Err(wait) = self
            .buckets
            .entry(socket.clone())
            .or_insert_with(|| Bucket::full(turn.now))
            .take(turn.now, &life.tuning)
        {
            return life.too_fast(turn, &id, &message, wait);
        }
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
            ClientMessage::Ready(ready) => life.ready(turn, &id, ready.epoch),
            ClientMessage::Failed(failed) => life.failed(turn, &id, failed),
            ClientMessage::Suspect(suspect) => life.suspect(turn, &id, suspect),
            ClientMessage::Quality(quality) => life.quality(turn, &id, quality),
            // Being heard is the answer.
            ClientMessage::Probe(_) => {}
            ClientMessage::End => life.not_served(turn, &id),
        }
    }

    fn finish(&mut self, mut turn: Turn) -> Decision {
        let now = turn.now;
        // A life that this turn ended decides nothing more: everyone was told good-bye.
        if let Some(life) = &mut self.life
            && turn.ended.is_none()
        {
            let providers = &self.settings.providers;
            // Once more for everyone who is cut off over what was told: each loses a socket by it, so
            // this ends.
            loop {
                // Only what changed something, or the time, can call for a move.
                if turn.ticked || turn.session_changed || !turn.changed.is_empty() {
                    // A switch that ends makes room for what waited for its end.
                    life.look_at_switch(&mut turn, providers);
                    life.look_at_sight(&mut turn, providers);
                    life.look_at_recovery(&mut turn, providers);
                    life.look_at_provider(&mut turn, providers);
                    life.look_at_standby(&mut turn, providers);
                    life.look_at_crowd(&mut turn, providers);
                }
                if !life.cut_off_the_slow(&mut turn) {
                    break;
                }
            }
            if turn.ticked || turn.session_changed || !turn.changed.is_empty() {
                life.look_at_credentials(&mut turn, providers);
                life.plan_next_look(now, providers);
            }
            life.look_whether_empty(&mut turn);
            life.write(&mut turn);
        }
        self.end(&mut turn);
        for tell in &turn.decision.tell {
            match tell {
                Tell::Close(socket, ..) => {
                    self.buckets.remove(socket);
                }
                Tell::Frame(..) => {}
            }
        }
        for mut entry in std::mem::take(&mut turn.log) {
            self.log_seq = self.log_seq.next();
            entry.seq = self.log_seq;
            turn.store(Write::Log(Box::new(entry)));
        }
        turn.decision
    }
}
