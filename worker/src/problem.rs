//! Errors of the HTTP API: RFC 9457 `application/problem+json` with a stable `type`.

use samewire_core::protocol::http::Problem;
use samewire_core::session::Refused;

use crate::config::ConfigError;
use crate::token::TokenError;

/// The longest body of a request, in bytes.
pub const MAX_BODY_BYTES: usize = 16 * 1024;

/// Everything that can be wrong with a request. Each variant is a stable `type`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// `bad-request`: the body or a parameter is wrong.
    #[error("{0}")]
    BadRequest(String),
    /// `unauthorised`: no key, or a wrong one.
    #[error("{0}")]
    Unauthorised(String),
    /// `forbidden`: the key or token is good, but not for this.
    #[error("{0}")]
    Forbidden(String),
    /// `not-found`: nothing is there.
    #[error("{0}")]
    NotFound(String),
    /// `method-not-allowed`: something is there, but not for this method.
    #[error("{path} takes {allow}, not {method}")]
    MethodNotAllowed {
        /// What.
        path: String,
        /// The methods that it takes.
        allow: &'static str,
        /// The one that was tried.
        method: String,
    },
    /// `too-large`: the body is longer than any that could be right.
    #[error("the body has {0} bytes; it has at most {1}")]
    TooLarge(usize, usize),
    /// `conflict`: what is there does not allow it now.
    #[error("{0}")]
    Conflict(String),
    /// `unavailable`: something that this needs does not answer now.
    #[error("{0}")]
    Unavailable(String),
    /// `bad-gateway`: something that this needs answered what it should not.
    #[error("{0}")]
    BadGateway(String),
    /// `gateway-timeout`: something that this needs gave no answer in time.
    #[error("{0}")]
    GatewayTimeout(String),
    /// `upgrade-required`: only a WebSocket can do this.
    #[error("this path is a WebSocket; connect with the subprotocols samewire.v1 and token.<jwt>")]
    UpgradeRequired,
    /// `misconfigured`: the operator must mend something first.
    #[error("the service is not configured right: {0}")]
    Misconfigured(#[from] ConfigError),
    /// `internal`: something that should not happen; it is in the log.
    #[error("something went wrong here; it was logged")]
    Internal,
}

impl From<TokenError> for ApiError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::OtherSession => Self::Forbidden(error.to_string()),
            TokenError::Malformed | TokenError::Forged | TokenError::Expired => {
                Self::Unauthorised(error.to_string())
            }
        }
    }
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        let detail = refused.to_string();
        match refused {
            Refused::NoSession | Refused::NoParticipant => Self::NotFound(detail),
            Refused::Conflict(_) => Self::Conflict(detail),
            Refused::Bad(_) => Self::BadRequest(detail),
        }
    }
}

impl ApiError {
    /// Whoever shows this token was removed.
    pub fn removed() -> Self {
        Self::Forbidden("an operator removed the holder of this token from the session".to_owned())
    }

    /// The body and the status of the answer.
    pub fn problem(&self) -> Problem {
        let (code, title, status) = match self {
            Self::BadRequest(_) => ("bad-request", "The request is wrong", 400),
            Self::Unauthorised(_) => ("unauthorised", "Who are you?", 401),
            Self::Forbidden(_) => ("forbidden", "Not allowed", 403),
            Self::NotFound(_) => ("not-found", "Nothing is here", 404),
            Self::MethodNotAllowed { .. } => ("method-not-allowed", "Not with this method", 405),
            Self::Conflict(_) => ("conflict", "Not as it is now", 409),
            Self::Unavailable(_) => ("unavailable", "Try again later", 503),
            Self::BadGateway(_) => ("bad-gateway", "What is behind this answered badly", 502),
            Self::GatewayTimeout(_) => ("gateway-timeout", "What is behind this is silent", 504),
            Self::TooLarge(..) => ("too-large", "The body is too large", 413),
            Self::UpgradeRequired => ("upgrade-required", "A WebSocket is needed", 426),
            Self::Misconfigured(_) => ("misconfigured", "The service is misconfigured", 500),
            Self::Internal => ("internal", "Something went wrong", 500),
        };
        Problem {
            kind: format!("urn:samewire:problem:{code}"),
            title,
            status,
            detail: self.to_string(),
        }
    }
}
