//! The bodies of the HTTP API: camelCase JSON.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::client::Track;
use super::ids::{
    Epoch, Generation, Incarnation, Ordinal, ParticipantId, ProviderName, SessionId, UserId,
};
use super::server::{Connection, LifeState, Mode, ProviderKind, Role, Sees};
use crate::time::Millis;

/// What a backend asks of `POST /v1/sessions/{id}/tokens`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TokenRequest {
    /// Who it is for: 1 to 128 characters, the customer's own.
    pub user_id: UserId,
    /// What people call them: at most 128 characters; the user id when absent.
    #[serde(default)]
    pub name: Option<String>,
    /// What they may do.
    #[serde(default)]
    pub role: Role,
    /// How long the token admits: 60…86400 seconds, one hour when absent.
    #[serde(default)]
    pub ttl_seconds: Option<u64>,
    /// How the session is to be; the first one stored wins.
    #[serde(default, deserialize_with = "exactly_settings")]
    pub session: Option<SessionSettings>,
}

/// How a session is to be, set by its first token. A backend is told of a key that is none; in a
/// token it is ignored, because a newer version may have made that (R6).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionSettings {
    /// What people call it: at most 128 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// A call or a stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// How many P2P takes before an SFU is better: `P2P_PARTICIPANT_LIMIT` of this session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p2p_limit: Option<u32>,
    /// Constants of this session, as in the `TUNING` variable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tuning: Option<Value>,
    /// The providers it may be on; any of the operator's when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub providers: Option<Vec<ProviderName>>,
    /// What it may not be moved for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<Lock>,
}

impl SessionSettings {
    const KEYS: &[&str] = &["title", "mode", "p2pLimit", "providers", "lock", "tuning"];
}

fn exactly_settings<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<SessionSettings>, D::Error> {
    let Some(value) = Option::<Value>::deserialize(deserializer)? else {
        return Ok(None);
    };
    let mut keys = value
        .as_object()
        .into_iter()
        .flat_map(|object| object.keys());
    match keys.find(|key| !SessionSettings::KEYS.contains(&key.as_str())) {
        Some(key) => Err(D::Error::unknown_field(key, SessionSettings::KEYS)),
        // From text, as tokens are: a reader for values would be in the Worker beside that. Where in
        // this text it is wrong is not where in what was sent.
        None => serde_json::from_str(&value.to_string()).map_err(|e| {
            let what = e.to_string();
            D::Error::custom(
                what.rsplit_once(" at line ")
                    .map_or(&*what, |(what, _)| what),
            )
        }),
    }
}

/// The answer to `POST /v1/sessions/{id}/tokens` and `POST /demo/token`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenResponse {
    /// What `join` takes as `token`.
    pub token: String,
    /// When it ends, in milliseconds since 1970.
    pub expires_at: Millis,
    /// What `join` takes as `url`: the session's socket.
    pub url: String,
}

/// A session from the outside: `GET /v1/sessions/{id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    /// Its name.
    pub id: SessionId,
    /// Which life of that name.
    pub incarnation: Incarnation,
    /// The committed epoch.
    pub epoch: Epoch,
    /// The committed provider.
    pub provider: ProviderName,
    /// What kind of provider that is.
    pub kind: ProviderKind,
    /// The room on it.
    pub room: SessionId,
    /// What the session is doing.
    pub state: LifeState,
    /// What people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Everyone, in the order of arrival.
    pub participants: Vec<ParticipantSnapshot>,
    /// The switch under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub switch: Option<SwitchSnapshot>,
    /// What everyone is connected to already, should one more come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standby: Option<ProviderName>,
    /// What it may not be moved for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lock: Option<Lock>,
    /// The operator whose switch keeps it where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pinned_by: Option<String>,
    /// Providers that are barred here, and until when.
    #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub barred: std::collections::BTreeMap<ProviderName, Millis>,
    /// What the object waits for, earliest first.
    pub timers: Vec<TimerSnapshot>,
}

/// One participant from the outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ParticipantSnapshot {
    /// Who, in this session.
    pub id: ParticipantId,
    /// Who, to the customer.
    pub user_id: UserId,
    /// What people call them.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// The number given on arrival.
    pub ordinal: Ordinal,
    /// How often the tab came anew.
    pub generation: Generation,
    /// What the session knows of the connection.
    pub connection: Connection,
    /// All that is published.
    pub tracks: Vec<Track>,
    /// Whether nobody can see the tab.
    pub hidden: bool,
    /// Whose media this one decodes (R41).
    pub sees: Sees,
    /// Frames sent and not yet acknowledged.
    pub unacknowledged: usize,
}

/// Something the object waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TimerSnapshot {
    /// When, in milliseconds since 1970.
    pub at: Millis,
    /// What happens then.
    pub reason: crate::session::TimerReason,
}

/// An error of the HTTP API: RFC 9457 `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Stable, for programs: `urn:samewire:problem:<code>`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What kind of thing went wrong.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What was wrong here and what would be right.
    pub detail: String,
}

/// What a session may not be moved for (R21).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lock {
    /// It is being recorded: it stays where it is until that fails.
    Stay,
    /// Nobody may learn another's address: never peer-to-peer.
    Relay,
}

/// `POST /v1/sessions/{id}/switch`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SwitchRequest {
    /// Where to.
    pub provider: ProviderName,
    /// Why, for the log; at most 256 characters of it are kept.
    #[serde(default)]
    pub reason: Option<String>,
}

/// The answer to a [`SwitchRequest`] that was begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SwitchResponse {
    /// The epoch that was prepared.
    pub epoch: Epoch,
}

/// `PATCH /v1/sessions/{id}`: what is absent stays, `null` takes away.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SessionPatch {
    /// What people call it.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    pub title: Option<Option<String>>,
    /// What it may not be moved for.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    pub lock: Option<Option<Lock>>,
    /// `P2P_PARTICIPANT_LIMIT` in this session.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    pub p2p_limit: Option<Option<u32>>,
    /// `true` lets the rule choose again after an operator's switch.
    #[serde(default)]
    pub unpin: bool,
}

/// Tells `null` from an absent field.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

/// `GET /v1/sessions/{id}/health`: everyone's last quality and state.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// The session.
    pub id: SessionId,
    /// Its committed epoch.
    pub epoch: Epoch,
    /// Its provider.
    pub provider: ProviderName,
    /// Its state.
    pub state: LifeState,
    /// Everyone, in the order of arrival.
    pub participants: Vec<ParticipantHealth>,
}

/// One participant's health.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ParticipantHealth {
    /// Who.
    pub id: ParticipantId,
    /// What the session knows of the connection.
    pub connection: Connection,
    /// Socket and media, alive or dead (R30).
    pub presence: crate::session::Presence,
    /// Whose media it decodes.
    pub sees: Sees,
    /// Whom it does not see though they see it.
    pub blind_to: Sees,
    /// Its last report of quality.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quality: Option<super::client::Quality>,
}

/// `GET /v1/sessions/{id}/alerts`: what is wrong now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OpenAlert {
    /// What.
    pub kind: super::server::AlertKind,
    /// About whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub participant: Option<ParticipantId>,
    /// Since when.
    pub since: Millis,
    /// In words.
    pub detail: String,
}

/// The switch under way, in a [`Snapshot`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SwitchSnapshot {
    /// The prepared epoch.
    pub epoch: Epoch,
    /// Where to.
    pub provider: ProviderName,
    /// Why.
    pub cause: crate::provider::cause::Cause,
    /// By when it is committed or aborted.
    pub deadline: Millis,
    /// Who has to be ready and is.
    pub ready: Sees,
    /// Who has to be ready and is not.
    pub waiting_for: Sees,
}

/// One row of `GET /v1/sessions`: a live session in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Brief {
    /// Its name.
    pub id: SessionId,
    /// Which life of that name.
    pub incarnation: Incarnation,
    /// The committed epoch.
    pub epoch: Epoch,
    /// The committed provider.
    pub provider: ProviderName,
    /// What kind of provider that is.
    pub kind: ProviderKind,
    /// What the session is doing.
    pub state: LifeState,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// How many participants it has.
    pub participants: usize,
    /// Who they are, to the customer.
    pub users: std::collections::BTreeSet<UserId>,
    /// When it began.
    pub started_at: Millis,
    /// What is wrong now, oldest first.
    pub alerts: Vec<OpenAlert>,
}
