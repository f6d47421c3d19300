//! Bars: what a session went through with a provider, and how long it remembers.
//!
//! A bar puts a provider behind all that are not barred, and forbids nothing. It is stored with the
//! session: hibernation must not make it forget what just failed (R18, R19).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::gather::collected;
use crate::protocol::ids::ProviderName;
use crate::time::Millis;
use crate::tuning::Tuning;

/// `BAR_FAILED`: how long a provider is barred that failed a session. The contract's 10 min: what
/// failed is seldom repaired sooner.
pub const BAR_FAILED: Millis = Millis::from_secs(600);

/// `BAR_QUALITY`: how long one is barred that was left for poor quality. The contract's 5 min, as
/// long as quality moves nobody again.
pub const BAR_QUALITY: Millis = Millis::from_secs(300);

/// `BAR_ABORTED`: how long one is barred that a move to was aborted. The contract's 30 s: nobody's
/// media stopped, so it may soon be tried again.
pub const BAR_ABORTED: Millis = Millis::from_secs(30);

/// `BAR_MOST`: how long a bar lasts at most, and how long after it was earned it is remembered. The
/// contract's 1 h.
pub const BAR_MOST: Millis = Millis::from_secs(3_600);

/// How a bar was earned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BarCause {
    /// The session's verdict: it failed here.
    Failed,
    /// Its quality was poor here.
    Quality,
    /// A move to it was aborted.
    Aborted,
}

impl BarCause {
    /// How long the first bar of this cause lasts.
    pub const fn first(self, tuning: &Tuning) -> Millis {
        match self {
            Self::Failed => tuning.bar_failed,
            Self::Quality => tuning.bar_quality,
            Self::Aborted => tuning.bar_aborted,
        }
    }
}

/// One bar: of one provider, by one cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bar {
    /// When it ends; at this moment it is over.
    pub until: Millis,
    /// How often it was earned without being forgotten in between.
    pub times: u32,
    /// When it is forgotten: earned later, it is as new.
    pub forgotten_at: Millis,
}

/// All bars of a session. A provider's bars of different causes do not change each other, and it is
/// barred until the last of them ends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bars(BTreeMap<ProviderName, BTreeMap<BarCause, Bar>>);

impl Bars {
    /// Bars a provider: for twice as long as the last time by this cause, if that is not forgotten.
    pub fn earn(&mut self, now: Millis, provider: &ProviderName, cause: BarCause, tuning: &Tuning) {
        self.forget_old(now);
        let bars = self.0.entry(provider.clone()).or_default();
        let before = bars
            .get(&cause)
            .filter(|bar| bar.forgotten_at > now)
            .map_or(0, |bar| bar.times);
        let doubled = 2_u64.saturating_pow(before);
        let span = Millis(cause.first(tuning).0.saturating_mul(doubled)).min(tuning.bar_most);
        bars.insert(
            cause,
            Bar {
                until: now + span,
                times: before.saturating_add(1),
                forgotten_at: now + tuning.bar_most,
            },
        );
    }

    /// Until when a provider is barred, if it is.
    pub fn until(&self, now: Millis, provider: &ProviderName) -> Option<Millis> {
        let ends = self.of(provider).map(|(_, bar)| bar.until);
        ends.max().filter(|end| *end > now)
    }

    /// Until when a provider is barred by this cause, if it is.
    pub fn until_by(
        &self,
        now: Millis,
        provider: &ProviderName,
        cause: BarCause,
    ) -> Option<Millis> {
        let mut bars = self.of(provider).filter(|(by, _)| **by == cause);
        bars.next()
            .map(|(_, bar)| bar.until)
            .filter(|end| *end > now)
    }

    /// Whether a provider is barred because it failed here.
    pub fn failed(&self, now: Millis, provider: &ProviderName) -> bool {
        self.until_by(now, provider, BarCause::Failed).is_some()
    }

    /// When the next of the bars in force ends.
    pub fn next_end(&self, now: Millis) -> Option<Millis> {
        self.ends().filter(|end| *end > now).min()
    }

    /// Remembers that quality is poor where a session stays. That bars nothing: staying earns no bar.
    /// Says whether it is new.
    pub fn stay_in_poor(&mut self, now: Millis, here: &ProviderName, tuning: &Tuning) -> bool {
        let bars = self.0.entry(here.clone()).or_default();
        let known = bars.get(&BarCause::Quality);
        let new = known.is_none_or(|bar| bar.forgotten_at <= now);
        if new {
            let bar = Bar {
                until: now,
                times: 0,
                forgotten_at: now + tuning.bar_most,
            };
            bars.insert(BarCause::Quality, bar);
        }
        new
    }

    /// Whether another provider than this one is remembered as poor.
    pub fn poor_elsewhere(&self, now: Millis, here: &ProviderName) -> bool {
        let elsewhere = self.0.iter().filter(|(name, _)| *name != here);
        elsewhere
            .filter_map(|(_, bars)| bars.get(&BarCause::Quality))
            .any(|bar| bar.forgotten_at > now)
    }

    /// When what is remembered of poor quality is forgotten, in no order of time.
    pub fn quality_forgotten(&self) -> impl Iterator<Item = Millis> {
        let quality = self.0.values().filter_map(|b| b.get(&BarCause::Quality));
        quality.map(|bar| bar.forgotten_at)
    }

    /// When each of the bars ends or has ended, in no order of time.
    pub fn ends(&self) -> impl Iterator<Item = Millis> {
        self.0.values().flat_map(|b| b.values()).map(|b| b.until)
    }

    /// Drops what no longer counts.
    fn forget_old(&mut self, now: Millis) {
        self.0.retain(|_, bars| {
            bars.retain(|_, bar| bar.forgotten_at > now || bar.until > now);
            !bars.is_empty()
        });
    }

    /// Which providers are barred now, and until when.
    pub fn in_force(&self, now: Millis) -> BTreeMap<ProviderName, Millis> {
        let barred = |name: &ProviderName| Some((name.clone(), self.until(now, name)?));
        collected(self.0.keys().filter_map(barred))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn of(&self, provider: &ProviderName) -> impl Iterator<Item = (&BarCause, &Bar)> {
        self.0.get(provider).into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = 60_000;

    fn minutes(n: u64) -> Millis {
        Millis(n * MINUTE)
    }

    #[test]
    fn a_bar_is_in_force_until_its_end_and_not_at_it() {
        let tuning = Tuning::default();
        let p2p = "p2p".into();
        for (cause, span, failed) in [
            (BarCause::Failed, minutes(10), true),
            (BarCause::Quality, minutes(5), false),
            (BarCause::Aborted, Millis(30_000), false),
        ] {
            let mut bars = Bars::default();
            bars.earn(minutes(1), &p2p, cause, &tuning);
            let end = minutes(1) + span;
            let just_before = end - Millis(1);
            assert_eq!(bars.until(just_before, &p2p), Some(end));
            assert_eq!(bars.next_end(just_before), Some(end));
            assert_eq!(bars.failed(just_before, &p2p), failed);
            assert_eq!(bars.until(end, &p2p), None);
            assert_eq!(bars.next_end(end), None);
            assert!(!bars.failed(end, &p2p));
            assert_eq!(bars.until(just_before, &"sfu".into()), None);
        }
    }

    #[test]
    fn earned_again_it_doubles_up_to_an_hour_and_an_hour_later_it_is_as_new() {
        let tuning = Tuning::default();
        let p2p = "p2p".into();
        let mut bars = Bars::default();
        let mut spans = Vec::new();
        for minute in [0, 59, 60, 61, 62, 122] {
            let now = minutes(minute);
            bars.earn(now, &p2p, BarCause::Failed, &tuning);
            spans.push(bars.until(now, &p2p).unwrap().since(now).0 / MINUTE);
        }
        assert_eq!(spans, [10, 20, 40, 60, 60, 10]);
    }

    #[test]
    fn bars_of_different_causes_do_not_lengthen_or_shorten_each_other() {
        let tuning = Tuning::default();
        let p2p = "p2p".into();
        let mut bars = Bars::default();
        bars.earn(Millis(0), &p2p, BarCause::Failed, &tuning);
        bars.earn(minutes(8), &p2p, BarCause::Quality, &tuning);
        bars.earn(minutes(9), &p2p, BarCause::Aborted, &tuning);
        assert_eq!(bars.until(minutes(9), &p2p), Some(minutes(13)));
        assert!(bars.failed(minutes(9), &p2p));
        assert!(!bars.failed(minutes(10), &p2p));
        assert_eq!(
            bars.until_by(minutes(9), &p2p, BarCause::Aborted),
            Some(Millis(9 * MINUTE + 30_000))
        );
        assert_eq!(bars.next_end(minutes(9)), Some(Millis(9 * MINUTE + 30_000)));
    }

    #[test]
    fn what_is_older_than_an_hour_is_dropped() {
        let tuning = Tuning::default();
        let mut bars = Bars::default();
        bars.earn(Millis(0), &"p2p".into(), BarCause::Aborted, &tuning);
        bars.forget_old(minutes(59));
        assert!(!bars.is_empty());
        bars.forget_old(minutes(60));
        assert!(bars.is_empty());
    }

    #[test]
    fn what_is_stored_is_this_and_is_read_again() {
        let tuning = Tuning::default();
        let mut bars = Bars::default();
        bars.earn(Millis(1_000), &"sfu".into(), BarCause::Aborted, &tuning);
        bars.earn(Millis(1_000), &"p2p".into(), BarCause::Quality, &tuning);
        bars.earn(Millis(2_000), &"p2p".into(), BarCause::Failed, &tuning);
        let json = serde_json::to_string(&bars).unwrap();
        assert_eq!(
            json,
            concat!(
                r#"{"p2p":{"failed":{"until":602000,"times":1,"forgotten_at":3602000},"#,
                r#""quality":{"until":301000,"times":1,"forgotten_at":3601000}},"#,
                r#""sfu":{"aborted":{"until":31000,"times":1,"forgotten_at":3601000}}}"#
            )
        );
        assert_eq!(serde_json::from_str::<Bars>(&json).unwrap(), bars);
        assert_eq!(serde_json::from_str::<Bars>("{}").unwrap(), Bars::default());
    }
}
