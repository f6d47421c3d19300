//! What can go wrong, with a stable code and what to do about it.

use samewire_core::link::{End, LONGEST_RETRY};
use wasm_bindgen::JsValue;

use crate::browser::{Fields, get, is, text};
use crate::roster::Source;

/// An error as it crosses to JavaScript: `{code, message, retryAfterMs?}`.
pub(crate) fn problem(code: &str, message: &str) -> JsValue {
    Fields::new()
        .put("code", code.into())
        .put("message", message.into())
        .build()
}

/// What the server said in an `error` frame.
pub(crate) fn told(frame: &JsValue) -> JsValue {
    let code = text(frame, "code").unwrap_or_else(|| "server".to_owned());
    let message = text(frame, "message").unwrap_or_else(|| "The server refused.".to_owned());
    let problem = problem(&code, &message);
    crate::browser::set(&problem, "retryAfterMs", &get(frame, "retry_after_ms"));
    problem
}

/// There is no network to join over.
pub(crate) fn offline() -> JsValue {
    later(
        "offline",
        "This device is offline. Join again when it is back on a network.",
    )
}

/// There is a network, and nobody who answers.
pub(crate) fn unreachable() -> JsValue {
    later(
        "unreachable",
        "The session could not be reached. Check the address that was given, or join again later.",
    )
}

/// What may be otherwise before long.
fn later(code: &str, message: &str) -> JsValue {
    let problem = problem(code, message);
    let retry = crate::browser::js(LONGEST_RETRY.0);
    crate::browser::set(&problem, "retryAfterMs", &retry);
    problem
}

/// Why the call is over; none when we left ourselves.
pub(crate) fn ended(end: End) -> Option<JsValue> {
    let (code, message) = match end {
        End::Replaced => (
            "replaced",
            "This call was taken over by a newer connection of the same tab.",
        ),
        End::Unauthorised => (
            "unauthorised",
            "The token is not valid for this session. Ask your server for a new one and join again.",
        ),
        End::Removed => ("removed", "You were removed from this session."),
        End::Ended => ("ended", "This session has ended."),
        End::TooMany => (
            "full",
            "This session takes no more people. Try again when somebody has left.",
        ),
        End::Unsupported => (
            "unsupported",
            "The server does not accept this client. Update the samewire package.",
        ),
        End::Left => return None,
    };
    Some(problem(code, message))
}

/// There is no such device.
pub(crate) const NOT_FOUND: &str = "media-not-found";

/// Why nothing was captured, by the browser's name for it.
pub(crate) fn media(error: &JsValue) -> JsValue {
    let (code, message) = match text(error, "name").as_deref() {
        Some("NotAllowedError" | "SecurityError") => (
            "media-denied",
            "Camera or microphone is blocked. Allow it in the browser's address bar and try again.",
        ),
        Some("NotFoundError") => (
            NOT_FOUND,
            "That camera or microphone was not found. Connect one, or choose another.",
        ),
        Some("NotReadableError" | "AbortError") => (
            "media-in-use",
            "Camera or microphone cannot be opened. Close other programs that use it and try again.",
        ),
        Some("OverconstrainedError") => (
            "media-constraints",
            "No device fits the constraints given in `media`. Ask for less.",
        ),
        Some(_) | None => (
            "media-unavailable",
            "This page cannot capture. Serve it over https, in a browser with WebRTC.",
        ),
    };
    problem(code, message)
}

/// Why a device was not captured that was asked for by its id.
pub(crate) fn device(error: &JsValue) -> JsValue {
    if is(error, "constraint", "deviceId") {
        let missing = Fields::new().put("name", "NotFoundError".into());
        return media(&missing.build());
    }
    media(error)
}

/// Why no screen is shared, by the browser's name for it.
pub(crate) fn screen(error: &JsValue) -> JsValue {
    match text(error, "name").as_deref() {
        Some("NotAllowedError" | "SecurityError" | "InvalidStateError") => problem(
            "screen-denied",
            "No screen was chosen, or sharing is blocked. Share in a click, and choose what to show.",
        ),
        Some(_) | None => problem(
            "screen-unavailable",
            "There is no picture to share. Screens need a current browser on a desktop, over https.",
        ),
    }
}

/// A device went away.
pub(crate) fn lost(source: Source) -> JsValue {
    let message = match source {
        Source::Microphone | Source::ScreenAudio => {
            "The microphone went away. Connect one, or choose another."
        }
        Source::Camera | Source::Screen => "The camera went away. Connect one, or choose another.",
    };
    problem("device-lost", message)
}
