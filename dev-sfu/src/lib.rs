//! A stand-in for Cloudflare's Realtime SFU, so that a call of four can be developed and tested on one
//! machine that has nothing installed. It is not a production SFU: it trusts whoever knows its secret,
//! lives on one thread, and forgets everything when it ends.
//!
//! It speaks the part of the documented Connection API that carries media — sessions, tracks, their
//! update and closing, renegotiation — and really forwards: Opus and VP8, simulcast layers by
//! `preferredRid`, keyframe requests. What it leaves out: data channels, WebSocket adapters, offers of
//! its own for what a browser is to publish, and `priorityOrdering`, since it never sends less than
//! what was asked for. Cloudflare's npm client `partytracks` runs against it unmodified.
//!
//! **Whatever a browser or a caller sends, the answer is one that Cloudflare documents; nothing panics.**
//!
//! Like the rest of Samewire it is decisions inside and I/O outside. In reading order:
//!
//! - [`api`] — what travels over HTTP: requests, answers, refusals with their codes.
//! - [`sfu`] — all sessions. A call or a packet goes in with the time; answers, packets to send and the
//!   next deadline come out. [`calls`] is what each operation does, [`pulls`] those that subscribe,
//!   [`session`] one peer connection.
//! - [`forward`] — what one subscriber is sent of one track: [`layers`] picks the simulcast layer, and
//!   [`rewrite`] joins layers, or tracks, into one stream without a seam.
//! - [`http`], [`run`] — the outside: the HTTP server, the UDP sockets, the clock, and who waits.
//! - [`config`] — flags and environment.

pub mod api;
pub mod calls;
pub mod config;
pub mod forward;
pub mod http;
pub mod layers;
pub mod pulls;
pub mod rewrite;
pub mod run;
pub mod session;
pub mod sfu;
