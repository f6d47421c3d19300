//! Answers as the Worker and its objects give them.

use serde::Serialize;
use worker::{Headers, Response, Result};

use crate::problem::ApiError;

/// The media type of a problem.
const PROBLEM: &str = "application/problem+json";

/// What ends a request early: an answer for the caller, or a fault of the platform.
pub enum Failure {
    /// The caller is told.
    Api(ApiError),
    /// The log is told.
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

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::Platform(error.into())
    }
}

/// An answer, or what stands in its way.
pub(crate) type Answered = std::result::Result<Response, Failure>;

/// The response for an outcome.
pub(crate) fn respond(outcome: Answered) -> Result<Response> {
    match outcome {
        Ok(response) => Ok(response),
        Err(Failure::Api(error)) => problem(&error),
        Err(Failure::Platform(error)) => {
            tracing::error!(%error, "a request failed");
            problem(&ApiError::Internal)
        }
    }
}

/// An error as RFC 9457 has it.
pub(crate) fn problem(error: &ApiError) -> Result<Response> {
    let problem = error.problem();
    let status = problem.status;
    let response = typed(PROBLEM, &problem)?.with_status(status);
    if status == 401 {
        response.headers().set("www-authenticate", "Bearer")?;
    }
    if let ApiError::MethodNotAllowed { allow, .. } = error {
        response.headers().set("allow", allow)?;
    }
    Ok(response)
}

/// JSON. Its numbers are as serde writes them, and a stored entry stands in it as it was stored.
pub(crate) fn json(value: &impl Serialize) -> Result<Response> {
    typed("application/json", value)
}

fn typed(kind: &str, value: &impl Serialize) -> Result<Response> {
    let headers = Headers::new();
    headers.set("content-type", kind)?;
    Ok(Response::from_bytes(serde_json::to_vec(value)?)?.with_headers(headers))
}

/// A list: `{"rows": […], "next": cursor?}`.
#[derive(Serialize)]
pub(crate) struct List<T, C> {
    /// What was found.
    pub(crate) rows: Vec<T>,
    /// Where to go on; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<C>,
}
