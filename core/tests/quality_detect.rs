//! Issues open on evidence that lasts, and close on its contrary.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what helps a test may panic: that is a failed test"
)]

mod quality_support;

use quality_support::{Call, GOOD, Way};
use samewire_core::quality::raw::{Limitation, Raw};
use samewire_core::quality::{Detectors, Evidence, Kind, Sampler, Turn};
use samewire_core::time::Millis;

/// A call that is looked at every second.
struct Watch {
    call: Call,
    sampler: Sampler,
    detectors: Detectors,
}

impl Watch {
    /// One that has been good for 3 s.
    fn new() -> Self {
        let mut watch = Self {
            call: Call::new(0),
            sampler: Sampler::default(),
            detectors: Detectors::default(),
        };
        assert_eq!(watch.pass(3, &GOOD), []);
        assert!(!watch.detectors.is_suspect());
        watch
    }

    fn look(&mut self, raw: Raw) -> Vec<(Kind, bool)> {
        let sample = self.sampler.look(raw, Millis(3_000));
        let changes = self.detectors.look(&sample);
        let brief = |c: &samewire_core::quality::Change| {
            assert_eq!(c.at, sample.at);
            (c.kind, matches!(c.turn, Turn::Opened(_)))
        };
        changes.iter().map(brief).collect()
    }

    /// What opened (`true`) and closed in so many seconds, and after how many of them.
    fn pass(&mut self, seconds: u64, way: &Way) -> Vec<(u64, Kind, bool)> {
        let mut all = Vec::new();
        for second in 1..=seconds {
            let raw = self.call.pass(1_000, way);
            all.extend(
                self.look(raw)
                    .into_iter()
                    .map(|(kind, open)| (second, kind, open)),
            );
        }
        all
    }
}

#[test]
fn a_picture_that_stands_still_is_a_freeze_at_once_until_it_has_moved_for_6_s() {
    let mut watch = Watch::new();
    let frozen = Way {
        frozen: true,
        fps: 0.0,
        ..GOOD
    };
    assert_eq!(watch.pass(5, &frozen), [(1, Kind::Freeze, true)]);
    assert_eq!(watch.pass(9, &GOOD), [(6, Kind::Freeze, false)]);
    assert!(!watch.detectors.is_suspect());
}

#[test]
fn what_should_come_and_does_not_is_a_stall_after_a_second_and_a_half() {
    let mut watch = Watch::new();
    let dead = Way {
        hears: false,
        sees: false,
        ..GOOD
    };
    let opened = watch.pass(2, &dead);
    assert!(opened.contains(&(2, Kind::Stall, true)), "{opened:?}");
    assert!(watch.pass(1, &GOOD).contains(&(1, Kind::Stall, false)));
}

#[test]
fn a_muted_track_does_not_stall() {
    let mut watch = Watch::new();
    watch
        .call
        .raw
        .inbound
        .iter_mut()
        .for_each(|t| t.muted = true);
    assert_eq!(watch.pass(60, &GOOD), []);
}

#[test]
fn sound_that_comes_one_way_only_is_one_way_audio() {
    let mut watch = Watch::new();
    let deaf = Way {
        hears: false,
        ..GOOD
    };
    let opened = watch.pass(3, &deaf);
    assert_eq!(
        opened,
        [(2, Kind::Stall, true), (3, Kind::OneWayAudio, true)]
    );
    let closed = watch.pass(1, &GOOD);
    assert_eq!(
        closed,
        [(1, Kind::Stall, false), (1, Kind::OneWayAudio, false)]
    );
    let dumb = Way {
        loss_out_pct: 100.0,
        ..GOOD
    };
    assert!(watch.pass(3, &dumb).contains(&(3, Kind::OneWayAudio, true)));
}

#[test]
fn an_encoder_held_back_by_bandwidth_for_5_s_is_congestion_and_by_the_processor_is_cpu() {
    for (limitation, kind) in [
        (Limitation::Bandwidth, Kind::Congestion),
        (Limitation::Cpu, Kind::Cpu),
    ] {
        let mut watch = Watch::new();
        let limited = Way { limitation, ..GOOD };
        assert_eq!(watch.pass(4, &limited), []);
        assert!(watch.detectors.is_suspect());
        assert_eq!(watch.pass(6, &limited), [(1, kind, true)]);
        assert_eq!(watch.pass(12, &GOOD), [(9, kind, false)]);
    }
}

#[test]
fn a_round_trip_that_grows_by_more_than_200_ms_is_congestion_and_a_long_one_is_not() {
    let mut watch = Watch::new();
    let queued = Way {
        rtt_ms: 260.0,
        ..GOOD
    };
    assert!(
        watch
            .pass(6, &queued)
            .contains(&(5, Kind::Congestion, true))
    );
    let mut far = Watch {
        call: Call::new(0),
        sampler: Sampler::default(),
        detectors: Detectors::default(),
    };
    let opened = far.pass(60, &queued);
    assert!(
        opened.iter().all(|(_, kind, _)| *kind == Kind::PoorNetwork),
        "{opened:?}"
    );
}

#[test]
fn three_ways_within_half_a_minute_are_a_flap_until_none_changed_for_as_long() {
    let mut watch = Watch::new();
    let mut opened = Vec::new();
    for id in 0..3 {
        watch.call.raw.pair.as_mut().unwrap().id = id;
        opened.extend(watch.pass(5, &GOOD));
    }
    assert_eq!(opened, [(1, Kind::IceFlap, true)]);
    // The last change was 4 s ago.
    assert_eq!(watch.pass(40, &GOOD), [(26, Kind::IceFlap, false)]);
}

#[test]
fn beyond_the_contract_s_limits_the_network_is_poor_and_well_within_them_it_is_not_any_more() {
    for (poor, between) in [
        (
            Way {
                loss_in_pct: 6.0,
                ..GOOD
            },
            Way {
                loss_in_pct: 4.0,
                ..GOOD
            },
        ),
        (
            Way {
                loss_out_pct: 6.0,
                ..GOOD
            },
            Way {
                loss_out_pct: 4.0,
                ..GOOD
            },
        ),
        (
            Way {
                rtt_ms: 210.0,
                ..GOOD
            },
            Way {
                rtt_ms: 180.0,
                ..GOOD
            },
        ),
        (
            Way {
                video_kbps: 90.0,
                ..GOOD
            },
            Way {
                video_kbps: 120.0,
                ..GOOD
            },
        ),
    ] {
        let mut watch = Watch::new();
        assert_eq!(watch.pass(2, &poor), []);
        assert_eq!(watch.pass(10, &poor), [(1, Kind::PoorNetwork, true)]);
        // A swing between the two thresholds changes nothing.
        for _ in 0..10 {
            assert_eq!(watch.pass(1, &between), []);
            assert_eq!(watch.pass(1, &poor), []);
        }
        assert_eq!(watch.pass(60, &between), []);
        assert_eq!(watch.pass(20, &GOOD), [(9, Kind::PoorNetwork, false)]);
    }
}

#[test]
fn a_single_bad_second_opens_no_poor_network() {
    let mut watch = Watch::new();
    for _ in 0..20 {
        assert_eq!(
            watch.pass(
                2,
                &Way {
                    loss_in_pct: 30.0,
                    ..GOOD
                }
            ),
            []
        );
        assert_eq!(watch.pass(1, &GOOD), []);
    }
}

#[test]
fn r29_a_sleep_is_a_sampling_gap_and_no_fault_of_anyone() {
    let mut watch = Watch::new();
    // All that was sent meanwhile is lost, and nothing came.
    let asleep = Way {
        hears: false,
        sees: false,
        loss_out_pct: 100.0,
        frozen: true,
        rtt_ms: 9_000.0,
        ..GOOD
    };
    let raw = watch.call.pass(3_600_000, &asleep);
    assert_eq!(watch.look(raw), [(Kind::SamplingGap, true)]);
    assert_eq!(
        watch.detectors.open().collect::<Vec<_>>(),
        [Kind::SamplingGap]
    );
    assert_eq!(watch.pass(30, &GOOD), [(1, Kind::SamplingGap, false)]);
}

#[test]
fn r29_an_issue_that_is_open_outlasts_a_sleep() {
    let mut watch = Watch::new();
    let poor = Way {
        loss_in_pct: 9.0,
        ..GOOD
    };
    watch.pass(5, &poor);
    let raw = watch.call.pass(60_000, &poor);
    assert_eq!(watch.look(raw), [(Kind::SamplingGap, true)]);
    let open: Vec<Kind> = watch.detectors.open().collect();
    assert_eq!(open, [Kind::PoorNetwork, Kind::SamplingGap]);
}

#[test]
fn r29_nor_does_a_sleep_mend_a_freeze_or_a_stall() {
    let frozen = Way {
        frozen: true,
        fps: 0.0,
        ..GOOD
    };
    let deaf = Way {
        hears: false,
        ..GOOD
    };
    for (bad, kinds) in [
        (frozen, vec![Kind::Freeze, Kind::SamplingGap]),
        (
            deaf,
            vec![Kind::Stall, Kind::OneWayAudio, Kind::SamplingGap],
        ),
    ] {
        let mut watch = Watch::new();
        watch.pass(4, &bad);
        let raw = watch.call.pass(60_000, &bad);
        assert_eq!(watch.look(raw), [(Kind::SamplingGap, true)]);
        assert_eq!(watch.detectors.open().collect::<Vec<_>>(), kinds);
    }
}

#[test]
fn r32_what_is_unknown_opens_and_closes_nothing() {
    let mut watch = Watch::new();
    watch.pass(
        5,
        &Way {
            loss_out_pct: 9.0,
            ..GOOD
        },
    );
    for track in &mut watch.call.raw.outbound {
        track.remote = None;
    }
    watch.call.raw.inbound.clear();
    for _ in 0..60 {
        watch.call.raw.at = watch.call.raw.at + Millis(1_000);
        let mut raw = watch.call.raw.clone();
        raw.pair = None;
        assert_eq!(watch.look(raw), []);
    }
    assert_eq!(
        watch.detectors.open().collect::<Vec<_>>(),
        [Kind::PoorNetwork]
    );
}

#[test]
fn an_issue_tells_its_evidence_and_how_long_it_lasted() {
    let mut watch = Watch::new();
    let mut turns = Vec::new();
    for second in 0..20 {
        let way = if second < 6 {
            Way {
                loss_in_pct: 10.0,
                ..GOOD
            }
        } else {
            GOOD
        };
        let sample = watch
            .sampler
            .look(watch.call.pass(1_000, &way), Millis(3_000));
        turns.extend(watch.detectors.look(&sample).into_iter().map(|c| c.turn));
    }
    let Turn::Opened(Evidence::PoorNetwork {
        loss_pct,
        rtt_ms,
        bitrate_kbps,
    }) = turns[0]
    else {
        unreachable!("{turns:?}");
    };
    assert!((loss_pct.unwrap() - 10.0).abs() < 0.01 && (rtt_ms.unwrap() - 40.0).abs() < 0.01);
    assert!((bitrate_kbps.unwrap() - 1_200.0).abs() < 0.01);
    assert_eq!(turns[1..], [Turn::Closed(Millis(12_000))]);
}
