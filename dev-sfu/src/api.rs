//! What travels over HTTP, after the schema that Cloudflare publishes of its Connection API.
//!
//! Unknown fields are ignored. A refusal is `{errorCode, errorDescription}`, of the whole request with
//! its status, or of one track inside a 200.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::layers::Wish;

/// Tracks in one call.
pub const MOST_TRACKS: usize = 64;

/// An SDP offer or answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// Which of the two.
    #[serde(rename = "type")]
    pub kind: DescriptionKind,
    /// The SDP.
    pub sdp: String,
}

/// Whether a description asks or answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DescriptionKind {
    /// It asks.
    Offer,
    /// It answers.
    Answer,
}

/// Whose track it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Location {
    /// The caller's: it publishes.
    Local,
    /// Another session's: the caller subscribes.
    Remote,
}

/// A track, as a request names it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Track {
    /// Whose it is.
    pub location: Location,
    /// Of the caller's own connection.
    pub mid: Option<String>,
    /// Who publishes it, when it is remote.
    pub session_id: Option<String>,
    /// The publisher's name for it.
    pub track_name: Option<String>,
    /// Which layer is wanted.
    pub simulcast: Option<Wish>,
}

/// The body of `sessions/new`, if there is one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewSession {
    /// What Cloudflare once took here.
    pub session_description: Option<Description>,
}

/// The body of `tracks/new` and `tracks/update`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tracks {
    /// The caller's offer.
    pub session_description: Option<Description>,
    /// What it is about.
    #[serde(default)]
    pub tracks: Vec<Track>,
    /// Every new line of the offer is a track, whose name is made up.
    #[serde(default)]
    pub auto_discover: bool,
}

/// The body of `tracks/close`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Close {
    /// What is closed.
    pub tracks: Vec<CloseTrack>,
    /// Without an exchange of SDP.
    #[serde(default)]
    pub force: bool,
    /// The caller's offer, when there is an exchange.
    pub session_description: Option<Description>,
}

/// A track that is closed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CloseTrack {
    /// Of the caller's own connection.
    pub mid: String,
}

/// The body of `renegotiate`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Renegotiate {
    /// The answer to the SFU's offer, or an offer that restarts ICE.
    pub session_description: Description,
}

/// What is asked of one session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// `GET sessions/{id}`.
    Show,
    /// `POST tracks/new`.
    New(Tracks),
    /// `PUT tracks/update`.
    Update(Tracks),
    /// `PUT tracks/close`.
    Close(Close),
    /// `PUT renegotiate`.
    Renegotiate(Renegotiate),
}

/// What a track of a request came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TrackAnswer {
    /// Of the caller's own connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mid: Option<String>,
    /// Who publishes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// The publisher's name for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub track_name: Option<String>,
    /// Which layer was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub simulcast: Option<Wish>,
    /// Why it came to nothing.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Trouble>,
}

/// The answer to what named tracks.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TracksAnswer {
    requires_immediate_renegotiation: bool,
    tracks: Vec<TrackAnswer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_description: Option<Description>,
}

/// What is wrong, by a code for programs and a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Trouble {
    /// The code.
    pub error_code: &'static str,
    /// The sentence: what was wrong, and what would be right.
    pub error_description: String,
}

impl Trouble {
    /// With this code and sentence.
    pub fn new(code: &'static str, description: impl Into<String>) -> Self {
        Self {
            error_code: code,
            error_description: description.into(),
        }
    }
}

/// The answer to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The JSON.
    pub body: Value,
}

impl Answer {
    /// A 200 with this JSON.
    pub fn ok(body: impl Serialize) -> Self {
        Self {
            status: 200,
            body: json!(body),
        }
    }

    /// A 200 to what named tracks. An offer of the SFU wants its answer.
    #[must_use]
    pub fn tracks(tracks: Vec<TrackAnswer>, session_description: Option<Description>) -> Self {
        Self::ok(TracksAnswer {
            requires_immediate_renegotiation: session_description
                .as_ref()
                .is_some_and(|one| one.kind == DescriptionKind::Offer),
            tracks,
            session_description,
        })
    }

    /// A refusal of the whole request.
    #[must_use]
    pub fn refused(status: u16, trouble: &Trouble) -> Self {
        Self {
            status,
            body: json!(trouble),
        }
    }
}

/// Refusals of whole requests.
pub mod refusal {
    use super::{Answer, Trouble};

    /// The bearer secret is not the app's.
    #[must_use]
    pub fn unauthorized() -> Answer {
        refused(
            401,
            "unauthorized",
            "the bearer token is not the secret of this app",
        )
    }

    /// There is no such app, or no such path.
    #[must_use]
    pub fn not_found(what: &str) -> Answer {
        refused(404, "not_found", what)
    }

    /// The body cannot be read.
    #[must_use]
    pub fn undecodable(why: &str) -> Answer {
        refused(400, "decoding_error", why)
    }

    /// The body can be read, and asks for something that is not to be had.
    #[must_use]
    pub fn invalid(why: &str) -> Answer {
        refused(400, "invalid_params", why)
    }

    /// The body is longer than it may be.
    #[must_use]
    pub fn too_large() -> Answer {
        refused(413, "payload_too_large", "the body is longer than 1 MiB")
    }

    /// No more sessions.
    #[must_use]
    pub fn full(most: usize) -> Answer {
        let why =
            format!("there are {most} sessions already, the most that this SFU was told to have");
        refused(503, "temporarily_unavailable_error", &why)
    }

    /// More calls in a second than one session may make.
    #[must_use]
    pub fn too_many() -> Answer {
        refused(
            429,
            "invalid_params",
            "one session may make 50 calls a second",
        )
    }

    /// The session has exchanged SDP and is not connected yet.
    #[must_use]
    pub fn early() -> Answer {
        let why = "Session is not ready yet: its PeerConnection was not connected within 5 seconds";
        refused(425, "session_error", why)
    }

    /// There is no such session, or none any more.
    #[must_use]
    pub fn gone() -> Answer {
        let why = "Session appears to be disconnected, or was never created here: create a new one";
        refused(410, "session_error", why)
    }

    /// The SDP cannot be accepted, or not now.
    #[must_use]
    pub fn clash(why: &str) -> Answer {
        refused(406, "invalid_session_description", why)
    }

    fn refused(status: u16, code: &'static str, why: &str) -> Answer {
        Answer::refused(status, &Trouble::new(code, why))
    }
}
