//! What a subscriber is sent is one stream, whatever it is made of.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use samewire_dev_sfu::rewrite::{FIRST_SEQUENCE, Marks, Rewriter};

const VIDEO: u32 = 90_000;

fn begin() -> Instant {
    tokio::time::Instant::now().into_std()
}

fn marks(sequence: u64, time: u32, picture: u16, base: u8) -> Marks {
    Marks {
        sequence,
        time,
        picture: Some(picture),
        base: Some(base),
    }
}

/// A source that counts from somewhere, and sends a picture in every packet.
#[derive(Debug, Clone)]
struct Source {
    first: Marks,
    packets: u16,
}

fn source() -> impl Strategy<Value = Source> {
    let first = (
        0..u64::from(u32::MAX),
        any::<u32>(),
        0..0x8000_u16,
        any::<u8>(),
    );
    (first, 1..60_u16).prop_map(|((sequence, time, picture, base), packets)| Source {
        first: marks(sequence, time, picture, base),
        packets,
    })
}

proptest! {
    #[test]
    fn any_sources_one_after_another_are_one_stream_that_counts_by_one(
        sources in prop::collection::vec(source(), 1..8),
        frame in 1..200_u64,
    ) {
        let mut stream = Rewriter::new(VIDEO);
        let mut now = begin();
        let mut last: Option<Marks> = None;
        for Source { first, packets } in sources {
            stream.splice(first, now);
            for n in 0..packets {
                let packet = marks(
                    first.sequence + u64::from(n),
                    first.time.wrapping_add(u32::from(n) * 90 * u32::try_from(frame).unwrap()),
                    first.picture.unwrap().wrapping_add(n) & 0x7fff,
                    first.base.unwrap().wrapping_add(u8::try_from(n % 256).unwrap()),
                );
                let sent = stream.rewrite(packet, now).unwrap();
                if let Some(last) = last {
                    prop_assert_eq!(sent.sequence, last.sequence + 1);
                    prop_assert_eq!(sent.picture.unwrap(), (last.picture.unwrap() + 1) & 0x7fff);
                    prop_assert_eq!(sent.base.unwrap(), last.base.unwrap().wrapping_add(1));
                    // As much later as it is, within a tick of rounding.
                    let ticks = sent.time.wrapping_sub(last.time);
                    prop_assert!(ticks.abs_diff(90 * u32::try_from(frame).unwrap()) <= 1);
                } else {
                    prop_assert_eq!(sent.sequence, FIRST_SEQUENCE);
                }
                last = Some(sent);
                now += Duration::from_millis(frame);
            }
        }
    }
}

#[test]
fn a_lost_packet_stays_a_gap_and_a_late_one_finds_its_place() {
    let mut stream = Rewriter::new(VIDEO);
    let now = begin();
    stream.splice(marks(500, 0, 7, 7), now);
    let sequence = |stream: &mut Rewriter, packet| {
        stream
            .rewrite(marks(packet, 0, 7, 7), now)
            .map(|sent| sent.sequence)
    };
    assert_eq!(sequence(&mut stream, 500), Some(1));
    assert_eq!(sequence(&mut stream, 503), Some(4));
    assert_eq!(sequence(&mut stream, 502), Some(3));
    // The next source goes on after the highest, not after the last one that came.
    stream.splice(marks(90, 0, 7, 7), now);
    assert_eq!(sequence(&mut stream, 90), Some(5));
}

#[test]
fn what_is_from_before_the_splice_is_no_part_of_the_stream() {
    let mut stream = Rewriter::new(VIDEO);
    let now = begin();
    assert_eq!(stream.rewrite(marks(1, 0, 0, 0), now), None);
    stream.splice(marks(10, 0, 0, 0), now);
    assert_eq!(stream.rewrite(marks(9, 0, 0, 0), now), None);
    assert!(stream.rewrite(marks(10, 0, 0, 0), now).is_some());
}

#[test]
fn two_sources_within_one_moment_still_have_different_times() {
    let mut stream = Rewriter::new(VIDEO);
    let now = begin();
    stream.splice(marks(1, 5_000, 0, 0), now);
    let first = stream.rewrite(marks(1, 5_000, 0, 0), now).unwrap();
    stream.splice(marks(1, 9_000, 0, 0), now);
    let second = stream.rewrite(marks(1, 9_000, 0, 0), now).unwrap();
    assert_eq!(second.time, first.time + 1);
}

#[test]
fn a_packet_of_padding_between_pictures_leaves_their_count_alone() {
    let mut stream = Rewriter::new(VIDEO);
    let now = begin();
    stream.splice(marks(1, 0, 30, 3), now);
    let picture = stream.rewrite(marks(1, 0, 30, 3), now).unwrap().picture;
    let padding = Marks {
        picture: None,
        base: None,
        ..marks(2, 0, 0, 0)
    };
    stream.rewrite(padding, now).unwrap();
    stream.splice(marks(1, 0, 900, 90), now);
    let next = stream.rewrite(marks(1, 0, 900, 90), now).unwrap().picture;
    assert_eq!(next, picture.map(|picture| picture + 1));
}
