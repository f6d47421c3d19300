//! What a session is told.

use serde::{Deserialize, Serialize};

use crate::protocol::client::{ClientFrame, DecodeError};
use crate::protocol::http::SessionSettings;
use crate::protocol::ids::{Incarnation, ParticipantId, SocketId, UserId};
use crate::protocol::server::Role;
use crate::time::Millis;

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// A socket was accepted; its token was good, or good but expired.
    Opened {
        /// The socket.
        socket: SocketId,
        /// Whom its token is for.
        claims: Claims,
    },
    /// A frame came.
    Received {
        /// On which socket.
        socket: SocketId,
        /// The frame, or why it could not be read.
        frame: Result<ClientFrame, DecodeError>,
        /// Fresh names for a `hello`; may be empty with anything else.
        mint: Mint,
    },
    /// A socket closed, or broke.
    Closed {
        /// Which.
        socket: SocketId,
    },
    /// Time passed. May come late, or twice (R5).
    Tick {
        /// When each open socket last sent a heartbeat.
        heard: Vec<(SocketId, Millis)>,
    },
}

/// What a join token says. Nothing a client says of itself overwrites it (R11).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Claims {
    /// Who it is for.
    pub user: UserId,
    /// What people call them.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// When it ends. After that it admits to a resume only (R33).
    pub expires_at: Millis,
    /// How the session is to be, if this one begins it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionSettings>,
}

/// Names that the core cannot make up, because it has no randomness of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mint {
    /// For a participant who is new.
    pub participant: ParticipantId,
    /// For a life that begins.
    pub incarnation: Incarnation,
    /// For the next resume: at least 128 bits of randomness.
    pub secret: String,
}
