//! The streams of one participant: one for the camera and the microphone, one for the screen and its
//! sound, as at their sender.
//!
//! **A page that shows a stream shows it through every move: the stream stays, what is in it changes.**

use std::cell::RefCell;

use js_sys::Array;
use wasm_bindgen::JsValue;

use crate::browser::{self, invoke};
use crate::roster::Source;

/// The two streams; each is made when it is first asked for.
#[derive(Default)]
pub(crate) struct Streams([RefCell<JsValue>; 2]);

impl Streams {
    /// The stream that a source is in; undefined where the browser has none.
    pub(crate) fn of(&self, source: Source) -> JsValue {
        let [people, screens] = &self.0;
        let stream = match source {
            Source::Microphone | Source::Camera => people,
            Source::Screen | Source::ScreenAudio => screens,
        };
        if stream.borrow().is_undefined() {
            let made = browser::new_stream().unwrap_or(JsValue::UNDEFINED);
            *stream.borrow_mut() = made;
        }
        stream.borrow().clone()
    }

    /// Has exactly these tracks in the stream of a source. What is new comes before the old goes: an
    /// element that shows it is never without.
    pub(crate) fn hold(&self, source: Source, tracks: &Array) {
        let stream = self.of(source);
        for track in tracks.iter() {
            let _ = invoke(&stream, "addTrack", &[track]);
        }
        for track in tracks_of(&stream).iter() {
            if !tracks.includes(&track, 0) {
                let _ = invoke(&stream, "removeTrack", &[track]);
            }
        }
    }
}

/// What is in a stream.
pub(crate) fn tracks_of(stream: &JsValue) -> Array {
    let tracks = invoke(stream, "getTracks", &[]);
    tracks.map_or_else(|_| Array::new(), wasm_bindgen::JsCast::unchecked_into)
}
