//! The media of one other participant, and what to do when it does not come: the ladder.
//!
//! **One rung after another: ICE restarts, then the relay only, then a fresh connection, then it is
//! reported dead; media that comes back takes everything back to the bottom.** The session is asked
//! at the first stall whether they are there, while the ladder climbs.
//!
//! | rung | what is tried | budget |
//! |---|---|---|
//! | [`Rung::Restart`] | ICE restarts; the offer is the initiator's (R24) | [`RESTART`], after [`PATIENCE`] |
//! | [`Rung::Relay`] | the same with `iceTransportPolicy: "relay"`, where there is a TURN server | [`RELAY`] |
//! | [`Rung::Fresh`] | a new connection in the same epoch, on both sides (see [`super::nth`]), any way | [`FRESH`] |
//! | [`Rung::Report`] | the same once more, and the session is told `failed` | [`REPORT`], for good |
//!
//! A rung is skipped in two cases: the relay where there is none, and what a connection that is
//! closed cannot do. What keeps the ladder from climbing for nothing:
//!
//! - Whose socket is away is no evidence against the way (R20), and while ours is away nothing can be
//!   signalled: time does not count meanwhile. It does not count during sleep either (R29).
//! - Media that has been back for less than [`STEADY`] has not healed: a relapse goes on where it was.
//! - A network that changed is acted on at once, from the bottom, once in [`CHANGES_APART`].
//! - `disconnected` and `failed` count only once the connection was up, and only while no media comes
//!   (R26): then the ladder does not wait out its patience.

use crate::time::Millis;

/// A counter that has not moved for so long means that nothing comes.
pub const STALLED: Millis = Millis(1_500);

/// So long after a stall was noticed the first rung is taken: most gaps of a radio are over by then.
pub const PATIENCE: Millis = Millis(1_500);

/// A connection that never brought anything has so long for it: some browsers say nothing at all
/// when it fails (R26).
pub const WATCHDOG: Millis = Millis(8_000);

/// Media that has come for so long after a climb is well.
pub const STEADY: Millis = Millis(5_000);

/// A longer gap between two looks means that the machine slept: two intervals of a hidden tab (R29).
pub const SLEPT: Millis = Millis(2_000);

/// A browser tells of one change of network several times; it is acted on once in this time.
pub const CHANGES_APART: Millis = Millis(1_000);

/// How often a rung is tried, and how long each try may take: the first `wait`, the next twice as
/// long, up to [`LONGEST`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// So often.
    pub tries: u32,
    /// How long the first try may take.
    pub wait: Millis,
}

/// Two restarts: a round trip of signalling and of checks fits into 2 s nearly anywhere, and the
/// second catches a network that was still changing.
pub const RESTART: Budget = Budget {
    tries: 2,
    wait: Millis(2_000),
};

/// One: the allocation costs some round trips more, by TCP or TLS at worst.
pub const RELAY: Budget = Budget {
    tries: 1,
    wait: Millis(5_000),
};

/// One before it is reported: ICE and DTLS begin from nothing.
pub const FRESH: Budget = Budget {
    tries: 1,
    wait: Millis(6_000),
};

/// For as long as the session does not move: it may have nowhere to go.
pub const REPORT: Budget = Budget {
    tries: u32::MAX,
    wait: Millis(10_000),
};

/// No try takes longer.
pub const LONGEST: Millis = Millis(60_000);

/// A rung, from the bottom up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rung {
    /// ICE restarts.
    Restart,
    /// Through the relay only.
    Relay,
    /// A new connection.
    Fresh,
    /// Reported dead, and tried on.
    Report,
}

impl Rung {
    /// What it may cost.
    pub const fn budget(self) -> Budget {
        match self {
            Self::Restart => RESTART,
            Self::Relay => RELAY,
            Self::Fresh => FRESH,
            Self::Report => REPORT,
        }
    }

    const fn above(self, turn: bool) -> Self {
        match self {
            Self::Restart if turn => Self::Relay,
            Self::Restart | Self::Relay => Self::Fresh,
            Self::Fresh | Self::Report => Self::Report,
        }
    }

    const fn remedy(self) -> Remedy {
        match self {
            Self::Restart => Remedy::Restart,
            Self::Relay => Remedy::Relay,
            Self::Fresh => Remedy::Fresh,
            Self::Report => Remedy::Report,
        }
    }
}

/// What comes of what they send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// All of it.
    Whole,
    /// Some of it: the way is alive.
    Part,
    /// None of it.
    Nothing,
}

/// What the connection says of itself, in its `connectionState` (R26).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// `new` or `connecting`.
    Coming,
    /// `connected`.
    Up,
    /// `disconnected` or `failed`.
    Down,
    /// `closed`, and not by us.
    Closed,
}

/// What there is to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// What comes.
    pub sight: Sight,
    /// What the connection says.
    pub line: Line,
    /// Whether the session has them here.
    pub here: bool,
    /// Whether our own link is open.
    pub link: bool,
    /// Whether there is a relay.
    pub turn: bool,
}

/// What is to be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Send `suspect`.
    Suspect,
    /// Restart ICE if we initiate, or else ask for it.
    Restart,
    /// Allow the relay only, then the same; a connection that is up is made anew for it.
    Relay,
    /// Make the connection anew, on any way.
    Fresh,
    /// The same as far as ways go as now, and send `failed`.
    Report,
}

/// A try on a rung.
#[derive(Clone, Copy, Debug)]
struct Try {
    rung: Rung,
    nth: u32,
    due: Millis,
    /// Whether they were here when it began.
    here: bool,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// All was well then, or the connection was made then and may still come up.
    Bottom { since: Millis },
    /// A try is under way.
    Climbing(Try),
    /// Media is back since then, after this try.
    Mending { since: Millis, after: Try },
}

/// One other participant's media. See the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct Ladder {
    state: State,
    looked: Millis,
    /// Until then a track may be on its way that was announced a moment ago.
    patient_until: Millis,
    was_seen: bool,
    was_up: bool,
    suspected: bool,
    relay: bool,
    /// The way is to be repaired at once, not before this moment.
    hurry: Option<Millis>,
    hurried: Millis,
}

impl Ladder {
    /// For a connection that was made now.
    pub const fn new(now: Millis) -> Self {
        Self {
            state: State::Bottom { since: now },
            looked: now,
            patient_until: Millis(0),
            was_seen: false,
            was_up: false,
            suspected: false,
            relay: false,
            hurry: None,
            hurried: Millis(0),
        }
    }

    /// Whether everything expected was ever here.
    pub const fn was_seen(&self) -> bool {
        self.was_seen
    }

    /// Whether only the relay is allowed. What healed there stays there until the next epoch; a fresh
    /// connection, which is made when even the relay did not help, is free again.
    pub const fn is_relayed(&self) -> bool {
        self.relay
    }

    /// The rung that is being tried.
    pub const fn rung(&self) -> Option<Rung> {
        match self.state {
            State::Climbing(step) => Some(step.rung),
            State::Bottom { .. } | State::Mending { .. } => None,
        }
    }

    /// What they send has changed.
    pub fn announced(&mut self, now: Millis) {
        self.patient_until = now + STALLED;
    }

    /// Our network changed: the way is repaired at the next look, whatever it looks like.
    pub fn network_changed(&mut self, now: Millis) {
        self.hurry = Some(now.max(self.hurried + CHANGES_APART));
    }

    /// The other side wants the way repaired, or the session does (R41). What is under way is not
    /// disturbed; a report that waits for its next try is.
    pub fn asked(&mut self, now: Millis) {
        match self.rung() {
            None | Some(Rung::Report) => self.network_changed(now),
            Some(Rung::Restart | Rung::Relay | Rung::Fresh) => {}
        }
    }

    /// They made the connection anew: it has the time that ours would have. What was reported stays so,
    /// or two who take turns would never back off.
    pub fn renewed(&mut self, now: Millis) {
        self.was_up = false;
        self.looked = now;
        self.patient_until = now + STALLED;
        match &mut self.state {
            State::Climbing(step) if step.rung == Rung::Report => {
                step.due = step.due.max(now + FRESH.wait);
                step.here = true;
            }
            State::Climbing(_) | State::Bottom { .. } | State::Mending { .. } => {
                self.take(now, Rung::Fresh, 0, true);
            }
        }
    }

    /// Looks at it. To be asked again until there is nothing to do.
    pub fn look(&mut self, now: Millis, look: Look) -> Option<Remedy> {
        let gap = now.since(self.looked);
        self.looked = now;
        if gap > SLEPT {
            self.postpone(gap);
            self.patient_until = now + STALLED;
        }
        self.was_up |= look.line == Line::Up;
        if self.hurry.is_some_and(|at| now >= at) && look.here && look.link {
            self.hurry = None;
            self.hurried = now;
            let rung = match look.line {
                Line::Closed => Rung::Fresh,
                Line::Coming | Line::Up | Line::Down => Rung::Restart,
            };
            return Some(self.take(now, rung, 0, true));
        }
        match look.sight {
            Sight::Whole => {
                self.was_seen = true;
                self.is_well(now);
                None
            }
            // A camera that stands still is not a way that is dead.
            Sight::Part if self.was_seen => {
                self.is_well(now);
                None
            }
            Sight::Part => self.part(now, look),
            Sight::Nothing => self.nothing(now, gap, look),
        }
    }

    /// Something comes, and what never came is worth another try now and then, and no more.
    fn part(&mut self, now: Millis, look: Look) -> Option<Remedy> {
        let since = match self.state {
            State::Bottom { since } => since,
            State::Climbing(_) | State::Mending { .. } => now,
        };
        let due = now >= since + WATCHDOG && look.here && look.link;
        let since = if due { now } else { since };
        self.state = State::Bottom { since };
        due.then_some(Remedy::Restart)
    }

    fn nothing(&mut self, now: Millis, gap: Millis, look: Look) -> Option<Remedy> {
        let tellable = look.here && look.link && now >= self.patient_until;
        if self.was_seen && !self.suspected && tellable {
            self.suspected = true;
            return Some(Remedy::Suspect);
        }
        let (due, were_here, next) = match self.state {
            State::Bottom { since } => {
                let patience = if self.was_seen { PATIENCE } else { WATCHDOG };
                let broken = self.was_up && look.line == Line::Down && now >= self.patient_until;
                let due = if broken { now } else { since + patience };
                (due, false, (Rung::Restart, 0))
            }
            State::Mending { after, .. } => {
                let due = now + PATIENCE;
                self.state = State::Climbing(Try { due, ..after });
                return None;
            }
            State::Climbing(Try {
                rung,
                nth,
                due,
                here,
            }) => {
                let again = nth.saturating_add(1);
                let next = if again < rung.budget().tries {
                    (rung, again)
                } else {
                    (rung.above(look.turn), 0)
                };
                (due, here, next)
            }
        };
        let (due, next) = match look.line {
            // There is nothing to restart.
            Line::Closed if next.0 < Rung::Fresh => (now, (Rung::Fresh, 0)),
            Line::Closed | Line::Coming | Line::Up | Line::Down => (due, next),
        };
        // Whoever was here when the try began may be called lost because they report the same. But a
        // fresh connection needs both.
        let credible = look.here || (were_here && next.0 != Rung::Fresh);
        if !look.link || !credible {
            if gap <= SLEPT {
                self.postpone(gap);
            }
            return None;
        }
        (now >= due).then(|| self.take(now, next.0, next.1, look.here))
    }

    fn is_well(&mut self, now: Millis) {
        self.suspected = false;
        self.state = match self.state {
            State::Climbing(after) => State::Mending { since: now, after },
            State::Mending { since, after } if now < since + STEADY => {
                State::Mending { since, after }
            }
            State::Mending { .. } | State::Bottom { .. } => State::Bottom { since: now },
        };
    }

    fn take(&mut self, now: Millis, rung: Rung, nth: u32, here: bool) -> Remedy {
        match rung {
            Rung::Relay => self.relay = true,
            Rung::Fresh => self.relay = false,
            Rung::Restart | Rung::Report => {}
        }
        let factor = 1_u64.checked_shl(nth).unwrap_or(u64::MAX);
        let wait = rung.budget().wait.0.saturating_mul(factor);
        let due = now + Millis(wait).min(LONGEST);
        self.state = State::Climbing(Try {
            rung,
            nth,
            due,
            here,
        });
        rung.remedy()
    }

    /// Time that does not count.
    fn postpone(&mut self, gap: Millis) {
        match &mut self.state {
            State::Bottom { since } | State::Mending { since, .. } => *since = *since + gap,
            State::Climbing(step) => step.due = step.due + gap,
        }
    }
}
