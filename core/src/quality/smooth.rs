//! A score that falls fast and rises slowly (R39).
//!
//! **What is not measured any more does not become better than it was measured.** A part that falls
//! silent, as by muting, keeps what it had for [`HOLD`]; then it rises, as slowly as any, and never
//! to excellent.

use super::sample::Sample;
use super::score::{Parts, Score, UNKNOWN_MOST, parts};
use crate::time::Millis;

/// A fall covers half of its way in this: three quarters in a sample of 3 s.
pub const FALL: Millis = Millis(1_000);
/// A rise covers half of its way in this: a fifth in a sample of 3 s.
pub const RISE: Millis = Millis(12_000);
/// How long a part keeps its score when nothing is known of it any more.
pub const HOLD: Millis = Millis(10_000);
/// What one sample counts for at most.
const SPAN_MOST: Millis = Millis(10_000);

/// One part of the score.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    value: Option<f64>,
    /// For how long nothing was known of it.
    silent: Millis,
}

impl Part {
    /// Moves towards what a sample says, over the time that it stands for. `most` is as far as it
    /// may rise.
    fn step(&mut self, target: Option<f64>, most: f64, span: Millis) {
        let Some(value) = self.value else {
            self.value = target.map(|t| t.min(most));
            return;
        };
        let (target, most) = match target {
            Some(target) => {
                self.silent = Millis(0);
                (target, most)
            }
            None => {
                self.silent = self.silent + span;
                if self.silent <= HOLD {
                    return;
                }
                (UNKNOWN_MOST, UNKNOWN_MOST)
            }
        };
        let (target, half) = if target > value {
            (target.min(most.max(value)), RISE)
        } else if self.silent.0 > 0 {
            return;
        } else {
            (target, FALL)
        };
        // One part of `half` in `span` and `half` together: near to an exponential, and without one.
        let span = span.min(SPAN_MOST).0 as f64;
        self.value = Some(value + (target - value) * (span / (span + half.0 as f64)));
    }
}

/// The score of a way, smoothed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Smoother {
    audio: Part,
    video: Part,
    network: Part,
    /// Whether the way was ever known in full.
    was_complete: bool,
    /// For how long nothing but the way was known of.
    only_way: Millis,
}

impl Smoother {
    /// Takes a sample; gives the score now. A sampling gap changes nothing.
    ///
    /// A connection that has only begun has no score: a round trip alone is no call. It gets one when
    /// anything flowed, or when nothing did for [`HOLD`], as where all are muted.
    pub fn step(&mut self, sample: &Sample) -> Option<Score> {
        let target = parts(sample);
        if !sample.gap {
            if target.complete && !self.was_complete {
                // The first measure is taken as it is: what was there before was none.
                self.network = Part::default();
                self.was_complete = true;
            }
            let most = if target.complete { 100.0 } else { UNKNOWN_MOST };
            self.audio.step(target.audio, 100.0, sample.span);
            self.video.step(target.video, 100.0, sample.span);
            self.network.step(target.network, most, sample.span);
        }
        let flowed = self.audio.value.is_some() || self.video.value.is_some();
        if !flowed && !self.was_complete {
            self.only_way = self.only_way + sample.span;
            if self.only_way <= HOLD {
                return None;
            }
        }
        let network = match self.network.value {
            None if flowed => Some(UNKNOWN_MOST),
            value => value,
        };
        Score::of(Parts {
            audio: self.audio.value,
            video: self.video.value,
            network,
            complete: target.complete,
        })
    }
}
