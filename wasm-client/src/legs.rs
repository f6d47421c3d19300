//! From one epoch to the next: a leg is opened beside the one that is rendered, takes its place when the
//! session commits it, and the old one is drained (R15).

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use js_sys::Array;
use samewire_core::link::{FIRST_RETRY, LONGEST_RETRY, Ladder, Line, Nth, P2P, Sight};
use wasm_bindgen::JsValue;

use crate::browser::{self, Fields, get, text};
use crate::call::{Call, State};
use crate::direct::{Direct, Far, Owner, ice};
use crate::driven::Driven;
use crate::errors;
use crate::leg::{Carrier, Leg};
use crate::peer::{Peer, Way};
use crate::roster::{Health, Participant};
use crate::socket::now;
use crate::watch::{Counters, Watch};

/// How long the leg before goes on after a cut: the others may hear of the commit that much later.
const DRAIN_MS: f64 = 2_000.0;

/// When a connection that could not be made is tried again.
#[derive(Clone, Copy, Default)]
struct Retry {
    /// 0 while nothing has failed.
    delay: f64,
    at: f64,
}

/// The legs of a call.
pub(crate) struct Legs {
    /// What `index.js` knows of drivers: `{names, open(name, options, hears)}`.
    drivers: JsValue,
    now: RefCell<Rc<Leg>>,
    next: RefCell<Option<Rc<Leg>>>,
    before: RefCell<Option<Rc<Leg>>>,
    /// Connected in advance, for an epoch that may come.
    spare: RefCell<Option<Rc<Driven>>>,
    /// The last credentials of each provider: whoever comes during a switch is given those of the committed
    /// epoch before it connects there.
    given: RefCell<Vec<(String, JsValue)>>,
    /// How much of the leg before is still shown.
    leftover: Cell<usize>,
    retry: Cell<Retry>,
}

impl Legs {
    pub(crate) fn new(drivers: JsValue) -> Self {
        Self {
            drivers,
            now: RefCell::new(Leg::nowhere(0)),
            next: RefCell::default(),
            before: RefCell::default(),
            spare: RefCell::default(),
            given: RefCell::default(),
            leftover: Cell::new(0),
            retry: Cell::default(),
        }
    }

    /// The leg that is rendered.
    pub(crate) fn now(&self) -> Rc<Leg> {
        self.now.borrow().clone()
    }

    /// The leg of a prepared epoch.
    pub(crate) fn next(&self) -> Option<Rc<Leg>> {
        self.next.borrow().clone()
    }

    /// The leg before, while it is drained.
    pub(crate) fn before(&self) -> Option<Rc<Leg>> {
        self.before.borrow().clone()
    }

    /// Whether media goes on while the session moves.
    pub(crate) fn is_moving(&self) -> bool {
        self.next.borrow().is_some() || self.before.borrow().is_some()
    }

    /// Those on which media is sent and looked at.
    pub(crate) fn live(&self) -> impl Iterator<Item = Rc<Leg>> {
        [Some(self.now()), self.next()].into_iter().flatten()
    }

    /// The live one of this epoch.
    pub(crate) fn of(&self, epoch: u64) -> Option<Rc<Leg>> {
        self.live().find(|leg| leg.epoch == epoch)
    }

    /// What this client can drive.
    pub(crate) fn names(&self) -> Array {
        let names = Array::of1(&P2P.into());
        for name in browser::list(&self.drivers, "names").iter() {
            names.push(&name);
        }
        names
    }

    /// Whether this client can drive this provider.
    pub(crate) fn drives(&self, provider: &JsValue) -> bool {
        self.names().includes(provider, 0)
    }

    /// Tells every way through a provider of other STUN and TURN servers.
    pub(crate) fn configure(&self, ice_servers: &JsValue) {
        let spare = self.spare.borrow().clone();
        let driven = self.live().filter_map(|leg| leg.driven().cloned());
        for driven in driven.chain(spare) {
            driven.configure(ice_servers);
        }
    }

    pub(crate) fn close_next(&self) {
        if let Some(leg) = self.next.take() {
            leg.close();
        }
    }

    pub(crate) fn close_spare(&self) {
        if let Some(spare) = self.spare.take() {
            spare.close();
        }
    }

    fn close_before(&self) {
        if let Some(leg) = self.before.take() {
            leg.close();
        }
    }

    /// Ends them all.
    pub(crate) fn close(&self) {
        self.close_spare();
        self.close_next();
        self.close_before();
        self.given.take();
        let nowhere = Leg::nowhere(self.now().epoch);
        self.now.replace(nowhere).close();
    }
}

impl Call {
    /// How media goes by a provider.
    fn carrier(&self, provider: &str) -> Carrier {
        if provider == P2P {
            return Carrier::Mesh;
        }
        if !self.legs.drives(&provider.into()) {
            return Carrier::Nothing;
        }
        let spare = self.legs.spare.take();
        Carrier::Driver(match spare {
            Some(spare) if spare.provider == provider => spare,
            // Another one stays warm until the session releases it.
            other => {
                *self.legs.spare.borrow_mut() = other;
                self.drive(provider)
            }
        })
    }

    fn drive(&self, provider: &str) -> Rc<Driven> {
        let options = ice(&self.ice_servers.borrow(), false)
            .put("url", self.url.as_str().into())
            .put("room", self.room.borrow().as_str().into())
            .put("participant", self.me.borrow().participant.as_str().into());
        let this = self.this.clone();
        let tell = move |driven: &Rc<Driven>, event: &JsValue| {
            if let Some(call) = this.upgrade() {
                call.driver_told(driven, event);
            }
        };
        let ladder = Ladder::new(now());
        let drivers = &self.legs.drivers;
        let driven = Driven::open(drivers, provider, options.build(), ladder, Box::new(tell));
        let given = self.legs.given.borrow();
        if let Some((_, credentials)) = given.iter().find(|(of, _)| of == provider) {
            driven.take_credentials(credentials.clone());
        }
        driven
    }

    fn make_leg(&self, epoch: u64, provider: &str, quorum: Vec<String>) -> Rc<Leg> {
        let leg = Leg::new(epoch, provider, self.carrier(provider), quorum);
        if let Some(driven) = leg.driven() {
            driven.send(epoch, &self.capture);
        }
        leg
    }

    /// Begins to connect in a prepared epoch, with everyone who is here.
    pub(crate) fn open_next(&self, epoch: u64, frame: &JsValue) {
        let mut quorum = Vec::new();
        for one in self.others() {
            quorum.push(one.id.clone());
        }
        let provider = text(frame, "provider").unwrap_or_default();
        let leg = self.make_leg(epoch, &provider, quorum);
        *self.legs.next.borrow_mut() = Some(leg.clone());
        self.announce_on(&leg);
        self.meet(&leg);
        self.look();
    }

    /// Connects in the committed epoch, and nowhere else.
    pub(crate) fn enter(&self) {
        self.legs.close_next();
        self.legs.close_before();
        let epoch = self.course.borrow().epoch();
        let provider = self.provider.borrow().clone();
        let leg = self.make_leg(epoch, &provider, Vec::new());
        self.legs.now.replace(leg.clone()).close();
        self.entered();
        self.announce_on(&leg);
        self.meet(&leg);
        self.tell_all_updated();
    }

    /// Nobody is met for now: whatever there was is of another participation, or the session moves.
    pub(crate) fn go_nowhere(&self) {
        self.legs.close();
        self.entered();
    }

    fn entered(&self) {
        self.entered_at.set(browser::now());
        self.quality.enter();
        *self.reported.borrow_mut() = None;
    }

    /// Renders the prepared leg from now on.
    pub(crate) fn cut_over(&self) {
        let Some(leg) = self.legs.next.take() else {
            return self.enter();
        };
        self.legs.close_before();
        let before = self.legs.now.replace(leg);
        for one in self.others() {
            before.keep_shown(&one);
        }
        *self.legs.before.borrow_mut() = Some(before);
        self.entered();
        self.tell_all_updated();
        self.look();
    }

    /// Ends the leg before when its time is up, and tells of what has come on the new one meanwhile.
    pub(crate) fn drain(&self) {
        if self.legs.before().is_none() {
            return;
        }
        if browser::now() - self.entered_at.get() > DRAIN_MS {
            self.legs.close_before();
        }
        let mut leftover = 0;
        for one in self.others() {
            for track in one.announced_in(self.legs.now().epoch) {
                leftover += usize::from(self.media_before(&one, track).is_some());
            }
        }
        if self.legs.leftover.replace(leftover) != leftover || self.legs.before().is_none() {
            self.tell_all_updated();
        }
    }

    fn tell_all_updated(&self) {
        for one in self.others() {
            self.tell_participant(&one, "updated");
        }
    }

    /// Connects to everyone on a leg.
    fn meet(&self, leg: &Rc<Leg>) {
        for one in self.others() {
            self.connect_peer(leg, &one.id);
        }
        leg.subscribe(&self.others());
    }

    /// The same with somebody who came, or came anew.
    pub(crate) fn meet_one(&self, one: &Participant, anew: bool) {
        for leg in self.legs.live() {
            if anew || leg.peer(&one.id).is_none() {
                self.connect_peer(&leg, &one.id);
            }
            leg.subscribe(&self.others());
        }
    }

    /// Nobody needs to be connected to this one any more.
    pub(crate) fn part(&self, id: &str) {
        for leg in self.legs.live() {
            leg.drop_peer(id);
            leg.subscribe(&self.others());
        }
        // What others send on the leg before is shown until it has come on the new one.
        if let Some(before) = self.legs.before() {
            before.drop_peer(id);
        }
    }

    /// Makes the way to a participant on a leg, instead of any earlier one.
    pub(crate) fn connect_peer(&self, leg: &Rc<Leg>, id: &str) {
        // Whoever is told of what goes on may leave at that.
        if self.state.get() == State::Left {
            return;
        }
        let me = self.me.borrow().clone();
        let Some(one) = self.participant(id) else {
            return;
        };
        if id == me.participant {
            return;
        }
        let ladder = Ladder::new(now());
        match &leg.carrier {
            Carrier::Nothing => {}
            Carrier::Driver(driven) => {
                let watch = Watch::new(ladder, driven.counters.clone());
                let way = Way::Driven(driven.clone());
                leg.drop_peer(id);
                let peer = Peer::new(id, one.generation, watch, way);
                leg.peers.borrow_mut().push(peer);
            }
            Carrier::Mesh => {
                leg.drop_peer(id);
                let far = Far {
                    id: id.to_owned(),
                    epoch: leg.epoch,
                    generation: one.generation,
                    initiator: me.ordinal > one.ordinal,
                    number: Nth::default(),
                };
                match self.make_direct(far, Watch::new(ladder, Counters::default())) {
                    Ok(peer) => {
                        leg.peers.borrow_mut().push(peer);
                        self.legs.retry.set(Retry::default());
                    }
                    Err(_) => self.retry_later(),
                }
            }
        }
    }

    /// The browser makes no connection now.
    fn retry_later(&self) {
        let before = self.legs.retry.get().delay;
        let delay = (before * 2.0)
            .max(FIRST_RETRY.0 as f64)
            .min(LONGEST_RETRY.0 as f64);
        let at = browser::now() + delay;
        self.legs.retry.set(Retry { delay, at });
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

    /// Makes a direct connection.
    pub(crate) fn make_direct(&self, far: Far, watch: Watch) -> Result<Rc<Peer>, JsValue> {
        let ice_servers = self.ice_servers.borrow().clone();
        let owner: Weak<dyn Owner> = self.this.clone();
        let relayed = watch.ladder.get().is_relayed();
        let (id, generation) = (far.id.clone(), far.generation);
        let direct = Direct::new(far, relayed, &ice_servers, self.capture.clone(), owner)?;
        Ok(Peer::new(&id, generation, watch, Way::Direct(direct)))
    }

    /// Makes the connections that could not be made when they were due, once another try is.
    pub(crate) fn connect_missing(&self) {
        if browser::now() < self.legs.retry.get().at {
            return;
        }
        for leg in self.legs.live() {
            for one in self.others() {
                if leg.peer(&one.id).is_none() {
                    self.connect_peer(&leg, &one.id);
                }
            }
        }
    }

    /// Connects in advance to a provider that may be needed soon, and publishes nothing yet.
    pub(crate) fn stand_by(&self, frame: &JsValue) {
        self.legs.close_spare();
        let provider = get(frame, "provider");
        if self.legs.drives(&provider)
            && let Some(provider) = provider.as_string().filter(|name| name != P2P)
        {
            *self.legs.spare.borrow_mut() = Some(self.drive(&provider));
        }
    }

    /// A provider's credentials, first or renewed, for an epoch or for standing by.
    pub(crate) fn take_credentials(&self, frame: &JsValue) {
        let provider = text(frame, "provider").unwrap_or_default();
        let epoch = get(frame, "epoch").as_f64();
        let leg = epoch.and_then(|epoch| self.legs.of(epoch as u64));
        let driven = match &leg {
            Some(leg) => leg.driven().cloned(),
            None => self.legs.spare.borrow().clone(),
        };
        let credentials = get(frame, "credentials");
        if let Some(driven) = driven.filter(|driven| driven.provider == provider) {
            driven.take_credentials(credentials.clone());
        }
        let mut given = self.legs.given.borrow_mut();
        given.retain(|(of, _)| *of != provider);
        given.push((provider, credentials));
    }

    /// A leg of a driver says something.
    fn driver_told(&self, driven: &Rc<Driven>, event: &JsValue) {
        let is = |name| browser::is(event, "event", name);
        let own = |leg: &Rc<Leg>| leg.driven().is_some_and(|own| Rc::ptr_eq(own, driven));
        if is("note") || is("state") {
            let note = Fields::copy_of(event)
                .put("provider", driven.provider.as_str().into())
                .put("did", get(event, "what"));
            self.emit("note", &note.put("what", "driver".into()).build());
        }
        let Some(leg) = self.legs.live().find(own) else {
            let spare = self.legs.spare.borrow().clone();
            if spare.is_some_and(|spare| Rc::ptr_eq(&spare, driven))
                && browser::is(event, "state", "failed")
            {
                self.legs.close_spare();
            }
            return;
        };
        if is("published") {
            self.announce_on(&leg);
        } else if browser::is(event, "state", "failed") {
            let failures = driven.failures.get() + 1;
            driven.failures.set(failures);
            let operation = if driven.was_up.get() { "media" } else { "join" };
            let why = text(event, "reason").unwrap_or_else(|| "other".to_owned());
            let provider = driven.provider.as_str().into();
            self.send_failed_at(leg.epoch, provider, operation, &why, failures);
        } else if is("track") {
            self.tell_all_updated();
        }
        self.look();
    }

    /// Says that the prepared leg carries everyone's media, once it does.
    pub(crate) fn judge_next(&self, at: f64) {
        let Some(next) = self.legs.next().filter(|next| !next.is_ready.get()) else {
            return;
        };
        let carries = match &next.carrier {
            Carrier::Nothing => false,
            Carrier::Mesh => true,
            Carrier::Driver(driven) => driven.line() == Line::Up,
        };
        let (mut ready, mut of) = (0, 0);
        for id in &next.quorum {
            if self
                .participant(id)
                .is_some_and(|one| one.told != Health::Lost)
            {
                of += 1;
                let peer = next.peer(id);
                let seen = |peer: Rc<Peer>| self.sight(&next, &peer, at) == Sight::Whole;
                ready += u64::from(peer.is_some_and(seen));
            }
        }
        let epoch = || Fields::new().put("epoch", browser::js(next.epoch));
        if next.progress.replace((ready, of)) != (ready, of) {
            let progress = epoch()
                .put("ready", browser::js(ready))
                .put("of", browser::js(of));
            self.emit("transition:progress", &progress.build());
        }
        if carries && ready == of {
            next.is_ready.set(self.send_frame("ready", epoch()));
        }
    }
}
