//! What a new join token says.

use samewire_core::protocol::http::{SessionSettings, TokenRequest};
use samewire_core::protocol::ids::{ProviderName, SessionId, UserId};
use samewire_core::protocol::server::{Mode, Role};
use samewire_core::session::{SameUser, Settings};
use samewire_core::time::Millis;
use samewire_core::tuning::Tuning;
use serde::Deserialize;

use crate::problem::ApiError;
use crate::token::TokenClaims;

/// The shortest a token may last, in seconds.
pub const MIN_TTL: u64 = 60;

/// The longest a token may last, in seconds.
pub const MAX_TTL: u64 = 86_400;

/// How long a token lasts that does not say, in seconds; also the longest of the demo's.
pub const DEFAULT_TTL: u64 = 3_600;

/// What sessions and users of the demo begin with.
pub const DEMO_PREFIX: &str = "demo-";

/// What the demo page asks of `POST /demo/token`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DemoRequest {
    /// The session; begins with `demo-`.
    pub session: String,
    /// What people call whoever joins.
    pub name: String,
    /// Who joins, as an earlier answer named them; begins with `demo-`. A new user when absent.
    #[serde(default)]
    pub user_id: Option<String>,
}

fn bad<T>(detail: impl Into<String>) -> Result<T, ApiError> {
    Err(ApiError::BadRequest(detail.into()))
}

/// Reads a session id of a path or body.
pub fn session_id(text: &str) -> Result<SessionId, ApiError> {
    SessionId::parse(text).or_else(|e| bad(e.to_string()))
}

fn text(field: &str, text: &str) -> Result<(), ApiError> {
    let length = text.chars().count();
    if (1..=128).contains(&length) && !text.chars().any(char::is_control) {
        Ok(())
    } else {
        bad(format!(
            "{field} has {length} characters; it has 1 to 128, none of them a control character"
        ))
    }
}

/// What the token says that a backend asked for.
pub fn claims(
    session: SessionId,
    request: TokenRequest,
    configured: &Settings,
    now: Millis,
    jti: String,
) -> Result<TokenClaims, ApiError> {
    text("userId", request.user_id.as_str())?;
    let name = request.name.unwrap_or_else(|| request.user_id.0.clone());
    text("name", &name)?;
    let ttl = request.ttl_seconds.unwrap_or(DEFAULT_TTL);
    if !(MIN_TTL..=MAX_TTL).contains(&ttl) {
        return bad(format!("ttlSeconds is {ttl}; it is {MIN_TTL} to {MAX_TTL}"));
    }
    match request.role {
        Role::Participant => {}
        Role::Host | Role::Viewer => {
            return bad(
                "role is \"host\" or \"viewer\", which make a stream; this version serves calls, so it is \"participant\"",
            );
        }
    }
    if let Some(settings) = &request.session {
        check(settings, configured)?;
    }
    let iat = now.0 / 1_000;
    Ok(TokenClaims {
        sub: request.user_id,
        name,
        sid: session,
        role: request.role,
        iat,
        exp: iat.saturating_add(ttl),
        jti,
        session: request.session,
    })
}

fn check(settings: &SessionSettings, configured: &Settings) -> Result<(), ApiError> {
    if let Some(title) = &settings.title {
        text("session.title", title)?;
    }
    match settings.mode {
        None | Some(Mode::Call) => {}
        Some(Mode::Stream) => {
            return bad("session.mode is \"stream\"; this version serves \"call\"");
        }
    }
    if settings
        .p2p_limit
        .is_some_and(|limit| !(1..=1_000).contains(&limit))
    {
        return bad("session.p2pLimit is 1 to 1000");
    }
    if let Some(names) = &settings.providers {
        let known = |name: &ProviderName| configured.providers.iter().any(|p| p.name == *name);
        if names.is_empty() || !names.iter().all(known) {
            let known: Vec<_> = configured
                .providers
                .iter()
                .map(|p| p.name.as_str())
                .collect();
            return bad(format!(
                "session.providers is a list of one or more of {}",
                known.join(", ")
            ));
        }
    }
    match &settings.tuning {
        None => Ok(()),
        Some(tuning) if tuning.to_string().len() > 2_048 => {
            bad("session.tuning has at most 2048 bytes")
        }
        Some(tuning) => configured
            .tuning
            .with(tuning)
            .map(|_| ())
            .or_else(|e| bad(format!("session.tuning: {e}"))),
    }
}

/// What the demo's token says.
pub fn demo_claims(
    request: DemoRequest,
    now: Millis,
    jti: String,
) -> Result<TokenClaims, ApiError> {
    let session = session_id(&request.session)?;
    if !session.as_str().starts_with(DEMO_PREFIX) {
        return bad(format!(
            "session is \"{session}\"; the demo's begin with \"{DEMO_PREFIX}\""
        ));
    }
    let user = request
        .user_id
        .unwrap_or_else(|| format!("{DEMO_PREFIX}{jti}"));
    if !user.starts_with(DEMO_PREFIX) {
        return bad(format!("userId begins with \"{DEMO_PREFIX}\" in the demo"));
    }
    let request = TokenRequest {
        user_id: UserId(user),
        name: Some(request.name),
        role: Role::Participant,
        ttl_seconds: None,
        session: None,
    };
    // It asks for nothing that the configuration could contradict.
    let nothing = Settings {
        providers: Vec::new(),
        tuning: Tuning::default(),
        same_user: SameUser::Allow,
    };
    claims(session, request, &nothing, now, jti)
}

#[cfg(test)]
mod tests {
    use samewire_core::provider::Provider;
    use serde_json::json;

    use super::*;

    fn ask(body: serde_json::Value) -> Result<TokenClaims, ApiError> {
        ask_with(Tuning::default(), body)
    }

    fn ask_with(configured: Tuning, body: serde_json::Value) -> Result<TokenClaims, ApiError> {
        let session = SessionId::parse("room").unwrap();
        let configured = Settings {
            providers: vec![Provider::p2p()],
            tuning: configured,
            same_user: SameUser::Allow,
        };
        claims(
            session,
            serde_json::from_value(body).unwrap(),
            &configured,
            Millis(1_700_000_000_500),
            "j".into(),
        )
    }

    #[test]
    fn a_token_lasts_an_hour_and_is_named_after_its_user_unless_it_says_otherwise() {
        let claims = ask(json!({"userId": "ana"})).unwrap();
        assert_eq!((claims.iat, claims.exp), (1_700_000_000, 1_700_003_600));
        assert_eq!(claims.name, "ana");
    }

    #[test]
    fn what_is_wrong_is_said_with_what_would_be_right() {
        let error = |body| ask(body).unwrap_err().to_string();
        assert_eq!(
            error(json!({"userId": "a", "ttlSeconds": 59})),
            "ttlSeconds is 59; it is 60 to 86400"
        );
        assert!(error(json!({"userId": ""})).starts_with("userId has 0 characters"));
        assert!(
            error(json!({"userId": "a", "name": "x\u{7}"})).starts_with("name has 2 characters")
        );
        assert!(error(json!({"userId": "a", "role": "viewer"})).contains("it is \"participant\""));
        assert!(
            error(json!({"userId": "a", "session": {"tuning": {"LEASE": 1}}})).contains("LEASE")
        );
        for providers in [json!([]), json!(["p2p", "zoom"])] {
            assert_eq!(
                error(json!({"userId": "a", "session": {"providers": providers}})),
                "session.providers is a list of one or more of p2p"
            );
        }
    }

    #[test]
    fn constants_of_a_session_are_checked_together_with_those_configured() {
        let configured = Tuning::default()
            .with(&json!({"HEARTBEAT": 1_000, "LEASE": 5_000}))
            .unwrap();
        let ask = |tuning| {
            ask_with(
                configured,
                json!({"userId": "a", "session": {"tuning": tuning}}),
            )
        };
        assert!(ask(json!({"LEASE": 2_000})).is_ok());
        assert_eq!(
            ask(json!({"HEARTBEAT": 7_000})).unwrap_err().to_string(),
            "session.tuning: \"LEASE\" is 5000; it is more than \"HEARTBEAT\", which is 7000"
        );
    }

    #[test]
    fn the_demo_keeps_to_its_own_names() {
        let ask = |session: &str, user: Option<&str>| {
            let request = DemoRequest {
                session: session.to_owned(),
                name: "Ana".to_owned(),
                user_id: user.map(str::to_owned),
            };
            demo_claims(request, Millis(0), "j".to_owned())
        };
        assert_eq!(ask("demo-x", None).unwrap().sub.as_str(), "demo-j");
        assert_eq!(
            ask("demo-x", Some("demo-me")).unwrap().sub.as_str(),
            "demo-me"
        );
        assert!(ask("room", None).is_err());
        assert!(ask("demo-x", Some("ana")).is_err());
    }
}
