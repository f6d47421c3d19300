//! Every decision of Samewire, and nothing else.
//!
//! Two shells surround this crate: the Worker with its Durable Objects, and the WebAssembly client in
//! the browser. They do I/O and decide nothing; this crate decides and does no I/O. It has no clock,
//! no randomness and no JavaScript: time comes in with every input, fresh names come in where they
//! may be needed, and what is to be done goes out as data. So a whole session — browsers, losses,
//! kills — runs in an ordinary test, on a clock that jumps.
//!
//! **The same inputs in the same order give the same outputs, and no input in any state panics.**
//!
//! In reading order:
//!
//! - [`protocol`] — what travels. Every message of the socket and every body of the HTTP API, as
//!   types; the JSON is pinned by tests.
//! - [`provider`] — the ways to carry media, and the one rule that picks among them.
//! - [`session`] — the single writer. Who is here, on which provider, in which epoch; who is told
//!   what, and told it again after a lost connection.
//! - [`negotiation`] — perfect negotiation between two peer connections, through any glare.
//! - [`link`] — the client's half of the socket: back-off, resume, acknowledgements, close codes.
//! - [`quality`] — how a call is: from the browser's statistics to a score, to what is wrong with it,
//!   to what the sender gives up, and what the session is told.
//! - [`sfu`] — the client's way to a server of media: which call to make next, and what its answer means.
//! - [`tuning`] — the constants, each with its name in the `TUNING` variable.
//! - [`time`] — milliseconds.

mod gather;
pub mod link;
pub mod negotiation;
pub mod protocol;
pub mod provider;
pub mod quality;
pub mod session;
pub mod sfu;
pub mod time;
pub mod tuning;
