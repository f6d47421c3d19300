//! Every raw JavaScript binding, and nothing else touches JavaScript's names. Each of them can fail:
//! a method throws, a property is missing, a global does not exist (R40).
//!
//! Closures are owned. A [`Listener`] takes itself off its target when dropped, so that nothing fires
//! into freed memory; a reaction to a promise frees itself when the promise settles, and is never
//! dropped before. What may never settle is waited for until an [`End`] only.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Array, Function, Object, Reflect};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// Any object with an RTCPeerConnection's methods.
    #[derive(Clone)]
    pub(crate) type Connection;
    #[wasm_bindgen(constructor, catch, js_class = "RTCPeerConnection")]
    pub(crate) fn new(configuration: &JsValue) -> Result<Connection, JsValue>;
    #[wasm_bindgen(method, catch, js_name = setLocalDescription)]
    pub(crate) fn set_local_description(this: &Connection) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch, js_name = setLocalDescription)]
    pub(crate) fn set_local_description_to(
        this: &Connection,
        description: &JsValue,
    ) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch, js_name = setRemoteDescription)]
    pub(crate) fn set_remote_description(
        this: &Connection,
        description: &JsValue,
    ) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch, js_name = addIceCandidate)]
    pub(crate) fn add_ice_candidate(
        this: &Connection,
        candidate: &JsValue,
    ) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch, js_name = restartIce)]
    pub(crate) fn restart_ice(this: &Connection) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch, js_name = getTransceivers)]
    pub(crate) fn transceivers(this: &Connection) -> Result<Array, JsValue>;
    #[wasm_bindgen(method, catch, js_name = addTransceiver)]
    pub(crate) fn add_transceiver(
        this: &Connection,
        track_or_kind: &JsValue,
        init: &JsValue,
    ) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch, js_name = getStats)]
    pub(crate) fn stats(this: &Connection) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch, js_name = close)]
    pub(crate) fn close_connection(this: &Connection) -> Result<(), JsValue>;

    /// A promise, or whatever a caller's object returns in place of one.
    pub(crate) type Promise;
    #[wasm_bindgen(method, catch)]
    fn then(this: &Promise, fulfilled: &Handler, rejected: &Handler) -> Result<JsValue, JsValue>;

    type EventTarget;
    #[wasm_bindgen(method, catch, js_name = addEventListener)]
    fn add(this: &EventTarget, name: &str, handler: &Handler) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch, js_name = removeEventListener)]
    fn remove(this: &EventTarget, name: &str, handler: &Handler) -> Result<(), JsValue>;

    #[derive(Clone)]
    pub(crate) type WebSocket;
    #[wasm_bindgen(constructor, catch, js_class = "WebSocket")]
    fn new(url: &str, protocols: &Array) -> Result<WebSocket, JsValue>;
    #[wasm_bindgen(method, catch)]
    pub(crate) fn send(this: &WebSocket, text: &str) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch, js_name = close)]
    pub(crate) fn close_socket(this: &WebSocket, code: u16) -> Result<(), JsValue>;

    #[wasm_bindgen(catch, js_name = setTimeout)]
    fn set_timeout(handler: &Handler, delay: f64) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = clearTimeout)]
    fn clear_timeout(id: &JsValue) -> Result<(), JsValue>;

    #[wasm_bindgen(catch, js_namespace = JSON, js_name = parse)]
    fn json_parse(text: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_namespace = JSON, js_name = stringify)]
    fn json_stringify(value: &JsValue) -> Result<JsValue, JsValue>;

    /// `Object.prototype.valueOf` of the global object is that Fields, without js-sys's lazy cells.
    #[wasm_bindgen(js_namespace = globalThis, js_name = valueOf)]
    pub(crate) fn global_object() -> JsValue;
    #[wasm_bindgen(js_namespace = Math)]
    pub(crate) fn random() -> f64;
    #[wasm_bindgen(js_namespace = Date, js_name = now)]
    fn date() -> f64;
}

thread_local! {
    /// The last moment that was told, and by how much the clock has been set back until then.
    static TOLD: Cell<(f64, f64)> = const { Cell::new((0.0, 0.0)) };
}

/// Milliseconds of a clock that goes on while the machine sleeps, and never back: one that is set back
/// would have everything wait that long (R29).
pub(crate) fn now() -> f64 {
    TOLD.with(|told| {
        let (last, behind) = told.get();
        let date = date();
        let behind = f64::max(behind, last - date);
        told.set((date + behind, behind));
        date + behind
    })
}

/// The only kind of closure that is handed out: one kind, one piece of glue.
pub(crate) type Handler = Closure<dyn Fn(JsValue)>;

type Reacts = Box<dyn Fn(JsValue)>;

/// A closure that JavaScript may call as long as this is kept.
#[inline(never)]
pub(crate) fn handler(react: Reacts) -> Handler {
    Closure::wrap(react)
}

/// An event listener that lasts as long as this value.
pub(crate) struct Listener {
    target: JsValue,
    name: &'static str,
    handler: Handler,
}

impl Listener {
    /// Listens. A target that is none hears nothing.
    pub(crate) fn new(target: &JsValue, name: &'static str, react: Reacts) -> Self {
        let handler = handler(react);
        if target.is_object() {
            let _ = target.unchecked_ref::<EventTarget>().add(name, &handler);
        }
        Self {
            target: target.clone(),
            name,
            handler,
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if self.target.is_object() {
            let target = self.target.unchecked_ref::<EventTarget>();
            let _ = target.remove(self.name, &self.handler);
        }
    }
}

/// A timer that is cleared when dropped.
pub(crate) struct Timer {
    id: JsValue,
    _handler: Handler,
}

impl Timer {
    /// Calls back once after `delay` ms. None where there are no timers.
    pub(crate) fn new(delay: f64, react: Reacts) -> Option<Self> {
        let handler = handler(react);
        let id = set_timeout(&handler, delay).ok()?;
        Some(Self {
            id,
            _handler: handler,
        })
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        let _ = clear_timeout(&self.id);
    }
}

/// A worker of a page's own, made of its script. Undefined where the page allows none.
pub(crate) struct Worker {
    pub(crate) worker: JsValue,
    url: JsValue,
}

impl Worker {
    pub(crate) fn new(script: &str) -> Self {
        let make = |class: &str, with: JsValue| {
            let class = global(class);
            let made = Reflect::construct(class.unchecked_ref::<Function>(), &array(&[with]));
            made.unwrap_or(JsValue::UNDEFINED)
        };
        let blob = make("Blob", array(&[script.into()]).into());
        let url = invoke(&global("URL"), "createObjectURL", &[blob]);
        let url = url.unwrap_or(JsValue::UNDEFINED);
        Self {
            worker: make("Worker", url.clone()),
            url,
        }
    }

    /// Sends it something.
    pub(crate) fn post(&self, message: JsValue) {
        let _ = invoke(&self.worker, "postMessage", &[message]);
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = invoke(&self.worker, "terminate", &[]);
        let url = core::slice::from_ref(&self.url);
        let _ = invoke(&global("URL"), "revokeObjectURL", url);
    }
}

type Reaction = Box<dyn FnOnce(Result<JsValue, JsValue>)>;

/// Something that comes to its end, and with it all waiting for what then may never settle: a
/// connection that is closed settles none of its operations.
pub(crate) struct End {
    comes: JsValue,
    resolve: RefCell<Option<Function>>,
}

impl End {
    pub(crate) fn new() -> Self {
        let mut end = None;
        let comes = js_sys::Promise::new(&mut |resolve, _| end = Some(resolve)).into();
        Self {
            comes,
            resolve: RefCell::new(end),
        }
    }

    /// As [`react`], until the end: then to nothing.
    pub(crate) fn react(&self, called: Result<Promise, JsValue>, reaction: Reaction) {
        let first = |promise: Promise| {
            if promise.is_object() {
                let either = array(&[promise.into(), self.comes.clone()]);
                js_sys::Promise::race(&either).unchecked_into()
            } else {
                promise
            }
        };
        react(called.map(first), reaction);
    }

    /// It comes.
    pub(crate) fn come(&self) {
        if let Some(resolve) = self.resolve.take() {
            call(&resolve, &JsValue::UNDEFINED, &JsValue::UNDEFINED);
        }
    }
}

/// Reacts once to the outcome of a call that returns a promise, or to its throwing. The two closures
/// own each other until one is called; a promise that never settles keeps them, and nothing else.
pub(crate) fn react(called: Result<Promise, JsValue>, reaction: Reaction) {
    let promise = match called {
        Ok(promise) if promise.is_object() => promise,
        Ok(value) => return reaction(Ok(value.into())),
        Err(error) => return reaction(Err(error)),
    };
    let reaction = Rc::new(RefCell::new(Some(reaction)));
    let pair: Rc<RefCell<Option<(Handler, Handler)>>> = Rc::default();
    let side = |fulfilled: bool| {
        let (reaction, pair) = (reaction.clone(), pair.clone());
        handler(Box::new(move |value| {
            let own = pair.take();
            if let Some(reaction) = reaction.take() {
                reaction(if fulfilled { Ok(value) } else { Err(value) });
            }
            drop(own);
        }))
    };
    let (fulfilled, rejected) = (side(true), side(false));
    let outcome = promise.then(&fulfilled, &rejected);
    match outcome {
        Ok(_) => *pair.borrow_mut() = Some((fulfilled, rejected)),
        Err(error) => {
            if let Some(reaction) = reaction.take() {
                reaction(Err(error));
            }
        }
    }
}

/// A property, or undefined.
pub(crate) fn get(object: &JsValue, key: &str) -> JsValue {
    if object.is_object() || object.is_function() {
        Reflect::get(object, &key.into()).unwrap_or(JsValue::UNDEFINED)
    } else {
        JsValue::UNDEFINED
    }
}

/// A property that is text.
pub(crate) fn text(object: &JsValue, key: &str) -> Option<String> {
    get(object, key).as_string()
}

/// Whether a property is this text.
#[inline(never)]
pub(crate) fn is(object: &JsValue, key: &str, wanted: &str) -> bool {
    get(object, key) == *wanted
}

/// A property that is a whole number; anything else is 0.
pub(crate) fn number(object: &JsValue, key: &str) -> u64 {
    get(object, key).as_f64().unwrap_or(0.0) as u64
}

/// A property's truth.
pub(crate) fn flag(object: &JsValue, key: &str) -> bool {
    get(object, key).is_truthy()
}

/// A property that is a list, or none.
pub(crate) fn list(object: &JsValue, key: &str) -> Array {
    let value = get(object, key);
    if Array::is_array(&value) {
        value.unchecked_into()
    } else {
        Array::new()
    }
}

/// Sets a property.
pub(crate) fn set(object: &JsValue, key: &str, value: &JsValue) {
    let _ = Reflect::set(object, &key.into(), value);
}

/// A plain object in the making. Taking its values one by one costs less code than a list of them.
pub(crate) struct Fields(JsValue);

impl Fields {
    pub(crate) fn new() -> Self {
        Self(Object::new().into())
    }

    #[inline(never)]
    pub(crate) fn put(self, key: &str, value: JsValue) -> Self {
        set(&self.0, key, &value);
        self
    }

    /// More of what is an object already.
    pub(crate) fn of(object: JsValue) -> Self {
        Self(object)
    }

    /// The fields of an object, which stays as it is; none of what is no object.
    pub(crate) fn copy_of(object: &JsValue) -> Self {
        let copy = Object::new();
        let _ = Object::try_assign(&copy, object.unchecked_ref());
        Self(copy.into())
    }

    pub(crate) fn build(self) -> JsValue {
        self.0
    }
}

/// A list.
#[inline(never)]
pub(crate) fn array(values: &[JsValue]) -> Array {
    let array = Array::new();
    for value in values {
        array.push(value);
    }
    array
}

/// A whole number as JavaScript has it.
pub(crate) fn js(number: u64) -> JsValue {
    JsValue::from_f64(number as f64)
}

/// Calls a method by name, of an object that may lack it.
pub(crate) fn invoke(
    object: &JsValue,
    method: &str,
    arguments: &[JsValue],
) -> Result<JsValue, JsValue> {
    let function = get(object, method);
    let arguments: Array = arguments.iter().collect();
    Reflect::apply(function.unchecked_ref::<Function>(), object, &arguments)
}

/// Calls a caller's function. What it throws is its own affair and told where it belongs.
pub(crate) fn call(function: &Function, first: &JsValue, second: &JsValue) -> bool {
    function.call2(&JsValue::UNDEFINED, first, second).is_ok()
}

/// A global, or undefined.
pub(crate) fn global(name: &str) -> JsValue {
    get(&global_object(), name)
}

/// Opens a socket.
pub(crate) fn open_socket(url: &str, protocols: [&str; 2]) -> Result<WebSocket, JsValue> {
    WebSocket::new(url, &array(&protocols.map(JsValue::from_str)))
}

/// Calls back for each entry of a map, now.
pub(crate) fn for_each(map: &JsValue, visit: Reacts) {
    let visit = handler(visit);
    let _ = invoke(map, "forEach", core::slice::from_ref(visit.as_ref()));
}

/// A JSON text's value.
pub(crate) fn parse(text: &str) -> Option<JsValue> {
    json_parse(text).ok()
}

/// A value's JSON text.
pub(crate) fn stringify(value: &JsValue) -> Option<String> {
    json_stringify(value).ok()?.as_string()
}

/// Captures from devices, or from the screen.
pub(crate) fn get_media(method: &str, constraints: &JsValue) -> Result<Promise, JsValue> {
    let devices = get(&global("navigator"), "mediaDevices");
    invoke(&devices, method, core::slice::from_ref(constraints)).map(JsValue::unchecked_into)
}

/// An empty stream.
pub(crate) fn new_stream() -> Result<JsValue, JsValue> {
    Reflect::construct(
        global("MediaStream").unchecked_ref::<Function>(),
        &Array::new(),
    )
}

/// A random id.
pub(crate) fn random_id() -> String {
    let uuid = invoke(&global("crypto"), "randomUUID", &[]).ok();
    uuid.and_then(|uuid| uuid.as_string()).unwrap_or_else(|| {
        // Outside secure contexts there is no randomUUID. Uniqueness among one user's tabs suffices.
        const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
        (0..24)
            .filter_map(|_| DIGITS.get((random() * 36.0) as usize))
            .map(|digit| char::from(*digit))
            .collect()
    })
}

/// Tries to hold a lock until the page goes or `release` is called; `then` is told whether it is ours.
/// Where there are no locks, or they are refused, everything is.
pub(crate) fn hold_lock(name: &str, then: Box<dyn FnOnce(bool)>) -> Lock {
    let then = Rc::new(RefCell::new(Some(then)));
    let answer = move |ours| {
        let then = then.take();
        if let Some(then) = then {
            then(ours);
        }
    };
    let answered = answer.clone();
    let release: Rc<RefCell<Option<Function>>> = Rc::default();
    let held = release.clone();
    let asked: Closure<dyn Fn(JsValue) -> JsValue> =
        Closure::wrap(Box::new(move |lock: JsValue| {
            let ours = lock.is_object();
            let until = if ours {
                let held = held.clone();
                js_sys::Promise::new(&mut |resolve, _| *held.borrow_mut() = Some(resolve)).into()
            } else {
                JsValue::UNDEFINED
            };
            answer(ours);
            until
        }));
    let options = Fields::new().put("ifAvailable", JsValue::TRUE).build();
    let arguments = [name.into(), options, asked.as_ref().clone()];
    let locks = get(&global("navigator"), "locks");
    let called = invoke(&locks, "request", &arguments).map(JsValue::unchecked_into);
    react(called, Box::new(move |_| answered(true)));
    Lock {
        release,
        _asked: Some(asked),
    }
}

/// A held lock.
#[derive(Default)]
pub(crate) struct Lock {
    release: Rc<RefCell<Option<Function>>>,
    _asked: Option<Closure<dyn Fn(JsValue) -> JsValue>>,
}

impl Lock {
    /// Lets it go.
    pub(crate) fn release(&self) {
        if let Some(resolve) = self.release.take() {
            call(&resolve, &JsValue::UNDEFINED, &JsValue::UNDEFINED);
        }
    }
}
