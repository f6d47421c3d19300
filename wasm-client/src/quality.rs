//! How the call is: looks at the statistics in; what the page and the session are told, and what is
//! sent to whom, out. What it means is the core's to say: [`samewire_core::quality`].

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use samewire_core::protocol::client::Quality as Report;
use samewire_core::protocol::ids::Epoch;
use samewire_core::protocol::summary::QualitySpread;
use samewire_core::quality::raw::Raw;
use samewire_core::quality::{
    Advice, Change, Kind, Monitor, Pace, Reporter, Sample, Score, Seen, Step, Summary, Turn, frame,
    score,
};
use samewire_core::time::Millis;
use wasm_bindgen::JsValue;

use crate::browser::{Fields, js, text};
use crate::call::Call;
use crate::peer::Peer;
use crate::roster::Source;
use crate::socket::now;
use crate::stats::{self, Expected};

/// Everything measured of a call.
pub(crate) struct Quality {
    pace: Cell<Pace>,
    reporter: Cell<Reporter>,
    summary: RefCell<Summary>,
    ways: RefCell<Vec<Way>>,
    /// How many looks of the present round have not come back.
    outstanding: Cell<usize>,
}

/// The way to another participant.
struct Way {
    id: String,
    monitor: Monitor,
    sample: Option<Sample>,
}

impl Quality {
    pub(crate) fn new() -> Self {
        Self {
            pace: Cell::new(Pace::new(now(), samewire_core::quality::report::SAMPLE)),
            reporter: Cell::default(),
            summary: RefCell::default(),
            ways: RefCell::default(),
            outstanding: Cell::new(0),
        }
    }

    /// A participation begins, in which a sample is taken so often.
    pub(crate) fn begin(&self, sample: Millis) {
        self.pace.set(Pace::new(now(), sample));
        self.reporter.set(Reporter::default());
    }

    /// What was told of another epoch is of no use.
    pub(crate) fn enter(&self) {
        self.reporter.set(Reporter::default());
    }

    /// The next sample is not to wait.
    pub(crate) fn hurry(&self) {
        let mut pace = self.pace.get();
        pace.hurry(now());
        self.pace.set(pace);
    }

    /// Whether a round of so many looks begins now. One at a time: a look may take its time.
    pub(crate) fn begins(&self, looks: usize) -> bool {
        let due = looks > 0 && self.outstanding.get() == 0 && self.pace.get().due(now());
        if due {
            self.outstanding.set(looks);
        }
        due
    }

    /// Whoever is not there any more is measured no more.
    fn forget(&self, is_there: impl Fn(&str) -> bool) {
        self.ways.borrow_mut().retain(|way| is_there(&way.id));
    }

    fn with_way<T>(&self, id: &str, act: impl FnOnce(&mut Way) -> T) -> Option<T> {
        let mut ways = self.ways.borrow_mut();
        if !ways.iter().any(|way| way.id == id) {
            ways.push(Way {
                id: id.to_owned(),
                monitor: Monitor::default(),
                sample: None,
            });
        }
        ways.iter_mut().find(|way| way.id == id).map(act)
    }

    /// What we send to this one.
    fn step(&self, id: &str) -> Step {
        let ways = self.ways.borrow();
        let way = ways.iter().find(|way| way.id == id);
        way.map_or(Step::Full, |way| way.monitor.step())
    }

    /// How the way to this one is, as the application sees it.
    pub(crate) fn of(&self, id: &str) -> JsValue {
        let ways = self.ways.borrow();
        let score = ways.iter().find(|way| way.id == id);
        score
            .and_then(|way| way.monitor.score())
            .map_or(JsValue::UNDEFINED, |score| rated(&score).build())
    }

    /// The score of the call, and the sample of the way that it is the score of.
    fn of_call(&self) -> Option<(Score, Sample)> {
        let ways = self.ways.borrow();
        let scores: Vec<Score> = ways.iter().filter_map(|way| way.monitor.score()).collect();
        let score = score::of_call(&scores)?;
        let mut of = ways.iter().filter(|way| {
            let own = way.monitor.score();
            own.is_some_and(|own| own.value.to_bits() == score.value.to_bits())
        });
        Some((score, of.find_map(|way| way.sample)?))
    }
}

impl Call {
    /// A look of the present round came back, with or without a report.
    pub(crate) fn measured(&self, peer: &Rc<Peer>, report: Option<&JsValue>) {
        if let Some(report) = report {
            self.measure(peer, report);
        }
        let quality = &self.quality;
        quality
            .outstanding
            .set(quality.outstanding.get().saturating_sub(1));
        if quality.outstanding.get() == 0 {
            self.conclude();
        }
    }

    fn measure(&self, peer: &Rc<Peer>, report: &JsValue) {
        let Some(one) = self.participant(&peer.id) else {
            return;
        };
        let id = peer.id.as_str();
        let is_up = peer.is_connected();
        let mut raw = Raw {
            at: now(),
            connection: peer.serial,
            connected: (is_up || peer.watch.ladder.get().was_seen()).then_some(is_up),
            ..Raw::default()
        };
        let comes: Vec<Expected> = one
            .tracks
            .iter()
            .map(|track| Expected {
                track: peer.media(track).and_then(|(media, _)| text(&media, "id")),
                source: track.source,
                muted: track.muted || peer.is_held_back(track.source),
            })
            .collect();
        let step = self.quality.step(id);
        let goes: Vec<Expected> = [Source::Microphone, Source::Camera]
            .into_iter()
            .filter_map(|source| {
                let track = self.capture.outgoing(source)?;
                let held_back = source == Source::Camera && step == Step::AudioOnly;
                Some(Expected {
                    muted: held_back || !track.is_object(),
                    track: text(&track, "id"),
                    source,
                })
            })
            .collect();
        stats::look(&mut raw, report, &comes, &goes);
        let interval = self.quality.pace.get().interval();
        let seen = self.quality.with_way(id, |way| {
            let seen = way.monitor.look(raw, interval);
            way.sample = Some(seen.sample);
            seen
        });
        if let Some(seen) = seen {
            self.act_on(peer, &seen);
        }
    }

    fn act_on(&self, peer: &Rc<Peer>, seen: &Seen) {
        for change in &seen.changes {
            if matches!(change.turn, Turn::Opened(_)) {
                self.quality.summary.borrow_mut().opened(change.kind);
            }
            self.emit("alert", &alert(&peer.id, change));
        }
        match seen.advice {
            Some(Advice::Go(step)) => self.quality.summary.borrow_mut().adapted(step),
            Some(Advice::Recommend) => {
                let metrics = seen.score.as_ref().map(rated).map(Fields::build);
                let what = Fields::new()
                    .put("cause", "quality_poor".into())
                    .put("metrics", metrics.unwrap_or(JsValue::UNDEFINED))
                    .put("action", "check_network".into());
                self.emit("recommendation", &what.build());
            }
            None => {}
        }
        // A connection that was made anew sends everything at first.
        peer.send_no_more_than(self.quality.step(&peer.id));
    }

    /// Everyone was looked at: what it comes to, all in all.
    fn conclude(&self) {
        let quality = &self.quality;
        quality.forget(|id| self.peer(id).is_some());
        let suspect = quality
            .ways
            .borrow()
            .iter()
            .any(|way| way.monitor.is_suspect());
        let mut pace = quality.pace.get();
        pace.sampled(now(), suspect);
        quality.pace.set(pace);
        let Some((score, sample)) = quality.of_call() else {
            return;
        };
        quality.summary.borrow_mut().add(&sample, Some(&score));
        let epoch = self.course.borrow().epoch();
        let report = frame(Epoch(epoch), &score, &sample, &quality.summary.borrow());
        let fields = fields(&report);
        self.emit("quality-update", &fields.copy());
        // Looking counts as telling.
        if !self.socket.is_open() {
            return;
        }
        let mut reporter = quality.reporter.get();
        let due = reporter.look(now(), Some(&score));
        quality.reporter.set(reporter);
        if due.is_some() {
            let told = fields
                .put("epoch", js(epoch))
                .put("summary", summary(&report));
            self.send_frame("quality", told);
        }
    }
}

/// What the application sees of a score.
fn rated(score: &Score) -> Fields {
    Fields::new()
        .put("score", score.value.into())
        .put("rating", score.rating.name().into())
        .put("mos", score.mos.into())
}

/// A report, as the wire has it. `index.js` gives the application's names to it.
fn fields(report: &Report) -> Fields {
    let mut fields = Fields::new()
        .put("score", report.score.into())
        .put("rating", report.rating.as_str().into());
    let numbers = [
        ("mos", report.mos),
        ("rtt_ms", report.rtt_ms),
        ("loss_pct", report.loss_pct),
        ("jitter_ms", report.jitter_ms),
        ("bitrate_kbps", report.bitrate_kbps),
        ("available_kbps", report.available_kbps),
        ("fps", report.fps),
        ("width", report.width.map(f64::from)),
        ("height", report.height.map(f64::from)),
        ("audio", report.audio),
        ("video", report.video),
        ("network", report.network),
    ];
    for (name, value) in numbers {
        fields = put_known(fields, name, value);
    }
    match &report.pair {
        Some(pair) => fields.put("pair", pair.as_str().into()),
        None => fields,
    }
}

/// What is unknown is absent.
fn put_known(fields: Fields, name: &str, value: Option<f64>) -> Fields {
    match value {
        Some(value) => fields.put(name, value.into()),
        None => fields,
    }
}

/// The call so far, for the session to hold.
fn summary(report: &Report) -> JsValue {
    let Some(summary) = &report.summary else {
        return JsValue::UNDEFINED;
    };
    let mut fields = Fields::new();
    for (name, value) in [
        ("score_avg", summary.score_avg),
        ("score_min", summary.score_min),
    ] {
        fields = put_known(fields, name, value);
    }
    for (name, value) in [
        ("latency_ms", summary.latency_ms),
        ("loss_pct", summary.loss_pct),
        ("jitter_ms", summary.jitter_ms),
        ("bitrate_kbps", summary.bitrate_kbps),
        ("fps", summary.fps),
    ] {
        if let Some(QualitySpread { avg, worst, p95 }) = value {
            let spread = Fields::new()
                .put("avg", avg.into())
                .put("worst", worst.into())
                .put("p95", p95.into());
            fields = fields.put(name, spread.build());
        }
    }
    for (name, value) in [
        ("changes", u64::from(summary.changes)),
        ("drops", u64::from(summary.drops)),
        ("recoveries", u64::from(summary.recoveries)),
        ("freezes", u64::from(summary.freezes)),
        ("stalls", u64::from(summary.stalls)),
        ("issues", u64::from(summary.issues)),
        ("adaptations", u64::from(summary.adaptations)),
        ("duration_ms", summary.duration_ms),
        ("poor_ms", summary.poor_ms),
        ("failed_ms", summary.failed_ms),
        ("unmeasured_ms", summary.unmeasured_ms),
    ] {
        fields = fields.put(name, js(value));
    }
    fields.build()
}

/// An issue that opened or closed, as the application is told.
fn alert(participant: &str, change: &Change) -> JsValue {
    let open = matches!(change.turn, Turn::Opened(_));
    Fields::new()
        .put("kind", change.kind.name().into())
        .put("participant", participant.into())
        .put("detail", words(change.kind).into())
        .put("open", open.into())
        .build()
}

const fn words(kind: Kind) -> &'static str {
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
