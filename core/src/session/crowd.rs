//! A mesh of more people than it is good for, because nothing better can be had: it goes on, and says so.

use serde_json::json;

use super::Life;
use super::decision::Turn;
use super::log::Event;
use crate::protocol::server::{AlertKind, ProviderKind, ServerMessage};
use crate::provider::Provider;
use crate::provider::cause::Held;
use crate::provider::rule::{Out, most, out};
use crate::time::Millis;

/// What everyone is told.
pub(super) const CROWDED: &str = "more people are here than direct connections are good for, and \
                                  nothing better can be had now; it is tried again by itself";

impl Life {
    /// Whether there are too many for direct connections, and another provider that was configured for
    /// that cannot be had: barred, ejected, or without a driver in somebody. Where nothing else was
    /// configured, or an operator keeps the session here, it is as was wished.
    fn is_crowded(&self, now: Millis, providers: &[Provider]) -> bool {
        let here = providers.iter().find(|p| p.name == self.record.provider);
        let most = here.and_then(|here| most(here, &self.tuning));
        let people = u32::try_from(self.senders().count()).unwrap_or(u32::MAX);
        let free = match self.held() {
            Held::Free => true,
            Held::Pinned | Held::Stay => false,
        };
        let could_be = |provider: &&Provider| {
            let why = self.with_demand(now, &[], None, |demand| out(provider, demand));
            let meant_for_it = match why {
                None | Some(Out::Ejected | Out::NoDriver) => true,
                Some(Out::Inactive | Out::RelayOnly | Out::NotAllowed | Out::TooManyForP2p) => {
                    false
                }
            };
            meant_for_it && provider.name != self.record.provider
        };
        self.record.kind == ProviderKind::P2p
            && free
            && most.is_some_and(|most| people > most)
            && providers.iter().find(could_be).is_some()
    }

    /// Says once that there is a crowd, and forgets it when there is none. What is under way is waited for.
    pub(super) fn look_at_crowd(&mut self, turn: &mut Turn, providers: &[Provider]) {
        let busy = self.record.switch.is_some() || self.record.recovery.is_some();
        if busy && self.record.kind == ProviderKind::P2p {
            return;
        }
        let crowded = self.is_crowded(turn.now, providers);
        if crowded == self.record.crowded_since.is_some() {
            return;
        }
        self.record.crowded_since = crowded.then_some(turn.now);
        turn.session_changed = true;
        if !crowded {
            return;
        }
        let event = Event::Alerted {
            alert: AlertKind::ProviderDegraded,
            participant: None,
        };
        let evidence = json!({"people": self.senders().count()});
        let others = self.alternatives(turn.now, providers, &self.record.provider);
        let epoch = self.record.epoch;
        turn.log_choice(&self.record, epoch, event, Some(evidence), others);
        let alert = ServerMessage::Alert {
            kind: AlertKind::ProviderDegraded,
            participant: None,
            detail: CROWDED.to_owned(),
        };
        self.tell_all(turn, &alert);
    }
}
