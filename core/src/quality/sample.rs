//! What happened between two looks.
//!
//! **What was not measured is unknown, and nothing else is made of it (R32).** Counters that begin
//! again with a new SSRC or connection, that fall, or that were not looked at for more than two
//! intervals, say nothing of the time between; nor does a track that was muted for a part of it.

use super::raw::{Limitation, Outbound, Raw, Route, known, within};
use super::tally::{
    Tally, add, graver, larger, milliseconds, of_kind, rate, round_trip, sane, smaller, together,
};
use crate::time::Millis;

/// A share of fewer packets than this says nothing: with DTX a second has two or three.
pub const FEWEST_PACKETS: f64 = 10.0;

/// A look sooner than this after the last one is only a glance: it is not compared, and the next one
/// covers its time, too.
pub const SHORTEST: Millis = Millis(500);

/// What flowed of one kind of media in one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Flow {
    /// Whether a microphone or a camera was unmuted all the time. A shared screen may stand still,
    /// and its sound may be silent: nothing is expected of them.
    pub expected: bool,
    /// Packets a second, of the expected track that had least.
    pub packets_per_s: Option<f64>,
    /// Packets that came, or were sent.
    pub packets: Option<f64>,
    /// Those that came, or were reported to have arrived.
    pub arrived: Option<f64>,
    /// Packets that were lost on the way.
    pub lost: Option<f64>,
    /// Their share, 0…100 %.
    pub loss_pct: Option<f64>,
    /// Interarrival jitter, in milliseconds; the worst track's.
    pub jitter_ms: Option<f64>,
    /// Bit rate of microphones and cameras, in kbit/s.
    pub bitrate_kbps: Option<f64>,
    /// Frames a second; the camera's that has fewest.
    pub fps: Option<f64>,
    /// Pixels; the largest picture's.
    pub width: Option<f64>,
    /// Pixels; the largest picture's.
    pub height: Option<f64>,
    /// The height that was asked for, in pixels.
    pub wanted_height: Option<f64>,
    /// How often the picture stood still.
    pub freezes: Option<f64>,
    /// For how much of the time it did, 0…100 %.
    pub frozen_pct: Option<f64>,
    /// Frames that were decoded and not shown.
    pub dropped: Option<f64>,
    /// Their share of all frames, 0…100 %.
    pub dropped_pct: Option<f64>,
    /// How much of the sound was made up, silence aside, 0…100 %.
    pub concealed_pct: Option<f64>,
    /// Loudness, 0…1.
    pub level: Option<f64>,
    /// Mean quantiser; its scale is the codec's.
    pub qp: Option<f64>,
}

/// What happened between two looks at one connection.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sample {
    /// When the second look was.
    pub at: Millis,
    /// How long after the first; zero when there was none to compare with.
    pub span: Millis,
    /// Whether it was more than two intervals: the machine slept (R29).
    pub gap: bool,
    /// Round trip, in milliseconds.
    pub rtt_ms: Option<f64>,
    /// The shortest round trip that this connection ever had, in milliseconds.
    pub shortest_rtt_ms: Option<f64>,
    /// What could be sent, in kbit/s.
    pub available_kbps: Option<f64>,
    /// All that came, in kbit/s.
    pub in_kbps: Option<f64>,
    /// All that was sent, in kbit/s.
    pub out_kbps: Option<f64>,
    /// Sound that comes.
    pub audio_in: Flow,
    /// Pictures that come.
    pub video_in: Flow,
    /// Sound that goes.
    pub audio_out: Flow,
    /// Pictures that go.
    pub video_out: Flow,
    /// What holds the encoders back.
    pub limitation: Option<Limitation>,
    /// The way it all takes.
    pub route: Option<Route>,
    /// Whether another way was chosen, or the way was lost, since the look before.
    pub moved: bool,
}

impl Sample {
    /// Share of what was sent to us and did not come, 0…100 %.
    pub fn loss_in_pct(&self) -> Option<f64> {
        together(&self.audio_in, &self.video_in)
    }

    /// Share of what we sent and did not arrive, 0…100 %.
    pub fn loss_out_pct(&self) -> Option<f64> {
        together(&self.audio_out, &self.video_out)
    }

    /// The worse of the two.
    pub fn loss_pct(&self) -> Option<f64> {
        larger(self.loss_in_pct(), self.loss_out_pct())
    }

    /// The worst jitter of what comes, in milliseconds.
    pub fn jitter_ms(&self) -> Option<f64> {
        larger(self.audio_in.jitter_ms, self.video_in.jitter_ms)
    }
}

/// Makes samples of looks at one connection.
#[derive(Debug, Default)]
pub struct Sampler {
    before: Option<Raw>,
    heard: Vec<Heard>,
    shortest_rtt_ms: Option<f64>,
}

/// The receiver report that the next one of an SSRC is compared with.
#[derive(Clone, Copy, Debug)]
struct Heard {
    ssrc: u32,
    timestamp: Option<f64>,
    lost: f64,
    sent: f64,
}

impl Sampler {
    /// What happened since the last look, which was to be `interval` ago.
    pub fn look(&mut self, raw: Raw, interval: Millis) -> Sample {
        let mut before = self
            .before
            .take()
            .filter(|b| b.connection == raw.connection);
        if before.is_none() {
            *self = Self::default();
        }
        let glance = before.take_if(|b| raw.at >= b.at && raw.at.since(b.at) < SHORTEST);
        let span = before.as_ref().map_or(Millis(0), |b| raw.at.since(b.at));
        let gap = span > interval + interval;
        let mut sample = Sample {
            at: raw.at,
            span,
            gap,
            route: raw.pair.as_ref().and_then(|pair| pair.route),
            ..Sample::default()
        };
        if gap {
            self.heard.clear();
        } else {
            self.fill(&mut sample, &raw, before.as_ref());
        }
        self.before = glance.or(Some(raw));
        sample
    }

    fn fill(&mut self, sample: &mut Sample, raw: &Raw, before: Option<&Raw>) {
        let seconds = sample.span.0 as f64 / 1_000.0;
        let [mut audio_in, mut video_in] = [Tally::default(); 2];
        for track in &raw.inbound {
            let first = before.and_then(|b| {
                let mut tracks = b.inbound.iter();
                tracks.find(|t| t.ssrc == track.ssrc && t.source == track.source)
            });
            let tally = of_kind(track.source, &mut audio_in, &mut video_in);
            add(
                &mut sample.in_kbps,
                rate(tally.receive(track, first), seconds),
            );
        }
        let [mut audio_out, mut video_out] = [Tally::default(); 2];
        let mut remote_rtt = None;
        self.heard
            .retain(|h| raw.outbound.iter().any(|t| t.ssrc == h.ssrc));
        for track in &raw.outbound {
            let first = before.and_then(|b| {
                let mut tracks = b.outbound.iter();
                tracks.find(|t| t.ssrc == track.ssrc && t.source == track.source)
            });
            let tally = of_kind(track.source, &mut audio_out, &mut video_out);
            add(
                &mut sample.out_kbps,
                rate(tally.send(track, first), seconds),
            );
            remote_rtt = larger(remote_rtt, self.listen(tally, track, first));
            if !track.muted {
                sample.limitation = graver(sample.limitation, track.limitation);
            }
        }
        sample.audio_in = audio_in.flow(seconds);
        sample.video_in = video_in.flow(seconds);
        sample.audio_out = audio_out.flow(seconds);
        sample.video_out = video_out.flow(seconds);

        let pair = raw.pair.as_ref();
        let first = before.and_then(|b| b.pair.as_ref());
        sample.rtt_ms = pair.and_then(|p| round_trip(p, first)).or(remote_rtt);
        self.shortest_rtt_ms = smaller(self.shortest_rtt_ms, sample.rtt_ms);
        sample.shortest_rtt_ms = self.shortest_rtt_ms;
        sample.available_kbps = pair
            .and_then(|p| sane(p.report.available_outgoing_bitrate))
            .map(|bits| bits / 1_000.0);
        let lost =
            raw.connected == Some(false) && before.is_some_and(|b| b.connected == Some(true));
        let other = matches!((pair, first), (Some(p), Some(f)) if p.id != f.id);
        sample.moved = lost || other;
    }

    /// Takes a new receiver report; gives its round trip, in milliseconds. An old report says
    /// nothing of now.
    fn listen(
        &mut self,
        tally: &mut Tally,
        track: &Outbound,
        first: Option<&Outbound>,
    ) -> Option<f64> {
        let remote = track.remote?;
        let at = remote.timestamp;
        let was = first.and_then(|t| t.remote).and_then(|r| r.timestamp);
        if at.is_some() && at == was {
            return None;
        }
        let lost = remote.packets_lost.and_then(known);
        let sent = track.report.packets_sent.and_then(known);
        if let (Some(lost), Some(sent)) = (lost, sent) {
            let now = Heard {
                ssrc: track.ssrc,
                timestamp: at,
                lost,
                sent,
            };
            match self.heard.iter_mut().find(|h| h.ssrc == track.ssrc) {
                None => self.heard.push(now),
                Some(last) if sent < last.sent || track.muted || first.is_some_and(|t| t.muted) => {
                    *last = now;
                }
                // The same report, or too little sent since: it waits for more.
                Some(last)
                    if (at.is_some() && at == last.timestamp)
                        || sent - last.sent < FEWEST_PACKETS => {}
                Some(last) => {
                    let missing = within(lost - last.lost, 0.0, sent - last.sent);
                    add(&mut tally.lost, Some(missing));
                    add(&mut tally.arrived, Some(sent - last.sent - missing));
                    *last = now;
                }
            }
        }
        if remote.measurements == Some(0.0) {
            return None;
        }
        milliseconds(remote.round_trip_time)
    }
}
