//! What of the SFU's API passes the Worker, and how it is told apart from what does not.
//!
//! On its way in a call is taken apart and put together anew of what is known here; on its way out an
//! answer has the SFU's session ids taken out. Nothing is passed on that was not looked at.

use std::collections::BTreeMap;

use samewire_core::protocol::ids::is_plain_name;
use serde_json::{Map, Value, json};

use super::Bearer;
use super::cloudflare::Cloudflare;
use crate::problem::ApiError;

/// The longest body of a call, and of an answer, in bytes: descriptions of many tracks are long.
pub const MAX_CALL_BYTES: usize = 256 * 1024;

/// The most tracks of one call: what Cloudflare takes.
const MAX_TRACKS: usize = 64;

/// What may be said of a track.
const OF_A_TRACK: &[&str] = &[
    "bidirectionalMediaStream",
    "kind",
    "location",
    "mid",
    "sessionId",
    "simulcast",
    "trackName",
];

/// A call, as it goes on to the SFU.
#[derive(Clone, Debug, PartialEq)]
pub struct Forward {
    /// Below the app.
    pub path: String,
    /// What is said.
    pub body: Option<Value>,
    /// The handles by the ids that stand for them.
    handles: BTreeMap<String, String>,
    /// Whether the answer names a session of its own.
    is_new: bool,
}

fn bad<T>(detail: impl Into<String>) -> Result<T, ApiError> {
    Err(ApiError::BadRequest(detail.into()))
}

/// The methods that a path takes; nothing where there is none.
pub fn methods(path: &[&str]) -> Option<&'static str> {
    match path {
        ["sessions", "new"] | ["sessions", _, "tracks", "new"] => Some("POST"),
        ["sessions", _] => Some("GET"),
        ["sessions", _, "renegotiate"] | ["sessions", _, "tracks", "update" | "close"] => {
            Some("PUT")
        }
        _ => None,
    }
}

impl Cloudflare {
    /// Takes a participant's call; its method was looked at.
    pub fn forward(&self, bearer: &Bearer, path: &[&str], body: &str) -> Result<Forward, ApiError> {
        let mut handles = BTreeMap::new();
        let mut own = |handle: &str| {
            match self.unwrap(bearer, handle) {
            Some((id, whose)) if whose == bearer.participant => {
                handles.insert(id.to_owned(), handle.to_owned());
                Ok(id.to_owned())
            }
            Some(_) => Err(ApiError::Forbidden(
                "this session of the SFU is another participant's; pull from it by a session of your own".to_owned(),
            )),
            None => Err(ApiError::Forbidden(
                "this is no session that the SFU gave you here; begin one by POST sessions/new".to_owned(),
            )),
        }
        };
        let (path, known): (_, Option<&[&str]>) = match path {
            ["sessions", "new"] => ("sessions/new".to_owned(), Some(&["sessionDescription"])),
            ["sessions", handle] => (format!("sessions/{}", own(handle)?), None),
            ["sessions", handle, "renegotiate"] => (
                format!("sessions/{}/renegotiate", own(handle)?),
                Some(&["sessionDescription"]),
            ),
            ["sessions", handle, "tracks", what] => (
                format!("sessions/{}/tracks/{what}", own(handle)?),
                Some(&["autoDiscover", "force", "sessionDescription", "tracks"]),
            ),
            _ => return Err(ApiError::NotFound("the SFU has no such call".to_owned())),
        };
        let is_new = path == "sessions/new";
        let body = match known {
            Some(known) => Some(self.body(bearer, known, body, &mut handles)?),
            None => None,
        };
        Ok(Forward {
            path,
            body,
            handles,
            is_new,
        })
    }

    fn body(
        &self,
        bearer: &Bearer,
        known: &[&str],
        body: &str,
        handles: &mut BTreeMap<String, String>,
    ) -> Result<Value, ApiError> {
        let said = match body.trim() {
            "" => Value::Object(Map::new()),
            text => serde_json::from_str(text)
                .or_else(|error| bad(format!("the body is wrong: {error}")))?,
        };
        let Value::Object(mut said) = said else {
            return bad("the body is wrong: it is a JSON object");
        };
        nothing_but(&said, known, "the body")?;
        if let Some(description) = said.get("sessionDescription") {
            is_description(description)?;
        }
        if let Some(tracks) = said.get_mut("tracks") {
            let Some(tracks) = tracks.as_array_mut().filter(|all| all.len() <= MAX_TRACKS) else {
                return bad(format!("tracks is a list of {MAX_TRACKS} at most"));
            };
            for track in tracks {
                self.track(bearer, track, handles)?;
            }
        }
        Ok(Value::Object(said))
    }

    /// Puts the SFU's id in the place of a track's handle.
    fn track(
        &self,
        bearer: &Bearer,
        track: &mut Value,
        handles: &mut BTreeMap<String, String>,
    ) -> Result<(), ApiError> {
        let Some(track) = track.as_object_mut() else {
            return bad("a track is a JSON object");
        };
        nothing_but(track, OF_A_TRACK, "a track")?;
        let Some(of) = track.get_mut("sessionId") else {
            return Ok(());
        };
        let handle = of.as_str().unwrap_or_default();
        let Some((id, _)) = self.unwrap(bearer, handle) else {
            let detail = "a track is of a session that nobody was given here";
            return Err(ApiError::Forbidden(detail.to_owned()));
        };
        handles.insert(id.to_owned(), handle.to_owned());
        *of = json!(id);
        Ok(())
    }

    /// Takes the SFU's answer: its status, and the body that the participant gets.
    pub fn back(
        &self,
        bearer: &Bearer,
        forward: &Forward,
        status: u16,
        text: &str,
    ) -> Result<Value, ApiError> {
        let strange = |what: String| Err(ApiError::BadGateway(format!("the SFU {what}")));
        match status {
            200..=299 | 400 | 402 | 404..=599 => {}
            401 | 403 => {
                return strange(format!("refused the app that is configured ({status})"));
            }
            _ => return strange(format!("answered with status {status}")),
        }
        let Ok(Value::Object(mut said)) = serde_json::from_str(text) else {
            return strange(format!("answered with status {status} and no JSON object"));
        };
        let mut handles = forward.handles.clone();
        if forward.is_new && status < 300 {
            match said.get("sessionId").and_then(Value::as_str) {
                Some(id) if is_plain_name(id) => {
                    handles.insert(id.to_owned(), self.handle(bearer, id));
                }
                Some(_) | None => return strange("began a session without a name".to_owned()),
            }
        }
        rename(&mut said, &handles);
        Ok(Value::Object(said))
    }
}

fn nothing_but(said: &Map<String, Value>, known: &[&str], what: &str) -> Result<(), ApiError> {
    match said.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => {
            let key: String = key.chars().take(64).collect();
            bad(format!("{what} has \"{key}\"; it has {}", known.join(", ")))
        }
        None => Ok(()),
    }
}

fn is_description(description: &Value) -> Result<(), ApiError> {
    let Some(description) = description.as_object() else {
        return bad("sessionDescription is a JSON object");
    };
    nothing_but(description, &["sdp", "type"], "sessionDescription")
}

/// Puts handles in the place of the SFU's ids; an id that stands for none is taken out.
fn rename(said: &mut Map<String, Value>, handles: &BTreeMap<String, String>) {
    if let Some(id) = said.get_mut("sessionId") {
        match id.as_str().and_then(|id| handles.get(id)) {
            Some(handle) => *id = json!(handle),
            None => drop(said.remove("sessionId")),
        }
    }
    for value in said.values_mut() {
        match value {
            Value::Object(inner) => rename(inner, handles),
            Value::Array(all) => {
                let inner = all.iter_mut().filter_map(Value::as_object_mut);
                inner.for_each(|inner| rename(inner, handles));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::cloudflare::tests::cloudflare;
    use super::super::tests::bearer;
    use super::*;

    fn ben() -> Bearer {
        Bearer {
            participant: "p2".into(),
            ..bearer()
        }
    }

    fn call(path: &[&str], body: &str) -> Result<Forward, ApiError> {
        cloudflare().forward(&bearer(), path, body)
    }

    #[test]
    fn a_new_session_is_told_by_its_handle() {
        let forward = call(&["sessions", "new"], "").unwrap();
        assert_eq!(forward.path, "sessions/new");
        let answer = r#"{"sessionId":"5f3","sessionDescription":{"type":"answer","sdp":"v=0"}}"#;
        let told = cloudflare().back(&bearer(), &forward, 201, answer).unwrap();
        let handle = cloudflare().handle(&bearer(), "5f3");
        assert_eq!(
            told,
            json!({"sessionId": handle, "sessionDescription": {"type": "answer", "sdp": "v=0"}})
        );
        for nameless in ["{}", r#"{"sessionId":"../x"}"#, r#"{"sessionId":7}"#] {
            assert!(
                cloudflare()
                    .back(&bearer(), &forward, 201, nameless)
                    .is_err()
            );
        }
    }

    #[test]
    fn a_pull_names_the_sfus_ids_there_and_handles_here() {
        let (own, bens) = (
            cloudflare().handle(&bearer(), "a1"),
            cloudflare().handle(&ben(), "b2"),
        );
        let body = json!({"tracks": [{"location": "remote", "sessionId": bens, "trackName": "t"}]});
        let forward = call(&["sessions", &own, "tracks", "new"], &body.to_string()).unwrap();
        assert_eq!(forward.path, "sessions/a1/tracks/new");
        assert_eq!(
            forward.body,
            Some(json!({"tracks": [{"location": "remote", "sessionId": "b2", "trackName": "t"}]}))
        );
        let answer = json!({"tracks": [{"sessionId": "b2", "mid": "0"}, {"sessionId": "c3"}]});
        let told = cloudflare().back(&bearer(), &forward, 200, &answer.to_string());
        assert_eq!(
            told,
            Ok(json!({"tracks": [{"sessionId": bens, "mid": "0"}, {}]}))
        );
    }

    #[test]
    fn nobody_acts_on_anothers_session_and_a_bare_id_is_no_handle() {
        let bens = cloudflare().handle(&ben(), "b2");
        for handle in [bens.as_str(), "b2", "new", "..", "b2.p1.x", ""] {
            for path in [
                ["sessions", handle].as_slice(),
                &["sessions", handle, "renegotiate"],
                &["sessions", handle, "tracks", "close"],
            ] {
                let allowed = matches!(path, ["sessions", "new"]);
                let outcome = call(path, "{}");
                assert_eq!(outcome.is_ok(), allowed, "{path:?}: {outcome:?}");
            }
        }
    }

    #[test]
    fn what_is_not_known_does_not_pass() {
        let own = cloudflare().handle(&bearer(), "a1");
        let path = ["sessions", own.as_str(), "tracks", "new"];
        for (body, why) in [
            ("[]", "it is a JSON object"),
            ("{", "the body is wrong"),
            (r#"{"of":1}"#, "the body has \"of\""),
            (r#"{"tracks":{}}"#, "tracks is a list of 64 at most"),
            (r#"{"tracks":[1]}"#, "a track is a JSON object"),
            (r#"{"tracks":[{"app":"x"}]}"#, "a track has \"app\""),
            (
                r#"{"tracks":[{"sessionId":"b2"}]}"#,
                "nobody was given here",
            ),
            (r#"{"tracks":[{"sessionId":7}]}"#, "nobody was given here"),
            (
                r#"{"sessionDescription":"v=0"}"#,
                "sessionDescription is a JSON object",
            ),
            (
                r#"{"sessionDescription":{"to":1}}"#,
                "sessionDescription has \"to\"",
            ),
        ] {
            let error = call(&path, body).unwrap_err().to_string();
            assert!(error.contains(why), "{body}: {error}");
        }
    }

    #[test]
    fn an_answer_is_passed_on_as_it_is_unless_it_is_none() {
        let own = cloudflare().handle(&bearer(), "a1");
        let forward = call(&["sessions", &own], "").unwrap();
        let back = |status, text| cloudflare().back(&bearer(), &forward, status, text);
        let gone = r#"{"errorCode":"session_error","errorDescription":"gone"}"#;
        assert_eq!(back(410, gone).unwrap()["errorCode"], "session_error");
        assert!(back(500, gone).is_ok());
        for (status, text) in [
            (500, "<html>"),
            (200, "[]"),
            (401, gone),
            (403, gone),
            (302, "{}"),
        ] {
            let error = back(status, text).unwrap_err();
            assert!(matches!(error, ApiError::BadGateway(_)), "{status}");
        }
    }
}
