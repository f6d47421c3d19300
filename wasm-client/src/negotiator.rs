//! The shell around [`samewire_core::negotiation`]: one connection's events in, its operations out.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use samewire_core::negotiation::{
    Action, Candidate, Description, Failure, Input, Kind, Message, Negotiation, OfferId, Output,
    Role, Signalling, ufrags,
};
use wasm_bindgen::prelude::*;

use crate::browser::{self, Connection, End, Fields, Listener, Timer, get, js, text};

/// How long an own first offer may take to gather before it is rolled back nevertheless.
const GATHERING_STARTS_MS: f64 = 2_000.0;

/// What a negotiator tells.
pub(crate) enum Told {
    Negotiated { offerer: bool },
    Glare { role: Role, action: Action },
    Error(Failure),
    Malformed,
}

/// Whoever owns a negotiator.
pub(crate) trait Host {
    /// Takes a message to the other side.
    fn send(&self, message: &JsValue);
    /// An answer is about to be made: tracks added now are in it.
    fn before_answer(&self);
    /// Something is worth telling.
    fn tell(&self, told: Told);
}

struct Inner {
    connection: Connection,
    machine: RefCell<Negotiation<JsValue, JsValue>>,
    host: RefCell<Option<Rc<dyn Host>>>,
    listeners: RefCell<Vec<Listener>>,
    closed: End,
    /// Outputs are executed in order even when executing one brings the next input.
    draining: Cell<bool>,
    restarts: bool,
    was_connected: Cell<bool>,
    /// A first candidate, or the end of them, has come.
    gathers: Cell<bool>,
    /// An offer of theirs that waits for `gathers`.
    parked: RefCell<Option<(JsValue, Option<Timer>)>>,
}

/// Perfect negotiation on one connection. A clone is the same negotiator.
#[derive(Clone)]
pub(crate) struct Negotiator(Rc<Inner>);

impl Negotiator {
    /// Listens to the connection from now on, and, if asked to, restarts ICE when it fails.
    pub(crate) fn new(
        connection: Connection,
        role: Role,
        restarts: bool,
        host: Rc<dyn Host>,
    ) -> Self {
        let inner = Rc::new(Inner {
            connection,
            machine: RefCell::new(Negotiation::new(role)),
            host: RefCell::new(Some(host)),
            listeners: RefCell::default(),
            closed: End::new(),
            draining: Cell::new(false),
            restarts,
            was_connected: Cell::new(false),
            gathers: Cell::new(false),
            parked: RefCell::default(),
        });
        let listen = |name, react: fn(&Rc<Inner>, JsValue)| {
            let weak = Rc::downgrade(&inner);
            let react = move |event| {
                if let Some(inner) = weak.upgrade() {
                    react(&inner, event);
                }
            };
            Listener::new(&inner.connection, name, Box::new(react))
        };
        let listeners = vec![
            listen("negotiationneeded", |inner, _| {
                feed(inner, Input::NegotiationNeeded);
            }),
            listen("icecandidate", |inner, event| {
                let candidate = get(&event, "candidate");
                if candidate.is_object() {
                    let plain = browser::invoke(&candidate, "toJSON", &[]).unwrap_or(candidate);
                    feed(inner, Input::LocalCandidate(plain));
                }
                inner.gathers.set(true);
                unpark(inner);
            }),
            listen("connectionstatechange", |inner, _| {
                connection_changed(inner)
            }),
        ];
        *inner.listeners.borrow_mut() = listeners;
        Self(inner)
    }

    /// Takes a message of the other side.
    pub(crate) fn receive(&self, message: &JsValue) {
        match decode(message) {
            Some(message) => feed(&self.0, Input::Received(message)),
            None => self.0.tell(Told::Malformed),
        }
    }

    /// Restarts ICE, whatever the signalling state.
    pub(crate) fn restart_ice(&self) {
        feed(&self.0, Input::RestartIce);
    }

    /// Messages that were sent may not have arrived.
    pub(crate) fn signals_lost(&self) {
        feed(&self.0, Input::SignalsLost);
    }

    /// Stops. The connection is its owner's to close.
    pub(crate) fn close(&self) {
        feed(&self.0, Input::Closed);
        self.0.listeners.take();
        self.0.parked.take();
        self.0.host.take();
        self.0.closed.come();
    }
}

impl Inner {
    fn tell(&self, told: Told) {
        let host = self.host.borrow().clone();
        if let Some(host) = host {
            host.tell(told);
        }
    }

    fn next(&self) -> Option<Output<JsValue, JsValue>> {
        self.machine.try_borrow_mut().ok()?.poll_output()
    }

    fn signalling(&self) -> Signalling {
        let is = |state| browser::is(&self.connection, "signalingState", state);
        if is("have-local-offer") {
            Signalling::HaveLocalOffer
        } else if is("have-remote-offer") {
            Signalling::HaveRemoteOffer
        } else if is("closed") {
            Signalling::Closed
        } else {
            Signalling::Stable
        }
    }
}

/// R26: `disconnected` is not `failed`, and neither counts before the first `connected`.
fn connection_changed(inner: &Rc<Inner>) {
    let is = |state| browser::is(&inner.connection, "connectionState", state);
    if is("connected") {
        inner.was_connected.set(true);
    } else if inner.restarts && inner.was_connected.get() && is("failed") {
        feed(inner, Input::RestartIce);
    }
}

fn feed(inner: &Rc<Inner>, input: Input<JsValue, JsValue>) {
    if let Ok(mut machine) = inner.machine.try_borrow_mut() {
        machine.handle(input);
    }
    if inner.draining.replace(true) {
        return;
    }
    while let Some(output) = inner.next() {
        execute(inner, output);
    }
    inner.draining.set(false);
}

fn execute(inner: &Rc<Inner>, output: Output<JsValue, JsValue>) {
    let host = inner.host.borrow().clone();
    let Some(host) = host else { return };
    let connection = &inner.connection;
    match output {
        Output::SetLocalDescription(kind) => {
            if kind == Kind::Answer {
                host.before_answer();
            }
            operate(inner, connection.set_local_description(), |inner| {
                Input::LocalDescriptionSet(get(&inner.connection, "localDescription"))
            });
        }
        Output::SetRemoteDescription(_, body) => {
            if rolls_back_before_it_gathers(inner) {
                park(inner, body);
            } else {
                set_remote(inner, &body);
            }
        }
        Output::Rollback(kind) => {
            let rollback = Fields::new().put("type", "rollback".into()).build();
            let called = match kind {
                Kind::Offer => connection.set_local_description_to(&rollback),
                Kind::Answer => connection.set_remote_description(&rollback),
            };
            operate(inner, called, |_| Input::RolledBack);
        }
        Output::AddCandidate {
            candidate,
            ignoring,
        } => {
            let weak = Rc::downgrade(inner);
            let reaction = move |outcome: Result<JsValue, JsValue>| {
                if let (Err(_), Some(inner)) = (outcome, weak.upgrade()) {
                    feed(&inner, Input::CandidateFailed { ignoring });
                }
            };
            inner.closed.react(
                connection.add_ice_candidate(&candidate.body),
                Box::new(reaction),
            );
        }
        Output::RestartIce => {
            let _ = connection.restart_ice();
        }
        Output::SendDescription { kind, offer, body } => {
            host.send(&encode(kind, offer, &body));
        }
        Output::ResendDescription { kind, offer } => {
            let body = match kind {
                Kind::Offer => get(connection, "pendingLocalDescription"),
                Kind::Answer => get(connection, "currentLocalDescription"),
            };
            if browser::is(&body, "type", name(kind)) {
                host.send(&encode(kind, offer, &body));
            }
        }
        Output::SendCandidate(candidate) => {
            host.send(&Fields::new().put("candidate", candidate).build());
        }
        Output::Negotiated { offerer } => host.tell(Told::Negotiated { offerer }),
        Output::Glare { role, action } => host.tell(Told::Glare { role, action }),
        Output::Error(failure) => host.tell(Told::Error(failure)),
    }
}

/// Chromium gathers nothing, ever, on a connection whose first offer is rolled back before the list of
/// networks has come: its state says `gathering`, no candidate follows, and no ICE restart helps.
fn rolls_back_before_it_gathers(inner: &Inner) -> bool {
    !inner.gathers.get()
        && inner.signalling() == Signalling::HaveLocalOffer
        && !get(&inner.connection, "currentLocalDescription").is_object()
}

fn park(inner: &Rc<Inner>, body: JsValue) {
    let weak = Rc::downgrade(inner);
    let give_up = move |_| {
        if let Some(inner) = weak.upgrade() {
            unpark(&inner);
        }
    };
    let timer = Timer::new(GATHERING_STARTS_MS, Box::new(give_up));
    inner.parked.replace(Some((body, timer)));
}

fn unpark(inner: &Rc<Inner>) {
    if let Some((body, _)) = inner.parked.take() {
        set_remote(inner, &body);
    }
}

fn set_remote(inner: &Rc<Inner>, body: &JsValue) {
    operate(inner, inner.connection.set_remote_description(body), |_| {
        Input::RemoteDescriptionSet
    });
}

/// Reacts to an operation's outcome. `done` reads what it needs in the first reaction, before anything
/// else can change the connection.
fn operate(
    inner: &Rc<Inner>,
    called: Result<browser::Promise, JsValue>,
    done: fn(&Inner) -> Input<JsValue, JsValue>,
) {
    let weak: Weak<Inner> = Rc::downgrade(inner);
    inner.closed.react(
        called,
        Box::new(move |outcome| {
            if let Some(inner) = weak.upgrade() {
                let input = match outcome {
                    Ok(_) => done(&inner),
                    Err(_) => Input::OperationFailed(inner.signalling()),
                };
                feed(&inner, input);
            }
        }),
    );
}

const fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Offer => "offer",
        Kind::Answer => "answer",
    }
}

/// `{description: {type, sdp}, offer}`: plain, so that it survives JSON and structured clone alike.
fn encode(kind: Kind, offer: OfferId, body: &JsValue) -> JsValue {
    let description = Fields::new()
        .put("type", name(kind).into())
        .put("sdp", get(body, "sdp"))
        .build();
    Fields::new()
        .put("description", description)
        .put("offer", js(u64::from(offer.0)))
        .build()
}

fn decode(message: &JsValue) -> Option<Message<JsValue, JsValue>> {
    let description = get(message, "description");
    if description.is_object() {
        let kind = [Kind::Offer, Kind::Answer]
            .into_iter()
            .find(|kind| browser::is(&description, "type", name(*kind)))?;
        let offer = u32::try_from(browser::number(message, "offer")).ok()?;
        return Some(Message::Description(Description {
            kind,
            offer: OfferId(offer),
            ufrags: ufrags(&text(&description, "sdp")?),
            body: description,
        }));
    }
    let candidate = get(message, "candidate");
    candidate.is_object().then(|| {
        Message::Candidate(Candidate {
            ufrag: text(&candidate, "usernameFragment"),
            body: candidate,
        })
    })
}

/// Two offers met, as it is told.
pub(crate) fn glare(role: Role, action: Action) -> Fields {
    let role = match role {
        Role::Polite => "polite",
        Role::Impolite => "impolite",
    };
    let action = match action {
        Action::RolledBack => "rollback",
        Action::Ignored => "ignore",
    };
    Fields::new()
        .put("role", role.into())
        .put("action", action.into())
}

/// A failure's code and what to make of it.
pub(crate) const fn explain(failure: Failure) -> (&'static str, &'static str) {
    match failure {
        Failure::Offer => ("offer-failed", "The browser could not make an offer."),
        Failure::RemoteOffer => (
            "remote-offer-failed",
            "The browser refused the other side's offer.",
        ),
        Failure::Answer => ("answer-failed", "The browser could not make an answer."),
        Failure::RemoteAnswer => (
            "remote-answer-failed",
            "The browser refused the other side's answer; the offer was taken back.",
        ),
        Failure::Rollback => ("rollback-failed", "The browser could not roll back."),
        Failure::Candidate => (
            "candidate-failed",
            "The browser refused a candidate of the other side.",
        ),
        Failure::Overflow => (
            "too-many-descriptions",
            "The other side sends descriptions faster than they can be applied.",
        ),
    }
}
