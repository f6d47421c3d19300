//! Who is seen and who speaks: what the statistics of one connection say about the media that should
//! arrive (R41), and about the sound of either end.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use samewire_core::link::{Ladder, STALLED};
use samewire_core::quality::{Heard, Voice};
use samewire_core::time::Millis;
use wasm_bindgen::JsValue;

use crate::browser::{self, Connection, get, number, text};
use crate::roster::Health;
use crate::stats;

/// How often the counters are read.
pub(crate) const EVERY_MS: f64 = 500.0;

/// How often while somebody is not seen yet: a page waits for that.
pub(crate) const AT_FIRST_MS: f64 = 100.0;

/// What should have come and has not, since a look ago, is looked at as often: whether it stalled is to
/// be known when it has, and not up to a look later.
const LATE_MS: f64 = 1.5 * EVERY_MS;

/// What was counted of the tracks of one connection.
pub(crate) type Counters = Rc<RefCell<Vec<Counter>>>;

/// What was counted of one track.
pub(crate) struct Counter {
    track: String,
    value: u64,
    /// 0 before it first moved.
    moved_at: f64,
    voice: Voice,
}

/// The counters of one connection, by the track's id.
pub(crate) struct Watch {
    counters: Counters,
    /// Whether everything expected was seen at the last look.
    pub(crate) seen: Cell<bool>,
    /// What to do when it is not.
    pub(crate) ladder: Cell<Ladder>,
    /// When it last was.
    pub(crate) seen_at: Cell<f64>,
    /// What the application was last told.
    pub(crate) told: Cell<Health>,
    /// Whether it was told that they speak.
    pub(crate) spoke: Cell<bool>,
}

impl Watch {
    /// Of a connection's counters; the ladder may be that of an earlier one.
    pub(crate) fn new(ladder: Ladder, counters: Counters) -> Self {
        Self {
            counters,
            seen: Cell::new(false),
            ladder: Cell::new(ladder),
            seen_at: Cell::new(0.0),
            told: Cell::new(Health::Connecting),
            spoke: Cell::new(false),
        }
    }

    /// The same of a connection that takes the place of this one.
    pub(crate) fn renewed(&self) -> Self {
        let watch = Self::new(self.ladder.get(), Counters::default());
        watch.seen_at.set(self.seen_at.get());
        watch.told.set(self.told.get());
        watch.spoke.set(self.spoke.get());
        watch
    }

    /// Something happens to the pair.
    pub(crate) fn climb<T>(&self, happens: impl FnOnce(&mut Ladder) -> T) -> T {
        let mut ladder = self.ladder.get();
        let outcome = happens(&mut ladder);
        self.ladder.set(ladder);
        outcome
    }

    fn any(&self, track_id: &str, is: impl Fn(&Counter) -> bool) -> bool {
        let counters = self.counters.borrow();
        counters
            .iter()
            .any(|counter| counter.track == track_id && is(counter))
    }

    /// Whether this track's media came in lately.
    pub(crate) fn flows(&self, track_id: &str, now: f64) -> bool {
        let lately = |counter: &Counter| now - counter.moved_at < STALLED.0 as f64;
        self.any(track_id, lately)
    }

    /// Whether something that came has not come at the last looks, and is not given up.
    pub(crate) fn is_late(&self, now: f64) -> bool {
        let late = |counter: &Counter| {
            let silent = now - counter.moved_at;
            (LATE_MS..STALLED.0 as f64).contains(&silent)
        };
        self.counters.borrow().iter().any(late)
    }

    /// Whether this track, one of ours or of theirs, is somebody who speaks.
    pub(crate) fn speaks(&self, track_id: &str, now: Millis) -> bool {
        self.any(track_id, |counter| counter.voice.speaks(now))
    }

    /// Reads the statistics, then calls back with them, if there were any.
    pub(crate) fn read(
        &self,
        connection: &Connection,
        then: impl FnOnce(Option<&JsValue>) + 'static,
    ) {
        let counters = self.counters.clone();
        browser::react(
            connection.stats(),
            Box::new(move |outcome| {
                let report = outcome.ok();
                if let Some(report) = &report {
                    count(&counters, report);
                }
                then(report.as_ref());
            }),
        );
    }
}

/// Calls back when the connection goes through our own relay.
pub(crate) fn if_relayed(connection: &Connection, then: impl FnOnce() + 'static) {
    browser::react(
        connection.stats(),
        Box::new(move |outcome| {
            if outcome.is_ok_and(|report| stats::is_relayed(&report)) {
                then();
            }
        }),
    );
}

/// Decoded frames of a video, received packets of an audio. A counter that went back belongs to a new
/// stream and has moved too (R32); where the browser says when the last packet came, it moved then, and
/// not at this look. Our own sound is counted among them, by what is captured.
pub(crate) fn count(counters: &Counters, report: &JsValue) {
    let now = browser::now();
    let counters = counters.clone();
    browser::for_each(
        report,
        Box::new(move |entry| {
            let is = |key, wanted| browser::is(&entry, key, wanted);
            if !is("type", "inbound-rtp") && !is("type", "media-source") {
                return;
            }
            let Some(track) = text(&entry, "trackIdentifier") else {
                return;
            };
            let video = is("kind", "video");
            let value = number(
                &entry,
                if video {
                    "framesDecoded"
                } else {
                    "packetsReceived"
                },
            );
            let mut counters = counters.borrow_mut();
            if !counters.iter().any(|known| known.track == track) {
                counters.push(Counter {
                    track: track.clone(),
                    value: 0,
                    moved_at: 0.0,
                    voice: Voice::default(),
                });
            }
            let known = counters.iter_mut().find(|known| known.track == track);
            let Some(known) = known else { return };
            if known.value != value {
                known.value = value;
                let read = |key| get(&entry, key).as_f64().unwrap_or(f64::NAN);
                let ago = read("timestamp") - read("lastPacketReceivedTimestamp");
                known.moved_at = if ago > 0.0 {
                    now - ago.min(EVERY_MS)
                } else {
                    now
                };
            }
            if !video {
                let read = |key| get(&entry, key).as_f64().unwrap_or(f64::NAN);
                let heard = Heard {
                    level: read("audioLevel"),
                    energy: read("totalAudioEnergy"),
                    duration: read("totalSamplesDuration"),
                };
                known.voice.hear(Millis(now as u64), heard);
            }
        }),
    );
}
