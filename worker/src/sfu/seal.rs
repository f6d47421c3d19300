//! What the Worker signs by itself, and knows again without having stored it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// A key of one purpose, made of `TOKEN_SECRET`: what it signs is no join token, and no join token is
/// signed by it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Seal(Vec<u8>);

// It is a secret, which belongs in no log.
impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seal")
    }
}

fn mac(key: &[u8], parts: &[&str]) -> Option<Hmac<Sha256>> {
    // HMAC takes a key of any length, so there always is one.
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    for part in parts {
        // With its length before it, so that no two lists of parts are one text.
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part.as_bytes());
    }
    Some(mac)
}

impl Seal {
    /// The key for a purpose.
    pub(super) fn derive(token_secret: &str, purpose: &str) -> Self {
        let mac = mac(token_secret.as_bytes(), &["samewire sfu", purpose]);
        Self(
            mac.map(|mac| mac.finalize().into_bytes().to_vec())
                .unwrap_or_default(),
        )
    }

    /// Signs these parts.
    pub(super) fn sign(&self, parts: &[&str]) -> String {
        let mac = mac(&self.0, parts).map(|mac| mac.finalize().into_bytes());
        mac.map(|bytes| URL_SAFE_NO_PAD.encode(bytes))
            .unwrap_or_default()
    }

    /// Whether these parts were signed so, in constant time.
    pub(super) fn knows(&self, parts: &[&str], signature: &str) -> bool {
        let given = URL_SAFE_NO_PAD.decode(signature);
        let checked = given.ok().zip(mac(&self.0, parts));
        checked.is_some_and(|(given, mac)| mac.verify_slice(&given).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_signed_is_known_and_nothing_else_is() {
        let seal = Seal::derive("a secret", "handle");
        let signature = seal.sign(&["ab", "c"]);
        assert!(seal.knows(&["ab", "c"], &signature));
        assert!(
            !seal.knows(&["a", "bc"], &signature),
            "where a part ends is signed, too"
        );
        assert!(!seal.knows(&["ab", "c", ""], &signature));
        assert!(!Seal::derive("a secret", "token").knows(&["ab", "c"], &signature));
        assert!(!Seal::derive("another", "handle").knows(&["ab", "c"], &signature));
        for broken in ["", "x", &signature[1..], &format!("{signature}A")] {
            assert!(!seal.knows(&["ab", "c"], broken));
        }
    }
}
