//! How a call begins: with what is captured, which is asked for before anything else.

use js_sys::Function;
use wasm_bindgen::{JsCast, JsValue};

use crate::browser;
use crate::call::{Call, State};
use crate::capture;
use crate::errors;
use crate::roster::Source;

impl Call {
    /// Begins: `done(problem?)` is called at the first `welcome` or when it cannot come. The order is
    /// capture, then identity, then the socket, because `hello` has a deadline and a permission
    /// prompt has none.
    pub(crate) fn join(&self, done: Function) {
        *self.joining.borrow_mut() = Some(done);
        let media = self.capture.wanted();
        if browser::get(&media, "getTracks").is_function() {
            self.adopt_devices(&media, false);
            return self.identify();
        }
        let (audio, video) = (
            browser::flag(&media, "audio"),
            browser::flag(&media, "video"),
        );
        match (audio, video) {
            (false, false) => self.identify(),
            (true, true) => self.first_capture(&[Source::Microphone, Source::Camera]),
            (true, false) => self.first_capture(&[Source::Microphone]),
            (false, true) => self.first_capture(&[Source::Camera]),
        }
    }

    /// All of these are being captured at once; when a device is missing, each is by itself, and none of
    /// those that are not there: someone without a camera is still welcome.
    fn first_capture(&self, sources: &'static [Source]) {
        let this = self.this.clone();
        browser::react(
            Ok(self.captured.take().unchecked_into()),
            Box::new(move |outcome| {
                let Some(call) = this.upgrade() else { return };
                if call.state.get() == State::Left {
                    if let Ok(stream) = outcome {
                        capture::discard(&stream);
                    }
                    return;
                }
                match outcome {
                    Ok(stream) => {
                        call.adopt_devices(&stream, true);
                        call.identify();
                    }
                    Err(error) if browser::is(&error, "name", "NotFoundError") => match sources {
                        [first, rest @ ..] if !rest.is_empty() => {
                            call.capture_each(*first, rest);
                        }
                        [_, ..] | [] => call.identify(),
                    },
                    Err(error) => call.end(Some(errors::media(&error))),
                }
            }),
        );
    }

    fn capture_each(&self, first: Source, rest: &'static [Source]) {
        let this = self.this.clone();
        let constraints = self.capture.constraints(first, &JsValue::UNDEFINED);
        browser::react(
            browser::get_media("getUserMedia", &constraints),
            Box::new(move |outcome| {
                let Some(call) = this.upgrade() else { return };
                if let Ok(stream) = &outcome {
                    call.adopt_devices(stream, true);
                }
                match rest {
                    [next, rest @ ..] => call.capture_each(*next, rest),
                    [] => call.identify(),
                }
            }),
        );
    }
}
