//! One look at a connection's statistics, from a flat list of numbers. NaN is what is not known.
//!
//! In this order: which connection it is, whether it is up (NaN before it ever was); a number for the
//! selected pair, its route, and the keys of `candidate-pair`; how many tracks come, and of each its source, whether it is
//! muted, its SSRC, and the keys of `inbound-rtp`; to the end, of each that goes, its source, whether
//! it is muted, its SSRC, its limitation, the keys of `outbound-rtp`, whether the other side says
//! anything of it, and the keys of `remote-inbound-rtp`.

use samewire_core::protocol::client::Source;
use samewire_core::quality::raw::{
    Inbound, InboundReport, Limitation, Outbound, OutboundReport, PairReport, Raw, RemoteReport,
    Route, Selected,
};
use samewire_core::time::Millis;

const SOURCES: [(Source, &str); 4] = [
    (Source::Microphone, "microphone"),
    (Source::Camera, "camera"),
    (Source::Screen, "screen"),
    (Source::ScreenAudio, "screen_audio"),
];

const LIMITATIONS: [Limitation; 4] = [
    Limitation::None,
    Limitation::Cpu,
    Limitation::Bandwidth,
    Limitation::Other,
];

pub(crate) const ROUTES: [Route; 5] = [
    Route::DirectUdp,
    Route::DirectTcp,
    Route::RelayUdp,
    Route::RelayTcp,
    Route::RelayTls,
];

/// Adds a list to [`crate::words`].
pub(crate) fn put_list<'a>(words: &mut String, list: impl Iterator<Item = &'a str>) {
    for (place, word) in list.enumerate() {
        if place > 0 {
            words.push(';');
        }
        words.push_str(word);
    }
    words.push('\n');
}

/// The names of what comes in.
pub(crate) fn put_words(words: &mut String) {
    for keys in [
        InboundReport::KEYS,
        OutboundReport::KEYS,
        RemoteReport::KEYS,
        PairReport::KEYS,
    ] {
        put_list(words, keys.iter().copied());
    }
    put_list(words, SOURCES.iter().map(|(_, name)| *name));
    put_list(words, ROUTES.iter().map(|route| route.name()));
}

/// The number of what an encoder is held back by, as the browser calls it.
pub(crate) fn limitation(name: &str) -> f64 {
    place(&LIMITATIONS, Limitation::from_name(name))
}

/// The number of a route, by the local candidate's type and protocol.
pub(crate) fn route(candidate_type: &str, protocol: &str) -> f64 {
    place(&ROUTES, Route::from_names(candidate_type, protocol))
}

/// Where it stands in a list, for [`Numbers::named`] to find.
pub(crate) fn place<T: PartialEq>(list: &[T], what: Option<T>) -> f64 {
    let place = list.iter().position(|one| Some(one) == what.as_ref());
    place.map_or(f64::NAN, |place| place as f64)
}

/// The numbers that are still to be read. Past the end there are none.
struct Numbers<'a>(&'a [f64]);

impl<'a> Numbers<'a> {
    fn take(&mut self, many: usize) -> &'a [f64] {
        let (taken, left) = self.0.split_at(many.min(self.0.len()));
        self.0 = left;
        taken
    }

    #[inline(never)]
    fn next(&mut self) -> f64 {
        self.take(1).first().copied().unwrap_or(f64::NAN)
    }

    fn flag(&mut self) -> bool {
        self.next() == 1.0
    }

    /// What stands at the place of this number in a list.
    fn named<T: Copy>(&mut self, list: &[T]) -> Option<T> {
        let place = self.next();
        (place >= 0.0).then(|| list.get(place as usize).copied())?
    }

    fn source(&mut self) -> Source {
        self.named(&SOURCES)
            .map_or(Source::Microphone, |(source, _)| source)
    }
}

/// Reads a look. Numbers that are too few are not known, and what is left over is nothing.
pub(crate) fn look(at: Millis, numbers: &[f64]) -> Raw {
    let mut numbers = Numbers(numbers);
    let connection = numbers.next() as u64;
    let up = numbers.next();
    let pair = numbers.next();
    let selected = Selected {
        id: pair as u64,
        route: numbers.named(&ROUTES),
        report: PairReport::read(numbers.take(PairReport::KEYS.len())),
    };
    let mut raw = Raw {
        at,
        connection,
        connected: (!up.is_nan()).then_some(up == 1.0),
        pair: (!pair.is_nan()).then_some(selected),
        ..Raw::default()
    };
    let mut come = numbers.next();
    while come >= 1.0 && !numbers.0.is_empty() {
        come -= 1.0;
        raw.inbound.push(Inbound {
            source: numbers.source(),
            muted: numbers.flag(),
            ssrc: numbers.next() as u32,
            wanted_height: None,
            report: InboundReport::read(numbers.take(InboundReport::KEYS.len())),
        });
    }
    while !numbers.0.is_empty() {
        raw.outbound.push(Outbound {
            source: numbers.source(),
            muted: numbers.flag(),
            ssrc: numbers.next() as u32,
            limitation: numbers.named(&LIMITATIONS),
            report: OutboundReport::read(numbers.take(OutboundReport::KEYS.len())),
            remote: {
                let says = numbers.flag();
                let report = RemoteReport::read(numbers.take(RemoteReport::KEYS.len()));
                says.then_some(report)
            },
        });
    }
    raw
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A look with everything in it, each number another one.
    fn numbers() -> Vec<f64> {
        let mut count = 100.0;
        let mut next = |many: usize| {
            let from = count;
            count += many as f64;
            (0..many).map(move |n| from + n as f64)
        };
        let mut numbers = vec![7.0, 1.0, 9.0, 3.0];
        numbers.extend(next(PairReport::KEYS.len()));
        numbers.push(1.0);
        numbers.extend([1.0, 0.0, 11.0]);
        numbers.extend(next(InboundReport::KEYS.len()));
        numbers.extend([2.0, 1.0, 12.0, 2.0]);
        numbers.extend(next(OutboundReport::KEYS.len()));
        numbers.push(1.0);
        numbers.extend(next(RemoteReport::KEYS.len()));
        numbers
    }

    #[test]
    fn every_number_has_its_place() {
        let raw = look(Millis(5), &numbers());
        assert_eq!(
            (raw.at, raw.connection, raw.connected),
            (Millis(5), 7, Some(true))
        );
        let pair = raw.pair.unwrap();
        assert_eq!((pair.id, pair.route), (9, Some(Route::RelayTcp)));
        assert_eq!(pair.report.current_round_trip_time, Some(100.0));
        let [comes] = raw.inbound.as_slice() else {
            panic!("{:?}", raw.inbound)
        };
        assert_eq!(
            (comes.source, comes.muted, comes.ssrc),
            (Source::Camera, false, 11)
        );
        assert_eq!(comes.report.packets_received, Some(104.0));
        let [goes] = raw.outbound.as_slice() else {
            panic!("{:?}", raw.outbound)
        };
        assert_eq!(
            (goes.source, goes.muted, goes.ssrc),
            (Source::Screen, true, 12)
        );
        assert_eq!(goes.limitation, Some(Limitation::Bandwidth));
        let last = 104 + InboundReport::KEYS.len() + OutboundReport::KEYS.len();
        assert_eq!(goes.remote.unwrap().timestamp, Some(last as f64));
    }

    #[test]
    fn a_list_that_is_cut_off_anywhere_is_a_look_in_which_less_is_known() {
        let whole = numbers();
        for length in 0..whole.len() {
            let raw = look(Millis(1), &whole[..length]);
            assert!(raw.inbound.len() <= 1 && raw.outbound.len() <= 1);
        }
        assert_eq!(
            look(Millis(1), &[]),
            Raw {
                at: Millis(1),
                ..Raw::default()
            }
        );
    }

    #[test]
    fn garbage_is_no_trap() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, 1e300] {
            look(Millis(1), &vec![value; 500]);
        }
    }
}
