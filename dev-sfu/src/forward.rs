//! What one subscriber is sent of one track.
//!
//! The layer that is wanted may not be the one that is sent: a switch waits for the wanted one's next
//! keyframe, and until then the old one goes on. Where nothing is sent yet, nothing is sent before a
//! keyframe: a decoder could not begin.

use std::time::{Duration, Instant};

use str0m::media::MediaKind;
use str0m::rtp::{RtpPacket, Vp8Descriptor};

use crate::layers::{Layer, Layers, Wish};
use crate::rewrite::{Marks, Rewriter};

/// A keyframe that did not come is asked for again after this long.
pub const ASK_AGAIN: Duration = Duration::from_millis(500);

const VIDEO_CLOCK: u32 = 90_000;
const AUDIO_CLOCK: u32 = 48_000;

/// What a decision needs to know of a packet.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    /// Its layer.
    pub layer: Layer,
    /// What is to be rewritten.
    pub marks: Marks,
    /// Whether a decoder can begin with it. Of audio every packet is one.
    pub begins: bool,
}

impl Arrival {
    /// Reads a packet: of video, its VP8 descriptor, which is handed back for the rewriting.
    #[must_use]
    pub fn of(packet: &RtpPacket, kind: MediaKind, layer: Layer) -> (Self, Option<Vp8Descriptor>) {
        // A packet of padding has no payload, and so no descriptor.
        let vp8 = match kind {
            MediaKind::Video => Vp8Descriptor::parse(&packet.payload).ok(),
            MediaKind::Audio => None,
        };
        let arrival = Self {
            layer,
            marks: Marks {
                sequence: *packet.seq_no,
                time: packet.header.timestamp,
                picture: vp8.and_then(|vp8| vp8.picture_id()),
                base: vp8.and_then(|vp8| vp8.tl0_pic_idx()),
            },
            begins: match kind {
                MediaKind::Video => vp8.is_some_and(|vp8| vp8.starts_keyframe(&packet.payload)),
                MediaKind::Audio => true,
            },
        };
        (arrival, vp8)
    }
}

/// One subscriber's stream.
#[derive(Debug)]
pub struct Forwarder {
    kind: MediaKind,
    wish: Wish,
    layers: Layers,
    /// The layer that is sent.
    sent: Option<Layer>,
    asked: Option<Instant>,
    rewriter: Rewriter,
}

impl Forwarder {
    /// A stream of nothing yet.
    #[must_use]
    pub fn new(kind: MediaKind, wish: Wish) -> Self {
        Self {
            kind,
            wish,
            layers: Layers::default(),
            sent: None,
            asked: None,
            rewriter: Rewriter::new(match kind {
                MediaKind::Video => VIDEO_CLOCK,
                MediaKind::Audio => AUDIO_CLOCK,
            }),
        }
    }

    /// What it carries.
    #[must_use]
    pub fn kind(&self) -> MediaKind {
        self.kind
    }

    /// What its subscriber asked for.
    #[must_use]
    pub fn wish(&self) -> &Wish {
        &self.wish
    }

    /// Its subscriber asks for another layer.
    pub fn prefer(&mut self, wish: Wish) {
        self.wish = wish;
        self.asked = None;
    }

    /// From now on another track feeds it.
    pub fn follow(&mut self, wish: Wish) {
        self.layers = Layers::default();
        self.sent = None;
        self.prefer(wish);
    }

    /// A packet of the track: as the subscriber is to have it, or nothing.
    pub fn take(&mut self, arrival: Arrival, now: Instant) -> Option<Marks> {
        self.layers.heard(arrival.layer, now);
        let wanted = self.layers.pick(&self.wish, now);
        if wanted == Some(arrival.layer) && self.sent != wanted && arrival.begins {
            self.rewriter.splice(arrival.marks, now);
            self.sent = wanted;
            self.asked = None;
        }
        if self.sent == Some(arrival.layer) {
            self.rewriter.rewrite(arrival.marks, now)
        } else {
            None
        }
    }

    /// The layer whose keyframe is to be asked for now, because a switch waits for it.
    pub fn awaits(&mut self, now: Instant) -> Option<Layer> {
        let wanted = self.layers.pick(&self.wish, now)?;
        let again = self
            .asked
            .is_none_or(|at| now.saturating_duration_since(at) >= ASK_AGAIN);
        if self.kind == MediaKind::Audio || self.sent == Some(wanted) || !again {
            return None;
        }
        self.asked = Some(now);
        Some(wanted)
    }

    /// The layer whose keyframe the subscriber's own request is for.
    #[must_use]
    pub fn current(&self) -> Option<Layer> {
        self.sent
    }
}
