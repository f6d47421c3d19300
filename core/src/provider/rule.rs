//! The one rule that picks a provider.
//!
//! What cannot serve the session is out of the question; the rest is ranked by the derived order of
//! [`Rank`], whose fields stand in order of importance. **Given the same providers, people and
//! constants the rule gives the same answer, everywhere.**

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::Provider;
use crate::protocol::ids::ProviderName;
use crate::protocol::server::ProviderKind;
use crate::tuning::Tuning;

/// A score below this is poor: only if necessary.
pub const USABLE_SCORE: u8 = 60;

/// `MIN_SCORE`: a score below this is failed: the last resort.
pub const MIN_SCORE: u8 = 40;

/// How much a score is worth, before its exact value matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ScoreClass {
    /// At least [`USABLE_SCORE`].
    Usable,
    /// At least [`MIN_SCORE`].
    Poor,
    /// Less.
    Failed,
}

impl ScoreClass {
    /// The class of a score.
    pub const fn of(score: u8) -> Self {
        match score {
            USABLE_SCORE.. => Self::Usable,
            MIN_SCORE.. => Self::Poor,
            _ => Self::Failed,
        }
    }
}

/// Where a provider stands for a session; the least is the best.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    /// People beyond its `minParticipants..maxParticipants`.
    pub people_beyond: u32,
    /// The class of its score.
    pub class: ScoreClass,
    /// The operator's order.
    pub priority: u32,
    /// Its score, the higher the better.
    pub score: Reverse<u8>,
    /// Its name, so that no two are equal.
    pub name: ProviderName,
}

/// What a session brings to the choice.
#[derive(Clone, Copy, Debug)]
pub struct Demand<'a> {
    /// How many people send media.
    pub people: u32,
    /// What each of them has a driver for.
    pub drivers: &'a [&'a BTreeSet<ProviderName>],
    /// The session's constants.
    pub tuning: &'a Tuning,
}

/// Why nothing could be picked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoProvider {
    /// There is one that all have a driver for, but it takes no more people.
    #[error("the session is full: no provider takes more people")]
    Full,
    /// No active provider has a driver in everyone.
    #[error("no provider that is switched on has a driver in every participant")]
    Unsupported,
}

/// Picks the best provider for a session.
pub fn choose<'a>(
    providers: &'a [Provider],
    demand: Demand<'_>,
) -> Result<&'a Provider, NoProvider> {
    let common = || {
        providers
            .iter()
            .filter(|p| p.is_active && demand.drivers.iter().all(|has| has.contains(&p.name)))
    };
    common()
        .filter(|p| takes(p, demand))
        .min_by_key(|p| rank(p, demand))
        .ok_or(match common().next() {
            Some(_) => NoProvider::Full,
            None => NoProvider::Unsupported,
        })
}

/// Whether a provider carries that many people at all.
fn takes(provider: &Provider, demand: Demand<'_>) -> bool {
    match provider.kind {
        ProviderKind::P2p => demand.people <= demand.tuning.p2p_hard_limit,
        ProviderKind::Sfu | ProviderKind::Vendor => true,
    }
}

fn rank(provider: &Provider, demand: Demand<'_>) -> Rank {
    let most = provider.max_participants.unwrap_or(match provider.kind {
        ProviderKind::P2p => demand.tuning.p2p_participant_limit,
        ProviderKind::Sfu | ProviderKind::Vendor => u32::MAX,
    });
    let too_many = demand.people.saturating_sub(most);
    let too_few = provider.min_participants.saturating_sub(demand.people);
    Rank {
        people_beyond: too_many.max(too_few),
        class: ScoreClass::of(provider.base_score),
        priority: provider.priority,
        score: Reverse(provider.base_score),
        name: provider.name.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider(name: &str, kind: ProviderKind, priority: u32, base_score: u8) -> Provider {
        Provider {
            name: name.into(),
            kind,
            priority,
            base_score,
            ..Provider::p2p()
        }
    }

    fn chosen(providers: &[Provider], people: u32, drivers: &[&str]) -> Result<String, NoProvider> {
        let tuning = Tuning::default();
        let has: BTreeSet<ProviderName> = drivers.iter().map(|&d| d.into()).collect();
        let everyone: Vec<_> = (0..people).map(|_| &has).collect();
        let demand = Demand {
            people,
            drivers: &everyone,
            tuning: &tuning,
        };
        choose(providers, demand).map(|p| p.name.0.clone())
    }

    #[test]
    fn people_beyond_its_limits_outweigh_priority_and_score() {
        let all = [
            provider("p2p", ProviderKind::P2p, 1, 80),
            provider("sfu", ProviderKind::Sfu, 2, 60),
        ];
        assert_eq!(chosen(&all, 3, &["p2p", "sfu"]), Ok("p2p".to_owned()));
        assert_eq!(chosen(&all, 4, &["p2p", "sfu"]), Ok("sfu".to_owned()));
        assert_eq!(
            chosen(&all, 4, &["p2p"]),
            Ok("p2p".to_owned()),
            "limits steer, they do not forbid"
        );
    }

    #[test]
    fn the_class_of_a_score_outweighs_priority_and_the_score_itself_does_not() {
        let poor = [
            provider("first", ProviderKind::Sfu, 1, 59),
            provider("second", ProviderKind::Sfu, 2, 60),
        ];
        assert_eq!(
            chosen(&poor, 2, &["first", "second"]),
            Ok("second".to_owned())
        );
        let usable = [
            provider("first", ProviderKind::Sfu, 1, 60),
            provider("second", ProviderKind::Sfu, 2, 99),
        ];
        assert_eq!(
            chosen(&usable, 2, &["first", "second"]),
            Ok("first".to_owned())
        );
    }

    #[test]
    fn of_one_priority_the_better_score_wins_and_then_the_name() {
        let all = [
            provider("b", ProviderKind::Vendor, 1, 80),
            provider("a", ProviderKind::Vendor, 1, 80),
            provider("c", ProviderKind::Vendor, 1, 60),
        ];
        assert_eq!(chosen(&all, 2, &["a", "b", "c"]), Ok("a".to_owned()));
        assert_eq!(chosen(&all, 2, &["b", "c"]), Ok("b".to_owned()));
    }

    #[test]
    fn beyond_the_hard_limit_p2p_alone_is_full_and_no_common_driver_is_unsupported() {
        let p2p = [Provider::p2p()];
        assert_eq!(chosen(&p2p, 8, &["p2p"]), Ok("p2p".to_owned()));
        assert_eq!(chosen(&p2p, 9, &["p2p"]), Err(NoProvider::Full));
        assert_eq!(chosen(&p2p, 2, &["daily"]), Err(NoProvider::Unsupported));
        let off = [Provider {
            is_active: false,
            ..Provider::p2p()
        }];
        assert_eq!(chosen(&off, 1, &["p2p"]), Err(NoProvider::Unsupported));
    }
}
