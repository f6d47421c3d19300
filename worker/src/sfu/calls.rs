//! The calls of the adapters: browsers' to Cloudflare's API, and ours to Janus.

use std::pin::Pin;
use std::time::Duration;

use samewire_core::protocol::ids::SessionId;
use samewire_core::time::Millis;
use serde_json::{Value, json};
use worker::{Headers, Method, Request};

use super::api::{MAX_CALL_BYTES, methods};
use super::cloudflare::Cloudflare;
use super::janus::{Janus, NO_SUCH_ROOM, PLUGIN, ROOM_EXISTS};
use super::{Made, Unable};
use crate::answer::{self, Answered};
use crate::http::{NoAnswer, Question, ask, within};
use crate::platform;
use crate::problem::ApiError;
use crate::routes::{shown, text_of};

/// Something that is done beside all events.
pub(crate) type Later<T> = Pin<Box<dyn Future<Output = T>>>;

/// How long the SFU may take to answer a participant's call.
const CALL: Duration = Duration::from_secs(8);

/// How long it may take to make a room: less than the session waits before it asks again.
const ROOM: Duration = Duration::from_secs(3);

/// How long it may take to end our session of Janus.
const FAREWELL: Duration = Duration::from_millis(500);

/// How long the tokens last by which we talk to Janus ourselves.
const DOOR: Millis = Millis::from_secs(60);

/// Answers a participant's call to Cloudflare's API.
pub(super) async fn serve(sfu: &Cloudflare, mut request: Request, path: &[String]) -> Answered {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let method = request.method();
    let Some(allow) = methods(&path) else {
        let detail = format!("the SFU has no {}", path.join("/"));
        return Err(ApiError::NotFound(detail).into());
    };
    if method.as_ref() != allow {
        return Err(ApiError::MethodNotAllowed {
            path: request.path(),
            allow,
            method: method.to_string(),
        }
        .into());
    }
    let Some(token) = shown(&request)? else {
        let detail = "send the token of your credentials as \"Authorization: Bearer …\"";
        return Err(ApiError::Unauthorised(detail.to_owned()).into());
    };
    let bearer = sfu
        .verify(&token, platform::now())
        .map_err(ApiError::from)?;
    let text = text_of(&mut request, MAX_CALL_BYTES).await?;
    let forward = sfu.forward(&bearer, &path, &text)?;

    let headers = Headers::new();
    headers.set("authorization", &format!("Bearer {}", sfu.secret))?;
    headers.set("content-type", "application/json")?;
    let body = forward.body.as_ref().map(Value::to_string);
    let (status, text) = ask(Question {
        method,
        url: &format!("{}/{}", sfu.app, forward.path),
        headers: &headers,
        body: body.as_deref(),
        patience: CALL,
    })
    .await
    .map_err(|error| {
        tracing::warn!(%error, "the SFU did not answer a participant's call");
        match error {
            NoAnswer::Silent => ApiError::GatewayTimeout(format!("the SFU: {error}")),
            // What is said of the way to it is for the log.
            NoAnswer::Nobody(_) => ApiError::BadGateway("the SFU: nobody answers".to_owned()),
            NoAnswer::TooLong => ApiError::BadGateway(format!("the SFU: {error}")),
        }
    })?;
    let said = sfu.back(&bearer, &forward, status, &text);
    let said = said.inspect_err(|error| tracing::warn!(%error, "the SFU answered badly"))?;
    Ok(answer::json(&said)?.with_status(status))
}

/// Makes the room of a session on Janus.
pub(super) async fn make_room(janus: &Janus, room: &SessionId, people: u32) -> Made {
    let create = janus.create(room, people)?;
    let made = async {
        janus.guarded().await?;
        janus.manage(&create).await
    };
    match in_time(made).await? {
        Some(ROOM_EXISTS) | None => Ok(()),
        Some(code) => Err(refused(code)),
    }
}

/// Ends it.
pub(super) async fn end_room(janus: &Janus, room: &SessionId) -> Made {
    match in_time(janus.manage(&janus.destroy(room))).await? {
        Some(NO_SUCH_ROOM) | None => Ok(()),
        Some(code) => Err(refused(code)),
    }
}

async fn in_time<T>(what: impl Future<Output = Result<T, Unable>>) -> Result<T, Unable> {
    let silent = || Unable("Janus gave no answer in time".to_owned());
    within(ROOM, what).await.ok_or_else(silent)?
}

fn refused(code: i64) -> Unable {
    Unable(format!(
        "Janus' VideoRoom refused with {code}; 433 is another admin_key than the secret's adminKey"
    ))
}

impl Janus {
    /// Whether Janus checks tokens at all: one that does not makes rooms that anybody may join.
    async fn guarded(&self) -> Made {
        let said = self.ask(Method::Get, "/info", None).await?;
        match said.get("auth_token").and_then(Value::as_bool) {
            Some(true) => Ok(()),
            Some(false) | None => Err(Unable(
                "Janus lets anybody in; it needs token_auth and the token_auth_secret".to_owned(),
            )),
        }
    }

    /// Asks the VideoRoom something by a session and a handle of our own; gives its error code, if it
    /// has one.
    async fn manage(&self, body: &Value) -> Result<Option<i64>, Unable> {
        let session = self.begin("", json!({"janus": "create"})).await?;
        let session = format!("/{session}");
        let attach = json!({"janus": "attach", "plugin": PLUGIN});
        let handle = self.begin(&session, attach).await?;
        let message = json!({"janus": "message", "body": body});
        let said = self.say(&format!("{session}/{handle}"), message).await;
        // Without this it would end by itself, a minute later.
        let farewell = self.say(&session, json!({"janus": "destroy"}));
        within(FAREWELL, farewell).await;
        let code = said?;
        Ok(code
            .pointer("/plugindata/data/error_code")
            .and_then(Value::as_i64))
    }

    /// Begins a session or a handle; gives its number.
    async fn begin(&self, path: &str, what: Value) -> Result<u64, Unable> {
        let said = self.say(path, what).await?;
        let id = said.pointer("/data/id").and_then(Value::as_u64);
        id.ok_or_else(|| Unable("Janus gave no number to a session".to_owned()))
    }

    /// Says something to Janus, with what opens its door.
    async fn say(&self, path: &str, mut what: Value) -> Result<Value, Unable> {
        if let Some(what) = what.as_object_mut() {
            what.insert("transaction".to_owned(), json!("samewire"));
            let door = self.door(platform::now() + DOOR);
            what.insert("token".to_owned(), json!(door));
        }
        let said = self.ask(Method::Post, path, Some(&what)).await?;
        match said.pointer("/error/code").and_then(Value::as_i64) {
            Some(code) => Err(Unable(format!(
                "Janus refused with {code}; 403 is another token_auth_secret than the secret's tokenSecret"
            ))),
            None => Ok(said),
        }
    }

    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Unable> {
        let headers = Headers::new();
        let body = body.map(Value::to_string);
        let url = format!("{}{path}", self.api);
        let asked = ask(Question {
            method,
            url: &url,
            headers: &headers,
            body: body.as_deref(),
            patience: ROOM,
        });
        let (status, text) = asked.await.map_err(|e| Unable(format!("Janus: {e}")))?;
        serde_json::from_str(&text)
            .map_err(|_| Unable(format!("Janus answered with status {status} and no JSON")))
    }
}
