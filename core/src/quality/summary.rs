//! A participant's whole call in less than a kilobyte.
//!
//! **It grows with no sample: counts, extremes and a few buckets, however long the call.** The session
//! holds the last one that was reported, so that it survives a tab that is killed.

use super::adapt::Step;
use super::detect::Kind;
use super::raw::within;
use super::sample::Sample;
use super::score::{Rating, Score};
use crate::protocol::summary::{QualitySpread, QualitySummary};
use crate::time::Millis;

/// Buckets of a distribution.
const BUCKETS: usize = 48;
/// Each bucket ends this much further than the one before: a quantile is this exact.
const GROWTH: f64 = 1.25;

/// Which end of a measure is the bad one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bad {
    High,
    Low,
}

/// What a measure was over the whole call.
#[derive(Clone, Debug)]
struct Spread {
    bad: Bad,
    /// Where the first bucket ends.
    first: f64,
    count: u32,
    sum: f64,
    worst: f64,
    buckets: [u32; BUCKETS],
}

impl Spread {
    fn new(bad: Bad, first: f64) -> Self {
        Self {
            bad,
            first,
            count: 0,
            sum: 0.0,
            worst: 0.0,
            buckets: [0; BUCKETS],
        }
    }

    fn add(&mut self, value: Option<f64>) {
        let Some(value) = value.filter(|v| v.is_finite()) else {
            return;
        };
        let value = within(value, 0.0, 1e9);
        self.worst = match (self.count, self.bad) {
            (0, _) => value,
            (_, Bad::High) => self.worst.max(value),
            (_, Bad::Low) => self.worst.min(value),
        };
        self.count = self.count.saturating_add(1);
        self.sum += value;
        let mut end = self.first;
        let mut of_value = self.buckets.len() - 1;
        for place in 0..self.buckets.len() {
            if value <= end {
                of_value = place;
                break;
            }
            end *= GROWTH;
        }
        if let Some(bucket) = self.buckets.get_mut(of_value) {
            *bucket = bucket.saturating_add(1);
        }
    }

    /// What 95 % of the samples were as good as or better than, to within a bucket.
    fn p95(&self) -> f64 {
        // How many samples stand below the quantile.
        let needed = match self.bad {
            Bad::High => self.count - self.count / 20,
            Bad::Low => self.count / 20 + 1,
        };
        let mut seen = 0_u32;
        let (mut start, mut end) = (0.0, self.first);
        for &bucket in &self.buckets {
            seen = seen.saturating_add(bucket);
            if seen >= needed {
                break;
            }
            start = end;
            end *= GROWTH;
        }
        match self.bad {
            Bad::High => end.min(self.worst),
            Bad::Low => start.max(self.worst),
        }
    }

    fn summary(&self) -> Option<QualitySpread> {
        (self.count > 0).then(|| QualitySpread {
            avg: tenths(self.sum / f64::from(self.count)),
            worst: tenths(self.worst),
            p95: tenths(self.p95()),
        })
    }
}

/// Rounded to a tenth: more is noise, and longer on the wire.
pub(super) fn tenths(value: f64) -> f64 {
    // The cast saturates, and what is not a number is 0.
    ((value * 10.0 + 0.5) as i64) as f64 / 10.0
}

/// A participant's call so far.
#[derive(Clone, Debug)]
pub struct Summary {
    latency: Spread,
    loss: Spread,
    jitter: Spread,
    bitrate: Spread,
    fps: Spread,
    scores: u32,
    score_sum: f64,
    score_min: f64,
    rating: Option<Rating>,
    rated_at: Option<Millis>,
    told: QualitySummary,
}

impl Default for Summary {
    fn default() -> Self {
        Self {
            latency: Spread::new(Bad::High, 2.0),
            loss: Spread::new(Bad::High, 0.1),
            jitter: Spread::new(Bad::High, 0.5),
            bitrate: Spread::new(Bad::Low, 8.0),
            fps: Spread::new(Bad::Low, 1.0),
            scores: 0,
            score_sum: 0.0,
            score_min: 100.0,
            rating: None,
            rated_at: None,
            told: QualitySummary::default(),
        }
    }
}

impl Summary {
    /// Takes a sample, and how the call was when it was taken.
    pub fn add(&mut self, sample: &Sample, score: Option<&Score>) {
        self.latency.add(sample.rtt_ms);
        self.loss.add(sample.loss_pct());
        self.jitter.add(sample.jitter_ms());
        self.bitrate.add(sample.in_kbps);
        self.fps
            .add(sample.video_in.fps.filter(|_| sample.video_in.expected));
        let span = self.rated_at.map_or(Millis(0), |at| sample.at.since(at));
        self.rated_at = Some(sample.at);
        let told = &mut self.told;
        told.duration_ms = told.duration_ms.saturating_add(span.0);
        if sample.gap {
            told.unmeasured_ms = told.unmeasured_ms.saturating_add(span.0);
            return;
        }
        match self.rating {
            Some(Rating::Poor) => told.poor_ms = told.poor_ms.saturating_add(span.0),
            Some(Rating::Failed) => told.failed_ms = told.failed_ms.saturating_add(span.0),
            Some(Rating::Good | Rating::Excellent) | None => {}
        }
        let Some(score) = score.filter(|s| s.value.is_finite()) else {
            return;
        };
        self.scores = self.scores.saturating_add(1);
        self.score_sum += score.value;
        self.score_min = self.score_min.min(score.value);
        if let Some(before) = self.rating.replace(score.rating)
            && before != score.rating
        {
            told.changes = told.changes.saturating_add(1);
            match (before.is_poor(), score.rating.is_poor()) {
                (false, true) => told.drops = told.drops.saturating_add(1),
                (true, false) => told.recoveries = told.recoveries.saturating_add(1),
                (_, _) => {}
            }
        }
    }

    /// An issue opened.
    pub fn opened(&mut self, kind: Kind) {
        let count = match kind {
            Kind::Freeze => &mut self.told.freezes,
            Kind::Stall | Kind::OneWayAudio => &mut self.told.stalls,
            Kind::Congestion | Kind::Cpu | Kind::IceFlap | Kind::PoorNetwork => {
                &mut self.told.issues
            }
            Kind::SamplingGap => return,
        };
        *count = count.saturating_add(1);
    }

    /// What is sent was adapted; back to all of it is none.
    pub fn adapted(&mut self, step: Step) {
        if step > Step::Full {
            self.told.adaptations = self.told.adaptations.saturating_add(1);
        }
    }

    /// As it travels. What was never known is absent.
    pub fn told(&self) -> QualitySummary {
        let known = self.scores > 0;
        QualitySummary {
            score_avg: known.then(|| tenths(self.score_sum / f64::from(self.scores))),
            score_min: known.then(|| tenths(self.score_min)),
            latency_ms: self.latency.summary(),
            loss_pct: self.loss.summary(),
            jitter_ms: self.jitter.summary(),
            bitrate_kbps: self.bitrate.summary(),
            fps: self.fps.summary(),
            ..self.told.clone()
        }
    }
}
