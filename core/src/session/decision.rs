//! What a session decides.

use std::collections::BTreeSet;

use super::record::{Cursor, Kept, NumberedLine, ParticipantRecord, SessionRecord};
use crate::protocol::close::CloseCode;
use crate::protocol::ids::{ParticipantId, Seq, SocketId};
use crate::protocol::server::{Encoded, ErrorFrame, ServerMessage};
use crate::time::Millis;

/// What follows from one input.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    /// To be stored, all or nothing, before anything of `tell`.
    pub store: Vec<Write>,
    /// To be told, in order.
    pub tell: Vec<Tell>,
}

/// A change of what is stored.
#[derive(Clone, Debug, PartialEq)]
pub enum Write {
    /// The session's row.
    Session(SessionRecord),
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
    /// The life of the session is over: everything goes.
    End,
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
    pub(super) ended: bool,
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
            ended: false,
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
