//! How the call is: looks at the statistics in; what the page and the session are told, and what is
//! sent to whom, out. What it means is said by the meter, a chunk of the package that `index.js` loads
//! once the call has begun: until it is there nothing is measured, and nothing is waited for.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::Array;
use samewire_core::quality::Step;
use wasm_bindgen::JsValue;

use crate::browser::{self, Fields, get, invoke, js, list, text};
use crate::call::{Call, State};
use crate::peer::Peer;
use crate::roster::Source;

/// What measures the call, once it is there.
pub(crate) struct Quality {
    meter: RefCell<JsValue>,
    /// How often a sample is taken, in milliseconds.
    sample: Cell<u64>,
    /// How many looks of the present round have not come back.
    outstanding: Cell<usize>,
}

impl Quality {
    pub(crate) fn new() -> Self {
        Self {
            meter: RefCell::default(),
            sample: Cell::new(3_000),
            outstanding: Cell::new(0),
        }
    }

    /// What the meter answers; undefined while there is none.
    fn ask(&self, method: &str, arguments: &[JsValue]) -> JsValue {
        let meter = self.meter.borrow().clone();
        if meter.is_undefined() {
            return meter;
        }
        browser::set(&meter, "now", &browser::now().into());
        invoke(&meter, method, arguments).unwrap_or_else(|error| {
            let _ = invoke(&browser::global_object(), "reportError", &[error]);
            JsValue::UNDEFINED
        })
    }

    /// A participation begins, in which a sample is taken so often.
    pub(crate) fn begin(&self, sample: u64) {
        self.sample.set(sample);
        self.ask("begin", &[js(sample)]);
    }

    /// What was told of another epoch is of no use.
    pub(crate) fn enter(&self) {
        self.ask("enter", &[]);
    }

    /// The next sample is not to wait.
    pub(crate) fn hurry(&self) {
        self.ask("hurry", &[]);
    }

    /// Whether a round of so many looks begins now. One at a time: a look may take its time.
    pub(crate) fn begins(&self, looks: usize) -> bool {
        let due = looks > 0 && self.outstanding.get() == 0 && self.ask("due", &[]).is_truthy();
        if due {
            self.outstanding.set(looks);
        }
        due
    }

    /// How the way to this one is, as the application sees it.
    pub(crate) fn of(&self, id: &str) -> JsValue {
        self.ask("rated", &[id.into()])
    }

    pub(crate) fn close(&self) {
        self.ask("close", &[]);
        self.meter.take();
    }
}

impl Call {
    /// The meter is there, or the one that takes its place.
    pub(crate) fn measure_with(&self, meter: JsValue) {
        self.quality.close();
        *self.quality.meter.borrow_mut() = meter;
        self.quality.begin(self.quality.sample.get());
        if self.state.get() == State::Left {
            self.quality.close();
        }
    }

    /// A look of the present round came back, with or without a report.
    pub(crate) fn measured(&self, peer: &Rc<Peer>, report: Option<&JsValue>, sends: bool) {
        if let Some(report) = report {
            self.measure(peer, report, sends);
        }
        let quality = &self.quality;
        quality
            .outstanding
            .set(quality.outstanding.get().saturating_sub(1));
        if quality.outstanding.get() == 0 {
            self.conclude();
        }
    }

    fn measure(&self, peer: &Rc<Peer>, report: &JsValue, sends: bool) {
        let Some(one) = self.participant(&peer.id) else {
            return;
        };
        let id = || JsValue::from_str(&peer.id);
        let is_up = peer.is_connected();
        let comes = Array::new();
        for track in one.announced_in(self.legs.now().epoch) {
            let media = peer.media(track);
            let muted = track.muted || peer.is_held_back(track.source);
            comes.push(&expected(track.source, media.as_ref(), muted));
        }
        let step = self.quality.ask("step", &[id()]);
        let goes = Array::new();
        for source in Source::ALL.into_iter().filter(|_| sends) {
            if let Some(track) = self.capture.outgoing(source) {
                let held_back = source == Source::Camera && as_step(&step) == Step::AudioOnly;
                let muted = held_back || !track.is_object();
                goes.push(&expected(source, Some(&track), muted));
            }
        }
        let mut way = Fields::new()
            .put("connection", js(peer.serial()))
            .put("comes", comes.into())
            .put("goes", goes.into());
        if is_up || peer.watch.ladder.get().was_seen() {
            way = way.put("connected", is_up.into());
        }
        let seen = self
            .quality
            .ask("look", &[id(), report.clone(), way.build()]);
        self.emit_all(&seen);
        // A connection that was made anew sends everything at first.
        if sends {
            let most = match peer.direct() {
                Some(_) => Step::in_a_mesh_of(self.legs.now().peers.borrow().len()),
                None => Step::Full,
            };
            peer.send_no_more_than(as_step(&get(&seen, "step")).max(most));
        }
    }

    /// Everyone was looked at: what it comes to, all in all.
    fn conclude(&self) {
        let ids = Array::new();
        for peer in self.legs.now().all() {
            ids.push(&JsValue::from_str(&peer.id));
        }
        let open = self.socket.is_open();
        let all = self.quality.ask("conclude", &[ids.into(), open.into()]);
        self.emit_all(&all);
        let told = get(&all, "told");
        if told.is_object() {
            let epoch = self.course.borrow().epoch();
            let mut report = Fields::of(told).put("epoch", js(epoch));
            if self.state.get() == State::Switching {
                report = report.put("switching", JsValue::TRUE);
            }
            self.send_frame("quality", report);
        }
    }

    fn emit_all(&self, of: &JsValue) {
        for event in list(of, "events").iter() {
            if let Some(name) = text(&event, "0") {
                self.emit(&name, &get(&event, "1"));
            }
        }
    }
}

fn as_step(step: &JsValue) -> Step {
    Step::of_rank(step.as_f64().unwrap_or(0.0) as u8)
}

/// A track that should flow, for the meter.
fn expected(source: Source, track: Option<&JsValue>, muted: bool) -> JsValue {
    let track = track.map_or(JsValue::UNDEFINED, |track| get(track, "id"));
    Fields::new()
        .put("source", source.name().into())
        .put("kind", source.kind().into())
        .put("track", track)
        .put("muted", muted.into())
        .build()
}
