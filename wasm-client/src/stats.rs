//! One look at `getStats`, as the core takes it: numbers by key, each of which may be missing (R32).

use std::cell::RefCell;
use std::rc::Rc;

use samewire_core::protocol::client::Source as Wire;
use samewire_core::quality::raw::{
    Inbound, InboundReport, Limitation, Outbound, OutboundReport, PairReport, Raw, RemoteReport,
    Route, Selected,
};
use wasm_bindgen::JsValue;

use crate::browser::{self, get, is, number, text};
use crate::roster::Source;

/// A track that should flow.
pub(crate) struct Expected {
    /// The id of its `MediaStreamTrack`, where there is one.
    pub(crate) track: Option<String>,
    pub(crate) source: Source,
    pub(crate) muted: bool,
}

/// A report, as a map that is looked through again and again.
struct Report<'a>(&'a JsValue);

impl Report<'_> {
    /// The entries of this kind.
    #[inline(never)]
    fn of(&self, kind: &'static str) -> Vec<JsValue> {
        let entries: Rc<RefCell<Vec<JsValue>>> = Rc::default();
        let found = entries.clone();
        browser::for_each(
            self.0,
            Box::new(move |entry| {
                if is(&entry, "type", kind) {
                    found.borrow_mut().push(entry);
                }
            }),
        );
        entries.take()
    }

    /// The entry that another one names under this key.
    #[inline(never)]
    fn named(&self, by: &JsValue, key: &str) -> JsValue {
        browser::invoke(self.0, "get", &[get(by, key)]).unwrap_or(JsValue::UNDEFINED)
    }

    /// Firefox marks the pair; the others name it in the transport.
    fn selected(&self) -> Option<JsValue> {
        for transport in self.of("transport") {
            let pair = self.named(&transport, "selectedCandidatePairId");
            if pair.is_object() {
                return Some(pair);
            }
        }
        let mut pairs = self.of("candidate-pair").into_iter();
        pairs.find(|pair| browser::flag(pair, "selected"))
    }
}

/// Whether a connection goes through our own relay.
pub(crate) fn is_relayed(report: &JsValue) -> bool {
    let report = Report(report);
    let relayed = |pair| {
        is(
            &report.named(&pair, "localCandidateId"),
            "candidateType",
            "relay",
        )
    };
    report.selected().is_some_and(relayed)
}

/// The one with this track.
#[inline(never)]
fn with_track<'a>(all: &'a [Expected], track: Option<&str>) -> Option<&'a Expected> {
    let track = track?;
    all.iter().find(|one| one.track.as_deref() == Some(track))
}

#[inline(never)]
fn values(entry: &JsValue, keys: &[&str]) -> Vec<f64> {
    let value = |key: &&str| get(entry, key).as_f64().unwrap_or(f64::NAN);
    keys.iter().map(value).collect()
}

fn ssrc(entry: &JsValue) -> u32 {
    u32::try_from(number(entry, "ssrc")).unwrap_or(0)
}

const fn wire(source: Source) -> Wire {
    match source {
        Source::Microphone => Wire::Microphone,
        Source::Camera => Wire::Camera,
        Source::Screen => Wire::Screen,
        Source::ScreenAudio => Wire::ScreenAudio,
    }
}

#[inline(never)]
fn inbound(expected: &Expected, ssrc: u32, report: InboundReport) -> Inbound {
    Inbound {
        ssrc,
        source: wire(expected.source),
        muted: expected.muted,
        wanted_height: None,
        report,
    }
}

/// Adds to `raw` what the report of its connection says of what should come and what we send.
pub(crate) fn look(raw: &mut Raw, report: &JsValue, comes: &[Expected], goes: &[Expected]) {
    let report = Report(report);
    let mut reported = Vec::new();
    for entry in report.of("inbound-rtp") {
        let track = text(&entry, "trackIdentifier");
        if let Some(expected) = with_track(comes, track.as_deref()) {
            let counters = InboundReport::read(&values(&entry, InboundReport::KEYS));
            raw.inbound.push(inbound(expected, ssrc(&entry), counters));
            reported.push(track);
        }
    }
    // What is announced and never comes is not unknown, once the way is there.
    if raw.connected == Some(true) {
        for expected in comes {
            if !reported.contains(&expected.track) {
                let nothing = InboundReport {
                    packets_received: Some(0.0),
                    ..InboundReport::default()
                };
                raw.inbound.push(inbound(expected, 0, nothing));
            }
        }
    }
    let remotes = report.of("remote-inbound-rtp");
    for entry in report.of("outbound-rtp") {
        let track = text(&report.named(&entry, "mediaSourceId"), "trackIdentifier");
        let by_track = with_track(goes, track.as_deref());
        // Nothing is named while nothing is handed to the sender.
        let of_kind = || {
            goes.iter()
                .find(|one| is(&entry, "kind", one.source.kind()))
        };
        let Some(own) = by_track.or_else(of_kind) else {
            continue;
        };
        let id = text(&entry, "id").unwrap_or_default();
        let remote = remotes.iter().find(|remote| is(remote, "localId", &id));
        raw.outbound.push(Outbound {
            ssrc: ssrc(&entry),
            source: wire(own.source),
            muted: own.muted || by_track.is_none(),
            limitation: text(&entry, "qualityLimitationReason")
                .and_then(|reason| Limitation::from_name(&reason)),
            report: OutboundReport::read(&values(&entry, OutboundReport::KEYS)),
            remote: remote.map(|remote| RemoteReport::read(&values(remote, RemoteReport::KEYS))),
        });
    }
    raw.pair = report.selected().map(|pair| {
        let own = report.named(&pair, "localCandidateId");
        let kind = text(&own, "candidateType").unwrap_or_default();
        let protocol = text(&own, "relayProtocol").filter(|_| kind == "relay");
        let protocol = protocol.or_else(|| text(&own, "protocol"));
        Selected {
            id: text(&pair, "id").unwrap_or_default(),
            route: Route::from_names(&kind, &protocol.unwrap_or_default()),
            report: PairReport::read(&values(&pair, PairReport::KEYS)),
        }
    });
}
