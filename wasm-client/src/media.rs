//! The page and its visibility, the chat, and telling the session who is seen.

use std::rc::Rc;

use js_sys::Array;
use samewire_core::link::{Input, Line, Link, News, Sight};
use wasm_bindgen::JsValue;

use crate::browser::{self, Fields, Listener, Timer, flag, get, global, js, text};
use crate::call::{Call, State};
use crate::errors;
use crate::leg::Leg;
use crate::pace::Pace;
use crate::peer::Peer;
use crate::roster::{Health, Source, Track};
use crate::watch::{AT_FIRST_MS, EVERY_MS};

/// The longest the first `connected` waits for everyone: after it, whom we see is told as it is.
const FIRST_REPORT_MS: f64 = 5_000.0;

/// The most a chat message may hold, in characters.
const CHAT_LENGTH: usize = 4_000;

impl Call {
    /// Finds out who this tab is, then connects.
    pub(crate) fn identify(&self) {
        let storage = global("sessionStorage");
        let stored = browser::invoke(&storage, "getItem", &[self.storage_key()]).ok();
        let stored = stored.and_then(|stored| stored.as_string());
        self.claim(stored.unwrap_or_else(browser::random_id), true);
    }

    /// A lock guards the name: a duplicated tab copies the session storage, finds the lock held and
    /// takes a name of its own (R9), which it keeps in its own storage, under a lock of its own.
    fn claim(&self, instance: String, may_be_a_copy: bool) {
        let this = self.this.clone();
        let name = named(&instance);
        let then = move |ours: bool| {
            let Some(call) = this.upgrade() else { return };
            if call.state.get() == State::Left {
                return call.lock.borrow().release();
            }
            if !ours && may_be_a_copy {
                return call.claim(browser::random_id(), false);
            }
            let pair = [call.storage_key(), instance.as_str().into()];
            let _ = browser::invoke(&global("sessionStorage"), "setItem", &pair);
            *call.instance.borrow_mut() = instance;
            call.listen_to_page();
            call.start_pacemaker();
            call.open_link();
        };
        let lock = browser::hold_lock(&name, Box::new(then));
        // The other lock's closure may be running: JavaScript keeps it until it returns.
        *self.lock.borrow_mut() = lock;
    }

    fn storage_key(&self) -> JsValue {
        named(self.url.split('?').next().unwrap_or_default()).into()
    }

    fn listen_to_page(&self) {
        let listen = |target: &JsValue, name, react: fn(&Call, &JsValue)| {
            let this = self.this.clone();
            let react = move |event| {
                if let Some(call) = this.upgrade() {
                    react(&call, &event);
                }
            };
            Listener::new(target, name, Box::new(react))
        };
        let window: JsValue = browser::global_object();
        let document = global("document");
        let network = network();
        let nudge: fn(&Call, &JsValue) = |call, _| call.feed(Input::Nudged);
        *self.network.borrow_mut() = get(&network, "type");
        let listeners = vec![
            listen(&window, "online", |call, _| call.network_changed()),
            // Its estimates change all the time, and its kind where it says one.
            listen(&network, "change", |call, _| {
                let kind = get(&self::network(), "type");
                if call.network.replace(kind.clone()) != kind {
                    call.network_changed();
                }
            }),
            listen(
                &get(&global("navigator"), "mediaDevices"),
                "devicechange",
                |call, _| {
                    call.devices_changed();
                },
            ),
            listen(&window, "pageshow", nudge),
            listen(&window, "pagehide", |call, event| {
                if flag(event, "persisted") {
                    call.feed(Input::Paused);
                }
            }),
            listen(&document, "freeze", |call, _| call.feed(Input::Paused)),
            listen(&document, "resume", nudge),
            listen(&document, "visibilitychange", |call, _| {
                if !flag(&global("document"), "hidden") {
                    call.feed(Input::Nudged);
                }
                call.tell_presence(true);
            }),
        ];
        *self.page.borrow_mut() = listeners;
    }

    /// Tells whether this tab is hidden: its timers are slow then, and it has a longer lease (R28).
    /// The session takes a visible tab for granted.
    pub(crate) fn tell_presence(&self, always: bool) {
        let hidden = flag(&global("document"), "hidden");
        if hidden || always {
            self.send_frame("presence", Fields::new().put("hidden", hidden.into()));
        }
    }

    /// Sends a chat message, now or when the link is back. What is wrong with it is returned.
    pub(crate) fn chat(&self, text: String) -> Option<JsValue> {
        if self.state.get() == State::Left {
            return Some(errors::problem("left", "The call is over."));
        }
        // The other kinds of space are the server's to refuse: their tables are large.
        if text.trim_ascii().is_empty() || length(&text) > CHAT_LENGTH {
            return Some(errors::problem(
                "chat-length",
                "A chat message has 1 to 4000 characters, and not only spaces.",
            ));
        }
        let id = self.socket.with(Link::mint_id).unwrap_or(0);
        if !self.chats.borrow_mut().remember(id, text.clone()) {
            return Some(errors::problem(
                "chat-waiting",
                "Too many messages wait for the connection. Try again when it is back.",
            ));
        }
        self.send_frame(
            "chat",
            Fields::new().put("id", js(id)).put("text", text.into()),
        );
        None
    }

    /// Looks at the statistics of every connection, and again soon.
    pub(crate) fn look(&self) {
        self.judge();
        if self.watch_timer.borrow().is_some() {
            return;
        }
        self.look_later();
    }

    fn look_later(&self) {
        let done = self.others().is_empty() && self.legs.before().is_none();
        if self.state.get() == State::Left || done {
            self.watch_timer.take();
            return;
        }
        let unseen = |peer: &Rc<Peer>| !peer.watch.seen.get() && self.expects(&peer.id);
        let leg = self.legs.now();
        let now = browser::now();
        let late = |peer: &Rc<Peer>| peer.watch.is_late(now);
        let waits = leg
            .peers
            .borrow()
            .iter()
            .any(|peer| unseen(peer) || late(peer))
            || self.legs.next().is_some_and(|next| !next.is_ready.get())
            || self.legs.before().is_some();
        let every = if waits { AT_FIRST_MS } else { EVERY_MS };
        let this = self.this.clone();
        let react = move |_| {
            if let Some(call) = this.upgrade() {
                call.watch_now();
            }
        };
        *self.watch_timer.borrow_mut() = Timer::new(every, Box::new(react));
        self.pace(Pace::Watch, every);
    }

    /// The moment of a look has come, unless it was looked already.
    pub(crate) fn watch_now(&self) {
        if self.watch_timer.take().is_none() {
            return;
        }
        self.connect_missing();
        self.drain();
        let leg = self.legs.now();
        // The same look at the statistics serves for both.
        let measures = self.quality.begins(leg.peers.borrow().len());
        self.read(&leg, measures);
        if let Some(next) = self.legs.next() {
            self.read(&next, false);
        }
        self.look_later();
    }

    /// Reads the statistics of a leg.
    fn read(&self, leg: &Rc<Leg>, measures: bool) {
        let reader = |of: Vec<Rc<Peer>>| {
            let this = self.this.clone();
            move |report: Option<&JsValue>| {
                if let Some(call) = this.upgrade() {
                    // What everyone shares is sent to the first.
                    for (place, peer) in of.iter().enumerate().filter(|_| measures) {
                        call.measured(peer, report, place == 0);
                    }
                    call.judge();
                }
            }
        };
        if let Some(driven) = leg.driven() {
            return driven.read(reader(leg.all()));
        }
        for peer in leg.all() {
            if let Some(direct) = peer.direct() {
                let connection = direct.connection.clone();
                peer.watch.read(&connection, reader(vec![peer.clone()]));
            }
        }
    }

    /// Decides who is seen, and tells the session when that changed (R41).
    fn judge(&self) {
        if self.state.get() == State::Left {
            return;
        }
        let now = browser::now();
        self.judge_next(now);
        if !self.course.borrow().has_entered() {
            return;
        }
        let leg = self.legs.now();
        let mut sees = Vec::new();
        let mut best = Sight::Nothing;
        for peer in &leg.all() {
            let sight = self.sight(&leg, peer, now);
            if best == Sight::Nothing || sight == Sight::Whole {
                best = sight;
            }
            let seen = sight == Sight::Whole;
            if seen {
                sees.push(peer.id.clone());
                peer.watch.seen_at.set(now);
            }
            peer.watch.seen.set(seen);
            if let Some(one) = self.participant(&peer.id) {
                let health = self.health(&one);
                let news = peer.watch.told.replace(health) != health;
                if news || peer.watch.spoke.get() != self.speaks(&one) {
                    self.tell_participant(&one, "updated");
                }
            }
            match peer.direct() {
                Some(direct) => self.remedy(peer, direct, sight),
                None => self.ask_after(peer, sight),
            }
        }
        if let Some(driven) = leg.driven() {
            self.remedy_driven(driven, best);
        }
        let me = self.me.borrow().participant.clone();
        if let Some(me) = self.participant(&me)
            && self.spoke.get() != self.speaks(&me)
        {
            self.tell_participant(&me, "updated");
        }
        let waited = now - self.entered_at.get();
        let complete = self
            .others()
            .iter()
            .all(|one| sees.contains(&one.id) || !self.expects(&one.id));
        let arrived = self.course.borrow().has_arrived();
        if !arrived && !complete && waited < FIRST_REPORT_MS {
            return;
        }
        if self.reported.borrow().as_ref() != Some(&sees) {
            let who = Array::new();
            for id in &sees {
                who.push(&JsValue::from_str(id));
            }
            let epoch = self.course.borrow().epoch();
            let sent = self.send_frame(
                "connected",
                Fields::new()
                    .put("epoch", js(epoch))
                    .put("elapsed_ms", js(waited as u64))
                    .put("sees", who.into()),
            );
            if !sent {
                return;
            }
            *self.reported.borrow_mut() = Some(sees);
        }
        // Nobody new may be seen and yet everyone: who was waited for may have left.
        if complete && self.socket.is_open() && !arrived {
            self.hear(News::Arrived, &JsValue::UNDEFINED);
        }
    }

    /// Whether this one is waited for. Whom the session has lost before we ever saw them may be a tab
    /// that was closed, and only their lease would end the waiting.
    fn expects(&self, id: &str) -> bool {
        let was_seen = self
            .peer(id)
            .is_some_and(|peer| peer.watch.ladder.get().was_seen());
        was_seen
            || self
                .participant(id)
                .is_some_and(|one| one.told != Health::Lost)
    }

    /// How many of the unmuted microphones and cameras that were announced flow; who announced none
    /// counts once connected.
    pub(crate) fn sight(&self, leg: &Leg, peer: &Peer, now: f64) -> Sight {
        let Some(one) = self.participant(&peer.id) else {
            return Sight::Nothing;
        };
        if peer.is_cut() || peer.line() == Line::Closed {
            return Sight::Nothing;
        }
        // A prepared leg is to carry what the committed one does.
        let announced = one.announced_in(self.legs.now().epoch);
        let (mut flowing, mut expected) = (0, 0);
        // A screen that nothing moves on sends nothing, nor does one that is silent (R32).
        let sent = |track: &&Track| {
            matches!(track.source, Source::Microphone | Source::Camera)
                && !track.muted
                && !peer.is_held_back(track.source)
        };
        for track in announced.iter().filter(sent) {
            let same = |there: &&Track| there.source == track.source && there.id == track.id;
            let there = one.announced_in(leg.epoch).iter().find(same);
            let media = there.and_then(|there| peer.media(there));
            let media = media.and_then(|media| text(&media, "id"));
            expected += 1;
            flowing += u32::from(media.is_some_and(|id| peer.watch.flows(&id, now)));
        }
        if expected == 0 {
            (flowing, expected) = (u32::from(peer.is_connected()), 1);
        }
        match flowing {
            0 => Sight::Nothing,
            all if all == expected => Sight::Whole,
            _ => Sight::Part,
        }
    }
}

/// What the browser says of the network, where it does.
fn network() -> JsValue {
    get(&global("navigator"), "connection")
}

fn named(what: &str) -> String {
    let mut name = String::from("samewire:");
    name.push_str(what);
    name
}

/// How many characters: bytes that do not continue one.
fn length(text: &str) -> usize {
    text.bytes().filter(|byte| byte & 0xC0 != 0x80).count()
}
