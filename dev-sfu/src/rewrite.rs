//! Joins packets of several sources into one RTP stream without a seam.
//!
//! A subscriber knows one stream with one SSRC. What it is sent may come from one simulcast layer
//! after another, or from another track: each source counts its sequence numbers, time stamps and VP8
//! pictures by itself. At a splice the differences are chosen anew, so that the new source goes on
//! where the last one ended; between splices they are constant, so that a lost packet stays a gap
//! which the subscriber asks for again, and a late one finds its place.

use std::time::Instant;

/// The sequence number a stream begins at. A receiver begins to count rollovers at zero, so the first
/// one fits in 16 bits.
pub const FIRST_SEQUENCE: u64 = 1;

/// What of a packet is rewritten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marks {
    /// The sequence number, extended by its rollovers.
    pub sequence: u64,
    /// The RTP time stamp.
    pub time: u32,
    /// The VP8 picture id, 15 bits.
    pub picture: Option<u16>,
    /// The VP8 index of pictures in temporal layer 0.
    pub base: Option<u8>,
}

/// The differences between a source and the stream.
#[derive(Debug, Clone, Copy)]
struct Splice {
    /// Earlier packets of the source are not part of the stream.
    first: u64,
    sequence: u64,
    time: u32,
    picture: u16,
    base: u8,
}

/// What was sent last.
#[derive(Debug, Clone, Copy)]
struct Last {
    marks: Marks,
    at: Instant,
}

/// One outgoing stream.
#[derive(Debug)]
pub struct Rewriter {
    clock_rate: u32,
    last: Option<Last>,
    splice: Option<Splice>,
}

impl Rewriter {
    /// A stream whose time stamps count so many ticks a second.
    #[must_use]
    pub fn new(clock_rate: u32) -> Self {
        Self {
            clock_rate,
            last: None,
            splice: None,
        }
    }

    /// From this packet on, the stream goes on with the packet's source.
    pub fn splice(&mut self, packet: Marks, now: Instant) {
        self.splice = Some(match self.last {
            None => Splice {
                first: packet.sequence,
                sequence: FIRST_SEQUENCE.wrapping_sub(packet.sequence),
                time: 0,
                picture: 0,
                base: 0,
            },
            Some(Last { marks, at }) => Splice {
                first: packet.sequence,
                sequence: (marks.sequence + 1).wrapping_sub(packet.sequence),
                time: marks
                    .time
                    .wrapping_add(self.ticks(now.saturating_duration_since(at).as_micros()))
                    .wrapping_sub(packet.time),
                picture: difference(marks.picture, packet.picture),
                base: next_base(marks.base).wrapping_sub(packet.base.unwrap_or(0)),
            },
        });
    }

    /// The packet as the stream has it, or nothing when it is from before the splice.
    pub fn rewrite(&mut self, packet: Marks, now: Instant) -> Option<Marks> {
        let splice = self.splice?;
        if packet.sequence < splice.first {
            return None;
        }
        let marks = Marks {
            sequence: packet.sequence.wrapping_add(splice.sequence),
            time: packet.time.wrapping_add(splice.time),
            picture: packet
                .picture
                .map(|picture| picture.wrapping_add(splice.picture) & PICTURES),
            base: packet.base.map(|base| base.wrapping_add(splice.base)),
        };
        if self
            .last
            .is_none_or(|last| last.marks.sequence < marks.sequence)
        {
            let before = self.last.map(|last| last.marks);
            self.last = Some(Last {
                marks: Marks {
                    picture: marks.picture.or(before.and_then(|marks| marks.picture)),
                    base: marks.base.or(before.and_then(|marks| marks.base)),
                    ..marks
                },
                at: now,
            });
        }
        Some(marks)
    }

    /// How far the stream's clock moves in so many microseconds: one tick at least, or two frames
    /// would be taken for one.
    fn ticks(&self, micros: u128) -> u32 {
        let ticks = micros * u128::from(self.clock_rate) / 1_000_000;
        u32::try_from(ticks).unwrap_or(u32::MAX / 2).max(1)
    }
}

/// A picture id has 15 bits.
const PICTURES: u16 = 0x7fff;

fn difference(last: Option<u16>, packet: Option<u16>) -> u16 {
    match (last, packet) {
        (Some(last), Some(packet)) => last.wrapping_add(1).wrapping_sub(packet) & PICTURES,
        (None, _) | (_, None) => 0,
    }
}

fn next_base(last: Option<u8>) -> u8 {
    last.map_or(0, |last| last.wrapping_add(1))
}
