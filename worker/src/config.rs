//! The configuration, read once and refused as a whole when a part of it is wrong.

use std::collections::BTreeMap;

use samewire_core::provider::{self, Provider};
use samewire_core::session::{SameUser, Settings};
use samewire_core::tuning::Tuning;
use serde::Deserialize;
use serde_json::Value;

use crate::ice::IceServers;
use crate::sfu::Sfus;

/// The API key that `.dev.vars.example` holds; good on a loopback host only.
pub const DEV_API_KEY: &str = "dev-api-key";

/// The admin key that `.dev.vars.example` holds; good on a loopback host only.
pub const DEV_ADMIN_KEY: &str = "dev-admin-key";

/// The shortest `TOKEN_SECRET`, in bytes: as long as the hash (RFC 7518, section 3.2).
pub const MIN_SECRET_BYTES: usize = 32;

/// All of it.
#[derive(Clone, Debug)]
pub struct Config {
    /// Signs tokens; never travels.
    pub token_secret: String,
    /// What a backend shows to have tokens made.
    pub api_key: String,
    /// What operators show, by name.
    pub admin_keys: BTreeMap<String, AdminKey>,
    /// Whether `POST /demo/token` is served.
    pub demo: bool,
    /// Which pages may connect.
    pub origins: Origins,
    /// What the sessions need.
    pub session: Settings,
    /// STUN and TURN, for participants only.
    pub ice_servers: IceServers,
    /// The SFUs among the providers that have an adapter here.
    pub sfus: Sfus,
}

/// An operator's key.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdminKey {
    /// What is shown.
    pub key: String,
    /// What it allows.
    pub role: AdminRole,
}

/// What an operator's key allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdminRole {
    /// To look.
    Viewer,
    /// To act.
    Operator,
}

/// Which pages may connect, by WebSocket and by CORS alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origins {
    /// Those of this host.
    SameHost,
    /// Any but `null`.
    Any,
    /// Those listed, and those of this host.
    Listed(Vec<String>),
}

impl Origins {
    /// Whether a page of `origin` may connect to `own`, the origin that was asked. Who sends no
    /// `Origin` is no page of a browser.
    pub fn allow(&self, origin: Option<&str>, own: &str) -> bool {
        let Some(origin) = origin else { return true };
        match self {
            _ if origin == "null" => false,
            _ if origin == own => true,
            Self::SameHost => false,
            Self::Any => true,
            Self::Listed(list) => list.iter().any(|listed| listed == origin),
        }
    }
}

/// What is wrong: the key, what it holds where that is no secret, and what it may hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {detail}")]
pub struct ConfigError {
    /// The variable.
    pub key: &'static str,
    /// What is wrong with it.
    pub detail: String,
}

fn wrong<T>(key: &'static str, detail: impl ToString) -> Result<T, ConfigError> {
    Err(ConfigError {
        key,
        detail: detail.to_string(),
    })
}

impl Config {
    /// Reads the configuration; `get` gives the text of a variable or secret.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let get = |key: &str| get(key).filter(|text| !text.trim().is_empty());
        let token_secret = get("TOKEN_SECRET").unwrap_or_default();
        if token_secret.len() < MIN_SECRET_BYTES {
            return wrong(
                "TOKEN_SECRET",
                format!(
                    "it has {} bytes; it is a random text of {MIN_SECRET_BYTES} or more",
                    token_secret.len()
                ),
            );
        }
        let Some(api_key) = get("API_KEY") else {
            return wrong(
                "API_KEY",
                "it is missing; it is the key that your backend sends",
            );
        };
        // The log reads it for itself: it must be there when the rest is read.
        log_level(get("LOG_LEVEL"))?;
        let mut providers = providers(get("PROVIDERS"))?;
        let sfus = Sfus::read(&mut providers, &token_secret, get);
        Ok(Self {
            token_secret,
            api_key,
            admin_keys: admin_keys(get("ADMIN_KEYS"))?,
            demo: boolean("DEMO", get("DEMO"))?,
            origins: origins(get("ALLOWED_ORIGINS"))?,
            session: Settings {
                providers,
                tuning: tuning(get("TUNING"))?,
                same_user: same_user(get("SAME_USER"))?,
            },
            ice_servers: ice_servers(get("ICE_SERVERS"), get)?,
            sfus: sfus.or_else(|e| wrong("PROVIDERS", e))?,
        })
    }
}

fn admin_keys(text: Option<String>) -> Result<BTreeMap<String, AdminKey>, ConfigError> {
    let Some(text) = text else {
        return Ok(BTreeMap::new());
    };
    // The text holds secrets, so the error says where it is wrong and not what stands there.
    serde_json::from_str(&text).or_else(|e| {
        wrong(
            "ADMIN_KEYS",
            format!(
                "line {} column {}: it is JSON as {{\"ana\": {{\"key\": \"…\", \"role\": \"viewer\" or \"operator\"}}}}",
                e.line(),
                e.column()
            ),
        )
    })
}

fn boolean(key: &'static str, text: Option<String>) -> Result<bool, ConfigError> {
    match text.as_deref() {
        None | Some("false" | "0") => Ok(false),
        Some("true" | "1") => Ok(true),
        Some(other) => wrong(key, format!("it is \"{other}\"; it is true or false")),
    }
}

fn origins(text: Option<String>) -> Result<Origins, ConfigError> {
    let Some(text) = text else {
        return Ok(Origins::SameHost);
    };
    let listed: Vec<String> = text
        .split([',', ' '])
        .filter(|o| !o.is_empty())
        .map(|o| o.trim_end_matches('/').to_owned())
        .collect();
    if listed == ["*"] {
        return Ok(Origins::Any);
    }
    match listed.iter().find(|o| !is_origin(o)) {
        Some(bad) => wrong(
            "ALLOWED_ORIGINS",
            format!(
                "\"{bad}\" is no origin; it is *, or a list as https://example.com,https://app.example.com"
            ),
        ),
        None => Ok(Origins::Listed(listed)),
    }
}

fn is_origin(text: &str) -> bool {
    let host = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| !host.is_empty() && !host.contains('/'))
}

fn providers(text: Option<String>) -> Result<Vec<Provider>, ConfigError> {
    match text {
        None => Ok(vec![Provider::p2p()]),
        Some(text) => provider::config::parse(&text).or_else(|e| wrong("PROVIDERS", e)),
    }
}

fn tuning(text: Option<String>) -> Result<Tuning, ConfigError> {
    let Some(text) = text else {
        return Ok(Tuning::default());
    };
    let json: Value =
        serde_json::from_str(&text).or_else(|e| wrong("TUNING", format!("it is no JSON: {e}")))?;
    Tuning::default()
        .with(&json)
        .or_else(|e| wrong("TUNING", e))
}

fn ice_servers(
    text: Option<String>,
    secret: impl Fn(&str) -> Option<String>,
) -> Result<IceServers, ConfigError> {
    match text {
        None => Ok(IceServers::default()),
        Some(text) => IceServers::parse(&text, secret).or_else(|e| wrong("ICE_SERVERS", e)),
    }
}

fn same_user(text: Option<String>) -> Result<SameUser, ConfigError> {
    match text.as_deref() {
        None | Some("allow") => Ok(SameUser::Allow),
        Some("takeover") => Ok(SameUser::Takeover),
        Some("reject") => Ok(SameUser::Reject),
        Some(other) => wrong(
            "SAME_USER",
            format!("it is \"{other}\"; it is allow, takeover or reject"),
        ),
    }
}

/// How much is logged, as `LOG_LEVEL` says; `info` where it says nothing.
pub fn log_level(text: Option<String>) -> Result<tracing::Level, ConfigError> {
    match text.as_deref() {
        None => Ok(tracing::Level::INFO),
        Some(text) => text.parse().or_else(|_| {
            wrong(
                "LOG_LEVEL",
                format!("it is \"{text}\"; it is error, warn, info, debug or trace"),
            )
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Config, String> {
        let mut all = BTreeMap::from([
            ("TOKEN_SECRET", "0123456789abcdef0123456789abcdef"),
            ("API_KEY", "k"),
        ]);
        all.extend(pairs.iter().copied());
        Config::read(|key| all.get(key).map(|&text| text.to_owned())).map_err(|e| e.to_string())
    }

    #[test]
    fn the_least_is_a_secret_and_a_key() {
        let config = read(&[]).unwrap();
        assert!(!config.demo);
        assert_eq!(config.origins, Origins::SameHost);
        assert_eq!(config.session.providers, [Provider::p2p()]);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_key_and_what_would_be_right() {
        let error = |key, text| read(&[(key, text)]).unwrap_err();
        assert_eq!(
            error("TOKEN_SECRET", "short"),
            "TOKEN_SECRET: it has 5 bytes; it is a random text of 32 or more"
        );
        assert_eq!(
            error("DEMO", "yes"),
            "DEMO: it is \"yes\"; it is true or false"
        );
        assert!(
            error("TUNING", "{\"LEASE\":1}")
                .starts_with("TUNING: \"LEASE\" is 1; it is a whole number")
        );
        assert!(error("PROVIDERS", "[]").starts_with("PROVIDERS: it is an empty list"));
        assert!(error("ALLOWED_ORIGINS", "example.com").contains("\"example.com\" is no origin"));
        assert!(error("LOG_LEVEL", "loud").contains("it is error, warn, info, debug or trace"));
        assert!(error("ICE_SERVERS", r#"[{"urls":"turn:a"}]"#).starts_with("ICE_SERVERS: [0]"));
        assert_eq!(
            error("SAME_USER", "one"),
            "SAME_USER: it is \"one\"; it is allow, takeover or reject"
        );
    }

    #[test]
    fn a_wrong_admin_key_is_not_repeated() {
        let error = read(&[("ADMIN_KEYS", r#"{"ana": "hush-hush"}"#)]).unwrap_err();
        assert!(error.starts_with("ADMIN_KEYS: line 1 column"), "{error}");
        assert!(!error.contains("hush"), "{error}");
    }

    #[test]
    fn an_absent_origin_passes_and_null_does_not() {
        let own = "https://here.example";
        for origins in [
            Origins::SameHost,
            Origins::Any,
            Origins::Listed(vec!["https://a.example".to_owned()]),
        ] {
            assert!(origins.allow(None, own));
            assert!(origins.allow(Some(own), own));
            assert!(!origins.allow(Some("null"), own));
        }
        assert!(!Origins::SameHost.allow(Some("https://a.example"), own));
        assert!(Origins::Any.allow(Some("https://a.example"), own));
        let listed = Origins::Listed(vec!["https://a.example".to_owned()]);
        assert!(listed.allow(Some("https://a.example"), own));
        assert!(!listed.allow(Some("https://a.example.evil"), own));
    }
}
