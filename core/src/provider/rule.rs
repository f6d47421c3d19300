//! The one rule that picks a provider.
//!
//! What cannot serve the session is out of the question; the rest is ranked by the derived order of
//! [`Rank`], whose fields stand in order of importance. **Given the same providers, people and
//! constants the rule gives the same answer, everywhere.**

use std::cmp::Reverse;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Provider;
use super::bars::Bars;
use crate::gather::sort_by_key;
use crate::protocol::ids::ProviderName;
use crate::protocol::server::ProviderKind;
use crate::time::Millis;
use crate::tuning::Tuning;

/// A score below this is poor: only if necessary.
pub const USABLE_SCORE: u8 = 60;

/// `MIN_SCORE`: a score below this is failed: the last resort.
pub const MIN_SCORE: u8 = 40;

/// How much a score is worth, before its exact value matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ScoreClass {
    /// At least [`USABLE_SCORE`].
    Usable,
    /// At least `MIN_SCORE`.
    Poor,
    /// Less.
    Failed,
}

impl ScoreClass {
    /// The class of a score.
    pub const fn of(score: u8, tuning: &Tuning) -> Self {
        if score < tuning.min_score {
            Self::Failed
        } else if score < USABLE_SCORE {
            Self::Poor
        } else {
            Self::Usable
        }
    }
}

/// Where a provider stands for a session; the least is the best.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    /// Until when it is barred in this session; not barred is best, and then the soonest end.
    pub barred_until: Option<Millis>,
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

impl Rank {
    /// In what this one differs first from a better one: the word by which the decision log says
    /// why it was not taken.
    pub fn behind(&self, better: &Self) -> &'static str {
        if self.barred_until != better.barred_until {
            "barred"
        } else if self.people_beyond != better.people_beyond {
            "people"
        } else if self.class != better.class {
            "class"
        } else if self.priority != better.priority {
            "priority"
        } else if self.score != better.score {
            "score"
        } else {
            "name"
        }
    }
}

/// Why a provider is out of the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Out {
    /// It is switched off.
    Inactive,
    /// The registry took it out.
    Ejected,
    /// Somebody has no driver for it.
    NoDriver,
    /// It is P2P, and the session is locked to relays.
    RelayOnly,
    /// It is not in the session's own list.
    NotAllowed,
    /// It is P2P, and there are more people than `P2P_HARD_LIMIT`.
    #[serde(rename = "too_many_for_p2p")]
    TooManyForP2p,
}

impl Out {
    /// The word of the decision log.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Inactive => "inactive",
            Self::Ejected => "ejected",
            Self::NoDriver => "no_driver",
            Self::RelayOnly => "relay_only",
            Self::NotAllowed => "not_allowed",
            Self::TooManyForP2p => "too_many_for_p2p",
        }
    }

    /// The same for whoever wanted it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Inactive => "it is switched off",
            Self::Ejected => "it failed too often of late",
            Self::NoDriver => "somebody here has a client without a driver for it",
            Self::RelayOnly => "the session is locked to relays",
            Self::NotAllowed => "it is not among the session's own providers",
            Self::TooManyForP2p => "there are too many people here for peer-to-peer",
        }
    }
}

/// What the rule says of one provider; those it ranks come before those it leaves out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// It could be taken.
    Ranked(Rank),
    /// It is out of the question.
    Out(Out),
}

/// What the rule says of which provider.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Standing {
    /// Where it stands.
    pub place: Place,
    /// Which.
    pub provider: ProviderName,
}

/// What a session brings to the choice.
#[derive(Clone, Copy, Debug)]
pub struct Demand<'a> {
    /// When it is asked.
    pub now: Millis,
    /// How many people send media.
    pub people: u32,
    /// What each of them has a driver for.
    pub drivers: &'a [&'a BTreeSet<ProviderName>],
    /// The session's constants.
    pub tuning: &'a Tuning,
    /// What it went through with each provider.
    pub bars: &'a Bars,
    /// Whether it is locked to relays (`lock: relay`), which P2P is not.
    pub relay_only: bool,
    /// The providers that its first token allows; all, when it names none.
    pub allowed: Option<&'a [ProviderName]>,
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
    /// There would be one, were the session not locked to relays.
    #[error("the session is locked to relays, and there is only peer-to-peer for everyone")]
    Locked,
}

/// Picks the best provider for a session.
pub fn choose<'a>(
    providers: &'a [Provider],
    demand: Demand<'_>,
) -> Result<&'a Provider, NoProvider> {
    let any = |why| providers.iter().any(|p| out(p, demand) == Some(why));
    in_question(providers, demand)
        .min_by_key(|p| rank(p, demand))
        .ok_or_else(|| {
            if any(Out::TooManyForP2p) {
                NoProvider::Full
            } else if any(Out::RelayOnly) {
                NoProvider::Locked
            } else {
                NoProvider::Unsupported
            }
        })
}

/// What the rule says of every provider, best first.
pub fn ranking(providers: &[Provider], demand: Demand<'_>) -> Vec<Standing> {
    let mut standings: Vec<_> = providers
        .iter()
        .map(|p| Standing {
            place: match out(p, demand) {
                None => Place::Ranked(rank(p, demand)),
                Some(why) => Place::Out(why),
            },
            provider: p.name.clone(),
        })
        .collect();
    sort_by_key(&mut standings, |standing| standing);
    standings
}

/// The providers that could be taken.
pub fn in_question<'a>(
    providers: &'a [Provider],
    demand: Demand<'_>,
) -> impl Iterator<Item = &'a Provider> {
    providers.iter().filter(move |p| out(p, demand).is_none())
}

/// Why a provider is out of the question, if it is. That there are too many people is said only of
/// one that nothing else speaks against.
pub fn out(provider: &Provider, demand: Demand<'_>) -> Option<Out> {
    let is_p2p = match provider.kind {
        ProviderKind::P2p => true,
        ProviderKind::Sfu | ProviderKind::Vendor => false,
    };
    if !provider.is_active {
        Some(Out::Inactive)
    } else if provider.ejected {
        Some(Out::Ejected)
    } else if !demand.drivers.iter().all(|d| d.contains(&provider.name)) {
        Some(Out::NoDriver)
    } else if is_p2p && demand.relay_only {
        Some(Out::RelayOnly)
    } else if demand.allowed.is_some_and(|a| !a.contains(&provider.name)) {
        Some(Out::NotAllowed)
    } else if is_p2p && demand.people > demand.tuning.p2p_hard_limit {
        Some(Out::TooManyForP2p)
    } else {
        None
    }
}

/// How many people a provider is good for, at most, if there is a limit.
pub fn most(provider: &Provider, tuning: &Tuning) -> Option<u32> {
    provider.max_participants.or(match provider.kind {
        ProviderKind::P2p => Some(tuning.p2p_participant_limit),
        ProviderKind::Sfu | ProviderKind::Vendor => None,
    })
}

/// Where a provider stands, if it is in the question.
pub fn rank(provider: &Provider, demand: Demand<'_>) -> Rank {
    let most = most(provider, demand.tuning).unwrap_or(u32::MAX);
    let too_many = demand.people.saturating_sub(most);
    let too_few = provider.min_participants.saturating_sub(demand.people);
    Rank {
        barred_until: demand.bars.until(demand.now, &provider.name),
        people_beyond: too_many.max(too_few),
        class: ScoreClass::of(provider.score, demand.tuning),
        priority: provider.priority,
        score: Reverse(provider.score),
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
            score: base_score,
            ..Provider::p2p()
        }
    }

    fn chosen(providers: &[Provider], people: u32, drivers: &[&str]) -> Result<String, NoProvider> {
        let tuning = Tuning::default();
        let has: BTreeSet<ProviderName> = drivers.iter().map(|&d| d.into()).collect();
        let everyone: Vec<_> = (0..people).map(|_| &has).collect();
        let demand = Demand {
            now: Millis(0),
            people,
            drivers: &everyone,
            tuning: &tuning,
            bars: &Bars::default(),
            relay_only: false,
            allowed: None,
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
