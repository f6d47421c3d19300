//! A `hello` that is not let in.

use super::decision::Turn;
use super::input::Claims;
use crate::protocol::client::Hello;
use crate::protocol::close::CloseCode;
use crate::protocol::ids::{SocketId, is_plain_name};
use crate::protocol::server::Role;
use crate::protocol::{MAX_DRIVERS, MAX_NAME_BYTES, PROTOCOL_VERSION};
use crate::provider::rule::NoProvider;

/// Why a `hello` is refused.
pub(super) enum Refusal {
    Protocol(&'static str, String),
    Expired,
    Late,
    Barred,
    SameUser,
    NoProvider(NoProvider),
}

impl Refusal {
    /// Says so, and closes the socket.
    pub(super) fn tell(self, turn: &mut Turn, socket: &SocketId) {
        match self {
            Self::Protocol(code, message) => {
                turn.refuse(socket, CloseCode::Protocol, code, message);
            }
            Self::Expired => turn.refuse(
                socket,
                CloseCode::Unauthorised,
                "unauthorised",
                "the token has expired; it admits to a resume only".to_owned(),
            ),
            Self::Late => turn.refuse(
                socket,
                CloseCode::Replaced,
                "replaced",
                "a newer socket of this tab is here".to_owned(),
            ),
            Self::Barred => turn.refuse(
                socket,
                CloseCode::Removed,
                "removed",
                "an operator removed you from this session".to_owned(),
            ),
            Self::SameUser => turn.refuse(
                socket,
                CloseCode::Protocol,
                "already_here",
                "this user is here in another tab, and SAME_USER is \"reject\"".to_owned(),
            ),
            Self::NoProvider(NoProvider::Full) => {
                turn.refuse(
                    socket,
                    CloseCode::TooMany,
                    "full",
                    NoProvider::Full.to_string(),
                );
            }
            Self::NoProvider(why @ (NoProvider::Unsupported | NoProvider::Locked)) => {
                turn.refuse(socket, CloseCode::Protocol, "unsupported", why.to_string());
            }
        }
    }
}

/// Whether a `hello` makes sense, whoever says it.
pub(super) fn check(hello: &Hello, claims: &Claims) -> Result<(), Refusal> {
    if hello.protocol != PROTOCOL_VERSION {
        let message = format!(
            "protocol is {}; this server speaks {PROTOCOL_VERSION}",
            hello.protocol
        );
        return Err(Refusal::Protocol("protocol_version", message));
    }
    if !is_plain_name(hello.instance.as_str()) {
        let message = "\"instance\" is 1 to 128 characters of A-Z, a-z, 0-9, _ and -".to_owned();
        return Err(Refusal::Protocol("bad_field", message));
    }
    let device = hello
        .device
        .iter()
        .flat_map(|device| [&device.browser, &device.os, &device.kind, &device.network]);
    let too_long = device.flatten().any(|text| text.len() > MAX_NAME_BYTES);
    let strange = !hello
        .drivers
        .iter()
        .all(|name| is_plain_name(name.as_str()));
    if too_long || strange || hello.drivers.len() > MAX_DRIVERS {
        let message = format!(
            "\"drivers\" is at most {MAX_DRIVERS} names, and what \"device\" says has at most {MAX_NAME_BYTES} bytes each"
        );
        return Err(Refusal::Protocol("bad_field", message));
    }
    match claims.role {
        Role::Participant => Ok(()),
        Role::Host | Role::Viewer => {
            let message = "this version serves calls; the role must be \"participant\"".to_owned();
            Err(Refusal::Protocol("unsupported", message))
        }
    }
}
