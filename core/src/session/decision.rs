//! What a session decides.

use std::collections::BTreeSet;

use serde_json::Value;

use super::log::{Alternative, By, EndReason, Event, LogEntry};
use super::record::{
    Barred, Cursor, Kept, NumberedLine, ParticipantRecord, PastLife, SessionRecord,
};
use crate::protocol::close::CloseCode;
use crate::protocol::ids::{Epoch, LogSeq, ParticipantId, ProviderName, Seq, SocketId};
use crate::protocol::server::{Encoded, ErrorFrame, ServerMessage};
use crate::time::Millis;

/// What follows from one input.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    /// To be stored, all or nothing, before anything of `tell`.
    pub store: Vec<Write>,
    /// To be told, in order.
    pub tell: Vec<Tell>,
    /// To be found out, after all is stored; each comes back as an input.
    pub ask: Vec<Ask>,
    /// What an operator is answered.
    pub answer: Option<Result<Answer, Refused>>,
}

/// Something that only the shell can make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// TURN credentials for somebody: [`super::Input::Renewed`].
    IceServers(ParticipantId),
    /// A token that renews somebody's: [`super::Input::Renewed`].
    Token(ParticipantId),
    /// Somebody's credentials for a provider, with a room there that they open:
    /// [`super::Input::Credentials`].
    Credentials {
        /// For whom.
        participant: ParticipantId,
        /// For which epoch; none for a leg on standby.
        epoch: Option<Epoch>,
        /// For which provider.
        provider: ProviderName,
    },
    /// That the session's room on a provider goes, if no life needs it. Nothing comes back.
    EndRoom(ProviderName),
}

/// What an operator is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is done.
    Done,
    /// A switch was begun, in this epoch.
    Switching(Epoch),
}

/// Why an operator's wish cannot be fulfilled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Nobody is in this session.
    #[error("no session of this id is alive")]
    NoSession,
    /// Nobody of this id is in it.
    #[error("no participant of this id is here")]
    NoParticipant,
    /// The session as it is does not allow it.
    #[error("{0}")]
    Conflict(String),
    /// What was asked makes no sense.
    #[error("{0}")]
    Bad(String),
}

/// A change of what is stored.
#[derive(Clone, Debug, PartialEq)]
pub enum Write {
    /// The session's row.
    Session(Box<SessionRecord>),
    /// One participant's row.
    Participant(Box<ParticipantRecord>),
    /// A participant is gone, with cursor and kept frames.
    Gone(ParticipantId),
    /// How far the exchange with one participant is.
    Cursor(ParticipantId, Cursor),
    /// A frame to be told again after a resume.
    Keep(ParticipantId, Seq, Kept),
    /// The kept frames up to this one are not needed any more.
    Forget(ParticipantId, Seq),
    /// A line of the chat. Lines older than the last [`crate::protocol::CHAT_KEPT`] go.
    Chat(NumberedLine),
    /// An entry of the decision log. Entries are only ever added.
    Log(Box<LogEntry>),
    /// Who may not come back, in full.
    Barred(Vec<Barred>),
    /// The life of the session is over: everything goes but its log, and these lives are over now.
    End(Vec<PastLife>),
    /// The log up to this entry is old enough to go, and these past lives stay.
    ForgetLog(LogSeq, Vec<PastLife>),
    /// Nothing is left to keep: the object's storage goes.
    Sweep,
}

/// Something to be done with a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tell {
    /// Send a text frame.
    Frame(SocketId, String),
    /// Close it, with the reason that is to stand in the close frame.
    Close(SocketId, CloseCode, &'static str),
}

/// A decision in the making.
pub(super) struct Turn {
    pub(super) now: Millis,
    pub(super) decision: Decision,
    /// The session's row has changed.
    pub(super) session_changed: bool,
    /// Whose row has changed.
    pub(super) changed: BTreeSet<ParticipantId>,
    /// Whose cursor has changed.
    pub(super) moved: BTreeSet<ParticipantId>,
    /// Whose unacknowledged frames are too many.
    pub(super) slow: BTreeSet<ParticipantId>,
    /// The life is over.
    pub(super) ended: Option<EndReason>,
    /// Who or what caused it.
    pub(super) by: By,
    /// Entries of the log, still without their numbers.
    pub(super) log: Vec<LogEntry>,
    /// Deadlines are looked at.
    pub(super) ticked: bool,
    /// There is news of the providers.
    pub(super) registry_news: bool,
    /// Somebody is in the session no more.
    pub(super) somebody_left: bool,
}

impl Turn {
    pub(super) fn new(now: Millis) -> Self {
        Self {
            now,
            decision: Decision::default(),
            session_changed: false,
            changed: BTreeSet::new(),
            moved: BTreeSet::new(),
            slow: BTreeSet::new(),
            ended: None,
            by: By::Alarm,
            log: Vec::new(),
            ticked: false,
            registry_news: false,
            somebody_left: false,
        }
    }

    /// Notes something for the log.
    pub(super) fn log(&mut self, record: &SessionRecord, event: Event) {
        self.log_choice(record, record.epoch, event, None, Vec::new());
    }

    /// Notes something for the log: of which epoch, on what evidence, and what else there was.
    pub(super) fn log_choice(
        &mut self,
        record: &SessionRecord,
        epoch: Epoch,
        event: Event,
        evidence: Option<Value>,
        alternatives: Vec<Alternative>,
    ) {
        self.log.push(LogEntry {
            seq: LogSeq(0),
            at: self.now,
            incarnation: record.incarnation.clone(),
            epoch,
            event,
            by: self.by.clone(),
            evidence,
            alternatives,
        });
    }

    /// The life is over when this turn is.
    pub(super) fn end(&mut self, reason: EndReason) {
        self.ended.get_or_insert(reason);
    }

    /// The name of the operator who acts.
    pub(super) fn by_name(&self) -> String {
        match &self.by {
            By::Admin { name } => name.clone(),
            By::Participant { .. } | By::Alarm | By::Registry => String::new(),
        }
    }

    pub(super) fn store(&mut self, write: Write) {
        self.decision.store.push(write);
    }

    pub(super) fn send(&mut self, socket: &SocketId, frame: String) {
        self.decision.tell.push(Tell::Frame(socket.clone(), frame));
    }

    pub(super) fn close(&mut self, socket: &SocketId, code: CloseCode, reason: &'static str) {
        self.decision
            .tell
            .push(Tell::Close(socket.clone(), code, reason));
    }

    /// Turns away a socket that is nobody's yet. Its only frame has `seq` 0.
    pub(super) fn refuse(
        &mut self,
        socket: &SocketId,
        close: CloseCode,
        code: &'static str,
        message: String,
    ) {
        let error = ErrorFrame::new(code, message);
        self.send(
            socket,
            Encoded::of(&ServerMessage::Error(error)).frame(Seq(0)),
        );
        self.close(socket, close, code);
    }
}
