//! A message of the session as text, written once for all of its receivers.

use serde::{Deserialize, Serialize};

use super::ids::Seq;
use super::server::ServerMessage;

/// A message as JSON text, without the number that each receiver's copy carries.
///
/// A message for many is written once; [`Encoded::frame`] adds each receiver's `seq`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Encoded(pub String);

impl Encoded {
    /// Writes a message.
    pub fn of(message: &ServerMessage) -> Self {
        // None of these types has a key that is not a string or a number JSON lacks, the only
        // reasons for serde_json to fail.
        Self(serde_json::to_string(message).unwrap_or_else(|_| "{}".to_owned()))
    }

    /// The frame for one receiver: the message's fields behind its `seq`.
    pub fn frame(&self, seq: Seq) -> String {
        let fields = self.0.strip_prefix('{').unwrap_or(&self.0);
        let comma = if fields == "}" { "" } else { "," };
        format!("{{\"seq\":{}{comma}{fields}", seq.0)
    }
}
