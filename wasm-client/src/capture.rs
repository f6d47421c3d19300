//! What we send ourselves: captured once, sent to everyone.

use std::cell::{Cell, RefCell};

use js_sys::Array;
use wasm_bindgen::JsValue;

use crate::browser::{self, Fields, Listener, invoke};
use crate::roster::{Source, Track, track_view};
use crate::streams::{Streams, tracks_of};

/// What one of our sources sends now.
struct Local {
    source: Source,
    muted: bool,
    /// Captured by us, so ours to stop. A caller's track is only taken off the senders.
    owned: bool,
    /// The track, and what listens for its end.
    track: Option<(JsValue, Listener)>,
}

/// What was last asked of a source.
#[derive(Default)]
struct Wish {
    /// Counts what the page asks.
    asked: Cell<u32>,
    /// The last of these that was captured: what was asked for before it comes too late.
    done: Cell<u32>,
    /// The last of these by which a device was chosen.
    chosen: Cell<u32>,
    /// Whether it should send. A device that was lost is taken again as long as it should.
    on: Cell<bool>,
    /// The device that was chosen for it.
    device: RefCell<JsValue>,
}

/// Everything we capture.
pub(crate) struct Capture {
    /// Others know a track by its stream and its kind (R27), so the camera and the screen are in one
    /// each, with the microphone and with the screen's sound.
    streams: Streams,
    locals: RefCell<Vec<Local>>,
    wishes: [Wish; 3],
    constraints: JsValue,
}

impl Capture {
    /// Nothing yet; `media` is what `join` was given.
    pub(crate) fn new(media: JsValue) -> Self {
        Self {
            streams: Default::default(),
            locals: RefCell::default(),
            wishes: Default::default(),
            constraints: media,
        }
    }

    /// What `join` was given: a stream, or what to capture.
    pub(crate) fn wanted(&self) -> JsValue {
        self.constraints.clone()
    }

    /// What `getUserMedia` is to be asked for one source: of this device and no other, unless it is
    /// undefined.
    pub(crate) fn constraints(&self, source: Source, device: &JsValue) -> JsValue {
        let given = browser::get(&self.constraints, source.kind());
        let wanted = if device.is_string() {
            // A browser may pass over a device that is only preferred.
            let exact = Fields::new().put("exact", device.clone());
            Fields::copy_of(&given)
                .put("deviceId", exact.build())
                .build()
        } else if given.is_object() {
            given
        } else {
            JsValue::TRUE
        };
        Fields::new().put(source.kind(), wanted).build()
    }

    fn wish(&self, source: Source) -> &Wish {
        let [microphone, camera, screen] = &self.wishes;
        match source {
            Source::Microphone => microphone,
            Source::Camera => camera,
            Source::Screen | Source::ScreenAudio => screen,
        }
    }

    /// The page asks for a change. What is to be captured for it may take its time, and may be refused:
    /// what was asked for before holds until then.
    pub(crate) fn ask(&self, source: Source, on: bool) -> u32 {
        self.want(source, on);
        let wish = self.wish(source);
        wish.asked.set(wish.asked.get().wrapping_add(1));
        wish.asked.get()
    }

    /// What the page asked last.
    pub(crate) fn asked(&self, source: Source) -> u32 {
        self.wish(source).asked.get()
    }

    /// What was captured for this is there. Whether it is to be sent: it should send still, and nothing
    /// that was asked later has come true.
    pub(crate) fn comes_true(&self, source: Source, asked: u32) -> bool {
        let wish = self.wish(source);
        let in_time = wish.on.get() && asked >= wish.done.get();
        if in_time {
            wish.done.set(asked);
        }
        in_time
    }

    /// It should send from now on, or not, whether the page asked or not.
    pub(crate) fn want(&self, source: Source, on: bool) {
        self.wish(source).on.set(on);
    }

    /// Whether it should send.
    pub(crate) fn is_wanted(&self, source: Source) -> bool {
        self.wish(source).on.get()
    }

    /// Whether it should send and cannot.
    pub(crate) fn is_missing(&self, source: Source) -> bool {
        self.is_wanted(source) && self.muted(source) == Some(true)
    }

    /// The device that was chosen for a source; undefined when none was.
    pub(crate) fn chosen(&self, source: Source) -> JsValue {
        self.wish(source).device.borrow().clone()
    }

    /// From now on the source is captured from this device, unless another was chosen after this was
    /// asked; while it is muted, when it is unmuted.
    pub(crate) fn choose(&self, source: Source, asked: u32, device: JsValue) {
        let wish = self.wish(source);
        if asked < wish.chosen.get() {
            return;
        }
        wish.chosen.set(asked);
        *wish.device.borrow_mut() = device;
        if self.muted(source) == Some(true) {
            self.release(source);
        }
    }

    /// The stream that this source is in; undefined where the browser has none.
    pub(crate) fn stream(&self, source: Source) -> JsValue {
        self.streams.of(source)
    }

    /// The source sends this track from now on, instead of any other.
    pub(crate) fn send(&self, source: Source, track: JsValue, owned: bool, end: Listener) {
        self.release(source);
        let stream = self.stream(source);
        let _ = invoke(&stream, "addTrack", core::slice::from_ref(&track));
        self.wish(source).on.set(true);
        let local = Local {
            source,
            muted: false,
            owned,
            track: Some((track, end)),
        };
        let mut locals = self.locals.borrow_mut();
        match locals.iter_mut().find(|local| local.source == source) {
            Some(known) => *known = local,
            None => locals.push(local),
        }
    }

    fn with<T>(&self, source: Source, act: impl FnOnce(&mut Local) -> T) -> Option<T> {
        let mut locals = self.locals.borrow_mut();
        locals
            .iter_mut()
            .find(|local| local.source == source)
            .map(act)
    }

    /// The source sends the track again that was kept.
    pub(crate) fn unmute(&self, source: Source) {
        self.with(source, |local| local.muted = false);
    }

    /// The source sends nothing from now on. A camera of ours is let go, so that its light goes off.
    pub(crate) fn mute(&self, source: Source) {
        let owned = self.with(source, |local| {
            local.muted = true;
            local.owned
        });
        if owned == Some(true) && source == Source::Camera {
            self.release(source);
        }
    }

    /// The source's track has ended. Whether it was captured by us.
    pub(crate) fn lose(&self, source: Source) -> bool {
        self.mute(source);
        self.release(source);
        self.with(source, |local| local.owned) == Some(true)
    }

    /// The source's track is let go.
    fn release(&self, source: Source) {
        let released = self.with(source, |local| (local.track.take(), local.owned));
        if let Some((Some((track, _)), owned)) = released {
            if owned {
                let _ = invoke(&track, "stop", &[]);
            }
            let _ = invoke(&self.stream(source), "removeTrack", &[track]);
        }
    }

    /// The source is none of ours any more. Whether it was.
    pub(crate) fn remove(&self, source: Source) -> bool {
        self.release(source);
        let mut locals = self.locals.borrow_mut();
        let before = locals.len();
        locals.retain(|local| local.source != source);
        locals.len() < before
    }

    /// Whether the source can be unmuted without capturing.
    pub(crate) fn has_track(&self, source: Source) -> bool {
        self.with(source, |local| local.track.is_some()) == Some(true)
    }

    /// Whether the source was ever ours, and is it muted?
    pub(crate) fn muted(&self, source: Source) -> Option<bool> {
        self.with(source, |local| local.muted)
    }

    /// What to hand to a sender: the track, or null while muted. None when it is not ours.
    pub(crate) fn outgoing(&self, source: Source) -> Option<JsValue> {
        self.with(source, |local| match &local.track {
            Some((track, _)) if !local.muted => track.clone(),
            Some(_) | None => JsValue::NULL,
        })
    }

    /// What to announce; `refer` says by what a source is found.
    pub(crate) fn announcement(&self, refer: impl Fn(Source) -> JsValue) -> JsValue {
        let tracks = Array::new();
        for local in self.locals.borrow().iter() {
            let track = Fields::new()
                .put("id", local.source.name().into())
                .put("source", local.source.name().into())
                .put("ref", refer(local.source))
                .put("muted", local.muted.into());
            tracks.push(&track.build());
        }
        tracks.into()
    }

    /// What the application sees of its own tracks.
    pub(crate) fn view(&self) -> Array {
        let views = Array::new();
        for local in self.locals.borrow().iter() {
            let track = Track {
                id: local.source.name().to_owned(),
                source: local.source,
                reference: None,
                muted: local.muted,
            };
            let stream = self.stream(local.source);
            let media = local.track.as_ref().map(|(track, _)| (track, &stream));
            views.push(&track_view(&track, media));
        }
        views
    }

    /// Lets everything go that is ours.
    pub(crate) fn stop(&self) {
        for source in Source::ALL {
            self.remove(source);
        }
    }
}

/// Stops what a capture brought too late.
pub(crate) fn discard(stream: &JsValue) {
    for track in tracks_of(stream).iter() {
        let _ = invoke(&track, "stop", &[]);
    }
}
