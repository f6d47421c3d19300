//! One other participant on one leg: what comes of their media, by whichever way.

use std::cell::Cell;
use std::rc::Rc;

use samewire_core::link::Line;
use samewire_core::quality::Step;
use wasm_bindgen::JsValue;

use crate::direct::Direct;
use crate::driven::Driven;
use crate::roster::{Source, Track};
use crate::watch::Watch;

/// How their media comes.
pub(crate) enum Way {
    /// Over a connection of the two.
    Direct(Rc<Direct>),
    /// Over the leg's connection to a provider, which everyone shares.
    Driven(Rc<Driven>),
}

/// The other participant.
pub(crate) struct Peer {
    pub(crate) id: String,
    pub(crate) generation: u64,
    pub(crate) watch: Watch,
    pub(crate) way: Way,
    /// They send no camera for now, to spare the way.
    held_back: Cell<bool>,
}

impl Peer {
    pub(crate) fn new(id: &str, generation: u64, watch: Watch, way: Way) -> Rc<Self> {
        Rc::new(Self {
            id: id.to_owned(),
            generation,
            watch,
            way,
            held_back: Cell::new(false),
        })
    }

    /// The connection of the two, where there is one.
    pub(crate) fn direct(&self) -> Option<&Rc<Direct>> {
        match &self.way {
            Way::Direct(direct) => Some(direct),
            Way::Driven(_) => None,
        }
    }

    /// The media of a track announced for this leg.
    pub(crate) fn media(&self, track: &Track) -> Option<JsValue> {
        match &self.way {
            Way::Direct(direct) => direct.media(track),
            Way::Driven(driven) => driven.media(track.reference.as_deref()?),
        }
    }

    /// They send their camera, or spare the way for now.
    pub(crate) fn hold_back(&self, held_back: bool) {
        self.held_back.set(held_back);
    }

    /// Whether they do not send this though they announce it, to spare the way.
    pub(crate) fn is_held_back(&self, source: Source) -> bool {
        source == Source::Camera && self.held_back.get()
    }

    /// Sends this much of the camera from now on.
    pub(crate) fn send_no_more_than(&self, step: Step) {
        match &self.way {
            Way::Direct(direct) => direct.send_no_more_than(step),
            Way::Driven(driven) => driven.send_no_more_than(step),
        }
    }

    /// Which connection of this page carries it.
    pub(crate) fn serial(&self) -> u64 {
        match &self.way {
            Way::Direct(direct) => direct.serial,
            Way::Driven(driven) => driven.serial,
        }
    }

    /// How the way is.
    pub(crate) fn line(&self) -> Line {
        match &self.way {
            Way::Direct(direct) => direct.line(),
            Way::Driven(driven) => driven.line(),
        }
    }

    /// Whether it is up.
    pub(crate) fn is_connected(&self) -> bool {
        self.line() == Line::Up
    }

    /// Whether it is simulated to be dead.
    pub(crate) fn is_cut(&self) -> bool {
        self.direct().is_some_and(|direct| direct.is_cut())
    }

    /// Ends what is theirs alone.
    pub(crate) fn close(&self) {
        if let Way::Direct(direct) = &self.way {
            direct.close();
        }
    }
}
