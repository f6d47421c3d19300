//! When a sample is due, and when the session is told.
//!
//! **A call that gets worse is told at once, one that gets better when that has lasted, and any call
//! once a minute.**

use super::sample::Sample;
use super::score::{Rating, Score};
use super::summary::{Summary, tenths};
use crate::protocol::client::Quality;
use crate::protocol::ids::Epoch;
use crate::time::Millis;

/// Between two samples while nothing is wrong, unless `SAMPLE` says otherwise.
pub const SAMPLE: Millis = Millis(3_000);
/// Between two samples while anything is suspect; never more than the other.
pub const SAMPLE_SUSPECT: Millis = Millis(1_000);
/// A report is sent at least this often.
pub const REPORT_EVERY: Millis = Millis(60_000);
/// How long a better rating must last before it is told.
pub const BETTER_AFTER: Millis = Millis(5_000);

/// When a sample is due.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    usual: Millis,
    interval: Millis,
    next: Millis,
}

impl Pace {
    /// The first sample is due now; `usual` is the session's `SAMPLE`.
    pub fn new(now: Millis, usual: Millis) -> Self {
        Self {
            usual,
            interval: usual,
            next: now,
        }
    }

    /// When the next sample is due.
    pub fn next_sample_at(&self) -> Millis {
        self.next
    }

    /// What the next sample is to cover: what [`super::Sampler::look`] wants to know.
    pub fn interval(&self) -> Millis {
        self.interval
    }

    /// Whether a sample is due; also when the clock has gone backwards.
    pub fn due(&self, now: Millis) -> bool {
        now >= self.next || self.next.since(now) > self.interval
    }

    /// A sample was taken.
    pub fn sampled(&mut self, now: Millis, suspect: bool) {
        self.interval = if suspect {
            SAMPLE_SUSPECT.min(self.usual)
        } else {
            self.usual
        };
        self.next = now + self.interval;
    }

    /// Something is suspect, as by another watcher: the next sample is not to wait.
    pub fn hurry(&mut self, now: Millis) {
        self.next = self.next.min(now + SAMPLE_SUSPECT);
    }
}

/// Why a report is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Nothing was told in this epoch yet.
    First,
    /// The rating is another one; that `poor` began or ended is such a change.
    Rating,
    /// A minute has passed.
    Minute,
}

/// What was told.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reporter {
    told: Option<(Millis, Rating)>,
    better_since: Option<Millis>,
}

impl Reporter {
    /// Another epoch, or another link: what was told is of no use.
    pub fn begin(&mut self) {
        *self = Self::default();
    }

    /// Whether how the call is now is to be told, and why. Answering yes counts as telling.
    #[must_use]
    pub fn look(&mut self, now: Millis, score: Option<&Score>) -> Option<Cause> {
        let rating = score?.rating;
        let Some((at, told)) = self.told else {
            return Some(self.tell(now, rating, Cause::First));
        };
        if rating > told {
            let since = *self.better_since.get_or_insert(now);
            if now.since(since) >= BETTER_AFTER {
                return Some(self.tell(now, rating, Cause::Rating));
            }
        } else {
            self.better_since = None;
        }
        if rating < told {
            return Some(self.tell(now, rating, Cause::Rating));
        }
        // A clock that went backwards is as good as one that went too far.
        let is_late = now.since(at) >= REPORT_EVERY || now < at;
        is_late.then(|| self.tell(now, rating, Cause::Minute))
    }

    fn tell(&mut self, now: Millis, rating: Rating, cause: Cause) -> Cause {
        self.told = Some((now, rating));
        self.better_since = None;
        cause
    }
}

/// The `quality` frame. What is unknown is absent.
pub fn frame(epoch: Epoch, score: &Score, sample: &Sample, summary: &Summary) -> Quality {
    let pixels = |value: Option<f64>| value.map(|v| v as u32);
    let told = |value: Option<f64>| value.map(tenths);
    Quality {
        switching: false,
        epoch,
        // Rounded down: the score that is told has the rating that is told.
        score: ((score.value * 10.0) as i64) as f64 / 10.0,
        rating: score.rating.name().to_owned(),
        mos: Some(((score.mos * 100.0 + 0.5) as i64) as f64 / 100.0),
        rtt_ms: told(sample.rtt_ms),
        loss_pct: told(sample.loss_pct()),
        jitter_ms: told(sample.jitter_ms()),
        bitrate_kbps: told(sample.in_kbps),
        available_kbps: told(sample.available_kbps),
        fps: told(sample.video_in.fps),
        width: pixels(sample.video_in.width),
        height: pixels(sample.video_in.height),
        pair: sample.route.map(|route| route.name().to_owned()),
        audio: told(score.parts.audio),
        video: told(score.parts.video),
        network: told(score.parts.network),
        summary: Some(Box::new(summary.told())),
    }
}
