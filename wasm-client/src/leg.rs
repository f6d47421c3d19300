//! The way to everyone else in one epoch: a mesh of direct connections, or a leg of a driver.
//!
//! **Rendered is the committed epoch's leg alone; of the one before it only what has not come on the new
//! one yet, while it is drained.**

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::Array;
use samewire_core::link::P2P;
use wasm_bindgen::JsValue;

use crate::browser::{Fields, get, js};
use crate::capture::Capture;
use crate::driven::Driven;
use crate::peer::Peer;
use crate::roster::{Participant, Source};

/// How media goes on a leg.
#[derive(Clone)]
pub(crate) enum Carrier {
    /// Nobody is met: there is no driver, or the epoch is not ours to connect in.
    Nothing,
    /// From browser to browser.
    Mesh,
    /// Through a provider.
    Driver(Rc<Driven>),
}

/// What the page was shown of a source of somebody's.
struct Shown {
    id: String,
    source: Source,
    media: JsValue,
}

/// One epoch's way to everyone.
pub(crate) struct Leg {
    pub(crate) epoch: u64,
    pub(crate) provider: String,
    pub(crate) carrier: Carrier,
    pub(crate) peers: RefCell<Vec<Rc<Peer>>>,
    /// Whose media is waited for before it is said to be ready: who was there when it was prepared.
    pub(crate) quorum: Vec<String>,
    /// Of how many of them it has come, and how many they are.
    pub(crate) progress: Cell<(u64, u64)>,
    /// Whether it was said to be ready.
    pub(crate) is_ready: Cell<bool>,
    /// Once it is drained: what it showed when the next one took its place.
    shown: RefCell<Vec<Shown>>,
}

impl Leg {
    pub(crate) fn new(
        epoch: u64,
        provider: &str,
        carrier: Carrier,
        quorum: Vec<String>,
    ) -> Rc<Self> {
        Rc::new(Self {
            epoch,
            provider: provider.to_owned(),
            carrier,
            peers: RefCell::default(),
            quorum,
            progress: Cell::default(),
            is_ready: Cell::new(false),
            shown: RefCell::default(),
        })
    }

    /// Where nobody is met.
    pub(crate) fn nowhere(epoch: u64) -> Rc<Self> {
        Self::new(epoch, P2P, Carrier::Nothing, Vec::new())
    }

    pub(crate) fn driven(&self) -> Option<&Rc<Driven>> {
        match &self.carrier {
            Carrier::Driver(driven) => Some(driven),
            Carrier::Nothing | Carrier::Mesh => None,
        }
    }

    pub(crate) fn peer(&self, id: &str) -> Option<Rc<Peer>> {
        let peers = self.peers.borrow();
        peers.iter().find(|peer| peer.id == id).cloned()
    }

    /// Everyone on it: a copy, because whoever hears of one of them may change it.
    pub(crate) fn all(&self) -> Vec<Rc<Peer>> {
        self.peers.borrow().clone()
    }

    /// Drops somebody.
    pub(crate) fn drop_peer(&self, id: &str) {
        if let Some(peer) = self.peer(id) {
            self.peers.borrow_mut().retain(|one| one.id != id);
            peer.close();
        }
        self.shown.borrow_mut().retain(|shown| shown.id != id);
    }

    /// Sends what a source has now.
    pub(crate) fn publish(&self, source: Source) {
        match &self.carrier {
            Carrier::Nothing => {}
            Carrier::Mesh => {
                for direct in self.all().iter().filter_map(|peer| peer.direct()) {
                    direct.publish(source);
                }
            }
            Carrier::Driver(driven) => driven.publish(source),
        }
    }

    /// What to tell the session that we send on it.
    pub(crate) fn announcement(&self, capture: &Capture) -> Fields {
        let tracks = capture.announcement(|source| match self.driven() {
            None => get(&capture.stream(source), "id"),
            Some(driven) => driven.reference(source),
        });
        Fields::new()
            .put("epoch", js(self.epoch))
            .put("tracks", tracks)
    }

    /// Receives what these announced for it.
    pub(crate) fn subscribe(&self, others: &[Rc<Participant>]) {
        let Some(driven) = self.driven() else { return };
        let wanted = Array::new();
        for one in others {
            for track in one.announced_in(self.epoch) {
                let reference = track.reference.as_deref();
                if let Some(reference) = reference.and_then(|given| driven.own(given)) {
                    let want = Fields::new()
                        .put("ref", reference.into())
                        .put("kind", track.source.kind().into())
                        .put("muted", track.muted.into());
                    wanted.push(&want.build());
                }
            }
        }
        driven.subscribe(wanted);
    }

    /// Keeps in mind what the page is shown of somebody, for as long as the next leg has not the same.
    pub(crate) fn keep_shown(&self, one: &Participant) {
        let Some(peer) = self.peer(&one.id) else {
            return;
        };
        for track in one.announced_in(self.epoch) {
            if let Some(media) = peer.media(track) {
                self.shown.borrow_mut().push(Shown {
                    id: one.id.clone(),
                    source: track.source,
                    media,
                });
            }
        }
    }

    /// What the page was shown of this source.
    pub(crate) fn shown(&self, id: &str, source: Source) -> Option<JsValue> {
        let shown = self.shown.borrow();
        let found = shown
            .iter()
            .find(|shown| shown.id == id && shown.source == source);
        found.map(|shown| shown.media.clone())
    }

    /// Ends it.
    pub(crate) fn close(&self) {
        for peer in self.peers.take() {
            peer.close();
        }
        if let Carrier::Driver(driven) = &self.carrier {
            driven.close();
        }
    }
}
