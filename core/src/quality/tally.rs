//! Counting what the tracks of one kind and direction did between two looks.

use super::raw::{Inbound, Limitation, Outbound, Selected, known, within};
use super::sample::{FEWEST_PACKETS, Flow};
use crate::protocol::client::Source;

/// What all tracks of one kind and direction did.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    expected: bool,
    /// Of the expected track that had fewest.
    fewest: Option<f64>,
    packets: Option<f64>,
    pub(super) lost: Option<f64>,
    /// What came, or is reported to have arrived.
    pub(super) arrived: Option<f64>,
    bytes: Option<f64>,
    jitter_ms: Option<f64>,
    frames: Option<f64>,
    slowest: Option<f64>,
    /// Frames a second as the browser says, where it counts no frames.
    said_fps: Option<f64>,
    width: Option<f64>,
    height: Option<f64>,
    wanted_height: Option<f64>,
    freezes: Option<f64>,
    frozen_s: Option<f64>,
    dropped: Option<f64>,
    concealed: Option<f64>,
    samples: Option<f64>,
    level: Option<f64>,
    qp: Option<f64>,
}

impl Tally {
    /// Counts what came on a track; gives its bytes.
    pub(super) fn receive(&mut self, track: &Inbound, first: Option<&Inbound>) -> Option<f64> {
        let (now, first) = (&track.report, first?);
        let was = &first.report;
        // Muted for a part of the time: what came and what did not is no measure of the way.
        if track.muted || first.muted || fell(now.packets_received, was.packets_received) {
            return None;
        }
        let packets = delta(now.packets_received, was.packets_received);
        add(&mut self.packets, packets);
        if let (Some(_), Some(lost), Some(before)) = (packets, now.packets_lost, was.packets_lost) {
            // Late packets are taken off again: then none was lost.
            add(&mut self.lost, known((lost - before).max(0.0)));
            add(&mut self.arrived, packets);
        }
        // The jitter of a track on which nothing comes is an old one.
        if packets.is_some_and(|p| p > 0.0) {
            self.jitter_ms = larger(self.jitter_ms, milliseconds(now.jitter));
        }
        self.picture(now.frame_width, now.frame_height);
        self.wanted_height = larger(self.wanted_height, sane(track.wanted_height));
        add(&mut self.freezes, delta(now.freeze_count, was.freeze_count));
        let frozen = delta(now.total_freezes_duration, was.total_freezes_duration);
        self.frozen_s = larger(self.frozen_s, frozen);
        add(
            &mut self.dropped,
            delta(now.frames_dropped, was.frames_dropped),
        );
        let silent = delta(now.silent_concealed_samples, was.silent_concealed_samples);
        let concealed = delta(now.concealed_samples, was.concealed_samples);
        let samples = delta(now.total_samples_received, was.total_samples_received);
        if let (Some(all), Some(_)) = (concealed, samples) {
            add(
                &mut self.concealed,
                Some((all - silent.unwrap_or(0.0)).max(0.0)),
            );
            add(&mut self.samples, samples);
        }
        self.level = larger(self.level, sane(now.audio_level));
        let moved = Moved {
            packets,
            bytes: delta(now.bytes_received, was.bytes_received),
            frames: delta(now.frames_decoded, was.frames_decoded),
            said_fps: sane(now.frames_per_second),
            quantisers: delta(now.qp_sum, was.qp_sum),
        };
        self.count_moved(track.source, &moved, smaller);
        moved.bytes
    }

    /// Counts what was sent on a track; gives its bytes.
    pub(super) fn send(&mut self, track: &Outbound, first: Option<&Outbound>) -> Option<f64> {
        let (now, first) = (&track.report, first?);
        let was = &first.report;
        if track.muted || first.muted || fell(now.packets_sent, was.packets_sent) {
            return None;
        }
        let moved = Moved {
            packets: delta(now.packets_sent, was.packets_sent),
            bytes: delta(now.bytes_sent, was.bytes_sent),
            frames: delta(now.frames_encoded, was.frames_encoded),
            said_fps: sane(now.frames_per_second),
            quantisers: delta(now.qp_sum, was.qp_sum),
        };
        add(&mut self.packets, moved.packets);
        self.picture(now.frame_width, now.frame_height);
        // A layer of simulcast that is off sends nothing: the best layer is what is sent.
        self.count_moved(track.source, &moved, larger);
        moved.bytes
    }

    fn picture(&mut self, width: Option<f64>, height: Option<f64>) {
        self.width = larger(self.width, sane(width));
        self.height = larger(self.height, sane(height));
    }

    /// Counts what moved; `pick` says which of several expected tracks stands for them.
    fn count_moved(
        &mut self,
        source: Source,
        moved: &Moved,
        pick: fn(Option<f64>, Option<f64>) -> Option<f64>,
    ) {
        add(&mut self.frames, moved.frames);
        self.qp = larger(self.qp, quotient(moved.quantisers, moved.frames));
        if matches!(source, Source::Microphone | Source::Camera) {
            self.expected = true;
            self.fewest = pick(self.fewest, moved.packets);
            self.slowest = pick(self.slowest, moved.frames);
            self.said_fps = pick(self.said_fps, moved.said_fps);
            add(&mut self.bytes, moved.bytes);
        }
    }

    pub(super) fn flow(&self, seconds: f64) -> Flow {
        let per_second = |count| quotient(count, Some(seconds));
        let counted = |all: Option<f64>| all.is_some_and(|all| all >= FEWEST_PACKETS);
        let (mut sent, mut shown) = (self.arrived, self.frames);
        add(&mut sent, self.lost);
        add(&mut shown, self.dropped);
        Flow {
            expected: self.expected,
            packets_per_s: per_second(self.fewest),
            packets: self.packets,
            arrived: self.arrived,
            lost: self.lost,
            loss_pct: percent(self.lost, sent.filter(|_| counted(sent))),
            jitter_ms: self.jitter_ms,
            bitrate_kbps: rate(self.bytes, seconds),
            fps: per_second(self.slowest).or(self.said_fps),
            width: self.width,
            height: self.height,
            wanted_height: self.wanted_height,
            freezes: self.freezes,
            frozen_pct: percent(self.frozen_s, Some(seconds)),
            dropped: self.dropped,
            dropped_pct: percent(self.dropped, shown),
            concealed_pct: percent(self.concealed, self.samples),
            level: self.level,
            qp: self.qp,
        }
    }
}

/// What moved on one track.
struct Moved {
    packets: Option<f64>,
    bytes: Option<f64>,
    frames: Option<f64>,
    said_fps: Option<f64>,
    quantisers: Option<f64>,
}

/// The loss of sound and pictures together, weighed by their packets.
pub(super) fn together(audio: &Flow, video: &Flow) -> Option<f64> {
    if audio.loss_pct.is_none() || video.loss_pct.is_none() {
        return audio.loss_pct.or(video.loss_pct);
    }
    let (mut lost, mut sent) = (audio.lost, audio.arrived);
    add(&mut lost, video.lost);
    add(&mut sent, video.arrived);
    add(&mut sent, lost);
    percent(lost, sent).or(larger(audio.loss_pct, video.loss_pct))
}

pub(super) fn of_kind<'a>(
    source: Source,
    audio: &'a mut Tally,
    video: &'a mut Tally,
) -> &'a mut Tally {
    match source {
        Source::Microphone | Source::ScreenAudio => audio,
        Source::Camera | Source::Screen => video,
    }
}

/// The round trip of a pair, in milliseconds: the mean since the last look where there was one.
pub(super) fn round_trip(pair: &Selected, first: Option<&Selected>) -> Option<f64> {
    let now = &pair.report;
    if let Some(first) = first.filter(|f| f.id == pair.id) {
        let was = &first.report;
        let total = delta(now.total_round_trip_time, was.total_round_trip_time);
        let count = delta(now.responses_received, was.responses_received);
        if let Some(mean) = quotient(total, count) {
            return Some(mean * 1_000.0);
        }
    }
    if now.responses_received == Some(0.0) {
        return None;
    }
    milliseconds(now.current_round_trip_time)
}

/// The graver of two limitations: the processor's can be helped least by others.
pub(super) fn graver(a: Option<Limitation>, b: Option<Limitation>) -> Option<Limitation> {
    let weight = |limitation| match limitation {
        None => 0,
        Some(Limitation::None) => 1,
        Some(Limitation::Other) => 2,
        Some(Limitation::Bandwidth) => 3,
        Some(Limitation::Cpu) => 4,
    };
    if weight(b) > weight(a) { b } else { a }
}

/// A number that can be one of these: finite and not negative.
#[inline(never)]
pub(super) fn sane(value: Option<f64>) -> Option<f64> {
    value.and_then(known).filter(|v| *v >= 0.0)
}

#[inline(never)]
pub(super) fn milliseconds(seconds: Option<f64>) -> Option<f64> {
    sane(seconds).and_then(|s| known(s * 1_000.0))
}

/// By how much a counter grew; unknown when it fell, for then it began again.
#[inline(never)]
pub(super) fn delta(now: Option<f64>, was: Option<f64>) -> Option<f64> {
    sane(Some(now? - was?))
}

#[inline(never)]
fn fell(now: Option<f64>, was: Option<f64>) -> bool {
    matches!((now, was), (Some(now), Some(was)) if now < was)
}

/// Adds what is known.
#[inline(never)]
pub(super) fn add(sum: &mut Option<f64>, more: Option<f64>) {
    if let Some(more) = more {
        *sum = known(sum.unwrap_or(0.0) + more);
    }
}

/// The larger of what is known.
#[inline(never)]
pub(super) fn larger(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.max(b)),
        (a, b) => a.or(b),
    }
}

/// The smaller of what is known.
#[inline(never)]
pub(super) fn smaller(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

#[inline(never)]
fn quotient(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    known(a? / b.filter(|b| *b > 0.0)?)
}

fn percent(part: Option<f64>, whole: Option<f64>) -> Option<f64> {
    quotient(part, whole).map(|q| within(q * 100.0, 0.0, 100.0))
}

#[inline(never)]
pub(super) fn rate(bytes: Option<f64>, seconds: f64) -> Option<f64> {
    quotient(bytes, Some(seconds)).and_then(|b| known(b * 8.0 / 1_000.0))
}
