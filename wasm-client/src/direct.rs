//! The direct way to one other participant: one `RTCPeerConnection`.
//!
//! The higher ordinal initiates: it offers a place for audio and one for video even when it has
//! neither, and the other side attaches its own tracks to these before its first answer. So the first
//! round of negotiation carries everything, and no two offers meet at the start.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::sync::atomic::{AtomicU64, Ordering};

use js_sys::Array;
use samewire_core::link::{Line, Nth};
use samewire_core::negotiation::{Role, ufrags};
use samewire_core::quality::Step;
use wasm_bindgen::JsValue;

use crate::browser::{self, Connection, Fields, Listener, get, invoke, text};
use crate::capture::Capture;
use crate::negotiator::{Host, Negotiator, Told};
use crate::roster::{Source, Track, matches};

/// What a connection needs from its call.
pub(crate) trait Owner {
    /// Sends a signal to the other end.
    fn signal(&self, way: &Direct, payload: &JsValue);
    /// Something the application may see has changed.
    fn changed(&self, way: &Direct);
    /// A connection came up or went down.
    fn state_changed(&self, way: &Direct);
    /// A STUN or TURN server could not be used.
    fn candidate_failed(&self, way: &Direct, event: &JsValue);
    /// Something is worth telling.
    fn tell(&self, way: &Direct, told: Told);
}

/// So many signals and chats later, one that was refused is not expected to be told of any more.
const SIGNALS_KEPT: u64 = 128;

/// How many connections were made.
pub(crate) static MADE: AtomicU64 = AtomicU64::new(0);

struct Received {
    stream_id: String,
    track: JsValue,
}

/// The other end, and which connection to it.
#[derive(Clone)]
pub(crate) struct Far {
    pub(crate) id: String,
    pub(crate) epoch: u64,
    pub(crate) generation: u64,
    /// Whether it is ours to offer.
    pub(crate) initiator: bool,
    pub(crate) number: Nth,
}

/// The other end, and how far we are with it.
pub(crate) struct Direct {
    pub(crate) far: Far,
    pub(crate) connection: Connection,
    /// The id of the last signal sent, to know after a reconnect whether it arrived.
    pub(crate) last_signal: Cell<u64>,
    /// A signal could not even be sent.
    pub(crate) unsent: Cell<bool>,
    /// The last signals, should the session have been too busy for one.
    sent: RefCell<Vec<(u64, JsValue)>>,
    capture: Rc<Capture>,
    negotiator: RefCell<Option<Negotiator>>,
    senders: RefCell<Vec<(Source, JsValue)>>,
    received: RefCell<Vec<Received>>,
    listeners: RefCell<Vec<Listener>>,
    attached: Cell<bool>,
    /// Which connection of this page it is.
    pub(crate) serial: u64,
    /// What of the camera is sent: less on a poor way.
    sends: Rc<Cell<Step>>,
    /// What the two say to each other cannot be agreed on any more.
    broken: Cell<bool>,
    /// The way is simulated to be dead as long as our user name fragments are these.
    cut: RefCell<Option<Vec<String>>>,
    owner: Weak<dyn Owner>,
}

impl Direct {
    /// Begins, on any way or through a relay only. Fails where the browser makes no connection, as
    /// Chromium does while offline (R40).
    pub(crate) fn new(
        far: Far,
        relayed: bool,
        ice_servers: &JsValue,
        capture: Rc<Capture>,
        owner: Weak<dyn Owner>,
    ) -> Result<Rc<Self>, JsValue> {
        let initiator = far.initiator;
        let connection = Connection::new(&configuration(ice_servers, relayed))?;
        let way = Rc::new(Self {
            far,
            connection: connection.clone(),
            last_signal: Cell::new(0),
            unsent: Cell::new(false),
            sent: RefCell::default(),
            capture,
            negotiator: RefCell::default(),
            senders: RefCell::default(),
            received: RefCell::default(),
            listeners: RefCell::default(),
            attached: Cell::new(false),
            serial: MADE.fetch_add(1, Ordering::Relaxed),
            sends: Rc::default(),
            broken: Cell::new(false),
            cut: RefCell::default(),
            owner,
        });
        let role = if initiator {
            Role::Polite
        } else {
            Role::Impolite
        };
        let host = Rc::new(Negotiates(Rc::downgrade(&way)));
        *way.negotiator.borrow_mut() = Some(Negotiator::new(connection, role, false, host));
        let listen = |name, react: fn(&Direct, &dyn Owner, &JsValue)| {
            let weak = Rc::downgrade(&way);
            let react = move |event| {
                if let Some(way) = weak.upgrade()
                    && let Some(owner) = way.owner.upgrade()
                {
                    react(&way, &*owner, &event);
                }
            };
            Listener::new(&way.connection, name, Box::new(react))
        };
        let listeners = vec![
            listen("track", |way, _, event| way.track(event)),
            listen("connectionstatechange", |way, owner, _| {
                owner.state_changed(way);
            }),
            listen("icecandidateerror", |way, owner, event| {
                owner.candidate_failed(way, event);
            }),
        ];
        *way.listeners.borrow_mut() = listeners;
        if initiator {
            way.attach();
            for kind in ["audio", "video"] {
                let taken = way
                    .senders
                    .borrow()
                    .iter()
                    .any(|(source, _)| source.kind() == kind);
                if !taken {
                    let receive = Fields::new().put("direction", "recvonly".into()).build();
                    let _ = way.connection.add_transceiver(&kind.into(), &receive);
                }
            }
        }
        Ok(way)
    }

    /// A signal was sent.
    pub(crate) fn remember_signal(&self, id: u64, payload: &JsValue) {
        let mut sent = self.sent.borrow_mut();
        sent.retain(|(known, _)| known + SIGNALS_KEPT > id);
        sent.push((id, payload.clone()));
        self.last_signal.set(id);
    }

    /// Takes one back that was sent lately.
    pub(crate) fn take_signal(&self, id: u64) -> Option<JsValue> {
        let mut sent = self.sent.borrow_mut();
        let at = sent.iter().position(|(known, _)| *known == id)?;
        Some(sent.remove(at).1)
    }

    /// A clone, because what a negotiator does may close this peer.
    fn negotiator(&self) -> Option<Negotiator> {
        self.negotiator.borrow().clone()
    }

    /// A signal of this peer arrived.
    pub(crate) fn receive(&self, payload: &JsValue) {
        if let Some(negotiator) = self.negotiator() {
            negotiator.receive(payload);
        }
    }

    /// Signals of ours may be lost.
    pub(crate) fn signals_lost(&self) {
        self.unsent.set(false);
        if let Some(negotiator) = self.negotiator() {
            negotiator.signals_lost();
        }
        if self.sends.get() == Step::AudioOnly {
            self.tell_camera(false);
        }
        // Nothing of theirs has come yet: they may not know of this connection.
        if !self.far.initiator && !self.attached.get() {
            self.ask();
        }
    }

    /// Restarts ICE if we initiate, and asks for it otherwise (R24).
    pub(crate) fn restart_ice(&self) {
        match self.negotiator() {
            Some(negotiator) if self.far.initiator => negotiator.restart_ice(),
            Some(_) => self.ask(),
            None => {}
        }
    }

    /// Asks for an offer on this connection: see [`samewire_core::link::nth`].
    pub(crate) fn ask(&self) {
        if let Some(owner) = self.owner.upgrade() {
            owner.signal(self, &self.number(&Fields::new().build()));
        }
    }

    /// Puts the number of this connection into a payload.
    fn number(&self, payload: &JsValue) -> JsValue {
        let number = browser::js(u64::from(self.far.number.0));
        browser::set(payload, "connection", &number);
        payload.clone()
    }

    /// Other STUN and TURN servers, or other ways, from the next gathering on.
    pub(crate) fn configure(&self, ice_servers: &JsValue, relayed: bool) {
        let configuration = configuration(ice_servers, relayed);
        let _ = invoke(&self.connection, "setConfiguration", &[configuration]);
    }

    /// Hands our tracks to the connection. The non-initiator waits for the first offer.
    fn attach(&self) {
        if !self.attached.replace(true) {
            for source in Source::ALL {
                self.publish(source);
            }
        }
    }

    /// Sends what the source has now: without negotiation when it is sent already.
    pub(crate) fn publish(&self, source: Source) {
        if !self.attached.get() || self.cut.borrow().is_some() {
            return;
        }
        let track = self.capture.outgoing(source);
        let sender = self
            .senders
            .borrow()
            .iter()
            .find(|(own, _)| *own == source)
            .map(|(_, sender)| sender.clone());
        if let Some(sender) = sender {
            return replace(&sender, track.unwrap_or(JsValue::NULL));
        }
        let Some(track) = track else {
            return;
        };
        let stream = self.capture.stream(source);
        let sender = match self.free_transceiver(source.kind()) {
            Some(transceiver) => {
                let sender = get(&transceiver, "sender");
                let _ = invoke(&sender, "setStreams", &[stream]);
                browser::set(&transceiver, "direction", &"sendrecv".into());
                replace(&sender, track);
                sender
            }
            None => {
                let streams: Array = browser::array(&[stream]);
                let init = Fields::new()
                    .put("direction", "sendrecv".into())
                    .put("streams", streams.into())
                    .build();
                let what = if track.is_object() {
                    track
                } else {
                    source.kind().into()
                };
                match self.connection.add_transceiver(&what, &init) {
                    Ok(transceiver) => get(&transceiver, "sender"),
                    Err(_) => return,
                }
            }
        };
        self.senders.borrow_mut().push((source, sender));
    }

    /// A transceiver of this kind through which we send nothing yet.
    fn free_transceiver(&self, kind: &str) -> Option<JsValue> {
        self.connection.transceivers().ok()?.iter().find(|one| {
            let track = get(&get(one, "receiver"), "track");
            browser::is(&track, "kind", kind)
                && get(&get(one, "sender"), "track").is_null()
                && (browser::is(one, "direction", "recvonly")
                    || browser::is(one, "direction", "inactive"))
        })
    }

    fn track(&self, event: &JsValue) {
        let track = get(event, "track");
        let stream = get(&get(event, "streams"), "0");
        let Some(stream_id) = text(&stream, "id") else {
            return;
        };
        let mut received = self.received.borrow_mut();
        received.retain(|known| known.track != track);
        received.push(Received { stream_id, track });
        drop(received);
        if let Some(owner) = self.owner.upgrade() {
            owner.changed(self);
        }
    }

    /// The media of an announced track.
    pub(crate) fn media(&self, track: &Track) -> Option<JsValue> {
        self.received
            .borrow()
            .iter()
            .rev()
            .find(|received| matches(track, &received.stream_id, &received.track))
            .map(|received| received.track.clone())
    }

    /// Simulates a way that is dead in both directions until ICE restarts.
    pub(crate) fn cut(&self) {
        *self.cut.borrow_mut() = Some(self.ufrags());
        for (_, sender) in self.senders.borrow().iter() {
            replace(sender, JsValue::NULL);
        }
    }

    /// Whether the way is simulated to be dead.
    pub(crate) fn is_cut(&self) -> bool {
        match self.cut.take() {
            None => return false,
            Some(then) if then == self.ufrags() => *self.cut.borrow_mut() = Some(then),
            Some(_) => {
                for source in Source::ALL {
                    self.publish(source);
                }
                return false;
            }
        }
        true
    }

    fn ufrags(&self) -> Vec<String> {
        let description = get(&self.connection, "localDescription");
        ufrags(&text(&description, "sdp").unwrap_or_default())
    }

    /// Sends this much of the camera from now on. Where the browser does not take it yet, the next
    /// look asks again.
    pub(crate) fn send_no_more_than(&self, step: Step) {
        let senders = self.senders.borrow();
        let camera = senders.iter().find(|(source, _)| *source == Source::Camera);
        let Some((_, sender)) = camera.filter(|_| self.sends.get() != step) else {
            return;
        };
        let level = step.level();
        let parameters = invoke(sender, "getParameters", &[]).unwrap_or(JsValue::UNDEFINED);
        for encoding in browser::list(&parameters, "encodings").iter() {
            let most = level.max_bitrate_kbps.map(|kbps| f64::from(kbps) * 1_000.0);
            let most = most.map_or(JsValue::UNDEFINED, JsValue::from);
            browser::set(&encoding, "maxBitrate", &most);
            let scale = level.scale_down_by.into();
            browser::set(&encoding, "scaleResolutionDownBy", &scale);
            browser::set(&encoding, "active", &level.video.into());
        }
        let called = invoke(sender, "setParameters", &[parameters]);
        let called = called.map(wasm_bindgen::JsCast::unchecked_into);
        let sends = self.sends.clone();
        drop(senders);
        let had_camera = self.sends.get() != Step::AudioOnly;
        if had_camera != level.video {
            self.tell_camera(level.video);
        }
        browser::react(
            called,
            Box::new(move |outcome| {
                if outcome.is_ok() {
                    sends.set(step);
                }
            }),
        );
    }

    /// Tells the other side whether a camera is to be expected.
    fn tell_camera(&self, sent: bool) {
        if let Some(owner) = self.owner.upgrade() {
            let payload = Fields::new().put("camera", sent.into()).build();
            owner.signal(self, &self.number(&payload));
        }
    }

    /// What the browser says of ICE and DTLS.
    pub(crate) fn state(&self) -> JsValue {
        get(&self.connection, "connectionState")
    }

    /// The browser refuses their offer, and would refuse the next: only another connection helps.
    pub(crate) fn give_up(&self) {
        self.broken.set(true);
    }

    /// The same for the ladder.
    pub(crate) fn line(&self) -> Line {
        let state = self.state();
        if self.broken.get() {
            Line::Closed
        } else if state == *"connected" {
            Line::Up
        } else if state == *"closed" {
            Line::Closed
        } else if state == *"disconnected" || state == *"failed" {
            Line::Down
        } else {
            Line::Coming
        }
    }

    /// Ends it. Nothing is told any more.
    pub(crate) fn close(&self) {
        self.listeners.take();
        if let Some(negotiator) = self.negotiator.take() {
            negotiator.close();
        }
        let _ = self.connection.close_connection();
    }
}

/// The ladder may allow the relay only.
fn configuration(ice_servers: &JsValue, relayed: bool) -> JsValue {
    ice(ice_servers, relayed).build()
}

/// STUN and TURN servers, and which ways are allowed.
pub(crate) fn ice(ice_servers: &JsValue, relayed: bool) -> Fields {
    let policy = if relayed { "relay" } else { "all" };
    Fields::new()
        .put("iceServers", ice_servers.clone())
        .put("iceTransportPolicy", policy.into())
}

fn replace(sender: &JsValue, track: JsValue) {
    let called = invoke(sender, "replaceTrack", &[track]).map(wasm_bindgen::JsCast::unchecked_into);
    browser::react(called, Box::new(|_| {}));
}

struct Negotiates(Weak<Direct>);

impl Negotiates {
    fn with(&self, act: impl FnOnce(&Direct, &dyn Owner)) {
        if let Some(way) = self.0.upgrade()
            && let Some(owner) = way.owner.upgrade()
        {
            act(&way, &*owner);
        }
    }
}

impl Host for Negotiates {
    fn send(&self, message: &JsValue) {
        self.with(|way, owner| owner.signal(way, &way.number(message)));
    }

    fn before_answer(&self) {
        self.with(|way, _| way.attach());
    }

    fn tell(&self, told: Told) {
        self.with(|way, owner| owner.tell(way, told));
    }
}
