//! One call: what it knows, and how it ends.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use js_sys::{Array, Function};
pub(crate) use samewire_core::link::Phase as State;
use samewire_core::link::{
    Course, End, FIRST_RETRY, Input, LONGEST_RETRY, Ladder, News, Nth, Step, Unconfirmed,
};
use samewire_core::negotiation::Failure;
use wasm_bindgen::JsValue;

use crate::browser::{self, Fields, Listener, Lock, Timer, get, text};
use crate::capture::Capture;
use crate::errors;
use crate::frames::Held;
use crate::negotiator::{Told, explain, glare};
use crate::pace::Pacemaker;
use crate::peer::{Far, Owner, Peer};
use crate::quality::Quality;
use crate::roster::{Participant, Roster};
use crate::socket::{self, Socket};
use crate::watch::Watch;

/// Who we are in the session, since the last `welcome`.
#[derive(Clone, Default)]
pub(crate) struct Identity {
    pub(crate) participant: String,
    pub(crate) ordinal: u64,
    pub(crate) generation: u64,
    pub(crate) secret: String,
}

/// When a connection that could not be made is tried again.
#[derive(Clone, Copy, Default)]
struct Retry {
    /// 0 while nothing has failed.
    delay: f64,
    at: f64,
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
    pub(crate) kind: RefCell<String>,
    pub(crate) ice_servers: RefCell<JsValue>,
    /// Whether there is a relay among them.
    pub(crate) turn: Cell<bool>,
    /// The kind of network, where the browser tells.
    pub(crate) network: RefCell<JsValue>,
    pub(crate) pacemaker: RefCell<Option<Pacemaker>>,
    pub(crate) roster: RefCell<Roster>,
    pub(crate) peers: RefCell<Vec<Rc<Peer>>>,
    pub(crate) quality: Quality,
    retry: Cell<Retry>,
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
            kind: RefCell::new("p2p".to_owned()),
            ice_servers: RefCell::new(Array::new().into()),
            turn: Cell::new(false),
            network: RefCell::default(),
            pacemaker: RefCell::default(),
            roster: RefCell::default(),
            peers: RefCell::default(),
            quality: Quality::new(),
            retry: Cell::default(),
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

    pub(crate) fn peer(&self, id: &str) -> Option<Rc<Peer>> {
        self.peers
            .borrow()
            .iter()
            .find(|peer| peer.id == id)
            .cloned()
    }

    /// Notes something for the trace.
    pub(crate) fn note(&self, what: &str, peer: &Peer, detail: Fields) {
        let note = detail
            .put("what", what.into())
            .put("participant", peer.id.as_str().into());
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
            let (name, epoch) = match step {
                Step::Started(epoch) => ("transition:started", epoch),
                Step::Failed(epoch) => ("transition:failed", epoch),
                Step::Completed(epoch) => ("transition:completed", epoch),
                Step::Decline(epoch) => {
                    self.send_failed(epoch, get(frame, "provider"), "join", "unsupported");
                    continue;
                }
                Step::Enter => {
                    self.send_frame("tracks", self.tracks_fields());
                    self.meet_anew();
                    for one in self.others() {
                        self.tell_participant(&one, "updated");
                    }
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

    /// Makes every connection anew, in the epoch of now.
    pub(crate) fn meet_anew(&self) {
        for peer in self.peers.take() {
            peer.close();
        }
        self.entered_at.set(browser::now());
        self.quality.enter();
        *self.reported.borrow_mut() = None;
        for one in self.others() {
            self.connect_peer(&one.id);
        }
    }

    /// Says that an attempt came to nothing.
    pub(crate) fn send_failed(&self, epoch: u64, provider: JsValue, operation: &str, why: &str) {
        self.send_frame(
            "failed",
            Fields::new()
                .put("epoch", browser::js(epoch))
                .put("provider", provider)
                .put("operation", operation.into())
                .put("reason", why.into())
                .put("attempt", browser::js(1)),
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
        for peer in self.peers.take() {
            peer.close();
        }
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

    /// Makes the connection to a participant, instead of any earlier one.
    pub(crate) fn connect_peer(&self, id: &str) {
        // Whoever is told of what goes on may leave at that.
        if self.state.get() == State::Left {
            return;
        }
        let me = self.me.borrow().clone();
        let Some(one) = self.participant(id) else {
            return;
        };
        if id == me.participant || !self.course.borrow().is_driven() {
            return;
        }
        self.disconnect_peer(id);
        let far = Far {
            id: id.to_owned(),
            generation: one.generation,
            initiator: me.ordinal > one.ordinal,
            number: Nth::default(),
        };
        if let Ok(peer) = self.make_peer(far, Watch::new(Ladder::new(socket::now()))) {
            self.peers.borrow_mut().push(peer);
            return self.retry.set(Retry::default());
        }
        let before = self.retry.get().delay;
        let delay = (before * 2.0)
            .max(FIRST_RETRY.0 as f64)
            .min(LONGEST_RETRY.0 as f64);
        let at = browser::now() + delay;
        self.retry.set(Retry { delay, at });
        // Told once: trying goes on.
        if before == 0.0 {
            self.emit(
                "error",
                &errors::problem(
                    "connection-failed",
                    "The browser could not make a connection. Is it offline?",
                ),
            );
        }
    }

    pub(crate) fn make_peer(&self, far: Far, watch: Watch) -> Result<Rc<Peer>, JsValue> {
        let ice_servers = self.ice_servers.borrow().clone();
        let owner: Weak<dyn Owner> = self.this.clone();
        Peer::new(far, watch, &ice_servers, self.capture.clone(), owner)
    }

    /// Makes the connections that could not be made when they were due, once another try is.
    pub(crate) fn connect_missing(&self) {
        for one in self.others() {
            if browser::now() >= self.retry.get().at && self.peer(&one.id).is_none() {
                self.connect_peer(&one.id);
            }
        }
    }

    /// Drops the connection to a participant.
    pub(crate) fn disconnect_peer(&self, id: &str) {
        if let Some(peer) = self.peer(id) {
            self.peers.borrow_mut().retain(|one| one.id != id);
            peer.close();
        }
    }
}

impl Owner for Call {
    fn signal(&self, peer: &Peer, payload: &JsValue) {
        self.send_signal(peer, payload);
    }

    fn changed(&self, peer: &Peer) {
        self.tell_updated(&peer.id);
        self.look();
    }

    fn state_changed(&self, peer: &Peer) {
        let line = Fields::new().put("line", peer.state());
        self.note("connection-state", peer, line);
        self.look();
    }

    fn candidate_failed(&self, peer: &Peer, event: &JsValue) {
        let why = Fields::new()
            .put("code", get(event, "errorCode"))
            .put("url", get(event, "url"));
        self.note("ice-error", peer, why);
    }

    fn tell(&self, peer: &Peer, told: Told) {
        let is_stuck = matches!(told, Told::Error(Failure::RemoteOffer));
        let (code, message) = match told {
            Told::Negotiated { offerer } => {
                let by = Fields::new().put("offerer", offerer.into());
                return self.note("negotiated", peer, by);
            }
            Told::Glare { role, action } => {
                return self.note("glare", peer, glare(role, action));
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
        browser::set(&problem, "participant", &peer.id.as_str().into());
        self.emit("error", &problem);
        if is_stuck {
            peer.give_up();
            self.look();
        }
    }
}
