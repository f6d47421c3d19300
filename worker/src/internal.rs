//! How the Worker asks an object: the session's id, and what it asks, in two headers.
//!
//! Objects are reached through the Worker alone, which makes these requests from nothing, so what
//! they say was checked.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use samewire_core::protocol::ids::{LogSeq, SessionId, TokenId, UserId};
use samewire_core::session::{Act, Claims};
use serde::{Deserialize, Serialize};
use worker::{Error, Headers, Method, Request, Result};

use crate::ice::Fetched;
use crate::platform;

const SESSION: &str = "x-samewire-session";
const ASK: &str = "x-samewire-ask";

/// What the Worker asks of a session's object.
#[derive(Serialize, Deserialize)]
pub(crate) enum Ask {
    /// To accept a socket, whose token was good but perhaps expired.
    Connect {
        /// What the token says.
        claims: Claims,
        /// What Cloudflare made for whoever shows it.
        turn: Option<Fetched>,
    },
    /// How the session is.
    Look(View, Option<Holder>),
    /// What was decided.
    Events {
        /// After which entry.
        after: LogSeq,
        /// How many at most.
        limit: u32,
    },
    /// To do what an operator wants.
    Act {
        /// The name of the operator's key.
        by: String,
        /// What.
        act: Act,
    },
    /// Whether the holder of a token was removed.
    Barred(Holder),
}

/// A way to look at a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum View {
    /// Everything.
    Snapshot,
    /// Everyone's last quality and state.
    Health,
    /// What is wrong.
    Alerts,
}

/// Who shows a token.
#[derive(Serialize, Deserialize)]
pub(crate) struct Holder {
    /// The token's own name.
    pub(crate) token: TokenId,
    /// Who it is for.
    pub(crate) user: UserId,
}

/// A request to a session's object.
pub(crate) fn request(session: &SessionId, ask: &Ask) -> Result<Request> {
    let headers = Headers::new();
    headers.set(SESSION, session.as_str())?;
    headers.set(ASK, &URL_SAFE_NO_PAD.encode(serde_json::to_string(ask)?))?;
    if matches!(ask, Ask::Connect { .. }) {
        headers.set("upgrade", "websocket")?;
    }
    platform::request(Method::Get, "https://session/", &headers, None)
}

/// Reads such a request.
pub(crate) fn read(request: &Request) -> Result<(SessionId, Ask)> {
    let wrong = || Error::RustError("not a request of the Worker".to_owned());
    let session = request.headers().get(SESSION)?.ok_or_else(wrong)?;
    let session = SessionId::parse(&session).map_err(|_| wrong())?;
    let ask = request.headers().get(ASK)?.ok_or_else(wrong)?;
    let json = URL_SAFE_NO_PAD.decode(ask).map_err(|_| wrong())?;
    // Everything is read from `&str`: readers for bytes would be in the Worker beside those for text.
    let json = std::str::from_utf8(&json).map_err(|_| wrong())?;
    Ok((session, serde_json::from_str(json)?))
}
