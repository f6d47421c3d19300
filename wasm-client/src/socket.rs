//! The shell around [`samewire_core::link`]: one socket after another.

use std::cell::{Cell, RefCell};

use samewire_core::link::{Input, Jitter, Link, Output};
use samewire_core::time::Millis;
use wasm_bindgen::JsValue;

use crate::browser::{self, Fields, Listener, Timer, WebSocket, get, js, set};
use crate::call::{Call, State};
use crate::direct::Direct;
use crate::errors;
use crate::pace::Pace;

/// What a browser says of a socket that broke, or never came to be.
pub(crate) const BROKEN: u16 = 1006;

/// For so long a first welcome is waited for, in milliseconds. Whoever is in a call waits on.
const KNOCKS_MS: f64 = 15_000.0;

/// The present socket and the machine that says what to do with it.
pub(crate) struct Socket {
    pub(crate) link: RefCell<Option<Link>>,
    pub(crate) timer: RefCell<Option<Timer>>,
    current: RefCell<Option<(WebSocket, Vec<Listener>)>>,
    draining: Cell<bool>,
}

impl Socket {
    pub(crate) fn new() -> Self {
        Self {
            link: RefCell::default(),
            timer: RefCell::default(),
            current: RefCell::default(),
            draining: Cell::new(false),
        }
    }

    /// Lets go of the present socket. Its listeners go first: its late `close` is not for a successor.
    pub(crate) fn discard(&self) {
        if let Some((socket, listeners)) = self.current.take() {
            drop(listeners);
            let _ = socket.close_socket(1000);
        }
    }

    fn send(&self, text: &str) -> bool {
        let current = self.current.borrow();
        current
            .as_ref()
            .is_some_and(|(socket, _)| socket.send(text).is_ok())
    }

    /// Asks the machine.
    pub(crate) fn with<T>(&self, ask: impl FnOnce(&mut Link) -> T) -> Option<T> {
        self.link.try_borrow_mut().ok()?.as_mut().map(ask)
    }

    pub(crate) fn is_open(&self) -> bool {
        self.with(|link| link.is_open()).unwrap_or(false)
    }
}

pub(crate) fn now() -> Millis {
    Millis(browser::now() as u64)
}

impl Call {
    /// Opens the link for the first time.
    pub(crate) fn open_link(&self) {
        *self.socket.link.borrow_mut() = Some(Link::new(now()));
        self.drain_link();
    }

    /// Feeds the link's machine and does what it says.
    pub(crate) fn feed(&self, input: Input) {
        let jitter = Jitter((browser::random() * 1_000.0) as u16);
        self.socket.with(|link| link.handle(now(), jitter, input));
        self.drain_link();
    }

    fn drain_link(&self) {
        if self.socket.draining.replace(true) {
            return;
        }
        while let Some(output) = self.socket.with(Link::poll_output).flatten() {
            self.execute(output);
        }
        self.socket.draining.set(false);
        self.arm();
    }

    fn arm(&self) {
        let due = self.socket.with(|link| link.poll_timeout()).flatten();
        let timer = due.and_then(|(at, _)| {
            let this = self.this.clone();
            let react = move |_| {
                if let Some(call) = this.upgrade() {
                    call.feed(Input::Timeout);
                }
            };
            Timer::new(at.since(now()).0 as f64, Box::new(react))
        });
        if self.state.get() != State::Left {
            *self.socket.timer.borrow_mut() = timer;
            if let Some((at, _)) = due {
                self.pace(Pace::Link, at.since(now()).0 as f64);
            }
        }
    }

    fn execute(&self, output: Output) {
        match output {
            Output::Connect => self.open_socket(),
            Output::Greet => self.greet(),
            Output::Ping => {
                self.socket.send("ping");
            }
            Output::Ack(_) => {
                self.send_frame("ack", Fields::new());
            }
            Output::Discard => self.socket.discard(),
            Output::Down => self.tell_phase(),
            Output::Ended(end) => self.link_ended(end),
        }
    }

    fn open_socket(&self) {
        self.socket.discard();
        if self.joining.borrow().is_some() {
            let now = browser::now();
            let since = self.knocks_since.get().unwrap_or(now);
            self.knocks_since.set(Some(since));
            if now - since > KNOCKS_MS {
                return self.end(Some(errors::unreachable()));
            }
        }
        // The token route gives a socket's address; a page's origin makes an http one as easily.
        let url = match self.url.strip_prefix("http") {
            Some(rest) => String::from("ws") + rest,
            None => self.url.clone(),
        };
        let protocol = String::from("token.") + self.token.borrow().as_str();
        let Ok(socket) = browser::open_socket(&url, ["samewire.v1", &protocol]) else {
            return self.end(Some(errors::problem(
                "url",
                "`url` is not the address the token route returned, or the token is malformed.",
            )));
        };
        let listen = |name, react: fn(&Call, JsValue)| {
            let this = self.this.clone();
            let react = move |event| {
                if let Some(call) = this.upgrade() {
                    react(&call, event);
                }
            };
            Listener::new(&socket, name, Box::new(react))
        };
        let listeners = vec![
            listen("open", |call, _| call.feed(Input::Opened)),
            listen("message", |call, event| {
                if let Some(text) = get(&event, "data").as_string() {
                    call.heard(&text);
                }
            }),
            listen("close", |call, event| {
                let code = u16::try_from(browser::number(&event, "code")).unwrap_or(BROKEN);
                let closed = Fields::new().put("what", "closed".into());
                call.emit("note", &closed.put("code", js(code.into())).build());
                // Whoever is in a call waits for the network; whoever is not may want to know.
                let joining = call.joining.borrow().is_some();
                if joining
                    && code == BROKEN
                    && browser::get(&browser::global("navigator"), "onLine") == false
                {
                    return call.end(Some(errors::offline()));
                }
                call.feed(Input::Closed(code));
            }),
        ];
        *self.socket.current.borrow_mut() = Some((socket, listeners));
    }

    fn greet(&self) {
        let me = self.me.borrow().clone();
        let hello = Fields::new()
            .put("type", "hello".into())
            .put("protocol", js(1))
            .put("instance", self.instance.borrow().as_str().into())
            .put("drivers", self.legs.names().into())
            .build();
        if !me.participant.is_empty() {
            let last_seq = self.socket.with(|link| link.last_seq()).unwrap_or(0);
            let resume = Fields::new()
                .put("participant", me.participant.as_str().into())
                .put("incarnation", self.course.borrow().life().into())
                .put("secret", me.secret.as_str().into())
                .put("last_seq", js(last_seq))
                .build();
            set(&hello, "resume", &resume);
        }
        if let Some(text) = browser::stringify(&hello) {
            self.socket.send(&text);
        }
    }

    /// Sends a frame when the link is open, with the `ack` that is due.
    pub(crate) fn send_frame(&self, kind: &str, fields: Fields) -> bool {
        if !self.socket.is_open() {
            return false;
        }
        let frame = fields.build();
        set(&frame, "type", &kind.into());
        let ack = self.socket.with(samewire_core::link::Link::acknowledged);
        set(&frame, "ack", &js(ack.unwrap_or(0)));
        self.emit("sent", &frame);
        browser::stringify(&frame).is_some_and(|text| self.socket.send(&text))
    }

    /// Sends a signal, or remembers that it could not be sent (R25: it is never sent later).
    pub(crate) fn send_signal(&self, way: &Direct, payload: &JsValue) {
        let generation = self.me.borrow().generation;
        let Some(id) = self.socket.with(Link::mint_id) else {
            return;
        };
        let sent = self.send_frame(
            "signal",
            Fields::new()
                .put("id", js(id))
                .put("to", way.far.id.as_str().into())
                .put("epoch", js(way.far.epoch))
                .put("generation", js(generation))
                .put("to_generation", js(way.far.generation))
                .put("payload", payload.clone()),
        );
        if sent {
            way.remember_signal(id, payload);
        } else {
            way.unsent.set(true);
        }
    }
}
