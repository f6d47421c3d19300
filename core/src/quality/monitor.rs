//! Everything about one way to another participant: looks in, what to do out.

use super::adapt::{Adaptation, Advice, Outgoing, Step};
use super::detect::{Change, Detectors};
use super::raw::Raw;
use super::ring::Ring;
use super::sample::{Sample, Sampler};
use super::score::{GOOD, Score, outgoing, parts};
use super::smooth::Smoother;
use super::tally::larger;
use crate::protocol::client::Source;
use crate::time::Millis;

/// What came of a look.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// What happened since the look before.
    pub sample: Sample,
    /// How it is now, smoothed; `None` while nothing is known.
    pub score: Option<Score>,
    /// Issues that opened and closed.
    pub changes: Vec<Change>,
    /// What to do about what is sent.
    pub advice: Option<Advice>,
}

/// One way to another participant.
#[derive(Debug, Default)]
pub struct Monitor {
    sampler: Sampler,
    smoother: Smoother,
    detectors: Detectors,
    adaptation: Adaptation,
    samples: Ring,
    score: Option<Score>,
}

impl Monitor {
    /// Takes a look that was to come `interval` after the last one.
    #[must_use]
    pub fn look(&mut self, raw: Raw, interval: Millis) -> Seen {
        let camera = raw
            .outbound
            .iter()
            .any(|t| t.source == Source::Camera && !t.muted);
        let sample = self.sampler.look(raw, interval);
        self.samples.push(sample);
        self.score = self.smoother.step(&sample);
        let changes = self.detectors.look(&sample);
        let fares = Outgoing {
            score: outgoing(&sample),
            available_kbps: sample.available_kbps,
            limitation: sample.limitation,
            // A camera that adaptation switched off is still to be sent.
            camera: camera || self.adaptation.step() == Step::AudioOnly,
            call: larger(
                self.score.map(|score| score.value),
                Score::of(parts(&sample)).map(|score| score.value),
            ),
        };
        let span = if sample.gap { Millis(0) } else { sample.span };
        let advice = self.adaptation.look(&fares, span);
        Seen {
            sample,
            score: self.score,
            changes,
            advice,
        }
    }

    /// How it is now, smoothed.
    pub fn score(&self) -> Option<Score> {
        self.score
    }

    /// What is sent now.
    pub fn step(&self) -> Step {
        self.adaptation.step()
    }

    /// The issues, to ask which are open.
    pub fn detectors(&self) -> &Detectors {
        &self.detectors
    }

    /// The last samples.
    pub fn samples(&self) -> &Ring {
        &self.samples
    }

    /// Whether samples are to be taken more often.
    pub fn is_suspect(&self) -> bool {
        let poor = self.score.is_some_and(|score| score.value < GOOD);
        poor || self.detectors.is_suspect()
    }
}
