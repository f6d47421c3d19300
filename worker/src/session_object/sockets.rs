//! Sockets, and what they carry through hibernation.

use samewire_core::protocol::close::CloseCode;
use samewire_core::protocol::ids::{Seq, SocketId};
use samewire_core::protocol::server::{Encoded, ServerMessage};
use samewire_core::session::{Claims, come_back_in};
use samewire_core::time::Millis;
use serde::{Deserialize, Serialize};
use worker::{Error, Result, WebSocket};

use crate::ice::Fetched;
use crate::platform;

/// What a socket carries through hibernation, beside its name.
#[derive(Serialize, Deserialize)]
pub(super) struct Attachment {
    pub(super) claims: Claims,
    pub(super) opened: Millis,
    /// What Cloudflare made for whoever it is, until the `hello`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) turn: Option<Fetched>,
}

/// Gives a socket its name and attachment. That is text: the name, a line feed, and the rest as
/// JSON, which only a `hello` and a rebuilt object need to read.
pub(super) fn attach(socket: &WebSocket, name: &SocketId, attachment: &Attachment) -> Result<()> {
    let json = serde_json::to_string(attachment)?;
    platform::attach(socket, &format!("{name}\n{json}"))
}

fn attached(socket: &WebSocket) -> Result<String> {
    platform::attached(socket)?
        .ok_or_else(|| Error::RustError("a socket without attachment".to_owned()))
}

/// The name of a socket.
pub(super) fn name(socket: &WebSocket) -> Result<SocketId> {
    let text = attached(socket)?;
    Ok(SocketId::from(text.lines().next().unwrap_or_default()))
}

/// The name of a socket, and what it carries.
pub(super) fn named_attachment(socket: &WebSocket) -> Result<(SocketId, Attachment)> {
    let text = attached(socket)?;
    let (name, json) = text
        .split_once('\n')
        .ok_or_else(|| Error::RustError("a socket without name".to_owned()))?;
    Ok((SocketId::from(name), serde_json::from_str(json)?))
}

/// Closes a socket because nothing can be stored; says when to come back, which differs for each (R7).
pub(super) fn send_away(socket: &WebSocket) {
    let who = name(socket).unwrap_or_default();
    let bye = ServerMessage::Bye {
        reason: "storage".to_owned(),
        retry_after_ms: Some(come_back_in(who.as_str()).0),
    };
    let _ = socket.send_with_str(Encoded::of(&bye).frame(Seq(0)));
    close(socket, CloseCode::Internal, "storage");
}

/// Closes a socket.
pub(super) fn close(socket: &WebSocket, code: CloseCode, reason: &str) {
    // The socket may be closed already, which is what was wanted.
    let _ = socket.close(Some(code.code()), Some(reason));
}
