//! One session: how it is, what was decided, and what operators do.

use samewire_core::protocol::http::{SessionPatch, SwitchRequest};
use samewire_core::protocol::ids::{LogSeq, ParticipantId, TokenId, is_plain_name};
use samewire_core::session::Act;
use worker::{Request, Response};

use super::{Checked, Ctx, ask, body, query, query_number, session_param, shown};
use crate::access;
use crate::answer::Answered;
use crate::internal::{Ask, Holder, View};
use crate::platform;
use crate::problem::ApiError;
use crate::token::{self, TokenClaims, TokenError};

/// How many entries of the log are given at once, unless it is said; and the most.
const EVENTS: (u64, u64) = (100, 1_000);

/// The most characters of an operator's reason that are kept.
const MAX_REASON_CHARS: usize = 256;

impl From<TokenClaims> for Holder {
    fn from(claims: TokenClaims) -> Self {
        Self {
            token: TokenId(claims.jti),
            user: claims.sub,
        }
    }
}

/// `GET /v1/sessions/{id}` and the views beside it: for admins, and for tokens of that session.
pub(super) async fn look(request: Request, ctx: Ctx, view: View) -> Answered {
    let session = session_param(&ctx)?;
    let url = platform::url(&request)?;
    let Some(given) = shown(&request)? else {
        let detail =
            "send an admin key, or a token of this session, as \"Authorization: Bearer …\"";
        return Err(ApiError::Unauthorised(detail.to_owned()).into());
    };
    let holder = match access::admin(&ctx.data, &given, &url.hostname())? {
        Some(_) => None,
        None => {
            let claims =
                token::verify(&ctx.data.token_secret, &given, &session).map_err(ApiError::from)?;
            if claims.expires_at() <= platform::now() {
                return Err(ApiError::from(TokenError::Expired).into());
            }
            Some(Holder::from(claims))
        }
    };
    Ok(ask(&ctx.env, &session, &Ask::Look(view, holder)).await?)
}

/// `GET /v1/sessions/{id}/events`.
pub(super) async fn events(request: Request, ctx: Ctx) -> Answered {
    let session = session_param(&ctx)?;
    let url = platform::url(&request)?;
    access::any_admin(&ctx.data, shown(&request)?.as_deref(), &url.hostname())?;
    let (default, most) = EVENTS;
    let after = LogSeq(query_number(&url, "after", 0, 0, u64::from(u32::MAX))?);
    let limit = query_number(&url, "limit", default, 1, most)?;
    let limit = u32::try_from(limit).unwrap_or(u32::MAX);
    Ok(ask(&ctx.env, &session, &Ask::Events { after, limit }).await?)
}

/// `PATCH /v1/sessions/{id}`.
pub(super) async fn patch(mut request: Request, ctx: Ctx) -> Answered {
    let by = operator(&request, &ctx)?;
    let patch: SessionPatch = body(&mut request).await?;
    act(&ctx, by, Act::Patch(patch)).await
}

/// `POST /v1/sessions/{id}/switch`.
pub(super) async fn switch(mut request: Request, ctx: Ctx) -> Answered {
    let by = operator(&request, &ctx)?;
    let mut wanted: SwitchRequest = body(&mut request).await?;
    wanted.reason = wanted
        .reason
        .map(|reason| reason.chars().take(MAX_REASON_CHARS).collect());
    act(&ctx, by, Act::Switch(wanted)).await
}

/// `DELETE /v1/sessions/{id}`.
pub(super) async fn end(request: Request, ctx: Ctx) -> Answered {
    let by = operator(&request, &ctx)?;
    done(act(&ctx, by, Act::End).await?)
}

/// `DELETE /v1/sessions/{id}/participants/{pid}`.
pub(super) async fn remove(request: Request, ctx: Ctx) -> Answered {
    let by = operator(&request, &ctx)?;
    let participant = ctx.participant.as_str();
    if !is_plain_name(participant) {
        let detail = "a participant's id is 1 to 128 characters of A-Z, a-z, 0-9, _ and -";
        return Err(ApiError::BadRequest(detail.to_owned()).into());
    }
    let user = match query(&platform::url(&request)?, "user").as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => {
            let detail = "user is true, to bar every token of that user, or false";
            return Err(ApiError::BadRequest(detail.to_owned()).into());
        }
    };
    let participant = ParticipantId::from(participant);
    done(act(&ctx, by, Act::Remove { participant, user }).await?)
}

/// The name of the operator who asks.
fn operator(request: &Request, ctx: &Ctx) -> Checked<String> {
    let url = platform::url(request)?;
    let name = access::operator(&ctx.data, shown(request)?.as_deref(), &url.hostname())?;
    Ok(name.to_owned())
}

async fn act(ctx: &Ctx, by: String, act: Act) -> Answered {
    let session = session_param(ctx)?;
    Ok(ask(&ctx.env, &session, &Ask::Act { by, act }).await?)
}

/// What is gone has nothing to say.
fn done(response: Response) -> Answered {
    match response.status_code() {
        200 => Ok(Response::empty()?.with_status(204)),
        _ => Ok(response),
    }
}
