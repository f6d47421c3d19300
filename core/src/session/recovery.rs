//! Failure: whose it is, and the way back to media (R19, R20).
//!
//! A report is one participant's word. The session's verdict needs half of those who are here, and at
//! least two where three are: one in trouble among many has trouble of its own. Of two, either's is
//! the pair's.

use serde_json::{Value, json};

use super::Life;
use super::decision::Turn;
use super::log::{AbortReason, Event};
use super::record::{Recovery, Report};
use super::roster::Participant;
use crate::protocol::MAX_NAME_BYTES;
use crate::protocol::client::{Failed, Operation, Suspect};
use crate::protocol::ids::{ParticipantId, ProviderName};
use crate::protocol::server::{ProviderKind, ServerMessage};
use crate::provider::Provider;
use crate::provider::bars::BarCause;
use crate::provider::cause::{Cause, after_failure, least_bad};
use crate::time::Millis;

/// The most bytes of evidence that a `suspect` may carry.
const MAX_EVIDENCE_BYTES: usize = 1024;

impl Life {
    /// A participant cannot do what it should with a provider.
    pub(super) fn failed(&mut self, turn: &mut Turn, id: &ParticipantId, failed: Failed) {
        let Some(generation) = self.participants.get(id).map(|p| p.record.generation) else {
            return;
        };
        if let Some(switch) = &self.record.switch
            && switch.epoch == failed.epoch
        {
            let member = switch.quorum.get(id);
            if member.is_some_and(|member| member.generation == generation) {
                let evidence = json!({"participant": id, "operation": failed.operation, "reason": failed.reason});
                self.abort(turn, AbortReason::Failed, Some(evidence));
            }
            // A newcomer's trouble with the prepared leg is its own.
            return;
        }
        if failed.epoch != self.record.epoch {
            return self.stale(turn, id);
        }
        if failed.provider != self.record.provider {
            let message = format!(
                "\"provider\" is \"{}\", and epoch {} is on \"{}\"",
                failed
                    .provider
                    .as_str()
                    .chars()
                    .take(64)
                    .collect::<String>(),
                failed.epoch.0,
                self.record.provider
            );
            return self.error(turn, id, "bad_field", &message);
        }
        let report = Report::Failed {
            at: turn.now,
            operation: failed.operation,
            reason: failed.reason,
            attempt: failed.attempt,
        };
        let detail = failed
            .detail
            .map(|text| text.chars().take(MAX_NAME_BYTES).collect::<String>());
        let evidence = json!({"operation": failed.operation, "reason": failed.reason, "attempt": failed.attempt, "detail": detail});
        self.report(turn, id, report, evidence);
    }

    /// A participant's media stalls, from somebody or from the provider.
    pub(super) fn suspect(&mut self, turn: &mut Turn, id: &ParticipantId, suspect: Suspect) {
        if self.is_stale(turn, id, suspect.epoch) {
            return;
        }
        if suspect.evidence.to_string().len() > MAX_EVIDENCE_BYTES {
            let message = format!("\"evidence\" has at most {MAX_EVIDENCE_BYTES} bytes as JSON");
            return self.error(turn, id, "bad_field", &message);
        }
        match (suspect.participant, suspect.provider) {
            (Some(whom), None) if whom != *id => {
                self.suspect_participant(turn, id, &whom, suspect.evidence)
            }
            (None, Some(provider)) if provider == self.record.provider => {
                let climbed = self
                    .participants
                    .get(id)
                    .is_some_and(|p| matches!(p.record.report, Some(Report::Failed { .. })));
                if !climbed {
                    let report = Report::Suspect { at: turn.now };
                    self.report(turn, id, report, suspect.evidence);
                }
            }
            (Some(_), _) | (None, _) => {
                let message = "a suspect names a participant other than its sender, or the provider of its epoch";
                self.error(turn, id, "bad_field", message);
            }
        }
    }

    /// Notes trouble; tells the others when it changes how somebody is connected.
    pub(super) fn report(
        &mut self,
        turn: &mut Turn,
        id: &ParticipantId,
        report: Report,
        evidence: Value,
    ) {
        let Some(participant) = self.participants.get_mut(id) else {
            return;
        };
        let before = participant.connection();
        let news = participant
            .record
            .report
            .as_ref()
            .map(std::mem::discriminant)
            != Some(std::mem::discriminant(&report));
        participant.record.report = Some(report);
        turn.changed.insert(id.clone());
        if news {
            let event = Event::Reported {
                participant: id.clone(),
            };
            turn.log_choice(
                &self.record,
                self.record.epoch,
                event,
                Some(evidence),
                Vec::new(),
            );
        }
        if self.participants.get(id).map(Participant::connection) != Some(before) {
            self.announce(turn, id);
        }
    }

    /// Whether a report says that the provider failed, and not that somebody is only slow to start:
    /// starting and joining are tried twice before the next provider, and once each after that.
    fn counts(&self, report: &Report, present: usize) -> bool {
        match report {
            Report::Suspect { .. } => false,
            Report::Failed {
                operation, attempt, ..
            } => match operation {
                // Whoever is alone has nobody to hear.
                Operation::Media | Operation::Subscribe => present >= 2,
                Operation::Join | Operation::Publish => {
                    let enough = if self.record.recovery.is_some() {
                        1
                    } else {
                        self.tuning.max_attempts.saturating_sub(1).max(1)
                    };
                    *attempt >= enough
                }
            },
        }
    }

    /// The session's verdict that its provider failed, with the evidence (R36: two witnesses where
    /// there are two).
    fn verdict(&self, now: Millis) -> Option<Value> {
        let present: Vec<_> = self
            .senders()
            .filter(|p| p.record.socket.is_some())
            .collect();
        let count = present.len();
        let needed = count.div_ceil(2).max(if count >= 3 { 2 } else { 1 });
        let failed = present.iter().filter(|p| {
            p.record
                .report
                .as_ref()
                .is_some_and(|r| self.counts(r, count))
        });
        let suspecting = present.iter().filter(|p| {
            // Stalls between peers are their networks'; they climb their ladders first.
            self.record.kind != ProviderKind::P2p
                && matches!(p.record.report, Some(Report::Suspect { at }) if at + self.tuning.suspect_for > now)
        });
        let failed: Vec<_> = failed.map(|p| &p.record.id).collect();
        let suspecting: Vec<_> = suspecting.map(|p| &p.record.id).collect();
        let enough = failed.len() >= needed
            || failed.len().saturating_add(suspecting.len()) >= needed.max(2);
        (count > 0 && enough)
            .then(|| json!({"failed": failed, "suspecting": suspecting, "present": count}))
    }

    /// A suspicion that is not said again is over: what stalled comes again, or is reported failed.
    pub(super) fn forget_suspicions(&mut self, turn: &mut Turn) {
        let span = self.tuning.suspect_for;
        let over = |p: &&Participant| matches!(p.record.report, Some(Report::Suspect { at }) if at + span <= turn.now);
        let over: Vec<_> = self
            .participants
            .values()
            .filter(over)
            .map(|p| p.record.id.clone())
            .collect();
        for id in over {
            if let Some(participant) = self.participants.get_mut(&id) {
                participant.record.report = None;
            }
            self.announce(turn, &id);
        }
    }

    /// When a suspicion is over.
    pub(super) fn suspicion_deadlines(&self) -> impl Iterator<Item = Millis> {
        self.participants
            .values()
            .filter_map(|p| match p.record.report {
                Some(Report::Suspect { at }) => Some(at + self.tuning.suspect_for),
                Some(Report::Failed { .. }) | None => None,
            })
    }

    /// Whoever is alone has nobody to hear: what it said of media is nothing against the provider when
    /// somebody comes.
    fn forget_what_was_said_alone(&mut self, turn: &mut Turn) {
        let mut senders = self.senders();
        let (Some(alone), None) = (senders.next(), senders.next()) else {
            return;
        };
        let of_media = matches!(
            alone.record.report,
            Some(Report::Failed {
                operation: Operation::Media | Operation::Subscribe,
                ..
            })
        );
        let id = alone.record.id.clone();
        drop(senders);
        if of_media && let Some(participant) = self.participants.get_mut(&id) {
            participant.record.report = None;
            self.announce(turn, &id);
        }
    }

    /// Moves on when the provider failed, or when it is time to try again.
    pub(super) fn look_at_recovery(&mut self, turn: &mut Turn, providers: &[Provider]) {
        self.forget_what_was_said_alone(turn);
        self.forget_suspicions(turn);
        match self.record.recovery.clone() {
            Some(Recovery::Exhausted {
                retry_at,
                wait,
                tried,
            }) => {
                let next = self.consider(turn.now, providers, after_failure);
                // The registry's word, or that of whoever left and was the only one without a driver.
                let healthy = next.is_some_and(|next| {
                    turn.registry_news || (turn.somebody_left && !tried.contains(&next))
                });
                if turn.now >= retry_at || healthy {
                    self.try_again(turn, providers, wait);
                }
            }
            Some(Recovery::Trying { since, tried, wait }) => {
                if let Some(evidence) = self.verdict(turn.now) {
                    self.fail_over(turn, providers, evidence);
                } else if turn.now >= since + self.tuning.exhausted_after {
                    if self.senders().filter(|p| p.record.socket.is_some()).count() < 2 {
                        // Nobody is left whose media could be missing.
                        self.record.recovery = None;
                        turn.session_changed = true;
                    } else {
                        self.bar_the_silent(turn);
                        self.exhaust(turn, tried, wait);
                    }
                }
            }
            None => {
                if let Some(evidence) = self.verdict(turn.now) {
                    self.fail_over(turn, providers, evidence);
                }
            }
        }
    }

    /// The provider failed this session: at once to the next, or to what was being prepared.
    fn fail_over(&mut self, turn: &mut Turn, providers: &[Provider], evidence: Value) {
        let dead = self.record.provider.clone();
        let tuning = self.tuning;
        let (since, mut tried, wait) = match self.record.recovery.take() {
            Some(Recovery::Trying { since, tried, wait }) => (since, tried, wait),
            Some(Recovery::Exhausted { tried, wait, .. }) => (turn.now, tried, wait),
            None => (turn.now, Vec::new(), tuning.retry_first),
        };
        self.record
            .bars
            .earn(turn.now, &dead, BarCause::Failed, &tuning);
        turn.session_changed = true;
        if !tried.contains(&dead) {
            tried.push(dead);
        }
        if self.record.switch.is_some() {
            self.record.recovery = Some(Recovery::Trying { since, tried, wait });
            return self.commit_prepared(turn, true, Some(evidence));
        }
        let next = self.consider(turn.now, providers, after_failure);
        match next.filter(|_| turn.now < since + tuning.exhausted_after) {
            Some(next) => {
                self.record.recovery = Some(Recovery::Trying { since, tried, wait });
                self.move_urgently(turn, providers, &next, Cause::Failed, Some(evidence));
            }
            None => self.exhaust(turn, tried, wait),
        }
    }

    /// Nobody's media came where the session is, though nobody said why: that, too, is failing.
    fn bar_the_silent(&mut self, turn: &Turn) {
        let tuning = self.tuning;
        if self.record.switched_at + tuning.attempt <= turn.now {
            let silent = self.record.provider.clone();
            self.record
                .bars
                .earn(turn.now, &silent, BarCause::Failed, &tuning);
        }
    }

    /// Nothing is left to try now: says so, and when it tries again by itself.
    fn exhaust(&mut self, turn: &mut Turn, mut tried: Vec<ProviderName>, wait: Millis) {
        if !tried.contains(&self.record.provider) {
            tried.push(self.record.provider.clone());
        }
        let retry_at = turn.now + wait;
        let event = Event::Exhausted {
            tried: tried.clone(),
            retry_at,
        };
        self.record.recovery = Some(Recovery::Exhausted {
            tried: tried.clone(),
            retry_at,
            wait,
        });
        turn.session_changed = true;
        turn.log_choice(&self.record, self.record.epoch, event, None, Vec::new());
        let message = ServerMessage::Exhausted {
            tried,
            retry_after_ms: wait.0,
        };
        self.tell_all(turn, &message);
    }

    /// Tries the least bad provider in a fresh epoch, and waits longer the next time.
    fn try_again(&mut self, turn: &mut Turn, providers: &[Provider], wait: Millis) {
        let longer = Millis(wait.0.saturating_mul(2)).min(self.tuning.retry_most);
        match self.consider(turn.now, providers, least_bad) {
            Some(next) => {
                self.record.recovery = Some(Recovery::Trying {
                    since: turn.now,
                    tried: Vec::new(),
                    wait: longer,
                });
                self.move_urgently(turn, providers, &next, Cause::Failed, None);
            }
            None => {
                if let Some(Recovery::Exhausted { retry_at, wait, .. }) = &mut self.record.recovery
                {
                    *retry_at = turn.now + longer;
                    *wait = longer;
                    turn.session_changed = true;
                }
            }
        }
    }

    /// An operator chose where to go while media is dead: that is tried from now on, as long as any.
    pub(super) fn try_from_now(&mut self, turn: &Turn) {
        if let Some(Recovery::Trying { wait, .. } | Recovery::Exhausted { wait, .. }) =
            self.record.recovery
        {
            self.record.recovery = Some(Recovery::Trying {
                since: turn.now,
                tried: Vec::new(),
                wait,
            });
        }
    }

    /// Somebody's media flows in the committed epoch.
    pub(super) fn recovered(&mut self, turn: &mut Turn) {
        if let Some(recovery) = self.record.recovery.take() {
            turn.session_changed = true;
            turn.log(&self.record, Event::Recovered);
            if matches!(recovery, Recovery::Exhausted { .. }) {
                let message = ServerMessage::Session {
                    session: self.state(),
                    switch: None,
                    credentials: None,
                };
                self.tell_all(turn, &message);
            }
        }
    }

    /// When the recovery is looked at next.
    pub(super) fn recovery_deadline(&self) -> Option<Millis> {
        match &self.record.recovery {
            Some(Recovery::Trying { since, .. }) => Some(*since + self.tuning.exhausted_after),
            Some(Recovery::Exhausted { retry_at, .. }) => Some(*retry_at),
            None => None,
        }
    }
}
