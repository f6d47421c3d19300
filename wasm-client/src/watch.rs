//! Who is seen: what the statistics of one connection say about the media that should arrive (R41).

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use samewire_core::link::{Ladder, STALLED};
use wasm_bindgen::JsValue;

use crate::browser::{self, Connection, number, text};
use crate::roster::Health;
use crate::stats;

/// How often the counters are read.
pub(crate) const EVERY_MS: f64 = 500.0;

/// How often while somebody is not seen yet: a page waits for that.
pub(crate) const AT_FIRST_MS: f64 = 100.0;

struct Counter {
    track: String,
    value: u64,
    moved_at: f64,
}

/// The counters of one connection, by the received track's id.
pub(crate) struct Watch {
    counters: Rc<RefCell<Vec<Counter>>>,
    /// Whether everything expected was seen at the last look.
    pub(crate) seen: Cell<bool>,
    /// What to do when it is not.
    pub(crate) ladder: Cell<Ladder>,
    /// When it last was.
    pub(crate) seen_at: Cell<f64>,
    /// What the application was last told.
    pub(crate) told: Cell<Health>,
}

impl Watch {
    /// Nothing was counted yet; the ladder may be that of an earlier connection.
    pub(crate) fn new(ladder: Ladder) -> Self {
        Self {
            counters: Rc::default(),
            seen: Cell::new(false),
            ladder: Cell::new(ladder),
            seen_at: Cell::new(0.0),
            told: Cell::new(Health::Connecting),
        }
    }

    /// The same of a connection that takes the place of this one.
    pub(crate) fn renewed(&self) -> Self {
        let watch = Self::new(self.ladder.get());
        watch.seen_at.set(self.seen_at.get());
        watch.told.set(self.told.get());
        watch
    }

    /// Something happens to the pair.
    pub(crate) fn climb<T>(&self, happens: impl FnOnce(&mut Ladder) -> T) -> T {
        let mut ladder = self.ladder.get();
        let outcome = happens(&mut ladder);
        self.ladder.set(ladder);
        outcome
    }

    /// Whether this track's media came in lately.
    pub(crate) fn flows(&self, track_id: &str, now: f64) -> bool {
        let counters = self.counters.borrow();
        counters
            .iter()
            .any(|counter| counter.track == track_id && now - counter.moved_at < STALLED.0 as f64)
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
                    take(&counters, report);
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
/// stream and has moved too (R32).
fn take(counters: &Rc<RefCell<Vec<Counter>>>, report: &JsValue) {
    let now = browser::now();
    let counters = counters.clone();
    browser::for_each(
        report,
        Box::new(move |entry| {
            if !browser::is(&entry, "type", "inbound-rtp") {
                return;
            }
            let Some(track) = text(&entry, "trackIdentifier") else {
                return;
            };
            let video = browser::is(&entry, "kind", "video");
            let value = number(
                &entry,
                if video {
                    "framesDecoded"
                } else {
                    "packetsReceived"
                },
            );
            let mut counters = counters.borrow_mut();
            match counters.iter_mut().find(|known| known.track == track) {
                Some(known) if known.value != value => {
                    known.value = value;
                    known.moved_at = now;
                }
                None if value > 0 => counters.push(Counter {
                    track,
                    value,
                    moved_at: now,
                }),
                Some(_) | None => {}
            }
        }),
    );
}
