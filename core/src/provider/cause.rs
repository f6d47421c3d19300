//! When a live session leaves its provider, and for which.
//!
//! A session stays where it is unless there is a [`Cause`]. [`wanted`] finds those that need no
//! verdict: what it sees is the providers, the people and the clock. [`after_failure`] and
//! [`least_bad`] choose once the session itself has found that its provider failed.
//!
//! **A move that [`wanted`] asks for is to the best-ranked provider, or, when the best failed or could
//! not be reached just now, to the best of the others. Once it is made nothing more is wanted at that
//! moment.**

use serde::{Deserialize, Serialize};

use super::Provider;
use super::bars::BarCause;
use super::rule::{Demand, Out, Rank, ScoreClass, in_question, most, out, rank};
use crate::gather::sort_by_key;
use crate::protocol::ids::ProviderName;
use crate::time::Millis;

/// Why a session is on the provider that it is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// It began there.
    #[default]
    Began,
    /// The one before failed, by the session's verdict, or was taken from it: switched off, ejected,
    /// forbidden by its lock.
    Failed,
    /// The one before takes fewer people, or somebody has no driver for it.
    Grew,
    /// Quality was poor on the one before.
    Quality,
    /// An admin said so.
    Operator,
    /// A better one is there again.
    Returned,
    /// The score of the one before fell far behind.
    Score,
}

impl Cause {
    /// The word that travels.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Began => "began",
            Self::Failed => "failed",
            Self::Grew => "grew",
            Self::Quality => "quality",
            Self::Operator => "operator",
            Self::Returned => "returned",
            Self::Score => "score",
        }
    }
}

/// Where a session should go, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// The provider to move to.
    pub target: ProviderName,
    /// The cause.
    pub cause: Cause,
    /// Whether it is made at once, or may wait for the session's own moment (R37).
    pub at_once: bool,
}

/// Whether a session may move for other causes than `failed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// It may.
    Free,
    /// It may not, since an admin moved it here and has not unpinned it.
    Pinned,
    /// It may not, since it is locked (`lock: stay`), for example while it is recorded (R21).
    Stay,
}

/// All that decides whether a session should move.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// What there is to pick from.
    pub providers: &'a [Provider],
    /// What the session brings to the choice, and when.
    pub demand: Demand<'a>,
    /// The provider of the committed epoch.
    pub current: &'a ProviderName,
    /// Whether it may move.
    pub held: Held,
    /// When it came to the current one.
    pub switched_at: Millis,
    /// When somebody last came or went.
    pub heads_changed_at: Millis,
    /// When it last moved for quality.
    pub quality_moved_at: Option<Millis>,
    /// Whether quality is poor on the current one: half of the participants, for `POOR_FOR`. A
    /// verdict on the one before it is none.
    pub poor: bool,
}

/// The move that the session should prepare now, if any.
pub fn wanted(situation: Situation<'_>) -> Option<Move> {
    let current = situation
        .providers
        .iter()
        .find(|p| p.name == *situation.current);
    let left_out = match current {
        Some(current) => out(current, situation.demand),
        None => Some(Out::Inactive),
    };
    let free = match situation.held {
        Held::Free => true,
        Held::Pinned | Held::Stay => false,
    };
    match left_out {
        // Who has no driver for it has no media that flows meanwhile.
        Some(Out::Inactive | Out::Ejected) => situation.taken_away(!situation.all_have_a_driver()),
        // Forbidden here and nowhere else: there is no crowd that it would move in.
        Some(Out::RelayOnly | Out::NotAllowed) => situation.taken_away(true),
        Some(Out::NoDriver | Out::TooManyForP2p) => free.then(|| situation.outgrown())?,
        None => current
            .filter(|_| free)
            .and_then(|current| situation.better_than(current)),
    }
}

/// Where the session goes now that its current provider has failed it: the best by rank, without
/// that one and those that failed it lately (R19). `None`: it is exhausted.
pub fn after_failure(situation: Situation<'_>) -> Option<ProviderName> {
    let best = situation.best(|p| !situation.barred_by(p, BarCause::Failed));
    best.map(|(p, _)| p.name.clone())
}

/// What an exhausted session tries: the best by rank of all in the question, the current one
/// included.
pub fn least_bad(situation: Situation<'_>) -> Option<ProviderName> {
    let all = in_question(situation.providers, situation.demand);
    all.min_by_key(|p| rank(p, situation.demand))
        .map(|p| p.name.clone())
}

/// The first moment after now at which [`wanted`] answers otherwise without any new input.
pub fn next_look(situation: Situation<'_>) -> Option<Millis> {
    let now = situation.demand.now;
    let tuning = situation.demand.tuning;
    let answer = wanted(situation);
    let mut moments: Vec<Millis> = [
        Some(situation.switched_at + tuning.min_dwell),
        Some(situation.heads_changed_at + tuning.settled),
        situation
            .quality_moved_at
            .map(|at| at + tuning.quality_every),
    ]
    .into_iter()
    .flatten()
    .chain(situation.demand.bars.ends())
    .chain(situation.demand.bars.quality_forgotten())
    .filter(|moment| *moment > now)
    .collect();
    sort_by_key(&mut moments, |moment| moment);
    moments
        .into_iter()
        .find(|moment| wanted(situation.at(*moment)) != answer)
}

impl<'a> Situation<'a> {
    /// The same at another moment.
    const fn at(mut self, now: Millis) -> Self {
        self.demand.now = now;
        self
    }

    /// The best by rank of the others that could be taken and pass.
    fn best(&self, passes: impl Fn(&Provider) -> bool) -> Option<(&'a Provider, Rank)> {
        in_question(self.providers, self.demand)
            .filter(|p| p.name != *self.current && passes(p))
            .map(|p| (p, rank(p, self.demand)))
            .min_by(|(_, a), (_, b)| a.cmp(b))
    }

    fn barred_by(&self, provider: &Provider, cause: BarCause) -> bool {
        let Demand { now, bars, .. } = self.demand;
        bars.until_by(now, &provider.name, cause).is_some()
    }

    /// Whether a provider neither failed here lately nor could not be reached.
    fn trusted(&self, provider: &Provider) -> bool {
        !self.barred_by(provider, BarCause::Failed) && !self.barred_by(provider, BarCause::Aborted)
    }

    /// Whether everybody can carry media where the session is.
    fn all_have_a_driver(&self) -> bool {
        let mut drivers = self.demand.drivers.iter();
        drivers.all(|has| has.contains(self.current))
    }

    /// The current one was switched off, ejected or forbidden. Its media may well still flow, so
    /// what failed here or could not be reached is no way out of it.
    fn taken_away(&self, at_once: bool) -> Option<Move> {
        let (best, _) = self.best(|p| self.trusted(p))?;
        Some(Move {
            at_once,
            ..to(best, Cause::Failed)
        })
    }

    /// The current one cannot carry all who are here. A move that was just aborted is not begun
    /// again at once, even if there is nowhere else to go.
    fn outgrown(&self) -> Option<Move> {
        let (best, _) = self.best(|p| !self.barred_by(p, BarCause::Aborted))?;
        Some(to(best, Cause::Grew))
    }

    /// The current one could stay: is there a cause to leave it?
    fn better_than(&self, current: &Provider) -> Option<Move> {
        let here = rank(current, self.demand);
        self.grew(current, &here)
            .or_else(|| self.quality(&here))
            .or_else(|| self.returned(&here))
            .or_else(|| self.score(&here))
    }

    fn grew(&self, current: &Provider, here: &Rank) -> Option<Move> {
        let tuning = self.demand.tuning;
        let too_many = most(current, tuning).is_some_and(|most| self.demand.people > most);
        let (best, rank) = self.best(|p| self.trusted(p))?;
        let fits_better = rank < *here && rank.people_beyond < here.people_beyond;
        (too_many && fits_better).then(|| to(best, Cause::Grew))
    }

    /// The move bars the current one, so whatever is not barred is better; unless it takes fewer people
    /// than are here, which makes nothing better for them.
    fn quality(&self, here: &Rank) -> Option<Move> {
        let tuning = self.demand.tuning;
        let again = self
            .quality_moved_at
            .is_none_or(|at| self.passed(at, tuning.quality_every));
        // Poor on another one too, it is the people's own network.
        let own = self
            .demand
            .bars
            .poor_elsewhere(self.demand.now, self.current);
        let (best, rank) = self.best(|_| true)?;
        let takes_them = rank.people_beyond <= here.people_beyond;
        (self.poor && !own && again && takes_them && rank.barred_until.is_none())
            .then(|| to(best, Cause::Quality))
    }

    fn returned(&self, here: &Rank) -> Option<Move> {
        let (best, there) = self.best(|_| true)?;
        let without_scores = |r: &Rank| (r.barred_until, r.people_beyond, r.priority);
        (self.dwelt()
            && self.settled()
            && there < *here
            && there.barred_until.is_none()
            && without_scores(&there) < without_scores(here)
            && self.keeps_its_class(best, &there, here))
        .then(|| to(best, Cause::Returned))
    }

    fn score(&self, here: &Rank) -> Option<Move> {
        let tuning = self.demand.tuning;
        let (best, there) = self.best(|_| true)?;
        let lead = there.score.0.saturating_sub(here.score.0);
        // The head count may put a session out again of what has a limit.
        let limited = most(best, tuning).is_some() || best.min_participants > 1;
        (self.dwelt()
            && there < *here
            && there.barred_until.is_none()
            && there.class < here.class
            && lead > tuning.switch_threshold
            && (!limited || self.settled()))
        .then(|| to(best, Cause::Score))
    }

    /// Whether a provider that lost some of its score is so far from where the session would leave
    /// it for `score` that half the threshold less would not do it. Without this, a score that
    /// swings about the border of a class would move the session each time.
    fn keeps_its_class(&self, provider: &Provider, there: &Rank, here: &Rank) -> bool {
        let tuning = self.demand.tuning;
        let less = provider.score.saturating_sub(tuning.switch_threshold / 2);
        let class_decides =
            (there.barred_until, there.people_beyond) == (here.barred_until, here.people_beyond);
        !class_decides
            || provider.score >= provider.base_score
            || ScoreClass::of(less, tuning) <= here.class
            || here.score.0.saturating_sub(less) <= tuning.switch_threshold
    }

    fn dwelt(&self) -> bool {
        self.passed(self.switched_at, self.demand.tuning.min_dwell)
    }

    fn settled(&self) -> bool {
        self.passed(self.heads_changed_at, self.demand.tuning.settled)
    }

    fn passed(&self, since: Millis, span: Millis) -> bool {
        self.demand.now >= since + span
    }
}

fn to(target: &Provider, cause: Cause) -> Move {
    Move {
        target: target.name.clone(),
        cause,
        at_once: match cause {
            Cause::Began | Cause::Grew | Cause::Quality | Cause::Operator | Cause::Failed => true,
            Cause::Returned | Cause::Score => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_causes_are_these() {
        let words = [
            (Cause::Began, "began"),
            (Cause::Failed, "failed"),
            (Cause::Grew, "grew"),
            (Cause::Quality, "quality"),
            (Cause::Operator, "operator"),
            (Cause::Returned, "returned"),
            (Cause::Score, "score"),
        ];
        for (cause, word) in words {
            assert_eq!(serde_json::to_value(cause).unwrap(), word);
            assert_eq!(cause.as_str(), word);
        }
    }
}
