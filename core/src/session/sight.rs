//! Both ways: who sees whom, pair by directed pair (R41).
//!
//! A participant is *blind* to another when the other sees it and it does not see the other, though
//! the other sends. First both are alerted and negotiate afresh; if that does not help the session
//! moves, once; whoever is then still blind is lost, alone.

use std::collections::BTreeSet;

use serde_json::json;

use super::Life;
use super::decision::Turn;
use super::log::Event;
use super::record::Blind;
use super::roster::Participant;
use crate::gather::collected;
use crate::protocol::client::Connected;
use crate::protocol::ids::ParticipantId;
use crate::protocol::server::{AlertKind, Role, ServerMessage};
use crate::provider::Provider;
use crate::provider::bars::BarCause;
use crate::provider::cause::{Cause, after_failure};
use crate::time::Millis;

/// What is longer than this was no gap over a cut.
const LONGEST_GAP: Millis = Millis::from_secs(600);

impl Life {
    /// Notes whose media a participant decodes.
    pub(super) fn connected(&mut self, turn: &mut Turn, id: &ParticipantId, connected: Connected) {
        if self.is_stale(turn, id, connected.epoch) || connected.epoch != self.record.epoch {
            // What is seen on the prepared leg is said by `ready`.
            return;
        }
        let sees: BTreeSet<_> = collected(
            connected
                .sees
                .into_iter()
                .filter(|other| other != id && self.participants.contains_key(other)),
        );
        let nobody_sends = !self
            .senders()
            .any(|other| other.record.id != *id && other.sends());
        let Some(participant) = self.participants.get_mut(id) else {
            return;
        };
        let gap = connected.gap_ms.filter(|gap| {
            if Millis(*gap) > LONGEST_GAP {
                return false;
            }
            let told = participant.record.gap_of.replace(self.record.epoch);
            told != Some(self.record.epoch)
        });
        let before = participant.connection();
        // Whoever sees nobody though others send is still on the way.
        let flows = nobody_sends || !sees.is_empty();
        participant.record.sees = sees;
        if flows {
            participant.record.connected = true;
            participant.record.report = None;
        }
        turn.changed.insert(id.clone());
        if participant.connection() != before {
            self.announce(turn, id);
        }
        if let Some(gap) = gap {
            self.note_gap(turn, id, Millis(gap));
        }
        if flows {
            self.recovered(turn);
        }
    }

    /// Notes for how long somebody was without a new picture when the session moved.
    fn note_gap(&mut self, turn: &mut Turn, id: &ParticipantId, gap: Millis) {
        let summary = &mut self.record.summary;
        summary.longest_gap_ms = summary.longest_gap_ms.max(gap);
        turn.session_changed = true;
        let event = Event::CutOver {
            participant: id.clone(),
            gap_ms: gap,
        };
        turn.log(&self.record, event);
    }

    /// Takes a participant out of what the others see: gone, or begun again.
    pub(super) fn forget_seen(&mut self, turn: &mut Turn, gone: &ParticipantId) {
        for participant in self.participants.values_mut() {
            let record = &mut participant.record;
            let seen = record.sees.remove(gone);
            if record.blind.remove(gone).is_some() || seen {
                turn.changed.insert(record.id.clone());
            }
        }
    }

    /// Whether somebody here decodes this participant's media.
    pub(super) fn is_seen(&self, id: &ParticipantId) -> bool {
        self.participants
            .values()
            .any(|p| p.record.socket.is_some() && p.record.sees.contains(id))
    }

    /// Finds out who is blind to whom, alerts, and moves or gives up on those who stay so.
    pub(super) fn look_at_sight(&mut self, turn: &mut Turn, providers: &[Provider]) {
        self.update_blindness(turn);
        self.alert_the_blind(turn);
        let mut due = self.blind_since(turn.now, self.tuning.one_way_verdict);
        if due.is_empty() || self.record.switch.is_some() || self.record.recovery.is_some() {
            return;
        }
        let concerned = self.concerned(&due);
        let unmoved = concerned.iter().any(|id| {
            self.participants
                .get(id)
                .and_then(|p| p.record.moved_for)
                .is_none_or(|at| at + self.tuning.bar_most <= turn.now)
        });
        let target = self
            .consider(turn.now, providers, after_failure)
            .filter(|_| unmoved);
        let evidence = json!({"oneWay": due});
        match target {
            Some(target) => {
                for id in &concerned {
                    if let Some(participant) = self.participants.get_mut(id) {
                        participant.record.moved_for = Some(turn.now);
                        turn.changed.insert(id.clone());
                    }
                }
                let (cause, earns) = (Cause::Failed, Some(BarCause::Failed));
                // Media of most still flows: the old leg carries it until everyone is ready.
                self.prepare(turn, providers, &target, cause, earns, Some(evidence));
            }
            None => {
                // Whoever is lost already takes nobody else along.
                due.retain(|(one, other)| !self.is_given_up(one, other));
                for id in self.concerned(&due) {
                    self.mark_lost(turn, &id);
                }
            }
        }
    }

    /// Whose trouble these pairs are. If all have somebody in common it is that one's own.
    fn concerned(&self, pairs: &[(ParticipantId, ParticipantId)]) -> BTreeSet<ParticipantId> {
        let all: BTreeSet<_> = collected(pairs.iter().flat_map(|(a, b)| [a.clone(), b.clone()]));
        let common: Vec<_> = all
            .iter()
            .filter(|who| pairs.iter().all(|(a, b)| a == *who || b == *who))
            .cloned()
            .collect();
        match self.most_concerned(&common) {
            Some(own) => BTreeSet::from([own]),
            None => all,
        }
    }

    /// Whether one of a pair is lost: nothing more is done for it.
    fn is_given_up(&self, one: &ParticipantId, other: &ParticipantId) -> bool {
        [one, other]
            .into_iter()
            .any(|id| self.participants.get(id).is_some_and(|p| p.record.lost))
    }

    /// Of those that all one-way pairs have in common, the one who is blind: if it is one pair, its
    /// two ends are both in common.
    fn most_concerned(&self, common: &[ParticipantId]) -> Option<ParticipantId> {
        let blind = |id: &&ParticipantId| {
            self.participants
                .get(*id)
                .is_some_and(|p| !p.record.blind.is_empty())
        };
        common.iter().find(blind).or(common.first()).cloned()
    }

    fn mark_lost(&mut self, turn: &mut Turn, id: &ParticipantId) {
        if let Some(participant) = self.participants.get_mut(id)
            && !participant.record.lost
        {
            participant.record.lost = true;
            self.announce(turn, id);
        }
    }

    /// Looks again at the pairs of everyone who changed; the others are as they were.
    fn update_blindness(&mut self, turn: &mut Turn) {
        let changed: Vec<_> = turn.changed.iter().cloned().collect();
        let everyone: Vec<_> = self.participants.keys().cloned().collect();
        for one in &changed {
            for other in &everyone {
                self.update_pair(turn, one, other);
                self.update_pair(turn, other, one);
            }
        }
        if changed.is_empty() {
            return;
        }
        let is_in_a_one_way_pair = |id: &ParticipantId, p: &Participant| {
            let is_missed = || {
                self.participants
                    .values()
                    .any(|q| q.record.blind.contains_key(id))
            };
            !p.record.blind.is_empty() || is_missed()
        };
        let healed: Vec<_> = self
            .participants
            .iter()
            .filter(|(id, p)| p.record.lost && !is_in_a_one_way_pair(id, p))
            .map(|(id, _)| id.clone())
            .collect();
        for id in healed {
            if let Some(participant) = self.participants.get_mut(&id) {
                participant.record.lost = false;
            }
            self.announce(turn, &id);
        }
    }

    /// Finds out whether one is blind to the other, and notes since when.
    fn update_pair(&mut self, turn: &mut Turn, one: &ParticipantId, other: &ParticipantId) {
        let present = |id| {
            self.participants
                .get(id)
                .filter(|p| p.record.socket.is_some() && p.record.role != Role::Viewer)
        };
        let blind = present(one)
            .zip(present(other))
            .is_some_and(|(one, other)| one.is_blind_to(other));
        let Some(participant) = self.participants.get_mut(one) else {
            return;
        };
        let known = &mut participant.record.blind;
        if blind && !known.contains_key(other) {
            let since = Blind {
                since: turn.now,
                alerted: false,
            };
            known.insert(other.clone(), since);
            turn.changed.insert(one.clone());
        } else if !blind && known.remove(other).is_some() {
            turn.changed.insert(one.clone());
        }
    }

    /// Tells both ends of every pair that has been one-way for long enough, once.
    fn alert_the_blind(&mut self, turn: &mut Turn) {
        for (one, other) in self.blind_since(turn.now, self.tuning.one_way_alert) {
            let Some(blind) = self
                .participants
                .get_mut(&one)
                .and_then(|p| p.record.blind.get_mut(&other))
            else {
                continue;
            };
            if std::mem::replace(&mut blind.alerted, true) {
                continue;
            }
            turn.changed.insert(one.clone());
            for (to, about, detail) in [
                (
                    &one,
                    &other,
                    "they see you, and you do not see them: negotiate afresh",
                ),
                (
                    &other,
                    &one,
                    "you see them, and they do not see you: negotiate afresh",
                ),
            ] {
                let alert = ServerMessage::Alert {
                    kind: AlertKind::Asymmetric,
                    participant: Some(about.clone()),
                    detail: detail.to_owned(),
                };
                self.tell_once(turn, to, &alert);
            }
            let event = Event::Alerted {
                alert: AlertKind::Asymmetric,
                participant: Some(one.clone()),
            };
            let evidence = json!({"blind": one, "to": other});
            turn.log_choice(
                &self.record,
                self.record.epoch,
                event,
                Some(evidence),
                Vec::new(),
            );
        }
    }

    /// The one-way pairs that have been so for at least this long: who is blind, and to whom.
    fn blind_since(&self, now: Millis, span: Millis) -> Vec<(ParticipantId, ParticipantId)> {
        let blind = |p: &Participant| -> Vec<_> {
            let due = p.record.blind.iter().filter(|(_, b)| b.since + span <= now);
            due.map(|(to, _)| (p.record.id.clone(), to.clone()))
                .collect()
        };
        self.participants.values().flat_map(blind).collect()
    }

    /// When a one-way pair is looked at next.
    pub(super) fn sight_deadlines(&self) -> impl Iterator<Item = Millis> {
        let (alert, verdict) = (self.tuning.one_way_alert, self.tuning.one_way_verdict);
        let busy = self.record.switch.is_some() || self.record.recovery.is_some();
        self.participants.values().flat_map(move |p| {
            let blind = p.record.blind.iter();
            blind.filter_map(move |(other, blind)| match blind.alerted {
                false => Some(blind.since + alert),
                true => (!busy && !self.is_given_up(&p.record.id, other))
                    .then_some(blind.since + verdict),
            })
        })
    }
}
