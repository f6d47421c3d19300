//! Real calls, as `tests/data/README.md` has them: looks, as the shell would make them.

use std::collections::BTreeMap;
use std::io::Read;

use samewire_core::protocol::client::Source;
use samewire_core::quality::raw::{
    Inbound, InboundReport, Limitation, Outbound, OutboundReport, PairReport, Raw, RemoteReport,
    Route, Selected,
};
use samewire_core::time::Millis;
use serde_json::Value;

/// All looks at each connection of a file.
pub(crate) fn looks(name: &str) -> BTreeMap<String, Vec<Raw>> {
    let path = format!(
        "{}/tests/data/rtcstats/{name}.jsonl.gz",
        env!("CARGO_MANIFEST_DIR")
    );
    let mut text = String::new();
    let file = std::fs::File::open(path).unwrap();
    flate2::read::GzDecoder::new(file)
        .read_to_string(&mut text)
        .unwrap();
    let mut looks: BTreeMap<String, Vec<Raw>> = BTreeMap::new();
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        if let Some(stats) = line["stats"].as_array() {
            let pc = line["pc"].as_str().unwrap().to_owned();
            looks
                .entry(pc)
                .or_default()
                .push(look(line["t"].as_u64().unwrap(), stats));
        }
    }
    looks
}

fn values(report: &Value, keys: &[&str]) -> Vec<f64> {
    let value = |key: &&str| report[*key].as_f64().unwrap_or(f64::NAN);
    keys.iter().map(value).collect()
}

fn text<'a>(report: &'a Value, key: &str) -> &'a str {
    report[key].as_str().unwrap_or_default()
}

fn look(at: u64, stats: &[Value]) -> Raw {
    let of_type = |kind: &'static str| stats.iter().filter(move |s| s["type"] == kind);
    let by_id = |id: &str| stats.iter().find(|s| !id.is_empty() && s["id"] == id);
    let source = |report: &Value| match text(report, "kind") {
        "audio" => Source::Microphone,
        _ => Source::Camera,
    };
    let inbound = of_type("inbound-rtp").map(|report| {
        let mut read = values(report, InboundReport::KEYS);
        // Chrome 87 and Safari keep some of it in the track.
        if let Some(track) = by_id(text(report, "trackId")) {
            let of_track = values(track, InboundReport::KEYS);
            for (value, other) in read.iter_mut().zip(of_track) {
                if value.is_nan() {
                    *value = other;
                }
            }
        }
        Inbound {
            ssrc: report["ssrc"].as_u64().unwrap() as u32,
            source: source(report),
            muted: false,
            wanted_height: None,
            report: InboundReport::read(&read),
        }
    });
    let outbound = of_type("outbound-rtp").map(|report| {
        let ssrc = report["ssrc"].as_u64().unwrap();
        let remote = of_type("remote-inbound-rtp").find(|r| r["ssrc"].as_u64() == Some(ssrc));
        Outbound {
            ssrc: ssrc as u32,
            source: source(report),
            muted: report["active"] == Value::Bool(false),
            limitation: Limitation::from_name(text(report, "qualityLimitationReason")),
            report: OutboundReport::read(&values(report, OutboundReport::KEYS)),
            remote: remote.map(|r| RemoteReport::read(&values(r, RemoteReport::KEYS))),
        }
    });
    let of_transport = of_type("transport").find_map(|t| by_id(text(t, "selectedCandidatePairId")));
    let pair = of_transport
        .or_else(|| of_type("candidate-pair").find(|p| p["selected"] == Value::Bool(true)));
    let pair = pair.map(|pair| {
        let local = by_id(text(pair, "localCandidateId"));
        let protocol = local.map(|l| match text(l, "relayProtocol") {
            "" => text(l, "protocol"),
            relay => relay,
        });
        Selected {
            id: text(pair, "id").bytes().fold(0, |id: u64, byte| {
                id.wrapping_mul(31).wrapping_add(byte.into())
            }),
            route: local.and_then(|l| Route::from_names(text(l, "candidateType"), protocol?)),
            report: PairReport::read(&values(pair, PairReport::KEYS)),
        }
    });
    Raw {
        at: Millis(at),
        connection: 1,
        connected: Some(true),
        inbound: inbound.collect(),
        outbound: outbound.collect(),
        pair,
    }
}
