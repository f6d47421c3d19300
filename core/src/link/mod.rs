//! The signalling link: one socket after another, and what must survive from one to the next.
//!
//! **A link that was lost comes back by itself, and nothing is handled twice.** Media does not depend
//! on it (R30): whoever drives this machine leaves the peer connections alone whatever it says, until
//! a `welcome` that was not resumed.
//!
//! It knows no socket and no clock. Feed it with [`Link::handle`], drain [`Link::poll_output`], and
//! call it with [`Input::Timeout`] when the moment of [`Link::poll_timeout`] has come. Jitter comes
//! in from outside, with every input, so that a test can say what it is.
//!
//! In reading order: [`verdict`] (what a close code means), [`Link`], [`chats`] (messages that wait
//! for their echo), [`course`] (which epoch the session is in, and the way to the next), [`ladder`]
//! (what to do about media that does not come), and [`nth`] (which connection a signal is about).

pub mod chats;
pub mod course;
pub mod ladder;
mod machine;
pub mod nth;
pub mod verdict;

pub use chats::Unconfirmed;
pub use course::{Course, Leg, News, P2P, Phase, Step};
pub use ladder::{Ladder, Line, Look, Remedy, Rung, STALLED, Sight};
pub use machine::{
    ACK_AFTER, ACK_BYTES, ACK_FRAMES, ANSWER_WITHIN, FIRST_RETRY, HELLO_DEADLINE, Input, Jitter,
    LONGEST_RETRY, Link, Output, PING_AFTER, PONGS_MISSED, Reason,
};
pub use nth::{About, Nth};
pub use verdict::{End, Verdict};
