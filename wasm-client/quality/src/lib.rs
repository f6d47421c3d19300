//! The quality of a call: [`samewire_core::quality`] as a module of its own, which a page loads once it
//! has joined, so that nobody waits for it.
//!
//! **Only numbers cross: what a browser's statistics say comes in as one flat list, and what it means
//! goes out as another.** `npm/quality/` reads the statistics and gives the numbers their names, all of
//! which are told by [`words`], so that either side of the boundary has them from one place.
//!
//! In reading order: `flat` (a look, from numbers), `told` (a report, to numbers); the exports are here.

#[cfg(target_arch = "wasm32")]
#[path = "../../src/allocator.rs"]
mod allocator;
mod flat;
mod told;

use samewire_core::protocol::ids::Epoch;
use samewire_core::quality::{
    Advice, Monitor, Pace, Reporter, Sample, Score, Step, Summary, Turn, frame, report, score,
};
use samewire_core::time::Millis;
use wasm_bindgen::prelude::*;

/// Every name that crosses: lists on lines of their own, their items with `;` between. In this order:
/// the keys of `inbound-rtp`, `outbound-rtp`, `remote-inbound-rtp` and `candidate-pair`; sources;
/// routes; ratings; kinds of issues; these in words; the numbers of a report; those of a
/// summary; those of a spread.
#[wasm_bindgen]
#[must_use]
pub fn words() -> String {
    let mut words = String::new();
    flat::put_words(&mut words);
    told::put_words(&mut words);
    words
}

/// The number of what holds an encoder back, by its `qualityLimitationReason`; NaN for an unknown one.
#[wasm_bindgen]
#[must_use]
pub fn limitation(name: &str) -> f64 {
    flat::limitation(name)
}

/// The number of a route, by the local candidate's `candidateType` and `protocol`, where there is a
/// relay `relayProtocol`; NaN for an unknown one.
#[wasm_bindgen]
#[must_use]
pub fn route(candidate_type: &str, protocol: &str) -> f64 {
    flat::route(candidate_type, protocol)
}

/// The way to another participant.
struct Way {
    number: u32,
    monitor: Monitor,
    sample: Option<Sample>,
}

impl Default for Meter {
    fn default() -> Self {
        Self::new()
    }
}

/// Everything measured of a call. Times are milliseconds of one clock that does not go back.
#[wasm_bindgen]
pub struct Meter {
    pace: Pace,
    reporter: Reporter,
    summary: Summary,
    ways: Vec<Way>,
}

#[wasm_bindgen]
impl Meter {
    /// Nothing was measured yet.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self {
            pace: Pace::new(Millis(0), report::SAMPLE),
            reporter: Reporter::default(),
            summary: Summary::default(),
            ways: Vec::new(),
        }
    }

    /// A participation begins, in which a sample is taken every `sample` milliseconds: the summary goes on.
    pub fn begin(&mut self, now: f64, sample: f64) {
        self.pace = Pace::new(millis(now), millis(sample));
        self.reporter.begin();
    }

    /// What was told of another epoch is of no use.
    pub fn enter(&mut self) {
        self.reporter.begin();
    }

    /// The next sample is not to wait.
    pub fn hurry(&mut self, now: f64) {
        self.pace.hurry(millis(now));
    }

    /// Whether a sample is due.
    #[must_use]
    pub fn due(&self, now: f64) -> bool {
        self.pace.due(millis(now))
    }

    /// Takes a look at the way of this number, as [`words`] and `flat` have it. What comes of it: the step to
    /// send ([`Step::rank`]), 1 when nothing is left to give up and it is poor still, then pairs of an
    /// issue's kind and 1 where it opened, 0 where it closed.
    #[must_use]
    pub fn look(&mut self, now: f64, way: u32, numbers: &[f64]) -> Vec<f64> {
        let interval = self.pace.interval();
        let raw = flat::look(millis(now), numbers);
        let way = self.way(way);
        let seen = way.monitor.look(raw, interval);
        way.sample = Some(seen.sample);
        let mut out = vec![f64::from(way.monitor.step().rank()), 0.0];
        match seen.advice {
            Some(Advice::Go(step)) => self.summary.adapted(step),
            Some(Advice::Recommend) => out = vec![f64::from(Step::AudioOnly.rank()), 1.0],
            None => {}
        }
        for change in &seen.changes {
            let opened = matches!(change.turn, Turn::Opened(_));
            if opened {
                self.summary.opened(change.kind);
            }
            out.push(told::kind(change.kind));
            out.push(f64::from(u8::from(opened)));
        }
        out
    }

    /// What is sent on the way of this number, as [`Step::rank`] has it.
    #[must_use]
    pub fn step(&self, way: u32) -> u8 {
        let way = self.ways.iter().find(|one| one.number == way);
        way.map_or(Step::Full, |way| way.monitor.step()).rank()
    }

    /// How the way of this number is: score, rating, MOS; nothing while nothing is known.
    #[must_use]
    pub fn rated(&self, way: u32) -> Vec<f64> {
        let way = self.ways.iter().find(|one| one.number == way);
        let score = way.and_then(|way| way.monitor.score());
        score.map_or(Vec::new(), |score| {
            vec![score.value, told::rating(score.rating), score.mos]
        })
    }

    /// Whoever had this number is measured no more.
    pub fn forget(&mut self, way: u32) {
        self.ways.retain(|one| one.number != way);
    }

    /// Every way was looked at: the call as a whole, as `told` has it, or nothing while nothing is
    /// known. The first number is 1 when the session is to be told, which can be only where `open`;
    /// saying so counts as telling.
    #[must_use]
    pub fn conclude(&mut self, now: f64, open: bool) -> Vec<f64> {
        let now = millis(now);
        let suspect = self.ways.iter().any(|way| way.monitor.is_suspect());
        self.pace.sampled(now, suspect);
        let Some((score, sample)) = self.of_call() else {
            return Vec::new();
        };
        self.summary.add(&sample, Some(&score));
        let report = frame(Epoch(0), &score, &sample, &self.summary);
        let due = open && self.reporter.look(now, Some(&score)).is_some();
        let mut out = vec![
            f64::from(u8::from(due)),
            told::rating(score.rating),
            flat::place(&flat::ROUTES, sample.route),
        ];
        told::put(&mut out, &report);
        out
    }
}

impl Meter {
    fn way(&mut self, number: u32) -> &mut Way {
        let known = self.ways.iter().position(|one| one.number == number);
        let at = known.unwrap_or_else(|| {
            self.ways.push(Way {
                number,
                monitor: Monitor::default(),
                sample: None,
            });
            self.ways.len() - 1
        });
        // Found or pushed just now.
        #[allow(clippy::indexing_slicing)]
        &mut self.ways[at]
    }

    /// The score of the call, and the sample of the way that it is the score of.
    fn of_call(&self) -> Option<(Score, Sample)> {
        let scores: Vec<Score> = self
            .ways
            .iter()
            .filter_map(|way| way.monitor.score())
            .collect();
        let score = score::of_call(&scores)?;
        let mut of = self.ways.iter().filter(|way| {
            let own = way.monitor.score();
            own.is_some_and(|own| own.value.to_bits() == score.value.to_bits())
        });
        Some((score, of.find_map(|way| way.sample)?))
    }
}

fn millis(time: f64) -> Millis {
    Millis(time as u64)
}
