//! The HTTP API and the door to the sockets.

mod connect;
mod ice;
mod live;
mod sessions;
mod tokens;

use std::rc::Rc;

use samewire_core::protocol::ids::SessionId;
use serde::de::DeserializeOwned;
use serde_json::json;
use worker::{Env, Headers, Method, Request, Response, Result, RouteContext, Router, Stub, Url};

use crate::access;
use crate::answer::{Failure, PROBLEM, problem, respond};
use crate::config::Config;
use crate::internal::{self, Ask};
use crate::issue;
use crate::problem::{ApiError, MAX_BODY_BYTES};

/// The binding of the session objects in `wrangler.toml`.
const SESSIONS: &str = "SESSIONS";

type Ctx = RouteContext<Rc<Config>>;

/// What is wrong with a request, where something is.
type Checked<T> = std::result::Result<T, Failure>;

/// Answers a request. Whatever goes wrong becomes a problem; nothing panics.
pub(crate) async fn answer(request: Request, env: Env) -> Result<Response> {
    let origin = request.headers().get("origin")?;
    let config = match crate::log::config(&env) {
        Ok(config) => config,
        Err(error) => {
            tracing::error!(%error, "misconfigured");
            return problem(&ApiError::Misconfigured(error));
        }
    };
    let allowed = config
        .origins
        .allow(origin.as_deref(), &own_origin(&request.url()?));
    let response = if request.method() == Method::Options {
        Response::empty()?.with_status(204)
    } else {
        route(request, env, config).await?
    };
    // Of an upgrade the headers are the runtime's.
    match origin.filter(|_| allowed && response.status_code() != 101) {
        Some(origin) => with_cors(response, &origin),
        None => Ok(response),
    }
}

fn with_cors(response: Response, origin: &str) -> Result<Response> {
    // Those of an object's answer cannot be changed.
    let headers: Headers = response.headers().entries().collect();
    headers.set("access-control-allow-origin", origin)?;
    headers.set("access-control-allow-methods", "GET, POST, PATCH, DELETE")?;
    headers.set(
        "access-control-allow-headers",
        "authorization, content-type",
    )?;
    headers.set("access-control-max-age", "600")?;
    headers.set("vary", "origin")?;
    Ok(response.with_headers(headers))
}

async fn route(request: Request, env: Env, config: Rc<Config>) -> Result<Response> {
    let (path, method) = (request.path(), request.method());
    let response = Router::with_data(config)
        .head("/healthz", |_, _| Response::empty())
        .get("/healthz", |_, _| {
            Response::from_json(&json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")}))
        })
        .post_async("/v1/sessions/:id/tokens", |request, ctx| async move {
            respond(tokens::issue_token(request, ctx).await)
        })
        .post_async("/demo/token", |request, ctx| async move {
            respond(tokens::demo_token(request, ctx).await)
        })
        .get_async("/v1/sessions/:id/connect", |request, ctx| async move {
            respond(connect::connect(request, ctx).await)
        })
        .get_async("/v1/sessions/:id", |request, ctx| async move {
            respond(sessions::look(request, ctx, internal::View::Snapshot).await)
        })
        .get_async("/v1/sessions/:id/health", |request, ctx| async move {
            respond(sessions::look(request, ctx, internal::View::Health).await)
        })
        .get_async("/v1/sessions/:id/alerts", |request, ctx| async move {
            respond(sessions::look(request, ctx, internal::View::Alerts).await)
        })
        .get_async("/v1/sessions/:id/events", |request, ctx| async move {
            respond(sessions::events(request, ctx).await)
        })
        .patch_async("/v1/sessions/:id", |request, ctx| async move {
            respond(sessions::patch(request, ctx).await)
        })
        .delete_async("/v1/sessions/:id", |request, ctx| async move {
            respond(sessions::end(request, ctx).await)
        })
        .post_async("/v1/sessions/:id/switch", |request, ctx| async move {
            respond(sessions::switch(request, ctx).await)
        })
        .delete_async(
            "/v1/sessions/:id/participants/:pid",
            |request, ctx| async move { respond(sessions::remove(request, ctx).await) },
        )
        .get_async("/v1/sessions", |request, ctx| async move {
            respond(live::list(request, ctx).await)
        })
        .get_async("/v1/live", |request, ctx| async move {
            respond(live::follow(request, ctx).await)
        })
        .get_async("/v1/alerts", |request, ctx| async move {
            respond(live::alerts(request, ctx).await)
        })
        .get_async("/v1/ice-servers", |request, ctx| async move {
            respond(ice::servers(request, ctx).await)
        })
        .run(request, env)
        .await?;
    // What the router answers by itself is plain text.
    match response.status_code() {
        404 if !is_problem(&response)? => {
            problem(&ApiError::NotFound(format!("there is no {path}")))
        }
        405 if !is_problem(&response)? => problem(&ApiError::MethodNotAllowed(format!(
            "{path} takes another method than {method}"
        ))),
        _ => Ok(response),
    }
}

fn is_problem(response: &Response) -> Result<bool> {
    Ok(response.headers().get("content-type")?.as_deref() == Some(PROBLEM))
}

/// The origin that a URL is of, as a browser writes it.
fn own_origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

fn host(url: &Url) -> &str {
    url.host_str().unwrap_or_default()
}

/// What stands behind `Bearer`.
fn shown(request: &Request) -> Result<Option<String>> {
    let header = request.headers().get("authorization")?;
    Ok(access::bearer(header.as_deref()).map(str::to_owned))
}

/// The value of a parameter of the query, where it is there and not empty.
fn query(url: &Url, key: &str) -> Option<String> {
    let mut pairs = url.query_pairs();
    let found = pairs.find(|(name, value)| name == key && !value.is_empty());
    found.map(|(_, value)| value.into_owned())
}

/// A whole number of the query.
fn query_number(url: &Url, key: &str, default: u64, least: u64, most: u64) -> Checked<u64> {
    let Some(text) = query(url, key) else {
        return Ok(default);
    };
    let number = text.parse().ok();
    number
        .filter(|n| (least..=most).contains(n))
        .ok_or_else(|| {
            let text: String = text.chars().take(64).collect();
            let detail =
                format!("{key} is \"{text}\"; it is a whole number from {least} to {most}");
            ApiError::BadRequest(detail).into()
        })
}

fn session_param(ctx: &Ctx) -> std::result::Result<SessionId, ApiError> {
    issue::session_id(ctx.param("id").map_or("", String::as_str))
}

async fn body<T: DeserializeOwned>(request: &mut Request) -> Checked<T> {
    let announced = request.headers().get("content-length")?;
    let announced = announced.and_then(|length| length.parse().ok());
    if let Some(length) = announced.filter(|length| *length > MAX_BODY_BYTES) {
        return Err(ApiError::TooLarge(length).into());
    }
    let text = request.text().await?;
    if text.len() > MAX_BODY_BYTES {
        return Err(ApiError::TooLarge(text.len()).into());
    }
    let wrong = |what: &str| {
        // It may quote what was sent.
        let what: String = what.chars().take(256).collect();
        Failure::Api(ApiError::BadRequest(format!(
            "the body is a JSON object: {what}"
        )))
    };
    // A derived reader takes a list of the fields' values for the object.
    if !text.trim_start().starts_with('{') {
        return Err(wrong("it begins otherwise"));
    }
    serde_json::from_str(&text).map_err(|e| wrong(&e.to_string()))
}

/// Asks a session's object.
async fn ask(env: &Env, session: &SessionId, ask: &Ask) -> Result<Response> {
    let request = internal::request(session, ask)?;
    object(env, session)?.fetch_with_request(request).await
}

fn object(env: &Env, session: &SessionId) -> Result<Stub> {
    env.durable_object(SESSIONS)?
        .id_from_name(session.as_str())?
        .get_stub()
}
