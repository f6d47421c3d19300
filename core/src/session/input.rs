//! What a session is told.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::admin::Act;
use crate::protocol::client::{ClientFrame, DecodeError};
use crate::protocol::http::SessionSettings;
use crate::protocol::ids::{
    Epoch, Incarnation, ParticipantId, ProviderName, SocketId, TokenId, UserId,
};
use crate::protocol::server::Role;
use crate::provider::Provider;
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
    /// An operator wants something; the decision has an answer.
    Admin {
        /// The name of the operator's key.
        by: String,
        /// What.
        act: Act,
    },
    /// The registry has news: these are the providers now.
    Providers {
        /// All of them.
        providers: Vec<Provider>,
    },
    /// What a decision asked for was made.
    Renewed {
        /// For whom.
        participant: ParticipantId,
        /// What.
        what: Renewal,
    },
    /// What a decision asked for of a provider was made, or could not be.
    Credentials {
        /// For whom.
        participant: ParticipantId,
        /// For which epoch it was asked.
        epoch: Option<Epoch>,
        /// Of which provider.
        provider: ProviderName,
        /// What.
        what: Credentials,
    },
}

/// What a provider's adapter made for one participant.
#[derive(Clone, Debug, PartialEq)]
pub enum Credentials {
    /// The room is there, and these open it.
    Given {
        /// As the provider's driver wants them. Secrets: they go to their participant and nowhere else.
        credentials: Value,
        /// When they end; none where they do not.
        expires_at: Option<Millis>,
    },
    /// There is no room, or nothing to open it with.
    Refused {
        /// Why, for the log: no secret, and nothing of the length of an answer.
        why: String,
    },
}

/// A credential that was renewed for one participant (R33, R34).
#[derive(Clone, Debug, PartialEq)]
pub enum Renewal {
    /// STUN and TURN servers.
    Ice(Ice),
    /// A token for the same user and session, of the same name.
    Token {
        /// The token. A secret: it goes to its participant and nowhere else.
        token: String,
        /// When it ends.
        expires_at: Millis,
    },
    /// It could not be made; it is tried again after this long.
    Failed {
        /// How long.
        again_in: Millis,
        /// Which.
        ice: bool,
    },
}

/// STUN and TURN servers for one participant, in the shape of `RTCIceServer`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ice {
    /// The servers, with credentials where they need some.
    pub servers: Vec<Value>,
    /// When the first of the credentials ends; none where none does.
    pub expires_at: Option<Millis>,
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
    /// Its own name, by which it can be barred.
    #[serde(default)]
    pub token: TokenId,
    /// For how long it was made; a renewal lasts as long.
    #[serde(default)]
    pub lasts: Millis,
    /// How the session is to be, if this one begins it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionSettings>,
}

/// Names that the core cannot make up, because it has no randomness of its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mint {
    /// For a participant who is new.
    pub participant: ParticipantId,
    /// For a life that begins.
    pub incarnation: Incarnation,
    /// For the next resume: at least 128 bits of randomness.
    pub secret: String,
    /// STUN and TURN servers for the participant.
    pub ice: Ice,
}
