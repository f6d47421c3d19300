//! Where the session is, and what a client does when it goes elsewhere.
//!
//! **A client never goes back: of the life of the session that it is in it takes only newer epochs,
//! and of another life it hears by a `welcome` alone.**

/// The provider that needs no driver: from browser to browser.
pub const P2P: &str = "p2p";

/// How a call is going.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// Not everything expected is decoded yet.
    #[default]
    Connecting,
    /// It is.
    Connected,
    /// The link is down; media goes on.
    Reconnecting,
    /// On the way to another epoch.
    Switching,
    /// No provider works; the session tries again by itself.
    Exhausted,
    /// It is over.
    Left,
}

impl Phase {
    /// As applications know it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Connected => "connected",
            Self::Reconnecting => "reconnecting",
            Self::Switching => "switching",
            Self::Exhausted => "exhausted",
            Self::Left => "left",
        }
    }
}

/// An epoch that the session speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg {
    /// Its number.
    pub epoch: u64,
    /// Whether this client can drive its provider.
    pub driven: bool,
}

/// What was heard of the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// The session as it is, of the same life, and whether it is exhausted.
    Session(Leg, bool),
    /// `prepare`, or the `switch` of a `welcome` or a `session`.
    Prepare(Leg),
    /// `commit`.
    Commit(Leg),
    /// `abort` of this epoch.
    Abort(u64),
    /// A `session` without a `switch`.
    NoSwitch,
    /// `exhausted`.
    Exhausted,
    /// Everything expected is decoded.
    Arrived,
}

/// What is to be done, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Tell of a transition to this epoch that began.
    Started(u64),
    /// Tell of one that came to nothing.
    Failed(u64),
    /// Tell of one that is complete.
    Completed(u64),
    /// Say that this epoch's provider has no driver here.
    Decline(u64),
    /// Connect in this epoch too, beside the committed one (R12).
    Open(u64),
    /// The leg of this epoch is of no use any more: the old one never stopped.
    Close(u64),
    /// The leg of this epoch is what is rendered now; the one before is drained (R15).
    Cut(u64),
    /// Connect in the committed epoch, instead of anywhere else.
    Enter,
}

/// Where the session is, as far as this client knows.
#[derive(Debug, Default)]
pub struct Course {
    life: String,
    committed: Option<Leg>,
    /// Whether we are connected there. Who comes during a switch prepares its target only (R13).
    entered: bool,
    /// The epoch whose leg was opened beside the committed one's.
    prepared: Option<u64>,
    /// The epoch of a transition that was told of and is not complete.
    moving: Option<u64>,
    exhausted: bool,
    arrived: bool,
}

impl Course {
    /// A participation begins, perhaps during a switch: whatever was known is of no use.
    #[must_use]
    pub fn begin(&mut self, life: String, leg: Leg, switch: Option<Leg>) -> Vec<Step> {
        let mut steps = Vec::new();
        self.stop(&mut steps);
        let entered = !switch.is_some_and(|to| to.driven);
        *self = Self {
            life,
            committed: Some(leg),
            entered,
            ..Self::default()
        };
        if entered {
            steps.push(Step::Enter);
        }
        steps
    }

    /// Whether what is said of this life is of the present one.
    pub fn is_of(&self, life: &str) -> bool {
        self.life == life
    }

    /// Which life of the session this is.
    pub fn life(&self) -> &str {
        &self.life
    }

    /// The committed epoch.
    pub fn epoch(&self) -> u64 {
        self.committed.map_or(0, |leg| leg.epoch)
    }

    /// Whether we are connected in the committed epoch, or try to be.
    pub fn has_entered(&self) -> bool {
        self.entered
    }

    /// Whether there is a driver for the committed epoch's provider.
    pub fn is_driven(&self) -> bool {
        self.committed.is_some_and(|leg| leg.driven)
    }

    /// Whether everything expected in this epoch was decoded once.
    pub fn has_arrived(&self) -> bool {
        self.arrived
    }

    /// How the call is going, by this and by whether the link is open.
    pub fn phase(&self, link_is_open: bool) -> Phase {
        match (self.committed, link_is_open) {
            (None, _) => Phase::Connecting,
            (Some(_), false) => Phase::Reconnecting,
            (Some(_), true) if self.exhausted => Phase::Exhausted,
            (Some(_), true) if !self.entered => Phase::Connecting,
            (Some(_), true) if self.moving.is_some() => Phase::Switching,
            (Some(_), true) if self.arrived => Phase::Connected,
            (Some(_), true) => Phase::Connecting,
        }
    }

    /// Takes note of what was heard. Late or repeated, it changes nothing.
    #[must_use]
    pub fn hear(&mut self, news: News) -> Vec<Step> {
        let mut steps = Vec::new();
        let committed = self.epoch();
        match news {
            News::Prepare(leg) => {
                // What a resume tells again may be of an earlier switch than the one under way.
                if leg.epoch > committed && self.moving < Some(leg.epoch) {
                    self.start(leg, &mut steps);
                    if leg.driven {
                        self.prepared = Some(leg.epoch);
                        steps.push(Step::Open(leg.epoch));
                    }
                }
            }
            News::Commit(leg) => self.commit(leg, &mut steps),
            News::Session(leg, exhausted) => {
                self.commit(leg, &mut steps);
                if exhausted {
                    self.exhaust(&mut steps);
                }
            }
            News::Abort(epoch) => {
                // A committed epoch cannot be aborted any more, nor does the end of an earlier switch end this one.
                if self.moving > Some(committed) && self.moving <= Some(epoch) {
                    self.stay(&mut steps);
                }
            }
            News::NoSwitch => {
                if self.moving > Some(committed) {
                    self.stay(&mut steps);
                }
            }
            News::Exhausted => self.exhaust(&mut steps),
            News::Arrived => {
                self.arrived = true;
                if self.moving == Some(committed) {
                    self.moving = None;
                    steps.push(Step::Completed(committed));
                }
            }
        }
        steps
    }

    fn commit(&mut self, leg: Leg, steps: &mut Vec<Step>) {
        let committed = self.epoch();
        if leg.epoch >= committed {
            self.exhausted = false;
        }
        if leg.epoch > committed {
            self.committed = Some(leg);
            self.arrived = false;
            self.entered = true;
            if self.moving != Some(leg.epoch) {
                self.start(leg, steps);
            }
            steps.push(match self.prepared.take() {
                Some(epoch) => Step::Cut(epoch),
                None => Step::Enter,
            });
        }
    }

    fn exhaust(&mut self, steps: &mut Vec<Step>) {
        self.exhausted = true;
        self.stay(steps);
    }

    /// The session goes nowhere: who was waiting for it to move connects where it is.
    fn stay(&mut self, steps: &mut Vec<Step>) {
        self.stop(steps);
        if !self.entered {
            self.entered = true;
            steps.push(Step::Enter);
        }
    }

    fn start(&mut self, leg: Leg, steps: &mut Vec<Step>) {
        self.stop(steps);
        self.moving = Some(leg.epoch);
        steps.push(Step::Started(leg.epoch));
        if !leg.driven {
            steps.push(Step::Decline(leg.epoch));
        }
    }

    fn stop(&mut self, steps: &mut Vec<Step>) {
        steps.extend(self.prepared.take().map(Step::Close));
        steps.extend(self.moving.take().map(Step::Failed));
    }
}
