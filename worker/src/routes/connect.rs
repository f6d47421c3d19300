//! The door to the sockets.

use samewire_core::protocol::close::CloseCode;
use samewire_core::protocol::ids::Seq;
use samewire_core::protocol::server::{Encoded, ErrorFrame, ServerMessage};
use samewire_core::protocol::{SUBPROTOCOL, TOKEN_SUBPROTOCOL_PREFIX};
use worker::{Headers, Request, Response, Result, WebSocketPair};

use super::{Ctx, ask, session_param};
use crate::answer::Answered;
use crate::internal::Ask;
use crate::platform;
use crate::problem::ApiError;
use crate::token;
use crate::turn;

/// Lets a socket in. A browser cannot read the status of a refused upgrade, so a refusal is a socket
/// that is closed with a code, without waking the session.
pub(super) async fn connect(request: Request, ctx: Ctx) -> Answered {
    let headers = request.headers();
    if !headers
        .get("upgrade")?
        .is_some_and(|to| to.eq_ignore_ascii_case("websocket"))
    {
        return Err(ApiError::UpgradeRequired.into());
    }
    let offered = headers.get("sec-websocket-protocol")?.unwrap_or_default();
    let offered: Vec<&str> = offered.split(',').map(str::trim).collect();
    let speaks = offered.contains(&SUBPROTOCOL);
    let refuse = |close: CloseCode, code: &'static str, message: String| {
        Ok(refused(speaks, close, ErrorFrame::new(code, message))?)
    };
    if !speaks {
        let message =
            format!("offer the subprotocols {SUBPROTOCOL} and {TOKEN_SUBPROTOCOL_PREFIX}<jwt>");
        return refuse(CloseCode::Protocol, "unsupported", message);
    }
    let session = match session_param(&ctx) {
        Ok(session) => session,
        Err(error) => return refuse(CloseCode::Protocol, "bad_session", error.to_string()),
    };
    let url = platform::url(&request)?;
    if !ctx
        .data
        .origins
        .allow(headers.get("origin")?.as_deref(), &url.origin())
    {
        let message = "pages of this origin may not connect; ALLOWED_ORIGINS lists those that may";
        return refuse(CloseCode::Unauthorised, "origin", message.to_owned());
    }
    let Some(jwt) = offered
        .iter()
        .find_map(|p| p.strip_prefix(TOKEN_SUBPROTOCOL_PREFIX))
    else {
        let message =
            format!("no token came: offer the subprotocol {TOKEN_SUBPROTOCOL_PREFIX}<jwt>");
        return refuse(CloseCode::Unauthorised, "unauthorised", message);
    };
    // An expired token goes on to the session, which may know it by its resume secret (R33).
    match token::verify(&ctx.data.token_secret, jwt, &session) {
        Ok(claims) => {
            let claims = claims.into_claims();
            // Here, so that nobody waits in the session; without an answer it is asked for later.
            let turn = turn::fetch(&ctx.data.ice_servers).await;
            let turn = turn.unwrap_or_else(|error| {
                tracing::warn!(%error, "TURN credentials could not be made");
                None
            });
            Ok(ask(&ctx.env, &session, &Ask::Connect { claims, turn }).await?)
        }
        Err(error) => refuse(CloseCode::Unauthorised, "unauthorised", error.to_string()),
    }
}

fn refused(speaks: bool, close: CloseCode, error: ErrorFrame) -> Result<Response> {
    let pair = WebSocketPair::new()?;
    pair.server.accept()?;
    let reason = error.code;
    pair.server
        .send_with_str(Encoded::of(&ServerMessage::Error(error)).frame(Seq(0)))?;
    pair.server.close(Some(close.code()), Some(reason))?;
    let headers = Headers::new();
    if speaks {
        headers.set("sec-websocket-protocol", SUBPROTOCOL)?;
    }
    Ok(Response::from_websocket(pair.client)?.with_headers(headers))
}
