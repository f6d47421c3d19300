//! Fast down, slow up (R39).

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what helps a test may panic: that is a failed test"
)]

mod quality_support;

use proptest::prelude::*;
use quality_support::{Chance, perfect};
use samewire_core::quality::score::UNKNOWN_MOST;
use samewire_core::quality::smooth::HOLD;
use samewire_core::quality::{Flow, Rating, Sample, Smoother};
use samewire_core::time::Millis;

fn lossy(pct: f64) -> Sample {
    let mut sample = perfect();
    sample.audio_in.loss_pct = Some(pct);
    sample
}

fn step(smoother: &mut Smoother, sample: &Sample) -> f64 {
    smoother.step(sample).unwrap().value
}

#[test]
fn r39_a_fall_takes_a_sample_or_two_and_a_rise_most_of_a_minute() {
    let mut smoother = Smoother::default();
    assert!(step(&mut smoother, &perfect()) > 99.0);
    step(&mut smoother, &lossy(60.0));
    assert!(step(&mut smoother, &lossy(60.0)) < 10.0);
    let mut samples = 0;
    while step(&mut smoother, &perfect()) < 80.0 {
        samples += 1;
    }
    assert!((6..20).contains(&samples), "{samples}");
}

#[test]
fn r39_muting_a_lost_track_does_not_make_it_excellent_ever() {
    let mut smoother = Smoother::default();
    for _ in 0..3 {
        step(&mut smoother, &lossy(60.0));
    }
    let mut muted = perfect();
    muted.audio_in = Flow::default();
    let lost = step(&mut smoother, &muted);
    assert!(lost < 10.0);
    // It is held for so long,
    for _ in 0..2 {
        assert_eq!(step(&mut smoother, &muted), lost);
    }
    assert_eq!(HOLD, Millis(10_000));
    // and rises slowly, to good at most.
    for _ in 0..1_000 {
        assert!(step(&mut smoother, &muted) <= UNKNOWN_MOST);
    }
    assert_eq!(smoother.step(&muted).unwrap().rating, Rating::Good);
}

#[test]
fn muting_what_was_excellent_costs_nothing() {
    let mut smoother = Smoother::default();
    step(&mut smoother, &perfect());
    let mut muted = perfect();
    (muted.audio_in, muted.video_in) = (Flow::default(), Flow::default());
    for _ in 0..100 {
        assert!(step(&mut smoother, &muted) > 99.0);
    }
}

#[test]
fn r32_a_way_that_has_only_begun_has_no_score_and_one_of_the_muted_is_good() {
    let mut smoother = Smoother::default();
    let way = Sample {
        span: Millis(3_000),
        rtt_ms: Some(20.0),
        ..Sample::default()
    };
    for _ in 0..3 {
        assert_eq!(smoother.step(&way), None);
    }
    assert_eq!(smoother.step(&way).unwrap().rating, Rating::Good);
    assert_eq!(Smoother::default().step(&Sample::default()), None);
}

#[test]
fn r32_what_is_not_known_any_more_neither_rises_nor_falls() {
    let mut smoother = Smoother::default();
    let before = step(&mut smoother, &lossy(10.0));
    let mut unknown = perfect();
    for flow in [
        &mut unknown.audio_in,
        &mut unknown.video_in,
        &mut unknown.audio_out,
        &mut unknown.video_out,
    ] {
        *flow = Flow::default();
    }
    unknown.rtt_ms = None;
    assert_eq!(step(&mut smoother, &unknown), before);
}

#[test]
fn r29_a_sleep_changes_nothing() {
    let mut smoother = Smoother::default();
    let before = smoother.step(&perfect()).unwrap().value;
    let slept = Sample {
        gap: true,
        span: Millis(3_600_000),
        ..Sample::default()
    };
    assert_eq!(step(&mut smoother, &slept), before);
}

#[test]
fn r38_a_call_that_is_worse_all_the_time_is_never_scored_better() {
    let mut chance = Chance(39);
    for _ in 0..300 {
        let (mut one, mut other) = (Smoother::default(), Smoother::default());
        for _ in 0..40 {
            let mut sample = lossy(chance.below(20.0));
            sample.rtt_ms = Some(chance.below(500.0));
            let mut worse = sample;
            worse.audio_in.loss_pct = sample.audio_in.loss_pct.map(|l| l + chance.below(5.0));
            worse.rtt_ms = sample.rtt_ms.map(|r| r + chance.below(100.0));
            let (better, worse) = (step(&mut one, &sample), step(&mut other, &worse));
            // Where one rises and the other falls, the two rates differ; order still holds.
            assert!(worse <= better + 1e-9, "{worse} {better}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn it_never_goes_beyond_what_it_is_told(
        losses in proptest::collection::vec((0.0..100.0_f64, 0_u64..1_000_000), 1..40),
    ) {
        let mut smoother = Smoother::default();
        let (mut least, mut most) = (100.0_f64, 0.0_f64);
        for (loss, span) in losses {
            let sample = Sample { span: Millis(span), ..lossy(loss) };
            let now = samewire_core::quality::score::score(&sample).unwrap().value;
            (least, most) = (least.min(now), most.max(now));
            let smooth = step(&mut smoother, &sample);
            prop_assert!(smooth >= least - 1e-9 && smooth <= most + 1e-9);
        }
    }
}
