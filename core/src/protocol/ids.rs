//! Names and numbers, each a type of its own so that none is taken for another.

use core::fmt;

use serde::{Deserialize, Serialize};

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The text as it travels.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    };
}

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident($int:ty)) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub $int);

        impl $name {
            /// The one after this; the largest stays itself.
            pub const fn next(self) -> Self {
                Self(self.0.saturating_add(1))
            }
        }
    };
}

text_id! {
    /// One life of a session id, a UUIDv7. An id that ended and began again has another.
    Incarnation
}
text_id! {
    /// One participant of one incarnation, minted by the shell on arrival.
    ParticipantId
}
text_id! {
    /// A token's own name, its `jti`: kept by every token that renews it.
    TokenId
}
text_id! {
    /// A person, as the customer's backend names them; from the token alone (R11).
    UserId
}
text_id! {
    /// One browser tab, named by itself: 1 to 128 of `A-Z a-z 0-9 _ -`.
    Instance
}
text_id! {
    /// A provider's name: `p2p`, or what `PROVIDERS` calls it.
    ProviderName
}
text_id! {
    /// One WebSocket, named by the shell when it is accepted. Never travels.
    SocketId
}
text_id! {
    /// A track, named by the participant who publishes it; unique with its source (R27).
    TrackId
}

number_id! {
    /// An entry of the decision log, +1 an entry.
    LogSeq(u64)
}
number_id! {
    /// The fencing token of a session: grows with every switch that is prepared (R1).
    Epoch(u64)
}
number_id! {
    /// How often a tab came anew; a resume keeps it.
    Generation(u32)
}
number_id! {
    /// The number a participant is given on arrival. The higher of two is polite, and initiates (R10).
    Ordinal(u32)
}
number_id! {
    /// The number of a server frame, +1 per participant.
    Seq(u64)
}
number_id! {
    /// The number of a client's `signal` or `chat`, +1 per tab.
    MessageId(u64)
}

/// A session's name, chosen by the customer: 1 to 128 of `A-Z a-z 0-9 _ -`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SessionId(String);

/// Why a text names no session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a session id is 1 to 128 characters of A-Z, a-z, 0-9, _ and -")]
pub struct BadSessionId;

impl SessionId {
    /// Reads a session id; `Err` says what one may hold.
    pub fn parse(text: &str) -> Result<Self, BadSessionId> {
        if is_plain_name(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(BadSessionId)
        }
    }

    /// The text as the customer wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for SessionId {
    type Error = BadSessionId;

    fn try_from(text: String) -> Result<Self, BadSessionId> {
        Self::parse(&text)
    }
}

impl From<SessionId> for String {
    fn from(id: SessionId) -> String {
        id.0
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a text is 1 to 128 characters of `A-Z a-z 0-9 _ -`.
pub fn is_plain_name(text: &str) -> bool {
    (1..=super::MAX_NAME_BYTES).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}
