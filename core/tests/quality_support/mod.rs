//! What the quality tests share: a call whose counters run as they would, and chance with a seed.

#![allow(dead_code, reason = "each test uses its own part of this")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what helps a test may panic: that is a failed test"
)]

use samewire_core::protocol::client::Source;
use samewire_core::quality::raw::{
    Inbound, InboundReport, Limitation, Outbound, OutboundReport, PairReport, Raw, RemoteReport,
    Route, Selected,
};
use samewire_core::quality::{Flow, Sample};
use samewire_core::time::Millis;

/// Chance, the same every time: xorshift64*.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// 0…1.
    pub(crate) fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(crate) fn below(&mut self, most: f64) -> f64 {
        self.share() * most
    }

    pub(crate) fn one_in(&mut self, n: u64) -> bool {
        self.next().is_multiple_of(n)
    }
}

/// A sample of a call without a fault.
pub(crate) fn perfect() -> Sample {
    let audio = Flow {
        expected: true,
        packets_per_s: Some(50.0),
        packets: Some(150.0),
        arrived: Some(150.0),
        lost: Some(0.0),
        loss_pct: Some(0.0),
        jitter_ms: Some(0.0),
        bitrate_kbps: Some(32.0),
        concealed_pct: Some(0.0),
        ..Flow::default()
    };
    let video = Flow {
        packets_per_s: Some(150.0),
        bitrate_kbps: Some(1_500.0),
        fps: Some(30.0),
        height: Some(720.0),
        wanted_height: Some(720.0),
        frozen_pct: Some(0.0),
        dropped_pct: Some(0.0),
        concealed_pct: None,
        ..audio
    };
    Sample {
        at: Millis(3_000),
        span: Millis(3_000),
        rtt_ms: Some(0.0),
        shortest_rtt_ms: Some(0.0),
        available_kbps: Some(2_500.0),
        audio_in: audio,
        video_in: video,
        audio_out: audio,
        video_out: video,
        limitation: Some(Limitation::None),
        route: Some(Route::DirectUdp),
        ..Sample::default()
    }
}

/// How a way is while time passes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    pub(crate) loss_in_pct: f64,
    pub(crate) loss_out_pct: f64,
    pub(crate) rtt_ms: f64,
    pub(crate) jitter_ms: f64,
    pub(crate) video_kbps: f64,
    pub(crate) fps: f64,
    pub(crate) frozen: bool,
    pub(crate) limitation: Limitation,
    pub(crate) available_kbps: f64,
    /// Packets a second of a microphone.
    pub(crate) audio_pps: f64,
    /// Whether anything comes at all, by kind.
    pub(crate) hears: bool,
    pub(crate) sees: bool,
    /// Whether the other side reports.
    pub(crate) reports: bool,
}

pub(crate) const GOOD: Way = Way {
    loss_in_pct: 0.0,
    loss_out_pct: 0.0,
    rtt_ms: 40.0,
    jitter_ms: 5.0,
    video_kbps: 1_200.0,
    fps: 30.0,
    frozen: false,
    limitation: Limitation::None,
    available_kbps: 2_500.0,
    audio_pps: 50.0,
    hears: true,
    sees: true,
    reports: true,
};

/// A call whose counters run: a microphone and a camera each way.
pub(crate) struct Call {
    pub(crate) raw: Raw,
    responses: f64,
}

impl Call {
    pub(crate) fn new(at: u64) -> Self {
        let inbound = |ssrc, source| Inbound {
            ssrc,
            source,
            muted: false,
            wanted_height: None,
            report: InboundReport {
                packets_received: Some(0.0),
                packets_lost: Some(0.0),
                bytes_received: Some(0.0),
                frames_decoded: (source == Source::Camera).then_some(0.0),
                freeze_count: (source == Source::Camera).then_some(0.0),
                total_freezes_duration: (source == Source::Camera).then_some(0.0),
                ..InboundReport::default()
            },
        };
        let outbound = |ssrc, source| Outbound {
            ssrc,
            source,
            muted: false,
            limitation: (source == Source::Camera).then_some(Limitation::None),
            report: OutboundReport {
                packets_sent: Some(0.0),
                bytes_sent: Some(0.0),
                frames_encoded: (source == Source::Camera).then_some(0.0),
                ..OutboundReport::default()
            },
            remote: Some(RemoteReport {
                timestamp: Some(0.0),
                packets_lost: Some(0.0),
                ..RemoteReport::default()
            }),
        };
        Self {
            raw: Raw {
                at: Millis(at),
                connection: 1,
                connected: Some(true),
                inbound: vec![inbound(1, Source::Microphone), inbound(2, Source::Camera)],
                outbound: vec![outbound(3, Source::Microphone), outbound(4, Source::Camera)],
                pair: Some(Selected {
                    id: 1,
                    route: Some(Route::DirectUdp),
                    report: PairReport::default(),
                }),
            },
            responses: 0.0,
        }
    }

    /// Time passes on such a way; gives a look at its end.
    pub(crate) fn pass(&mut self, ms: u64, way: &Way) -> Raw {
        let seconds = ms as f64 / 1_000.0;
        self.raw.at = self.raw.at + Millis(ms);
        let plus = |counter: &mut Option<f64>, more: f64| {
            if let Some(counter) = counter {
                *counter += more;
            }
        };
        for track in self.raw.inbound.iter_mut().filter(|t| !t.muted) {
            let camera = track.source == Source::Camera;
            if !(if camera { way.sees } else { way.hears }) {
                continue;
            }
            let pps = if camera { 150.0 } else { way.audio_pps };
            let kbps = if camera { way.video_kbps } else { 32.0 };
            let report = &mut track.report;
            let arrives = 1.0 - way.loss_in_pct / 100.0;
            plus(&mut report.packets_received, pps * seconds * arrives);
            plus(&mut report.packets_lost, pps * seconds * (1.0 - arrives));
            plus(&mut report.bytes_received, kbps * 125.0 * seconds);
            report.jitter = Some(way.jitter_ms / 1_000.0);
            if way.frozen {
                plus(&mut report.total_freezes_duration, seconds);
                plus(&mut report.freeze_count, 1.0);
            } else {
                plus(&mut report.frames_decoded, way.fps * seconds);
            }
        }
        for track in self.raw.outbound.iter_mut().filter(|t| !t.muted) {
            let camera = track.source == Source::Camera;
            let pps = if camera { 150.0 } else { 50.0 };
            let kbps = if camera { way.video_kbps } else { 32.0 };
            plus(&mut track.report.packets_sent, pps * seconds);
            plus(&mut track.report.bytes_sent, kbps * 125.0 * seconds);
            plus(&mut track.report.frames_encoded, way.fps * seconds);
            if camera {
                track.limitation = Some(way.limitation);
            }
            let remote = track.remote.as_mut().filter(|_| way.reports);
            if let Some(remote) = remote {
                remote.timestamp = Some(self.raw.at.0 as f64);
                plus(
                    &mut remote.packets_lost,
                    pps * seconds * way.loss_out_pct / 100.0,
                );
            }
        }
        if let Some(pair) = &mut self.raw.pair {
            self.responses += 1.0;
            let total = pair.report.total_round_trip_time.unwrap_or(0.0);
            pair.report = PairReport {
                current_round_trip_time: Some(way.rtt_ms / 1_000.0),
                total_round_trip_time: Some(total + way.rtt_ms / 1_000.0),
                responses_received: Some(self.responses),
                available_outgoing_bitrate: Some(way.available_kbps * 1_000.0),
            };
        }
        self.raw.clone()
    }
}
