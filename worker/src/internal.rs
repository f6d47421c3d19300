//! How the Worker asks an object: the session's id, and whose token was shown, in two headers.
//!
//! Objects are reached through the Worker alone, which makes these requests from nothing, so what
//! they say was checked.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use samewire_core::protocol::ids::SessionId;
use samewire_core::session::Claims;
use worker::{Error, Headers, Method, Request, RequestInit, Result};

const SESSION: &str = "x-samewire-session";
const CLAIMS: &str = "x-samewire-claims";

/// A request to connect with these claims, or for the snapshot.
pub(crate) fn request(session: &SessionId, claims: Option<&Claims>) -> Result<Request> {
    let headers = Headers::new();
    headers.set(SESSION, session.as_str())?;
    if let Some(claims) = claims {
        headers.set(
            CLAIMS,
            &URL_SAFE_NO_PAD.encode(serde_json::to_string(claims)?),
        )?;
        headers.set("upgrade", "websocket")?;
    }
    let mut init = RequestInit::new();
    init.with_method(Method::Get).with_headers(headers);
    Request::new_with_init("https://session/", &init)
}

/// Reads such a request.
pub(crate) fn read(request: &Request) -> Result<(SessionId, Option<Claims>)> {
    let wrong = || Error::RustError("not a request of the Worker".to_owned());
    let session = request.headers().get(SESSION)?.ok_or_else(wrong)?;
    let session = SessionId::parse(&session).map_err(|_| wrong())?;
    let claims = match request.headers().get(CLAIMS)? {
        None => None,
        Some(text) => {
            let json = URL_SAFE_NO_PAD.decode(text).map_err(|_| wrong())?;
            Some(serde_json::from_str(
                std::str::from_utf8(&json).map_err(|_| wrong())?,
            )?)
        }
    };
    Ok((session, claims))
}
