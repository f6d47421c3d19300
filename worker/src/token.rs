//! Join tokens: JSON Web Tokens signed with HS256, and nothing else.
//!
//! The algorithm is pinned: a token whose header names another, `none` included, is forged. Who a
//! participant is, and in which session, is what the token says (R11).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use samewire_core::protocol::http::SessionSettings;
use samewire_core::protocol::ids::{SessionId, TokenId, UserId};
use samewire_core::protocol::server::Role;
use samewire_core::session::Claims;
use samewire_core::time::Millis;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// The longest token that is looked at, in bytes. What a token says must fit a socket's attachment.
pub const MAX_TOKEN_BYTES: usize = 6 * 1024;

/// What a join token says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TokenClaims {
    /// The user.
    pub sub: UserId,
    /// What people call them.
    pub name: String,
    /// The session.
    pub sid: SessionId,
    /// What they may do.
    pub role: Role,
    /// When it was made, in seconds since 1970.
    pub iat: u64,
    /// When it ends, in seconds since 1970.
    pub exp: u64,
    /// Its own name, so that it can be barred.
    pub jti: String,
    /// How the session is to be, if this token begins it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionSettings>,
}

impl TokenClaims {
    /// When it ends.
    pub const fn expires_at(&self) -> Millis {
        Millis::from_secs(self.exp)
    }

    /// What renews a token: the same but for its times. It keeps its name, so that whoever is barred
    /// stays so (R33).
    pub fn renewal(claims: Claims, session: SessionId, now: Millis) -> Self {
        let iat = now.0 / 1_000;
        Self {
            sub: claims.user,
            name: claims.name,
            sid: session,
            role: claims.role,
            iat,
            exp: iat.saturating_add(claims.lasts.0 / 1_000),
            jti: claims.token.0,
            session: None,
        }
    }

    /// As the session takes them.
    pub fn into_claims(self) -> Claims {
        let expires_at = self.expires_at();
        Claims {
            user: self.sub,
            name: self.name,
            role: self.role,
            expires_at,
            token: TokenId(self.jti),
            lasts: Millis::from_secs(self.exp.saturating_sub(self.iat)),
            session: self.session,
        }
    }
}

/// Why a token does not admit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not three parts of base64url with JSON in them, or too long.
    #[error("the token is not a join token of this service")]
    Malformed,
    /// Another algorithm than HS256, or another key.
    #[error("the token was not signed by this service")]
    Forged,
    /// It is for another session.
    #[error("the token is for another session")]
    OtherSession,
    /// It was good once.
    #[error("the token has expired; ask your backend for a new one")]
    Expired,
}

#[derive(Serialize, Deserialize)]
struct Header {
    alg: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    typ: Option<String>,
}

fn json<T: DeserializeOwned>(part: &str) -> Result<T, TokenError> {
    let bytes = URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| TokenError::Malformed)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| TokenError::Malformed)?;
    serde_json::from_str(text).map_err(|_| TokenError::Malformed)
}

fn mac(secret: &str, signed: &str) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(signed.as_bytes());
    Some(mac)
}

/// Signs a token.
pub fn sign(secret: &str, claims: &TokenClaims) -> String {
    let part = |json: Result<Vec<u8>, _>| URL_SAFE_NO_PAD.encode(json.unwrap_or_default());
    let header = Header {
        alg: "HS256".to_owned(),
        typ: Some("JWT".to_owned()),
    };
    let signed = format!(
        "{}.{}",
        part(serde_json::to_vec(&header)),
        part(serde_json::to_vec(claims))
    );
    // HMAC takes a key of any length, so there always is a signature.
    let signature = mac(secret, &signed)
        .map(|mac| mac.finalize().into_bytes())
        .unwrap_or_default();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// Reads a token of this session, expired or not: the session decides what an expired one is good
/// for.
pub fn verify(secret: &str, token: &str, session: &SessionId) -> Result<TokenClaims, TokenError> {
    let claims = verify_any(secret, token)?;
    if claims.sid == *session {
        Ok(claims)
    } else {
        Err(TokenError::OtherSession)
    }
}

/// Reads a token of any session, expired or not. The signature is compared in constant time.
pub fn verify_any(secret: &str, token: &str) -> Result<TokenClaims, TokenError> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(TokenError::Malformed);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
    let (header, claims) = signed.split_once('.').ok_or(TokenError::Malformed)?;
    let header: Header = json(header)?;
    if header.alg != "HS256" {
        return Err(TokenError::Forged);
    }
    let signature = URL_SAFE_NO_PAD
        .decode(signature)
        .map_err(|_| TokenError::Malformed)?;
    mac(secret, signed)
        .ok_or(TokenError::Forged)?
        .verify_slice(&signature)
        .map_err(|_| TokenError::Forged)?;
    json(claims)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    fn claims() -> TokenClaims {
        TokenClaims {
            sub: "ana".into(),
            name: "Ana".to_owned(),
            sid: SessionId::parse("room").unwrap(),
            role: Role::Participant,
            iat: 1_700_000_000,
            exp: 4_000_000_000,
            jti: "t1".to_owned(),
            session: None,
        }
    }

    fn check(token: &str) -> Result<TokenClaims, TokenError> {
        verify(SECRET, token, &SessionId::parse("room").unwrap())
    }

    #[test]
    fn a_signed_token_is_read_back() {
        assert_eq!(check(&sign(SECRET, &claims())), Ok(claims()));
    }

    #[test]
    fn a_renewal_keeps_the_name_of_the_token_and_lasts_as_long() {
        let renewed = TokenClaims::renewal(
            TokenClaims {
                iat: 1_000,
                exp: 1_600,
                ..claims()
            }
            .into_claims(),
            SessionId::parse("room").unwrap(),
            Millis(1_300_500),
        );
        assert_eq!((renewed.iat, renewed.exp), (1_300, 1_900));
        assert_eq!((renewed.jti, renewed.sub), (claims().jti, claims().sub));
    }

    #[test]
    fn jsonwebtoken_reads_ours_and_we_read_its() {
        let key = jsonwebtoken::DecodingKey::from_secret(SECRET.as_bytes());
        let validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::HS256);
        let theirs: jsonwebtoken::TokenData<TokenClaims> =
            jsonwebtoken::decode(sign(SECRET, &claims()), &key, &validation).unwrap();
        assert_eq!(theirs.claims, claims());

        let key = jsonwebtoken::EncodingKey::from_secret(SECRET.as_bytes());
        let header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
        assert_eq!(
            check(&jsonwebtoken::encode(&header, &claims(), &key).unwrap()),
            Ok(claims())
        );
    }

    /// RFC 7515, appendix A.1: the signature of its example, by its key.
    #[test]
    fn the_signature_is_that_of_rfc_7515() {
        let key = URL_SAFE_NO_PAD
            .decode("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
            .unwrap();
        let signed = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(signed.as_bytes());
        assert_eq!(
            URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()),
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        );
    }

    #[test]
    fn another_key_another_session_and_another_algorithm_are_refused() {
        let other_key = sign("another secret of thirty-two bytes", &claims());
        assert_eq!(check(&other_key), Err(TokenError::Forged));

        let other = TokenClaims {
            sid: SessionId::parse("other").unwrap(),
            ..claims()
        };
        assert_eq!(check(&sign(SECRET, &other)), Err(TokenError::OtherSession));

        let good = sign(SECRET, &claims());
        let (_, rest) = good.split_once('.').unwrap();
        let (body, _) = rest.split_once('.').unwrap();
        let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
        assert_eq!(check(&format!("{none}.{body}.")), Err(TokenError::Forged));
        let rs256 = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#);
        assert_eq!(check(&format!("{rs256}.{rest}")), Err(TokenError::Forged));
    }

    #[test]
    fn a_changed_byte_anywhere_is_noticed() {
        let good = sign(SECRET, &claims());
        for i in 0..good.len() {
            let mut bytes = good.clone().into_bytes();
            bytes[i] = if bytes[i] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            // The last character carries bits beyond the signature's 256; base64 refuses those.
            assert!(
                check(&changed).is_err(),
                "byte {i} changed and still admitted"
            );
        }
    }

    #[test]
    fn garbage_is_malformed() {
        for garbage in [
            "",
            ".",
            "..",
            "a.b.c",
            "é.é.é",
            &"x".repeat(MAX_TOKEN_BYTES + 1),
        ] {
            assert_eq!(check(garbage), Err(TokenError::Malformed), "{garbage:.20}");
        }
    }
}
