//! Which simulcast layer a subscriber is sent.
//!
//! A publisher names its layers by `rid`, and a browser that is short of bandwidth or processor stops
//! sending some. A layer is there while packets of it come. What a subscriber wishes for is its
//! `preferredRid`; `ridNotAvailable` says what happens while that one is not there.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use str0m::media::Rid;

/// A layer from which nothing came for so long is not there any more. A still screen sends a packet a
/// second.
pub const SILENCE: Duration = Duration::from_secs(2);

/// A simulcast layer, or the only one of a track that has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layer(pub Option<Rid>);

impl Layer {
    fn name(&self) -> &str {
        self.0.as_deref().unwrap_or_default()
    }
}

/// What stands in for a layer that is not there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Ordering {
    /// Nothing does.
    #[default]
    None,
    /// The next worse one that is there, or else the next better one: `a` is the best.
    Asciibetical,
}

/// What a subscriber asks for, as the API has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Wish {
    /// The layer it would rather have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preferred_rid: Option<String>,
    /// What is sent when the network cannot carry that: read, and not acted upon.
    #[serde(default)]
    pub priority_ordering: Ordering,
    /// What is sent when the publisher does not send that.
    #[serde(default)]
    pub rid_not_available: Ordering,
}

/// The layers of one track, and when something last came of each.
#[derive(Debug, Default)]
pub struct Layers(Vec<(Layer, Instant)>);

impl Layers {
    /// A packet of this layer came.
    pub fn heard(&mut self, layer: Layer, now: Instant) {
        match self.0.iter_mut().find(|(known, _)| *known == layer) {
            Some((_, at)) => *at = now,
            None => {
                self.0.push((layer, now));
                self.0.sort_by(|(a, _), (b, _)| a.name().cmp(b.name()));
            }
        }
    }

    /// The layer to send, or nothing when none will do.
    #[must_use]
    pub fn pick(&self, wish: &Wish, now: Instant) -> Option<Layer> {
        let there = || {
            self.0
                .iter()
                .filter(|(_, at)| now.saturating_duration_since(*at) < SILENCE)
                .map(|(layer, _)| *layer)
        };
        // Who has no layers, or asks for none, gets what there is.
        let Some(preferred) = &wish.preferred_rid else {
            return there().next();
        };
        if let Some(only) = self
            .0
            .iter()
            .map(|(layer, _)| *layer)
            .find(|l| l.0.is_none())
        {
            return Some(only);
        }
        let exact = there().find(|layer| layer.name() == preferred);
        match wish.rid_not_available {
            Ordering::None => exact,
            Ordering::Asciibetical => exact
                .or_else(|| there().find(|layer| layer.name() > preferred.as_str()))
                .or_else(|| there().next_back()),
        }
    }
}
