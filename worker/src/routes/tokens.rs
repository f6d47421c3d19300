//! Join tokens.

use samewire_core::protocol::http::{TokenRequest, TokenResponse};
use uuid::Uuid;
use web_sys::Url;
use worker::{Request, Response, Result};

use super::{Ctx, body, session_param, shown};
use crate::access;
use crate::answer::{self, Answered};
use crate::config::Config;
use crate::issue;
use crate::platform;
use crate::problem::ApiError;
use crate::token::{self, TokenClaims};

/// `POST /v1/sessions/{id}/tokens`.
pub(super) async fn issue_token(mut request: Request, ctx: Ctx) -> Answered {
    let url = platform::url(&request)?;
    access::backend(&ctx.data, shown(&request)?.as_deref(), &url.hostname())?;
    let session = session_param(&ctx)?;
    let asked: TokenRequest = body(&mut request).await?;
    let claims = issue::claims(session, asked, &ctx.data.session, platform::now(), jti())?;
    Ok(token_response(&ctx.data, &url, &claims)?)
}

/// `POST /demo/token`.
pub(super) async fn demo_token(mut request: Request, ctx: Ctx) -> Answered {
    let url = platform::url(&request)?;
    if !ctx.data.demo {
        return Err(
            ApiError::NotFound("the demo is switched off; DEMO switches it on".to_owned()).into(),
        );
    }
    if !access::is_loopback(&url.hostname()) {
        return Err(
            ApiError::Forbidden("the demo works on a loopback host only".to_owned()).into(),
        );
    }
    let claims = issue::demo_claims(body(&mut request).await?, platform::now(), jti())?;
    Ok(token_response(&ctx.data, &url, &claims)?)
}

fn jti() -> String {
    Uuid::new_v4().simple().to_string()
}

fn token_response(config: &Config, url: &Url, claims: &TokenClaims) -> Result<Response> {
    let scheme = if url.protocol() == "https:" {
        "wss"
    } else {
        "ws"
    };
    let authority = url.host();
    answer::json(&TokenResponse {
        token: token::sign(&config.token_secret, claims),
        expires_at: claims.expires_at(),
        url: format!("{scheme}://{authority}/v1/sessions/{}/connect", claims.sid),
    })
}
