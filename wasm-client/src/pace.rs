//! A clock that a hidden tab does not slow down: that of a Web Worker (R28).
//!
//! **It only ever wakes earlier.** Every timer is also the page's own, which is all there is where a
//! page's content security policy allows no worker of a blob; whichever comes first does the work, and
//! the other finds nothing due.

use wasm_bindgen::JsValue;

use crate::browser::{self, Listener, Worker, get};
use crate::call::Call;
use samewire_core::link::Input;

/// One timer for each kind of message; asked for anew, the last one counts.
const SCRIPT: &str = "let t={};onmessage=({data:[n,ms]})=>{clearTimeout(t[n]);t[n]=setTimeout(()=>postMessage(n),ms)}";

/// What is timed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Heartbeats, retries, acknowledgements.
    Link,
    /// Looking at who is seen.
    Watch,
}

/// The worker and what hears it.
pub(crate) struct Pacemaker {
    worker: Worker,
    _heard: Listener,
}

impl Call {
    /// Begins to keep time.
    pub(crate) fn start_pacemaker(&self) {
        let worker = Worker::new(SCRIPT);
        let this = self.this.clone();
        let react = move |event| {
            let Some(call) = this.upgrade() else { return };
            if get(&event, "data") == f64::from(Pace::Link as u8) {
                call.feed(Input::Timeout);
            } else {
                call.watch_now();
            }
        };
        let heard = Listener::new(&worker.worker, "message", Box::new(react));
        *self.pacemaker.borrow_mut() = Some(Pacemaker {
            worker,
            _heard: heard,
        });
    }

    /// Asks to be woken after `delay` ms.
    pub(crate) fn pace(&self, what: Pace, delay: f64) {
        if let Some(pacemaker) = self.pacemaker.borrow().as_ref() {
            let message = [JsValue::from_f64(f64::from(what as u8)), delay.into()];
            pacemaker.worker.post(browser::array(&message).into());
        }
    }
}
