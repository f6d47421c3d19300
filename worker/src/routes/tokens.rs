//! Join tokens.

use samewire_core::protocol::http::{TokenRequest, TokenResponse};
use uuid::Uuid;
use worker::{Request, Response, Result, Url};

use super::{Ctx, body, host, session_param, shown};
use crate::access;
use crate::answer::Answered;
use crate::config::Config;
use crate::issue;
use crate::platform;
use crate::problem::ApiError;
use crate::token::{self, TokenClaims};

/// `POST /v1/sessions/{id}/tokens`.
pub(super) async fn issue_token(mut request: Request, ctx: Ctx) -> Answered {
    let url = request.url()?;
    access::backend(&ctx.data, shown(&request)?.as_deref(), host(&url))?;
    let session = session_param(&ctx)?;
    let asked: TokenRequest = body(&mut request).await?;
    let claims = issue::claims(session, asked, &ctx.data.session, platform::now(), jti())?;
    Ok(token_response(&ctx.data, &url, &claims)?)
}

/// `POST /demo/token`.
pub(super) async fn demo_token(mut request: Request, ctx: Ctx) -> Answered {
    let url = request.url()?;
    if !ctx.data.demo {
        return Err(
            ApiError::NotFound("the demo is switched off; DEMO switches it on".to_owned()).into(),
        );
    }
    if !access::is_loopback(host(&url)) {
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
    let scheme = if url.scheme() == "https" { "wss" } else { "ws" };
    let authority = url.authority();
    Response::from_json(&TokenResponse {
        token: token::sign(&config.token_secret, claims),
        expires_at: claims.expires_at(),
        url: format!("{scheme}://{authority}/v1/sessions/{}/connect", claims.sid),
    })
}
