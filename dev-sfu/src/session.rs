//! One session: a peer connection with one browser, what it publishes, and what it is sent.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::format::PayloadParams;
use str0m::media::{Direction, KeyframeRequestKind, MediaKind, Mid, Rid};
use str0m::net::Protocol;
use str0m::rtp::{ExtensionValues, RtpPacket, RtpWrite, Ssrc, Vp8Descriptor, Vp8Patch};
use str0m::{Candidate, Rtc, RtcError};

use crate::api::{Description, DescriptionKind};
use crate::forward::{Arrival, Forwarder};
use crate::layers::{Layer, Wish};
use crate::rewrite::Marks;
use crate::sfu::SessionId;

/// A track of which no packet came for so long is forgotten.
pub const TRACK_SILENCE: Duration = Duration::from_secs(30);
/// A session that was never connected is forgotten after this long.
pub const NEVER_CONNECTED: Duration = Duration::from_secs(60);
/// A session that lost its connection can be reused for so long.
pub const REUSE: Duration = Duration::from_secs(30);
/// Calls in a second that one session may make.
pub const CALLS_A_SECOND: usize = 50;

/// How far the connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// No SDP was exchanged.
    Fresh,
    /// ICE or DTLS are under way.
    Connecting,
    /// Media can flow.
    Connected,
    /// It was connected, until then.
    Lost(Instant),
}

/// Whether the browser owes an answer.
#[derive(Debug)]
enum Exchange {
    /// It owes none.
    Settled,
    /// It owes one to this offer.
    Offered(SdpPendingOffer),
}

/// A track that the browser publishes.
#[derive(Debug)]
pub struct Published {
    /// The publisher's name for it.
    pub name: String,
    /// Its line in the SDP.
    pub mid: Mid,
    /// When it was announced.
    pub since: Instant,
    /// When its last packet came.
    pub heard: Option<Instant>,
    /// Who is sent it.
    pub subscribers: Vec<(SessionId, Mid)>,
}

/// A track that the browser is sent.
#[derive(Debug)]
pub struct Pulled {
    /// Its line in the SDP.
    pub mid: Mid,
    /// Who publishes it, and by which name.
    pub source: (SessionId, String),
    /// What is sent of it.
    pub forwarder: Forwarder,
}

/// A packet on its way to those who are sent its track.
#[derive(Debug)]
pub struct Incoming<'a> {
    /// What decisions need of it.
    pub arrival: Arrival,
    /// Its VP8 descriptor, if it is video.
    pub vp8: Option<Vp8Descriptor>,
    /// The packet.
    pub rtp: &'a RtpPacket,
    /// How its payload is coded, by its publisher's numbers.
    pub coding: PayloadParams,
}

/// One session.
#[derive(Debug)]
pub struct Session {
    /// The peer connection.
    pub rtc: Rtc,
    /// How far it is.
    pub link: Link,
    exchange: Exchange,
    /// What the browser publishes.
    pub published: Vec<Published>,
    /// What it is sent.
    pub pulled: Vec<Pulled>,
    /// Lines whose track was closed by force: Cloudflare was seen to send nothing of a track that is
    /// published on one again.
    pub spent: Vec<Mid>,
    /// Where each stream that comes in belongs.
    streams: Vec<(Ssrc, Mid, Option<Rid>)>,
    /// When the peer connection wants to be woken.
    pub deadline: Instant,
    created: Instant,
    calls: Vec<Instant>,
}

impl Session {
    /// A session that a browser can reach at these addresses.
    ///
    /// # Errors
    ///
    /// When an address cannot be one of a candidate.
    pub fn new(addresses: &[SocketAddr], now: Instant) -> Result<Self, RtcError> {
        // A browser gathers and checks; who stands at a known address need only answer.
        let mut rtc = Rtc::builder()
            .set_rtp_mode(true)
            .set_ice_lite(true)
            .clear_codecs()
            .enable_opus(true, false)
            .enable_vp8(true)
            .build(now);
        for address in addresses {
            rtc.add_local_candidate(Candidate::host(*address, Protocol::Udp)?);
        }
        Ok(Self {
            rtc,
            link: Link::Fresh,
            exchange: Exchange::Settled,
            published: Vec::new(),
            pulled: Vec::new(),
            spent: Vec::new(),
            streams: Vec::new(),
            deadline: now,
            created: now,
            calls: Vec::new(),
        })
    }

    /// Whether it may make another call now.
    pub fn may_call(&mut self, now: Instant) -> bool {
        self.calls
            .retain(|at| now.saturating_duration_since(*at) < Duration::from_secs(1));
        self.calls.push(now);
        self.calls.len() <= CALLS_A_SECOND
    }

    /// Whether it is to be forgotten.
    #[must_use]
    pub fn is_over(&self, now: Instant) -> bool {
        let since = |then| now.saturating_duration_since(then);
        !self.rtc.is_alive()
            || match self.link {
                Link::Fresh | Link::Connecting => since(self.created) >= NEVER_CONNECTED,
                Link::Connected => false,
                Link::Lost(then) => since(then) >= REUSE,
            }
    }

    /// Whether the browser owes an answer.
    #[must_use]
    pub fn owes_answer(&self) -> bool {
        matches!(self.exchange, Exchange::Offered(_))
    }

    /// The answer to a browser's offer, or why there is none.
    ///
    /// # Errors
    ///
    /// A sentence about the offer.
    pub fn answer(&mut self, offer: &Description) -> Result<Description, String> {
        if self.owes_answer() {
            return Err(
                "an offer of the SFU waits for its answer: send that first, to renegotiate".into(),
            );
        }
        if offer.kind != DescriptionKind::Offer {
            return Err("this takes an offer, and was sent an answer".into());
        }
        let offer = SdpOffer::from_sdp_string(&offer.sdp).map_err(|error| error.to_string())?;
        let answer = self.rtc.sdp_api().accept_offer(offer);
        let sdp = answer.map_err(|error| error.to_string())?.to_sdp_string();
        self.negotiated();
        Ok(Description {
            kind: DescriptionKind::Answer,
            sdp,
        })
    }

    /// Takes the browser's answer to the last offer.
    ///
    /// # Errors
    ///
    /// A sentence about the answer. What was offered is taken back.
    pub fn accept(&mut self, answer: &Description) -> Result<(), String> {
        let Exchange::Offered(pending) = std::mem::replace(&mut self.exchange, Exchange::Settled)
        else {
            return Err("no offer of the SFU waits for an answer".into());
        };
        let answer = SdpAnswer::from_sdp_string(&answer.sdp).map_err(|error| error.to_string())?;
        let accepted = self.rtc.sdp_api().accept_answer(pending, answer);
        accepted.map_err(|error| error.to_string())?;
        self.negotiated();
        Ok(())
    }

    /// Offers to send such tracks. The mids are in the same order.
    pub fn offer(&mut self, tracks: &[(MediaKind, SessionId)]) -> (Vec<Mid>, Option<Description>) {
        let mut changes = self.rtc.sdp_api();
        let mids = tracks
            .iter()
            .map(|(kind, from)| {
                // One stream for each publisher, so that its voice and picture are kept together. The
                // track's id is made up: who is sent a track twice has two.
                let stream = Some(from.to_string());
                changes.add_media(*kind, Direction::SendOnly, stream, None, None)
            })
            .collect();
        let offer = changes.apply().map(|(offer, pending)| {
            self.exchange = Exchange::Offered(pending);
            Description {
                kind: DescriptionKind::Offer,
                sdp: offer.to_sdp_string(),
            }
        });
        (mids, offer)
    }

    fn negotiated(&mut self) {
        self.streams.clear();
        if self.link == Link::Fresh {
            self.link = Link::Connecting;
        }
    }

    /// The line and layer of a stream that comes in.
    pub fn stream(&mut self, ssrc: Ssrc) -> Option<(Mid, Layer)> {
        if let Some((_, mid, rid)) = self.streams.iter().find(|(known, _, _)| *known == ssrc) {
            return Some((*mid, Layer(*rid)));
        }
        let mut direct = self.rtc.direct_api();
        let stream = direct.stream_rx(&ssrc)?;
        let (mid, rid) = (stream.mid(), stream.rid());
        self.streams.push((ssrc, mid, rid));
        Some((mid, Layer(rid)))
    }

    /// How the payload of a packet is coded.
    #[must_use]
    pub fn coding(&self, packet: &RtpPacket) -> Option<PayloadParams> {
        let is = |params: &&PayloadParams| params.pt() == packet.header.payload_type;
        self.rtc.codec_config().params().iter().find(is).copied()
    }

    /// Asks the browser for a keyframe of a layer it publishes.
    pub fn ask_keyframe(&mut self, mid: Mid, layer: Layer) {
        if self.link == Link::Connected
            && let Some(stream) = self.rtc.direct_api().stream_rx_by_mid(mid, layer.0)
        {
            stream.request_keyframe(KeyframeRequestKind::Pli);
        }
    }

    /// What the browser is sent on a line.
    pub fn pulled(&mut self, mid: Mid) -> Option<&mut Pulled> {
        self.pulled.iter_mut().find(|pulled| pulled.mid == mid)
    }

    /// What the browser publishes by a name.
    pub fn published(&mut self, name: &str) -> Option<&mut Published> {
        self.published.iter_mut().find(|track| track.name == name)
    }

    /// Whether what is published on a line comes in layers.
    #[must_use]
    pub fn has_layers(&self, mid: Mid) -> bool {
        self.streams
            .iter()
            .any(|(_, line, rid)| *line == mid && rid.is_some())
    }

    /// Sends a packet of another session on a line of this one, if its layer is the one that is sent.
    /// Answers the layer whose keyframe is missing, when it is time to ask for it: never before the
    /// connection is up, since the keyframe would be lost.
    pub fn deliver(&mut self, mid: Mid, packet: &Incoming) -> Option<Layer> {
        if self.link != Link::Connected {
            return None;
        }
        let now = packet.rtp.timestamp;
        let pulled = self.pulled.iter_mut().find(|pulled| pulled.mid == mid)?;
        let marks = pulled.forwarder.take(packet.arrival, now);
        let missing = pulled.forwarder.awaits(now);
        if let Some(marks) = marks {
            self.send(mid, packet, &marks);
        }
        missing
    }

    fn send(&mut self, mid: Mid, packet: &Incoming, marks: &Marks) -> Option<()> {
        let rtp = packet.rtp;
        // Payload types are each session's own.
        let payload = self.rtc.codec_config().match_params(packet.coding)?.pt();
        let mut direct = self.rtc.direct_api();
        let stream = direct.stream_tx_by_mid(mid, None)?;
        let from = &rtp.header.ext_vals;
        let extensions = ExtensionValues {
            audio_level: from.audio_level,
            voice_activity: from.voice_activity,
            video_orientation: from.video_orientation,
            ..ExtensionValues::default()
        };
        let write = RtpWrite::new(
            payload,
            marks.sequence.into(),
            marks.time,
            rtp.timestamp,
            rtp.payload.clone(),
        )
        .marker(rtp.header.marker)
        .ext_vals(extensions)
        .nackable(packet.vp8.is_some());
        stream.write_rtp(match packet.vp8.and_then(|vp8| patch(vp8, marks)) {
            Some(patch) => write.vp8_patch(patch),
            None => write,
        });
        Some(())
    }

    /// Asks to be sent a track on a line.
    pub fn pull(&mut self, mid: Mid, source: (SessionId, String), kind: MediaKind, wish: Wish) {
        self.pulled.push(Pulled {
            mid,
            source,
            forwarder: Forwarder::new(kind, wish),
        });
    }
}

fn patch(vp8: Vp8Descriptor, marks: &Marks) -> Option<Vp8Patch> {
    let mut patch = vp8.patch();
    if let Some(picture) = marks.picture {
        patch = patch.picture_id(picture);
    }
    if let Some(base) = marks.base {
        patch = patch.tl0_pic_idx(base);
    }
    // A picture id of 7 bits that has no room for the stream's is left as it is.
    patch.build().ok()
}
