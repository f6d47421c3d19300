//! Janus' VideoRoom, over its WebSocket: one handle that publishes and one that subscribes.
//!
//! **Each handle has its own peer connection and its own line of calls, one after another; the session
//! has a third.** The handle that publishes is joined and connected from the beginning: where nothing is
//! published yet, it negotiates the microphone's place, which sends nothing. The one that subscribes
//! makes its connection with the first track that there is.
//!
//! - Whoever asks for a feed before its media is up is told that there is none (428): others are told of a
//!   source only then, and ask again all the same.
//! - A socket that closes is a failure at once; a session that Janus does not know (458) is one that it lost.
//! - The socket is reliable: what is not answered in time is not asked again.
//!
//! [`Janus`] is fed with its `handle` and drained with `poll`.

mod answers;
mod calls;
mod machine;

pub use machine::Janus;

use super::incoming::{Asked, Relayered};
use super::{CallNumber, Transport, Wish};
use crate::protocol::client::Source;

/// What stands between a feed, a line and the height of its picture in a reference: `ana-1/2/720`.
pub const SIGN: char = '/';

/// So many tracks go into one call at most.
pub const MOST_TRACKS: usize = 64;

/// One of the two handles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What we send.
    Publisher,
    /// What we receive.
    Subscriber,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// There are credentials, or newer ones.
    Credentials,
    /// Something is wished.
    Wish(Wish),
    /// The socket of this connection, the number of [`super::Command::Begin`], is open.
    Opened(u32),
    /// It closed, or Janus gave the session or a handle up.
    Lost(u32),
    /// What a peer connection of this connection says.
    Transport(u32, Side, Transport),
    /// Janus offers something to the handle that subscribes, which nobody asked for.
    Offered(u32),
    /// A line of what we receive has this substream now.
    Layered(u32, String, u8),
    /// A call was answered.
    Answered(CallNumber, Answer),
    /// The way is dead: all anew.
    Restart,
    /// The end.
    Close,
    /// The time that [`Janus::timer`] told has come.
    Timeout,
}

/// What came of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is done.
    Done,
    /// What was published has these lines.
    Placed(Vec<(Source, String)>),
    /// The lines of what we receive, by their references without the height, and whether an offer came along.
    Streams(Vec<Stream>, bool),
    /// Janus' code of an error.
    Refused(u16),
    /// An answer that is none, or one whose SDP the browser does not take.
    Garbage,
}

/// A line of what we receive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// The line, as our peer connection calls it.
    pub mid: String,
    /// Whose it is, and which of theirs.
    pub feed: String,
    /// The line, as the sender's peer connection calls it.
    pub feed_mid: String,
}

/// What to ask Janus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// For a session.
    Create,
    /// For a handle.
    Attach(Side),
    /// To join the room as this feed.
    Join(String),
    /// To take sources; the microphone's place, silent, where there are none.
    Publish(Vec<Placing>),
    /// To join as one that receives.
    Subscribe(Vec<Asked>),
    /// For tracks besides those that come.
    More(Vec<Asked>),
    /// To give up lines.
    LetGo(Vec<String>),
    /// To take the answer to its offer.
    Start,
    /// For other layers.
    Layers(Vec<Relayered>),
}

/// A source that is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placing {
    /// Which.
    pub source: Source,
    /// In so many layers.
    pub layers: u8,
}

/// What is to be done.
pub type Command = super::Command<Call>;

/// The substream of a layer that is counted from the best, and the reverse: Janus counts from the
/// smallest of three.
pub const fn substream(layer: u8) -> u8 {
    2_u8.saturating_sub(layer)
}
