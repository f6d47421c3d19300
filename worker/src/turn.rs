//! Cloudflare's TURN service, asked for credentials.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use samewire_core::time::Millis;
use serde_json::json;
use worker::{Delay, Error, Fetch, Headers, Method, Result};

use crate::ice::{CloudflareKey, Fetched, IceServers, read_cloudflare};
use crate::platform;

/// How long an answer may take: whoever joins waits for it.
const PATIENCE: Duration = Duration::from_secs(3);

/// Asks for credentials with every key that is configured; none where none is. All or nothing: who
/// gets a part would not ask for the rest.
pub(crate) async fn fetch(servers: &IceServers) -> Result<Option<Fetched>> {
    let mut all: Option<Fetched> = None;
    for key in &servers.cloudflare {
        let answer = pin!(fetch_one(key));
        let Fetched {
            servers,
            expires_at,
        } = match select(answer, pin!(Delay::from(PATIENCE))).await {
            Either::Left((answer, _)) => answer?,
            Either::Right(_) => return Err(wrong("there was no answer in time")),
        };
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
    let request = platform::request(Method::Post, &key.endpoint, &headers, Some(&body))?;
    let mut response = Fetch::Request(request).send().await?;
    let status = response.status_code();
    let text = response.text().await?;
    if !(200..300).contains(&status) {
        return Err(wrong(&format!("the answer has status {status}")));
    }
    read_cloudflare(&text, expires_at).ok_or_else(|| wrong("the answer has no iceServers"))
}

fn wrong(what: &str) -> Error {
    Error::RustError(format!("Cloudflare's TURN: {what}"))
}
