//! Credentials of a provider: who needs some now, and what follows when there are none.
//!
//! A leg of the session — the committed, the prepared, the one on standby — may need credentials.
//! Nobody asks for them step by step: after every turn what each participant *has been asked for* is
//! compared with what it *needs*, and the difference is asked of the shell. So whatever happens between
//! the question and its answer, the object's death included, it is asked again (R4): by the next turn
//! that finds it missing, or when [`ASK_AGAIN`] has passed.
//!
//! What the shell made comes back as [`super::Input::Credentials`] and goes to its participant in a
//! frame of its own, to be renewed at half of its life. It is stored nowhere.

use std::collections::BTreeMap;

use serde_json::json;

use super::Life;
use super::decision::{Ask, Turn};
use super::input::Credentials;
use super::log::AbortReason;
use super::record::{Grant, Report};
use super::renewal::half_way;
use crate::gather::collected;
use crate::protocol::MAX_NAME_BYTES;
use crate::protocol::client::{FailureReason, Operation};
use crate::protocol::ids::{Epoch, ParticipantId, ProviderName};
use crate::protocol::server::ServerMessage;
use crate::provider::Provider;
use crate::time::Millis;

/// When credentials are asked for again, should the shell have died over making them. It gives up sooner.
const ASK_AGAIN: Millis = Millis::from_secs(4);

/// When they are asked for again that were refused, where nothing else follows from that.
const REFUSED_AGAIN: Millis = Millis::from_secs(5);

/// The legs that need credentials, and the epoch of each; standby has none.
type Legs = BTreeMap<ProviderName, Option<Epoch>>;

impl Life {
    fn legs_with_credentials(&self, providers: &[Provider]) -> Legs {
        let record = &self.record;
        let switch = record.switch.as_ref();
        let committed = (&record.provider, Some(record.epoch));
        let prepared = switch.map(|switch| (&switch.provider, Some(switch.epoch)));
        let standby = record.standby.as_ref().map(|warm| (&warm.provider, None));
        let all = [Some(committed), prepared, standby].into_iter().flatten();
        let needs = |name: &ProviderName| {
            let provider = providers.iter().find(|p| p.name == *name);
            provider.is_some_and(|p| p.needs_credentials)
        };
        let all = all.filter(|(name, _)| needs(name));
        collected(all.map(|(name, epoch)| (name.clone(), epoch)))
    }

    /// Asks for what is needed and was not asked for, and for what is half-way to its end.
    pub(super) fn look_at_credentials(&mut self, turn: &mut Turn, providers: &[Provider]) {
        let legs = self.legs_with_credentials(providers);
        for (id, participant) in &mut self.participants {
            let record = &mut participant.record;
            let had = record.grants.len();
            record.grants.retain(|name, _| legs.contains_key(name));
            if record.grants.len() != had {
                turn.changed.insert(id.clone());
            }
            if record.socket.is_none() {
                continue;
            }
            for (provider, epoch) in &legs {
                let stands = |grant: &Grant| {
                    grant.epoch == *epoch && grant.ask_at.is_none_or(|at| at > turn.now)
                };
                if !record.drivers.contains(provider)
                    || record.grants.get(provider).is_some_and(stands)
                {
                    continue;
                }
                let asked = Grant {
                    epoch: *epoch,
                    ask_at: Some(turn.now + ASK_AGAIN),
                };
                record.grants.insert(provider.clone(), asked);
                turn.changed.insert(id.clone());
                turn.decision.ask.push(Ask::Credentials {
                    participant: id.clone(),
                    epoch: *epoch,
                    provider: provider.clone(),
                });
                // Stored before it is made: it is let go of with the life, whatever happens meanwhile.
                turn.session_changed |= self.record.rooms.insert(provider.clone());
            }
        }
    }

    /// Takes what the shell made, or why it could not, and hands it to whom it is for. What nobody is
    /// waiting for any more is dropped.
    pub(super) fn issued(
        &mut self,
        turn: &mut Turn,
        id: &ParticipantId,
        epoch: Option<Epoch>,
        provider: &ProviderName,
        what: Credentials,
    ) {
        let record = self.participants.get_mut(id).map(|p| &mut p.record);
        let grant = record.and_then(|record| record.grants.get_mut(provider));
        let Some(grant) = grant.filter(|grant| grant.epoch == epoch) else {
            return;
        };
        turn.changed.insert(id.clone());
        match what {
            Credentials::Given {
                credentials,
                expires_at,
            } => {
                grant.ask_at = expires_at.map(|ends| half_way(turn.now, ends));
                let message = ServerMessage::Credentials {
                    epoch,
                    provider: provider.clone(),
                    credentials,
                };
                self.tell_once(turn, id, &message);
            }
            Credentials::Refused { why } => {
                grant.ask_at = Some(turn.now + REFUSED_AGAIN);
                let why = why.chars().take(MAX_NAME_BYTES).collect::<String>();
                self.refused(turn, id, epoch, &why);
            }
        }
    }

    /// No credentials: whoever has none cannot join that leg.
    fn refused(&mut self, turn: &mut Turn, id: &ParticipantId, epoch: Option<Epoch>, why: &str) {
        let prepared = self.record.switch.as_ref();
        let prepared = prepared.filter(|switch| Some(switch.epoch) == epoch);
        if let Some(switch) = prepared {
            // A newcomer's trouble with the prepared leg is its own.
            if switch.quorum.contains_key(id) {
                let evidence = json!({"participant": id, "credentials": why});
                self.abort(turn, AbortReason::Failed, Some(evidence));
            }
        } else if epoch.is_none() {
            self.standby_refused(turn);
        } else if epoch == Some(self.record.epoch)
            && self
                .participants
                .get(id)
                .is_some_and(|p| !p.record.connected)
        {
            // Tried again by itself, and by no client: there is no second attempt to wait for.
            let report = Report::Failed {
                at: turn.now,
                operation: Operation::Join,
                reason: FailureReason::Other,
                attempt: u32::MAX,
            };
            let evidence = json!({"operation": Operation::Join, "credentials": why});
            self.report(turn, id, report, evidence);
        }
    }
}
