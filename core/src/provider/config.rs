//! `PROVIDERS`: the operator's list, read and checked.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::Provider;
use crate::protocol::MAX_NAME_BYTES;
use crate::protocol::ids::{ProviderName, is_plain_name};
use crate::protocol::server::ProviderKind;

/// One entry of `PROVIDERS` as it is written.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Entry {
    name: String,
    kind: ProviderKind,
    #[serde(default = "first")]
    priority: u32,
    #[serde(default = "base_score")]
    base_score: u8,
    #[serde(default = "first")]
    min_participants: u32,
    #[serde(default)]
    max_participants: Option<u32>,
    #[serde(default = "yes")]
    is_active: bool,
    #[serde(default)]
    health_url: Option<String>,
    #[serde(default)]
    config: Option<Value>,
    #[serde(default)]
    secret: Option<String>,
}

const fn first() -> u32 {
    1
}

const fn base_score() -> u8 {
    80
}

const fn yes() -> bool {
    true
}

/// What is wrong with `PROVIDERS`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProvidersError {
    /// Not a JSON list of providers.
    #[error("it is a JSON list as [{{\"name\": \"p2p\", \"kind\": \"p2p\"}}]: {0}")]
    Malformed(String),
    /// Nothing to pick from.
    #[error("it is an empty list; it names at least one provider")]
    Empty,
    /// A name that cannot be one.
    #[error("[{0}].name is \"{1}\"; a name is 1 to 128 characters of A-Z, a-z, 0-9, _ and -")]
    BadName(usize, String),
    /// Two of one name.
    #[error("[{0}].name is \"{1}\", which an earlier entry has; names are unique")]
    Twice(usize, String),
    /// A score out of range.
    #[error("[{0}].baseScore is {1}; it is 0 to 100")]
    BadScore(usize, u8),
    /// Limits that no number of people meets.
    #[error(
        "[{0}].maxParticipants is {1}; it is at least 1, and no less than minParticipants, {2}"
    )]
    BadLimits(usize, u32, u32),
    /// An address that health cannot be asked at.
    #[error("[{0}].healthUrl is \"{1}\"; it is an address that begins with https:// or http://")]
    BadHealthUrl(usize, String),
    /// A configuration that is no object.
    #[error("[{0}].config is {1}; it is a JSON object, of which only \"public\" is ever served")]
    BadConfig(usize, &'static str),
    /// A public part that is no object.
    #[error("[{0}].config.public is {1}; it is a JSON object")]
    BadPublic(usize, &'static str),
    /// Something that names no secret. It is not repeated, because it may be one.
    #[error(
        "[{0}].secret is no name of a secret; it names one, as \"DAILY_API_KEY\": 1 to 128 \
         characters of A-Z, 0-9 and _, no digit first"
    )]
    BadSecret(usize),
}

/// Reads `PROVIDERS`.
pub fn parse(json: &str) -> Result<Vec<Provider>, ProvidersError> {
    let entries: Vec<Entry> =
        serde_json::from_str(json).map_err(|e| ProvidersError::Malformed(e.to_string()))?;
    let mut providers: Vec<Provider> = Vec::new();
    for (i, entry) in entries.into_iter().enumerate() {
        if !is_plain_name(&entry.name) {
            return Err(ProvidersError::BadName(i, entry.name));
        }
        if providers.iter().any(|p| p.name.as_str() == entry.name) {
            return Err(ProvidersError::Twice(i, entry.name));
        }
        if entry.base_score > 100 {
            return Err(ProvidersError::BadScore(i, entry.base_score));
        }
        if let Some(most) = entry.max_participants
            && most < entry.min_participants.max(1)
        {
            return Err(ProvidersError::BadLimits(i, most, entry.min_participants));
        }
        if let Some(url) = entry.health_url.as_ref().filter(|url| !is_url(url)) {
            return Err(ProvidersError::BadHealthUrl(i, url.clone()));
        }
        if entry.secret.as_ref().is_some_and(|s| !is_secret_name(s)) {
            return Err(ProvidersError::BadSecret(i));
        }
        let config = entry.config.unwrap_or_else(|| Value::Object(Map::new()));
        if !config.is_object() {
            return Err(ProvidersError::BadConfig(i, what(&config)));
        }
        if let Some(public) = config.get("public").filter(|public| !public.is_object()) {
            return Err(ProvidersError::BadPublic(i, what(public)));
        }
        providers.push(Provider {
            name: ProviderName(entry.name),
            kind: entry.kind,
            priority: entry.priority,
            base_score: entry.base_score,
            min_participants: entry.min_participants,
            max_participants: entry.max_participants,
            is_active: entry.is_active,
            score: entry.base_score,
            ejected: false,
            health_url: entry.health_url,
            config,
            secret: entry.secret,
            needs_credentials: false,
        });
    }
    if providers.is_empty() {
        Err(ProvidersError::Empty)
    } else {
        Ok(providers)
    }
}

fn is_url(text: &str) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', '?', '#', ':']))
        && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

fn is_secret_name(text: &str) -> bool {
    (1..=MAX_NAME_BYTES).contains(&text.len())
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

/// What a value is, without repeating it: it may hold what is nobody's business.
const fn what(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_shortest_entry_is_a_name_and_a_kind() {
        assert_eq!(
            parse(r#"[{"name":"p2p","kind":"p2p"}]"#),
            Ok(vec![Provider::p2p()])
        );
    }

    #[test]
    fn what_is_wrong_is_said_with_where_it_stands() {
        let error = |json: &str| parse(json).unwrap_err().to_string();
        assert_eq!(
            error("[]"),
            "it is an empty list; it names at least one provider"
        );
        assert!(error("{").starts_with("it is a JSON list"));
        assert!(error(r#"[{"name":"p2p","kind":"p2p","prio":1}]"#).contains("prio"));
        assert_eq!(
            error(r#"[{"name":"p2p","kind":"p2p"},{"name":"p2p","kind":"p2p"}]"#),
            "[1].name is \"p2p\", which an earlier entry has; names are unique"
        );
        let daily = |rest: &str| format!(r#"[{{"name":"daily","kind":"vendor",{rest}}}]"#);
        assert_eq!(
            error(&daily(r#""maxParticipants":1,"minParticipants":2"#)),
            "[0].maxParticipants is 1; it is at least 1, and no less than minParticipants, 2"
        );
        assert_eq!(
            error(&daily(r#""healthUrl":"daily.co""#)),
            "[0].healthUrl is \"daily.co\"; it is an address that begins with https:// or http://"
        );
        assert_eq!(
            error(&daily(r#""config":[]"#)),
            "[0].config is a list; it is a JSON object, of which only \"public\" is ever served"
        );
        assert_eq!(
            error(&daily(r#""config":{"public":"all"}"#)),
            "[0].config.public is a text; it is a JSON object"
        );
    }

    #[test]
    fn what_is_put_where_the_name_of_a_secret_belongs_is_not_repeated() {
        let json = r#"[{"name":"daily","kind":"vendor","secret":"sk-live-0123"}]"#;
        let error = parse(json).unwrap_err().to_string();
        assert!(error.starts_with("[0].secret is no name of a secret"));
        assert!(!error.contains("sk-live"));
    }

    #[test]
    fn a_vendor_comes_with_its_configuration_and_only_the_public_part_of_it_is_for_all() {
        let providers = parse(
            r#"[{"name":"daily","kind":"vendor","baseScore":70,"minParticipants":2,
                 "maxParticipants":50,"healthUrl":"https://api.daily.co/v1/health",
                 "config":{"public":{"domain":"samewire"},"region":"eu"},"secret":"DAILY_API_KEY"},
                {"name":"cloudflare","kind":"sfu"}]"#,
        )
        .unwrap();
        assert_eq!(
            providers[0],
            Provider {
                name: "daily".into(),
                kind: ProviderKind::Vendor,
                priority: 1,
                base_score: 70,
                min_participants: 2,
                max_participants: Some(50),
                is_active: true,
                score: 70,
                ejected: false,
                health_url: Some("https://api.daily.co/v1/health".to_owned()),
                config: json!({"public": {"domain": "samewire"}, "region": "eu"}),
                secret: Some("DAILY_API_KEY".to_owned()),
                needs_credentials: false,
            }
        );
        assert_eq!(
            providers[0].public_config(),
            Some(&json!({"domain": "samewire"}))
        );
        assert_eq!(providers[1].kind, ProviderKind::Sfu);
        assert_eq!(providers[1].public_config(), None);
    }
}
