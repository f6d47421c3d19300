//! SFUs: the Worker's half of each.
//!
//! An [`Adapter`] makes the session's room on its SFU, if the SFU has rooms, and signs the credentials
//! of everyone who is to use it. **A configured secret never leaves**: what travels is good for one
//! participant of one life of one session, and for [`LIFE`]. [`ADAPTERS`] is the list; a provider of
//! another name has no adapter, and its driver finds its way by itself.

pub mod api;
pub mod cloudflare;
pub mod janus;
mod seal;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::rc::Rc;

use samewire_core::protocol::ids::{Incarnation, ParticipantId, ProviderName, SessionId};
use samewire_core::protocol::server::ProviderKind;
use samewire_core::provider::Provider;
use samewire_core::time::Millis;
use serde_json::Value;

#[cfg(target_arch = "wasm32")]
mod calls;
#[cfg(target_arch = "wasm32")]
pub(crate) use calls::Later;

use seal::Seal;

/// How long credentials last. They are renewed at half of that; whoever is removed keeps what it has
/// for as long.
pub const LIFE: Millis = Millis::from_secs(600);

/// Reads what is configured of one SFU.
type Read = fn(&Given<'_>) -> Result<Rc<dyn Adapter>, String>;

/// Every adapter, by the name of its provider.
const ADAPTERS: &[(&str, Read)] = &[("cloudflare", cloudflare::read), ("janus", janus::read)];

/// Who is to use an SFU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bearer {
    /// The session; the room is named like it.
    pub session: SessionId,
    /// Which life of it.
    pub incarnation: Incarnation,
    /// Who, in it.
    pub participant: ParticipantId,
}

/// What a participant is given.
#[derive(Clone, Debug, PartialEq)]
pub struct Signed {
    /// As the driver of the provider wants it.
    pub credentials: Value,
    /// When it ends.
    pub expires_at: Millis,
}

/// Why there are no credentials, or no room: for the log, without secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unable(pub String);

/// The Worker's half of an SFU.
pub trait Adapter: Debug {
    /// Signs what opens the SFU to one participant.
    fn sign(&self, bearer: &Bearer, now: Millis) -> Result<Signed, Unable>;

    /// Makes the session's room, unless it is there; nothing where the SFU has no rooms.
    #[cfg(target_arch = "wasm32")]
    fn make_room(self: Rc<Self>, _room: SessionId, _people: u32) -> Option<Later<Made>> {
        None
    }

    /// Lets go of the session's room, if there is one.
    #[cfg(target_arch = "wasm32")]
    fn end_room(self: Rc<Self>, _room: SessionId) -> Option<Later<Made>> {
        None
    }

    /// Answers what a participant calls below `/v1/sfu/{provider}`; nothing where nothing is called.
    #[cfg(target_arch = "wasm32")]
    fn serve(self: Rc<Self>, _request: worker::Request, _path: Vec<String>) -> Option<Served> {
        None
    }
}

/// The outcome of making or ending a room.
#[cfg(target_arch = "wasm32")]
pub(crate) type Made = Result<(), Unable>;

/// The answer to a participant's call.
#[cfg(target_arch = "wasm32")]
pub(crate) type Served = Later<crate::answer::Answered>;

/// What an adapter is configured with.
struct Given<'a> {
    /// `config` of the provider: an object.
    config: &'a Value,
    /// The text of the secret that it names, if it names one that is set.
    secret: Option<String>,
    /// The name of that secret.
    secret_name: Option<&'a str>,
    /// What the Worker itself signs with.
    seal: Seal,
}

impl Given<'_> {
    /// The secret, which this SFU needs.
    fn secret(&self, what: &str) -> Result<String, String> {
        match (&self.secret, self.secret_name) {
            (Some(secret), _) => Ok(secret.clone()),
            (None, Some(name)) => Err(format!(
                ".secret names \"{name}\", and no secret of that name is set; it holds {what}"
            )),
            (None, None) => Err(format!(
                ".secret is missing; it names the secret that holds {what}"
            )),
        }
    }

    /// A text of `config`.
    fn text(&self, key: &str) -> Option<&str> {
        self.config.get(key).and_then(Value::as_str)
    }

    /// An address of `config` that begins with one of these.
    fn address(&self, key: &str, schemes: [&str; 2]) -> Result<String, String> {
        let is_one = |text: &&str| {
            let rest = schemes.iter().find_map(|scheme| text.strip_prefix(scheme));
            rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', '?', '#', ':']))
                && !text
                    .contains(|c: char| c.is_whitespace() || c.is_control() || "?#@".contains(c))
        };
        match self.text(key).filter(is_one) {
            Some(text) => Ok(text.trim_end_matches('/').to_owned()),
            None => {
                let found = self
                    .config
                    .get(key)
                    .map_or("missing".to_owned(), Value::to_string);
                let [a, b] = schemes;
                Err(format!(
                    ".config.{key} is {found}; it is an address that begins with {a} or {b}"
                ))
            }
        }
    }

    /// That `config` holds nothing else.
    fn nothing_but(&self, known: &[&str]) -> Result<(), String> {
        let mut keys = self
            .config
            .as_object()
            .into_iter()
            .flat_map(|map| map.keys());
        match keys.find(|key| !known.contains(&key.as_str()) && *key != "public") {
            Some(key) => Err(format!(
                ".config.{key} is nothing that this provider has; there are {}, and public",
                known.join(", ")
            )),
            None => Ok(()),
        }
    }
}

/// The SFUs that are configured.
#[derive(Clone, Debug, Default)]
pub struct Sfus(BTreeMap<ProviderName, Rc<dyn Adapter>>);

impl Sfus {
    /// Finds the adapter of every provider that has one, and notes that it makes credentials. An error
    /// says which entry of `PROVIDERS` is wrong, what it holds and what it may hold.
    pub fn read(
        providers: &mut [Provider],
        token_secret: &str,
        secret: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, String> {
        let mut all = BTreeMap::new();
        for (i, provider) in providers.iter_mut().enumerate() {
            let name = provider.name.as_str();
            let Some((_, read)) = ADAPTERS.iter().find(|(known, _)| *known == name) else {
                continue;
            };
            if provider.kind != ProviderKind::Sfu {
                return Err(format!("[{i}].kind is not \"sfu\"; \"{name}\" is an SFU"));
            }
            let given = Given {
                config: &provider.config,
                secret: provider.secret.as_deref().and_then(&secret),
                secret_name: provider.secret.as_deref(),
                seal: Seal::derive(token_secret, name),
            };
            let adapter = read(&given).map_err(|wrong| format!("[{i}]{wrong}"))?;
            all.insert(provider.name.clone(), adapter);
            provider.needs_credentials = true;
        }
        Ok(Self(all))
    }

    /// The adapter of a provider.
    pub fn of(&self, provider: &str) -> Option<Rc<dyn Adapter>> {
        let found = self.0.iter().find(|(name, _)| name.as_str() == provider);
        found.map(|(_, adapter)| Rc::clone(adapter))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use samewire_core::provider;

    use super::*;

    pub(crate) fn bearer() -> Bearer {
        Bearer {
            session: SessionId::parse("room").unwrap(),
            incarnation: "life".into(),
            participant: "p1".into(),
        }
    }

    fn read(json: &str) -> Result<(Vec<Provider>, Sfus), String> {
        let mut providers = provider::config::parse(json).unwrap();
        let secret = |name: &str| match name {
            "APP" => Some("hush".to_owned()),
            "JANUS" => Some(r#"{"adminKey":"a","tokenSecret":"hush"}"#.to_owned()),
            _ => None,
        };
        let sfus = Sfus::read(&mut providers, "0123456789abcdef0123456789abcdef", secret)?;
        Ok((providers, sfus))
    }

    fn wrong(json: &str) -> String {
        read(&format!("[{json}]")).unwrap_err()
    }

    #[test]
    fn providers_with_an_adapter_have_credentials_and_others_have_none() {
        let (providers, sfus) = read(
            r#"[{"name":"p2p","kind":"p2p"},
                {"name":"cloudflare","kind":"sfu","config":{"appId":"a1"},"secret":"APP"},
                {"name":"janus","kind":"sfu","secret":"JANUS",
                 "config":{"public":{},"api":"http://j:8088/janus/","url":"wss://j"}},
                {"name":"daily","kind":"vendor"}]"#,
        )
        .unwrap();
        let needs: Vec<_> = providers.iter().map(|p| p.needs_credentials).collect();
        assert_eq!(needs, [false, true, true, false]);
        assert!(sfus.of("janus").is_some() && sfus.of("daily").is_none());
        assert!(!format!("{sfus:?}").contains("hush"), "no secret in a log");
    }

    #[test]
    fn what_is_wrong_is_said_with_where_it_stands_and_what_would_be_right() {
        let cloudflare =
            |rest: &str| wrong(&format!(r#"{{"name":"cloudflare","kind":"sfu",{rest}}}"#));
        assert_eq!(
            wrong(r#"{"name":"janus","kind":"vendor"}"#),
            "[0].kind is not \"sfu\"; \"janus\" is an SFU"
        );
        assert_eq!(
            cloudflare(r#""config":{},"secret":"APP""#),
            "[0].config.appId is missing; it is the id of a Realtime SFU app: 1 to 128 of A-Z a-z 0-9 _ -"
        );
        assert_eq!(
            cloudflare(r#""config":{"appId":"a"}"#),
            "[0].secret is missing; it names the secret that holds the app's API token"
        );
        assert_eq!(
            cloudflare(r#""config":{"appId":"a"},"secret":"NOWHERE""#),
            "[0].secret names \"NOWHERE\", and no secret of that name is set; it holds the app's API token"
        );
        assert_eq!(
            cloudflare(r#""config":{"appId":"a","url":"rtc.example"},"secret":"APP""#),
            "[0].config.url is \"rtc.example\"; it is an address that begins with https:// or http://"
        );
        assert_eq!(
            cloudflare(r#""config":{"appId":"a","app":1},"secret":"APP""#),
            "[0].config.app is nothing that this provider has; there are appId, url, and public"
        );
        let janus = |rest: &str| wrong(&format!(r#"{{"name":"janus","kind":"sfu",{rest}}}"#));
        assert_eq!(
            janus(r#""config":{"api":"http://j/janus","url":"http://j"},"secret":"JANUS""#),
            "[0].config.url is \"http://j\"; it is an address that begins with wss:// or ws://"
        );
        let no_json = janus(r#""config":{"api":"http://j/janus","url":"ws://j"},"secret":"APP""#);
        assert!(
            no_json.starts_with("[0].secret names \"APP\", which is not"),
            "{no_json}"
        );
        assert!(!no_json.contains("hush"));
    }
}
