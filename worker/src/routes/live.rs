//! All sessions that are live: the index, for operators.

use samewire_core::protocol::ids::is_plain_name;
use web_sys::Url;
use worker::Request;

use super::{Checked, Ctx, query, query_number, shown};
use crate::access;
use crate::answer::Answered;
use crate::index::{self, Ask, Filter};
use crate::platform;
use crate::problem::ApiError;

/// How many sessions are given at once, unless it is said; and the most.
const ROWS: (u64, u64) = (100, 500);

const STATES: [&str; 3] = ["active", "switching", "exhausted"];

/// `GET /v1/sessions`.
pub(super) async fn list(request: Request, ctx: Ctx) -> Answered {
    let url = admin(&request, &ctx)?;
    let state = query(&url, "state");
    if let Some(state) = &state
        && !STATES.contains(&state.as_str())
    {
        return bad(format!("state is one of {}", STATES.join(", ")));
    }
    let filter = Filter {
        state,
        ..filter(&url)?
    };
    Ok(index::ask(&ctx.env, &Ask::List(filter)).await?)
}

/// `GET /v1/alerts`.
pub(super) async fn alerts(request: Request, ctx: Ctx) -> Answered {
    let url = admin(&request, &ctx)?;
    if query(&url, "state").is_some_and(|state| state != "open") {
        let detail = "state is open; what is over is in the events of its session";
        return bad(detail.to_owned());
    }
    Ok(index::ask(&ctx.env, &Ask::Alerts(filter(&url)?)).await?)
}

/// `GET /v1/live`.
pub(super) async fn follow(request: Request, ctx: Ctx) -> Answered {
    admin(&request, &ctx)?;
    Ok(index::ask(&ctx.env, &Ask::Follow).await?)
}

fn admin(request: &Request, ctx: &Ctx) -> Checked<Url> {
    let url = platform::url(request)?;
    access::any_admin(&ctx.data, shown(request)?.as_deref(), &url.hostname())?;
    Ok(url)
}

fn filter(url: &Url) -> Checked<Filter> {
    let (default, most) = ROWS;
    let named = |key: &str| match query(url, key) {
        Some(text) if !is_plain_name(&text) => bad(format!(
            "{key} is 1 to 128 characters of A-Z, a-z, 0-9, _ and -"
        )),
        found => Ok(found),
    };
    let limit = query_number(url, "limit", default, 1, most)?;
    Ok(Filter {
        state: None,
        session: named("session")?,
        user: query(url, "user"),
        cursor: named("cursor")?,
        limit: u32::try_from(limit).unwrap_or(u32::MAX),
    })
}

fn bad<T>(detail: String) -> Checked<T> {
    Err(ApiError::BadRequest(detail).into())
}
