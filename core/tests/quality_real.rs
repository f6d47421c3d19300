//! Real calls' statistics: Chrome 87 and 118, Firefox, Safari 14 (`tests/data/README.md`).

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what helps a test may panic: that is a failed test"
)]

#[path = "quality_support/real.rs"]
mod real;

use std::collections::BTreeMap;

use samewire_core::quality::raw::Raw;
use samewire_core::quality::{Kind, Monitor, Sampler, Seen, Turn};
use samewire_core::time::Millis;
use serde_json::Value;

/// The name, how often its browser was looked at, and whether a bridge sends it.
const CALLS: [(&str, Millis, bool); 5] = [
    ("chrome-relay", Millis(10_000), true),
    ("firefox-relay", Millis(10_000), true),
    ("google-standard-stats-p2p", Millis(3_000), false),
    ("google-standard-stats-sfu", Millis(3_000), true),
    ("safari-standard-stats", Millis(3_000), true),
];

/// A bridge sends whom it has chosen, and the series does not say who is muted: a track on which
/// nothing moved since the last look is taken for muted.
fn muted_by_the_bridge(looks: &mut [Raw]) {
    for place in (1..looks.len()).rev() {
        let before = looks[place - 1].clone();
        for track in &mut looks[place].inbound {
            let was = before.inbound.iter().find(|t| t.ssrc == track.ssrc);
            let was = was.map(|t| t.report.packets_received);
            track.muted = was == Some(track.report.packets_received);
        }
        for track in &mut looks[place].outbound {
            let was = before.outbound.iter().find(|t| t.ssrc == track.ssrc);
            let was = was.map(|t| t.report.packets_sent);
            track.muted = was == Some(track.report.packets_sent);
        }
    }
}

fn call(name: &str, pc: &str) -> Vec<Seen> {
    watched(name, pc, real::looks(name).remove(pc).unwrap())
}

fn watched(name: &str, pc: &str, mut looks: Vec<Raw>) -> Vec<Seen> {
    let (_, every, bridged) = CALLS.into_iter().find(|(n, _, _)| *n == name).unwrap();
    // The second connection of the peer-to-peer call goes to the bridge.
    if bridged || pc == "PC_1" {
        muted_by_the_bridge(&mut looks);
    }
    let mut monitor = Monitor::default();
    looks
        .into_iter()
        .map(|raw| monitor.look(raw, every))
        .collect()
}

#[test]
fn every_sample_of_every_call_is_finite_and_in_range() {
    let mut samples = 0;
    for (name, _, _) in CALLS {
        for (pc, looks) in real::looks(name) {
            let seen = watched(name, &pc, looks);
            assert!(seen.iter().any(|s| s.score.is_some()), "{name} {pc}");
            for seen in seen {
                let (sample, score) = (seen.sample, seen.score);
                if let Some(score) = score {
                    assert!(
                        (0.0..=100.0).contains(&score.value) && (1.0..=4.5).contains(&score.mos)
                    );
                }
                for share in [sample.loss_in_pct(), sample.loss_out_pct()] {
                    assert!(share.is_none_or(|s| (0.0..=100.0).contains(&s)));
                }
                for number in [
                    sample.rtt_ms,
                    sample.jitter_ms(),
                    sample.in_kbps,
                    sample.video_in.fps,
                ] {
                    assert!(number.is_none_or(|n| n.is_finite() && n >= 0.0));
                }
                samples += 1;
            }
        }
    }
    assert_eq!(samples, 215);
}

#[test]
fn packets_and_loss_are_those_that_the_authors_counted() {
    let path = format!(
        "{}/tests/data/rtcstats/expected.json",
        env!("CARGO_MANIFEST_DIR")
    );
    let expected: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut tracks = 0;
    let mut files = BTreeMap::new();
    for track in expected.as_array().unwrap() {
        let name = track["file"].as_str().unwrap();
        let looks = files.entry(name).or_insert_with(|| real::looks(name));
        let looks = looks[track["pc"].as_str().unwrap()].clone();
        let ssrc = track["ssrc"].as_u64().unwrap() as u32;
        let incoming = track["direction"] == "in";
        // What stood on the counters when they were first seen was before the first look.
        let mut packets = None;
        let mut lost = 0.0;
        let mut sampler = Sampler::default();
        for mut raw in looks {
            raw.inbound.retain(|t| incoming && t.ssrc == ssrc);
            raw.outbound.retain(|t| !incoming && t.ssrc == ssrc);
            let stood = if incoming {
                raw.inbound.first().and_then(|t| t.report.packets_received)
            } else {
                raw.outbound.first().and_then(|t| t.report.packets_sent)
            };
            let sample = sampler.look(raw, Millis(60_000));
            for flow in [
                sample.audio_in,
                sample.video_in,
                sample.audio_out,
                sample.video_out,
            ] {
                packets = packets.map(|p: f64| p + flow.packets.unwrap_or(0.0));
                lost += flow.lost.unwrap_or(0.0);
            }
            packets = packets.or(stood);
        }
        assert_eq!(packets, track["packets"].as_f64(), "{track}");
        assert_eq!(Some(lost), track["lost"].as_f64(), "{track}");
        tracks += 1;
    }
    assert_eq!(tracks, 36);
}

/// The least and the mean score of a part of a call, in seconds from its first look.
fn between(seen: &[Seen], from: u64, to: u64) -> (f64, f64) {
    let begin = seen[0].sample.at;
    let within = seen.iter().filter(|s| {
        let at = s.sample.at.since(begin);
        at >= Millis::from_secs(from) && at < Millis::from_secs(to)
    });
    let scores: Vec<f64> = within.filter_map(|s| s.score).map(|s| s.value).collect();
    let sum: f64 = scores.iter().sum();
    (
        scores.iter().copied().fold(f64::MAX, f64::min),
        sum / scores.len() as f64,
    )
}

#[test]
fn the_peer_to_peer_call_dips_where_its_frames_are_halved() {
    let seen = call("google-standard-stats-p2p", "PC_0");
    let (_, before) = between(&seen, 8, 17);
    let (_, dip) = between(&seen, 20, 32);
    let (_, after) = between(&seen, 38, 44);
    assert!(
        dip < before - 8.0 && dip < after - 4.0,
        "{before} {dip} {after}"
    );
    assert!(
        seen.iter()
            .all(|s| s.changes.is_empty() && s.advice.is_none())
    );
}

#[test]
fn the_relayed_call_dips_where_its_round_trip_is_1600_ms_and_a_sixth_is_lost() {
    let seen = call("chrome-relay", "PC_0");
    let (_, before) = between(&seen, 20, 80);
    let (dip, _) = between(&seen, 85, 95);
    let (_, after) = between(&seen, 97, 115);
    assert!(
        dip < 20.0 && before > 60.0 && after > dip + 20.0,
        "{before} {dip} {after}"
    );
    let opened = seen
        .iter()
        .flat_map(|s| &s.changes)
        .find(|c| c.kind == Kind::PoorNetwork);
    assert!(matches!(opened.unwrap().turn, Turn::Opened(_)));
}

#[test]
fn the_safari_call_dips_where_its_picture_stands_still() {
    let seen = call("safari-standard-stats", "PC_0");
    let frozen = seen
        .iter()
        .flat_map(|s| &s.changes)
        .find(|c| c.kind == Kind::Freeze);
    let at = frozen.unwrap().at.since(seen[0].sample.at).0 / 1_000;
    let ((_, before), (dip, _)) = (between(&seen, at - 5, at), between(&seen, at, at + 1));
    assert!(dip < before - 10.0, "{before} {dip}");
}

#[test]
fn the_call_by_the_bridge_is_good_from_its_first_flow_to_its_end() {
    let seen = call("google-standard-stats-sfu", "PC_0");
    assert!(between(&seen, 0, 100).0 >= 60.0);
    assert!(seen.iter().all(|s| s.advice.is_none()));
}

#[test]
fn what_firefox_does_not_say_is_unknown_and_its_round_trip_is_the_receiver_reports() {
    let seen = call("firefox-relay", "PC_0");
    assert!(
        seen.iter()
            .all(|s| s.sample.available_kbps.is_none() && s.sample.limitation.is_none())
    );
    assert!(seen.iter().any(|s| s.sample.rtt_ms.is_some()));
    assert!(seen.iter().all(|s| s.sample.video_in.frozen_pct.is_none()));
}
