//! The bindings that workers-rs lacks. Nothing else in this crate touches raw JavaScript.

use samewire_core::time::Millis;
use wasm_bindgen::prelude::*;
use worker::{Date, Error, Result, State, WebSocket};

#[wasm_bindgen]
extern "C" {
    type TransactionalStorage;

    #[wasm_bindgen(method, catch, js_name = transactionSync)]
    fn transaction_sync(
        this: &TransactionalStorage,
        body: &mut dyn FnMut() -> std::result::Result<(), JsValue>,
    ) -> std::result::Result<JsValue, JsValue>;

    type HeartbeatState;

    #[wasm_bindgen(method, catch, js_name = getWebSocketAutoResponseTimestamp)]
    fn auto_response_timestamp(
        this: &HeartbeatState,
        socket: &JsValue,
    ) -> std::result::Result<Option<js_sys::Date>, JsValue>;
}

/// The object's time: the only one that orders events (R31).
pub(crate) fn now() -> Millis {
    Millis(Date::now().as_millis())
}

/// Runs `body` in one storage transaction: all of its statements, or none.
pub(crate) fn transaction(state: &State, mut body: impl FnMut() -> Result<()>) -> Result<()> {
    let storage = state.storage();
    let raw: &JsValue = storage.as_raw().as_ref();
    // An error that is thrown is what rolls back.
    let mut inside = || body().map_err(|error| JsValue::from_str(&error.to_string()));
    raw.unchecked_ref::<TransactionalStorage>()
        .transaction_sync(&mut inside)
        .map(|_| ())
        .map_err(Error::from)
}

/// When the runtime last answered this socket's heartbeat by itself.
pub(crate) fn last_heartbeat(state: &State, socket: &WebSocket) -> Option<Millis> {
    let raw: &JsValue = state.as_raw().as_ref();
    let socket: &web_sys::WebSocket = socket.as_ref();
    let date = raw
        .unchecked_ref::<HeartbeatState>()
        .auto_response_timestamp(socket.as_ref());
    let at = date.ok().flatten()?.get_time();
    (at.is_finite() && at > 0.0).then_some(Millis(at as u64))
}
