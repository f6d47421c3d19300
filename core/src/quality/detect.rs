//! What is wrong, by name: issues that open and close.
//!
//! **An issue opens only on evidence, closes only on evidence of the contrary, and both must last.**
//! Between the two thresholds, and where nothing is known, it stays as it is. A sampling gap is an
//! issue of its own and evidence for no other (R29): a machine that slept has no fault.

use super::finding::{Finding, find};
use super::sample::Sample;
use crate::time::Millis;

/// So many changes of the way within [`FLAP_WITHIN`] are a flap.
pub const FLAPS: usize = 3;
/// How long a change of the way counts.
pub const FLAP_WITHIN: Millis = Millis(30_000);

/// What can be wrong. The order is that of [`ALL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The picture stands still, though its packets come.
    Freeze,
    /// A microphone or a camera that should come does not come at all.
    Stall,
    /// More is sent than the way takes.
    Congestion,
    /// The machine is too slow to encode or to show.
    Cpu,
    /// The connection changes its way again and again.
    IceFlap,
    /// We are heard, or seen, and do not hear, or the other way round.
    OneWayAudio,
    /// Loss, round trip or bit rate is beyond the contract's limit.
    PoorNetwork,
    /// Nothing was measured for more than two intervals.
    SamplingGap,
}

/// Everything that can be wrong.
pub const ALL: [Kind; 8] = [
    Kind::Freeze,
    Kind::Stall,
    Kind::Congestion,
    Kind::Cpu,
    Kind::IceFlap,
    Kind::OneWayAudio,
    Kind::PoorNetwork,
    Kind::SamplingGap,
];

impl Kind {
    /// As it stands in an alert.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Freeze => "freeze",
            Self::Stall => "stall",
            Self::Congestion => "congestion",
            Self::Cpu => "cpu",
            Self::IceFlap => "ice_flap",
            Self::OneWayAudio => "one_way_audio",
            Self::PoorNetwork => "poor_network",
            Self::SamplingGap => "sampling_gap",
        }
    }

    /// For how long the evidence must last until it opens, and its contrary until it closes.
    const fn lasting(self) -> (Millis, Millis) {
        match self {
            Self::Freeze => (Millis(1), Millis(6_000)),
            Self::Stall => (Millis(1_500), Millis(1)),
            Self::Congestion | Self::Cpu => (Millis(5_000), Millis(9_000)),
            Self::IceFlap | Self::SamplingGap => (Millis(0), Millis(0)),
            Self::OneWayAudio => (Millis(2_500), Millis(1)),
            Self::PoorNetwork => (Millis(3_000), Millis(9_000)),
        }
    }
}

/// What an issue was opened on. What is unknown is absent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Evidence {
    /// Of [`Kind::Freeze`].
    Freeze {
        /// How much of the time it stood still, in per cent.
        frozen_pct: Option<f64>,
        /// Frames a second.
        fps: Option<f64>,
    },
    /// Of [`Kind::Stall`].
    Stall {
        /// Whether it is the sound.
        audio: bool,
        /// Whether it is the picture.
        video: bool,
    },
    /// Of [`Kind::Congestion`].
    Congestion {
        /// What can be sent, in kbit/s.
        available_kbps: Option<f64>,
        /// What is sent, in kbit/s.
        out_kbps: Option<f64>,
        /// By how much the round trip is longer than the shortest, in milliseconds.
        queue_ms: Option<f64>,
    },
    /// Of [`Kind::Cpu`].
    Cpu {
        /// Whether the encoder says so.
        encoder: bool,
        /// Frames decoded in vain, in per cent.
        dropped_pct: Option<f64>,
    },
    /// Of [`Kind::IceFlap`].
    IceFlap {
        /// Changes within [`FLAP_WITHIN`].
        changes: usize,
    },
    /// Of [`Kind::OneWayAudio`].
    OneWayAudio {
        /// Whether it is we who do not hear; else it is they.
        deaf: bool,
    },
    /// Of [`Kind::PoorNetwork`].
    PoorNetwork {
        /// The worse of both directions, in per cent.
        loss_pct: Option<f64>,
        /// Milliseconds.
        rtt_ms: Option<f64>,
        /// Of the camera that comes, in kbit/s.
        bitrate_kbps: Option<f64>,
    },
    /// Of [`Kind::SamplingGap`].
    SamplingGap {
        /// How long nothing was measured.
        span: Millis,
    },
}

/// An issue that opened or closed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// When.
    pub at: Millis,
    /// Which.
    pub kind: Kind,
    /// What became of it.
    pub turn: Turn,
}

/// What became of an issue.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Turn {
    /// It is there.
    Opened(Evidence),
    /// It is gone, after so long.
    Closed(Millis),
}

/// One issue.
#[derive(Clone, Copy, Debug, Default)]
struct Latch {
    opened: Option<Millis>,
    /// For how long what would turn it has been seen.
    lasted: Millis,
}

impl Latch {
    fn look(&mut self, kind: Kind, sample: &Sample, finding: Finding) -> Option<Change> {
        let (open_after, close_after) = kind.lasting();
        let mut turned = |needed: Millis| {
            self.lasted = self.lasted + sample.span;
            self.lasted >= needed
        };
        let turn = match (self.opened, finding) {
            (None, Finding::Bad(evidence)) if turned(open_after) => {
                self.opened = Some(sample.at);
                Turn::Opened(evidence)
            }
            (Some(opened), Finding::Good) if turned(close_after) => {
                self.opened = None;
                Turn::Closed(sample.at.since(opened))
            }
            (None, Finding::Bad(_)) | (Some(_), Finding::Good) => return None,
            (Some(_), Finding::Bad(_) | Finding::Unclear)
            | (None, Finding::Good | Finding::Unclear) => {
                self.lasted = Millis(0);
                return None;
            }
        };
        self.lasted = Millis(0);
        Some(Change {
            at: sample.at,
            kind,
            turn,
        })
    }
}

/// All issues of one way.
#[derive(Clone, Debug, Default)]
pub struct Detectors {
    latches: [Latch; ALL.len()],
    /// When the way changed, of late.
    moves: [Option<Millis>; FLAPS],
}

impl Detectors {
    /// Takes a sample; gives what opened and closed.
    #[must_use]
    pub fn look(&mut self, sample: &Sample) -> Vec<Change> {
        if sample.moved {
            let [_, second, third] = self.moves;
            self.moves = [second, third, Some(sample.at)];
        }
        let moves = self.moves;
        let judged = ALL.iter().zip(&mut self.latches);
        judged
            .filter_map(|(&kind, latch)| latch.look(kind, sample, find(kind, sample, &moves)))
            .collect()
    }

    /// The issues that are open.
    pub fn open(&self) -> impl Iterator<Item = Kind> {
        let all = ALL.iter().zip(&self.latches);
        all.filter_map(|(kind, latch)| latch.opened.map(|_| *kind))
    }

    /// Whether anything is open, or was about to open at the last look: then samples are taken more
    /// often.
    pub fn is_suspect(&self) -> bool {
        self.latches
            .iter()
            .any(|l| l.opened.is_some() || l.lasted > Millis(0))
    }
}
