//! The rule that picks a provider, row by row and cause by cause.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod rule_support;

use rule_support::{Walk, hybrid, provider};
use samewire_core::protocol::ids::ProviderName;
use samewire_core::provider::bars::BarCause;
use samewire_core::provider::cause::{Cause, Held, after_failure, least_bad, next_look, wanted};
use samewire_core::provider::rule::{NoProvider, Out, Place, choose, ranking};
use samewire_core::time::Millis;

fn chosen(walk: &Walk) -> Result<String, NoProvider> {
    walk.ask(|s| choose(s.providers, s.demand).map(|p| p.name.0.clone()))
}

fn order(walk: &Walk) -> Vec<String> {
    let standings = walk.ask(|s| ranking(s.providers, s.demand));
    standings.into_iter().map(|s| s.provider.0).collect()
}

fn to(target: &str, cause: Cause) -> Option<(String, Cause)> {
    Some((target.to_owned(), cause))
}

fn seconds_ago(walk: &Walk, seconds: u64) -> Millis {
    walk.now - Millis::from_secs(seconds)
}

#[test]
fn what_is_out_of_the_question_is_ranked_last_and_said_why() {
    let names = ["a", "b", "c", "d", "e", "p2p"];
    let mut walk = Walk::on("e", names.map(|n| provider(n, 1)).to_vec(), 2);
    walk.provider("a").is_active = false;
    walk.provider("b").ejected = true;
    walk.people[1].remove(&"c".into());
    walk.allowed = Some(["a", "b", "c", "e", "p2p"].map(ProviderName::from).to_vec());
    walk.relay_only = true;
    let standings = walk.ask(|s| ranking(s.providers, s.demand));
    let out: Vec<_> = standings[1..]
        .iter()
        .map(|s| match &s.place {
            Place::Out(out) => (s.provider.as_str(), *out, out.code()),
            Place::Ranked(rank) => panic!("{rank:?}"),
        })
        .collect();
    assert_eq!(standings[0].provider.as_str(), "e");
    assert_eq!(
        out,
        [
            ("a", Out::Inactive, "inactive"),
            ("b", Out::Ejected, "ejected"),
            ("c", Out::NoDriver, "no_driver"),
            ("p2p", Out::RelayOnly, "relay_only"),
            ("d", Out::NotAllowed, "not_allowed"),
        ]
    );
    for (_, out, code) in out {
        assert_eq!(serde_json::to_value(out).unwrap(), code);
    }
}

#[test]
fn beyond_the_hard_limit_p2p_is_out_and_alone_it_is_full() {
    let mut walk = Walk::on("p2p", vec![provider("p2p", 1)], 9);
    assert_eq!(chosen(&walk), Err(NoProvider::Full));
    let place = walk.ask(|s| ranking(s.providers, s.demand))[0]
        .place
        .clone();
    assert_eq!(place, Place::Out(Out::TooManyForP2p));
    assert_eq!(Out::TooManyForP2p.code(), "too_many_for_p2p");
    assert_eq!(
        serde_json::to_value(Out::TooManyForP2p).unwrap(),
        "too_many_for_p2p"
    );
    walk.relay_only = true;
    assert_eq!(chosen(&walk), Err(NoProvider::Locked));
}

#[test]
fn each_field_of_the_rank_outweighs_all_that_follow() {
    // b is always worse in the named field and better in every one after it.
    type Change = fn(&mut Walk);
    let rows: [(&str, Change); 6] = [
        ("barred", |w| {
            w.bars
                .earn(w.now, &"b".into(), BarCause::Aborted, &w.tuning);
            w.provider("a").max_participants = Some(1);
        }),
        ("people", |w| {
            w.provider("b").min_participants = 3;
            w.provider("a").score = 59;
        }),
        ("class", |w| {
            w.provider("a").score = 60;
            w.provider("a").priority = 5;
            w.provider("b").score = 59;
        }),
        ("priority", |w| {
            w.provider("b").priority = 2;
            w.provider("b").score = 100;
        }),
        ("score", |w| w.provider("a").score = 81),
        ("name", |_| {}),
    ];
    for (word, change) in rows {
        let mut walk = Walk::on("a", vec![provider("b", 1), provider("a", 1)], 2);
        change(&mut walk);
        let standings = walk.ask(|s| ranking(s.providers, s.demand));
        let (Place::Ranked(best), Place::Ranked(other)) =
            (&standings[0].place, &standings[1].place)
        else {
            panic!("both are in the question");
        };
        assert_eq!(best.name.as_str(), "a", "{word}");
        assert_eq!(other.behind(best), word);
        assert_eq!(chosen(&walk), Ok("a".to_owned()));
    }
}

#[test]
fn of_the_barred_the_one_whose_bar_ends_first_is_the_best() {
    let walk = Walk::on("p2p", hybrid(), 2)
        .barred("p2p", BarCause::Failed, 0)
        .barred("sfu", BarCause::Quality, 0);
    assert_eq!(order(&walk), ["sfu", "p2p"]);
}

#[test]
fn a_score_below_min_score_is_the_last_resort() {
    let mut walk = Walk::on("p2p", hybrid(), 2);
    walk.provider("p2p").score = 39;
    walk.provider("sfu").score = 40;
    assert_eq!(order(&walk), ["sfu", "p2p"]);
    walk.tuning.min_score = 39;
    assert_eq!(order(&walk), ["p2p", "sfu"]);
}

#[test]
fn without_a_cause_a_session_stays() {
    let mut walk = Walk::on("sfu", vec![provider("vendor", 1), provider("sfu", 1)], 2);
    walk.provider("vendor").score = 100;
    assert_eq!(order(&walk), ["vendor", "sfu"]);
    assert_eq!(walk.wanted(), None, "a lead within a class is no cause");
    assert_eq!(walk.ask(next_look), None);
}

#[test]
fn growing_beyond_what_it_takes_moves_at_once_and_only_to_what_takes_more_of_them() {
    let mut walk = Walk::on("p2p", hybrid(), 4);
    (walk.switched_at, walk.heads_changed_at) = (walk.now, walk.now);
    assert_eq!(walk.wanted(), to("sfu", Cause::Grew));
    walk.provider("sfu").max_participants = Some(3);
    assert_eq!(walk.wanted(), None, "it takes no more of them");
    let walk = Walk::on("p2p", vec![provider("p2p", 1)], 5);
    assert_eq!(walk.wanted(), None, "limits steer, they do not forbid");
}

#[test]
fn a_newcomer_without_a_driver_for_it_moves_everyone_to_what_fits_all_even_if_that_ranks_low() {
    let mut walk = Walk::on("p2p", hybrid(), 2).barred("sfu", BarCause::Failed, 60);
    (walk.switched_at, walk.heads_changed_at) = (walk.now, walk.now);
    walk.people[1].remove(&"p2p".into());
    walk.provider("sfu").score = 10;
    assert_eq!(walk.wanted(), to("sfu", Cause::Grew));
    walk.people[1].remove(&"sfu".into());
    assert_eq!(walk.wanted(), None);
}

#[test]
fn a_ninth_in_p2p_moves_everyone_whatever_the_limits_say() {
    let mut walk = Walk::on("p2p", hybrid(), 9);
    walk.provider("p2p").max_participants = Some(100);
    assert_eq!(walk.wanted(), to("sfu", Cause::Grew));
}

#[test]
fn a_move_that_was_aborted_is_begun_again_when_its_bar_ends_and_not_before() {
    let people_and_driver: [(usize, bool); 2] = [(4, true), (2, false)];
    for (people, has_driver) in people_and_driver {
        let mut walk = Walk::on("p2p", hybrid(), people).barred("sfu", BarCause::Aborted, 0);
        if !has_driver {
            walk.people[1].remove(&"p2p".into());
        }
        assert_eq!(walk.wanted(), None);
        let end = walk.now + Millis::from_secs(30);
        assert_eq!(walk.ask(next_look), Some(end));
        walk.now = end;
        assert_eq!(walk.wanted(), to("sfu", Cause::Grew));
    }
}

#[test]
fn what_was_taken_from_the_session_is_left_at_once_even_when_it_is_held() {
    type Take = fn(&mut Walk);
    let rows: [Take; 5] = [
        |w| w.provider("p2p").is_active = false,
        |w| w.provider("p2p").ejected = true,
        |w| w.relay_only = true,
        |w| w.allowed = Some(vec!["sfu".into()]),
        |w| w.providers.retain(|p| p.name.as_str() != "p2p"),
    ];
    for take in rows {
        for held in [Held::Free, Held::Pinned, Held::Stay] {
            let mut walk = Walk::on("p2p", hybrid(), 2);
            (walk.switched_at, walk.heads_changed_at) = (walk.now, walk.now);
            walk.held = held;
            take(&mut walk);
            assert_eq!(walk.wanted(), to("sfu", Cause::Failed));
            for cause in [BarCause::Failed, BarCause::Aborted] {
                let walk = walk.clone().barred("sfu", cause, 0);
                assert_eq!(walk.wanted(), None, "its media may still flow");
            }
            let walk = walk.barred("sfu", BarCause::Quality, 0);
            assert_eq!(walk.wanted(), to("sfu", Cause::Failed));
        }
    }
}

#[test]
fn a_failure_leaves_out_the_current_one_and_what_failed_lately_but_no_other_barred_one() {
    let three = vec![
        provider("p2p", 1),
        provider("sfu", 2),
        provider("vendor", 3),
    ];
    let walk = Walk::on("p2p", three, 2).barred("p2p", BarCause::Failed, 0);
    let next = |walk: &Walk| walk.ask(after_failure).map(|p| p.0);
    assert_eq!(next(&walk), Some("sfu".to_owned()));
    let walk = walk.barred("sfu", BarCause::Quality, 0);
    assert_eq!(next(&walk), Some("vendor".to_owned()));
    let mut walk = walk.barred("vendor", BarCause::Failed, 60);
    assert_eq!(next(&walk), Some("sfu".to_owned()));
    walk.held = Held::Pinned;
    assert_eq!(
        next(&walk),
        Some("sfu".to_owned()),
        "a pin holds nobody on what failed"
    );
    let walk = walk.barred("sfu", BarCause::Failed, 120);
    assert_eq!(next(&walk), None, "exhausted");
    let least = |walk: &Walk| walk.ask(least_bad).map(|p| p.0);
    assert_eq!(least(&walk), Some("sfu".to_owned()), "its bar ends first");
    let alone = Walk::on("p2p", vec![provider("p2p", 1)], 2).barred("p2p", BarCause::Failed, 0);
    assert_eq!(least(&alone), Some("p2p".to_owned()));
}

#[test]
fn poor_quality_moves_once_in_five_minutes_to_what_is_not_barred_and_not_for_peoples_own_network() {
    let mut walk = Walk::on("p2p", hybrid(), 2);
    (walk.switched_at, walk.heads_changed_at) = (walk.now, walk.now);
    assert_eq!(walk.wanted(), None);
    walk.poor = true;
    assert_eq!(walk.wanted(), to("sfu", Cause::Quality));
    walk.quality_moved_at = Some(seconds_ago(&walk, 299));
    assert_eq!(walk.wanted(), None);
    assert_eq!(walk.ask(next_look), Some(walk.now + Millis::from_secs(1)));
    walk.quality_moved_at = Some(seconds_ago(&walk, 300));
    assert_eq!(walk.wanted(), to("sfu", Cause::Quality));
    assert_eq!(
        walk.clone().barred("sfu", BarCause::Aborted, 0).wanted(),
        None
    );
    // It was poor elsewhere, too: remembered for an hour, though barred for five minutes only.
    let walk = walk.barred("daily", BarCause::Quality, 3_599);
    assert_eq!(walk.wanted(), None);
    assert_eq!(walk.ask(next_look), Some(walk.now + Millis::from_secs(1)));
}

#[test]
fn poor_quality_moves_nobody_to_where_there_are_too_many_of_them() {
    let mut walk = Walk::on("sfu", hybrid(), 4);
    walk.poor = true;
    assert_eq!(walk.wanted(), None);
    let east = vec![provider("p2p", 1), provider("sfu", 2), provider("east", 3)];
    let mut walk = Walk::on("sfu", east, 4);
    walk.poor = true;
    assert_eq!(walk.wanted(), to("east", Cause::Quality));
}

#[test]
fn returning_waits_for_the_dwell_and_for_a_head_count_that_has_settled() {
    let mut walk = Walk::on("sfu", hybrid(), 2);
    assert_eq!(walk.wanted(), to("p2p", Cause::Returned));
    walk.switched_at = seconds_ago(&walk, 9);
    assert_eq!(walk.wanted(), None);
    assert_eq!(walk.ask(next_look), Some(walk.now + Millis::from_secs(1)));
    walk.heads_changed_at = seconds_ago(&walk, 10);
    assert_eq!(walk.wanted(), None);
    assert_eq!(walk.ask(next_look), Some(walk.now + Millis::from_secs(20)));
}

#[test]
fn one_that_too_few_are_left_for_is_left_as_returned_and_not_as_grew() {
    let mut walk = Walk::on("sfu", vec![provider("sfu", 1), provider("p2p", 2)], 2);
    walk.provider("sfu").min_participants = 3;
    assert_eq!(walk.wanted(), to("p2p", Cause::Returned));
    walk.heads_changed_at = walk.now;
    assert_eq!(walk.wanted(), None);
}

#[test]
fn a_bar_that_ends_brings_the_session_back() {
    let mut walk = Walk::on("sfu", hybrid(), 2).barred("p2p", BarCause::Failed, 0);
    assert_eq!(walk.wanted(), None);
    let end = walk.now + Millis::from_secs(600);
    assert_eq!(walk.ask(next_look), Some(end));
    walk.now = end;
    assert_eq!(walk.wanted(), to("p2p", Cause::Returned));
}

#[test]
fn a_bar_that_merely_ends_sooner_is_no_return() {
    let walk = Walk::on("p2p", hybrid(), 2)
        .barred("p2p", BarCause::Failed, 0)
        .barred("sfu", BarCause::Failed, 60);
    assert_eq!(order(&walk), ["sfu", "p2p"]);
    assert_eq!(walk.wanted(), None);
    let end = walk.now + Millis::from_secs(540);
    assert_eq!(walk.ask(next_look), Some(end));
}

#[test]
fn a_score_moves_by_strictly_more_than_the_threshold_and_a_better_class_after_the_dwell() {
    // of here, of there, whether it moves
    let rows = [
        (59, 79, false),
        (59, 80, true),
        (60, 100, false),
        (39, 59, false),
        (39, 60, true),
        (38, 59, true),
        (20, 39, false),
    ];
    for (here, there, moves) in rows {
        let mut walk = Walk::on(
            "first",
            vec![provider("first", 1), provider("second", 2)],
            2,
        );
        walk.provider("first").score = here;
        walk.provider("second").score = there;
        walk.heads_changed_at = walk.now;
        let expected = moves.then(|| ("second".to_owned(), Cause::Score));
        assert_eq!(walk.wanted(), expected, "{here} to {there}");
        walk.switched_at = seconds_ago(&walk, 9);
        assert_eq!(walk.wanted(), None);
        let look = moves.then(|| walk.now + Millis::from_secs(1));
        assert_eq!(walk.ask(next_look), look);
    }
}

#[test]
fn a_score_moves_to_what_has_a_limit_only_once_the_head_count_has_settled() {
    let mut walk = Walk::on("sfu", hybrid(), 3);
    walk.provider("sfu").score = 50;
    walk.heads_changed_at = seconds_ago(&walk, 29);
    assert_eq!(walk.wanted(), None);
    walk.heads_changed_at = seconds_ago(&walk, 30);
    assert_eq!(walk.wanted(), to("p2p", Cause::Returned));
}

#[test]
fn a_session_returns_to_what_lost_some_of_its_score_only_when_that_is_clear_of_the_border() {
    for (score, returns) in [(60, false), (69, false), (70, true), (80, true)] {
        let mut walk = Walk::on("sfu", hybrid(), 2);
        walk.provider("p2p").score = score;
        assert_eq!(walk.wanted().is_some(), returns, "{score}");
        walk.provider("p2p").base_score = score;
        assert_eq!(walk.wanted(), to("p2p", Cause::Returned), "it lost nothing");
    }
}

#[test]
fn a_pin_and_a_lock_forbid_all_but_failed() {
    for held in [Held::Pinned, Held::Stay] {
        let mut grown = Walk::on("p2p", hybrid(), 4);
        let mut poor = Walk::on("p2p", hybrid(), 2);
        poor.poor = true;
        let mut returning = Walk::on("sfu", hybrid(), 2);
        let mut scored = Walk::on("p2p", hybrid(), 2);
        scored.provider("p2p").score = 30;
        let mut driverless = Walk::on("p2p", hybrid(), 2);
        driverless.people[0].remove(&"p2p".into());
        for walk in [
            &mut grown,
            &mut poor,
            &mut returning,
            &mut scored,
            &mut driverless,
        ] {
            assert!(walk.wanted().is_some());
            walk.held = held;
            assert_eq!(walk.ask(wanted), None);
            assert_eq!(walk.ask(next_look), None);
        }
    }
}
