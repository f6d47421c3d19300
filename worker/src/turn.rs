//! Cloudflare's TURN service, asked for credentials.

use std::time::Duration;

use samewire_core::time::Millis;
use serde_json::json;
use worker::{Error, Headers, Method, Result};

use crate::http::{Question, ask};
use crate::ice::{CloudflareKey, Fetched, IceServers, read_cloudflare};
use crate::platform;

/// How long an answer may take: whoever joins waits for it.
const PATIENCE: Duration = Duration::from_secs(3);

/// Asks for credentials with every key that is configured; none where none is. All or nothing: who
/// gets a part would not ask for the rest.
pub(crate) async fn fetch(servers: &IceServers) -> Result<Option<Fetched>> {
    let mut all: Option<Fetched> = None;
    for key in &servers.cloudflare {
        let Fetched {
            servers,
            expires_at,
        } = fetch_one(key).await?;
        let fetched = all.get_or_insert(Fetched {
            servers: Vec::new(),
            expires_at,
        });
        fetched.servers.extend(servers);
        fetched.expires_at = fetched.expires_at.min(expires_at);
    }
    Ok(all)
}

async fn fetch_one(key: &CloudflareKey) -> Result<Fetched> {
    let headers = Headers::new();
    headers.set("authorization", &format!("Bearer {}", key.token))?;
    headers.set("content-type", "application/json")?;
    let body = json!({"ttl": key.ttl}).to_string();
    let expires_at = platform::now() + Millis::from_secs(key.ttl);
    let (status, text) = ask(Question {
        method: Method::Post,
        url: &key.endpoint,
        headers: &headers,
        body: Some(&body),
        patience: PATIENCE,
    })
    .await
    .map_err(|error| wrong(&error.to_string()))?;
    if !(200..300).contains(&status) {
        return Err(wrong(&format!("the answer has status {status}")));
    }
    read_cloudflare(&text, expires_at).ok_or_else(|| wrong("the answer has no iceServers"))
}

fn wrong(what: &str) -> Error {
    Error::RustError(format!("Cloudflare's TURN: {what}"))
}
