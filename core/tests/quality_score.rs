//! The score: monotone, continuous, in range, and where others have it (R38).

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what helps a test may panic: that is a failed test"
)]

mod quality_support;

use proptest::prelude::*;
use quality_support::{Chance, perfect};
use samewire_core::quality::emodel::{mos, r_factor};
use samewire_core::quality::score::{UNKNOWN_MOST, of_call, outgoing, score};
use samewire_core::quality::{Flow, Parts, Rating, Sample, Score};
use serde_json::Value;

/// What a score looks at: how to reach it, how bad it can be, and whether more of it is worse.
type Knob = (Reach, f64, bool);

type Reach = fn(&mut Sample) -> &mut Option<f64>;

const KNOBS: [Knob; 17] = [
    (|s| &mut s.rtt_ms, 2_500.0, true),
    (|s| &mut s.audio_in.loss_pct, 100.0, true),
    (|s| &mut s.video_in.loss_pct, 100.0, true),
    (|s| &mut s.audio_out.loss_pct, 100.0, true),
    (|s| &mut s.video_out.loss_pct, 100.0, true),
    (|s| &mut s.audio_in.lost, 150.0, true),
    (|s| &mut s.video_in.lost, 450.0, true),
    (|s| &mut s.audio_in.jitter_ms, 600.0, true),
    (|s| &mut s.video_in.jitter_ms, 600.0, true),
    (|s| &mut s.audio_in.concealed_pct, 100.0, true),
    (|s| &mut s.video_in.frozen_pct, 100.0, true),
    (|s| &mut s.video_in.bitrate_kbps, 700.0, false),
    (|s| &mut s.video_in.fps, 40.0, false),
    (|s| &mut s.video_in.height, 720.0, false),
    (|s| &mut s.audio_in.packets_per_s, 2.0, false),
    (|s| &mut s.video_in.packets_per_s, 2.0, false),
    (|s| &mut s.available_kbps, 3_000.0, false),
];

fn value(sample: &Sample) -> f64 {
    score(sample).unwrap().value
}

/// Any call: mostly mild, sometimes unknown.
fn any_sample(chance: &mut Chance) -> Sample {
    let mut sample = perfect();
    for (knob, most, more_is_worse) in KNOBS {
        let mild = if chance.one_in(2) { most } else { most / 20.0 };
        let bad = chance.below(mild);
        *knob(&mut sample) = match (chance.one_in(12), more_is_worse) {
            (true, _) => None,
            (false, true) => Some(bad),
            (false, false) => Some(most - bad),
        };
    }
    sample
}

/// A million times, from any call, one input after another gets worse. `SAMEWIRE_WALKS` makes it more.
#[test]
fn r38_nothing_that_gets_worse_makes_the_score_better() {
    let mut chance = Chance(38);
    let walks = std::env::var("SAMEWIRE_WALKS").ok();
    for _ in 0..walks.and_then(|walks| walks.parse().ok()).unwrap_or(25_000) {
        let mut sample = any_sample(&mut chance);
        let Some(mut before) = score(&sample) else {
            continue;
        };
        for _ in 0..40 {
            let (knob, most, more_is_worse) = KNOBS[chance.next() as usize % KNOBS.len()];
            let Some(was) = *knob(&mut sample) else {
                continue;
            };
            let worse = if more_is_worse {
                was + chance.below(most / 40.0)
            } else {
                was * (1.0 - chance.below(0.1))
            };
            *knob(&mut sample) = Some(worse);
            let after = score(&sample).unwrap();
            assert!(
                after.value <= before.value + 1e-9,
                "{before:?} {after:?} {sample:?}"
            );
            assert!(after.mos <= before.mos + 1e-9 && after.rating <= before.rating);
            assert!(after.value >= 0.0 && after.mos >= 1.0);
            before = after;
        }
    }
}

#[test]
fn r38_each_input_by_itself_makes_one_line_without_a_jump_that_only_falls() {
    for (place, (knob, most, more_is_worse)) in KNOBS.into_iter().enumerate() {
        let mut sample = perfect();
        let steps = 20_000;
        let mut last: Option<Score> = None;
        for step in 0..=steps {
            let part = most * f64::from(step) / f64::from(steps);
            *knob(&mut sample) = Some(if more_is_worse { part } else { most - part });
            let now = score(&sample).unwrap();
            if let Some(last) = last {
                assert!(now.value <= last.value + 1e-9, "knob {place} at {part}");
                assert!(last.value - now.value < 0.1, "knob {place} jumps at {part}");
                assert!(last.mos - now.mos < 0.01, "knob {place} jumps at {part}");
            }
            last = Some(now);
        }
    }
}

#[test]
fn r38_the_e_model_has_no_jump_where_delay_begins_to_cost_more_and_never_rises() {
    assert!((r_factor(149.999, 0.0, 0.0) - r_factor(150.001, 0.0, 0.0)).abs() < 1e-3);
    let mut last = (f64::MAX, f64::MAX);
    for rtt in 0..20_000 {
        let r = r_factor(f64::from(rtt) / 10.0, 0.0, 0.0);
        assert!(r <= last.0 && mos(r) <= last.1 + 1e-12);
        last = (r, mos(r));
    }
    for r in 0..10_000 {
        let [a, b] = [r, r + 1].map(|r| mos(f64::from(r) / 100.0));
        assert!(a <= b + 1e-12 && b - a < 0.001);
    }
}

#[test]
fn r38_the_shipped_mistakes_are_not_made_no_5_at_60_per_cent_loss_no_better_score_at_1200_ms() {
    let of = |rtt: f64, loss: f64| {
        let mut sample = perfect();
        sample.rtt_ms = Some(rtt);
        sample.audio_in.loss_pct = Some(loss);
        score(&sample).unwrap()
    };
    assert_eq!((of(0.0, 60.0).value, of(0.0, 60.0).mos), (0.0, 1.0));
    assert!(of(1_200.0, 0.0).value < 10.0 && of(150.0, 0.0).value == 80.0);
}

#[test]
fn at_the_contract_s_limits_a_call_is_good_and_beyond_them_poor() {
    let cases: [(Reach, f64, f64); 4] = [
        (|s| &mut s.audio_in.loss_pct, 5.0, 5.01),
        (|s| &mut s.video_out.loss_pct, 5.0, 5.01),
        (|s| &mut s.rtt_ms, 200.0, 200.1),
        (|s| &mut s.video_in.bitrate_kbps, 100.0, 99.9),
    ];
    for (knob, at, beyond) in cases {
        let mut sample = perfect();
        // Only this kind loses: weighed together with the other it would be less.
        for flow in [
            &mut sample.audio_in,
            &mut sample.video_in,
            &mut sample.audio_out,
            &mut sample.video_out,
        ] {
            flow.loss_pct = None;
        }
        sample.audio_in.loss_pct = Some(0.0);
        *knob(&mut sample) = Some(at);
        assert_eq!(score(&sample).unwrap().rating, Rating::Good, "{at}");
        *knob(&mut sample) = Some(beyond);
        assert_eq!(score(&sample).unwrap().rating, Rating::Poor, "{beyond}");
    }
}

#[test]
fn r39_the_score_is_the_least_of_its_parts_and_each_has_its_name() {
    let mut sample = perfect();
    sample.video_in.fps = Some(9.0);
    let now = score(&sample).unwrap();
    assert_eq!((now.value, now.parts.video), (60.0, Some(60.0)));
    assert!(now.parts.audio > Some(99.0) && now.parts.network == Some(100.0));
}

#[test]
fn r32_what_is_unknown_is_neither_a_score_nor_excellent_nor_poor() {
    assert_eq!(score(&Sample::default()), None);
    for forget in [
        (|s: &mut Sample| s.rtt_ms = None) as fn(&mut Sample),
        |s| {
            s.audio_in.loss_pct = None;
            s.video_in.loss_pct = None;
            s.audio_out.loss_pct = None;
            s.video_out.loss_pct = None;
        },
        |s| s.rtt_ms = Some(f64::NAN),
    ] {
        let mut sample = perfect();
        forget(&mut sample);
        assert_eq!(value(&sample), UNKNOWN_MOST);
    }
}

#[test]
fn what_nobody_sends_and_a_still_screen_cost_nothing() {
    let mut sample = perfect();
    sample.video_in = Flow {
        loss_pct: Some(0.0),
        fps: Some(0.0),
        bitrate_kbps: Some(3.0),
        packets_per_s: Some(0.0),
        ..Flow::default()
    };
    assert!(value(&sample) > 99.0);
    sample.video_in.expected = true;
    assert_eq!(value(&sample), 0.0);
}

#[test]
fn a_thumbnail_needs_fewer_bits_and_a_picture_smaller_than_asked_for_is_worse() {
    let of = |wanted: Option<f64>, height: f64, kbps: f64| {
        let mut sample = perfect();
        let video = &mut sample.video_in;
        (video.wanted_height, video.height) = (wanted, Some(height));
        video.bitrate_kbps = Some(kbps);
        value(&sample)
    };
    assert_eq!(of(Some(180.0), 180.0, 50.0), 60.0);
    assert_eq!(of(Some(720.0), 180.0, 2_000.0), 60.0);
    assert!(of(None, 180.0, 50.0) < 60.0 && of(None, 180.0, 2_000.0) > 90.0);
}

#[test]
fn r20_one_bad_way_among_several_makes_no_call_poor() {
    let of = |value: f64| {
        let audio = Some(value);
        Score::of(Parts {
            audio,
            ..Parts::default()
        })
        .unwrap()
    };
    let call = |values: &[f64]| {
        let scores: Vec<Score> = values.iter().copied().map(of).collect();
        of_call(&scores).map(|score| score.value)
    };
    assert_eq!(call(&[]), None);
    assert_eq!(call(&[10.0]), Some(10.0));
    assert_eq!(call(&[10.0, 90.0]), Some(90.0));
    assert_eq!(call(&[10.0, 20.0, 90.0]), Some(20.0));
}

#[test]
fn a_long_way_is_nothing_that_sending_less_would_mend() {
    let mut sample = perfect();
    (sample.rtt_ms, sample.shortest_rtt_ms) = (Some(300.0), Some(300.0));
    assert_eq!(outgoing(&sample), Some(100.0));
    sample.shortest_rtt_ms = Some(50.0);
    assert!(outgoing(&sample) < Some(60.0));
}

fn vectors(name: &str) -> Value {
    let path = format!("{}/tests/data/vectors/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn r_and_mos_are_baresip_s_and_stay_above_1_where_its_fall_below() {
    for row in vectors("baresip-mos.json")["rows"].as_array().unwrap() {
        let row: Vec<f64> = row
            .as_array()
            .unwrap()
            .iter()
            .map(|v| v.as_f64().unwrap())
            .collect();
        let r = r_factor(row[0], row[1], row[2]);
        assert!((r - row[3]).abs() < 0.01, "{row:?} {r}");
        assert!(
            (mos(r) - row[4].max(1.0)).abs() < 0.002,
            "{row:?} {}",
            mos(r)
        );
    }
}

#[test]
fn mos_is_g_107_s() {
    for row in vectors("g107-r-to-mos.json")["rows"].as_array().unwrap() {
        let (r, expected) = (row[0].as_f64().unwrap(), row[1].as_f64().unwrap());
        assert!((mos(r) - expected).abs() < 0.001, "{row}");
    }
}

/// RED is left out: it repairs 10 % of loss, where the contract has poor begin at 5.
#[test]
fn loss_is_labelled_as_livekit_labels_it() {
    let cases = vectors("livekit-loss-to-quality.json");
    let mut steps = 0;
    for case in cases["cases"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let video = name == "video";
        if !["opus no fec", "opus fec", "video"].contains(&name) {
            continue;
        }
        for step in case["steps"].as_array().unwrap() {
            let mut sample = perfect();
            let loss = step[0].as_f64();
            if video {
                (sample.video_in.loss_pct, sample.audio_in.loss_pct) = (loss, None);
            } else {
                (sample.audio_in.loss_pct, sample.video_in.loss_pct) = (loss, None);
            }
            let now = score(&sample).unwrap();
            let label = now.rating.name().to_uppercase();
            assert_eq!(label, step[2].as_str().unwrap(), "{name} {step}");
            steps += 1;
        }
    }
    assert_eq!(steps, 9);
}

fn any_number() -> impl Strategy<Value = Option<f64>> {
    proptest::option::weighted(
        0.9,
        prop_oneof![
            any::<f64>(),
            -10.0..3_000.0,
            Just(f64::NAN),
            Just(f64::INFINITY)
        ],
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn r38_any_numbers_at_all_give_a_score_in_range(
        numbers in proptest::collection::vec(any_number(), KNOBS.len()),
        wanted in any_number(),
        expected: bool,
    ) {
        let mut sample = perfect();
        for ((knob, _, _), number) in KNOBS.into_iter().zip(numbers) {
            *knob(&mut sample) = number;
        }
        sample.video_in.wanted_height = wanted;
        sample.video_in.expected = expected;
        if let Some(now) = score(&sample) {
            prop_assert!((0.0..=100.0).contains(&now.value) && (1.0..=4.5).contains(&now.mos));
            prop_assert_eq!(now.rating, Rating::of(now.value));
        }
        prop_assert!(outgoing(&sample).is_none_or(|score| (0.0..=100.0).contains(&score)));
    }

    #[test]
    fn r38_the_e_model_stays_in_range(rtt: f64, jitter: f64, loss: f64, r: f64) {
        prop_assert!((0.0..=93.2).contains(&r_factor(rtt, jitter, loss)));
        prop_assert!((1.0..=4.5).contains(&mos(r)));
    }
}
