//! The barrier: prepare → ready → commit or abort (R12–R14).
//!
//! **Everyone moves or nobody does.** Between prepare and commit two epochs are valid, and the old
//! one still carries what people see and hear. [`Life::enter`] is the only place that changes a
//! life's committed epoch; whoever looks for the first law of the house finds it there.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::Life;
use super::decision::Turn;
use super::log::{AbortReason, Alternative, Event};
use super::record::{Member, Switch};
use crate::gather::collected;
use crate::protocol::http::Lock;
use crate::protocol::ids::{Epoch, ParticipantId, ProviderName};
use crate::protocol::server::{
    Encoded, Leg, ParticipantView, PreparedLeg, ProviderKind, ServerMessage,
};
use crate::provider::Provider;
use crate::provider::bars::BarCause;
use crate::provider::cause::Cause;
use crate::provider::rule::{Out, out};
use crate::time::Millis;

/// Where an epoch goes.
pub(super) struct Target {
    pub(super) epoch: Epoch,
    pub(super) provider: ProviderName,
    pub(super) kind: ProviderKind,
    pub(super) cause: Cause,
}

/// How it is entered.
struct Entry {
    /// Media is dead, and nobody was waited for.
    urgent: bool,
    /// The provider before failed.
    failover: bool,
    /// Who has media on it already.
    ready: BTreeSet<ParticipantId>,
    /// What else there was.
    alternatives: Vec<Alternative>,
}

impl Life {
    /// Takes the next epoch, which is never given out again (R1).
    pub(super) fn issue(&mut self) -> Epoch {
        let epoch = self.record.issued.max(self.record.epoch).next();
        self.record.issued = epoch;
        epoch
    }

    /// Begins a switch. Its quorum is everyone here, viewers aside.
    pub(super) fn prepare(
        &mut self,
        turn: &mut Turn,
        providers: &[Provider],
        to: &ProviderName,
        cause: Cause,
        earns: Option<BarCause>,
        evidence: Option<Value>,
    ) {
        let Some(provider) = providers.iter().find(|p| p.name == *to) else {
            return;
        };
        let epoch = self.issue();
        let quorum: BTreeMap<_, _> = collected(self.senders().map(|p| {
            let member = Member {
                generation: p.record.generation,
                ready: false,
                ready_after: None,
                silent: false,
            };
            (p.record.id.clone(), member)
        }));
        let deadline = turn.now + self.tuning.prepare_deadline;
        let switch = Switch {
            epoch,
            provider: provider.name.clone(),
            kind: provider.kind,
            cause,
            began: turn.now,
            deadline,
            quorum,
            probed: false,
            earns,
            pins: None,
            merged: BTreeSet::new(),
        };
        let event = Event::Prepared {
            provider: switch.provider.clone(),
            cause,
            deadline,
        };
        let alternatives = self.alternatives(turn.now, providers, &switch.provider);
        turn.log_choice(&self.record, epoch, event, evidence, alternatives);
        self.use_standby(turn.now, to);
        self.record.switch = Some(switch);
        turn.session_changed = true;
        if let Some(leg) = self.prepared_leg(turn.now) {
            self.tell_all(turn, &ServerMessage::Prepare(leg));
        }
    }

    /// The switch under way, as participants are told of it.
    pub(super) fn prepared_leg(&self, now: Millis) -> Option<PreparedLeg> {
        self.record.switch.as_ref().map(|switch| PreparedLeg {
            epoch: switch.epoch,
            leg: Leg {
                provider: switch.provider.clone(),
                kind: switch.kind,
                room: self.id.clone(),
                credentials: None,
            },
            deadline_ms: switch.deadline.since(now),
            cause: switch.cause.as_str().to_owned(),
        })
    }

    /// A participant's media flows on the prepared leg. Late or foreign, it changes nothing.
    pub(super) fn ready(&mut self, turn: &mut Turn, id: &ParticipantId, epoch: Epoch) {
        let generation = self.participants.get(id).map(|p| p.record.generation);
        match &mut self.record.switch {
            Some(switch) if switch.epoch == epoch => {
                // A newcomer is not waited for, so its being ready is no news.
                if let Some(member) = switch.quorum.get_mut(id)
                    && Some(member.generation) == generation
                    && !member.ready
                {
                    member.ready = true;
                    member.ready_after = Some(turn.now.since(switch.began));
                    turn.session_changed = true;
                }
            }
            Some(_) | None => {
                // A `ready` that crossed its own commit is as it should be.
                if epoch != self.record.epoch {
                    self.stale(turn, id);
                }
            }
        }
    }

    /// Takes somebody out of the quorum: gone, or begun anew.
    pub(super) fn release(&mut self, turn: &mut Turn, id: &ParticipantId) {
        if let Some(switch) = &mut self.record.switch
            && switch.quorum.remove(id).is_some()
        {
            turn.session_changed = true;
        }
    }

    /// Commits, probes or gives up, as the quorum and the time say.
    pub(super) fn look_at_switch(&mut self, turn: &mut Turn, providers: &[Provider]) {
        let Some(switch) = &self.record.switch else {
            return;
        };
        let target = providers.iter().find(|p| p.name == switch.provider);
        let left_out = target.map_or(Some(Out::Inactive), |target| {
            self.with_demand(turn.now, &[], None, |demand| out(target, demand))
        });
        match left_out {
            Some(Out::Inactive | Out::Ejected | Out::RelayOnly | Out::NotAllowed) => {
                return self.abort(turn, AbortReason::Withdrawn, None);
            }
            // Locked meanwhile, it stays where it is (R21).
            _ if self.record.lock == Some(Lock::Stay) && switch.cause != Cause::Failed => {
                return self.abort(turn, AbortReason::Withdrawn, None);
            }
            // Who came meanwhile is looked at after it (R14).
            None | Some(Out::NoDriver | Out::TooManyForP2p) => {}
        }
        let Some(switch) = &mut self.record.switch else {
            return;
        };
        if switch.quorum.is_empty() {
            return self.abort(turn, AbortReason::Deserted, None);
        }
        if turn.now >= switch.deadline {
            let before = switch.quorum.len();
            switch
                .quorum
                .retain(|_, member| member.ready || !member.silent);
            turn.session_changed |= switch.quorum.len() != before;
            if !switch.is_ready() {
                let waited: Vec<_> = switch.quorum.iter().filter(|(_, m)| !m.ready).collect();
                let waited =
                    json!({"notReady": waited.iter().map(|(id, _)| id).collect::<Vec<_>>()});
                return self.abort(turn, AbortReason::Deadline, Some(waited));
            }
        }
        if switch.is_ready() {
            return self.commit_prepared(turn, false, None);
        }
        let probe_at = switch.deadline - self.tuning.probe_before();
        if !switch.probed && turn.now >= probe_at {
            self.probe_the_unready(turn);
        }
    }

    fn probe_the_unready(&mut self, turn: &mut Turn) {
        let Some(switch) = &mut self.record.switch else {
            return;
        };
        switch.probed = true;
        turn.session_changed = true;
        let mut unready = Vec::new();
        for (id, member) in &mut switch.quorum {
            if !member.ready {
                member.silent = true;
                unready.push(id.clone());
            }
        }
        for id in unready {
            self.send_probe(turn, &id);
        }
    }

    /// When the switch is looked at next: to probe those not ready, and then at its end.
    pub(super) fn switch_deadline(&self) -> Option<Millis> {
        self.record.switch.as_ref().map(|switch| {
            if switch.probed {
                switch.deadline
            } else {
                switch.deadline - self.tuning.probe_before()
            }
        })
    }

    /// Commits what was prepared. Urgent, the committed provider died meanwhile, and nobody is waited for.
    pub(super) fn commit_prepared(
        &mut self,
        turn: &mut Turn,
        urgent: bool,
        evidence: Option<Value>,
    ) {
        let Some(switch) = self.record.switch.take() else {
            return;
        };
        let evidence = evidence.or_else(|| Some(switch.preparation(turn.now)));
        let ready: BTreeSet<_> = collected(
            switch
                .quorum
                .into_iter()
                .filter(|(_, member)| member.ready)
                .map(|(id, _)| id),
        );
        // Urgent, it has earned its bar by failing. Staying earns none.
        if let Some(cause) = switch.earns.filter(|_| !urgent) {
            let (tuning, left) = (self.tuning, self.record.provider.clone());
            self.record.bars.earn(turn.now, &left, cause, &tuning);
        }
        let failover = urgent || switch.cause == Cause::Failed;
        let target = Target {
            epoch: switch.epoch,
            provider: switch.provider,
            kind: switch.kind,
            cause: switch.cause,
        };
        let way = Entry {
            urgent,
            failover,
            ready,
            alternatives: Vec::new(),
        };
        self.enter(turn, target, way, evidence);
        if let Some(by) = switch.pins {
            self.pin(turn, by);
        }
    }

    /// Moves everyone at once to a fresh epoch: media is dead, so there is nothing to protect.
    pub(super) fn move_urgently(
        &mut self,
        turn: &mut Turn,
        providers: &[Provider],
        to: &ProviderName,
        cause: Cause,
        evidence: Option<Value>,
    ) {
        let Some(provider) = providers.iter().find(|p| p.name == *to) else {
            return;
        };
        let alternatives = self.alternatives(turn.now, providers, to);
        let target = Target {
            epoch: self.issue(),
            provider: provider.name.clone(),
            kind: provider.kind,
            cause,
        };
        let way = Entry {
            urgent: true,
            failover: cause == Cause::Failed,
            ready: BTreeSet::new(),
            alternatives,
        };
        self.enter(turn, target, way, evidence);
    }

    /// The one place that changes the committed epoch of a life. It closes every other epoch.
    fn enter(&mut self, turn: &mut Turn, target: Target, way: Entry, evidence: Option<Value>) {
        let Entry {
            urgent,
            failover,
            ready,
            alternatives,
        } = way;
        self.use_standby(turn.now, &target.provider);
        let record = &mut self.record;
        record.epoch = target.epoch;
        record.provider = target.provider;
        record.kind = target.kind;
        record.cause = target.cause;
        record.switch = None;
        record.switched_at = turn.now;
        record.summary.switches = record.summary.switches.saturating_add(1);
        if failover {
            record.summary.failovers = record.summary.failovers.saturating_add(1);
        }
        turn.session_changed = true;
        let before = self.views();
        for participant in self.participants.values_mut() {
            let connected = participant.record.connected;
            let unreached = urgent && !ready.contains(&participant.record.id);
            let changed = participant.record.enter(target.epoch, unreached);
            if changed || connected != participant.record.connected {
                turn.changed.insert(participant.record.id.clone());
            }
        }
        let event = Event::Committed {
            provider: self.record.provider.clone(),
            provider_kind: self.record.kind,
            cause: target.cause,
            urgent,
        };
        turn.log_choice(&self.record, target.epoch, event, evidence, alternatives);
        self.log_changes(turn, &before);
        let commit = PreparedLeg {
            epoch: self.record.epoch,
            leg: Leg {
                provider: self.record.provider.clone(),
                kind: self.record.kind,
                room: self.id.clone(),
                credentials: None,
            },
            deadline_ms: if urgent {
                self.tuning.attempt
            } else {
                Millis(0)
            },
            cause: target.cause.as_str().to_owned(),
        };
        self.tell_all(turn, &ServerMessage::Commit(commit));
    }

    /// Gives the switch up; nobody's media has stopped. The epoch is used up all the same.
    pub(super) fn abort(&mut self, turn: &mut Turn, reason: AbortReason, evidence: Option<Value>) {
        let Some(switch) = self.record.switch.take() else {
            return;
        };
        match reason {
            AbortReason::Deadline | AbortReason::Failed => {
                let tuning = self.tuning;
                self.record
                    .bars
                    .earn(turn.now, &switch.provider, BarCause::Aborted, &tuning);
            }
            // That says nothing of the provider.
            AbortReason::Deserted | AbortReason::Withdrawn => {}
        }
        let before = self.views();
        for participant in self.participants.values_mut() {
            if participant.record.prepared.take().is_some() {
                turn.changed.insert(participant.record.id.clone());
            }
        }
        self.record.summary.aborted = self.record.summary.aborted.saturating_add(1);
        turn.session_changed = true;
        let event = Event::Aborted {
            provider: switch.provider,
            cause: switch.cause,
            reason,
        };
        turn.log_choice(&self.record, switch.epoch, event, evidence, Vec::new());
        self.log_changes(turn, &before);
        let message = ServerMessage::Abort {
            epoch: switch.epoch,
            cause: reason.word().to_owned(),
        };
        self.tell_all(turn, &message);
    }

    /// Logs what the end of a switch changes about people. They know it from that end itself.
    fn log_changes(&self, turn: &mut Turn, before: &[ParticipantView]) {
        for view in self.views() {
            if !before.contains(&view) {
                turn.log(&self.record, Event::Updated { participant: view });
            }
        }
    }

    /// Notes a cause that has to wait for the end of the switch under way (R14).
    pub(super) fn merge(&mut self, turn: &mut Turn, cause: Cause) {
        if let Some(switch) = &mut self.record.switch
            && switch.merged.insert(cause)
        {
            let epoch = switch.epoch;
            turn.session_changed = true;
            turn.log_choice(
                &self.record,
                epoch,
                Event::Merged { cause },
                None,
                Vec::new(),
            );
        }
    }

    pub(super) fn tell_all(&mut self, turn: &mut Turn, message: &ServerMessage) {
        let message = Encoded::of(message);
        let everyone: Vec<_> = self.participants.keys().cloned().collect();
        for id in everyone {
            self.tell(turn, &id, message.clone(), None);
        }
    }
}
