//! The codes with which the server closes a socket, and what each means to the client.

/// Why the server ends a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseCode {
    /// 1000: the participant left.
    Normal,
    /// 1001: the socket fell silent; come back with a resume.
    Silent,
    /// 1011: the object could not store or read; come back later, nothing was lost.
    Internal,
    /// 1013: too much is unacknowledged; come back with a resume, which will be a snapshot.
    TooSlow,
    /// 4000: a newer socket of the same tab took over. Do not come back.
    Replaced,
    /// 4001: the token is missing, forged, expired, or of another session. Do not come back with it.
    Unauthorised,
    /// 4003: an operator removed the participant. Do not come back.
    Removed,
    /// 4004: an operator ended the session. Do not come back.
    Ended,
    /// 4008: the session takes no more people.
    TooMany,
    /// 4009: the client broke the protocol, or has nothing in common with the session.
    Protocol,
}

impl CloseCode {
    /// The number on the wire.
    pub const fn code(self) -> u16 {
        match self {
            Self::Normal => 1000,
            Self::Silent => 1001,
            Self::Internal => 1011,
            Self::TooSlow => 1013,
            Self::Replaced => 4000,
            Self::Unauthorised => 4001,
            Self::Removed => 4003,
            Self::Ended => 4004,
            Self::TooMany => 4008,
            Self::Protocol => 4009,
        }
    }
}
