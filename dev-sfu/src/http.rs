//! The API's HTTP server: who may ask, what is asked, and the answer as JSON.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use subtle::ConstantTimeEq;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

use crate::api::{Answer, NewSession, Operation, refusal};
use crate::config::Secret;
use crate::run::Event;
use crate::sfu::SessionId;

/// The longest body.
const LONGEST: usize = 1024 * 1024;
const LEFT_OUT: &str = "this stand-in has sessions and their tracks only";

/// What the API is of.
#[derive(Debug)]
pub struct App {
    /// Its id.
    pub id: String,
    /// What every request must bear.
    pub secret: Secret,
    /// Where calls are handed in.
    pub inbox: mpsc::Sender<Event>,
}

/// Where a request goes.
#[derive(Debug, PartialEq, Eq)]
enum Route<'a> {
    Create,
    Session(SessionId, &'a str),
}

/// Serves for ever.
///
/// # Errors
///
/// When the listener breaks.
pub async fn serve(listener: TcpListener, app: App) -> io::Result<()> {
    let app = Arc::new(app);
    loop {
        let (stream, _) = listener.accept().await?;
        let app = Arc::clone(&app);
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let app = Arc::clone(&app);
                async move { Ok::<_, Infallible>(response(answer(&app, request).await)) }
            });
            // A connection that breaks is its client's business.
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn answer(app: &App, request: Request<Incoming>) -> Answer {
    let (head, body) = request.into_parts();
    let path = head.uri.path();
    let Some(path) = path.strip_prefix("/v1/apps/") else {
        return refusal::not_found("the API is below /v1/apps/");
    };
    let Some(path) = path
        .strip_prefix(&app.id)
        .and_then(|path| path.strip_prefix('/'))
    else {
        return refusal::not_found("there is no such app here");
    };
    let bearer = head
        .headers
        .get(AUTHORIZATION)
        .map_or(&[][..], |value| value.as_bytes());
    let token = bearer.strip_prefix(b"Bearer ").unwrap_or_default();
    if !bool::from(token.ct_eq(app.secret.0.as_bytes())) {
        return refusal::unauthorized();
    }
    let body = match Limited::new(body, LONGEST).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return refusal::too_large(),
        Err(error) => return refusal::undecodable(&error.to_string()),
    };
    let (reply, answered) = oneshot::channel();
    let event = match route(path) {
        None => return refusal::not_found(LEFT_OUT),
        Some(Route::Create) if head.method != Method::POST => return wrong_method(),
        Some(Route::Create) if !body.is_empty() => match decoded::<NewSession>(&body) {
            Ok(NewSession {
                session_description: None,
            }) => Event::Create(reply),
            Ok(_) => return refusal::invalid("a session's first offer goes to tracks/new"),
            Err(answer) => return answer,
        },
        Some(Route::Create) => Event::Create(reply),
        Some(Route::Session(id, what)) => match operation(&head.method, what, &body) {
            Ok(operation) => Event::Call(id, operation, reply),
            Err(answer) => return answer,
        },
    };
    if app.inbox.send(event).await.is_err() {
        return refusal::gone();
    }
    answered.await.unwrap_or_else(|_| refusal::gone())
}

fn route(path: &str) -> Option<Route<'_>> {
    let path = path.strip_prefix("sessions/")?;
    if path == "new" {
        return Some(Route::Create);
    }
    let (id, what) = path.split_once('/').unwrap_or((path, ""));
    // An id that is none of ours is of a session that is not there.
    Some(Route::Session(
        SessionId::parse(id).unwrap_or(SessionId(0)),
        what,
    ))
}

fn operation(method: &Method, what: &str, body: &[u8]) -> Result<Operation, Answer> {
    match (what, method) {
        ("", &Method::GET) => Ok(Operation::Show),
        ("tracks/new", &Method::POST) => decoded(body).map(Operation::New),
        ("tracks/update", &Method::PUT) => decoded(body).map(Operation::Update),
        ("tracks/close", &Method::PUT) => decoded(body).map(Operation::Close),
        ("renegotiate", &Method::PUT) => decoded(body).map(Operation::Renegotiate),
        ("" | "tracks/new" | "tracks/update" | "tracks/close" | "renegotiate", _) => {
            Err(wrong_method())
        }
        _ => Err(refusal::not_found(LEFT_OUT)),
    }
}

fn wrong_method() -> Answer {
    Answer {
        status: 405,
        ..refusal::invalid("sessions/new and tracks/new take POST, a session GET, the others PUT")
    }
}

fn decoded<T: DeserializeOwned>(body: &[u8]) -> Result<T, Answer> {
    serde_json::from_slice(body).map_err(|error| refusal::undecodable(&error.to_string()))
}

fn response(answer: Answer) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(answer.body.to_string()));
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let json = hyper::header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}
