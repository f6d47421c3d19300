//! Perfect negotiation: two peers change their session descriptions at will, at once, and always
//! end in agreement.
//!
//! **An offer that was rolled back is never applied by the other side, and an offer that was
//! answered is never rolled back.** Everything below keeps that one sentence.
//!
//! This is the pattern of the W3C's WebRTC specification (§ 10.7, "Perfect negotiation example") in
//! the form of its test suite (web-platform-tests,
//! `webrtc/RTCPeerConnection-perfect-negotiation-helper.js`), because the text's own form hangs once
//! signalling is delayed. Its three flags are here, but as states instead of booleans (R22):
//!
//! | flag | here |
//! |---|---|
//! | `makingOffer` | [`Activity::MakingOffer`], entered in the event itself and left on failure too |
//! | `isSettingRemoteAnswerPending` | [`Activity::ApplyingAnswer`]: descriptions go through one serial queue, so an offer that arrives meanwhile is judged when the answer has been applied, and finds the connection stable |
//! | `ignoreOffer` | errors of candidates are swallowed from an ignored offer until the next description that *succeeds* |
//!
//! What goes beyond the pattern:
//!
//! - An offer carries a number and an answer names the offer it answers, so that a late answer to an
//!   offer that was rolled back is dropped (as livekit/client-sdk-js does).
//! - Candidates that come before their description are kept by ICE user name fragment, bounded (R23).
//! - Local candidates wait while a local description is being set, so that a restart's candidates
//!   trickle only after its offer or answer (R24).
//! - [`Input::SignalsLost`]: nothing queued is replayed after a reconnect (R25); the *present*
//!   description is told once more, which the other side drops when it knew it, and ICE restarts.
//!
//! The machine is total: any input in any state, late or absurd, is answered or ignored. It does no
//! I/O: feed it with [`Negotiation::handle`], then drain [`Negotiation::poll_output`]. It knows
//! neither SDP nor a browser; the bodies of descriptions and candidates pass through it unread.
//! Epoch and generation (R23) are of the envelope these messages travel in, and are judged there.
//!
//! In reading order: [`message`], [`Input`] and [`Output`], [`Negotiation`], the kept candidates.

mod candidates;
mod inputs;
mod machine;
pub mod message;

pub use candidates::{MAX_CANDIDATES, MAX_CANDIDATES_PER_UFRAG};
pub use inputs::{Action, Failure, Input, Output, Role, Signalling};
pub use machine::{Activity, MAX_WAITING, Negotiation};
pub use message::{Candidate, Description, Kind, Message, OfferId, ufrags};
