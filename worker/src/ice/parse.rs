//! Reading `ICE_SERVERS`, and what may be wrong with it.

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::{CloudflareKey, DEFAULT_TTL, HmacServer, IceServers, MAX_TTL, MIN_TTL};

/// Where Cloudflare is asked, unless it is said.
const CLOUDFLARE: &str = "https://rtc.live.cloudflare.com";

/// What is wrong with `ICE_SERVERS`. The text holds secrets, so little of it is repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IceError {
    /// Not a JSON list of servers.
    #[error(
        "line {0} column {1}: it is a JSON list as [{{\"urls\": \"stun:example.com:3478\"}}], with \
         username and credential, or hmac, for turn:"
    )]
    Malformed(usize, usize),
    /// More than one way to credentials, or none of what makes a server.
    #[error(
        "[{0}] has {1}; an entry has urls, or urls with username and credential, or urls with hmac, \
         or cloudflare alone"
    )]
    Mixed(usize, &'static str),
    /// A `turn:` without credentials.
    #[error("[{0}]: \"{1}\" has no username and credential; a browser refuses it without")]
    NoCredentials(usize, String),
    /// A URL of another scheme.
    #[error("[{0}]: \"{1}\" is of scheme {2}; it is stun, stuns, turn or turns")]
    BadScheme(usize, String, String),
    /// `hmac` without a TURN server that could check it.
    #[error("[{0}]: none of its urls is a turn: or turns:, and hmac is for those")]
    NoTurn(usize),
    /// Something that names no secret. It is not repeated, because it may be one.
    #[error(
        "[{0}].{1}.secret is no name of a secret; it names one, as \"TURN_SECRET\": 1 to 128 \
         characters of A-Z, 0-9 and _, no digit first"
    )]
    BadSecretName(usize, &'static str),
    /// A secret that is not there.
    #[error("[{0}].{1}.secret names \"{2}\", and no secret of that name is set")]
    NoSecret(usize, &'static str, String),
    /// A time to live out of range.
    #[error(
        "[{0}].{1}.ttlSeconds is {2}; it is {min} to {max}",
        min = MIN_TTL,
        max = MAX_TTL
    )]
    BadTtl(usize, &'static str, u64),
    /// A key id that cannot be part of a path.
    #[error("[{0}].cloudflare.keyId is no id of a TURN key; it is of A-Z, a-z, 0-9, _ and -")]
    BadKeyId(usize),
    /// An address that nothing can be asked at.
    #[error(
        "[{0}].cloudflare.url is \"{1}\"; it is an address that begins with https:// or http://"
    )]
    BadUrl(usize, String),
}

/// One entry as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(default, deserialize_with = "urls")]
    urls: Option<Vec<String>>,
    #[serde(default)]
    username: Option<String>,
    #[serde(default)]
    credential: Option<String>,
    #[serde(default)]
    hmac: Option<HmacEntry>,
    #[serde(default)]
    cloudflare: Option<CloudflareEntry>,
}

/// One URL, or a list of them.
fn urls<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    let text = |value: &Value| match value.as_str() {
        Some(text) => Ok(text.to_owned()),
        None => Err(D::Error::custom("urls is a text or a list of texts")),
    };
    let value = Value::deserialize(deserializer)?;
    match value.as_array() {
        Some(list) => list.iter().map(text).collect::<Result<_, _>>().map(Some),
        None if value.is_null() => Ok(None),
        None => Ok(Some(vec![text(&value)?])),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct HmacEntry {
    secret: String,
    #[serde(default = "default_ttl")]
    ttl_seconds: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CloudflareEntry {
    key_id: String,
    secret: String,
    #[serde(default = "default_ttl")]
    ttl_seconds: u64,
    #[serde(default)]
    url: Option<String>,
}

const fn default_ttl() -> u64 {
    DEFAULT_TTL
}

impl IceServers {
    /// Reads `ICE_SERVERS`; `secret` gives the secret of a name.
    pub fn parse(text: &str, secret: impl Fn(&str) -> Option<String>) -> Result<Self, IceError> {
        let entries: Vec<Entry> =
            serde_json::from_str(text).map_err(|e| IceError::Malformed(e.line(), e.column()))?;
        let mut all = Self::default();
        for (i, entry) in entries.into_iter().enumerate() {
            all.add(i, entry, &secret)?;
        }
        Ok(all)
    }

    fn add(
        &mut self,
        i: usize,
        entry: Entry,
        secret: &impl Fn(&str) -> Option<String>,
    ) -> Result<(), IceError> {
        let named = |field: &'static str, name: String, ttl: u64| {
            if !is_secret_name(&name) {
                return Err(IceError::BadSecretName(i, field));
            }
            if !(MIN_TTL..=MAX_TTL).contains(&ttl) {
                return Err(IceError::BadTtl(i, field, ttl));
            }
            secret(&name).ok_or(IceError::NoSecret(i, field, name))
        };
        let fixed = match (entry.username, entry.credential) {
            (Some(username), Some(credential)) => Some((username, credential)),
            (None, None) => None,
            (Some(_), None) => return Err(IceError::Mixed(i, "username without credential")),
            (None, Some(_)) => return Err(IceError::Mixed(i, "credential without username")),
        };
        match (entry.urls, fixed, entry.hmac, entry.cloudflare) {
            (Some(urls), None, Some(hmac), None) => {
                let urls = repaired(i, urls, true)?;
                if !urls.iter().any(|url| url.starts_with("turn")) {
                    return Err(IceError::NoTurn(i));
                }
                let ttl = hmac.ttl_seconds;
                let secret = named("hmac", hmac.secret, ttl)?;
                self.hmac.push(HmacServer { urls, secret, ttl });
            }
            (Some(urls), fixed, None, None) => {
                let mut server = json!({"urls": repaired(i, urls, fixed.is_some())?});
                if let (Some((username, credential)), Some(server)) =
                    (fixed, server.as_object_mut())
                {
                    server.insert("username".to_owned(), username.into());
                    server.insert("credential".to_owned(), credential.into());
                }
                self.fixed.push(server);
            }
            (None, None, None, Some(key)) => {
                let base = key.url.unwrap_or_else(|| CLOUDFLARE.to_owned());
                if !base.starts_with("https://") && !base.starts_with("http://") {
                    return Err(IceError::BadUrl(i, base));
                }
                if !samewire_core::protocol::ids::is_plain_name(&key.key_id) {
                    return Err(IceError::BadKeyId(i));
                }
                self.cloudflare.push(CloudflareKey {
                    endpoint: format!(
                        "{}/v1/turn/keys/{}/credentials/generate-ice-servers",
                        base.trim_end_matches('/'),
                        key.key_id
                    ),
                    ttl: key.ttl_seconds,
                    token: named("cloudflare", key.secret, key.ttl_seconds)?,
                });
            }
            (_, _, Some(_), _) => return Err(IceError::Mixed(i, "hmac and something else")),
            (_, _, None, Some(_)) => {
                return Err(IceError::Mixed(i, "cloudflare and something else"));
            }
            (None, _, None, None) => return Err(IceError::Mixed(i, "no urls")),
        }
        Ok(())
    }
}

fn is_secret_name(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

/// URLs as browsers take them: one without scheme would be a `SyntaxError` there.
fn repaired(i: usize, urls: Vec<String>, credentials: bool) -> Result<Vec<String>, IceError> {
    let repair = |url: String| {
        let scheme = url.split(':').next().unwrap_or_default();
        match scheme {
            "stun" | "stuns" => Ok(url),
            "turn" | "turns" if credentials => Ok(url),
            "turn" | "turns" => Err(IceError::NoCredentials(i, url)),
            other if url.contains("://") => {
                Err(IceError::BadScheme(i, url.clone(), other.to_owned()))
            }
            _ => {
                let scheme = if credentials { "turn" } else { "stun" };
                tracing::warn!(
                    url,
                    scheme,
                    "ICE_SERVERS: a URL without scheme was repaired"
                );
                Ok(format!("{scheme}:{url}"))
            }
        }
    };
    urls.into_iter().map(repair).collect()
}
