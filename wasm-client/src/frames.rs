//! What the server says.

use std::rc::Rc;

use samewire_core::link::{Input, Link};
use samewire_core::time::Millis;
use wasm_bindgen::JsValue;

use crate::browser::{self, Fields, flag, get, js, list, number, text};
use crate::call::{Call, Identity, State, message_view};
use crate::errors;
use crate::roster::Participant;
use crate::socket::now;

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
        match kind {
            "participant_joined" | "participant_updated" => {
                if let Some(one) = Participant::read(&get(frame, "participant")) {
                    self.arrived_or_changed(Rc::new(one));
                }
            }
            "participant_left" => self.departed(frame),
            "signal" => self.signalled(frame),
            "chat" => self.chatted(frame),
            "session" => self.session(&get(frame, "session")),
            "token" => {
                if let Some(token) = text(frame, "token") {
                    *self.token.borrow_mut() = token;
                }
            }
            "ice_servers" => *self.ice_servers.borrow_mut() = get(frame, "ice_servers"),
            "probe" => {
                self.send_frame("probe", Fields::new().put("nonce", get(frame, "nonce")));
            }
            "error" => {
                let problem = errors::told(frame);
                // A refused chat is not to be said again.
                self.chats.borrow_mut().confirm(number(frame, "id"));
                self.asked_to_wait(frame);
                *self.refusal.borrow_mut() = Some(problem.clone());
                if self.socket.is_open() {
                    self.emit("error", &problem);
                }
            }
            "bye" => self.asked_to_wait(frame),
            // What later protocols say is not for us (R6).
            _ => {}
        }
    }

    fn asked_to_wait(&self, frame: &JsValue) {
        let wait = number(frame, "retry_after_ms");
        if wait > 0 {
            self.feed(Input::AskedToWait(Millis(wait)));
        }
    }

    fn session(&self, session: &JsValue) {
        let mut whole = self.me.borrow_mut();
        let me = Rc::make_mut(&mut whole);
        me.epoch = number(session, "epoch");
        me.incarnation = text(session, "incarnation").unwrap_or_default();
        if let Some(kind) = text(session, "kind") {
            *self.kind.borrow_mut() = kind;
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
            ..Identity::default()
        });
        self.session(&get(frame, "session"));
        let heartbeat = match number(&get(frame, "config"), "heartbeat_ms") {
            0 => 15_000,
            given => given,
        };
        *self.refusal.borrow_mut() = None;
        let servers = get(frame, "ice_servers");
        if servers.is_object() {
            *self.ice_servers.borrow_mut() = servers;
        }
        self.feed(Input::Welcomed {
            seq: number(frame, "seq"),
            last_id,
            heartbeat: Millis(heartbeat),
        });
        self.send_frame("tracks", self.tracks_fields());
        // Chats come before any signal with a higher id.
        self.send_again(frame, &before.participant, last_id);
        if resumed {
            self.resumed(last_id);
        } else {
            self.snapshot(frame, &before);
        }
        // A new generation is visible until it says otherwise; an old one may have been hidden.
        self.tell_presence(resumed);
        *self.reported.borrow_mut() = None;
        self.become_state(if self.arrived.get() {
            State::Connected
        } else {
            State::Connecting
        });
        self.joined(None);
        self.look();
    }

    /// The same participation goes on. Media is not touched (R30); only a pair whose signals may be
    /// lost negotiates anew (R25).
    fn resumed(&self, last_id: u64) {
        let peers = self.peers.borrow().clone();
        for peer in peers {
            if peer.unsent.get() || peer.last_signal.get() > last_id {
                peer.signals_lost();
            }
        }
    }

    /// A new participation: everyone is met anew.
    fn snapshot(&self, frame: &JsValue, before: &Identity) {
        for peer in self.peers.take() {
            peer.close();
        }
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
        self.arrived.set(false);
        self.welcomed_at.set(browser::now());
        for one in &present {
            self.connect_peer(&one.id);
        }
        if before.participant.is_empty() {
            return;
        }
        for one in gone {
            if !present.iter().any(|there| there.id == one.id) {
                self.tell_participant(&one, "left");
            }
        }
        for one in &present {
            self.tell_participant(one, "updated");
        }
    }

    fn arrived_or_changed(&self, one: Rc<Participant>) {
        let known = self.roster.borrow_mut().insert(one.clone());
        let known = known.map(|known| known.generation);
        let is_self = one.id == self.me.borrow().participant;
        if !is_self && known != Some(one.generation) {
            self.connect_peer(&one.id);
        }
        let change = if known.is_some() { "updated" } else { "joined" };
        self.tell_participant(&one, change);
        self.look();
    }

    fn departed(&self, frame: &JsValue) {
        let wire = get(frame, "participant");
        let id = text(&wire, "id").or_else(|| wire.as_string());
        let Some(id) = id else { return };
        self.disconnect_peer(&id);
        let gone = self.roster.borrow_mut().remove(&id);
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
        // They offer: a better moment to try again than any back-off knows.
        if self.peer(&from).is_none() {
            self.connect_peer(&from);
        }
        let Some(peer) = self.peer(&from) else {
            return;
        };
        let current = number(frame, "epoch") == self.me.borrow().epoch
            && number(frame, "generation") == peer.generation;
        if current {
            peer.receive(&get(frame, "payload"));
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
