//! A tab, as the contract wants it to behave. It chooses nothing: it renders what it was told is
//! committed, connects to what it is told is prepared, and says again what was not acknowledged.

use std::collections::BTreeMap;

use samewire_core::protocol::close::CloseCode;

use crate::wire::{Frame, Leg, Peer, Resume, Say, Told, Welcome, Who};

/// The code of a socket that broke without a word.
pub const BROKEN: u16 = 1006;

/// One tab.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Tab {
    /// How many sockets it has opened.
    pub dials: u8,
    /// The one it has now.
    pub socket: Option<Who>,
    /// Whether that was welcomed.
    pub welcomed: bool,
    /// It has left, or was told not to come back.
    pub gone: bool,
    /// Who it is.
    pub me: Option<Me>,
    /// The last frame it has handled.
    pub last_seq: u64,
    /// What it knows to be committed.
    pub committed: Option<Leg>,
    /// Whether it renders that. A newcomer during a switch waits for its outcome.
    pub renders: bool,
    /// The leg it connects to beside that.
    pub prepared: Option<Leg>,
    /// What it is connected to and publishes nothing on, should one more come.
    pub standby: Option<u8>,
    /// Whether it has said how that went.
    pub answered: bool,
    /// The committed epoch of which it has said that its media flows, or does not.
    pub said_of: u64,
    /// Everyone it knows of: ordinal and generation.
    pub peers: BTreeMap<Who, (u32, u32)>,
    /// The number of the next line or signal.
    pub next_id: u64,
    /// Lines it has said and not heard.
    pub unechoed: Vec<u64>,
    /// Lines it has heard.
    pub lines: Vec<(Who, u64)>,
}

/// Who a tab is in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Me {
    /// As the others see it.
    pub peer: Peer,
    /// In which life.
    pub life: Who,
    /// What it proves that by.
    pub secret: Who,
}

/// Something that a tab hears and must not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shock {
    /// A line for the second time.
    LineTwice,
    /// A signal of somebody it knows nothing of.
    Stranger,
}

impl Tab {
    /// Opens its next socket, and says `hello` on it.
    pub fn dial(&mut self, tab: u8) -> (Who, Say) {
        self.dials += 1;
        let socket = Who {
            tab,
            dial: self.dials,
        };
        self.socket = Some(socket);
        self.welcomed = false;
        let resume = self.me.map(|me| Resume {
            participant: me.peer.who,
            life: me.life,
            secret: me.secret,
            last_seq: self.last_seq,
        });
        (socket, Say::Hello(resume))
    }

    /// Forgets everything but which tab it is: the page is loaded again.
    pub fn reload(&mut self) {
        *self = Self {
            dials: self.dials,
            ..Self::default()
        };
    }

    /// Its socket is gone.
    pub fn lose(&mut self, code: u16) {
        self.socket = None;
        self.welcomed = false;
        let come_back = [BROKEN, CloseCode::Silent.code(), CloseCode::TooSlow.code()];
        self.gone |= !come_back.contains(&code);
    }

    /// Hears a frame; says what it answers at once.
    pub fn hear(&mut self, told: &Told) -> (Vec<Say>, Option<Shock>) {
        if told.seq > 0 {
            self.last_seq = told.seq;
        }
        match &told.frame {
            Frame::Welcome(welcome) => return (self.welcome(welcome), None),
            Frame::Session(at, prepared) => {
                self.enter(*at);
                self.prepare(*prepared);
            }
            Frame::Prepare(leg) => {
                self.use_up(*leg);
                self.prepare(Some(*leg));
            }
            Frame::Standby(provider) => self.standby = Some(*provider),
            Frame::StandbyRelease => self.standby = None,
            Frame::Commit(leg) => {
                self.use_up(*leg);
                self.enter(*leg);
                if self.prepared.is_some_and(|p| p.epoch <= leg.epoch) {
                    self.prepare(None);
                }
            }
            Frame::Abort(epoch) => {
                if self.prepared.is_some_and(|p| p.epoch == *epoch) {
                    self.prepare(None);
                }
            }
            Frame::Chat(from, id) => {
                if self.me.is_some_and(|me| me.peer.who == *from) {
                    self.unechoed.retain(|unechoed| unechoed != id);
                }
                if self.lines.contains(&(*from, *id)) {
                    return (Vec::new(), Some(Shock::LineTwice));
                }
                self.lines.push((*from, *id));
            }
            Frame::Signal(from, _, _) => {
                if !self.peers.contains_key(from) {
                    return (Vec::new(), Some(Shock::Stranger));
                }
            }
            Frame::Peer(peer) => {
                self.peers.insert(peer.who, (peer.ordinal, peer.generation));
            }
            Frame::Left(who) => {
                self.peers.remove(who);
            }
            Frame::Probe => return (vec![Say::Probe], None),
            Frame::Closed(code) => self.lose(*code),
            Frame::Other => {}
        }
        (Vec::new(), None)
    }

    fn welcome(&mut self, welcome: &Welcome) -> Vec<Say> {
        if self.me.is_some_and(|me| me.life != welcome.life) {
            self.committed = None;
            self.renders = false;
            self.prepared = None;
            self.said_of = 0;
        }
        if self.me.is_some_and(|me| me.peer.who != welcome.me.who) {
            self.unechoed.clear();
        }
        self.me = Some(Me {
            peer: welcome.me,
            life: welcome.life,
            secret: welcome.secret,
        });
        self.welcomed = true;
        self.next_id = self.next_id.max(welcome.last_id + 1);
        if !welcome.resumed {
            self.standby = None;
            let peers = welcome.peers.iter();
            self.peers = peers.map(|p| (p.who, (p.ordinal, p.generation))).collect();
            self.lines.clone_from(&welcome.chat);
            let mine = |id: &u64| welcome.chat.contains(&(welcome.me.who, *id));
            self.unechoed.retain(|id| !mine(id));
        }
        if self.committed.is_none() {
            self.renders = welcome.prepared.is_none();
            self.committed = Some(welcome.at);
        }
        self.enter(welcome.at);
        self.prepared = None;
        self.prepare(welcome.prepared);
        // More than it has to: what has arrived already must change nothing.
        self.unechoed.iter().map(|id| Say::Chat(*id)).collect()
    }

    /// What is on standby there becomes that leg.
    fn use_up(&mut self, leg: Leg) {
        self.standby = self.standby.filter(|warm| *warm != leg.provider);
    }

    /// Renders an epoch, unless it knows of a later one.
    fn enter(&mut self, leg: Leg) {
        if self.committed.is_none_or(|c| c.epoch < leg.epoch) {
            self.committed = Some(leg);
            self.renders = true;
        }
    }

    /// Connects to a prepared leg, or gives it up.
    fn prepare(&mut self, leg: Option<Leg>) {
        let later = |leg: &Leg| self.committed.is_none_or(|c| c.epoch < leg.epoch);
        let leg = leg.filter(later);
        if self.prepared != leg {
            self.prepared = leg;
            self.answered = false;
        }
        self.renders |= leg.is_none();
    }

    /// A number for a line or a signal.
    pub fn number(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id - 1
    }
}
