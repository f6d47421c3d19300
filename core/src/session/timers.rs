//! What a session waits for. An object has one alarm (R5): it is set for the earliest of these, and
//! whoever rings it, however late or often, only makes the session compare deadlines.

use serde::Serialize;

use super::{Life, Session};
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
    /// Somebody who was probed is declared gone.
    Probe,
    /// A switch under way is looked at: those not ready are probed, or it is committed or aborted.
    Switch,
    /// A recovery has taken too long, or is tried again.
    Recovery,
    /// What somebody suspected is over.
    Suspicion,
    /// A one-way pair is looked at.
    OneWay,
    /// The rule may want another provider.
    Provider,
    /// A credential is renewed.
    Renewal,
    /// The log of a life that is over goes.
    Retention,
}

impl Session {
    /// The earliest deadline, and what happens then.
    pub fn poll_timeout(&self) -> Option<(Millis, TimerReason)> {
        self.timers().into_iter().min()
    }

    /// Every deadline, in no order.
    pub(super) fn timers(&self) -> Vec<(Millis, TimerReason)> {
        let hello = self.tuning().hello_deadline;
        let hellos = self
            .pending
            .values()
            .map(|p| (p.opened + hello, TimerReason::Hello));
        let life = self.life.iter().flat_map(|life| life.timers());
        let retention = self.settings.tuning.retention;
        let past = self.past.first().map(|past| past.ended_at + retention);
        // Bars outlive the log only where a token does.
        let bars = self.barred.iter().map(|barred| barred.until);
        let alone = self.life.is_none() && self.past.is_empty();
        let past = past
            .or_else(|| bars.max().filter(|_| alone))
            .filter(|_| self.pending.is_empty())
            .map(|at| (at, TimerReason::Retention));
        hellos.chain(life).chain(past).collect()
    }

    /// The constants in force: the life's, or the operator's where there is none.
    pub(super) fn tuning(&self) -> Tuning {
        self.life
            .as_ref()
            .map_or(self.settings.tuning, |life| life.tuning)
    }
}

impl Life {
    fn timers(&self) -> Vec<(Millis, TimerReason)> {
        let leases = self.participants.values().filter_map(|p| {
            let reason = match (&p.record.socket, p.record.probed_at) {
                (Some(_), None) => TimerReason::Heartbeat,
                (Some(_), Some(_)) => TimerReason::Probe,
                (None, _) => TimerReason::Lease,
            };
            Some((self.lease_deadline(&p.record.id)?, reason))
        });
        let with = |reason| move |at| (at, reason);
        leases
            .chain(self.empty_until().map(with(TimerReason::Empty)))
            .chain(self.switch_deadline().map(with(TimerReason::Switch)))
            .chain(self.recovery_deadline().map(with(TimerReason::Recovery)))
            .chain(self.suspicion_deadlines().map(with(TimerReason::Suspicion)))
            .chain(self.sight_deadlines().map(with(TimerReason::OneWay)))
            .chain(self.next_look.map(with(TimerReason::Provider)))
            .chain(self.renewal_deadlines().map(with(TimerReason::Renewal)))
            .collect()
    }
}
