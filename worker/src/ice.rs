//! `ICE_SERVERS`: STUN and TURN, and the short-lived credentials that participants get for them.
//!
//! Three ways to a TURN credential: one that is configured; one that is made here and that coturn
//! checks with the secret it shares with us (`use-auth-secret`); and one that Cloudflare makes when
//! asked. **A configured secret never leaves**: what travels is good for one user and a while.

mod parse;

use samewire_core::protocol::ids::UserId;
use samewire_core::session::Ice;
use samewire_core::time::Millis;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::sign::hmac_sha1;

pub use parse::IceError;

/// How long a TURN credential lasts that does not say, in seconds.
pub const DEFAULT_TTL: u64 = 3_600;

/// The shortest a TURN credential may last, in seconds.
pub const MIN_TTL: u64 = 10;

/// The longest a TURN credential may last, in seconds: what Cloudflare allows.
pub const MAX_TTL: u64 = 172_800;

/// The most bytes of what Cloudflare answers: it travels in a socket's attachment.
pub const MAX_FETCHED_BYTES: usize = 6 * 1024;

/// All of `ICE_SERVERS`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IceServers {
    fixed: Vec<Value>,
    hmac: Vec<HmacServer>,
    /// Those whose credentials Cloudflare makes.
    pub cloudflare: Vec<CloudflareKey>,
}

/// TURN servers that share a secret with us.
#[derive(Clone, PartialEq, Eq)]
struct HmacServer {
    urls: Vec<String>,
    secret: String,
    ttl: u64,
}

/// A key of Cloudflare's TURN service.
#[derive(Clone, PartialEq, Eq)]
pub struct CloudflareKey {
    /// Where credentials are asked for.
    pub endpoint: String,
    /// What is shown there.
    pub token: String,
    /// How long the credentials last, in seconds.
    pub ttl: u64,
}

// They hold secrets, which belong in no log.
impl std::fmt::Debug for HmacServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HmacServer({:?})", self.urls)
    }
}

impl std::fmt::Debug for CloudflareKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CloudflareKey({})", self.endpoint)
    }
}

/// What Cloudflare made for one participant.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Fetched {
    /// In the shape of `RTCIceServer`.
    pub servers: Vec<Value>,
    /// When they end.
    pub expires_at: Millis,
}

impl IceServers {
    /// The servers for one user. `fetched` is what Cloudflare made for them; where that is configured
    /// and missing, the whole ends at once, so that it is asked for again.
    pub fn of(&self, user: &UserId, now: Millis, fetched: Option<&Fetched>) -> Ice {
        let mut servers = self.fixed.clone();
        let mut ends: Vec<Millis> = Vec::new();
        for server in &self.hmac {
            let expiry = (now.0 / 1_000).saturating_add(server.ttl);
            let username = format!("{expiry}:{user}");
            // What coturn's `use-auth-secret` expects.
            let credential = hmac_sha1(&server.secret, &username);
            servers
                .push(json!({"urls": server.urls, "username": username, "credential": credential}));
            ends.push(Millis::from_secs(expiry));
        }
        if !self.cloudflare.is_empty() {
            servers.extend(fetched.iter().flat_map(|f| f.servers.iter().cloned()));
            ends.push(fetched.map_or(now, |f| f.expires_at));
        }
        Ice {
            servers,
            expires_at: ends.into_iter().min(),
        }
    }
}

/// Reads what Cloudflare answers. An older API gives one server and not a list.
pub fn read_cloudflare(text: &str, expires_at: Millis) -> Option<Fetched> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(rename = "iceServers")]
        servers: Value,
    }
    if text.len() > MAX_FETCHED_BYTES {
        return None;
    }
    let Answer { servers } = serde_json::from_str(text).ok()?;
    let servers = match servers {
        Value::Array(servers) => servers,
        one @ Value::Object(_) => vec![one],
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return None,
    };
    servers
        .iter()
        .all(|server| server.get("urls").is_some())
        .then_some(Fetched {
            servers,
            expires_at,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<IceServers, String> {
        let secret = |name: &str| (name == "TURN_SECRET").then(|| "north".to_owned());
        IceServers::parse(text, secret).map_err(|e| e.to_string())
    }

    fn of(text: &str) -> Ice {
        let now = Millis(1_700_000_000_500);
        parse(text).unwrap().of(&"ana".into(), now, None)
    }

    /// The credential is what `openssl dgst -sha1 -hmac north -binary | base64` makes of the name.
    #[test]
    fn a_credential_for_coturn_is_its_end_and_the_user_signed() {
        let ice = of(r#"[{"urls":"turn:t.example","hmac":{"secret":"TURN_SECRET"}}]"#);
        assert_eq!(
            ice.servers,
            [
                json!({"urls": ["turn:t.example"], "username": "1700003600:ana",
                "credential": "+5Wu0RaejH8eFX2gvpvBno8V880="})
            ]
        );
        assert_eq!(ice.expires_at, Some(Millis(1_700_003_600_000)));
    }

    #[test]
    fn a_url_without_scheme_is_repaired() {
        let ice = of(r#"[{"urls":"a.example"},{"urls":["b"],"username":"u","credential":"c"}]"#);
        assert_eq!(
            ice.servers,
            [
                json!({"urls": ["stun:a.example"]}),
                json!({"urls": ["turn:b"], "username": "u", "credential": "c"})
            ]
        );
        assert_eq!(ice.expires_at, None);
    }

    #[test]
    fn cloudflares_come_beside_the_others_and_without_them_all_is_renewed_at_once() {
        let text = r#"[{"urls":"stun:a"},{"cloudflare":{"keyId":"k1","secret":"TURN_SECRET"}}]"#;
        let all = parse(text).unwrap();
        assert_eq!(
            all.cloudflare[0].endpoint,
            "https://rtc.live.cloudflare.com/v1/turn/keys/k1/credentials/generate-ice-servers"
        );
        let answer = r#"{"iceServers":[{"urls":["turn:x"],"username":"u","credential":"c"}]}"#;
        let fetched = read_cloudflare(answer, Millis(9)).unwrap();
        let ice = all.of(&"ana".into(), Millis(5), Some(&fetched));
        assert_eq!((ice.servers.len(), ice.expires_at), (2, Some(Millis(9))));
        let without = all.of(&"ana".into(), Millis(5), None);
        assert_eq!(
            (without.servers.len(), without.expires_at),
            (1, Some(Millis(5)))
        );
        assert_eq!(read_cloudflare(r#"{"errors":[]}"#, Millis(9)), None);
    }

    #[test]
    fn what_is_wrong_is_said_with_where_it_stands_and_secrets_are_not_repeated() {
        let error = |text: &str| parse(text).unwrap_err();
        assert!(error("{").starts_with("line 1 column"));
        assert!(error(r#"[{"urls":"turn:a"}]"#).contains("[0]: \"turn:a\" has no username"));
        assert!(error(r#"[{"urls":"https://a"}]"#).contains("it is stun, stuns, turn or turns"));
        assert!(error(r#"[{}]"#).starts_with("[0] has no urls"));
        let hmac = |rest: &str| format!(r#"[{{"urls":"turn:a","hmac":{{{rest}}}}}]"#);
        assert_eq!(
            error(&hmac(r#""secret":"NOWHERE""#)),
            "[0].hmac.secret names \"NOWHERE\", and no secret of that name is set"
        );
        assert_eq!(
            error(&hmac(r#""secret":"TURN_SECRET","ttlSeconds":5"#)),
            "[0].hmac.ttlSeconds is 5; it is 10 to 172800"
        );
        let hush = error(&hmac(r#""secret":"hush-hush""#));
        assert!(hush.starts_with("[0].hmac.secret is no name") && !hush.contains("hush-"));
        let stun = r#"[{"urls":"stun:a","hmac":{"secret":"TURN_SECRET"}}]"#;
        assert!(error(stun).contains("none of its urls is a turn:"));
        let path = r#"[{"cloudflare":{"keyId":"a/b","secret":"TURN_SECRET"}}]"#;
        assert!(error(path).contains("keyId is no id"));
        assert!(!format!("{:?}", parse(&hmac(r#""secret":"TURN_SECRET""#))).contains("north"));
    }
}
