//! One look at `getStats`, as the shell hands it over: numbers by key, each of which may be missing.
//!
//! The browser reads a report's keys into one flat array, because a `Float64Array` crosses into
//! WebAssembly two hundred times cheaper than JSON does: ask for `KEYS`, in their order, write NaN
//! for what is not there, and give the array to `read`. Units are those of the W3C's
//! *Identifiers for WebRTC's Statistics API*: seconds, bytes, bits a second, packets.

use crate::protocol::client::Source;
use crate::time::Millis;

/// A number that is one: what is not finite is unknown.
pub(super) fn known(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

/// The value, or the limit that it is beyond. `f64::clamp` would bring along what prints numbers: ten
/// kilobytes of what a page loads.
pub(super) fn within(value: f64, least: f64, most: f64) -> f64 {
    value.max(least).min(most)
}

#[inline(never)]
fn next(values: &mut std::slice::Iter<'_, f64>) -> Option<f64> {
    values.next().copied().and_then(known)
}

/// A report of `getStats`: its numbers as fields, and the keys to read them by.
macro_rules! report {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $field:ident = $key:literal,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, Default, PartialEq)]
        pub struct $name {
            $($(#[$doc])* pub $field: Option<f64>,)+
        }

        impl $name {
            /// The keys of the report, in the order in which [`Self::read`] takes their values.
            pub const KEYS: &'static [&'static str] = &[$($key),+];

            /// The values of [`Self::KEYS`]. What is missing or not finite is unknown.
            pub fn read(values: &[f64]) -> Self {
                let mut values = values.iter();
                Self { $($field: next(&mut values),)+ }
            }
        }
    };
}

report! {
    /// `inbound-rtp`. Old Safari keeps some of it in `track`: what is not here may be taken there.
    InboundReport {
        /// Packets that came, since the SSRC began.
        packets_received = "packetsReceived",
        /// Packets that did not; late ones are taken off again, so it may fall.
        packets_lost = "packetsLost",
        /// Bytes of payload that came.
        bytes_received = "bytesReceived",
        /// Interarrival jitter now, in seconds.
        jitter = "jitter",
        /// Frames decoded.
        frames_decoded = "framesDecoded",
        /// Frames that were not shown.
        frames_dropped = "framesDropped",
        /// Frames in the last second.
        frames_per_second = "framesPerSecond",
        /// Pixels of the last frame.
        frame_width = "frameWidth",
        /// Pixels of the last frame.
        frame_height = "frameHeight",
        /// How often the picture stood still.
        freeze_count = "freezeCount",
        /// For how long in all, in seconds.
        total_freezes_duration = "totalFreezesDuration",
        /// Audio samples that were made up.
        concealed_samples = "concealedSamples",
        /// Those of them that stand for silence: mute and DTX, not loss.
        silent_concealed_samples = "silentConcealedSamples",
        /// All audio samples played.
        total_samples_received = "totalSamplesReceived",
        /// Loudness now, 0…1.
        audio_level = "audioLevel",
        /// Sum of the quantisers of all decoded frames.
        qp_sum = "qpSum",
    }
}

report! {
    /// `outbound-rtp`.
    OutboundReport {
        /// Packets sent, since the SSRC began.
        packets_sent = "packetsSent",
        /// Bytes of payload sent.
        bytes_sent = "bytesSent",
        /// Frames encoded.
        frames_encoded = "framesEncoded",
        /// Frames in the last second.
        frames_per_second = "framesPerSecond",
        /// Pixels of the last frame.
        frame_width = "frameWidth",
        /// Pixels of the last frame.
        frame_height = "frameHeight",
        /// Sum of the quantisers of all encoded frames.
        qp_sum = "qpSum",
    }
}

report! {
    /// `remote-inbound-rtp`: what the other side's receiver reports says of an `outbound-rtp`.
    RemoteReport {
        /// When the last receiver report came, in milliseconds of the browser's clock.
        timestamp = "timestamp",
        /// Packets that did not arrive there.
        packets_lost = "packetsLost",
        /// Round trip, in seconds.
        round_trip_time = "roundTripTime",
        /// How often that was measured: while it is zero, `round_trip_time` is nothing.
        measurements = "roundTripTimeMeasurements",
        /// Jitter there, in seconds.
        jitter = "jitter",
    }
}

report! {
    /// `candidate-pair`, the selected one.
    PairReport {
        /// Last round trip, in seconds. Firefox has none.
        current_round_trip_time = "currentRoundTripTime",
        /// All round trips, in seconds.
        total_round_trip_time = "totalRoundTripTime",
        /// How many they were.
        responses_received = "responsesReceived",
        /// What the browser believes it can send, in bits a second.
        available_outgoing_bitrate = "availableOutgoingBitrate",
    }
}

/// Why an encoder does not do all it could: `qualityLimitationReason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limitation {
    /// It does.
    None,
    /// The machine is too slow.
    Cpu,
    /// The way is too narrow.
    Bandwidth,
    /// Anything else.
    Other,
}

impl Limitation {
    /// As browsers say it; `None` for what no browser says.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "none" => Some(Self::None),
            "cpu" => Some(Self::Cpu),
            "bandwidth" => Some(Self::Bandwidth),
            "other" => Some(Self::Other),
            _ => None,
        }
    }
}

/// The type of the local candidate of the selected pair, and how it travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// Directly, by UDP.
    DirectUdp,
    /// Directly, by TCP.
    DirectTcp,
    /// Over a relay reached by UDP.
    RelayUdp,
    /// Over a relay reached by TCP.
    RelayTcp,
    /// Over a relay reached by TLS.
    RelayTls,
}

impl Route {
    /// From `candidateType` and `relayProtocol`, or `protocol` where there is no relay.
    pub fn from_names(candidate_type: &str, protocol: &str) -> Option<Self> {
        match (candidate_type, protocol) {
            ("relay", "udp") => Some(Self::RelayUdp),
            ("relay", "tcp") => Some(Self::RelayTcp),
            ("relay", "tls") => Some(Self::RelayTls),
            ("host" | "srflx" | "prflx", "udp") => Some(Self::DirectUdp),
            ("host" | "srflx" | "prflx", "tcp") => Some(Self::DirectTcp),
            _ => None,
        }
    }

    /// As it stands in the `pair` of a `quality` frame.
    pub const fn name(self) -> &'static str {
        match self {
            Self::DirectUdp => "direct/udp",
            Self::DirectTcp => "direct/tcp",
            Self::RelayUdp => "relay/udp",
            Self::RelayTcp => "relay/tcp",
            Self::RelayTls => "relay/tls",
        }
    }
}

/// A track that comes. One that was announced and has no report yet is one of SSRC 0 whose
/// `packets_received` is zero: what is announced and never comes is not unknown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inbound {
    /// Whose counters these are; another SSRC counts from zero again.
    pub ssrc: u32,
    /// What it is.
    pub source: Source,
    /// Whether its sender announced that nothing is sent on it.
    pub muted: bool,
    /// The height of the layer that was asked for, in pixels.
    pub wanted_height: Option<f64>,
    /// The counters.
    pub report: InboundReport,
}

/// A track that goes; one of several where there is simulcast.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outbound {
    /// Whose counters these are.
    pub ssrc: u32,
    /// What it is.
    pub source: Source,
    /// Whether nothing is sent on it for now.
    pub muted: bool,
    /// What holds its encoder back.
    pub limitation: Option<Limitation>,
    /// The counters.
    pub report: OutboundReport,
    /// What the other side says of it, where it says anything.
    pub remote: Option<RemoteReport>,
}

/// The selected candidate pair.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Selected {
    /// Which pair it is: a number that stands for the browser's id of it.
    pub id: u64,
    /// What kind of way it is.
    pub route: Option<Route>,
    /// The counters.
    pub report: PairReport,
}

/// One look at one connection, or at one participant's share of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Raw {
    /// When it was looked at.
    pub at: Millis,
    /// Which connection it is: a fresh one has another number.
    pub connection: u64,
    /// Whether `connectionState` is `connected`; `None` before it ever was.
    pub connected: Option<bool>,
    /// Tracks that come.
    pub inbound: Vec<Inbound>,
    /// Tracks that go.
    pub outbound: Vec<Outbound>,
    /// The way they take.
    pub pair: Option<Selected>,
}
