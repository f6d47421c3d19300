//! The way through a provider: one leg of a driver, which everyone on it shares.
//!
//! The driver is a module that `index.js` loads when a session first needs it; what it promises is
//! written in `npm/drivers.d.ts`. Until it is there, everything waits here.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::sync::atomic::Ordering;

use js_sys::Array;
use samewire_core::link::{Ladder, Line};
use samewire_core::quality::Step;
use wasm_bindgen::JsValue;

use crate::browser::{self, Fields, Handler, get, invoke, text};
use crate::capture::Capture;
use crate::direct::MADE;
use crate::roster::Source;
use crate::watch::{Counters, count};

/// Tells the call what a leg says: `(leg, its event)`.
type Tell = Box<dyn Fn(&Rc<Driven>, &JsValue)>;

/// A leg of a driver.
pub(crate) struct Driven {
    pub(crate) provider: String,
    /// Which connection of this page it is.
    pub(crate) serial: u64,
    pub(crate) ladder: Cell<Ladder>,
    pub(crate) counters: Counters,
    /// Whether it was ever up.
    pub(crate) was_up: Cell<bool>,
    /// How often it failed.
    pub(crate) failures: Cell<u64>,
    /// What the references of its epoch begin with: those of another are none of its own.
    mark: RefCell<String>,
    leg: RefCell<JsValue>,
    line: Cell<Line>,
    credentials: RefCell<JsValue>,
    wanted: RefCell<JsValue>,
    /// What is sent, once the leg is more than a standby.
    capture: RefCell<Option<Rc<Capture>>>,
    /// By what others subscribe to our sources.
    published: RefCell<Vec<(Source, String)>>,
    /// What came, by what we subscribed to.
    received: RefCell<Vec<(String, JsValue)>>,
    sends: Cell<Step>,
    closed: Cell<bool>,
    _hears: Handler,
}

impl Driven {
    /// Begins: `drivers` are those of `index.js`, `options` what a driver's leg is opened with.
    pub(crate) fn open(
        drivers: &JsValue,
        provider: &str,
        options: JsValue,
        ladder: Ladder,
        tell: Tell,
    ) -> Rc<Self> {
        let driven = Rc::new_cyclic(|this: &Weak<Self>| {
            let hears = this.clone();
            let hears = browser::handler(Box::new(move |event| {
                if let Some(driven) = hears.upgrade() {
                    driven.heard(&event);
                    tell(&driven, &event);
                }
            }));
            Self {
                provider: provider.to_owned(),
                serial: MADE.fetch_add(1, Ordering::Relaxed),
                ladder: Cell::new(ladder),
                counters: Counters::default(),
                was_up: Cell::new(false),
                failures: Cell::new(0),
                mark: RefCell::default(),
                leg: RefCell::default(),
                line: Cell::new(Line::Coming),
                credentials: RefCell::default(),
                wanted: RefCell::default(),
                capture: RefCell::default(),
                published: RefCell::default(),
                received: RefCell::default(),
                sends: Cell::default(),
                closed: Cell::new(false),
                _hears: hears,
            }
        });
        let hears = driven._hears.as_ref().clone();
        let opened = invoke(drivers, "open", &[provider.into(), options, hears]);
        let this = Rc::downgrade(&driven);
        browser::react(
            opened.map(wasm_bindgen::JsCast::unchecked_into),
            Box::new(move |outcome| {
                let leg = outcome.unwrap_or(JsValue::UNDEFINED);
                match this.upgrade() {
                    Some(driven) if !driven.closed.get() => driven.opened(leg),
                    _ => {
                        let _ = invoke(&leg, "close", &[]);
                    }
                }
            }),
        );
        driven
    }

    /// The driver is there, and told what waited for it. Where it could not be loaded, `index.js` says so.
    fn opened(&self, leg: JsValue) {
        *self.leg.borrow_mut() = leg;
        if self.credentials.borrow().is_object() {
            self.ask("credentials", &[self.credentials.borrow().clone()]);
        }
        for source in Source::ALL {
            self.publish(source);
        }
        if self.wanted.borrow().is_object() {
            self.ask("subscribe", &[self.wanted.borrow().clone()]);
        }
    }

    fn ask(&self, method: &str, arguments: &[JsValue]) -> JsValue {
        let leg = self.leg.borrow().clone();
        if !leg.is_object() {
            return JsValue::UNDEFINED;
        }
        invoke(&leg, method, arguments).unwrap_or_else(|error| {
            let _ = invoke(&browser::global_object(), "reportError", &[error]);
            JsValue::UNDEFINED
        })
    }

    fn heard(&self, event: &JsValue) {
        let is = |name| browser::is(event, "event", name);
        if is("state") {
            let is = |state| browser::is(event, "state", state);
            self.line.set(if is("connected") {
                self.was_up.set(true);
                Line::Up
            } else if is("failed") {
                Line::Closed
            } else {
                Line::Coming
            });
        } else if is("published") {
            let source = Source::read(event);
            if let (Some(source), Some(reference)) = (source, text(event, "ref")) {
                let mut published = self.published.borrow_mut();
                published.retain(|(known, _)| *known != source);
                published.push((source, reference));
            }
        } else if is("track")
            && let Some(reference) = text(event, "ref")
        {
            let mut received = self.received.borrow_mut();
            received.retain(|(known, _)| *known != reference);
            received.push((reference, get(event, "track")));
        }
    }

    /// What the session gives for it, first and renewed.
    pub(crate) fn take_credentials(&self, credentials: JsValue) {
        self.ask("credentials", core::slice::from_ref(&credentials));
        *self.credentials.borrow_mut() = credentials;
    }

    /// Sends what is captured in this epoch: until then the leg is only warm.
    pub(crate) fn send(&self, epoch: u64, capture: &Rc<Capture>) {
        let mut mark = browser::stringify(&browser::js(epoch)).unwrap_or_default();
        mark.push(':');
        *self.mark.borrow_mut() = mark;
        *self.capture.borrow_mut() = Some(capture.clone());
        for source in Source::ALL {
            self.publish(source);
        }
    }

    /// Sends what the source has now.
    pub(crate) fn publish(&self, source: Source) {
        let capture = self.capture.borrow().clone();
        let Some(capture) = capture else { return };
        match capture.outgoing(source) {
            Some(track) => {
                self.ask("publish", &[source.name().into(), track]);
            }
            None => {
                self.published
                    .borrow_mut()
                    .retain(|(own, _)| *own != source);
                self.ask("unpublish", &[source.name().into()]);
            }
        }
    }

    /// By what others find one of our sources; undefined until they can.
    pub(crate) fn reference(&self, source: Source) -> JsValue {
        let published = self.published.borrow();
        let found = published.iter().find(|(own, _)| *own == source);
        found.map_or(JsValue::UNDEFINED, |(_, reference)| {
            (self.mark.borrow().clone() + reference).into()
        })
    }

    /// What the driver is to subscribe to for an announced reference; none of another epoch.
    pub(crate) fn own<'a>(&self, reference: &'a str) -> Option<&'a str> {
        reference.strip_prefix(self.mark.borrow().as_str())
    }

    /// Receives exactly this.
    pub(crate) fn subscribe(&self, wanted: Array) {
        let is_wanted = |known: &str| {
            let mut all = wanted.iter();
            all.any(|want| browser::is(&want, "ref", known))
        };
        self.received
            .borrow_mut()
            .retain(|(known, _)| is_wanted(known));
        let wanted = wanted.into();
        self.ask("subscribe", core::slice::from_ref(&wanted));
        *self.wanted.borrow_mut() = wanted;
    }

    /// What came of an announced reference.
    pub(crate) fn media(&self, reference: &str) -> Option<JsValue> {
        let reference = self.own(reference)?;
        let received = self.received.borrow();
        let found = received.iter().find(|(known, _)| known == reference);
        found.map(|(_, track)| track.clone())
    }

    /// Sends this much of the camera from now on.
    pub(crate) fn send_no_more_than(&self, step: Step) {
        if self.sends.replace(step) == step {
            return;
        }
        let level = step.level();
        let most = level.max_bitrate_kbps.map(|kbps| f64::from(kbps) * 1_000.0);
        let limit = Fields::new()
            .put("maxBitrate", most.map_or(JsValue::UNDEFINED, JsValue::from))
            .put("scaleResolutionDownBy", level.scale_down_by.into())
            .put("active", level.video.into());
        self.ask("limit", &[Source::Camera.name().into(), limit.build()]);
    }

    /// Reads the statistics, then calls back with them, if there were any.
    pub(crate) fn read(&self, then: impl FnOnce(Option<&JsValue>) + 'static) {
        let counters = self.counters.clone();
        let report = self.ask("stats", &[]);
        browser::react(
            Ok(wasm_bindgen::JsCast::unchecked_into(report)),
            Box::new(move |outcome| {
                let report = outcome.ok().filter(JsValue::is_object);
                if let Some(report) = &report {
                    count(&counters, report);
                }
                then(report.as_ref());
            }),
        );
    }

    /// How the way to the provider is.
    pub(crate) fn line(&self) -> Line {
        self.line.get()
    }

    /// Other STUN and TURN servers, from the next gathering on (R34).
    pub(crate) fn configure(&self, ice_servers: &JsValue) {
        self.ask("configure", core::slice::from_ref(ice_servers));
    }

    /// Connects anew.
    pub(crate) fn restart(&self) {
        self.line.set(Line::Coming);
        self.ask("restart", &[]);
    }

    /// Simulates that the way broke.
    pub(crate) fn fail(&self) {
        self.line.set(Line::Closed);
    }

    /// Ends it.
    pub(crate) fn close(&self) {
        self.closed.set(true);
        self.ask("close", &[]);
        self.leg.take();
        self.capture.take();
    }
}
