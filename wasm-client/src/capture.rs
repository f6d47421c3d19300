//! The own camera and microphone: captured once, sent to everyone.

use std::cell::{Cell, RefCell};

use js_sys::Array;
use wasm_bindgen::JsValue;

use crate::browser::{self, Fields, invoke, list};
use crate::roster::{Source, Track, track_view};

/// What one of our sources sends now.
pub(crate) struct Local {
    pub(crate) source: Source,
    pub(crate) muted: bool,
    /// Captured by us, so ours to stop. A caller's track is only taken off the senders.
    owned: bool,
    track: Option<JsValue>,
}

/// Everything we capture. Microphone and camera share one stream, by whose id others know them.
pub(crate) struct Capture {
    stream: RefCell<JsValue>,
    locals: RefCell<Vec<Local>>,
    /// Counts the changes asked of the camera and the microphone: a capture that comes late is undone.
    asked: [Cell<u32>; 2],
    constraints: JsValue,
}

impl Capture {
    /// Nothing yet; `media` is what `join` was given.
    pub(crate) fn new(media: JsValue) -> Self {
        Self {
            stream: RefCell::new(JsValue::UNDEFINED),
            locals: RefCell::default(),
            asked: [Cell::new(0), Cell::new(0)],
            constraints: media,
        }
    }

    /// What `join` was given: a stream, or what to capture.
    pub(crate) fn wanted(&self) -> JsValue {
        self.constraints.clone()
    }

    /// What `getUserMedia` is to be asked for one source.
    pub(crate) fn constraints(&self, source: Source) -> JsValue {
        let wanted = browser::get(&self.constraints, source.kind());
        let wanted = if wanted.is_object() {
            wanted
        } else {
            JsValue::TRUE
        };
        Fields::new().put(source.kind(), wanted).build()
    }

    fn counter(&self, source: Source) -> &Cell<u32> {
        let [audio, video] = &self.asked;
        match source {
            Source::Microphone | Source::ScreenAudio => audio,
            Source::Camera | Source::Screen => video,
        }
    }

    /// A change begins; what is returned stays current until the next one begins.
    pub(crate) fn ask(&self, source: Source) -> u32 {
        let counter = self.counter(source);
        counter.set(counter.get().wrapping_add(1));
        counter.get()
    }

    /// Whether no later change was asked for.
    pub(crate) fn is_current(&self, source: Source, asked: u32) -> bool {
        self.counter(source).get() == asked
    }

    /// The stream all of ours are in; undefined where the browser has none.
    pub(crate) fn stream(&self) -> JsValue {
        if self.stream.borrow().is_undefined() {
            let stream = browser::new_stream().unwrap_or(JsValue::UNDEFINED);
            *self.stream.borrow_mut() = stream;
        }
        self.stream.borrow().clone()
    }

    /// Takes the tracks of a stream in.
    pub(crate) fn adopt(&self, stream: &JsValue, owned: bool) {
        for (source, method) in [
            (Source::Microphone, "getAudioTracks"),
            (Source::Camera, "getVideoTracks"),
        ] {
            let tracks = invoke(stream, method, &[]).unwrap_or(JsValue::UNDEFINED);
            let track = browser::get(&tracks, "0");
            if track.is_object() {
                self.unmute(source, Some(track), owned);
            }
        }
    }

    /// The source sends from now on: this track, or the one that was kept.
    pub(crate) fn unmute(&self, source: Source, track: Option<JsValue>, owned: bool) {
        let stream = self.stream();
        if let Some(track) = &track {
            let _ = invoke(&stream, "addTrack", core::slice::from_ref(track));
        }
        let mut locals = self.locals.borrow_mut();
        match locals.iter_mut().find(|local| local.source == source) {
            Some(local) => {
                local.muted = false;
                if track.is_some() {
                    local.track = track;
                    local.owned = owned;
                }
            }
            None => locals.push(Local {
                source,
                muted: false,
                owned,
                track,
            }),
        }
    }

    /// The source sends nothing from now on. A camera of ours is let go, so that its light goes off.
    pub(crate) fn mute(&self, source: Source) {
        let mut released = None;
        if let Some(local) = self
            .locals
            .borrow_mut()
            .iter_mut()
            .find(|local| local.source == source)
        {
            local.muted = true;
            if local.owned && source == Source::Camera {
                released = local.track.take();
            }
        }
        if let Some(track) = released {
            let _ = invoke(&track, "stop", &[]);
            let _ = invoke(&self.stream(), "removeTrack", &[track]);
        }
    }

    /// Whether the source can be unmuted without capturing.
    pub(crate) fn has_track(&self, source: Source) -> bool {
        let locals = self.locals.borrow();
        let local = locals.iter().find(|local| local.source == source);
        local.is_some_and(|local| local.track.is_some())
    }

    /// Whether the source was ever ours, and is it muted?
    pub(crate) fn muted(&self, source: Source) -> Option<bool> {
        let locals = self.locals.borrow();
        let local = locals.iter().find(|local| local.source == source);
        local.map(|local| local.muted)
    }

    /// What to hand to a sender: the track, or null while muted. None when it is not ours.
    pub(crate) fn outgoing(&self, source: Source) -> Option<JsValue> {
        let locals = self.locals.borrow();
        let local = locals.iter().find(|local| local.source == source)?;
        let track = if local.muted {
            None
        } else {
            local.track.clone()
        };
        Some(track.unwrap_or(JsValue::NULL))
    }

    /// What to announce.
    pub(crate) fn announcement(&self) -> JsValue {
        let reference = browser::get(&self.stream(), "id");
        let tracks = Array::new();
        for local in self.locals.borrow().iter() {
            let track = Fields::new()
                .put("id", local.source.name().into())
                .put("source", local.source.name().into())
                .put("ref", reference.clone())
                .put("muted", local.muted.into());
            tracks.push(&track.build());
        }
        tracks.into()
    }

    /// What the application sees of its own tracks.
    pub(crate) fn view(&self) -> Array {
        let stream = self.stream();
        let views = Array::new();
        for local in self.locals.borrow().iter() {
            let track = Track {
                id: local.source.name().to_owned(),
                source: local.source,
                stream: None,
                muted: local.muted,
            };
            let media = local.track.as_ref().map(|track| (track, &stream));
            views.push(&track_view(&track, media));
        }
        views
    }

    /// Lets everything go that is ours.
    pub(crate) fn stop(&self) {
        let locals = self.locals.take();
        for local in locals.into_iter().filter(|local| local.owned) {
            if let Some(track) = local.track {
                let _ = invoke(&track, "stop", &[]);
            }
        }
    }
}

/// Stops what a capture brought too late.
pub(crate) fn discard(stream: &JsValue) {
    let tracks = invoke(stream, "getTracks", &[]).unwrap_or(JsValue::UNDEFINED);
    let holder = Fields::new().put("tracks", tracks).build();
    for track in list(&holder, "tracks").iter() {
        let _ = invoke(&track, "stop", &[]);
    }
}
