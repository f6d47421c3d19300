//! Signatures that others check by a secret they share with us: coturn, Janus.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// HMAC-SHA1 of a text, in base64.
pub(crate) fn hmac_sha1(secret: &str, text: &str) -> String {
    // HMAC takes a key of any length, so there always is one.
    let mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).map(|mut mac| {
        mac.update(text.as_bytes());
        mac.finalize().into_bytes()
    });
    mac.map(|bytes| STANDARD.encode(bytes)).unwrap_or_default()
}
