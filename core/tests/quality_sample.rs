//! What is made of counters, and what is not (R32).

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what helps a test may panic: that is a failed test"
)]

mod quality_support;

use proptest::prelude::*;
use quality_support::{Call, GOOD, Way};
use samewire_core::protocol::client::Source;
use samewire_core::quality::raw::{
    Inbound, InboundReport, Limitation, Outbound, OutboundReport, PairReport, Raw, RemoteReport,
    Route, Selected,
};
use samewire_core::quality::score::score;
use samewire_core::quality::{Flow, Monitor, Sample, Sampler};
use samewire_core::time::Millis;

const EVERY: Millis = Millis(3_000);

/// The last sample of looks every 3 s, each after what `change` does to the counters.
fn after(change: impl Fn(&mut Raw)) -> Sample {
    let (mut call, mut sampler) = (Call::new(0), Sampler::default());
    let way = Way {
        loss_in_pct: 1.0,
        loss_out_pct: 2.0,
        ..GOOD
    };
    sampler.look(call.raw.clone(), EVERY);
    sampler.look(call.pass(3_000, &way), EVERY);
    let mut raw = call.pass(3_000, &way);
    change(&mut raw);
    sampler.look(raw, EVERY)
}

fn near(value: Option<f64>, expected: f64) -> bool {
    value.is_some_and(|v| (v - expected).abs() < 0.01)
}

#[test]
fn two_looks_make_a_sample() {
    let sample = after(|_| {});
    assert_eq!(sample.span, EVERY);
    assert!(near(sample.loss_in_pct(), 1.0) && near(sample.loss_out_pct(), 2.0));
    assert!(near(sample.rtt_ms, 40.0) && near(sample.jitter_ms(), 5.0));
    assert!(near(sample.in_kbps, 1_232.0) && near(sample.out_kbps, 1_232.0));
    assert!(near(sample.available_kbps, 2_500.0));
    assert!(near(sample.video_in.fps, 30.0) && near(sample.video_out.fps, 30.0));
    assert_eq!(sample.video_in.frozen_pct, Some(0.0));
    assert_eq!(sample.limitation, Some(Limitation::None));
    assert_eq!(sample.route.map(Route::name), Some("direct/udp"));
    assert!(sample.audio_in.expected && sample.video_in.expected && !sample.gap);
}

#[test]
fn r32_the_first_look_counts_nothing() {
    let mut call = Call::new(0);
    let sample = Sampler::default().look(call.pass(3_000, &GOOD), EVERY);
    assert_eq!(sample.audio_in, Flow::default());
    assert_eq!((sample.loss_pct(), sample.in_kbps), (None, None));
}

#[test]
fn r32_another_connection_begins_anew() {
    let sample = after(|raw| raw.connection = 2);
    assert_eq!((sample.span, sample.loss_pct()), (Millis(0), None));
    assert_eq!(sample.video_in, Flow::default());
}

#[test]
fn r32_another_ssrc_says_nothing_until_its_second_look() {
    let sample = after(|raw| raw.inbound.iter_mut().for_each(|t| t.ssrc += 100));
    assert_eq!((sample.loss_in_pct(), sample.in_kbps), (None, None));
    assert!(!sample.audio_in.expected && sample.loss_out_pct().is_some());
}

#[test]
fn r32_counters_that_fall_are_not_loss() {
    let sample = after(|raw| {
        for track in &mut raw.inbound {
            track.report.packets_received = Some(1.0);
            track.report.packets_lost = Some(90.0);
        }
        for track in &mut raw.outbound {
            track.report.packets_sent = Some(1.0);
        }
    });
    assert_eq!((sample.loss_pct(), sample.in_kbps), (None, None));
}

#[test]
fn r32_late_packets_that_are_taken_off_again_are_no_loss() {
    let sample = after(|raw| {
        raw.inbound
            .iter_mut()
            .for_each(|t| t.report.packets_lost = Some(0.0))
    });
    assert_eq!(sample.loss_in_pct(), Some(0.0));
}

#[test]
fn r32_without_receiver_reports_what_is_sent_is_unknown() {
    let sample = after(|raw| raw.outbound.iter_mut().for_each(|t| t.remote = None));
    assert_eq!(sample.loss_out_pct(), None);
    // One that was there before says nothing of now.
    let (mut call, mut sampler) = (Call::new(0), Sampler::default());
    let silent = Way {
        reports: false,
        ..GOOD
    };
    for way in [GOOD, GOOD, silent] {
        sampler.look(call.pass(3_000, &way), EVERY);
    }
    let sample = sampler.look(call.pass(3_000, &silent), EVERY);
    assert_eq!(sample.loss_out_pct(), None);
    // The next one counts for all the time since the last.
    let sample = sampler.look(
        call.pass(
            3_000,
            &Way {
                loss_out_pct: 3.0,
                ..GOOD
            },
        ),
        EVERY,
    );
    assert!(near(sample.loss_out_pct(), 1.0));
}

#[test]
fn r32_r29_a_sampling_gap_says_nothing_but_its_length() {
    for (ms, gap) in [(6_000, false), (6_001, true), (3_600_000, true)] {
        let (mut call, mut sampler) = (Call::new(0), Sampler::default());
        let bad = Way {
            loss_in_pct: 50.0,
            ..GOOD
        };
        sampler.look(call.pass(3_000, &GOOD), EVERY);
        let sample = sampler.look(call.pass(ms, &bad), EVERY);
        assert_eq!((sample.gap, sample.span), (gap, Millis(ms)));
        assert_eq!(sample.loss_pct().is_none() && sample.rtt_ms.is_none(), gap);
        assert_eq!(score(&sample).is_none(), gap);
        let sample = sampler.look(call.pass(3_000, &GOOD), EVERY);
        assert!(near(sample.loss_in_pct(), 0.0) && !sample.gap);
    }
}

#[test]
fn a_clock_that_goes_backwards_says_nothing() {
    let sample = after(|raw| raw.at = Millis(1));
    assert_eq!((sample.span, sample.gap), (Millis(0), false));
    assert_eq!((sample.in_kbps, sample.video_in.bitrate_kbps), (None, None));
}

#[test]
fn r32_what_is_muted_or_was_is_neither_expected_nor_lost() {
    let sample = after(|raw| {
        raw.inbound.iter_mut().for_each(|t| t.muted = true);
        raw.outbound.iter_mut().for_each(|t| t.muted = true);
    });
    assert!(!sample.audio_in.expected && !sample.video_in.expected && !sample.video_out.expected);
    assert_eq!((sample.loss_pct(), sample.limitation), (None, None));
    assert!(near(sample.rtt_ms, 40.0));
}

#[test]
fn r32_dtx_is_not_loss() {
    let (mut call, mut sampler) = (Call::new(0), Sampler::default());
    // Two and a half packets a second, one of them lost: that is no share of anything.
    let dtx = Way {
        audio_pps: 2.5,
        loss_in_pct: 10.0,
        sees: false,
        ..GOOD
    };
    sampler.look(call.pass(3_000, &dtx), EVERY);
    let sample = sampler.look(call.pass(3_000, &dtx), EVERY);
    assert_eq!(sample.audio_in.loss_pct, None);
    assert!(sample.audio_in.packets_per_s.unwrap() > 1.0);
    // Samples made up for silence are not concealment.
    let concealed = |silent: f64| {
        let (mut call, mut sampler) = (Call::new(0), Sampler::default());
        let look = |call: &mut Call, n: f64| {
            let mut raw = call.pass(3_000, &GOOD);
            let report = &mut raw.inbound[0].report;
            report.concealed_samples = Some(n * 1_000.0);
            report.silent_concealed_samples = Some(n * silent);
            report.total_samples_received = Some(n * 10_000.0);
            raw
        };
        sampler.look(look(&mut call, 1.0), EVERY);
        sampler
            .look(look(&mut call, 2.0), EVERY)
            .audio_in
            .concealed_pct
    };
    assert!(near(concealed(1_000.0), 0.0) && near(concealed(0.0), 10.0));
}

#[test]
fn r32_a_still_screen_is_nothing_missing() {
    let mut call = Call::new(0);
    call.raw.inbound[1].source = Source::Screen;
    let mut sampler = Sampler::default();
    let still = Way {
        fps: 0.0,
        video_kbps: 0.0,
        sees: false,
        ..GOOD
    };
    sampler.look(call.pass(3_000, &GOOD), EVERY);
    let sample = sampler.look(call.pass(3_000, &still), EVERY);
    assert!(!sample.video_in.expected);
    assert_eq!(
        (sample.video_in.fps, sample.video_in.bitrate_kbps),
        (None, None)
    );
    assert!(score(&sample).unwrap().value > 90.0);
}

#[test]
fn what_is_announced_and_never_comes_is_not_unknown() {
    let (mut call, mut sampler) = (Call::new(0), Sampler::default());
    let nothing = Way {
        sees: false,
        hears: false,
        ..GOOD
    };
    sampler.look(call.pass(3_000, &nothing), EVERY);
    let sample = sampler.look(call.pass(3_000, &nothing), EVERY);
    assert!(sample.audio_in.expected);
    assert_eq!(sample.audio_in.packets_per_s, Some(0.0));
    assert_eq!(score(&sample).unwrap().value, 0.0);
}

#[test]
fn the_round_trip_is_the_pair_s_and_else_the_receiver_reports() {
    let sample = after(|raw| {
        raw.pair = None;
        for track in &mut raw.outbound {
            let remote = track.remote.as_mut().unwrap();
            (remote.round_trip_time, remote.measurements) = (Some(0.07), Some(4.0));
        }
    });
    assert!(near(sample.rtt_ms, 70.0));
    // A round trip that was never measured is none.
    let sample = after(|raw| {
        raw.pair = None;
        for track in &mut raw.outbound {
            let remote = track.remote.as_mut().unwrap();
            (remote.round_trip_time, remote.measurements) = (Some(0.0), Some(0.0));
        }
    });
    assert_eq!(sample.rtt_ms, None);
}

#[test]
fn r32_the_round_trip_of_an_old_receiver_report_is_unknown() {
    let (mut call, mut sampler) = (Call::new(0), Sampler::default());
    let mut look = |call: &mut Call, reports: bool| {
        let mut raw = call.pass(3_000, &Way { reports, ..GOOD });
        raw.pair = None;
        for remote in raw.outbound.iter_mut().filter_map(|t| t.remote.as_mut()) {
            remote.round_trip_time = Some(0.07);
        }
        sampler.look(raw, EVERY).rtt_ms
    };
    look(&mut call, true);
    assert!(near(look(&mut call, true), 70.0));
    assert_eq!(look(&mut call, false), None);
}

#[test]
fn a_glance_soon_after_a_look_counts_nothing_and_the_next_look_covers_its_time() {
    let (mut call, mut sampler) = (Call::new(0), Sampler::default());
    sampler.look(call.pass(3_000, &GOOD), EVERY);
    let glance = sampler.look(call.pass(499, &GOOD), EVERY);
    assert_eq!((glance.span, glance.in_kbps), (Millis(0), None));
    let sample = sampler.look(call.pass(1_000, &GOOD), EVERY);
    assert_eq!(sample.span, Millis(1_499));
    assert!(near(sample.in_kbps, 1_232.0));
}

#[test]
fn another_pair_or_a_lost_connection_is_a_move() {
    assert!(!after(|_| {}).moved);
    assert!(after(|raw| raw.pair.as_mut().unwrap().id = 2).moved);
    assert!(after(|raw| raw.connected = Some(false)).moved);
}

#[test]
fn reports_are_read_by_key_in_one_order_and_what_is_not_a_number_is_unknown() {
    let place = |key| InboundReport::KEYS.iter().position(|k| *k == key).unwrap();
    let mut values = vec![f64::NAN; InboundReport::KEYS.len()];
    values[place("packetsLost")] = 7.0;
    values[place("qpSum")] = f64::INFINITY;
    let expected = InboundReport {
        packets_lost: Some(7.0),
        ..InboundReport::default()
    };
    assert_eq!(InboundReport::read(&values), expected);
    assert_eq!(OutboundReport::read(&[]), OutboundReport::default());
    assert_eq!(PairReport::read(&[0.1]).current_round_trip_time, Some(0.1));
    assert_eq!(RemoteReport::read(&[1.0, 2.0]).packets_lost, Some(2.0));
    assert_eq!(Limitation::from_name("cpu"), Some(Limitation::Cpu));
    assert_eq!(Limitation::from_name("else"), None);
    assert_eq!(Route::from_names("relay", "tls"), Some(Route::RelayTls));
    assert_eq!(Route::from_names("prflx", "udp"), Some(Route::DirectUdp));
    assert_eq!(Route::from_names("", ""), None);
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        0.0..1e6,
        Just(f64::NAN),
        Just(f64::INFINITY),
        Just(-5.0),
        Just(0.0)
    ]
}

fn numbers() -> impl Strategy<Value = Vec<f64>> {
    proptest::collection::vec(number(), 0..17)
}

fn any_source() -> impl Strategy<Value = Source> {
    prop_oneof![
        Just(Source::Microphone),
        Just(Source::Camera),
        Just(Source::Screen),
        Just(Source::ScreenAudio)
    ]
}

fn any_raw() -> impl Strategy<Value = Raw> {
    let inbound =
        (0_u32..3, any_source(), any::<bool>(), numbers()).prop_map(|(ssrc, source, muted, n)| {
            Inbound {
                ssrc,
                source,
                muted,
                wanted_height: n.first().copied(),
                report: InboundReport::read(&n),
            }
        });
    let outbound = (0_u32..3, any_source(), any::<bool>(), numbers(), numbers()).prop_map(
        |(ssrc, source, muted, n, r)| Outbound {
            ssrc,
            source,
            muted,
            limitation: [None, Some(Limitation::Cpu), Some(Limitation::Bandwidth)][n.len() % 3],
            report: OutboundReport {
                // Unchecked, as a shell might fill it.
                packets_sent: r.first().copied(),
                ..OutboundReport::read(&n)
            },
            remote: (!r.is_empty()).then(|| RemoteReport {
                packets_lost: n.first().copied(),
                ..RemoteReport::read(&r)
            }),
        },
    );
    let pair = numbers().prop_map(|n| Selected {
        id: n.len() as u64,
        route: None,
        report: PairReport::read(&n),
    });
    (
        any::<u64>().prop_map(|at| at % 20_000),
        0_u64..2,
        proptest::option::of(any::<bool>()),
        proptest::collection::vec(inbound, 0..4),
        proptest::collection::vec(outbound, 0..4),
        proptest::option::of(pair),
    )
        .prop_map(|(at, connection, connected, inbound, outbound, pair)| Raw {
            at: Millis(at),
            connection,
            connected,
            inbound,
            outbound,
            pair,
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn r32_whatever_a_browser_says_all_that_is_made_of_it_is_in_range(
        raws in proptest::collection::vec(any_raw(), 1..8),
    ) {
        let mut monitor = Monitor::default();
        for raw in raws {
            let seen = monitor.look(raw, EVERY);
            let sample = seen.sample;
            for flow in [sample.audio_in, sample.video_in, sample.audio_out, sample.video_out] {
                for share in [flow.loss_pct, flow.frozen_pct, flow.dropped_pct, flow.concealed_pct] {
                    prop_assert!(share.is_none_or(|s| (0.0..=100.0).contains(&s)));
                }
                for number in [flow.bitrate_kbps, flow.fps, flow.jitter_ms, flow.packets_per_s, flow.lost] {
                    prop_assert!(number.is_none_or(|n| n.is_finite() && n >= 0.0));
                }
            }
            for number in [sample.rtt_ms, sample.available_kbps, sample.in_kbps, sample.out_kbps] {
                prop_assert!(number.is_none_or(|n| n.is_finite() && n >= 0.0));
            }
            if let Some(score) = seen.score {
                prop_assert!((0.0..=100.0).contains(&score.value) && (1.0..=4.5).contains(&score.mos));
            }
        }
    }
}
