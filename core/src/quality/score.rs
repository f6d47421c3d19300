//! One number for how a call is, and what it is made of.
//!
//! **Never better with more loss, delay, jitter, freezing or concealment, or with fewer bits, frames
//! or pixels; continuous everywhere; 0…100, and MOS 1…4.5, for any input (R38).** Each measure has one
//! line of straight pieces from its best to its worst; a part is the minimum of its measures, the
//! score that of its parts (R39): what is good nowhere makes up for what is bad somewhere. Each line
//! passes 60, where `good` ends, at the contract's limit: 5 % loss, 200 ms, 100 kbit/s of video.
//!
//! Loss of up to 3 % is excellent because Opus in a browser carries its own error correction; the
//! points 1, 3, 4, 8, 9 and 15 % fall where LiveKit's tests have them.

use super::emodel::{mos, r_factor};
use super::raw::{known, within};
use super::sample::{Flow, Sample};
use super::tally::smaller;

/// From here on a call is excellent.
pub const EXCELLENT: f64 = 80.0;
/// From here on it is good; below, it is poor.
pub const GOOD: f64 = 60.0;
/// From here on it is poor; below, it has failed.
pub const POOR: f64 = 40.0;

/// Without its round trip, or without any loss known, a call is not called excellent: unknown is not
/// good (R32). It is not called poor either, for that moves people.
pub const UNKNOWN_MOST: f64 = 79.0;

/// Points of a line of straight pieces: a measure, and its score.
type Line<'a> = &'a [(f64, f64)];

/// Loss, in per cent of packets.
const LOSS: Line = &[
    (0.0, 100.0),
    (3.0, 80.0),
    (5.0, 60.0),
    (15.0, 40.0),
    (30.0, 15.0),
    (60.0, 0.0),
];
/// Round trip, in milliseconds. ITU-T G.114 has 150 ms one way as what most people bear; a call
/// beyond the contract's limit is poor all the same.
const RTT: Line = &[
    (0.0, 100.0),
    (150.0, 80.0),
    (200.0, 60.0),
    (400.0, 40.0),
    (1_000.0, 10.0),
    (2_000.0, 0.0),
];
/// Jitter, in milliseconds, as a jitter buffer has to take it up.
const JITTER: Line = &[
    (0.0, 100.0),
    (40.0, 80.0),
    (80.0, 60.0),
    (160.0, 40.0),
    (500.0, 0.0),
];
/// Sound that was made up, in per cent.
const CONCEALED: Line = &[
    (0.0, 100.0),
    (3.0, 80.0),
    (8.0, 60.0),
    (20.0, 40.0),
    (60.0, 0.0),
];
/// Bit rate of a camera, in kbit/s.
const BITRATE: Line = &[
    (0.0, 0.0),
    (50.0, 40.0),
    (100.0, 60.0),
    (200.0, 80.0),
    (500.0, 100.0),
];
/// Frames a second. The 15 of a dim room are enough.
const FPS: Line = &[
    (0.0, 0.0),
    (5.0, 40.0),
    (9.0, 60.0),
    (14.0, 80.0),
    (24.0, 100.0),
];
/// Share of the time that a picture stood still, in per cent.
const FROZEN: Line = &[
    (0.0, 100.0),
    (5.0, 80.0),
    (15.0, 60.0),
    (40.0, 40.0),
    (100.0, 0.0),
];
/// Height of the picture, as a share of the height that was asked for.
const HEIGHT: Line = &[
    (0.0, 20.0),
    (0.125, 40.0),
    (0.25, 60.0),
    (0.5, 80.0),
    (1.0, 100.0),
];
/// Packets a second of what is sent: DTX sends two and a half, a camera far more.
const PACKETS: Line = &[(0.0, 0.0), (1.0, 100.0)];
/// The R of the E-model that a score stands for. R 80 satisfies people, 70 leaves some dissatisfied,
/// 50 nearly all (G.107, Annex B).
const R_OF_SCORE: Line = &[
    (0.0, 0.0),
    (40.0, 50.0),
    (60.0, 70.0),
    (80.0, 80.0),
    (100.0, 93.2),
];
/// The same, read the other way.
const SCORE_OF_R: Line = &[
    (0.0, 0.0),
    (50.0, 40.0),
    (70.0, 60.0),
    (80.0, 80.0),
    (93.2, 100.0),
];

/// The score of a measure; infinity has that of the last point.
fn on(line: Line, x: f64) -> f64 {
    let mut left: Option<(f64, f64)> = None;
    for &(right_x, right_y) in line {
        if x <= right_x {
            return left.map_or(right_y, |(left_x, left_y)| {
                left_y + (right_y - left_y) * ((x - left_x) / (right_x - left_x))
            });
        }
        left = Some((right_x, right_y));
    }
    left.map_or(0.0, |(_, y)| y)
}

/// The same of what may be unknown, or not a number.
fn scored(line: Line, x: Option<f64>) -> Option<f64> {
    x.filter(|x| !x.is_nan()).map(|x| on(line, x))
}

/// How a call is rated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rating {
    /// Below [`POOR`].
    Failed,
    /// From [`POOR`].
    Poor,
    /// From [`GOOD`].
    Good,
    /// From [`EXCELLENT`].
    Excellent,
}

impl Rating {
    /// The rating of a score; of no number, `failed`.
    pub fn of(score: f64) -> Self {
        if score >= EXCELLENT {
            Self::Excellent
        } else if score >= GOOD {
            Self::Good
        } else if score >= POOR {
            Self::Poor
        } else {
            Self::Failed
        }
    }

    /// As it stands in a `quality` frame.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Poor => "poor",
            Self::Good => "good",
            Self::Excellent => "excellent",
        }
    }

    /// Whether it is below `good`.
    pub fn is_poor(self) -> bool {
        self < Self::Good
    }
}

/// What a score is made of, each 0…100. What nothing is known of, or nobody sends, has none.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Parts {
    /// The sound that comes.
    pub audio: Option<f64>,
    /// The picture that comes.
    pub video: Option<f64>,
    /// The way, in both directions.
    pub network: Option<f64>,
    /// Whether both the round trip and some loss are known.
    pub complete: bool,
}

/// How a call is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// 0…100: the least of the parts.
    pub value: f64,
    /// 1…4.41: what the E-model says of the R that the value stands for.
    pub mos: f64,
    /// What the value is called.
    pub rating: Rating,
    /// What it is made of.
    pub parts: Parts,
}

impl Score {
    /// The score of parts, as they are; none when none is known.
    pub fn of(parts: Parts) -> Option<Self> {
        let least = smaller(smaller(parts.audio, parts.video), parts.network)?;
        let value = within(known(least)?, 0.0, 100.0);
        Some(Self {
            value,
            mos: mos(on(R_OF_SCORE, value)),
            rating: Rating::of(value),
            parts,
        })
    }
}

/// The score of one sample by itself; none when nothing is known.
pub fn score(sample: &Sample) -> Option<Score> {
    let mut parts = parts(sample);
    if !parts.complete
        && (parts.audio.is_some() || parts.video.is_some() || parts.network.is_some())
    {
        parts.network = smaller(parts.network, Some(UNKNOWN_MOST));
    }
    Score::of(parts)
}

/// The parts of one sample by themselves, nothing made of what is unknown.
pub fn parts(sample: &Sample) -> Parts {
    let rtt = scored(RTT, sample.rtt_ms);
    let incoming = scored(LOSS, sample.loss_in_pct());
    let outgoing = scored(LOSS, sample.loss_out_pct());
    Parts {
        audio: audio(&sample.audio_in, sample.rtt_ms),
        video: video(&sample.video_in),
        network: least([rtt, incoming, outgoing, scored(JITTER, sample.jitter_ms())]),
        complete: rtt.is_some() && (incoming.is_some() || outgoing.is_some()),
    }
}

/// How well what is sent arrives, 0…100: for whoever adapts it. A way that is long and not congested
/// is not made shorter by sending less, so only what a round trip has grown by counts.
pub fn outgoing(sample: &Sample) -> Option<f64> {
    let grown = match (sample.rtt_ms, sample.shortest_rtt_ms) {
        (Some(rtt), Some(shortest)) => Some(rtt - shortest),
        (_, _) => None,
    };
    smaller(scored(LOSS, sample.loss_out_pct()), scored(RTT, grown))
}

/// How the call is as a whole, of the scores of its ways to the others: as more than half of them
/// are. One participant in trouble among several is that one's own (R20), and makes no call poor.
pub fn of_call(scores: &[Score]) -> Option<Score> {
    let known = || scores.iter().filter(|s| !s.value.is_nan());
    let half = known().count() / 2;
    // So few that counting is cheaper than sorting, above all in size.
    known()
        .find(|one| {
            let less = known().filter(|s| s.value < one.value).count();
            let as_much = known().filter(|s| s.value <= one.value).count();
            (less..as_much).contains(&half)
        })
        .copied()
}

fn audio(flow: &Flow, rtt_ms: Option<f64>) -> Option<f64> {
    let own = least([
        scored(LOSS, flow.loss_pct),
        scored(JITTER, flow.jitter_ms),
        scored(CONCEALED, flow.concealed_pct),
        scored(PACKETS, flow.packets_per_s.filter(|_| flow.expected)),
    ])?;
    // The measures together can be worse than each of them: that is what the E-model adds up.
    let [rtt, jitter, loss] = [rtt_ms, flow.jitter_ms, flow.loss_pct].map(|v| v.unwrap_or(0.0));
    Some(own.min(on(SCORE_OF_R, r_factor(rtt, jitter, loss))))
}

fn video(flow: &Flow) -> Option<f64> {
    let if_expected = |value: Option<f64>| value.filter(|_| flow.expected);
    let tall = match (flow.height, flow.wanted_height.filter(|w| *w > 0.0)) {
        (Some(height), Some(wanted)) => Some(height / wanted),
        (_, _) => None,
    };
    let moving = least([
        scored(BITRATE, if_expected(bitrate_for_layer(flow))),
        scored(FPS, if_expected(flow.fps)),
        scored(PACKETS, if_expected(flow.packets_per_s)),
        scored(HEIGHT, if_expected(tall)),
    ]);
    let arriving = least([
        scored(LOSS, flow.loss_pct),
        scored(JITTER, flow.jitter_ms),
        scored(FROZEN, if_expected(flow.frozen_pct)),
        None,
    ]);
    smaller(moving, arriving)
}

/// The bit rate of a camera, in kbit/s, as if a picture of 360 lines or more had been asked for: a
/// thumbnail needs less, down to a quarter.
pub(super) fn bitrate_for_layer(flow: &Flow) -> Option<f64> {
    let wanted = flow.wanted_height.filter(|w| !w.is_nan()).unwrap_or(360.0);
    flow.bitrate_kbps
        .map(|kbps| kbps / within(wanted / 360.0, 0.25, 1.0))
}

fn least(scores: [Option<f64>; 4]) -> Option<f64> {
    scores.into_iter().fold(None, smaller)
}
