//! One call: what it knows, and how it ends.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use js_sys::{Array, Function};
pub(crate) use samewire_core::link::Phase as State;
use samewire_core::link::{Course, End, Input, News, Step, Unconfirmed};
use samewire_core::negotiation::Failure;
use wasm_bindgen::JsValue;

use crate::browser::{self, Fields, Listener, Lock, Timer, get, text};
use crate::capture::Capture;
use crate::direct::{Direct, Owner};
use crate::errors;
use crate::frames::Held;
use crate::legs::Legs;
use crate::negotiator::{Told, explain, glare};
use crate::pace::Pacemaker;
use crate::peer::Peer;
use crate::quality::Quality;
use crate::roster::{Participant, Roster};
use crate::socket::Socket;

/// Who we are in the session, since the last `welcome`.
#[derive(Clone, Default)]
pub(crate) struct Identity {
    pub(crate) participant: String,
    pub(crate) ordinal: u64,
    pub(crate) generation: u64,
    pub(crate) secret: String,
}

/// The call.
pub(crate) struct Call {
    emit: Function,
    pub(crate) url: String,
    pub(crate) token: RefCell<String>,
    pub(crate) instance: RefCell<String>,
    pub(crate) lock: RefCell<Lock>,
    pub(crate) socket: Socket,
    pub(crate) state: Cell<State>,
    pub(crate) course: RefCell<Course>,
    pub(crate) me: RefCell<Rc<Identity>>,
    /// The committed provider and its kind.
    pub(crate) provider: RefCell<String>,
    pub(crate) kind: RefCell<String>,
    /// The session's id.
    pub(crate) room: RefCell<String>,
    pub(crate) ice_servers: RefCell<JsValue>,
    /// Whether there is a relay among them.
    pub(crate) turn: Cell<bool>,
    /// The kind of network, where the browser tells.
    pub(crate) network: RefCell<JsValue>,
    pub(crate) pacemaker: RefCell<Option<Pacemaker>>,
    pub(crate) roster: RefCell<Roster>,
    pub(crate) legs: Legs,
    pub(crate) quality: Quality,
    pub(crate) capture: Rc<Capture>,
    /// The promise of what `join` captures, which `index.js` has asked for while it loaded all this.
    pub(crate) captured: RefCell<JsValue>,
    pub(crate) chats: RefCell<Unconfirmed>,
    pub(crate) held: RefCell<Vec<Held>>,
    pub(crate) held_timer: RefCell<Option<Timer>>,
    pub(crate) messages: Array,
    /// The last frame, if it was an `error`: it explains the close that may follow.
    pub(crate) refusal: RefCell<Option<JsValue>>,
    /// When we were told of the epoch.
    pub(crate) entered_at: Cell<f64>,
    pub(crate) reported: RefCell<Option<Vec<String>>>,
    /// Whether the application was told that we speak.
    pub(crate) spoke: Cell<bool>,
    pub(crate) watch_timer: RefCell<Option<Timer>>,
    pub(crate) thaw: RefCell<Option<Timer>>,
    pub(crate) page: RefCell<Vec<Listener>>,
    pub(crate) joining: RefCell<Option<Function>>,
    /// When the first socket was opened, in milliseconds.
    pub(crate) knocks_since: Cell<Option<f64>>,
    pub(crate) this: Weak<Call>,
}

impl Call {
    /// A call that has not begun. `emit(name, detail)` tells the application.
    pub(crate) fn new(options: &JsValue, emit: Function) -> Rc<Self> {
        Rc::new_cyclic(|this| Self {
            emit,
            url: text(options, "url").unwrap_or_default(),
            token: RefCell::new(text(options, "token").unwrap_or_default()),
            instance: RefCell::default(),
            lock: RefCell::default(),
            socket: Socket::new(),
            state: Cell::new(State::Connecting),
            course: RefCell::default(),
            me: RefCell::default(),
            provider: RefCell::default(),
            kind: RefCell::new("p2p".to_owned()),
            room: RefCell::default(),
            ice_servers: RefCell::new(Array::new().into()),
            turn: Cell::new(false),
            network: RefCell::default(),
            pacemaker: RefCell::default(),
            roster: RefCell::default(),
            legs: Legs::new(get(options, "drivers")),
            quality: Quality::new(),
            capture: Rc::new(Capture::new(get(options, "media"))),
            captured: RefCell::new(get(options, "captured")),
            chats: RefCell::default(),
            held: RefCell::default(),
            held_timer: RefCell::default(),
            messages: Array::new(),
            refusal: RefCell::default(),
            entered_at: Cell::new(0.0),
            reported: RefCell::default(),
            spoke: Cell::default(),
            watch_timer: RefCell::default(),
            thaw: RefCell::default(),
            page: RefCell::default(),
            joining: RefCell::default(),
            knocks_since: Cell::default(),
            this: this.clone(),
        })
    }

    pub(crate) fn participant(&self, id: &str) -> Option<Rc<Participant>> {
        self.roster.borrow().get(id)
    }

    /// Everyone but ourselves.
    pub(crate) fn others(&self) -> Vec<Rc<Participant>> {
        let me = self.me.borrow();
        let mut all = self.roster.borrow().all();
        all.retain(|one| one.id != me.participant);
        all
    }

    /// Somebody on the leg that is rendered.
    pub(crate) fn peer(&self, id: &str) -> Option<Rc<Peer>> {
        self.legs.now().peer(id)
    }

    /// Notes something for the trace.
    pub(crate) fn note(&self, what: &str, id: &str, detail: Fields) {
        let note = detail
            .put("what", what.into())
            .put("participant", id.into());
        self.emit("note", &note.build());
    }

    /// Tells the application.
    pub(crate) fn emit(&self, name: &str, detail: &JsValue) {
        browser::call(&self.emit, &name.into(), detail);
    }

    /// Tells how the call is going, when that changed.
    pub(crate) fn tell_phase(&self) {
        let phase = self.course.borrow().phase(self.socket.is_open());
        self.become_state(phase);
    }

    /// Takes note of what was heard of the session, and follows. `frame` is what says it.
    pub(crate) fn hear(&self, news: News, frame: &JsValue) {
        let steps = self.course.borrow_mut().hear(news);
        self.follow(steps, frame);
    }

    /// Does what follows, then tells the state: whoever listens finds the call as it is said to be.
    pub(crate) fn follow(&self, steps: Vec<Step>, frame: &JsValue) {
        for step in steps {
            // Whoever is told of one may leave at that.
            if self.state.get() == State::Left {
                return;
            }
            let (name, epoch) = match step {
                Step::Started(epoch) => ("transition:started", epoch),
                Step::Failed(epoch) => ("transition:failed", epoch),
                Step::Completed(epoch) => ("transition:completed", epoch),
                Step::Decline(epoch) => {
                    self.send_failed(epoch, get(frame, "provider"), "join", "unsupported");
                    continue;
                }
                Step::Open(epoch) => {
                    self.open_next(epoch, frame);
                    continue;
                }
                Step::Close(_) => {
                    self.legs.close_next();
                    continue;
                }
                Step::Cut(_) => {
                    self.cut_over();
                    continue;
                }
                Step::Enter => {
                    self.enter();
                    continue;
                }
            };
            let detail = Fields::new()
                .put("epoch", browser::js(epoch))
                .put("cause", get(frame, "cause"));
            self.emit(name, &detail.build());
        }
        self.tell_phase();
    }

    /// Says that an attempt came to nothing.
    pub(crate) fn send_failed(&self, epoch: u64, provider: JsValue, operation: &str, why: &str) {
        self.send_failed_at(epoch, provider, operation, why, 1);
    }

    /// The same of the attempt of this number.
    pub(crate) fn send_failed_at(
        &self,
        epoch: u64,
        provider: JsValue,
        operation: &str,
        why: &str,
        attempt: u64,
    ) {
        self.send_frame(
            "failed",
            Fields::new()
                .put("epoch", browser::js(epoch))
                .put("provider", provider)
                .put("operation", operation.into())
                .put("reason", why.into())
                .put("attempt", browser::js(attempt)),
        );
    }

    /// Changes the state and tells it.
    fn become_state(&self, state: State) {
        if self.state.get() != State::Left && self.state.replace(state) != state {
            self.emit("state", &state.name().into());
        }
    }

    /// `join` has succeeded or failed.
    pub(crate) fn joined(&self, problem: Option<&JsValue>) {
        if let Some(done) = self.joining.take() {
            let problem = problem.cloned().unwrap_or(JsValue::UNDEFINED);
            browser::call(&done, &problem, &JsValue::UNDEFINED);
        }
    }

    /// Leaves: says so, then ends.
    pub(crate) fn leave(&self) {
        if self.state.get() != State::Left {
            self.send_frame("leave", Fields::new());
            self.feed(Input::Leave);
        }
    }

    /// The link is over.
    pub(crate) fn link_ended(&self, end: End) {
        let refusal = self.refusal.take();
        let refusal = refusal.filter(|_| end.is_explained_by_an_error());
        let why = errors::ended(end).map(|problem| refusal.unwrap_or(problem));
        self.end(why);
    }

    /// The one end of every call: everything of ours is let go.
    pub(crate) fn end(&self, why: Option<JsValue>) {
        if self.state.get() == State::Left {
            return;
        }
        let joining = self.joining.borrow().is_some();
        self.watch_timer.take();
        self.held_timer.take();
        self.thaw.take();
        self.page.take();
        self.pacemaker.take();
        self.socket.discard();
        self.socket.timer.take();
        self.legs.close();
        self.capture.stop();
        self.quality.close();
        self.lock.borrow().release();
        self.become_state(State::Left);
        match why {
            Some(problem) if joining => self.joined(Some(&problem)),
            Some(problem) => self.emit("error", &problem),
            None => self.joined(Some(&errors::problem(
                "left",
                "The call was left before it began.",
            ))),
        }
    }
}

impl Owner for Call {
    fn signal(&self, way: &Direct, payload: &JsValue) {
        self.send_signal(way, payload);
    }

    fn changed(&self, way: &Direct) {
        self.tell_updated(&way.far.id);
        self.look();
    }

    fn state_changed(&self, way: &Direct) {
        let line = Fields::new().put("line", way.state());
        self.note("connection-state", &way.far.id, line);
        self.look();
    }

    fn candidate_failed(&self, way: &Direct, event: &JsValue) {
        let why = Fields::new()
            .put("code", get(event, "errorCode"))
            .put("url", get(event, "url"));
        self.note("ice-error", &way.far.id, why);
    }

    fn tell(&self, way: &Direct, told: Told) {
        let id = way.far.id.as_str();
        let is_stuck = matches!(told, Told::Error(Failure::RemoteOffer));
        let (code, message) = match told {
            Told::Negotiated { offerer } => {
                let by = Fields::new().put("offerer", offerer.into());
                return self.note("negotiated", id, by);
            }
            Told::Glare { role, action } => {
                return self.note("glare", id, glare(role, action));
            }
            Told::Malformed => (
                "message-malformed",
                "A signal of another participant makes no sense.",
            ),
            // A candidate that is refused costs one way of many.
            Told::Error(Failure::Candidate) => return,
            Told::Error(failure) => explain(failure),
        };
        let problem = errors::problem(code, message);
        browser::set(&problem, "participant", &id.into());
        self.emit("error", &problem);
        if is_stuck {
            way.give_up();
            self.look();
        }
    }
}
