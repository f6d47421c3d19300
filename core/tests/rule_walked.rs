//! Half an hour in the life of sessions, move by move; and what holds of any situation.

#![allow(clippy::unwrap_used)]

mod rule_support;

use std::collections::BTreeSet;

use proptest::prelude::*;
use rule_support::{Walk, hybrid, moved, provider};
use samewire_core::protocol::ids::ProviderName;
use samewire_core::provider::Provider;
use samewire_core::provider::bars::BarCause;
use samewire_core::provider::cause::{Cause, Held, after_failure, least_bad, next_look, wanted};
use samewire_core::provider::rule::{choose, in_question, rank, ranking};
use samewire_core::time::Millis;

const HALF_AN_HOUR: f64 = 1_800.0;

#[test]
fn one_to_five_and_back_to_two_people_is_exactly_two_moves() {
    let mut walk = Walk::on("p2p", hybrid(), 1);
    for (at, people) in [
        (10, 2),
        (20, 3),
        (30, 4),
        (40, 5),
        (600, 4),
        (605, 3),
        (610, 2),
    ] {
        walk.until(f64::from(at));
        walk.heads(people);
    }
    walk.until(HALF_AN_HOUR);
    assert_eq!(
        walk.moves,
        [
            moved(30.0, "p2p", "sfu", Cause::Grew),
            moved(640.0, "sfu", "p2p", Cause::Returned),
        ]
    );
}

#[test]
fn a_fourth_who_comes_and_goes_every_two_seconds_moves_nobody_back_until_that_ends() {
    for score_of_sfu in [80, 50] {
        let mut walk = Walk::on("p2p", hybrid(), 3);
        walk.provider("sfu").score = score_of_sfu;
        for second in (2..=1_200).step_by(2) {
            walk.until(f64::from(second));
            walk.heads(if second % 4 == 2 { 4 } else { 3 });
        }
        walk.until(HALF_AN_HOUR);
        assert_eq!(
            walk.moves,
            [
                moved(2.0, "p2p", "sfu", Cause::Grew),
                moved(1_230.0, "sfu", "p2p", Cause::Returned),
            ]
        );
    }
}

#[test]
fn when_all_have_failed_the_least_bad_is_tried_and_kept_while_it_works() {
    let three = vec![
        provider("p2p", 1),
        provider("sfu", 2),
        provider("vendor", 3),
    ];
    let mut walk = Walk::on("p2p", three, 2);
    for second in [60, 120, 180] {
        walk.until(f64::from(second));
        fail(&mut walk);
    }
    walk.until(HALF_AN_HOUR);
    assert_eq!(
        walk.moves,
        [
            moved(60.0, "p2p", "sfu", Cause::Failed),
            moved(120.0, "sfu", "vendor", Cause::Failed),
            moved(185.0, "vendor", "p2p", Cause::Failed),
        ]
    );
}

#[test]
fn what_failed_is_returned_to_when_its_bar_ends_and_when_it_fails_again_for_twice_as_long_not() {
    let mut walk = Walk::on("p2p", hybrid(), 2);
    for second in [60.0, 700.0] {
        walk.until(second);
        fail(&mut walk);
    }
    walk.until(HALF_AN_HOUR + 200.0);
    assert_eq!(
        walk.moves,
        [
            moved(60.0, "p2p", "sfu", Cause::Failed),
            moved(660.0, "sfu", "p2p", Cause::Returned),
            moved(700.0, "p2p", "sfu", Cause::Failed),
            moved(1_900.0, "sfu", "p2p", Cause::Returned),
        ]
    );
}

#[test]
fn what_is_ejected_is_left_at_once_and_returned_to_when_it_is_back_and_the_dwell_is_over() {
    let mut walk = Walk::on("sfu", vec![provider("sfu", 1), provider("vendor", 2)], 2);
    for (second, ejected) in [(60, true), (65, false), (600, true), (900, false)] {
        walk.until(f64::from(second));
        walk.provider("sfu").ejected = ejected;
        walk.look();
    }
    walk.until(HALF_AN_HOUR);
    assert_eq!(
        walk.moves,
        [
            moved(60.0, "sfu", "vendor", Cause::Failed),
            moved(70.0, "vendor", "sfu", Cause::Returned),
            moved(600.0, "sfu", "vendor", Cause::Failed),
            moved(900.0, "vendor", "sfu", Cause::Returned),
        ]
    );
}

#[test]
fn one_move_for_quality_is_not_undone_before_its_bar_ends() {
    let mut walk = Walk::on("p2p", hybrid(), 2);
    walk.until(60.0);
    walk.poor = true;
    walk.look();
    walk.until(HALF_AN_HOUR);
    assert_eq!(
        walk.moves,
        [
            moved(60.0, "p2p", "sfu", Cause::Quality),
            moved(360.0, "sfu", "p2p", Cause::Returned),
        ]
    );
}

#[test]
fn a_pinned_session_stays_through_growth_and_returns_when_it_is_unpinned() {
    let mut walk = Walk::on("p2p", hybrid(), 2);
    walk.until(10.0);
    walk.go(&"sfu".into(), Cause::Operator);
    walk.held = Held::Pinned;
    for (second, people) in [(600, 5), (900, 2)] {
        walk.until(f64::from(second));
        walk.heads(people);
    }
    walk.until(1_200.0);
    walk.held = Held::Free;
    walk.look();
    walk.until(HALF_AN_HOUR);
    assert_eq!(
        walk.moves,
        [
            moved(10.0, "p2p", "sfu", Cause::Operator),
            moved(1_200.0, "sfu", "p2p", Cause::Returned),
        ]
    );
}

#[test]
fn a_locked_session_stays_until_its_provider_is_switched_off() {
    let mut walk = Walk::on("p2p", hybrid(), 2);
    walk.held = Held::Stay;
    walk.until(60.0);
    walk.heads(5);
    walk.poor = true;
    walk.until(600.0);
    walk.provider("p2p").is_active = false;
    walk.look();
    walk.until(HALF_AN_HOUR);
    assert_eq!(walk.moves, [moved(600.0, "p2p", "sfu", Cause::Failed)]);
}

#[test]
fn a_driverless_arrival_moves_everyone_and_its_leaving_brings_them_back_only_in_time() {
    let mut walk = Walk::on("p2p", hybrid(), 2);
    walk.until(60.0);
    walk.people.push(BTreeSet::from(["sfu".into()]));
    walk.heads(3);
    walk.until(62.0);
    walk.heads(2);
    walk.until(HALF_AN_HOUR);
    assert_eq!(
        walk.moves,
        [
            moved(60.0, "p2p", "sfu", Cause::Grew),
            moved(92.0, "sfu", "p2p", Cause::Returned),
        ]
    );
}

#[test]
fn a_score_that_swings_about_the_border_of_a_class_moves_a_session_at_most_once() {
    // priorities of p2p and sfu, the two scores of p2p, the score of sfu, the moves
    let away = || vec![moved(10.0, "p2p", "sfu", Cause::Score)];
    let rows = [
        ([1, 2], [59, 60], 80, away()),
        ([1, 2], [55, 65], 80, away()),
        ([1, 1], [55, 65], 80, away()),
        ([1, 2], [35, 45], 58, away()),
        ([1, 2], [59, 60], 79, vec![]),
        ([1, 2], [39, 40], 58, vec![]),
    ];
    for (priorities, scores, sfu, moves) in rows {
        let [p2p_first, sfu_first] = priorities;
        let providers = vec![provider("p2p", p2p_first), provider("sfu", sfu_first)];
        let mut walk = Walk::on("p2p", providers, 2);
        walk.provider("sfu").score = sfu;
        let [low, high] = scores;
        walk.provider("p2p").score = high;
        for second in (10..1_800).step_by(10) {
            walk.until(f64::from(second));
            walk.provider("p2p").score = if second % 20 == 10 { low } else { high };
            walk.look();
        }
        walk.until(HALF_AN_HOUR);
        assert_eq!(walk.moves, moves, "{scores:?} beside {sfu}");
    }
}

/// The session's verdict: its provider failed. An exhausted one tries the least bad 5 s later.
fn fail(walk: &mut Walk) {
    let Walk { now, tuning, .. } = *walk;
    let current = walk.current.clone();
    walk.bars.earn(now, &current, BarCause::Failed, &tuning);
    let target = walk.ask(after_failure).unwrap_or_else(|| {
        walk.now = now + tuning.retry_first;
        walk.ask(least_bad).unwrap()
    });
    walk.go(&target, Cause::Failed);
}

fn any_provider(name: &'static str) -> impl Strategy<Value = Provider> {
    let limits = (1_u32..5, proptest::option::of(0_u32..5));
    let score = prop_oneof![Just(0_u8), 35_u8..85, Just(100_u8)];
    (1_u32..4, 40_u8..90, score, limits, 0_u8..10).prop_map(
        move |(priority, base_score, score, (least, more), state)| Provider {
            base_score,
            score,
            min_participants: least,
            max_participants: more.map(|more| least + more),
            is_active: state != 0,
            ejected: state == 1,
            ..provider(name, priority)
        },
    )
}

const NAMES: [&str; 4] = ["a", "b", "c", "p2p"];

prop_compose! {
    fn any_walk()(
        providers in NAMES.map(any_provider),
        current in prop::sample::select(NAMES.to_vec()),
        people in 0_usize..11,
        lacks in proptest::option::weighted(0.3, prop::sample::select(NAMES.to_vec())),
        relay_only in proptest::bool::weighted(0.2),
        allowed in proptest::option::weighted(0.2, proptest::sample::subsequence(NAMES.to_vec(), 0..4)),
        held in prop_oneof![4 => Just(Held::Free), 1 => Just(Held::Pinned), 1 => Just(Held::Stay)],
        switched in 0_u64..20,
        changed in 0_u64..50,
        quality in proptest::option::of(0_u64..120),
        poor in any::<bool>(),
        bars in proptest::collection::vec((
            prop::sample::select(NAMES.to_vec()),
            prop_oneof![Just(BarCause::Failed), Just(BarCause::Quality), Just(BarCause::Aborted)],
            0_u64..120,
        ), 0..5),
    ) -> Walk {
        let mut walk = Walk::on(current, providers.to_vec(), people);
        walk.tuning.bar_failed = Millis::from_secs(100);
        walk.tuning.bar_quality = Millis::from_secs(60);
        walk.tuning.bar_most = Millis::from_secs(150);
        walk.tuning.quality_every = Millis::from_secs(60);
        if let (Some(name), Some(somebody)) = (lacks, walk.people.first_mut()) {
            somebody.remove(&ProviderName::from(name));
        }
        let ago = |seconds| walk.now - Millis::from_secs(seconds);
        (walk.switched_at, walk.heads_changed_at) = (ago(switched), ago(changed));
        walk.quality_moved_at = quality.map(ago);
        walk.relay_only = relay_only;
        walk.allowed = allowed.map(|a| a.into_iter().map(ProviderName::from).collect());
        (walk.held, walk.poor) = (held, poor);
        bars.into_iter().fold(walk, |walk, (name, cause, ago)| walk.barred(name, cause, ago))
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_rule_is_total_and_does_not_depend_on_the_order_of_the_list(walk in any_walk()) {
        let ranked = walk.ask(|s| ranking(s.providers, s.demand));
        prop_assert_eq!(ranked.len(), walk.providers.len());
        let best = walk.ask(|s| choose(s.providers, s.demand).map(|p| p.name.clone()).ok());
        prop_assert_eq!(&best, &walk.ask(least_bad));
        let mut turned = walk.clone();
        turned.providers.reverse();
        prop_assert_eq!(ranked, turned.ask(|s| ranking(s.providers, s.demand)));
        prop_assert_eq!(walk.ask(wanted), turned.ask(wanted));
        let ranks: Vec<_> = walk.ask(|s| s.providers.iter().map(|p| rank(p, s.demand)).collect());
        let distinct: BTreeSet<_> = ranks.iter().collect();
        prop_assert_eq!(distinct.len(), ranks.len());
    }

    #[test]
    fn a_move_goes_elsewhere_to_what_is_in_the_question(walk in any_walk()) {
        let targets = [walk.ask(wanted).map(|m| m.target), walk.ask(after_failure)];
        for target in targets.into_iter().flatten() {
            prop_assert_ne!(&target, &walk.current);
            prop_assert!(walk.ask(|s| in_question(s.providers, s.demand).any(|p| p.name == target)));
        }
    }

    #[test]
    fn nothing_changes_before_the_next_look_and_something_does_at_it(walk in any_walk()) {
        let answer = walk.ask(wanted);
        let next = walk.ask(next_look);
        prop_assert!(next.is_none_or(|next| next > walk.now));
        let mut later = walk.clone();
        for second in 1..400 {
            let moment = walk.now + Millis::from_secs(second);
            for now in [moment - Millis(1), moment] {
                if next.is_none_or(|next| now < next) {
                    later.now = now;
                    prop_assert_eq!(&later.ask(wanted), &answer);
                }
            }
        }
        if let Some(next) = next {
            later.now = next;
            prop_assert_ne!(later.ask(wanted), answer);
        }
    }

    /// [`Walk::look`] asserts that a move, once made, is followed by none at that moment.
    #[test]
    fn without_new_input_a_session_soon_comes_to_rest(mut walk in any_walk()) {
        walk.look();
        walk.until(2_000.0);
        prop_assert_eq!(walk.ask(next_look), None);
        prop_assert!(walk.moves.len() <= 6, "{:?}", walk.moves);
    }
}
