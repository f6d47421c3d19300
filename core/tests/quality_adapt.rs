//! What the sender gives up, and when it comes back.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what helps a test may panic: that is a failed test"
)]

mod quality_support;

use proptest::prelude::*;
use quality_support::{Call, Chance, GOOD, Way};
use samewire_core::quality::raw::Limitation;
use samewire_core::quality::{Adaptation, Advice, Kind, Monitor, Outgoing, Pace, Step, Turn};
use samewire_core::time::Millis;

fn fares(score: f64) -> Outgoing {
    Outgoing {
        score: Some(score),
        camera: true,
        ..Outgoing::default()
    }
}

/// The advice of so many seconds, and after how many of them.
fn pass(adaptation: &mut Adaptation, seconds: u64, outgoing: &Outgoing) -> Vec<(u64, Advice)> {
    let mut all = Vec::new();
    for second in 1..=seconds {
        let advice = adaptation.look(outgoing, Millis(1_000));
        all.extend(advice.map(|advice| (second, advice)));
    }
    all
}

#[test]
fn what_stays_poor_is_given_up_step_by_step_and_then_recommended_once() {
    let mut adaptation = Adaptation::default();
    assert_eq!(
        pass(&mut adaptation, 600, &fares(50.0)),
        [
            (5, Advice::Go(Step::LowerBitrate)),
            (10, Advice::Go(Step::LowerResolution)),
            (15, Advice::Go(Step::AudioOnly)),
            (20, Advice::Recommend),
        ]
    );
    assert!(adaptation.is_recommended());
}

#[test]
fn what_has_failed_is_given_up_faster() {
    let advice = pass(&mut Adaptation::default(), 6, &fares(10.0));
    assert_eq!(
        advice.iter().map(|(at, _)| *at).collect::<Vec<_>>(),
        [2, 4, 6]
    );
}

#[test]
fn what_is_well_again_comes_back_a_step_every_15_s() {
    let mut adaptation = Adaptation::default();
    pass(&mut adaptation, 20, &fares(50.0));
    assert_eq!(
        pass(&mut adaptation, 600, &fares(90.0)),
        [
            (15, Advice::Go(Step::LowerResolution)),
            (30, Advice::Go(Step::LowerBitrate)),
            (45, Advice::Go(Step::Full)),
        ]
    );
    assert!(!adaptation.is_recommended());
}

#[test]
fn each_step_says_what_to_send_and_less_of_it() {
    let steps = [
        Step::Full,
        Step::LowerBitrate,
        Step::LowerResolution,
        Step::AudioOnly,
    ];
    for step in steps {
        assert_eq!(Step::of_rank(step.rank()), step);
    }
    let levels = steps.map(Step::level);
    for pair in levels.windows(2) {
        let bits = |level: usize| pair[level].max_bitrate_kbps.unwrap_or(u32::MAX);
        assert!(bits(1) <= bits(0) && pair[1].scale_down_by >= pair[0].scale_down_by);
    }
    assert_eq!(levels.map(|level| level.video), [true, true, true, false]);
}

#[test]
fn a_small_swing_changes_nothing() {
    for middle in [62.0, 68.0, 74.0] {
        let mut adaptation = Adaptation::default();
        pass(&mut adaptation, 7, &fares(50.0));
        for second in 0..3_600 {
            let swing = if second % 2 == 0 { 2.0 } else { -2.0 };
            let advice = adaptation.look(&fares(middle + swing), Millis(1_000));
            assert_eq!(advice, None, "{middle} after {second} s");
        }
    }
}

#[test]
fn a_swing_about_a_threshold_never_goes_both_ways() {
    for middle in [58.0, 60.0, 75.0, 77.0] {
        let mut adaptation = Adaptation::default();
        pass(&mut adaptation, 7, &fares(50.0));
        let mut chance = Chance(7);
        let mut went = Vec::new();
        for _ in 0..3_600 {
            let before = adaptation.step();
            let score = middle - 5.0 + chance.below(10.0);
            if let Some(Advice::Go(step)) = adaptation.look(&fares(score), Millis(1_000)) {
                went.push(step > before);
            }
        }
        assert!(went.windows(2).all(|w| w[0] == w[1]), "{middle} {went:?}");
    }
}

/// A way that takes so much: what is sent beyond it is lost.
fn narrow(capacity_kbps: f64, minutes: u64) -> Vec<(u64, Step)> {
    let mut adaptation = Adaptation::default();
    let mut all = Vec::new();
    for second in 0..minutes * 60 {
        let level = adaptation.step().level();
        let video = if level.video {
            level.max_bitrate_kbps.map_or(1_500.0, f64::from)
        } else {
            0.0
        };
        let score = if video + 32.0 > capacity_kbps {
            30.0
        } else {
            95.0
        };
        if let Some(Advice::Go(step)) = adaptation.look(&fares(score), Millis(1_000)) {
            all.push((second, step));
        }
    }
    all
}

#[test]
fn a_way_that_carries_one_step_and_not_the_next_is_asked_less_and_less_often() {
    for (capacity, most, settles) in [
        (2_000.0, 0, Step::Full),
        (700.0, 40, Step::LowerBitrate),
        (300.0, 40, Step::LowerResolution),
        (100.0, 40, Step::AudioOnly),
    ] {
        let steps = narrow(capacity, 60);
        assert!(steps.len() <= most, "{capacity}: {steps:?}");
        // In the last half hour it is asked every four minutes at most.
        let late: Vec<u64> = steps
            .iter()
            .filter(|(at, s)| *at > 1_800 && *s < settles)
            .map(|(at, _)| *at)
            .collect();
        assert!(
            late.windows(2).all(|w| w[1] - w[0] >= 240),
            "{capacity}: {late:?}"
        );
        assert!(
            steps
                .iter()
                .all(|(at, step)| *at < 60 || *step <= settles.max(Step::LowerBitrate))
        );
    }
}

#[test]
fn a_slow_machine_sends_a_smaller_picture_and_keeps_it() {
    let mut adaptation = Adaptation::default();
    let slow = Outgoing {
        limitation: Some(Limitation::Cpu),
        ..fares(95.0)
    };
    assert_eq!(
        pass(&mut adaptation, 600, &slow),
        [(5, Advice::Go(Step::LowerResolution))]
    );
    assert!(!adaptation.is_recommended());
}

#[test]
fn less_room_than_a_camera_needs_is_poor_whatever_the_score() {
    let tight = Outgoing {
        available_kbps: Some(60.0),
        ..fares(95.0)
    };
    let mut adaptation = Adaptation::default();
    pass(&mut adaptation, 15, &tight);
    assert_eq!(adaptation.step(), Step::AudioOnly);
}

#[test]
fn without_a_camera_there_is_nothing_to_give_up() {
    let silent = Outgoing {
        camera: false,
        ..fares(30.0)
    };
    assert_eq!(
        pass(&mut Adaptation::default(), 600, &silent),
        [(5, Advice::Recommend)]
    );
}

#[test]
fn a_call_that_is_poor_by_what_others_send_is_recommended_after_they_had_their_time() {
    let theirs = Outgoing {
        call: Some(50.0),
        ..fares(95.0)
    };
    assert_eq!(
        pass(&mut Adaptation::default(), 600, &theirs),
        [(30, Advice::Recommend)]
    );
}

#[test]
fn a_call_that_was_poor_and_is_on_its_way_up_is_not_recommended() {
    let mut adaptation = Adaptation::default();
    let call = |score| Outgoing {
        call: Some(score),
        ..fares(95.0)
    };
    for _ in 0..100 {
        assert_eq!(pass(&mut adaptation, 12, &call(30.0)), []);
        assert_eq!(pass(&mut adaptation, 24, &call(80.0)), []);
    }
}

#[test]
fn a_recommendation_waits_until_there_is_nothing_left_to_give_up() {
    let mut adaptation = Adaptation::default();
    let poor = Outgoing {
        call: Some(30.0),
        ..fares(50.0)
    };
    let well = Outgoing {
        call: Some(30.0),
        ..fares(95.0)
    };
    let mut all = Vec::new();
    // Two reports in three are of loss: the others came too late for their sample.
    for _ in 0..30 {
        all.extend(pass(&mut adaptation, 2, &poor));
        all.extend(pass(&mut adaptation, 1, &well));
    }
    let advice: Vec<Advice> = all.into_iter().map(|(_, advice)| advice).collect();
    assert_eq!(
        advice,
        [
            Advice::Go(Step::LowerBitrate),
            Advice::Go(Step::LowerResolution),
            Advice::Go(Step::AudioOnly),
            Advice::Recommend,
        ]
    );
}

#[test]
fn r32_what_is_unknown_changes_nothing() {
    let mut adaptation = Adaptation::default();
    let unknown = Outgoing {
        score: None,
        ..fares(0.0)
    };
    assert_eq!(pass(&mut adaptation, 4, &fares(50.0)), []);
    assert_eq!(pass(&mut adaptation, 600, &unknown), []);
    assert_eq!(pass(&mut adaptation, 600, &fares(f64::NAN)), []);
    assert_eq!(
        pass(&mut adaptation, 1, &fares(50.0)),
        [(1, Advice::Go(Step::LowerBitrate))]
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn constant_input_leads_one_way_and_stays(
        score in proptest::option::of(0.0..100.0_f64),
        available in proptest::option::of(0.0..3_000.0_f64),
        cpu: bool,
        camera: bool,
        call in proptest::option::of(0.0..100.0_f64),
        begin in 0_u64..20,
    ) {
        let limitation = cpu.then_some(Limitation::Cpu);
        let outgoing = Outgoing { score, available_kbps: available, limitation, camera, call };
        let mut adaptation = Adaptation::default();
        pass(&mut adaptation, begin, &fares(50.0));
        let mut last = adaptation.step();
        let mut ways = Vec::new();
        let mut recommended = 0;
        for (_, advice) in pass(&mut adaptation, 1_800, &outgoing) {
            match advice {
                Advice::Go(step) => {
                    ways.push(step > last);
                    last = step;
                }
                Advice::Recommend => recommended += 1,
            }
        }
        prop_assert!(ways.len() <= 3 || available.is_some());
        let narrow = available.is_some_and(|a| a < 100.0);
        prop_assert!(narrow || ways.windows(2).all(|w| w[0] == w[1]), "{ways:?}");
        prop_assert!(recommended <= 1 || narrow);
    }
}

/// Issue 4: a loss that climbs from 0 to 15 % in a minute.
#[test]
fn a_loss_that_climbs_to_15_per_cent_in_a_minute_is_an_alert_then_adaptation_then_a_recommendation()
{
    for direction in 0..2 {
        let (mut call, mut monitor) = (Call::new(0), Monitor::default());
        let mut pace = Pace::new(Millis(0), Millis(3_000));
        let (mut alert, mut adapted, mut recommended) = (None, Vec::new(), None);
        let mut now = Millis(0);
        let mut ratings = Vec::new();
        while now < Millis(75_000) {
            let wait = pace.next_sample_at().since(now).0;
            now = pace.next_sample_at();
            let loss = (15.0 * now.0 as f64 / 60_000.0).min(15.0);
            // The sender's way climbs, or both do.
            let loss_in_pct = if direction == 0 { 0.0 } else { loss };
            let way = Way {
                loss_out_pct: loss,
                loss_in_pct,
                ..GOOD
            };
            let interval = pace.interval();
            let seen = monitor.look(call.pass(wait, &way), interval);
            pace.sampled(now, monitor.is_suspect());
            for change in seen.changes {
                assert!(matches!(change.turn, Turn::Opened(_)));
                assert_eq!(change.kind, Kind::PoorNetwork);
                alert = alert.or(Some(now));
            }
            match seen.advice {
                Some(Advice::Go(step)) => adapted.push((now, step)),
                Some(Advice::Recommend) => recommended = recommended.or(Some(now)),
                None => {}
            }
            ratings.extend(seen.score.map(|s| s.rating));
            // What adaptation switched off does not send.
            call.raw.outbound[1].muted = !monitor.step().level().video;
        }
        ratings.dedup();
        let names: Vec<&str> = ratings
            .into_iter()
            .map(samewire_core::quality::Rating::name)
            .collect();
        assert_eq!(names[..3], ["excellent", "good", "poor"]);
        let steps: Vec<Step> = adapted.iter().map(|(_, step)| *step).collect();
        assert_eq!(
            steps,
            [Step::LowerBitrate, Step::LowerResolution, Step::AudioOnly]
        );
        let (alert, first, recommended) = (alert.unwrap(), adapted[0].0, recommended.unwrap());
        assert!(alert < first, "{alert:?} {adapted:?}");
        assert!(
            adapted[2].0 < recommended && recommended <= Millis(60_000),
            "{adapted:?} {recommended:?}"
        );
    }
}

#[test]
fn a_mesh_of_more_than_three_sends_smaller_video_and_never_no_video() {
    let most = [0, 1, 2, 3, 4, 5, 7].map(Step::in_a_mesh_of);
    assert_eq!(most[..3], [Step::Full; 3]);
    assert_eq!(most[3..5], [Step::LowerBitrate; 2]);
    assert_eq!(most[5..], [Step::LowerResolution; 2]);
    assert!((3..=7).all(|others| Step::in_a_mesh_of(others).level().video));
}
