//! Cloudflare Realtime SFU, and what speaks as it does: the Worker stands between it and the browser.
//!
//! The app's API token opens every session of the app, so it stays here: browsers call the Worker, with
//! a token of their own, and [`super::api`] says what passes. The Worker stores nothing of it. It hands
//! out *handles* in the place of the SFU's session ids, signed for their session and participant:
//! `<sfu id>.<participant>.<signature>`. **A call acts on handles of the caller's own, and pulls from
//! handles of its session; another's is refused, and a bare id is no handle.**

use std::rc::Rc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use samewire_core::protocol::ids::{ParticipantId, SessionId, is_plain_name};
use samewire_core::time::Millis;
use serde_json::{Value, json};

use super::seal::Seal;
use super::{Adapter, Bearer, Given, LIFE, Signed, Unable};
use crate::token::TokenError;

/// Where the API is, unless it is said.
const CLOUDFLARE: &str = "https://rtc.live.cloudflare.com/v1";

/// An app of the SFU.
#[derive(Clone, PartialEq, Eq)]
pub struct Cloudflare {
    /// Below which the app's calls are.
    pub app: String,
    /// What opens it.
    pub secret: String,
    seal: Seal,
}

// It holds secrets, which belong in no log.
impl std::fmt::Debug for Cloudflare {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Cloudflare({})", self.app)
    }
}

/// Reads what is configured.
pub(super) fn read(given: &Given<'_>) -> Result<Rc<dyn Adapter>, String> {
    let url = match given.config.get("url") {
        Some(_) => given.address("url", ["https://", "http://"])?,
        None => CLOUDFLARE.to_owned(),
    };
    let Some(app) = given.text("appId").filter(|id| is_plain_name(id)) else {
        let found = given.config.get("appId");
        let found = found.map_or("missing".to_owned(), Value::to_string);
        return Err(format!(
            ".config.appId is {found}; it is the id of a Realtime SFU app: 1 to 128 of A-Z a-z 0-9 _ -"
        ));
    };
    given.nothing_but(&["appId", "url"])?;
    Ok(Rc::new(Cloudflare {
        app: format!("{url}/apps/{app}"),
        secret: given.secret("the app's API token")?,
        seal: given.seal.clone(),
    }))
}

impl Cloudflare {
    /// Who shows a token.
    pub fn verify(&self, token: &str, now: Millis) -> Result<Bearer, TokenError> {
        let (said, signature) = token.split_once('.').ok_or(TokenError::Malformed)?;
        if !self.seal.knows(&["token", said], signature) {
            return Err(TokenError::Forged);
        }
        let bytes = URL_SAFE_NO_PAD.decode(said).unwrap_or_default();
        let said = std::str::from_utf8(&bytes).unwrap_or_default();
        let said: Value = serde_json::from_str(said).map_err(|_| TokenError::Malformed)?;
        let text = |key: &str| said.get(key).and_then(Value::as_str).unwrap_or_default();
        let session = SessionId::parse(text("session")).map_err(|_| TokenError::Malformed)?;
        match said.get("expires_at").and_then(Value::as_u64) {
            Some(ends) if Millis(ends) > now => Ok(Bearer {
                session,
                incarnation: text("incarnation").into(),
                participant: text("participant").into(),
            }),
            Some(_) | None => Err(TokenError::Expired),
        }
    }

    /// What a participant is told in the place of the SFU's id.
    pub fn handle(&self, bearer: &Bearer, id: &str) -> String {
        let signature = self.seal.sign(&signed(bearer, &bearer.participant, id));
        format!("{id}.{}.{signature}", bearer.participant)
    }

    /// The SFU's id behind a handle of the caller's session, and whose it is.
    pub fn unwrap<'a>(&self, bearer: &Bearer, handle: &'a str) -> Option<(&'a str, ParticipantId)> {
        let (id, rest) = handle.split_once('.')?;
        let (participant, signature) = rest.split_once('.')?;
        let participant = ParticipantId::from(participant);
        let known = is_plain_name(id)
            && self
                .seal
                .knows(&signed(bearer, &participant, id), signature);
        known.then_some((id, participant))
    }
}

/// What the signature of a handle is of.
fn signed<'a>(bearer: &'a Bearer, participant: &'a ParticipantId, id: &'a str) -> [&'a str; 5] {
    [
        "handle",
        bearer.session.as_str(),
        bearer.incarnation.as_str(),
        participant.as_str(),
        id,
    ]
}

impl Adapter for Cloudflare {
    fn sign(&self, bearer: &Bearer, now: Millis) -> Result<Signed, Unable> {
        let expires_at = now + LIFE;
        let said = json!({
            "session": bearer.session.as_str(), "incarnation": bearer.incarnation,
            "participant": bearer.participant, "expires_at": expires_at,
        });
        let said = URL_SAFE_NO_PAD.encode(said.to_string());
        let signature = self.seal.sign(&["token", &said]);
        Ok(Signed {
            credentials: json!({"token": format!("{said}.{signature}"), "expires_at": expires_at}),
            expires_at,
        })
    }

    #[cfg(target_arch = "wasm32")]
    fn serve(self: Rc<Self>, request: worker::Request, path: Vec<String>) -> Option<super::Served> {
        Some(Box::pin(async move {
            super::calls::serve(&self, request, &path).await
        }))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::tests::bearer;
    use super::*;

    pub(crate) fn cloudflare() -> Cloudflare {
        Cloudflare {
            app: "https://sfu.example/v1/apps/a1".to_owned(),
            secret: "hush".to_owned(),
            seal: Seal::derive("a secret of this test", "cloudflare"),
        }
    }

    fn token(of: &Cloudflare) -> String {
        let signed = of.sign(&bearer(), Millis(0)).unwrap();
        signed.credentials["token"].as_str().unwrap().to_owned()
    }

    #[test]
    fn a_token_says_who_it_is_for_until_it_ends() {
        let cloudflare = cloudflare();
        let token = token(&cloudflare);
        assert_eq!(cloudflare.verify(&token, Millis(LIFE.0 - 1)), Ok(bearer()));
        assert_eq!(cloudflare.verify(&token, LIFE), Err(TokenError::Expired));
        let other = Cloudflare {
            seal: Seal::derive("another secret", "cloudflare"),
            ..cloudflare.clone()
        };
        assert_eq!(other.verify(&token, Millis(0)), Err(TokenError::Forged));
        let (said, signature) = token.split_once('.').unwrap();
        for broken in [
            "",
            ".",
            "x.y",
            said,
            &format!("{said}."),
            &format!("x{said}.{signature}"),
        ] {
            assert!(cloudflare.verify(broken, Millis(0)).is_err(), "{broken}");
        }
    }

    #[test]
    fn a_handle_is_known_in_its_life_of_its_session_and_says_whose_it_is() {
        let cloudflare = cloudflare();
        let handle = cloudflare.handle(&bearer(), "5f3");
        let ben = Bearer {
            participant: "p2".into(),
            ..bearer()
        };
        for who in [bearer(), ben.clone()] {
            assert_eq!(cloudflare.unwrap(&who, &handle), Some(("5f3", "p1".into())));
        }
        let elsewhere = Bearer {
            session: SessionId::parse("other").unwrap(),
            ..bearer()
        };
        let later = Bearer {
            incarnation: "life-2".into(),
            ..bearer()
        };
        for who in [elsewhere, later] {
            assert_eq!(cloudflare.unwrap(&who, &handle), None);
        }
        let stolen = handle.replacen(".p1.", ".p2.", 1);
        let another = handle.replacen("5f3", "5f4", 1);
        for broken in [
            "",
            "5f3",
            "5f3.p1",
            "5f3.p1.",
            "../x.p1.y",
            &stolen,
            &another,
        ] {
            assert_eq!(cloudflare.unwrap(&ben, broken), None, "{broken}");
        }
    }
}
