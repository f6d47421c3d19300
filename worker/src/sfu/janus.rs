//! Janus' VideoRoom: one room a session, made over Janus' HTTP transport, joined over its WebSocket.
//!
//! Janus checks the tokens itself, by the secret it shares with us (`token_auth_secret`): one for its
//! door, and one for the room, which is made with `signed_tokens`. A room is made by `create` with the
//! admin key; that it is there already is as good. What manages a room, its own secret, stays here.

use std::rc::Rc;

use samewire_core::protocol::ids::SessionId;
use samewire_core::time::Millis;
use serde_json::{Value, json};

use super::{Adapter, Bearer, Given, LIFE, Signed, Unable};
use crate::sign::hmac_sha1;

/// The plugin.
pub const PLUGIN: &str = "janus.plugin.videoroom";

/// Janus compares the first 99 bytes of `room=` and the room's name: of two that differ after that, the
/// token of one would open the other.
const MOST_ROOM_BYTES: usize = 94;

/// There is no such room.
pub const NO_SUCH_ROOM: i64 = 426;

/// The room is there already.
pub const ROOM_EXISTS: i64 = 427;

/// A Janus.
#[derive(Clone)]
pub struct Janus {
    /// Its HTTP transport.
    pub api: String,
    /// Its WebSocket, for browsers.
    url: String,
    admin_key: String,
    token_secret: String,
}

// It holds secrets, which belong in no log.
impl std::fmt::Debug for Janus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Janus({})", self.api)
    }
}

/// Reads what is configured.
pub(super) fn read(given: &Given<'_>) -> Result<Rc<dyn Adapter>, String> {
    let api = given.address("api", ["https://", "http://"])?;
    let url = given.address("url", ["wss://", "ws://"])?;
    given.nothing_but(&["api", "url"])?;
    let what = r#"JSON as {"adminKey": "…", "tokenSecret": "…"}: the admin_key of Janus' VideoRoom, and its token_auth_secret"#;
    let json: Value = serde_json::from_str(&given.secret(what)?).unwrap_or_default();
    let text = |key: &str| {
        let text = json.get(key).and_then(Value::as_str).unwrap_or_default();
        // It is not repeated, because it is a secret.
        let name = given.secret_name.unwrap_or_default();
        match text {
            "" => Err(format!(".secret names \"{name}\", which is not {what}")),
            text => Ok(text.to_owned()),
        }
    };
    Ok(Rc::new(Janus {
        admin_key: text("adminKey")?,
        token_secret: text("tokenSecret")?,
        api,
        url,
    }))
}

impl Janus {
    /// A token of Janus' own kind: when it ends, for what, and the signature of both.
    fn token(&self, ends: Millis, of: &str) -> String {
        let signed = format!("{},{of}", ends.0 / 1_000);
        let signature = hmac_sha1(&self.token_secret, &signed);
        format!("{signed}:{signature}")
    }

    /// What opens Janus' door.
    pub fn door(&self, ends: Millis) -> String {
        self.token(ends, &format!("janus,{PLUGIN}"))
    }

    /// What manages the room of a session.
    fn room_secret(&self, room: &SessionId) -> String {
        hmac_sha1(&self.token_secret, &format!("samewire room {room}"))
    }

    /// The request that makes a room for so many who send.
    pub fn create(&self, room: &SessionId, people: u32) -> Result<Value, Unable> {
        name_fits(room)?;
        Ok(json!({
            "request": "create", "room": room.as_str(), "admin_key": self.admin_key,
            "secret": self.room_secret(room), "permanent": false, "is_private": true,
            "signed_tokens": true, "publishers": people,
        }))
    }

    /// The request that ends a room.
    pub fn destroy(&self, room: &SessionId) -> Value {
        json!({
            "request": "destroy", "room": room.as_str(), "secret": self.room_secret(room),
            "permanent": false,
        })
    }
}

fn name_fits(room: &SessionId) -> Result<(), Unable> {
    match room.as_str().len() {
        ..=MOST_ROOM_BYTES => Ok(()),
        length => Err(Unable(format!(
            "a room of Janus has a name of {MOST_ROOM_BYTES} characters at most, and the session's id has {length}"
        ))),
    }
}

impl Adapter for Janus {
    fn sign(&self, bearer: &Bearer, now: Millis) -> Result<Signed, Unable> {
        name_fits(&bearer.session)?;
        let expires_at = now + LIFE;
        let room = format!("{PLUGIN},room={}", bearer.session);
        Ok(Signed {
            credentials: json!({
                "url": self.url, "token": self.door(expires_at),
                "room_token": self.token(expires_at, &room), "expires_at": expires_at,
            }),
            expires_at,
        })
    }

    #[cfg(target_arch = "wasm32")]
    fn make_room(
        self: Rc<Self>,
        room: SessionId,
        people: u32,
    ) -> Option<super::Later<super::Made>> {
        Some(Box::pin(async move {
            super::calls::make_room(&self, &room, people).await
        }))
    }

    #[cfg(target_arch = "wasm32")]
    fn end_room(self: Rc<Self>, room: SessionId) -> Option<super::Later<super::Made>> {
        Some(Box::pin(async move {
            super::calls::end_room(&self, &room).await
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::bearer;
    use super::*;

    fn janus() -> Janus {
        Janus {
            api: "http://j".to_owned(),
            url: "ws://j".to_owned(),
            admin_key: "a".to_owned(),
            token_secret: "north".to_owned(),
        }
    }

    /// The signatures are what `openssl dgst -sha1 -hmac north -binary | base64` makes.
    #[test]
    fn tokens_are_those_that_janus_checks() {
        let signed = janus().sign(&bearer(), Millis(1_699_999_400_000)).unwrap();
        assert_eq!(signed.expires_at, Millis(1_700_000_000_000));
        assert_eq!(
            signed.credentials,
            json!({
                "url": "ws://j",
                "token": "1700000000,janus,janus.plugin.videoroom:4ZiESzEmjb9yVl0nsWnssW3HqPk=",
                "room_token": "1700000000,janus.plugin.videoroom,room=room:vNYiIzHGkkly9iD0Whb2z8IZVRk=",
                "expires_at": 1_700_000_000_000_u64,
            })
        );
    }

    #[test]
    fn a_name_that_janus_would_cut_off_is_refused() {
        let long = |length: usize| SessionId::parse(&"r".repeat(length)).unwrap();
        assert!(janus().create(&long(94), 3).is_ok());
        let why = janus().create(&long(95), 3).unwrap_err().to_string();
        assert!(why.ends_with("and the session's id has 95"), "{why}");
        let bearer = Bearer {
            session: long(95),
            ..bearer()
        };
        assert!(janus().sign(&bearer, Millis(0)).is_err());
    }

    #[test]
    fn what_manages_a_room_differs_from_room_to_room() {
        let room = |name: &str| SessionId::parse(name).unwrap();
        let secret = |name| janus().destroy(&room(name)).get("secret").cloned();
        assert_ne!(secret("a"), secret("b"));
        assert_eq!(
            secret("a"),
            janus()
                .create(&room("a"), 3)
                .unwrap()
                .get("secret")
                .cloned()
        );
    }
}
