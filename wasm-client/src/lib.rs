//! The shell in the browser, published as the npm package `samewire`.
//!
//! It owns the browser's objects — the socket, the connections, the capture — and carries events into the machines of `samewire-core` and their commands out.
//!
//! **Media outlives the signalling link: nothing here touches a connection because a socket closed.**
//!
//! Every promise is a pair of callbacks, because async functions and serde would double the size of
//! what a page loads; every binding is in one file and can fail, because a panic ends the call (R40).
//! No `RefCell` is borrowed while the page's own code may run.
//!
//! In reading order: `browser` (all bindings), `negotiator` and `direct` (one connection), `driven` (the way
//! through a provider), `peer` (somebody by either way), `streams` (what the page shows of them), `leg` (everyone in one epoch) and `legs` (from one
//! epoch to the next), `capture` (the own tracks), `watch` (who is seen and speaks), `roster`, `socket`
//! (the link), `pace` (its clock), `frames` (what the server says), `media` and `sources` (what the page
//! asks for), `repair` (the ladder's remedies), `call` (the whole), `views` (what the page sees of it), `errors`, `simulate` (faults on purpose); the exports are here.

#[cfg(target_arch = "wasm32")]
mod allocator;
mod beginning;
mod browser;
mod call;
mod capture;
mod direct;
mod driven;
mod errors;
mod frames;
mod leg;
mod legs;
mod media;
mod negotiator;
mod pace;
mod peer;
mod quality;
mod repair;
mod roster;
mod simulate;
mod socket;
mod sources;
mod stats;
mod streams;
mod views;
mod watch;

use std::rc::Rc;

use js_sys::{Array, Function};
use samewire_core::negotiation::Role;
use wasm_bindgen::prelude::*;

use crate::browser::{Fields, call, get};
use crate::negotiator::{Host, Told, explain, glare};

/// A call, without the manners of JavaScript: `index.js` adds these.
#[wasm_bindgen(js_name = Call)]
pub struct CallHandle(Rc<call::Call>);

#[wasm_bindgen(js_class = Call)]
impl CallHandle {
    /// A call that has not begun. `emit(name, detail)` is called with every event.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &JsValue, emit: Function) -> Self {
        Self(call::Call::new(options, emit))
    }

    /// Begins; `done(problem?)`.
    pub fn join(&self, done: Function) {
        self.0.join(done);
    }

    /// `connecting`, `connected`, `reconnecting`, `switching`, `exhausted` or `left`.
    #[wasm_bindgen(getter)]
    pub fn state(&self) -> String {
        self.0.state.get().name().to_owned()
    }

    /// `p2p` or `sfu`.
    #[wasm_bindgen(getter)]
    pub fn mode(&self) -> String {
        let direct = self.0.kind.borrow().as_str() == "p2p";
        if direct { "p2p" } else { "sfu" }.to_owned()
    }

    /// Everyone, in order of arrival.
    #[wasm_bindgen(getter)]
    pub fn participants(&self) -> Array {
        self.0.participants()
    }

    /// The chat so far.
    #[wasm_bindgen(getter)]
    pub fn messages(&self) -> Array {
        self.0.messages.slice(0, self.0.messages.length())
    }

    /// The own tracks.
    #[wasm_bindgen(getter, js_name = localTracks)]
    pub fn local_tracks(&self) -> Array {
        self.0.capture.view()
    }

    /// Switches the microphone; `done(problem?)`.
    #[wasm_bindgen(js_name = setMicrophone)]
    pub fn set_microphone(&self, on: bool, done: Function) {
        self.0.set_source(roster::Source::Microphone, on, done);
    }

    /// Switches the camera; `done(problem?)`.
    #[wasm_bindgen(js_name = setCamera)]
    pub fn set_camera(&self, on: bool, done: Function) {
        self.0.set_source(roster::Source::Camera, on, done);
    }

    /// Measures the call with a `Meter` of `npm/quality/`, and closes it when the call is over.
    #[wasm_bindgen(js_name = measureWith)]
    pub fn measure_with(&self, meter: JsValue) {
        self.0.measure_with(meter);
    }

    /// Takes another device for the microphone or the camera; `done(problem?)`.
    #[wasm_bindgen(js_name = setDevice)]
    pub fn set_device(&self, source: &str, device: JsValue, done: Function) {
        let source = if source == "camera" {
            roster::Source::Camera
        } else {
            roster::Source::Microphone
        };
        self.0.set_device(source, device, done);
    }

    /// Shares a screen, by `getDisplayMedia`'s options or as a stream; `done(problem?)`.
    #[wasm_bindgen(js_name = shareScreen)]
    pub fn share_screen(&self, what: &JsValue, done: Function) {
        self.0.share_screen(what, done);
    }

    /// Shares no screen any more.
    #[wasm_bindgen(js_name = stopScreenShare)]
    pub fn stop_screen_share(&self) {
        self.0.stop_screen();
    }

    /// Sends a chat message; what is wrong with it, if anything.
    pub fn chat(&self, text: String) -> JsValue {
        self.0.chat(text).unwrap_or(JsValue::UNDEFINED)
    }

    /// Makes a fault happen; what is wrong with its name, if anything.
    pub fn simulate(&self, fault: &str) -> JsValue {
        self.0.simulate(fault).unwrap_or(JsValue::UNDEFINED)
    }

    /// Leaves.
    pub fn leave(&self) {
        self.0.leave();
        self.0.end(None);
    }
}

struct PageHost {
    send: Function,
    emit: Function,
}

impl PageHost {
    fn emit(&self, name: &str, detail: &JsValue) {
        call(&self.emit, &name.into(), detail);
    }
}

impl Host for PageHost {
    fn send(&self, message: &JsValue) {
        if !call(&self.send, message, &JsValue::UNDEFINED) {
            let problem = errors::problem("send-failed", "`send` threw.");
            self.emit("error", &problem);
        }
    }

    fn before_answer(&self) {}

    fn tell(&self, told: Told) {
        match told {
            Told::Negotiated { offerer } => {
                self.emit(
                    "negotiated",
                    &Fields::new().put("offerer", offerer.into()).build(),
                );
            }
            Told::Glare { role, action } => {
                self.emit("glare", &glare(role, action).build());
            }
            Told::Error(failure) => {
                let (code, message) = explain(failure);
                self.emit("error", &errors::problem(code, message));
            }
            Told::Malformed => {
                let message = "`receive` was given what no negotiator sends.";
                self.emit("error", &errors::problem("message-malformed", message));
            }
        }
    }
}

/// Perfect negotiation by itself, over any transport.
#[wasm_bindgen(js_name = Negotiator)]
pub struct NegotiatorHandle(negotiator::Negotiator);

#[wasm_bindgen(js_class = Negotiator)]
impl NegotiatorHandle {
    /// On `{connection, polite, send}`; `emit(name, detail)` is called with every event.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &JsValue, emit: Function) -> Self {
        let polite = browser::flag(options, "polite");
        let role = if polite { Role::Polite } else { Role::Impolite };
        let send = get(options, "send").unchecked_into();
        let host = Rc::new(PageHost { send, emit });
        let connection = get(options, "connection").unchecked_into();
        Self(negotiator::Negotiator::new(connection, role, polite, host))
    }

    /// Takes a message of the other side.
    pub fn receive(&self, message: &JsValue) {
        self.0.receive(message);
    }

    /// Restarts ICE, whatever the signalling state.
    #[wasm_bindgen(js_name = restartIce)]
    pub fn restart_ice(&self) {
        self.0.restart_ice();
    }

    /// To be called when messages that were sent may not have arrived.
    #[wasm_bindgen(js_name = signalsLost)]
    pub fn signals_lost(&self) {
        self.0.signals_lost();
    }

    /// Stops; the connection stays open.
    pub fn close(&self) {
        self.0.close();
    }
}
