//! Faults on purpose, so that an application can be seen to live with them.
//!
//! **They happen at the edge: everything that heals them is what heals the real ones.**

use samewire_core::link::Input;
use wasm_bindgen::JsValue;

use crate::browser::Timer;
use crate::call::{Call, State};
use crate::errors;
use crate::socket::BROKEN;

/// How long a page stays frozen.
const FROZEN_MS: f64 = 2_000.0;

impl Call {
    /// Makes this fault happen.
    pub(crate) fn simulate(&self, fault: &str) -> Option<JsValue> {
        if self.state.get() == State::Left {
            return Some(errors::problem("left", "The call is over."));
        }
        let leg = self.legs.now();
        match fault {
            "signalling-drop" => self.drop_link(),
            "ice-failure" => {
                for direct in self.directs() {
                    direct.cut();
                }
                if let Some(driven) = leg.driven() {
                    driven.fail();
                }
                self.look();
            }
            "connection-failure" => {
                for direct in self.directs() {
                    let _ = direct.connection.close_connection();
                }
                if let Some(driven) = leg.driven() {
                    driven.fail();
                }
                self.look();
            }
            "freeze" => {
                self.feed(Input::Paused);
                let this = self.this.clone();
                let thaw = move |_| {
                    if let Some(call) = this.upgrade() {
                        call.feed(Input::Nudged);
                    }
                };
                *self.thaw.borrow_mut() = Timer::new(FROZEN_MS, Box::new(thaw));
            }
            "token-expiry" => {
                self.token.borrow_mut().clear();
                self.token.borrow_mut().push_str("expired");
                self.drop_link();
            }
            "provider-failure" => self.send_dead(),
            _ => {
                return Some(errors::problem(
                    "misuse",
                    "There is no such fault to simulate: see `Fault` in index.d.ts.",
                ));
            }
        }
        None
    }

    fn drop_link(&self) {
        self.socket.discard();
        self.feed(Input::Closed(BROKEN));
    }
}
