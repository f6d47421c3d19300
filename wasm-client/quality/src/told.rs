//! A report, as numbers: NaN is what is not known.

use samewire_core::protocol::client::Quality;
use samewire_core::protocol::summary::{QualitySpread, QualitySummary};
use samewire_core::quality::detect::{ALL, Kind};
use samewire_core::quality::score::Rating;

use crate::flat::{place, put_list};

const RATINGS: [Rating; 4] = [
    Rating::Failed,
    Rating::Poor,
    Rating::Good,
    Rating::Excellent,
];

type Number<T> = (&'static str, fn(&T) -> Option<f64>);

const NUMBERS: [Number<Quality>; 13] = [
    ("score", |told| Some(told.score)),
    ("mos", |told| told.mos),
    ("rtt_ms", |told| told.rtt_ms),
    ("loss_pct", |told| told.loss_pct),
    ("jitter_ms", |told| told.jitter_ms),
    ("bitrate_kbps", |told| told.bitrate_kbps),
    ("available_kbps", |told| told.available_kbps),
    ("fps", |told| told.fps),
    ("width", |told| told.width.map(f64::from)),
    ("height", |told| told.height.map(f64::from)),
    ("audio", |told| told.audio),
    ("video", |told| told.video),
    ("network", |told| told.network),
];

const COUNTS: [Number<QualitySummary>; 13] = [
    ("score_avg", |told| told.score_avg),
    ("score_min", |told| told.score_min),
    ("changes", |told| count(told.changes)),
    ("drops", |told| count(told.drops)),
    ("recoveries", |told| count(told.recoveries)),
    ("freezes", |told| count(told.freezes)),
    ("stalls", |told| count(told.stalls)),
    ("issues", |told| count(told.issues)),
    ("adaptations", |told| count(told.adaptations)),
    ("duration_ms", |told| time(told.duration_ms)),
    ("poor_ms", |told| time(told.poor_ms)),
    ("failed_ms", |told| time(told.failed_ms)),
    ("unmeasured_ms", |told| time(told.unmeasured_ms)),
];

type Spread = (&'static str, fn(&QualitySummary) -> Option<QualitySpread>);

const SPREADS: [Spread; 5] = [
    ("latency_ms", |told| told.latency_ms),
    ("loss_pct", |told| told.loss_pct),
    ("jitter_ms", |told| told.jitter_ms),
    ("bitrate_kbps", |told| told.bitrate_kbps),
    ("fps", |told| told.fps),
];

fn count(many: u32) -> Option<f64> {
    Some(f64::from(many))
}

fn time(ms: u64) -> Option<f64> {
    Some(ms as f64)
}

/// The number of a rating.
pub(crate) fn rating(rating: Rating) -> f64 {
    place(&RATINGS, Some(rating))
}

/// The number of a kind of issue.
pub(crate) fn kind(kind: Kind) -> f64 {
    place(&ALL, Some(kind))
}

/// The names of what goes out.
pub(crate) fn put_words(words: &mut String) {
    put_list(words, RATINGS.iter().map(|rating| rating.name()));
    put_list(words, ALL.iter().map(|kind| kind.name()));
    put_list(words, ALL.iter().map(|kind| in_words(*kind)));
    put_list(words, NUMBERS.iter().map(|(name, _)| *name));
    put_list(words, COUNTS.iter().map(|(name, _)| *name));
    put_list(words, SPREADS.iter().map(|(name, _)| *name));
}

/// Adds the numbers of a report and of its summary: those of the report, those of the summary, and of
/// each of its spreads the mean, the worst, and what 95 % were as good as.
pub(crate) fn put(out: &mut Vec<f64>, report: &Quality) {
    let empty = QualitySummary::default();
    let summary = report.summary.as_deref().unwrap_or(&empty);
    for (_, of) in NUMBERS {
        out.push(of(report).unwrap_or(f64::NAN));
    }
    for (_, of) in COUNTS {
        out.push(of(summary).unwrap_or(f64::NAN));
    }
    for (_, of) in SPREADS {
        let known = of(summary).map(|QualitySpread { avg, worst, p95 }| [avg, worst, p95]);
        out.extend(known.unwrap_or([f64::NAN; 3]));
    }
}

const fn in_words(kind: Kind) -> &'static str {
    match kind {
        Kind::Freeze => "their picture stands still",
        Kind::Stall => "what they send does not come",
        Kind::Congestion => "more is sent to them than the network takes",
        Kind::Cpu => "this machine is too slow for the call",
        Kind::IceFlap => "the way to them changes again and again",
        Kind::OneWayAudio => "only one of the two hears the other",
        Kind::PoorNetwork => "the network between the two is poor",
        Kind::SamplingGap => "nothing could be measured for a while: the machine slept",
    }
}
