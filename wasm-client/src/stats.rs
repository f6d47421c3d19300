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

/// Every entry of a report, in its order.
struct Report<'a> {
    report: &'a JsValue,
    entries: Vec<JsValue>,
}

impl<'a> Report<'a> {
    fn new(report: &'a JsValue) -> Self {
        let entries: Rc<RefCell<Vec<JsValue>>> = Rc::default();
        let found = entries.clone();
        browser::for_each(
            report,
            Box::new(move |entry| found.borrow_mut().push(entry)),
        );
        Self {
            report,
            entries: entries.take(),
        }
    }

    fn of<'b>(&'b self, kind: &'b str) -> impl Iterator<Item = &'b JsValue> {
        self.entries
            .iter()
            .filter(move |entry| is(entry, "type", kind))
    }

    /// The entry that another one names under this key.
    fn named(&self, by: &JsValue, key: &str) -> JsValue {
        browser::invoke(self.report, "get", &[get(by, key)]).unwrap_or(JsValue::UNDEFINED)
    }

    /// Firefox marks the pair; the others name it in the transport.
    fn selected(&self) -> Option<JsValue> {
        let named = self
            .of("transport")
            .map(|transport| self.named(transport, "selectedCandidatePairId"))
            .find(JsValue::is_object);
        named.or_else(|| {
            let mut pairs = self.of("candidate-pair");
            pairs.find(|pair| browser::flag(pair, "selected")).cloned()
        })
    }
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

/// Adds to `raw` what the report of its connection says of what should come and what we send.
pub(crate) fn look(raw: &mut Raw, report: &JsValue, comes: &[Expected], goes: &[Expected]) {
    let report = Report::new(report);
    let mut reported = Vec::new();
    for entry in report.of("inbound-rtp") {
        let track = text(entry, "trackIdentifier");
        let Some(expected) = comes
            .iter()
            .find(|one| one.track == track && track.is_some())
        else {
            continue;
        };
        reported.push(track);
        raw.inbound.push(Inbound {
            ssrc: ssrc(entry),
            source: wire(expected.source),
            muted: expected.muted,
            wanted_height: None,
            report: InboundReport::read(&values(entry, InboundReport::KEYS)),
        });
    }
    // What is announced and never comes is not unknown, once the way is there.
    let missing = comes.iter().filter(|one| !reported.contains(&one.track));
    for expected in missing.filter(|_| raw.connected == Some(true)) {
        raw.inbound.push(Inbound {
            ssrc: 0,
            source: wire(expected.source),
            muted: expected.muted,
            wanted_height: None,
            report: InboundReport {
                packets_received: Some(0.0),
                ..InboundReport::default()
            },
        });
    }
    for entry in report.of("outbound-rtp") {
        let track = text(&report.named(entry, "mediaSourceId"), "trackIdentifier");
        let by_track = goes
            .iter()
            .find(|one| one.track == track && track.is_some());
        // Nothing is named while nothing is handed to the sender.
        let of_kind = || goes.iter().find(|one| is(entry, "kind", one.source.kind()));
        let Some(own) = by_track.or_else(of_kind) else {
            continue;
        };
        let id = text(entry, "id").unwrap_or_default();
        let remote = report
            .of("remote-inbound-rtp")
            .find(|remote| is(remote, "localId", &id))
            .map(|remote| RemoteReport::read(&values(remote, RemoteReport::KEYS)));
        raw.outbound.push(Outbound {
            ssrc: ssrc(entry),
            source: wire(own.source),
            muted: own.muted || by_track.is_none(),
            limitation: text(entry, "qualityLimitationReason")
                .and_then(|reason| Limitation::from_name(&reason)),
            report: OutboundReport::read(&values(entry, OutboundReport::KEYS)),
            remote,
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
