//! Repairing the way to another participant: what the ladder says, done to a connection.
//!
//! **Two ends, one connection: whoever makes it anew says under which number, and the other follows.**

use std::rc::Rc;

use samewire_core::link::{About, Input, Ladder, Line, Look, Nth, Remedy, Sight};
use wasm_bindgen::JsValue;

use crate::browser::{Fields, get, js, number};
use crate::call::Call;
use crate::direct::{Direct, Far};
use crate::driven::Driven;
use crate::leg::Leg;
use crate::peer::Peer;
use crate::roster::Health;
use crate::socket::now;
use crate::watch::if_relayed;

impl Call {
    /// Every way may be another one now.
    pub(crate) fn network_changed(&self) {
        self.feed(Input::Nudged);
        let leg = self.legs.now();
        for peer in leg.all() {
            peer.watch.climb(|ladder| ladder.network_changed(now()));
        }
        if let Some(driven) = leg.driven() {
            climb(driven, |ladder| ladder.network_changed(now()));
        }
        self.look();
    }

    /// What is to be done about media that does not come.
    pub(crate) fn remedy(&self, peer: &Peer, direct: &Direct, sight: Sight) {
        let look = self.look_at(peer, sight);
        let at = now();
        let climb = || peer.watch.climb(|ladder| ladder.look(at, look));
        while let Some(remedy) = climb() {
            match remedy {
                Remedy::Suspect => self.send_suspect("participant", &peer.id, direct.state()),
                Remedy::Restart => {
                    self.note("ice-restart", &peer.id, Fields::new());
                    direct.restart_ice();
                }
                // Chromium, restarted with the relay only, stays on a direct pair for as long as that one
                // answers, whether media comes through it or not.
                Remedy::Relay if peer.is_connected() => {
                    return self.make_anew(peer, direct, "relay-only");
                }
                Remedy::Relay => {
                    self.note("relay-only", &peer.id, Fields::new());
                    direct.configure(&self.ice_servers.borrow(), true);
                    direct.restart_ice();
                }
                Remedy::Fresh => return self.make_anew(peer, direct, "fresh-connection"),
                Remedy::Report => {
                    self.send_dead();
                    return self.make_anew(peer, direct, "fresh-connection");
                }
            }
        }
    }

    /// What there is to see of somebody.
    fn look_at(&self, peer: &Peer, sight: Sight) -> Look {
        let line = match peer.is_cut() {
            true => Line::Down,
            false => peer.line(),
        };
        let here = self
            .participant(&peer.id)
            .is_some_and(|one| one.told != Health::Lost);
        Look {
            sight,
            line,
            here,
            link: self.socket.is_open(),
            turn: self.turn.get(),
        }
    }

    /// What is to be done about somebody's media that does not come through a provider: the session is
    /// asked whether they are there. The way is everyone's.
    pub(crate) fn ask_after(&self, peer: &Peer, sight: Sight) {
        let look = self.look_at(peer, sight);
        while let Some(remedy) = peer.watch.climb(|ladder| ladder.look(now(), look)) {
            if remedy == Remedy::Suspect {
                self.send_suspect("participant", &peer.id, JsValue::UNDEFINED);
            }
        }
    }

    /// What is to be done about the way through a provider, by the best that comes of anybody.
    pub(crate) fn remedy_driven(&self, driven: &Driven, best: Sight) {
        let here = self.others().iter().any(|one| one.told != Health::Lost);
        // What somebody does not send is no fault of a way that brings the rest.
        let sight = match best {
            Sight::Nothing => Sight::Nothing,
            Sight::Part | Sight::Whole => Sight::Whole,
        };
        let look = Look {
            sight,
            line: driven.line(),
            here,
            link: self.socket.is_open(),
            turn: false,
        };
        while let Some(remedy) = climb(driven, |ladder| ladder.look(now(), look)) {
            match remedy {
                Remedy::Suspect => {
                    self.send_suspect("provider", &driven.provider, JsValue::UNDEFINED);
                }
                Remedy::Restart | Remedy::Relay | Remedy::Fresh => driven.restart(),
                Remedy::Report => {
                    self.send_dead();
                    driven.restart();
                }
            }
        }
    }

    fn make_anew(&self, peer: &Peer, direct: &Direct, what: &str) {
        self.note(what, &peer.id, Fields::new());
        let Some(leg) = self.legs.of(direct.far.epoch) else {
            return;
        };
        let renewed = self.renew_peer(&leg, peer, &direct.far, direct.far.number.next());
        let renewed = renewed.and_then(|peer| peer.direct().cloned());
        if let Some(direct) = renewed.filter(|direct| !direct.far.initiator) {
            direct.ask();
        }
    }

    /// Tells the session at the first stall of somebody, or of the provider.
    fn send_suspect(&self, whom: &str, name: &str, pair: JsValue) {
        self.quality.hurry();
        let evidence = Fields::new().put("pair", pair);
        self.send_frame(
            "suspect",
            Fields::new()
                .put("epoch", js(self.course.borrow().epoch()))
                .put(whom, name.into())
                .put("evidence", evidence.build()),
        );
    }

    /// Says that no media comes in this epoch.
    pub(crate) fn send_dead(&self) {
        let leg = self.legs.now();
        self.send_failed(leg.epoch, leg.provider.as_str().into(), "media", "ice");
    }

    /// Makes a connection anew, under this number, in its place. Where the browser makes none, the
    /// old one stays until the ladder tries again.
    fn renew_peer(&self, leg: &Leg, old: &Peer, far: &Far, number: Nth) -> Option<Rc<Peer>> {
        let far = Far {
            number,
            ..far.clone()
        };
        let peer = self.make_direct(far, old.watch.renewed()).ok()?;
        leg.drop_peer(&old.id);
        leg.peers.borrow_mut().push(peer.clone());
        Some(peer)
    }

    /// See [`samewire_core::link::nth`].
    pub(crate) fn signalled_by(&self, leg: &Leg, mut peer: Rc<Peer>, payload: &JsValue) {
        let Some(mut direct) = peer.direct().cloned() else {
            return;
        };
        let said = Nth(u32::try_from(number(payload, "connection")).unwrap_or(u32::MAX));
        let about = direct.far.number.judge(said);
        match about {
            About::Past => return,
            About::Present => {}
            About::Newer => {
                peer.watch.climb(|ladder| ladder.renewed(now()));
                let Some(renewed) = self.renew_peer(leg, &peer, &direct.far, said) else {
                    return;
                };
                peer = renewed;
                direct = peer.direct().cloned().unwrap_or(direct);
                self.look();
            }
        }
        if let Some(camera) = get(payload, "camera").as_bool() {
            peer.hold_back(!camera);
            self.tell_updated(&peer.id);
            return self.look();
        }
        let says = |what| get(payload, what).is_object();
        if says("description") || says("candidate") {
            direct.receive(payload);
        } else if about == About::Present && direct.far.initiator {
            peer.watch.climb(|ladder| ladder.asked(now()));
            self.look();
        }
    }

    /// R34: only a way through our relay ends with the old credentials. A restart makes it anew while
    /// the media goes on over the old one.
    pub(crate) fn rotate(&self) {
        for peer in self.legs.now().all() {
            let Some(connection) = peer.direct().map(|direct| direct.connection.clone()) else {
                continue;
            };
            let this = self.this.clone();
            let restart = move || {
                peer.watch.climb(|ladder| ladder.asked(now()));
                if let Some(call) = this.upgrade() {
                    call.look();
                }
            };
            if_relayed(&connection, restart);
        }
    }
}

/// Something happens to the way through a provider.
fn climb<T>(driven: &Driven, happens: impl FnOnce(&mut Ladder) -> T) -> T {
    let mut ladder = driven.ladder.get();
    let outcome = happens(&mut ladder);
    driven.ladder.set(ladder);
    outcome
}
