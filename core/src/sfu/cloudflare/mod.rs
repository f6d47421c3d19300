//! Cloudflare's Realtime SFU: one session, which is one peer connection, for sending and receiving.
//!
//! **Changes of a session are made one after another: each is a call, the SDP that its answer asks for
//! included.** The first one connects. Where nothing is published yet it pushes a place holder, a line of sound that
//! never sends: the documented way to have ICE and DTLS up before there is anything to send. All else waits until
//! they are, as the server refuses it before (425).
//!
//! - A session that the server does not know (410) is dead at once: a server that came back has forgotten it.
//! - No answer, or a 5xx, is asked again for [`super::patience::BUDGET`]; 503 and 429 count as full.
//! - A batch of pulls that is refused as a whole is asked for one by one, so that one bad reference of
//!   somebody else costs nobody the rest.
//!
//! [`Cloudflare`] is fed with its `handle` and drained with `poll`.

mod answers;
mod calls;
mod machine;

pub use machine::Cloudflare;

use super::incoming::{Asked, Relayered};
use super::{CallNumber, Transport, Wish};
use crate::protocol::client::Source;

/// What stands before the height in a track's name: `camera-1-720`.
pub const SIGN: char = '-';

/// So many tracks go into one call at most.
pub const MOST_TRACKS: usize = 64;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// There are credentials, or newer ones.
    Credentials,
    /// Something is wished.
    Wish(Wish),
    /// What the peer connection says, and which one: the number of [`super::Command::Begin`].
    Transport(u32, Transport),
    /// A call was answered, or ended without an answer.
    Answered(CallNumber, Answer),
    /// The way is dead: all anew.
    Restart,
    /// The end.
    Close,
    /// The time that [`Cloudflare::timer`] told has come.
    Timeout,
}

/// What came of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// There is a session, by this name.
    Session(String),
    /// Of each track in it what came of it, and whether an answer to the server's offer is to be sent.
    Items(Vec<Item>, bool),
    /// It is done, and there is nothing to tell.
    Done,
    /// A status that is no success, and for how many milliseconds the server asked us to wait.
    Refused(u16, u64),
    /// Nobody answered.
    Silent,
    /// An answer that is none, or one whose SDP the browser does not take.
    Garbage,
}

/// What came of one track.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its reference where it was pulled, its name where it was pushed.
    pub key: String,
    /// Its line; nothing where the server said that it has no such track, or not now.
    pub mid: Option<String>,
}

/// What to ask the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// For a session.
    Session,
    /// To take tracks, each by a name; the place holder where there are none.
    Push(Vec<Pushed>),
    /// For tracks of others.
    Pull(Vec<Asked>),
    /// To take the answer to its offer.
    Renegotiate,
    /// For other layers.
    Update(Vec<Relayered>),
    /// To give up lines.
    Close(Vec<String>),
    /// Whether it still knows the session.
    Look,
}

/// A source that is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// Which.
    pub source: Source,
    /// By this name, which no other push of this leg has.
    pub name: String,
    /// In so many layers.
    pub layers: u8,
}

/// What is to be done.
pub type Command = super::Command<Call>;
