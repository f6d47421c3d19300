//! What the client itself reads in a report of `getStats`: the way that a connection goes. How good it
//! is, is read by `npm/quality/`.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::JsValue;

use crate::browser::{self, get, is};

/// Whether a connection goes through our own relay.
pub(crate) fn is_relayed(report: &JsValue) -> bool {
    let pair = selected(report);
    let own = named(report, &pair, "localCandidateId");
    is(&own, "candidateType", "relay")
}

/// The selected candidate pair: Firefox marks it; the others name it in the transport.
fn selected(report: &JsValue) -> JsValue {
    let found: Rc<RefCell<JsValue>> = Rc::default();
    let seen = found.clone();
    let of = report.clone();
    let visit = move |entry: JsValue| {
        let pair = if is(&entry, "type", "transport") {
            named(&of, &entry, "selectedCandidatePairId")
        } else if is(&entry, "type", "candidate-pair") && browser::flag(&entry, "selected") {
            entry
        } else {
            return;
        };
        if pair.is_object() {
            *seen.borrow_mut() = pair;
        }
    };
    browser::for_each(report, Box::new(visit));
    found.take()
}

/// The entry that another one names under this key.
fn named(report: &JsValue, by: &JsValue, key: &str) -> JsValue {
    browser::invoke(report, "get", &[get(by, key)]).unwrap_or(JsValue::UNDEFINED)
}
