//! A session as the rule sees it: providers, people, a clock, and what it remembers.

#![allow(dead_code, clippy::unwrap_used)]

use std::collections::BTreeSet;

use samewire_core::protocol::ids::ProviderName;
use samewire_core::protocol::server::ProviderKind;
use samewire_core::provider::Provider;
use samewire_core::provider::bars::{BarCause, Bars};
use samewire_core::provider::cause::{Cause, Held, Move, Situation, next_look, wanted};
use samewire_core::provider::rule::Demand;
use samewire_core::time::Millis;
use samewire_core::tuning::Tuning;

/// A provider of this name and priority; `p2p` is P2P, all else an SFU.
pub(crate) fn provider(name: &str, priority: u32) -> Provider {
    let kind = if name == "p2p" {
        ProviderKind::P2p
    } else {
        ProviderKind::Sfu
    };
    Provider {
        name: name.into(),
        kind,
        priority,
        ..Provider::p2p()
    }
}

/// P2P before an SFU: the hybrid manager.
pub(crate) fn hybrid() -> Vec<Provider> {
    vec![provider("p2p", 1), provider("sfu", 2)]
}

/// A move as tests write it: when in seconds, whence, whither, why.
pub(crate) type Moved = (f64, String, String, Cause);

/// Reads as it is written in a test.
pub(crate) fn moved(at: f64, from: &str, to: &str, cause: Cause) -> Moved {
    (at, from.to_owned(), to.to_owned(), cause)
}

/// A session without sockets. Whatever `wanted` asks for is done at once.
#[derive(Clone, Debug)]
pub(crate) struct Walk {
    pub(crate) now: Millis,
    pub(crate) providers: Vec<Provider>,
    pub(crate) people: Vec<BTreeSet<ProviderName>>,
    pub(crate) tuning: Tuning,
    pub(crate) bars: Bars,
    pub(crate) relay_only: bool,
    pub(crate) allowed: Option<Vec<ProviderName>>,
    pub(crate) current: ProviderName,
    pub(crate) held: Held,
    pub(crate) switched_at: Millis,
    pub(crate) heads_changed_at: Millis,
    pub(crate) quality_moved_at: Option<Millis>,
    pub(crate) poor: bool,
    pub(crate) moves: Vec<Moved>,
}

impl Walk {
    /// So many people, who have a driver for everything, on a provider since long ago. It is noon
    /// of a day on which nothing happened.
    pub(crate) fn on(current: &str, providers: Vec<Provider>, people: usize) -> Self {
        let all: BTreeSet<_> = providers.iter().map(|p| p.name.clone()).collect();
        Self {
            now: Millis::from_secs(100_000),
            providers,
            people: vec![all; people],
            tuning: Tuning::default(),
            bars: Bars::default(),
            relay_only: false,
            allowed: None,
            current: current.into(),
            held: Held::Free,
            switched_at: Millis(0),
            heads_changed_at: Millis(0),
            quality_moved_at: None,
            poor: false,
            moves: Vec::new(),
        }
    }

    /// Asks one of the functions that take a situation.
    pub(crate) fn ask<R>(&self, question: impl FnOnce(Situation<'_>) -> R) -> R {
        let drivers: Vec<_> = self.people.iter().collect();
        question(Situation {
            providers: &self.providers,
            demand: Demand {
                now: self.now,
                people: u32::try_from(drivers.len()).unwrap(),
                drivers: &drivers,
                tuning: &self.tuning,
                bars: &self.bars,
                relay_only: self.relay_only,
                allowed: self.allowed.as_deref(),
            },
            current: &self.current,
            held: self.held,
            switched_at: self.switched_at,
            heads_changed_at: self.heads_changed_at,
            quality_moved_at: self.quality_moved_at,
            poor: self.poor,
        })
    }

    /// What is wanted, as the target and the cause.
    pub(crate) fn wanted(&self) -> Option<(String, Cause)> {
        self.ask(wanted).map(|m| (m.target.0, m.cause))
    }

    /// The provider of that name.
    pub(crate) fn provider(&mut self, name: &str) -> &mut Provider {
        let mut providers = self.providers.iter_mut();
        providers.find(|p| p.name.as_str() == name).unwrap()
    }

    /// Bars one that many seconds ago.
    pub(crate) fn barred(mut self, name: &str, cause: BarCause, seconds_ago: u64) -> Self {
        let at = self.now - Millis::from_secs(seconds_ago);
        self.bars.earn(at, &name.into(), cause, &self.tuning);
        self
    }

    /// Makes it so many people, of whom all have every driver.
    pub(crate) fn heads(&mut self, people: usize) {
        let all: BTreeSet<_> = self.providers.iter().map(|p| p.name.clone()).collect();
        self.people.resize(people, all);
        self.heads_changed_at = self.now;
        self.look();
    }

    /// Does whatever is wanted now.
    pub(crate) fn look(&mut self) {
        if let Some(Move { target, cause, .. }) = self.ask(wanted) {
            self.go(&target, cause);
            assert_eq!(self.ask(wanted), None, "one move is enough");
        }
    }

    /// Moves.
    pub(crate) fn go(&mut self, target: &ProviderName, cause: Cause) {
        let Self { now, tuning, .. } = *self;
        if cause == Cause::Quality {
            self.bars
                .earn(now, &self.current, BarCause::Quality, &tuning);
            self.quality_moved_at = Some(now);
        }
        self.poor = false;
        let from = std::mem::replace(&mut self.current, target.clone());
        self.switched_at = now;
        let seconds = (now.0 - 100_000_000) as f64 / 1_000.0;
        self.moves.push((seconds, from.0, target.0.clone(), cause));
    }

    /// Lets time pass until so many seconds after the beginning, looking only when `next_look` says.
    pub(crate) fn until(&mut self, seconds: f64) {
        let end = Millis(100_000_000 + (seconds * 1_000.0) as u64);
        while let Some(next) = self.ask(next_look).filter(|next| *next <= end) {
            assert!(next > self.now, "an alarm is never due already");
            self.now = next;
            self.look();
        }
        self.now = end;
    }
}
