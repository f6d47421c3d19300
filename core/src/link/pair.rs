//! The media of one other participant, and what to do when it does not come.
//!
//! **First the session is asked whether they are there, then the way is repaired, then it is reported
//! dead.** A participant whose socket is away is no evidence against the way (R20).

use crate::time::Millis;

/// A counter that has not moved for so long means that nothing comes.
pub const STALLED: Millis = Millis(1_500);

/// Media that has not come for so long is tried anew by the initiator: some browsers say nothing at
/// all (R26). When it still has not after as long again, the way is reported dead.
pub const WATCHDOG: Millis = Millis(10_000);

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

/// What is to be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Send `suspect`.
    Suspect,
    /// Restart ICE, if we initiate.
    Restart,
    /// The same, and send `failed`.
    Report,
}

/// One other participant's media.
#[derive(Clone, Copy, Debug)]
pub struct Pair {
    /// When everything expected was last here, or else when its way was last repaired.
    since: Millis,
    /// Until then a track may be on its way that was announced a moment ago.
    patient_until: Millis,
    was_seen: bool,
    suspected: bool,
    /// Whether there was a repair since, and whether they were there at it.
    repaired: Option<bool>,
}

impl Pair {
    /// A connection that was made now.
    pub const fn new(now: Millis) -> Self {
        Self {
            since: now,
            patient_until: Millis(0),
            was_seen: false,
            suspected: false,
            repaired: None,
        }
    }

    /// Whether everything expected was ever here.
    pub const fn was_seen(&self) -> bool {
        self.was_seen
    }

    /// What they send has changed.
    pub fn announced(&mut self, now: Millis) {
        self.patient_until = now + STALLED;
    }

    /// Their way is being repaired for another reason.
    pub fn repaired(&mut self, now: Millis) {
        self.since = now;
        self.repaired = Some(true);
    }

    /// Looks at it: what comes, whether the session has them here, and whether it can be told.
    pub fn look(&mut self, now: Millis, sight: Sight, here: bool, link: bool) -> Option<Remedy> {
        match sight {
            Sight::Whole => {
                *self = Self {
                    was_seen: true,
                    ..Self::new(now)
                };
                return None;
            }
            // A camera that stands still is not a way that is dead.
            Sight::Part if self.was_seen => {
                self.since = now;
                self.suspected = false;
                return None;
            }
            Sight::Part => {}
            Sight::Nothing => {
                let at_rest = now >= self.patient_until;
                if self.was_seen && !self.suspected && here && link && at_rest {
                    self.suspected = true;
                    return Some(Remedy::Suspect);
                }
            }
        }
        if now < self.since + WATCHDOG {
            return None;
        }
        self.since = now;
        match self.repaired.replace(here) {
            // Whoever fails to see us, too, reports it, and is then called lost.
            Some(were_here) if sight == Sight::Nothing && (were_here || here) => {
                Some(Remedy::Report)
            }
            Some(_) | None => Some(Remedy::Restart),
        }
    }
}
