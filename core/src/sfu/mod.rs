//! One participant's way to a server of media (an SFU), as the native drivers go it.
//!
//! **What is published and what is wanted is said at any time; what to ask the server next, in which
//! order, again or not at all, is decided here.** Each of the machines knows no connection, no request
//! and no clock: what happened goes in, commands come out, and a timer says when to look again. A shell in JavaScript
//! executes the commands with `fetch`, `WebSocket` and `RTCPeerConnection` and tells what came of it.
//!
//! - **One call at a time** waits for its answer, at each handle of the server: an offer that
//!   crosses another is refused (Cloudflare's 406), or lost.
//! - Every call has a deadline. What was asked of an earlier connection is never an answer to this one.
//! - A failure ends the asking, not the media: what flows flows on, until somebody restarts or closes.
//!
//! In reading order: this file (words that both share), [`layers`] (which of a picture's layers),
//! [`patience`] (how long is waited, and how often), [`incoming`] (what is wanted), [`outgoing`] (what is
//! published), [`media`] (both, and what is wished of them), and the machines: [`cloudflare`] and [`janus`].

pub mod cloudflare;
pub mod incoming;
pub mod janus;
pub mod layers;
pub mod media;
pub mod outgoing;
pub mod patience;
mod way;

pub use media::Wish;
pub use way::Transport;

use crate::protocol::client::Source;

/// What a track is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Sound.
    Audio,
    /// A picture.
    Video,
}

/// What somebody wants to receive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// By what its sender told that it may be asked for.
    pub reference: String,
    /// What it is.
    pub kind: Kind,
    /// How high it is shown, in device pixels; 0 where nobody said.
    pub height: u32,
    /// Its sender says that it sends nothing now.
    pub muted: bool,
}

/// What a server does about what is silent or given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Habit {
    /// It forgets what is silent, lets whoever asks for it wait, and takes places back: Cloudflare.
    Collects,
    /// A place stays for as long as the connection, silent or not: Janus.
    Keeps,
}

/// Why a leg failed; its name is what JavaScript reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The server did not answer in time.
    Timeout,
    /// There was no way for media, or it broke.
    Ice,
    /// The credentials are not good.
    Auth,
    /// The server is full.
    Capacity,
    /// Anything else.
    Other,
}

impl Failure {
    /// As JavaScript reads it.
    pub const fn name(self) -> &'static str {
        match self {
            Failure::Timeout => "timeout",
            Failure::Ice => "ice",
            Failure::Auth => "auth",
            Failure::Capacity => "capacity",
            Failure::Other => "other",
        }
    }
}

/// How a leg is, when that changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Something is under way.
    Connecting,
    /// ICE and DTLS are up.
    Connected,
    /// Nothing more is asked until a restart. Why, and the same in words.
    Failed(Failure, &'static str),
}

/// The number of a call. An answer with another number than that of the call in flight is late: it is
/// not looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallNumber(pub u32);

impl CallNumber {
    /// The number after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command<Call> {
    /// New connections, of this number; those before them are closed, and their calls are aborted.
    Begin(u32),
    /// A call is to be made, and to be told of by its number.
    Call(CallNumber, Call),
    /// Nobody waits for the call in flight any longer.
    Abort,
    /// The server is to hear of us.
    KeepAlive,
    /// The sender of a source is given its present track.
    Replace(Source),
    /// For whoever opened the leg.
    State(State),
    /// A source that others can ask for, by this reference.
    Published(Source, String),
    /// A track that was wanted, by its reference, comes on this line.
    Track(String, String),
    /// The connections are closed, and nothing is told any more.
    End,
}

/// What waits to be done, in order. A list: there is never much, and it is small where it is loaded.
#[derive(Clone, Debug)]
pub(crate) struct Queue<T>(Vec<T>);

impl<T> Queue<T> {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn push(&mut self, one: T) {
        self.0.push(one);
    }

    pub(crate) fn extend(&mut self, more: Option<T>) {
        self.0.extend(more);
    }

    pub(crate) fn pop(&mut self) -> Option<T> {
        (!self.0.is_empty()).then(|| self.0.remove(0))
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

/// All sources.
pub const SOURCES: [Source; 4] = [
    Source::Microphone,
    Source::Camera,
    Source::Screen,
    Source::ScreenAudio,
];

/// A source as the protocol writes it.
pub const fn source_name(source: Source) -> &'static str {
    match source {
        Source::Microphone => "microphone",
        Source::Camera => "camera",
        Source::Screen => "screen",
        Source::ScreenAudio => "screen_audio",
    }
}

/// Adds a number in decimal digits. (The formatting of the standard library is not in what a page loads.)
pub fn put_number(text: &mut String, number: u32) {
    if number >= 10 {
        put_number(text, number / 10);
    }
    let digit = u8::try_from(number % 10).unwrap_or(0);
    text.push(char::from(b'0' + digit));
}

/// The number that decimal digits write; nothing for anything else, or what no height is.
pub fn read_number(digits: &str) -> Option<u32> {
    if digits.is_empty() || digits.len() > 5 {
        return None;
    }
    digits.chars().try_fold(0, |number: u32, digit| {
        Some(number * 10 + digit.to_digit(10)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_it_was_written() {
        for number in [0, 7, 10, 480, 99_999] {
            let mut text = String::new();
            put_number(&mut text, number);
            assert_eq!(text, number.to_string());
            assert_eq!(read_number(&text), Some(number));
        }
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in ["", "-1", "4.5", "123456", "x", "４"] {
            assert_eq!(read_number(text), None, "{text}");
        }
    }
}
