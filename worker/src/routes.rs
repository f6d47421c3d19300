//! The HTTP API and the door to the sockets.

use std::rc::Rc;

use samewire_core::protocol::close::CloseCode;
use samewire_core::protocol::http::{TokenRequest, TokenResponse};
use samewire_core::protocol::ids::{Seq, SessionId};
use samewire_core::protocol::server::{Encoded, ErrorFrame, ServerMessage};
use samewire_core::protocol::{SUBPROTOCOL, TOKEN_SUBPROTOCOL_PREFIX};
use serde::de::DeserializeOwned;
use serde_json::json;
use uuid::Uuid;
use worker::{
    Env, Headers, Method, Request, Response, Result, RouteContext, Router, Stub, Url, WebSocketPair,
};

use crate::access;
use crate::config::Config;
use crate::internal;
use crate::issue;
use crate::platform;
use crate::problem::{ApiError, MAX_BODY_BYTES};
use crate::token::{self, TokenClaims};

/// The binding of the session objects in `wrangler.toml`.
const SESSIONS: &str = "SESSIONS";

const PROBLEM: &str = "application/problem+json";

type Ctx = RouteContext<Rc<Config>>;

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
    let mut response = if request.method() == Method::Options {
        Response::empty()?.with_status(204)
    } else {
        route(request, env, config).await?
    };
    // Of an upgrade the headers are the runtime's.
    if let Some(origin) = origin.filter(|_| allowed && response.status_code() != 101) {
        let headers = response.headers_mut();
        headers.set("access-control-allow-origin", &origin)?;
        headers.set("access-control-allow-methods", "GET, POST, PATCH, DELETE")?;
        headers.set(
            "access-control-allow-headers",
            "authorization, content-type",
        )?;
        headers.set("access-control-max-age", "600")?;
        headers.set("vary", "origin")?;
    }
    Ok(response)
}

async fn route(request: Request, env: Env, config: Rc<Config>) -> Result<Response> {
    let (path, method) = (request.path(), request.method());
    let response = Router::with_data(config)
        .head("/healthz", |_, _| Response::empty())
        .get("/healthz", |_, _| {
            Response::from_json(&json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")}))
        })
        .post_async("/v1/sessions/:id/tokens", |request, ctx| async move {
            respond(issue_token(request, ctx).await)
        })
        .post_async("/demo/token", |request, ctx| async move {
            respond(demo_token(request, ctx).await)
        })
        .get_async("/v1/sessions/:id/connect", |request, ctx| async move {
            respond(connect(request, ctx).await)
        })
        .get_async("/v1/sessions/:id", |request, ctx| async move {
            respond(snapshot(request, ctx).await)
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

fn respond(outcome: std::result::Result<Response, Failure>) -> Result<Response> {
    match outcome {
        Ok(response) => Ok(response),
        Err(Failure::Api(error)) => problem(&error),
        Err(Failure::Platform(error)) => {
            tracing::error!(%error, "a request failed");
            problem(&ApiError::Internal)
        }
    }
}

/// What ends a request early: an answer for the caller, or a fault of the platform.
enum Failure {
    Api(ApiError),
    Platform(worker::Error),
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

impl From<worker::Error> for Failure {
    fn from(error: worker::Error) -> Self {
        Self::Platform(error)
    }
}

fn problem(error: &ApiError) -> Result<Response> {
    let problem = error.problem();
    let status = problem.status;
    let headers = Headers::new();
    headers.set("content-type", PROBLEM)?;
    if status == 401 {
        headers.set("www-authenticate", "Bearer")?;
    }
    Ok(Response::from_bytes(serde_json::to_vec(&problem)?)?
        .with_headers(headers)
        .with_status(status))
}

/// The origin that a URL is of, as a browser writes it.
fn own_origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

fn host(url: &Url) -> &str {
    url.host_str().unwrap_or_default()
}

fn session_param(ctx: &Ctx) -> std::result::Result<SessionId, ApiError> {
    issue::session_id(ctx.param("id").map_or("", String::as_str))
}

async fn body<T: DeserializeOwned>(request: &mut Request) -> std::result::Result<T, Failure> {
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

fn object(ctx: &Ctx, session: &SessionId) -> Result<Stub> {
    ctx.durable_object(SESSIONS)?
        .id_from_name(session.as_str())?
        .get_stub()
}

async fn issue_token(mut request: Request, ctx: Ctx) -> std::result::Result<Response, Failure> {
    let url = request.url()?;
    let given = request.headers().get("authorization")?;
    access::backend(&ctx.data, access::bearer(given.as_deref()), host(&url))?;
    let session = session_param(&ctx)?;
    let asked: TokenRequest = body(&mut request).await?;
    let claims = issue::claims(session, asked, platform::now(), jti())?;
    Ok(token_response(&ctx.data, &url, &claims)?)
}

async fn demo_token(mut request: Request, ctx: Ctx) -> std::result::Result<Response, Failure> {
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

async fn snapshot(request: Request, ctx: Ctx) -> std::result::Result<Response, Failure> {
    let session = session_param(&ctx)?;
    let url = request.url()?;
    let given = request.headers().get("authorization")?;
    let Some(given) = access::bearer(given.as_deref()) else {
        return Err(ApiError::Unauthorised(
            "send an admin key, or a token of this session, as \"Authorization: Bearer …\""
                .to_owned(),
        )
        .into());
    };
    if access::admin(&ctx.data, given, host(&url))?.is_none() {
        let claims =
            token::verify(&ctx.data.token_secret, given, &session).map_err(ApiError::from)?;
        if claims.expires_at() <= platform::now() {
            return Err(ApiError::from(token::TokenError::Expired).into());
        }
    }
    let response = object(&ctx, &session)?
        .fetch_with_request(internal::request(&session, None)?)
        .await?;
    if response.status_code() == 404 {
        return Err(ApiError::NotFound(format!("no session \"{session}\" is alive")).into());
    }
    Ok(response)
}

/// Lets a socket in. A browser cannot read the status of a refused upgrade, so a refusal is a socket
/// that is closed with a code, without waking the session.
async fn connect(request: Request, ctx: Ctx) -> std::result::Result<Response, Failure> {
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
    let url = request.url()?;
    if !ctx
        .data
        .origins
        .allow(headers.get("origin")?.as_deref(), &own_origin(&url))
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
            let inner = internal::request(&session, Some(&claims.into_claims()))?;
            Ok(object(&ctx, &session)?.fetch_with_request(inner).await?)
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
