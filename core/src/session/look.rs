//! Looking whether the provider is still the right one.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::Life;
use super::decision::Turn;
use super::log::{Alternative, Event};
use super::roster::Participant;
use crate::gather::collected;
use crate::protocol::http::Lock;
use crate::protocol::ids::{ParticipantId, ProviderName};
use crate::protocol::server::{Role, ServerMessage};
use crate::provider::Provider;
use crate::provider::bars::BarCause;
use crate::provider::cause::{Cause, Held, Situation, next_look, wanted};
use crate::provider::rule::{Demand, Place, rank, ranking};
use crate::time::Millis;

impl Life {
    /// Everyone who counts for the rule: viewers do not.
    pub(super) fn senders(&self) -> impl Iterator<Item = &Participant> {
        self.participants
            .values()
            .filter(|p| p.record.role != Role::Viewer)
    }

    /// Whether the session may leave its provider for less than a failure.
    pub(super) fn held(&self) -> Held {
        let switch = self.record.switch.as_ref();
        let pins = switch.and_then(|switch| switch.pins.as_ref());
        match (self.record.pinned.as_ref().or(pins), self.record.lock) {
            (_, Some(Lock::Stay)) => Held::Stay,
            (Some(_), _) => Held::Pinned,
            (None, _) => Held::Free,
        }
    }

    /// What the session brings to a choice, with `one_more` beside those who are here, `but` for some.
    pub(super) fn with_demand<R>(
        &self,
        now: Millis,
        but: &[ParticipantId],
        one_more: Option<&BTreeSet<ProviderName>>,
        choose: impl FnOnce(Demand<'_>) -> R,
    ) -> R {
        let drivers: Vec<_> = self
            .senders()
            .filter(|p| !but.contains(&p.record.id))
            .map(|p| &p.record.drivers)
            .chain(one_more)
            .collect();
        choose(Demand {
            now,
            people: u32::try_from(drivers.len()).unwrap_or(u32::MAX),
            drivers: &drivers,
            tuning: &self.tuning,
            bars: &self.record.bars,
            relay_only: self.record.lock == Some(Lock::Relay),
            allowed: self.record.providers.as_deref(),
        })
    }

    /// Asks the rule something about the session as it stands.
    pub(super) fn consider<R>(
        &self,
        now: Millis,
        providers: &[Provider],
        ask: impl FnOnce(Situation<'_>) -> R,
    ) -> R {
        self.with_one_more(now, providers, None, ask)
    }

    /// The same with one participant more, who has these drivers.
    pub(super) fn with_one_more<R>(
        &self,
        now: Millis,
        providers: &[Provider],
        one_more: Option<&BTreeSet<ProviderName>>,
        ask: impl FnOnce(Situation<'_>) -> R,
    ) -> R {
        let record = &self.record;
        self.with_demand(now, &[], one_more, |demand| {
            ask(Situation {
                providers,
                demand,
                current: &record.provider,
                held: self.held(),
                switched_at: record.switched_at,
                heads_changed_at: record.heads_changed_at,
                quality_moved_at: record.quality_moved_at,
                poor: self.is_poor(now),
            })
        })
    }

    /// What else there was, best first, and why it was not taken.
    pub(super) fn alternatives(
        &self,
        now: Millis,
        providers: &[Provider],
        taken: &ProviderName,
    ) -> Vec<Alternative> {
        self.with_demand(now, &[], None, |demand| {
            alternatives(providers, demand, taken)
        })
    }

    /// Switches if the rule wants it; merges what it wants into a switch under way (R14).
    pub(super) fn look_at_provider(&mut self, turn: &mut Turn, providers: &[Provider]) {
        if self.record.recovery.is_some() || self.senders().next().is_none() {
            return;
        }
        self.remember_poor(turn);
        let Some(wish) = self.consider(turn.now, providers, wanted) else {
            turn.session_changed |= self.record.paced_until.take().is_some();
            return;
        };
        let waits = |until| until > turn.now && !wish.at_once;
        if self.record.paced_until.is_some_and(waits) {
            return;
        }
        if let Some(switch) = &self.record.switch {
            if switch.provider != wish.target {
                self.merge(turn, wish.cause);
            }
            return;
        }
        let mut evidence = json!({"people": self.senders().count()});
        let mut earns = None;
        if wish.cause == Cause::Quality {
            evidence = self.recommend(turn);
            earns = Some(BarCause::Quality);
            self.record.quality_moved_at = Some(turn.now);
        }
        self.record.paced_until = None;
        let (target, cause) = (&wish.target, wish.cause);
        self.prepare(turn, providers, target, cause, earns, Some(evidence));
    }

    /// Remembers that it is poor here too, as it was elsewhere: it is the people's own network, and
    /// back there nobody is moved here for it again.
    fn remember_poor(&mut self, turn: &mut Turn) {
        let poor = self.is_poor(turn.now);
        let (now, tuning) = (turn.now, self.tuning);
        let here = &self.record.provider;
        let bars = &mut self.record.bars;
        if poor && bars.poor_elsewhere(now, here) {
            turn.session_changed |= bars.stay_in_poor(now, here, &tuning);
        }
    }

    /// Whether half of the people have been poor for long enough.
    fn is_poor(&self, now: Millis) -> bool {
        // What somebody who is away said last is no word on now.
        let poor = |p: &&Participant| {
            let since = p.record.poor_since.filter(|_| p.record.socket.is_some());
            since.is_some_and(|since| since + self.tuning.poor_for <= now)
        };
        let (all, poor) = (self.senders().count(), self.senders().filter(poor).count());
        poor > 0 && poor.saturating_mul(2) >= all
    }

    /// Says with its numbers why the session is about to be moved (R42).
    fn recommend(&mut self, turn: &mut Turn) -> Value {
        let poor = self.senders().filter(|p| p.record.poor_since.is_some());
        let metrics = poor.map(|p| (p.record.id.0.clone(), json!(p.record.quality)));
        let metrics = Value::Object(collected(metrics));
        let action = "switch_provider".to_owned();
        let message = ServerMessage::Recommendation {
            cause: "quality_poor".to_owned(),
            metrics: metrics.clone(),
            action: action.clone(),
        };
        self.tell_all(turn, &message);
        let event = Event::Recommended { action };
        turn.log_choice(
            &self.record,
            self.record.epoch,
            event,
            Some(metrics.clone()),
            Vec::new(),
        );
        metrics
    }

    /// Finds out when the rule may want something that it does not want now: by itself, because quality
    /// has been poor for long enough, or because what is paced may be done. Asked once a turn that
    /// looked, because it costs more than most turns, and because a turn that did not look leaves due
    /// what is due.
    pub(super) fn plan_next_look(&mut self, now: Millis, providers: &[Provider]) {
        let idle = self.record.recovery.is_none() && self.record.switch.is_none();
        let by_itself = idle
            .then(|| self.consider(now, providers, next_look))
            .flatten();
        let poor = self.senders().filter_map(|p| p.record.poor_since);
        let poor = poor.map(|since| since + self.tuning.poor_for);
        let moments = by_itself.into_iter().chain(poor);
        let moments = moments.chain(self.record.paced_until);
        let moments = moments.chain(self.standby_moments(providers));
        self.next_look = moments.filter(|at| *at > now).min();
    }

    /// News of the providers came. What is not urgent is done at a moment of the session's own, so that
    /// not all sessions move at once (R37).
    pub(super) fn pace(&mut self, turn: &mut Turn, providers: &[Provider]) {
        let wish = self.consider(turn.now, providers, wanted);
        // What waits for its moment already is not put off by the next news.
        if wish.is_some_and(|wish| !wish.at_once)
            && self.record.recovery.is_none()
            && self.record.paced_until.is_none()
        {
            let span = self.tuning.pace.0.max(1);
            self.record.paced_until = Some(turn.now + Millis(spread(self.id.as_str()) % span));
            turn.session_changed = true;
        }
    }
}

/// What else there was than `taken`, best first, and why not.
pub(super) fn alternatives(
    providers: &[Provider],
    demand: Demand<'_>,
    taken: &ProviderName,
) -> Vec<Alternative> {
    let best = providers
        .iter()
        .find(|p| p.name == *taken)
        .map(|p| rank(p, demand));
    let why = |place: &Place| match (place, &best) {
        (Place::Out(out), _) => out.code(),
        // What ranks before it was passed over: it failed, or an operator chose.
        (Place::Ranked(rank), Some(best)) if rank < best => "passed_over",
        (Place::Ranked(rank), Some(best)) => rank.behind(best),
        (Place::Ranked(_), None) => "passed_over",
    };
    ranking(providers, demand)
        .into_iter()
        .filter(|standing| standing.provider != *taken)
        .map(|standing| Alternative {
            why: why(&standing.place).to_owned(),
            provider: standing.provider,
        })
        .collect()
}

/// A number that differs from text to text: FNV-1a.
pub(super) fn spread(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
