//! The bindings that workers-rs lacks, or has with much beside them that nobody here needs. Nothing else in this crate touches raw JavaScript.

use samewire_core::time::Millis;
use wasm_bindgen::prelude::*;
use worker::{Date, Error, Headers, Method, Request, Result, State, WebSocket};

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

    type Attached;

    #[wasm_bindgen(method, catch, js_name = serializeAttachment)]
    fn attach(this: &Attached, text: &str) -> std::result::Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = deserializeAttachment)]
    fn attached(this: &Attached) -> std::result::Result<JsValue, JsValue>;
}

/// A request to be sent.
pub(crate) fn request(
    method: Method,
    url: &str,
    headers: &Headers,
    body: Option<&str>,
) -> Result<Request> {
    let init = web_sys::RequestInit::new();
    init.set_method(method.as_ref());
    init.set_headers(headers.0.as_ref());
    // Followed by itself, a redirection would take the headers along.
    init.set_redirect(web_sys::RequestRedirect::Manual);
    if let Some(body) = body {
        init.set_body(&JsValue::from_str(body));
    }
    Ok(web_sys::Request::new_with_str_and_init(url, &init)?.into())
}

/// The URL of a request, as the runtime reads it.
pub(crate) fn url(request: &Request) -> Result<web_sys::Url> {
    Ok(web_sys::Url::new(&request.inner().url())?)
}

/// Gives a socket a text that it carries through hibernation.
pub(crate) fn attach(socket: &WebSocket, text: &str) -> Result<()> {
    let socket: &web_sys::WebSocket = socket.as_ref();
    let socket: &JsValue = socket.as_ref();
    Ok(socket.unchecked_ref::<Attached>().attach(text)?)
}

/// The text that a socket carries.
pub(crate) fn attached(socket: &WebSocket) -> Result<Option<String>> {
    let socket: &web_sys::WebSocket = socket.as_ref();
    let socket: &JsValue = socket.as_ref();
    Ok(socket.unchecked_ref::<Attached>().attached()?.as_string())
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
