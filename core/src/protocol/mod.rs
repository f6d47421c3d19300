//! What travels: the WebSocket subprotocol `samewire.v1` and the bodies of the HTTP API.
//!
//! Names and shapes are public, as `docs/protocol.md` and `docs/http-api.md` have them; the tests of
//! this crate pin the JSON byte for byte.
//! Unknown fields are ignored in both directions, so that a Worker and its objects may run
//! different versions while a deployment is under way (R6).
//!
//! [`client`] is read by the session, through [`decode`]; [`server`] is written by it, and
//! [`encoded`] once for all who receive it; [`http`] is what backends and operators see, [`ids`] are
//! the names and numbers that all of them share, [`close`] are the codes with which a socket ends,
//! [`summary`] is a participant's whole call.

pub mod client;
pub mod close;
pub mod decode;
pub mod encoded;
pub mod http;
pub mod ids;
pub mod server;
pub mod summary;

/// The WebSocket subprotocol that the server selects.
pub const SUBPROTOCOL: &str = "samewire.v1";

/// The prefix of the second subprotocol a client offers: `token.<jwt>`. A token never stands in a URL.
pub const TOKEN_SUBPROTOCOL_PREFIX: &str = "token.";

/// The major version that a `hello` must name.
pub const PROTOCOL_VERSION: u32 = 1;

/// The largest frame that a client may send, in bytes of UTF-8.
pub const MAX_FRAME_BYTES: usize = 64 * 1024;

/// The longest chat message, in Unicode scalar values.
pub const MAX_CHAT_CHARS: usize = 4_000;

/// How many chat messages a session keeps and a `welcome` carries.
pub const CHAT_KEPT: usize = 200;

/// The most tracks one participant may announce.
pub const MAX_TRACKS: usize = 16;

/// The most providers one client may have drivers for.
pub const MAX_DRIVERS: usize = 32;

/// The longest client-chosen name of something small (an instance, a track), in bytes.
pub const MAX_NAME_BYTES: usize = 128;

/// The longest `ref` of a track, in bytes: what a provider calls it may be two names and a signature.
pub const MAX_REF_BYTES: usize = 512;
