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
use web_sys::Url;
use worker::{Env, Headers, Method, Request, Response, Result, Stub};

use crate::access;
use crate::answer::{self, Answered, Failure, problem, respond};
use crate::config::Config;
use crate::internal::{self, Ask, View};
use crate::issue;
use crate::platform;
use crate::problem::{ApiError, MAX_BODY_BYTES};

/// The binding of the session objects in `wrangler.toml`.
const SESSIONS: &str = "SESSIONS";

/// What is wrong with a request, where something is.
pub(crate) type Checked<T> = std::result::Result<T, Failure>;

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
        .allow(origin.as_deref(), &platform::url(&request)?.origin());
    let response = if request.method() == Method::Options {
        Response::empty()?.with_status(204)
    } else {
        respond(route(request, env, config).await)?
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
    headers.set(
        "access-control-allow-methods",
        "GET, POST, PUT, PATCH, DELETE",
    )?;
    headers.set(
        "access-control-allow-headers",
        "authorization, content-type",
    )?;
    headers.set("access-control-max-age", "600")?;
    headers.set("vary", "origin")?;
    Ok(response.with_headers(headers))
}

/// What a request comes with: the configuration, and what stands in its path.
struct Ctx {
    env: Env,
    data: Rc<Config>,
    /// The session's id, as it stands there; empty where the path has none.
    session: String,
    /// The participant's id likewise.
    participant: String,
}

async fn route(request: Request, env: Env, config: Rc<Config>) -> Answered {
    use Method::{Delete, Get, Head, Patch, Post};

    let (path, method) = (request.path(), request.method());
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let (session, participant) = match *segments.as_slice() {
        ["v1", "sessions", session, "participants", participant] => (session, participant),
        ["v1", "sessions", session, ..] => (session, ""),
        _ => ("", ""),
    };
    let ctx = Ctx {
        env,
        data: config,
        session: session.to_owned(),
        participant: participant.to_owned(),
    };
    let nothing = || ApiError::NotFound(format!("there is no {path}")).into();
    if segments.iter().any(|segment| segment.is_empty()) {
        return Err(nothing());
    }
    if let ["v1", "sfu", provider, rest @ ..] = segments.as_slice() {
        let rest = rest.iter().map(|&segment| segment.to_owned()).collect();
        let sfu = ctx.data.sfus.of(provider);
        return match sfu.and_then(|sfu| sfu.serve(request, rest)) {
            Some(answered) => answered.await,
            None => Err(nothing()),
        };
    }
    match (segments.as_slice(), &method) {
        (["healthz"], Head) => Ok(Response::empty()?),
        (["healthz"], Get) => Ok(answer::json(
            &json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")}),
        )?),
        (["demo", "token"], Post) => tokens::demo_token(request, ctx).await,
        (["v1", "sessions"], Get) => live::list(request, ctx).await,
        (["v1", "live"], Get) => live::follow(request, ctx).await,
        (["v1", "alerts"], Get) => live::alerts(request, ctx).await,
        (["v1", "ice-servers"], Get) => ice::servers(request, ctx).await,
        (["v1", "sessions", _], Get) => sessions::look(request, ctx, View::Snapshot).await,
        (["v1", "sessions", _], Patch) => sessions::patch(request, ctx).await,
        (["v1", "sessions", _], Delete) => sessions::end(request, ctx).await,
        (["v1", "sessions", _, "tokens"], Post) => tokens::issue_token(request, ctx).await,
        (["v1", "sessions", _, "connect"], Get) => connect::connect(request, ctx).await,
        (["v1", "sessions", _, "health"], Get) => sessions::look(request, ctx, View::Health).await,
        (["v1", "sessions", _, "alerts"], Get) => sessions::look(request, ctx, View::Alerts).await,
        (["v1", "sessions", _, "events"], Get) => sessions::events(request, ctx).await,
        (["v1", "sessions", _, "switch"], Post) => sessions::switch(request, ctx).await,
        (["v1", "sessions", _, "participants", _], Delete) => sessions::remove(request, ctx).await,
        (known, _) => match methods(known) {
            Some(allow) => Err(ApiError::MethodNotAllowed {
                path: path.clone(),
                allow,
                method: method.to_string(),
            }
            .into()),
            None => Err(nothing()),
        },
    }
}

/// What a path takes; nothing where there is none.
fn methods(path: &[&str]) -> Option<&'static str> {
    match path {
        ["healthz"] => Some("GET, HEAD"),
        ["demo", "token"] | ["v1", "sessions", _, "tokens" | "switch"] => Some("POST"),
        ["v1", "sessions", _] => Some("GET, PATCH, DELETE"),
        ["v1", "sessions", _, "participants", _] => Some("DELETE"),
        ["v1", "sessions" | "live" | "alerts" | "ice-servers"]
        | [
            "v1",
            "sessions",
            _,
            "connect" | "health" | "alerts" | "events",
        ] => Some("GET"),
        _ => None,
    }
}

/// What stands behind `Bearer`.
pub(crate) fn shown(request: &Request) -> Result<Option<String>> {
    let header = request.headers().get("authorization")?;
    Ok(access::bearer(header.as_deref()).map(str::to_owned))
}

/// The value of a parameter of the query, where it is there and not empty.
fn query(url: &Url, key: &str) -> Option<String> {
    let values = url.search_params().get_all(key);
    let mut values = values.iter().filter_map(|value| value.as_string());
    values.find(|value| !value.is_empty())
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
    issue::session_id(&ctx.session)
}

/// The text of a body that has so many bytes at most.
pub(crate) async fn text_of(request: &mut Request, most: usize) -> Checked<String> {
    let announced = request.headers().get("content-length")?;
    let announced = announced.and_then(|length| length.parse().ok());
    if let Some(length) = announced.filter(|length| *length > most) {
        return Err(ApiError::TooLarge(length, most).into());
    }
    let text = request.text().await?;
    match text.len() {
        length if length > most => Err(ApiError::TooLarge(length, most).into()),
        _ => Ok(text),
    }
}

async fn body<T: DeserializeOwned>(request: &mut Request) -> Checked<T> {
    let text = text_of(request, MAX_BODY_BYTES).await?;
    let wrong = |what: &str| {
        // It may quote what was sent.
        let what: String = what.chars().take(256).collect();
        Failure::Api(ApiError::BadRequest(format!("the body is wrong: {what}")))
    };
    // A derived reader takes a list of the fields' values for the object.
    match text.trim_start().chars().next() {
        Some('{') => {}
        Some(other) => {
            let what = format!("it is a JSON object, and this begins with \"{other}\"");
            return Err(wrong(&what));
        }
        None => return Err(wrong("it is a JSON object, and this is empty")),
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
