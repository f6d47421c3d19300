//! What one sample says of each issue.
//!
//! Each issue has two thresholds, and between them a sample says nothing.

use super::detect::{Evidence, FLAP_WITHIN, FLAPS, Kind};
use super::raw::Limitation;
use super::sample::{Flow, Sample};
use super::score::bitrate_for_layer;
use super::tally::larger;
use crate::time::Millis;

/// The contract's limits: beyond any of these the network is poor.
pub const POOR_LOSS_PCT: f64 = 5.0;
/// In milliseconds.
pub const POOR_RTT_MS: f64 = 200.0;
/// In kbit/s, of a camera.
pub const POOR_BITRATE_KBPS: f64 = 100.0;

/// What a sample says of an issue.
pub(super) enum Finding {
    Bad(Evidence),
    Good,
    /// Nothing, or something between.
    Unclear,
}

pub(super) fn find(kind: Kind, sample: &Sample, moves: &[Option<Millis>; FLAPS]) -> Finding {
    if kind == Kind::SamplingGap {
        let span = sample.span;
        return judge(
            Some(sample.gap),
            Some(!sample.gap),
            Evidence::SamplingGap { span },
        );
    }
    if sample.gap || sample.span == Millis(0) {
        return Finding::Unclear;
    }
    match kind {
        Kind::SamplingGap => Finding::Unclear,
        Kind::Freeze => freeze(&sample.video_in),
        Kind::Stall => stall(&sample.audio_in, &sample.video_in),
        Kind::Congestion => congestion(sample),
        Kind::Cpu => cpu(sample),
        Kind::IceFlap => {
            let late =
                |at: &&Option<Millis>| at.is_some_and(|at| sample.at.since(at) < FLAP_WITHIN);
            let changes = moves.iter().filter(late).count();
            let evidence = Evidence::IceFlap { changes };
            judge(Some(changes >= FLAPS), Some(changes == 0), evidence)
        }
        Kind::OneWayAudio => one_way(sample),
        Kind::PoorNetwork => poor(sample),
    }
}

/// Bad when it is known to be, good when it is known to be.
fn judge(bad: Option<bool>, good: Option<bool>, evidence: Evidence) -> Finding {
    match (bad, good) {
        (Some(true), _) => Finding::Bad(evidence),
        (_, Some(true)) => Finding::Good,
        (_, _) => Finding::Unclear,
    }
}

fn freeze(flow: &Flow) -> Finding {
    if !flow.expected {
        // Nothing can freeze that nobody sends.
        return Finding::Good;
    }
    let evidence = Evidence::Freeze {
        frozen_pct: flow.frozen_pct,
        fps: flow.fps,
    };
    let comes = flow.packets_per_s.is_some_and(|p| p > 0.0);
    let stands = flow.fps.map(|fps| fps < 1.0 && comes);
    let long = flow.frozen_pct.map(|frozen| frozen > 20.0);
    let bad = if stands == Some(true) {
        stands
    } else {
        long.or(stands)
    };
    let moves = flow.fps.map(|fps| fps >= 5.0);
    let good = match (moves, flow.frozen_pct) {
        (Some(moves), frozen) => Some(moves && frozen.is_none_or(|f| f <= 5.0)),
        (None, frozen) => frozen.map(|f| f <= 5.0),
    };
    judge(bad, good, evidence)
}

fn stall(audio: &Flow, video: &Flow) -> Finding {
    let stalled = |flow: &Flow| {
        let rate = flow.packets_per_s.filter(|_| flow.expected);
        rate.map(|p| p <= 0.0)
    };
    let (a, v) = (stalled(audio), stalled(video));
    let [audio_is, video_is] = [a, v].map(|s| s == Some(true));
    let nothing_expected = !audio.expected && !video.expected;
    let flows = (a.is_some() || v.is_some() || nothing_expected) && !audio_is && !video_is;
    let evidence = Evidence::Stall {
        audio: audio_is,
        video: video_is,
    };
    judge(Some(audio_is || video_is), Some(flows), evidence)
}

fn congestion(sample: &Sample) -> Finding {
    let queue_ms = match (sample.rtt_ms, sample.shortest_rtt_ms) {
        (Some(rtt), Some(shortest)) => Some(rtt - shortest),
        (_, _) => None,
    };
    let evidence = Evidence::Congestion {
        available_kbps: sample.available_kbps,
        out_kbps: sample.out_kbps,
        queue_ms,
    };
    let narrow = sample.limitation.map(|l| l == Limitation::Bandwidth);
    let queued = queue_ms.map(|q| q > 200.0);
    let drained = queue_ms.map(|q| q < 100.0);
    let bad = if queued == Some(true) {
        queued
    } else {
        narrow.or(queued)
    };
    let good = match (narrow, drained) {
        (Some(narrow), Some(drained)) => Some(!narrow && drained),
        (Some(narrow), None) => Some(!narrow),
        (None, drained) => drained,
    };
    judge(bad, good, evidence)
}

fn cpu(sample: &Sample) -> Finding {
    let encoder = sample.limitation.map(|l| l == Limitation::Cpu);
    let dropped_pct = sample.video_in.dropped_pct;
    let evidence = Evidence::Cpu {
        encoder: encoder == Some(true),
        dropped_pct,
    };
    let bad = encoder == Some(true) || dropped_pct.is_some_and(|d| d > 25.0);
    let known = encoder.is_some() || dropped_pct.is_some();
    let good = known && encoder != Some(true) && dropped_pct.is_none_or(|d| d < 10.0);
    judge(Some(bad), Some(good), evidence)
}

fn one_way(sample: &Sample) -> Finding {
    let (here, there) = (&sample.audio_in, &sample.audio_out);
    let silent = |flow: &Flow| flow.expected && flow.packets_per_s.is_some_and(|p| p <= 0.0);
    let flows = |flow: &Flow| flow.expected && flow.packets_per_s.is_some_and(|p| p > 0.0);
    // The other direction proves that the way is there: without that it is a stall.
    let deaf = silent(here) && (flows(there) || flows(&sample.video_in));
    let dumb = flows(here) && (silent(there) || there.loss_pct.is_some_and(|l| l >= 99.0));
    let evidence = Evidence::OneWayAudio { deaf };
    let both = flows(here) && !dumb;
    let nobody = !here.expected || !there.expected;
    judge(
        Some(deaf || dumb),
        Some(both || (nobody && !silent(here))),
        evidence,
    )
}

fn poor(sample: &Sample) -> Finding {
    let loss_pct = larger(
        sample.loss_pct(),
        larger(sample.audio_in.loss_pct, sample.video_in.loss_pct),
    );
    let rtt_ms = sample.rtt_ms;
    let video = &sample.video_in;
    let bitrate_kbps = video.bitrate_kbps.filter(|_| video.expected);
    let needed_kbps = bitrate_for_layer(video).filter(|_| video.expected);
    let evidence = Evidence::PoorNetwork {
        loss_pct,
        rtt_ms,
        bitrate_kbps,
    };
    let beyond = |loss: f64, rtt: f64, bitrate: f64| {
        loss_pct.is_some_and(|l| l > loss)
            || rtt_ms.is_some_and(|r| r > rtt)
            || needed_kbps.is_some_and(|b| b < bitrate)
    };
    let bad = beyond(POOR_LOSS_PCT, POOR_RTT_MS, POOR_BITRATE_KBPS);
    let known = rtt_ms.is_some() || loss_pct.is_some();
    let near = beyond(
        0.6 * POOR_LOSS_PCT,
        0.8 * POOR_RTT_MS,
        1.5 * POOR_BITRATE_KBPS,
    );
    judge(Some(bad), Some(known && !near), evidence)
}
