//! STUN and TURN servers over HTTP.

use samewire_core::session::Ice;
use samewire_core::time::Millis;
use serde::Serialize;
use serde_json::Value;
use worker::Request;

use super::{Ctx, ask, shown};
use crate::answer::{self, Answered};
use crate::internal::{Ask, Holder};
use crate::platform;
use crate::problem::ApiError;
use crate::token::{self, TokenError};
use crate::turn;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct IceResponse {
    ice_servers: Vec<Value>,
    /// Absent where no credential ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Millis>,
}

/// `GET /v1/ice-servers`: for whoever shows a join token, of whatever session.
pub(super) async fn servers(request: Request, ctx: Ctx) -> Answered {
    let Some(given) = shown(&request)? else {
        let detail = "send a join token as \"Authorization: Bearer …\"";
        return Err(ApiError::Unauthorised(detail.to_owned()).into());
    };
    let config = &ctx.data;
    let claims = token::verify_any(&config.token_secret, &given).map_err(ApiError::from)?;
    if claims.expires_at() <= platform::now() {
        return Err(ApiError::from(TokenError::Expired).into());
    }
    let (session, user) = (claims.sid.clone(), claims.sub.clone());
    let holder = Ask::Barred(Holder::from(claims));
    let barred = ask(&ctx.env, &session, &holder).await?.text().await?;
    if serde_json::from_str(&barred)? {
        return Err(ApiError::removed().into());
    }
    let fetched = turn::fetch(&config.ice_servers).await.map_err(|error| {
        tracing::warn!(%error, "TURN credentials could not be made");
        ApiError::Unavailable(
            "TURN credentials could not be made; ask again in a moment".to_owned(),
        )
    })?;
    let Ice {
        servers,
        expires_at,
    } = config
        .ice_servers
        .of(&user, platform::now(), fetched.as_ref());
    Ok(answer::json(&IceResponse {
        ice_servers: servers,
        expires_at,
    })?)
}
