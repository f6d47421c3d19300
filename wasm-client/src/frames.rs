//! What the server says.

use std::cell::RefCell;
use std::rc::Rc;

use samewire_core::link::{Input, Leg, Link, News};
use samewire_core::time::Millis;
use wasm_bindgen::JsValue;

use crate::browser::{self, Fields, Timer, flag, get, js, list, number, text};
use crate::call::{Call, Identity};
use crate::direct::Direct;
use crate::errors;
use crate::roster::Participant;
use crate::socket::now;
use crate::views::message_view;

/// A session that is in a hurry takes one frame in this time.
const FRAME_MS: u64 = 100;

/// What came too fast.
pub(crate) enum Held {
    Chat(String),
    Signal(Rc<Direct>, JsValue),
    /// All that we are: which part of it was refused is not said.
    State,
}

impl Call {
    /// A text frame of the present socket.
    pub(crate) fn heard(&self, frame: &str) {
        self.feed(Input::Heard);
        if frame == "pong" {
            return;
        }
        let bytes = frame.len();
        let Some(frame) = browser::parse(frame) else {
            return;
        };
        let kind = text(&frame, "type").unwrap_or_default();
        self.emit("received", &frame);
        if kind == "welcome" {
            return self.welcome(&frame);
        }
        let seq = number(&frame, "seq");
        let open = self.socket.is_open();
        let fresh = self.socket.with(|link| link.accept(seq, bytes, now()));
        // Before a welcome only a refusal counts, and it has no number to compare.
        if (open && fresh != Some(true) && seq > 0) || (!open && kind != "error" && kind != "bye") {
            return;
        }
        self.handle(&kind, &frame);
        // An acknowledgement may be due now.
        self.feed(Input::Heard);
    }

    fn handle(&self, kind: &str, frame: &JsValue) {
        self.refusal.take();
        match kind {
            "participant_joined" | "participant_updated" => {
                if let Some(one) = Participant::read(&get(frame, "participant")) {
                    self.arrived_or_changed(Rc::new(one));
                }
            }
            "participant_left" => self.departed(frame),
            "signal" => self.signalled(frame),
            "chat" => self.chatted(frame),
            "session" => {
                let life = text(&get(frame, "session"), "incarnation").unwrap_or_default();
                if self.course.borrow().is_of(&life) {
                    self.session(frame);
                }
            }
            "prepare" => self.hear(News::Prepare(self.leg_in(frame)), frame),
            "commit" => {
                self.take_provider(frame);
                self.hear(News::Commit(self.leg_in(frame)), frame);
            }
            "credentials" => self.take_credentials(frame),
            "standby" => self.stand_by(frame),
            "standby_release" => self.legs.close_spare(),
            "abort" => self.hear(News::Abort(number(frame, "epoch")), frame),
            "exhausted" => self.hear(News::Exhausted, frame),
            "recommendation" => self.emit(kind, frame),
            "alert" => {
                self.emit(kind, frame);
                let about = text(frame, "participant").and_then(|id| self.peer(&id));
                if let Some(peer) = about.filter(|_| browser::is(frame, "kind", "asymmetric")) {
                    peer.watch.climb(|ladder| ladder.asked(now()));
                    self.look();
                }
            }
            "token" => {
                if let Some(token) = text(frame, "token") {
                    *self.token.borrow_mut() = token;
                }
            }
            "ice_servers" => {
                self.take_ice_servers(frame);
                self.rotate();
            }
            "probe" => {
                self.send_frame("probe", Fields::new().put("nonce", get(frame, "nonce")));
            }
            "error" if browser::is(frame, "code", "too_fast") => self.too_fast(frame),
            "error" => {
                let problem = errors::told(frame);
                // A refused chat is not to be said again.
                self.chats.borrow_mut().confirm(number(frame, "id"));
                *self.refusal.borrow_mut() = Some(problem.clone());
                if self.socket.is_open() {
                    self.emit("error", &problem);
                } else {
                    self.asked_to_wait(frame);
                }
            }
            "bye" => self.asked_to_wait(frame),
            // What later protocols say is not for us (R6).
            _ => {}
        }
    }

    /// What was not handled is said again, once the session takes as much more.
    fn too_fast(&self, frame: &JsValue) {
        let id = number(frame, "id");
        let text = self.chats.borrow_mut().take(id);
        let signal = self.directs().find_map(|way| {
            let payload = way.take_signal(id)?;
            Some((way, payload))
        });
        let what = match (text, signal) {
            (Some(text), _) => Held::Chat(text),
            (None, Some((way, payload))) => Held::Signal(way, payload),
            (None, None) => Held::State,
        };
        self.held.borrow_mut().push(what);
        let wait = number(frame, "retry_after_ms") + FRAME_MS * self.held.borrow().len() as u64;
        let this = self.this.clone();
        let again = move |_| {
            if let Some(call) = this.upgrade() {
                for what in call.held.take() {
                    call.say_again(what);
                }
            }
        };
        *self.held_timer.borrow_mut() = Timer::new(wait as f64, Box::new(again));
    }

    /// Under a new id, because a later one may have been handled.
    fn say_again(&self, what: Held) {
        match what {
            Held::Chat(text) => {
                self.chat(text);
            }
            Held::Signal(way, payload) => {
                if self.directs().any(|one| Rc::ptr_eq(&one, &way)) {
                    self.send_signal(&way, &payload);
                }
            }
            Held::State => {
                self.announce_tracks();
                self.tell_presence(true);
                *self.reported.borrow_mut() = None;
            }
        }
    }

    fn asked_to_wait(&self, frame: &JsValue) {
        let wait = number(frame, "retry_after_ms");
        if wait > 0 {
            self.feed(Input::AskedToWait(Millis(wait)));
        }
    }

    /// The session as it is, of the life we are in.
    fn session(&self, frame: &JsValue) {
        let session = get(frame, "session");
        self.take_provider(&session);
        let exhausted = browser::is(&session, "state", "exhausted");
        self.hear(News::Session(self.leg_in(&session), exhausted), &session);
        let switch = get(frame, "switch");
        let news = if switch.is_object() {
            News::Prepare(self.leg_in(&switch))
        } else {
            News::NoSwitch
        };
        self.hear(news, &switch);
    }

    /// The epoch and the provider that a frame, or a part of one, names.
    fn leg_in(&self, of: &JsValue) -> Leg {
        Leg {
            epoch: number(of, "epoch"),
            driven: self.legs.drives(&get(of, "provider")),
        }
    }

    /// Takes note of the committed provider. What a resume tells again is of the past.
    fn take_provider(&self, of: &JsValue) {
        if number(of, "epoch") < self.course.borrow().epoch() {
            return;
        }
        let take = |key, into: &RefCell<String>| {
            *into.borrow_mut() = text(of, key).unwrap_or_default();
        };
        take("provider", &self.provider);
        take("kind", &self.kind);
        take("room", &self.room);
    }

    /// Every direct connection there is.
    pub(crate) fn directs(&self) -> impl Iterator<Item = Rc<Direct>> {
        let peers = self.legs.live().flat_map(|leg| leg.all());
        peers.filter_map(|peer| peer.direct().cloned())
    }

    fn take_ice_servers(&self, frame: &JsValue) {
        let servers = get(frame, "ice_servers");
        if servers.is_object() {
            for peer in self.legs.live().flat_map(|leg| leg.all()) {
                if let Some(direct) = peer.direct() {
                    direct.configure(&servers, peer.watch.ladder.get().is_relayed());
                }
            }
            self.legs.configure(&servers);
            let urls = browser::stringify(&servers).unwrap_or_default();
            // Searching text costs kilobytes; comparing bytes does not.
            let has = |scheme: &[u8]| urls.as_bytes().windows(scheme.len()).any(|at| at == scheme);
            self.turn.set(has(b"\"turn:") || has(b"\"turns:"));
            *self.ice_servers.borrow_mut() = servers;
        }
    }

    fn welcome(&self, frame: &JsValue) {
        let resumed = flag(frame, "resumed") && !self.me.borrow().participant.is_empty();
        let last_id = number(frame, "last_id");
        let before = self.me.borrow().clone();
        *self.me.borrow_mut() = Rc::new(Identity {
            participant: text(frame, "participant").unwrap_or_default(),
            ordinal: number(frame, "ordinal"),
            generation: number(frame, "generation"),
            secret: text(frame, "resume_secret").unwrap_or_default(),
        });
        let session = get(frame, "session");
        let steps = if resumed {
            Vec::new()
        } else {
            let life = text(&session, "incarnation").unwrap_or_default();
            let switch = Some(get(frame, "switch")).filter(JsValue::is_object);
            let switch = switch.map(|switch| self.leg_in(&switch));
            let leg = self.leg_in(&session);
            self.go_nowhere();
            self.course.borrow_mut().begin(life, leg, switch)
        };
        let config = |name, otherwise| match number(&get(frame, "config"), name) {
            0 => otherwise,
            given => given,
        };
        let heartbeat = config("heartbeat_ms", 15_000);
        self.quality.begin(config("sample_ms", 3_000));
        self.take_ice_servers(frame);
        self.feed(Input::Welcomed {
            seq: number(frame, "seq"),
            last_id,
            heartbeat: Millis(heartbeat),
        });
        // Chats come before any signal with a higher id.
        self.send_again(frame, &before.participant, last_id);
        if resumed {
            self.resumed(last_id);
            self.announce_tracks();
        } else {
            self.snapshot(frame, &before);
            self.take_provider(&session);
        }
        self.follow(steps, &JsValue::UNDEFINED);
        self.session(frame);
        // A new generation is visible until it says otherwise; an old one may have been hidden.
        self.tell_presence(resumed);
        *self.reported.borrow_mut() = None;
        self.joined(None);
        self.look();
    }

    /// The same participation goes on. Media is not touched (R30); only a pair whose signals may be
    /// lost negotiates anew (R25).
    fn resumed(&self, last_id: u64) {
        if let Some(next) = self.legs.next() {
            next.is_ready.set(false);
        }
        for way in self.directs() {
            if way.unsent.get() || way.last_signal.get() > last_id {
                way.signals_lost();
            }
        }
    }

    /// A new participation: everyone is to be met anew.
    fn snapshot(&self, frame: &JsValue, before: &Identity) {
        let gone = self.roster.take().all();
        let present: Vec<Rc<Participant>> = list(frame, "participants")
            .iter()
            .filter_map(|one| Participant::read(&one).map(Rc::new))
            .collect();
        for one in &present {
            self.roster.borrow_mut().insert(one.clone());
        }
        self.messages.set_length(0);
        for message in list(frame, "chat").iter() {
            self.messages.push(&message_view(self, &message));
        }
        if before.participant.is_empty() {
            return;
        }
        for one in gone {
            if !present.iter().any(|there| there.id == one.id) {
                self.tell_participant(&one, "left");
            }
        }
    }

    fn arrived_or_changed(&self, one: Rc<Participant>) {
        let known = self.roster.borrow_mut().insert(one.clone());
        let known = known.map(|known| known.generation);
        let is_self = one.id == self.me.borrow().participant;
        if !is_self {
            self.meet_one(&one, known != Some(one.generation));
        }
        if let Some(peer) = self.peer(&one.id) {
            peer.watch.climb(|ladder| ladder.announced(now()));
        }
        let change = if known.is_some() { "updated" } else { "joined" };
        self.tell_participant(&one, change);
        self.look();
    }

    fn departed(&self, frame: &JsValue) {
        let wire = get(frame, "participant");
        let id = text(&wire, "id").or_else(|| wire.as_string());
        let Some(id) = id else { return };
        let gone = self.roster.borrow_mut().remove(&id);
        self.part(&id);
        if let Some(one) = gone {
            self.tell_participant(&one, "left");
        }
        self.look();
    }

    /// R23: of another epoch or another life of that tab, and it is not for this connection.
    fn signalled(&self, frame: &JsValue) {
        let Some(from) = text(frame, "from") else {
            return;
        };
        let Some(leg) = self.legs.of(number(frame, "epoch")) else {
            return;
        };
        // They offer: a better moment to try again than any back-off knows.
        if leg.peer(&from).is_none() {
            self.connect_peer(&leg, &from);
        }
        let Some(peer) = leg.peer(&from) else {
            return;
        };
        if number(frame, "generation") == peer.generation {
            self.signalled_by(&leg, peer, &get(frame, "payload"));
        }
    }

    fn chatted(&self, frame: &JsValue) {
        if browser::is(frame, "from", &self.me.borrow().participant) {
            self.chats.borrow_mut().confirm(number(frame, "id"));
        }
        let view = message_view(self, frame);
        self.messages.push(&view);
        self.emit("chat", &view);
    }

    /// Chats that did not arrive are sent again. To the session a new participant is somebody else,
    /// so what the earlier one had said is known by the chat alone.
    fn send_again(&self, frame: &JsValue, before: &str, last_id: u64) {
        let mut chats = self.chats.borrow_mut();
        if self.me.borrow().participant == before {
            chats.confirm_up_to(last_id);
        } else {
            for line in list(frame, "chat").iter() {
                if browser::is(&line, "from", before) {
                    chats.confirm(number(&line, "id"));
                }
            }
            chats.renumber(|| self.socket.with(Link::mint_id).unwrap_or(0));
        }
        let again: Vec<(u64, String)> = chats
            .waiting()
            .map(|(id, text)| (id, text.to_owned()))
            .collect();
        drop(chats);
        for (id, text) in again {
            self.send_frame(
                "chat",
                Fields::new().put("id", js(id)).put("text", text.into()),
            );
        }
    }
}
