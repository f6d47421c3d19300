//! Repairing the way to another participant: what the ladder says, done to a connection.
//!
//! **Two ends, one connection: whoever makes it anew says under which number, and the other follows.**

use std::rc::Rc;

use samewire_core::link::{About, DRIVERS, Input, Line, Look, Nth, Remedy, Sight};
use wasm_bindgen::JsValue;

use crate::browser::{Fields, get, js, number};
use crate::call::Call;
use crate::peer::{Far, Peer};
use crate::roster::Health;
use crate::socket::now;
use crate::watch::if_relayed;

impl Call {
    /// Every way may be another one now.
    pub(crate) fn network_changed(&self) {
        self.feed(Input::Nudged);
        for peer in self.peers.borrow().iter() {
            peer.watch.climb(|ladder| ladder.network_changed(now()));
        }
        self.look();
    }

    /// What is to be done about media that does not come.
    pub(crate) fn remedy(&self, peer: &Peer, sight: Sight) {
        let here = self
            .participant(&peer.id)
            .is_some_and(|one| one.told != Health::Lost);
        let look = Look {
            sight,
            line: if peer.is_cut() {
                Line::Down
            } else {
                peer.line()
            },
            here,
            link: self.socket.is_open(),
            turn: self.turn.get(),
        };
        let at = now();
        let climb = || peer.watch.climb(|ladder| ladder.look(at, look));
        while let Some(remedy) = climb() {
            match remedy {
                Remedy::Suspect => self.send_suspect(peer),
                Remedy::Restart => {
                    self.note("ice-restart", peer, Fields::new());
                    peer.restart_ice();
                }
                // Chromium, restarted with the relay only, stays on a direct pair for as long as that one
                // answers, whether media comes through it or not.
                Remedy::Relay if peer.is_connected() => {
                    return self.make_anew(peer, "relay-only");
                }
                Remedy::Relay => {
                    self.note("relay-only", peer, Fields::new());
                    peer.configure(&self.ice_servers.borrow());
                    peer.restart_ice();
                }
                Remedy::Fresh => return self.make_anew(peer, "fresh-connection"),
                Remedy::Report => {
                    self.send_dead();
                    return self.make_anew(peer, "fresh-connection");
                }
            }
        }
    }

    fn make_anew(&self, peer: &Peer, what: &str) {
        self.note(what, peer, Fields::new());
        let renewed = self.renew_peer(peer, peer.far.number.next());
        if let Some(peer) = renewed.filter(|peer| !peer.far.initiator) {
            peer.ask();
        }
    }

    fn send_suspect(&self, peer: &Peer) {
        self.quality.hurry();
        let evidence = Fields::new().put("pair", peer.state());
        self.send_frame(
            "suspect",
            Fields::new()
                .put("epoch", js(self.course.borrow().epoch()))
                .put("participant", peer.id.as_str().into())
                .put("evidence", evidence.build()),
        );
    }

    /// Says that no media comes in this epoch.
    pub(crate) fn send_dead(&self) {
        let [provider] = DRIVERS;
        let epoch = self.course.borrow().epoch();
        self.send_failed(epoch, provider.into(), "media", "ice");
    }

    /// Makes a connection anew, under this number, in its place. Where the browser makes none, the
    /// old one stays until the ladder tries again.
    fn renew_peer(&self, old: &Peer, number: Nth) -> Option<Rc<Peer>> {
        let far = Far {
            number,
            ..old.far.clone()
        };
        let peer = self.make_peer(far, old.watch.renewed()).ok()?;
        self.disconnect_peer(&old.id);
        self.peers.borrow_mut().push(peer.clone());
        Some(peer)
    }

    /// See [`samewire_core::link::nth`].
    pub(crate) fn signalled_by(&self, mut peer: Rc<Peer>, payload: &JsValue) {
        let said = Nth(u32::try_from(number(payload, "connection")).unwrap_or(u32::MAX));
        let about = peer.far.number.judge(said);
        match about {
            About::Past => return,
            About::Present => {}
            About::Newer => {
                peer.watch.climb(|ladder| ladder.renewed(now()));
                let Some(renewed) = self.renew_peer(&peer, said) else {
                    return;
                };
                peer = renewed;
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
            peer.receive(payload);
        } else if about == About::Present && peer.far.initiator {
            peer.watch.climb(|ladder| ladder.asked(now()));
            self.look();
        }
    }

    /// R34: only a way through our relay ends with the old credentials. A restart makes it anew while
    /// the media goes on over the old one.
    pub(crate) fn rotate(&self) {
        let peers = self.peers.borrow().clone();
        for peer in peers {
            let this = self.this.clone();
            let connection = peer.connection.clone();
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
