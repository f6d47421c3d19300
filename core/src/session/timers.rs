//! What a session waits for. An object has one alarm (R5): it is set for the earliest of these, and
//! whoever rings it, however late or often, only makes the session compare deadlines.

use serde::Serialize;

use super::Session;
use crate::time::Millis;
use crate::tuning::Tuning;

/// What happens at a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TimerReason {
    /// A socket that has said nothing is sent away.
    Hello,
    /// A participant's heartbeats are looked at.
    Heartbeat,
    /// A participant who is away is taken out.
    Lease,
    /// The session ends, because nobody is in it.
    Empty,
}

impl Session {
    /// The earliest deadline, and what happens then.
    pub fn poll_timeout(&self) -> Option<(Millis, TimerReason)> {
        self.timers().min()
    }

    /// Every deadline, in no order.
    pub(super) fn timers(&self) -> impl Iterator<Item = (Millis, TimerReason)> {
        let hello = self.tuning().hello_deadline;
        let hellos = self
            .pending
            .values()
            .map(move |p| (p.opened + hello, TimerReason::Hello));
        let leases = self.life.iter().flat_map(|life| {
            life.participants.values().map(|p| {
                let reason = match p.record.socket {
                    Some(_) => TimerReason::Heartbeat,
                    None => TimerReason::Lease,
                };
                (p.since + life.lease(p.record.hidden), reason)
            })
        });
        let empty = self.life.iter().filter_map(|life| life.empty_until());
        hellos
            .chain(leases)
            .chain(empty.map(|at| (at, TimerReason::Empty)))
    }

    /// The constants in force: the life's, or the operator's where there is none.
    pub(super) fn tuning(&self) -> Tuning {
        self.life
            .as_ref()
            .map_or(self.settings.tuning, |life| life.tuning)
    }
}
