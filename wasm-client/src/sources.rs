//! What the page asks of its own sources: on and off, another device, the screen; and what becomes of
//! them when a device goes away.
//!
//! **A source that was sent once is sent again without negotiating: its sender gets another track.**

use js_sys::Function;
use wasm_bindgen::JsValue;

use crate::browser::{self, Listener, get, invoke};
use crate::call::{Call, State};
use crate::capture;
use crate::errors;
use crate::leg::{Carrier, Leg};
use crate::roster::Source;

/// What `join` captures.
const DEVICES: [Source; 2] = [Source::Microphone, Source::Camera];

/// Who wants to know how a capture went.
enum Then {
    /// Whoever asked for it.
    Tell(Function),
    /// Everyone who listens, if there is nothing to take the place of what was lost.
    Lost,
    /// Nobody: it was worth a try.
    Nothing,
}

impl Call {
    /// What is wrong with asking anything of the sources.
    fn refused(&self) -> Option<JsValue> {
        let left = self.state.get() == State::Left;
        left.then(|| errors::problem("left", "The call is over."))
    }

    /// Switches a source on or off; `done(problem?)` when it is.
    pub(crate) fn set_source(&self, source: Source, on: bool, done: Function) {
        if let Some(problem) = self.refused() {
            return finish(&done, &problem);
        }
        let asked = self.capture.ask(source, on);
        let unchanged = match self.capture.muted(source) {
            Some(muted) => muted != on,
            None => !on,
        };
        if !unchanged {
            if !on {
                self.capture.mute(source);
            } else if self.capture.has_track(source) {
                self.capture.unmute(source);
            } else {
                return self.capture_chosen(source, asked, Then::Tell(done));
            }
            self.published(&[source]);
        }
        finish(&done, &JsValue::UNDEFINED);
    }

    /// Takes another device for a source; `done(problem?)` when it is taken, or while the source is
    /// off, when it is noted.
    pub(crate) fn set_device(&self, source: Source, device: JsValue, done: Function) {
        if let Some(problem) = self.refused() {
            return finish(&done, &problem);
        }
        let on = self.capture.is_wanted(source);
        let asked = self.capture.ask(source, on);
        if on {
            return self.capture_one(source, asked, device, false, Then::Tell(done));
        }
        self.capture.choose(source, asked, device);
        finish(&done, &JsValue::UNDEFINED);
    }

    /// Captures a source from the device that was chosen, or if it is not there any more, from another.
    fn capture_chosen(&self, source: Source, asked: u32, then: Then) {
        let device = self.capture.chosen(source);
        self.capture_one(source, asked, device, true, then);
    }

    /// Captures a source anew and sends that, unless what was asked later came first. `or_another`
    /// device will do.
    fn capture_one(
        &self,
        source: Source,
        asked: u32,
        device: JsValue,
        or_another: bool,
        then: Then,
    ) {
        let this = self.this.clone();
        let constraints = self.capture.constraints(source, &device);
        browser::react(
            browser::get_media("getUserMedia", &constraints),
            Box::new(move |outcome| {
                let call = this.upgrade();
                let call = call.filter(|call| call.state.get() != State::Left);
                let mut problem = JsValue::UNDEFINED;
                match (outcome, &call) {
                    (Ok(stream), Some(call)) => {
                        if device.is_string() {
                            call.capture.choose(source, asked, device.clone());
                        }
                        // What is only to take the place of what was lost is of no use beside another.
                        let told = matches!(then, Then::Tell(_));
                        if (told || call.capture.is_missing(source))
                            && call.capture.comes_true(source, asked)
                        {
                            call.adopt(&stream, &[source], true);
                            call.published(&[source]);
                        } else {
                            capture::discard(&stream);
                        }
                    }
                    (Ok(stream), None) => capture::discard(&stream),
                    (Err(error), _) => problem = errors::device(&error),
                }
                if let Some(call) = call.as_ref().filter(|_| or_another && device.is_string())
                    && browser::is(&problem, "code", errors::NOT_FOUND)
                {
                    if call.capture.chosen(source) == device {
                        call.capture.choose(source, asked, JsValue::UNDEFINED);
                    }
                    return call.capture_chosen(source, asked, then);
                }
                match (then, &call) {
                    (Then::Tell(done), call) => {
                        // What was refused to be switched on is off, and stays so.
                        if let Some(call) = call.as_ref().filter(|_| problem.is_object())
                            && or_another
                            && call.capture.asked(source) == asked
                            && call.capture.muted(source) != Some(false)
                        {
                            call.capture.ask(source, false);
                        }
                        finish(&done, &problem);
                    }
                    (Then::Lost, Some(call)) => {
                        // Another try may have been faster, or be on the way and luckier.
                        if problem.is_object() && call.capture.is_missing(source) {
                            call.emit("error", &errors::lost(source));
                        }
                    }
                    (Then::Lost | Then::Nothing, _) => {}
                }
            }),
        );
    }

    /// Sends what there is in a stream of these sources.
    fn adopt(&self, stream: &JsValue, sources: &[Source], owned: bool) {
        for source in sources {
            let source = *source;
            let track = first_track(stream, source);
            if !track.is_object() {
                continue;
            }
            let this = self.this.clone();
            let ended = move |_| {
                if let Some(call) = this.upgrade() {
                    call.gone(source);
                }
            };
            let listener = Listener::new(&track, "ended", Box::new(ended));
            self.capture.send(source, track, owned, listener);
        }
    }

    /// Sends the camera and the microphone of a stream.
    pub(crate) fn adopt_devices(&self, stream: &JsValue, owned: bool) {
        self.adopt(stream, &DEVICES, owned);
    }

    /// The browser has ended a track: a device went away, or sharing was stopped in the browser's own bar.
    fn gone(&self, source: Source) {
        match source {
            // Not asked for: the next one may be being chosen.
            Source::Screen => return self.hide_screen(),
            Source::ScreenAudio => {
                self.capture.remove(source);
            }
            Source::Microphone | Source::Camera => {
                let was_sent = self.capture.muted(source) == Some(false);
                let owned = self.capture.lose(source);
                if !was_sent {
                    return;
                }
                // A stream of the caller's may be anything: no device takes its place unasked.
                self.capture.want(source, owned);
                if owned {
                    let asked = self.capture.asked(source);
                    self.capture_chosen(source, asked, Then::Lost);
                } else {
                    self.emit("error", &errors::lost(source));
                }
            }
        }
        self.published(&[source]);
    }

    /// Devices came or went: what was lost may be there again.
    pub(crate) fn devices_changed(&self) {
        for source in DEVICES {
            if self.capture.is_missing(source) {
                let asked = self.capture.asked(source);
                self.capture_chosen(source, asked, Then::Nothing);
            }
        }
    }

    /// Shares the screen that the person chooses, or a stream, instead of any other;
    /// `done(problem?)` when it is.
    pub(crate) fn share_screen(&self, what: &JsValue, done: Function) {
        if let Some(problem) = self.refused() {
            return finish(&done, &problem);
        }
        let asked = self.capture.ask(Source::Screen, true);
        if get(what, "getTracks").is_function() {
            return finish(&done, &self.show(what, asked, false));
        }
        let this = self.this.clone();
        browser::react(
            browser::get_media("getDisplayMedia", what),
            Box::new(move |outcome| {
                let call = this.upgrade();
                let call = call.filter(|call| call.state.get() != State::Left);
                let problem = match (outcome, call) {
                    (Ok(stream), Some(call)) => call.show(&stream, asked, true),
                    (Ok(stream), None) => {
                        capture::discard(&stream);
                        JsValue::UNDEFINED
                    }
                    (Err(error), _) => errors::screen(&error),
                };
                finish(&done, &problem);
            }),
        );
    }

    /// Sends a screen; what is wrong with it, if anything.
    fn show(&self, stream: &JsValue, asked: u32, owned: bool) -> JsValue {
        let picture = first_track(stream, Source::Screen);
        if !picture.is_object() {
            return errors::screen(&JsValue::UNDEFINED);
        }
        if !self.capture.comes_true(Source::Screen, asked) {
            capture::discard(stream);
            return JsValue::UNDEFINED;
        }
        if browser::is(&picture, "contentHint", "") {
            browser::set(&picture, "contentHint", &"detail".into());
        }
        // The one before may have had sound, and this one none.
        self.capture.remove(Source::ScreenAudio);
        let both = [Source::Screen, Source::ScreenAudio];
        self.adopt(stream, &both, owned);
        self.published(&both);
        JsValue::UNDEFINED
    }

    /// Shares no screen any more.
    pub(crate) fn stop_screen(&self) {
        self.capture.ask(Source::Screen, false);
        self.hide_screen();
    }

    fn hide_screen(&self) {
        self.capture.remove(Source::ScreenAudio);
        if self.capture.remove(Source::Screen) {
            self.published(&[Source::Screen, Source::ScreenAudio]);
        }
    }

    /// What sources send has changed: the connections first, then the session, then the page.
    fn published(&self, sources: &[Source]) {
        for leg in self.legs.live() {
            for source in sources {
                leg.publish(*source);
            }
        }
        self.announce_tracks();
        let me = self.me.borrow().participant.clone();
        self.tell_updated(&me);
    }

    /// Tells the session of our sources on a leg.
    pub(crate) fn announce_on(&self, leg: &Leg) {
        if !matches!(leg.carrier, Carrier::Nothing) {
            self.send_frame("tracks", leg.announcement(&self.capture));
        }
    }

    /// Tells the session of our sources.
    pub(crate) fn announce_tracks(&self) {
        for leg in self.legs.live() {
            self.announce_on(&leg);
        }
    }
}

fn finish(done: &Function, problem: &JsValue) {
    browser::call(done, problem, &JsValue::UNDEFINED);
}

/// The first track of a stream that may be of this source.
fn first_track(stream: &JsValue, source: Source) -> JsValue {
    let method = match source {
        Source::Microphone | Source::ScreenAudio => "getAudioTracks",
        Source::Camera | Source::Screen => "getVideoTracks",
    };
    let tracks = invoke(stream, method, &[]).unwrap_or(JsValue::UNDEFINED);
    get(&tracks, "0")
}
