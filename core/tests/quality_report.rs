//! When it is measured, what is kept, and when the session is told.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what helps a test may panic: that is a failed test"
)]

mod quality_support;

use proptest::prelude::*;
use quality_support::{Chance, perfect};
use samewire_core::protocol::client::{ClientFrame, ClientMessage};
use samewire_core::protocol::ids::Epoch;
use samewire_core::quality::ring::KEPT;
use samewire_core::quality::score::score;
use samewire_core::quality::{
    Cause, Kind, Pace, Parts, Reporter, Ring, Sample, Score, Step, Summary, frame,
};
use samewire_core::time::Millis;

fn of(value: f64) -> Score {
    let audio = Some(value);
    Score::of(Parts {
        audio,
        ..Parts::default()
    })
    .unwrap()
}

#[test]
fn a_sample_is_due_every_3_s_and_every_second_while_anything_is_suspect() {
    let mut pace = Pace::new(Millis(500), Millis(3_000));
    assert!(pace.due(Millis(500)));
    pace.sampled(Millis(500), false);
    assert_eq!(
        (pace.next_sample_at(), pace.interval()),
        (Millis(3_500), Millis(3_000))
    );
    assert!(!pace.due(Millis(3_499)) && pace.due(Millis(3_500)));
    pace.sampled(Millis(3_500), true);
    assert_eq!(
        (pace.next_sample_at(), pace.interval()),
        (Millis(4_500), Millis(1_000))
    );
    pace.sampled(Millis(4_500), false);
    pace.hurry(Millis(5_000));
    assert_eq!(pace.next_sample_at(), Millis(6_000));
    // A session that is told to sample faster is not slowed down by being suspect.
    let mut fast = Pace::new(Millis(0), Millis(200));
    fast.sampled(Millis(0), true);
    assert_eq!(fast.next_sample_at(), Millis(200));
}

#[test]
fn r29_a_sample_is_due_after_a_sleep_and_when_the_clock_went_backwards() {
    let mut pace = Pace::new(Millis(1_000_000), Millis(3_000));
    pace.sampled(Millis(1_000_000), false);
    assert!(pace.due(Millis(9_000_000)) && pace.due(Millis(10)));
}

#[test]
fn the_first_score_is_told_and_then_one_a_minute() {
    let mut reporter = Reporter::default();
    assert_eq!(reporter.look(Millis(0), None), None);
    assert_eq!(
        reporter.look(Millis(3_000), Some(&of(90.0))),
        Some(Cause::First)
    );
    for at in 4..63 {
        assert_eq!(reporter.look(Millis::from_secs(at), Some(&of(85.0))), None);
    }
    assert_eq!(
        reporter.look(Millis(63_000), Some(&of(85.0))),
        Some(Cause::Minute)
    );
    assert_eq!(
        reporter.look(Millis(5), Some(&of(85.0))),
        Some(Cause::Minute)
    );
    reporter.begin();
    assert_eq!(
        reporter.look(Millis(6), Some(&of(85.0))),
        Some(Cause::First)
    );
}

#[test]
fn worse_is_told_at_once_and_better_when_it_has_lasted_for_5_s() {
    let mut reporter = Reporter::default();
    let mut look = |at: u64, value: f64| reporter.look(Millis::from_secs(at), Some(&of(value)));
    assert_eq!(look(0, 90.0), Some(Cause::First));
    assert_eq!(look(1, 59.0), Some(Cause::Rating));
    assert_eq!(look(2, 61.0), None);
    assert_eq!(look(3, 59.0), None);
    assert_eq!(look(4, 61.0), None);
    assert_eq!(look(8, 61.0), None);
    assert_eq!(look(9, 61.0), Some(Cause::Rating));
    assert_eq!(look(10, 30.0), Some(Cause::Rating));
}

#[test]
fn a_rating_that_flaps_is_told_no_more_often_than_it_lasts() {
    let mut reporter = Reporter::default();
    let mut told = 0;
    for at in 0..600 {
        let value = if at % 2 == 0 { 59.0 } else { 61.0 };
        told += usize::from(
            reporter
                .look(Millis::from_secs(at), Some(&of(value)))
                .is_some(),
        );
    }
    assert!(told <= 11, "{told}");
}

#[test]
fn the_ring_keeps_the_last_ten_minutes_in_order() {
    let mut ring = Ring::default();
    assert_eq!(ring.last(), None);
    for at in 0..KEPT as u64 * 2 + 7 {
        ring.push(Sample {
            at: Millis(at),
            ..Sample::default()
        });
        assert_eq!(ring.last().map(|s| s.at), Some(Millis(at)));
        let kept: Vec<u64> = ring.iter().map(|s| s.at.0).collect();
        let first = (at + 1).saturating_sub(KEPT as u64);
        assert_eq!(kept, (first..=at).collect::<Vec<_>>());
    }
}

#[test]
fn a_summary_has_the_mean_the_worst_and_what_95_of_100_were_no_worse_than() {
    let mut summary = Summary::default();
    for n in 1..=100_u32 {
        let mut sample = perfect();
        sample.at = Millis(u64::from(n) * 3_000);
        sample.rtt_ms = Some(f64::from(n));
        sample.video_in.fps = Some(f64::from(n) / 4.0);
        sample.in_kbps = Some(1_000.0);
        summary.add(&sample, Some(&of(90.0)));
    }
    let told = summary.told();
    let latency = told.latency_ms.unwrap();
    assert_eq!((latency.avg, latency.worst), (50.5, 100.0));
    assert!((95.0..=100.0).contains(&latency.p95), "{latency:?}");
    let fps = told.fps.unwrap();
    assert_eq!((fps.avg, fps.worst), (12.6, 0.3));
    assert!((1.0..=1.5).contains(&fps.p95), "{fps:?}");
    assert_eq!((told.score_avg, told.score_min), (Some(90.0), Some(90.0)));
    assert_eq!(
        (told.duration_ms, told.poor_ms, told.changes),
        (297_000, 0, 0)
    );
}

#[test]
fn a_summary_counts_changes_drops_recoveries_issues_and_the_time_of_each() {
    let mut summary = Summary::default();
    for (n, value) in [90.0, 70.0, 50.0, 30.0, 50.0, 70.0].into_iter().enumerate() {
        let at = Millis(n as u64 * 1_000);
        summary.add(&Sample { at, ..perfect() }, Some(&of(value)));
    }
    let slept = Sample {
        at: Millis(100_000),
        gap: true,
        ..Sample::default()
    };
    summary.add(&slept, Some(&of(70.0)));
    summary.opened(Kind::Freeze);
    summary.opened(Kind::Stall);
    summary.opened(Kind::PoorNetwork);
    summary.opened(Kind::SamplingGap);
    summary.adapted(Step::LowerBitrate);
    summary.adapted(Step::Full);
    let told = summary.told();
    assert_eq!((told.changes, told.drops, told.recoveries), (5, 1, 1));
    assert_eq!(
        (told.poor_ms, told.failed_ms, told.unmeasured_ms),
        (2_000, 1_000, 95_000)
    );
    assert_eq!(told.duration_ms, 100_000);
    assert_eq!(
        (told.freezes, told.stalls, told.issues, told.adaptations),
        (1, 1, 1, 1)
    );
    assert_eq!((told.score_avg, told.score_min), (Some(60.0), Some(30.0)));
}

#[test]
fn the_frame_has_the_contract_s_fields_and_its_score_has_its_rating() {
    let sample = perfect();
    let mut summary = Summary::default();
    summary.add(&sample, score(&sample).as_ref());
    for tenth in 0..=1_000 {
        for less in [0.0, 0.04, 0.0999] {
            let value = f64::from(tenth) / 10.0 - less;
            let told = frame(Epoch(3), &of(value.max(0.0)), &sample, &summary);
            assert_eq!(
                told.rating == "poor" || told.rating == "failed",
                told.score < 60.0
            );
        }
    }
    let told = frame(Epoch(3), &score(&sample).unwrap(), &sample, &summary);
    assert_eq!(
        (told.epoch, told.rating.as_str(), told.mos),
        (Epoch(3), "excellent", Some(4.4))
    );
    assert_eq!(
        (told.height, told.fps, told.pair.as_deref()),
        (Some(720), Some(30.0), Some("direct/udp"))
    );
    let text = serde_json::to_string(&told).unwrap();
    let decoded = ClientFrame::decode(&text.replacen('{', r#"{"type":"quality","#, 1)).unwrap();
    assert_eq!(decoded.message, ClientMessage::Quality(told));
}

fn any_number() -> impl Strategy<Value = Option<f64>> {
    proptest::option::of(prop_oneof![
        any::<f64>(),
        0.0..1e12,
        Just(f64::NAN),
        Just(f64::INFINITY)
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_summary_of_anything_takes_less_than_a_kilobyte(
        numbers in proptest::collection::vec((any_number(), any_number(), any::<u64>(), 0.0..100.0_f64), 1..30),
        many in 0_u32..2_000,
    ) {
        let mut summary = Summary::default();
        for (a, b, at, value) in numbers {
            let mut sample = perfect();
            sample.at = Millis(at);
            (sample.rtt_ms, sample.in_kbps, sample.video_in.fps) = (a, b, a);
            (sample.audio_in.jitter_ms, sample.audio_in.loss_pct) = (b, b);
            summary.add(&sample, Some(&of(value)));
        }
        for _ in 0..many {
            summary.opened(Kind::Freeze);
            summary.opened(Kind::Cpu);
        }
        let text = serde_json::to_string(&summary.told()).unwrap();
        prop_assert!(text.len() <= 1_000, "{} {text}", text.len());
        let all = format!("{:?}", summary.told());
        prop_assert!(!all.contains("NaN") && !all.contains("inf"));
    }
}

#[test]
fn a_quantile_is_within_a_quarter_of_the_true_one() {
    let mut chance = Chance(95);
    for scale in [10.0, 100.0, 1_000.0] {
        let mut summary = Summary::default();
        let mut all = Vec::new();
        for n in 0..500 {
            let rtt = chance.share() * chance.share() * scale + 1.0;
            all.push(rtt);
            let sample = Sample {
                at: Millis(n * 3_000),
                rtt_ms: Some(rtt),
                ..perfect()
            };
            summary.add(&sample, None);
        }
        all.sort_by(f64::total_cmp);
        let (p95, truth) = (summary.told().latency_ms.unwrap().p95, all[474]);
        assert!(
            p95 >= truth - 0.1 && p95 <= truth * 1.25 + 2.1,
            "{p95} {truth}"
        );
    }
}
